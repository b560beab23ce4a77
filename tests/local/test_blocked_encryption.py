"""Default encryption and blocked encryption types, as the embedded endpoint has them."""

from __future__ import annotations

from typing import Any

import pytest

from secure_s3.local import LocalAws
from tests.local.denials import denial
from tests.local.support import BUCKET, post, signed_form

KEY = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "0" * 32}
AES = {"SSEAlgorithm": "AES256"}
SSE_C = "x-amz-server-side-encryption-customer-algorithm"


def put_rule(s3: Any, **rule: Any) -> None:
    s3.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [rule]})


def block(s3: Any, kind: str = "SSE-C") -> None:
    put_rule(s3, BlockedEncryptionTypes={"EncryptionType": [kind]})


def rule_of(s3: Any) -> Any:
    return s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"][0]


def test_every_bucket_has_a_default(s3: Any, local_aws: LocalAws) -> None:
    """SSE-S3 unless it says otherwise; what a rule leaves out stays as it was."""
    assert rule_of(s3) == {"ApplyServerSideEncryptionByDefault": AES, "BucketKeyEnabled": False}
    kms = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": local_aws.kms_key_arn}
    put_rule(s3, ApplyServerSideEncryptionByDefault=kms, BucketKeyEnabled=True)
    block(s3)
    expected = {"ApplyServerSideEncryptionByDefault": kms, "BucketKeyEnabled": True}
    assert rule_of(s3) == {**expected, "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]}}
    assert s3.put_object(Bucket=BUCKET, Key="k")["SSEKMSKeyId"] == local_aws.kms_key_arn
    put_rule(s3, ApplyServerSideEncryptionByDefault=AES)
    assert rule_of(s3)["BlockedEncryptionTypes"] == {"EncryptionType": ["SSE-C"]}
    block(s3, "NONE")
    assert rule_of(s3)["BlockedEncryptionTypes"] == {"EncryptionType": ["NONE"]}
    s3.delete_bucket_encryption(Bucket=BUCKET)
    assert rule_of(s3) == {"ApplyServerSideEncryptionByDefault": AES, "BucketKeyEnabled": False}


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("put_object", {"Body": b"x"}),
        ("copy_object", {"CopySource": f"{BUCKET}/plain"}),
        ("create_multipart_upload", {}),
        ("upload_part", {"PartNumber": 1, "Body": b"x"}),
        ("upload_part_copy", {"PartNumber": 1, "CopySource": f"{BUCKET}/plain"}),
    ],
)
def test_uploads_with_customer_keys_can_be_blocked(s3: Any, operation: str, arguments: Any) -> None:
    """Every way to write; what was written before stays readable, and other uploads pass."""
    s3.put_object(Bucket=BUCKET, Key="plain", Body=b"x")
    s3.put_object(Bucket=BUCKET, Key="before", Body=b"hello", **KEY)
    if "PartNumber" in arguments:
        upload = s3.create_multipart_upload(Bucket=BUCKET, Key="k", **KEY)
        arguments = {**arguments, "UploadId": upload["UploadId"]}
    block(s3)
    found = denial(getattr(s3, operation), Bucket=BUCKET, Key="k", **arguments, **KEY)
    assert (found.status, found.code, found.cause) == (403, "AccessDenied", "blocked_encryption")
    assert (found.action, found.resource) == ("s3:PutObject", f"arn:aws:s3:::{BUCKET}/k")
    assert "has blocked upload requests that specify Server Side Encryption with Customer" in found.message
    assert s3.get_object(Bucket=BUCKET, Key="before", **KEY)["Body"].read() == b"hello"
    s3.copy_object(
        Bucket=BUCKET,
        Key="copy",
        CopySource=f"{BUCKET}/before",
        CopySourceSSECustomerAlgorithm="AES256",
        CopySourceSSECustomerKey="0" * 32,
    )
    block(s3, "NONE")
    getattr(s3, operation)(Bucket=BUCKET, Key="k", **arguments, **KEY)


def test_forms_are_blocked_as_well(local_aws: LocalAws, s3: Any) -> None:
    """A form with a customer's key, whatever its policy allows."""
    block(s3)
    conditions: list[Any] = [{"bucket": BUCKET}, ["starts-with", "$key", ""], {SSE_C: "AES256"}]
    conditions += [["starts-with", f"$x-amz-{name}", ""] for name in ("algorithm", "credential", "date")]
    document = {"expiration": "2999-01-01T00:00:00Z", "conditions": conditions}
    told = post(local_aws, signed_form(document, {"key": "k", SSE_C: "AES256"}))
    assert told.refusal == (403, "AccessDenied")
    assert "has blocked upload requests" in str(told.element("Message"))


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"BlockedEncryptionTypes": {"EncryptionType": ["SSE-S3"]}},
        {"BlockedEncryptionTypes": {"EncryptionType": ["SSE-C", "NONE"]}},
        {"BlockedEncryptionTypes": {"EncryptionType": []}},
        {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "rot13"}},
    ],
)
def test_rules_that_mean_nothing_are_refused(s3: Any, refused: Any, rule: Any) -> None:
    """And change nothing."""
    block(s3)
    call, rules = s3.put_bucket_encryption, {"Rules": [rule]}
    answer = refused(call, Bucket=BUCKET, ServerSideEncryptionConfiguration=rules)
    assert answer == (400, "MalformedXML")
    assert rule_of(s3)["BlockedEncryptionTypes"] == {"EncryptionType": ["SSE-C"]}
