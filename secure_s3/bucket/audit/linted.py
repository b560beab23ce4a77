"""What lint says of a policy, once for all checks that ask, and which of its rules belong to which check."""

from __future__ import annotations

import re
from functools import lru_cache

from ...policy.linter import lint_without
from ...policy.rules.rule import ACCESS_POINT, BUCKET
from ...policy.statement import Statement
from ...values import Finding, Severity
from .standins import BucketPolicy

PUBLIC = frozenset(
    {"public-write", "public-read", "public-if-https", "header-as-protection", "allow-not-principal"}
)
"""Rules whose findings on an Allow say that strangers get in; ``empty-set-allows`` too, where it says so."""
LOCKED = frozenset({"policy-locked"})
TRAVEL = frozenset(
    {
        "https-bucket-only",
        "https-objects-only",
        "https-gap",
        "tls-version-lets-http-pass",
        "tls-version-gap",
        "public-acl-passes",
    }
)
"""Rules about half-hearted Denies, which secure-transport, tls-version and public-acls-denied judge."""
_EMPTY = "empty-set-allows"
_PLACE = re.compile(r"/Statement(?:/([0-9]+))?(?=/|$)")


def linted(policy: BucketPolicy, *, access_point: bool = False) -> tuple[Finding, ...]:
    """All that lint finds beside TRAVEL, the worst first."""
    return _linted(policy, ACCESS_POINT if access_point else BUCKET)


@lru_cache(maxsize=512)
def _linted(policy: BucketPolicy, kind: str) -> tuple[Finding, ...]:
    return tuple(lint_without(TRAVEL, policy.policy, bucket=policy.bucket, kind=kind))


def statement_of(policy: BucketPolicy, finding: Finding) -> Statement | None:
    """The statement that a finding is about."""
    place = _PLACE.match(finding.pointer or "")
    index = int(place[1] or 0) if place else len(policy.policy.statements)
    return policy.policy.statements[index] if index < len(policy.policy.statements) else None


def openings(policy: BucketPolicy, *, access_point: bool = False) -> tuple[Finding, ...]:
    """The findings that say that strangers get in by an Allow."""
    return tuple(
        each
        for each in linted(policy, access_point=access_point)
        if each.rule in PUBLIC or (each.rule == _EMPTY and each.severity >= Severity.HIGH)
        if (statement := statement_of(policy, each)) is not None and statement.effect == "Allow"
    )
