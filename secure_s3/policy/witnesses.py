"""Requests as S3 sees them, by which rules and tests judge a policy.

A policy is judged by what it does to requests, not by its shape. The circumstances here are those of real
ones: a call over HTTPS has ``s3:TlsVersion``, one over HTTP has not; only a call through a VPC endpoint has
``aws:SourceVpce``, and then no ``aws:SourceIp``; only a service has ``aws:PrincipalServiceName``.
Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3"; IAM User
Guide, "AWS global condition context keys".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .request import AccessRequest

OWNER = "111122223333"
STRANGER = "444455556666"
APP = f"arn:aws:sts::{OWNER}:assumed-role/App/session"
ADMIN = f"arn:aws:sts::{OWNER}:assumed-role/Admin/session"
ROOT = f"arn:aws:iam::{OWNER}:root"
USER = f"arn:aws:iam::{OWNER}:user/alice"
OTHER_ACCOUNT = f"arn:aws:sts::{STRANGER}:assumed-role/Other/session"
ANYONE = None
"""An anonymous caller."""

KEY = f"arn:aws:kms:eu-west-1:{OWNER}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER_KEY = f"arn:aws:kms:eu-west-1:{OWNER}:key/ffffffff-12ab-34cd-56ef-1234567890ab"

SSE = "s3:x-amz-server-side-encryption"
SSE_KEY = "s3:x-amz-server-side-encryption-aws-kms-key-id"
SSE_C = "s3:x-amz-server-side-encryption-customer-algorithm"

_DIRECT: dict[str, Any] = {
    "aws:SecureTransport": True,
    "s3:TlsVersion": "1.3",
    "s3:authType": "REST-HEADER",
    "s3:signatureversion": "AWS4-HMAC-SHA256",
    "s3:signatureAge": "0",
    "aws:SourceIp": "192.0.2.10",
    "aws:RequestedRegion": "eu-west-1",
    "aws:CurrentTime": "2026-01-01T00:00:00Z",
    "aws:ViaAWSService": False,
}


def bucket_arn(bucket: str, key: str | None = None) -> str:
    """The ARN of a bucket, or of an object in it."""
    return f"arn:aws:s3:::{bucket}" + ("" if key is None else f"/{key}")


def witness(
    action: str, resource: str, principal: str | None = APP, context: Mapping[str, Any] | None = None
) -> AccessRequest:
    """A direct call over HTTPS from the internet; a value None in *context* takes a key away.

    The bucket belongs to OWNER.
    """
    merged = {**_DIRECT, **(context or {})}
    if principal is None:
        merged = {**merged, "s3:authType": None, "s3:signatureversion": None, "s3:signatureAge": None}
    return AccessRequest(action, resource, principal, merged, resource_account=OWNER)


def put(bucket: str, key: str = "key", principal: str | None = APP, **headers: Any) -> AccessRequest:
    """A PutObject; *headers* are ``sse``, ``sse_key``, ``sse_c``, ``acl`` or whole keys of the context."""
    names = {"sse": SSE, "sse_key": SSE_KEY, "sse_c": SSE_C, "acl": "s3:x-amz-acl"}
    context = {names.get(name, name): value for name, value in headers.items()}
    creates = {"s3:ObjectCreationOperation": True, "s3:x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    return witness("s3:PutObject", bucket_arn(bucket, key), principal, {**creates, **context})


def upload_part(bucket: str, key: str = "key", principal: str | None = APP) -> AccessRequest:
    """An UploadPart: s3:PutObject without any header of encryption or ACL, which creates no object."""
    return put(bucket, key, principal, **{"s3:ObjectCreationOperation": False})


def over_http(request: AccessRequest) -> AccessRequest:
    """The same over plain HTTP, where there is no TLS version."""
    return with_context(request, {"aws:SecureTransport": False, "s3:TlsVersion": None})


def through_endpoint(request: AccessRequest, vpce: str, vpc: str = "vpc-1a2b3c4d") -> AccessRequest:
    """The same through a VPC endpoint: no public address, but the endpoint and its VPC."""
    there = {
        "aws:SourceIp": None,
        "aws:SourceVpce": vpce,
        "aws:SourceVpc": vpc,
        "aws:VpcSourceIp": "10.0.0.5",
    }
    return with_context(request, there)


def from_service(request: AccessRequest, service: str, **source: str | None) -> AccessRequest:
    """The same by a service of AWS, for ``arn=`` (aws:SourceArn) and ``account=`` (aws:SourceAccount)."""
    there = {
        "aws:SourceIp": None,
        "aws:SourceArn": source.get("arn"),
        "aws:SourceAccount": source.get("account"),
    }
    return replace(with_context(request, there), principal=service, principal_account=None)


def presigned(request: AccessRequest, age_seconds: int) -> AccessRequest:
    """The same with a presigned URL that is so many seconds old."""
    return with_context(
        request, {"s3:authType": "REST-QUERY-STRING", "s3:signatureAge": str(age_seconds * 1000)}
    )


def with_context(request: AccessRequest, context: Mapping[str, Any]) -> AccessRequest:
    """The same under other circumstances; None takes a key away."""
    return request._retold({**request.context, **context}, context)
