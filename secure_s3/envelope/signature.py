"""Signed messages: nothing of them is true before the signature at their end was verified.

Source: AWS Encryption SDK Developer Guide, "AWS Encryption SDK message format reference": footer structure.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from ..errors import TamperedError
from .frames import FINAL, MessageKey
from .header import Header, Read, malformed
from .layout import FINAL_OVERHEAD, FRAME_OVERHEAD
from .names import PUBLIC_KEY

_LONGEST = 160
"""Bytes; signatures have about 71 on P-256 and about 103 on P-384."""
_CURVES: dict[str, tuple[type[ec.EllipticCurve], type[hashes.HashAlgorithm]]] = {
    "P-256": (ec.SECP256R1, hashes.SHA256),
    "P-384": (ec.SECP384R1, hashes.SHA384),
}


def verify_signature(file: BinaryIO, header: Header) -> int:
    """The length of the signed message in *file* without its footer, once the signature is verified.

    Raises:
        TamperedError: the message is malformed, or its signature does not hold.
    """
    curve, algorithm = _CURVES[header.suite.curve or ""]
    digest = hashes.Hash(algorithm())
    file.seek(0)
    source, final = _Exactly(file.read), False
    digest.update(source.take(header.length))
    while not final:
        frame, final = source.frame(header.frame_bytes)
        digest.update(frame)
    end = file.tell()
    signature = source.take(int.from_bytes(source.take(2), "big"))
    if file.read(1):
        raise malformed("something stands behind its signature")
    try:
        point = base64.b64decode(header.context[PUBLIC_KEY], validate=True)
        key = ec.EllipticCurvePublicKey.from_encoded_point(curve(), point)
    except (ValueError, binascii.Error):
        raise malformed("its public key is no point on the curve") from None
    try:
        key.verify(signature, digest.finalize(), ec.ECDSA(utils.Prehashed(algorithm())))
    except InvalidSignature:
        raise TamperedError(
            "the signature of the encrypted object does not hold",
            why="it was changed, or was written by somebody else than it says",
            fix="restore it from a backup or an older version",
        ) from None
    return end


def frames_and_footer(read: Read, header: Header, key: MessageKey) -> Iterator[bytes]:
    """The frames of a signed message as they stand there, each once it is verified, and then its footer.

    Raises:
        TamperedError: a frame is not what it should be, or the footer is longer than any.
    """
    source, number, out = _Exactly(read), 1, memoryview(bytearray(header.frame_bytes))
    while True:
        frame, final = source.frame(header.frame_bytes)
        key.open(number, memoryview(frame), out, final=final)
        yield frame
        number += 1
        if final:
            break
    footer = source.up_to(_LONGEST + 3)
    if len(footer) > _LONGEST + 2:
        raise malformed("something stands behind its signature")
    yield footer


class _Exactly:
    """Reads of exactly as many bytes as are asked for."""

    def __init__(self, read: Read) -> None:
        self._read = read

    def up_to(self, size: int) -> bytes:
        """*size* bytes, or what there is."""
        data = b""
        while len(data) < size and (more := self._read(size - len(data))):
            data += more
        return data

    def take(self, size: int) -> bytes:
        """*size* bytes."""
        data = self.up_to(size)
        if len(data) != size:
            raise malformed("it ends early")
        return data

    def frame(self, frame_bytes: int) -> tuple[bytes, bool]:
        """The next frame, and whether it is the final one."""
        marker = self.take(4)
        if int.from_bytes(marker, "big") != FINAL:
            return marker + self.take(frame_bytes + FRAME_OVERHEAD - 4), False
        head = self.take(20)
        size = int.from_bytes(head[-4:], "big")
        if size > frame_bytes:
            raise malformed(f"its final frame says that it has {size} bytes")
        return marker + head + self.take(size + 16), True


def signed_bytes(header: Header, total: int, read_at: Callable[[int, int], bytes]) -> int:
    """The length of a signed message without its footer, from a look at its final frame; not verified.

    Args:
        header: Of an object of *total* bytes.
        read_at: Gives the bytes from a start to an end.

    Raises:
        TamperedError: there is no final frame where it should be.
    """
    wire = header.frame_bytes + FRAME_OVERHEAD
    rest = total - header.length - FINAL_OVERHEAD - 2
    for regular in range(max(0, (rest - _LONGEST) // wire), max(0, rest) // wire + 1):
        offset = header.length + regular * wire
        head = read_at(offset, min(offset + 24, total))
        end = offset + FINAL_OVERHEAD + int.from_bytes(head[20:24], "big")
        if head[:8] == FINAL.to_bytes(4, "big") + (regular + 1).to_bytes(4, "big") and end + 2 < total:
            return end
    raise malformed("its final frame is not where it should be")
