"""Every builder, and what its statement does to requests: one table.

A row reads: the request, what must become of it, and why. ``DENIED`` and ``PASSES`` judge a Deny (whatever
passes still needs an Allow), ``ALLOWED`` and ``NOT`` an Allow.
"""

from __future__ import annotations

import copy
import inspect
from dataclasses import dataclass, replace

import pytest

from secure_s3.policy import AccessRequest, Policy, Statement, evaluate
from secure_s3.policy import statements as make
from secure_s3.policy.linter import lint
from secure_s3.policy.statements.perimeter import DATA_ACTIONS
from secure_s3.policy.witnesses import (
    ADMIN,
    ANYONE,
    APP,
    KEY,
    OTHER_ACCOUNT,
    OTHER_KEY,
    OWNER,
    ROOT,
    SSE,
    SSE_KEY,
    STRANGER,
    USER,
    bucket_arn,
    from_service,
    over_http,
    presigned,
    put,
    through_endpoint,
    upload_part,
    with_context,
    witness,
)

B = "amzn-s3-demo-bucket"
LOGS = "amzn-s3-demo-logging-bucket"
POINT = f"arn:aws:s3:eu-west-1:{OWNER}:accesspoint/reports"
ADMIN_ROLE = f"arn:aws:iam::{OWNER}:role/Admin"
APP_ROLE = f"arn:aws:iam::{OWNER}:role/App"
OTHER_ROLE = f"arn:aws:iam::{STRANGER}:role/Other"
VPCE, OTHER_VPCE, VPC, OTHER_VPC = "vpce-1a2b3c4d", "vpce-9f8e7d6c", "vpc-1a2b3c4d", "vpc-9f8e7d6c"
DISTRIBUTION = f"arn:aws:cloudfront::{OWNER}:distribution/EDFDVBD6EXAMPLE"
OTHER_DISTRIBUTION = f"arn:aws:cloudfront::{STRANGER}:distribution/E2EXAMPLE"
TRAIL = f"arn:aws:cloudtrail:eu-west-1:{OWNER}:trail/main"
ORG = "o-a1b2c3d4e5"
OBJECT_ACTIONS = (
    *("GetObject", "GetObjectAcl", "GetObjectAttributes", "GetObjectLegalHold", "GetObjectRetention"),
    *("GetObjectTagging", "GetObjectTorrent", "GetObjectVersion", "GetObjectVersionAcl"),
    *("GetObjectVersionAttributes", "GetObjectVersionTagging", "GetObjectVersionTorrent", "RestoreObject"),
    *("PutObject", "PutObjectAcl", "PutObjectVersionAcl", "PutObjectLegalHold", "PutObjectRetention"),
    *("PutObjectTagging", "PutObjectVersionTagging", "DeleteObject", "DeleteObjectVersion"),
    *("DeleteObjectTagging", "DeleteObjectVersionTagging", "AbortMultipartUpload"),
    *("ListMultipartUploadParts", "UpdateObjectEncryption"),
)

DENIED, PASSES, ALLOWED, NOT = "denied", "passes", "allowed", "not allowed"


@dataclass(frozen=True)
class Row:
    """One builder call, the policy it belongs into, and the requests it is judged by."""

    builder: str
    statement: Statement
    requests: tuple[tuple[AccessRequest, str, str], ...]
    beside: tuple[Statement, ...] = ()
    kind: str | None = None
    findings: tuple[str, ...] = ()


TABLE: list[Row] = []


def row(builder, *args, requests, beside=(), kind=None, findings=(), **keywords):
    """Put one call of a builder into the table."""
    statement = getattr(make, builder)(*args, **keywords)
    TABLE.append(Row(builder, statement, tuple(requests), tuple(beside), kind, findings))


def get(key="key", who=APP, **context):
    """A GetObject."""
    return witness(
        "s3:GetObject", bucket_arn(B, key), who, {k.replace("_", ":", 1): v for k, v in context.items()}
    )


def of(action, who=APP, key=None, **context):
    """A request for the bucket, or for an object."""
    return witness(f"s3:{action}", bucket_arn(B, key), who, context)


def service(request, name, arn=None, account=OWNER):
    """The same by a service for a source."""
    return from_service(request, f"{name}.amazonaws.com", arn=arn, account=account)


def at_point(action, key=None, who=APP, **context):
    """A request through the access point."""
    return witness(f"s3:{action}", POINT if key is None else f"{POINT}/object/{key}", who, context)


def kms(action="kms:Decrypt", who=APP, via="s3.eu-west-1.amazonaws.com", context=None, key=KEY):
    """A request to KMS, by default one that S3 makes for the caller."""
    there = {"kms:ViaService": via, "kms:EncryptionContext:aws:s3:arn": context or bucket_arn(B)}
    return witness(action, key, who, there)


COPY = {"s3:x-amz-copy-source": f"{B}/source"}
HTTPS = make.deny_insecure_transport(B)
LOG_PUT = service(put(B, "logs/x"), "logging.s3", bucket_arn("amzn-s3-demo-source-bucket"))
CLOUDFRONT_GET = service(get(), "cloudfront", DISTRIBUTION)
REPLICATION = of("ReplicateObject", key="key", who=f"arn:aws:sts::{OWNER}:assumed-role/Replication/s3")
COMPLETE = put(B)  # CompleteMultipartUpload: no header of encryption, and it creates the object
ADMIN_POLICY = of("PutBucketPolicy", ADMIN)
VIA = {"aws:ViaAWSService": True}

# ------------------------------------------------------------------------------------------- transport
row(
    "deny_insecure_transport",
    B,
    requests=[
        (over_http(get()), DENIED, "plain HTTP"),
        (over_http(of("ListBucket")), DENIED, "the bucket itself, too"),
        (over_http(get(who=ANYONE)), DENIED, "anonymous readers, too"),
        (over_http(upload_part(B)), DENIED, "parts as well"),
        (get(), PASSES, "HTTPS"),
        (CLOUDFRONT_GET, PASSES, "a service over HTTPS"),
        (over_http(witness("s3:GetObject", bucket_arn(LOGS, "key"))), PASSES, "another bucket"),
    ],
)
row(
    "require_min_tls",
    B,
    "1.3",
    beside=[HTTPS],
    requests=[
        (get(s3_TlsVersion="1.2"), DENIED, "older than the minimum"),
        (of("ListBucket", **{"s3:TlsVersion": "1.2"}), DENIED, "the bucket itself, too"),
        (get(s3_TlsVersion="1.3"), PASSES, "the minimum"),
        (over_http(get()), PASSES, "no TLS version: deny_insecure_transport is for that"),
        (with_context(CLOUDFRONT_GET, {"s3:TlsVersion": "1.2"}), DENIED, "services unless they are spared"),
    ],
)
row(
    "require_min_tls",
    B,
    "1.3",
    except_services=True,
    beside=[HTTPS],
    requests=[
        (with_context(CLOUDFRONT_GET, {"s3:TlsVersion": "1.2"}), PASSES, "services are spared"),
        (with_context(LOG_PUT, {"s3:TlsVersion": None}), PASSES, "no version known"),
        (get(s3_TlsVersion="1.2"), DENIED, "a role is no service"),
        (
            with_context(get(who=ANYONE), {"s3:TlsVersion": "1.2", "aws:PrincipalIsAWSService": None}),
            DENIED,
            "an anonymous request has no such key and is not spared",
        ),
    ],
)
row(
    "require_min_tls",
    POINT,
    "1.3",
    beside=[make.deny_insecure_transport(POINT)],
    requests=[
        (at_point("GetObject", "key", **{"s3:TlsVersion": "1.2"}), DENIED, "through the access point"),
        (at_point("ListBucket", **{"s3:TlsVersion": "1.2"}), DENIED, "listing through it"),
        (at_point("GetObject", "key"), PASSES, "1.3"),
        (get(s3_TlsVersion="1.2"), PASSES, "whoever uses the bucket itself"),
    ],
)
# ------------------------------------------------------------------------------------------ signatures
row(
    "max_presign_age",
    B,
    900,
    requests=[
        (presigned(of("ListBucket"), 3600), DENIED, "listing as well"),
        (presigned(get(), 901), DENIED, "a second too old"),
        (presigned(put(B), 86_400), DENIED, "uploads as well"),
        (presigned(get(), 900), PASSES, "just young enough, in milliseconds"),
        (get(s3_signatureAge="901000"), PASSES, "signed in its headers"),
        (get(who=ANYONE), PASSES, "no signature"),
    ],
)
row(
    "max_presign_age",
    B,
    900,
    presigned_only=False,
    requests=[
        (get(s3_signatureAge="901000"), DENIED, "headers as well"),
        (presigned(get(), 901), DENIED, "and URLs"),
        (get(s3_signatureAge="0"), PASSES, "a direct call"),
        (CLOUDFRONT_GET, PASSES, "a service that has just signed"),
    ],
)
row(
    "deny_presigned",
    B,
    except_principals=ADMIN_ROLE,
    requests=[
        (presigned(of("ListBucket"), 0), DENIED, "listing as well"),
        (presigned(get(), 0), DENIED, "a URL, however young"),
        (put(B, **{"s3:authType": "POST"}), DENIED, "a form"),
        (get(), PASSES, "headers"),
        (get(who=ANYONE), PASSES, "no signature"),
        (presigned(get(who=ADMIN), 5), PASSES, "spared"),
    ],
)
row(
    "deny_presigned",
    B,
    posts=False,
    requests=[
        (presigned(get(), 0), DENIED, "a URL"),
        (presigned(put(B), 0), DENIED, "a URL to upload with"),
        (put(B, **{"s3:authType": "POST"}), PASSES, "forms are not meant"),
        (upload_part(B), PASSES, "headers"),
    ],
)
row(
    "deny_signature_v2",
    B,
    requests=[
        (get(s3_signatureversion="AWS"), DENIED, "version 2"),
        (of("ListBucket", **{"s3:signatureversion": "AWS"}), DENIED, "the bucket itself, too"),
        (get(), PASSES, "version 4"),
        (get(s3_signatureversion="AWS4-ECDSA-P256-SHA256"), PASSES, "version 4A"),
        (get(who=ANYONE), PASSES, "no signature"),
    ],
)
row(
    "require_signed_payload",
    B,
    requests=[
        (put(B), DENIED, "UNSIGNED-PAYLOAD"),
        (
            put(B, **{"s3:x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}),
            DENIED,
            "what SDKs send",
        ),
        (put(B, **{"s3:x-amz-content-sha256": "e3b0c44298fc1c14"}), PASSES, "a hash"),
        (
            put(B, **{"s3:x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}),
            PASSES,
            "signed chunks",
        ),
        (put(B, **{"s3:x-amz-content-sha256": None}), PASSES, "no such header"),
    ],
)
# ------------------------------------------------------------------------------------------ encryption
row(
    "deny_unencrypted_uploads",
    B,
    requests=[
        (put(B, sse="AES256"), DENIED, "another algorithm"),
        (put(B, sse="AES256", **COPY), DENIED, "a copy carries the destination's headers"),
        (put(B, sse="aws:kms:DSSE"), DENIED, "the case counts"),
        (
            of("UpdateObjectEncryption", key="key", **{SSE: "AES256"}),
            DENIED,
            "in place as well",
        ),
        (put(B, sse="aws:kms"), PASSES, "as wanted"),
        (put(B, sse="aws:kms:dsse"), PASSES, "the stronger one"),
        (put(B), PASSES, "the bucket's default applies"),
        (upload_part(B), PASSES, "parts have no header"),
        (LOG_PUT, PASSES, "log delivery has none either"),
        (REPLICATION, PASSES, "another action"),
        (put(B, sse_c="AES256"), PASSES, "SSE-C has a header of its own: deny_sse_c"),
    ],
)
row(
    "deny_unencrypted_uploads",
    B,
    strict=True,
    except_services=True,
    requests=[
        (put(B), DENIED, "no header"),
        (put(B, sse="AES256"), DENIED, "another algorithm"),
        (put(B, sse_c="AES256"), DENIED, "SSE-C names no such algorithm"),
        (upload_part(B), DENIED, "as far as its own headers go; said in the docstring"),
        (put(B, sse="aws:kms:dsse"), PASSES, "listed"),
        (LOG_PUT, PASSES, "services are spared"),
        (REPLICATION, PASSES, "another action"),
    ],
)
row(
    "deny_wrong_kms_key",
    B,
    KEY,
    beside=[make.deny_unencrypted_uploads(B), make.deny_kms_without_key(B), make.deny_sse_c(B)],
    requests=[
        (of("UpdateObjectEncryption", key="key", **{SSE: "aws:kms", SSE_KEY: OTHER_KEY}), DENIED, "in place"),
        (put(B, sse="aws:kms", sse_key=OTHER_KEY), DENIED, "another key"),
        (put(B, sse="aws:kms", sse_key=OTHER_KEY, **COPY), DENIED, "another key for a copy"),
        (put(B, sse="aws:kms", sse_key="alias/app"), DENIED, "an alias, should S3 compare it as it is"),
        (put(B, sse="aws:kms", sse_key=KEY), PASSES, "the key"),
        (put(B, sse="aws:kms:dsse", sse_key=KEY), PASSES, "the key, twice"),
        (put(B), PASSES, "the bucket's default applies"),
        (upload_part(B), PASSES, "parts have no header"),
        (LOG_PUT, PASSES, "log delivery has none either"),
        (put(B, sse="AES256"), PASSES, "names no KMS key: deny_unencrypted_uploads"),
        (put(B, sse="aws:kms"), PASSES, "names no KMS key: deny_kms_without_key"),
        (put(B, sse_c="AES256"), PASSES, "names no KMS key: deny_sse_c"),
    ],
)
row(
    "deny_wrong_kms_key",
    B,
    (KEY, OTHER_KEY),
    strict=True,
    requests=[
        (put(B), DENIED, "no header"),
        (put(B, sse="AES256"), DENIED, "no KMS key"),
        (put(B, sse="aws:kms"), DENIED, "the AWS managed key"),
        (put(B, sse_c="AES256"), DENIED, "no KMS key"),
        (LOG_PUT, DENIED, "services unless they are spared"),
        (put(B, sse="aws:kms", sse_key=KEY), PASSES, "one of the keys"),
        (put(B, sse="aws:kms", sse_key=OTHER_KEY), PASSES, "the other one"),
        (REPLICATION, PASSES, "another action"),
    ],
)
row(
    "deny_kms_without_key",
    B,
    requests=[
        (of("UpdateObjectEncryption", key="key", **{SSE: "aws:kms"}), DENIED, "in place"),
        (put(B, sse="aws:kms"), DENIED, "S3 would take the AWS managed key"),
        (put(B, sse="aws:kms:dsse"), DENIED, "the same"),
        (put(B, sse="aws:kms", sse_key=OTHER_KEY), PASSES, "names one, whichever"),
        (put(B), PASSES, "the bucket's default applies"),
        (upload_part(B), PASSES, "parts have no header"),
        (put(B, sse="AES256"), PASSES, "needs none"),
    ],
)
row(
    "deny_sse_c",
    B,
    requests=[
        (put(B, sse_c="AES256"), DENIED, "a customer's key"),
        (put(B, sse_c="AES256", **COPY), DENIED, "for a copy"),
        (put(B, sse_c="AES256", **{"s3:ObjectCreationOperation": False}), DENIED, "for a part"),
        (put(B), PASSES, "no key"),
        (put(B, sse="aws:kms"), PASSES, "a KMS key"),
        (upload_part(B), PASSES, "no header"),
    ],
)
row(
    "require_sse_c",
    B,
    except_services=True,
    requests=[
        (put(B), DENIED, "no key"),
        (put(B, sse="aws:kms"), DENIED, "a KMS key"),
        (upload_part(B), DENIED, "parts must carry the key as well"),
        (COMPLETE, DENIED, "and so must the completion"),
        (put(B, sse_c="AES256"), PASSES, "a customer's key"),
        (LOG_PUT, PASSES, "services are spared"),
        (get(), PASSES, "reading"),
    ],
)
# ------------------------------------------------------------------------------- ACLs and settings
_GRANTS = tuple(
    make.deny_public_grants(B, each) for each in ("read", "write", "read-acp", "write-acp", "full-control")
)
EVERYBODY = 'uri="http://acs.amazonaws.com/groups/global/AllUsers"'
row(
    "deny_public_acls",
    B,
    log_delivery=True,
    beside=_GRANTS,
    requests=[
        (of("PutObjectVersionAcl", key="key", **{"s3:x-amz-acl": "public-read"}), DENIED, "of a version"),
        (put(B, acl="public-read"), DENIED, "with an upload"),
        (
            of("PutObjectAcl", key="key", **{"s3:x-amz-acl": "authenticated-read"}),
            DENIED,
            "anybody with an account",
        ),
        (of("PutBucketAcl", **{"s3:x-amz-acl": "public-read-write"}), DENIED, "of the bucket"),
        (of("PutBucketAcl", **{"s3:x-amz-acl": "log-delivery-write"}), DENIED, "asked for"),
        (put(B, acl="bucket-owner-full-control"), PASSES, "the owner's"),
        (put(B), PASSES, "no ACL"),
        (upload_part(B), PASSES, "parts have none"),
        (of("PutObjectAcl", key="key"), PASSES, "an ACL in the body is not seen: deny_acl_changes"),
    ],
)
row(
    "deny_public_acls",
    B,
    beside=_GRANTS,
    requests=[
        (put(B, acl="public-read-write"), DENIED, "public"),
        (put(B, acl="public-read", **COPY), DENIED, "for a copy"),
        (of("PutBucketAcl", **{"s3:x-amz-acl": "log-delivery-write"}), PASSES, "not asked for"),
        (put(B, acl="private"), PASSES, "private"),
    ],
)
row(
    "deny_public_grants",
    B,
    "read-acp",
    beside=[make.deny_public_acls(B), *(each for each in _GRANTS if each.sid != "DenyPublicGrantsReadAcp")],
    requests=[
        (
            of("PutObjectVersionAcl", key="key", **{"s3:x-amz-grant-read-acp": EVERYBODY}),
            DENIED,
            "of a version",
        ),
        (put(B, **{"s3:x-amz-grant-read-acp": EVERYBODY}), DENIED, "everybody"),
        (
            of("PutBucketAcl", **{"s3:x-amz-grant-read-acp": f'id="ab12", {EVERYBODY}'}),
            DENIED,
            "among others",
        ),
        (
            of(
                "PutObjectAcl",
                key="key",
                **{"s3:x-amz-grant-read-acp": EVERYBODY.replace("All", "Authenticated")},
            ),
            DENIED,
            "anybody with an account",
        ),
        (put(B, **{"s3:x-amz-grant-read-acp": 'id="ab12"'}), PASSES, "one account"),
        (put(B, **{"s3:x-amz-grant-read": EVERYBODY}), PASSES, "another permission has its own statement"),
        (upload_part(B), PASSES, "no header"),
    ],
)
row(
    "deny_grants",
    B,
    "full-control",
    except_principals=ADMIN_ROLE,
    beside=[make.deny_public_acls(B), *_GRANTS],
    requests=[
        (of("PutObjectAcl", key="key", **{"s3:x-amz-grant-full-control": EVERYBODY}), DENIED, "of an object"),
        (
            of("PutObjectVersionAcl", key="key", **{"s3:x-amz-grant-full-control": EVERYBODY}),
            DENIED,
            "of a version",
        ),
        (put(B, **{"s3:x-amz-grant-full-control": 'id="ab12"'}), DENIED, "to anybody"),
        (of("PutBucketAcl", **{"s3:x-amz-grant-full-control": EVERYBODY}), DENIED, "of the bucket"),
        (put(B), PASSES, "no header"),
        (put(B, principal=ADMIN, **{"s3:x-amz-grant-full-control": 'id="ab12"'}), PASSES, "spared"),
        (upload_part(B), PASSES, "no header"),
    ],
)
row(
    "deny_acl_changes",
    B,
    except_principals=ADMIN_ROLE,
    requests=[
        (of("PutObjectAcl", key="key"), DENIED, "whatever is in the body"),
        (of("PutBucketAcl"), DENIED, "of the bucket"),
        (of("PutObjectVersionAcl", key="key"), DENIED, "of a version"),
        (put(B), PASSES, "an upload"),
        (of("PutBucketAcl", ADMIN), PASSES, "spared"),
        (of("GetObjectAcl", key="key"), PASSES, "reading"),
    ],
)
row(
    "deny_public_policies",
    B,
    ADMIN_ROLE,
    requests=[
        (of("PutBucketPolicy"), DENIED, "not an admin"),
        (of("PutBucketPublicAccessBlock"), DENIED, "what stops public policies"),
        (of("PutBucketOwnershipControls", USER), DENIED, "ACLs switched on again"),
        (of("DeleteBucketPolicy", OTHER_ACCOUNT), DENIED, "a stranger"),
        (ADMIN_POLICY, PASSES, "no lock-out"),
        (of("PutBucketPolicy", ROOT), PASSES, "the root user always may"),
        (of("GetBucketPolicy"), PASSES, "reading"),
    ],
)
row(
    "protect_bucket_policy",
    B,
    (ADMIN_ROLE, f"arn:aws:iam::{OWNER}:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Admin_*"),
    requests=[
        (of("PutBucketPolicy"), DENIED, "not an admin"),
        (of("DeleteBucketPolicy", USER), DENIED, "deleting"),
        (of("PutBucketPolicy", ANYONE), DENIED, "anonymous"),
        (ADMIN_POLICY, PASSES, "no lock-out"),
        (of("DeleteBucketPolicy", ROOT), PASSES, "the root user always may"),
        (
            of(
                "PutBucketPolicy",
                f"arn:aws:sts::{OWNER}:assumed-role/AWSReservedSSO_Admin_1a2b/me",
                **{
                    "aws:PrincipalArn": f"arn:aws:iam::{OWNER}:role/aws-reserved/sso.amazonaws.com/eu-west-1/"
                    "AWSReservedSSO_Admin_1a2b"
                },
            ),
            PASSES,
            "an admin of IAM Identity Center, whose role has a path",
        ),
        (of("PutBucketVersioning"), PASSES, "another setting"),
    ],
)
row(
    "protect_settings",
    B,
    ADMIN_ROLE,
    ("versioning", "lifecycle"),
    requests=[
        (of("PutBucketVersioning"), DENIED, "not an admin"),
        (of("PutLifecycleConfiguration", USER), DENIED, "expiry is deletion"),
        (of("PutBucketVersioning", ADMIN), PASSES, "an admin"),
        (of("PutBucketPolicy"), PASSES, "not named"),
        (of("GetBucketVersioning"), PASSES, "reading"),
    ],
)
# ------------------------------------------------------------------------------------------- perimeter
row(
    "only_vpc_endpoints",
    B,
    VPCE,
    vpcs=OTHER_VPC,
    except_principals=ADMIN_ROLE,
    requests=[
        (get(), DENIED, "from the internet"),
        (through_endpoint(get(), OTHER_VPCE), DENIED, "through another endpoint"),
        (of("ListBucket"), DENIED, "listing"),
        (get(who=ANYONE), DENIED, "anonymous"),
        (of("DeleteObjectVersion", key="key"), DENIED, "deleting"),
        (through_endpoint(get(), VPCE), PASSES, "through the endpoint"),
        (through_endpoint(put(B), OTHER_VPCE, OTHER_VPC), PASSES, "from the VPC"),
        (ADMIN_POLICY, PASSES, "no lock-out"),
        (of("PutBucketPolicy"), PASSES, "settings are not meant"),
        (LOG_PUT, PASSES, "log delivery"),
        (CLOUDFRONT_GET, PASSES, "CloudFront"),
        (with_context(get(), VIA), PASSES, "a service with the caller's permissions"),
        (get(who=ADMIN), PASSES, "break-glass"),
        (REPLICATION, PASSES, "replication"),
    ],
)
row(
    "only_vpc_endpoints",
    B,
    VPCE,
    except_services=False,
    findings=("endpoint-cuts-off-services",),  # just what was asked for
    requests=[
        (CLOUDFRONT_GET, DENIED, "services as well"),
        (get(who=ADMIN), DENIED, "nobody is spared"),
        (through_endpoint(get(), VPCE), PASSES, "through the endpoint"),
        (ADMIN_POLICY, PASSES, "no lock-out"),
    ],
)
row(
    "only_ip_ranges",
    B,
    ("203.0.113.0/24", "2001:db8:1234::/48"),
    vpc_endpoints=VPCE,
    except_principals=ADMIN_ROLE,
    requests=[
        (of("ListBucket"), DENIED, "listing"),
        (get(), DENIED, "another address"),
        (put(B, **{"aws:SourceIp": "2001:db8:9999::1"}), DENIED, "another IPv6 address"),
        (through_endpoint(get(), OTHER_VPCE), DENIED, "an endpoint that is not named"),
        (get(who=ANYONE), DENIED, "anonymous"),
        (get(aws_SourceIp="203.0.113.9"), PASSES, "from the range"),
        (get(aws_SourceIp="2001:db8:1234::7"), PASSES, "from the IPv6 range"),
        (through_endpoint(get(), VPCE), PASSES, "no address, but the endpoint"),
        (LOG_PUT, PASSES, "a service has no address"),
        (with_context(get(), VIA), PASSES, "a service with the caller's permissions"),
        (ADMIN_POLICY, PASSES, "no lock-out"),
        (get(who=ADMIN), PASSES, "break-glass"),
    ],
)
row(
    "only_ip_ranges",
    B,
    "203.0.113.0/24",
    no_endpoints=True,
    actions=("s3:GetObject", "s3:ListBucket"),
    findings=("source-ip-denies-endpoints",),  # just what was asked for
    requests=[
        (get(), DENIED, "another address"),
        (through_endpoint(get(aws_SourceIp="203.0.113.9"), VPCE), DENIED, "no endpoint, as was said"),
        (get(aws_SourceIp="203.0.113.9"), PASSES, "from the range"),
        (put(B), PASSES, "an action that is not named"),
        (CLOUDFRONT_GET, PASSES, "a service"),
    ],
)
row(
    "only_organization",
    B,
    ORG,
    accounts=STRANGER,
    requests=[
        (of("ListBucket"), DENIED, "listing"),
        (with_context(get(), VIA), PASSES, "a service with the caller's permissions"),
        (get(), DENIED, "no organization"),
        (get(aws_PrincipalOrgID="o-zzzzzzzzzz"), DENIED, "another organization"),
        (get(who=ANYONE), DENIED, "anonymous"),
        (get(aws_PrincipalOrgID=ORG), PASSES, "of the organization"),
        (get(who=OTHER_ACCOUNT), PASSES, "an account that is named"),
        (LOG_PUT, PASSES, "a service"),
        (ADMIN_POLICY, PASSES, "no lock-out"),
    ],
)
_FOREIGN = from_service(
    put(B), "cloudtrail.amazonaws.com", arn=TRAIL.replace(OWNER, "999999999999"), account="999999999999"
)
row(
    "only_organization_services",
    B,
    ORG,
    accounts=STRANGER,
    requests=[
        (replace(_FOREIGN, action="s3:ListBucket", resource=bucket_arn(B)), DENIED, "listing as well"),
        (get(aws_SourceAccount="999999999999"), PASSES, "a role, whatever its request tells of a source"),
        (_FOREIGN, DENIED, "a service that works for somebody else"),
        (with_context(_FOREIGN, {"aws:SourceOrgID": "o-zzzzzzzzzz"}), DENIED, "for another organization"),
        (with_context(_FOREIGN, {"aws:SourceOrgID": ORG}), PASSES, "for the organization"),
        (with_context(_FOREIGN, {"aws:SourceAccount": STRANGER}), PASSES, "for an account that is named"),
        (with_context(_FOREIGN, {"aws:SourceAccount": None}), PASSES, "for nobody it tells of"),
        (get(), PASSES, "no service"),
        (ADMIN_POLICY, PASSES, "no lock-out"),
    ],
)
# ------------------------------------------------------------------------- deleting and overwriting
MFA = {"aws:MultiFactorAuthPresent": True, "aws:MultiFactorAuthAge": 60}
row(
    "require_mfa_for_delete",
    B,
    requests=[
        (of("DeleteObject", USER, "key"), DENIED, "long-term keys have no such key in the context"),
        (
            of("DeleteObjectVersion", key="key", **{"aws:MultiFactorAuthPresent": False}),
            DENIED,
            "a session without",
        ),
        (of("DeleteObjectVersion", key="key", **MFA), PASSES, "a second factor"),
        (put(B), PASSES, "overwriting"),
        (of("ReplicateDelete", key="key"), PASSES, "replication"),
    ],
)
row(
    "require_mfa_for_delete",
    B,
    max_age=3600,
    except_principals=ADMIN_ROLE,
    requests=[
        (of("DeleteObject", USER, "key"), DENIED, "no second factor, no age"),
        (of("DeleteObject", key="key", **{**MFA, "aws:MultiFactorAuthAge": 3601}), DENIED, "too long ago"),
        (of("DeleteObject", key="key", **{**MFA, "aws:MultiFactorAuthAge": 3600}), PASSES, "just now enough"),
        (of("DeleteObject", ADMIN, "key"), PASSES, "spared"),
    ],
)
row(
    "deny_deletes",
    B,
    except_principals=ADMIN_ROLE,
    requests=[
        (of("DeleteObject", key="key"), DENIED, "a delete marker"),
        (of("DeleteObjectVersion", USER, "key"), DENIED, "for good"),
        (of("DeleteObjectVersion", ADMIN, "key"), PASSES, "spared"),
        (put(B), PASSES, "overwriting"),
    ],
)
row(
    "deny_deletes",
    B,
    versions_only=True,
    requests=[
        (of("DeleteObjectVersion", key="key"), DENIED, "for good"),
        (of("DeleteObjectVersion", ADMIN, "key"), DENIED, "nobody is spared"),
        (of("DeleteObject", key="key"), PASSES, "a delete marker"),
        (of("AbortMultipartUpload", key="key"), PASSES, "no object"),
    ],
)
row(
    "require_if_none_match",
    B,
    prefix="records/",
    except_principals=ADMIN_ROLE,
    requests=[
        (put(B, "records/1"), DENIED, "no header"),
        (put(B, "records/1", **COPY), DENIED, "a copy without"),
        (LOG_PUT, PASSES, "another prefix"),
        (put(B, "records/1", **{"s3:if-none-match": "*"}), PASSES, "asks not to overwrite"),
        (upload_part(B, "records/1"), PASSES, "a part creates nothing"),
        (put(B, "other"), PASSES, "another prefix"),
        (put(B, "records/1", ADMIN), PASSES, "spared"),
    ],
)
# ----------------------------------------------------------------------------------------- Object Lock
_LEFT = "s3:object-lock-remaining-retention-days"
row(
    "deny_governance_bypass",
    B,
    except_principals=ADMIN_ROLE,
    requests=[
        (of("BypassGovernanceRetention", key="key"), DENIED, "anybody"),
        (of("BypassGovernanceRetention", USER, "key"), DENIED, "a user"),
        (of("BypassGovernanceRetention", ADMIN, "key"), PASSES, "spared"),
        (of("DeleteObjectVersion", key="key"), PASSES, "without the bypass"),
    ],
)
row(
    "deny_short_retention",
    B,
    30,
    requests=[
        (of("PutObjectRetention", key="key", **{_LEFT: 29}), DENIED, "too short"),
        (put(B, **{_LEFT: 1}), DENIED, "with an upload"),
        (of("PutObjectRetention", key="key", **{_LEFT: 30}), PASSES, "long enough"),
        (put(B), PASSES, "the default retention applies"),
        (upload_part(B), PASSES, "parts have no header"),
    ],
)
row(
    "deny_long_retention",
    B,
    365,
    requests=[
        (of("PutObjectRetention", key="key", **{_LEFT: 366}), DENIED, "too long"),
        (put(B, **{_LEFT: 36_500}), DENIED, "with an upload"),
        (put(B, **{_LEFT: 365}), PASSES, "short enough"),
        (put(B), PASSES, "the default retention applies"),
    ],
)
row(
    "require_retention_mode",
    B,
    requests=[
        (
            of("PutObjectRetention", key="key", **{"s3:object-lock-mode": "GOVERNANCE"}),
            DENIED,
            "can be bypassed",
        ),
        (put(B, **{"s3:object-lock-mode": "GOVERNANCE"}), DENIED, "with an upload"),
        (put(B, **{"s3:object-lock-mode": "COMPLIANCE"}), PASSES, "the mode"),
        (put(B), PASSES, "the default mode applies"),
        (upload_part(B), PASSES, "parts have no header"),
    ],
)
row(
    "deny_legal_hold_changes",
    B,
    ADMIN_ROLE,
    release_only=True,
    requests=[
        (of("PutObjectLegalHold", key="key", **{"s3:object-lock-legal-hold": "OFF"}), DENIED, "released"),
        (of("PutObjectLegalHold", USER, "key", **{"s3:object-lock-legal-hold": "OFF"}), DENIED, "by a user"),
        (of("PutObjectLegalHold", key="key", **{"s3:object-lock-legal-hold": "ON"}), PASSES, "set"),
        (
            of("PutObjectLegalHold", ADMIN, "key", **{"s3:object-lock-legal-hold": "OFF"}),
            PASSES,
            "by an admin",
        ),
    ],
)
row(
    "deny_legal_hold_changes",
    B,
    ADMIN_ROLE,
    requests=[
        (of("PutObjectLegalHold", key="key", **{"s3:object-lock-legal-hold": "ON"}), DENIED, "set"),
        (of("PutObjectLegalHold", USER, "key"), DENIED, "whichever"),
        (of("PutObjectLegalHold", ADMIN, "key"), PASSES, "an admin"),
        (put(B, **{"s3:object-lock-legal-hold": "ON"}), PASSES, "with an upload"),
    ],
)
row(
    "protect_object_lock",
    B,
    ADMIN_ROLE,
    requests=[
        (of("PutBucketObjectLockConfiguration"), DENIED, "not an admin"),
        (of("PutBucketObjectLockConfiguration", USER), DENIED, "a user"),
        (of("PutBucketObjectLockConfiguration", ADMIN), PASSES, "an admin"),
        (of("PutObjectRetention", key="key"), PASSES, "single objects"),
    ],
)
# -------------------------------------------------------------------------------------------------- grants
row(
    "allow_read",
    B,
    prefix="home/${aws:username}/",
    account=OWNER,
    requests=[
        (get("home/alice/x", USER), ALLOWED, "her own"),
        (of("GetObject", USER, "home/alice/"), ALLOWED, "the folder's own object"),
        (get("home/bob/x", USER), NOT, "somebody else's"),
        (get("home/alice2/x", USER), NOT, "begins the same"),
        (get("home/alice/x"), NOT, "a session has no user name"),
        (of("GetObjectVersion", USER, "home/alice/x"), NOT, "versions are not asked for"),
        (replace(get("home/alice/x", USER), resource_account=STRANGER), NOT, "a bucket of another account"),
    ],
)
row(
    "allow_read",
    B,
    APP_ROLE,
    versions=True,
    requests=[
        (get(), ALLOWED, "the role"),
        (of("GetObjectVersion", key="key"), ALLOWED, "versions"),
        (get(who=USER), NOT, "another principal"),
        (get(who=ANYONE), NOT, "anonymous"),
        (of("ListBucket"), NOT, "listing"),
    ],
)
row(
    "allow_read",
    POINT,
    APP_ROLE,
    prefix="data/",
    requests=[
        (at_point("GetObject", "data/x"), ALLOWED, "through the access point"),
        (at_point("GetObject", "data/a/b"), ALLOWED, "deeper"),
        (at_point("GetObject", "other"), NOT, "another prefix"),
        (get("data/x"), NOT, "the bucket itself"),
    ],
)
row(
    "allow_write",
    B,
    prefix="${aws:PrincipalTag/team}/",
    requests=[
        (
            of("ListMultipartUploadParts", key="red/x", **{"aws:PrincipalTag/team": "red"}),
            ALLOWED,
            "to go on",
        ),
        (put(B, "red/x", **{"aws:PrincipalTag/team": "red"}), ALLOWED, "the team's"),
        (with_context(upload_part(B, "red/x"), {"aws:PrincipalTag/team": "red"}), ALLOWED, "in parts"),
        (of("AbortMultipartUpload", key="red/x", **{"aws:PrincipalTag/team": "red"}), ALLOWED, "given up"),
        (put(B, "blue/x", **{"aws:PrincipalTag/team": "red"}), NOT, "another team's"),
        (put(B, "red/x"), NOT, "no tag"),
        (put(B, "red/x", **{"aws:PrincipalTag/team": "*"}), NOT, "a star in a tag is a star"),
        (of("DeleteObject", key="red/x", **{"aws:PrincipalTag/team": "red"}), NOT, "deleting"),
        (of("PutObjectAcl", key="red/x", **{"aws:PrincipalTag/team": "red"}), NOT, "ACLs"),
    ],
)
row(
    "allow_delete",
    B,
    APP_ROLE,
    prefix="tmp/",
    requests=[
        (of("DeleteObject", USER, "tmp/x"), NOT, "another principal"),
        (of("DeleteObject", key="tmp/x"), ALLOWED, "its own"),
        (of("DeleteObject", key="tmp/a/b"), ALLOWED, "deeper"),
        (of("DeleteObjectVersion", key="tmp/x"), NOT, "for good"),
        (of("DeleteObject", key="x"), NOT, "another prefix"),
    ],
)
row(
    "allow_list",
    B,
    prefix="home/${aws:username}/",
    folder_itself=True,
    requests=[
        (of("ListBucket", USER, **{"s3:prefix": "home/alice/"}), ALLOWED, "the folder"),
        (of("ListBucket", USER, **{"s3:prefix": "home/alice/2026"}), ALLOWED, "deeper"),
        (of("ListBucket", USER, **{"s3:prefix": "home/alice"}), ALLOWED, "without the slash, as asked for"),
        (of("ListBucket", USER, **{"s3:prefix": "home/"}), NOT, "everybody's"),
        (of("ListBucket", USER), NOT, "no prefix"),
        (of("ListBucket", USER, **{"s3:prefix": "home/*/"}), NOT, "a star is a star"),
        (of("ListBucket", **{"s3:prefix": "home/alice/"}), NOT, "a session has no user name"),
    ],
)
row(
    "allow_list",
    B,
    APP_ROLE,
    versions=True,
    requests=[
        (of("ListBucket"), ALLOWED, "everything"),
        (of("ListBucketVersions"), ALLOWED, "versions"),
        (get(), NOT, "reading"),
        (of("ListBucket", USER), NOT, "another principal"),
    ],
)
row(
    "cross_account_read",
    B,
    OTHER_ROLE,
    prefix="shared/",
    organization=ORG,
    requests=[
        (get("shared/x", OTHER_ACCOUNT, aws_PrincipalOrgID=ORG), ALLOWED, "a session of the role"),
        (get("shared/a/b", OTHER_ROLE, aws_PrincipalOrgID=ORG), ALLOWED, "the role"),
        (get("shared/x", OTHER_ACCOUNT), NOT, "not of the organization any more"),
        (get("other", OTHER_ACCOUNT, aws_PrincipalOrgID=ORG), NOT, "another prefix"),
        (
            get("shared/x", f"arn:aws:iam::{STRANGER}:user/bob", aws_PrincipalOrgID=ORG),
            NOT,
            "another principal",
        ),
    ],
)
row(
    "cross_account_write",
    B,
    STRANGER,
    requests=[
        (of("AbortMultipartUpload", OTHER_ACCOUNT, "key"), ALLOWED, "given up"),
        (of("ListMultipartUploadParts", OTHER_ACCOUNT, "key"), ALLOWED, "to go on"),
        (put(B, principal=OTHER_ACCOUNT), ALLOWED, "whomever that account lets"),
        (upload_part(B, principal=OTHER_ACCOUNT), ALLOWED, "in parts, which carry no ACL"),
        (put(B), NOT, "this account is not meant"),
        (get(who=OTHER_ACCOUNT), NOT, "reading"),
        (of("PutObjectAcl", OTHER_ACCOUNT, "key"), NOT, "ACLs"),
    ],
)
_THROUGH = {"s3:DataAccessPointAccount": OWNER, "s3:AccessPointNetworkOrigin": "VPC"}
row(
    "delegate_to_access_points",
    B,
    OWNER,
    vpc_only=True,
    requests=[
        (of("GetObject", key="key", **_THROUGH), ALLOWED, "through an access point"),
        (of("ListBucket", **_THROUGH), ALLOWED, "the bucket, too"),
        (get(), NOT, "the bucket itself"),
        (get(who=ANYONE), NOT, "anonymous"),
        (
            of("GetObject", key="key", **{**_THROUGH, "s3:DataAccessPointAccount": STRANGER}),
            NOT,
            "a stranger's",
        ),
        (
            of("GetObject", key="key", **{**_THROUGH, "s3:AccessPointNetworkOrigin": "Internet"}),
            NOT,
            "no VPC",
        ),
    ],
)
_RED = {"s3:ExistingObjectTag/team": "red", "aws:PrincipalTag/team": "red"}
row(
    "allow_read_by_tag",
    B,
    "team",
    requests=[
        (of("GetObject", key="key", **_RED), ALLOWED, "the same tag"),
        (of("GetObjectVersion", key="key", **_RED), ALLOWED, "an older version"),
        (of("GetObject", key="key", **{**_RED, "aws:PrincipalTag/team": "blue"}), NOT, "another team"),
        (get(**{"aws_PrincipalTag/team": "red"}), NOT, "no tag on the object"),
        (get(**{"s3_ExistingObjectTag/team": "red"}), NOT, "no tag on the caller"),
    ],
)
row(
    "deny_read_without_tag",
    B,
    "team",
    except_principals=ADMIN_ROLE,
    requests=[
        (of("GetObjectVersion", key="key"), DENIED, "an older version"),
        (of("GetObject", key="key", **{**_RED, "aws:PrincipalTag/team": "blue"}), DENIED, "another team"),
        (get(**{"aws_PrincipalTag/team": "red"}), DENIED, "no tag on the object"),
        (get(**{"s3_ExistingObjectTag/team": "red"}), DENIED, "no tag on the caller"),
        (of("GetObject", key="key", **_RED), PASSES, "the same tag"),
        (get(who=ADMIN), PASSES, "spared"),
        (put(B), PASSES, "writing"),
    ],
)
row(
    "deny_tag_changes",
    B,
    except_principals=ADMIN_ROLE,
    requests=[
        (of("DeleteObjectVersionTagging", key="key"), DENIED, "removed from a version"),
        (of("PutObjectTagging", key="key"), DENIED, "set"),
        (of("DeleteObjectTagging", USER, "key"), DENIED, "removed"),
        (of("PutObjectVersionTagging", key="key"), DENIED, "of a version"),
        (of("PutObjectTagging", ADMIN, "key"), PASSES, "spared"),
        (put(B), PASSES, "an upload without tags"),
    ],
)
# -------------------------------------------------------------------------------------- services of AWS
row(
    "allow_cloudfront",
    B,
    (DISTRIBUTION, DISTRIBUTION.replace("EDFDVBD6", "E1")),
    put=True,
    requests=[
        (service(get(), "cloudfront", DISTRIBUTION.replace("EDFDVBD6", "E1")), ALLOWED, "the other one"),
        (CLOUDFRONT_GET, ALLOWED, "the distribution"),
        (service(put(B), "cloudfront", DISTRIBUTION), ALLOWED, "uploads of viewers"),
        (service(get(), "cloudfront", OTHER_DISTRIBUTION), NOT, "a stranger's distribution"),
        (service(get(), "cloudfront"), NOT, "no distribution"),
        (service(get(), "lambda", DISTRIBUTION), NOT, "another service"),
        (get(who=ANYONE), NOT, "viewers at S3 itself"),
    ],
)
row(
    "only_cloudfront",
    B,
    DISTRIBUTION,
    except_principals=ADMIN_ROLE,
    beside=[make.allow_cloudfront(B, DISTRIBUTION)],
    requests=[
        (of("GetObjectVersion", key="key"), DENIED, "an older version"),
        (get(who=ANYONE), DENIED, "viewers at S3 itself"),
        (get(), DENIED, "a role"),
        (service(get(), "cloudfront", OTHER_DISTRIBUTION), DENIED, "a stranger's distribution"),
        (CLOUDFRONT_GET, PASSES, "the distribution"),
        (get(who=ADMIN), PASSES, "spared"),
        (put(B), PASSES, "uploads"),
        (ADMIN_POLICY, PASSES, "no lock-out"),
        (of("GetObjectVersionForReplication", key="key"), PASSES, "replication"),
    ],
)
SOURCE = bucket_arn("amzn-s3-demo-source-bucket")
row(
    "allow_log_delivery",
    B,
    "amzn-s3-demo-source-bucket",
    OWNER,
    prefix="logs/",
    requests=[
        (replace(LOG_PUT, principal=APP), NOT, "a role that tells of the same source"),
        (LOG_PUT, ALLOWED, "the logs of the bucket"),
        (service(put(B, "logs/2026/x"), "logging.s3", SOURCE), ALLOWED, "partitioned"),
        (service(put(B, "logs/x"), "logging.s3", bucket_arn(B)), NOT, "another bucket's"),
        (service(put(B, "logs/x"), "logging.s3", SOURCE, STRANGER), NOT, "another account"),
        (service(put(B, "x"), "logging.s3", SOURCE), NOT, "another prefix"),
        (put(B, "logs/x"), NOT, "a role"),
    ],
)
_REPORT = put(B, "inventory/x", acl="bucket-owner-full-control")
row(
    "allow_inventory",
    B,
    "amzn-s3-demo-source-bucket",
    OWNER,
    requests=[
        (replace(service(_REPORT, "s3", SOURCE), principal=APP), NOT, "a role that tells of the same source"),
        (service(_REPORT, "s3", SOURCE), ALLOWED, "the report"),
        (service(put(B, "x", acl="bucket-owner-full-control"), "s3", SOURCE), ALLOWED, "wherever"),
        (service(_REPORT, "s3", bucket_arn(LOGS)), NOT, "another bucket's"),
        (service(_REPORT, "s3", SOURCE, STRANGER), NOT, "another account"),
        (service(put(B, "x"), "s3", SOURCE), NOT, "an object that is not the bucket owner's"),
    ],
)
_ALB = f"arn:aws:elasticloadbalancing:eu-west-1:{OWNER}:loadbalancer/app/web/1a2b"
_ALB_LOG = put(B, f"alb/AWSLogs/{OWNER}/elasticloadbalancing/x")
row(
    "allow_load_balancer_logs",
    B,
    OWNER,
    "eu-west-1",
    prefix="alb/",
    requests=[
        (
            replace(service(_ALB_LOG, "logdelivery.elasticloadbalancing", _ALB), principal=APP),
            NOT,
            "a role that tells of the same source",
        ),
        (
            service(_ALB_LOG, "logdelivery.elasticloadbalancing", _ALB),
            ALLOWED,
            "an application load balancer",
        ),
        (
            service(_ALB_LOG, "logdelivery.elasticloadbalancing", _ALB.replace("app/web/1a2b", "classic")),
            ALLOWED,
            "a classic one",
        ),
        (
            service(_ALB_LOG, "logdelivery.elasticloadbalancing", _ALB.replace(OWNER, STRANGER)),
            NOT,
            "a stranger's",
        ),
        (service(_ALB_LOG, "logdelivery.elasticloadbalancing"), NOT, "of none that it tells"),
        (service(put(B, "x"), "logdelivery.elasticloadbalancing", _ALB), NOT, "another prefix"),
    ],
)
_FLOW = f"arn:aws:logs:eu-west-1:{OWNER}:delivery-source:x"
_FLOW_LOG = put(B, f"AWSLogs/{OWNER}/vpcflowlogs/x", acl="bucket-owner-full-control")
row(
    "allow_log_service_write",
    B,
    OWNER,
    "eu-west-1",
    requests=[
        (
            replace(service(_FLOW_LOG, "delivery.logs", _FLOW), principal=APP),
            NOT,
            "a role that tells of the same source",
        ),
        (
            service(with_context(_FLOW_LOG, {"s3:x-amz-acl": None}), "delivery.logs", _FLOW),
            NOT,
            "not the owner's",
        ),
        (service(_FLOW_LOG, "delivery.logs", _FLOW), ALLOWED, "flow logs"),
        (
            service(_FLOW_LOG, "delivery.logs", f"arn:aws:logs:eu-west-1:{OWNER}:*"),
            ALLOWED,
            "as the page has it",
        ),
        (service(_FLOW_LOG, "delivery.logs", _FLOW.replace(OWNER, STRANGER)), NOT, "a stranger's"),
        (service(_FLOW_LOG, "delivery.logs", _FLOW, STRANGER), NOT, "for a stranger"),
        (service(_FLOW_LOG, "delivery.logs", _FLOW.replace("eu-west-1", "us-east-1")), NOT, "another region"),
        (_FLOW_LOG, NOT, "a role"),
    ],
)
row(
    "allow_log_service_acl_check",
    B,
    OWNER,
    "eu-west-1",
    requests=[
        (
            replace(service(of("GetBucketAcl"), "delivery.logs", _FLOW), principal=APP),
            NOT,
            "a role that tells of the same source",
        ),
        (
            service(of("GetBucketAcl"), "delivery.logs", _FLOW.replace("eu-west-1", "us-east-1")),
            NOT,
            "another region",
        ),
        (service(of("GetBucketAcl"), "delivery.logs", _FLOW), ALLOWED, "before it delivers"),
        (
            service(of("GetBucketAcl"), "delivery.logs", _FLOW.replace("source:x", "source:y")),
            ALLOWED,
            "another one",
        ),
        (service(of("GetBucketAcl"), "delivery.logs", _FLOW, STRANGER), NOT, "for a stranger"),
        (service(of("PutBucketAcl"), "delivery.logs", _FLOW), NOT, "changing it"),
        (of("GetBucketAcl"), NOT, "a role"),
    ],
)
_TRAIL_LOG = put(B, f"trail/AWSLogs/{OWNER}/CloudTrail/x", acl="bucket-owner-full-control")
_ORG_LOG = put(B, f"trail/AWSLogs/{ORG}/{STRANGER}/CloudTrail/x", acl="bucket-owner-full-control")
row(
    "allow_cloudtrail_write",
    B,
    TRAIL,
    prefix="trail/",
    organization=ORG,
    requests=[
        (
            replace(service(_TRAIL_LOG, "cloudtrail", TRAIL), principal=APP),
            NOT,
            "a role that tells of the same source",
        ),
        (
            service(with_context(_TRAIL_LOG, {"s3:x-amz-acl": None}), "cloudtrail", TRAIL),
            NOT,
            "not the owner's",
        ),
        (service(_TRAIL_LOG, "cloudtrail", TRAIL), ALLOWED, "the trail"),
        (service(_ORG_LOG, "cloudtrail", TRAIL), ALLOWED, "another account of the organization"),
        (service(_TRAIL_LOG, "cloudtrail", TRAIL.replace("main", "other")), NOT, "another trail"),
        (service(_TRAIL_LOG, "cloudtrail", TRAIL.replace(OWNER, STRANGER)), NOT, "a stranger's"),
        (service(put(B, "x", acl="bucket-owner-full-control"), "cloudtrail", TRAIL), NOT, "another prefix"),
        (_TRAIL_LOG, NOT, "a role"),
    ],
)
row(
    "allow_cloudtrail_acl_check",
    B,
    TRAIL,
    requests=[
        (
            replace(service(of("GetBucketAcl"), "cloudtrail", TRAIL), principal=APP),
            NOT,
            "a role that tells of the same source",
        ),
        (service(of("GetBucketAcl"), "cloudtrail", TRAIL), ALLOWED, "before it delivers"),
        (service(of("GetBucketAcl"), "cloudtrail", TRAIL, None), ALLOWED, "whatever the account"),
        (service(of("GetBucketAcl"), "cloudtrail", TRAIL.replace("main", "other")), NOT, "another trail"),
        (service(put(B), "cloudtrail", TRAIL), NOT, "writing"),
    ],
)
# -------------------------------------------------------------------------------------------------- KMS
row(
    "allow_key_use",
    KEY,
    B,
    kind="identity",
    requests=[
        (kms(), ALLOWED, "reading with a bucket key"),
        (kms("kms:GenerateDataKey", context=bucket_arn(B, "key")), ALLOWED, "writing without a bucket key"),
        (kms(context=bucket_arn(LOGS)), NOT, "another bucket"),
        (kms(via=None), NOT, "KMS called directly"),
        (kms(via="s3.us-east-1.amazonaws.com"), NOT, "another region"),
        (kms(key=OTHER_KEY), NOT, "another key"),
        (kms("kms:ScheduleKeyDeletion"), NOT, "administration"),
    ],
)
row(
    "key_enable_iam",
    OWNER,
    kind="key",
    requests=[
        (kms(via=None), ALLOWED, "whomever the account's policies let"),
        (kms("kms:ScheduleKeyDeletion", ROOT), ALLOWED, "the root user"),
        (kms(who=OTHER_ACCOUNT), NOT, "another account"),
        (kms(who=ANYONE), NOT, "anonymous"),
    ],
)
row(
    "key_allow_use",
    (APP_ROLE, OTHER_ROLE),
    "eu-west-1",
    B,
    write=False,
    kind="key",
    beside=[make.key_enable_iam(OWNER)],
    requests=[
        (kms(), ALLOWED, "the role"),
        (kms(who=OTHER_ACCOUNT, context=bucket_arn(B, "x")), ALLOWED, "another account's role"),
        (kms("kms:GenerateDataKey"), NOT, "writing is not asked for"),
        (kms(who=USER), NOT, "another principal"),
        (kms(via=None), NOT, "KMS called directly"),
        (kms(context=bucket_arn(LOGS)), NOT, "another bucket"),
    ],
)
row(
    "key_allow_cloudfront",
    DISTRIBUTION,
    kind="key",
    beside=[make.key_enable_iam(OWNER)],
    requests=[
        (
            replace(service(kms(), "cloudfront", DISTRIBUTION), principal=APP),
            NOT,
            "a role that tells of the same source",
        ),
        (service(kms(), "cloudfront", DISTRIBUTION), ALLOWED, "the distribution"),
        (service(kms(via=None), "cloudfront", DISTRIBUTION), ALLOWED, "however it calls"),
        (service(kms(), "cloudfront", OTHER_DISTRIBUTION), NOT, "a stranger's"),
        (service(kms("kms:GenerateDataKey"), "cloudfront", DISTRIBUTION), NOT, "uploads are not asked for"),
        (kms(), NOT, "a role"),
    ],
)

REQUESTS = [
    pytest.param(each, request, wanted, id=f"{each.builder}-{wanted}-{why}")
    for each in TABLE
    for request, wanted, why in each.requests
]
IDS = [f"{number}-{each.builder}" for number, each in enumerate(TABLE)]


def outcome(statement, request):
    """What the statement for itself does to the request."""
    if statement.effect == "Allow":
        truth, _ = statement.truth(request, named=statement.principals is not None)
        return {True: ALLOWED, False: NOT, None: "unknown"}[truth]
    decision = evaluate(request, resource_policy=Policy.of(statement))
    return {"explicitly_denied": DENIED, "unknown": "unknown"}.get(decision.outcome, PASSES)


@pytest.mark.parametrize(("row", "request_", "wanted"), [pytest.param(*p.values, id=p.id) for p in REQUESTS])
def test_the_statement_does_to_the_request_what_the_table_says(row, request_, wanted):
    """Each request of the table is denied, passes, is allowed or is not, as its row says."""
    assert outcome(row.statement, request_) == wanted


def test_every_builder_is_in_the_table():
    """No public builder is without requests that show what it does."""
    assert {each.builder for each in TABLE} == set(make.__all__)
    assert all(callable(getattr(make, name)) for name in make.__all__)


@pytest.mark.parametrize("row", TABLE, ids=IDS)
def test_every_row_shows_both_sides(row):
    """At least two requests come out one way and two the other, and no why is empty."""
    wanted = [each for _, each, _ in row.requests]
    ways = (DENIED, PASSES) if row.statement.effect == "Deny" else (ALLOWED, NOT)
    assert all(wanted.count(way) >= 2 for way in ways)
    assert set(wanted) <= set(ways)
    assert all(why for _, _, why in row.requests)


@pytest.mark.parametrize("row", TABLE, ids=IDS)
def test_the_statement_is_well_formed_and_survives_text(row):
    """A built statement has no problems, a plain Sid, and is the same when its policy is printed and read."""
    statement = row.statement
    assert statement.problems == ()
    assert statement.sid.isalnum()
    assert statement.sid.isascii()
    assert "NotPrincipal" not in statement.raw
    assert statement.effect == "Allow" or statement.raw["Principal"] == "*"
    policy = Policy.of(statement)
    assert Policy.parse(policy.to_json()) == policy
    assert policy.problems == ()


@pytest.mark.parametrize("row", TABLE, ids=IDS)
def test_the_linter_has_nothing_against_it(row):
    """A built statement, beside those it belongs to, lints without a finding but for what was asked for."""
    findings = lint(Policy.of(row.statement, *row.beside), kind=row.kind)
    assert [str(each) for each in findings if each.rule not in row.findings] == []


def without_a_part(raw):
    """The statement without one action, resource, condition or value, or with everybody as principal."""
    for name in ("Action", "Resource"):
        yield from ((f"{name} {each}", changed) for each, changed in shorter(raw, (name,), raw[name]))
    for operator, keys in raw.get("Condition", {}).items():
        for key, values in keys.items():
            left = {other: value for other, value in keys.items() if other != key}
            conditions = {**raw["Condition"], operator: left}
            yield (
                f"{operator} {key}",
                {**raw, "Condition": {name: each for name, each in conditions.items() if each}},
            )
            for each, changed in shorter(raw, ("Condition", operator, key), values):
                yield f"{operator} {key} {each}", changed
    if raw.get("Principal", "*") not in ("*", {"AWS": "*"}):
        yield "Principal", {**raw, "Principal": "*"}


def shorter(raw, path, values):
    """The object, with each of several values left out at that path."""
    for each in values if isinstance(values, list) else ():
        changed = copy.deepcopy(raw)
        place = changed
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = [value for value in values if value != each]
        yield each, changed


@pytest.mark.parametrize("builder", make.__all__)
def test_every_part_of_a_statement_matters_to_some_request(builder):
    """Whichever part of a statement were missing, a request of the table would come out otherwise."""
    noticed, parts = set(), set()
    for each in TABLE:
        if each.builder == builder:
            for part, changed in without_a_part(dict(each.statement.raw)):
                parts.add(part)
                mutant = Statement(changed)
                if any(outcome(mutant, request) != wanted for request, wanted, _ in each.requests):
                    noticed.add(part)
    data = {f"Action {action}" for action in DATA_ACTIONS}  # in the test below
    assert parts - noticed - data == set()


@pytest.mark.parametrize(
    "build",
    [
        lambda: make.only_vpc_endpoints(B, VPCE),
        lambda: make.only_ip_ranges(B, "203.0.113.0/24", vpc_endpoints=VPCE),
        lambda: make.only_organization(B, ORG),
    ],
)
def test_a_perimeter_is_around_the_data_and_not_around_settings_and_replication(build):
    """Every action on objects and every listing is denied from outside; settings and replication are not."""
    policy = Policy.of(build())
    spared = {"GetObjectVersionForReplication", "ReplicateObject", "ReplicateDelete", "ReplicateTags"}
    for action in (*OBJECT_ACTIONS, *spared):
        request = of(action, key="key")
        assert (evaluate(request, resource_policy=policy).outcome == "explicitly_denied") == (
            action not in spared
        )
    for action in ("ListBucket", "ListBucketVersions", "ListBucketMultipartUploads"):
        assert evaluate(of(action), resource_policy=policy).outcome == "explicitly_denied"
    for action in (
        "PutBucketPolicy",
        "GetBucketPolicy",
        "PutBucketVersioning",
        "DeleteBucket",
        "GetBucketLocation",
    ):
        assert evaluate(of(action), resource_policy=policy).outcome != "explicitly_denied"


def test_every_builder_says_what_passes_and_where_it_is_from():
    """The docstring of each builder says what it leaves alone and names the page of AWS."""
    for name in make.__all__:
        builder = getattr(make, name)
        told = builder.__doc__ or ""
        assert "Passes" in told or "Does not allow" in told, name
        assert "Source: " in told, name
        assert "sid" in inspect.signature(builder).parameters


def test_builders_have_default_sids_of_their_own():
    """Two builders never have the same Sid by default, so that any of them can stand in one policy."""
    sids = {}
    for each in TABLE:
        sids.setdefault(each.statement.sid, set()).add(each.builder)
    assert [names for names in sids.values() if len(names) > 1] == []
