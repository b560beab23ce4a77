"""S3's checksums: of a body, and of a multipart upload from those of its parts.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

__all__ = ["ALGORITHMS", "Checksum", "combined_crc32", "composite", "compute", "well_formed"]

_SIZES = {"CRC32": 4, "CRC32C": 4, "CRC64NVME": 8, "SHA1": 20, "SHA256": 32}
ALGORITHMS = tuple(_SIZES)
_POLYNOMIAL = 0xEDB88320


@dataclass(frozen=True)
class Checksum:
    """A stored checksum; ``type`` is FULL_OBJECT or COMPOSITE."""

    algorithm: str
    value: str
    type: str = "FULL_OBJECT"


def _crt(name: str) -> Callable[[bytes], int] | None:
    try:
        native: Any = import_module("awscrt.checksums")
    except ImportError:
        return None
    found: Callable[[bytes], int] | None = getattr(native, name, None)
    return found


def digest(algorithm: str, data: bytes) -> bytes | None:
    """The raw checksum, or None where no implementation is installed."""
    if algorithm == "CRC32":
        return zlib.crc32(data).to_bytes(4, "big")
    if algorithm == "SHA1":
        return hashlib.sha1(data, usedforsecurity=False).digest()
    if algorithm == "SHA256":
        return hashlib.sha256(data).digest()
    native = _crt("crc32c" if algorithm == "CRC32C" else "crc64nvme")
    return None if native is None else native(data).to_bytes(_SIZES[algorithm], "big")


def compute(algorithm: str, data: bytes) -> str | None:
    """The checksum as S3 writes it, or None where no implementation is installed."""
    raw = digest(algorithm, data)
    return None if raw is None else base64.b64encode(raw).decode()


def well_formed(algorithm: str, value: str) -> bool:
    """Whether this can be a checksum of that algorithm."""
    try:
        return len(base64.b64decode(value, validate=True)) == _SIZES[algorithm]
    except binascii.Error:
        return False


def composite(algorithm: str, parts: Iterable[str]) -> str | None:
    """The checksum of the parts' checksums, with the number of parts behind it."""
    raw = [base64.b64decode(part) for part in parts]
    value = compute(algorithm, b"".join(raw))
    return None if value is None else f"{value}-{len(raw)}"


def combined_crc32(parts: Iterable[tuple[str, int]]) -> str:
    """The CRC32 of a whole from (checksum, length) of its parts, without reading them again."""
    total = 0
    for value, length in parts:
        total = _times_x_to(total, 8 * length) ^ int.from_bytes(base64.b64decode(value), "big")
    return base64.b64encode(total.to_bytes(4, "big")).decode()


def _times_x_to(crc: int, bits: int) -> int:
    """``crc`` times x to the power of ``bits``, modulo the (reflected) CRC-32 polynomial."""
    square = 1 << 30  # x to the power of 1
    while bits:
        if bits & 1:
            crc = _product(crc, square)
        square = _product(square, square)
        bits >>= 1
    return crc


def _product(left: int, right: int) -> int:
    result = 0
    while left:
        if left & 0x80000000:
            result ^= right
        left = (left << 1) & 0xFFFFFFFF
        right = (right >> 1) ^ (_POLYNOMIAL if right & 1 else 0)
    return result
