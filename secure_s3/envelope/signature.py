"""Signed messages: nothing of them is true before the signature at their end was verified.

Source: AWS Encryption SDK Developer Guide, "AWS Encryption SDK message format reference": footer structure.
"""

from __future__ import annotations

import base64
import binascii
from typing import BinaryIO

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from ..errors import TamperedError
from .frames import FINAL
from .header import PUBLIC_KEY, Header, malformed
from .layout import FRAME_OVERHEAD

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
    digest.update(_exactly(file, header.length))
    while not _frame(file, header.frame_bytes, digest):
        pass
    end = file.tell()
    signature = _exactly(file, int.from_bytes(_exactly(file, 2), "big"))
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


def _frame(file: BinaryIO, frame_bytes: int, digest: hashes.Hash) -> bool:
    """Digest one frame; whether it was the final one."""
    marker = _exactly(file, 4)
    digest.update(marker)
    if int.from_bytes(marker, "big") != FINAL:
        digest.update(_exactly(file, frame_bytes + FRAME_OVERHEAD - 4))
        return False
    head = _exactly(file, 20)
    size = int.from_bytes(head[-4:], "big")
    if size > frame_bytes:
        raise malformed(f"its final frame says that it has {size} bytes")
    digest.update(head)
    digest.update(_exactly(file, size + 16))
    return True


def _exactly(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise malformed("it ends early")
    return data
