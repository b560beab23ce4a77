"""Who in the account may do what cannot be undone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from secure_s3.bucket.snapshot.values import Identity
from tests.bucket.audit.good import ACCOUNT, ARN, BUCKET, DENIED, PROFILE, REGION, severities, told, verdict

ROLE = f"arn:aws:iam::{ACCOUNT}:role/App"
DANGERS = (
    *("s3:PutBucketPolicy", "s3:PutBucketAcl", "s3:DeleteBucket"),
    *("s3:BypassGovernanceRetention", "s3:DeleteObjectVersion", "kms:Decrypt"),
)


def _policy(*statements: dict[str, Any]) -> str:
    everything = {"Effect": "Allow", "Resource": "*"}
    listed = [
        {"Effect": "Allow"} | each if "NotResource" in each else everything | each for each in statements
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": listed})


def _may(*policies: str, boundary: str | None = None, bucket: str = BUCKET, arn: str = ROLE) -> list[str]:
    """What a role with these policies is said to be able to do."""
    identity = Identity(arn=arn, policies=policies, boundary=boundary)
    text = told("least-privilege", identities=(identity,), bucket=bucket)
    return [each for each in DANGERS if f"{each}: 1 " in text]


EVERYTHING = _policy({"Action": "*"})
ON_S3 = DANGERS[:-1]
OBJECTS, OF_BUCKET = DANGERS[3:5], DANGERS[:3]
MFA = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
PLAIN_HTTP = {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ((), ()),
        ((EVERYTHING,), DANGERS),
        ((_policy({"Action": "s3:*"}),), ON_S3),
        ((_policy({"Action": "S3:put*"}),), OF_BUCKET[:2]),
        ((_policy({"NotAction": "iam:*"}),), DANGERS),
        ((_policy({"NotAction": "s3:*"}),), ("kms:Decrypt",)),
        ((_policy({"Action": "s3:*", "Resource": ARN}),), OF_BUCKET),
        ((_policy({"Action": "s3:*", "Resource": f"{ARN}/*"}),), OBJECTS),
        ((_policy({"Action": "s3:*", "Resource": "arn:aws:s3:::*"}),), ON_S3),
        ((_policy({"Action": "s3:*", "Resource": "arn:aws:s3:::*/*"}),), OBJECTS),
        ((_policy({"Action": "s3:*", "Resource": "arn:aws:s3:::amzn-s3-demo-other*"}),), ()),
        ((_policy({"Action": ["s3:GetObject", "s3:PutObject"]}),), ()),
        ((_policy({"Action": "s3:DeleteObject"}),), ()),
        ((_policy({"Action": "kms:Decrypt"}),), ("kms:Decrypt",)),
        (
            (_policy({"Action": "kms:*", "Resource": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/*"}),),
            ("kms:Decrypt",),
        ),
        ((_policy({"Action": "kms:*", "Resource": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd"}),), ()),
        ((EVERYTHING, _policy({"Action": "s3:*", "Effect": "Deny"})), ("kms:Decrypt",)),
        ((EVERYTHING, _policy({"Action": "*", "Effect": "Deny", "Condition": MFA})), DANGERS),
        ((EVERYTHING, _policy({"Action": "*", "Effect": "Deny", "Condition": PLAIN_HTTP})), DANGERS),
        ((_policy({"Action": "*", "Condition": PLAIN_HTTP}),), ()),
        ((_policy({"Action": "s3:*", "NotResource": [ARN, f"{ARN}/*"]}),), ()),
        ((_policy({"Action": "s3:*", "NotResource": "arn:aws:s3:::amzn-s3-demo-other*"}),), ON_S3),
    ],
)
def test_what_a_role_may_do(policies: tuple[str, ...], expected: tuple[str, ...]) -> None:
    """Each dangerous action is evaluated; what depends on circumstances that may come counts as allowed."""
    assert tuple(_may(*policies)) == expected


@pytest.mark.parametrize(
    ("boundary", "expected"),
    [
        (EVERYTHING, DANGERS),
        (_policy({"Action": "s3:GetObject"}), ()),
        (_policy({"Action": "s3:Delete*"}), ("s3:DeleteBucket", "s3:DeleteObjectVersion")),
        (_policy({"Action": "s3:*", "Resource": "arn:aws:s3:::amzn-s3-demo-other"}), ()),
    ],
)
def test_a_boundary_limits(boundary: str, expected: tuple[str, ...]) -> None:
    """What a permissions boundary does not let through, nobody may."""
    assert tuple(_may(EVERYTHING, boundary=boundary)) == expected


def test_a_policy_that_names_a_bucket_is_about_that_one() -> None:
    """What was found for one bucket is not taken for another's, by name, boundary or variable."""
    named = _policy({"Action": "s3:*", "Resource": [ARN, f"{ARN}/*"]})
    only = _policy({"Action": "*", "Resource": [ARN, f"{ARN}/*"]})
    own = _policy({"Action": "s3:DeleteBucket", "Resource": "arn:aws:s3:::${aws:username}-bucket"})
    alice = f"arn:aws:iam::{ACCOUNT}:user/alice"
    assert _may(named)
    assert not _may(named, bucket="amzn-s3-demo-other")
    assert _may(EVERYTHING, boundary=only)
    assert not _may(EVERYTHING, boundary=only, bucket="amzn-s3-demo-other")
    assert _may(own, bucket="alice-bucket", arn=alice)
    assert not _may(own, bucket="bob-bucket", arn=alice)


def _identities(*names: str, **changes: Any) -> tuple[Identity, ...]:
    return tuple(
        Identity(arn=f"arn:aws:iam::{ACCOUNT}:role/{name}", policies=(EVERYTHING,), **changes)
        for name in names
    )


def test_it_says_who_and_how_many() -> None:
    """A few names are shown, and the number of all."""
    many = (*_identities(*"abcdefg"), Identity(arn=ROLE))
    text = told("least-privilege", identities=many)
    assert text.startswith("7 of 8 identities")
    assert "s3:PutBucketPolicy: 7 (role/a, role/b, role/c, role/d, role/e and 2 more)" in text


def test_it_counts_where_it_is_required() -> None:
    """Too many permissions are a note, and a finding for a profile that requires the check."""
    requiring = replace(PROFILE, requires=frozenset({"least-privilege"}))
    assert severities("least-privilege", identities=_identities("a")) == ["info"]
    assert severities("least-privilege", requiring, identities=_identities("a")) == ["medium"]


def test_administrators_and_roles_of_services_are_left_out() -> None:
    """The profile's administrators must be able to; service-linked roles nobody can change."""
    admins = replace(PROFILE, admins=(f"arn:aws:iam::{ACCOUNT}:role/a",))
    assert severities("least-privilege", admins, identities=_identities("a")) == []
    assert severities("least-privilege", identities=_identities("a", service_linked=True)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"identities": DENIED},
        {"identities": (Identity(arn=ROLE, policies=("{",)),)},
        {"identities": (Identity(arn=ROLE, policies=("",)),)},
        {"identities": (Identity(arn=ROLE, policies=(EVERYTHING,), boundary=""),)},
        {"identities": (Identity(arn="nobody", policies=(EVERYTHING,)),)},
        {"identities": (), "account": DENIED},
        {"cut": ("identities",)},
    ],
)
def test_what_cannot_be_read_is_unknown(changes: Any) -> None:
    """Unread identities, policies that are none, and identities beyond those read leave the question open."""
    assert severities("least-privilege", **changes) == ["unknown"]


def test_who_is_found_is_told_though_others_cannot_be_read() -> None:
    """A faulty policy of one identity does not hide another's."""
    listed = (*_identities("a"), Identity(arn=ROLE, policies=("{",)))
    text = told("least-privilege", identities=listed, cut=("identities",))
    assert "role/a" in text
    assert f"cannot be read: {ROLE}, those that were not read" in text
    assert str(verdict("least-privilege", identities=listed).outcome) == "failed"


USER = f"arn:aws:iam::{ACCOUNT}:user/alice"
ONE_POLICY = {"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}}


def _counted(*policies: str, arn: str = ROLE, boundary: str | None = None) -> bool:
    identity = Identity(arn=arn, policies=policies, boundary=boundary)
    return severities("least-privilege", identities=(identity,)) != []


@pytest.mark.parametrize(
    ("statement", "arn", "counted"),
    [
        ({"Action": "iam:*"}, ROLE, True),
        ({"Action": "iam:AttachRolePolicy"}, ROLE, True),
        ({"Action": "iam:PutRolePolicy", "Resource": ROLE}, ROLE, True),
        ({"Action": "iam:PutRolePolicy", "Resource": f"{ROLE}-other"}, ROLE, False),
        ({"Action": "iam:CreatePolicyVersion"}, ROLE, True),
        ({"Action": "iam:PutUserPolicy", "Resource": f"arn:aws:iam::{ACCOUNT}:user/a"}, ROLE, False),
        ({"Action": "iam:PutUserPolicy", "Resource": USER}, USER, True),
        ({"Action": "iam:Get*"}, ROLE, False),
        ({"Action": "iam:*", "Condition": ONE_POLICY}, ROLE, False),
    ],
)
def test_whoever_grants_permissions_may_everything(statement: Any, arn: str, counted: bool) -> None:
    """An identity that may widen its own permissions, or anybody's, is an administrator."""
    assert _counted(_policy(statement), arn=arn) is counted
    assert not _counted(_policy(statement), arn=arn, boundary=_policy({"Action": "s3:GetObject"}))
