"""The envelope in memory: frames sealed and opened, against AES-GCM itself and the AWS Encryption SDK."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from secure_s3 import limits
from secure_s3.envelope.frames import MessageKey
from secure_s3.envelope.header import WrappedKey
from secure_s3.envelope.keys import DataKey
from secure_s3.envelope.layout import Layout
from secure_s3.envelope.reader import FrameOpener
from secure_s3.envelope.writer import Message, SealedRun
from secure_s3.values import SecretBytes

from .measure import compare, run

_SIZE = 64 << 20
_FRAME = limits.DEFAULT_FRAME_BYTES
_SDK_FRAMES = (64 << 10, 256 << 10, 1 << 20)
_ONE_SHOT_IV = bytes(12)


class _Ours:
    """Frames of a message in memory, as an upload and a download go through them."""

    def __init__(self, data: bytes) -> None:
        self._data_key = DataKey(SecretBytes(os.urandom(32)), (WrappedKey("benchmark", b"key", b""),))
        self._data, sealed = memoryview(data), bytearray()
        message = self.encode(sealed.extend)
        self._key: MessageKey = message.key
        self._layout: Layout = message.layout(len(data))
        self._sealed = memoryview(bytes(sealed))
        opened = bytearray()
        self.decode(opened.extend)
        if opened != data:
            raise AssertionError("the envelope lost something")

    def encode(self, sink: Callable[[memoryview], object] = len) -> Message:
        """Make a message, and walk one run over the whole of it."""
        message, data = Message(self._data_key, {}), self._data
        sealed = SealedRun(
            message,
            lambda offset, size: data[offset : offset + size],  # type: ignore[arg-type, return-value]
            first=1, plain_bytes=len(data), final=True, prefix=message.header,
        )  # fmt: skip
        at = 0
        while at < sealed.size:
            piece = sealed.view_at(at, sealed.size - at)
            sink(piece)
            at += len(piece)
        return message

    def decode(self, sink: Callable[[memoryview], object] = len) -> None:
        """Open the frames in pieces of the size that the opener likes best."""
        opener = FrameOpener(self._key, self._layout, 1, self._layout.frames)
        piece = opener.good_piece
        for at in range(self._layout.header_bytes, self._layout.message_bytes, piece):
            sink(opener.feed(self._sealed[at : at + piece]))
        opener.finish()


class _Bare:
    """AES-GCM on pieces of the frames' size, without a format around it, into one buffer."""

    def __init__(self, data: bytes) -> None:
        self._aes, self._data, self._out = AESGCM(os.urandom(32)), memoryview(data), bytearray(_FRAME + 16)
        self._sealed: list[bytes] = []
        for number in range(len(data) // _FRAME):
            self._seal(number)
            self._sealed.append(bytes(self._out))

    def _seal(self, number: int) -> None:
        piece = self._data[number * _FRAME : (number + 1) * _FRAME]
        self._aes.encrypt_into(number.to_bytes(12, "big"), piece, None, self._out)

    def encode(self) -> None:
        """Each piece into the same buffer."""
        for number in range(len(self._sealed)):
            self._seal(number)

    def decode(self) -> None:
        """Each piece into the same buffer."""
        out = memoryview(self._out)[:_FRAME]
        for number, sealed in enumerate(self._sealed):
            self._aes.decrypt_into(number.to_bytes(12, "big"), sealed, None, out)


class _Sdk:
    """The AWS Encryption SDK with a raw key, without a signature, in one call."""

    def __init__(self, data: bytes) -> None:
        import aws_encryption_sdk
        from aws_encryption_sdk.identifiers import EncryptionKeyType, WrappingAlgorithm
        from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey
        from aws_encryption_sdk.key_providers.raw import RawMasterKey

        self._client, self._data = aws_encryption_sdk.EncryptionSDKClient(), data
        self._suite = aws_encryption_sdk.Algorithm.AES_256_GCM_HKDF_SHA512_COMMIT_KEY
        algorithm = WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING
        key = WrappingKey(algorithm, os.urandom(32), EncryptionKeyType.SYMMETRIC)
        self._keys: Any = RawMasterKey(provider_id="benchmark", key_id="key", wrapping_key=key)
        self._frame, self._sealed = _SDK_FRAMES[0], b""

    def at_its_best(self) -> int:
        """Take the frame length with which it is fastest here and now."""
        seconds = {}
        for frame in _SDK_FRAMES:
            self._frame = frame
            seconds[frame] = min(run(self.encode).wall for _ in range(2))
        self._frame = min(seconds, key=lambda frame: seconds[frame])
        self.encode()
        return self._frame

    def encode(self) -> None:
        """One call."""
        self._sealed, _ = self._client.encrypt(
            source=self._data, key_provider=self._keys, algorithm=self._suite, frame_length=self._frame
        )

    def decode(self) -> None:
        """One call."""
        self._client.decrypt(source=self._sealed, key_provider=self._keys)


def main(rounds: int) -> None:
    """64 MiB of random data in frames of 64 KiB, on one thread."""
    data = os.urandom(_SIZE)
    ours, bare, aes = _Ours(data), _Bare(data), AESGCM(os.urandom(32))
    sealed = aes.encrypt(_ONE_SHOT_IV, data, None)
    sdk = _Sdk(data)
    length = f"SDK {sdk.at_its_best() >> 10} KiB"
    sides: tuple[tuple[str, int, Callable[[], object], Callable[[], object]], ...] = (
        ("AES-GCM 64 KiB", 8, bare.encode, bare.decode),
        (
            "AES-GCM at once",
            4,
            lambda: aes.encrypt(_ONE_SHOT_IV, data, None),
            lambda: aes.decrypt(_ONE_SHOT_IV, sealed, None),
        ),
        (length, 1, sdk.encode, sdk.decode),
    )
    for other, times, encode, decode in sides:
        for title, mine, theirs in (("encode", ours.encode, encode), ("decode", ours.decode, decode)):
            compare(
                f"envelope {title} 64 MiB",
                lambda mine=mine, times=times: [mine() for _ in range(times)],
                lambda theirs=theirs, times=times: [theirs() for _ in range(times)],
                rounds=4 * rounds,
                per_round=f"{times} x 64 MiB",
                other=other,
            )
