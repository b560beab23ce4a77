"""Advice as one follows it on a command line: where Python would say ``s3.explain(error)``, a command."""

from __future__ import annotations

import argparse
import re
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ..denials.explanation import Remedy
    from ..errors import ServiceError

ASK: Final = "secure-s3 explain"
_SHORT = {
    "upload": "put",
    "download": "get",
    "copy": "put",
    "GetObject": "get",
    "HeadObject": "get",
    "PutObject": "put",
    "CopyObject": "put",
    "CreateMultipartUpload": "put",
    "UploadPart": "put",
    "CompleteMultipartUpload": "put",
    "DeleteObject": "delete",
    "ListObjects": "list",
    "ListObjectsV2": "list",
    "HeadBucket": "head",
}
_OPTIONS = (
    *("encryption", "kms_key_arn", "sse_c_key_file", "raw_key_file", "raw_key_name"),
    *("server_side_kms_key_arn", "endpoint_url", "ca_bundle", "region", "profile_name", "min_tls"),
)
_TELLS_MORE = frozenset(
    {
        *("opaque", "identity_policy", "bucket_policy", "permissions_boundary", "session_policy"),
        *("service_control_policy", "resource_control_policy", "endpoint_policy", "kms_access"),
        *("kms_key_state", "kms_key_not_found", "block_public_access", "object_lock"),
    }
)
_STRATEGIES = {"SseKms": "sse-kms", "DsseKms": "dsse-kms", "SseS3": "sse-s3"}
_ALGORITHMS = {"aws:kms": "SseKms", "aws:kms:dsse": "DsseKms", "AES256": "SseS3"}
_STRATEGY = re.compile(r"^(?P<name>SseKms|DsseKms|SseS3)\((?:\"(?P<key>[^\"]+)\")?")
_PROBE = re.compile(r"(?:s3\.)?explain\((?:error|…), probe=True\)")
_ALL = re.compile(r"; s3\.explain\(error\) looks at all of them")
_WITH = re.compile(r",? with s3\.explain\(error\)")
_ERROR = re.compile(r"s3\.explain\(error\)")


def command_for(
    operation: str | None, bucket: str | None, key: str | None, args: argparse.Namespace | None = None
) -> str:
    """The command that explains such a request, with the options of *args*; empty if there is none.

    Args:
        operation: In S3's words.
        bucket, key: Where it goes.
        args: The options of the command that failed.
    """
    short = _SHORT.get(operation or "", "")
    if not short or not bucket or (short in ("get", "put", "delete") and not key):
        return ""
    given = [(name, getattr(args, name, None)) for name in _OPTIONS]
    options = [word for name, value in given if value for word in (f"--{name.replace('_', '-')}", str(value))]
    place = f"s3://{bucket}/{key}" if key else f"s3://{bucket}"
    return f"{ASK} {short} {shlex.join([place, *options])}"


def of_commands(text: str, command: str, *, asked: bool = False) -> str:
    """*text* with commands where it names Python's functions.

    Args:
        command: The one that explains the request; empty if it is not known.
        asked: It has been run: what it would do is left out.
    """
    if asked:
        return _ERROR.sub("this explanation", _WITH.sub("", _ALL.sub("", _probing(text, command))))
    more = command or f"{ASK} with --fetch, or with --policy FILE and --identity FILE,"
    text = _ALL.sub(lambda _: f"; {more} looks at all of them", _probing(text, command))
    text = _WITH.sub(lambda _: f", with {command or '--fetch or --policy FILE'}", text)
    return _ERROR.sub(lambda _: command or f"{ASK} --fetch", text)


def _probing(text: str, command: str) -> str:
    return _PROBE.sub(lambda _: command or f"{ASK} get s3://…", text)


def with_options(remedy: Remedy) -> Remedy:
    """*remedy*, and the options that configure the encryption it proposes to whoever calls."""
    found = _STRATEGY.search(remedy.encryption)
    algorithm = remedy.arguments.get("ServerSideEncryption")
    if found is None and algorithm not in _ALGORITHMS:
        return remedy
    name, key = (found["name"], found["key"]) if found else (_ALGORITHMS[str(algorithm)], None)
    key = key or remedy.arguments.get("SSEKMSKeyId") or "ARN"
    options = f"--encryption {_STRATEGIES[name]}" + (f" --kms-key-arn {key}" if "Kms" in name else "")
    return replace(remedy, what=f"{remedy.what} (here: {options})")


def fix_of(error: ServiceError, args: argparse.Namespace) -> str:
    """The fix of an error that a service answered, and the command that tells more where there is more."""
    command = command_for(error.operation, error.bucket, error.key, args)
    fix = of_commands(error.fix, command)
    denial: Any = getattr(error, "denial", None)
    if command and command not in fix and denial is not None and denial.cause in _TELLS_MORE:
        return f"{fix}; by whom, and what helps: {command}"
    return fix
