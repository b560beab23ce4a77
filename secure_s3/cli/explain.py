"""``secure-s3 explain``: why was it refused? From a text, a log, an event, or by asking."""

from __future__ import annotations

import argparse
import os
import sys
import zlib
from typing import TYPE_CHECKING, Any

from . import check, explain_live
from .exits import DENIED, FINDINGS
from .explain_show import show, spelled
from .options import Commands, add_client_options, client, command

if TYPE_CHECKING:
    from ..denials.explain import Explanation
    from ..denials.pasted import Pasted

_EPILOG = """\
WHAT is a message, in quotes; the name of a file, or - for standard input, with a message, a traceback, the
body of an answer, lines of a server access log or of a log in JSON, or CloudTrail events; or an operation and
its target:
  get, head, list   the request is sent, for one byte or one key, and if it is refused, that is explained
  put, delete       nothing is sent: whether it would be refused is found out as by secure-s3 check
Of a text nobody is asked: policies that are given are evaluated, and --fetch reads what the caller may read.

exit codes: 3 it was refused, or would be; 0 it is allowed; 1 it is no denial, or nobody knows

examples:
  secure-s3 explain 'User: arn:aws:iam::111122223333:user/x is not authorized to perform: s3:GetObject'
  aws s3 cp a.csv s3://amzn-s3-demo-bucket/ 2>&1 | secure-s3 explain - --policy bucket.json
  secure-s3 explain get s3://amzn-s3-demo-bucket/a.csv
"""


def add(commands: Commands) -> None:
    """Describe the arguments."""
    parser = command(commands, "explain", "tell why a request was refused", _EPILOG, run)
    parser.add_argument("what", metavar="WHAT", nargs="*", help="a message, a file, -, or OPERATION TARGET")
    group = parser.add_argument_group("policies (files of JSON)")
    group.add_argument("--policy", metavar="FILE", help="the bucket's")
    group.add_argument("--key-policy", metavar="FILE", help="the KMS key's")
    group.add_argument(
        *("--identity", "--identity-policy"),
        metavar="FILE",
        action="append",
        help="one of the caller's; repeatable",
    )
    group.add_argument("--principal", metavar="ARN", help="the caller, if nothing names another")
    group.add_argument(
        "--assume", metavar="KEY=VALUE", action="append", default=[], help="a condition key; repeatable"
    )
    group.add_argument("--fetch", action="store_true", help="for a text: read what the caller may read")
    add_client_options(parser)
    parser.set_defaults(source=None, source_policy=None, version_id=None, set=[], offline=False)


def run(args: argparse.Namespace) -> int:
    """Explain and tell."""
    if explain_live.is_operation(args.what):
        return explain_live.run(args)
    from ..denials.pasted import read_pasted

    pasted = read_pasted(_text(args.what))
    if not pasted:
        raise _usage("none of these requests was refused", "each of them succeeded", "name others")
    found = [_explained(args, each) for each in pasted]
    show(found, as_json=args.json)
    return DENIED if any(each.cause not in explain_live.NO_DENIALS for each in found) else FINDINGS


def _text(words: list[str]) -> str:
    """What was pasted, named or piped."""
    fix = "paste the error in quotes"
    if not words and sys.stdin.isatty():
        raise _usage("there is nothing to explain", "neither a text nor a file was given", fix)
    if words in ([], ["-"]):
        text = _decoded(sys.stdin.buffer.read(_limit()))
    elif len(words) == 1 and os.path.isfile(words[0]):
        with open(words[0], "rb") as file:
            text = _decoded(file.read(_limit()))
    else:
        explain_live.require_place(words)
        text = " ".join(words)
        if len(words) == 1 and explain_live.is_name(text):
            raise _usage(f"{text} is no file", "and no message either", f"check the path, or {fix}")
    if not text.strip():
        raise _usage("there is nothing to explain", "the text is empty", fix)
    return text


def _decoded(data: bytes) -> str:
    """The text of a file, as far as it is text; CloudTrail delivers its files compressed."""
    if data.startswith(b"\x1f\x8b"):
        try:
            data = zlib.decompressobj(wbits=31).decompress(data, _limit())
        except zlib.error as error:
            raise _usage(
                "the file is damaged", f"it cannot be decompressed: {error}", "fetch it again"
            ) from error
    return data.decode("utf-8-sig", "replace")


def _limit() -> int:
    from ..denials.pasted import PASTED_CHARACTERS

    return PASTED_CHARACTERS


def _explained(args: argparse.Namespace, pasted: Pasted) -> Explanation:
    """The explanation of one denial; a client is made only if there is something to evaluate or to read."""
    from ..denials.pasted import with_permission

    given = check.policies(args)
    del given["fetch"]
    if not (args.fetch or len(given) > 1 or given["assume"]):
        from ..denials.evidence import Evidence
        from ..denials.explain import explain

        told = explain(Evidence(pasted.denial, request_id=pasted.request_id, host_id=pasted.host_id))
        return spelled(told, asked=False)
    denial = with_permission(pasted.denial)
    given["assume"] = {**pasted.circumstances, **given["assume"]}
    if not args.fetch and not args.region and not _region():
        args.region = "us-east-1"  # of no consequence where nobody is asked
    with client(args, only_reads=True) as s3:
        return spelled(s3.explain(denial, fetch=args.fetch, **given), asked=False, fetched=args.fetch)


def _region() -> Any:
    names = ("SECURE_S3_REGION", "AWS_REGION", "AWS_DEFAULT_REGION")
    return next((os.environ[name] for name in names if os.environ.get(name)), None)


def _usage(what: str, why: str, fix: str) -> Exception:
    from ..errors import ConfigurationError

    return ConfigurationError(what, why=why, fix=fix)
