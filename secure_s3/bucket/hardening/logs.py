"""Server access logs: switched on, and the bucket for them opened to S3's log delivery. Pure.

Sources: Amazon S3 User Guide, "Enabling Amazon S3 server access logging", "Logging requests with server
access logging", "Object Lock considerations": the bucket for logs is of the same region and account, has
SSE-S3 as its default encryption, no Object Lock, and is not the bucket itself, whose logs would be logged
without end.
"""

from __future__ import annotations

from typing import Any

from ...policy import statements as make
from ...policy.document import Policy
from ...policy.evaluator import evaluate
from ...policy.lockout import UNSEEN
from ...policy.request import AccessRequest
from ..audit.check import NotRead, Subject, known
from ..snapshot.values import LogTarget, Unread
from .deliveries import LOGGING_SERVICE
from .lockouts import check_lockout
from .plan import Change
from .policies import put_in, too_long
from .sentences import policy_lines, sentences
from .steps import Steps, blocked, bucket_change
from .telling import difference

TARGET_POLICY = "log_target.policy"
_TITLE = "Access logging"
_DENIED = (
    "a statement of its policy denies what S3 delivers, which names no encryption. Spare services of AWS "
    "there (aws:PrincipalIsAWSService)"
)
_PARTITIONED = {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}}


def access_logging(subject: Subject) -> Steps:
    """Logs into the profile's bucket; first its policy, for S3 refuses a bucket that it may not write to.

    Raises:
        LockoutRefused: The policy that is in the bucket for logs locks out the caller or an administrator.
    """
    name = subject.profile.log_bucket
    if name is None:
        return
    before = subject.read("logging")
    if name == subject.snapshot.bucket:
        why = "a bucket that is logged into itself logs every log, without end. Name another one"
        yield blocked("access-logging", _TITLE, why)
        return
    after = _logging(subject, before, name)
    target = _target(subject, name)
    if why := _unfit(subject, target):
        yield blocked("access-logging", f"{_TITLE} into {name}", why)
        return
    policy = list(_target_policy(subject, target, after["TargetPrefix"]))
    yield from policy
    if after == before or not all(isinstance(each, Change) for each in policy):
        return
    yield bucket_change(
        subject,
        "access-logging",
        f"{_TITLE}: into {name}",
        "put_bucket_logging",
        {"BucketLoggingStatus": {"LoggingEnabled": after}},
        field="logging",
        before=before,
        after=after,
        diff=difference(before, after),
        notes=(
            "S3 delivers within hours and does not promise every record; logs grow: give them a lifecycle",
        ),
    )


def _logging(subject: Subject, before: Any, name: str) -> dict[str, Any]:
    """What is there, if it goes to the right place; else a new one, partitioned by the date of the event."""
    prefix = subject.profile.log_prefix
    if before.get("TargetBucket") == name:
        return {**before, "TargetPrefix": before.get("TargetPrefix", "") if prefix is None else prefix}
    default = f"{subject.snapshot.bucket}/"
    return {
        "TargetBucket": name,
        "TargetPrefix": default if prefix is None else prefix,
        "TargetObjectKeyFormat": _PARTITIONED,
    }


def _target(subject: Subject, name: str) -> LogTarget:
    """The bucket for logs, as it was read: it need not be the one that logs go to now."""
    for field in ("wanted_log_target", "log_target"):
        found = getattr(subject.snapshot, field)
        if isinstance(found, LogTarget) and found.bucket == name:
            return found
    raise NotRead(f"the bucket for logs, {name},", Unread("it was not asked for"))


def _unfit(subject: Subject, target: LogTarget) -> str:
    """Why S3 would not, or could not, deliver there; empty if it can."""
    region, here = known(f"the region of {target.bucket}", target.region), subject.read("region")
    if region != here:
        return f"it is in {region} and the bucket in {here}: S3 delivers within a region only"
    algorithm = known(f"the encryption of {target.bucket}", target.encryption).get("SSEAlgorithm", "AES256")
    if algorithm != "AES256":
        return f"its default encryption is {algorithm}, and S3 delivers logs under SSE-S3 (AES256) only"
    lock = known(f"Object Lock of {target.bucket}", target.object_lock)
    if lock.get("ObjectLockEnabled") == "Enabled" or lock.get("Rule", {}).get("DefaultRetention"):
        return "it has Object Lock, and S3 delivers no logs into a bucket with Object Lock. Name another one"
    return ""


def _target_policy(subject: Subject, target: LogTarget, prefix: str) -> Steps:
    """Its policy with an Allow for the log delivery of this bucket, unless it lets that in already."""
    text = known(f"the policy of {target.bucket}", target.policy)
    existing = subject.parsed(text)
    account, title = subject.read("account"), f"Policy of {target.bucket}: let the logs in"
    allows = make.allow_log_delivery(
        target.bucket,
        subject.snapshot.bucket,
        account,
        prefix=prefix,
        partition=subject.snapshot.partition,
    )
    if existing is not None and _delivers(subject, target, prefix, existing) == "allowed":
        return
    merged = put_in(existing, [allows])
    if merged is None:  # it is there already, and a Deny may stand beside it
        return
    outcome = _delivers(subject, target, prefix, merged.policy)
    if why := too_long(merged.policy) or (_DENIED if outcome == "explicitly_denied" else ""):
        yield blocked("log-target", title, why)
        return
    notes = list(check_lockout(subject, merged.policy, target.bucket))
    if outcome != "allowed":
        notes.append("whether its Denies let the logs in depends on what only S3 knows: look for logs")
    yield bucket_change(
        subject,
        "log-target",
        title,
        "put_bucket_policy",
        {"Policy": merged.policy.to_json(indent=None)},
        field=TARGET_POLICY,
        before=text,
        after=merged.policy.to_json(indent=None),
        checks=("log-target", "access-logging"),
        diff=policy_lines(merged.added),
        summary=sentences(merged.added),
        notes=tuple(notes),
        bucket=target.bucket,
    )


def _delivers(subject: Subject, target: LogTarget, prefix: str, policy: Policy) -> str:
    """What a policy does to a log that S3 delivers."""
    partition, account = subject.snapshot.partition, subject.read("account")
    request = AccessRequest(
        "s3:PutObject",
        f"arn:{partition}:s3:::{target.bucket}/{prefix}log",
        LOGGING_SERVICE,
        {
            "aws:SecureTransport": True,
            "aws:SourceArn": subject.arn,
            "aws:SourceAccount": account,
            "s3:ObjectCreationOperation": True,
        },
        (*UNSEEN, "s3:TlsVersion", "s3:x-amz-acl", "aws:ViaAWSService"),
        resource_account=account,
    )
    return str(evaluate(request, resource_policy=policy).outcome)
