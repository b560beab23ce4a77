"""The forty pitfalls: each faulty form is found by the rule that is about it, and its right form is not.

The numbers are those under which the pitfalls were collected. What each rule says in detail, and its
variants, are tested with the rule.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from secure_s3.policy import Policy, lint
from secure_s3.values import Severity

BUCKET = "arn:aws:s3:::amzn-s3-demo-bucket"
OBJECTS = f"{BUCKET}/*"
BOTH = [BUCKET, OBJECTS]
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
SSE = "s3:x-amz-server-side-encryption"
SSE_KEY = f"{SSE}-aws-kms-key-id"
ROLE = "arn:aws:iam::111122223333:role/App"
ADMIN = "arn:aws:iam::111122223333:role/Admin"
VPCE = "vpce-1a2b3c4d5e6f7a8b9"
DISTRIBUTION = "arn:aws:cloudfront::111122223333:distribution/EDFDVBD6EXAMPLE"
CLOUDFRONT = {"Service": "cloudfront.amazonaws.com"}

Form = dict[str, Any] | list[dict[str, Any]] | str


def deny(
    condition: Any = None, action: Any = "s3:PutObject", resource: Any = OBJECTS, **more: Any
) -> dict[str, Any]:
    """A Deny for everybody."""
    conditions = {} if condition is None else {"Condition": condition}
    return {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": resource, **conditions, **more}


def allow(
    condition: Any = None, action: Any = "s3:GetObject", resource: Any = OBJECTS, **more: Any
) -> dict[str, Any]:
    """An Allow, for the role unless *more* names somebody else."""
    conditions = {} if condition is None else {"Condition": condition}
    who = {} if "NotPrincipal" in more else {"Principal": {"AWS": ROLE}}
    return {"Effect": "Allow", **who, "Action": action, "Resource": resource, **conditions, **more}


HTTP = {"Bool": {"aws:SecureTransport": "false"}}
HTTPS_ONLY = deny(HTTP, "s3:*", BOTH)
OLD_TLS = {"NumericLessThan": {"s3:TlsVersion": "1.2"}}
CLOUDFRONT_READ = {"StringEquals": {"AWS:SourceArn": DISTRIBUTION}}
DATA = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
NO_SERVICE = {"aws:PrincipalIsAWSService": "false"}
NOT_ADMIN = {"ArnNotEquals": {"aws:PrincipalArn": ADMIN}}
ACL = "s3:x-amz-acl"
PUBLIC = ["public-read", "public-read-write", "authenticated-read"]
UNSIGNED = ["UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"]

# number: (the rule, the faulty form, the right form)
PITFALLS: dict[int, tuple[str, Form, Form]] = {
    1: (
        "sse-default-denied",
        deny({"StringNotEquals": {SSE: "aws:kms"}}),
        deny({"StringNotEquals": {SSE: ["aws:kms", "aws:kms:dsse"]}, "Null": {SSE: "false"}}),
    ),
    2: (
        "statement-redundant",
        [deny({"StringNotEquals": {SSE: ["aws:kms", "aws:kms:dsse"]}}), deny({"Null": {SSE: "true"}})],
        deny({"StringNotEquals": {SSE: ["aws:kms", "aws:kms:dsse"]}}),
    ),
    3: (
        "condition-never-true",
        deny({"StringEquals": {SSE: "AES256"}, "Null": {SSE: "true"}}),
        [deny({"StringEquals": {SSE: "AES256"}}), deny({"Null": {SSE: "true"}})],
    ),
    4: (
        "key-id-no-arn",
        deny({"StringNotEquals": {SSE_KEY: "arn:aws:kms:eu-west-1:111122223333:alias/app"}}),
        deny({"StringNotEquals": {SSE_KEY: KEY}}),
    ),
    5: (
        "key-id-no-arn",
        deny({"StringNotEquals": {SSE_KEY: "1234abcd-12ab-34cd-56ef-1234567890ab"}}),
        deny({"StringNotEquals": {SSE_KEY: KEY}, "Null": {SSE_KEY: "false"}}),
    ),
    6: (
        "if-exists-on-negated",
        deny({"StringNotEqualsIfExists": {SSE_KEY: KEY}}),
        deny({"StringNotEquals": {SSE_KEY: KEY}, "Null": {SSE_KEY: "false"}}),
    ),
    7: ("https-bucket-only", deny(HTTP, "s3:*", BUCKET), HTTPS_ONLY),
    8: ("https-objects-only", deny(HTTP, "s3:*", OBJECTS), HTTPS_ONLY),
    9: (
        "public-if-https",
        allow({"Bool": {"aws:SecureTransport": "true"}}, "s3:*", BOTH, Principal="*"),
        HTTPS_ONLY,
    ),
    10: (
        "tls-version-lets-http-pass",
        deny(OLD_TLS, "s3:*", BOTH),
        [HTTPS_ONLY, deny(OLD_TLS, "s3:*", BOTH)],
    ),
    11: (
        "unknown-operator",
        [HTTPS_ONLY, deny({"StringLessThan": {"s3:TlsVersion": "1.2"}}, "s3:*", BOTH)],
        [HTTPS_ONLY, deny(OLD_TLS, "s3:*", BOTH)],
    ),
    12: (
        "mfa-absent-passes",
        deny({"Bool": {"aws:MultiFactorAuthPresent": "false"}}, "s3:DeleteObject"),
        deny({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}, "s3:DeleteObject"),
    ),
    13: (
        "service-name-locks-out",
        deny({"StringNotEquals": {"aws:PrincipalServiceName": "cloudfront.amazonaws.com"}}, "s3:*", BOTH),
        deny(
            {
                "StringNotEquals": {"aws:PrincipalServiceName": "cloudfront.amazonaws.com"},
                "Bool": {"aws:PrincipalIsAWSService": "true"},
            },
            "s3:GetObject",
        ),
    ),
    14: (
        "network-denies-administration",
        deny({"StringNotEquals": {"aws:SourceVpce": VPCE}}, "s3:*", BOTH),
        deny({"StringNotEquals": {"aws:SourceVpce": VPCE}, "Bool": NO_SERVICE, **NOT_ADMIN}, DATA),
    ),
    15: (
        "source-ip-denies-endpoints",
        deny({"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, DATA),
        deny(
            {
                "NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"},
                "StringNotEquals": {"aws:SourceVpce": VPCE},
                "Bool": NO_SERVICE,
                **NOT_ADMIN,
            },
            DATA,
        ),
    ),
    16: (
        "network-either-passes",
        deny(
            {
                "NotIpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"},
                "StringNotEquals": {"aws:SourceVpce": VPCE},
                "Bool": NO_SERVICE,
            },
            DATA,
        ),
        [
            deny({"NotIpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}, "Bool": NO_SERVICE}, DATA),
            deny({"StringNotEquals": {"aws:SourceVpce": VPCE}, "Bool": NO_SERVICE}, DATA),
        ],
    ),
    17: (
        "policy-locked",
        deny(None, ["s3:PutBucketPolicy", "s3:DeleteBucketPolicy"], BUCKET),
        deny(NOT_ADMIN, ["s3:PutBucketPolicy", "s3:DeleteBucketPolicy"], BUCKET),
    ),
    18: (
        "public-acl-passes",
        deny(
            {"StringEquals": {ACL: ["public-read", "public-read-write"]}}, ["s3:PutObject", "s3:PutObjectAcl"]
        ),
        deny(None, ["s3:PutObjectAcl", "s3:PutObjectVersionAcl", "s3:PutBucketAcl"], BOTH),
    ),
    19: ("s3-arn-fields", deny(HTTP, "s3:*", ["arn:aws:s3::amzn-s3-demo-bucket", OBJECTS]), HTTPS_ONLY),
    20: ("arn-white-space", deny(HTTP, "s3:*", [BUCKET, f" {OBJECTS}"]), HTTPS_ONLY),
    21: ("object-action-on-bucket", allow(resource=BUCKET), allow()),
    22: (
        "bucket-action-on-objects",
        allow(action="s3:ListBucket"),
        allow(action="s3:ListBucket", resource=BUCKET),
    ),
    23: ("unknown-action", allow(action=["s3:HeadObject", "s3:GetObject"]), allow()),
    24: (
        "service-without-source",
        allow(Principal=CLOUDFRONT),
        allow(CLOUDFRONT_READ, Principal=CLOUDFRONT),
    ),
    25: (
        "wildcard-in-equals",
        allow(
            {"StringEquals": {"AWS:SourceArn": "arn:aws:cloudfront::111122223333:distribution/*"}},
            Principal=CLOUDFRONT,
        ),
        allow(
            {"ArnLike": {"AWS:SourceArn": "arn:aws:cloudfront::111122223333:distribution/*"}},
            Principal=CLOUDFRONT,
        ),
    ),
    26: (
        "not-principal-denies-sessions",
        {"Effect": "Deny", "NotPrincipal": {"AWS": ROLE}, "Action": "s3:GetObject", "Resource": OBJECTS},
        deny({"ArnNotEquals": {"aws:PrincipalArn": ROLE}}, "s3:GetObject"),
    ),
    27: ("allow-not-principal", allow(NotPrincipal={"AWS": ROLE}), allow()),
    28: (
        "variables-need-version",
        json.dumps({"Version": "2008-10-17", "Statement": [allow(resource=f"{BUCKET}/${{aws:username}}/*")]}),
        allow(resource=f"{BUCKET}/${{aws:username}}/*"),
    ),
    29: (
        "empty-set-allows",
        allow({"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}, Principal="*"),
        allow({"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}, Principal="*"),
    ),
    30: (
        "wildcard-in-equals",
        allow({"StringEquals": {"s3:prefix": "home/*"}}, "s3:ListBucket", BUCKET),
        allow({"StringLike": {"s3:prefix": "home/*"}}, "s3:ListBucket", BUCKET),
    ),
    31: (
        "if-none-match-of-parts",
        deny({"Null": {"s3:if-none-match": "true"}}),
        deny({"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}}),
    ),
    32: (
        "acl-required-of-parts",
        deny({"StringNotEquals": {ACL: "bucket-owner-full-control"}}),
        deny({"StringNotEquals": {ACL: "bucket-owner-full-control"}, "Null": {ACL: "false"}}),
    ),
    33: (
        "unsigned-body-passes",
        deny({"StringEquals": {"s3:x-amz-content-sha256": "UNSIGNED-PAYLOAD"}}),
        deny({"StringEquals": {"s3:x-amz-content-sha256": UNSIGNED}}),
    ),
    34: (
        "signature-age-in-seconds",
        deny({"NumericGreaterThan": {"s3:signatureAge": "600"}}, "s3:*", BOTH),
        deny({"NumericGreaterThan": {"s3:signatureAge": "600000"}}, "s3:*", BOTH),
    ),
    35: (
        "unknown-condition-key",
        deny({"Bool": {"aws:SecureTranport": "false"}}, "s3:*", BOTH),
        HTTPS_ONLY,
    ),
    36: ("https-denied", deny({"Bool": {"aws:SecureTransport": "true"}}, "s3:*", BOTH), HTTPS_ONLY),
    37: (
        "unknown-value",
        deny({"StringNotEquals": {SSE: "aws:kms:DSSE"}}),
        deny({"StringNotEquals": {SSE: ["aws:kms", "aws:kms:dsse"]}}),
    ),
    38: (
        "principal-wildcard",
        allow(Principal={"AWS": "arn:aws:iam::111122223333:role/*"}),
        allow(
            {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}},
            Principal={"AWS": "111122223333"},
        ),
    ),
    39: (
        "duplicate-sid",
        [allow(Sid="Read"), allow(action="s3:PutObject", Sid="Read")],
        [allow(Sid="Read"), allow(action="s3:PutObject", Sid="Write")],
    ),
    40: (
        "duplicate-json-key",
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", '
        f'"Resource": "{BUCKET}", "Resource": "{OBJECTS}"}}]}}',
        deny(None, DATA, f"{BUCKET}/archive/*"),
    ),
}


def policy(form: Form) -> Policy:
    """The policy of one statement, of several, or of a text."""
    if isinstance(form, str):
        return Policy.parse(form)
    return Policy.parse({"Version": "2012-10-17", "Statement": form})


def test_an_address_or_an_endpoint():
    """An address and an endpoint in one Deny are told as well where they can be meant as alternatives."""
    either = {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}, "StringNotEquals": {"aws:SourceVpce": VPCE}}
    assert "network-either-passes" in [each.rule for each in lint(policy(deny(either, DATA)))]


def test_there_are_forty():
    """No pitfall is left out."""
    assert sorted(PITFALLS) == list(range(1, 41))


@pytest.mark.parametrize("number", PITFALLS)
def test_the_faulty_form_is_found(number: int):
    """A faulty form is found by the rule that is about its fault, with what happens and what to do."""
    rule, faulty, _ = PITFALLS[number]
    findings = [finding for finding in lint(policy(faulty)) if finding.rule == rule]
    assert findings
    assert all(finding.message and finding.fix and finding.refs for finding in findings)


@pytest.mark.parametrize("number", PITFALLS)
def test_the_right_form_raises_no_alarm(number: int):
    """The right form is not found by that rule, nor by any other above a note."""
    _, _, right = PITFALLS[number]
    assert [each for each in lint(policy(right)) if each.severity is not Severity.INFO] == []
