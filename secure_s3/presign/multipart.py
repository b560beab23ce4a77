"""Uploads of large files from a browser: begun, completed and aborted here, the parts sent by the browser."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from .. import limits
from ..encryption import Strategy
from ..errors import ConfigurationError, EncryptionNotConfirmed, NotFound, SourceChanged, TransferError
from ..guard import cleanup
from ..guard.faults import typed
from ..guard.presigning import check_content, check_key
from .lanes import Lanes
from .options import part_of, read
from .results import PresignedUrl

if TYPE_CHECKING:
    from .options import ObjectOptions, PartOptions, Unpack

_PART_BYTES = 8 * limits.MIB


class BrowserUpload:
    """One multipart upload: its parts are sent by whoever has their URLs, all else is done on the server.

    It holds no secret and no connection. A web backend that keeps no state sends ``to_dict()`` along, and
    takes the upload up again with ``resume_upload(**…)``; size and part_bytes must be those that it was begun
    with.

    Args:
        size: Bytes of the whole object, exactly; every part's URL is signed for its own length.
        part_bytes: Bytes of each part but the last, 5 MiB to 5 GiB; default: 8 MiB, more where the number of
            parts asks for it.
        part_count: What ``to_dict`` told, to be compared.
        encryption: Another strategy than the client's: the one that it was begun with.

    Raises:
        ConfigurationError: an argument is no use.
        EncryptionConflict: the strategy is client-side.
    """

    def __init__(
        self,
        lanes: Lanes,
        bucket: str,
        key: str,
        upload_id: str,
        size: int,
        *,
        part_bytes: int | None = None,
        part_count: int | None = None,
        encryption: Strategy | None = None,
    ) -> None:
        part_of(upload_id, 1)
        self.bucket, self.key, self.upload_id, self.size = bucket, key, upload_id, size
        self.part_bytes = _checked_layout(size, part_bytes)
        if part_count not in (None, self.part_count):
            raise ConfigurationError(
                f"part_count={part_count!r} is not that of {size} bytes in parts of {self.part_bytes}",
                why="the upload was begun with another size or part_bytes",
                fix="pass what to_dict() told when it was begun",
            )
        self._lanes, self._encryption = lanes, encryption
        self._client = _checked_client(lanes, key, encryption)

    def __repr__(self) -> str:
        return f"<BrowserUpload s3://{self.bucket}/{self.key}, {self.size} bytes in {self.part_count} parts>"

    @classmethod
    def begin(
        cls,
        lanes: Lanes,
        bucket: str,
        key: str,
        size: int,
        *,
        part_bytes: int | None = None,
        encryption: Strategy | None = None,
        **options: Unpack[ObjectOptions],
    ) -> BrowserUpload:
        """CreateMultipartUpload, encrypted as configured; the answer must confirm it.

        Args:
            options: See ObjectOptions.

        Raises:
            EncryptionNotConfirmed: S3 did not confirm the encryption; the upload was aborted again.
            ServiceError, TransportError: S3 refused, or could not be reached.
        """
        _checked_layout(size, part_bytes)
        client = _checked_client(lanes, key, encryption)
        members = read("CreateMultipartUpload", options).members
        where = {"Bucket": bucket, "Key": key}
        with typed("CreateMultipartUpload", bucket, key):
            try:
                answer = client.create_multipart_upload(**where, **members)
            except EncryptionNotConfirmed as error:
                cleanup.abort(client, where, (error.answer or {}).get("UploadId"), {}, error)
                raise
        return cls(lanes, bucket, key, answer["UploadId"], size, part_bytes=part_bytes, encryption=encryption)

    @property
    def part_count(self) -> int:
        """How many parts there are; they are numbered from 1."""
        return max(1, -(-self.size // self.part_bytes))

    def part_size(self, number: int) -> int:
        """Bytes of that part."""
        if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= self.part_count:
            raise ConfigurationError(
                f"there is no part {number!r}",
                why=f"this upload has parts 1 to {self.part_count}",
                fix="count from 1",
            )
        return min(self.part_bytes, self.size - (number - 1) * self.part_bytes)

    def part(self, number: int, expires_in: Any = 300, **options: Unpack[PartOptions]) -> PresignedUrl:
        """The URL that stores one part, for exactly its length; options are those of ``upload_part``."""
        sized: dict[str, Any] = {**options, "content_length": self.part_size(number)}
        extra = part_of(self.upload_id, number)
        lane = self._lanes.lane("UploadPart", self.bucket, expires_in, self._encryption, None, sized, extra)
        return lane.url(self.key)

    def parts(self, numbers: Iterable[int] | None = None, expires_in: Any = 300) -> list[PresignedUrl]:
        """The URLs of all parts, or of some."""
        wanted = range(1, self.part_count + 1) if numbers is None else numbers
        return [self.part(number, expires_in) for number in wanted]

    def stored(self) -> bool:
        """Whether an object of this size lies at the key; after ``complete`` went, S3 knows no upload."""
        where = {"Bucket": self.bucket, "Key": self.key}
        try:
            with typed("HeadObject", self.bucket, self.key):
                return bool(self._client.head_object(**where)["ContentLength"] == self.size)
        except NotFound:
            return False

    def complete(self, parts: Iterable[Mapping[str, Any]] | None = None, **conditions: str) -> dict[str, Any]:
        """Make the object out of the parts, once S3 has all of them in the sizes that were signed.

        Args:
            parts: What the browser reports, ``[{"PartNumber": 1, "ETag": …}, …]``; compared with what S3 has.
            conditions: ``IfNoneMatch="*"`` or ``IfMatch=etag``, as in boto3.

        Returns:
            boto3's answer.

        Raises:
            TransferError: parts are missing; the upload goes on.
            SourceChanged: a part has another size or ETag than it should; the upload was aborted.
            EncryptionNotConfirmed: S3 did not confirm the encryption.
            ServiceError, TransportError: S3 refused, or could not be reached.
        """
        present = self._listed()
        missing = [number for number in range(1, self.part_count + 1) if number not in present]
        if missing:
            raise TransferError(
                f"{len(missing)} of {self.part_count} parts are missing, the first is {missing[0]}",
                fix="send them, or abort()",
                bucket=self.bucket,
                key=self.key,
            )
        if wrong := self._wrong(present, parts):
            error = SourceChanged(
                f"the upload of {self.key} was aborted: {wrong}",
                why="what was stored is not what was announced",
                fix="begin again with the file as it is now",
                bucket=self.bucket,
                key=self.key,
            )
            cleanup.abort(self._client, self._where, self.upload_id, {}, error)
            raise error
        listed = [{"PartNumber": number, "ETag": present[number][1]} for number in sorted(present)]
        finish = {"UploadId": self.upload_id, "MultipartUpload": {"Parts": listed}, **conditions}
        with typed("CompleteMultipartUpload", self.bucket, self.key):
            try:
                answer: dict[str, Any] = self._client.complete_multipart_upload(**self._where, **finish)
            except EncryptionNotConfirmed as error:
                cleanup.remove_unconfirmed(self._client, self._where, error)
                raise
        return answer

    def abort(self) -> None:
        """Remove the parts and forget the upload; again is nothing."""
        with suppress(NotFound), typed("AbortMultipartUpload", self.bucket, self.key):
            self._client.abort_multipart_upload(**self._where, UploadId=self.upload_id)

    def to_dict(self) -> dict[str, Any]:
        """What identifies the upload, as plain values; no URLs."""
        return {
            "bucket": self.bucket,
            "key": self.key,
            "upload_id": self.upload_id,
            "size": self.size,
            "part_bytes": self.part_bytes,
            "part_count": self.part_count,
        }

    # -- inside ----------------------------------------------------------------------------------------

    @property
    def _where(self) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": self.key}

    def _listed(self) -> dict[int, tuple[int, str]]:
        """Number → size and ETag of every part that S3 has."""
        found: dict[int, tuple[int, str]] = {}
        arguments: dict[str, Any] = {**self._where, "UploadId": self.upload_id}
        with typed("ListParts", self.bucket, self.key):
            for _ in range(limits.MAX_PARTS):
                page = self._client.list_parts(**arguments)
                for part in page.get("Parts", ()):
                    found[part["PartNumber"]] = (part["Size"], part["ETag"])
                if not page.get("IsTruncated"):
                    break
                arguments["PartNumberMarker"] = page["NextPartNumberMarker"]
        return found

    def _wrong(self, present: Mapping[int, tuple[int, str]], told: Iterable[Mapping[str, Any]] | None) -> str:
        for number, (size, _) in sorted(present.items()):
            if number > self.part_count:
                return f"there is a part {number} behind the last one"
            if size != self.part_size(number):
                return f"part {number} has {size} bytes instead of {self.part_size(number)}"
        if told is None:
            return ""
        reported = [part if isinstance(part, Mapping) else {} for part in told]
        etags = {part.get("PartNumber"): str(part.get("ETag", "")).strip('"') for part in reported}
        stored = {number: etag.strip('"') for number, (_, etag) in present.items()}
        return "" if etags == stored else "the parts that are reported are not those that S3 has"


def _checked_layout(size: int, part_bytes: Any) -> int:
    if isinstance(size, bool) or not isinstance(size, int) or not 0 < size <= limits.MAX_OBJECT_BYTES:
        raise ConfigurationError(
            f"size={size!r} is no size of an object",
            why=f"an object has up to {limits.MAX_OBJECT_BYTES} bytes; store an empty one with put",
            fix="pass the file's size in bytes",
        )
    least = max(limits.MIN_PART_BYTES, -(-size // limits.MAX_PARTS))
    if part_bytes is None:
        return max(_PART_BYTES, -(-least // limits.MIB) * limits.MIB)
    if isinstance(part_bytes, bool) or not isinstance(part_bytes, int):
        part_bytes = 0
    if not least <= part_bytes <= limits.MAX_PART_BYTES:
        raise ConfigurationError(
            f"part_bytes={part_bytes!r} does not fit {size} bytes",
            why=f"S3 takes up to {limits.MAX_PARTS} parts of {limits.MIN_PART_BYTES} bytes to 5 GiB",
            fix=f"pass at least {least}, or leave it out",
        )
    return int(part_bytes)


def _checked_client(lanes: Lanes, key: str, encryption: Strategy | None) -> Any:
    check_key(key, "key")
    client, guard = lanes.face(encryption)
    check_content("upload_part", guard.strategy, client)
    return client
