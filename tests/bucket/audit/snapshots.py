"""Snapshots of buckets in order, of which the tests of checks change one thing at a time."""

from __future__ import annotations

import json
from typing import Any

from secure_s3.bucket.audit.check import Check, Verdict
from secure_s3.bucket.audit.judging import judge_all
from secure_s3.bucket.snapshot.values import Snapshot
from secure_s3.bucket.wanted import BucketProfile
from secure_s3.encryption import SseKms
from secure_s3.policy import Policy, bundles, statements
from secure_s3.policy.difference import merge

BUCKET = "amzn-s3-demo-bucket"
ARN, OBJECTS = f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"
BOTH = [ARN, OBJECTS]
OWNER, STRANGER = "111122223333", "444455556666"
ADMIN = f"arn:aws:iam::{OWNER}:role/Admin"
KEY = f"arn:aws:kms:eu-west-1:{OWNER}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ON = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
)
OFF = dict.fromkeys(ON, False)
KMS = BucketProfile(encryptions=(SseKms(KEY),))
HTTP = {"Bool": {"aws:SecureTransport": "false"}}


def baseline(**options: Any) -> Policy:
    """What hardening would make of a bare bucket."""
    return merge(bundles.baseline(BUCKET, **options), statements.max_presign_age(BUCKET, 3600))


def statement(effect: str, action: Any, resource: Any, condition: Any = None, **more: Any) -> dict[str, Any]:
    """One statement about everybody, unless *more* says otherwise."""
    who = {} if {"Principal", "NotPrincipal"} & more.keys() else {"Principal": "*"}
    conditions = {"Condition": condition} if condition else {}
    return {"Effect": effect, **who, "Action": action, "Resource": resource, **conditions, **more}


def deny(action: Any = "s3:*", resource: Any = None, condition: Any = None, **more: Any) -> dict[str, Any]:
    """A Deny; of plain HTTP on everything unless something else is said."""
    return statement("Deny", action, resource or BOTH, condition or HTTP, **more)


def allow(action: Any, resource: Any = OBJECTS, condition: Any = None, **more: Any) -> dict[str, Any]:
    """An Allow."""
    return statement("Allow", action, resource, condition, **more)


def policy(*given: dict[str, Any]) -> str:
    """The text of a policy of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(given)})


def with_baseline(*given: dict[str, Any]) -> str:
    """The text of the baseline and these statements."""
    base = json.loads(baseline().to_json())
    return json.dumps({**base, "Statement": [*base["Statement"], *given]})


def snapshot(**changed: Any) -> Snapshot:
    """A bucket in order, but for what is changed."""
    told: dict[str, Any] = {
        "bucket": BUCKET,
        "taken_at": "2026-01-01T00:00:00Z",
        "account": OWNER,
        "region": "eu-west-1",
        "caller": f"arn:aws:sts::{OWNER}:assumed-role/Admin/session",
        "public_access_block": ON,
        "account_public_access_block": ON,
        "policy": baseline().to_json(),
        "policy_is_public": False,
        "acl": {"Owner": {"ID": "a" * 64}, "Grants": []},
        "ownership": "BucketOwnerEnforced",
        "encryption": {"SSEAlgorithm": "AES256"},
        "blocked_encryption": ("SSE-C",),
        "access_points": (),
        "multi_region_access_points": (),
        "vpc_endpoints": (),
    }
    return Snapshot(**{**told, **changed})


def verdict(
    checks: tuple[Check, ...], check: str, profile: BucketProfile | None = None, **changed: Any
) -> Verdict:
    """What one of *checks* says of a bucket in order but for what is changed."""
    (one,) = (each for each in checks if each.id == check)
    return judge_all(snapshot(**changed), profile or BucketProfile(), (one,)).verdicts[0]


def told(found: Verdict) -> list[tuple[str, str]]:
    """Its findings: severity and message."""
    return [(str(each.severity), each.message) for each in found.findings]
