"""An object copied onto itself, so that it is written again under another encryption.

What it had stays: metadata, headers, tags, storage class, website redirect. What does not: its ACL, which
becomes private, its ``LastModified``, and its ETag where it was made of parts. It becomes a new version, and
the version from before stays as it was protected; without versioning it is replaced. Source: Amazon S3 API
Reference, CopyObject.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from ... import limits
from ...encryption import Strategy
from ...errors import EncryptionNotConfirmed
from ...guard.cleanup import abort, remark, remove_unconfirmed
from ...guard.faults import typed
from .ways import CUSTOMER, Found

_OF_PARTS = (
    *("CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "ContentType", "Expires"),
    "Metadata",
)
_OF_ALL = ("StorageClass", "WebsiteRedirectLocation")
_PART_BYTES = limits.GIB
_SINGLE_BYTES = limits.MAX_SINGLE_COPY_BYTES


class Copying:
    """Copies objects onto themselves.

    An object that was changed since it was looked at is left alone: the copy is made on the condition that
    source and destination have the ETag they had then.

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
        created = self._client.create_multipart_upload(**target, **self._described(target, found))
        upload = {**target, "UploadId": created["UploadId"]}
        try:
            parts = self._parts(upload, found.size, arguments)
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

    def _described(self, target: dict[str, str], found: Found) -> dict[str, Any]:
        """What CreateMultipartUpload has to be told, and CopyObject knows by itself."""
        head = found.head
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
