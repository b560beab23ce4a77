"""Checks of what uploads ask for: every kind of request that would store something else is found."""

from __future__ import annotations

import json
from typing import Any

import pytest

from secure_s3.bucket.audit.check import Outcome
from secure_s3.bucket.audit.checks.uploads import CHECKS
from secure_s3.bucket.snapshot.values import Key, Unread
from secure_s3.bucket.wanted import BucketProfile
from secure_s3.encryption import DsseKms, SseC, SseKms, SseS3
from secure_s3.policy import Policy, statements
from tests.bucket.audit.snapshots import (
    ARN,
    BUCKET,
    KEY,
    KMS,
    OBJECTS,
    OWNER,
    STRANGER,
    baseline,
    deny,
    policy,
    told,
    verdict,
)
from tests.policy.seed_policies import SEEDS

READ_POLICY, READ_ENCRYPTION = "s3:GetBucketPolicy", "s3:GetEncryptionConfiguration"
UNREAD = Unread("access denied", READ_ENCRYPTION)
SSE = "s3:x-amz-server-side-encryption"
SSE_KEY = f"{SSE}-aws-kms-key-id"
BY_KEY = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
STRICT = BucketProfile(encryptions=(SseKms(KEY),), strict=True)
DSSE = BucketProfile(encryptions=(DsseKms(KEY),))
RIGHT = baseline(kms_key_arn=KEY).to_json()


def upload(condition: Any, resource: Any = OBJECTS, **more: Any) -> dict[str, Any]:
    """A Deny of uploads."""
    return deny("s3:PutObject", resource, condition, **more)


NOT_KMS = {"StringNotEquals": {SSE: ["aws:kms", "aws:kms:dsse"]}, "Null": {SSE: "false"}}
WRONG_KEY = {"StringNotEquals": {SSE_KEY: KEY}, "Null": {SSE_KEY: "false"}}
ONLY_KEY = {"StringNotEquals": {SSE_KEY: KEY}}
NO_KEY = {"StringLike": {SSE: "aws:kms*"}, "Null": {SSE_KEY: "true"}}

ROLE = f"arn:aws:iam::{OWNER}:role/App"
COPIED, CREATES = "s3:x-amz-copy-source", {"Bool": {"s3:ObjectCreationOperation": "true"}}
NEAR = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}

UNENCRYPTED = [
    (RIGHT, KMS, BY_KEY, []),
    (None, BucketProfile(), {}, []),
    (policy(upload(NOT_KMS)), KMS, BY_KEY, []),
    (None, KMS, BY_KEY, ["with AES256"]),
    (policy(upload(NOT_KMS, f"{ARN}/in/*")), KMS, BY_KEY, ["with AES256"]),
    (policy(upload(NOT_KMS, Principal={"AWS": ROLE})), KMS, BY_KEY, ["with AES256"]),
    (policy(upload({**NOT_KMS, **CREATES})), KMS, BY_KEY, ["with AES256"]),
    (policy(upload({**NOT_KMS, "Null": {SSE: "false", COPIED: "true"}})), KMS, BY_KEY, ["with AES256"]),
    (policy(upload({"StringEquals": {SSE: "aes256"}})), KMS, BY_KEY, ["with AES256"]),
    (RIGHT, KMS, {"SSEAlgorithm": "AES256"}, ["are stored under AES256, the default"]),
    (RIGHT, KMS, {}, ["are stored under AES256, the default"]),
    (RIGHT, DSSE, {"SSEAlgorithm": "aws:kms:dsse", "KMSMasterKeyID": KEY}, ["with aws:kms"]),
    (RIGHT, STRICT, BY_KEY, ["without an encryption header"]),
    (baseline(kms_key_arn=KEY, strict=True).to_json(), STRICT, BY_KEY, []),
    (policy(upload({"StringNotEquals": {SSE: "aws:kms"}})), KMS, {}, []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "profile", "default", "messages"), UNENCRYPTED)
def test_weaker_uploads_are_found(
    text: str | None, profile: BucketProfile, default: dict[str, str], messages: list[str]
) -> None:
    """Uploads with less than the profile allows, by header or by default, are named."""
    found = verdict(CHECKS, "unencrypted-uploads", profile, policy=text, encryption=default)
    assert len(found.findings) == len(messages), told(found)
    for each, expected in zip(found.findings, messages, strict=True):
        assert expected in each.message
        assert str(each.severity) == "medium"


WRONG = [
    (RIGHT, KMS, BY_KEY, []),
    (policy(upload(WRONG_KEY), upload(NO_KEY)), KMS, BY_KEY, ["UpdateObjectEncryption"]),
    (None, KMS, BY_KEY, ["other KMS", "no key"]),
    (policy(upload(WRONG_KEY)), KMS, BY_KEY, ["UpdateObjectEncryption", "no key"]),
    (policy(upload(NO_KEY)), KMS, BY_KEY, ["under other"]),
    (policy(upload({"StringNotLike": {SSE_KEY: f"arn:aws:kms:*:{OWNER}:key/*"}})), KMS, BY_KEY, ["other"]),
    (policy(upload({"StringNotEquals": {SSE_KEY: [KEY, f"{KEY}0"]}})), KMS, BY_KEY, ["under other"]),
    (policy(upload(ONLY_KEY, f"{ARN}/a*")), KMS, BY_KEY, ["other KMS", "no key"]),
    (policy(upload({**WRONG_KEY, **NEAR})), KMS, BY_KEY, ["other KMS", "no key"]),
    (RIGHT, KMS, {"SSEAlgorithm": "aws:kms"}, ["the default key, the AWS managed key"]),
    (RIGHT, KMS, {**BY_KEY, "KMSMasterKeyID": f"{KEY}0"}, ["the default key"]),
    (policy(upload(ONLY_KEY)), KMS, {"SSEAlgorithm": "aws:kms"}, ["UpdateObjectEncryption"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "profile", "default", "messages"), WRONG)
def test_uploads_under_other_keys_are_found(
    text: str | None, profile: BucketProfile, default: dict[str, str], messages: list[str]
) -> None:
    """Another key, of the account or of a stranger, none at all, or a wrong default."""
    found = verdict(CHECKS, "wrong-key-uploads", profile, policy=text, encryption=default)
    assert len(found.findings) == len(messages), told(found)
    for each, expected in zip(found.findings, messages, strict=True):
        assert expected in each.message


def test_a_default_key_by_its_alias_is_the_key_it_stands_for() -> None:
    """An alias counts as what DescribeKey says, and is unknown where that was not told."""
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/app"}
    known = {"alias/app": Key(arn="alias/app", metadata={"Arn": KEY})}
    told_of = verdict(CHECKS, "wrong-key-uploads", KMS, policy=RIGHT, encryption=default, keys=known)
    assert told_of.outcome is Outcome.PASSED
    for keys in ({}, {"alias/app": Key(arn="alias/app", metadata=Unread("denied", "kms:DescribeKey"))}):
        found = verdict(CHECKS, "wrong-key-uploads", KMS, policy=RIGHT, encryption=default, keys=keys)
        assert (found.outcome, found.action) == (Outcome.UNKNOWN, "kms:DescribeKey")


SSE_C = "s3:x-amz-server-side-encryption-customer-algorithm"


@pytest.mark.parametrize(
    ("given", "severities"),
    [
        ((statements.require_sse_c(BUCKET),), []),
        ((), ["medium"]),
        ((statements.deny_unencrypted_uploads(BUCKET, strict=True),), ["medium"]),
    ],
)
def test_a_profile_of_customers_keys_alone_wants_their_header(given: Any, severities: list[str]) -> None:
    """Whatever else an upload asks for, it has no key of the customer."""
    text = Policy.of(*given).to_json() if given else None
    profile = BucketProfile(encryptions=(SseC.generate(),))
    found = verdict(CHECKS, "unencrypted-uploads", profile, policy=text)
    assert [each for each, _ in told(found)] == severities


CUSTOMER = [
    (RIGHT, (), []),
    (None, ("SSE-C",), []),
    (policy(upload({"StringNotEquals": {SSE: "aws:kms"}})), (), []),
    (None, (), ["medium"]),
    (policy(upload({"StringEquals": {SSE_C: "aes256"}})), (), ["medium"]),
    (policy(upload({"Null": {SSE_C: "false"}}, f"{ARN}/in/*")), (), ["medium"]),
    (policy(upload({"Null": {SSE_C: "true"}})), (), ["medium"]),
]


@pytest.mark.parametrize(("text", "blocked", "severities"), CUSTOMER)
def test_customers_keys_are_stopped_by_policy_or_by_the_bucket(
    text: str | None, blocked: tuple[str, ...], severities: list[str]
) -> None:
    """Either of the two is enough."""
    found = verdict(CHECKS, "customer-key-uploads", policy=text, blocked_encryption=blocked)
    assert [each for each, _ in told(found)] == severities


@pytest.mark.parametrize(
    ("check", "changed", "action"),
    [
        ("unencrypted-uploads", {"policy": Unread("denied", READ_POLICY)}, READ_POLICY),
        ("unencrypted-uploads", {"encryption": UNREAD}, READ_ENCRYPTION),
        ("wrong-key-uploads", {"encryption": UNREAD}, READ_ENCRYPTION),
        ("customer-key-uploads", {"policy": None, "blocked_encryption": UNREAD}, READ_ENCRYPTION),
    ],
)
def test_what_would_decide_and_was_not_read_makes_it_unknown(
    check: str, changed: dict[str, Any], action: str
) -> None:
    """The permission that is missing is told."""
    found = verdict(CHECKS, check, KMS, **{"policy": RIGHT, **changed})
    assert (found.outcome, found.action) == (Outcome.UNKNOWN, action)


@pytest.mark.parametrize(
    ("check", "profile"),
    [
        ("wrong-key-uploads", BucketProfile()),
        ("customer-key-uploads", BucketProfile(encryptions=(SseS3(), SseC.generate()))),
    ],
)
def test_what_the_profile_does_not_ask_is_not_applicable(check: str, profile: BucketProfile) -> None:
    """A check that has nothing to compare with says so."""
    assert verdict(CHECKS, check, profile, policy=None).outcome is Outcome.NOT_APPLICABLE


def test_a_spared_service_is_worth_a_note_only() -> None:
    """Deliveries of AWS that are spared are info."""
    spared = Policy.of(
        statements.deny_unencrypted_uploads(BUCKET, except_services=True),
        statements.deny_wrong_kms_key(BUCKET, KEY, except_services=True),
        statements.deny_kms_without_key(BUCKET),
    ).to_json()
    for check in ("unencrypted-uploads", "wrong-key-uploads"):
        found = verdict(CHECKS, check, KMS, policy=spared, encryption=BY_KEY)
        assert {each for each, _ in told(found)} == {"info"}, told(found)


def test_a_key_of_the_witnesses_own_name_is_no_exception() -> None:
    """Accounts are replaced for judging, and findings name the real ones."""
    there: dict[str, Any] = {"account": STRANGER, "policy": None, "encryption": BY_KEY}
    profile = BucketProfile(encryptions=(SseKms(KEY.replace(OWNER, STRANGER)),))
    found = verdict(CHECKS, "wrong-key-uploads", profile, **there)
    assert f"arn:aws:kms:eu-west-1:{STRANGER}:key/" in found.findings[0].evidence[0]


@pytest.mark.parametrize(
    ("name", "check", "passes"),
    [
        ("0 combined", "unencrypted-uploads", True),
        ("0 one key", "wrong-key-uploads", False),
        ("1 unencrypted uploads", "unencrypted-uploads", True),
        ("1 unencrypted uploads", "wrong-key-uploads", False),
        ("0 unencrypted uploads", "unencrypted-uploads", False),
    ],
)
def test_published_policies_are_judged_by_what_they_do(name: str, check: str, passes: bool) -> None:
    """Each of them against a profile with one KMS key."""
    (seed,) = (each for each in SEEDS if each.name == name)
    text = json.dumps(seed.document).replace("us-east-1", "eu-west-1")
    found = verdict(CHECKS, check, KMS, policy=text, encryption=BY_KEY)
    assert (found.outcome is Outcome.PASSED) is passes
