"""A filter made ready for lines of access logs: what to look for in a block of lines, and how to be sure.

Most lines of a log are not wanted. Where a filter demands a text that stands in every line it matches, such
as `` 403 ``, whole blocks are searched for it, and only lines that have it are taken apart. It may stand in
other lines too, so that each is looked at again, field by field.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache

from ..denials.accesslines import (
    ADDRESS,
    AFTER,
    BUCKET,
    CODE,
    KEY,
    OPERATION,
    REQUEST_ID,
    REQUESTER,
    SIGNATURE,
    STATUS,
    URI,
    Line,
    key_of,
)
from ..denials.accesslogs import OPERATIONS
from ..errors import ConfigurationError
from .filters import AUTH_TYPES, Filter, is_older, pattern
from .records import MONTHS, Connection, moment

Test = Callable[[Line], bool]
_BY_WEBSITES = frozenset({"REST.GET.OBJECT", "REST.HEAD.OBJECT"})
_KEPT = 4096
_ENCODED = re.compile("[^A-Za-z0-9/._-]")
_WORD = re.compile("[A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class Plan:
    """How to find the lines.

    Args:
        needles: One of these stands in every line that matches; none if nothing can be said.
        tests: What a line must pass, once it is taken apart.
        early: What a line must pass before it is taken apart.
    """

    needles: tuple[bytes, ...] = ()
    tests: tuple[Test, ...] = ()
    early: Callable[[bytes], bool] | None = None

    @property
    def matches(self) -> Test | None:
        """Whether a line is wanted; None if every one is."""
        if len(self.tests) < 2:
            return self.tests[0] if self.tests else None
        first, *others = self.tests

        def matches(line: Line) -> bool:
            return first(line) and all(test(line) for test in others)

        return matches


def plan(where: Filter) -> Plan:
    """The plan of a filter.

    Raises:
        ConfigurationError: It asks for what no access log tells.
    """
    if where.encryption is not None:
        raise ConfigurationError(
            "access logs do not tell how an object was encrypted",
            why="the format has no such field (Amazon S3 User Guide, Amazon S3 server access log format)",
            fix="look in CloudTrail's data events: trail_logs(…) and read_trail(…) take encryption=",
        )
    window = _window(where)
    found = [*_needles(where)]
    best = max(found, key=lambda each: (min(map(len, each)), -len(each)), default=())
    return Plan(best, tuple(_tests(where)), window)


def _needles(where: Filter) -> Iterator[tuple[bytes, ...]]:
    """For each part of the filter the texts one of which a line must have."""
    if where.request_id and "*" not in where.request_id:
        yield (f" {where.request_id} ".encode(),)
    if where.requester and where.requester != "anonymous":
        yield from _literal(where.requester)
    if where.access_point:
        yield from _literal(where.access_point)
    for each in (where.error_codes, _in_words_of_the_log(where.operations)):
        if each and not any("*" in text for text in each):
            yield tuple(f" {text} ".encode() for text in each)
    if where.statuses:
        yield tuple(
            needle
            for text in where.statuses
            for needle in ((f" {text} ".encode(),) if text.isdigit() else _class(text))
        )
    if where.key_prefix:
        word = max(_WORD.findall(where.key_prefix), key=len, default="")
        if len(word) > 1:
            yield (word.encode(),)


def _class(text: str) -> tuple[bytes, ...]:
    """``4xx`` begins behind the quote of the Request-URI, or behind an absent one."""
    return f'" {text[0]}'.encode(), f"- {text[0]}".encode()


def _literal(text: str) -> Iterator[tuple[bytes, ...]]:
    longest = max(text.split("*"), key=len)
    if longest:
        yield (longest.encode("utf-8", "surrogateescape"),)


def _in_words_of_the_log(operations: tuple[str, ...]) -> tuple[str, ...]:
    """S3's operations by the log's names; what is no operation of S3's API stays."""
    found: list[str] = []
    for each in operations:
        names = [name for name, operation in OPERATIONS.items() if operation == each]
        names += [f"WEBSITE.{name[5:]}" for name in names if name in _BY_WEBSITES]
        found += names or [each]
    return tuple(found)


def _tests(where: Filter) -> Iterator[Test]:
    """One for each part, those that cost least first."""
    if where.statuses:
        yield _by_status(where.statuses)
    if where.error_codes:
        codes = _any(where.error_codes)
        yield lambda line: codes(line[CODE])
    if where.operations:
        operations = _any(_in_words_of_the_log(where.operations))
        yield lambda line: operations(line[OPERATION])
    if where.request_id:
        yield _field(REQUEST_ID, where.request_id)
    if where.requester:
        yield _field(REQUESTER, "-" if where.requester == "anonymous" else where.requester)
    if where.bucket:
        yield _field(BUCKET, where.bucket)
    if where.key_prefix:
        yield _by_key(where.key_prefix)
    if (network := where.network) is not None:
        near = lies_in(network)
        yield lambda line: near(line[ADDRESS])
    yield from _by_connection(where)


def _by_connection(where: Filter) -> Iterator[Test]:
    """What is asked of the connection, together: there are few different ones in a log, so they are kept."""
    tests = list(_connection_tests(where))
    if not tests:
        return
    of_clients = where.plain_http is not None or where.tls_below is not None

    @lru_cache(maxsize=_KEPT)
    def matches(fields: bytes) -> bool:
        connection = Connection.of(fields)
        return all(test(connection) for test in tests)

    def of_line(line: Line) -> bool:
        after = line[AFTER].split(b" ", SIGNATURE)
        if len(after) <= SIGNATURE or not matches(after[SIGNATURE]):
            return False
        return not of_clients or (line[URI] != b"-" and line[ADDRESS] != b"-")

    yield of_line


def _connection_tests(where: Filter) -> Iterator[Callable[[Connection], bool]]:
    if (wanted := where.plain_http) is not None:
        yield lambda connection: connection.is_plain is wanted
    if (version := where.tls_version) is not None:
        yield lambda connection: connection.tls == version
    if (limit := where.tls_below) is not None:
        yield (
            lambda connection: (
                is_older(connection.tls, limit)
                and (connection.tls is not None or connection.is_plain is True)
            )
        )
    if where.auth_type is not None:
        auth = AUTH_TYPES[where.auth_type]
        yield lambda connection: connection.auth == auth
    if where.access_point:
        point = _any((where.access_point,))
        yield lambda connection: point((connection.access_point or "").encode())


def _field(at: int, text: str) -> Test:
    wanted = _any((text,))
    return lambda line: wanted(line[at])


def _any(texts: tuple[str, ...]) -> Callable[[bytes], bool]:
    """Whether a field is one of these, which may hold ``*``."""
    plain = frozenset(each.encode("utf-8", "surrogateescape") for each in texts if "*" not in each)
    patterns = [pattern(each) for each in texts if "*" in each]
    if not patterns:
        return plain.__contains__

    @lru_cache(maxsize=_KEPT)  # there are few different ones in a log
    def matches(field: bytes) -> bool:
        text = field.decode("utf-8", "surrogateescape")
        return field in plain or any(fits(text) for fits in patterns)

    return matches


def _by_status(statuses: tuple[str, ...]) -> Test:
    exact = frozenset(each.encode() for each in statuses if each.isdigit())
    classes = tuple(each[0].encode() for each in statuses if not each.isdigit())
    if not classes:
        return lambda line: line[STATUS] in exact
    return lambda line: line[STATUS] in exact or line[STATUS].startswith(classes)


def _by_key(prefix: str) -> Test:
    start = prefix.encode("utf-8", "surrogateescape")
    harmless = prefix != "-" and not _ENCODED.search(prefix)

    def matches(line: Line) -> bool:
        key = line[KEY]
        if harmless:  # then nothing is to be decoded, unless something is encoded
            if key.startswith(start):
                return True
            if b"%" not in key:
                return False
        return key != b"-" and _decoded(line).startswith(prefix)

    return matches


def _decoded(line: Line) -> str:
    operation, key = (line[at].decode("utf-8", "replace") for at in (OPERATION, KEY))
    return key_of(operation, key)


def lies_in(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> Callable[[bytes], bool]:
    """Whether an address lies in a network; False for what is no address."""

    @lru_cache(maxsize=_KEPT)
    def matches(address: bytes) -> bool:
        try:
            return ipaddress.ip_address(address.decode("ascii", "replace")) in network
        except ValueError:
            return False

    return matches


def _window(where: Filter) -> Callable[[bytes], bool] | None:
    """Whether a line may lie between the times; True for what has none, which is told of as malformed."""
    if where.since is None and where.until is None:
        return None
    since = _key(where.since) if where.since else b""
    until = _key(where.until) if where.until else b"~"

    def may(line: bytes) -> bool:
        if not line:
            return False
        at = line.find(b" [")
        stamp = line[at + 2 : at + 28]
        if stamp[20:] == b" +0000" and (day := _day(stamp[:11])) is not None:
            return since <= day + stamp[12:20] < until
        when = moment(stamp.decode("ascii", "replace"))
        return when is None or since <= _key(when) < until

    return may


def _key(when: datetime) -> bytes:
    """A time that sorts as text; S3 logs whole seconds, so that a part of one counts as the next."""
    at = when.astimezone(timezone.utc)
    return (at + timedelta(microseconds=-at.microsecond % 1_000_000)).strftime("%Y%m%d%H:%M:%S").encode()


@lru_cache(maxsize=_KEPT)
def _day(text: bytes) -> bytes | None:
    """``06/Feb/2019`` as ``20190206``; None for what is none."""
    day, _, rest = text.partition(b"/")
    month, _, year = rest.partition(b"/")
    name = month.decode("ascii", "replace")
    if name not in MONTHS or not (len(day) == 2 and day.isdigit() and len(year) == 4 and year.isdigit()):
        return None
    return year + f"{MONTHS.index(name) + 1:02}".encode() + day
