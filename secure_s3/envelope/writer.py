"""A new message: its header, and runs of frames as ciphertext that can be read again but never changes."""

from __future__ import annotations

import bisect
import os
from collections.abc import Callable, Mapping

from .. import limits
from ..errors import SourceChanged
from .frames import MessageKey, message_cipher
from .header import header_body
from .keys import DataKey
from .layout import FINAL_OVERHEAD, FRAME_OVERHEAD, Layout
from .suites import COMMIT_KEY, TAG_BYTES

ReadAt = Callable[[int, int], bytes]
"""Plaintext at an offset: exactly as many bytes as asked for."""

_WINDOW_BYTES = 256 * limits.KIB


class Message:
    """One message that is being written.

    Args:
        data_key: A data key for this message, or for the batch it belongs to.
        context: The encryption context that the data key was made with.
        frame_bytes: Plaintext in each frame but the last.
        message_id: 32 random bytes, never used before.
    """

    __slots__ = ("_claimed", "frame_bytes", "header", "key")

    def __init__(
        self,
        data_key: DataKey,
        context: Mapping[str, str],
        frame_bytes: int = limits.DEFAULT_FRAME_BYTES,
        message_id: bytes | None = None,
    ) -> None:
        message_id = os.urandom(COMMIT_KEY.message_id_bytes) if message_id is None else message_id
        if len(message_id) != COMMIT_KEY.message_id_bytes or not 0 < frame_bytes <= limits.MAX_FRAME_BYTES:
            raise ValueError(f"frames of {frame_bytes} bytes, or a message id that has not 32 bytes")
        self._claimed: list[tuple[int, int]] = []
        cipher, commitment = message_cipher(COMMIT_KEY, data_key.secret, message_id)
        self.key = MessageKey(cipher, message_id)
        body = header_body(COMMIT_KEY, message_id, context, data_key.wrapped, frame_bytes, commitment)
        self.header = body + self.key.header_tag(body)
        self.frame_bytes = frame_bytes

    def claim(self, first: int, last: int) -> None:
        """Take frames for one run; ValueError if another run has one of them.

        Two runs over one frame could seal two plaintexts under the same key and IV, unseen by each other.
        """
        at = bisect.bisect(self._claimed, (first, last))
        before, after = self._claimed[max(0, at - 1) : at], self._claimed[at : at + 1]
        if any(first <= end and start <= last for start, end in (*before, *after)):
            raise ValueError(f"one of the frames {first} to {last} is sealed by another run")
        self._claimed.insert(at, (first, last))

    def layout(self, plain_bytes: int) -> Layout:
        """Where everything lies once *plain_bytes* of plaintext are in it."""
        return Layout.of_plaintext(len(self.header), self.frame_bytes, plain_bytes)


class SealedRun:
    """Consecutive frames of a message, sealed when they are read; for one thread at a time.

    Reading a part of it again, as a checksum or a retry does, gives the very same bytes: a frame whose
    plaintext has changed meanwhile would be a second message under the same key and IV, so it is never
    given out. Each frame belongs to one run.

    Args:
        message: The message.
        plaintext: Gives the plaintext of this run.
        first: Number of its first frame.
        plain_bytes: Length of its plaintext; whole frames unless it is the end.
        final: Whether it ends with the final frame.
        prefix: What stands in front of its frames: the header, for the first run.
    """

    def __init__(
        self,
        message: Message,
        plaintext: ReadAt,
        *,
        first: int,
        plain_bytes: int,
        final: bool,
        prefix: bytes = b"",
    ) -> None:
        frame = message.frame_bytes
        if plain_bytes % frame and not final:
            raise ValueError("only the end of a message may have a frame that is not full")
        if first < 1 or not (plain_bytes or final):
            # Frame 0 would have the IV of the header.
            raise ValueError("a run has at least one frame, and the first of a message is number 1")
        self._message, self._plain, self._first = message, plaintext, first
        self._final, self._prefix = final, prefix
        self._frames = max(1, -(-plain_bytes // frame)) if final else plain_bytes // frame
        self.plain_bytes = plain_bytes
        message.claim(first, first + self._frames - 1)
        overhead = self._frames * FRAME_OVERHEAD + (FINAL_OVERHEAD - FRAME_OVERHEAD) * final
        self.size = len(prefix) + plain_bytes + overhead
        self._tags = bytearray(TAG_BYTES * self._frames)
        window = min(max(1, _WINDOW_BYTES // frame), self._frames) * (frame + FRAME_OVERHEAD)
        room = min(window + FINAL_OVERHEAD - FRAME_OVERHEAD, self.size - len(prefix))
        self._view = memoryview(bytearray(room))
        self._start = self._end = 0  # what of the run the window holds, in bytes of ciphertext

    def read_at(self, offset: int, size: int) -> bytes:
        """*size* bytes of ciphertext at *offset*, fewer at the end.

        Raises:
            SourceChanged: the plaintext is another one than when it was read first, or has become shorter.
        """
        end, pieces = min(offset + size, self.size), []
        while offset < end:
            pieces.append(bytes(self.view_at(offset, end - offset)))
            offset += len(pieces[-1])
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def plain_before(self, offset: int) -> int:
        """How much plaintext is on its way when the run was read up to *offset*; for progress."""
        if offset >= self.size:
            return self.plain_bytes
        whole = (offset - len(self._prefix)) // (self._message.frame_bytes + FRAME_OVERHEAD)
        return min(max(0, whole), self._frames - 1) * self._message.frame_bytes

    def view_at(self, offset: int, size: int) -> memoryview:
        """Some of these bytes without a copy; the next call may overwrite them."""
        if offset < len(self._prefix):
            return memoryview(self._prefix)[offset : offset + size]
        if not self._start <= offset < self._end:
            self._seal_window(offset)
        return self._view[offset - self._start : min(offset + size, self._end) - self._start]

    def _seal_window(self, offset: int) -> None:
        frame = self._message.frame_bytes
        wire = frame + FRAME_OVERHEAD
        index = min((offset - len(self._prefix)) // wire, self._frames - 1)
        count = min(max(1, _WINDOW_BYTES // frame), self._frames - index)
        wanted = min((index + count) * frame, self.plain_bytes) - index * frame
        plain = memoryview(self._plain(index * frame, wanted)) if wanted else memoryview(b"")
        if len(plain) != wanted:
            raise _other_source("it has become shorter")
        self._start = self._end = len(self._prefix) + index * wire
        self._end += self._seal_frames(index, count, plain)

    def _seal_frames(self, index: int, count: int, plain: memoryview) -> int:
        """Fill the window with *count* frames from the one at *index* on; the bytes they take."""
        key, view, frame = self._message.key, self._view, self._message.frame_bytes
        final = self._final and index + count == self._frames
        regular = count - final
        tags = key.seal_regular(self._first + index, regular, frame, plain, view)
        used = regular * (frame + FRAME_OVERHEAD)
        if final:
            used += key.seal(self._first + index + regular, plain[regular * frame :], view[used:], final=True)
            tags += view[used - TAG_BYTES : used]
        self._same_as_before(index * TAG_BYTES, tags)
        return used

    def _same_as_before(self, at: int, tags: bytearray) -> None:
        before = self._tags[at : at + len(tags)]
        if before != tags and any(before):
            for place in range(0, len(tags), TAG_BYTES):
                tag = before[place : place + TAG_BYTES]
                if any(tag) and tag != tags[place : place + TAG_BYTES]:
                    self._view[:] = bytes(len(self._view))
                    raise _other_source("a part of it that had been read already is not the same any more")
        self._tags[at : at + len(tags)] = tags


def _other_source(why: str) -> SourceChanged:
    return SourceChanged(
        "the source was changed while it was being encrypted",
        why=why,
        fix="upload it when nothing writes to it any more, or upload a copy",
    )
