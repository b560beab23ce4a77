"""Hardening against the embedded endpoint: applied, applied again, interrupted, overtaken, and used."""

from __future__ import annotations

import io
import json
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from botocore.exceptions import ClientError

from secure_s3 import SecureS3Client, SecurityProfile, SseKms, SseS3, errors
from secure_s3.bucket.hardening import applying
from secure_s3.bucket.hardening.recovery import ABORT_ID
from secure_s3.bucket.wanted import DefaultRetention
from secure_s3.guard.tls import PinnedSession
from secure_s3.local import LocalAws
from tests.bucket.hardening.support import (
    ALL_ON,
    BUCKET,
    LOGS,
    READ_BY_ALL,
    READ_BY_OTHERS,
    change,
    client_of,
    deny,
    document,
    ids,
)
from tests.local.people import allow, role, user

MIB = 1024 * 1024
NO_VERSIONING = {"Effect": "Deny", "Action": "s3:PutBucketVersioning", "Resource": "*"}


@pytest.fixture
def s3(local_aws: LocalAws) -> SecureS3Client:
    """A client of somebody who may do everything, with one bucket as S3 makes them."""
    local_aws.create_bucket(BUCKET)
    return client_of(local_aws)


@pytest.fixture
def plain(local_aws: LocalAws) -> Iterator[Any]:
    """Plain boto3, for what others do."""
    client = local_aws.session().client("s3")
    yield client
    client.close()


def test_caller_over_an_older_tls_is_not_locked_out(
    s3: SecureS3Client, plain: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A minimum that the client's own connections do not reach is refused, and nothing is changed."""
    assert s3.bucket(BUCKET).snapshot(identities=False).caller_tls in ("1.2", "1.3")
    monkeypatch.setattr(PinnedSession, "negotiated", lambda self: "1.2")
    with pytest.raises(errors.LockoutRefused, match="as it is connected now"):
        s3.bucket(BUCKET).harden(min_tls="1.3")
    with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
        plain.get_bucket_policy(Bucket=BUCKET)


def _open(plain: Any, name: str = BUCKET) -> None:
    """Make a bucket what S3 made until April 2023."""
    plain.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=dict.fromkeys(ALL_ON, False))
    plain.put_bucket_ownership_controls(
        Bucket=name, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    )


def test_old_bucket_is_hardened_once(s3: SecureS3Client, plain: Any, local_aws: LocalAws) -> None:
    """Everything asked for is there afterwards, the audit finds nothing above info, and nothing is left."""
    _open(plain)
    local_aws.create_bucket(LOGS)
    rule = {"ID": "tidy", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 1}}
    plain.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [rule]})
    plain.put_bucket_policy(
        Bucket=BUCKET, Policy=document(READ_BY_OTHERS, deny("RequireMinTls", "s3:Get*Acl"))
    )
    plain.put_bucket_policy(
        Bucket=LOGS, Policy=document({**READ_BY_OTHERS, "Resource": f"arn:aws:s3:::{LOGS}/*"})
    )
    wishes: dict[str, Any] = {
        "log_bucket": LOGS,
        "object_lock": DefaultRetention(mode="GOVERNANCE", days=1),
        "noncurrent_days": 90,
        "block_account": True,
    }
    bucket = s3.bucket(BUCKET)
    done = bucket.harden(**wishes)
    assert len(done.done) == 11
    assert not done.unconfirmed
    assert not bucket.harden(**wishes).done
    kept = json.loads(plain.get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"]
    assert kept[:2] == [READ_BY_OTHERS, deny("RequireMinTls", "s3:Get*Acl")]
    rules = plain.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    assert [each["ID"] for each in rules][:2] == ["tidy", ABORT_ID]
    assert plain.get_bucket_logging(Bucket=BUCKET)["LoggingEnabled"]["TargetBucket"] == LOGS
    retention = plain.get_object_lock_configuration(Bucket=BUCKET)["ObjectLockConfiguration"]["Rule"]
    assert retention == {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}


def test_bare_bucket_is_in_order_afterwards(s3: SecureS3Client) -> None:
    """An audit with the same profile finds nothing above info."""
    bucket = s3.bucket(BUCKET)
    bucket.harden()
    audit = bucket.audit()
    assert [f"{each.rule}: {each.message}" for each in audit.above()] == []


def test_public_policy_is_hardened(s3: SecureS3Client, plain: Any) -> None:
    """A policy that Block Public Access would refuse is written before that is switched on."""
    _open(plain)
    plain.put_bucket_policy(Bucket=BUCKET, Policy=document(READ_BY_ALL))
    bucket = s3.bucket(BUCKET)
    bucket.harden()
    assert not bucket.plan()
    statements = json.loads(plain.get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"]
    assert statements[0] == READ_BY_ALL


def test_stop_in_the_middle_is_told_and_made_good(s3: SecureS3Client, local_aws: LocalAws) -> None:
    """A caller who lacks one permission stops there; whoever has it finishes what is left."""
    local_aws.create_bucket(LOGS)
    keys = user(local_aws, allow("*"), NO_VERSIONING)
    theirs = local_aws.client(
        SseKms(local_aws.kms_key_arn),
        session=local_aws.session(
            credentials={
                "AccessKeyId": keys["aws_access_key_id"],
                "SecretAccessKey": keys["aws_secret_access_key"],
            }
        ),
    )
    with theirs, pytest.raises(errors.PlanNotApplied) as caught:
        theirs.bucket(BUCKET).harden()
    error = caught.value
    assert not isinstance(error, errors.PlanOutdated)
    assert [each.id for each in error.done] == ["default-encryption", "bucket-policy"]
    assert error.not_done[0].id == "versioning"
    assert "not done: versioning, lifecycle" in str(error)
    assert error.status == 403
    assert isinstance(error.__cause__, errors.PolicyDenied)
    left = s3.bucket(BUCKET).harden()
    assert [each.id for each in left.done] == [each.id for each in error.not_done]


def test_change_by_others_is_not_overwritten(s3: SecureS3Client, plain: Any, local_aws: LocalAws) -> None:
    """What somebody changed between plan and apply stays as they made it, and is told."""
    _open(plain)
    local_aws.create_bucket(LOGS)
    bucket = s3.bucket(BUCKET)
    planned = bucket.plan(log_bucket=LOGS)
    theirs = document(deny("Theirs", "s3:DeleteBucket", Resource=f"arn:aws:s3:::{BUCKET}"))
    on_logs = document(deny("Theirs", "s3:DeleteBucket", Resource=f"arn:aws:s3:::{LOGS}"))
    one_off = ALL_ON | {"BlockPublicAcls": False}
    rule = {"ID": "new", "Status": "Enabled", "Filter": {"Prefix": "a/"}, "Expiration": {"Days": 1}}
    plain.put_bucket_policy(Bucket=BUCKET, Policy=theirs)
    plain.put_bucket_policy(Bucket=LOGS, Policy=on_logs)
    plain.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [rule]})
    with pytest.raises(errors.PlanOutdated, match="Theirs") as caught:
        bucket.apply(planned)
    assert caught.value.not_done[0].id == "bucket-policy"
    assert len(caught.value.done) == 3
    assert (*caught.value.done, *caught.value.not_done) == planned.changes
    plain.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=one_off)
    for id in ("bucket-public-access-block", "log-target", "lifecycle"):
        with pytest.raises(errors.PlanOutdated):
            bucket.apply(replace(planned, changes=(change(planned, id),)))
    assert plain.get_bucket_policy(Bucket=BUCKET)["Policy"] == theirs
    assert plain.get_bucket_policy(Bucket=LOGS)["Policy"] == on_logs
    assert plain.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"] == one_off
    rules = plain.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    assert [each["ID"] for each in rules] == ["new"]


def test_stale_readings_and_changes_made_already(s3: SecureS3Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that S3 shows a moment later is told to be unconfirmed; one that is there is not sent."""
    bucket = s3.bucket(BUCKET)
    planned = bucket.plan(log_bucket="amzn-s3-demo-nowhere")
    assert any("amzn-s3-demo-nowhere" in each.why for each in planned.blocked)
    seen = {each.id: each.before for each in planned.changes}
    with monkeypatch.context() as patch:
        patch.setattr(applying, "read_again", lambda asking, change: seen[change.id])
        assert bucket.apply(planned).unconfirmed == planned.changes
    monkeypatch.setattr(applying, "_send", None)
    again = bucket.apply(planned)
    assert again.done == planned.changes
    assert not again.unconfirmed


def test_unreadable_settings_are_left(s3: SecureS3Client, local_aws: LocalAws) -> None:
    """A caller who may not read a setting changes everything else."""
    keys = user(
        local_aws, allow("*"), {**NO_VERSIONING, "Action": ["s3:GetBucketPolicy", "s3:GetLifecycle*"]}
    )
    found = {"AccessKeyId": keys["aws_access_key_id"], "SecretAccessKey": keys["aws_secret_access_key"]}
    with local_aws.client(SseS3(), session=local_aws.session(credentials=found)) as theirs:
        planned = theirs.bucket(BUCKET).plan()
    assert ids(planned) == ["default-encryption", "versioning"]
    assert {each.check for each in planned.blocked} == {"bucket-policy", "lifecycle"}
    assert all("s3:Get" in each.why for each in planned.blocked)


def test_bucket_of_another_account_than_expected_is_not_touched(
    s3: SecureS3Client, local_aws: LocalAws
) -> None:
    """Where nothing of the bucket is told, nothing is changed: neither its settings nor those of the key."""
    expecting = SecurityProfile(expected_bucket_owner="444455556666")
    with local_aws.client(SseKms(local_aws.kms_key_arn), profile=expecting) as theirs:
        for call in (theirs.bucket(BUCKET).harden, theirs.bucket(BUCKET).plan):
            with pytest.raises(errors.AccessDenied, match="not of account 444455556666") as caught:
                call(block_account=True)
    assert isinstance(caught.value.__cause__, errors.AccessDenied)
    assert "s3:GetBucketPolicy" in caught.value.fix
    snapshot = s3.bucket(BUCKET).snapshot(identities=False)
    assert (snapshot.policy, snapshot.versioning, snapshot.account_public_access_block) == (None, "", {})
    assert snapshot.keys[local_aws.kms_key_arn].rotation == {"KeyRotationEnabled": False}


def test_caller_who_may_read_nothing_is_told(s3: SecureS3Client, local_aws: LocalAws) -> None:
    """A plan out of nothing would look like a bucket in order."""
    keys = user(local_aws, allow("s3:ListBucket", "kms:*"))
    found = {"AccessKeyId": keys["aws_access_key_id"], "SecretAccessKey": keys["aws_secret_access_key"]}
    session = local_aws.session(credentials=found)
    refused = pytest.raises(errors.AccessDenied, match="no setting of amzn-s3-demo-bucket may be read")
    with local_aws.client(SseKms(local_aws.kms_key_arn), session=session) as theirs, refused:
        theirs.bucket(BUCKET).harden()


def test_key_that_is_disabled_leaves_a_bucket_that_works(s3: SecureS3Client, local_aws: LocalAws) -> None:
    """Uploads go on under what was there, and what is missing is said; enabled again, the rest is done."""
    plain, kms = local_aws.session().client("s3"), local_aws.session().client("kms")
    kms.disable_key(KeyId=local_aws.kms_key_arn)
    done = s3.bucket(BUCKET).harden()
    assert not done.complete
    assert "kms-key-usable" in {each.check for each in done.plan.blocked}
    plain.put_object(Bucket=BUCKET, Key="a", Body=b"one")
    assert plain.get_object(Bucket=BUCKET, Key="a")["ServerSideEncryption"] == "AES256"
    kms.enable_key(KeyId=local_aws.kms_key_arn)
    assert s3.bucket(BUCKET).harden().complete
    assert s3.put_object(Bucket=BUCKET, Key="a", Body=b"two")["SSEKMSKeyId"] == local_aws.kms_key_arn
    plain.close()
    kms.close()


def test_caller_with_object_permissions_does_what_the_profile_allows(
    s3: SecureS3Client, local_aws: LocalAws
) -> None:
    """Put, get, multipart, copy and presign go on as configured; every other way is denied."""
    s3.bucket(BUCKET).harden(presign_ceiling=timedelta(minutes=5))
    key, other = local_aws.kms_key_arn, local_aws.create_key()
    app = role(
        local_aws,
        allow("s3:PutObject", "s3:GetObject", "s3:AbortMultipartUpload", "s3:PutObjectAcl"),
        allow("kms:GenerateDataKey", "kms:Decrypt"),
    )
    session = local_aws.session(role=app)
    with local_aws.client(SseKms(key), session=session) as own:
        own.put_object(Bucket=BUCKET, Key="a", Body=b"one")
        assert own.get_object(Bucket=BUCKET, Key="a")["Body"].read() == b"one"
        own.upload_fileobj(io.BytesIO(bytes(9 * MIB)), BUCKET, "big")
        own.copy_object(Bucket=BUCKET, Key="b", CopySource={"Bucket": BUCKET, "Key": "a"})
        put = own.presign.put(BUCKET, "c", expires_in=300)
        get = own.presign.get(BUCKET, "a", expires_in=300)
        assert _fetch(local_aws, put.url, "PUT", put.required_headers) == 200
        assert _fetch(local_aws, get.url) == 200
    raw = session.client("s3")
    raw.put_object(Bucket=BUCKET, Key="default", Body=b"")
    assert raw.head_object(Bucket=BUCKET, Key="default")["SSEKMSKeyId"] == key
    denied: list[dict[str, Any]] = [
        {"ServerSideEncryption": "AES256"},
        {"ServerSideEncryption": "aws:kms"},
        {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": other},
        {"ServerSideEncryption": "aws:kms:dsse", "SSEKMSKeyId": key},
        {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": bytes(32)},
    ]
    for arguments in denied:
        assert _refusal(raw.put_object, Bucket=BUCKET, Key="x", Body=b"", **arguments) == (
            403,
            "AccessDenied",
        )
    public = _refusal(raw.put_object, Bucket=BUCKET, Key="x", Body=b"", ACL="public-read")
    assert public == (400, "AccessControlListNotSupported")
    for circumstances in ({"aws:SecureTransport": False, "s3:TlsVersion": None}, {"s3:TlsVersion": "1.1"}):
        with local_aws.circumstances(circumstances):
            assert _refusal(raw.get_object, Bucket=BUCKET, Key="a") == (403, "AccessDenied")
    old = raw.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": "a"}, ExpiresIn=3000)
    raw.close()
    assert _fetch(local_aws, old) == 200
    local_aws.shift_clock(301)
    assert _fetch(local_aws, old) == 403


def _fetch(aws: LocalAws, url: str, method: str = "GET", headers: Any = None) -> int:
    trusted = ssl.create_default_context(cafile=aws.ca_bundle)
    try:
        with urlopen(Request(url, method=method, headers=dict(headers or {})), context=trusted) as answer:
            return int(answer.status)
    except HTTPError as error:
        error.close()
        return error.code


def _refusal(operation: Any, **arguments: Any) -> tuple[int, str]:
    with pytest.raises(ClientError) as caught:
        operation(**arguments)
    told = caught.value.response
    return told["ResponseMetadata"]["HTTPStatusCode"], told["Error"]["Code"]


def test_prefix_with_an_encryption_of_its_own_stays_writable(s3: SecureS3Client, plain: Any) -> None:
    """What a Deny below a prefix lets through passes afterwards, and that something is left is told."""
    only = {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}
    secret = deny("K", "s3:PutObject", only, Resource=f"arn:aws:s3:::{BUCKET}/secret/*")
    plain.put_bucket_policy(Bucket=BUCKET, Policy=document(secret))
    applied = s3.bucket(BUCKET).harden(encryptions=SseS3())
    assert not applied.complete
    plain.put_object(Bucket=BUCKET, Key="secret/a", Body=b"a", ServerSideEncryption="aws:kms")


def test_key_is_exchanged(s3: SecureS3Client, plain: Any, local_aws: LocalAws) -> None:
    """Hardened for one key and then for another, the bucket takes the other and no longer the first."""
    mine, key = s3.bucket(BUCKET), local_aws.create_key()
    mine.harden()
    applied = mine.harden(replace="DenyWrongKmsKey", encryptions=SseKms(key))
    assert applied.complete
    kms = {"Bucket": BUCKET, "Key": "a", "Body": b"a", "ServerSideEncryption": "aws:kms"}
    plain.put_object(**kms, SSEKMSKeyId=key)
    with pytest.raises(ClientError, match="AccessDenied"):
        plain.put_object(**kms, SSEKMSKeyId=local_aws.kms_key_arn)
