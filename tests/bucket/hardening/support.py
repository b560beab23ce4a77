"""What the tests of hardening share: a snapshot of a bucket as it is made today, and plans in short."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from typing import Any

from secure_s3 import SecureS3Client, SseKms
from secure_s3.bucket.hardening.access import ALL_ON as ALL_ON
from secure_s3.bucket.hardening.plan import Change, Manual, Plan
from secure_s3.bucket.hardening.planning import plan
from secure_s3.bucket.snapshot.values import Key, LogTarget, Snapshot
from secure_s3.bucket.wanted import BucketProfile
from secure_s3.local import LocalAws

ACCOUNT = "111122223333"
BUCKET, LOGS = "amzn-s3-demo-bucket", "amzn-s3-demo-logs"
ARN = f"arn:aws:s3:::{BUCKET}"
CALLER = f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/one"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER_KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/ffffffff-12ab-34cd-56ef-1234567890ab"
OWNER_ID = "75aa57f09aa0c8ca"
OWN_GRANT = {"Grantee": {"ID": OWNER_ID, "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}
METADATA = {
    "AWSAccountId": ACCOUNT,
    "KeyManager": "CUSTOMER",
    "KeySpec": "SYMMETRIC_DEFAULT",
    "KeyState": "Enabled",
    "Origin": "AWS_KMS",
}
TARGET = LogTarget(
    bucket=LOGS,
    policy=None,
    public_access_block=ALL_ON,
    encryption={"SSEAlgorithm": "AES256"},
    ownership="BucketOwnerEnforced",
    object_lock={},
    region="eu-west-1",
)
BARE = Snapshot(
    bucket=BUCKET,
    taken_at="2026-01-01T00:00:00+00:00",
    account=ACCOUNT,
    region="eu-west-1",
    caller=CALLER,
    public_access_block=ALL_ON,
    account_public_access_block={},
    policy=None,
    policy_is_public=False,
    acl={"Owner": {"ID": OWNER_ID}, "Grants": [OWN_GRANT]},
    ownership="BucketOwnerEnforced",
    encryption={"SSEAlgorithm": "AES256", "BucketKeyEnabled": False},
    blocked_encryption=(),
    keys={KEY: Key(arn=KEY, metadata=METADATA, rotation={"KeyRotationEnabled": False})},
    versioning="",
    mfa_delete=False,
    object_lock={},
    logging={},
    log_target=None,
    wanted_log_target=TARGET,
    lifecycle=(),
    identities=(),
)
"""As S3 makes buckets since April 2023."""


def planned(profile: BucketProfile | None = None, **settings: Any) -> Plan:
    """The plan for a bare bucket with these settings."""
    return plan(replace(BARE, **settings), profile or BucketProfile())


def client_of(aws: LocalAws) -> SecureS3Client:
    """A client of somebody who may do everything.

    The clients of all services are made once: that takes longer than what they are asked.
    """
    return _client(aws, aws.endpoint_url)


@lru_cache(maxsize=1)
def _client(aws: LocalAws, url: str) -> SecureS3Client:
    return aws.client(SseKms(aws.kms_key_arn))


def change(found: Plan, id: str) -> Change:
    """The one change of that id."""
    (one,) = [each for each in found.changes if each.id == id]
    return one


def ids(found: Plan) -> list[str]:
    """Of its changes, in order."""
    return [each.id for each in found.changes]


def why_not(found: Plan, check: str) -> Manual:
    """The one thing of that id which could not be planned."""
    (one,) = [each for each in found.blocked if each.check == check]
    return one


def document(*statements: dict[str, Any]) -> str:
    """The text of a policy."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def deny(sid: str, action: str, condition: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A statement that denies everybody."""
    found = {"Sid": sid, "Effect": "Deny", "Principal": "*", "Action": action, "Resource": f"{ARN}/*"}
    return found | ({"Condition": condition} if condition else {}) | more


READ_BY_ALL = {
    "Sid": "Open",
    "Effect": "Allow",
    "Principal": "*",
    "Action": "s3:GetObject",
    "Resource": f"{ARN}/*",
}
READ_BY_OTHERS = READ_BY_ALL | {"Sid": "Partner", "Principal": {"AWS": "arn:aws:iam::444455556666:root"}}


def after(found: Plan) -> Snapshot:
    """The snapshot as it would be read once the plan is applied."""
    values: dict[str, Any] = {}
    for each in found.changes:
        if each.field == "encryption":
            told = dict(each.after)
            values["blocked_encryption"] = tuple(told.pop("BlockedEncryptionTypes", ()))
            values["encryption"] = told
        elif each.field == "keys":
            keys = dict(values.get("keys", found.snapshot.keys))
            keys[each.resource] = replace(keys[each.resource], rotation={"KeyRotationEnabled": True})
            values["keys"] = keys
        elif each.field == "log_target.policy":
            values["wanted_log_target"] = replace(TARGET, policy=each.after)
        else:
            values[each.field] = each.after
    return replace(found.snapshot, **values)
