"""Whether the keys of a bucket rotate."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest

from secure_s3 import SecureS3Client, SseKms
from secure_s3.bucket.reencryption import keys
from secure_s3.bucket.reencryption.keys import KeyRotation
from secure_s3.local import LocalAws
from tests.local.people import allow, user

from .conftest import BUCKET


def default(plain: Any, algorithm: str, key: str | None = None) -> None:
    """Set the default encryption."""
    named = {"SSEAlgorithm": algorithm} | ({"KMSMasterKeyID": key} if key else {})
    rule = {"ApplyServerSideEncryptionByDefault": named}
    plain.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [rule]})


def test_read(s3: SecureS3Client, plain: Any, to: SseKms, local_aws: LocalAws) -> None:
    """The key of the default and that of the client, each with what KMS says; an alias is led to its key."""
    kms = local_aws.session().client("kms")
    other = local_aws.create_key()
    kms.create_alias(AliasName="alias/app", TargetKeyId=other)
    kms.enable_key_rotation(KeyId=other)
    default(plain, "aws:kms", "alias/app")
    found = s3.bucket(BUCKET).key_rotation()
    assert [(each.arn, each.enabled, each.unread) for each in found] == [
        (other, True, ()),
        (to.key_arn, False, ()),
    ]
    assert str(found[0]).startswith(f"{other}: rotates")
    assert str(found[1]) == f"{to.key_arn}: does not rotate"
    json.dumps([each.to_dict() for each in found])
    default(plain, "aws:kms")
    assert s3.bucket(BUCKET).key_rotation()[0].key == "alias/aws/s3"
    default(plain, "AES256")
    assert len(s3.bucket(BUCKET).key_rotation()) == 1
    kms.close()


def test_unable(s3: SecureS3Client, plain: Any, local_aws: LocalAws) -> None:
    """A key with imported material says why it does not rotate."""
    kms = local_aws.session().client("kms")
    imported = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["Arn"]
    kms.close()
    default(plain, "aws:kms", imported)
    found = s3.bucket(BUCKET).key_rotation()[0]
    assert (found.enabled, found.unable) == (False, "its material was imported")


def test_unread(plain: Any, to: SseKms, local_aws: LocalAws) -> None:
    """What may not be read is told with the reason, and is no exception."""
    default(plain, "aws:kms", to.key_arn)
    user(local_aws, allow("kms:DescribeKey"))
    with local_aws.client(to, session=local_aws.session(user="alice")) as alice:
        bucket, key = alice.bucket(BUCKET).key_rotation()
    assert bucket.enabled is None
    assert "s3:GetEncryptionConfiguration" in bucket.unread[0]
    assert (key.managed_by, key.enabled) == ("CUSTOMER", None)
    assert "kms:GetKeyRotationStatus" in key.unread[0]
    assert "not known" in str(key)


class _Kms:
    """KMS, as it answers about a key that AWS manages: the status of its rotation is for nobody."""

    def describe_key(self, KeyId: str) -> Any:
        arn = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        return {"KeyMetadata": {"Arn": arn, "KeyManager": "AWS", "Origin": "AWS_KMS"}}

    def get_key_rotation_status(self, KeyId: str) -> Any:
        raise AssertionError("it is not asked")


def test_managed_by_aws() -> None:
    """A key that AWS manages rotates every year."""
    found = keys._of(_Kms(), "alias/aws/s3")
    assert (found.managed_by, found.enabled, found.period_days) == ("AWS", True, 365)


def test_missing(s3: SecureS3Client, plain: Any, to: SseKms) -> None:
    """A default key that is not there is told as well."""
    default(plain, "aws:kms", to.key_arn[:-3] + "000")
    found = s3.bucket(BUCKET).key_rotation()[0]
    assert found.arn is None
    assert len(found.unread) == 2


@pytest.mark.parametrize(("days", "said"), [(90, "every 90 days, next on 2026-02-03"), (None, "k: rotates")])
def test_told(days: int | None, said: str) -> None:
    """The period and the day are told where KMS tells them."""
    when = datetime(2026, 2, 3, tzinfo=timezone.utc) if days else None
    told = KeyRotation("k", enabled=True, period_days=days, next_rotation=when)
    assert said in str(told)
    assert told.to_dict()["next_rotation"] == (when.isoformat() if when else None)
