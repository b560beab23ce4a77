"""Options that several commands share, and the client they describe.

Every option of the client has its SECURE_S3_* variable; the option wins.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..client import SecureS3Client

Commands = Any
Run = Callable[[argparse.Namespace], int]

_VARIABLES = {
    "encryption": "SECURE_S3_ENCRYPTION",
    "kms_key_arn": "SECURE_S3_KMS_KEY_ARN",
    "sse_c_key_file": "SECURE_S3_SSE_C_KEY_FILE",
    "raw_key_file": "SECURE_S3_RAW_KEY_FILE",
    "raw_key_name": "SECURE_S3_RAW_KEY_NAME",
    "server_side_kms_key_arn": "SECURE_S3_SERVER_SIDE_KMS_KEY_ARN",
    "profile_name": "SECURE_S3_PROFILE",
    "min_tls": "SECURE_S3_MIN_TLS",
    "ca_bundle": "SECURE_S3_CA_BUNDLE",
    "endpoint_url": "SECURE_S3_ENDPOINT_URL",
    "region": "SECURE_S3_REGION",
}


def command(commands: Commands, name: str, summary: str, epilog: str, run: Run) -> argparse.ArgumentParser:
    """A command with ``--json`` and ``--debug``."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document, errors included")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    parser.set_defaults(run=run)
    return parser


def add_client_options(parser: argparse.ArgumentParser) -> None:
    """The options that describe a client."""
    group = parser.add_argument_group("the client (each has its variable, SECURE_S3_…; the option wins)")
    group.add_argument(
        "--encryption",
        choices=("sse-kms", "dsse-kms", "sse-s3", "sse-c", "client-side"),
        help="how objects are protected (SECURE_S3_ENCRYPTION; default sse-kms)",
    )
    group.add_argument(
        "--kms-key-arn",
        metavar="ARN",
        help="full ARN of the key; of several with commas for client-side (SECURE_S3_KMS_KEY_ARN)",
    )
    group.add_argument(
        "--sse-c-key-file", metavar="FILE", help="file of 32 bytes (SECURE_S3_SSE_C_KEY_FILE); means sse-c"
    )
    group.add_argument(
        "--raw-key-file",
        metavar="FILE",
        help="file of 32 bytes for client-side (SECURE_S3_RAW_KEY_FILE); means client-side",
    )
    group.add_argument(
        "--raw-key-name",
        metavar="NAME",
        help="what objects call that key (SECURE_S3_RAW_KEY_NAME)",
    )
    group.add_argument(
        "--server-side-kms-key-arn",
        metavar="ARN",
        help="SSE-KMS on top of client-side (SECURE_S3_SERVER_SIDE_KMS_KEY_ARN; default SSE-S3)",
    )
    group.add_argument("--endpoint-url", metavar="URL", help="another https endpoint than AWS's")
    group.add_argument("--ca-bundle", metavar="FILE", help="PEM file of the CA that signed its certificate")
    group.add_argument("--region", help="the bucket's region")
    group.add_argument(
        "--profile-name",
        choices=("standard", "regulated"),
        help="what is allowed (SECURE_S3_PROFILE); not an AWS profile, which AWS_PROFILE names",
    )
    group.add_argument("--min-tls", choices=("1.2", "1.3"), help="oldest TLS version (SECURE_S3_MIN_TLS)")


def client(args: argparse.Namespace, *, only_reads: bool = False) -> SecureS3Client:
    """The client that options and variables describe."""
    from ..client import SecureS3Client

    return SecureS3Client.from_env(environment(args, os.environ, only_reads=only_reads))


def environment(
    args: argparse.Namespace, environ: Mapping[str, str], *, only_reads: bool = False
) -> dict[str, str]:
    """*environ* with the options put over it.

    A command that only reads needs no key for server-side encryption, so that it works without one being
    configured.
    """
    given = {variable: getattr(args, option, None) for option, variable in _VARIABLES.items()}
    merged = {**environ, **{variable: value for variable, value in given.items() if value}}
    if args.encryption is None and args.sse_c_key_file and not args.kms_key_arn:
        merged["SECURE_S3_ENCRYPTION"] = "sse-c"
    if args.encryption is None and args.raw_key_file and not args.sse_c_key_file:
        merged["SECURE_S3_ENCRYPTION"] = "client-side"
    configured = merged.keys() & {"SECURE_S3_ENCRYPTION", "SECURE_S3_KMS_KEY_ARN"}
    if only_reads and not configured and merged.get("SECURE_S3_PROFILE", "standard") == "standard":
        merged["SECURE_S3_ENCRYPTION"] = "sse-s3"
    return merged
