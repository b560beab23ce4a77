"""Multipart uploads: every part encrypted as its upload was begun, and checksums for the whole."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, unescape

from ..call import Answer, Call
from ..faults import Refusal, bad_digest, invalid_request
from ..ledger import Ledger, ObjectNote, UploadNote
from ..settings.object_lock import lock_of, put_lock
from ..store import Store
from . import checksums
from .checksums import Checksum
from .customer import check_part, customer_key
from .encryption import asked_by, refuse_on_reads
from .kms import check_usable, seal_for
from .reading import Reader
from .writing import add_elements, copy_source

__all__ = ["Multipart"]

_PART = re.compile(r"<Part>(.*?)</Part>", re.DOTALL)
_ELEMENT = re.compile(r"<(\w+)>([^<]*)</\1>")
_NO_UPLOAD = (
    "The specified upload does not exist. The upload ID may be invalid, "
    "or the upload may have been aborted or completed."
)


@dataclass(frozen=True)
class Multipart:
    """Answers the requests of multipart uploads."""

    store: Store
    ledger: Ledger
    reader: Reader

    def create(self, call: Call) -> Answer:
        """CreateMultipartUpload."""
        asked = asked_by(call.headers)
        bucket = self.store.bucket(call.bucket)
        if bucket is None:
            return self.store.s3(call.environ)
        seal = seal_for(self.store, bucket, asked)
        algorithm = call.headers.get("x-amz-checksum-algorithm", "").upper() or None
        if algorithm is not None and algorithm not in checksums.ALGORITHMS:
            raise invalid_request("Checksum algorithm provided is unsupported.")
        default = "FULL_OBJECT" if algorithm in (None, "CRC64NVME") else "COMPOSITE"
        kind = call.headers.get("x-amz-checksum-type", default).upper()
        if kind == "FULL_OBJECT" and algorithm in ("SHA1", "SHA256"):
            raise invalid_request(
                "The FULL_OBJECT checksum type cannot be used with "
                f"the {algorithm.lower()} checksum algorithm."
            )
        answer = self.store.s3(call.environ)
        if answer.ok:
            upload_id = _elements(b"".join(answer.body).decode())["UploadId"]
            upload = self.store.upload(call.bucket, upload_id)
            note = UploadNote(seal, algorithm, kind, asked=asked.algorithm is not None, lock=lock_of(call))
            self.ledger.note_upload(upload, note)
            answer.headers.update(seal.headers())
            if algorithm is not None:
                answer.headers["x-amz-checksum-algorithm"] = algorithm
                answer.headers["x-amz-checksum-type"] = kind
        return answer

    def part(self, call: Call) -> Answer:
        """UploadPart and UploadPartCopy."""
        refuse_on_reads(call.headers)
        upload, note = self._upload(call)
        check_part(note.seal.customer, customer_key(call.headers))
        self._check_key(note)
        if call.operation == "UploadPartCopy":
            self.reader.check(*copy_source(call), call.headers, source=True)
        sent = next(iter(call.digests), None)
        if sent and note.algorithm and sent != note.algorithm:
            raise invalid_request(
                "Checksum Type mismatch occurred, "
                f"expected checksum Type: {note.algorithm.lower()}, actual checksum Type: {sent.lower()}"
            )
        answer = self.store.s3(call.environ)
        if answer.ok:
            number = int(call.query["partNumber"])
            if note.algorithm is not None:
                note.parts[number] = self._part_checksum(call, upload, number, note.algorithm)
            answer.headers.update(note.seal.headers())
            for algorithm, value in call.digests.items():
                answer.headers[f"x-amz-checksum-{algorithm.lower()}"] = value
        return answer

    def complete(self, call: Call) -> Answer:
        """CompleteMultipartUpload."""
        upload = self._begun(call)
        if upload is None:
            return self._again(call)
        note = self.ledger.of_upload(upload)
        self._check_key(note)
        parts = [_elements(inner) for inner in _PART.findall(call.body.decode("utf-8", "replace"))]
        numbers = _ascending(parts)
        _check_parts(parts, note)
        size = sum(int(upload.parts[number].size) for number in numbers if number in upload.parts)
        checksum = _whole(upload, note, numbers)
        _check_whole(call, checksum, size)
        answer = self.store.s3(call.environ)
        if answer.ok:
            stored = self.store.object(call.bucket, call.key)
            self.ledger.note(stored, ObjectNote(note.seal, checksum))
            put_lock(stored, note.lock)
            self._tell(call, answer, stored)
        return answer

    def known(self, call: Call) -> Answer:
        """ListParts and AbortMultipartUpload."""
        self._upload(call)
        return self.store.s3(call.environ)

    def _upload(self, call: Call) -> tuple[Any, UploadNote]:
        upload = self._begun(call)
        if upload is None and self.store.bucket(call.bucket) is not None:
            raise Refusal(404, "NoSuchUpload", _NO_UPLOAD, UploadId=call.query["uploadId"])
        if upload is None:
            raise Refusal(404, "NoSuchBucket", "The specified bucket does not exist", BucketName=call.bucket)
        return upload, self.ledger.of_upload(upload)

    def _begun(self, call: Call) -> Any:
        """The upload, if it was begun for this key; else None."""
        upload = self.store.upload(call.bucket, call.query["uploadId"])
        return upload if upload is not None and upload.key_name == call.key else None

    def _again(self, call: Call) -> Answer:
        """Completing twice answers as the first time did."""
        stored = self.store.object(call.bucket, call.key)
        if stored is None or not stored.multipart or stored.multipart.id != call.query["uploadId"]:
            self._upload(call)
        answer = self.store.s3(call.environ)
        if answer.ok:
            self._tell(call, answer, stored)
        return answer

    def _check_key(self, note: UploadNote) -> None:
        if note.seal.key_arn is not None:
            check_usable(self.store, note.seal.key_arn, note.seal.key_arn.split(":")[3])

    def _part_checksum(self, call: Call, upload: Any, number: int, algorithm: str) -> str | None:
        if algorithm in call.digests:
            return call.digests[algorithm]
        data = call.body if call.operation == "UploadPart" else upload.parts[number].value
        return checksums.compute(algorithm, data)

    def _tell(self, call: Call, answer: Answer, stored: Any) -> None:
        note = self.ledger.of(stored)
        if note.seal.customer is None:
            answer.headers.update(note.seal.headers())
        told = {"Location": f"https://{call.headers.get('host', '')}/{call.bucket}/{escape(call.key)}"}
        if note.checksum is not None:
            told |= {
                f"Checksum{note.checksum.algorithm}": note.checksum.value,
                "ChecksumType": note.checksum.type,
            }
        add_elements(answer, "CompleteMultipartUploadResult", told)


def _elements(text: str) -> dict[str, str]:
    return {name: unescape(value, {"&quot;": '"', "&#34;": '"'}) for name, value in _ELEMENT.findall(text)}


def _ascending(parts: list[dict[str, str]]) -> list[int]:
    try:
        numbers = [int(part["PartNumber"]) for part in parts]
    except (KeyError, ValueError):
        message = "The XML you provided was not well-formed or did not validate against our published schema"
        raise Refusal(400, "MalformedXML", message) from None
    if numbers != sorted(set(numbers)):
        message = "The list of parts was not in ascending order. Parts must be ordered by part number."
        raise Refusal(400, "InvalidPartOrder", message)
    return numbers


def _check_parts(parts: list[dict[str, str]], note: UploadNote) -> None:
    for part in parts:
        given = part.get(f"Checksum{note.algorithm}")
        stored = note.parts.get(int(part["PartNumber"]))
        if given is not None and stored is not None and given != stored:
            message = (
                "One or more of the specified parts could not be found.  "
                "The part may not have been uploaded, or "
                "the specified entity tag may not match the part's entity tag."
            )
            raise Refusal(400, "InvalidPart", message, PartNumber=part["PartNumber"])


def _whole(upload: Any, note: UploadNote, numbers: list[int]) -> Checksum | None:
    values = [note.parts.get(number) for number in numbers]
    known = [value for value in values if value is not None]
    if note.algorithm is None or len(known) != len(values) or not known:
        return None
    if note.type == "COMPOSITE":
        value = checksums.composite(note.algorithm, known)
    elif note.algorithm == "CRC32":
        sizes = [int(upload.parts[number].size) for number in numbers]
        value = checksums.combined_crc32(zip(known, sizes, strict=True))
    else:
        value = checksums.compute(note.algorithm, b"".join(upload.parts[number].value for number in numbers))
    return None if value is None else Checksum(note.algorithm, value, note.type)


def _check_whole(call: Call, checksum: Checksum | None, size: int) -> None:
    announced = call.headers.get("x-amz-mp-object-size")
    if announced is not None and announced != str(size):
        raise invalid_request("The provided 'x-amz-mp-object-size' header does not match what was computed.")
    if checksum is None:
        return
    given = call.headers.get(f"x-amz-checksum-{checksum.algorithm.lower()}")
    if given is not None and given.split("-")[0] != checksum.value.split("-")[0]:
        raise bad_digest(checksum.algorithm)
