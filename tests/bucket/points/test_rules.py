"""Names, ids and policies of access points, before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3.bucket.points.rules import check_bucket, check_name, check_vpc, checked, policy_of
from secure_s3.errors import ConfigurationError, PolicyError, PublicAccessRefused

from .support import ACCOUNT, POINT

ROLE = f"arn:aws:iam::{ACCOUNT}:role/App"


def allow(resource: Any = f"{POINT}/object/*", principal: Any = "*", **more: Any) -> dict[str, Any]:
    """A policy of one statement."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement | more]}


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            "ab",
            "a" * 51,
            "-reports",
            "reports-",
            "Reports",
            "re.ports",
            "re_ports",
            "re ports",
            "reports\n",
        ),
        *("reports-s3alias", "reports--ol-s3", "reports--x-s3", POINT, None, 5, "répôrts", "٣٣٣"),
    ],
)
def test_names_that_are_none(name: Any) -> None:
    """What S3 does not take for a name is refused with the rules."""
    with pytest.raises(ConfigurationError, match="cannot be the name of an access point"):
        check_name(name)


@given(
    st.from_regex(r"[a-z0-9][a-z0-9-]{1,40}[a-z0-9]", fullmatch=True).filter(lambda name: "--" not in name)
)
def test_names(name: str) -> None:
    """Letters, digits and hyphens inside make a name."""
    if not name.endswith("-s3alias"):
        assert check_name(name) == name


@pytest.mark.parametrize(
    "vpc", ["", "vpc-", "vpc-1a2b3c4", "vpc-1A2B3C4D", "vpce-1a2b3c4d", "vpc-1a2b3c4d\n", 5, True]
)
def test_ids_that_are_none(vpc: Any) -> None:
    """The id of an endpoint, or half an id, is no VPC's."""
    with pytest.raises(ConfigurationError, match="no id of a VPC"):
        check_vpc(vpc)


def test_ids() -> None:
    """Both lengths that EC2 has given."""
    for vpc in ("vpc-1a2b3c4d", "vpc-0123456789abcdef0"):
        check_vpc(vpc)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("amzn-s3-demo-bucket--use1-az4--x-s3", "directory bucket"),
        ("reports-abc-s3alias", "access point"),
        ("reports-abc--ol-s3", "Object Lambda"),
        (POINT, "ARN"),
    ],
)
def test_what_has_no_access_points(name: str, kind: str) -> None:
    """Access points are of general purpose buckets, by name."""
    with pytest.raises(ConfigurationError) as caught:
        check_bucket(name)
    assert kind in caught.value.why
    check_bucket("amzn-s3-demo-bucket")


@pytest.mark.parametrize(
    "policy",
    [
        allow(),
        allow(principal={"AWS": "*"}),
        allow(principal={"AWS": [ROLE, "*"]}),
        allow(Condition={"StringEquals": {"s3:DataAccessPointArn": POINT}}),
        allow(Condition={"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/App"}}),
        allow(Condition={"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}),
    ],
)
def test_public_policies(policy: dict[str, Any]) -> None:
    """What S3 calls public is refused here; bound to a VPC, nothing is public."""
    with pytest.raises(PublicAccessRefused, match="would be public"):
        checked(policy, POINT, None)
    checked(policy, POINT, "vpc-1a2b3c4d")


@pytest.mark.parametrize(
    "resource",
    [
        *("*", "arn:aws:s3:::amzn-s3-demo-bucket/*", POINT.replace("reports", "other"), f"{POINT}2/object/*"),
        *(f"{POINT}/k", [f"{POINT}/object/*", "arn:aws:s3:::amzn-s3-demo-bucket"]),
    ],
)
def test_policies_about_something_else(resource: Any) -> None:
    """A statement about a bucket, another access point or a key without ``/object/`` is refused."""
    with pytest.raises(ConfigurationError, match="is about"):
        checked(allow(resource, {"AWS": ROLE}), POINT, None)


@pytest.mark.parametrize("policy", ["", "{", "[]", "null", "{}"])
def test_what_is_no_policy(policy: str) -> None:
    """Text that is no policy is a PolicyError."""
    with pytest.raises(PolicyError):
        checked(policy, POINT, None)


def test_policies_that_are_made() -> None:
    """With principals they read, list and perhaps write; without, only the TLS is in it."""
    sids = [each.sid for each in policy_of(POINT, [ROLE], prefix="a/", write=True, min_tls="1.3").statements]
    assert sids == ["DenyInsecureTransport", "RequireMinTls", "AllowRead", "AllowList", "AllowWrite"]
    nobody = policy_of(POINT, (), prefix="", write=False, min_tls="1.2")
    assert [each.effect for each in nobody.statements] == ["Deny", "Deny"]
    for more in ({"prefix": "a/", "write": False}, {"prefix": "", "write": True}):
        with pytest.raises(ConfigurationError, match="principals="):
            policy_of(POINT, (), min_tls="1.2", **more)  # type: ignore[arg-type]
    with pytest.raises(PolicyError):
        policy_of(POINT, [ROLE], prefix="", write=False, min_tls="1.4")
