"""What is remembered beside moto: how each object and upload is encrypted, and its checksums.

The notes hang on moto's own objects by weak reference, so they vanish with them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from .checksums import Checksum
from .encryption import Seal

__all__ = ["Ledger", "ObjectNote", "UploadNote"]


@dataclass
class ObjectNote:
    """Of one version of one object."""

    seal: Seal = field(default_factory=Seal)
    checksum: Checksum | None = None


@dataclass
class UploadNote:
    """Of one multipart upload; ``parts`` holds each part's checksum, where the upload has an algorithm."""

    seal: Seal
    algorithm: str | None = None
    type: str = "FULL_OBJECT"
    parts: dict[int, str | None] = field(default_factory=dict)


class Ledger:
    """The notes of one endpoint."""

    def __init__(self) -> None:
        self._objects: WeakKeyDictionary[Any, ObjectNote] = WeakKeyDictionary()
        self._uploads: WeakKeyDictionary[Any, UploadNote] = WeakKeyDictionary()

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
        """What is known of an upload."""
        return self._uploads.get(upload) or UploadNote(Seal())
