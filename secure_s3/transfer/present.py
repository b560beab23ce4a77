"""Is it there already? Content decides, by a checksum that S3 keeps; never size or time alone.

Whenever it cannot be told, the answer is no: a file sent once too often is no harm, one left out is.
"""

from __future__ import annotations

import base64
import hashlib
import os
import stat
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import EncryptionNotConfirmed, ServiceError, Throttled
from ..guard import guard_of
from ..guard.faults import typed
from . import crc
from .receipts import Receipt, receipt
from .sealing import client_side_of

_BLOCK = 1 << 20
_COMPARABLE = ("CRC32", "SHA256")

Check = Callable[[], None]
"""Raises when the batch is being given up."""


def in_bucket(
    client: Any, bucket: str, key: str, path: str, options: Mapping[str, Any], check: Check
) -> Receipt | None:
    """What S3 reports of the object, if it has the file's content under the client's encryption."""
    head = _head(client, bucket, key, options)
    if head is None or not _encrypted_as_configured(client, head):
        return None
    return _receipt(head, bucket, key) if _same_content(head, path, check) else None


def on_disk(
    client: Any, bucket: str, key: str, path: str, options: Mapping[str, Any], check: Check
) -> Receipt | None:
    """What S3 reports of the object, if the file at *path* has its content."""
    if not _regular(path):
        return None
    head = _head(client, bucket, key, options)
    if head is None:
        return None
    return _receipt(head, bucket, key) if _same_content(head, path, check) else None


def _head(client: Any, bucket: str, key: str, options: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The answer to HeadObject; None where the object is missing or not ours to look at."""
    if client_side_of(client):
        # S3's checksum is that of the encrypted bytes; an object whose checksum is the file's is a plaintext.
        return None
    try:
        with typed("HeadObject", bucket, key):
            head: Mapping[str, Any] = client.head_object(
                Bucket=bucket, Key=key, ChecksumMode="ENABLED", **options
            )
            return head
    except Throttled:
        raise
    except (ServiceError, EncryptionNotConfirmed):
        # Missing, under another SSE-C key, or hidden: what follows finds out, and has the better error.
        return None


def _encrypted_as_configured(client: Any, head: Mapping[str, Any]) -> bool:
    guard = guard_of(client)
    wanted = guard.strategy.answer("PutObject") if guard and guard.strategy else {}
    return bool(wanted) and all(head.get(member) == value for member, value in wanted.items())


def _same_content(head: Mapping[str, Any], path: str, check: Check) -> bool:
    """Whether a checksum over the whole object, which S3 keeps, is the file's as well."""
    if head.get("ChecksumType") not in (None, "FULL_OBJECT"):
        return False  # a checksum of the parts' checksums depends on how the object was cut
    for algorithm in _COMPARABLE:
        stored = head.get(f"Checksum{algorithm}")
        if stored and "-" not in stored:
            return bool(stored == _digest(path, algorithm, head["ContentLength"], check))
    return False


def _digest(path: str, algorithm: str, size: int, check: Check) -> str | None:
    """The file's checksum as S3 writes it; None if it has another size or cannot be read."""
    total, sha256 = 0, hashlib.sha256()
    try:
        if os.path.getsize(path) != size:
            return None
        with open(path, "rb") as file:
            while chunk := file.read(_BLOCK):
                check()
                if algorithm == "CRC32":
                    total = zlib.crc32(chunk, total)
                else:
                    sha256.update(chunk)
    except OSError:
        return None
    return crc.encode(total) if algorithm == "CRC32" else base64.b64encode(sha256.digest()).decode()


def _regular(path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return False


def _receipt(head: Mapping[str, Any], bucket: str, key: str) -> Receipt:
    return receipt(head, bucket=bucket, key=key, size=head["ContentLength"], seconds=0.0)
