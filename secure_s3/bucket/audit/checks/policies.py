"""The bucket policy as a text: what lint says beyond the other checks, and who is locked out of it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from ....policy.lockout import lockout
from ....policy.witnesses import OWNER
from ....values import Finding, Severity
from ...snapshot.values import Unread
from ..check import Check, Found, NotRead, Subject, found
from ..linted import LOCKED, linted, openings, statement_of
from ..standins import BucketPolicy, standing

_CLOUDFRONT = "cloudfront.amazonaws.com"
_STRICT = frozenset({"sse-default-denied", "sse-key-default-denied"})
"""Uploads without headers are denied, which a strict profile asks for."""
_WITHOUT_DSSE = frozenset({"sse-dsse-denied"})
"""Dual-layer encryption is denied, which a profile that does not list it asks for."""
_REMEMBERED = 512


def _faults(subject: Subject) -> Iterator[Found]:
    stands = standing(subject)
    meant = set(_STRICT) if subject.profile.strict else set()
    if "aws:kms:dsse" not in subject.profile.algorithms:
        meant |= _WITHOUT_DSSE
    for rule, each in _beyond(stands.policy):
        if rule not in meant:
            yield stands.restored(each)


@lru_cache(maxsize=_REMEMBERED)
def _beyond(policy: BucketPolicy) -> tuple[tuple[str, Found], ...]:
    """What no other check says."""
    if policy.missing:
        return ()
    said = {(each.rule, each.pointer) for each in openings(policy)}
    return tuple(
        (each.rule, _of(each))
        for each in linted(policy)
        if (each.rule, each.pointer) not in said
        and each.rule not in LOCKED
        and not _is_of_cloudfront(policy, each)
    )


def _is_of_cloudfront(policy: BucketPolicy, finding: Finding) -> bool:
    """cloudfront-origin says it."""
    if finding.rule != "service-without-source":
        return False
    statement = statement_of(policy, finding)
    who = statement.principals if statement else None
    return who is not None and set(who.service) == {_CLOUDFRONT}


def _of(finding: Finding) -> Found:
    return found(
        finding.message,
        f"rule: {finding.rule}",
        severity=min(finding.severity, Severity.HIGH),
        statement=finding.statement,
        pointer=finding.pointer,
        fix=finding.fix,
    )


def _locked(subject: Subject) -> Iterator[Found]:
    """Whoever reads now, and the profile's administrators; and whether only the root user is left."""
    stands = standing(subject)
    account = OWNER if subject.told("account") else None
    caller = subject.snapshot.caller
    known = () if isinstance(caller, Unread) else (caller,)
    for who in dict.fromkeys((*known, *subject.profile.admins)):
        yield from map(stands.restored, _locked_out(stands.policy, stands.under(who), account))
    yield from map(stands.restored, _root_alone(stands.policy))
    if isinstance(caller, Unread) and not subject.profile.admins:
        raise NotRead("caller", caller)


@lru_cache(maxsize=_REMEMBERED)
def _locked_out(policy: BucketPolicy, principal: str, account: str | None) -> tuple[Found, ...]:
    if not any(each.effect == "Deny" for each in policy.policy.statements):
        return ()
    result = lockout(policy.policy, principal, bucket=policy.bucket, account=account)
    keys = f", decided by {', '.join(result.keys)}" if result.keys else ""
    outcomes = [f"{action}: {each.outcome.replace('_', ' ')}" for action, each in result.decisions.items()]
    may = "could not" if result.verdict == "certain" else "perhaps could not"
    return tuple(
        found(
            f"{principal} {may} change the bucket policy any more{keys}",
            *outcomes,
            severity=each.severity,
            statement=each.statement,
            pointer=each.pointer,
        )
        for each in result.findings
    )


@lru_cache(maxsize=_REMEMBERED)
def _root_alone(policy: BucketPolicy) -> tuple[Found, ...]:
    """No session or user can change the policy: lint looks for one."""
    if policy.missing:
        return ()
    return tuple(_of(each) for each in linted(policy) if each.rule in LOCKED)


CHECKS = (
    Check(
        id="policy-faults",
        title="The bucket policy does what it says",
        topic="access",
        severity=Severity.MEDIUM,
        reads=("policy",),
        why="A misspelt key, a wrong ARN or operator makes a statement that AWS takes and that does nothing, "
        "or something else.",
        fix="mend the statement; secure-s3 policy lint explains each rule",
        judge=_faults,
        refs=("IAM User Guide: IAM JSON policy elements reference",),
        seeds=("least-privilege IAM, no overly permissive bucket policy",),
        source='IAM User Guide, "IAM JSON policy elements reference"',
    ),
    Check(
        id="policy-lockout",
        title="Who administers the bucket can change its policy",
        topic="access",
        severity=Severity.HIGH,
        reads=("policy", "caller"),
        why="A bucket policy binds those who administer the bucket as well. What locks them out only the "
        "root user of the account takes back.",
        fix="exempt administrators by ArnNotLike aws:PrincipalArn",
        judge=_locked,
        refs=("checkov:CKV_AWS_93", "Amazon S3 API Reference: PutBucketPolicy"),
        seeds=("least-privilege IAM, no overly permissive bucket policy",),
        source="Amazon S3 API Reference, PutBucketPolicy",
    ),
)
