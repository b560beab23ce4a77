"""What is remembered beside moto: how each object and upload is encrypted, and its checksums.

The notes hang on moto's own objects by weak reference, so they vanish with them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from .content.checksums import Checksum
from .content.encryption import Seal

__all__ = ["BucketNote", "Ledger", "Lock", "ObjectNote", "UploadNote"]


@dataclass(frozen=True, slots=True)
class Lock:
    """Retention and legal hold, as moto keeps them."""

    mode: str | None = None
    until: str | None = None
    legal_hold: str | None = None


@dataclass
class BucketNote:
    """Of one bucket; ``mfa_delete`` is "Enabled", "Disabled", or None if nobody ever said."""

    mfa_delete: str | None = None


@dataclass
class ObjectNote:
    """Of one version of one object."""

    seal: Seal = field(default_factory=Seal)
    checksum: Checksum | None = None


@dataclass
class UploadNote:
    """Of one multipart upload; ``parts`` holds each part's checksum, where the upload has an algorithm.

    ``asked`` says that the request to begin it named its encryption.
    """

    seal: Seal
    algorithm: str | None = None
    type: str = "FULL_OBJECT"
    parts: dict[int, str | None] = field(default_factory=dict)
    lock: Lock = Lock()
    asked: bool = False


class Ledger:
    """The notes of one endpoint."""

    def __init__(self) -> None:
        self._objects: WeakKeyDictionary[Any, ObjectNote] = WeakKeyDictionary()
        self._uploads: WeakKeyDictionary[Any, UploadNote] = WeakKeyDictionary()
        self._buckets: WeakKeyDictionary[Any, BucketNote] = WeakKeyDictionary()

    def note(self, stored: Any, note: ObjectNote) -> None:
        """Remember ``note`` of an object, and tell moto what it can say itself."""
        self._objects[stored] = note
        seal, checksum = note.seal, note.checksum
        stored.encryption = None if seal.customer else seal.algorithm
        stored.kms_key_id = seal.key_arn
        stored.bucket_key_enabled = "true" if seal.bucket_key else None
        if checksum is not None:
            stored.checksum_algorithm = checksum.algorithm
            stored.checksum_value, stored.checksum_type = checksum.value, checksum.type

    def of(self, stored: Any) -> ObjectNote:
        """What is known of an object; one that came another way has S3's default encryption."""
        return self._objects.get(stored) or ObjectNote()

    def note_upload(self, upload: Any, note: UploadNote) -> None:
        """Remember ``note`` of an upload."""
        self._uploads[upload] = note

    def of_upload(self, upload: Any) -> UploadNote:
        """What is known of an upload; nothing of None."""
        return (None if upload is None else self._uploads.get(upload)) or UploadNote(Seal())

    def of_bucket(self, bucket: Any) -> BucketNote:
        """What is known of a bucket; it may be written to."""
        return self._buckets.setdefault(bucket, BucketNote())
