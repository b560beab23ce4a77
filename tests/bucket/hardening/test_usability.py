"""Keys that cannot be used, defaults that would clash, buckets for logs, and what is left to people."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from secure_s3 import DsseKms, SseC, SseKms, SseS3
from secure_s3.bucket.audit.catalogue import CHECKS
from secure_s3.bucket.audit.judging import judge_all
from secure_s3.bucket.hardening.outcome import outcome
from secure_s3.bucket.snapshot.values import Key, Unread
from secure_s3.bucket.wanted import BucketProfile
from secure_s3.policy import Policy, evaluate, merge, statements
from secure_s3.policy.request import AccessRequest
from tests.bucket.hardening.support import (
    ACCOUNT,
    ARN,
    BARE,
    BUCKET,
    KEY,
    LOGS,
    METADATA,
    OTHER_KEY,
    READ_BY_ALL,
    TARGET,
    after,
    change,
    document,
    ids,
    planned,
    why_not,
)

KMS, OTHER = BucketProfile(encryptions=(SseKms(KEY),)), BucketProfile(encryptions=(SseKms(OTHER_KEY),))
REQUIRING = ("DenyUnencryptedUploads", "DenyWrongKmsKey", "DenyKmsWithoutKey")
DELIVERY = {
    "Sid": "Logs",
    "Effect": "Allow",
    "Principal": {"Service": "logging.s3.amazonaws.com"},
    "Action": "s3:PutObject",
    "Resource": f"{ARN}/*",
    "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
}


def _with_key(metadata: Any, profile: BucketProfile = KMS, **settings: Any) -> Any:
    key = Key(arn=KEY, metadata=metadata, rotation={"KeyRotationEnabled": True})
    return planned(profile, keys={KEY: key}, **settings)


@pytest.mark.parametrize(
    ("metadata", "says"),
    [
        ({**METADATA, "KeyState": "Disabled"}, "state is Disabled"),
        ({**METADATA, "KeyState": "PendingDeletion"}, "PendingDeletion"),
        ({**METADATA, "KeyState": "PendingImport"}, "PendingImport"),
        ({**METADATA, "KeySpec": "RSA_2048"}, "symmetric encryption keys only"),
        ({**METADATA, "KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY"}, "for SIGN_VERIFY"),
        (Unread("there is no such key", "", "NotFoundException"), "no such key"),
    ],
)
@pytest.mark.parametrize("strict", [False, True])
def test_key_that_cannot_be_used_is_relied_on_by_nothing(metadata: Any, says: str, strict: bool) -> None:
    """Neither the default nor a statement names it; the rest is planned, and the next plan says the same."""
    found = _with_key(metadata, replace(KMS, strict=strict))
    assert says in why_not(found, "kms-key-usable").why
    assert KEY not in str(change(found, "default-encryption").arguments)
    assert change(found, "default-encryption").title == "Block SSE-C uploads"
    policy = str(change(found, "bucket-policy").after)
    assert "DenyInsecureTransport" in policy
    assert KEY not in policy
    assert not any(sid in policy for sid in REQUIRING)
    again = planned(replace(KMS, strict=strict), **{**_settings(after(found)), "keys": found.snapshot.keys})
    assert not again
    assert says in why_not(again, "kms-key-usable").why


def _settings(snapshot: Any) -> dict[str, Any]:
    names = (
        *("policy", "encryption", "blocked_encryption", "versioning", "lifecycle", "public_access_block"),
        *("keys", "ownership", "acl"),
    )
    return {name: getattr(snapshot, name) for name in names}


@pytest.mark.parametrize("strategy", [SseKms, DsseKms])
def test_key_of_another_region_is_refused(strategy: Any) -> None:
    """S3 uses keys of the bucket's region only, however well the key is there."""
    found = planned(BucketProfile(encryptions=(strategy(KEY),)), region="us-east-1")
    assert "in eu-west-1 and the bucket in us-east-1" in why_not(found, "kms-key-usable").why
    assert KEY not in str(change(found, "default-encryption").arguments)
    assert KEY not in str(change(found, "bucket-policy").after)


def test_second_key_counts_as_well() -> None:
    """A statement that names both keys is not written while one of them is disabled; the default is."""
    keys = {
        KEY: Key(arn=KEY, metadata=METADATA, rotation={"KeyRotationEnabled": True}),
        OTHER_KEY: Key(arn=OTHER_KEY, metadata={**METADATA, "KeyState": "Disabled"}),
    }
    found = planned(BucketProfile(encryptions=(SseKms(KEY), SseKms(OTHER_KEY))), keys=keys)
    assert OTHER_KEY in why_not(found, "kms-key-usable").title
    assert change(found, "default-encryption").after["KMSMasterKeyID"] == KEY
    assert OTHER_KEY not in str(change(found, "bucket-policy").after)


@pytest.mark.parametrize(
    "metadata",
    [Unread("access denied", "kms:DescribeKey", "AccessDeniedException"), Unread("no answer in time")],
)
def test_key_nobody_could_look_at_is_told(metadata: Unread) -> None:
    """That a key was not read does not say that it cannot be used: the change has a note."""
    found = _with_key(metadata)
    note = change(found, "default-encryption").note
    assert f"whether the key {KEY} can be used is not known: {metadata.why}" in note
    assert metadata.action in note
    assert "kms-key-usable" not in {each.check for each in found.blocked}


@pytest.mark.parametrize("state", ["Enabled", "Updating"])
def test_key_that_works_is_used(state: str) -> None:
    """Nothing is said of it."""
    found = _with_key({**METADATA, "KeyState": state})
    assert change(found, "default-encryption").after["KMSMasterKeyID"] == KEY
    assert "known" not in change(found, "default-encryption").note
    assert not any(each.check == "kms-key-usable" for each in found.blocked)


# -- changed keys --------------------


def _hardened(profile: BucketProfile) -> dict[str, Any]:
    keys = {
        each: Key(arn=each, metadata=METADATA, rotation={"KeyRotationEnabled": True})
        for each in (KEY, OTHER_KEY)
    }
    return {**_settings(after(planned(profile, keys=keys))), "keys": keys}


@pytest.mark.parametrize(
    ("first", "second", "sid"),
    [(KMS, OTHER, "DenyWrongKmsKey"), (BucketProfile(), KMS, "DenyUnencryptedUploads")],
)
def test_changed_profile_leaves_a_bucket_that_works(
    first: BucketProfile, second: BucketProfile, sid: str
) -> None:
    """Where the policy denies what the profile asks for now, the default stays too, and the way is told.

    With the statement replaced as told, hardening does the rest, and an audit finds nothing above info.
    """
    there = _hardened(first)
    found = planned(second, **there)
    assert not found
    for check in ("unencrypted-uploads", "default-encryption"):
        blocked = why_not(found, check)
        assert sid in blocked.why
        assert f'replace="{sid}"' in blocked.why
    assert any("get-bucket-policy" in each for each in why_not(found, "unencrypted-uploads").commands)
    new = {
        "DenyWrongKmsKey": statements.deny_wrong_kms_key(BUCKET, OTHER_KEY),
        "DenyUnencryptedUploads": statements.deny_unencrypted_uploads(BUCKET, "aws:kms"),
    }
    mended = merge(there["policy"], new[sid], replace=sid).to_json(indent=None)
    again = planned(second, **{**there, "policy": mended})
    assert "default-encryption" in ids(again)
    assert not again.blocked
    assert not judge_all(after(again), second, CHECKS).above()


def test_clash_with_a_strategy_that_is_no_default_leaves_the_default() -> None:
    """Only uploads under the default itself are a reason to keep the old one."""
    named = statements.deny_wrong_kms_key(BUCKET, KEY)
    both = BucketProfile(encryptions=(SseKms(KEY), SseKms(OTHER_KEY)))
    found = planned(both, policy=document(dict(named.raw)))
    assert "DenyWrongKmsKey" in why_not(found, "unencrypted-uploads").why
    assert change(found, "default-encryption").after["KMSMasterKeyID"] == KEY


# -- buckets for logs --------------------


@pytest.mark.parametrize(
    "profile",
    [
        KMS,
        BucketProfile(encryptions=(DsseKms(KEY),)),
        replace(KMS, strict=True),
        BucketProfile(strict=True),
        BucketProfile(encryptions=(SseC.generate(),)),
    ],
)
def test_bucket_for_logs_still_gets_them(profile: BucketProfile) -> None:
    """No statement stops a delivery, which names no encryption, nor contradicts the default that stays.

    Whoever asks for SSE-S3 afterwards is given it, and finds nothing above info.
    """
    found = planned(profile, policy=document(DELIVERY))
    policy = Policy.parse(str(change(found, "bucket-policy").after))
    assert not any(each.sid in ("DenyWrongKmsKey", "DenyKmsWithoutKey") for each in policy.statements)
    assert _delivered(policy) == "allowed"
    assert found.blocked
    plain = planned(BucketProfile(), **_settings(after(found)))
    assert not plain.blocked
    assert _delivered(Policy.parse(after(plain).policy)) == "allowed"  # type: ignore[arg-type]
    assert not judge_all(after(plain), BucketProfile(), CHECKS).above()


def _delivered(policy: Policy) -> str:
    request = AccessRequest(
        "s3:PutObject",
        f"{ARN}/logs/one",
        "logging.s3.amazonaws.com",
        {
            "aws:SecureTransport": True,
            "s3:TlsVersion": "1.3",
            "aws:SourceAccount": ACCOUNT,
            "s3:authType": "REST-HEADER",
        },
        ("s3:signatureAge", "aws:ViaAWSService"),
        resource_account=ACCOUNT,
    )
    return str(evaluate(request, resource_policy=policy).outcome)


@pytest.mark.parametrize(
    "lock",
    [
        {"ObjectLockEnabled": "Enabled"},
        {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}},
    ],
)
def test_target_with_object_lock_is_refused(lock: dict[str, Any]) -> None:
    """S3 delivers no logs into a bucket with Object Lock, with a default retention or without."""
    found = planned(BucketProfile(log_bucket=LOGS), wanted_log_target=replace(TARGET, object_lock=lock))
    assert "Object Lock" in why_not(found, "access-logging").why
    assert not {"log-target", "access-logging"} & set(ids(found))


# -- what is left to people --------------------


def test_public_statement_is_left_to_people() -> None:
    """What hardening does not take out is named, now and every time after."""
    found = planned(policy=document(READ_BY_ALL), public_access_block={})
    (left,) = [each for each in found.manual if each.check == "policy-public"]
    assert left.title == "statement Open admits everybody: take it out or narrow it"
    again = planned(**_settings(after(found)))
    assert not again
    assert [each.check for each in again.manual] == ["policy-public"]


@pytest.mark.parametrize(
    "settings",
    [
        {"policy": document({**READ_BY_ALL, "Sid": "All", "Action": "s3:*"})},
        {
            "policy": document(
                {**READ_BY_ALL, "Sid": "Far", "Principal": {"AWS": "arn:aws:iam::444455556666:root"}}
                | {"Action": "s3:*", "Resource": [ARN, f"{ARN}/*"]}
            )
        },
        {"cors": ({"AllowedOrigins": ["*"], "AllowedMethods": ["PUT", "GET"], "AllowedHeaders": ["*"]},)},
        {"website": {"IndexDocument": {"Suffix": "index.html"}}},
        {"encryption": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": OTHER_KEY, "BucketKeyEnabled": True}},
    ],
)
@pytest.mark.parametrize("profile", [BucketProfile(), KMS])
def test_nothing_above_info_goes_unsaid(settings: dict[str, Any], profile: BucketProfile) -> None:
    """Whatever an audit finds once all is applied is among what is left, or follows from what is blocked."""
    keys = {
        each: Key(arn=each, metadata=METADATA, rotation={"KeyRotationEnabled": False})
        for each in (KEY, OTHER_KEY)
    }
    found = planned(profile, public_access_block={}, keys=keys, **settings)
    bad = {each.rule for each in judge_all(after(found), profile, CHECKS).above()}
    said = {each.check for each in (*found.manual, *found.blocked)}
    hardened = {each.id for each in CHECKS if each.hardened}
    assert bad - said - (hardened if found.blocked else set()) == set()


def test_rotation_of_a_key_of_others_is_left_to_people() -> None:
    """The bucket's own default key, which the profile does not name, is not touched but told."""
    settings = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": OTHER_KEY, "BucketKeyEnabled": True}
    key = Key(arn=OTHER_KEY, metadata=METADATA, rotation={"KeyRotationEnabled": False})
    found = planned(BucketProfile(encryptions=(SseS3(),)), encryption=settings, keys={OTHER_KEY: key})
    (left,) = [each for each in found.manual if each.check == "key-rotation"]
    assert left.commands == (f"aws kms enable-key-rotation --region eu-west-1 --key-id {OTHER_KEY}",)
    assert not any(each.service == "kms" for each in found.changes)


def test_bucket_in_order_leaves_nothing() -> None:
    """What is merely good to have is no work for anybody."""
    assert planned(KMS).manual == ()


def test_outcome_is_what_the_changes_say() -> None:
    """The projected snapshot is that of a bucket which is read again."""
    wanted = replace(KMS, log_bucket=LOGS, block_account=True)
    found = planned(wanted, public_access_block={})
    made = outcome(BARE, found.changes)
    assert replace(made, log_target=None) == replace(after(found), log_target=None)
    assert made.log_target == made.wanted_log_target
    assert not planned(wanted, **{**_settings(made), "logging": made.logging}).blocked
