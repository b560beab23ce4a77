"""CRC32 of a whole, from the CRC32 of its parts.

S3 keeps a full-object CRC32 for multipart uploads when it is asked to (Amazon S3 User Guide, "Checking
object integrity": full object checksums), so that one number goes with the object from the first disk to
the last. Combining them is arithmetic over GF(2): appending n zero bytes is a linear map.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable
from functools import lru_cache

_POLYNOMIAL = 0xEDB88320

Matrix = tuple[int, ...]


def combined(parts: Iterable[tuple[int, int]]) -> int:
    """The CRC32 of the concatenation of parts given as ``(crc, length in bytes)``."""
    whole = 0
    for crc, length in parts:
        whole = _times(_zeros(length), whole) ^ crc
    return whole


def encode(crc: int) -> str:
    """As S3 writes it: Base64 of four big-endian bytes."""
    return base64.b64encode(crc.to_bytes(4, "big")).decode()


def decode(text: str) -> int:
    """The number in S3's Base64 form."""
    return int.from_bytes(base64.b64decode(text), "big")


def of_file(path: str, block: int = 1 << 20) -> int:
    """The CRC32 of a file's content."""
    crc = 0
    with open(path, "rb") as file:
        while chunk := file.read(block):
            crc = zlib.crc32(chunk, crc)
    return crc


@lru_cache(maxsize=64)
def _zeros(length: int) -> Matrix:
    """The map that appending *length* zero bytes is, by repeated squaring."""
    one_bit: Matrix = (_POLYNOMIAL, *(1 << bit for bit in range(31)))
    power = _square(_square(_square(one_bit)))
    result: Matrix = tuple(1 << bit for bit in range(32))
    while length:
        if length & 1:
            result = tuple(_times(power, column) for column in result)
        power = _square(power)
        length >>= 1
    return result


def _times(matrix: Matrix, vector: int) -> int:
    total = 0
    for column in matrix:
        if vector & 1:
            total ^= column
        vector >>= 1
        if not vector:
            break
    return total


def _square(matrix: Matrix) -> Matrix:
    return tuple(_times(matrix, column) for column in matrix)
