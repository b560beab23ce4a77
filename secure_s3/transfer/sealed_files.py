"""Objects under client-side encryption, opened like files: plaintext over an ObjectReader's ciphertext."""

from __future__ import annotations

from typing import Any

from ..envelope.reader import OpeningReader
from .object_reader import ObjectReader
from .opening import Opened, Place, open_message, spooled
from .seekable import Seekable


class SealedReader(Seekable):
    """The verified plaintext of one version of an object; seeking fetches the frames it needs.

    The length is what the object's size says; that the end is the end is verified when it is read.
    """

    def __init__(self, place: Place, extra: dict[str, Any]) -> None:
        super().__init__()
        self._cipher: Any = ObjectReader(place.client, place.bucket, place.key, extra)
        self.answer = self._cipher.answer
        self.name = self._cipher.name
        self._at = 0
        self._frames: OpeningReader | None = None
        try:
            self._message = self._open(place)
        except BaseException:
            self._cipher.close()
            raise
        self.size = self._message.layout.plain_bytes

    def _open(self, place: Place) -> Opened:
        header = place.parse(self._cipher.read, self.answer.get("Metadata"))
        if not header.suite.curve:
            return open_message(place, header, self._cipher.size)
        object_reader, (file, message) = self._cipher, spooled(place, header, self._cipher.read)
        object_reader.close()
        self._cipher = file
        return message

    def readinto(self, buffer: Any) -> int:
        """Fill *buffer*; less only at the end."""
        if self.closed:
            raise ValueError("the file is closed")
        if self._position >= self.size and (self.size or self._at < 0):
            return 0
        try:
            if self._frames is None or self._at != self._position:
                self._frames = self._message.local_reader(self._cipher, self._position, self.size)
            data = self._frames.read(len(buffer))
        except BaseException:  # Ctrl-C as well: the next read stands anew, and does not raise this again
            self._frames = None
            raise
        self._position += len(data)
        self._at = self._position if self.size else -1
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Give the connection back."""
        self._cipher.close()
        super().close()
