"""Server access logs: whether they are written, and whether they arrive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ....errors import PolicyError
from ....policy import UNKNOWN, AccessRequest, Decision, Policy, evaluate
from ....policy.public import is_public
from ....values import Severity
from ...snapshot.values import LogTarget, Snapshot, Unread
from ..check import Check, Found, NotApplicable, Subject, found
from ..standins import standing
from .encryption import S3
from .grants import of_others
from .public import strangers
from .shapes import (
    FLAGS,
    account_of,
    arn_part,
    at,
    mapping,
    named,
    parsed,
    read_setting,
    settled,
    shown,
    text,
)

SERVICE = "logging.s3.amazonaws.com"
_NOBODYS = Unread("nobody knows whose account it is", "sts:GetCallerIdentity")
_SOURCE = 'Amazon S3 User Guide, "Enabling Amazon S3 server access logging"'
_SHUT = (
    "take the statement out of the log bucket's policy: `aws s3api put-bucket-policy --bucket … --policy "
    "file://policy.json`; an account of BucketProfile(admins=…) is expected"
)
_FIX = "`harden` lets the log bucket take the logs; its encryption must be SSE-S3, without Object Lock"


def _access_logging(subject: Subject) -> Iterator[Found]:
    setting, wanted = read_setting(subject, "logging"), subject.profile.log_bucket
    target, prefix = text(setting.get("TargetBucket")), text(setting.get("TargetPrefix"))
    if not target:
        yield found(
            "Requests are not logged: who read or changed what cannot be told afterwards.",
            severity=None if wanted is None else Severity.MEDIUM,
        )
    elif wanted is not None and target != wanted:
        yield found(
            f"Access logs go to {shown(target)}; the profile asks for {shown(wanted)}.",
            severity=Severity.MEDIUM,
        )
    elif wanted is not None and (asked := subject.profile.log_prefix) not in (None, prefix):
        yield found(
            f"Access logs are kept under {shown(prefix) or 'no prefix'}; the profile asks for "
            f"{shown(asked)}.",
            severity=Severity.LOW,
        )


def _log_target(subject: Subject) -> Iterator[Found]:
    setting = read_setting(subject, "logging")
    name = text(setting.get("TargetBucket"))
    if not name:
        raise NotApplicable("access logging is off")
    told = list(_of_the_setting(subject, setting, name))
    missing: list[tuple[str, Unread]] = []
    target = subject.snapshot.log_target
    if isinstance(target, Unread):
        missing.append((f"log bucket {shown(name)}", target))
    elif target is not None and name != subject.snapshot.bucket:
        told += _of_the_target(subject, target, missing)
        told += _place(subject, target, missing)
        told += _delivery(subject, target, text(setting.get("TargetPrefix")), missing)
    worse = [each for each in told if each.severity is not Severity.INFO]
    if missing and not worse:
        yield from settled([], missing)
    yield from told


def _of_the_setting(subject: Subject, setting: Any, name: str) -> Iterator[Found]:
    if name == subject.snapshot.bucket:
        yield found(
            "The bucket logs into itself: every log that is delivered is a request that is logged, without "
            "end.",
        )
    if at(setting, "TargetObjectKeyFormat", "PartitionedPrefix") is None:
        yield found(
            "The logs' keys are not partitioned by date: a look at one day reads them all.",
            "TargetObjectKeyFormat: SimplePrefix",
            severity=Severity.INFO,
            fix="`aws s3api put-bucket-logging` with TargetObjectKeyFormat={PartitionedPrefix={"
            "PartitionDateSource=EventTime}}",
        )


def _of_the_target(subject: Subject, target: LogTarget, missing: list[tuple[str, Unread]]) -> Iterator[Found]:
    """What is wrong with the settings of the log bucket."""
    name = shown(target.bucket)
    if isinstance(target.encryption, Unread):
        missing.append((f"encryption of {name}", target.encryption))
    elif (algorithm := text(mapping(target.encryption).get("SSEAlgorithm"))) not in ("", S3):
        yield found(
            f"No logs arrive in {name}: S3 delivers to buckets with SSE-S3 as their default only.",
            f"SSEAlgorithm of {name}: {shown(algorithm)}",
        )
    if isinstance(target.object_lock, Unread):
        missing.append((f"Object Lock of {name}", target.object_lock))
    elif mapping(target.object_lock).get("ObjectLockEnabled") == "Enabled":
        yield found(
            f"No logs arrive in {name}: S3 does not deliver to buckets with Object Lock.",
        )


def _place(subject: Subject, target: LogTarget, missing: list[tuple[str, Unread]]) -> Iterator[Found]:
    region, name = subject.snapshot.region, shown(target.bucket)
    if isinstance(region, Unread):
        missing.append(("region", region))
    elif isinstance(target.region, Unread):
        missing.append((f"region of {name}", target.region))
    elif region and target.region not in ("", region):
        yield found(
            f"No logs arrive in {name}: it is in {shown(target.region)}, and logs stay within their region.",
        )


def _delivery(
    subject: Subject, target: LogTarget, prefix: str, missing: list[tuple[str, Unread]]
) -> Iterator[Found]:
    """Whether the log bucket's policy lets the service deliver, for this bucket alone, and nobody read."""
    name = shown(target.bucket)
    if isinstance(target.policy, Unread):
        missing.append((f"policy of {name}", target.policy))
        return
    try:
        policy = None if target.policy is None else parsed(text(target.policy))
    except PolicyError:
        missing.append((f"policy of {name}", Unread("it is no policy document")))
        return
    yield from _exposed(subject, target, policy, missing)
    if policy is not None:
        yield from _readers(subject, target, policy, missing)
    yield from _arriving(subject, target, policy, prefix)


def _arriving(subject: Subject, target: LogTarget, policy: Policy | None, prefix: str) -> Iterator[Found]:
    name, account = shown(target.bucket), account_of(subject)
    decision = _asked(subject, target, policy, prefix, subject.arn, account)
    if decision.outcome == "explicitly_denied":
        yield found(
            f"No logs arrive in {name}: its policy denies the delivery.",
            *(f"denied by {shown(each.statement.name)}" for each in decision.reasons if each.statement),
        )
    elif decision.outcome == "unknown":
        yield found(
            f"Whether logs arrive in {name} depends on {named(decision.unknown_keys)}.",
            severity=Severity.LOW,
        )
    elif not decision.allowed:
        by_acl = target.ownership in ("ObjectWriter", "BucketOwnerPreferred")
        yield found(
            f"The policy of {name} does not let S3 deliver logs"
            + ("; perhaps its ACL does." if by_acl else ": none arrive."),
            f"s3:PutObject by {SERVICE}: {decision.outcome.replace('_', ' ')}",
            severity=Severity.LOW if by_acl else None,
        )
    elif _asked(subject, target, policy, prefix, f"{subject.arn}-other", _stranger(account)).allowed:
        yield found(
            f"Anybody may have logs delivered to {name}, and so forge yours: its policy names no source.",
            f"s3:PutObject by {SERVICE} for another account's bucket: allowed",
            severity=Severity.LOW,
        )


def _stranger(account: str | None) -> str:
    return "444455556666" if account != "444455556666" else "111122223333"


def _exposed(
    subject: Subject, target: LogTarget, policy: Policy | None, missing: list[tuple[str, Unread]]
) -> Iterator[Found]:
    """Logs tell keys, addresses and people: they are no less secret than the data."""
    if isinstance(target.public_access_block, Unread):
        missing.append((f"Block Public Access of {shown(target.bucket)}", target.public_access_block))
        return
    own, whole = mapping(target.public_access_block), mapping(subject.told("account_public_access_block", {}))
    off = [each for each in FLAGS if own.get(each) is not True and whole.get(each) is not True]
    if policy is not None and "RestrictPublicBuckets" in off and is_public(policy):
        yield found(
            f"The logs in {shown(target.bucket)} are public.",
            "RestrictPublicBuckets: false",
            severity=Severity.HIGH,
        )
        return
    if off:
        yield found(
            f"The log bucket {shown(target.bucket)} does not block public access in full.",
            *(f"{each}: false" for each in off),
            severity=Severity.LOW,
        )


def _readers(
    subject: Subject, target: LogTarget, policy: Policy, missing: list[tuple[str, Unread]]
) -> Iterator[Found]:
    """Whom else than the account the policy lets at the logs: strangers, and accounts that it names."""
    name, account = shown(target.bucket), account_of(subject)
    if account is None:
        missing.append(("account", _NOBODYS))
        return
    stands = standing(_as_subject(subject, target))
    opened = [stands.restored(each) for each in strangers(stands.policy)]
    restricted = _restricted(subject, target)
    if is_public(policy):  # what S3 takes for public, Block Public Access restricts to the account
        if opened and restricted:
            yield found(
                f"Only Block Public Access keeps strangers from the logs in {name}.",
                *(each.message for each in opened[:4]),
                severity=Severity.MEDIUM,
                fix=_SHUT,
            )
        return
    for each in opened:
        told = each.message.rstrip(".")
        yield found(f"Strangers reach the logs in {name}: {told}.", severity=Severity.HIGH, fix=_SHUT)
    own = text(at(subject.told("acl", {}), "Owner", "ID")) or None
    friends = {arn_part(each, 4) for each in subject.profile.admins} - {"", account}
    for each in map(stands.restored, of_others(stands.policy, own)):
        who = each.message.partition(" may ")[0]
        if not any(friend in who for friend in friends):
            told = each.message.rstrip(".")
            yield found(f"Other accounts reach the logs in {name}: {told}.", *each.evidence, fix=_SHUT)


def _as_subject(subject: Subject, target: LogTarget) -> Subject:
    """The log bucket as if it were the one that is audited; S3 delivers within an account only."""
    shot = Snapshot(
        bucket=target.bucket,
        taken_at=subject.snapshot.taken_at,
        partition=subject.snapshot.partition,
        account=subject.snapshot.account,
        policy=target.policy,
    )
    return Subject(shot, subject.profile)


def _restricted(subject: Subject, target: LogTarget) -> bool:
    """Whether Block Public Access restricts the log bucket, by its own switch or the account's."""
    settings = (target.public_access_block, subject.told("account_public_access_block", {}))
    return any(mapping(each).get("RestrictPublicBuckets") is True for each in settings)


def _asked(
    subject: Subject, target: LogTarget, policy: Policy | None, prefix: str, source: str, account: str | None
) -> Decision:
    """The delivery of a log, as S3 requests it."""
    partition = subject.snapshot.partition
    context: dict[str, Any] = {
        "aws:SecureTransport": True,
        "s3:TlsVersion": "1.3",
        "s3:authType": "REST-HEADER",
        "s3:signatureversion": "AWS4-HMAC-SHA256",
        "s3:signatureAge": "0",
        "s3:ObjectCreationOperation": True,
        "aws:SourceArn": source,
        "aws:SourceAccount": account or UNKNOWN,
        "aws:ViaAWSService": False,
    }
    key = f"{prefix}2026-01-01-00-00-00-0123456789ABCDEF"
    request = AccessRequest(
        "s3:PutObject",
        f"arn:{partition}:s3:::{target.bucket}/{key}",
        SERVICE,
        context,
        resource_account=account_of(subject),
        unknown=("aws:PrincipalOrgID", "aws:SourceOrgID", "aws:SourceOrgPaths", "aws:ResourceOrgID"),
    )
    return evaluate(request, resource_policy=policy)


CHECKS: tuple[Check, ...] = (
    Check(
        id="access-logging",
        title="Requests are logged",
        topic="monitoring",
        severity=Severity.MEDIUM,
        reads=("logging",),
        why="Access logs tell who asked for which object, from where, and over which TLS version.",
        fix="`harden` switches logging on if the profile names a bucket: BucketProfile(log_bucket=…)",
        judge=_access_logging,
        refs=(
            *("SecurityHub:S3.9", "CIS-5.0:3.4", "checkov:CKV_AWS_18"),
            "prowler:s3_bucket_server_access_logging_enabled",
        ),
        seeds=("access logging (partitioned prefixes)",),
        hardened=True,
        recommended=True,
        source=_SOURCE,
    ),
    Check(
        id="log-target",
        title="Access logs arrive, and only there",
        topic="monitoring",
        severity=Severity.MEDIUM,
        reads=("logging", "log_target", "region", "account", "account_public_access_block", "acl"),
        why="S3 does not say so when it cannot deliver: logs are then simply missing. Whoever reads them "
        "knows your keys and your people; whoever changes them leaves no trace.",
        fix=_FIX,
        judge=_log_target,
        refs=("SecurityHub:S3.9",),
        seeds=("access logging (partitioned prefixes)",),
        hardened=True,
        source=_SOURCE,
    ),
)
