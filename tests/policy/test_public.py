"""What S3 Block Public Access takes for a public policy."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3.policy import Policy
from secure_s3.policy.public import is_public

POINT = "arn:aws:s3:us-west-2:111122223333:accesspoint/"


def policy(*statements: dict[str, Any]) -> Policy:
    usual = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
    return Policy.parse({"Version": "2012-10-17", "Statement": [{**usual, **each} for each in statements]})


def under(operator: str, key: str, *values: str) -> Policy:
    return policy({"Condition": {operator: {key: list(values)}}})


@pytest.mark.parametrize(
    "principal",
    ["*", {"AWS": "*"}, {"AWS": ["arn:aws:iam::111122223333:root", "*"]}, {"Service": "*"}, {"AWS": "arn:*"}],
)
def test_an_allow_for_everybody_is_public(principal: Any) -> None:
    """A Principal with a wildcard is no fixed value."""
    assert is_public(policy({"Principal": principal}))


@pytest.mark.parametrize(
    "principal",
    [
        {"AWS": "arn:aws:iam::444455556666:root"},
        {"AWS": ["111122223333", "arn:aws:iam::111122223333:role/app"]},
        {"Service": "cloudtrail.amazonaws.com"},
        {"CanonicalUser": "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a"},
    ],
)
def test_an_allow_for_somebody_is_not(principal: Any) -> None:
    """Fixed principals are not the public, whoever they are."""
    assert not is_public(policy({"Principal": principal}))


@pytest.mark.parametrize(
    ("operator", "key", "value"),
    [
        ("StringEquals", "aws:PrincipalOrgID", "o-a1b2c3d4e5"),
        ("StringEquals", "AWS:SourceVpc", "vpc-91237329"),
        ("StringEquals", "aws:SourceVpce", "vpce-1a2b3c4d"),
        ("StringEquals", "aws:SourceAccount", "111122223333"),
        ("StringEquals", "aws:SourceOwner", "111122223333"),
        ("ArnEquals", "aws:SourceArn", "arn:aws:sns:us-east-1:111122223333:topic"),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::111122223333:role/app"),
        ("StringLike", "aws:userid", "AIDACKCEVSQ6C2EXAMPLE"),
        ("ForAnyValue:StringEquals", "aws:PrincipalOrgPaths", "o-a1b2c3d4e5/r-ab12/"),
        ("StringEquals", "s3:DataAccessPointAccount", "111122223333"),
        ("StringLike", "s3:DataAccessPointArn", f"{POINT}*"),
        ("StringEquals", "s3:x-amz-server-side-encryption-aws-kms-key-id", "arn:aws:kms:us-east-1:1:key/k"),
        ("IpAddress", "aws:SourceIp", "203.0.113.0/24"),
        ("IpAddress", "aws:SourceIp", "10.0.0.0/8"),
        ("IpAddress", "aws:SourceIp", "2001:db8::/32"),
        ("IpAddress", "aws:SourceIp", "203.0.113.7"),
    ],
)
def test_a_fixed_value_keeps_the_public_out(operator: str, key: str, value: str) -> None:
    """One condition that holds for fixed values only is enough."""
    assert not is_public(under(operator, key, value))
    assert is_public(under(f"{operator}IfExists", key, value))
    plain = operator.removeprefix("ForAnyValue:")
    assert is_public(under(f"ForAllValues:{plain}", key, value))
    assert is_public(policy({"Condition": {operator: {key: value}}}, {}))


@pytest.mark.parametrize(
    ("operator", "key", "values"),
    [
        ("StringLike", "aws:SourceVpc", ["vpc-*"]),
        ("StringEquals", "aws:SourceVpc", ["vpc-91237329", "vpc-?1237329"]),
        ("StringEquals", "aws:PrincipalAccount", ["${aws:SourceAccount}"]),
        ("StringEquals", "aws:PrincipalOrgID", [""]),
        ("StringEquals", "aws:PrincipalOrgID", []),
        ("StringNotEquals", "aws:SourceVpc", ["vpc-91237329"]),
        ("StringLike", "aws:userid", ["AROAEXAMPLEID:*"]),
        ("StringEquals", "aws:Referer", ["https://example.com"]),
        ("StringEquals", "aws:PrincipalTag/team", ["blue"]),
        ("Bool", "aws:SecureTransport", ["true"]),
        ("Null", "aws:SourceVpc", ["false"]),
        ("NoSuchOperator", "aws:SourceVpc", ["vpc-91237329"]),
        ("NotIpAddress", "aws:SourceIp", ["203.0.113.0/24"]),
        ("IpAddress", "aws:SourceIp", ["0.0.0.0/1"]),
        ("IpAddress", "aws:SourceIp", ["10.0.0.0/7"]),
        ("IpAddress", "aws:SourceIp", ["203.0.113.0/24", "2001:db8::/31"]),
        ("IpAddress", "aws:SourceIp", ["no address"]),
        ("StringLike", "s3:DataAccessPointArn", ["arn:aws:s3:us-west-2:*:accesspoint/x"]),
        ("StringLike", "s3:DataAccessPointArn", ["*"]),
    ],
)
def test_what_is_not_fixed_does_not(operator: str, key: str, values: list[str]) -> None:
    """Wildcards, variables, broad ranges, other keys and negated operators leave a policy public."""
    assert is_public(under(operator, key, *values))


@pytest.mark.parametrize(
    ("statement", "public"),
    [
        ({"Effect": "Deny"}, False),
        ({"Effect": "Perhaps"}, True),
        ({"Action": "s3:NotASupportedAction"}, True),
        ({"Principal": None}, True),
        ({"NotPrincipal": {"AWS": "111122223333"}, "Principal": None}, True),
    ],
)
def test_the_form_of_a_statement(statement: dict[str, Any], public: bool) -> None:
    """Only Denies are harmless whatever they say; what cannot be read might be public."""
    assert is_public(policy(statement)) is public


def test_other_access_points_make_the_policy_of_one_public() -> None:
    """For an access point's policy ``s3:DataAccessPointArn`` is no limit."""
    assert is_public(under("StringEquals", "s3:DataAccessPointArn", f"{POINT}x"), access_point=True)
    assert not is_public(under("StringEquals", "aws:SourceVpc", "vpc-91237329"), access_point=True)
    assert not is_public(Policy.parse('{"Version": "2012-10-17", "Statement": []}'))


@given(st.text(max_size=20), st.sampled_from(["aws:SourceVpc", "aws:SourceIp", "s3:DataAccessPointArn"]))
def test_a_value_with_a_wildcard_is_never_fixed(text: str, key: str) -> None:
    """Whatever stands around it, unless it is in the name of an access point of one account."""
    assert is_public(under("StringLike", key, f"*{text}"))
