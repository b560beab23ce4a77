"""Plans: which settings are changed, in which order, and what is left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from secure_s3 import DsseKms, SseC, SseKms, SseS3
from secure_s3.bucket.hardening.access import ALL_ON, SWITCHES
from secure_s3.bucket.hardening.planning import plan
from secure_s3.bucket.hardening.recovery import ABORT_ID, NONCURRENT_ID
from secure_s3.bucket.snapshot.values import Identity, Key, Unread
from secure_s3.bucket.wanted import BucketProfile, DefaultRetention
from secure_s3.errors import ConfigurationError, LockoutRefused
from tests.bucket.hardening.support import (
    ACCOUNT,
    ARN,
    BARE,
    BUCKET,
    KEY,
    METADATA,
    OWN_GRANT,
    READ_BY_ALL,
    change,
    deny,
    document,
    ids,
    planned,
    why_not,
)

DENIED = Unread("access denied", "s3:GetSomething", "AccessDenied")
KMS = BucketProfile(encryptions=(SseKms(KEY),))
LOCK = BucketProfile(object_lock=DefaultRetention(mode="GOVERNANCE", days=30))


def test_bare_bucket_gets_all_in_order() -> None:
    """What protects most comes first, and the account, which concerns others, last."""
    wanted = replace(KMS, object_lock=LOCK.object_lock, log_bucket="amzn-s3-demo-logs", block_account=True)
    found = planned(wanted, public_access_block={}, ownership="ObjectWriter")
    assert ids(found) == [
        *("bucket-public-access-block", "default-encryption", "acls-disabled", "bucket-policy"),
        *("versioning", "object-lock", "log-target", "access-logging", "lifecycle", f"key-rotation {KEY}"),
        "account-public-access-block",
    ]
    assert not found.blocked
    assert all(
        each.arguments.get("ExpectedBucketOwner") == ACCOUNT for each in found.changes if each.service == "s3"
    )


def test_expected_owner_is_sent_where_the_account_is_not_known() -> None:
    """Every call names whom the profile expects; without either, none names anybody."""
    for expected in (ACCOUNT, None):
        found = planned(BucketProfile(expected_owner=expected), account=Unread("access denied"))
        sent = {each.arguments.get("ExpectedBucketOwner") for each in found.changes if each.service == "s3"}
        assert sent == {expected}


def test_bucket_that_is_in_order_gets_nothing() -> None:
    """A plan for what a plan leads to is empty and false."""
    first = planned(BucketProfile())
    found = planned(
        BucketProfile(),
        policy=change(first, "bucket-policy").after,
        blocked_encryption=("SSE-C",),
        versioning="Enabled",
        lifecycle=change(first, "lifecycle").after,
    )
    assert not found
    assert not found.blocked


@pytest.mark.parametrize(
    ("field", "check"),
    [
        ("public_access_block", "bucket-public-access-block"),
        ("policy", "bucket-policy"),
        ("ownership", "acls-disabled"),
        ("encryption", "default-encryption"),
        ("blocked_encryption", "default-encryption"),
        ("versioning", "versioning"),
        ("lifecycle", "lifecycle"),
        ("object_lock", "object-lock"),
        ("logging", "access-logging"),
        ("wanted_log_target", "access-logging"),
        ("account_public_access_block", "account-public-access-block"),
        ("caller", "bucket-policy"),
    ],
)
def test_unread_is_never_written(field: str, check: str) -> None:
    """What was not read is not changed; the reason and, where one helps, the permission are told."""
    wanted = replace(LOCK, log_bucket="amzn-s3-demo-logs", block_account=True)
    found = planned(wanted, **{field: DENIED})
    assert check not in ids(found)
    blocked = why_not(found, check)
    assert "was not read" in blocked.why
    if field != "wanted_log_target":
        assert "access denied" in blocked.why
        assert "s3:GetSomething" in blocked.why
    assert found.changes  # the rest is planned


def test_unread_part_of_the_target_is_told() -> None:
    """Whether the bucket for logs may be written to is not guessed."""
    target = replace(BARE.wanted_log_target, policy=DENIED)  # type: ignore[type-var]
    found = planned(BucketProfile(log_bucket="amzn-s3-demo-logs"), wanted_log_target=target)
    assert "s3:GetSomething" in why_not(found, "access-logging").why
    assert not {"log-target", "access-logging"} & set(ids(found))


def test_another_owner_is_refused() -> None:
    """A bucket that belongs to somebody else than expected gets no plan."""
    with pytest.raises(ConfigurationError, match="belongs to the account 111122223333"):
        planned(BucketProfile(expected_owner="444455556666"))


# -- access --------------------


@pytest.mark.parametrize("missing", SWITCHES)
def test_each_switch_counts(missing: str) -> None:
    """One switch that is off is enough, and all four are sent, for what is left out would go off."""
    one = change(planned(public_access_block={**ALL_ON, missing: False}), "bucket-public-access-block")
    assert one.diff == (f"~ {missing}: false -> true",)
    assert one.arguments["PublicAccessBlockConfiguration"] == ALL_ON


def test_public_policy_comes_before_the_block() -> None:
    """Block Public Access takes no public policy, so that it is written before, and both say so."""
    found = planned(public_access_block={}, policy=document(READ_BY_ALL))
    assert ids(found).index("bucket-policy") < ids(found).index("bucket-public-access-block")
    assert "public by S3's definition" in change(found, "bucket-policy").note
    assert "loses access" in change(found, "bucket-public-access-block").note


@pytest.mark.parametrize("where", ["public_access_block", "account_public_access_block"])
def test_public_policy_behind_the_block_is_left(where: str) -> None:
    """Where the block is on already, S3 would refuse: nothing is tried."""
    settings: dict[str, Any] = {"public_access_block": {}, where: ALL_ON, "policy": document(READ_BY_ALL)}
    found = planned(None, **settings)
    assert "bucket-policy" not in ids(found)
    assert "Name principals" in why_not(found, "policy-faults").why


def test_public_acl_that_the_block_ends_is_told() -> None:
    """Who looks at the plan sees that somebody loses access."""
    everyone = {"URI": "http://acs.amazonaws.com/groups/global/AllUsers"}
    acl = {"Owner": {"ID": "a"}, "Grants": [{"Grantee": everyone, "Permission": "READ"}]}
    found = planned(public_access_block={}, ownership="ObjectWriter", acl=acl)
    assert "ACL is public" in change(found, "bucket-public-access-block").note


def test_grants_to_others_keep_acls_on() -> None:
    """ACLs that somebody relies on are named, not dropped, and public ones are denied by the policy then."""
    group = {"URI": "http://acs.amazonaws.com/groups/s3/LogDelivery", "Type": "Group"}
    acl = {**BARE.acl, "Grants": [OWN_GRANT, {"Grantee": group, "Permission": "WRITE"}]}  # type: ignore[dict-item]
    found = planned(ownership="ObjectWriter", acl=acl)
    blocked = why_not(found, "acls-disabled")
    assert "WRITE to http://acs.amazonaws.com/groups/s3/LogDelivery" in blocked.why
    assert blocked.commands == (f"aws s3api put-bucket-acl --bucket {BUCKET} --acl private",)
    assert "DenyPublicAcls" in change(found, "bucket-policy").title


def test_private_acl_goes() -> None:
    """Without such grants ACLs are switched off, and the policy need not speak of them."""
    found = planned(ownership="")
    assert change(found, "acls-disabled").after == "BucketOwnerEnforced"
    assert "DenyPublic" not in change(found, "bucket-policy").title


# -- encryption --------------------


@pytest.mark.parametrize(
    ("profile", "there", "rule"),
    [
        (
            KMS,
            {"SSEAlgorithm": "AES256"},
            {"default": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}, "bucket_key": True},
        ),
        (
            BucketProfile(encryptions=(SseKms(KEY, bucket_key=False),)),
            {"SSEAlgorithm": "AES256"},
            {"default": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}, "bucket_key": False},
        ),
        (
            BucketProfile(encryptions=(SseKms(KEY, bucket_key=False),)),
            {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/old", "BucketKeyEnabled": True},
            {"default": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}, "bucket_key": True},
        ),
        (
            BucketProfile(encryptions=(DsseKms(KEY),)),
            {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY, "BucketKeyEnabled": True},
            {"default": {"SSEAlgorithm": "aws:kms:dsse", "KMSMasterKeyID": KEY}, "bucket_key": False},
        ),
        (
            BucketProfile(),
            {"SSEAlgorithm": "AES256", "BucketKeyEnabled": True},
            {"default": {"SSEAlgorithm": "AES256"}, "bucket_key": True},
        ),
    ],
)
def test_default_encryption(profile: BucketProfile, there: dict[str, Any], rule: dict[str, Any]) -> None:
    """The first strategy becomes the default; a bucket key that is there stays; SSE-C is blocked."""
    sent = change(planned(profile, encryption=there), "default-encryption").arguments
    assert sent["ServerSideEncryptionConfiguration"]["Rules"] == [
        {
            "ApplyServerSideEncryptionByDefault": rule["default"],
            "BucketKeyEnabled": rule["bucket_key"],
            "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
        }
    ]


@pytest.mark.parametrize(
    "there",
    [
        {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY, "BucketKeyEnabled": True},
        {"SSEAlgorithm": "aws:kms:dsse", "KMSMasterKeyID": KEY},
    ],
)
def test_stronger_default_stays(there: dict[str, Any]) -> None:
    """A profile that asks for less takes no encryption away; what it asks for besides is done."""
    found = planned(BucketProfile(), encryption=there)
    assert "takes no protection away" in why_not(found, "default-encryption").why
    after = change(found, "default-encryption").after
    assert after == {**there, "BlockedEncryptionTypes": ["SSE-C"]}
    assert "default-encryption" not in ids(
        planned(BucketProfile(), encryption=there, blocked_encryption=("SSE-C",))
    )


def test_customer_keys_are_not_unblocked() -> None:
    """A profile with SSE-C does not block it, nor undo a block that is there."""
    wanted = BucketProfile(encryptions=(SseKms(KEY), SseC.generate()))
    sent = change(planned(wanted), "default-encryption").arguments["ServerSideEncryptionConfiguration"]
    assert sent["Rules"][0]["BlockedEncryptionTypes"] == {"EncryptionType": ["NONE"]}
    found = planned(wanted, blocked_encryption=("SSE-C",))
    assert change(found, "default-encryption").after["BlockedEncryptionTypes"] == ["SSE-C"]
    assert "unblock" in why_not(found, "blocked-encryption-types").why


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        ({"AWSAccountId": "444455556666"}, "belongs to the account 444455556666"),
        ({"KeySpec": "HMAC_256"}, "does not rotate"),
        ({"Origin": "EXTERNAL"}, "comes from EXTERNAL"),
        ({"KeyState": "Disabled"}, "state is Disabled"),
        ({"MultiRegionConfiguration": {"MultiRegionKeyType": "REPLICA"}}, "replica"),
    ],
)
def test_key_that_cannot_rotate(metadata: dict[str, Any], why: str) -> None:
    """Rotation is switched on where it can be, and the reason told where it cannot."""
    key = Key(arn=KEY, metadata=METADATA | metadata, rotation={"KeyRotationEnabled": False})
    found = planned(KMS, keys={KEY: key})
    assert why in why_not(found, "key-rotation").why
    assert f"key-rotation {KEY}" not in ids(found)


@pytest.mark.parametrize(
    "key",
    [
        Key(arn=KEY, metadata=METADATA, rotation={"KeyRotationEnabled": True}),
        Key(arn=KEY, metadata=METADATA | {"KeyManager": "AWS"}),
    ],
)
def test_key_that_rotates(key: Key) -> None:
    """A key that rotates, or that AWS manages, is no matter for a plan."""
    found = planned(KMS, keys={KEY: key})
    assert f"key-rotation {KEY}" not in ids(found)
    assert not found.blocked


def test_key_that_was_not_read() -> None:
    """A key nobody could look at is left alone."""
    found = planned(KMS, keys={KEY: Key(arn=KEY, metadata=METADATA, rotation=DENIED)})
    assert "s3:GetSomething" in why_not(found, "key-rotation").why
    assert "was not read" in why_not(planned(KMS, keys={}), "key-rotation").why


DELIVERY = {
    "Effect": "Allow",
    "Principal": {"Service": "logging.s3.amazonaws.com"},
    "Action": "s3:PutObject",
    "Resource": f"arn:aws:s3:::{BUCKET}/*",
}
LOG_GROUP = {"Grantee": {"URI": "http://acs.amazonaws.com/groups/s3/LogDelivery"}, "Permission": "WRITE"}


@pytest.mark.parametrize(
    "settings",
    [
        {"policy": document(DELIVERY)},
        {"ownership": "ObjectWriter", "acl": {"Owner": {"ID": "a"}, "Grants": [LOG_GROUP]}},
    ],
)
def test_bucket_for_logs_keeps_what_delivery_needs(settings: dict[str, Any]) -> None:
    """Neither a KMS key nor a default retention stops logs that are delivered into the bucket."""
    found = planned(replace(KMS, object_lock=LOCK.object_lock), **settings)
    assert "they would stop" in why_not(found, "default-encryption").why
    assert "they would stop" in why_not(found, "object-lock").why
    assert change(found, "default-encryption").after == {
        "SSEAlgorithm": "AES256",
        "BlockedEncryptionTypes": ["SSE-C"],
    }
    assert "default-encryption" not in ids(planned(KMS, **settings, blocked_encryption=("SSE-C",)))


# -- recovery --------------------


def test_mfa_delete_keeps_versioning() -> None:
    """Where MFA delete is on, only its device changes versioning: the command is told."""
    found = planned(versioning="Suspended", mfa_delete=True)
    assert "versioning" not in ids(found)
    assert "--mfa" in why_not(found, "versioning").commands[0]


@pytest.mark.parametrize(
    ("there", "after"),
    [
        ({}, {"Mode": "GOVERNANCE", "Days": 30}),
        ({"Mode": "GOVERNANCE", "Days": 29}, {"Mode": "GOVERNANCE", "Days": 30}),
        ({"Mode": "GOVERNANCE", "Days": 30}, None),
        ({"Mode": "GOVERNANCE", "Years": 1}, None),
        ({"Mode": "COMPLIANCE", "Days": 30}, None),
        ({"Mode": "COMPLIANCE", "Days": 1}, "blocked"),
    ],
)
def test_retention_is_never_shortened(there: dict[str, Any], after: Any) -> None:
    """What is locked as strictly and as long stays; what would loosen one thing for another is left."""
    rule = {"Rule": {"DefaultRetention": there}} if there else {}
    found = planned(LOCK, versioning="Enabled", object_lock={"ObjectLockEnabled": "Enabled", **rule})
    if after == "blocked":
        assert "shortened or loosened" in why_not(found, "object-lock").why
    if not isinstance(after, dict):
        assert "object-lock" not in ids(found)
    else:
        assert change(found, "object-lock").after["Rule"] == {"DefaultRetention": after}


def test_compliance_is_told_to_be_final() -> None:
    """What cannot be undone is said to be so before it is done."""
    wanted = BucketProfile(object_lock=DefaultRetention(mode="COMPLIANCE", years=2))
    note = change(planned(wanted), "object-lock").note
    assert "cannot be switched off" in note
    assert "not even the root user" in note


MINE = {
    "ID": ABORT_ID,
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
}
TIDY = {"ID": "tidy", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 1}}
OLD = {
    "ID": "old",
    "Status": "Enabled",
    "Prefix": "tmp/",
    "Expiration": {"Date": "2030-01-01T00:00:00+00:00"},
}


@pytest.mark.parametrize(
    "there",
    [
        MINE,
        {**MINE, "ID": "theirs", "Filter": {}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3}},
        {**{k: v for k, v in MINE.items() if k != "Filter"}, "ID": "legacy", "Prefix": ""},
    ],
)
def test_rule_that_does_it_suffices(there: dict[str, Any]) -> None:
    """A rule for the whole bucket that clears as soon is enough, whosever it is."""
    assert "lifecycle" not in ids(planned(lifecycle=(there,)))


@pytest.mark.parametrize(
    "there",
    [
        {**MINE, "ID": "theirs", "Status": "Disabled"},
        {**MINE, "ID": "theirs", "Filter": {"Prefix": "tmp/"}},
        {**MINE, "ID": "theirs", "Filter": {"ObjectSizeGreaterThan": 5}},
        {**MINE, "ID": "theirs", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 8}},
        TIDY,
    ],
)
def test_rules_of_others_stay(there: dict[str, Any]) -> None:
    """A rule that does less is sent again as it is, before ours."""
    sent = change(planned(lifecycle=(there,)), "lifecycle").arguments["LifecycleConfiguration"]["Rules"]
    assert sent == [there, MINE]


def test_own_rule_is_brought_up_to_date() -> None:
    """Our rule, known by its ID, is changed in place of a second one."""
    other = {**MINE, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 30}}
    one = change(planned(BucketProfile(noncurrent_days=90), lifecycle=(other, TIDY)), "lifecycle")
    sent = one.arguments["LifecycleConfiguration"]["Rules"]
    assert [each["ID"] for each in sent] == ["tidy", ABORT_ID, NONCURRENT_ID]
    assert sent[1] == MINE
    assert [each[:1] for each in one.diff] == ["~", "+"]
    assert "removed for good" in one.note


ABORT = "AbortIncompleteMultipartUpload"
EVERYTHING = {"ID": ABORT_ID, "Status": "Enabled", "Filter": {"Prefix": ""}}


@pytest.mark.parametrize(
    "there",
    [
        {**MINE, ABORT: {"DaysAfterInitiation": 30}, "Expiration": {"Days": 365}},
        {**MINE, "Filter": {"Prefix": "tmp/"}},
        {**MINE, "Filter": {"ObjectSizeGreaterThan": 5}},
        {**MINE, "Status": "Disabled"},
        {**EVERYTHING, "NoncurrentVersionExpiration": {"NoncurrentDays": 30}},
        {**EVERYTHING, ABORT: {"DaysAfterInitiation": 30}, "Transitions": [{"Days": 1}]},
    ],
)
def test_rule_of_others_under_our_id_stays(there: dict[str, Any]) -> None:
    """A rule that has our ID and is not what we make is somebody's: it stays, and ours has another ID."""
    sent = change(planned(lifecycle=(there,)), "lifecycle").arguments["LifecycleConfiguration"]["Rules"]
    assert sent == [there, {**MINE, "ID": f"{ABORT_ID}-2"}]
    assert "lifecycle" not in ids(planned(lifecycle=tuple(sent)))
    sent[1] = {**sent[1], ABORT: {"DaysAfterInitiation": 9}}
    again = change(planned(lifecycle=tuple(sent)), "lifecycle").arguments["LifecycleConfiguration"]["Rules"]
    assert again == [there, {**MINE, "ID": f"{ABORT_ID}-2"}]


@pytest.mark.parametrize("more", [{}, {"Expiration": {"Days": 365}}])
def test_stricter_rule_is_not_loosened(more: dict[str, Any]) -> None:
    """Our rule with fewer days than the profile's is enough, with or without more in it."""
    there = {**MINE, ABORT: {"DaysAfterInitiation": 3}, **more}
    assert "lifecycle" not in ids(planned(lifecycle=(there,)))


@pytest.mark.parametrize("age", ["NaN", "sNaN", "Infinity", "-Infinity", "1_0", ""])
def test_number_that_is_none(age: str) -> None:
    """A condition with what is no number covers nothing, and keeps nobody from planning."""
    odd = deny("Odd", "s3:*", {"NumericGreaterThan": {"s3:signatureAge": age}}, Resource=[ARN, f"{ARN}/*"])
    found = planned(BucketProfile(presign_ceiling=timedelta(hours=1)), policy=document(odd))
    assert "MaxPresignAge" in change(found, "bucket-policy").title


@pytest.mark.parametrize("arn", ["", "a", "arn:aws", "arn:aws:iam::111122223333", "arn:aws:iam::1:role"])
def test_identity_that_is_none(arn: str) -> None:
    """An identity with an ARN that is none is nobody's, and keeps nobody from planning."""
    assert "bucket-policy" in ids(planned(identities=(Identity(arn=arn),)))


def test_caller_of_an_older_tls_is_not_locked_out() -> None:
    """A minimum above the TLS version of the caller's own connections is refused before anything is done."""
    newest = BucketProfile(min_tls="1.3")
    with pytest.raises(LockoutRefused, match="as it is connected now") as caught:
        planned(newest, caller_tls="1.2")
    assert "TLS 1.2" in caught.value.why
    assert "1.3" in caught.value.fix
    assert "denied" not in change(planned(newest, caller_tls="1.3"), "bucket-policy").note
    assert "not known which version" in change(planned(newest, caller_tls=DENIED), "bucket-policy").note
    for version in ("1.2", "1.3", DENIED):
        found = planned(BucketProfile(min_tls="1.2"), caller_tls=version)
        assert "not known which" not in change(found, "bucket-policy").note


def test_legacy_rules_get_one_of_their_kind() -> None:
    """S3 refuses Filter beside Prefix: next to old rules ours is written in the old way."""
    sent = change(planned(lifecycle=(OLD,)), "lifecycle").arguments["LifecycleConfiguration"]["Rules"]
    assert sent[0] == OLD
    assert "Filter" not in sent[1]
    assert sent[1]["Prefix"] == ""
    action = {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 30}}
    found = planned(lifecycle=({**OLD, **action},))
    assert "Write them with Filter first" in why_not(found, "incomplete-uploads").why


def test_too_many_rules() -> None:
    """A thousand rules are S3's limit, and one more is not tried."""
    found = planned(lifecycle=tuple({**TIDY, "ID": str(number)} for number in range(1000)))
    assert "1000" in why_not(found, "lifecycle").why


def test_wishes_that_are_none() -> None:
    """What the profile does not ask for is not done."""
    wanted = BucketProfile(versioning=False, abort_incomplete_days=None, presign_ceiling=None)
    assert ids(planned(wanted)) == ["default-encryption", "bucket-policy"]
    assert not {"key-rotation"} & set(ids(planned(replace(KMS, key_rotation=False))))


# -- what is left to people --------------------


def test_what_no_call_does_is_left_to_people() -> None:
    """Required, not there, and not ours to do: told with commands that name the bucket."""
    wanted = BucketProfile(requires=frozenset({"mfa-delete", "data-events", "replication", "object-lock"}))
    found = planned(wanted)
    assert [each.check for each in found.manual] == [
        "mfa-delete",
        "object-lock",
        "replication",
        "data-events",
    ]
    assert all(BUCKET in command for each in found.manual for command in each.commands)
    assert "arn:aws:iam::111122223333:mfa/" in found.manual[0].commands[0]


def test_what_the_profile_does_is_not_left_to_people() -> None:
    """A requirement that a field of the profile fulfils is a change."""
    wanted = replace(LOCK, requires=frozenset({"object-lock", "lifecycle"}), noncurrent_days=30)
    found = planned(wanted)
    assert not found.manual
    assert {"object-lock", "lifecycle"} <= set(ids(found))


def test_plan_is_a_function_of_its_arguments() -> None:
    """The same snapshot and profile make the same plan."""
    assert plan(BARE, KMS) == plan(BARE, KMS)
    assert planned(BucketProfile(encryptions=(SseS3(),))) == planned()
