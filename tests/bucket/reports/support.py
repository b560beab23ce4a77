"""Audits made by hand: of a bucket that is neither in order nor fully readable, and of others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from secure_s3.bucket.audit.check import Check, Found, NotApplicable, NotRead, Subject, found
from secure_s3.bucket.audit.judging import Audit, judge_all
from secure_s3.bucket.snapshot.values import Key, Snapshot, Unread
from secure_s3.bucket.wanted import BucketProfile
from secure_s3.values import Severity

BUCKET = "amzn-s3-demo-bucket"
ROLE = "arn:aws:sts::111122223333:assumed-role/Auditor/ci"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
DENIED = Unread("access denied", "cloudtrail:DescribeTrails", "AccessDenied")

SNAPSHOT = Snapshot(
    bucket=BUCKET,
    taken_at="2026-11-28T09:30:00Z",
    account="111122223333",
    region="eu-west-1",
    caller=ROLE,
    keys={KEY: Key(arn=KEY, metadata={"KeyState": "Enabled"}, policy=Unread("denied", "kms:GetKeyPolicy"))},
    trails=DENIED,
)

Judged = Iterable[Found] | Exception


def check(id: str, topic: str, severity: Severity, says: Judged = (), **more: Any) -> Check:
    """A check that says what it is told to."""

    def judge(subject: Subject) -> Iterable[Found]:
        if isinstance(says, Exception):
            raise says
        return says

    details: dict[str, Any] = {
        "title": f"{id.replace('-', ' ').capitalize()} is as it should be",
        "why": "Without it a mistake elsewhere is enough.",
        "fix": "Run `harden`, or set it in the console.",
        "refs": ("SecurityHub:S3.5", "CIS-5.0:2.1.1"),
        "source": 'Amazon S3 User Guide, "Security best practices for Amazon S3"',
    }
    return Check(id=id, topic=topic, severity=severity, reads=(), judge=judge, **(details | more))


def audit(*checks: Check, snapshot: Snapshot = SNAPSHOT, profile: BucketProfile | None = None) -> Audit:
    """What these checks say."""
    return judge_all(snapshot, profile or BucketProfile(), checks)


MIXED = (
    check("account-public-access-block", "access", Severity.MEDIUM),
    check(
        *("bucket-public-access-block", "access", Severity.HIGH),
        [found("Two of the four switches are off.", "BlockPublicPolicy: false", "IgnorePublicAcls: false")],
        hardened=True,
    ),
    check(
        *("policy-public", "access", Severity.CRITICAL),
        [
            found(
                "Everybody on the internet may read every object of amzn-s3-demo-bucket.",
                'Principal: "*", without a condition',
                "Action: s3:GetObject",
                statement='1 "PublicRead"',
                pointer="/Statement/0/Principal",
            )
        ],
    ),
    check("acl-public", "access", Severity.CRITICAL),
    check("access-point-public", "access", Severity.CRITICAL, NotApplicable("there are no access points")),
    check(
        *("secure-transport", "transport", Severity.MEDIUM),
        [found("Requests over plain HTTP are let through.", "witness: s3:GetObject over HTTP is allowed")],
        hardened=True,
    ),
    check("tls-version", "transport", Severity.MEDIUM),
    check("default-encryption", "encryption", Severity.HIGH),
    check("key-policy", "encryption", Severity.HIGH, NotRead("keys", Unread("denied", "kms:GetKeyPolicy"))),
    check("versioning", "recovery", Severity.MEDIUM),
    check("mfa-delete", "recovery", Severity.LOW, [found("MFA delete is off.")], recommended=True),
    check("access-logging", "monitoring", Severity.MEDIUM, NotRead("logging", Unread("no answer in time"))),
    check("data-events", "monitoring", Severity.MEDIUM, NotRead("trails", DENIED), recommended=True),
)
SOUND = tuple(
    check(each, topic, Severity.HIGH)
    for each, topic in (
        *(("bucket-owner", "access"), ("bucket-public-access-block", "access"), ("policy-public", "access")),
        *(("secure-transport", "transport"), ("default-encryption", "encryption")),
        *(("versioning", "recovery"), ("access-logging", "monitoring")),
    )
)
HOSTILE = "</style><script>alert(1)</script>\"'><img src=https://192.0.2.1/x onerror=alert(2)>&\u202e\x1b[31m"
