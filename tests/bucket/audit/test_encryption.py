"""Default encryption, bucket keys, and the blocking of SSE-C."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from secure_s3.bucket.snapshot.values import Key
from secure_s3.bucket.wanted import BucketProfile
from secure_s3.encryption import DsseKms, SseC, SseKms, SseS3
from secure_s3.policy import Policy
from tests.bucket.audit.good import (
    ACCOUNT,
    BUCKET,
    DENIED,
    KEY,
    METADATA,
    OTHER_KEY,
    PLAIN,
    PROFILE,
    STRANGER,
    severities,
    told,
    verdict,
)

FOREIGN = KEY.replace(ACCOUNT, STRANGER)
DSSE = BucketProfile(encryptions=(DsseKms(KEY),))


def _kms(key: str | None = KEY, algorithm: str = "aws:kms", bucket_key: bool = True) -> dict[str, Any]:
    named = {} if key is None else {"KMSMasterKeyID": key}
    return {"SSEAlgorithm": algorithm, "BucketKeyEnabled": bucket_key, **named}


@pytest.mark.parametrize(
    ("setting", "profile"),
    [
        (_kms(), PROFILE),
        (_kms(algorithm="aws:kms:dsse"), DSSE),
        (_kms(algorithm="aws:kms:dsse"), PROFILE),
        (_kms(OTHER_KEY), PLAIN),
        (_kms(None), PLAIN),
    ],
)
def test_a_default_as_the_profile_asks_or_stronger_passes(setting: Any, profile: BucketProfile) -> None:
    """The algorithm may be stronger than asked for, and any key will do where none is named."""
    assert severities("default-encryption", profile, encryption=setting) == []


@pytest.mark.parametrize(
    ("setting", "profile", "found", "words"),
    [
        ({"SSEAlgorithm": "AES256"}, PROFILE, ["medium"], "the profile asks for SSE-KMS"),
        ({"SSEAlgorithm": "AES256"}, PLAIN, ["info"], "SSE-KMS is preferred"),
        ({}, PLAIN, ["medium"], "No default encryption"),
        ({}, PROFILE, ["medium"], "No default encryption"),
        (_kms(), DSSE, ["medium"], "asks for DSSE-KMS"),
        (_kms(algorithm="aws:fsx"), PROFILE, ["medium"], "aws:fsx"),
        (_kms(OTHER_KEY), PROFILE, ["medium"], "not arn:aws:kms:eu-west-1:111122223333:key/1234abcd"),
        (_kms(None), PROFILE, ["medium"], "AWS managed"),
        (_kms("alias/app"), PROFILE, ["medium"], "alias or a bare id"),
        (_kms("1234abcd-12ab-34cd-56ef-1234567890ab"), PLAIN, ["medium"], "alias or a bare id"),
        (_kms("arn:aws:kms:eu-west-1:111122223333:alias/app"), PLAIN, ["medium"], "alias or a bare id"),
        (_kms(FOREIGN), PLAIN, ["medium"], "another account, 444455556666"),
        (_kms(KEY.replace("eu-west-1", "us-east-1")), PLAIN, ["high"], "uploads fail"),
    ],
)
def test_departures_of_the_default_are_told(
    setting: Any, profile: BucketProfile, found: list[str], words: str
) -> None:
    """A weaker algorithm, another key, and a key that is named so that it may change are findings."""
    assert severities("default-encryption", profile, encryption=setting) == found
    assert words in told("default-encryption", profile, encryption=setting)


def test_a_key_of_another_account_that_the_profile_names_is_no_departure() -> None:
    """Whoever names another account's key means it."""
    profile = BucketProfile(encryptions=(SseKms(FOREIGN),))
    assert severities("default-encryption", profile, encryption=_kms(FOREIGN)) == []


def test_an_alias_is_followed_to_its_key() -> None:
    """An alias that points to the right key is told of as an alias only, one to another key twice."""
    for arn, count in ((KEY, 1), (OTHER_KEY, 2)):
        keys = {"alias/app": Key(arn="alias/app", metadata={**METADATA, "Arn": arn})}
        assert len(severities("default-encryption", encryption=_kms("alias/app"), keys=keys)) == count


@pytest.mark.parametrize("check", ["default-encryption", "bucket-key"])
def test_unread_encryption_is_unknown(check: str) -> None:
    """Nothing is said of an encryption that was not read, but which permission would tell."""
    said = verdict(check, encryption=DENIED)
    assert (str(said.outcome), said.action) == ("unknown", "s3:GetSomething")


@pytest.mark.parametrize(
    ("setting", "profile", "found"),
    [
        (_kms(), PROFILE, []),
        (_kms(bucket_key=False), PROFILE, ["low"]),
        (_kms(bucket_key=False), PLAIN, ["info"]),
        (_kms(bucket_key=False), BucketProfile(encryptions=(SseKms(KEY, bucket_key=False),)), []),
        ({"SSEAlgorithm": "aws:kms"}, PROFILE, ["low"]),
        ({"SSEAlgorithm": "aws:kms", "BucketKeyEnabled": "yes"}, PROFILE, ["low"]),
        (_kms(algorithm="aws:kms:dsse", bucket_key=False), PROFILE, ["not applicable"]),
        ({"SSEAlgorithm": "AES256"}, PLAIN, ["not applicable"]),
        ({}, PLAIN, ["not applicable"]),
    ],
)
def test_bucket_key(setting: Any, profile: BucketProfile, found: list[str]) -> None:
    """A bucket key is asked for with SSE-KMS, unless the profile does without."""
    assert severities("bucket-key", profile, encryption=setting) == found


def _deny(**more: Any) -> str:
    condition = {"Null": {"s3:x-amz-server-side-encryption-customer-algorithm": "false"}}
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{BUCKET}/*",
        "Condition": condition,
        **more,
    }
    return Policy.parse({"Version": "2012-10-17", "Statement": [statement]}).to_json()


@pytest.mark.parametrize(
    ("types", "policy", "found"),
    [
        (("SSE-C",), None, []),
        (("SSE-C",), DENIED, []),
        ((), None, ["low"]),
        (("NONE",), None, ["low"]),
        ((), _deny(), ["info"]),
        ((), _deny(Effect="Allow"), ["low"]),
        ((), _deny(Resource="arn:aws:s3:::amzn-s3-demo-other/*"), ["low"]),
        ((), _deny(Resource=f"arn:aws:s3:::{BUCKET}/logs/*"), ["low"]),
        ((), _deny(Action="s3:GetObject"), ["low"]),
        ((), _deny(Principal={"AWS": f"arn:aws:iam::{STRANGER}:root"}), ["low"]),
        ((), "{", ["unknown"]),
        ((), DENIED, ["unknown"]),
        (DENIED, None, ["unknown"]),
    ],
)
def test_blocked_encryption_types(types: Any, policy: Any, found: list[str]) -> None:
    """SSE-C is blocked by the setting; a policy that denies it to everybody makes it a note."""
    assert severities("blocked-encryption-types", blocked_encryption=types, policy=policy) == found


@pytest.mark.parametrize(("types", "found"), [((), ["not applicable"]), (("SSE-C",), ["info"])])
def test_sse_c_that_the_profile_allows_need_not_be_blocked(types: Any, found: list[str]) -> None:
    """A profile that allows SSE-C makes the check pointless, and a block a note."""
    profile = BucketProfile(encryptions=(SseS3(), SseC(b"k" * 32)))
    assert severities("blocked-encryption-types", profile, blocked_encryption=types) == found


def test_what_a_setting_holds_is_shown_without_control_characters() -> None:
    """A key's name that would steer a terminal is escaped in the finding."""
    text = told("default-encryption", replace(PLAIN), encryption=_kms("alias/\x1b[31mred"))
    assert "\x1b" not in text
    assert "\\x1b[31mred" in text
