"""CloudTrail: events in files and in the trail's bucket, and look-ups of the last 90 days.

Sources: AWS CloudTrail API Reference, LookupEvents (management events only, 50 a page, two calls a second);
AWS CloudTrail User Guide, "CloudTrail record contents"; Amazon S3 User Guide, "Amazon S3 CloudTrail events".
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from typing import Any, Final

from ..denials.events import Event, events_in
from ..errors import ConfigurationError, Throttled
from ..guard.waiting import attempt
from .events import Refusal, TrailEvent, refusal, told
from .filters import AUTH_TYPES, Filter, is_older, known, pattern
from .matching import lies_in
from .reading import Counts, Source, is_one, sources_of

PAGES: Final = 2000
"""Of a look-up: 100,000 events, which take a quarter of an hour."""
ATTEMPTS: Final = 8
"""Of each page of a look-up, with growing pauses: two calls a second are shared by the whole account."""
FILE_BYTES: Final = 256 * 1024 * 1024
"""A decompressed file of a trail has some megabytes; a larger one is told of as damaged."""

Ask = Callable[..., Any]


class TrailReading:
    """Events, one after the other, as their files are read; once. ``counts`` says what was read by then."""

    def __init__(
        self, sources: Iterable[Source], where: Filter | None, explainer: Callable[..., Any] | None = None
    ) -> None:
        self.counts = Counts()
        self._events = _wanted(_events(sources, self.counts), known(where), self.counts)
        self._explainer = explainer

    def __iter__(self) -> Iterator[TrailEvent]:
        return map(told, self._events)

    def refusals(self) -> Iterator[Refusal]:
        """The refusals among them, in the place of the events."""
        return _refusals(self._events, self._explainer)


class Refusals:
    """Refusals, one after the other, as CloudTrail is asked for them; once."""

    def __init__(self, events: Iterator[Event], where: Filter, explainer: Callable[..., Any]) -> None:
        self.counts = Counts()
        self._found = _refusals(_wanted(events, where, self.counts), explainer)

    def __iter__(self) -> Iterator[Refusal]:
        return self._found

    def __next__(self) -> Refusal:
        return next(self._found)


def _refusals(events: Iterator[Event], explainer: Callable[..., Any] | None) -> Iterator[Refusal]:
    found = (refusal(event, explainer) for event in events)
    return (each for each in found if each is not None)


def read_trail(paths_or_files: Any, where: Filter | None = None) -> TrailReading:
    """The events in CloudTrail's log files that are here: lazily, a file at a time.

    Files hold one JSON text each, with ``Records``, compressed by gzip or not. What is none is counted and
    named, and nothing is raised because of it: ``reading.counts``.

    Args:
        paths_or_files: As of ``read_logs``.
        where: What an event must be; every one if left out. ``status`` cannot be asked for.

    Raises:
        ConfigurationError: There is no such file, or *where* asks for what events do not tell.
    """
    several = [paths_or_files] if is_one(paths_or_files) else list(paths_or_files)
    return TrailReading([source for each in several for source in sources_of(each)], where)


def _wanted(events: Iterator[Event], where: Filter, counts: Counts) -> Iterator[Event]:
    wanted = matcher(where)
    return (event for event in events if wanted(event, counts))


def _events(sources: Iterable[Source], counts: Counts) -> Iterator[Event]:
    for name, opens in sources:
        counts.files += 1
        with opens() as file:
            text = _text(name, file.read(FILE_BYTES + 1), counts)
        counts.bytes += len(text)
        number = counts.lines
        for event in events_in(text):
            counts.lines += 1
            yield event
        if counts.lines > number or '"Records":[]' in "".join(text[:200].split()):
            counts.recording += 1
        elif text.strip():
            counts.malformed += 1
            counts.foreign += (name,)


def _text(name: str, data: bytes, counts: Counts) -> str:
    try:
        if data.startswith(b"\x1f\x8b"):
            data = zlib.decompressobj(wbits=31).decompress(data, FILE_BYTES + 1)
    except zlib.error as error:
        counts.damaged += ((name, type(error).__name__),)
        return ""
    if len(data) > FILE_BYTES:
        counts.damaged += ((name, f"it has more than {FILE_BYTES:,} bytes"),)
        return ""
    return data.decode("utf-8-sig", "replace")


def matcher(where: Filter) -> Callable[[Event, Counts], bool]:
    """Whether an event is wanted; those that are, are counted.

    Raises:
        ConfigurationError: The filter asks for a status, which no event tells.
    """
    if where.status is not None:
        raise ConfigurationError(
            "CloudTrail does not tell a status", why="events have an error code", fix="filter by error_code="
        )
    tests = list(_tests(where))

    def wanted(event: Event, counts: Counts) -> bool:
        value = told(event) if tests else None
        matches = value is None or all(test(value) for test in tests)
        counts.matched += matches
        return matches

    return wanted


def _tests(where: Filter) -> Iterator[Callable[[TrailEvent], bool]]:
    for name, patterns in (
        ("error_code", where.error_codes),
        ("name", where.operations),
        ("encryption", where.encryptions),
        ("principal", (where.requester,) if where.requester else ()),
        ("bucket", (where.bucket,) if where.bucket else ()),
        ("request_id", (where.request_id,) if where.request_id else ()),
        ("access_point", (where.access_point,) if where.access_point else ()),
        ("tls_version", (where.tls_version,) if where.tls_version else ()),
    ):
        if patterns:
            yield _like(name, patterns)
    if (prefix := where.key_prefix) is not None:
        yield lambda event: event.key is not None and event.key.startswith(prefix)
    if (network := where.network) is not None:
        near = lies_in(network)
        yield lambda event: near((event.address or "").encode())
    if (plain := where.plain_http) is not None:
        yield lambda event: event.is_plain_http is plain
    if (limit := where.tls_below) is not None:
        yield lambda event: event.is_plain_http is not None and is_older(event.tls_version, limit)
    if where.auth_type is not None:
        auth = None if where.auth_type == "anonymous" else AUTH_TYPES[where.auth_type]
        yield lambda event: event.auth_type == auth
    yield from _time_tests(where.since, where.until)


def _time_tests(since: datetime | None, until: datetime | None) -> Iterator[Callable[[TrailEvent], bool]]:
    if since is not None:
        yield lambda event: event.time is not None and event.time >= since
    if until is not None:
        yield lambda event: event.time is not None and event.time < until


def _like(name: str, texts: tuple[str, ...]) -> Callable[[TrailEvent], bool]:
    patterns = [pattern(each) for each in texts]

    def matches(event: TrailEvent) -> bool:
        value = getattr(event, name)
        return value is not None and any(fits(value) for fits in patterns)

    return matches


def looked_up(
    ask: Ask,
    region: str | None,
    attribute: tuple[str, str],
    since: datetime | None,
    until: datetime | None,
) -> Iterator[Event]:
    """Management events that have an attribute, newest first, page by page as they are asked for.

    Raises:
        Throttled: The account's calls are used up by others, in every one of ``ATTEMPTS``.
        AccessDenied: The caller lacks ``cloudtrail:LookupEvents``.
        ConfigurationError: There are more than ``PAGES`` pages.
    """
    arguments: dict[str, Any] = {
        "LookupAttributes": [{"AttributeKey": attribute[0], "AttributeValue": attribute[1]}],
        "MaxResults": 50,
    }
    arguments |= {name: at for name, at in (("StartTime", since), ("EndTime", until)) if at is not None}
    for _ in range(PAGES):
        page = attempt(partial(_page, ask, region, arguments), on=(Throttled,), attempts=ATTEMPTS)
        for each in page.get("Events", ()):
            yield from events_in(each.get("CloudTrailEvent") or "")
        if not page.get("NextToken"):
            return
        arguments["NextToken"] = page["NextToken"]
    raise ConfigurationError(
        f"there are more than {PAGES * 50:,} events",
        why="a look-up is bounded",
        fix="narrow since= and until=",
    )


def _page(ask: Ask, region: str | None, arguments: dict[str, Any]) -> Any:
    return ask("cloudtrail", "lookup_events", region, **arguments)
