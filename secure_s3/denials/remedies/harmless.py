"""Whether a changed policy is worse than before, as the linter sees it."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

from ...policy.document import Policy
from ...policy.harms import harm
from ...policy.linter import RULES
from ...policy.rules.rule import Subject
from ...policy.stumbles import without_hearsay
from ...values import Severity

_GRAVE = (Severity.HIGH, Severity.CRITICAL)
_LONG = 40 * 1024
"""Longer policies than this are not judged; AWS takes none above 32 KB."""


def objection(before: Policy | None, after: Policy, kind: str, bucket: str | None) -> str:
    """Why a change must not be proposed; empty where nothing speaks against it.

    A grave finding that was not there before, or something allowed to strangers that was not. A document
    that is new has only the former.
    """
    if after.size > _LONG:
        return "the policy is too long"
    known = Counter(_grave(before, kind, bucket)) if before is not None else Counter[str]()
    for rule in _grave(after, kind, bucket):
        known[rule] -= 1
        if known[rule] < 0:
            return f"it would lead to {rule}"
    if before is None:
        return ""
    return harm(Subject(before, kind, bucket), Subject(after, kind, bucket))


@lru_cache(maxsize=64)
def _grave(policy: Policy, kind: str, bucket: str | None) -> tuple[str, ...]:
    subject = Subject(policy, kind, bucket)
    found = [finding for rule in RULES for finding in rule.findings(subject)]
    return tuple(each.rule for each in without_hearsay(subject, found) if each.severity in _GRAVE)
