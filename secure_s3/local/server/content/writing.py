"""PutObject and CopyObject: encrypted as asked or by default, and remembered so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote

from ..call import Answer, Call
from ..faults import invalid_argument
from ..ledger import Ledger, ObjectNote
from ..plain import is_form_type
from ..store import Store
from . import checksums
from .checksums import Checksum
from .encryption import asked_by
from .kms import seal_for
from .reading import Reader

__all__ = ["Writer", "add_elements", "copy_source"]


@dataclass(frozen=True)
class Writer:
    """Answers requests that make an object in one step."""

    store: Store
    ledger: Ledger
    reader: Reader

    def put(self, call: Call) -> Answer:
        """PutObject."""
        asked = asked_by(call.headers)
        bucket = self.store.bucket(call.bucket)
        if bucket is None:
            return self.store.s3(call.environ)
        seal = seal_for(self.store, bucket, asked)
        form = _hide_form_type(call)
        answer = self.store.s3(call.environ)
        if answer.ok:
            stored = self.store.object(call.bucket, call.key)
            found = next(iter(call.digests.items()), None)
            self.ledger.note(stored, ObjectNote(seal, Checksum(*found) if found else None))
            if form:
                stored.set_metadata({"Content-Type": form})
            answer.headers.update(seal.headers())
            if found:
                answer.headers[f"x-amz-checksum-{found[0].lower()}"] = found[1]
                answer.headers["x-amz-checksum-type"] = "FULL_OBJECT"
        return answer

    def copy(self, call: Call) -> Answer:
        """CopyObject; the new object's encryption is never taken from its source."""
        asked = asked_by(call.headers)
        source = self.reader.check(*copy_source(call), call.headers, source=True)
        bucket = self.store.bucket(call.bucket)
        if bucket is None or source is None:
            return self.store.s3(call.environ)
        seal = seal_for(self.store, bucket, asked)
        if (call.bucket, call.key) == copy_source(call)[:2] and asked.customer is not None:
            call.environ["HTTP_X_AMZ_SERVER_SIDE_ENCRYPTION"] = "AES256"  # for moto: something changes
        wanted = call.headers.get("x-amz-checksum-algorithm", "").upper()
        call.without("x-amz-checksum-algorithm")
        before = self.ledger.of(source).checksum
        answer = self.store.s3(call.environ)
        if answer.ok:
            stored = self.store.object(call.bucket, call.key)
            checksum = self._copied_checksum(stored, wanted, before)
            self.ledger.note(stored, ObjectNote(seal, checksum))
            answer.headers.update(seal.headers())
            if checksum is not None:
                told = {f"Checksum{checksum.algorithm}": checksum.value, "ChecksumType": checksum.type}
                add_elements(answer, "CopyObjectResult", told)
        return answer

    def _copied_checksum(self, stored: Any, wanted: str, before: Checksum | None) -> Checksum | None:
        algorithm = wanted or (before.algorithm if before else "")
        if not algorithm:
            return None
        if before is not None and before.algorithm == algorithm and before.type == "FULL_OBJECT":
            return before
        value = checksums.compute(algorithm, stored.value) if algorithm in checksums.ALGORITHMS else None
        return None if value is None else Checksum(algorithm, value)


def copy_source(call: Call) -> tuple[str, str, str | None]:
    """Bucket, key and version of x-amz-copy-source."""
    path, _, query = call.headers["x-amz-copy-source"].partition("?")
    bucket, slash, key = unquote(path).lstrip("/").partition("/")
    if not slash or not key:
        message = "Copy Source must mention the source bucket and key: sourcebucket/sourcekey"
        raise invalid_argument(message, "x-amz-copy-source", call.headers["x-amz-copy-source"])
    return bucket, key, parse_qs(query).get("versionId", [None])[0]


def add_elements(answer: Answer, parent: str, elements: dict[str, str]) -> None:
    """Write what moto left out into its XML answer, replacing what it said otherwise."""
    text = b"".join(answer.body).decode()
    inner = ""
    for name, value in elements.items():
        start = text.find(f"<{name}>")
        if start >= 0:
            stop = text.index(f"</{name}>", start) + len(name) + 3
            text = text[:start] + text[stop:]
        inner += f"<{name}>{value}</{name}>"
    text = text.replace(f"</{parent}>", f"{inner}</{parent}>")
    answer.body = [text.encode()]
    answer.headers["Content-Length"] = str(len(answer.body[0]))


def _hide_form_type(call: Call) -> str | None:
    """moto reads a body of this type as a form and stores nothing; the type is put back afterwards."""
    kind = str(call.environ.get("CONTENT_TYPE", ""))
    if not is_form_type(kind):
        return None
    call.environ["CONTENT_TYPE"] = "binary/octet-stream"
    return kind
