"""Reading and writing a file at an offset from several threads, also where the system has no call for it."""

from __future__ import annotations

import os
import threading
from typing import Any

_lock = threading.Lock()


def read_at(descriptor: int, size: int, offset: int) -> bytes:
    """*size* bytes at *offset*; fewer only at the end of the file."""
    data = _pread(descriptor, size, offset)
    if len(data) in (0, size):
        return data
    pieces, got = [data], len(data)
    while got < size and (piece := _pread(descriptor, size - got, offset + got)):
        pieces.append(piece)
        got += len(piece)
    return b"".join(pieces)


def write_at(descriptor: int, data: bytes | memoryview, offset: int) -> None:
    """All of *data* at *offset*."""
    view = memoryview(data)
    while view:
        written = _pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written


if hasattr(os, "pread"):
    _pread, _pwrite = os.pread, os.pwrite
else:  # pragma: no cover - Windows

    def _pread(descriptor: int, size: int, offset: int, /) -> bytes:
        with _lock:
            os.lseek(descriptor, offset, os.SEEK_SET)
            return os.read(descriptor, size)

    def _pwrite(descriptor: int, data: Any, offset: int, /) -> int:
        with _lock:
            os.lseek(descriptor, offset, os.SEEK_SET)
            return os.write(descriptor, data)
