"""File-like objects that behave as badly as the ones applications pass to an upload.

Each wraps plain bytes. Where a source has a ``seek``, its length is what ``seek(0, 2)`` says; where it has
a limit, that many bytes are read without trouble first.
"""

from __future__ import annotations

import errno
import io
import itertools
import os
from collections.abc import Callable
from pathlib import Path


class NonSeekable(io.RawIOBase):
    """A pipe: it can be read once, forwards; ``seek`` and ``tell`` raise."""

    def __init__(self, data: bytes) -> None:
        self._inner = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._inner.read(size)

    def readall(self) -> bytes:
        return self._inner.read()

    def readinto(self, buffer) -> int:
        return self._inner.readinto(buffer)


class OnlyRead:
    """The least a source can be: an object with ``read`` and nothing else."""

    def __init__(self, data: bytes) -> None:
        self._inner = io.BytesIO(data)

    def read(self, size: int = -1) -> bytes:
        return self._inner.read(size)


class ShortReads(io.BytesIO):
    """Returns 1, 2, … `at_most` bytes at a time, whatever was asked for; b"" only at the end."""

    def __init__(self, data: bytes, at_most: int = 7) -> None:
        super().__init__(data)
        self._sizes = itertools.cycle(range(1, at_most + 1))

    def read(self, size: int | None = -1) -> bytes:
        if size == 0:
            return b""
        short = next(self._sizes)
        return super().read(short if size is None or size < 0 else min(short, size))


class Growing(io.BytesIO):
    """Gives its length as ``len(data)`` and, once it has been read from, has `extra` bytes more."""

    def __init__(self, data: bytes, extra: bytes = b"grown") -> None:
        super().__init__(data)
        self._extra = extra

    def read(self, size: int | None = -1) -> bytes:
        if self._extra:
            position = self.tell()
            self.seek(0, io.SEEK_END)
            self.write(self._extra)
            self.seek(position)
            self._extra = b""
        return super().read(size)


class Shrinking(io.BytesIO):
    """Gives its length as ``len(data)`` and, once it has been read from, has `lost` bytes fewer."""

    def __init__(self, data: bytes, lost: int = 1) -> None:
        super().__init__(data)
        self._left = len(data) - lost

    def read(self, size: int | None = -1) -> bytes:
        self.truncate(self._left)
        return super().read(size)


class _Trap(io.BytesIO):
    """Reads well up to byte `at`; the read that starts there springs the trap, every time."""

    def __init__(self, data: bytes, at: int) -> None:
        super().__init__(data)
        self._at = at

    def read(self, size: int | None = -1) -> bytes | None:
        room = self._at - self.tell()
        if room <= 0:
            return self._spring()
        return super().read(room if size is None or size < 0 else min(size, room))

    def _spring(self) -> bytes | None:
        raise NotImplementedError


class FailsHalfway(_Trap):
    """Raises OSError (EIO) once `at` bytes have been read."""

    def _spring(self) -> bytes | None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))


class CtrlC(_Trap):
    """Raises KeyboardInterrupt once `at` bytes have been read."""

    def _spring(self) -> bytes | None:
        raise KeyboardInterrupt


class ReturnsNone(_Trap):
    """Returns None once `at` bytes have been read, as a non-blocking stream without data does."""

    def _spring(self) -> bytes | None:
        return None


class TextMode(io.StringIO):
    """A file opened without "b": ``read`` returns str."""


class CloseTracking(io.BytesIO):
    """Counts in ``close_calls`` how often it was closed."""

    close_calls = 0

    def close(self) -> None:
        self.close_calls += 1
        super().close()


def when_past(sent: int, then: Callable[[], None]) -> Callable[[int], None]:
    """A progress ``Callback=`` that calls `then` once, when `sent` bytes have been reported."""
    total, done = 0, False

    def callback(amount: int) -> None:
        nonlocal total, done
        total += amount
        if total >= sent and not done:
            done = True
            then()

    return callback


def grow_file(path: Path, extra: bytes = b"grown") -> Callable[[], None]:
    """Appends `extra` to a real file when called; for ``when_past(1, grow_file(path))`` or by itself."""

    def grow() -> None:
        with path.open("ab") as file:
            file.write(extra)

    return grow


def shrink_file(path: Path, lost: int = 1) -> Callable[[], None]:
    """Cuts the last `lost` bytes off a real file when called."""
    return lambda: os.truncate(path, path.stat().st_size - lost)
