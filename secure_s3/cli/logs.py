"""``secure-s3 logs``: what happened, from access logs and CloudTrail."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta, timezone
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from .exits import FINDINGS, OK
from .logs_show import Entry, count, list_entries, report_counts, top
from .options import Commands, add_client_options, client, command

if TYPE_CHECKING:
    from ..client import SecureS3Client
    from ..monitoring.filters import Filter

_EPILOG = """\
PATH is a file or folder of S3 server access logs, compressed by gzip or not; - for standard input; or
s3://bucket/prefix, where they are delivered: only logs of the time are listed and read. With --trail, these
are log files of CloudTrail. With --cloudtrail, its last 90 days of management calls are asked for
those that were refused. --json prints one JSON document a line.
TIME is 2026-03-01, 2026-03-01T12:00 (UTC unless a zone follows), or 36h, 7d: so long ago.

exit codes: 0, whatever is found; 1 if no line that was read is a record, and with --fail-on-match if
something was found or a file is damaged; 2 for arguments, 3 if AWS refuses, 5 if it cannot be reached

examples:
  secure-s3 logs access-logs/ --status 403 --top requester
  secure-s3 logs s3://amzn-s3-demo-logs/logs/ --plain-http --since 7d --fail-on-match
  secure-s3 logs trail/ --trail --encrypted-with SSE_C
  secure-s3 logs --cloudtrail amzn-s3-demo-bucket --since 24h --explain
"""
_AGO = re.compile(r"([1-9][0-9]{0,4})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_EXPLAINED = 20
_TEXTS = ("requester", "bucket", "request_id", "access_point", "key_prefix", "address", "auth_type")


def add(commands: Commands) -> None:
    """Describe the arguments."""
    parser = command(commands, "logs", "find requests in access logs and CloudTrail", _EPILOG, run)
    parser.add_argument("paths", metavar="PATH", nargs="*", help="file, folder, - or s3://bucket/prefix")
    parser.add_argument("--trail", action="store_true", help="PATH holds log files of CloudTrail")
    parser.add_argument(
        "--cloudtrail", metavar="BUCKET", help="ask CloudTrail for refused calls that name this bucket"
    )
    _add_filters(
        parser.add_argument_group("which requests (all that is given counts; * stands for anything)")
    )
    group = parser.add_argument_group("what is told of them")
    group.add_argument("--denials", action="store_true", help="only refusals, with their cause")
    group.add_argument(
        "--explain", action="store_true", help=f"explain refusals with what may be read, up to {_EXPLAINED}"
    )
    group.add_argument("--count", action="store_true", help="only how many there are")
    group.add_argument("--top", metavar="FIELD", help="how often each value occurs, e.g. requester or key")
    group.add_argument("--limit", metavar="N", type=int, help="end after so many")
    group.add_argument("--fail-on-match", action="store_true", help="exit with 1 if there is any")
    add_client_options(parser)


def _add_filters(group: Any) -> None:
    several = {"action": "append", "default": []}
    group.add_argument("--status", metavar="CODE", **several, help="403, or 4xx; repeatable")
    group.add_argument("--error-code", metavar="CODE", **several, help="e.g. AccessDenied; repeatable")
    group.add_argument("--operation", metavar="NAME", **several, help="REST.GET.OBJECT or GetObject")
    group.add_argument("--plain-http", action="store_true", help="without TLS")
    group.add_argument("--tls-version", choices=("1.0", "1.1", "1.2", "1.3"), help="with exactly this TLS")
    group.add_argument("--tls-below", choices=("1.1", "1.2", "1.3"), help="with an older TLS, or none")
    group.add_argument("--since", metavar="TIME", help="from then on")
    group.add_argument("--until", metavar="TIME", help="before")
    group.add_argument("--requester", metavar="ARN", help="an ARN, an id, or anonymous")
    group.add_argument("--key-prefix", metavar="PREFIX", help="how the key begins")
    group.add_argument("--bucket", metavar="NAME", help="the bucket that was asked")
    group.add_argument("--address", metavar="NETWORK", help="192.0.2.1 or 192.0.2.0/24")
    group.add_argument("--auth-type", choices=("header", "query", "anonymous"), help="query: presigned URLs")
    group.add_argument("--access-point", metavar="ARN", help="the access point that was spoken to")
    group.add_argument("--request-id", metavar="ID", help="of one request")
    group.add_argument("--encrypted-with", metavar="HOW", **several, help="SSE_C, …; only with --trail")


def run(args: argparse.Namespace) -> int:
    """Read and tell."""
    _require_one_source(args)
    where = _filter(args, datetime.now(timezone.utc))
    with ExitStack() as stack:
        s3 = stack.enter_context(client(args, only_reads=True)) if _needs_client(args) else None
        readings = list(_readings(args, where, s3))
        entries = chain.from_iterable(_entries(args, each) for each in readings)
        number = _tell(args, islice(entries, args.limit), s3)
        for reading in readings:
            report_counts(reading.counts, of_trail=args.trail or bool(args.cloudtrail))
    return FINDINGS if _is_nothing(readings) or (args.fail_on_match and _fails(number, readings)) else OK


def _is_nothing(readings: list[Any]) -> bool:
    """Whether something was read and nothing of it was a record: that nothing was found says nothing then."""
    return any(each.counts.is_nothing for each in readings) and not any(
        each.counts.recording for each in readings
    )


def _fails(number: int, readings: list[Any]) -> bool:
    """Whether something was found, or may stand in what could not be read."""
    return number > 0 or any(each.counts.damaged for each in readings)


def _require_one_source(args: argparse.Namespace) -> None:
    if bool(args.paths) == bool(args.cloudtrail):
        raise _usage("nothing says what to read" if not args.paths else "PATH and --cloudtrail are two", "")
    if args.paths.count("-") > 1:
        raise _usage("standard input can be read once", "leave one - out")
    if args.limit is not None and args.limit < 1:
        raise _usage(f"--limit {args.limit} reads nothing", "write a number above zero")


def _needs_client(args: argparse.Namespace) -> bool:
    return bool(args.explain or args.cloudtrail or any(_is_s3(each) for each in args.paths))


def _is_s3(path: str) -> bool:
    return path.lower().startswith("s3://")


def _filter(args: argparse.Namespace, now: datetime) -> Filter:
    from ..monitoring.filters import Filter

    refused = args.denials or args.explain
    given: dict[str, Any] = {name: getattr(args, name) for name in _TEXTS}
    status = args.status or (["4xx"] if refused and not (args.trail or args.cloudtrail) else [])
    return Filter(
        **given,
        status=tuple(status),
        error_code=tuple(args.error_code),
        operation=tuple(args.operation),
        encryption=tuple(args.encrypted_with),
        plain_http=args.plain_http or None,
        tls_version=args.tls_version,
        tls_below=args.tls_below,
        since=_time(args.since, now),
        until=_time(args.until, now),
    )


def _time(text: str | None, now: datetime) -> datetime | None:
    if text is None:
        return None
    if ago := _AGO.fullmatch(text):
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        when = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise _usage(
            f"{text!r} is no time", "write 2026-03-01, 2026-03-01T12:00, or 24h for a day ago"
        ) from error
    return when if when.tzinfo else when.replace(tzinfo=timezone.utc)


def _readings(args: argparse.Namespace, where: Filter, s3: SecureS3Client | None) -> Iterator[Any]:
    """What is read, each with counts; nothing is read yet."""
    from ..monitoring import read_logs, read_trail
    from ..values import ObjectRef

    read: Any = read_trail if args.trail else read_logs
    for path in args.paths:
        if _is_s3(path) and s3 is not None:
            place = ObjectRef.parse(path)
            yield (s3.monitor.trail_logs if args.trail else s3.monitor.access_logs)(
                place.bucket, place.key, where=where
            )
        else:
            yield read(sys.stdin.buffer if path == "-" else path, where)
    if args.cloudtrail and s3 is not None:
        yield s3.monitor.denials(args.cloudtrail, since=where.since, until=where.until, where=where)


def _entries(args: argparse.Namespace, reading: Any) -> Iterator[Entry]:
    from .explain_live import NO_DENIALS

    refused = args.denials or args.explain
    if args.cloudtrail or (args.trail and refused):
        found = reading if args.cloudtrail else reading.refusals()
        yield from (Entry(each.event, each.denial, each.circumstances) for each in found)
    elif refused:
        for record in reading:
            denial = record.denial()
            if denial is not None and denial.cause not in NO_DENIALS:
                yield Entry(record, denial, record.circumstances())
    else:
        yield from map(Entry, reading)


def _tell(args: argparse.Namespace, entries: Iterator[Entry], s3: SecureS3Client | None) -> int:
    if args.count:
        return count(entries, as_json=args.json)
    if args.top:
        return top(entries, args.top, as_json=args.json)
    if args.explain and s3 is not None:
        return _explain(entries, s3, as_json=args.json)
    return list_entries(entries, as_json=args.json)


def _explain(entries: Iterator[Entry], s3: SecureS3Client, *, as_json: bool) -> int:
    """Each refusal once, however often it happened; the newest of a kind, and not more than some."""
    from .explain_show import show, spelled

    found: dict[Any, Entry] = {}
    number = 0
    for number, entry in enumerate(entries, 1):  # noqa: B007 - it is returned
        if entry.identity in found or len(found) < _EXPLAINED:
            found[entry.identity] = entry
    explained = [s3.explain(each.permitted(), assume=dict(each.circumstances)) for each in found.values()]
    show([spelled(each, asked=False, fetched=True) for each in explained], as_json=as_json)
    return number


def _usage(what: str, fix: str) -> Exception:
    from ..errors import ConfigurationError

    return ConfigurationError(
        what, fix=fix or "name files, folders, - or s3://bucket/prefix, or --cloudtrail"
    )
