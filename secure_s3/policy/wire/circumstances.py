"""What the sender knows of the circumstances: the connection, the signature, itself, the time.

Sources: IAM User Guide, "AWS global condition context keys"; Amazon S3 User Guide, "Bucket policy examples
using condition keys"; Amazon S3 API Reference, "Amazon S3 Signature Version 4 authentication specific policy
keys".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ...errors import PolicyError
from ..request import UNKNOWN, Between, OneOf, Unknown
from .sent import HEADER, QUERY, TLS_VERSIONS, Caller, SentRequest

# Every global key that is not told below is one that only the server knows: the addresses and endpoints that
# the request passes, tags, organizations, and whatever AWS may add.
SERVER_ONLY = ("aws:*", "s3:ExistingObjectTag/*", "s3:BucketTag/*", "s3:AccessPointTag/*")
NETWORK = frozenset(
    {
        "aws:sourceip",
        "aws:vpcsourceip",
        "aws:sourcevpc",
        "aws:sourcevpcarn",
        "aws:sourcevpce",
        "aws:vpceaccount",
        "aws:vpceorgid",
        "aws:vpceorgpaths",
        "aws:securetransport",
        "aws:useragent",
        "aws:referer",
    }
)
"""Of the way to S3; when S3 asks KMS in turn, they are of another way."""

# A direct call: no service calls for itself, none in somebody's name.
_DIRECT: Mapping[str, Any] = {
    "aws:ViaAWSService": False,
    "aws:ViaAWSMCPService": False,
    "aws:PrincipalServiceName": None,
    "aws:PrincipalServiceNamesList": None,
    "aws:SourceArn": None,
    "aws:SourceAccount": None,
    "aws:SourceOrgID": None,
    "aws:SourceOrgPaths": None,
    "aws:CalledVia": None,
    "aws:CalledViaFirst": None,
    "aws:CalledViaLast": None,
}
_OF_SESSIONS = (
    "aws:AssumedRoot",
    "aws:ChatbotSourceArn",
    "aws:Ec2InstanceSourcePrivateIPv4",
    "aws:Ec2InstanceSourceVpc",
    "aws:FederatedProvider",
    "aws:MultiFactorAuthAge",
    "aws:SignInSessionArn",
    "aws:SourceIdentity",
    "aws:TokenIssueTime",
)


def of_the_connection(sent: SentRequest) -> dict[str, Any]:
    """Scheme, TLS version, signature, region, and the headers that global keys stand for."""
    secure = sent.scheme == "https"
    return {
        **_DIRECT,
        "aws:SecureTransport": secure,
        "s3:TlsVersion": _tls(sent) if secure else None,
        "s3:authType": sent.auth_type,
        "s3:signatureversion": sent.signature,
        "s3:signatureAge": _age(sent),
        "aws:RequestedRegion": UNKNOWN if sent.region is None else sent.region,
        "aws:UserAgent": sent.headers.get("user-agent"),
        "aws:referer": sent.headers.get("referer"),
    }


def _tls(sent: SentRequest) -> Any:
    known = [sent.tls] if sent.tls else list(TLS_VERSIONS[TLS_VERSIONS.index(sent.min_tls) :])
    return known[0] if len(known) == 1 else OneOf(*known)


def _age(sent: SentRequest) -> Any:
    if sent.auth_type == HEADER:
        return "0"
    if sent.auth_type != QUERY:
        return None if sent.auth_type is None else UNKNOWN
    return UNKNOWN if sent.expires_in is None else Between(0, sent.expires_in * 1000)


def of_the_caller(caller: Caller, temporary: bool) -> dict[str, Any]:
    """Who asks, and how it came to its credentials."""
    kind = caller.kind
    temporary = temporary or caller.temporary
    if kind is None:
        return {"aws:MultiFactorAuthPresent": _mfa(temporary), **_session_keys(temporary)}
    context: dict[str, Any] = {
        "aws:userid": caller.user_id or (None if kind == "anonymous" else UNKNOWN),
        "aws:MultiFactorAuthPresent": _mfa(temporary),
        **_session_keys(temporary),
    }
    if kind == "session":
        # The role's path is not in the session's ARN, and a condition compares the whole.
        context["aws:PrincipalArn"] = caller.role_arn or UNKNOWN
    if kind == "anonymous":
        context |= {"aws:PrincipalArn": None, "aws:PrincipalAccount": None}
    if kind != "user":
        context["aws:username"] = None
    return context


def _mfa(temporary: bool) -> Any:
    # Long-term keys never have it; sessions of roles for services have not, others say true or false.
    return OneOf("true", "false", None) if temporary else None


def _session_keys(temporary: bool) -> dict[str, Any]:
    return dict.fromkeys(_OF_SESSIONS, UNKNOWN if temporary else None)


def of_the_time(now: datetime) -> dict[str, Any]:
    """``aws:CurrentTime`` and ``aws:EpochTime``."""
    if now.tzinfo is None:
        raise PolicyError("now= has no zone", fix="pass datetime.now(timezone.utc)")
    return {"aws:CurrentTime": now, "aws:EpochTime": int(now.timestamp())}


def with_assumed(context: Mapping[str, Any], assume: Mapping[str, Any]) -> dict[str, Any]:
    """*context* with what the caller declares.

    Raises:
        PolicyError: The request itself settles one of them, and otherwise.
    """
    names = {name.lower(): name for name in context}
    merged = dict(context)
    for key, value in assume.items():
        own = names.get(key.lower(), key)
        settled = own in context and not isinstance(context[own], Unknown | OneOf | Between)
        if settled and _said(context[own]) != _said(value):
            raise PolicyError(
                f"{key} cannot be assumed",
                why=f"the request itself says that it is {_said(context[own])}",
                fix="leave it out, or check a request that says otherwise",
            )
        merged.pop(own, None)
        merged[key] = value
    return merged


def _said(value: object) -> str:
    return "absent" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
