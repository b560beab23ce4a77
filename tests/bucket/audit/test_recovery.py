"""Versions, MFA delete, Object Lock, lifecycle rules and replication."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from secure_s3.bucket.wanted import BucketProfile, DefaultRetention
from secure_s3.encryption import SseKms
from tests.bucket.audit.good import (
    ACCOUNT,
    BUCKET,
    DENIED,
    KEY,
    LIFECYCLE,
    PLAIN,
    PROFILE,
    REGION,
    REPLICATION,
    STRANGER,
    severities,
    told,
    verdict,
)

FIELDS = {
    "versioning": "versioning",
    "mfa-delete": "mfa_delete",
    "object-lock": "object_lock",
    "lifecycle": "lifecycle",
    "incomplete-uploads": "lifecycle",
    "replication": "replication",
}


@pytest.mark.parametrize("check", FIELDS)
def test_a_good_bucket_passes(check: str) -> None:
    """Versions, locks, rules and copies as they should be are no finding."""
    assert severities(check) == []


@pytest.mark.parametrize(("check", "field"), FIELDS.items())
def test_what_was_not_read_is_unknown(check: str, field: str) -> None:
    """A setting that was not read is not taken for one that is missing."""
    changes: dict[str, Any] = {field: DENIED}
    said = verdict(check, **changes)
    assert (str(said.outcome), said.action) == ("unknown", "s3:GetSomething")


@pytest.mark.parametrize(
    ("status", "profile", "found"),
    [
        ("Suspended", PROFILE, ["medium"]),
        ("", PROFILE, ["medium"]),
        ("enabled", PROFILE, ["medium"]),
        ("", BucketProfile(versioning=False), ["info"]),
    ],
)
def test_versioning(status: str, profile: BucketProfile, found: list[str]) -> None:
    """Only ``Enabled`` keeps versions; a profile may do without."""
    assert severities("versioning", profile, versioning=status) == found


@pytest.mark.parametrize(
    ("profile", "found"),
    [(PROFILE, ["info"]), (replace(PROFILE, requires=frozenset({"mfa-delete"})), ["low"])],
)
def test_mfa_delete(profile: BucketProfile, found: list[str]) -> None:
    """It is good to have, and counts where the profile requires it."""
    assert severities("mfa-delete", profile, mfa_delete=False) == found


def test_mfa_delete_says_that_lifecycle_rules_exclude_it() -> None:
    """Whoever follows the advice learns of what else must change."""
    without = replace(PROFILE, abort_incomplete_days=None)
    assert "exclude each other" in told("mfa-delete", mfa_delete=False)
    assert "exclude each other" in told("mfa-delete", without, mfa_delete=False)
    assert "exclude each other" not in told("mfa-delete", without, mfa_delete=False, lifecycle=())


def _locked(mode: str = "COMPLIANCE", **span: int) -> dict[str, Any]:
    return {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": mode, **span}}}


GOVERNED = DefaultRetention(mode="GOVERNANCE", days=30)
COMPLIANT = DefaultRetention(mode="COMPLIANCE", years=1)
NO_DEFAULT = {"ObjectLockEnabled": "Enabled"}


@pytest.mark.parametrize(
    ("setting", "wanted", "found"),
    [
        (_locked("GOVERNANCE", Days=30), GOVERNED, []),
        (_locked("COMPLIANCE", Days=31), GOVERNED, []),
        (_locked("COMPLIANCE", Years=1), COMPLIANT, []),
        (_locked("COMPLIANCE", Days=365), COMPLIANT, []),
        (_locked("GOVERNANCE", Years=1), GOVERNED, []),
        (NO_DEFAULT, None, []),
        ({}, None, ["info"]),
        ({}, GOVERNED, ["medium"]),
        ({"ObjectLockEnabled": "Disabled"}, GOVERNED, ["medium"]),
        (NO_DEFAULT, GOVERNED, ["medium"]),
        (_locked("GOVERNANCE"), GOVERNED, ["medium"]),
        (_locked("GOVERNANCE", Days=29), GOVERNED, ["medium"]),
        (_locked("GOVERNANCE", Years=1), COMPLIANT, ["medium"]),
        (_locked("COMPLIANCE", Days=364), COMPLIANT, ["medium"]),
        (_locked("GOVERNANCE", Days=1), COMPLIANT, ["medium", "medium"]),
        ({"ObjectLockEnabled": "Enabled", "Rule": None}, GOVERNED, ["medium"]),
    ],
)
def test_object_lock(setting: Any, wanted: DefaultRetention | None, found: list[str]) -> None:
    """A default retention is as long as asked for and no weaker; without a wish, Object Lock is a note."""
    profile = replace(PROFILE, object_lock=wanted)
    assert severities("object-lock", profile, object_lock=setting) == found


def test_object_lock_may_be_required_without_a_retention() -> None:
    """A profile that requires the check makes its absence count."""
    profile = replace(PROFILE, requires=frozenset({"object-lock"}))
    assert severities("object-lock", profile, object_lock={}) == ["medium"]


def _rule(**changes: Any) -> tuple[dict[str, Any], ...]:
    return ({name: value for name, value in {**LIFECYCLE, **changes}.items() if value is not None},)


NARROW: list[dict[str, Any]] = [
    {"Status": "Disabled"},
    {"Status": None},
    {"Filter": {"Prefix": "logs/"}},
    {"Filter": None, "Prefix": "logs/"},
    {"Filter": {"Tag": {"Key": "a", "Value": "b"}}},
    {"Filter": {"And": {"Prefix": "", "Tags": [{"Key": "a", "Value": "b"}]}}},
    {"Filter": {"And": {"Prefix": "logs/"}}},
    {"Filter": {"ObjectSizeGreaterThan": 0}},
    {"Filter": {"ObjectSizeLessThan": 5}},
]


@pytest.mark.parametrize("changes", NARROW)
def test_a_rule_that_is_off_or_for_a_part_does_not_count(changes: dict[str, Any]) -> None:
    """A rule limited to a prefix, a tag or a size, or disabled, leaves parts of uploads elsewhere."""
    assert severities("incomplete-uploads", lifecycle=_rule(**changes)) == ["low"]
    wanting = replace(PROFILE, noncurrent_days=90)
    assert severities("lifecycle", wanting, lifecycle=_rule(**changes)) == ["low"]


@pytest.mark.parametrize(
    "changes",
    [
        {"Filter": {}},
        {"Filter": None},
        {"Filter": None, "Prefix": ""},
        {"Filter": {"And": {"Prefix": ""}}},
        {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}},
    ],
)
def test_a_rule_for_everything_counts_however_it_is_written(changes: dict[str, Any]) -> None:
    """All spellings of the whole bucket are one."""
    assert severities("incomplete-uploads", lifecycle=_rule(**changes)) == []


@pytest.mark.parametrize(
    ("rules", "profile", "found"),
    [
        ((), PROFILE, ["low"]),
        (_rule(AbortIncompleteMultipartUpload=None), PROFILE, ["low"]),
        (_rule(AbortIncompleteMultipartUpload={}), PROFILE, ["low"]),
        (_rule(AbortIncompleteMultipartUpload={"DaysAfterInitiation": 8}), PROFILE, ["low"]),
        (_rule(AbortIncompleteMultipartUpload={"DaysAfterInitiation": "7"}), PROFILE, ["low"]),
        ((), replace(PROFILE, abort_incomplete_days=None), ["info"]),
        (_rule(), replace(PROFILE, abort_incomplete_days=None), []),
        ((*_rule(Status="Disabled"), *_rule()), PROFILE, []),
    ],
)
def test_incomplete_uploads(rules: Any, profile: BucketProfile, found: list[str]) -> None:
    """One rule has to remove the parts of all uploads within the profile's days."""
    assert severities("incomplete-uploads", profile, lifecycle=rules) == found


def test_each_rule_is_told_with_its_reason() -> None:
    """The evidence says why a rule that looks right does not count."""
    text = told("incomplete-uploads", lifecycle=_rule(Filter={"Prefix": "logs/"}))
    assert "tidy: only keys under logs/" in text


@pytest.mark.parametrize(
    ("rules", "days", "versions", "found"),
    [
        (_rule(), None, "Enabled", []),
        (_rule(), 90, "Enabled", []),
        (_rule(NoncurrentVersionExpiration=None), None, "Enabled", ["info"]),
        (_rule(NoncurrentVersionExpiration=None), None, "", []),
        (_rule(NoncurrentVersionExpiration=None), 90, "Enabled", ["low"]),
        (_rule(), 30, "Enabled", ["low"]),
        (
            _rule(NoncurrentVersionExpiration={"NoncurrentDays": 9, "NewerNoncurrentVersions": 3}),
            90,
            "Enabled",
            ["low"],
        ),
        ((), None, "Enabled", ["info"]),
        (_rule(Status="Disabled"), None, "Enabled", ["info"]),
        ((), 30, "Enabled", ["low"]),
    ],
)
def test_lifecycle(rules: Any, days: int | None, versions: str, found: list[str]) -> None:
    """Replaced versions of a versioned bucket go after the profile's days, if it names any."""
    profile = replace(PROFILE, noncurrent_days=days)
    assert severities("lifecycle", profile, lifecycle=rules, versioning=versions) == found


def _copy(**changes: Any) -> dict[str, Any]:
    return {
        "Rules": [{name: value for name, value in {**REPLICATION, **changes}.items() if value is not None}]
    }


NEAR = {
    "Bucket": "arn:aws:s3:::amzn-s3-demo-copy",
    "EncryptionConfiguration": {"ReplicaKmsKeyID": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"},
}


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({}, "the only copy"),
        (_copy(Status="Disabled"), "all disabled"),
        (_copy(Filter={"Prefix": "a/"}), "only keys under a/"),
        (_copy(Filter={"And": {"Prefix": "", "Tags": [{}]}}), "only objects with a tag"),
        (_copy(Filter={"Not": {"Prefix": "a/"}}), "not all objects"),
        (_copy(SourceSelectionCriteria=None), "left out of replication by copy"),
        (
            _copy(SourceSelectionCriteria={"SseKmsEncryptedObjects": {"Status": "Disabled"}}),
            "left out of replication",
        ),
        (_copy(Destination=NEAR), "stay in eu-west-1"),
        (_copy(Destination={"Bucket": f"arn:aws:s3:::{BUCKET}"}), "replicated to itself"),
    ],
)
def test_replication(setting: Any, words: str) -> None:
    """A copy of a part, without what is under KMS keys, or in the same region is told, as a note."""
    assert severities("replication", replication=setting) == ["info"]
    assert words in told("replication", replication=setting)
    wanting = replace(PROFILE, requires=frozenset({"replication"}))
    assert severities("replication", wanting, replication=setting) == ["low"]


def test_a_rule_without_kms_serves_a_bucket_without() -> None:
    """Objects under SSE-S3 are replicated by every rule."""
    setting = _copy(SourceSelectionCriteria=None)
    assert severities("replication", PLAIN, replication=setting, encryption={"SSEAlgorithm": "AES256"}) == []
    profile = BucketProfile(encryptions=(SseKms(KEY),))
    assert severities("replication", profile, replication=setting, encryption=DENIED) == ["info"]


@pytest.mark.parametrize(
    "destination",
    [
        {"Bucket": "arn:aws:s3:::amzn-s3-demo-copy", "Account": STRANGER},
        {
            "Bucket": "arn:aws:s3:::amzn-s3-demo-copy",
            "EncryptionConfiguration": {"ReplicaKmsKeyID": f"arn:aws:kms:us-east-1:{STRANGER}:key/1"},
        },
    ],
)
def test_a_copy_in_another_account_is_told(destination: Any) -> None:
    """Whose account has a copy of everything is said, as a note: it may be meant."""
    setting = _copy(Destination=destination)
    assert severities("replication", replication=setting) == ["info"]
    assert f"of another account, {STRANGER}" in told("replication", replication=setting)
    own = _copy(Destination={**destination, "Account": ACCOUNT})
    assert severities("replication", replication=own) == []
