"""The state, rotation and policy of KMS keys."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from secure_s3.bucket.snapshot.values import Unread
from secure_s3.bucket.wanted import BucketProfile
from secure_s3.encryption import SseKms
from tests.bucket.audit.good import (
    ACCOUNT,
    DENIED,
    GOOD_KEY,
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

CHECKS = ("kms-key-usable", "key-rotation", "key-policy")
MISSING = Unread("there is no such key", "kms:DescribeKey", "NotFoundException")


def _keys(**changes: Any) -> dict[str, Any]:
    return {"keys": {KEY: replace(GOOD_KEY, **changes)}}


def _about(**changes: Any) -> dict[str, Any]:
    return _keys(metadata={**METADATA, **changes})


@pytest.mark.parametrize("check", CHECKS)
def test_a_good_key_passes(check: str) -> None:
    """An enabled symmetric key that rotates and obeys its own account is as it should be."""
    assert severities(check) == []


@pytest.mark.parametrize("check", CHECKS)
def test_without_keys_there_is_nothing_to_say(check: str) -> None:
    """SSE-S3 and the AWS managed key without a name leave nothing to look at."""
    for setting in ({"SSEAlgorithm": "AES256"}, {"SSEAlgorithm": "aws:kms"}, {}):
        assert severities(check, PLAIN, encryption=setting) == ["not applicable"]


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("keys", [{}, {OTHER_KEY: GOOD_KEY}])
def test_a_key_that_was_not_asked_for_is_unknown(check: str, keys: Any) -> None:
    """A snapshot without the key says nothing of it."""
    said = verdict(check, keys=keys)
    assert (str(said.outcome), said.action) == ("unknown", "kms:DescribeKey")


@pytest.mark.parametrize("check", CHECKS)
def test_an_unread_key_is_unknown(check: str) -> None:
    """What could not be read names the permission that it takes."""
    unread = Unread("access denied", "kms:Something")
    said = verdict(check, **_keys(metadata=unread, rotation=unread, policy=unread))
    assert (str(said.outcome), said.action) == ("unknown", "kms:Something")
    assert severities(check, PLAIN, encryption=DENIED) == ["unknown"]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"KeyState": "PendingDeletion", "DeletionDate": "2026-02-01"}, ["critical"]),
        ({"KeyState": "PendingReplicaDeletion"}, ["critical"]),
        ({"KeyState": "Disabled"}, ["high"]),
        ({"KeyState": "PendingImport"}, ["high"]),
        ({"KeyState": "Unavailable"}, ["high"]),
        ({"KeyUsage": "SIGN_VERIFY"}, ["high"]),
        ({"KeySpec": "RSA_4096"}, ["high"]),
        ({"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}, ["high"]),
        ({"KeyState": "Disabled", "KeySpec": "RSA_2048"}, ["high", "high"]),
        ({"ValidTo": "2027-01-01T00:00:00Z"}, ["info"]),
        ({"AWSAccountId": STRANGER}, ["info"]),
        ({"KeyState": "Updating"}, []),
        ({"KeyState": 5, "KeyUsage": None}, []),
    ],
)
def test_states_of_keys(changes: Any, found: list[str]) -> None:
    """A key that cannot be used is high, one that is about to be deleted critical."""
    assert severities("kms-key-usable", **_about(**changes)) == found


def test_a_key_that_does_not_exist_is_told() -> None:
    """KMS's word that there is no such key is an answer, not an unread setting."""
    assert severities("kms-key-usable", **_keys(metadata=MISSING)) == ["high"]
    (found,) = verdict("kms-key-usable", **_keys(metadata=MISSING)).findings
    assert "name a key that exists" in found.fix
    assert "cancel" not in found.fix


def test_a_doomed_key_is_told_though_another_is_unread() -> None:
    """What was found of one key is not lost because another could not be read."""
    profile = BucketProfile(encryptions=(SseKms(KEY), SseKms(OTHER_KEY)))
    changes = _about(KeyState="PendingDeletion")
    assert severities("kms-key-usable", profile, **changes) == ["critical"]
    assert severities("kms-key-usable", profile) == ["unknown"]


OFF = {"KeyRotationEnabled": False}


@pytest.mark.parametrize(
    ("about", "rotation", "found"),
    [
        ({}, {"KeyRotationEnabled": True}, []),
        ({}, OFF, ["medium"]),
        ({}, {}, ["medium"]),
        ({"KeyManager": "AWS"}, OFF, []),
        ({"KeyManager": "AWS"}, DENIED, []),
        ({"Origin": "EXTERNAL"}, OFF, ["not applicable"]),
        ({"Origin": "AWS_CLOUDHSM", "CustomKeyStoreId": "cks-1"}, OFF, ["not applicable"]),
        ({"Origin": "EXTERNAL_KEY_STORE"}, OFF, ["not applicable"]),
        ({"KeySpec": "RSA_2048"}, DENIED, ["not applicable"]),
        ({}, DENIED, ["unknown"]),
    ],
)
def test_rotation(about: Any, rotation: Any, found: list[str]) -> None:
    """Only customer managed symmetric keys with material of KMS are asked to rotate."""
    keys = {KEY: replace(GOOD_KEY, metadata={**METADATA, **about}, rotation=rotation)}
    assert severities("key-rotation", keys=keys) == found


def test_rotation_that_is_not_asked_for_is_a_note() -> None:
    """A profile may do without rotation."""
    profile = replace(PROFILE, key_rotation=False)
    assert severities("key-rotation", profile, **_keys(rotation=OFF)) == ["info"]


def _policy(*grants: dict[str, Any]) -> dict[str, Any]:
    own = {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*"}
    listed = [{"Effect": "Allow", "Resource": "*", **each} for each in (own, *grants)]
    return _keys(policy=json.dumps({"Version": "2012-10-17", "Statement": listed}))


ANYBODY = {"Principal": "*", "Action": ["kms:Decrypt", "kms:GenerateDataKey"]}
OWN = {"StringEquals": {"kms:CallerAccount": ACCOUNT}}
VIA = {"StringEquals": {"kms:CallerAccount": ACCOUNT, "kms:ViaService": "s3.eu-west-1.amazonaws.com"}}


@pytest.mark.parametrize(
    ("grant", "found"),
    [
        ({"Principal": "*", "Action": "kms:*"}, ["critical"]),
        ({"Principal": {"AWS": "*"}, "Action": "*"}, ["critical"]),
        (
            {"NotPrincipal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:PutKeyPolicy"},
            ["critical"],
        ),
        (ANYBODY, ["high"]),
        ({**ANYBODY, "Condition": {"StringLike": {"kms:ViaService": "s3.*"}}}, ["high"]),
        ({**ANYBODY, "Condition": {"StringEquals": {"aws:PrincipalTag/team": "x"}}}, ["high"]),
        ({**ANYBODY, "Condition": VIA}, ["low"]),
        ({"Principal": "*", "Action": "kms:*", "Condition": OWN}, ["medium"]),
        ({**ANYBODY, "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}, []),
        ({**ANYBODY, "Condition": {"StringEquals": {"kms:CallerAccount": STRANGER}}}, ["low"]),
        ({"Principal": {"AWS": f"arn:aws:iam::{STRANGER}:root"}, "Action": "kms:*"}, ["medium"]),
        ({"Principal": {"AWS": STRANGER}, "Action": "kms:Decrypt"}, ["low"]),
        ({"Principal": {"AWS": f"arn:aws:iam::{STRANGER}:role/App"}, "Action": "kms:Decrypt"}, ["low"]),
        ({"Principal": {"AWS": f"arn:aws:iam::{STRANGER}:role/App"}, "Action": "kms:DescribeKey"}, []),
        ({"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/App"}, "Action": "kms:*"}, []),
        ({"Principal": {"Service": "logging.s3.amazonaws.com"}, "Action": "kms:*"}, []),
        ({"Principal": "*", "Action": "kms:*", "Effect": "Deny", "Condition": {"Null": {"x": "false"}}}, []),
        ({"Principal": "*", "Action": "kms:ListAliases"}, []),
    ],
)
def test_whom_a_key_policy_admits(grant: Any, found: list[str]) -> None:
    """Strangers, other accounts and everybody of the own account are found by evaluating their requests."""
    assert severities("key-policy", **_policy(grant)) == found


def test_a_deny_shuts_strangers_out_again() -> None:
    """What a Deny takes away from strangers is no finding."""
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "kms:*",
        "Condition": {"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}},
    }
    assert severities("key-policy", **_policy(ANYBODY)) == ["high"]
    assert severities("key-policy", **_policy(ANYBODY, deny)) == ["low"]


def test_the_policy_of_an_aws_managed_key_is_as_it_is() -> None:
    """AWS managed keys admit everybody of the account through S3; nobody can change that."""
    keys = _policy({**ANYBODY, "Condition": VIA})["keys"]
    managed = replace(keys[KEY], metadata={**METADATA, "KeyManager": "AWS"})
    assert severities("key-policy", keys={KEY: managed}) == []


def test_accounts_of_the_profiles_admins_are_expected() -> None:
    """An account whose administrators the profile names may be in the key policy."""
    profile = replace(PROFILE, admins=(f"arn:aws:iam::{STRANGER}:role/Admin",))
    grant = {"Principal": {"AWS": STRANGER}, "Action": "kms:*"}
    assert severities("key-policy", profile, **_policy(grant)) == []


def test_a_key_policy_that_is_none_is_unknown() -> None:
    """A text that is no policy is not taken for one that admits nobody."""
    assert severities("key-policy", **_keys(policy="{")) == ["unknown"]
    assert "cannot be read" in told("key-policy", **_keys(policy="{"))


MANY = [f"service{number}.eu-west-1.amazonaws.com" for number in range(20)]
EXACT = {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{STRANGER}:role/App"}}


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}, ["critical"]),
        ({"StringEquals": {"aws:RequestedRegion": "us-east-1"}}, []),
        ({"StringEquals": {"aws:PrincipalType": "User"}}, ["critical"]),
        ({"StringEquals": {"aws:PrincipalType": "AssumedRole"}}, ["critical"]),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, ["critical"]),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/Deploy"}}, ["critical"]),
        ({"StringLike": {"aws:PrincipalArn": "*:role/a/*"}}, ["critical"]),
        ({"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*"}}, ["critical"]),
        ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}}, ["medium"]),
        ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/App"}}, []),
        ({"StringLike": {"aws:userid": "*:deploy"}}, ["critical"]),
        ({"StringLike": {"aws:userid": "*:x", "aws:PrincipalArn": "arn:aws:iam::*:role/x"}}, ["critical"]),
        ({"StringLike": {"aws:userid": "AROAZQ7ZQ7ZQ7ZQ7ZQ7ZX:*"}}, []),
        ({"StringEquals": {"aws:UserAgent": "x"}}, ["critical"]),
        ({"StringEquals": {"aws:username": "x"}}, ["critical"]),
        ({"StringEquals": {"aws:PrincipalTag/team": "x"}}, ["critical"]),
        ({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, ["medium"]),
        ({"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}}, ["critical"]),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, []),
        ({"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}}, ["critical"]),
        ({"Null": {"aws:SourceVpce": "false"}}, ["critical"]),
        ({"StringEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}}, []),
        ({"DateGreaterThan": {"aws:CurrentTime": "2026-02-01T00:00:00Z"}}, ["critical"]),
        ({"StringEquals": {"kms:ViaService": "ec2.eu-west-1.amazonaws.com"}}, ["critical"]),
        ({"StringEquals": {"kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}}, ["high"]),
        ({"StringEquals": {"kms:RequestAlias": "alias/x"}}, ["high"]),
        ({"ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "aws:s3:arn"}}, ["critical"]),
        ({"Bool": {"kms:GrantIsForAWSResource": "true"}}, ["critical"]),
        ({"NumericGreaterThan": {"kms:ScheduleKeyDeletionPendingWindowInDays": "6"}}, ["critical"]),
        ({"Null": {"aws:PrincipalOrgID": "false"}}, ["critical"]),
        ({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}, ["critical"]),
        ({"StringLike": {"kms:CallerAccount": "*"}}, ["critical"]),
        ({"StringLike": {"kms:CallerAccount": "9999*"}}, ["medium"]),
        ({"StringEquals": {"aws:SourceAccount": ACCOUNT}}, []),
        (EXACT, ["medium"]),
        (
            {
                "StringEquals": {
                    "kms:CallerAccount": ACCOUNT,
                    "kms:ViaService": [f"s{n}.x" for n in range(20)],
                }
            },
            [],
        ),
    ],
)
def test_conditions_that_strangers_meet_keep_nobody_out(condition: Any, found: list[str]) -> None:
    """What strangers may choose narrows nothing; account, organization and network they cannot choose."""
    grant = {"Principal": "*", "Action": "kms:*", "Condition": condition}
    assert severities("key-policy", **_policy(grant)) == found


@pytest.mark.parametrize(
    ("action", "found"),
    [
        *(
            (f"kms:{name}", ["high"])
            for name in ("ReEncrypt*", "ReEncryptTo", "Encrypt", "GenerateMac", "Sign")
        ),
        ("kms:GenerateDataKeyWithoutPlaintext", ["high"]),
        *((f"kms:{name}", ["critical"]) for name in ("ReplicateKey", "RevokeGrant", "UpdatePrimaryRegion")),
        *(
            (f"kms:{name}", ["critical"])
            for name in ("DeleteImportedKeyMaterial", "TagResource", "EnableKey*")
        ),
        *((f"kms:{name}", ["low"]) for name in ("DescribeKey", "GetKeyPolicy", "List*")),
        ("kms:CreateKey", []),
    ],
)
def test_every_action_on_a_key_is_asked_about(action: str, found: list[str]) -> None:
    """Whether strangers may use, administer or look at the key, by whichever action."""
    assert severities("key-policy", **_policy({"Principal": "*", "Action": action})) == found


def test_a_foreign_account_under_a_condition_is_told() -> None:
    """A role of another account that a condition names is who may use the key."""
    grant = {"Principal": {"AWS": STRANGER}, "Action": "kms:ReEncrypt*", "Condition": EXACT}
    assert severities("key-policy", **_policy(grant)) == ["low"]
    assert f"Account {STRANGER} may use" in told("key-policy", **_policy(grant))


def test_no_account_is_lost_among_many() -> None:
    """Accounts that a Deny names hide none that an Allow names, and those that are too many are counted."""
    many = [f"{100000000000 + number}" for number in range(30)]
    deny = {"Effect": "Deny", "Principal": {"AWS": many}, "Action": "kms:*"}
    allow = {"Principal": {"AWS": "999988887777"}, "Action": "kms:*"}
    assert severities("key-policy", **_policy(deny, allow)) == ["medium"]
    grant = {"Principal": {"AWS": many}, "Action": "kms:Decrypt"}
    assert severities("key-policy", **_policy(grant)) == ["low"] * 21
    assert "10 more accounts" in told("key-policy", **_policy(grant))
    assert many[-1] in told("key-policy", **_policy(grant))


def test_a_policy_too_intricate_to_be_judged_is_unknown() -> None:
    """Where the search is given up, a policy has not passed."""
    tags = {f"aws:PrincipalTag/t{number}": [f"v{each}" for each in range(14)] for number in range(14)}
    deny = {"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Condition": {"StringNotEquals": tags}}
    others = [{**deny, "Condition": {"StringNotEquals": {key: values}}} for key, values in tags.items()]
    never = {**deny, "Condition": {"StringNotEquals": {"kms:CallerAccount": ACCOUNT}}}
    grant = {
        "Principal": "*",
        "Action": "kms:*",
        "Condition": {"StringEquals": {"aws:PrincipalType": "User"}},
    }
    said = severities("key-policy", **_policy(grant, *others, deny, never))
    assert said == ["unknown"]
