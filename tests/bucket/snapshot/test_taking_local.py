"""A bucket of the embedded endpoint is read as far as the caller may, and nothing is changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest

from secure_s3 import SecureS3Client, errors
from secure_s3.bucket.snapshot.account import OF_THE_CALLER, OF_THE_OWNER
from secure_s3.bucket.snapshot.plain import from_dict, to_dict
from secure_s3.bucket.snapshot.settings import of_bucket
from secure_s3.bucket.snapshot.taking import take
from secure_s3.bucket.snapshot.values import Snapshot, Unread
from secure_s3.encryption import SseKms
from secure_s3.guard.readers import reader
from secure_s3.local.settings import SECRET_ACCESS_KEY
from tests.bucket.network import Service
from tests.bucket.snapshot.configured import BLOCK, LOGS, POLICY, around, configure
from tests.bucket.support import OWNER, policy
from tests.guard.support import BUCKET

EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
FURTHER = {"analyzers", "analyzer_findings", "macie", "macie_findings", "wanted_log_target"}
ACTIONS = {each.action for each in of_bucket(BUCKET).values()}


@pytest.fixture
def s3(local_aws: Any) -> Iterator[SecureS3Client]:
    local_aws.create_bucket(BUCKET)
    with local_aws.client(SseKms(local_aws.kms_key_arn)) as made:
        yield made


def read(s3: SecureS3Client, bucket: str = BUCKET, **options: Any) -> Snapshot:
    return take(s3.boto3, s3.session, bucket, **options)


def user(local_aws: Any, name: str, *statements: dict[str, Any]) -> SecureS3Client:
    """A client of a user with this policy."""
    iam = local_aws.session().client("iam")
    iam.create_user(UserName=name)
    if statements:
        document = json.dumps(policy(*statements))
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
    iam.close()
    made: SecureS3Client = local_aws.client(
        SseKms(local_aws.kms_key_arn), session=local_aws.session(user=name)
    )
    return made


def unread(snapshot: Snapshot) -> dict[str, Unread]:
    """The fields that were not read."""
    values = ((each.name, getattr(snapshot, each.name)) for each in fields(snapshot))
    return {name: value for name, value in values if isinstance(value, Unread)}


def test_bare_bucket(s3: SecureS3Client) -> None:
    """Of a new bucket everything is known: S3's defaults, and that there is nothing else."""
    found = read(s3)
    assert set(unread(found)) == FURTHER
    assert (found.account, found.region, found.partition) == (OWNER, "eu-west-1", "aws")
    assert found.caller == f"arn:aws:iam::{OWNER}:user/local"
    assert found.public_access_block == BLOCK
    assert found.encryption == {"SSEAlgorithm": "AES256", "BucketKeyEnabled": False}
    assert (found.ownership, found.versioning, found.mfa_delete) == ("BucketOwnerEnforced", "", False)
    assert (found.policy, found.policy_is_public, found.log_target) == (None, False, None)
    for name in ("account_public_access_block", "object_lock", "logging", "replication", "website", "keys"):
        assert getattr(found, name) == {}
    for name in ("lifecycle", "cors", "access_points", "trails", "alarms", "blocked_encryption", "cut"):
        assert getattr(found, name) == ()


def test_everything_that_is_configured(local_aws: Any, s3: SecureS3Client) -> None:
    """Every setting is told as it was configured, with the key, the target of logs, points and trails."""
    key = local_aws.kms_key_arn
    configure(local_aws, key)
    around(local_aws)
    asked: list[str] = []
    s3.boto3.meta.events.register("before-call", lambda model, **_: asked.append(model.name))
    found: Any = read(s3)
    assert set(unread(found)) == FURTHER
    assert all(name.startswith(("Get", "Head", "List")) for name in asked)
    assert json.loads(found.policy) == POLICY
    assert found.encryption == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key, "BucketKeyEnabled": True}
    assert found.blocked_encryption == ("SSE-C",)
    told = found.keys[key]
    assert told.metadata["KeyState"] == "Enabled"
    assert told.rotation["KeyRotationEnabled"] is True
    assert "kms:*" in told.policy
    assert found.versioning == "Enabled"
    assert found.logging == {"TargetBucket": LOGS, "TargetPrefix": "a/"}
    target: Any = found.log_target
    assert (target.bucket, target.region) == (LOGS, "eu-west-1")
    assert "logging.s3.amazonaws.com" in target.policy
    assert (target.public_access_block, target.ownership) == (BLOCK, "BucketOwnerEnforced")
    assert target.encryption == {"SSEAlgorithm": "AES256", "BucketKeyEnabled": False}
    assert found.lifecycle[0]["ID"] == "parts"
    assert found.cors[0]["AllowedMethods"] == ["GET"]
    (point,) = found.access_points
    assert (point.name, point.vpc, point.is_public, point.public_access_block) == (
        "point",
        None,
        False,
        BLOCK,
    )
    assert json.loads(point.policy)["Statement"][0]["Sid"] == "Point"
    assert found.account_public_access_block == BLOCK
    (trail,) = found.trails
    assert (trail.name, trail.home_region, trail.logging) == ("trail", "eu-west-1", True)
    assert trail.selectors["EventSelectors"][0]["DataResources"][0]["Type"] == "AWS::S3::Object"
    assert {each["kind"]: each["name"] for each in found.alarms} == {
        "metric filter": "changes",
        "event rule": "rule",
    }
    assert found.recorders == (
        {"name": "all", "recordingGroup": found.recorders[0]["recordingGroup"], "recording": False},
    )
    (endpoint,) = found.vpc_endpoints
    assert endpoint["ServiceName"] == "com.amazonaws.eu-west-1.s3"
    assert "Tags" not in endpoint
    arns = {each.arn.rpartition("/")[2]: each for each in found.identities}
    assert '"Action": "*"' in arns["local"].policies[0]
    saved = json.dumps(to_dict(found))
    assert from_dict(json.loads(saved)) == found
    assert SECRET_ACCESS_KEY not in saved


def test_half_of_the_permissions(local_aws: Any, s3: SecureS3Client) -> None:
    """What a caller may not read is Unread, under the name of the permission, and the rest is told."""
    hidden = {
        "policy": "s3:GetBucketPolicy",
        "encryption": "s3:GetEncryptionConfiguration",
        "blocked_encryption": "s3:GetEncryptionConfiguration",
        "object_lock": "s3:GetBucketObjectLockConfiguration",
        "lifecycle": "s3:GetLifecycleConfiguration",
        "replication": "s3:GetReplicationConfiguration",
        "notifications": "s3:GetBucketNotification",
        "public_access_block": "s3:GetBucketPublicAccessBlock",
        "account_public_access_block": "s3:GetAccountPublicAccessBlock",
        "access_points": "s3:ListAccessPoints",
        "identities": "iam:GetAccountAuthorizationDetails",
    }
    no = {"Effect": "Deny", "Action": sorted(set(hidden.values())), "Resource": "*"}
    with user(local_aws, "half", EVERYTHING, no) as half:
        found = read(half)
    left = unread(found)
    assert {name: each.action for name, each in left.items() if name not in FURTHER} == hidden
    assert {each.why for name, each in left.items() if name not in FURTHER} == {"access denied"}
    assert found.account == OWNER
    assert found.ownership == "BucketOwnerEnforced"


def test_no_permission_at_all(local_aws: Any, s3: SecureS3Client) -> None:
    """A caller without permissions learns who they are, and what it takes to know more."""
    with user(local_aws, "nobody") as nobody:
        found = read(nobody, keys=[local_aws.kms_key_arn])
    assert found.caller == f"arn:aws:iam::{OWNER}:user/nobody"
    left = unread(found)
    everything = {each.name for each in fields(found)} - {"bucket", "taken_at", "partition", "cut", "keys"}
    assert found.region == "eu-west-1"  # S3 tells it with the refusal
    assert set(left) == everything - {"caller", "caller_tls", "region"}
    of_accounts = {*OF_THE_CALLER, *OF_THE_OWNER}
    assert {each.action for name, each in left.items() if name not in of_accounts | FURTHER} == ACTIONS
    assert {left[name].action for name in of_accounts - FURTHER} == {"s3:ListBucket"}
    key = found.keys[local_aws.kms_key_arn]
    whys = [value.action for value in (key.metadata, key.rotation, key.policy) if isinstance(value, Unread)]
    assert whys == ["kms:DescribeKey", "kms:GetKeyRotationStatus", "kms:GetKeyPolicy"]


def test_bucket_of_another_account(
    local_aws: Any, s3: SecureS3Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of another account's bucket its settings are told, and nothing of the caller's account as its."""
    other = "arn:aws:iam::444455556666:user/bob"
    may = {"Effect": "Allow", "Principal": {"AWS": other}, "Action": ["s3:Get*", "s3:List*"], "Sid": "Bob"}
    text = json.dumps(policy({**may, "Resource": [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]}))
    s3.boto3.put_bucket_policy(Bucket=BUCKET, Policy=text)
    told = {"Arn": other, "Account": "444455556666"}
    monkeypatch.setattr(
        "secure_s3.bucket.asking.reader",
        lambda session, s3, service, region: (
            Service({"get_caller_identity": told})
            if service == "sts"
            else reader(session, s3, service, region)
        ),
    )
    with local_aws.circumstances(principal=other):
        found = read(s3)
    assert (found.caller, found.region) == (other, "eu-west-1")
    assert (found.ownership, found.versioning, found.policy_is_public) == ("BucketOwnerEnforced", "", False)
    left = unread(found)
    assert left["policy"].code == "MethodNotAllowed"
    assert set(left) == {*OF_THE_CALLER, *OF_THE_OWNER, *FURTHER, "account", "policy"}
    anothers = {*OF_THE_CALLER, *OF_THE_OWNER, "account"} - FURTHER
    assert {left[name].why for name in anothers} == {
        "the bucket belongs to another account than the caller's"
    }


def test_missing_bucket(s3: SecureS3Client) -> None:
    """That there is no such bucket is an error, for nothing can be said of it."""
    with pytest.raises(errors.NotFound, match="there is no bucket amzn-s3-demo-none"):
        read(s3, "amzn-s3-demo-none")
