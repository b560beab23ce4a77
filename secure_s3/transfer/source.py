"""Where an upload's bytes come from: a path, a seekable object, or a stream.

Each of them ends in parts: bodies of a known length that can be rewound for a retry. None of them closes
the caller's object, and each notices when the source is not what it was at the start.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Protocol

from ..errors import ConfigurationError, SecureS3Error, SourceChanged, TransferError
from .positioned import read_at
from .seekable import Seekable
from .tracking import Tracker

_BLOCK = 1 << 20


class Source(Protocol):
    """What an upload needs to know of its source."""

    @property
    def size(self) -> int | None:
        """In bytes, where it is known."""

    def settle(self, limit: int) -> None:
        """Where the size is not known, read ahead: a source that ends before *limit* has one from then on."""

    def parts(self, part_bytes: int, tracker: Tracker) -> Iterator[Part]:
        """The content, cut; the last part is shorter, and there is none for an empty source."""

    def whole(self, tracker: Tracker) -> Part:
        """The content as one part; only for sources of a known size."""

    def finish(self) -> None:
        """Raise SourceChanged if there is more than was promised."""

    def close(self) -> None:
        """Release what was opened here."""


class Part(Seekable):
    """A rewindable body of a fixed length, as botocore wants it.

    Args:
        read_at: Gives up to ``n`` bytes at an offset.
        start, size: Which bytes of the source.
        tracker: Told about progress, and able to stop the transfer.
    """

    clamps = True
    bounded = True
    """Never more than its length, so that the guard need not see to it."""

    def __init__(self, read_at: Callable[[int, int], bytes], start: int, size: int, tracker: Tracker) -> None:
        super().__init__()
        self._read_at = read_at
        self._start = start
        self.size = size
        self._tracker = tracker
        self._reported = 0
        self.on_the_wire = False

    @property
    def plain_bytes(self) -> int:
        """How many bytes of the source it stands for."""
        return self.size

    def read_at(self, offset: int, size: int) -> bytes:
        """*size* bytes at *offset* of the part, fewer only if the source has become shorter."""
        return self._read_at(self._start + offset, size)

    def as_bytes(self) -> bytes | io.BytesIO:
        """All of it, to be sent as bytes."""
        return self.read()

    def __len__(self) -> int:
        return self.size

    def __bool__(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        """Up to *size* bytes; SourceChanged if the source has fewer than it had."""
        self._tracker.check()
        left = self.size - self._position
        wanted = left if size is None or size < 0 else min(size, left)
        if wanted <= 0:
            return b""
        data = self._read_at(self._start + self._position, wanted)
        if len(data) < wanted:
            raise SourceChanged(
                f"the source ended at byte {self._start + self._position + len(data)}, before its end",
                why="it was cut short while it was being read",
                fix="upload it when nothing writes to it any more",
            )
        self._position += wanted
        self._report()
        return data

    def readinto(self, buffer: Any) -> int:
        """The same, into *buffer*."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _report(self) -> None:
        # Only the furthest point counts, so that checksums and retries are not counted twice.
        if self.on_the_wire and (done := self._done()) > self._reported:
            gained, self._reported = done - self._reported, done
            self._tracker.advance(gained)

    def _done(self) -> int:
        return self._position


class FileSource:
    """A file that is named by its path; parts are read where they are needed, several at a time."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = os.fspath(path)
        try:
            if not stat.S_ISREG(os.stat(self._path).st_mode):
                kind = "a folder" if os.path.isdir(self._path) else "no regular file"
                raise ConfigurationError(
                    f"{self._path!r} is {kind}",
                    why="upload_file sends one regular file",
                    fix="upload a folder with upload_many, a pipe or device with upload_fileobj",
                )
            self._file = open(self._path, "rb", buffering=0)  # noqa: SIM115 - closed by close()
        except (OSError, ValueError) as error:
            if isinstance(error, ConfigurationError):
                raise
            raise ConfigurationError(
                f"{self._path!r} cannot be read",
                why=getattr(error, "strerror", None) or str(error),
                fix="check path and permissions",
            ) from error
        status = os.fstat(self._file.fileno())
        self.size: int | None = status.st_size
        self._length = status.st_size
        self._modified = status.st_mtime_ns

    def settle(self, limit: int) -> None:
        """Its size is known."""

    def parts(self, part_bytes: int, tracker: Tracker) -> Iterator[Part]:
        """Parts that read the file when they are sent."""
        for start in range(0, self._length, part_bytes):
            yield Part(self._read_at, start, min(part_bytes, self._length - start), tracker)

    def whole(self, tracker: Tracker) -> Part:
        """The file as one part."""
        return Part(self._read_at, 0, self._length, tracker)

    def finish(self) -> None:
        """Raise SourceChanged if the file was written to meanwhile."""
        status = os.fstat(self._file.fileno())
        if (status.st_size, status.st_mtime_ns) != (self._length, self._modified):
            raise SourceChanged(
                f"{self._path!r} was changed while it was being uploaded",
                why=f"it had {self.size} bytes, now it has {status.st_size}, or its time of change moved",
                fix="upload it when nothing writes to it any more, or upload a copy",
            )

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _read_at(self, offset: int, size: int) -> bytes:
        try:
            return read_at(self._file.fileno(), size, offset)
        except OSError as error:
            raise TransferError(
                f"{self._path!r} cannot be read any further", why=error.strerror or str(error)
            ) from error


class ObjectSource:
    """A file object of the caller's, seekable or not; it is read in order, by one thread."""

    def __init__(self, fileobj: BinaryIO) -> None:
        if not callable(getattr(fileobj, "read", None)):
            raise ConfigurationError(
                f"{type(fileobj).__name__} is neither a path nor a file object",
                fix="pass an object with read(), opened in binary mode",
            )
        self._file = fileobj
        self._ahead = b""
        self._ended = False
        self.size = _remaining(fileobj)

    def settle(self, limit: int) -> None:
        """Read ahead."""
        if self.size is None:
            self._ahead = read_exactly(self._file, limit)
            self._ended = len(self._ahead) < limit
            self.size = len(self._ahead) if self._ended else None

    def parts(self, part_bytes: int, tracker: Tracker) -> Iterator[Part]:
        """Parts held in memory, as many as are in flight."""
        sent = 0
        while self.size is None or sent < self.size:
            wanted = part_bytes if self.size is None else min(part_bytes, self.size - sent)
            data = self._take(wanted)
            if len(data) < wanted and self.size is not None:
                raise SourceChanged(
                    f"the source ended after {sent + len(data)} of {self.size} bytes",
                    why="it was cut short while it was being read",
                    fix="upload it when nothing writes to it any more",
                )
            if data:
                yield in_memory(data, tracker)
            if len(data) < wanted:
                return
            sent += len(data)

    def whole(self, tracker: Tracker) -> Part:
        """The content as one part, in memory."""
        return next(self.parts(self.size or 0, tracker), in_memory(b"", tracker))

    def finish(self) -> None:
        """Raise SourceChanged if there is more than there was."""
        if self.size is not None and not self._ended and _read(self._file, 1):
            raise SourceChanged(
                f"the source holds more than the {self.size} bytes it had at the start",
                why="it grew while it was being read",
                fix="upload it when nothing writes to it any more, or pass a bounded view of it",
            )

    def close(self) -> None:
        """Nothing: the object belongs to the caller."""

    def _take(self, size: int) -> bytes:
        ahead, self._ahead = self._ahead[:size], self._ahead[size:]
        if len(ahead) == size or self._ended:
            return ahead
        return ahead + read_exactly(self._file, size - len(ahead))


def opened(source: Any) -> Source:
    """The source for a path or a file object; ConfigurationError if it cannot be read."""
    if isinstance(source, str | os.PathLike):
        return FileSource(source)
    return ObjectSource(source)


def in_memory(data: bytes, tracker: Tracker) -> Part:
    """A part over bytes."""
    return Part(lambda offset, size: data[offset : offset + size], 0, len(data), tracker)


def read_exactly(file: BinaryIO, size: int) -> bytes:
    """*size* bytes, or what there is until the end, however short the single reads are."""
    first = _read(file, size)
    if len(first) == size or not first:
        return first
    pieces, got = [first], len(first)
    while got < size and (piece := _read(file, min(size - got, _BLOCK))):
        pieces.append(piece)
        got += len(piece)
    return b"".join(pieces)


def _read(file: BinaryIO, size: int) -> bytes:
    try:
        data: object = file.read(size)
    except (SecureS3Error, OSError, ValueError) as error:
        if isinstance(error, SecureS3Error):
            raise
        raise TransferError("the source cannot be read any further", why=str(error)) from error
    if isinstance(data, bytes | bytearray | memoryview):
        if len(data) > size:
            raise TransferError(
                f"the source gave {len(data)} bytes where {size} were asked for",
                why="read(n) must give n bytes at most",
                fix="mend its read(), or wrap it in io.BufferedReader",
            )
        return bytes(data)
    if isinstance(data, str):
        raise ConfigurationError(
            "the source gives text, not bytes", why="it was opened in text mode", fix='open it with "rb"'
        )
    raise TransferError(
        f"the source gave {type(data).__name__} instead of bytes",
        why="a non-blocking source has nothing to give right now" if data is None else "",
        fix="pass a blocking source",
    )


def _remaining(file: Any) -> int | None:
    """Bytes from the current position to the end; None if the object cannot tell."""
    try:
        if hasattr(file, "seekable") and not file.seekable():
            return None
        position = file.tell()
        end = file.seek(0, os.SEEK_END)
        if end is None:  # file-likes whose seek() returns nothing
            end = file.tell()
        file.seek(position)
    except (AttributeError, OSError, ValueError, TypeError):
        return None
    if isinstance(file, io.TextIOBase):
        raise ConfigurationError(
            "the source gives text, not bytes", why="it was opened in text mode", fix='open it with "rb"'
        )
    return max(0, int(end) - int(position))
