"""An object copied onto itself, so that it is written again under another encryption.

What it had stays: metadata, headers, tags, storage class, website redirect, the algorithm of its checksum.
What does not: its ACL, which becomes private, its ``LastModified``, and its ETag where it was made of parts;
where it is made of parts now, a checksum by SHA becomes one of the parts' checksums. It becomes a new
version, and the version from before stays as it was protected; without versioning it is replaced. Source:
Amazon S3 API Reference, CopyObject; Amazon S3 User Guide, "Checking object integrity in Amazon S3".
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from ... import limits
from ...encryption import Strategy
from ...errors import EncryptionNotConfirmed, ObjectChanged
from ...guard import with_strategy
from ...guard.cleanup import abort, remark, remove_unconfirmed
from ...guard.faults import typed
from .ways import CUSTOMER, Found

_OF_PARTS = (
    *("CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType", "Expires"),
    "Metadata",
)
_OF_ALL = ("StorageClass", "WebsiteRedirectLocation")
_OF_ONE_WRITE = ("ETag", "VersionId", "LastModified", "ContentLength")
_CHECKSUMS = {
    "ChecksumSHA256": "COMPOSITE",
    "ChecksumSHA1": "COMPOSITE",
    "ChecksumCRC64NVME": "FULL_OBJECT",
    "ChecksumCRC32C": "",
    "ChecksumCRC32": "",
}
"""What HeadObject may tell, and the only type that S3 has of it for objects made of parts."""
_PART_BYTES = limits.GIB
_SINGLE_BYTES = limits.MAX_SINGLE_COPY_BYTES


class Copying:
    """Copies objects onto themselves.

    An object that was changed since it was looked at is left alone: the copy is made on the condition that
    source and destination have the ETag they had then. The same content written again has the same ETag:
    where an object is copied in parts, its date, metadata and tags are therefore compared once more before
    the last call, so that only what is written within that call, with the same content, goes unseen.

    Args:
        client: A hardened S3 client under the new encryption.
        reader: One that sends no key with what it reads.
        bucket: Where the objects are.
        source: The encryption of those under SSE-C.
    """

    def __init__(self, client: Any, reader: Any, bucket: str, source: Strategy | None) -> None:
        self._client, self._reader, self._bucket, self._source = client, reader, bucket, source

    def copy(self, key: str, found: Found) -> None:
        """Copy one object.

        Raises:
            PreconditionFailed: It was changed meanwhile.
            SecureS3Error: It was refused; nothing was changed, unless the text says so.
        """
        target = {"Bucket": self._bucket, "Key": key}
        etag = {"CopySourceIfMatch": found.head["ETag"]}
        arguments = {"CopySource": target, **etag, **self._source_key(found)}
        with typed("CopyObject", self._bucket, key):
            try:
                if found.size > _SINGLE_BYTES:
                    self._in_parts(target, found, arguments)
                else:
                    self._at_once(target, found, arguments)
            except EncryptionNotConfirmed as error:
                self._take_back(target, error)
                raise

    def _at_once(self, target: dict[str, str], found: Found, arguments: dict[str, Any]) -> None:
        kept = {name: found.head[name] for name in _OF_ALL if found.head.get(name)}
        self._client.copy_object(
            **target,
            **arguments,
            **kept,
            IfMatch=found.head["ETag"],
            MetadataDirective="COPY",
            TaggingDirective="COPY",
        )

    def _in_parts(self, target: dict[str, str], found: Found, arguments: dict[str, Any]) -> None:
        described = self._described(target, found.head)
        created = self._client.create_multipart_upload(**target, **described, **self._checksum(target, found))
        upload = {**target, "UploadId": created["UploadId"]}
        try:
            parts = self._parts(upload, found.size, arguments)
            self._require_same(target, found, described)
            self._client.complete_multipart_upload(
                **upload, MultipartUpload={"Parts": parts}, IfMatch=found.head["ETag"]
            )
        except BaseException as error:
            abort(self._client, target, created["UploadId"], {}, error)
            raise

    def _parts(self, upload: dict[str, str], size: int, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        part_bytes = max(_PART_BYTES, -(-size // limits.MAX_PARTS))
        parts = []
        for number, first in enumerate(range(0, size, part_bytes), start=1):
            last = min(first + part_bytes, size) - 1
            answer = self._client.upload_part_copy(
                **upload, **arguments, PartNumber=number, CopySourceRange=f"bytes={first}-{last}"
            )
            result = answer["CopyPartResult"]
            sums = {name: value for name, value in result.items() if name.startswith("Checksum")}
            parts.append({"PartNumber": number, "ETag": result["ETag"], **sums})
        return parts

    def _look(self, target: dict[str, str], found: Found, **more: Any) -> dict[str, Any]:
        """HeadObject, with the key that the object is under."""
        own = self._source if found.algorithm == CUSTOMER else None
        face = self._reader if own is None else with_strategy(self._client, own)
        told: dict[str, Any] = face.head_object(**target, **more)
        return told

    def _require_same(self, target: dict[str, str], found: Found, described: dict[str, Any]) -> None:
        now = self._look(target, found)
        same = all(now.get(name) == found.head.get(name) for name in _OF_ONE_WRITE)
        if not same or self._described(target, now) != described:
            raise ObjectChanged(
                f"s3://{target['Bucket']}/{target['Key']} was changed while it was copied",
                why="its date, metadata or tags are others than before; it stays as it is now",
                fix="run it again",
                operation="CompleteMultipartUpload",
                bucket=target["Bucket"],
                key=target["Key"],
            )

    def _checksum(self, target: dict[str, str], found: Found) -> dict[str, str]:
        """The algorithm of the object's checksum, which parts are summed by again."""
        head = self._look(target, found, ChecksumMode="ENABLED")
        for name, type in _CHECKSUMS.items():
            if head.get(name):
                kind = type or head.get("ChecksumType") or "FULL_OBJECT"
                return {"ChecksumAlgorithm": name.removeprefix("Checksum"), "ChecksumType": kind}
        return {}

    def _described(self, target: dict[str, str], head: dict[str, Any]) -> dict[str, Any]:
        """What CreateMultipartUpload has to be told, and CopyObject knows by itself."""
        kept = {name: head[name] for name in (*_OF_PARTS, *_OF_ALL) if head.get(name)}
        if head.get("TagCount"):
            tags = self._reader.get_object_tagging(**target)["TagSet"]
            kept["Tagging"] = urlencode({tag["Key"]: tag["Value"] for tag in tags})
        return kept

    def _source_key(self, found: Found) -> dict[str, object]:
        """What reading the source needs: the key that it is under, where a customer holds it."""
        return dict(self._source.copy_source()) if found.algorithm == CUSTOMER and self._source else {}

    def _take_back(self, target: dict[str, str], error: EncryptionNotConfirmed) -> None:
        """Remove the new version; where none is kept there is nothing but it."""
        if (error.answer or {}).get("VersionId") not in (None, "", "null"):
            remove_unconfirmed(self._client, target, error)
        else:
            remark(error, "the object was not removed: there is no version from before")
