"""Copies on the server's side: one CopyObject, or a multipart copy that keeps metadata and tags."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from .. import limits
from ..encryption import Strategy
from ..errors import EncryptionNotConfirmed
from ..guard import copy_source_parameters
from ..guard.cleanup import abort, remove, remove_unconfirmed
from ..guard.faults import typed
from ..guard.operations import for_operation
from .copy_source import described, parse_source, reading_client
from .receipts import Receipt, confirmed, receipt
from .recrypt import recrypt
from .sealing import client_side_of
from .settings import Callback, Settings, accepted
from .tracking import Stopped, Tracker
from .workers import in_parallel

_ARGUMENTS = ("CopyObject", "CreateMultipartUpload", "CompleteMultipartUpload")
_SINGLE_COPY = 256 * limits.MIB


def copy(
    client: Any,
    source: Any,
    bucket: str,
    key: str,
    *,
    source_encryption: Strategy | None = None,
    source_client: Any = None,
    extra_args: Mapping[str, Any] | None = None,
    callback: Callback | None = None,
    config: Any = None,
) -> Receipt:
    """Copy an object within S3 and return the receipt of the new one.

    Args:
        client: A hardened S3 client, under the strategy of the destination.
        source: ``{"Bucket": …, "Key": …, "VersionId": …}`` or ``"bucket/key"``.
        source_encryption: How the source is protected, where reading it needs a key (SSE-C); the default
            is the strategy of the destination.
        source_client: A hardened client of the source's region.
        extra_args: Members of CopyObject and of the multipart operations.
        callback: Called with the number of further bytes copied.
        config: A TransferConfig; without one, sources from 256 MiB on are copied in parts.

    Where either side is encrypted by the client, the content comes here, is verified, and is encrypted again
    on its way through: an object under client-side encryption is bound to its place.

    Raises:
        ConfigurationError, EncryptionNotConfirmed, ServiceError, TransportError: as in ``upload``.
    """
    reader = reading_client(client, source_client, source_encryption)
    if client_side_of(client) or client_side_of(reader):
        target = {"Bucket": bucket, "Key": key}
        return recrypt(client, reader, parse_source(source), target, extra_args, callback, config)
    settings = Settings.from_config(config) if config is not None else Settings(threshold=_SINGLE_COPY)
    extra = accepted(client, _ARGUMENTS, extra_args)
    started = time.perf_counter()
    job = _Copy(
        client, parse_source(source), {"Bucket": bucket, "Key": key}, extra, settings, Tracker(callback)
    )
    try:
        with typed("copy", bucket, key):
            answer, size = job.run(reader, source_encryption)
    except Stopped as error:
        raise (job.tracker.failure or error) from None
    return receipt(answer, bucket=bucket, key=key, size=size, seconds=time.perf_counter() - started)


class _Copy:
    """One copy on its way."""

    def __init__(
        self,
        client: Any,
        source: dict[str, str],
        target: dict[str, str],
        extra: dict[str, Any],
        settings: Settings,
        tracker: Tracker,
    ) -> None:
        self.client, self.source, self.target = client, source, target
        self.extra, self.settings, self.tracker = extra, settings, tracker

    def run(self, reader: Any, source_encryption: Strategy | None) -> tuple[Mapping[str, Any], int]:
        """The answer that settled it, and the number of bytes."""
        self.extra = dict(copy_source_parameters(self.client, source_encryption)) | self.extra
        with typed("HeadObject", self.source["Bucket"], self.source["Key"]):
            head = reader.head_object(**self.source)
        size: int = head["ContentLength"]
        self.extra.setdefault("CopySourceIfMatch", head["ETag"])
        if size < self.settings.threshold and size <= limits.MAX_SINGLE_COPY_BYTES:
            return self._single(size), size
        return self._multipart(reader, head, size), size

    def _single(self, size: int) -> Mapping[str, Any]:
        arguments = for_operation(self.client, "CopyObject", self.extra)
        try:
            answer: dict[str, Any] = self.client.copy_object(
                **self.target, CopySource=self.source, **arguments
            )
        except EncryptionNotConfirmed as error:
            remove_unconfirmed(self.client, self.target, error)
            raise
        answer |= answer.get("CopyObjectResult") or {}
        try:
            self.tracker.advance(size)
        except Stopped as error:
            remove(self.client, self.target, answer, error)
            raise
        return answer

    def _multipart(self, reader: Any, head: Mapping[str, Any], size: int) -> Mapping[str, Any]:
        arguments = for_operation(self.client, "CreateMultipartUpload", self.extra)
        arguments = described(reader, self.source, head, self.extra) | arguments
        try:
            created = self.client.create_multipart_upload(**self.target, **arguments)
        except EncryptionNotConfirmed as error:
            self._abort((error.answer or {}).get("UploadId"), error)
            raise
        upload = {**self.target, "UploadId": created["UploadId"]}
        try:
            with typed("copy", self.target["Bucket"], self.target["Key"]):
                parts = self._copy_parts(upload, size)
                final = for_operation(self.client, "CompleteMultipartUpload", self.extra)
                answer: Mapping[str, Any] = self.client.complete_multipart_upload(
                    **upload, MultipartUpload={"Parts": parts}, **final
                )
        except BaseException as error:
            if isinstance(error, EncryptionNotConfirmed) and error.operation == "CompleteMultipartUpload":
                remove_unconfirmed(self.client, self.target, error)
            else:
                self._abort(created["UploadId"], error)
            raise
        return confirmed(created) | dict(answer)

    def _abort(self, upload_id: str | None, cause: BaseException) -> None:
        abort(self.client, self.target, upload_id, self.extra, cause)

    def _copy_parts(self, upload: dict[str, Any], size: int) -> list[dict[str, Any]]:
        part_bytes = self.settings.part_size_for(size)
        arguments = for_operation(self.client, "UploadPartCopy", self.extra)

        def send(number: int) -> dict[str, Any]:
            self.tracker.check()
            first = (number - 1) * part_bytes
            last = min(first + part_bytes, size) - 1
            answer = self.client.upload_part_copy(
                **upload,
                PartNumber=number,
                CopySource=self.source,
                CopySourceRange=f"bytes={first}-{last}",
                **arguments,
            )
            self.tracker.advance(last - first + 1)
            result = answer["CopyPartResult"]
            sums = {name: value for name, value in result.items() if name.startswith("Checksum")}
            return {"PartNumber": number, "ETag": result["ETag"], **sums}

        return in_parallel(send, range(1, -(-size // part_bytes) + 1), self.settings, self.tracker)
