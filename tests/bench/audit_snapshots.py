"""Snapshots of buckets that differ in all that checks look at; each has a policy of its own."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

from secure_s3.bucket.snapshot.values import AccessPoint, Identity, Key, LogTarget, Snapshot, Trail, Unread

OWNER = "111122223333"
KEY = f"arn:aws:kms:eu-west-1:{OWNER}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
_SWITCHES = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_REFUSED = Unread("access denied", "s3:GetSomething", "AccessDenied")
_EVERYBODY = "http://acs.amazonaws.com/groups/global/AllUsers"
_OWN = {"Grantee": {"ID": "owner", "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}


def varied(count: int, seed: int = 1) -> list[Snapshot]:
    """So many, always the same ones."""
    choose = random.Random(seed)
    return [_snapshot(choose, f"amzn-s3-demo-{number:04}") for number in range(count)]


def _snapshot(choose: random.Random, bucket: str) -> Snapshot:
    def one(*values: Any) -> Any:
        return choose.choice(values)

    switches = {name: choose.random() < 0.8 for name in _SWITCHES}
    policy = _policy(choose, bucket)
    return Snapshot(
        bucket=bucket,
        taken_at="2026-06-01T00:00:00+00:00",
        account=OWNER,
        region="eu-west-1",
        caller=f"arn:aws:iam::{OWNER}:role/audit",
        public_access_block=one(switches, dict.fromkeys(_SWITCHES, True), {}, _REFUSED),
        account_public_access_block=one(dict.fromkeys(_SWITCHES, True), {}),
        policy=policy,
        policy_is_public=False,
        acl={
            "Owner": {"ID": "owner"},
            "Grants": one([_OWN], [_OWN, {**_OWN, "Grantee": {"URI": _EVERYBODY}}]),
        },
        ownership=one("BucketOwnerEnforced", "BucketOwnerPreferred", ""),
        encryption=one(
            {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY, "BucketKeyEnabled": one(True, False)},
            {"SSEAlgorithm": "AES256", "BucketKeyEnabled": False},
        ),
        blocked_encryption=one((), ("SSE-C",)),
        keys={
            KEY: Key(
                arn=KEY, metadata=_METADATA, rotation={"KeyRotationEnabled": one(True, False)}, policy=_ROOT
            )
        },
        versioning=one("Enabled", "Suspended", ""),
        mfa_delete=one(True, False),
        object_lock=one({}, {"ObjectLockEnabled": "Enabled"}),
        logging=(logging := one({}, {"TargetBucket": "amzn-s3-demo-logs", "TargetPrefix": "a/"})),
        log_target=LogTarget(bucket="amzn-s3-demo-logs", policy=None, region="eu-west-1")
        if logging
        else None,
        lifecycle=one(
            (),
            (
                {
                    "ID": "parts",
                    "Status": "Enabled",
                    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                },
            ),
        ),
        replication={},
        notifications={},
        cors=one((), ({"AllowedMethods": ["GET"], "AllowedOrigins": [one("*", "https://example.com")]},)),
        website=one({}, {"IndexDocument": {"Suffix": "index.html"}}),
        requester_pays=False,
        access_points=one((), (_point(choose, bucket),)),
        multi_region_access_points=(),
        trails=one((), (Trail(name="t", arn="arn", logging=True, selectors={"EventSelectors": []}),)),
        analyzers=one((), ({"arn": "arn", "status": "ACTIVE", "type": "ACCOUNT"},)),
        analyzer_findings=(),
        macie={"status": one("ENABLED", "DISABLED")},
        macie_findings=(),
        vpc_endpoints=(),
        alarms=(),
        recorders=(),
        identities=one(_REFUSED, (_identity(choose, bucket),)),
    )


_METADATA = {
    "KeyState": "Enabled",
    "KeyManager": "CUSTOMER",
    "KeySpec": "SYMMETRIC_DEFAULT",
    "Origin": "AWS_KMS",
}
_ROOT = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{OWNER}:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }
)


def _policy(choose: random.Random, bucket: str) -> str | None:
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    sse = "s3:x-amz-server-side-encryption"
    conditions: Sequence[dict[str, Any]] = (
        {"Bool": {"aws:SecureTransport": "false"}},
        {"NumericLessThan": {"s3:TlsVersion": choose.choice(["1.2", "1.3"])}},
        {"StringNotEquals": {sse: "aws:kms"}, "Null": {sse: "false"}},
        {"NotIpAddress": {"aws:SourceIp": f"192.0.2.{choose.randrange(255)}/32"}},
        {"NumericGreaterThan": {"s3:signatureAge": "3600000"}},
    )
    statements: list[dict[str, Any]] = [
        {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": resources, "Condition": each}
        for each in conditions
        if choose.random() < 0.5
    ]
    reader = choose.choice(["*", {"AWS": f"arn:aws:iam::{OWNER}:role/web"}, {"AWS": "444455556666"}, None])
    if reader is not None:
        statements.append(
            {"Effect": "Allow", "Principal": reader, "Action": "s3:GetObject", "Resource": resources[1]}
        )
    return json.dumps({"Version": "2012-10-17", "Statement": statements}) if statements else None


def _point(choose: random.Random, bucket: str) -> AccessPoint:
    arn = f"arn:aws:s3:eu-west-1:{OWNER}:accesspoint/{bucket}"
    block = dict.fromkeys(_SWITCHES, choose.random() < 0.5)
    return AccessPoint(name=bucket, arn=arn, public_access_block=block, policy=None, is_public=False)


def _identity(choose: random.Random, bucket: str) -> Identity:
    action = choose.choice(["s3:GetObject", "s3:*", "*"])
    resource = choose.choice([f"arn:aws:s3:::{bucket}/*", "*"])
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return Identity(arn=f"arn:aws:iam::{OWNER}:role/web", policies=(text,))
