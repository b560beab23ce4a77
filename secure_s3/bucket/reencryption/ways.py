"""How an object comes under another encryption: in place, by a copy onto itself, not at all. Pure.

UpdateObjectEncryption puts the data key under another KMS key and moves nothing; it takes objects under
SSE-S3 and SSE-KMS, and leads to SSE-KMS alone. CopyObject takes the rest, writes the content again, and makes
a new version. Sources: Amazon S3 API Reference, UpdateObjectEncryption and CopyObject; Amazon S3 User Guide,
"Updating server-side encryption for existing data".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from ...encryption import DsseKms, SseC, SseKms, Strategy

Way: TypeAlias = Literal["already", "update", "copy", "skip"]

NONE, CUSTOMER = "none", "SSE-C"
"""Beside S3's own names: uploads from before 2023 may be under nothing; SSE-C has a header of its own."""
_UNVERSIONED = "null"
"""The version of what was written without versioning."""
_ARCHIVES = frozenset({"GLACIER", "DEEP_ARCHIVE"})

LOCKED = "Object Lock protects it"
ARCHIVED = "it is archived, and would have to be restored before it can be copied"
NONCURRENT = "it is no current version, and a copy would become the current one"
NEEDS_COPY = "it would have to be copied, and in_place_only was asked for"
NO_KEY = "it is under SSE-C, and source_encryption= does not give its key"
GONE = "it was deleted meanwhile"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a listing tells of an object.

    Args:
        key: Its key.
        version: Its version, where versions are asked for; None means the current one.
        current: Whether it is the current version.
        size: In bytes.
    """

    key: str
    version: str | None = None
    current: bool = True
    size: int = 0

    @property
    def place(self) -> dict[str, str]:
        """Members of a request about it, without the bucket."""
        plain = self.version is None or (self.current and self.version == _UNVERSIONED)
        return {"Key": self.key} | ({} if plain else {"VersionId": str(self.version)})


@dataclass(frozen=True, slots=True)
class Found:
    """How an object is protected now, as HeadObject tells.

    Args:
        algorithm: ``AES256``, ``aws:kms``, ``aws:kms:dsse``, ``SSE-C`` or ``none``.
        key_arn: Of its KMS key.
        bucket_key: Whether a Bucket Key is used.
        archived: Whether it cannot be read before it is restored.
        locked: Whether a retention or legal hold is on it, as far as the caller may see it.
        size: In bytes.
        head: The answer itself.
    """

    algorithm: str
    key_arn: str | None
    bucket_key: bool
    archived: bool
    locked: bool
    size: int
    head: dict[str, Any]

    @classmethod
    def of(cls, head: dict[str, Any], now: datetime) -> Found:
        """Read the answer to HeadObject."""
        customer = head.get("SSECustomerAlgorithm")
        until = head.get("ObjectLockRetainUntilDate")
        retained = bool(head.get("ObjectLockMode")) and (until is None or until > now)
        return cls(
            CUSTOMER if customer else head.get("ServerSideEncryption") or NONE,
            head.get("SSEKMSKeyId"),
            bool(head.get("BucketKeyEnabled")),
            _is_archived(head),
            retained or head.get("ObjectLockLegalHoldStatus") == "ON",
            int(head.get("ContentLength", 0)),
            head,
        )

    @property
    def label(self) -> str:
        """For people, e.g. ``aws:kms arn:aws:kms:… with a Bucket Key``."""
        key = f" {self.key_arn}" if self.key_arn else ""
        return f"{self.algorithm}{key}{' with a Bucket Key' if self.bucket_key else ''}"

    def is_under(self, to: Strategy) -> bool:
        """Whether nothing is left to do. An encryption context is told by nobody, and not compared."""
        wanted = to.answer("PutObject")
        if isinstance(to, SseC):
            return self.head.get("SSECustomerKeyMD5") == wanted["SSECustomerKeyMD5"]
        same_bucket_key = not isinstance(to, SseKms) or self.bucket_key == to.bucket_key
        return (
            self.algorithm == wanted["ServerSideEncryption"]
            and self.key_arn == wanted.get("SSEKMSKeyId", self.key_arn)
            and same_bucket_key
        )


def _is_archived(head: dict[str, Any]) -> bool:
    archived = head.get("StorageClass") in _ARCHIVES or bool(head.get("ArchiveStatus"))
    return archived and 'ongoing-request="false"' not in str(head.get("Restore", ""))


def serves_in_place(to: Strategy) -> bool:
    """Whether UpdateObjectEncryption can lead to *to*; it takes no encryption context."""
    return isinstance(to, SseKms) and not to.context


def way_of(
    found: Found, to: Strategy, *, current: bool, in_place: bool, in_place_only: bool = False
) -> tuple[Way, str]:
    """How the object comes under *to*, and why it is left alone if it is.

    Args:
        found: How it is protected now.
        to: How it should be.
        current: Whether it is the current version.
        in_place: Whether UpdateObjectEncryption can be had.
        in_place_only: Copy nothing.
    """
    if found.is_under(to):
        return "already", ""
    if found.locked:
        return "skip", LOCKED
    if in_place and found.algorithm in ("AES256", "aws:kms"):
        return "update", ""
    if in_place_only:
        return "skip", NEEDS_COPY
    if not current:
        return "skip", NONCURRENT
    return ("skip", ARCHIVED) if found.archived else ("copy", "")


def kms_requests(found: Found, to: Strategy) -> int:
    """How often KMS is asked at least: once for each side that has no Bucket Key.

    Bucket Keys ask it as well, once in a while for many objects, and for no number that is documented.
    Source: Amazon S3 User Guide, "Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys".
    """
    reads = found.algorithm.startswith("aws:kms") and not found.bucket_key
    writes = isinstance(to, DsseKms) or (isinstance(to, SseKms) and not to.bucket_key)
    return int(reads) + int(writes)


def described(to: Strategy) -> dict[str, Any]:
    """What a journal and a report say of *to*; no customer key, and nothing made of one."""
    told = {"encryption": to.label, "key": getattr(to, "key_arn", None)}
    return told | ({"bucket_key": to.bucket_key} if isinstance(to, SseKms) else {})
