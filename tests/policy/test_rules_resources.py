"""Rules about resources that match nothing."""

from __future__ import annotations

from typing import Any

import pytest

from secure_s3.policy import catalogue
from secure_s3.policy.rules.reach import can_name
from secure_s3.policy.witnesses import bucket_arn, witness

from .lint_checks import BUCKET, GET, LIST, PUT, ROLE, B, Fault, O, allow, deny, only, ours, policy

R = "/Statement/0/Resource"
A = "/Statement/0/Action"
OPEN = allow("s3:*", [B, O])
MULTI_REGION = "arn:aws:s3::111122223333:accesspoint/mfzwi23gnjvgw.mrap"
POINT = "arn:aws:s3:eu-west-1:111122223333:accesspoint/ap"

FAULTS = [
    Fault(
        "s3-arn-fields",
        R,
        policy(deny("s3:GetObject", f"arn:aws:s3::{BUCKET}/*"), OPEN),
        GET,
        "allowed",
        "explicitly_denied",
    ),
    Fault(
        "s3-arn-fields",
        R,
        policy(allow("s3:ListBucket", f"arn:aws:s3::{BUCKET}")),
        LIST,
        "implicitly_denied",
        "allowed",
    ),
    Fault(
        "s3-arn-fields",
        R,
        policy(allow("s3:GetObject", f"arn:aws:s3:{BUCKET}/*")),
        GET,
        "implicitly_denied",
        "allowed",
    ),
    Fault(
        "s3-arn-fields",
        R,
        policy(allow("s3:GetObject", f"arn:aws:s3::::{BUCKET}/*")),
        GET,
        "implicitly_denied",
        "allowed",
    ),
    Fault(
        "s3-arn-fields",
        f"{R}/1",
        policy(allow("s3:*", [B, f"arn:aws:s3:eu-west-1:111122223333:{BUCKET}/*"])),
        GET,
        "implicitly_denied",
        "allowed",
    ),
    Fault(
        "arn-white-space", R, policy(deny("s3:GetObject", f" {O}"), OPEN), GET, "allowed", "explicitly_denied"
    ),
    Fault(
        "arn-white-space",
        R,
        policy(deny("s3:GetObject", f"{O}\n"), OPEN),
        GET,
        "allowed",
        "explicitly_denied",
    ),
    Fault(
        "arn-white-space",
        f"{R}/1",
        policy(deny("s3:GetObject", [B, f"arn:aws:s3::: {BUCKET}/*"]), OPEN),
        GET,
        "allowed",
        "explicitly_denied",
    ),
    Fault(
        "arn-white-space",
        "/Statement/0/Condition/ArnNotEquals/aws:PrincipalArn",
        policy(deny("s3:*", O, {"ArnNotEquals": {"aws:PrincipalArn": f"{ROLE} "}}), OPEN),
        PUT,
        "explicitly_denied",
        "allowed",
    ),
    Fault(
        "arn-white-space",
        "/Statement/0/Principal/AWS",
        policy(allow("s3:GetObject", Principal={"AWS": f"{ROLE} "})),
        GET,
        "implicitly_denied",
        "allowed",
    ),
    Fault(
        "resource-no-arn",
        R,
        policy(allow("s3:GetObject", f"{BUCKET}/*")),
        GET,
        "implicitly_denied",
        "allowed",
    ),
    Fault(
        "resource-no-arn",
        R,
        policy(allow("s3:GetObject", f"s3://{BUCKET}/*")),
        GET,
        "implicitly_denied",
        "allowed",
    ),
    Fault("resource-no-arn", R, policy(allow("s3:GetObject", "https://example.com/"))),
    Fault(
        "object-action-on-bucket",
        A,
        policy(deny("s3:GetObject", B), OPEN),
        GET,
        "allowed",
        "explicitly_denied",
    ),
    Fault(
        "object-action-on-bucket",
        f"{A}/1",
        policy(allow(["s3:ListBucket", "s3:GetObject"], B)),
        GET,
        "implicitly_denied",
        "allowed",
    ),
    Fault(
        "object-action-on-bucket", A, policy(allow("s3:*Object", [B])), GET, "implicitly_denied", "allowed"
    ),
    Fault(
        "bucket-action-on-objects", A, policy(allow("s3:ListBucket", O)), LIST, "implicitly_denied", "allowed"
    ),
    Fault(
        "bucket-action-on-objects",
        f"{A}/0",
        policy(deny(["s3:GetBucketAcl", "s3:GetObject"], O), OPEN),
        witness("s3:GetBucketAcl", bucket_arn(BUCKET)),
        "allowed",
        "explicitly_denied",
    ),
    Fault("bucket-action-on-objects", A, policy(allow("s3:GetBucket*", O)), after=""),
    Fault(
        "bucket-action-on-objects",
        A,
        policy(allow("s3:ListBucket", f"{B}/home/*")),
        LIST,
        "implicitly_denied",
    ),
    Fault("action-resource-mismatch", A, policy(allow("s3:ListAllMyBuckets", B, Principal=None))),
    Fault(
        "action-resource-mismatch",
        f"{A}/1",
        policy(
            allow(
                ["kms:CreateAlias", "kms:Decrypt"],
                "arn:aws:kms:eu-west-1:111122223333:alias/x",
                Principal=None,
            )
        ),
    ),
    Fault("action-resource-mismatch", A, policy(allow("kms:Decrypt", B, Principal=None))),
    Fault("action-resource-mismatch", A, policy(allow("s3:GetObject", f"{B}/")), GET, "implicitly_denied"),
    Fault("foreign-bucket", f"{R}/2", policy(allow("s3:*", [B, O, "arn:aws:s3:::amzn-s3-demo-logs/*"]))),
    Fault("foreign-service", f"{A}/1", policy(allow(["s3:GetObject", "kms:Decrypt"]))),
    Fault("foreign-service", A, policy(allow("s3:GetObject", "*")), kind="key"),
    Fault("wide-open-allow", A, policy(allow("s3:*", "*", Principal=None))),
    Fault("wide-open-allow", f"{A}/0", policy(allow(["*"], "*", Principal=None))),
]

RIGHT = [
    policy(allow(["s3:GetObject", "s3:ListBucket"], [B, O])),
    policy(allow("s3:GetObject", f"{B}/a key with spaces.txt")),
    policy(allow("s3:GetObject", f"{B}*")),
    policy(allow("s3:ListBucket", f"arn:aws:s3:::{BUCKET[:8]}*")),
    policy(allow(["s3:ListBucket", "s3:GetObject"], "arn:aws:s3:::*", Principal=None)),
    policy(allow("s3:ListAllMyBuckets", "arn:aws:s3:::*", Principal=None)),
    policy(allow("s3:ListAllMyBuckets", "*", Principal=None)),
    policy(allow("s3:GetObject", f"arn:*:s3:::{BUCKET}/*")),
    policy(allow("s3:GetObject", f"arn:aws-cn:s3:::{BUCKET}/*")),
    policy(allow("s3:GetObject", f"{B}/${{aws:username}}/*", Principal=None)),
    policy(allow("s3:GetObject", "arn:aws:s3:::${aws:PrincipalTag/bucket}/*", Principal=None)),
    policy(allow("s3:Get*", O)),
    policy(allow("s3:Get*", B)),
    policy(deny("s3:*", B), deny("s3:*", O)),
    policy(deny("s3:GetObject", None, NotResource=B)),
    policy(deny(None, B, NotAction="s3:GetObject")),
    policy(allow(["s3:GetObject", "s3:PutObject"], f"{POINT}/object/*")),
    policy(allow("s3:ListBucket", POINT)),
    policy(allow("s3:*", [POINT, f"{POINT}/object/*"], Principal=None)),
    policy(allow(["s3:ListBucket", "s3:GetObject"], [MULTI_REGION, f"{MULTI_REGION}/object/*"])),
    policy(allow("sts:AssumeRole", "arn:aws:iam::111122223333:role/team/x*", Principal=None)),
    policy(
        allow("s3express:CreateSession", "arn:aws:s3express:eu-west-1:111122223333:bucket/b--euw1-az1--x-s3")
    ),
    policy(allow("kms:Decrypt", "*")),
    policy(allow("kms:*", "arn:aws:kms:*:111122223333:key/*", Principal=None)),
    policy(allow(["s3:GetObject", "kms:Decrypt"], [O, "arn:aws:kms:*:111122223333:key/*"], Principal=None)),
    policy(allow("dynamodb:Scan", "arn:aws:dynamodb:eu-west-1:111122223333:table/t", Principal=None)),
    policy(allow(["s3:GetObject", "dynamodb:Scan"], "*", Principal=None)),
    policy(
        allow(
            "s3:GetObject",
            O,
            Principal={"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1A2"},
        )
    ),
    policy(deny("s3:*", "*", Principal=None)),
    policy(allow("s3:*", "*", {"StringEquals": {"aws:ResourceAccount": "111122223333"}}, Principal=None)),
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_fault_is_found_and_mended(fault: Fault) -> None:
    """Each resource that matches nothing is found, and the right one changes the outcome as promised."""
    fault.check()


@pytest.mark.parametrize("document", RIGHT)
def test_right_forms_pass(document: dict[str, Any]) -> None:
    """Actions with resources of their types raise no finding, whatever else the statement lists."""
    assert ours(document) == []


def test_bucket_is_the_one_that_is_given() -> None:
    """A policy for one bucket that names another throughout is found only when the bucket is told."""
    document = policy(allow("s3:GetObject", O))
    assert ours(document) == []
    assert only(document, "foreign-bucket", bucket="amzn-s3-demo-logs").pointer == R
    assert ours(document, bucket=BUCKET) == []


def test_variable_in_the_name_of_a_bucket_may_be_any() -> None:
    """Which bucket a variable names nobody knows before the request."""
    document = policy(allow("s3:GetObject", "arn:aws:s3:::${aws:PrincipalTag/bucket}/*"))
    assert ours(document, bucket=BUCKET) == []


def test_mended_resource_keeps_what_other_actions_need() -> None:
    """Where another action of the statement needs the ARN that is there, the missing one comes besides it."""
    found = only(policy(allow(["s3:ListBucket", "s3:GetObject"], B)), "object-action-on-bucket")
    assert found.patch[0]["value"] == [B, O]
    found = only(policy(allow("s3:PutObject", [B])), "object-action-on-bucket")
    assert found.patch[0]["value"] == [O]


def test_each_action_is_judged_for_itself() -> None:
    """Two dead actions in one statement are two findings; the one that works is none."""
    document = policy(allow(["s3:GetObject", "s3:ListBucket", "s3:GetBucketPolicy"], O))
    assert [each.pointer for each in ours(document)] == [f"{A}/1", f"{A}/2"]


def test_objects_of_an_access_point_are_no_objects_of_a_bucket() -> None:
    """An access point's own ARN has no objects; they lie under /object/."""
    document = policy(allow("s3:GetObject", POINT))
    assert [each.rule for each in ours(document)] == ["action-resource-mismatch"]


PLAIN = [B, O, f"{B}/a*", f"{B}/", f"{B}/${{aws:username}}", f"arn:aws-cn:s3:::{BUCKET}"]


@pytest.mark.parametrize("resource", PLAIN)
def test_plain_arns_are_told_apart_as_the_reference_does(resource: str) -> None:
    """The short way for the ARNs of buckets and objects says what the forms of the reference say."""
    for action in catalogue.actions_matching("s3:*"):
        forms = set(catalogue.resource_type(resource, "s3"))
        assert can_name((resource,), action) == (not forms.isdisjoint(action.resource_types))
