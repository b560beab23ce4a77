"""GetObject and HeadObject: the right to read, the headers that S3 adds, and ranges without copies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..call import SSE, Answer, Call
from ..faults import Refusal
from ..ledger import Ledger
from ..store import Store
from .customer import check_object, customer_key
from .encryption import refuse_on_reads
from .kms import check_usable

__all__ = ["Reader"]


@dataclass(frozen=True)
class Reader:
    """Answers requests that read one object."""

    store: Store
    ledger: Ledger

    def check(
        self, bucket: str, key: str, version: str | None, headers: dict[str, str], *, source: bool
    ) -> Any:
        """The object, if this request may read it, or None if there is none; KMS keys must be usable."""
        stored = self.store.object(bucket, key, version)
        brought = customer_key(headers, source=source)
        if stored is None:
            return None
        seal = self.ledger.of(stored).seal
        check_object(seal.customer, brought)
        if seal.key_arn is not None:
            check_usable(self.store, seal.key_arn, seal.key_arn.split(":")[3])
        return stored

    def head(self, call: Call) -> Answer:
        """HeadObject; it asks nothing of KMS."""
        refuse_on_reads(call.headers)
        brought = customer_key(call.headers)
        stored = self.store.object(call.bucket, call.key, call.version)
        if stored is not None:
            check_object(self.ledger.of(stored).seal.customer, brought)
        answer = self.store.s3(call.environ)
        if stored is not None and answer.status < 300:
            self._describe(answer, call, stored, whole=answer.status == 200)
        return answer

    def get(self, call: Call) -> Answer:
        """GetObject."""
        refuse_on_reads(call.headers)
        stored = self.check(call.bucket, call.key, call.version, call.headers, source=False)
        wanted = call.environ.pop("HTTP_RANGE", None)
        answer = self.store.s3_without_content(call.environ)
        if stored is None or not answer.ok:
            return answer
        begin, end = 0, int(stored.size)
        if wanted is not None and answer.status == 200:
            begin, end = _range(wanted, end)
        if (begin, end) != (0, stored.size) or (wanted is not None and end and _is_range(wanted)):
            answer.status = 206
            answer.headers["Content-Range"] = f"bytes {begin}-{end - 1}/{stored.size}"
        self._describe(answer, call, stored, whole=end - begin == stored.size)
        answer.headers["Content-Length"] = str(end - begin)
        answer.body = self.store.content(stored, begin, end)
        return answer

    def attributes(self, call: Call) -> Answer:
        """GetObjectAttributes."""
        self.check(call.bucket, call.key, call.version, call.headers, source=False)
        return self.store.s3(call.environ)

    def _describe(self, answer: Answer, call: Call, stored: Any, *, whole: bool) -> None:
        note = self.ledger.of(stored)
        for name in [name for name, _value in answer.headers if name.lower().startswith(SSE)]:
            answer.headers.remove(name)
        answer.headers.update(note.seal.headers())
        for name in [name for name, _value in answer.headers if name.lower().startswith("x-amz-checksum-")]:
            answer.headers.remove(name)
        if (
            note.checksum is not None
            and whole
            and call.headers.get("x-amz-checksum-mode", "").upper() == "ENABLED"
        ):
            answer.headers[f"x-amz-checksum-{note.checksum.algorithm.lower()}"] = note.checksum.value
            answer.headers["x-amz-checksum-type"] = note.checksum.type


def _is_range(wanted: str) -> bool:
    unit, _, spec = wanted.partition("=")
    first, dash, last = spec.partition("-")
    numbers = all(part.strip().isdigit() or not part for part in (first, last)) and bool(first or last)
    in_order = not (first and last and numbers) or int(first) <= int(last)
    return unit.strip() == "bytes" and bool(dash) and numbers and in_order


def _range(wanted: str, size: int) -> tuple[int, int]:
    """Begin and end of the range; a range that is none means everything, as on S3.

    Raises:
        Refusal: 416 InvalidRange.
    """
    if not _is_range(wanted):
        return 0, size
    first, _, last = wanted.partition("=")[2].partition("-")
    if first:
        begin, end = int(first), min(int(last) + 1, size) if last else size
    else:
        begin, end = max(0, size - int(last)), size
    if begin >= size:
        message = "The requested range is not satisfiable"
        raise Refusal(416, "InvalidRange", message, RangeRequested=wanted, ActualObjectSize=str(size))
    return begin, end
