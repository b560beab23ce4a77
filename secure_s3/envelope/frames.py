"""AES-GCM over the header and the frames of one message, in buffers that are used again.

Source: AWS Encryption SDK Developer Guide, "Body additional authenticated data (AAD) reference" and
"Initialization vector reference".
"""

from __future__ import annotations

import hmac
from struct import Struct
from typing import NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ..errors import KeyAccessError, TamperedError
from ..values import SecretBytes
from .header import Header
from .layout import FINAL_OVERHEAD, FRAME_OVERHEAD
from .suites import IV_BYTES, Suite

FINAL = 0xFFFFFFFF
_REGULAR_HEAD = Struct(">IQI")  # number | IV: eight zeros and the number
_FINAL_HEAD = Struct(">IIQII")  # FFFFFFFF | number | IV | length
_AAD = Struct(">IQ")
_REGULAR_TEXT = b"AWSKMSEncryptionClient Frame"
_FINAL_TEXT = b"AWSKMSEncryptionClient Final Frame"


class MessageKey:
    """The key of one message. It may be used by several threads; it is neither printed nor pickled."""

    __slots__ = ("_aes", "_final", "_regular")

    def __init__(self, key: AESGCM | bytes, message_id: bytes) -> None:
        self._aes = AESGCM(key) if isinstance(key, bytes) else key
        self._regular = message_id + _REGULAR_TEXT
        self._final = message_id + _FINAL_TEXT

    @classmethod
    def of(cls, header: Header, data_key: SecretBytes | bytes) -> MessageKey:
        """The key of a message that exists, once its header is known to be genuine.

        Raises:
            TamperedError: the header was changed, or the data key is not the one it was made with.
        """
        if len(data_key) != header.suite.data_key_bytes:
            raise KeyAccessError(
                f"the data key has {len(data_key)} bytes instead of {header.suite.data_key_bytes}",
                why="the key provider gave another kind of key than the message needs",
            )
        cipher, commitment = message_cipher(header.suite, data_key, header.message_id)
        if not hmac.compare_digest(commitment, header.commitment):
            raise _changed("its key commitment does not hold: the data key is not the one it was made with")
        key = cls(cipher, header.message_id)
        key.verify_header(header)
        return key

    def __reduce__(self) -> NoReturn:
        raise TypeError("the key of a message is not pickled")

    def header_tag(self, body: bytes) -> bytes:
        """The authentication of a new header; once for each key."""
        return self._aes.encrypt(bytes(12), b"", body)

    def verify_header(self, header: Header) -> None:
        """Raise TamperedError unless the header is as it was written."""
        try:
            self._aes.decrypt(header.iv, header.tag, header.body)
        except InvalidTag:
            raise _changed("its header does not match its authentication") from None

    def seal(self, number: int, plain: memoryview, out: memoryview, *, final: bool) -> int:
        """Write frame *number* to the start of *out*; the bytes it takes. Once for each number and key."""
        size = len(plain)
        if not final:
            self.seal_regular(number, 1, size, plain, out)
            return FRAME_OVERHEAD + size
        _FINAL_HEAD.pack_into(out, 0, FINAL, number, 0, number, size)
        end = FINAL_OVERHEAD + size
        aad = self._final + _AAD.pack(number, size)
        self._aes.encrypt_into(number.to_bytes(IV_BYTES, "big"), plain, aad, out[_FINAL_HEAD.size : end])
        return end

    def seal_regular(
        self, first: int, count: int, size: int, plain: memoryview, out: memoryview
    ) -> bytearray:
        """Write *count* regular frames of *size* bytes to the start of *out*; their tags, joined.

        What is done for each frame counts: after 64 KiB of AES-GCM nothing else is left in the caches.
        """
        encrypt, regular, length = self._aes.encrypt_into, self._regular, size.to_bytes(8, "big")
        tags, start, at = bytearray(), 0, 0
        for number in range(first, first + count):
            _REGULAR_HEAD.pack_into(out, at, number, 0, number)
            end = at + FRAME_OVERHEAD + size
            aad = regular + number.to_bytes(4, "big") + length
            room = out[at + _REGULAR_HEAD.size : end]
            encrypt(number.to_bytes(IV_BYTES, "big"), plain[start : start + size], aad, room)
            tags += room[size:]
            start += size
            at = end
        return tags

    def open(self, number: int, frame: memoryview, out: memoryview, *, final: bool) -> int:
        """Write the plaintext of frame *number* to the start of *out*; its length.

        Raises:
            TamperedError: it is not this frame of this message; what *out* holds then means nothing.
        """
        if not final:
            return self.open_regular(number, 1, len(frame) - FRAME_OVERHEAD, frame, out)
        marker, given, zeros, last, size = _FINAL_HEAD.unpack_from(frame)
        sound = marker == FINAL and size == len(frame) - FINAL_OVERHEAD
        if not sound or (given, zeros, last) != (number, 0, number):
            raise _misplaced(number)
        iv, aad = number.to_bytes(IV_BYTES, "big"), self._final + _AAD.pack(number, size)
        try:
            return self._aes.decrypt_into(iv, frame[_FINAL_HEAD.size :], aad, out[:size])
        except InvalidTag:
            raise _forged(number, out[:size]) from None

    def open_regular(self, first: int, count: int, size: int, frames: memoryview, out: memoryview) -> int:
        """Write the plaintext of *count* regular frames of *size* bytes to the start of *out*; its length.

        Raises:
            TamperedError: they are not these frames of this message; what *out* holds then means nothing.
        """
        decrypt, regular, length = self._aes.decrypt_into, self._regular, size.to_bytes(8, "big")
        used = at = 0
        for number in range(first, first + count):
            if _REGULAR_HEAD.unpack_from(frames, at) != (number, 0, number):
                raise _misplaced(number)
            end = at + FRAME_OVERHEAD + size
            aad = regular + number.to_bytes(4, "big") + length
            room = out[used : used + size]
            try:
                decrypt(number.to_bytes(IV_BYTES, "big"), frames[at + _REGULAR_HEAD.size : end], aad, room)
            except InvalidTag:
                raise _forged(number, room) from None
            used += size
            at = end
        return used


def message_cipher(suite: Suite, data_key: SecretBytes | bytes, message_id: bytes) -> tuple[AESGCM, bytes]:
    """The cipher of a message and its commitment.

    The keys in clear text are in the variables of this function only, which raises nothing once it has them:
    reports of errors that keep local variables do not get to see them.
    """
    secret = data_key.reveal() if isinstance(data_key, SecretBytes) else data_key
    key, commitment = suite.derive(secret, message_id)
    return AESGCM(key), commitment


def _misplaced(number: int) -> TamperedError:
    return _changed(f"frame {number} is missing, out of its place, or the end is not the end")


def _forged(number: int, room: memoryview) -> TamperedError:
    room[:] = bytes(len(room))
    return _changed(f"frame {number} does not match its authentication")


def _changed(why: str) -> TamperedError:
    return TamperedError(
        "the encrypted object was changed after it was written",
        why=why,
        fix="restore it from a backup or an older version, and find out who can write to the bucket",
    )
