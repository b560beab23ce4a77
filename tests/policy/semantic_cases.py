"""Faulty policies and right ones near them, by theme: what the rules that evaluate must and must not find.

A faulty policy has the rule that must find it, and words of the message that show that it was found for the
right reason. A right one must not be found by any of these rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

BUCKET = "amzn-s3-demo-bucket"
WHOLE, OBJECTS = f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"
BOTH = [WHOLE, OBJECTS]
OWNER, STRANGER = "111122223333", "444455556666"
KEY = f"arn:aws:kms:eu-west-1:{OWNER}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
APP, ADMIN = f"arn:aws:iam::{OWNER}:role/App", f"arn:aws:iam::{OWNER}:role/Admin"
POINT = f"arn:aws:s3:eu-west-1:{OWNER}:accesspoint/reports"
SSE = "s3:x-amz-server-side-encryption"
SSE_KEY, SSE_C = f"{SSE}-aws-kms-key-id", f"{SSE}-customer-algorithm"
MFA, AGE, BODY = "aws:MultiFactorAuthPresent", "s3:signatureAge", "s3:x-amz-content-sha256"
VPCE = "vpce-1a2b3c4d"
SERVICES = {"aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false"}
SPARED = {"BoolIfExists": SERVICES}
HTTP = {"Bool": {"aws:SecureTransport": "false"}}
DATA = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"]
POLICY = ["s3:PutBucketPolicy", "s3:DeleteBucketPolicy"]
DISTRIBUTION = f"arn:aws:cloudfront::{OWNER}:distribution/EDFDVBD6EXAMPLE"
CDN = {"Service": "cloudfront.amazonaws.com"}

Statement = Mapping[str, Any]


def _statement(effect: str, action: Any, resource: Any, condition: Any, principal: Any) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": effect, "Action": action, "Resource": resource}
    if principal is not None:
        statement["Principal"] = principal
    return {**statement, "Condition": condition} if condition else statement


def deny(action: Any, resource: Any, condition: Any = None, principal: Any = "*") -> dict[str, Any]:
    """A Deny."""
    return _statement("Deny", action, resource, condition, principal)


def allow(action: Any, resource: Any, condition: Any = None, principal: Any = "*") -> dict[str, Any]:
    """An Allow."""
    return _statement("Allow", action, resource, condition, principal)


def put(condition: Any) -> dict[str, Any]:
    """A Deny of uploads."""
    return deny("s3:PutObject", OBJECTS, condition)


def taken_by(provider: str, condition: Any = None) -> dict[str, Any]:
    """A role that who comes from a provider may take."""
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
    }
    return {**statement, "Condition": condition} if condition else statement


HTTPS = deny("s3:*", BOTH, HTTP)
ACTIONS = "token.actions.githubusercontent.com"
GITHUB = f"arn:aws:iam::{OWNER}:oidc-provider/{ACTIONS}"
SSO_ROLE = f"arn:aws:iam::{OWNER}:role/"


@dataclass(frozen=True)
class Faulty:
    """A policy in which *rule* finds something whose message has *says* in it."""

    name: str
    statements: Sequence[Statement]
    rule: str
    says: str = ""
    kind: str | None = None
    pitfall: int | None = None

    @property
    def document(self) -> dict[str, Any]:
        return {"Version": "2012-10-17", "Statement": [dict(each) for each in self.statements]}


def _f(pitfall: int | None, name: str, rule: str, says: str, *statements: Statement, **more: Any) -> Faulty:
    return Faulty(name, statements, rule, says, pitfall=pitfall, **more)


FAULTY: tuple[Faulty, ...] = (
    # ------------------------------------------------------------------------------------ transport
    _f(7, "https on the bucket", "https-bucket-only", "its objects", deny("s3:*", WHOLE, HTTP)),
    _f(
        7,
        "https on a pattern of buckets",
        "https-bucket-only",
        "objects",
        deny("s3:*", [WHOLE, f"{WHOLE}-logs"], HTTP),
    ),
    _f(8, "https on the objects", "https-objects-only", "the bucket itself", deny("s3:*", OBJECTS, HTTP)),
    _f(
        8,
        "https on the objects, as a list",
        "https-objects-only",
        "s3:ListBucket",
        deny("s3:*", [OBJECTS], {"Bool": {"aws:SecureTransport": ["false"]}}),
    ),
    _f(None, "https for one role", "https-gap", "users", deny("s3:*", BOTH, HTTP, {"AWS": APP})),
    _f(
        None,
        "https for one prefix",
        "https-gap",
        "s3:GetObject",
        deny("s3:*", [WHOLE, f"{WHOLE}/private/*"], HTTP),
    ),
    _f(
        None,
        "https for reading",
        "https-gap",
        "s3:PutBucketPolicy",
        deny(["s3:Get*", "s3:List*"], BOTH, HTTP),
    ),
    _f(
        None,
        "https on the bucket behind a fence",
        "https-bucket-only",
        "its objects",
        deny("s3:*", WHOLE, HTTP),
        deny(DATA, BOTH, {"StringNotEquals": {"aws:SourceVpce": VPCE}, "BoolIfExists": SERVICES}),
    ),
    _f(
        10,
        "TLS minimum alone",
        "tls-version-lets-http-pass",
        "plain HTTP passes",
        deny("s3:*", BOTH, {"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
    ),
    _f(
        10,
        "TLS minimum beside HTTPS on the bucket only",
        "tls-version-lets-http-pass",
        "no s3:TlsVersion",
        deny("s3:*", WHOLE, HTTP),
        deny("s3:*", BOTH, {"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
    ),
    _f(
        10,
        "TLS minimum for what comes over HTTPS",
        "tls-version-lets-http-pass",
        "plain HTTP passes",
        deny(
            "s3:*", BOTH, {"Bool": {"aws:SecureTransport": "true"}, "NumericLessThan": {"s3:TlsVersion": 1.2}}
        ),
    ),
    _f(
        None,
        "TLS minimum on the objects",
        "tls-version-gap",
        "s3:ListBucket",
        HTTPS,
        deny("s3:*", OBJECTS, {"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
    ),
    _f(
        None,
        "TLS the wrong way",
        "tls-version-reversed",
        "TLS 1.3 is denied",
        HTTPS,
        deny("s3:*", BOTH, {"NumericGreaterThan": {"s3:TlsVersion": "1.2"}}),
    ),
    _f(
        None,
        "TLS 1.2 exactly",
        "tls-version-reversed",
        "older version passes",
        HTTPS,
        deny("s3:*", BOTH, {"NumericNotEquals": {"s3:TlsVersion": "1.2"}}),
    ),
    _f(
        36,
        "HTTPS denied",
        "https-denied",
        "over HTTPS is denied",
        deny("s3:*", BOTH, {"Bool": {"aws:SecureTransport": "true"}}),
    ),
    _f(
        36,
        "HTTPS denied, as a boolean",
        "https-denied",
        "over HTTPS is denied",
        deny("s3:*", BOTH, {"BoolIfExists": {"aws:SecureTransport": True}}),
    ),
    _f(
        3,
        "HTTP and a TLS version at once",
        "condition-never-true",
        "at once",
        deny("s3:*", BOTH, {**HTTP, "NumericLessThan": {"s3:TlsVersion": "1.2"}}),
    ),
    _f(
        None,
        "https but for reading",
        "https-gap",
        "s3:GetObject",
        {
            "Effect": "Deny",
            "Principal": "*",
            "NotAction": "s3:GetObject",
            "Resource": BOTH,
            "Condition": HTTP,
        },
    ),
    _f(
        None,
        "https but for a prefix",
        "https-gap",
        "public/key",
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "NotResource": f"{WHOLE}/public/*",
            "Condition": HTTP,
        },
    ),
    _f(
        None,
        "https for one account",
        "https-gap",
        "by anybody, other accounts",
        deny("s3:*", BOTH, {**HTTP, "StringEquals": {"aws:PrincipalAccount": OWNER}}),
    ),
    # ------------------------------------------------------------------------------------ encryption
    _f(
        1,
        "SSE-KMS only",
        "sse-default-denied",
        "without the header",
        put({"StringNotEquals": {SSE: "aws:kms"}}),
    ),
    _f(
        1,
        "SSE-KMS only refuses DSSE",
        "sse-dsse-denied",
        "aws:kms:dsse is denied",
        put({"StringNotEquals": {SSE: "aws:kms"}}),
    ),
    _f(
        1,
        "SSE-KMS by StringNotLike",
        "sse-dsse-denied",
        "aws:kms:dsse is denied",
        put({"StringNotLike": {SSE: "aws:kms"}}),
    ),
    _f(
        1,
        "SSE-S3 or SSE-KMS",
        "sse-default-denied",
        "StringNotEquals holds where the key is absent",
        put({"StringNotEquals": {SSE: ["AES256", "aws:kms"]}}),
    ),
    _f(
        1,
        "default allowed, DSSE not",
        "sse-dsse-denied",
        "stronger",
        put({"StringNotEquals": {SSE: "aws:kms"}, "Null": {SSE: "false"}}),
    ),
    _f(
        1,
        "key required, algorithm not",
        "sse-key-default-denied",
        "for want of a key",
        put({"StringNotEquals": {SSE: ["aws:kms", "aws:kms:dsse"]}, "Null": {SSE: "false"}}),
        put({"StringNotEquals": {SSE_KEY: KEY}}),
    ),
    _f(
        2,
        "Null beside StringNotEquals",
        "statement-redundant",
        "statement 2 denies already",
        put({"Null": {SSE: "true"}}),
        put({"StringNotEquals": {SSE: ["aws:kms", "aws:kms:dsse"]}}),
    ),
    _f(
        2,
        "Null after StringNotEquals",
        "statement-redundant",
        "statement 1 denies already",
        put({"StringNotEquals": {SSE: ["aws:kms", "aws:kms:dsse"]}}),
        put({"Null": {SSE: "true"}}),
    ),
    _f(2, "the same twice", "statement-redundant", "statement 1 denies already", HTTPS, HTTPS),
    _f(2, "one action of all", "statement-redundant", "already", deny("s3:GetObject", OBJECTS, HTTP), HTTPS),
    _f(
        3,
        "equal and absent",
        "condition-never-true",
        "StringEquals " + SSE,
        put({"StringEquals": {SSE: "AES256"}, "Null": {SSE: "true"}}),
    ),
    _f(
        3,
        "equal to two things",
        "condition-never-true",
        "at once",
        put({"StringEquals": {SSE: "AES256"}, "StringLike": {SSE: "aws:kms*"}}),
    ),
    _f(
        3,
        "a key without KMS",
        "condition-never-true",
        "at once",
        put({"StringEquals": {SSE: "AES256", SSE_KEY: KEY}}),
    ),
    _f(
        3,
        "an Allow that grants nothing",
        "condition-never-true",
        "allows nothing",
        allow(
            "s3:GetObject",
            OBJECTS,
            {"StringEquals": {"aws:SourceVpce": VPCE}, "IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
            {"AWS": APP},
        ),
    ),
    _f(
        6,
        "IfExists on the key id",
        "if-exists-on-negated",
        "IfExists does nothing",
        put({"StringNotEqualsIfExists": {SSE_KEY: KEY}}),
    ),
    _f(
        6,
        "IfExists on the key's ARN",
        "if-exists-on-negated",
        "ArnNotEquals holds where the key is absent",
        put({"ArnNotEqualsIfExists": {SSE_KEY: KEY}}),
    ),
    _f(
        6,
        "IfExists on the algorithm",
        "if-exists-on-negated",
        SSE,
        put({"StringNotLikeIfExists": {SSE: "aws:kms*"}}),
    ),
    _f(
        None,
        "SSE-C and SSE-KMS",
        "sse-no-upload-passes",
        "no upload passes",
        put({"Null": {SSE_C: "true"}}),
        put({"StringNotEquals": {SSE: ["aws:kms", "aws:kms:dsse"]}}),
    ),
    # ------------------------------------------------------------------------------------------ ACLs
    _f(
        18,
        "two canned ACLs",
        "public-acl-passes",
        "authenticated-read",
        deny(
            ["s3:PutObject", "s3:PutObjectAcl", "s3:PutBucketAcl"],
            BOTH,
            {"StringEquals": {"s3:x-amz-acl": ["public-read", "public-read-write"]}},
        ),
    ),
    _f(
        18,
        "not when putting",
        "public-acl-passes",
        "public-read, public-read-write, authenticated-read with s3:PutObject",
        deny(
            "s3:PutObjectAcl",
            OBJECTS,
            {"StringEquals": {"s3:x-amz-acl": ["public-read", "public-read-write", "authenticated-read"]}},
        ),
    ),
    _f(
        18,
        "grants pass",
        "public-acl-passes",
        "x-amz-grant-full-control",
        deny(
            ["s3:PutObject", "s3:PutObjectAcl"],
            OBJECTS,
            {"StringLike": {"s3:x-amz-acl": ["public-*", "authenticated-read"]}},
        ),
    ),
    _f(
        32,
        "an ACL required",
        "acl-required-of-parts",
        "UploadPart",
        put({"StringNotEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}),
    ),
    _f(
        32,
        "an ACL required of another account",
        "acl-required-of-parts",
        "UploadPart",
        deny(
            "s3:PutObject",
            OBJECTS,
            {"StringNotEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
            {"AWS": f"arn:aws:iam::{STRANGER}:root"},
        ),
    ),
    _f(
        18,
        "one canned ACL when putting",
        "public-acl-passes",
        "public-read-write",
        deny("s3:PutObject", OBJECTS, {"StringEquals": {"s3:x-amz-acl": "public-read"}}),
    ),
    # --------------------------------------------------------------------------------------- network
    _f(
        14,
        "no endpoint at all",
        "network-denies-administration",
        "(aws:SourceVpce)",
        deny("s3:*", BOTH, {"Null": {"aws:SourceVpce": "true"}}),
    ),
    _f(
        14,
        "an empty set of endpoints",
        "network-denies-administration",
        "s3:PutBucketPolicy",
        deny("s3:*", BOTH, {"ForAllValues:StringNotEquals": {"aws:SourceVpce": VPCE}}),
    ),
    _f(
        15,
        "addresses of version 6",
        "source-ip-denies-endpoints",
        "NotIpAddress holds",
        deny("s3:GetObject", OBJECTS, {"NotIpAddress": {"aws:SourceIp": "2001:db8::/32"}}),
    ),
    _f(
        14,
        "all but an endpoint",
        "network-denies-administration",
        "s3:PutBucketPolicy",
        deny("s3:*", BOTH, {"StringNotEquals": {"aws:SourceVpce": VPCE}}),
    ),
    _f(
        14,
        "all but a VPC",
        "network-denies-administration",
        "vpc-1a2b3c4d",
        deny(
            "s3:*",
            BOTH,
            {"StringNotEqualsIfExists": {"aws:SourceVpc": "vpc-1a2b3c4d"}, "BoolIfExists": SERVICES},
        ),
    ),
    _f(
        14,
        "services cut off",
        "endpoint-cuts-off-services",
        "logging.s3.amazonaws.com",
        deny(DATA, BOTH, {"StringNotEquals": {"aws:SourceVpce": [VPCE, "vpce-5e6f7a8b"]}}),
    ),
    _f(
        14,
        "listing from anywhere",
        "network-bucket-left-out",
        "listing the bucket",
        deny("s3:*", OBJECTS, {"StringNotEquals": {"aws:SourceVpce": VPCE}}),
    ),
    _f(
        14,
        "listing from anywhere, data alone",
        "network-bucket-left-out",
        "listing the bucket",
        deny(DATA, OBJECTS, {"StringNotEquals": {"aws:SourceVpce": VPCE}, "BoolIfExists": SERVICES}),
    ),
    _f(
        15,
        "addresses only",
        "source-ip-denies-endpoints",
        "VPC endpoint, and services",
        deny(DATA, BOTH, {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}),
    ),
    _f(
        15,
        "addresses with IfExists",
        "source-ip-denies-endpoints",
        "VPC endpoint",
        deny(
            DATA, BOTH, {"NotIpAddressIfExists": {"aws:SourceIp": ["203.0.113.0/24", "2001:db8:1234::/48"]}}
        ),
    ),
    _f(
        16,
        "an address or an endpoint",
        "network-either-passes",
        "neither",
        deny(
            DATA,
            BOTH,
            {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}, "StringNotEquals": {"aws:SourceVpce": VPCE}},
        ),
    ),
    _f(
        16,
        "an address and an endpoint",
        "network-nobody-passes",
        "denied wherever it comes from",
        deny(DATA, BOTH, {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}),
        deny(DATA, BOTH, {"StringNotEquals": {"aws:SourceVpce": VPCE}}),
    ),
    _f(
        None,
        "private addresses",
        "network-nobody-passes",
        "private ranges",
        deny(DATA, BOTH, {"NotIpAddress": {"aws:SourceIp": ["10.0.0.0/8", "192.168.1.0/24"]}}),
    ),
    _f(
        None,
        "every address",
        "source-ip-is-everybody",
        "0.0.0.0/0",
        deny(DATA, BOTH, {"NotIpAddress": {"aws:SourceIp": ["0.0.0.0/0"]}}),
    ),
    # -------------------------------------------------------------------------------------- services
    _f(
        13,
        "all but CloudFront",
        "service-name-locks-out",
        "everybody is locked out but cloudfront",
        deny("s3:*", BOTH, {"StringNotEquals": {"aws:PrincipalServiceName": "cloudfront.amazonaws.com"}}),
    ),
    _f(
        13,
        "all but two services, with IfExists",
        "service-name-locks-out",
        "administrators too",
        deny(
            "s3:GetObject",
            OBJECTS,
            {
                "StringNotEqualsIfExists": {
                    "aws:PrincipalServiceName": ["cloudfront.amazonaws.com", "logging.s3.amazonaws.com"]
                }
            },
        ),
    ),
    _f(
        13,
        "all but a distribution",
        "source-locks-out",
        "the bucket's own account included",
        allow("s3:GetObject", OBJECTS, {"StringEquals": {"AWS:SourceArn": DISTRIBUTION}}, CDN),
        deny("s3:GetObject", OBJECTS, {"StringNotEquals": {"AWS:SourceArn": DISTRIBUTION}}),
    ),
    _f(
        13,
        "all but an account's resources",
        "source-locks-out",
        "a direct request has no aws:SourceAccount",
        deny("s3:*", BOTH, {"StringNotEquals": {"aws:SourceAccount": OWNER}}),
    ),
    _f(
        24,
        "CloudFront for anybody",
        "service-without-source",
        "cloudfront.amazonaws.com may s3:GetObject",
        allow("s3:GetObject", OBJECTS, None, CDN),
    ),
    _f(
        24,
        "any distribution of any account",
        "service-without-source",
        "on behalf of any account",
        allow(
            "s3:GetObject",
            OBJECTS,
            {"ArnLike": {"aws:SourceArn": "arn:aws:cloudfront::*:distribution/*"}},
            CDN,
        ),
    ),
    _f(
        24,
        "log delivery for anybody",
        "service-without-source",
        "logging.s3.amazonaws.com may s3:PutObject",
        allow(
            "s3:PutObject",
            OBJECTS,
            {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
            {"Service": ["logging.s3.amazonaws.com", "cloudtrail.amazonaws.com"]},
        ),
    ),
    _f(
        24,
        "only where there is a source",
        "service-without-source",
        "on behalf of any account",
        allow(
            "s3:PutObject",
            OBJECTS,
            {"StringEqualsIfExists": {"aws:SourceAccount": STRANGER}},
            {"Service": "cloudtrail.amazonaws.com"},
        ),
    ),
    _f(
        13,
        "no service at all",
        "service-name-locks-out",
        "everybody is locked out but services",
        deny(DATA, BOTH, {"Null": {"aws:PrincipalServiceName": "true"}}),
    ),
    _f(
        13,
        "no source at all",
        "source-locks-out",
        "on behalf of some source",
        deny(DATA, BOTH, {"Null": {"aws:SourceArn": "true"}}),
    ),
    _f(
        24,
        "any bucket of anybody",
        "service-without-source",
        "on behalf of any account",
        allow(
            "s3:PutObject",
            OBJECTS,
            {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}},
            {"Service": "logging.s3.amazonaws.com"},
        ),
    ),
    _f(
        24,
        "all accounts but one",
        "service-without-source",
        "on behalf of any account",
        allow(
            "s3:PutObject",
            OBJECTS,
            {"StringNotEquals": {"aws:SourceAccount": "123456789012"}},
            {"Service": "logging.s3.amazonaws.com"},
        ),
    ),
    # -------------------------------------------------------------------------------------- exposure
    _f(
        9,
        "public over TLS 1.2",
        "public-if-https",
        "everybody may call s3:GetObject",
        allow("s3:GetObject", OBJECTS, {"NumericGreaterThanEquals": {"s3:TlsVersion": "1.2"}}),
    ),
    _f(
        None,
        "public but for one action",
        "public-write",
        "everybody may call s3:PutObject",
        {"Effect": "Allow", "Principal": "*", "NotAction": "s3:DeleteObject", "Resource": BOTH},
    ),
    _f(
        None,
        "public to whoever is in no organization",
        "public-read",
        "aws:PrincipalOrgID",
        allow("s3:GetObject", OBJECTS, {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}),
    ),
    _f(
        None,
        "public until a day",
        "public-read",
        "aws:CurrentTime",
        allow("s3:GetObject", OBJECTS, {"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}),
    ),
    _f(
        None,
        "sessions of that name",
        "public-read",
        "everybody with an AWS account",
        allow("s3:GetObject", OBJECTS, {"StringLike": {"aws:userid": "*:session"}}),
    ),
    _f(
        None,
        "access points of any account",
        "public-read",
        "s3:DataAccessPointArn",
        allow(
            "s3:GetObject", OBJECTS, {"ArnLike": {"s3:DataAccessPointArn": "arn:aws:s3:*:*:accesspoint/*"}}
        ),
    ),
    _f(
        9,
        "public over HTTPS",
        "public-if-https",
        "everybody may call s3:GetObject",
        allow("s3:GetObject", OBJECTS, {"Bool": {"aws:SecureTransport": "true"}}),
    ),
    _f(
        9,
        "everything public over HTTPS",
        "public-if-https",
        "everybody may",
        allow("s3:*", BOTH, {"Bool": {"aws:SecureTransport": "true"}}, {"AWS": "*"}),
    ),
    _f(
        29,
        "an empty set of organizations",
        "empty-set-allows",
        "may call s3:GetObject",
        allow("s3:GetObject", OBJECTS, {"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}),
    ),
    _f(
        29,
        "an empty set of endpoints for a role",
        "empty-set-allows",
        "is allowed without aws:SourceVpce",
        allow("s3:GetObject", OBJECTS, {"ForAllValues:StringEquals": {"aws:SourceVpce": VPCE}}, {"AWS": APP}),
    ),
    _f(
        29,
        "an empty set for an identity",
        "empty-set-allows",
        "is allowed without aws:SourceIp",
        allow("s3:GetObject", OBJECTS, {"ForAllValues:IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, None),
        kind="identity",
    ),
    _f(None, "public", "public-read", "everybody may call s3:GetObject", allow("s3:GetObject", OBJECTS)),
    _f(
        None,
        "public to whoever signs",
        "public-read",
        "everybody with an AWS account",
        allow("s3:GetObject", OBJECTS, {"StringEquals": {"s3:authType": "REST-HEADER"}}, {"AWS": ["*"]}),
    ),
    _f(
        None,
        "public to half of the internet each",
        "public-read",
        "can meet its conditions (aws:SourceIp)",
        allow("s3:GetObject", OBJECTS, {"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}}),
    ),
    _f(
        None,
        "public but for an endpoint",
        "public-read",
        "aws:SourceVpce",
        allow("s3:GetObject", OBJECTS, {"StringNotEquals": {"aws:SourceVpce": VPCE}}),
    ),
    _f(
        None,
        "a role of that name in any account",
        "public-read",
        "aws:PrincipalArn",
        allow("s3:GetObject", OBJECTS, {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/App"}}),
    ),
    _f(
        None,
        "a tag that strangers give themselves",
        "public-read",
        "aws:PrincipalTag/team",
        allow("s3:GetObject", OBJECTS, {"StringEquals": {"aws:PrincipalTag/team": "blue"}}),
    ),
    _f(
        None,
        "public writing",
        "public-write",
        "s3:PutObject",
        allow(["s3:PutObject", "s3:GetObject"], OBJECTS),
    ),
    _f(
        None,
        "public writing with an ACL",
        "public-write",
        "s3:PutObject",
        allow("s3:PutObject", OBJECTS, {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}),
    ),
    _f(
        None,
        "a public key",
        "public-read",
        "kms:Decrypt",
        allow("kms:Decrypt", "*"),
        allow("kms:*", "*", None, {"AWS": f"arn:aws:iam::{OWNER}:root"}),
    ),
    _f(
        None,
        "a referer",
        "header-as-protection",
        "whatever the client sends",
        allow("s3:GetObject", OBJECTS, {"StringLike": {"aws:Referer": "https://www.example.com/*"}}),
    ),
    _f(
        None,
        "a Deny for want of a referer",
        "header-as-protection",
        "the client writes that header",
        deny("s3:GetObject", OBJECTS, {"StringNotLike": {"aws:Referer": "https://www.example.com/*"}}),
    ),
    # -------------------------------------------------------------------------------------- sessions
    _f(
        12,
        "MFA by Bool",
        "mfa-absent-passes",
        "long-term access keys passes",
        deny("s3:DeleteObject", OBJECTS, {"Bool": {MFA: "false"}}),
    ),
    _f(
        12,
        "MFA by Bool for an identity",
        "mfa-absent-passes",
        "Bool does not hold",
        deny(["s3:DeleteObject", "s3:DeleteObjectVersion"], OBJECTS, {"Bool": {MFA: False}}, None),
        kind="identity",
    ),
    _f(
        12,
        "MFA by its age",
        "mfa-absent-passes",
        "aws:MultiFactorAuthAge",
        deny("s3:DeleteObject", OBJECTS, {"NumericGreaterThan": {"aws:MultiFactorAuthAge": "3600"}}),
    ),
    _f(
        26,
        "all but a role",
        "not-principal-denies-sessions",
        "the sessions of " + APP,
        {"Effect": "Deny", "NotPrincipal": {"AWS": APP}, "Action": "s3:*", "Resource": BOTH},
    ),
    _f(
        26,
        "all but a role and the account",
        "not-principal-denies-sessions",
        "compares with the session's ARN",
        {
            "Effect": "Deny",
            "NotPrincipal": {"AWS": [f"arn:aws:iam::{OWNER}:root", ADMIN]},
            "Action": "s3:DeleteObject",
            "Resource": OBJECTS,
        },
    ),
    _f(
        None,
        "a role's id without sessions",
        "spared-in-vain",
        "the role's id, a colon",
        deny("s3:*", BOTH, {"StringNotLike": {"aws:userid": ["AROAEXAMPLEID", OWNER]}}),
    ),
    _f(
        None,
        "a star that means itself",
        "spared-in-vain",
        "takes the star literally",
        deny("s3:*", BOTH, {"StringNotEquals": {"aws:userid": ["AROAEXAMPLEID:*", OWNER]}}),
    ),
    _f(
        None,
        "a session's ARN",
        "spared-in-vain",
        "its role's ARN",
        deny(
            "s3:*", BOTH, {"ArnNotEquals": {"aws:PrincipalArn": f"arn:aws:sts::{OWNER}:assumed-role/App/job"}}
        ),
    ),
    _f(
        None,
        "MFA the wrong way",
        "mfa-denied",
        "with a second factor is denied",
        deny("s3:DeleteObject", OBJECTS, {"Bool": {MFA: "true"}}),
    ),
    _f(
        12,
        "MFA as text",
        "mfa-absent-passes",
        "StringEquals does not hold",
        deny("s3:DeleteObject", OBJECTS, {"StringEquals": {MFA: "false"}}),
    ),
    _f(
        12,
        "MFA by Null for other actions",
        "mfa-absent-passes",
        "s3:DeleteObject with long-term",
        deny("s3:DeleteObject", OBJECTS, {"Bool": {MFA: "false"}}),
        deny("s3:DeleteObjectVersion", OBJECTS, {"Null": {MFA: "true"}}),
    ),
    # ---------------------------------------------------------------------------------------- writes
    _f(
        31,
        "If-None-Match of parts",
        "if-none-match-of-parts",
        "UploadPart",
        put({"Null": {"s3:if-none-match": "true"}}),
    ),
    _f(
        31,
        "If-None-Match of all writes",
        "if-none-match-of-parts",
        "CompleteMultipartUpload",
        deny("s3:Put*", OBJECTS, {"Null": {"s3:if-none-match": True}}),
    ),
    _f(
        33,
        "one value for unsigned bodies",
        "unsigned-body-passes",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        put({"StringEquals": {BODY: "UNSIGNED-PAYLOAD"}}),
    ),
    _f(
        33,
        "the other value for unsigned bodies",
        "unsigned-body-passes",
        "passes as UNSIGNED-PAYLOAD",
        put({"StringLike": {BODY: ["STREAMING-UNSIGNED-*"]}}),
    ),
    _f(
        34,
        "ten minutes as seconds",
        "signature-age-in-seconds",
        "after 0.6 seconds",
        deny("s3:*", BOTH, {"NumericGreaterThan": {AGE: "600"}}),
    ),
    _f(
        34,
        "an hour as seconds",
        "signature-age-in-seconds",
        "after 3.6 seconds",
        deny(
            "s3:*",
            BOTH,
            {"NumericGreaterThan": {AGE: 3600}, "StringEquals": {"s3:authType": "REST-QUERY-STRING"}},
        ),
    ),
    _f(
        34,
        "a day as seconds",
        "signature-age-in-seconds",
        "86400000",
        deny("s3:*", BOTH, {"NumericGreaterThanEquals": {AGE: "86400"}}),
    ),
    # --------------------------------------------------------------------------------------- lock-out
    _f(
        17,
        "everything but reading",
        "policy-locked",
        "s3:PutBucketPolicy and s3:DeleteBucketPolicy",
        {"Effect": "Deny", "Principal": "*", "NotAction": "s3:GetObject", "Resource": BOTH},
    ),
    _f(
        17,
        "nobody changes the policy",
        "policy-locked",
        "s3:PutBucketPolicy and s3:DeleteBucketPolicy",
        deny(POLICY, WHOLE),
    ),
    _f(
        17,
        "no person changes the policy",
        "policy-locked",
        "but the root user",
        deny("s3:*BucketPolicy", WHOLE, {"Bool": {"aws:PrincipalIsAWSService": "false"}}),
    ),
    _f(17, "everything is denied", "policy-locked", "but the root user", deny("s3:*", BOTH)),
    _f(
        17,
        "the whole account",
        "policy-locked",
        "nobody",
        deny(POLICY, WHOLE, None, {"AWS": f"arn:aws:iam::{OWNER}:root"}),
    ),
    _f(
        17,
        "two exceptions that exclude each other",
        "policy-locked",
        "spare together",
        deny(POLICY, WHOLE, {"ArnNotEquals": {"aws:PrincipalArn": ADMIN}}),
        deny(POLICY, WHOLE, {"ArnNotEquals": {"aws:PrincipalArn": APP}}),
    ),
    _f(
        None,
        "a key without an owner",
        "key-policy-orphaned",
        "kms:PutKeyPolicy",
        allow(["kms:Decrypt", "kms:GenerateDataKey"], "*", None, {"AWS": APP}),
    ),
    # ------------------------------------------------------------------- conditions that strangers can meet
    *(
        _f(None, f"strangers meet {key}", "public-read", says, allow("s3:GetObject", OBJECTS, condition))
        for says, key, condition in (
            ("with an AWS account", "aws:username", {"StringEquals": {"aws:username": "admin"}}),
            (
                "with an AWS account",
                "aws:FederatedProvider",
                {"StringEquals": {"aws:FederatedProvider": "accounts.google.com"}},
            ),
            ("with an AWS account", "aws:ViaAWSService", {"Bool": {"aws:ViaAWSService": "true"}}),
            (
                "with an AWS account",
                "aws:CalledVia",
                {"ForAnyValue:StringEquals": {"aws:CalledVia": "athena.amazonaws.com"}},
            ),
            ("with an AWS account", "aws:userid", {"StringLike": {"aws:userid": "AROA*:admin"}}),
            ("a service", "aws:PrincipalIsAWSService", {"Bool": {"aws:PrincipalIsAWSService": "true"}}),
            ("a service", "any bucket", {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}}),
            ("a service", "any source", {"ArnLike": {"aws:SourceArn": "arn:aws:*:*:*:*"}}),
        )
    ),
    _f(
        None,
        "a service by its name in a list",
        "public-read",
        "a service of AWS",
        allow(
            "s3:GetObject",
            OBJECTS,
            {"ForAnyValue:StringEquals": {"aws:PrincipalServiceNamesList": "cloudfront.amazonaws.com"}},
        ),
    ),
    _f(
        None,
        "a service by its name alone",
        "public-read",
        "a service of AWS",
        allow(
            "s3:GetObject",
            OBJECTS,
            {"StringEquals": {"aws:PrincipalServiceName": "cloudfront.amazonaws.com"}},
        ),
    ),
    *(
        _f(
            None,
            f"a prefix by {variable}",
            "public-read",
            "with an AWS account",
            allow("s3:GetObject", f"{WHOLE}/home/${{{variable}}}/*"),
        )
        for variable in ("aws:username", "aws:PrincipalAccount", "aws:PrincipalTag/team")
    ),
    _f(
        None,
        "a service that a stranger calls from behind a fence",
        "public-read",
        "may call s3:GetObject",
        allow("s3:GetObject", OBJECTS),
        deny(DATA, BOTH, {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}, **SPARED}),
    ),
    _f(
        None,
        "a service behind a fence",
        "public-read",
        "a service",
        allow("s3:GetObject", OBJECTS),
        deny("s3:*", BOTH, {"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}, **SPARED}),
    ),
    *(
        _f(None, f"everybody may {action}", "public-write", action, allow(f"s3:{action}", resource))
        for action, resource in (
            ("DeleteObjectVersion", OBJECTS),
            ("PutLifecycleConfiguration", WHOLE),
            ("PutReplicationConfiguration", WHOLE),
            ("ReplicateObject", OBJECTS),
            ("PutObjectRetention", OBJECTS),
            ("RestoreObject", OBJECTS),
            ("PutObjectTagging", OBJECTS),
        )
    ),
    _f(
        None,
        "a pattern of rare actions",
        "public-write",
        "s3:Replicate",
        allow("s3:Replicate*", OBJECTS),
    ),
    _f(
        None,
        "an external id alone",
        "public-write",
        "sts:ExternalId",
        {
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": "an-id"}},
        },
    ),
    # -------------------------------------------------------------------------------- identity providers
    *(
        _f(None, name, "identity-provider-open", says, taken_by(provider, condition))
        for name, says, provider, condition in (
            ("github by audience", "repo:stranger/", GITHUB, {"StringEquals": {f"{ACTIONS}:aud": "sts"}}),
            ("github by any subject", "repo:stranger", GITHUB, {"StringLike": {f"{ACTIONS}:sub": "repo:*"}}),
            (
                "github by the beginning of an owner",
                "repo:octo-orgstranger",
                GITHUB,
                {"StringLike": {f"{ACTIONS}:sub": "repo:octo-org*"}},
            ),
            ("cognito, any pool", "nothing is asked", "cognito-identity.amazonaws.com", None),
            (
                "cognito, any pool's members",
                ":amr",
                "cognito-identity.amazonaws.com",
                {
                    "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"},
                },
            ),
            ("google, any application", "nothing is asked", "accounts.google.com", None),
            (
                "one's own provider, whoever signs in",
                "whoever token.example.com signs in",
                f"arn:aws:iam::{OWNER}:oidc-provider/token.example.com",
                None,
            ),
        )
    ),
    _f(
        None,
        "every pod of a cluster",
        "identity-provider-open",
        "whoever oidc.eks",
        taken_by(
            f"arn:aws:iam::{OWNER}:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A1",
            {"StringEquals": {"oidc.eks.eu-west-1.amazonaws.com/id/A1:aud": "sts.amazonaws.com"}},
        ),
    ),
    _f(
        None,
        "a provider and the action of others",
        "federated-action",
        "sts:AssumeRoleWithWebIdentity",
        {**taken_by(GITHUB, {"StringEquals": {f"{ACTIONS}:sub": "a"}}), "Action": "sts:AssumeRole"},
    ),
    # ------------------------------------------------------------------------------------- total lock-outs
    _f(
        None,
        "a header that only uploads have",
        "policy-locked",
        "nobody",
        deny("s3:*", BOTH, {"Null": {SSE: "true"}}),
    ),
    _f(
        None,
        "a header that only uploads have, if it is there",
        "policy-locked",
        "nobody",
        deny("s3:*", BOTH, {"StringEqualsIfExists": {SSE: "AES256"}}),
    ),
    _f(
        None,
        "HTTPS and HTTP",
        "policy-locked",
        "nobody",
        deny("s3:*", BOTH, {"Bool": {"aws:SecureTransport": ["true", "false"]}}),
    ),
    _f(
        None,
        "access points in a VPC, for the policy too",
        "policy-locked",
        "nobody",
        deny("s3:*", BOTH, {"StringNotEquals": {"s3:AccessPointNetworkOrigin": "VPC"}}),
    ),
    _f(
        None,
        "two roles, each alone",
        "nobody-passes",
        "s3:GetObject is denied to everybody",
        deny("s3:GetObject", OBJECTS, {"ArnNotEquals": {"aws:PrincipalArn": APP}}),
        deny("s3:GetObject", OBJECTS, {"ArnNotEquals": {"aws:PrincipalArn": ADMIN}}),
    ),
    _f(
        None,
        "reading over HTTPS and HTTP",
        "nobody-passes",
        "s3:GetObject is denied to everybody",
        deny("s3:GetObject", OBJECTS, {"Bool": {"aws:SecureTransport": ["true", "false"]}}),
    ),
    # ------------------------------------------------------------------------------ two conditions in a block
    _f(
        None,
        "the algorithm or the key",
        "key-beside-algorithm",
        "any other key passes",
        put({"StringNotEquals": {SSE: "aws:kms", SSE_KEY: KEY}}),
    ),
    _f(
        None,
        "algorithms or the key's ARN",
        "key-beside-algorithm",
        "any other key passes",
        put({"StringNotLike": {SSE: "aws:kms*"}, "ArnNotEquals": {SSE_KEY: KEY}}),
    ),
    _f(
        None,
        "the algorithm or a key of the account",
        "key-beside-algorithm",
        "any other key passes",
        put(
            {"StringNotEquals": {SSE: "aws:kms"}, "StringNotLike": {SSE_KEY: f"arn:aws:kms:*:{OWNER}:key/*"}}
        ),
    ),
    _f(
        None,
        "no header beside a wrong one",
        "null-hides-condition",
        f"{SSE} AES256 passes",
        put({"Null": {SSE: "true"}, "StringNotEquals": {SSE: "aws:kms"}}),
    ),
    # ------------------------------------------------------------------------------------------ the perimeter
    _f(
        None,
        "services outside an organization",
        "organization-cuts-off-services",
        "belong to no organization",
        deny("s3:*", BOTH, {"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}),
    ),
    _f(
        None,
        "services outside the organization of a resource control policy",
        "organization-cuts-off-services",
        "belong to no organization",
        deny("s3:*", "*", {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}),
        kind="resource control",
    ),
    _f(
        None,
        "everything but the bucket",
        "not-resource-leaves-bucket-out",
        "denies nothing",
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "NotResource": BOTH,
            "Condition": HTTP,
        },
    ),
    _f(
        None,
        "a permission set without its path",
        "permission-set-path",
        "does not spare anybody",
        deny(DATA, BOTH, {"ArnNotLike": {"aws:PrincipalArn": f"{SSO_ROLE}AWSReservedSSO_Admin_*"}}),
    ),
    _f(
        None,
        "a permission set that is let in without its path",
        "permission-set-path",
        "does not name anybody",
        allow(
            "s3:GetObject", OBJECTS, {"ArnLike": {"aws:PrincipalArn": f"{SSO_ROLE}AWSReservedSSO_Admin_*"}}
        ),
    ),
    _f(
        None,
        "a permission set's role as a principal without its path",
        "permission-set-path",
        "there is no role",
        allow("s3:GetObject", OBJECTS, None, {"AWS": f"{SSO_ROLE}AWSReservedSSO_Admin_0123456789abcdef"}),
    ),
    _f(
        None,
        "a role at a gateway endpoint",
        "endpoint-principal",
        "root users alone",
        allow("s3:GetObject", OBJECTS, None, {"AWS": APP}),
        kind="endpoint",
    ),
)


@dataclass(frozen=True)
class Right:
    """A policy in which none of these rules finds anything."""

    name: str
    statements: Sequence[Statement]
    kind: str | None = None

    @property
    def document(self) -> dict[str, Any]:
        return {"Version": "2012-10-17", "Statement": [dict(each) for each in self.statements]}


def _r(name: str, *statements: Statement, **more: Any) -> Right:
    return Right(name, statements, **more)


EXEMPT = {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{OWNER}:role/BreakGlass"}}
KMS = ["aws:kms", "aws:kms:dsse"]

RIGHT: tuple[Right, ...] = (
    _r("https", HTTPS),
    _r("https as a list", deny("s3:*", BOTH, {"Bool": {"aws:SecureTransport": ["false"]}}, {"AWS": "*"})),
    _r("https with IfExists", deny("s3:*", ["*"], {"BoolIfExists": {"aws:SecureTransport": False}})),
    _r("https in two statements", deny("s3:*", WHOLE, HTTP), deny("s3:*", OBJECTS, HTTP)),
    _r("https for buckets and their objects", deny("*", f"{WHOLE}*", HTTP)),
    _r(
        "https but for an old client", deny("s3:*", BOTH, {**HTTP, "ArnNotEquals": {"aws:PrincipalArn": APP}})
    ),
    _r("https behind an access point", deny("s3:*", [POINT, f"{POINT}/object/*"], HTTP)),
    _r("https on the objects of an access point", deny("s3:*", f"{POINT}/object/*", HTTP)),
    _r("https on an access point alone", deny("s3:*", POINT, HTTP)),
    _r(
        "a TLS minimum of an access point",
        deny("s3:*", [POINT, f"{POINT}/object/*"], {"NumericLessThan": {"s3:TlsVersion": "1.3"}}),
    ),
    _r("TLS 1.2", HTTPS, deny("s3:*", BOTH, {"NumericLessThan": {"s3:TlsVersion": "1.2"}})),
    _r("TLS 1.3, as a number", HTTPS, deny("s3:*", BOTH, {"NumericLessThan": {"s3:TlsVersion": 1.3}})),
    _r("TLS versions by name", deny("s3:*", BOTH, {"StringNotEquals": {"s3:TlsVersion": ["1.2", "1.3"]}})),
    _r(
        "TLS 1.2 or HTTP denied in one",
        deny("s3:*", BOTH, {"NumericLessThanIfExists": {"s3:TlsVersion": "1.2"}}),
    ),
    _r(
        "an Allow over HTTPS for a role",
        allow("s3:GetObject", OBJECTS, {"Bool": {"aws:SecureTransport": "true"}}, {"AWS": APP}),
    ),
    _r("SSE-KMS or the default", put({"StringNotEquals": {SSE: KMS}, "Null": {SSE: "false"}})),
    _r("SSE-KMS, strictly", put({"StringNotEquals": {SSE: KMS}})),
    _r("SSE-KMS, by a pattern", put({"StringNotLike": {SSE: "aws:kms*"}})),
    _r("SSE-S3, strictly", put({"StringNotEquals": {SSE: "AES256"}})),
    _r("no SSE-S3", put({"StringEquals": {SSE: "AES256"}})),
    _r("a header required", put({"Null": {SSE: "true"}})),
    _r("one key or the default", put({"StringNotEquals": {SSE_KEY: KEY}, "Null": {SSE_KEY: "false"}})),
    _r("one key, strictly", put({"StringNotEquals": {SSE_KEY: KEY}})),
    _r(
        "one key and KMS, strictly",
        put({"StringNotEquals": {SSE: KMS}}),
        put({"StringNotEquals": {SSE_KEY: KEY}}),
    ),
    _r("KMS with a key", put({"StringEquals": {SSE: KMS}, "Null": {SSE_KEY: "true"}})),
    _r("SSE-C", put({"Null": {SSE_C: "true"}})),
    _r(
        "no SSE-C",
        put({"Null": {SSE_C: "false"}}),
        put({"StringNotEquals": {SSE: KMS}, "Null": {SSE: "false"}}),
    ),
    _r(
        "an owner's own key, positive",
        allow("s3:PutObject", OBJECTS, {"StringEqualsIfExists": {SSE_KEY: KEY}}, {"AWS": APP}),
    ),
    _r(
        "public ACLs",
        *(
            deny(["s3:PutObject", "s3:PutObjectAcl"], OBJECTS, condition)
            for condition in (
                {
                    "StringEquals": {
                        "s3:x-amz-acl": ["public-read", "public-read-write", "authenticated-read"]
                    }
                },
                *(
                    {"StringLike": {f"s3:x-amz-grant-{each}": "*groups/global/*"}}
                    for each in ("read", "write", "read-acp", "write-acp", "full-control")
                ),
            )
        ),
    ),
    _r(
        "an ACL allowed",
        allow(
            "s3:PutObject",
            OBJECTS,
            {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
            {"AWS": f"arn:aws:iam::{STRANGER}:root"},
        ),
    ),
    _r(
        "no ACLs but one, where there is one",
        put(
            {
                "StringNotEquals": {"s3:x-amz-acl": "bucket-owner-full-control"},
                "Null": {"s3:x-amz-acl": "false"},
            }
        ),
    ),
    _r(
        "an endpoint for data",
        deny(DATA, BOTH, {"StringNotEquals": {"aws:SourceVpce": VPCE}, **EXEMPT, **SPARED}),
    ),
    _r(
        "an endpoint for everything but a break-glass role",
        deny("s3:*", BOTH, {"StringNotEquals": {"aws:SourceVpce": VPCE}, **EXEMPT, **SPARED}),
    ),
    _r(
        "an endpoint for one role",
        deny("s3:*", BOTH, {"StringNotEquals": {"aws:SourceVpce": VPCE}}, {"AWS": APP}),
    ),
    _r(
        "addresses or a VPC",
        deny(
            DATA,
            BOTH,
            {
                "NotIpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"},
                "StringNotEqualsIfExists": {"aws:SourceVpc": "vpc-1a2b3c4d"},
                **SPARED,
            },
        ),
    ),
    _r(
        "addresses where there are any",
        deny(
            DATA,
            BOTH,
            {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}, "Null": {"aws:SourceIp": "false"}},
        ),
    ),
    _r(
        "an endpoint and an address in it",
        deny(DATA, BOTH, {"StringNotEquals": {"aws:SourceVpce": VPCE}, **SPARED}),
        deny(DATA, BOTH, {"NotIpAddress": {"aws:VpcSourceIp": "10.0.0.0/16"}, **SPARED}),
    ),
    _r(
        "blocked addresses",
        deny("s3:*", BOTH, {"IpAddress": {"aws:SourceIp": ["203.0.113.7", "198.51.100.0/24"]}}),
    ),
    _r(
        "only one service among services",
        deny(
            "s3:*",
            BOTH,
            {
                "StringNotEquals": {"aws:PrincipalServiceName": "cloudfront.amazonaws.com"},
                "Bool": {"aws:PrincipalIsAWSService": "true"},
            },
        ),
    ),
    _r(
        "only two services among services",
        deny(
            "s3:*",
            BOTH,
            {
                "StringNotEqualsIfExists": {
                    "aws:PrincipalServiceName": ["cloudfront.amazonaws.com", "logging.s3.amazonaws.com"]
                },
                "Bool": {"aws:PrincipalIsAWSService": "true"},
            },
        ),
    ),
    _r(
        "only sources of the account",
        deny(
            "s3:*",
            BOTH,
            {
                "StringNotEquals": {"aws:SourceAccount": OWNER},
                "Null": {"aws:SourceAccount": "false"},
                "Bool": {"aws:PrincipalIsAWSService": "true"},
            },
        ),
    ),
    _r(
        "CloudFront for one distribution",
        allow("s3:GetObject", OBJECTS, {"StringEquals": {"AWS:SourceArn": DISTRIBUTION}}, CDN),
    ),
    _r(
        "CloudFront for the account's",
        allow(
            "s3:GetObject",
            OBJECTS,
            {"ArnLike": {"aws:SourceArn": f"arn:aws:cloudfront::{OWNER}:distribution/*"}},
            CDN,
        ),
    ),
    _r(
        "log delivery",
        allow(
            "s3:PutObject",
            OBJECTS,
            {"StringEquals": {"aws:SourceAccount": OWNER}, "ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}},
            {"Service": "logging.s3.amazonaws.com"},
        ),
    ),
    _r(
        "services of the organization",
        allow(
            "s3:PutObject",
            OBJECTS,
            {"StringEquals": {"aws:SourceOrgID": "o-a1b2c3d4e5"}},
            {"Service": "cloudtrail.amazonaws.com"},
        ),
    ),
    _r("a role reads", allow(["s3:GetObject", "s3:ListBucket"], BOTH, None, {"AWS": APP})),
    _r(
        "another account reads",
        allow("s3:GetObject", OBJECTS, None, {"AWS": f"arn:aws:iam::{STRANGER}:root"}),
    ),
    *(
        _r(f"everybody of {key}", allow("s3:GetObject", OBJECTS, {operator: {key: value}}))
        for operator, key, value in (
            ("StringEquals", "aws:PrincipalOrgID", "o-a1b2c3d4e5"),
            ("StringEquals", "aws:PrincipalAccount", OWNER),
            ("StringEquals", "aws:SourceVpce", VPCE),
            ("StringEquals", "aws:SourceVpc", "vpc-1a2b3c4d"),
            ("IpAddress", "aws:SourceIp", "203.0.113.0/24"),
            ("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{OWNER}:role/reports/*"),
            ("ArnEquals", "aws:SourceArn", DISTRIBUTION),
            ("StringEquals", "s3:DataAccessPointAccount", OWNER),
            ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-a1b2c3d4e5/r-ab12/*"),
            ("StringLike", "aws:userid", "AROAEXAMPLEID:*"),
        )
    ),
    _r(
        "everybody, if not denied",
        allow("s3:GetObject", OBJECTS),
        deny("s3:*", BOTH, {"StringNotEquals": {"aws:PrincipalAccount": OWNER}}),
    ),
    _r(
        "a set that must be there",
        allow(
            "s3:GetObject",
            OBJECTS,
            {
                "ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"},
                "Null": {"aws:PrincipalOrgID": "false"},
            },
        ),
    ),
    _r(
        "tag keys",
        allow(
            "s3:PutObjectTagging",
            OBJECTS,
            {"ForAllValues:StringEquals": {"s3:RequestObjectTagKeys": ["team", "cost"]}},
            {"AWS": APP},
        ),
    ),
    _r("MFA", deny("s3:DeleteObject", OBJECTS, {"BoolIfExists": {MFA: "false"}})),
    _r(
        "MFA in two statements",
        deny("s3:DeleteObject", OBJECTS, {"Bool": {MFA: "false"}}),
        deny("s3:DeleteObject", OBJECTS, {"Null": {MFA: "true"}}),
    ),
    _r(
        "MFA by its age",
        deny("s3:DeleteObject", OBJECTS, {"NumericGreaterThan": {"aws:MultiFactorAuthAge": "3600"}}),
        deny("s3:DeleteObject", OBJECTS, {"Null": {"aws:MultiFactorAuthAge": "true"}}),
    ),
    _r("MFA allows", allow("s3:DeleteObject", OBJECTS, {"Bool": {MFA: "true"}}, {"AWS": APP})),
    _r("all but a role", deny("s3:DeleteObject", OBJECTS, {"ArnNotEquals": {"aws:PrincipalArn": APP}})),
    _r(
        "all but a role by its id",
        deny(
            "s3:DeleteObject",
            OBJECTS,
            {"StringNotLike": {"aws:userid": ["AROAEXAMPLEID:*", "AIDAEXAMPLEID", OWNER]}},
        ),
    ),
    _r(
        "If-None-Match",
        put({"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}}),
    ),
    _r(
        "signed bodies",
        put({"StringEquals": {BODY: ["UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"]}}),
    ),
    _r(
        "signed bodies in two statements",
        *(
            put({"StringEquals": {BODY: each}})
            for each in ("UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
        ),
    ),
    _r("ten minutes", deny("s3:*", BOTH, {"NumericGreaterThan": {AGE: "600000"}})),
    _r("thirty seconds", deny("s3:*", BOTH, {"NumericGreaterThan": {AGE: "30000"}})),
    _r("no presigned URLs", deny("s3:*", BOTH, {"StringNotEquals": {"s3:authType": "REST-HEADER"}})),
    _r("the policy is an admin's", deny(POLICY, WHOLE, {"ArnNotLike": {"aws:PrincipalArn": ADMIN}})),
    _r("the policy needs MFA", deny(POLICY, WHOLE, {"BoolIfExists": {MFA: "false"}})),
    _r("one role does not change the policy", deny(POLICY, WHOLE, None, {"AWS": APP})),
    _r("nobody deletes", deny(["s3:DeleteObject", "s3:DeleteBucket"], BOTH)),
    _r(
        "a user's own prefix",
        allow(["s3:GetObject", "s3:PutObject"], f"{WHOLE}/home/${{aws:username}}/*", None, None),
        allow("s3:ListBucket", WHOLE, {"StringLike": {"s3:prefix": "home/${aws:username}/*"}}, None),
        kind="identity",
    ),
    _r(
        "within and without a prefix",
        allow(
            "s3:ListBucket",
            WHOLE,
            {"StringLike": {"s3:prefix": "home/*"}, "StringNotLike": {"s3:prefix": "home/secret/*"}},
            {"AWS": APP},
        ),
    ),
    _r(
        "addresses but for some",
        allow(
            "s3:GetObject",
            OBJECTS,
            {
                "IpAddress": {"aws:SourceIp": "203.0.113.0/24"},
                "NotIpAddress": {"aws:SourceIp": "203.0.113.0/28"},
            },
        ),
    ),
    _r(
        "between two days",
        allow(
            "s3:GetObject",
            OBJECTS,
            {
                "DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"},
                "DateLessThan": {"aws:CurrentTime": "2026-02-01T00:00:00Z"},
            },
            {"AWS": APP},
        ),
    ),
    _r(
        "a key's default policy",
        allow("kms:*", "*", None, {"AWS": f"arn:aws:iam::{OWNER}:root"}),
        allow(
            "kms:Decrypt",
            "*",
            {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com", "kms:CallerAccount": OWNER}},
        ),
    ),
    _r(
        "an organization's resources",
        deny(
            "s3:*",
            "*",
            {
                "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"},
                "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
            },
        ),
        kind="resource control",
    ),
    _r(
        "services that act for the organization",
        deny(
            "s3:*",
            "*",
            {
                "StringNotEqualsIfExists": {
                    "aws:SourceOrgID": "o-a1b2c3d4e5",
                    "aws:SourceAccount": [STRANGER],
                },
                "Null": {"aws:SourceAccount": "false"},
                "Bool": {"aws:PrincipalIsAWSService": "true"},
            },
        ),
        kind="resource control",
    ),
    _r(
        "a trail",
        *(
            allow(
                action,
                where,
                {"StringEquals": {"aws:SourceArn": f"arn:aws:cloudtrail:eu-west-1:{OWNER}:trail/main"}},
                {"Service": "cloudtrail.amazonaws.com"},
            )
            for action, where in (("s3:GetBucketAcl", WHOLE), ("s3:PutObject", f"{WHOLE}/AWSLogs/{OWNER}/*"))
        ),
    ),
    _r(
        "an endpoint but for roles by their ids",
        deny(
            "s3:*",
            BOTH,
            {
                "StringNotEquals": {"aws:SourceVpce": VPCE},
                "StringNotLike": {"aws:userid": ["AROAEXAMPLE:*", OWNER]},
                **SPARED,
            },
        ),
    ),
    _r(
        "an endpoint for other accounts",
        deny(
            DATA, BOTH, {"StringNotEquals": {"aws:SourceVpce": VPCE, "aws:PrincipalAccount": OWNER}, **SPARED}
        ),
    ),
    _r(
        "access points in a VPC",
        deny(DATA, BOTH, {"StringNotEquals": {"s3:AccessPointNetworkOrigin": "VPC"}}),
    ),
    _r(
        "a storage class, if any",
        put(
            {
                "StringNotEquals": {"s3:x-amz-storage-class": ["STANDARD", "GLACIER"]},
                "Null": {"s3:x-amz-storage-class": "false"},
            }
        ),
    ),
    _r(
        "tags of one's own in the organization",
        allow(
            "s3:GetObject",
            OBJECTS,
            {
                "StringEquals": {
                    "s3:ExistingObjectTag/team": "${aws:PrincipalTag/team}",
                    "aws:PrincipalOrgID": "o-a1b2c3d4e5",
                }
            },
        ),
    ),
    _r(
        "a referer within an address range",
        allow(
            "s3:GetObject",
            OBJECTS,
            {
                "IpAddress": {"aws:SourceIp": "203.0.113.0/24"},
                "StringLike": {"aws:Referer": "https://www.example.com/*"},
            },
        ),
    ),
    _r(
        "all but a role, its session and its account",
        {
            "Effect": "Deny",
            "NotPrincipal": {
                "AWS": [APP, f"arn:aws:sts::{OWNER}:assumed-role/App/job", f"arn:aws:iam::{OWNER}:root"]
            },
            "Action": "s3:GetObject",
            "Resource": OBJECTS,
        },
    ),
    _r(
        "regions",
        {
            "Effect": "Deny",
            "NotAction": ["iam:*", "sts:*"],
            "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1"]}},
        },
        kind="service control",
    ),
    _r(
        "a role for another account",
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{STRANGER}:root"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"sts:ExternalId": "an-id"}},
        },
    ),
    _r(
        "a role that EC2 takes",
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ),
    _r(
        "a role that a repository takes",
        {
            "Effect": "Allow",
            "Principal": {"Federated": f"arn:aws:iam::{OWNER}:oidc-provider/token.example.com"},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {"token.example.com:sub": "repo:team/app"}},
        },
    ),
    _r("whatever an endpoint is asked", allow("*", "*"), kind="endpoint"),
    _r("one bucket through an endpoint", allow(["s3:GetObject", "s3:PutObject"], OBJECTS), kind="endpoint"),
    *(
        _r(f"not for strangers: {name}", allow("s3:GetObject", where, condition))
        for name, where, condition in (
            (
                "a user of the account",
                OBJECTS,
                {"StringEquals": {"aws:username": "admin", "aws:PrincipalAccount": OWNER}},
            ),
            (
                "a prefix by user name in the organization",
                f"{WHOLE}/home/${{aws:username}}/*",
                {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
            ),
            (
                "services for the account",
                OBJECTS,
                {
                    "Bool": {"aws:PrincipalIsAWSService": "true"},
                    "StringEquals": {"aws:SourceAccount": OWNER},
                },
            ),
            ("sources of the account", OBJECTS, {"ArnLike": {"aws:SourceArn": f"arn:aws:*:*:{OWNER}:*"}}),
            ("an id of a role", OBJECTS, {"StringLike": {"aws:userid": "AROAEXAMPLEEXAMPLE12:*"}}),
        )
    ),
    _r(
        "the repositories of an owner",
        taken_by(
            GITHUB,
            {
                "StringEquals": {f"{ACTIONS}:aud": "sts.amazonaws.com"},
                "StringLike": {f"{ACTIONS}:sub": "repo:octo-org/*"},
            },
        ),
    ),
    _r(
        "the members of an identity pool",
        taken_by(
            "cognito-identity.amazonaws.com",
            {
                "StringEquals": {"cognito-identity.amazonaws.com:aud": "eu-west-1:a-pool"},
                "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"},
            },
        ),
    ),
    _r(
        "a SAML provider",
        {
            **taken_by(
                f"arn:aws:iam::{OWNER}:saml-provider/corp",
                {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
            ),
            "Action": "sts:AssumeRoleWithSAML",
        },
    ),
    _r(
        "a repository from one's own runners",
        taken_by(
            GITHUB,
            {
                "StringLike": {f"{ACTIONS}:sub": "repo:*"},
                "IpAddress": {"aws:SourceIp": "203.0.113.0/24"},
            },
        ),
    ),
    _r(
        "two roles in one condition",
        deny("s3:GetObject", OBJECTS, {"ArnNotEquals": {"aws:PrincipalArn": [APP, ADMIN]}}),
    ),
    _r(
        "two Denies that spare one role both",
        deny("s3:GetObject", OBJECTS, {"ArnNotEquals": {"aws:PrincipalArn": [APP, ADMIN]}}),
        deny("s3:GetObject", OBJECTS, {"StringNotEquals": {"aws:PrincipalAccount": OWNER}}),
    ),
    _r("no deletion at all", deny("s3:DeleteObject*", OBJECTS)),
    _r("uploads by services alone", put({"Bool": {"aws:PrincipalIsAWSService": "false"}})),
    _r(
        "the organization and services",
        deny("s3:*", BOTH, {"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}, **SPARED}),
    ),
    _r(
        "all of the bucket but a prefix over HTTPS",
        HTTPS,
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:PutObject",
            "NotResource": f"{WHOLE}/drop/*",
        },
    ),
    _r(
        "a permission set with its path",
        deny(
            DATA,
            BOTH,
            {
                "ArnNotLike": {
                    "aws:PrincipalArn": f"{SSO_ROLE}aws-reserved/sso.amazonaws.com/*AWSReservedSSO_Admin_*"
                }
            },
        ),
    ),
    _r(
        "the pods of a service account",
        taken_by(
            f"arn:aws:iam::{OWNER}:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A1",
            {"StringEquals": {"oidc.eks.eu-west-1.amazonaws.com/id/A1:sub": "system:serviceaccount:a:b"}},
        ),
    ),
)
