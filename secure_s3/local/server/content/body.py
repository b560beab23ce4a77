"""A request's body as it comes off the connection."""

from __future__ import annotations

import io
from collections.abc import Callable

__all__ = ["BrokenBody", "RequestBody"]

_LINE = 4096


class BrokenBody(OSError):
    """The body ended early or is not framed as HTTP/1.1 says."""


class RequestBody(io.RawIOBase):
    """Exactly the bytes of one request, whether it has a Content-Length or comes in chunks.

    Args:
        stream: The connection, positioned at the first byte of the body.
        length: The Content-Length, or None when the body comes in chunks.
        invite: Called before the first byte is read: a client that sent ``Expect`` waits for it.
    """

    def __init__(
        self, stream: io.BufferedIOBase, length: int | None, invite: Callable[[], None] | None
    ) -> None:
        super().__init__()
        self._stream = stream
        self._chunked = length is None
        self._left = length or 0
        self._ended = length == 0
        self._started = False
        self._invite = None if self._ended else invite

    @property
    def uninvited(self) -> bool:
        """The client still waits to be asked for this body, and will not send it otherwise."""
        return self._invite is not None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview | bytearray) -> int:  # type: ignore[override]
        if self._invite is not None:
            invite, self._invite = self._invite, None
            invite()
        if self._left == 0 and not self._ended:
            self._next_chunk()
        if self._ended:
            return 0
        view = memoryview(buffer)[: self._left]
        count: int = self._stream.readinto(view)
        if count < len(view):
            raise BrokenBody("the connection ended inside the request's body")
        self._left -= count
        if self._left == 0 and not self._chunked:
            self._ended = True
        return count

    def drain(self) -> None:
        """Read and drop what is left, so that the next request of the connection can be read."""
        scratch = bytearray(64 * 1024)
        while not self._ended:
            self.readinto(scratch)

    def _next_chunk(self) -> None:
        if self._started and self._stream.readline(3) not in (b"\r\n", b"\n"):
            raise BrokenBody("a chunk of the request's body has no end")
        self._started = True
        size = self._stream.readline(_LINE).split(b";")[0].strip()
        try:
            self._left = int(size, 16)
        except ValueError as error:
            raise BrokenBody("a chunk of the request's body has no size") from error
        if self._left < 0:
            raise BrokenBody("a chunk of the request's body has a negative size")
        if self._left == 0:
            self._ended = True
            while self._stream.readline(_LINE).strip():  # trailer fields end with an empty line
                pass
