"""Uploads: headers that parts cannot carry, bodies that are not signed, headers asked of what has none.

Sources: Amazon S3 User Guide, "Enforce conditional writes on Amazon S3 buckets"; Amazon S3 API Reference,
"Amazon S3 Signature Version 4 authentication specific policy keys".
"""

from __future__ import annotations

from collections.abc import Iterator

from ...values import Severity
from ..witnesses import with_context
from . import repairs
from .rule import Hit, Rule, Subject
from .search import denied, negated, on, reach

CREATES = "s3:ObjectCreationOperation"
_MATCHES = ("s3:if-none-match", "s3:if-match")
_BODY = "s3:x-amz-content-sha256"
_UNSIGNED = ("UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")


def _parts_denied(subject: Subject) -> Iterator[Hit]:
    for each in subject.denies:
        for condition in on(each, *_MATCHES):
            found = reach(subject, each, ("s3:PutObject",))
            if found is None or found.lookup(condition.folded) is not None:
                continue
            with_header = with_context(found, {condition.key: "*"})
            part = with_context(found, {CREATES: False})
            if not subject.applies(each, with_header) and subject.applies(each, part):
                yield Hit(
                    "multipart uploads are denied: UploadPart and CreateMultipartUpload are s3:PutObject "
                    f"and have no {condition.key}, which only CompleteMultipartUpload carries",
                    each,
                    condition.pointer,
                    patch=repairs.conditions(each, more={"Bool": {CREATES: "true"}}),
                )
                break


def _unsigned_passes(subject: Subject) -> Iterator[Hit]:
    for each in subject.denies:
        for condition in on(each, _BODY):
            if negated(condition):
                continue  # it asks for a body that is not signed
            found = reach(subject, each, fixed=(_BODY.lower(),)) or reach(subject, each)
            if found is None:
                continue
            by_value = {value: with_context(found, {_BODY: value}) for value in _UNSIGNED}
            caught = [value for value in _UNSIGNED if subject.applies(each, by_value[value])]
            passing = [value for value in _UNSIGNED if not denied(subject, by_value[value])]
            if caught and passing:
                yield Hit(
                    f"an unsigned body passes as {passing[0]}, which SDKs send over HTTPS; only {caught[0]} "
                    "is denied",
                    each,
                    condition.pointer,
                    patch=repairs.values(condition, (*condition.values, *passing)),
                )


RULES = (
    Rule(
        "if-none-match-of-parts",
        Severity.MEDIUM,
        "a conditional write is required of parts too",
        "Every request of a multipart upload but the last is s3:PutObject without the header: large uploads "
        "fail.",
        f'add Bool {CREATES} "true" to the block',
        _parts_denied,
        (),
        ("Amazon S3 User Guide: Enforce conditional writes on Amazon S3 buckets",),
    ),
    Rule(
        "unsigned-body-passes",
        Severity.LOW,
        "bodies without a signature pass under another value",
        "Two values of x-amz-content-sha256 say that the body is not signed. boto3 sends the second whenever "
        "it puts a checksum behind the body.",
        f"list {' and '.join(_UNSIGNED)}",
        _unsigned_passes,
        (),
        ("Amazon S3 API Reference: Amazon S3 Signature Version 4 authentication specific policy keys",),
    ),
)
