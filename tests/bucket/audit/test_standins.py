"""Stand-ins for names and accounts: they change nothing in what is judged, and never show."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secure_s3.bucket.audit import standins
from secure_s3.bucket.audit.check import Subject
from secure_s3.bucket.audit.checks import acls, grants, network, policies, public, transport, uploads
from secure_s3.bucket.audit.judging import judge_all
from secure_s3.bucket.wanted import BucketProfile
from secure_s3.errors import PolicyError
from tests.bucket.audit.snapshots import ARN, BOTH, BUCKET, OWNER, STRANGER, allow, deny, policy, snapshot

MODULES = (public, acls, policies, grants, network, transport, uploads)
CHECKS = tuple(each for module in MODULES for each in module.CHECKS)
POLICIES = [
    policy(deny(resource=ARN)),
    policy(deny(resource=[ARN, f"{ARN}/{BUCKET}/*"]), allow("s3:GetObject")),
    policy(allow("s3:*", BOTH, Principal={"AWS": OWNER}), allow("s3:Put*", Principal={"AWS": STRANGER})),
    policy(allow("s3:GetObject", f"arn:aws:s3::{BUCKET}/*"), deny(resource=[f"{ARN}-old", f"{ARN}*"])),
    policy(deny("s3:*", BOTH, {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{OWNER}:role/A*"}})),
]


@pytest.mark.parametrize("text", POLICIES)
@pytest.mark.parametrize(
    ("bucket", "account", "stranger"),
    [
        ("team-data", "123456789012", "999988887777"),
        ("logs-123456789012-eu", "123456789012", OWNER),
        ("key", STRANGER, OWNER),
        (BUCKET, STRANGER, "999988887777"),
        ("report-of-keys", "123456789012", STRANGER),
    ],
)
def test_the_same_policy_is_judged_alike_under_every_name(
    text: str, bucket: str, account: str, stranger: str
) -> None:
    """Renaming bucket and accounts renames them in the findings, and changes nothing else."""
    names = {BUCKET: bucket, OWNER: account, STRANGER: stranger}
    expected = _judged(text, BUCKET, OWNER)
    found = _judged(_renamed(text, names), bucket, account)
    assert [each[:2] for each in found] == [each[:2] for each in expected]
    assert standins.BUCKET not in json.dumps(found)


def _renamed(text: str, names: dict[str, str]) -> str:
    for number, name in enumerate(names):
        text = text.replace(name, f"<{number}>")
    for number, name in enumerate(names.values()):
        text = text.replace(f"<{number}>", name)
    return text


def _judged(text: str, bucket: str, account: str) -> list[tuple[Any, ...]]:
    caller = f"arn:aws:iam::{account}:role/Admin"
    shot = snapshot(policy=text, bucket=bucket, account=account, caller=caller, public_access_block={})
    found = judge_all(shot, BucketProfile(), CHECKS).verdicts
    return [(each.check.id, one.severity, one.message) for each in found for one in each.findings]


@settings(max_examples=50, deadline=None)
@given(
    bucket=st.from_regex(r"[a-z0-9][a-z0-9.-]{1,20}[a-z0-9]", fullmatch=True),
    account=st.from_regex(r"[0-9]{12}", fullmatch=True),
    partition=st.sampled_from(["aws", "aws-cn", "aws-us-gov"]),
    more=st.sampled_from(["", "-old", "/a*", "*", "/arn:aws:s3:::x"]),
)
def test_what_is_replaced_comes_back(bucket: str, account: str, partition: str, more: str) -> None:
    """A text under stand-ins and back is the same text."""
    arn = f"arn:{partition}:s3:::{bucket}"
    text = policy(allow("s3:GetObject", [arn, f"{arn}{more}"], Principal={"AWS": account}))
    shot = snapshot(policy=text, bucket=bucket, account=account, partition=partition)
    stands = standins.standing(Subject(shot, BucketProfile()))
    assert stands.back(stands.policy.text) == text
    key = f"arn:{partition}:kms:eu-west-1:{account}:key/{bucket}"
    assert stands.back(stands.under(key)) == key


@pytest.mark.parametrize(
    "resource", [f"{ARN[:-2]}*", "arn:aws:s3:::*", "arn:aws:s3:::amzn-s3-demo-?ucket", "arn:*", "*data*"]
)
def test_names_stay_where_a_pattern_is_about_part_of_one(resource: str) -> None:
    """A stand-in would not fit the pattern that the name fits."""
    shot = snapshot(policy=policy(deny(resource=[resource])))
    assert standins.standing(Subject(shot, BucketProfile())).policy.bucket == BUCKET


@pytest.mark.parametrize("text", ["", "{", "[]", '{"Statement": 1}', '{"Statement": [1]}', '"x"'])
def test_what_is_no_policy_is_left_to_the_policy_room(text: str) -> None:
    """It is refused there, with the reason."""
    stands = standins.standing(Subject(snapshot(policy=text), BucketProfile()))
    with pytest.raises(PolicyError):
        _ = stands.policy.policy
