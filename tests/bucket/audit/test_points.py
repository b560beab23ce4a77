"""Checks of access points: blocks of three places, policies of two, and a TLS minimum of their own."""

from __future__ import annotations

from typing import Any

import pytest

from secure_s3.bucket.audit.check import Outcome
from secure_s3.bucket.audit.checks.points import CHECKS
from secure_s3.bucket.snapshot.values import AccessPoint, Unread
from secure_s3.bucket.wanted import BucketProfile
from secure_s3.policy import Policy, bundles, statements
from tests.bucket.audit.snapshots import (
    ADMIN,
    BOTH,
    BUCKET,
    OFF,
    ON,
    OWNER,
    allow,
    baseline,
    deny,
    policy,
    told,
    verdict,
    with_baseline,
)

ARN = f"arn:aws:s3:eu-west-1:{OWNER}:accesspoint/reports"
INSIDE = f"{ARN}/object/*"
HALF = {"BlockPublicAcls": True, "IgnorePublicAcls": True}
OPEN = policy(allow("s3:GetObject", INSIDE))
THROUGH_POINTS = {"StringEquals": {"s3:DataAccessPointAccount": OWNER}}
DELEGATES = with_baseline(allow("s3:*", BOTH, THROUGH_POINTS))


def point(**changed: Any) -> tuple[AccessPoint, ...]:
    """An access point in order, but for what is changed."""
    told_of: dict[str, Any] = {"public_access_block": ON, "policy": None, "is_public": False, **changed}
    return (AccessPoint(name="reports", arn=ARN, **told_of),)


@pytest.mark.parametrize(
    ("setting", "bucket", "account", "severities"),
    [
        (ON, OFF, {}, []),
        (OFF, OFF, {}, ["high"]),
        ({}, {**ON, "IgnorePublicAcls": False}, {}, ["high"]),
        (OFF, ON, {}, ["info"]),
        (OFF, HALF, {**ON, **dict.fromkeys(HALF, False)}, ["info"]),
        (OFF, {}, Unread("no", "s3:GetAccountPublicAccessBlock"), ["high"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["access-point", "multi-region"])
def test_what_an_access_point_does_not_block_bucket_and_account_may(
    kind: str, setting: Any, bucket: Any, account: Any, severities: list[str]
) -> None:
    """It is high unless bucket or account block each of the switches that are off."""
    points: dict[str, Any] = {
        "access_points": point(public_access_block=setting),
        "multi_region_access_points": ({"Name": "reports", "PublicAccessBlock": setting},),
    }
    blocks: dict[str, Any] = {"public_access_block": bucket, "account_public_access_block": account}
    found = verdict(CHECKS, f"{kind}-public-access-block", **points, **blocks)
    assert [each for each, _ in told(found)] == severities


PUBLIC = [
    (point(policy=OPEN), OFF, DELEGATES, ["medium"]),
    (point(policy=OPEN, public_access_block=OFF), ON, DELEGATES, ["medium"]),
    (point(policy=OPEN, public_access_block=OFF), OFF, DELEGATES, ["critical"]),
    (point(policy=OPEN, public_access_block=OFF), OFF, None, ["medium"]),
    (point(policy=OPEN, public_access_block=OFF), OFF, Unread("no"), ["high"]),
    (point(policy=OPEN, public_access_block=OFF, vpc="vpc-1a2b3c4d"), OFF, DELEGATES, []),
    (point(policy=policy(allow("s3:GetObject", INSIDE, Principal={"AWS": ADMIN}))), OFF, DELEGATES, []),
    (point(is_public=True, policy=bundles.access_point(ARN, ADMIN).to_json()), OFF, None, ["low"]),
    (point(), OFF, DELEGATES, []),
]


@pytest.mark.parametrize(("points", "bucket", "text", "severities"), PUBLIC)
def test_strangers_need_every_door_open(
    points: tuple[AccessPoint, ...], bucket: Any, text: Any, severities: list[str]
) -> None:
    """The access point's policy lets them in, nothing blocks, and the bucket policy lets them on."""
    blocks: dict[str, Any] = {"public_access_block": bucket, "account_public_access_block": {}}
    found = verdict(CHECKS, "access-point-public", access_points=points, policy=text, **blocks)
    assert [each for each, _ in told(found)] == severities, told(found)


def _tls(version: str, **more: Any) -> str:
    return policy(deny("s3:*", [ARN, INSIDE], {"NumericLessThan": {"s3:TlsVersion": version}}, **more))


BARE = Policy.of(statements.deny_insecure_transport(BUCKET)).to_json()
TLS = [
    (bundles.access_point(ARN, ADMIN).to_json(), baseline().to_json(), "1.2", []),
    (_tls("1.3"), BARE, "1.2", []),
    (None, baseline(min_tls="1.3").to_json(), "1.2", []),
    (None, baseline().to_json(), "1.2", ["info"]),
    (_tls("1.2"), baseline().to_json(), "1.2", ["info"]),
    (_tls("1.3", Principal={"AWS": ADMIN}), baseline().to_json(), "1.2", ["info"]),
    (_tls("1.3").replace(f'"{ARN}", ', ""), baseline().to_json(), "1.2", ["info"]),
    (None, BARE, "1.2", ["low"]),
    (None, baseline().to_json(), "1.3", ["medium"]),
    (_tls("1.3"), baseline().to_json(), "1.3", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "bucket", "minimum", "severities"), TLS)
def test_an_access_point_may_ask_for_a_newer_tls_than_its_bucket(
    text: str | None, bucket: str, minimum: str, severities: list[str]
) -> None:
    """TLS 1.3 is a recommendation; less than the bucket's minimum is a finding."""
    profile = BucketProfile(min_tls=minimum)
    found = verdict(CHECKS, "access-point-tls", profile, access_points=point(policy=text), policy=bucket)
    assert [each for each, _ in told(found)] == severities, told(found)


@pytest.mark.parametrize("check", [each.id for each in CHECKS])
def test_without_access_points_there_is_nothing_to_judge(check: str) -> None:
    """And where they were not listed it is unknown."""
    assert verdict(CHECKS, check).outcome is Outcome.NOT_APPLICABLE
    unread = Unread("access denied", "s3:ListAccessPoints")
    found = verdict(CHECKS, check, access_points=unread, multi_region_access_points=unread)
    assert (found.outcome, found.action) == (Outcome.UNKNOWN, "s3:ListAccessPoints")


@pytest.mark.parametrize("check", ["access-point-public", "access-point-tls"])
def test_a_policy_of_an_access_point_that_was_not_read_is_unknown(check: str) -> None:
    """The access point is named with the permission; what is no document is unknown too."""
    unread = Unread("access denied", "s3:GetAccessPointPolicy")
    found = verdict(CHECKS, check, access_points=point(policy=unread))
    assert (found.outcome, found.action) == (Outcome.UNKNOWN, "s3:GetAccessPointPolicy")
    assert "reports" in found.why
    assert verdict(CHECKS, check, access_points=point(policy="{")).outcome is Outcome.UNKNOWN


def test_checks_carry_what_reports_need() -> None:
    """Every check has a title, reasons, a fix, references, seeds and a source."""
    for each in CHECKS:
        assert all((each.title, each.why, each.fix, each.refs, each.seeds, each.source, each.reads)), each.id
