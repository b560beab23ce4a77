"""Where a download's bytes go: a file that appears whole or not at all."""

from __future__ import annotations

import os
import secrets

from ..errors import DestinationError
from .positioned import write_at


class AtomicFile:
    """A temporary file beside the destination, which takes its place at the end.

    ``write`` may be called from several threads. ``commit`` flushes to the disk and renames; ``discard``
    removes the temporary file and leaves the destination as it was.

    Raises:
        DestinationError: the folder is missing, the destination is a folder, or cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        if not self.path or "\0" in self.path:
            raise self._error("it is no path", "name a file")
        if os.path.isdir(self.path) or not os.path.basename(self.path):
            raise self._error("it is a folder", "name the file in it")
        if os.path.exists(self.path) and not os.path.isfile(self.path):
            raise self._error("it is no regular file", "use download_fileobj to write to a pipe or device")
        self._mode = os.stat(self.path).st_mode & 0o777 if os.path.exists(self.path) else None
        # Short, so that a name of the greatest allowed length still has room beside it.
        folder = os.path.dirname(os.path.abspath(self.path))
        self._temporary = os.path.join(folder, f".{secrets.token_hex(8)}.part")
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        try:
            self._descriptor = os.open(self._temporary, flags, 0o666)
        except OSError as error:
            why = error.strerror or str(error)
            raise self._error(why, "check that the folder exists and may be written") from error
        self._folder = folder

    def write(self, data: bytes | memoryview, offset: int) -> None:
        """All of *data* at *offset*."""
        try:
            write_at(self._descriptor, data, offset)
        except OSError as error:
            raise self._error(error.strerror or str(error), "make room, and download again") from error

    def commit(self) -> None:
        """Put the file in its place, durably."""
        try:
            if self._mode is not None:
                os.chmod(self._temporary, self._mode)  # the permissions of the file that it replaces
            os.fsync(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1
            os.replace(self._temporary, self.path)
        except OSError as error:
            self.discard()
            raise self._error(error.strerror or str(error), "check the folder's permissions") from error
        _sync_folder(self._folder)

    def discard(self) -> None:
        """Remove the temporary file; again is nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        if os.path.exists(self._temporary):
            os.unlink(self._temporary)

    def _error(self, why: str, fix: str) -> DestinationError:
        return DestinationError(f"{self.path!r} cannot be written", why=why, fix=fix)


def _sync_folder(folder: str) -> None:
    """Make the rename durable; systems that cannot open folders have no such call."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)
