"""Requests of the builders' table as calls that a client can make.

What a request has in its headers becomes arguments and a strategy, who asks becomes a caller, and the rest,
which a loopback address does not have, circumstances that the endpoint is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from secure_s3.policy import AccessRequest
from secure_s3.policy.witnesses import ADMIN, APP, SSE, SSE_C, SSE_KEY, USER, bucket_arn, put, witness

BYPASS = "s3:BypassGovernanceRetention"
HARMLESS = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:PutBucketLogging",'
    '"Resource":"arn:aws:s3:::amzn-s3-demo-bucket"}]}'
)
"""A policy for PutBucketPolicy to put."""
OPERATIONS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "s3:GetObject": ("get_object", {}),
    "s3:GetObjectVersion": ("get_object", {"VersionId": ""}),
    "s3:PutObject": ("put_object", {"Body": b"x"}),
    "s3:DeleteObject": ("delete_object", {}),
    "s3:DeleteObjectVersion": ("delete_object", {"VersionId": ""}),
    BYPASS: ("delete_object", {"VersionId": "", "BypassGovernanceRetention": True}),
    "s3:PutObjectAcl": ("put_object_acl", {}),
    "s3:PutObjectRetention": ("put_object_retention", {"Retention": {"Mode": "GOVERNANCE"}}),
    "s3:PutObjectLegalHold": ("put_object_legal_hold", {"LegalHold": {"Status": "ON"}}),
    "s3:PutObjectTagging": ("put_object_tagging", {"Tagging": {"TagSet": [{"Key": "a", "Value": "b"}]}}),
    "s3:DeleteObjectTagging": ("delete_object_tagging", {}),
    "s3:AbortMultipartUpload": ("abort_multipart_upload", {"UploadId": ""}),
    "s3:ListBucket": ("list_objects_v2", {}),
    "s3:ListBucketVersions": ("list_object_versions", {}),
    "s3:GetBucketAcl": ("get_bucket_acl", {}),
    "s3:PutBucketAcl": ("put_bucket_acl", {}),
    "s3:PutBucketPolicy": ("put_bucket_policy", {"Policy": HARMLESS}),
    "s3:DeleteBucketPolicy": ("delete_bucket_policy", {}),
    "s3:PutBucketVersioning": ("put_bucket_versioning", {"VersioningConfiguration": {"Status": "Enabled"}}),
    "s3:PutBucketObjectLockConfiguration": (
        "put_object_lock_configuration",
        {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}},
    ),
}
OF_KMS = {"kms:Decrypt": "get_object", "kms:GenerateDataKey": "put_object"}
ARGUMENTS = {
    "s3:x-amz-acl": "ACL",
    "s3:x-amz-grant-full-control": "GrantFullControl",
    "s3:x-amz-grant-read-acp": "GrantReadACP",
    "s3:if-none-match": "IfNoneMatch",
    "s3:prefix": "Prefix",
}
MODE, DAYS, HOLD = (f"s3:object-lock-{name}" for name in ("mode", "remaining-retention-days", "legal-hold"))
STRATEGIES = {"AES256": "SseS3()", "aws:kms": 'SseKms("{}")', "aws:kms:dsse": 'DsseKms("{}")'}
KNOWN_HERE = {
    *("aws:SecureTransport", "s3:TlsVersion", "s3:signatureversion"),
    *("s3:x-amz-content-sha256", "s3:authType", "aws:SourceArn"),
}
"""What a hardened client knows of its own requests, so that it can only be pretended for those of others."""
CALLERS = {APP: "App", ADMIN: "Admin", USER: "alice"}


@dataclass(frozen=True)
class Call:
    """One call, and how it comes to the endpoint.

    Args:
        operation: A method of boto3's client.
        arguments: Its own.
        who: ``App`` or ``alice``, who sign themselves, or an ARN that is pretended.
        encryption: The strategy, as one writes it.
        context: What is pretended of the circumstances.
        age: Of a presigned URL, in seconds, when it is used; None for a call.
        expires_in: For how long a URL was meant.
        client: Settings of the client.
        plain: It comes from a client that is not hardened, so nothing is known of it but the answer.
    """

    operation: str
    arguments: Mapping[str, Any]
    who: str = "App"
    encryption: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)
    age: int | None = None
    expires_in: int | None = None
    client: Mapping[str, Any] = field(default_factory=dict)
    plain: bool = False

    @property
    def key(self) -> str | None:
        """Of the object."""
        return self.arguments.get("Key")

    @property
    def pretends_to_be(self) -> str | None:
        """Who asks, if it is nobody who signs here."""
        return self.who if self.who.startswith("arn:") else None


def call_of(request: AccessRequest) -> Call | None:
    """The call that the request is what S3 sees of; None for an operation that is not played."""
    if request.action in OF_KMS:
        return _of_a_key(request)
    if request.action not in OPERATIONS:
        return None
    operation, arguments = OPERATIONS[request.action]
    call = Call(operation, {**_place(request.resource), **arguments}, _who(request))
    return _with_context(call, _differing(request))


def _who(request: AccessRequest) -> str:
    who = request.requester
    assert isinstance(request.principal, str), who
    return CALLERS.get(request.principal, request.principal)


def _place(resource: str) -> dict[str, str]:
    if ":accesspoint/" in resource:
        point, _, key = resource.partition("/object/")
    else:
        point, _, key = resource.removeprefix("arn:aws:s3:::").partition("/")
    return {"Bucket": point, **({"Key": key} if key else {})}


def _differing(request: AccessRequest) -> dict[str, Any]:
    """The keys of the context that are not those of just any call."""
    usual = (put if request.action == "s3:PutObject" else _usual)(request.resource)
    return {name: value for name, value in request.context.items() if usual.context.get(name) != value}


def _usual(resource: str) -> AccessRequest:
    return witness("s3:GetObject", resource)


def _with_context(call: Call, context: dict[str, Any]) -> Call:
    left = dict(context)
    call = _presigned(call, left)
    call = _sealed(call, left)
    arguments = {**call.arguments, **_locked(call, left)}
    for name, argument in ARGUMENTS.items():
        if (value := left.pop(name, None)) is not None:
            arguments[argument] = value
    left.pop("s3:ObjectCreationOperation", None)
    left = {name: value for name, value in left.items() if not name.startswith("s3:ExistingObjectTag/")}
    settings = {"max_tls": left.pop("s3:TlsVersion")} if left.get("s3:TlsVersion") else {}
    foreign = bool(KNOWN_HERE & left.keys()) or any(_is_public(each) for each in arguments.values())
    return replace(call, arguments=arguments, context=left, client=settings, plain=call.plain or foreign)


def _is_public(value: Any) -> bool:
    """Whether an argument is one that a hardened client does not send."""
    return isinstance(value, str) and ("acs.amazonaws.com" in value or value.startswith(("public-", "auth")))


def _presigned(call: Call, left: dict[str, Any]) -> Call:
    if left.get("s3:authType") != "REST-QUERY-STRING":
        return call
    del left["s3:authType"]
    age = int(left.pop("s3:signatureAge", 0)) // 1000
    return replace(call, age=age, expires_in=max(2 * age, 60), plain=True)


def _sealed(call: Call, left: dict[str, Any]) -> Call:
    algorithm, key, customer = (left.pop(name, None) for name in (SSE, SSE_KEY, SSE_C))
    if customer:
        return replace(call, encryption="SseC.generate()")
    if algorithm and (algorithm not in STRATEGIES or (algorithm != "AES256" and not key)):
        # Which no hardened client sends.
        arguments = {**call.arguments, "ServerSideEncryption": algorithm}
        return replace(call, arguments=arguments, plain=True)
    if algorithm:
        return replace(call, encryption=STRATEGIES[algorithm].format(key))
    return call


def _locked(call: Call, left: dict[str, Any]) -> dict[str, Any]:
    mode, days, hold = (left.pop(name, None) for name in (MODE, DAYS, HOLD))
    until = None
    if mode or days or call.operation == "put_object_retention":
        days = days or 40
        # An hour further from the bounds of the table than its days, however S3 rounds them.
        until = datetime.now(timezone.utc) + timedelta(days=days, hours=1 if days > 100 else -1)
    if call.operation == "put_object_retention":
        return {"Retention": {"Mode": mode or "GOVERNANCE", "RetainUntilDate": until}}
    if call.operation == "put_object_legal_hold":
        return {"LegalHold": {"Status": hold or "ON"}}
    return {"ObjectLockMode": mode or "GOVERNANCE", "ObjectLockRetainUntilDate": until} if until else {}


def _of_a_key(request: AccessRequest) -> Call:
    """A call for which S3 needs the key of the request."""
    bucket = str(request.context["kms:EncryptionContext:aws:s3:arn"]).removeprefix(bucket_arn(""))
    # Whoever reads is not known to need the key before it has been read; whoever writes names it.
    operation = "put_object" if _who(request) not in CALLERS.values() else OF_KMS[request.action]
    body = {"Body": b"x"} if operation == "put_object" else {}
    arguments = {"Bucket": bucket.partition("/")[0], "Key": "sealed", **body}
    sources = ("aws:SourceArn", "aws:SourceAccount")
    context = {name: request.context[name] for name in sources if request.context.get(name)}
    key = f'SseKms("{request.resource}")'
    return Call(operation, arguments, _who(request), key, context)
