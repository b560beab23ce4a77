"""A bucket that has everything, in parts, so that a test takes away what it is about."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from secure_s3.bucket.audit.check import Check, Outcome, Verdict
from secure_s3.bucket.audit.checks import encryption, exposure, identities, keys, monitoring, recovery
from secure_s3.bucket.audit.judging import judge_all
from secure_s3.bucket.snapshot.values import Identity, Key, LogTarget, Snapshot, Trail, Unread
from secure_s3.bucket.wanted import BucketProfile
from secure_s3.encryption import SseKms
from secure_s3.policy import Policy, statements

BUCKET, LOGS = "amzn-s3-demo-bucket", "amzn-s3-demo-logs"
ACCOUNT, STRANGER, REGION = "111122223333", "444455556666", "eu-west-1"
ARN = f"arn:aws:s3:::{BUCKET}"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/ffffffff-12ab-34cd-56ef-1234567890ab"
PROFILE = BucketProfile(encryptions=(SseKms(KEY),), log_bucket=LOGS)
PLAIN = BucketProfile()
ALL_CHECKS: tuple[Check, ...] = (
    *encryption.CHECKS,
    *keys.CHECKS,
    *recovery.CHECKS,
    *monitoring.CHECKS,
    *exposure.CHECKS,
    *identities.CHECKS,
)
BY_ID = {check.id: check for check in ALL_CHECKS}
BLOCK = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
)
METADATA: dict[str, Any] = {
    "Arn": KEY,
    "AWSAccountId": ACCOUNT,
    "KeyState": "Enabled",
    "KeyUsage": "ENCRYPT_DECRYPT",
    "KeySpec": "SYMMETRIC_DEFAULT",
    "Origin": "AWS_KMS",
    "KeyManager": "CUSTOMER",
}
KEY_POLICY = Policy.of(statements.key_enable_iam(ACCOUNT)).to_json()
DELIVERY = Policy.of(statements.allow_log_delivery(LOGS, BUCKET, ACCOUNT)).to_json()
LIFECYCLE: dict[str, Any] = {
    "ID": "tidy",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    "NoncurrentVersionExpiration": {"NoncurrentDays": 90},
}
REPLICATION: dict[str, Any] = {
    "ID": "copy",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
    "Destination": {
        "Bucket": "arn:aws:s3:::amzn-s3-demo-copy",
        "EncryptionConfiguration": {"ReplicaKmsKeyID": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1"},
    },
}
LOGGING: dict[str, Any] = {
    "TargetBucket": LOGS,
    "TargetPrefix": f"{BUCKET}/",
    "TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}},
}
SELECTORS: dict[str, Any] = {
    "EventSelectors": [
        {
            "ReadWriteType": "All",
            "DataResources": [{"Type": "AWS::S3::Object", "Values": [f"{ARN}/"]}],
        }
    ]
}
EVENTS = (
    *("PutBucketPolicy", "DeleteBucketPolicy", "PutBucketAcl"),
    *("PutBucketPublicAccessBlock", "DeleteBucketPublicAccessBlock"),
)
RULE = json.dumps(
    {
        "source": ["aws.s3"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {"eventSource": ["s3.amazonaws.com"], "eventName": list(EVENTS)},
    }
)
DENIED = Unread("access denied", "s3:GetSomething", "AccessDenied")
GOOD_KEY = Key(arn=KEY, metadata=METADATA, rotation={"KeyRotationEnabled": True}, policy=KEY_POLICY)
GOOD_TARGET = LogTarget(
    bucket=LOGS,
    policy=DELIVERY,
    public_access_block=BLOCK,
    encryption={"SSEAlgorithm": "AES256"},
    ownership="BucketOwnerEnforced",
    object_lock={},
    region=REGION,
)
GOOD_TRAIL = Trail(
    name="main",
    arn=f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/main",
    multi_region=True,
    home_region=REGION,
    logging=True,
    selectors=SELECTORS,
)
GOOD = Snapshot(
    bucket=BUCKET,
    taken_at="2026-01-01T00:00:00Z",
    account=ACCOUNT,
    region=REGION,
    caller=f"arn:aws:iam::{ACCOUNT}:role/Admin",
    public_access_block=BLOCK,
    account_public_access_block=BLOCK,
    policy=None,
    encryption={"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY, "BucketKeyEnabled": True},
    blocked_encryption=("SSE-C",),
    keys={KEY: GOOD_KEY},
    versioning="Enabled",
    mfa_delete=True,
    object_lock={"ObjectLockEnabled": "Enabled"},
    logging=LOGGING,
    log_target=GOOD_TARGET,
    lifecycle=(LIFECYCLE,),
    replication={"Rules": [REPLICATION]},
    notifications={"EventBridgeConfiguration": {}},
    cors=(),
    website={},
    trails=(GOOD_TRAIL,),
    analyzers=({"name": "external", "type": "ACCOUNT", "status": "ACTIVE"},),
    analyzer_findings=(),
    macie={"status": "ENABLED"},
    macie_findings=(),
    alarms=({"kind": "event rule", "name": "opened", "pattern": RULE, "targets": ["arn:aws:sns:…"]},),
    recorders=({"name": "default", "recording": True, "recordingGroup": {"allSupported": True}},),
    identities=(Identity(arn=f"arn:aws:iam::{ACCOUNT}:role/App"),),
)


def verdict(check: str, profile: BucketProfile = PROFILE, **changes: Any) -> Verdict:
    """What a check says of the good bucket with these fields changed."""
    return judge_all(replace(GOOD, **changes), profile, [BY_ID[check]]).verdicts[0]


def severities(check: str, profile: BucketProfile = PROFILE, **changes: Any) -> list[str]:
    """The severities of what it finds; ``unknown`` and ``not applicable`` for themselves."""
    told = verdict(check, profile, **changes)
    if told.outcome in (Outcome.UNKNOWN, Outcome.NOT_APPLICABLE):
        return [str(told.outcome)]
    return [str(each.severity) for each in told.findings]


def told(check: str, profile: BucketProfile = PROFILE, **changes: Any) -> str:
    """Messages and evidence of what it finds, or why it finds nothing, in one text."""
    said = verdict(check, profile, **changes)
    lines: Iterable[str] = (line for each in said.findings for line in (each.message, *each.evidence))
    return "\n".join(lines) or said.why
