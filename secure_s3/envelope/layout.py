"""Where everything lies in a message: object size ↔ frames ↔ ranges of plaintext. Arithmetic only.

Frames are numbered from 1. A regular frame is ``number u32 | IV 12 | ciphertext | tag 16``, the final one is
``FFFFFFFF | number u32 | IV 12 | length u32 | ciphertext | tag 16``; there is exactly one, at the end.
"""

from __future__ import annotations

from dataclasses import dataclass

from .. import limits
from ..errors import ConfigurationError
from .header import malformed

FRAME_OVERHEAD = 32
FINAL_OVERHEAD = 40


@dataclass(frozen=True, slots=True)
class Layout:
    """The map of one message.

    Args:
        header_bytes: Where the first frame begins.
        frame_bytes: Plaintext in a regular frame.
        regular: How many regular frames there are.
        last_bytes: Plaintext in the final frame.
    """

    header_bytes: int
    frame_bytes: int
    regular: int
    last_bytes: int

    @classmethod
    def of_plaintext(cls, header_bytes: int, frame_bytes: int, plain_bytes: int) -> Layout:
        """The layout that a writer chooses: the final frame is empty only if there is nothing at all.

        Raises:
            ConfigurationError: it would need more frames than a message can have.
        """
        regular = max(0, plain_bytes - 1) // frame_bytes
        if regular >= limits.MAX_FRAMES:
            raise ConfigurationError(
                f"{plain_bytes} bytes need more frames of {frame_bytes} bytes than a message can have",
                why=f"it can have {limits.MAX_FRAMES}",
                fix="use larger frames: ClientSide(…, frame_bytes=…)",
            )
        return cls(header_bytes, frame_bytes, regular, plain_bytes - regular * frame_bytes)

    @classmethod
    def of_message(cls, header_bytes: int, frame_bytes: int, message_bytes: int) -> Layout:
        """The only layout that a message of that length can have; a footer does not count.

        Raises:
            TamperedError: no message has that length.
        """
        rest = message_bytes - header_bytes - FINAL_OVERHEAD
        regular, last = divmod(rest, frame_bytes + FRAME_OVERHEAD)
        if rest < 0 or last > frame_bytes or regular >= limits.MAX_FRAMES:
            raise malformed(f"no message with frames of {frame_bytes} bytes has {message_bytes} bytes")
        return cls(header_bytes, frame_bytes, regular, last)

    @property
    def frames(self) -> int:
        """How many frames there are; also the number of the final one."""
        return self.regular + 1

    @property
    def plain_bytes(self) -> int:
        """Length of the plaintext."""
        return self.regular * self.frame_bytes + self.last_bytes

    @property
    def message_bytes(self) -> int:
        """Length of the message, without a footer."""
        return self.offset(self.frames) + FINAL_OVERHEAD + self.last_bytes

    def offset(self, frame: int) -> int:
        """Where a frame begins in the message; that of the frame after the final one is the end."""
        if frame > self.frames:
            return self.message_bytes
        return self.header_bytes + (frame - 1) * (self.frame_bytes + FRAME_OVERHEAD)

    def plain_offset(self, frame: int) -> int:
        """Where the plaintext of a frame begins; that of the frame after the final one is the end."""
        return min((frame - 1) * self.frame_bytes, self.plain_bytes)

    def plain_before(self, offset: int) -> int:
        """How many bytes of plaintext are complete when the message was sent up to *offset*."""
        if offset >= self.message_bytes:
            return self.plain_bytes
        whole = (offset - self.header_bytes) // (self.frame_bytes + FRAME_OVERHEAD)
        # A final frame that is nearly full is longer than a regular one.
        return self.plain_offset(1 + min(max(0, whole), self.regular))

    def frames_of(self, start: int, end: int) -> tuple[int, int]:
        """The first and the last frame that hold plaintext *start* to *end* (exclusive).

        A range that reaches the end includes the final frame, also where that one is empty: without it
        nobody knows that the end is the end.
        """
        last = self.frames if end >= self.plain_bytes else 1 + max(0, end - 1) // self.frame_bytes
        return min(1 + start // self.frame_bytes, last), last
