"""Logs where S3 and CloudTrail deliver them: which objects are of a time, and their content.

Both write the date into the key, so that keys sort by time. A listing therefore begins at the first key that
counts and ends after the last; what lies before and behind is not listed.

Sources: Amazon S3 User Guide, "Logging requests with server access logging"
(``[prefix]YYYY-MM-DD-hh-mm-ss-…`` and ``[prefix][account]/[region]/[bucket]/YYYY/MM/DD/…``); AWS CloudTrail
User Guide, "Finding your CloudTrail log files".
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, nullcontext
from datetime import datetime, timedelta, timezone
from functools import partial
from io import BytesIO
from itertools import islice
from typing import Any, Final

from ..encryption import ClientSide, SseC, SseS3
from ..errors import NotFound, TransportError
from ..guard import guard_of, with_strategy
from ..guard.faults import typed
from ..guard.waiting import attempt
from .reading import Opened, Source

LATE: Final = timedelta(days=1)
"""So long after a request a log with it is looked for: delivery takes hours, seldom more."""
SMALL: Final = 4 * 1024 * 1024
"""Objects up to this size are fetched ahead, several at a time; larger ones are streamed."""
AHEAD: Final = 8
_LOOKED_AT = 5000

NAME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9]{2}-[0-9]{2}-[0-9]{2}-[0-9A-Za-z]+")
DATED = re.compile(r"[0-9]{4}/[0-9]{2}/[0-9]{2}/[^/]+")
_PARTITIONED = re.compile(r"[0-9]{12}/[^/]+/[^/]+/" + DATED.pattern)
_PLAIN_FORM, _DATED_FORM = "%Y-%m-%d-%H-%M-%S", "%Y/%m/%d/"

Found = tuple[str, int]
"""The key and the size of an object."""


def reading_client(client: Any) -> Any:
    """The client for logs: services write them without keys of customers, and not sealed."""
    guard = guard_of(client)
    if guard is not None and isinstance(guard.strategy, SseC | ClientSide):
        return with_strategy(client, SseS3())
    return client


def is_partitioned(client: Any, bucket: str, prefix: str) -> bool:
    """Whether the logs below *prefix* are partitioned by date, judged by the first one."""
    for key, _ in islice(_listed(client, bucket, prefix, ""), _LOOKED_AT):
        rest = key[len(prefix) :]
        if _PARTITIONED.fullmatch(rest):
            return True
        if NAME.fullmatch(rest):
            return False
    return False


def plain(
    client: Any, bucket: str, prefix: str, since: datetime | None, until: datetime | None
) -> Iterator[Found]:
    """Access logs without partitions; their names tell when they were delivered."""
    return _between(client, bucket, prefix, NAME, _PLAIN_FORM, since, until)


def dated(
    client: Any,
    bucket: str,
    prefix: str,
    parts: Sequence[str | None],
    since: datetime | None,
    until: datetime | None,
) -> Iterator[Found]:
    """Logs below ``prefix/part/…/YYYY/MM/DD/``; parts that are not known are looked up."""
    for base in _bases(client, bucket, prefix, tuple(parts)):
        yield from _between(client, bucket, base, DATED, _DATED_FORM, since, until)


def _bases(client: Any, bucket: str, prefix: str, parts: tuple[str | None, ...]) -> Iterator[str]:
    if not parts:
        yield prefix
    elif parts[0] is not None:
        yield from _bases(client, bucket, f"{prefix}{parts[0]}/", parts[1:])
    else:
        for page in _pages(client, Bucket=bucket, Prefix=prefix, Delimiter="/"):
            for each in page.get("CommonPrefixes", ()):
                yield from _bases(client, bucket, each["Prefix"], parts[1:])


def _between(
    client: Any,
    bucket: str,
    base: str,
    form: re.Pattern[str],
    date: str,
    since: datetime | None,
    until: datetime | None,
) -> Iterator[Found]:
    start = base + since.astimezone(timezone.utc).strftime(date) if since else ""
    end = base + (until.astimezone(timezone.utc) + LATE).strftime(date) if until else None
    for key, size in _listed(client, bucket, base, start):
        if end is not None and key > end and not key.startswith(end):
            return
        if form.fullmatch(key, len(base)):
            yield key, size


def _listed(client: Any, bucket: str, prefix: str, start: str) -> Iterator[Found]:
    arguments = {"StartAfter": start} if start else {}
    for page in _pages(client, Bucket=bucket, Prefix=prefix, **arguments):
        for each in page.get("Contents", ()):
            yield each["Key"], each["Size"]


def _pages(client: Any, **arguments: Any) -> Iterator[Any]:
    while True:
        with typed("ListObjectsV2", arguments["Bucket"]):
            page = client.list_objects_v2(**arguments)
        yield page
        if not page.get("IsTruncated"):
            return
        arguments["ContinuationToken"] = page["NextContinuationToken"]


def sources(client: Any, bucket: str, objects: Iterator[Found]) -> Iterator[Source]:
    """The objects, ready to be read in their order; small ones are on their way already.

    Of small ones up to ``AHEAD`` are held, and of a large one a block at a time. An object that a lifecycle
    rule removed meanwhile is empty.
    """
    waiting: deque[Source] = deque()
    with ThreadPoolExecutor(AHEAD, thread_name_prefix="secure-s3-logs") as pool:
        try:
            for key, size in objects:
                waiting.append((f"s3://{bucket}/{key}", _opener(pool, client, bucket, key, size)))
                if len(waiting) > AHEAD:
                    yield waiting.popleft()
            while waiting:
                yield waiting.popleft()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _opener(pool: ThreadPoolExecutor, client: Any, bucket: str, key: str, size: int) -> Callable[[], Opened]:
    if size > SMALL:
        return lambda: closing(_Body(client, bucket, key))
    fetched = pool.submit(attempt, partial(_fetched, client, bucket, key), on=(TransportError,), attempts=3)
    return lambda: nullcontext(BytesIO(fetched.result()))


def _fetched(client: Any, bucket: str, key: str) -> bytes:
    try:
        with closing(_Body(client, bucket, key)) as body:
            return body.read()
    except NotFound:
        return b""


class _Body:
    """An object's content; what goes wrong while it is read is an error of ours."""

    def __init__(self, client: Any, bucket: str, key: str) -> None:
        self._where = ("GetObject", bucket, key)
        with typed(*self._where):
            self._body = client.get_object(Bucket=bucket, Key=key)["Body"]

    def read(self, size: int | None = None) -> bytes:
        """The next bytes."""
        with typed(*self._where):
            data: bytes = self._body.read(size)
        return data

    def close(self) -> None:
        """Give the connection back."""
        self._body.close()
