"""Refusals of the embedded endpoint, explained with what it tells: one verdict with a check before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from secure_s3 import SecureS3Client, errors
from secure_s3.bucket.explaining import gather_evidence
from secure_s3.encryption import SseC, SseKms, SseS3
from tests.bucket.support import ALL, SSE, WHERE, deny, policy
from tests.guard.support import BUCKET, OTHER_ARN, RAW_KEY


@pytest.fixture
def s3(local_aws: Any) -> Iterator[SecureS3Client]:
    """A client of a user, Ann, who may do everything but tag, by her group's policy."""
    local_aws.create_bucket(BUCKET)
    iam = local_aws.session().client("iam")
    may = policy(
        *ALL["Statement"],
        {"Effect": "Deny", "Action": "s3:PutObjectTagging", "Resource": "*", "Sid": "NoTags"},
    )
    iam.create_group(GroupName="staff")
    iam.put_group_policy(GroupName="staff", PolicyName="all", PolicyDocument=json.dumps(may))
    iam.create_user(UserName="ann")
    iam.add_user_to_group(GroupName="staff", UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    iam.close()
    own = local_aws.session()
    own._session.set_credentials(key["AccessKeyId"], key["SecretAccessKey"])
    with local_aws.client(SseKms(local_aws.kms_key_arn), session=own) as made:
        yield made


CASES: list[tuple[str, dict[str, Any], dict[str, Any] | None, str]] = [
    ("put_object", {}, deny("No", "s3:PutObject"), "No"),
    (
        "put_object",
        {},
        deny("WrongKey", "s3:PutObject", {"StringNotEquals": {f"{SSE}-aws-kms-key-id": OTHER_ARN}}),
        "WrongKey",
    ),
    (
        "put_object",
        {"encryption": SseC(RAW_KEY)},
        deny("NoSseC", "s3:PutObject", {"Null": {f"{SSE}-customer-algorithm": "false"}}),
        "NoSseC",
    ),
    ("put_object", {"Tagging": "a=b"}, None, "NoTags"),
    ("get_object", {}, deny("No", "s3:GetObject"), "No"),
    ("head_object", {}, deny("No", "s3:GetObject"), "No"),
    ("delete_object", {}, deny("Keep", "s3:Delete*"), "Keep"),
]


def test_one_verdict(s3: SecureS3Client) -> None:
    """A check foretells what the endpoint refuses, and the explanation names the same statement."""
    s3.put_object(**WHERE, Body=b"x")
    for operation, more, statement, sid in CASES:
        if statement is not None:
            s3.boto3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy(statement)))
        before = s3.check(operation, **WHERE, **more)
        error = refused(s3, operation, more)
        after = gather_evidence(s3.boto3, s3.session, error)
        assert before.outcome == "denied", sid
        denied = next(each for each in after.judged if each.decision.outcome == "explicitly_denied")
        checked = next(each for each in before.permissions if each.outcome == "denied")
        assert denied.decision.statement == checked.decision.statement
        assert after.sent is not None
        assert after.sent.tls in ("1.2", "1.3")
        explanation = s3.explain(error)
        assert explanation.denial.statement is not None
        assert explanation.denial.statement.sid == sid
        assert "permissions boundary" not in " ".join(explanation.not_examined)
        if operation == "head_object":
            assert s3.explain(error, probe=True).denial.action == "s3:GetObject"
        s3.boto3.delete_bucket_policy(Bucket=BUCKET)


def refused(s3: SecureS3Client, operation: str, more: dict[str, Any]) -> errors.AccessDenied:
    body = {"Body": b"x"} if operation == "put_object" else {}
    with pytest.raises(errors.AccessDenied) as caught:
        getattr(s3, operation)(**WHERE, **more, **body)
    return caught.value


def test_blocked_encryption(s3: SecureS3Client) -> None:
    """What the bucket's settings refuse is read from them."""
    rule = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
        "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
    }
    s3.boto3.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [rule]})
    with pytest.raises(errors.AccessDenied) as caught:
        s3.put_object(**WHERE, Body=b"x", encryption=SseC(RAW_KEY))
    found = gather_evidence(s3.boto3, s3.session, caught.value)
    assert (found.denial.cause, found.settings.blocked_encryption) == ("blocked_encryption", ("SSE-C",))
    assert found.settings.default_encryption == {"SSEAlgorithm": "AES256", "BucketKeyEnabled": False}
    assert s3.check("put_object", **WHERE, encryption=SseS3()).outcome == "allowed"
