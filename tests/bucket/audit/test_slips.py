"""Ways past a Deny that clients choose, and callers whom only an Allow names."""

from __future__ import annotations

import json
from typing import Any

import pytest

from secure_s3.bucket.audit.check import Outcome
from secure_s3.bucket.audit.checks import acls, grants, network, points, public, transport, uploads
from secure_s3.bucket.snapshot.values import AccessPoint
from secure_s3.bucket.wanted import BucketProfile
from tests.bucket.audit.snapshots import (
    ARN,
    BOTH,
    BUCKET,
    HTTP,
    KEY,
    KMS,
    OBJECTS,
    OFF,
    ON,
    OWNER,
    STRANGER,
    allow,
    deny,
    policy,
    told,
    verdict,
    with_baseline,
)

MODULES = (public, acls, grants, network, points, transport, uploads)
CHECKS = tuple(each for module in MODULES for each in module.CHECKS)
SSE = "s3:x-amz-server-side-encryption"
OLD = {"NumericGreaterThan": {"s3:signatureAge": "3600000"}}
OLD_TLS = {"NumericLessThan": {"s3:TlsVersion": "1.2"}}
CHOSEN = {
    SSE: ("aws:kms", "s3:PutObject"),
    "s3:prefix": ("pub/*", "s3:ListBucket"),
    "s3:delimiter": ("/", "s3:ListBucket"),
    "s3:max-keys": ("5", "s3:ListBucket"),
    "s3:x-amz-acl": ("private", "s3:PutObject"),
    "s3:x-amz-storage-class": ("GLACIER", "s3:PutObject"),
    "s3:RequestObjectTag/x": ("y", "s3:PutObject"),
    "s3:x-amz-copy-source": ("b/k", "s3:PutObject"),
    "s3:object-lock-mode": ("GOVERNANCE", "s3:PutObject"),
    "s3:if-none-match": ("*", "s3:PutObject"),
    "s3:versionid": ("abc", "Version"),
}


@pytest.mark.parametrize("key", CHOSEN)
@pytest.mark.parametrize(
    ("check", "condition"), [("secure-transport", HTTP), ("tls-version", OLD_TLS), ("presigned-age", OLD)]
)
def test_a_deny_that_the_sender_can_turn_does_not_pass(check: str, condition: Any, key: str) -> None:
    """A header or parameter of the client's own choosing gets past, by an action that has it."""
    value, action = CHOSEN[key]
    loose = deny(condition={**condition, "StringNotLike": {key: value}})
    first = (deny(),) if check == "tls-version" else ()
    found = verdict(CHECKS, check, policy=policy(*first, loose))
    assert found.findings, found.outcome
    assert action in found.findings[0].evidence[0]
    assert key.lower() in found.findings[0].evidence[0].lower()
    assert "not denied, under some" in found.findings[0].message or check == "presigned-age"


def test_keys_that_no_single_action_has_are_turned_by_an_action_that_has_both() -> None:
    """Two Denies, each with a header of its own, are got past by the action that carries both."""
    loose = [
        deny(condition={**HTTP, "StringNotEquals": {key: "x"}})
        for key in ("s3:x-amz-acl", "s3:if-none-match")
    ]
    (one,) = verdict(CHECKS, "secure-transport", policy=policy(*loose)).findings
    assert "s3:PutObject" in one.evidence[0]
    apart = [deny(condition={**HTTP, "StringNotEquals": {key: "x"}}) for key in ("s3:x-amz-acl", "s3:prefix")]
    assert verdict(CHECKS, "secure-transport", policy=policy(*apart)).outcome is Outcome.PASSED


@pytest.mark.parametrize(
    "patterns",
    [
        ["*/*", "*.*", "?", "key*"],
        ["?", "??", "???*/*", "*.*", "key"],
        ["k*", "q*", "z*", "Ü*"],
        ["*[0-9]*", "*/*", "key", "q", "Ü*"],
        ["x*", "k*", "q*", "z*", "Ü*"],
    ],
)
@pytest.mark.parametrize("check", ["secure-transport", "unencrypted-uploads", "public-acls-denied"])
def test_keys_that_no_pattern_fits_are_found(check: str, patterns: list[str]) -> None:
    """However the patterns dodge the usual keys, there is one that gets past all of them."""
    resources = [ARN, *(f"{ARN}/{each}" for each in patterns)]
    condition: dict[str, Any] = {
        "secure-transport": HTTP,
        "unencrypted-uploads": {"StringEquals": {SSE: "AES256"}},
        "public-acls-denied": {"StringNotEquals": {"s3:x-amz-acl": "none"}},
    }
    text = policy(deny("s3:*", resources, condition[check]))
    changed: dict[str, Any] = {
        "ownership": "ObjectWriter",
        "public_access_block": OFF,
        "account_public_access_block": OFF,
    }
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    found = verdict(CHECKS, check, KMS, policy=text, encryption=default, **changed)
    assert found.findings, found.outcome
    everything = policy(deny("s3:*", [ARN, *resources[1:], OBJECTS], condition[check]))
    if check == "secure-transport":
        assert verdict(CHECKS, check, KMS, policy=everything).outcome is Outcome.PASSED


FOREIGN = {"AWS": "777788889999"}


@pytest.mark.parametrize(
    ("given", "severity"),
    [
        (allow("s3:GetObject", Principal=FOREIGN), "high"),
        (allow("s3:GetObject", condition={"StringEquals": {"aws:PrincipalOrgID": "o-123"}}), "medium"),
        (allow("s3:GetObjectTagging", Principal=FOREIGN), "medium"),
        (allow("s3:GetObject", Principal={"Service": "logging.s3.amazonaws.com"}), "low"),
    ],
)
def test_partners_over_http_count_as_who_gets_in(given: dict[str, Any], severity: str) -> None:
    """Whom an Allow lets in from elsewhere, and no Deny keeps from plain HTTP."""
    text = policy(deny(Principal={"AWS": OWNER}), given)
    assert [each for each, _ in told(verdict(CHECKS, "secure-transport", policy=text))] == [severity]
    right = verdict(CHECKS, "secure-transport", policy=policy(deny(), given))
    assert right.outcome is Outcome.PASSED


@pytest.mark.parametrize(
    ("variable", "severities"),
    [
        ("aws:userid", ["critical"]),
        ("aws:SourceIp", ["critical"]),
        ("aws:UserAgent", ["critical"]),
        ("aws:PrincipalOrgID", ["critical"]),
        ("saml:sub", ["critical"]),
        ("cognito-identity.amazonaws.com:sub", ["critical"]),
        ("aws:ResourceOrgID", ["low"]),
        ("s3:prefix", ["low"]),
        ("s3:ExistingObjectTag/team", ["low"]),
    ],
)
def test_what_strangers_have_of_their_own_lets_them_in(variable: str, severities: list[str]) -> None:
    """A variable in the resource is no protection where each stranger has a value for it."""
    mine = f"{ARN}/home/${{{variable}}}/*"
    blocks: dict[str, Any] = {"public_access_block": OFF, "account_public_access_block": OFF}
    open_to = policy(allow(["s3:GetObject", "s3:PutObject"], mine))
    assert [
        each for each, _ in told(verdict(CHECKS, "policy-public", policy=open_to, **blocks))
    ] == severities
    shut = policy(
        allow("s3:PutObject", mine), deny("s3:*", BOTH, {"StringNotEquals": {"aws:PrincipalAccount": OWNER}})
    )
    assert "critical" not in {
        each for each, _ in told(verdict(CHECKS, "policy-public", policy=shut, **blocks))
    }


@pytest.mark.parametrize(
    ("account", "pattern", "severities"),
    [
        ("222233334444", "1111*", ["high"]),
        ("222233334444", "2222*", ["low"]),
        ("222233334444", "22??33334444", ["low"]),
        (OWNER, "1111*", ["low"]),
        (OWNER, "2222*", ["high"]),
        ("222233334444", "*", ["low"]),
    ],
)
@pytest.mark.parametrize("key", ["aws:PrincipalAccount", "aws:PrincipalArn"])
def test_patterns_of_accounts_are_about_the_real_one(
    key: str, account: str, pattern: str, severities: list[str]
) -> None:
    """What stands for the account while a policy is judged is no part of the answer."""
    value = pattern if key.endswith("Account") else f"arn:aws:iam::{pattern}:*"
    operator = "StringLike" if key.endswith("Account") else "ArnLike"
    given = deny(condition={**HTTP, operator: {key: value}})
    found = verdict(CHECKS, "secure-transport", policy=policy(given), account=account)
    assert [each for each, _ in told(found)] == severities, told(found)
    assert "9999" not in str(found.findings)


def test_spare_accounts_are_none_that_the_policy_names() -> None:
    """A policy that names the accounts of the witnesses, and whatever could stand for them, is told right."""
    named = [OWNER, STRANGER, "999900010000", "999900010001", "999900001111"]
    given = allow("s3:PutBucketPolicy", ARN, Principal={"AWS": named})
    found = verdict(CHECKS, "cross-account", policy=policy(given), account="222233334444")
    assert sorted(each.split(" ")[0] for _, each in told(found)) == sorted(f"{each}" for each in named), told(
        found
    )


@pytest.mark.parametrize(
    ("condition", "severities"),
    [
        ({"StringEquals": {"s3:DataAccessPointAccount": OWNER}}, ["info"]),
        ({"StringLike": {"s3:DataAccessPointArn": f"arn:aws:s3:*:{OWNER}:accesspoint/*"}}, ["info"]),
        ({"StringLike": {"s3:DataAccessPointArn": f"arn:aws:s3:*:{STRANGER}:accesspoint/*"}}, ["high"]),
        ({"StringEqualsIfExists": {"s3:DataAccessPointAccount": OWNER}}, None),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-123"}}, ["high"]),
    ],
)
def test_what_is_allowed_through_access_points_is_what_they_serve(
    condition: dict[str, Any], severities: list[str] | None
) -> None:
    """Delegating to the account's own access points gives nobody the bucket; to those of others it may."""
    found = verdict(CHECKS, "cross-account", policy=policy(allow("s3:*", BOTH, condition)))
    if severities is None:  # open to everybody: policy-public says so
        found = verdict(CHECKS, "policy-public", policy=policy(allow("s3:*", BOTH, condition)))
        severities = ["medium"]
    assert [each for each, _ in told(found)] == severities, told(found)
    assert (
        "s3:PutBucketPolicy" not in str(told(found))
        or "aws:" in str(condition)
        or "IfExists" in str(condition)
    )


POINT = f"arn:aws:s3:eu-west-1:{OWNER}:accesspoint/reports"
DELEGATES = with_baseline(allow("s3:*", BOTH, {"StringEquals": {"s3:DataAccessPointAccount": OWNER}}))


@pytest.mark.parametrize(
    ("action", "who", "bucket", "vpc", "severities"),
    [
        ("s3:*", "777788889999", DELEGATES, None, ["high"]),
        ("s3:*", "777788889999", DELEGATES, "vpc-1", ["medium"]),
        ("s3:*", "777788889999", with_baseline(), None, ["low"]),
        ("s3:GetObject", "777788889999", DELEGATES, None, ["info"]),
        ("s3:*", OWNER, DELEGATES, None, []),
    ],
)
def test_other_accounts_of_an_access_point_are_told(
    action: str, who: str, bucket: str, vpc: str | None, severities: list[str]
) -> None:
    """Whom the policy of an access point lets in from elsewhere, as far as the bucket policy lets them on."""
    text = policy(allow(action, [POINT, f"{POINT}/object/*"], Principal={"AWS": who}))
    one = AccessPoint(
        name="reports", arn=POINT, public_access_block=ON, policy=text, is_public=False, vpc=vpc
    )
    found = verdict(CHECKS, "access-point-public", policy=bucket, access_points=(one,))
    assert [each for each, _ in told(found)] == severities, told(found)
    assert not severities or who in found.findings[0].message


def test_a_null_condition_names_no_key() -> None:
    """What a Null condition says is no key that an upload could be under."""
    key = "s3:x-amz-server-side-encryption-aws-kms-key-id"
    given = deny("s3:PutObject", OBJECTS, {"ArnNotEqualsIfExists": {key: KEY}})
    none = deny("s3:PutObject", OBJECTS, {"StringEquals": {SSE: "aws:kms"}, "Null": {key: "true"}})
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    found = verdict(CHECKS, "wrong-key-uploads", KMS, policy=policy(given, none), encryption=default)
    assert [each for each, _ in told(found)] == ["low"], told(found)
    assert "UpdateObjectEncryption" in found.findings[0].message


@pytest.mark.parametrize(
    ("provider", "more", "severities"),
    [
        ("cognito-identity.amazonaws.com", {}, ["medium"]),
        ("arn:aws:iam::999988887777:saml-provider/x", {}, ["medium"]),
        (f"arn:aws:iam::{OWNER}:saml-provider/x", {}, []),
        (
            "cognito-identity.amazonaws.com",
            {"StringEquals": {"cognito-identity.amazonaws.com:aud": "eu-west-1:pool"}},
            ["info"],
        ),
    ],
)
def test_whoever_signs_in_elsewhere_is_told(provider: str, more: Any, severities: list[str]) -> None:
    """A provider of identities is not the account's: who signs in there is anybody."""
    given = allow(["s3:PutObject", "s3:PutBucketPolicy"], BOTH, more, Principal={"Federated": provider})
    found = verdict(CHECKS, "cross-account", policy=policy(given))
    assert [each for each, _ in told(found)] == severities
    assert not severities or "s3:PutBucketPolicy" in found.findings[0].message
    shut = {**deny("s3:*", BOTH), "Condition": {}}
    assert not told(verdict(CHECKS, "cross-account", policy=policy(given, shut)))


def test_an_endpoint_policy_that_leaves_out_one_bucket_reaches_the_others() -> None:
    """A name that only the audit uses is no protection either."""
    given = allow("s3:*", None, NotResource="arn:aws:s3:::bucket-of-somebody-else/*")
    endpoint = {"VpcEndpointId": "vpce-1", "PolicyDocument": policy(given).replace('"Resource": null, ', "")}
    assert verdict(CHECKS, "vpc-endpoints", vpc_endpoints=(endpoint,)).findings


@pytest.mark.parametrize(
    ("resource", "condition", "passes"),
    [
        ("arn:aws:s3:::amzn-*", None, False),
        ("arn:aws:s3:::amzn-*/*", None, False),
        ("*", None, False),
        (BOTH, None, True),
        ("arn:aws:s3:::amzn-*", {"StringEquals": {"aws:ResourceAccount": OWNER}}, True),
    ],
)
def test_an_endpoint_policy_with_a_pattern_of_names_reaches_others(
    resource: Any, condition: Any, passes: bool
) -> None:
    """Whoever wants the data gives his bucket a name that fits."""
    text = json.dumps(json.loads(policy(allow("s3:*", resource, condition))))
    endpoint = {"VpcEndpointId": "vpce-1", "VpcId": "vpc-1", "State": "available", "PolicyDocument": text}
    found = verdict(CHECKS, "vpc-endpoints", vpc_endpoints=(endpoint,))
    assert (found.outcome is Outcome.PASSED) is passes, told(found)


def test_titles_say_what_and_evidence_says_where() -> None:
    """The message is one sentence; what passes is listed once for all that differ in action and caller."""
    (one,) = verdict(CHECKS, "secure-transport", policy=None).findings
    assert one.message == "Requests over plain HTTP are not denied."
    assert one.evidence == (
        f"e.g. s3:GetObject, s3:PutObject on {BUCKET}/key, by a role or a user or the root user: allowed",
    )
    (one,) = verdict(CHECKS, "presigned-age", BucketProfile(), policy=None).findings
    assert one.message == "Presigned URLs work for up to 7 days; the profile says 1 hour."
