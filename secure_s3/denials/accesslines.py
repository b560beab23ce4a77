"""Lines of S3's server access logs, taken apart into fields: the one place that knows their form.

A line is fields between spaces; the time stands in brackets, and three fields stand in quotes: the
Request-URI, the referer and the user agent. S3 does not escape quotes in these, so that whoever sends a
request may write quotes, spaces and what looks like fields into them. The fields of S3 itself hold neither. A
line is therefore read from both ends: what stands before the Request-URI from the left, what stands after the
user agent from the right, and what such a sender wrote stays within those three.

Source: Amazon S3 User Guide, "Amazon S3 server access log format".
"""

from __future__ import annotations

import re
import sys
from typing import Final, TypeAlias
from urllib.parse import unquote

FIELDS: Final = (
    *("owner", "bucket", "time", "address", "requester", "request_id", "operation", "key", "uri", "status"),
    *("code", "sent", "size", "total", "turn", "referer", "agent", "version", "host_id", "signature"),
    *("cipher", "auth", "host", "tls", "access_point", "acl_required", "region"),
)
"""In their order; those after ``version`` came later, and more may follow."""
LINE_CHARACTERS: Final = 64 * 1024
"""A longer line is none: a Request-URI, a referer and a user agent have at most some kilobytes each."""

SIGNATURE: Final = 2
"""Where the fields of the connection begin among those after the user agent."""

Line: TypeAlias = "re.Match[bytes]"
"""A line taken apart: one group for each field up to the user agent, and one for all that follow it."""
BUCKET, TIME, ADDRESS, REQUESTER, REQUEST_ID, OPERATION, KEY, URI, STATUS, CODE = range(2, 12)
REFERER, AGENT, AFTER = 16, 17, 18
"""Groups of a line."""

_FIELD, _QUOTED = rb"([^ ]*)", rb'"([^"]*)"'
_WHOLE = (
    *(_FIELD, _FIELD, rb"\[([^\]]*)\]", *[_FIELD] * 5, _QUOTED, rb"([0-9]{3}|-)", *[rb'([^ "]*)'] * 5),
    *(_QUOTED, _QUOTED, rb'([^"]*)'),
)
_NO_WAY_BACK = b"]*+)" if sys.version_info >= (3, 11) else b"]*)"
"""No field can end elsewhere than at the first byte that it may not hold; newer Pythons can be told so."""
even = re.compile(b" ".join(_WHOLE).replace(b"]*)", _NO_WAY_BACK)).fullmatch
"""Takes a line apart in which no client wrote a quote; None for any other."""

_BEFORE = re.compile(rb"[^ ]* [^ ]* \[[^\]]*\] (?:[^ ]* ){5}")
_BETWEEN = re.compile(rb' (?:[0-9]{3}|-) (?:[^ "]* ){5}')
_ENDS = re.compile(rb'"(?= [0-9]{3}(?![^ ]))')
_VERSION, _VERSION_BYTES = re.compile(rb" HTTP/[0-9]\.[0-9]"), 9
_AFTER = re.compile(rb'"(?: [^ "]*){2} (?:SigV[0-9A-Za-z]+|-) [^ "]* (?:AuthHeader|QueryString|-)(?![^ ])')
_LENIENT = re.compile(r'"([^"]*)"|\[([^\]]*)\]|(\S+)')
_LENIENT_CHARACTERS = 16 * 1024
_QUOTE = b"\n"
"""Stands for a quote that a client wrote: it is the one byte that no line has."""
_REWRITTEN = 1
"""Where lines begin in which it may stand."""


def line_of(line: bytes) -> Line | None:
    """A line, without its end, taken apart; None for what is no whole line.

    Of what S3 writes only the brackets and the status are looked at.
    """
    return even(line) or uneven(line)


def uneven(line: bytes) -> Line | None:
    """The same for lines with quotes in a field, or without some where a field is empty."""
    start = _BEFORE.match(line)
    if start is None or len(line) > LINE_CHARACTERS:
        return None
    at = start.end()
    if line[at : at + 2] == b"- ":
        uri, at = b"-", at + 1
    else:
        at += 1
        end = _between(line, at)
        if line[at - 1 : at] != b'"' or end < 0:
            return None
        uri, at = line[at:end], end + 1
    between = _BETWEEN.match(line, at)
    told = None if between is None else _told(line, between.end(), by_client=uri != b"-")
    if between is None or told is None:
        return None
    uri, referer, agent, after = (each.replace(b'"', _QUOTE) for each in (uri, *told))
    return even(b' %b"%b"%b"%b" "%b"%b' % (start[0], uri, between[0], referer, agent, after), _REWRITTEN)


def _between(line: bytes, at: int) -> int:
    """Where the Request-URI ends that begins at *at*; -1 if the line has no such place, or several.

    It ends at a quote behind the version of HTTP that a status follows. A client can write such a place
    into its URI, referer or agent: nobody can tell then what S3 wrote, and what a client wrote must not
    decide it.
    """
    ends = _ends(line, at)
    return ends[0] if len(ends) == 1 else -1


def _ends(line: bytes, at: int) -> list[int]:
    """Where a Request-URI that begins at *at* may end."""
    found = (each.start() for each in _ENDS.finditer(line, at))
    return [end for end in found if _VERSION.match(line, max(at, end - _VERSION_BYTES), end)]


def _told(line: bytes, at: int, *, by_client: bool) -> tuple[bytes, bytes, bytes] | None:
    """Referer, agent and the rest: what the client sent ends where fields of S3 follow for the last time."""
    if not by_client and line[at : at + 4] == b"- - ":
        return b"-", b"-", line[at + 3 :]
    if line[at : at + 1] != b'"':
        return None
    end = line.rfind(b'"', at + 1)
    last = end
    while last > at and not _AFTER.match(line, last):
        last = line.rfind(b'"', at + 1, last)
    end = last if last > at else end
    middle = line.find(b'" "', at + 1, end)
    if middle < 0 or line[end + 1 : end + 2] != b" ":
        return None
    return line[at + 1 : middle], line[middle + 3 : end], line[end + 1 :]


def field_of(line: Line, group: int) -> bytes:
    """A field as it stands in the line."""
    return line[group].replace(_QUOTE, b'"')


def fields_of(line: Line) -> list[bytes]:
    """All fields in the order of ``FIELDS``, the time without brackets; further ones at the end."""
    fields = list(line.groups())
    fields += fields.pop().split(b" ")
    return [each.replace(_QUOTE, b'"') for each in fields] if line.pos == _REWRITTEN else fields


def fields_in(text: str) -> list[str]:
    """The fields of a line that somebody pasted, as far as it goes: it may be cut, and need not be whole.

    Where nobody can tell what S3 wrote, it goes as far as the key: what stands behind may be the client's.
    """
    data = text.strip()[: LINE_CHARACTERS + 1].encode("utf-8", "replace")
    if (line := uneven(data)) is not None:
        return [each.decode("utf-8", "replace") for each in fields_of(line)]
    data = data[:_LENIENT_CHARACTERS]
    start = _BEFORE.match(data)
    if start is None or not data.startswith(b'"', at := start.end()):
        return _leniently(data)
    ends = _ends(data, at + 1)
    if len(ends) != 1:
        return _leniently(start[0])
    uri = data[at + 1 : ends[0]].decode("utf-8", "replace")
    return [*_leniently(start[0]), uri, *_leniently(data[ends[0] + 1 :])]


def _leniently(data: bytes) -> list[str]:
    return ["".join(part) for part in _LENIENT.findall(data.decode("utf-8", "replace"))]


def key_of(operation: str, key: str) -> str:
    """The object's key; the log has it encoded twice, but once for deletions of many and lifecycle rules.

    Nothing in a line tells which it is but the operation. Source: engineers of Yelp who compared logs with
    inventories, "S3 server access logs at scale" (2025); the User Guide says only that it is encoded.
    """
    once = unquote(key)
    return once if operation.startswith(("BATCH.", "S3.")) else unquote(once)
