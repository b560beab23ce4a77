"""``secure-s3 check``: would it be allowed? Nothing is sent but questions about policies."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from .exits import DENIED, FINDINGS, OK
from .options import Commands, add_client_options, client, command
from .output import clean, print_json

if TYPE_CHECKING:
    from ..bucket.access.verdict import Preflight

_EPILOG = """\
OPERATION is put, get, head, list, delete or copy, or any operation of S3 by its name, e.g. upload_part.
The request is built as it would be sent; policies that are not given are read where the caller may.
Keys that only S3 knows, such as aws:SourceIp, are unknown unless --assume declares them. What cannot be read,
because it is refused or because nobody answers, is no error: it is listed, and where it matters the answer
is unknown. --offline asks nobody and needs no credentials.

exit codes: 0 allowed, 3 denied, 1 unknown

examples:
  secure-s3 check put s3://amzn-s3-demo-bucket/report.pdf --kms-key-arn ARN
  secure-s3 check get s3://amzn-s3-demo-bucket/a.pdf --policy b.json --assume aws:SourceIp=192.0.2.1
"""
_SHORT = {
    "put": "put_object",
    "get": "get_object",
    "head": "head_object",
    "list": "list_objects_v2",
    "delete": "delete_object",
    "copy": "copy_object",
}
_READS = ("Get", "Head", "List", "Delete")
CODES = {"allowed": OK, "denied": DENIED, "unknown": FINDINGS}
OPTIONS = {
    "bucket_policy": "--policy",
    "source_policy": "--source-policy",
    "key_policy": "--key-policy",
    "identity_policies": "--identity",
    "principal": "--principal",
    "assume": "--assume",
}
"""How what a gap asks for is given here."""
_CALLED = {"Key": "an object", "CopySource": "a source"}
_GIVEN_BY = {"Key": "write s3://bucket/key", "CopySource": "add --source s3://bucket/key"}


def add(commands: Commands) -> None:
    """Describe the arguments."""
    summary = "tell whether a call would be allowed, and by which statement not, before it is made"
    parser = command(commands, "check", summary, _EPILOG, run)
    parser.add_argument(
        "operation", metavar="OPERATION", help="put, get, head, list, delete, copy, or a name"
    )
    parser.add_argument("target", metavar="TARGET", help="s3://bucket/key; for list, the key is a prefix")
    parser.add_argument("--source", metavar="TARGET", help="s3://bucket/key that is copied")
    parser.add_argument("--version-id", metavar="V", help="that version of the object")
    parser.add_argument(
        "--set", metavar="NAME=VALUE", action="append", default=[], help="another argument, e.g. ACL=private"
    )
    group = parser.add_argument_group(
        "policies (files of JSON, - for standard input; what is not given is looked for)"
    )
    group.add_argument("--policy", metavar="FILE", help="the bucket's")
    group.add_argument("--source-policy", metavar="FILE", help="the source bucket's")
    group.add_argument("--key-policy", metavar="FILE", help="the KMS key's")
    group.add_argument("--identity", metavar="FILE", action="append", help="one of the caller's; repeatable")
    group.add_argument("--principal", metavar="ARN", help="the caller, if it is not the one that signs")
    group.add_argument(
        "--assume", metavar="KEY=VALUE", action="append", default=[], help="a condition key; repeatable"
    )
    group.add_argument(
        "--offline",
        action="store_true",
        help="ask nobody, without credentials if there are none; what is not given is unknown",
    )
    add_client_options(parser)


def run(args: argparse.Namespace) -> int:
    """Check and tell."""
    preflight = found(args)
    if args.json:
        print_json(preflight.to_dict(_option))
    else:
        print(clean(preflight.text(_option)))
    return CODES[preflight.outcome]


def found(args: argparse.Namespace) -> Preflight:
    """What the check of a call says."""
    operation = _SHORT.get(args.operation, args.operation)
    reads = operation.replace("_", " ").title().startswith(_READS)
    given = policies(args)
    with client(args, only_reads=reads) as s3:
        return s3.check(operation, **_parameters(args, operation, s3.boto3), **given)


def _option(argument: str) -> str:
    return OPTIONS[argument]


def _parameters(args: argparse.Namespace, operation: str, boto3: Any) -> dict[str, Any]:
    from ..guard.names import operation_name, require_parameters
    from ..guard.operations import members
    from ..values import ObjectRef

    name = operation_name(boto3, operation, besides=_SHORT)
    place, known = ObjectRef.parse(args.target), members(boto3, name)
    found: dict[str, Any] = {"Bucket": place.bucket}
    if place.key and name == "DeleteObjects":
        found["Delete"] = {"Objects": [{"Key": place.key}]}
    elif place.key:
        taken = next((each for each in ("Key", "Prefix") if each in known), None)
        if taken is None:
            what = f"{args.operation} is about a whole bucket"
            raise _usage(what, f"{place} names an object", "write s3://bucket")
        found[taken] = place.key
    if args.version_id:
        found["VersionId"] = args.version_id
    if args.source:
        source = ObjectRef.parse(args.source)
        found["CopySource"] = {"Bucket": source.bucket, "Key": source.key}
    found |= _pairs(args.set, "--set")
    _require(args, boto3, name, found)
    require_parameters(boto3, name, found)
    return found


def _require(args: argparse.Namespace, boto3: Any, name: str, found: dict[str, Any]) -> None:
    """Say by which argument of the command what is missing is given."""
    from ..guard.names import missing_parameters

    missing = missing_parameters(boto3, name, found)
    for each in missing:
        fix = _GIVEN_BY.get(each, f"write --set {each}=…")
        shape = boto3.meta.service_model.operation_model(name).input_shape.members[each]
        if each not in _GIVEN_BY and shape.type_name in ("structure", "list", "map"):
            fix = f"ask from Python, where {each} can be given: s3.check({args.operation!r}, …)"
        raise _usage(f"{args.operation} needs {_CALLED.get(each, each)}", "S3 cannot be asked without", fix)


def policies(args: argparse.Namespace) -> dict[str, Any]:
    """What the options give besides the call: policies, the caller, declared keys, and whether to ask."""
    from .policy_files import only_one_stdin, read_policy

    files = {
        "bucket_policy": args.policy,
        "source_policy": args.source_policy,
        "key_policy": args.key_policy,
    }
    given = {name: path for name, path in files.items() if path}
    own = args.identity or []
    only_one_stdin([*given.values(), *own])
    found: dict[str, Any] = {"assume": _pairs(args.assume, "--assume"), "fetch": not args.offline}
    found |= {name: read_policy(path) for name, path in given.items()}
    if own:
        found["identity_policies"] = [read_policy(path) for path in own]
    if args.principal:
        found["principal"] = args.principal
    return found


def _pairs(texts: list[str], option: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise _usage(f"{option} {text!r} has no value", "it reads NAME=VALUE", "write it so")
        if name in found:
            raise _usage(f"{option} gives {name} twice", "it has one value", "leave one out")
        found[name] = value
    return found


def _usage(what: str, why: str, fix: str) -> Exception:
    from ..errors import ConfigurationError

    return ConfigurationError(what, why=why, fix=fix)
