"""Rules about names that AWS does not have, and keys that requests never carry."""

from __future__ import annotations

from typing import Any

import pytest

from secure_s3.policy.witnesses import SSE, over_http, put
from secure_s3.values import Severity

from .lint_checks import BUCKET, GET, LIST, PUT, B, Fault, O, allow, deny, only, ours, policy

AT = "/Statement/0/Condition"
OPEN = allow("s3:*", [B, O])

FAULTS = [
    Fault(
        "unknown-action",
        "/Statement/0/Action",
        policy(allow("s3:HeadObject")),
        GET,
        "implicitly_denied",
        "allowed",
    ),
    Fault(
        "unknown-action",
        "/Statement/0/Action/1",
        policy(deny(["s3:DeleteObject", "s3:HeadObject"]), OPEN),
        GET,
        "allowed",
        "explicitly_denied",
    ),
    Fault(
        "unknown-action",
        "/Statement/0/Action",
        policy(allow("s3:ListObjectsV2", B)),
        LIST,
        "implicitly_denied",
        "allowed",
    ),
    Fault("unknown-action", "/Statement/0/Action", policy(allow("s3:CopyObject")), PUT, "implicitly_denied"),
    Fault(
        "unknown-action",
        "/Statement/0/Action",
        policy(allow("s3:GetObjects")),
        GET,
        "implicitly_denied",
        "allowed",
    ),
    Fault(
        "unknown-action",
        "/Statement/0/Action",
        policy(allow("GetObject")),
        GET,
        "implicitly_denied",
        "allowed",
    ),
    Fault("unknown-action", "/Statement/0/Action", policy(allow("s3:Gett*"))),
    Fault("unknown-action", "/Statement/0/Action", policy(allow("s3*:GetObject")), after="allowed"),
    Fault(
        "unknown-action", "/Statement/0/NotAction", policy(deny(None, NotAction="s3:HeadBucket")), after=""
    ),
    Fault("unknown-action", "/Statement/0/Action", policy(allow("s3:"))),
    Fault("unknown-action", "/Statement/0/Action", policy(allow("kms:Decript", "*")), after=""),
    Fault(
        "unknown-operator",
        f"{AT}/StringLessThan/s3:TlsVersion",
        policy(deny("s3:*", O, {"StringLessThan": {"s3:TlsVersion": "1.2"}}), OPEN),
        PUT,
        "unknown",
        "allowed",
    ),
    Fault(
        "unknown-operator",
        f"{AT}/StringEqual/{SSE.replace('/', '~1')}",
        policy(deny("s3:PutObject", O, {"StringEqual": {SSE: "AES256"}}), OPEN),
        put(BUCKET, sse="AES256"),
        "unknown",
        "explicitly_denied",
    ),
    Fault(
        "unknown-operator",
        f"{AT}/NullIfExists/{SSE}",
        policy(deny("s3:PutObject", O, {"NullIfExists": {SSE: "true"}}), OPEN),
        PUT,
        "unknown",
        "explicitly_denied",
    ),
    Fault(
        "unknown-operator",
        f"{AT}/ForAllValue:StringLike/aws:TagKeys",
        policy(allow("s3:PutObject", O, {"ForAllValue:StringLike": {"aws:TagKeys": "team*"}})),
        after="",
    ),
    Fault(
        "unknown-operator",
        f"{AT}/Contains/s3:prefix",
        policy(allow("s3:ListBucket", B, {"Contains": {"s3:prefix": "a"}})),
    ),
    Fault(
        "operator-case",
        f"{AT}/bool/aws:SecureTransport",
        policy(deny("s3:*", O, {"bool": {"aws:SecureTransport": "false"}}), OPEN),
        over_http(PUT),
        "explicitly_denied",
        "explicitly_denied",
    ),
    Fault(
        "unknown-condition-key",
        f"{AT}/StringNotEquals/s3:x-amz-server-side-encryptoin",
        policy(
            deny("s3:PutObject", O, {"StringNotEquals": {"s3:x-amz-server-side-encryptoin": "aws:kms"}}), OPEN
        ),
        put(BUCKET, sse="aws:kms"),
        "explicitly_denied",
        "allowed",
    ),
    Fault(
        "unknown-condition-key",
        f"{AT}/Bool/aws:SecureTranport",
        policy(deny("s3:*", O, {"Bool": {"aws:SecureTranport": "false"}}), OPEN),
        over_http(PUT),
        "allowed",
        "explicitly_denied",
    ),
    Fault(
        "unknown-condition-key",
        f"{AT}/Bool/SecureTransport",
        policy(deny("s3:*", O, {"Bool": {"SecureTransport": "false"}}), OPEN),
        over_http(PUT),
        "allowed",
        "explicitly_denied",
    ),
    Fault(
        "unknown-condition-key",
        f"{AT}/StringEquals/aws:Wombat",
        policy(allow("s3:GetObject", O, {"StringEquals": {"aws:Wombat": "x"}})),
        GET,
        "implicitly_denied",
    ),
    Fault(
        "key-of-other-actions",
        f"{AT}/StringEquals/s3:x-amz-acl",
        policy(allow(["s3:GetObject", "s3:PutObject"], O, {"StringEquals": {"s3:x-amz-acl": "private"}})),
        GET,
        "implicitly_denied",
    ),
    Fault(
        "key-of-other-actions",
        f"{AT}/StringEquals/s3:prefix",
        policy(allow("s3:GetObject", O, {"StringEquals": {"s3:prefix": "home/"}})),
        GET,
        "implicitly_denied",
    ),
    Fault(
        "key-of-other-actions",
        f"{AT}/StringNotEquals/{SSE}",
        policy(deny(["s3:PutObject", "s3:GetObject"], O, {"StringNotEquals": {SSE: "aws:kms"}}), OPEN),
        GET,
        "explicitly_denied",
    ),
    Fault(
        "key-of-other-actions",
        f"{AT}/StringNotEquals/{SSE}",
        policy(deny("s3:*", O, {"StringNotEquals": {SSE: "aws:kms"}}), OPEN),
        GET,
        "explicitly_denied",
    ),
]

RIGHT = [
    policy(allow(["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"])),
    policy(allow("s3:Get*")),
    policy(allow("S3:GETOBJECT")),
    policy(allow("*", [B, O])),
    policy(deny(None, [B, O], NotAction=["s3:GetObject", "s3:List*"])),
    policy({"Effect": "Allow", "Action": ["dynamodb:Scann", "ec2:Start*"], "Resource": "*"}),
    policy(deny("s3:*", [B, O], {"NumericLessThan": {"s3:TlsVersion": "1.2"}})),
    policy(deny("s3:*", [B, O], {"BoolIfExists": {"aws:SecureTransport": "false"}})),
    policy(deny("s3:*", [B, O], {"ForAllValues:StringNotLike": {"aws:PrincipalOrgPaths": "o-a1/*"}})),
    policy(deny("s3:PutObject", O, {"StringNotEquals": {SSE: "aws:kms"}})),
    policy(deny("s3:PutObject", O, {"StringNotEquals": {"S3:X-AMZ-SERVER-SIDE-ENCRYPTION": "aws:kms"}})),
    policy(deny("s3:PutObject", O, {"StringNotEquals": {SSE: "aws:kms"}, "Null": {SSE: "false"}})),
    policy(
        deny(
            ["s3:PutObject", "s3:GetObject"], O, {"StringNotEquals": {SSE: "aws:kms"}, "Null": {SSE: "false"}}
        )
    ),
    policy(deny("s3:*", O, {"StringEquals": {SSE: "AES256"}})),
    policy(allow(["s3:ListBucket", "s3:ListBucketVersions"], B, {"StringLike": {"s3:prefix": "home/*"}})),
    policy(
        allow(["s3:ListBucket", "s3:GetBucketLocation"], B, {"StringLikeIfExists": {"s3:prefix": "home/*"}})
    ),
    policy(allow("s3:List*", B, {"StringLike": {"s3:prefix": "home/*"}})),
    policy(deny(["s3:GetObject", "s3:PutObject"], O, {"StringEquals": {"s3:x-amz-acl": "public-read"}})),
    policy(allow("s3:GetObject", O, {"StringEquals": {"s3:ExistingObjectTag/team": "a"}})),
    policy(allow("s3:GetObject", O, {"StringEquals": {"aws:PrincipalTag/team": "a"}})),
    policy(allow("*", [B, O], {"StringEquals": {"s3:DataAccessPointAccount": "111122223333"}})),
    policy(deny("s3:*", [B, O], {"StringNotEquals": {"s3:DataAccessPointAccount": "111122223333"}})),
    policy(deny("s3:*", [B, O], {"StringNotEquals": {"s3:signatureversion": "AWS4-HMAC-SHA256"}})),
    policy(deny("s3:*", "*", {"StringNotEquals": {"s3:ResourceAccount": "111122223333"}}, Principal=None)),
    policy(deny("s3:*", [B, O], {"StringNotEquals": {"s3:AccessPointNetworkOrigin": "VPC"}})),
    policy(allow("kms:Decrypt", "*", {"StringEquals": {"kms:EncryptionContext:aws:s3:arn": B}})),
    policy(
        allow(
            "sts:AssumeRoleWithWebIdentity",
            None,
            {"StringEquals": {"token.actions.githubusercontent.com:aud": "x"}},
        )
    ),
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_fault_is_found_and_mended(fault: Fault) -> None:
    """Each wrong name is found where it stands, and the right one changes the outcome as promised."""
    fault.check()


@pytest.mark.parametrize("document", RIGHT)
def test_right_forms_pass(document: dict[str, Any]) -> None:
    """Names that AWS has, in any case, and names of services not known here raise no finding."""
    assert ours(document) == []


def test_operation_that_needs_two_actions_names_both() -> None:
    """CopyObject reads one object and writes another; no patch can know which half is meant."""
    found = only(policy(allow("s3:CopyObject")), "unknown-action")
    assert "s3:PutObject and s3:GetObject" in found.fix
    assert found.patch == ()


@pytest.mark.parametrize(
    ("effect", "operator", "says"),
    [
        (deny, "StringNotEquals", "always holds, so that the statement denies"),
        (deny, "StringEquals", "never holds, so that the statement never denies"),
        (deny, "StringEqualsIfExists", "always holds, so that the statement denies"),
        (allow, "StringNotEquals", "always holds and restricts nothing"),
        (allow, "StringEquals", "never holds, so that nothing is allowed"),
        (allow, "ForAllValues:StringEquals", "always holds and restricts nothing"),
    ],
)
def test_message_says_what_a_missing_key_does(effect: Any, operator: str, says: str) -> None:
    """What an unknown key does depends on the operator and the effect, and the message says it."""
    document = policy(effect("s3:PutObject", O, {operator: {"s3:Wombat": "x"}}), OPEN)
    assert says in only(document, "unknown-condition-key").message


def test_key_of_other_actions_is_severe_where_it_denies_everything() -> None:
    """A dead condition is a medium fault, one that locks out a high one."""
    dead = policy(deny("s3:GetObject", O, {"StringEquals": {SSE: "AES256"}}))
    locks = policy(deny("s3:GetObject", O, {"StringNotEquals": {SSE: "AES256"}}))
    assert only(dead, "key-of-other-actions").severity is Severity.MEDIUM
    assert only(locks, "key-of-other-actions").severity is Severity.HIGH


def test_patch_leaves_other_conditions_alone() -> None:
    """Only the misspelt key moves; its neighbours and their order stay."""
    condition = {"StringEquals": {"s3:Wombat": "x", "s3:prefx": "a"}, "Bool": {"aws:SecureTransport": "true"}}
    document = policy(allow("s3:ListBucket", B, condition))
    found = [each for each in ours(document) if each.pointer and each.pointer.endswith("prefx")]
    assert [dict(step) for step in found[0].patch] == [
        {"op": "remove", "path": "/Statement/0/Condition/StringEquals/s3:prefx"},
        {"op": "add", "path": "/Statement/0/Condition/StringEquals/s3:prefix", "value": "a"},
    ]


def test_no_patch_overwrites_a_condition() -> None:
    """Where the right name is taken already, there is a finding without a patch."""
    condition = {"Bool": {"aws:SecureTranport": "false", "aws:SecureTransport": "false"}}
    assert only(policy(deny("s3:*", O, condition)), "unknown-condition-key").patch == ()
