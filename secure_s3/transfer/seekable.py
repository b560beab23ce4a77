"""A position that can be moved, for the raw files of this room."""

from __future__ import annotations

import io
import os


class Seekable(io.RawIOBase):
    """A readable file of a known length; who subclasses it reads at ``_position`` and moves it on."""

    size: int
    """Its length in bytes."""
    clamps = False
    """Whether a seek to before the start goes to the start, as that of a BytesIO does."""
    _position: int = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Position in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move; nothing is read or requested before the next read."""
        starts = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}
        if whence not in starts:
            raise ValueError(f"invalid whence {whence}")
        position = starts[whence] + offset
        if position < 0 and not self.clamps:
            raise ValueError(f"negative seek position {position}")
        self._position = max(0, position)
        return self._position
