"""How old a signature may be.

Source: Amazon S3 API Reference, "Amazon S3 Signature Version 4 authentication specific policy keys":
s3:signatureAge, in milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...values import Severity
from ..operators import number
from ..witnesses import presigned
from . import repairs
from .rule import Hit, Rule, Subject
from .search import on, reach

_AGE = "s3:signatureage"
_TOO_YOUNG = 10
"""Nobody hands out a URL that dies within so many seconds."""

_LONGEST = 10**12
"""Milliseconds, and far more than any signature lives."""


def _in_seconds(subject: Subject) -> Iterator[Hit]:
    for each in subject.denies:
        for condition in on(each, _AGE):
            start = reach(subject, each)
            limit = number(condition.values[0]) if len(condition.values) == 1 else None
            if start is None or limit is None or not 0 < limit < _LONGEST:
                continue
            young, old = presigned(start, _TOO_YOUNG), presigned(start, int(limit) + 1)
            fresh = presigned(start, 0)
            refused = subject.applies(each, young) and not subject.applies(each, fresh)
            if not refused and not (_odd(limit) and subject.applies(each, old)):
                continue
            yield Hit(
                f"a presigned URL is denied after {float(limit) / 1000:g} seconds: s3:signatureAge is in "
                f"milliseconds, and {limit} seconds are {int(limit) * 1000}",
                each,
                condition.pointer,
                severity=None if refused else Severity.LOW,
                patch=repairs.values(condition, [str(int(limit) * 1000)]),
            )


def _odd(limit: object) -> bool:
    """A limit up to a week that is whole minutes as seconds, and no whole second as milliseconds."""
    whole = int(str(limit)) if str(limit).isdigit() else 0
    return 0 < whole <= 604_800 and whole % 60 == 0 and whole % 1000 != 0


RULES = (
    Rule(
        "signature-age-in-seconds",
        Severity.HIGH,
        "a signature's age is compared in seconds",
        "s3:signatureAge counts milliseconds. Presigned URLs die before anybody can use them, and so do "
        "requests of clients whose clock is a little slow.",
        "multiply by 1000",
        _in_seconds,
        (),
        ("Amazon S3 API Reference: Amazon S3 Signature Version 4 authentication specific policy keys",),
    ),
)
