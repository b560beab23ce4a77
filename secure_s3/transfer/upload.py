"""Uploads: one PutObject or a multipart upload, all of it or nothing.

1. the source is opened and measured
2. small ones go as one PutObject
3. larger ones: CreateMultipartUpload (whose answer must confirm the encryption before a byte is sent),
   parts in parallel, a last look at the source, CompleteMultipartUpload with the CRC32 of the whole
4. any failure, Ctrl-C included, stops the threads and aborts the upload; what was stored without the
   configured encryption is removed again
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from .. import limits
from ..errors import ConfigurationError, EncryptionNotConfirmed, TransferError
from ..guard.cleanup import abort, remove, remove_unconfirmed
from ..guard.faults import typed
from ..guard.operations import for_operation
from . import crc
from .receipts import Receipt, confirmed, receipt
from .sealing import sealed
from .settings import Callback, Settings, accepted
from .source import Part, Source, opened
from .tracking import Stopped, Tracker
from .workers import in_parallel

_ARGUMENTS = ("PutObject", "CreateMultipartUpload", "CompleteMultipartUpload")
_ON_EVERY_PART = ("RequestPayer", "ExpectedBucketOwner", "ChecksumAlgorithm")
_ALGORITHMS = ("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256")
_NOT_IN_PARTS = ("SHA1", "SHA256")


def upload(
    client: Any,
    source: Any,
    bucket: str,
    key: str,
    *,
    extra_args: Mapping[str, Any] | None = None,
    callback: Callback | None = None,
    config: Any = None,
) -> Receipt:
    """Send *source* to S3 and return the receipt.

    Args:
        client: A hardened S3 client.
        source: A path, or a binary file object, seekable or not; it is read from its current position
            and not closed.
        extra_args: Members of PutObject, CreateMultipartUpload or CompleteMultipartUpload, conditional
            ones (``IfNoneMatch="*"``, ``IfMatch``) included; with multipart these are decided at the end.
        callback: Called with the number of further bytes sent, from the threads that send them.
        config: A boto3 TransferConfig.

    Raises:
        ConfigurationError: the source or an argument is no use; nothing was sent.
        SourceChanged: the source grew, shrank or broke off.
        EncryptionNotConfirmed: S3's answer does not show the configured encryption.
        ServiceError, TransportError: S3 refused, or could not be reached.
    """
    settings = Settings.from_config(config)
    extra = accepted(client, _ARGUMENTS, extra_args)
    started = time.perf_counter()
    src = opened(source)
    job = _Upload(client, bucket, key, extra, settings, Tracker(callback))
    try:
        with typed("upload", bucket, key):
            src = sealed(src, client, bucket, key, extra)
            answer, size = job.run(src)
    except Stopped as error:
        raise (job.tracker.failure or error.__cause__ or error) from None
    finally:
        src.close()
    seconds = time.perf_counter() - started
    suite = getattr(src, "suite", None)
    return receipt(answer, bucket=bucket, key=key, size=size, seconds=seconds, client_side=suite)


class _Upload:
    """One upload on its way."""

    def __init__(
        self, client: Any, bucket: str, key: str, extra: dict[str, Any], settings: Settings, tracker: Tracker
    ) -> None:
        self.client = client
        self.target = {"Bucket": bucket, "Key": key}
        self.extra = extra
        self.settings = settings
        self.tracker = tracker
        self.own_checksum = next((name for name in _ALGORITHMS if f"Checksum{name}" in extra), None)
        if self.own_checksum:
            self.extra.setdefault("ChecksumAlgorithm", self.own_checksum)
        elif client.meta.config.request_checksum_calculation == "when_supported":
            self.extra.setdefault("ChecksumAlgorithm", "CRC32")

    def run(self, src: Source) -> tuple[Mapping[str, Any], int]:
        """The answer that settled it, and the number of bytes."""
        src.settle(max(self.settings.threshold, self.settings.part_bytes))
        if src.size is None:
            return self._multipart(src)
        if src.size < self.settings.threshold and src.size <= limits.MAX_SINGLE_PUT_BYTES:
            body = src.whole(self.tracker)
            return self._single(body, src), body.plain_bytes
        return self._multipart(src)

    def _single(self, body: Part, src: Source) -> Mapping[str, Any]:
        size = len(body)
        # Small bodies go as bytes: one write to the socket instead of a loop over it.
        small = size <= limits.MIB
        data = body.as_bytes() if small else body
        body.on_the_wire = True
        if small:
            src.finish()
            # Before it is sent: a callback that raises still prevents it.
            self.tracker.advance(body.plain_bytes)
        arguments = for_operation(self.client, "PutObject", self.extra)
        try:
            answer: Mapping[str, Any] = self.client.put_object(**self.target, Body=data, **arguments)
        except EncryptionNotConfirmed as error:
            remove_unconfirmed(self.client, self.target, error)
            raise
        if not small:
            self._finish_single(src, answer)
        return answer

    def _finish_single(self, src: Source, answer: Mapping[str, Any]) -> None:
        try:
            src.finish()
        except TransferError as error:
            remove(self.client, self.target, answer, error)
            raise

    def _multipart(self, src: Source) -> tuple[Mapping[str, Any], int]:
        if self.own_checksum in _NOT_IN_PARTS:
            raise ConfigurationError(
                f"ExtraArgs holds Checksum{self.own_checksum}, which S3 does not keep for multipart uploads",
                why="the checksum of a whole cannot be told from those of its parts, except for CRCs",
                fix="leave it out, pass ChecksumCRC32, or raise multipart_threshold above the size",
            )
        arguments = for_operation(self.client, "CreateMultipartUpload", self.extra)
        if self.own_checksum or self.extra.get("ChecksumAlgorithm") == "CRC32":
            arguments.setdefault("ChecksumType", "FULL_OBJECT")
        try:
            created = self.client.create_multipart_upload(**self.target, **arguments)
        except EncryptionNotConfirmed as error:
            self._abort((error.answer or {}).get("UploadId"), error)
            raise
        upload_id = created["UploadId"]
        try:
            # Translated here, so that the error that leaves can say what became of the parts.
            with typed("upload", self.target["Bucket"], self.target["Key"]):
                parts = self._send_parts(src, upload_id)
                src.finish()
                answer = self._complete(created, parts, arguments.get("ChecksumType"))
            return confirmed(created) | dict(answer), sum(part["Plain"] for part in parts)
        except BaseException as error:
            if not isinstance(error, EncryptionNotConfirmed) or error.operation != "CompleteMultipartUpload":
                self._abort(upload_id, error)
            raise

    def _send_parts(self, src: Source, upload_id: str) -> list[dict[str, Any]]:
        part_bytes = self.settings.part_size_for(src.size)
        arguments = {name: self.extra[name] for name in _ON_EVERY_PART if name in self.extra}

        def send(numbered: tuple[int, Part]) -> dict[str, Any]:
            number, body = numbered
            if number > limits.MAX_PARTS:
                raise TransferError(
                    f"the source needs more than {limits.MAX_PARTS} parts of {part_bytes} bytes",
                    why="its length was not known at the start, and S3 takes no more parts",
                    fix="pass Config=TransferConfig(multipart_chunksize=…) with larger parts",
                )
            body.on_the_wire = True
            answer = self.client.upload_part(
                **self.target, UploadId=upload_id, PartNumber=number, Body=body, **arguments
            )
            sums = {f"Checksum{name}": answer.get(f"Checksum{name}") for name in _ALGORITHMS}
            return {
                "PartNumber": number,
                "ETag": answer["ETag"],
                "Size": len(body),
                "Plain": body.plain_bytes,
                **{name: value for name, value in sums.items() if value},
            }

        bodies = src.parts(part_bytes, self.tracker)
        return in_parallel(send, enumerate(bodies, 1), self.settings, self.tracker)

    def _complete(
        self,
        created: Mapping[str, Any],
        parts: list[dict[str, Any]],
        checksum_type: str | None,
    ) -> Mapping[str, Any]:
        arguments = for_operation(self.client, "CompleteMultipartUpload", self.extra)
        arguments.pop("ChecksumAlgorithm", None)
        whole = None
        if checksum_type == "FULL_OBJECT" and all(part.get("ChecksumCRC32") for part in parts):
            whole = crc.encode(
                crc.combined((crc.decode(part["ChecksumCRC32"]), part["Size"]) for part in parts)
            )
            arguments = {"ChecksumCRC32": whole} | arguments
        if checksum_type:
            arguments.setdefault("ChecksumType", checksum_type)
        size = sum(part["Size"] for part in parts)
        sent = [
            {name: value for name, value in part.items() if name not in ("Size", "Plain")} for part in parts
        ]
        try:
            answer: Mapping[str, Any] = self.client.complete_multipart_upload(
                **self.target, UploadId=created["UploadId"], MultipartUpload={"Parts": sent}, **arguments
            )
        except EncryptionNotConfirmed as error:
            remove_unconfirmed(self.client, self.target, error)
            raise
        except Exception as error:
            settled = self._settled(error, created, whole, size)
            if settled is None:
                raise
            return settled
        return {"ChecksumCRC32": whole} | dict(answer) if whole else answer

    def _settled(
        self, error: Exception, created: Mapping[str, Any], whole: str | None, size: int
    ) -> Mapping[str, Any] | None:
        """The object, if it is there after all: a completion may have worked and only its answer be lost."""
        if whole is None or not self._used_up(error, created["UploadId"]):
            return None
        try:
            found: Mapping[str, Any] = self.client.head_object(**self.target, ChecksumMode="ENABLED")
        except Exception:  # noqa: BLE001 - the first error is the one to report
            return None
        same = found.get("ChecksumCRC32") == whole and found.get("ContentLength") == size
        return found if same and confirmed(found) == confirmed(created) else None

    def _used_up(self, error: Exception, upload_id: str) -> bool:
        """Whether an attempt at completing, though it failed for us, has ended the multipart upload."""
        response: Mapping[str, Any] = getattr(error, "response", None) or {}
        metadata = response.get("ResponseMetadata", {})
        if response.get("Error", {}).get("Code") == "NoSuchUpload":
            return bool(metadata.get("RetryAttempts", 0))
        if 200 < metadata.get("HTTPStatusCode", 500) < 500:
            return False
        return not abort(self.client, self.target, upload_id, self.extra, error)

    def _abort(self, upload_id: str | None, cause: BaseException) -> None:
        abort(self.client, self.target, upload_id, self.extra, cause)
