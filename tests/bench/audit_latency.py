"""What tells recorded requests apart, and how long each is waited for; both sides of the bench know it."""

from __future__ import annotations

import zlib

_SHORTEST, _RANGE = 0.080, 71


def key_of(method: str, path: str, target: str, body: bytes) -> str:
    """A request without what differs each time it is signed."""
    return f"{method} {path} {target} {body.decode('utf-8', 'replace')}"


def seconds_of(key: str) -> float:
    """Between 80 and 150 ms, always the same for the same request."""
    return _SHORTEST + (zlib.crc32(key.encode()) % _RANGE) / 1000
