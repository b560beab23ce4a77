"""The windows of a download: stretches of one object, each fetched on its own, opened where it is sealed."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ..guard.faults import BROKEN_BODY, broken_off
from ..guard.waiting import attempt
from .answers import ranged
from .settings import Settings
from .tracking import Tracker

if TYPE_CHECKING:
    from ..envelope.reader import FrameOpener

_BLOCK = 1 << 18

Write = Callable[[Any, int], None]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive bytes of an object, and the plaintext they hold.

    Args:
        start, size: In the object.
        plain_start, plain_size: In what is written.
        opener: Opens them; None where they are what is written.
    """

    start: int
    size: int
    plain_start: int
    plain_size: int
    opener: FrameOpener | None = None


def plain_stretches(size: int, window: int) -> list[Stretch]:
    """An object of that size in windows; none for an empty one."""
    starts = range(0, size, window or 1)
    return [Stretch(start, min(window, size - start), start, min(window, size - start)) for start in starts]


class Job(Protocol):
    """What a window needs to know of its download."""

    client: Any
    first: Mapping[str, Any]
    settings: Settings
    tracker: Tracker


class Window:
    """A stretch of the object, fetched into its place however often its body breaks off."""

    def __init__(self, job: Job, request: dict[str, Any], stretch: Stretch, write: Write) -> None:
        self.job = job
        self.request = request
        self.stretch = stretch
        self.write = write
        self.body: Any = None
        self.to_the_end = True
        self.resumed = False
        self.kept: bytes | bytearray = b""
        self._done = 0
        self._written = 0
        self._block = stretch.opener.good_piece if stretch.opener else _BLOCK
        self.crc = 0

    def fetch(self) -> tuple[int, int]:
        """The CRC32 and the length of the window."""
        attempt(self._run, on=BROKEN_BODY, attempts=self.job.settings.attempts)
        if self.stretch.opener:
            self.stretch.opener.finish()
        return self.crc, self.stretch.size

    def fetch_into_memory(self) -> Window:
        """The window itself, with its bytes in ``kept``."""
        buffer, start = bytearray(self.stretch.plain_size), self.stretch.plain_start

        def keep(data: Any, offset: int) -> None:
            buffer[offset - start : offset - start + len(data)] = data

        unbuffered, self.write = self.write, keep
        try:
            self.fetch()
        finally:
            self.write = unbuffered  # the windows outlive the download; their buffers must not
        self.kept = buffer
        return self

    def _run(self) -> None:
        self.job.tracker.check()
        body = self.body if self.body is not None else self._ranged()
        self.body, self.to_the_end = None, self.to_the_end or self.body is None
        try:
            while self._done < self.stretch.size:
                self._take(body)
            if self.to_the_end:
                # Lets botocore compare its checksum, and returns the connection to the pool.
                body.read(1)
        except BROKEN_BODY:
            self.resumed = True
            raise
        finally:
            body.close()

    def _take(self, body: Any) -> None:
        self.job.tracker.check()
        data = body.read(min(self._block, self.stretch.size - self._done))
        if not data:
            raise broken_off(actual_bytes=self._done, expected_bytes=self.stretch.size)
        if self.stretch.opener:
            plain: Any = self.stretch.opener.feed(data)
        else:
            plain, self.crc = data, zlib.crc32(data, self.crc)
        self.write(plain, self.stretch.plain_start + self._written)
        self._done += len(data)
        self._written += len(plain)
        self.job.tracker.advance(len(plain))

    def _ranged(self) -> Any:
        first, last = self.stretch.start + self._done, self.stretch.start + self.stretch.size - 1
        job = self.job
        return ranged(job.client, self.request, job.first, first, last + 1, doing="during the download")
