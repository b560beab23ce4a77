"""Checks of how requests travel: what gets past a Deny is found, whatever shape the Deny has."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secure_s3.bucket.audit.check import Outcome
from secure_s3.bucket.audit.checks.transport import CHECKS
from secure_s3.bucket.snapshot.values import Unread
from secure_s3.bucket.wanted import BucketProfile
from secure_s3.policy import AccessRequest, Policy, evaluate, statements
from tests.bucket.audit.snapshots import (
    ARN,
    BOTH,
    BUCKET,
    HTTP,
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

ROLE = f"arn:aws:iam::{OWNER}:role/App"
TOO_OLD = {"NumericGreaterThan": {"s3:signatureAge": "600000"}}
HTTPS = {"Bool": {"aws:SecureTransport": "true"}}
OLD = {"NumericLessThan": {"s3:TlsVersion": "1.2"}}

GAPS: dict[str, tuple[Any, str]] = {
    "no policy": (None, "high"),
    "nothing about HTTP": (policy(deny("s3:*", BOTH, OLD)), "high"),
    "bucket alone": (policy(deny(resource=ARN)), "high"),
    "objects alone": (policy(deny(resource=OBJECTS)), "high"),
    "a prefix": (policy(deny(resource=[ARN, f"{ARN}/reports/*"])), "high"),
    "all but a prefix": (policy(deny(resource=None, NotResource=[f"{ARN}/public/*"])), "high"),
    "a suffix": (policy(deny(resource=[ARN, f"{ARN}/*.pdf"])), "high"),
    "reading alone": (policy(deny(["s3:Get*", "s3:List*"])), "high"),
    "all but one action": (policy(deny(None, NotAction="s3:GetObjectTagging")), "medium"),
    "one role": (policy(deny(Principal={"AWS": ROLE})), "high"),
    "the account alone": (policy(deny(Principal={"AWS": f"arn:aws:iam::{OWNER}:root"})), "low"),
    "all but a user": (policy(deny(NotPrincipal={"AWS": f"arn:aws:iam::{OWNER}:user/bob"})), "high"),
    "an exempt role": (
        policy(deny(condition={**HTTP, "ArnNotEquals": {"aws:PrincipalArn": f"{ROLE}-old"}})),
        "medium",
    ),
    "some addresses": (
        policy(deny(condition={**HTTP, "IpAddress": {"aws:SourceIp": "192.0.2.0/24"}})),
        "medium",
    ),
    "no services": (
        policy(deny(condition={"Bool": {**HTTP["Bool"], "aws:PrincipalIsAWSService": "false"}})),
        "info",
    ),
    "Allow instead of Deny": (policy(deny(condition=HTTPS, Effect="Allow")), "high"),
    "HTTPS denied": (policy(deny(condition=HTTPS)), "high"),
    "no ARN": (policy(deny(resource=[f"arn:aws:s3::{BUCKET}", f"arn:aws:s3::{BUCKET}/*"])), "high"),
    "white space": (policy(deny(resource=[f" {ARN}", f" {OBJECTS}"])), "high"),
    "another bucket": (policy(deny(resource=[f"{ARN}-old", f"{ARN}-old/*"])), "high"),
    "part of the name": (policy(deny(resource=["arn:aws:s3:::amzn-s3-demo-x*"])), "high"),
    "an operator that is none": (
        policy(deny(condition={"BoolEquals": {"aws:SecureTransport": "false"}})),
        "high",
    ),
    "two conditions of which one never holds": (policy(deny(condition={**HTTP, **OLD})), "high"),
}  # fmt: skip


@pytest.mark.parametrize("case", GAPS)
def test_half_hearted_denies_of_plain_http_fail(case: str) -> None:
    """A request over plain HTTP that passes is named, with how bad it is."""
    text, severity = GAPS[case]
    if text and "NotAction" in text:
        text = text.replace('"Action": null, ', "")
    if text and "NotResource" in text:
        text = text.replace(f'"Resource": {json.dumps(BOTH)}, ', "")
    found = verdict(CHECKS, "secure-transport", policy=text)
    assert [each for each, _ in told(found)] == [severity], told(found)
    assert "over plain HTTP" in found.findings[0].message
    assert found.findings[0].evidence


RIGHT = {
    "one statement": policy(deny()),
    "a list of one value": policy(deny(condition={"Bool": {"aws:SecureTransport": ["false"]}})),
    "BoolIfExists": policy(deny(condition={"BoolIfExists": {"aws:SecureTransport": "false"}})),
    "StringNotEquals": policy(deny(condition={"StringNotEquals": {"aws:SecureTransport": "true"}})),
    "two halves": policy(deny(resource=ARN), deny(resource=OBJECTS)),
    "a pattern of names": policy(deny(resource=["arn:aws:s3:::amzn-s3-*"])),
    "everything": policy(deny(resource="*")),
    "every action": policy(deny("*")),
    "Null of the TLS version": policy(deny(condition={"Null": {"s3:TlsVersion": "true"}})),
    "the baseline": baseline().to_json(),
    "one by one": policy(*(deny(f"s3:{letter}*") for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ")),
    "beside many addresses": policy(
        deny(),
        deny(condition={"NotIpAddress": {"aws:SourceIp": [f"198.51.100.{each}/32" for each in range(40)]}}),
    ),
}


@pytest.mark.parametrize("case", RIGHT)
def test_whole_denies_of_plain_http_pass_whatever_their_shape(case: str) -> None:
    """No request passes over plain HTTP: the check is passed."""
    assert verdict(CHECKS, "secure-transport", policy=RIGHT[case]).outcome is Outcome.PASSED


def test_evidence_names_the_statement_that_comes_near() -> None:
    """The finding points to the Deny that nearly denies, and says what of it does not fit."""
    found = verdict(CHECKS, "secure-transport", policy=policy(deny(resource=ARN, Sid="DenyHttp")))
    (one,) = found.findings
    assert (one.statement, one.pointer) == ("DenyHttp", "/Statement/0")
    assert f"e.g. s3:GetObject, s3:PutObject on {BUCKET}/key, by a role or a user" in one.evidence[0]
    assert "nearest: DenyHttp, but for its resource" in one.evidence[0]


def test_evidence_says_under_which_circumstances_a_request_passes() -> None:
    """What the policy spares only under some circumstances is shown with them."""
    text, _ = GAPS["some addresses"]
    (one,) = verdict(CHECKS, "secure-transport", policy=text).findings
    assert "aws:SourceIp" in one.evidence[0]


@pytest.mark.parametrize("check", ["secure-transport", "tls-version", "presigned-age"])
def test_an_unread_policy_is_unknown(check: str) -> None:
    """What was not read is neither passed nor failed; the permission that would settle it is told."""
    found = verdict(CHECKS, check, policy=Unread("access denied", "s3:GetBucketPolicy"))
    assert (found.outcome, found.action) == (Outcome.UNKNOWN, "s3:GetBucketPolicy")


def test_a_malformed_policy_is_unknown() -> None:
    """What is no policy document cannot be judged."""
    assert verdict(CHECKS, "secure-transport", policy='{"Version"').outcome is Outcome.UNKNOWN


TLS = [
    (baseline().to_json(), "1.2", []),
    (baseline().to_json(), "1.3", ["medium"]),
    (baseline(min_tls="1.3").to_json(), "1.3", []),
    (baseline(min_tls="1.3").to_json(), "1.2", []),
    (policy(deny(condition=OLD)), "1.2", ["high"]),
    (policy(deny()), "1.2", ["low"]),
    (policy(deny()), "1.3", ["medium"]),
    (policy(deny(), deny(resource=ARN, condition=OLD)), "1.2", ["low"]),
    (policy(deny(), deny(condition={"NumericLessThan": {"s3:TlsVersion": "1.1"}})), "1.2", ["low"]),
    (policy(deny(), deny(condition={"StringEquals": {"s3:TlsVersion": "1.0"}})), "1.2", ["low"]),
    (policy(deny(), deny(condition={"StringLessThan": {"s3:TlsVersion": "1.2"}})), "1.2", ["low"]),
    (policy(deny(), deny(condition={**OLD, "ArnNotEquals": {"aws:PrincipalArn": ROLE}})), "1.2", ["low"]),
    (policy(deny(), deny(condition={"NumericLessThanIfExists": {"s3:TlsVersion": "1.2"}})), "1.2", []),
]


@pytest.mark.parametrize(("text", "minimum", "severities"), TLS)
def test_tls_minimum_is_judged_by_older_requests(text: str, minimum: str, severities: list[str]) -> None:
    """Requests over older versions, and over HTTP, which has none, decide."""
    found = verdict(CHECKS, "tls-version", BucketProfile(min_tls=minimum), policy=text)
    expected = ["medium" if each == "high" else each for each in severities]
    assert [each for each, _ in told(found)] == expected


def _presign(age: int, **more: Any) -> str:
    return Policy.of(statements.max_presign_age(BUCKET, age, **more)).to_json()


TOO_HTTPS = {"Bool": {"aws:SecureTransport": "true"}}
OLD = {"NumericGreaterThan": {"s3:signatureAge": "600000"}}
AGES = [
    (None, 3600, ["medium"]),
    (_presign(3600), 3600, []),
    (_presign(600), 3600, []),
    (_presign(600, presigned_only=False), 3600, []),
    (_presign(7200), 3600, ["medium"]),
    (policy(deny(condition=TOO_OLD, resource=ARN)), 3600, ["medium"]),
    (policy(deny("s3:GetObject", condition=TOO_OLD)), 3600, ["medium"]),
    (policy(deny(condition={"NumericLessThan": {"s3:signatureAge": "600000"}})), 3600, ["medium"]),
    (policy(deny(condition={"StringEquals": {"s3:authType": "REST-QUERY-STRING"}})), 3600, []),
    (None, 604_800, []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "ceiling", "severities"), AGES)
def test_old_presigned_urls_decide_about_the_ceiling(
    text: str | None, ceiling: int, severities: list[str]
) -> None:
    """A URL a little above the ceiling, or a week old, must be denied."""
    profile = BucketProfile(presign_ceiling=timedelta(seconds=ceiling))
    found = verdict(CHECKS, "presigned-age", profile, policy=text)
    assert [each for each, _ in told(found)] == severities


def test_without_a_ceiling_there_is_nothing_to_judge() -> None:
    """A profile without a ceiling asks nothing of presigned URLs."""
    found = verdict(CHECKS, "presigned-age", BucketProfile(presign_ceiling=None), policy=None)
    assert found.outcome is Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("name", "passes"),
    [
        *((f"{number} https", True) for number in (0, 1, 2, 4)),
        ("3 TLS of objects", False),
        ("3 TLS of the bucket", False),
        ("1 addresses", False),
    ],
)
def test_published_policies_are_judged_by_what_they_do(name: str, passes: bool) -> None:
    """Of the published policies those pass that deny HTTP, and those fail that say they do."""
    (seed,) = (each for each in SEEDS if each.name == name)
    found = verdict(CHECKS, "secure-transport", policy=json.dumps(seed.document))
    assert (found.outcome is Outcome.PASSED) is passes


@pytest.mark.parametrize(
    ("partition", "bucket", "account"),
    [
        ("aws-us-gov", "logs-222233334444", "222233334444"),
        ("aws-cn", BUCKET, STRANGER),
        ("aws", "abc", OWNER),
    ],
)
def test_names_and_partitions_make_no_difference(partition: str, bucket: str, account: str) -> None:
    """Whatever the bucket is called and wherever it is, the same policy is judged alike and names it."""
    where: dict[str, Any] = {"bucket": bucket, "partition": partition, "account": account}
    right = Policy.of(statements.deny_insecure_transport(bucket, partition=partition)).to_json()
    assert verdict(CHECKS, "secure-transport", policy=right, **where).outcome is Outcome.PASSED
    half = policy(deny(resource=[f"arn:{partition}:s3:::{bucket}/*"]))
    (one,) = verdict(CHECKS, "secure-transport", policy=half, **where).findings
    assert one.evidence[0].startswith(f"e.g. s3:ListBucket, s3:PutBucketAcl on {bucket}, by a role")


def test_a_policy_of_the_usual_partition_does_nothing_elsewhere() -> None:
    """In another partition ARNs of the usual one match nothing."""
    found = verdict(CHECKS, "secure-transport", policy=policy(deny()), partition="aws-cn")
    assert [each for each, _ in told(found)] == ["high"]


_PREFIXES = st.text("abckqz/7", min_size=1, max_size=4)
_ACTIONS = st.sampled_from(["s3:Get*", "s3:PutObject", "s3:List*", "s3:*Object*", "s3:*Bucket*", "s3:?*t*"])
_CONDITIONS = st.sampled_from(
    [
        {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        {"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
        {"StringEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}},
        {"StringNotEquals": {"aws:PrincipalAccount": STRANGER}},
        {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{OWNER}:role/Break*"}},
        {"StringEquals": {"s3:authType": "REST-HEADER"}},
        {"Bool": {"aws:ViaAWSService": "false"}},
        {"StringNotLike": {"aws:userid": "AROA*:x"}},
        {"DateGreaterThan": {"aws:CurrentTime": "2025-01-01T00:00:00Z"}},
    ]
)
_PEOPLE: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"Principal": {"AWS": ROLE}},
        {"Principal": {"AWS": [ROLE, f"arn:aws:iam::{OWNER}:user/alice"]}},
        {"NotPrincipal": {"AWS": f"arn:aws:iam::{OWNER}:user/bob"}},
        {"Principal": {"AWS": STRANGER}},
    ]
)
_EVERYTHING = Policy.parse({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
_PLACES = (("s3:GetObject", f"{ARN}/x/y.txt"), ("s3:PutObject", f"{ARN}/a"), ("s3:ListBucket", ARN))
_REQUESTS = [
    AccessRequest(
        action,
        resource,
        f"arn:aws:iam::{OWNER}:{who}",
        {
            "aws:SecureTransport": False,
            "aws:SourceIp": address,
            "aws:ViaAWSService": False,
            "s3:authType": signed,
            "aws:CurrentTime": now,
        },
        resource_account=OWNER,
    )
    for action, resource in _PLACES
    for who in ("role/Breakglass", "user/bob", "user/carol")
    for address in ("192.0.2.7", "203.0.113.9", None)
    for signed in ("REST-HEADER", "POST")
    for now in ("2024-06-01T00:00:00Z", "2026-06-01T00:00:00Z")
]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_narrowed_deny_is_never_passed_while_a_request_slips_through(data: st.DataObject) -> None:
    """Whenever some request of the account passes over HTTP, the check is not passed."""
    more: dict[str, Any] = {"resource": BOTH, "action": "s3:*", "condition": HTTP}
    kinds = st.sampled_from(["prefix", "action", "condition", "people"])
    for narrowing in data.draw(st.lists(kinds, min_size=1, max_size=2)):
        if narrowing == "prefix":
            more["resource"] = [ARN, f"{ARN}/{data.draw(_PREFIXES)}*"]
        elif narrowing == "action":
            more["action"] = data.draw(_ACTIONS)
        elif narrowing == "condition":
            drawn = data.draw(_CONDITIONS)
            more["condition"] = {**drawn, "Bool": {**HTTP["Bool"], **drawn.get("Bool", {})}}
        else:
            more |= data.draw(_PEOPLE)
    text = policy(deny(**more))
    found = verdict(CHECKS, "secure-transport", policy=text)
    if found.outcome is Outcome.PASSED:
        parsed = Policy.parse(text)
        assert all(_denied(each, parsed) for each in _REQUESTS), text


def _denied(asked: AccessRequest, document: Policy) -> bool:
    """Whatever the caller's own policies allow."""
    outcome = evaluate(asked, resource_policy=document, identity_policies=(_EVERYTHING,)).outcome
    return outcome == "explicitly_denied"
