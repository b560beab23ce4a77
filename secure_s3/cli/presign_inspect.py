"""``secure-s3 presign inspect``: what a URL or a form allows, and until when; no secret is needed."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from .. import limits
from .exits import FINDINGS, OK
from .options import Commands, command
from .output import print_json, print_table

if TYPE_CHECKING:
    from ..presign.inspection import Inspection

_EPILOG = """\
URL is a presigned URL, or a presigned POST as JSON with url and fields; - reads either from standard input,
so that it is not in the list of processes. What is shown is what it says about itself: nothing is sent, and
no signature is verified.

exit codes: 0 valid, 1 expired or with warnings, 2 no JSON of a form, 4 not signed with Signature Version 4

examples:
  secure-s3 presign inspect - < url.txt
  secure-s3 presign post s3://amzn-s3-demo-bucket/a.png --max-bytes 1000 --json | secure-s3 presign inspect -
"""
_MOST = 1 << 20


def add(commands: Commands) -> None:
    """Describe the arguments."""
    summary = "show what a presigned URL or form allows, and until when"
    parser = command(commands, "inspect", summary, _EPILOG, run)
    parser.add_argument("url", metavar="URL", help="the URL, JSON of a form, or - for standard input")


def run(args: argparse.Namespace) -> int:
    """Read and tell."""
    from ..presign.inspection import inspect

    found = inspect(_presigned(_text(args.url)))
    now = _now()
    findings = list(_findings(found, now))
    if args.json:
        expired = found.expired(now)
        print_json(found.to_dict() | {"expired": expired, "findings": findings})
    else:
        _show(found, now, findings)
    return FINDINGS if findings else OK


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _text(given: str) -> str:
    if given != "-":
        return given.strip()
    data = sys.stdin.buffer.read(_MOST + 1)
    if len(data) > _MOST:
        raise _usage(f"standard input holds more than {_MOST} bytes", "pass one URL or one form")
    return data.decode("utf-8", "replace").strip()


def _presigned(text: str) -> str | dict[str, Any]:
    """The URL, or url and fields of a form."""
    if not text:
        raise _usage("there is nothing to inspect", "pass a presigned URL, or a form as JSON")
    if len(text.split()) > 1 and not text.startswith("{"):
        raise _usage("this is more than one URL", "pass one, or a form as presign post --json prints it")
    if not text.startswith("{"):
        return text
    try:
        read = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _usage(
            f"this is no JSON: {error}", "pass what secure-s3 presign post --json printed"
        ) from error
    url, fields = read.get("url"), read.get("fields")
    if isinstance(url, str) and fields is None:
        return url
    if not isinstance(url, str) or not isinstance(fields, dict):
        raise _usage("this JSON is no presigned POST", 'it has "url", a text, and "fields", an object')
    if not all(isinstance(value, str) for value in fields.values()):
        raise _usage("a field of the form is no text", "pass the form as it was presigned")
    return {"url": url, "fields": fields}


def _usage(what: str, fix: str) -> Exception:
    from ..errors import ConfigurationError

    return ConfigurationError(what, fix=fix)


def _findings(found: Inspection, now: datetime) -> Iterator[str]:
    """What speaks against its use."""
    if found.expired(now):
        yield "it has expired"
    elif found.signed_at - now > limits.MAX_CLOCK_SKEW:
        yield "it is dated in the future, and not valid yet"
    yield from found.warnings


def _show(found: Inspection, now: datetime, findings: list[str]) -> None:
    from .presign_show import moment, one_line

    rows: list[tuple[str, object]] = [
        ("leads to", found.host),
        ("bucket", found.bucket),
        ("key", found.key),
        ("signed by", f"{found.access_key}{' (temporary credentials)' if found.temporary else ''}"),
        ("region", found.region),
        ("signed at", moment(found.signed_at)),
        ("ends", f"{moment(found.expires_at)}, {_left(found, now)}"),
        *(("has to be sent", name) for name in found.signed_headers),
        *(("asks for", f"{name} = {value}") for name, value in found.parameters),
        *(("demands", json.dumps(condition, ensure_ascii=False)) for condition in found.conditions),
    ]
    title = "presigned URL" if found.kind == "url" else "presigned POST"
    print_table((title, ""), [(name, one_line(str(value))) for name, value in rows])
    for finding in findings:
        print(f"- {one_line(finding)}")
    if found.kind == "url":
        print("- the HTTP method is signed and not shown in a URL; nothing here is verified")
    if found.temporary:
        print("- it ends with the session token in it, if that is earlier")


def _left(found: Inspection, now: datetime) -> str:
    from .presign_show import duration

    seconds = int(abs((found.expires_at - now).total_seconds()))
    told = duration(_rounded(seconds))
    return f"{told} ago" if found.expired(now) else f"in {told}"


def _rounded(seconds: int) -> int:
    """Whole minutes above two minutes, whole hours above two hours, whole days above two days."""
    for size in (86400, 3600, 60):
        if seconds >= 2 * size:
            return seconds // size * size
    return max(seconds, 1)
