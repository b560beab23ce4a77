"""Rules about values: those that a key never has, of the wrong kind, and variables."""

from __future__ import annotations

from typing import Any

import pytest

from secure_s3.policy import Policy, evaluate
from secure_s3.policy.witnesses import (
    KEY,
    OTHER_KEY,
    SSE,
    SSE_KEY,
    USER,
    bucket_arn,
    over_http,
    put,
    through_endpoint,
    with_context,
    witness,
)
from secure_s3.values import Severity

from .lint_checks import BUCKET, GET, LIST, PUT, B, Fault, O, allow, deny, only, ours, policy

C = "/Statement/0/Condition"
OPEN = allow("s3:*", [B, O])
WITH_KEY = put(BUCKET, sse="aws:kms", sse_key=KEY)
OLD_TLS = with_context(GET, {"s3:TlsVersion": "1.1"})
HOME = with_context(LIST, {"s3:prefix": "home/a"})
CLOUDFRONT = "arn:aws:cloudfront::111122223333:distribution/"
BY_CLOUDFRONT = with_context(GET, {"aws:SourceArn": f"{CLOUDFRONT}E1"})
ALICE = witness("s3:GetObject", bucket_arn(BUCKET, "alice/x"), USER)


def denied(condition: dict[str, Any], action: Any = "s3:PutObject", resource: Any = O) -> dict[str, Any]:
    """A policy that allows everything but what *condition* denies."""
    return policy(deny(action, resource, condition), OPEN)


FAULTS = [
    # 4, 5
    Fault(
        "key-id-no-arn",
        f"{C}/StringNotEquals/{SSE_KEY}",
        denied({"StringNotEquals": {SSE_KEY: "alias/app"}}),
        WITH_KEY,
        "explicitly_denied",
    ),
    Fault(
        "key-id-no-arn",
        f"{C}/StringNotEquals/{SSE_KEY}",
        denied({"StringNotEquals": {SSE_KEY: "arn:aws:kms:eu-west-1:111122223333:alias/app"}}),
        WITH_KEY,
        "explicitly_denied",
    ),
    Fault(
        "key-id-no-arn",
        f"{C}/StringNotEquals/{SSE_KEY}/1",
        denied({"StringNotEquals": {SSE_KEY: [KEY, KEY.rpartition("/")[2]]}}),
    ),
    Fault(
        "key-id-no-arn",
        f"{C}/ArnNotEquals/{SSE_KEY}",
        denied({"ArnNotEquals": {SSE_KEY: KEY.rpartition("/")[2]}}),
        WITH_KEY,
        "explicitly_denied",
    ),
    Fault("key-id-no-arn", f"{C}/StringLike/{SSE_KEY}", denied({"StringLike": {SSE_KEY: "*:alias/app*"}})),
    # 25, 30
    Fault(
        "wildcard-in-equals",
        f"{C}/StringEquals/aws:SourceArn",
        policy(allow("s3:GetObject", O, {"StringEquals": {"aws:SourceArn": f"{CLOUDFRONT}*"}})),
        BY_CLOUDFRONT,
        "implicitly_denied",
        "allowed",
    ),
    Fault(
        "wildcard-in-equals",
        f"{C}/StringNotEquals/aws:SourceArn/1",
        denied({"StringNotEquals": {"aws:SourceArn": [f"{CLOUDFRONT}E2", f"{CLOUDFRONT}*"]}}, "s3:GetObject"),
        BY_CLOUDFRONT,
        "explicitly_denied",
        "allowed",
    ),
    Fault(
        "wildcard-in-equals",
        f"{C}/StringEquals/s3:prefix/0",
        policy(allow("s3:ListBucket", B, {"StringEquals": {"s3:prefix": ["home/*", ""]}})),
        HOME,
        "implicitly_denied",
        "allowed",
    ),
    Fault(
        "wildcard-in-equals",
        f"{C}/ForAnyValue:StringEqualsIfExists/s3:prefix",
        policy(allow("s3:ListBucket", B, {"ForAnyValue:StringEqualsIfExists": {"s3:prefix": "home/?"}})),
        HOME,
        "implicitly_denied",
        "allowed",
    ),
    Fault(
        "wildcard-in-equals",
        f"{C}/StringEqualsIgnoreCase/s3:prefix",
        policy(allow("s3:ListBucket", B, {"StringEqualsIgnoreCase": {"s3:prefix": "home/*"}})),
        HOME,
        "implicitly_denied",
    ),
    # 37
    Fault(
        "unknown-value",
        f"{C}/StringNotEquals/{SSE}",
        denied({"StringNotEquals": {SSE: "aws:kms:DSSE"}}),
        put(BUCKET, sse="aws:kms:dsse"),
        "explicitly_denied",
        "allowed",
    ),
    Fault(
        "unknown-value",
        f"{C}/StringNotEquals/{SSE}/0",
        denied({"StringNotEquals": {SSE: ["aes256", "aws:kms"]}}),
        put(BUCKET, sse="AES256"),
        "explicitly_denied",
        "allowed",
    ),
    Fault(
        "unknown-value",
        f"{C}/StringEquals/s3:x-amz-acl",
        denied({"StringEquals": {"s3:x-amz-acl": "public_read"}}),
        put(BUCKET, acl="public-read"),
        "allowed",
        "explicitly_denied",
    ),
    Fault(
        "unknown-value",
        f"{C}/StringEquals/s3:x-amz-acl",
        denied({"StringEquals": {"s3:x-amz-acl": "public"}}),
    ),
    Fault(
        "unknown-value", f"{C}/StringLike/s3:x-amz-acl", denied({"StringLike": {"s3:x-amz-acl": "Public*"}})
    ),
    Fault(
        "unknown-value",
        f"{C}/StringNotEquals/s3:signatureversion",
        denied({"StringNotEquals": {"s3:signatureversion": "AWS4-HMAC-SHA-256"}}),
        PUT,
        "explicitly_denied",
        "allowed",
    ),
    Fault(
        "unknown-value",
        f"{C}/StringNotEquals/s3:authType",
        denied({"StringNotEquals": {"s3:authType": "rest-header"}}),
        PUT,
        "explicitly_denied",
        "allowed",
    ),
    # a TLS version that excludes all, or none
    Fault(
        "tls-version-bound",
        f"{C}/NumericLessThan/s3:TlsVersion",
        denied({"NumericLessThan": {"s3:TlsVersion": "1.4"}}),
        PUT,
        "explicitly_denied",
    ),
    Fault(
        "tls-version-bound",
        f"{C}/NumericLessThan/s3:TlsVersion",
        denied({"NumericLessThan": {"s3:TlsVersion": 1.0}}, "s3:GetObject"),
    ),
    Fault(
        "tls-version-bound",
        f"{C}/NumericGreaterThanEquals/s3:TlsVersion",
        policy(allow("s3:GetObject", O, {"NumericGreaterThanEquals": {"s3:TlsVersion": "1.4"}})),
        GET,
        "implicitly_denied",
    ),
]

RIGHT = [
    denied({"StringNotEquals": {SSE_KEY: KEY}, "Null": {SSE_KEY: "false"}}),
    denied({"ArnNotEquals": {SSE_KEY: KEY}}),
    denied({"ArnNotLike": {SSE_KEY: "arn:aws:kms:*:111122223333:key/*"}}),
    denied({"StringNotLike": {SSE_KEY: "*:key/*"}}),
    denied({"StringNotEquals": {SSE_KEY: "arn:aws:kms:eu-west-1:${aws:PrincipalAccount}:key/x"}}),
    policy(allow("s3:GetObject", O, {"ArnLike": {"aws:SourceArn": f"{CLOUDFRONT}*"}})),
    policy(allow("s3:GetObject", O, {"ArnEquals": {"aws:SourceArn": f"{CLOUDFRONT}*"}})),
    policy(allow("s3:ListBucket", B, {"StringLike": {"s3:prefix": ["", "home/*"]}})),
    policy(allow("s3:ListBucket", B, {"StringEquals": {"s3:prefix": "home/${*}"}})),
    denied({"StringEquals": {"s3:if-none-match": "*"}}),
    policy(allow("s3:GetObject", O, {"StringEquals": {"aws:Referer": "https://example.com/?a"}})),
    denied({"StringNotEquals": {SSE: ["aws:kms", "aws:kms:dsse"]}}),
    denied({"StringNotEqualsIgnoreCase": {SSE: ["AWS:KMS"]}}),
    denied({"StringNotLike": {SSE: "aws:kms*"}}),
    denied({"StringLike": {"s3:x-amz-acl": "public-*"}}),
    denied({"StringNotEquals": {"s3:x-amz-storage-class": ["STANDARD", "GLACIER_IR"]}}),
    denied({"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
    denied({"NumericLessThan": {"s3:TlsVersion": 1.3}}),
    denied({"NumericLessThanIfExists": {"s3:TlsVersion": ["1.2"]}}),
    denied({"Null": {"s3:TlsVersion": "true"}}),
    policy(allow("s3:GetObject", O, {"NumericGreaterThanEquals": {"s3:TlsVersion": "1.2"}})),
    denied({"StringEquals": {"s3:x-amz-content-sha256": "UNSIGNED-PAYLOAD"}}),
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_fault_is_found_and_mended(fault: Fault) -> None:
    """Each wrong value is found where it stands, and the right one changes the outcome as promised."""
    fault.check()


@pytest.mark.parametrize("document", RIGHT)
def test_right_forms_pass(document: dict[str, Any]) -> None:
    """Values that the keys have, and patterns under the operators that take them, raise no finding."""
    assert ours(document) == []


def test_lock_out_by_tls_version_is_critical() -> None:
    """A Deny below TLS 1.4 denies both versions that S3 speaks, and 1.3 alone would not."""
    document = denied({"NumericLessThan": {"s3:TlsVersion": "1.4"}}, "s3:*", [B, O])
    assert only(document, "tls-version-bound").severity is Severity.CRITICAL
    below = denied({"NumericLessThan": {"s3:TlsVersion": "1.3"}}, "s3:*", [B, O])
    for version, outcome in (("1.2", "explicitly_denied"), ("1.3", "allowed")):
        request = with_context(GET, {"s3:TlsVersion": version})
        assert evaluate(request, resource_policy=Policy.parse(below)).outcome == outcome


def test_alias_denies_the_right_key_and_an_arn_does_not() -> None:
    """The message says what becomes of the right key; with the full ARN only the other key is denied."""
    found = only(denied({"StringNotEquals": {SSE_KEY: "alias/app"}}), "key-id-no-arn")
    assert "always holds, so that the statement denies" in found.message
    right = Policy.parse(denied({"StringNotEquals": {SSE_KEY: KEY}}))
    for key, outcome in ((KEY, "allowed"), (OTHER_KEY, "explicitly_denied")):
        request = put(BUCKET, sse="aws:kms", sse_key=key)
        assert evaluate(request, resource_policy=right).outcome == outcome


def test_value_that_never_matches_beside_one_that_does_is_said_to_be_dead() -> None:
    """One wrong value among right ones denies nobody, and the message does not claim it."""
    found = only(denied({"StringNotEquals": {SSE: ["aws:kms", "aes256"]}}), "unknown-value")
    assert found.message.endswith("this value matches nothing")


# --- operands


KINDS = [
    Fault(
        "malformed-value",
        f"{C}/Bool/aws:SecureTransport",
        denied({"Bool": {"aws:SecureTransport": "no"}}),
        over_http(PUT),
        "allowed",
    ),
    Fault(
        "malformed-value",
        f"{C}/Bool/aws:SecureTransport",
        denied({"Bool": {"aws:SecureTransport": " false "}}),
        over_http(PUT),
        "allowed",
        "explicitly_denied",
    ),
    Fault("malformed-value", f"{C}/Null/{SSE}", denied({"Null": {SSE: "1"}}), PUT, "allowed"),
    Fault(
        "malformed-value",
        f"{C}/NumericLessThan/s3:TlsVersion",
        denied({"NumericLessThan": {"s3:TlsVersion": "TLSv1.2"}}, "s3:GetObject"),
        OLD_TLS,
        "allowed",
    ),
    Fault(
        "malformed-value",
        f"{C}/DateGreaterThan/aws:CurrentTime",
        denied({"DateGreaterThan": {"aws:CurrentTime": "01.02.2020"}}),
        PUT,
        "allowed",
    ),
    Fault(
        "malformed-value",
        f"{C}/IpAddress/aws:SourceIp/1",
        denied({"IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "192.0.2"]}}),
    ),
    Fault(
        "malformed-value",
        f"{C}/NotIpAddress/aws:SourceIp",
        denied({"NotIpAddress": {"aws:SourceIp": "192.0.2.0/33"}}),
    ),
    Fault(
        "malformed-value",
        f"{C}/ArnLike/aws:PrincipalArn",
        denied({"ArnLike": {"aws:PrincipalArn": "role/App"}}),
    ),
    Fault(
        "operator-of-other-kind",
        f"{C}/StringEquals/aws:SourceIp",
        denied({"StringEquals": {"aws:SourceIp": "192.0.2.0/24"}}),
        PUT,
        "allowed",
        "explicitly_denied",
    ),
    Fault(
        "operator-of-other-kind",
        f"{C}/StringNotEquals/s3:max-keys",
        denied({"StringNotEquals": {"s3:max-keys": "10"}}, "s3:ListBucket", B),
        with_context(LIST, {"s3:max-keys": "010"}),
        "explicitly_denied",
        "allowed",
    ),
    Fault(
        "operator-of-other-kind",
        f"{C}/StringEquals/aws:SecureTransport",
        denied({"StringEquals": {"aws:SecureTransport": "false"}}),
        over_http(PUT),
        "explicitly_denied",
        "explicitly_denied",
    ),
    Fault(
        "operator-of-other-kind",
        f"{C}/NumericEquals/s3:prefix",
        policy(allow("s3:ListBucket", B, {"NumericEquals": {"s3:prefix": "1"}})),
        HOME,
        "implicitly_denied",
    ),
    Fault(
        "operator-of-other-kind",
        f"{C}/DateLessThan/s3:signatureAge",
        denied({"DateLessThan": {"s3:signatureAge": "2026-01-01"}}),
    ),
    Fault(
        "private-source-ip",
        f"{C}/NotIpAddress/aws:SourceIp/0",
        denied({"NotIpAddress": {"aws:SourceIp": ["10.0.0.0/8", "192.0.2.0/24"]}}),
        through_endpoint(PUT, "vpce-1"),
        "explicitly_denied",
    ),
    Fault(
        "address-inside-range",
        f"{C}/IpAddress/aws:SourceIp",
        denied({"IpAddress": {"aws:SourceIp": "192.0.2.77/24"}}),
        PUT,
        "explicitly_denied",
        "explicitly_denied",
    ),
    Fault(
        "multivalued-key-unqualified",
        f"{C}/StringEquals/s3:RequestObjectTagKeys",
        policy(allow("s3:PutObject", O, {"StringEquals": {"s3:RequestObjectTagKeys": "team"}})),
        after="",
    ),
    Fault(
        "multivalued-key-unqualified",
        f"{C}/StringNotLike/aws:PrincipalOrgPaths",
        denied({"StringNotLike": {"aws:PrincipalOrgPaths": "o-a1/*"}}),
        PUT,
        "explicitly_denied",
        "explicitly_denied",
    ),
]

RIGHT_KINDS = [
    denied({"Bool": {"aws:SecureTransport": False}}),
    denied({"Bool": {"aws:SecureTransport": "FALSE"}}),
    denied({"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}}),
    denied({"DateGreaterThan": {"aws:CurrentTime": "2026-01-01"}}),
    denied({"DateLessThan": {"aws:EpochTime": "1700000000"}}),
    denied({"NumericLessThan": {"aws:EpochTime": "1700000000"}}),
    denied({"NumericGreaterThan": {"s3:signatureAge": 600000}}),
    denied({"NumericGreaterThan": {"aws:MultiFactorAuthAge": "3600"}}),
    denied({"NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24", "198.51.100.7", "2001:db8::/32"]}}),
    denied({"NotIpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}}),
    denied({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}}),
    denied({"StringNotLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}}),
    denied({"Null": {"aws:SourceIp": "true"}}),
    denied({"ForAllValues:StringNotLike": {"aws:PrincipalOrgPaths": "o-a1/*"}}),
    denied({"Null": {"aws:PrincipalOrgPaths": "true"}}),
    policy(allow("kms:Decrypt", "*", {"ArnLike": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::b/*"}})),
    policy(allow("s3:GetObject", O, {"NumericLessThan": {"s3:ExistingObjectTag/level": "3"}})),
]


@pytest.mark.parametrize("fault", KINDS, ids=str)
def test_operand_of_other_kind_is_found_and_mended(fault: Fault) -> None:
    """An operator, key and value that are not of one kind are found, and mended where one form is right."""
    fault.check()


@pytest.mark.parametrize("document", RIGHT_KINDS)
def test_right_operands_pass(document: dict[str, Any]) -> None:
    """Operators with keys and values of their kind raise no finding."""
    assert ours(document) == []


# --- variables


VARIABLES = [
    Fault("misplaced-variable", "/Statement/0/Action", policy(allow("s3:${aws:username}"))),
    Fault(
        "misplaced-variable",
        "/Statement/0/Principal/AWS",
        policy(allow("s3:GetObject", O, Principal={"AWS": "arn:aws:iam::111122223333:user/${aws:username}"})),
    ),
    Fault(
        "misplaced-variable",
        "/Statement/0/Resource",
        policy(
            allow("s3:GetObject", "arn:aws:s3:${aws:RequestedRegion}:111122223333:accesspoint/a/object/*")
        ),
    ),
    Fault(
        "misplaced-variable",
        f"{C}/NumericLessThan/s3:max-keys",
        policy(allow("s3:ListBucket", B, {"NumericLessThan": {"s3:max-keys": "${aws:PrincipalTag/keys}"}})),
        with_context(LIST, {"s3:max-keys": "1", "aws:PrincipalTag/keys": "5"}),
        "implicitly_denied",
    ),
    Fault(
        "malformed-variable", "/Statement/0/Resource", policy(allow("s3:GetObject", f"{B}/${{aws:username/*"))
    ),
    Fault("malformed-variable", "/Statement/0/Resource", policy(allow("s3:GetObject", f"{B}/${{}}/*"))),
    Fault(
        "malformed-variable",
        "/Statement/0/Resource",
        policy(allow("s3:GetObject", f"{B}/&{{aws:username}}/*", Principal={"AWS": USER})),
        ALICE,
        "implicitly_denied",
        "allowed",
    ),
    Fault(
        "unknown-variable",
        "/Statement/0/Resource",
        policy(allow("s3:GetObject", f"{B}/${{aws:user}}/*", Principal={"AWS": USER})),
        ALICE,
        "implicitly_denied",
    ),
    Fault(
        "unknown-variable",
        "/Statement/0/Resource",
        policy(allow("s3:GetObject", "arn:aws:s3:::${BucketName}/*")),
    ),
    Fault(
        "unknown-variable",
        "/Statement/0/Resource",
        policy(allow("s3:GetObject", f"{B}/${{AWS::AccountId}}/*")),
    ),
    Fault(
        "unknown-variable",
        f"{C}/StringLike/s3:prefix",
        policy(allow("s3:ListBucket", B, {"StringLike": {"s3:prefix": "${aws:PrincipalOrgPaths}/*"}})),
    ),
]

RIGHT_VARIABLES = [
    f"{B}/${{aws:username}}/*",
    f"{B}/${{aws:PrincipalTag/team, 'none'}}/*",
    f"{B}/${{*}}${{?}}${{$}}",
    f"{B}/${{ aws:username }}/*",
    f"{B}/${{www.amazon.com:user_id}}/*",
    f"{B}/a${{s3:prefix}}b",
    f"{B}/$100",
]


@pytest.mark.parametrize("fault", VARIABLES, ids=str)
def test_wrong_variable_is_found_and_mended(fault: Fault) -> None:
    """A variable that is malformed, unknown or misplaced is found where it stands."""
    fault.check()


@pytest.mark.parametrize("resource", RIGHT_VARIABLES)
def test_right_variables_pass(resource: str) -> None:
    """Variables with and without defaults, escapes, and keys of other providers raise no finding."""
    assert ours(policy(allow("s3:GetObject", resource))) == []
