"""UpdateObjectEncryption at the embedded endpoint: what stays, what is refused, and who may."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tests.local.people import allow, client, deny, document, refusal, user

from .support import BUCKET, by_header, send

KEY = "reports/a b"
SSE = "s3:x-amz-server-side-encryption"
STAYS = ("ETag", "LastModified", "ContentLength", "Metadata", "VersionId", "ContentType", "ChecksumCRC32")


def update(s3: Any, arn: str, key: str = KEY, **more: Any) -> Any:
    """Ask for SSE-KMS."""
    bucket_key = more.pop("bucket_key", False)
    target = {"KMSKeyArn": arn, "BucketKeyEnabled": bucket_key}
    return s3.update_object_encryption(Bucket=BUCKET, Key=key, ObjectEncryption={"SSEKMS": target}, **more)


def test_what_stays(s3: Any, local_aws: Any) -> None:
    """The object comes under the key; version, ETag, date, checksum, metadata and content stay."""
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    old = s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"old")["VersionId"]
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"new", Metadata={"a": "1"}, ContentType="text/plain")
    told = {"Bucket": BUCKET, "Key": KEY, "ChecksumMode": "ENABLED"}
    before = s3.head_object(**told)
    update(s3, local_aws.kms_key_arn, bucket_key=True)
    after = s3.get_object(**told)
    assert after["Body"].read() == b"new"
    assert {name: after.get(name) for name in STAYS} == {name: before.get(name) for name in STAYS}
    assert (after["ServerSideEncryption"], after["SSEKMSKeyId"]) == ("aws:kms", local_aws.kms_key_arn)
    assert after["BucketKeyEnabled"]
    assert s3.head_object(Bucket=BUCKET, Key=KEY, VersionId=old)["ServerSideEncryption"] == "AES256"
    update(s3, local_aws.create_key(), VersionId=old)
    found = s3.head_object(Bucket=BUCKET, Key=KEY, VersionId=old)
    assert found["SSEKMSKeyId"] != local_aws.kms_key_arn
    assert "BucketKeyEnabled" not in found


def test_refused(s3: Any, local_aws: Any, refused: Any) -> None:
    """Missing objects and versions, and keys of another account, unknown or disabled."""
    arn = local_aws.kms_key_arn
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"x")
    assert refused(update, s3=s3, arn=arn, key="none") == (404, "NoSuchKey")
    assert refused(update, s3=s3, arn=arn, VersionId="none")[0] in (400, 404)
    assert refused(update, s3=s3, arn=arn.replace("111122223333", "444455556666")) == (403, "AccessDenied")
    assert refused(update, s3=s3, arn=arn[:-3] + "000") == (400, "KMS.NotFoundException")
    disabled = local_aws.create_key()
    local_aws.disable_key(disabled)
    assert refused(update, s3=s3, arn=disabled) == (400, "KMS.DisabledException")
    assert s3.head_object(Bucket=BUCKET, Key=KEY)["ServerSideEncryption"] == "AES256"


def test_sources(s3: Any, local_aws: Any, refused: Any) -> None:
    """Objects under DSSE-KMS and SSE-C are refused, and locked ones, until the lock is off."""
    arn, key = local_aws.kms_key_arn, b"k" * 32
    s3.put_object(Bucket=BUCKET, Key="d", Body=b"x", ServerSideEncryption="aws:kms:dsse", SSEKMSKeyId=arn)
    s3.put_object(Bucket=BUCKET, Key="c", Body=b"x", SSECustomerAlgorithm="AES256", SSECustomerKey=key)
    assert refused(update, s3=s3, arn=arn, key="d") == (400, "InvalidRequest")
    assert refused(update, s3=s3, arn=arn, key="c") == (400, "InvalidRequest")
    locked = "amzn-s3-demo-locked"
    where = {"CreateBucketConfiguration": {"LocationConstraint": local_aws.region}}
    s3.create_bucket(Bucket=locked, ObjectLockEnabledForBucket=True, **where)
    until = datetime.now(timezone.utc) + timedelta(days=1)
    s3.put_object(Bucket=locked, Key="r", ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=until)
    s3.put_object(Bucket=locked, Key="h", ObjectLockLegalHoldStatus="ON")
    for name in ("r", "h"):
        target = {"SSEKMS": {"KMSKeyArn": arn}}
        ask = {"Bucket": locked, "Key": name, "ObjectEncryption": target}
        assert refused(s3.update_object_encryption, **ask) == (403, "AccessDenied")
    s3.put_object_legal_hold(Bucket=locked, Key="h", LegalHold={"Status": "OFF"})
    s3.update_object_encryption(Bucket=locked, Key="h", ObjectEncryption=target)


@pytest.mark.parametrize(
    ("inner", "code"),
    [
        ("<SSE-S3/>", "InvalidRequest"),
        ("", "InvalidRequest"),
        ("<SSE-KMS/>", "InvalidRequest"),
        ("<SSE-KMS><KMSKeyArn>alias/app</KMSKeyArn></SSE-KMS>", "InvalidRequest"),
        (
            "<SSE-KMS><KMSKeyArn>{arn}</KMSKeyArn><BucketKeyEnabled>yes</BucketKeyEnabled></SSE-KMS>",
            "Invalid",
        ),
        ("<SSE-KMS><KMSKeyArn>{arn}</KMSKeyArn></SSE-KMS>" * 2, "MalformedXML"),
        ("<SSE-KMS>", "MalformedXML"),
    ],
)
def test_bodies(inner: str, code: str, s3: Any, local_aws: Any) -> None:
    """A body that asks for nothing that can be had is refused, and the object stays what it is."""
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"x")
    text = f"<ObjectEncryption>{inner.format(arn=local_aws.kms_key_arn)}</ObjectEncryption>".encode()
    md5 = base64.b64encode(hashlib.md5(text, usedforsecurity=False).digest()).decode()
    target = f"/{BUCKET}/k?encryption"
    signed = by_header(local_aws, "PUT", target, headers={"content-md5": md5}, body=text)
    told = send(local_aws, "PUT", target, headers=signed, body=text)
    assert told.refusal[0] == 400
    assert str(told.refusal[1]).startswith(code)
    found = s3.get_object(Bucket=BUCKET, Key="k")
    assert (found["Body"].read(), found["ServerSideEncryption"]) == (b"x", "AES256")


def test_who_may(s3: Any, local_aws: Any) -> None:
    """It takes s3:UpdateObjectEncryption and, of the key, what re-encryption needs; policies see the key."""
    arn = local_aws.kms_key_arn
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"x")
    of_key = ["kms:GenerateDataKey", "kms:Encrypt", "kms:Decrypt"]
    alice = client(local_aws, "s3", **user(local_aws, allow("s3:*", *of_key)))
    bob = client(local_aws, "s3", **user(local_aws, allow("s3:PutObject", "kms:*"), name="bob"))
    try:
        assert "s3:UpdateObjectEncryption" in refusal(lambda: update(bob, arn))[2]
        assert "kms:ReEncryptTo" in refusal(lambda: update(alice, arn))[2]
        rule = deny("s3:UpdateObjectEncryption", Principal="*", Resource=f"arn:aws:s3:::{BUCKET}/*")
        wrong = {f"{SSE}-aws-kms-key-id": arn}
        rule["Condition"] = {"StringNotEquals": wrong}
        s3.put_bucket_policy(Bucket=BUCKET, Policy=document(rule))
        assert "explicit deny" in refusal(lambda: update(s3, local_aws.create_key()))[2]
        update(s3, arn)
    finally:
        alice.close()
        bob.close()
