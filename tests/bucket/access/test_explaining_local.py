"""Refusals of the embedded endpoint, explained with what it tells: one verdict with a check before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from secure_s3 import SecureS3Client, errors
from secure_s3.bucket.access.explaining import gather_evidence
from secure_s3.encryption import SseC, SseKms, SseS3
from secure_s3.local import LocalAws
from secure_s3.policy import Policy
from secure_s3.policy import statements as make
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
    iam.close()
    own = local_aws.session(user="ann")
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


def tagged(sid: str, value: str) -> dict[str, Any]:
    """A statement that denies to read what has not this tag."""
    return deny(sid, "s3:GetObject", {"StringNotEquals": {"s3:ExistingObjectTag/team": value}})


@pytest.mark.parametrize(
    ("tags", "shown"), [("Team=x&other=y", None), ("team=data&other=y", ("data",)), ("", None)]
)
def test_tags_of_the_object_are_read(s3: SecureS3Client, local_aws: Any, tags: str, shown: Any) -> None:
    """A condition on the object's tags is decided by the tags that it has, for a check as well."""
    plain = local_aws.session().client("s3")
    plain.put_object(**WHERE, Body=b"x", **({"Tagging": tags} if tags else {}))
    plain.put_bucket_policy(
        Bucket=BUCKET, Policy=json.dumps(policy(tagged("Mine", "data"), tagged("No", "a")))
    )
    with pytest.raises(errors.BucketPolicyDenied) as caught:
        s3.get_object(**WHERE)
    found = s3.explain(caught.value)
    assert found.certainty == "proved", found.text()
    assert not any("tags" in gap for gap in found.gaps)
    assert s3.check("get_object", **WHERE).outcome == "denied"
    (judged, *_) = gather_evidence(s3.boto3, s3.session, caught.value).judged
    sids = [
        each.statement.sid for each in judged.decision.reasons if each.role == "denies" and each.statement
    ]
    assert sids == (["No"] if shown else ["Mine", "No"])
    plain.close()


def test_tags_that_may_not_be_read_are_a_gap(s3: SecureS3Client, local_aws: Any) -> None:
    """Where GetObjectTagging is refused, the tag stays unknown, and that is told; it is asked once."""
    plain = local_aws.session().client("s3")
    plain.put_object(**WHERE, Body=b"x", Tagging="team=x")
    hidden = deny("Hidden", "s3:GetObjectTagging")
    plain.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy(tagged("Mine", "data"), hidden)))
    with pytest.raises(errors.BucketPolicyDenied) as caught:
        s3.get_object(**WHERE)
    assert "the tags of a/b: access denied; give assume=" in s3.explain(caught.value).gaps
    told = s3.explain(caught.value, assume={"s3:ExistingObjectTag/team": "x"})
    assert not any("tags" in gap for gap in told.gaps)
    assert "Mine" in str(told.statement)
    assert [gap.argument for gap in s3.check("get_object", **WHERE).gaps] == ["assume"]
    plain.close()


def test_an_error_of_another_endpoint_is_not_explained_with_this_ones_policies(local_aws: LocalAws) -> None:
    """The same bucket name elsewhere is another bucket: nothing is read, and the explanation says so."""
    bucket = local_aws.create_bucket("amzn-s3-demo-bucket")
    document = Policy.of(make.deny_insecure_transport(bucket), make.deny_sse_c(bucket)).to_json()
    with LocalAws() as other:
        other.create_bucket(bucket)
        there = other.client(SseS3())
        there.boto3.put_bucket_policy(Bucket=bucket, Policy=document)
        with pytest.raises(errors.BucketPolicyDenied) as caught:
            there.put_object(Bucket=bucket, Key="k", Body=b"x", encryption=SseC.generate())
        here = local_aws.client(SseS3())
        here.boto3.put_bucket_policy(Bucket=bucket, Policy=document)
        told = here.explain(caught.value)
        assert (told.statement, told.certainty) == (None, "stated")
        assert "another endpoint" in told.text()
        assert there.explain(caught.value).statement == "DenySseC"
