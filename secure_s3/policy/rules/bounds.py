"""What tells that a policy was too intricate to be judged in full."""

from __future__ import annotations

from collections.abc import Iterator

from ...values import Severity
from .rule import EFFORT, Hit, Rule, Subject


def _given_up(subject: Subject) -> Iterator[Hit]:
    if subject.effort.spent:
        yield Hit(f"{EFFORT:,} requests were tried; what more would have shown is not known")


RULES = (
    Rule(
        "judged-in-part",
        Severity.INFO,
        "the policy was not judged in full",
        "Rules look for requests that show a fault, and a lint tries a limited number of them. A policy that "
        "uses them up has hundreds of conditions or statements that hang together; it may have faults that "
        "are not told.",
        "split the policy, or write it with fewer statements and keys",
        _given_up,
        refs=("Amazon S3 User Guide: Bucket policies for Amazon S3",),
    ),
)
