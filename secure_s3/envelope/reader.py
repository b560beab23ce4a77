"""From ciphertext to plaintext, verified frame by frame; nothing else ever leaves."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from .. import limits
from ..errors import SecureS3Error, TransferError
from .frames import MessageKey
from .header import Read, malformed
from .layout import FINAL_OVERHEAD, FRAME_OVERHEAD, Layout

_WINDOW_BYTES = 256 * limits.KIB
_NOTHING = memoryview(b"")


class FrameOpener:
    """Opens consecutive frames of a message that is fed to it in pieces of any size.

    Args:
        key: The key of the message.
        layout: Its layout.
        first, last: Numbers of the first and the last frame that will be fed.
    """

    __slots__ = ("_carry", "_key", "_last", "_layout", "_next", "_out")

    def __init__(self, key: MessageKey, layout: Layout, first: int, last: int) -> None:
        self._key, self._layout = key, layout
        self._next, self._last = first, last
        self._carry = bytearray()
        self._out = memoryview(bytearray())

    @property
    def good_piece(self) -> int:
        """The size of pieces that are opened without being copied together first."""
        wire = self._layout.frame_bytes + FRAME_OVERHEAD
        return max(1, _WINDOW_BYTES // wire) * wire

    def feed(self, data: bytes | bytearray | memoryview) -> memoryview:
        """The plaintext of the frames that *data* completes; it is overwritten by the next call.

        Raises:
            TamperedError: a frame is not what it should be, or there is more than the last frame.
        """
        view, used = memoryview(data), 0
        self._make_room(len(self._carry) + len(view))
        if self._carry:
            missing = self._wire() - len(self._carry)
            self._carry += view[:missing]
            view = view[missing:]
            if len(self._carry) < self._wire():
                return _NOTHING
            used += self._open(memoryview(bytes(self._carry)), used)
            self._carry.clear()
        if whole := self._whole_frames(len(view)):
            size = whole * (self._layout.frame_bytes + FRAME_OVERHEAD)
            room = self._out[used:]
            used += self._key.open_regular(self._next, whole, self._layout.frame_bytes, view[:size], room)
            self._next += whole
            view = view[size:]
        while view and len(view) >= (wire := self._wire()):
            used += self._open(view[:wire], used)
            view = view[wire:]
        self._carry += view
        return self._out[:used]

    def finish(self) -> None:
        """Raise TamperedError unless the last frame was there; lets go of the buffers."""
        if self._next <= self._last:
            raise malformed(f"it ends before frame {self._next} is complete")
        # A download keeps what it has fetched to the end: without its buffers.
        self._out, self._carry = _NOTHING, bytearray()

    def _whole_frames(self, size: int) -> int:
        """How many of the next frames are regular, and complete in that many bytes."""
        regular = min(self._layout.regular, self._last) - self._next + 1
        return max(0, min(regular, size // (self._layout.frame_bytes + FRAME_OVERHEAD)))

    def _wire(self) -> int:
        """The length of the next frame."""
        if self._next > self._last:
            raise malformed("something stands behind its last frame")
        if self._next == self._layout.frames:
            return self._layout.last_bytes + FINAL_OVERHEAD
        return self._layout.frame_bytes + FRAME_OVERHEAD

    def _open(self, frame: memoryview, used: int) -> int:
        number = self._next
        size = self._key.open(number, frame, self._out[used:], final=number == self._layout.frames)
        self._next += 1
        return size

    def _make_room(self, size: int) -> None:
        if len(self._out) < size:
            self._out = memoryview(bytearray(size))


class OpeningReader(io.RawIOBase):
    """Plaintext of a run of frames, read like a file, front to back.

    Args:
        read: Gives the ciphertext of the frames, and ``b""`` behind it.
        opener: Opens these frames.
        skip: Bytes of plaintext in front of those that are wanted.
        size: Bytes that are wanted.
        close: Called once, by ``close()``.
    """

    def __init__(
        self, read: Read, opener: FrameOpener, *, skip: int, size: int, close: Callable[[], object]
    ) -> None:
        super().__init__()
        self._read, self._opener, self._close = read, opener, close
        self._skip, self._left, self._size = skip, size, size
        self._ready = _NOTHING
        self._ended = False
        self._fault: BaseException | None = None

    def read(self, amount: int | None = -1) -> bytes:
        """*amount* bytes, fewer only at the end; all that is left for None or a negative number.

        Raises:
            TamperedError: the object is not what was written; nothing of the frame at fault was given out.
        """
        if self.closed:
            raise ValueError("the file is closed")
        if isinstance(self._fault, SecureS3Error):
            raise self._fault
        if self._fault is not None:
            raise TransferError(
                "an earlier read was broken off", why=repr(self._fault), fix="read the object again"
            ) from self._fault
        try:
            return self._take(amount)
        except BaseException as fault:
            # What was collected so far is lost: to read on would leave a gap, or make a refusal look like
            # the end.
            self._fault = fault
            raise

    def readable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """How many bytes were read."""
        return self._size - self._left

    def readinto(self, buffer: Any) -> int:
        """Fill *buffer*; less only at the end."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Let go of the source."""
        close, self._close = self._close, _nothing
        close()
        super().close()

    def _take(self, amount: int | None) -> bytes:
        wanted = self._left if amount is None or amount < 0 else min(amount, self._left)
        pieces = []
        while wanted:
            if not self._ready:
                self._ready = self._next()
            piece = bytes(self._ready[:wanted])
            self._ready = self._ready[len(piece) :]
            self._left -= len(piece)
            wanted -= len(piece)
            pieces.append(piece)
        if not self._left:
            self._end()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _next(self) -> memoryview:
        data = self._read(self._opener.good_piece)
        if not data:
            self._opener.finish()
            raise malformed("it holds less than it says")
        opened = self._opener.feed(data)
        skipped, self._skip = opened[self._skip :], max(0, self._skip - len(opened))
        return skipped

    def _end(self) -> None:
        """Before the last bytes are handed out: what is behind them must be right as well."""
        if self._ended:
            return
        while data := self._read(self._opener.good_piece):
            self._opener.feed(data)
        self._opener.finish()
        self._ended = True


def _nothing() -> None:
    return None
