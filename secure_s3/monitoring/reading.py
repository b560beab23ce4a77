"""Access logs read line by line, whatever their size: files, folders, streams, bodies of objects."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Final

from ..denials.accesslines import LINE_CHARACTERS, Line, even, uneven
from ..errors import ConfigurationError
from .filters import Filter, known
from .matching import Plan, plan
from .records import LogRecord

BLOCK: Final = 64 * 1024
"""What is held of a log at a time: more would only leave the caches of the processor."""
_COMMON = 4
_GZIP = b"\x1f\x8b"
_DAMAGES = (EOFError, OSError, zlib.error)

Opened = AbstractContextManager[Any]
Source = tuple[str, Callable[[], Opened]]
"""A name, and what opens it to be read as bytes."""


@dataclass(slots=True)
class Counts:
    """What was read so far.

    Args:
        files, lines, bytes: So much of it; ``bytes`` are those of decompressed text.
        matched: Records that were told of.
        malformed: Lines that are none, or were cut. Where a filter lets whole blocks be searched, lines that
            cannot match are not looked at, and not counted here.
        damaged: Files that broke off, e.g. of gzip, with the reason; what was read of them before counts.
        foreign: Files with lines of which none is a record.
        recording: So many files hold a record, wanted or not.
    """

    files: int = 0
    lines: int = 0
    bytes: int = 0
    matched: int = 0
    malformed: int = 0
    damaged: tuple[tuple[str, str], ...] = ()
    foreign: tuple[str, ...] = ()
    recording: int = 0

    @property
    def is_nothing(self) -> bool:
        """Whether there was something to read and no record in any of it: hardly what was meant."""
        return bool(self.foreign or self.damaged) and not self.recording


class Reading:
    """Records, one after the other, as they are read; once. ``counts`` says what was read by then."""

    def __init__(self, sources: Iterable[Source], where: Filter | None) -> None:
        self.counts = Counts()
        self._blocks = _read(sources, plan(known(where)), self.counts)
        self._records: Iterator[LogRecord] = chain.from_iterable(self._blocks)

    def __iter__(self) -> Iterator[LogRecord]:
        return self._records

    def __next__(self) -> LogRecord:
        return next(self._records)

    def close(self) -> None:
        """Read no further, and close what is open."""
        self._blocks.close()
        self._records = iter(())


def read_logs(paths_or_files: Any, where: Filter | None = None) -> Reading:
    """The records of server access logs that are here: lazily, in the order of the files, with flat memory.

    Lines that are none are counted and left out: ``reading.counts``. Nothing is raised because of a line, nor
    because of a file of which no line is a record: ``counts.foreign`` names it.

    Args:
        paths_or_files: A path, an open binary file, or several. A folder stands for all files below it, in
            the order of their names. What is compressed by gzip is decompressed.
        where: What a record must be; every one if left out.

    Raises:
        ConfigurationError: There is no such file, it is no binary file, or *where* asks for what logs do not
            tell, or is no Filter. Files are looked for at once, and opened when their turn comes.
    """
    several = [paths_or_files] if is_one(paths_or_files) else list(paths_or_files)
    return Reading([source for each in several for source in sources_of(each)], where)


def is_one(given: Any) -> bool:
    """Whether it is one path or one open file, and not several."""
    return isinstance(given, str | os.PathLike) or hasattr(given, "read")


def sources_of(given: Any) -> Iterator[Source]:
    """The files that a path names, or the one that is open."""
    if hasattr(given, "read"):
        yield str(getattr(given, "name", "a stream")), lambda: nullcontext(given)
        return
    path = Path(given)
    if not path.exists():
        raise ConfigurationError(f"{path} cannot be read", why="there is no such file", fix="check the path")
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    for each in files:
        yield str(each), partial(open, each, "rb")


def _read(
    sources: Iterable[Source], wanted: Plan, counts: Counts
) -> Generator[Iterator[LogRecord], None, None]:
    """The records of each block."""
    needles = wanted.needles
    for name, opens in sources:
        counts.files += 1
        recording = has_text = False
        with opens() as file:
            for block in blocks(name, file, counts):
                lines = block.count(b"\n")
                counts.bytes, counts.lines = counts.bytes + len(block), counts.lines + lines
                if not recording:
                    recording, has_text = _holds_record(block), has_text or not block.isspace()
                found: Sequence[bytes] = _with(block, needles) if needles else block.split(b"\n")
                if needles and len(found) * _COMMON > lines > _COMMON:
                    needles = ()  # it costs more to search for what stands in most lines than to look at each
                yield _matching(found, wanted, counts)
        counts.recording += recording
        if has_text and not recording:
            counts.foreign += (name,)


def _holds_record(block: bytes) -> bool:
    """Whether one of these lines is a record; as a rule the first one is."""
    first = block[: block.find(b"\n")]
    return any(even(each) or uneven(each) for each in chain((first,), block.split(b"\n")))


def blocks(name: str, file: Any, counts: Counts) -> Iterator[bytes]:
    """Whole lines, some at a time, each with its end; what is damaged is noted and ends it."""
    rest = b""
    try:
        for data in _chunks(file):
            end = data.rfind(b"\n") + 1
            if end == 0 and len(rest) + len(data) <= LINE_CHARACTERS:
                rest += data
            elif end == 0:
                rest = (rest + data)[: LINE_CHARACTERS + 1]  # no line is so long: it is malformed, once
            else:
                whole = rest + data[:end]
                yield whole.replace(b"\r\n", b"\n") if b"\r" in whole else whole
                rest = data[end:]
    except _DAMAGES as error:
        counts.damaged += ((name, type(error).__name__),)
    if rest:
        yield rest + b"\n"


def _chunks(file: Any) -> Iterator[bytes]:
    first = file.read(BLOCK)
    if isinstance(first, str):
        raise ConfigurationError(
            "the log is opened as text", why="it is read as bytes", fix='open it with "rb"'
        )
    if first[:2] == _GZIP:
        file = gzip.GzipFile(fileobj=_Joined(first, file), mode="rb")  # type: ignore[call-overload]
        first = file.read(BLOCK)
    while first:
        yield first
        first = file.read(BLOCK)


class _Joined:
    """A file of which the beginning was read already."""

    def __init__(self, first: bytes, file: Any) -> None:
        self._first, self._file = first, file

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        if not self._first:
            data: bytes = self._file.read(size)
            return data
        end = len(self._first) if size < 0 else size
        taken, self._first = self._first[:end], self._first[end:]
        return taken + self._file.read() if size < 0 else taken


def _matching(lines: Iterable[bytes], wanted: Plan, counts: Counts) -> Iterator[LogRecord]:
    """The records among the lines of a block, in loops that Python need not interpret."""
    given = list(filter(wanted.early, lines))  # None keeps what is not empty
    found: list[Line | None] = list(map(even, given))
    if not all(found):  # a line that was taken apart is true
        found = [line or uneven(text) for line, text in zip(found, given, strict=True)]
        counts.malformed += found.count(None)
        found = list(filter(None, found))
    if wanted.matches is not None:
        found = list(filter(wanted.matches, found))  # type: ignore[arg-type]
    counts.matched += len(found)
    return map(LogRecord, found)  # type: ignore[arg-type]


def _with(block: bytes, needles: tuple[bytes, ...]) -> list[bytes]:
    """The lines in which one of these stands, in their order."""
    begins = {at for needle in needles for at in _begins(block, needle)}
    return [block[at : block.find(b"\n", at)] for at in sorted(begins)]


def _begins(block: bytes, needle: bytes) -> Iterator[int]:
    at = block.find(needle)
    while at >= 0:
        yield block.rfind(b"\n", 0, at) + 1
        at = block.find(needle, block.find(b"\n", at))
