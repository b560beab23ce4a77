"""What a presigned URL or form allows, and whether its signature holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from .. import limits
from ..errors import ConfigurationError, SignatureError
from ..guard.endpoint import is_aws
from ..sigv4 import SignedUrl, parse_url, verify_post, verify_url
from ..sigv4.posts import post_scope, read_policy
from ..sigv4.verifying import split_url
from .results import PresignedPost, PresignedUrl

_SERVICES = frozenset({"s3", "s3-object-lambda", "s3-outposts", "s3express"})
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]+")
_S3_HOST = re.compile(r"(?:(?P<bucket>.+)\.)?s3[a-z0-9-]*\.")
_OF_A_VPC = re.compile(r"(?:^|\.)(?:bucket|accesspoint)\.vpce-[a-z0-9-]+$")
_LEAKED = re.compile(r"x-amz-(?:copy-source-)?server-side-encryption-customer-key", re.IGNORECASE)
_TOKENS = frozenset({"x-amz-security-token", "x-amz-s3session-token"})
_OF_THE_SIGNATURE = frozenset({"x-amz-algorithm", "x-amz-credential", "x-amz-date", *_TOKENS})
_LONG = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a presigned URL or form says about itself. Nothing is verified, and no secret is in it.

    Args:
        kind: ``url`` or ``post``.
        host: Where it leads.
        bucket, key: As the host and the path name them; for a form its key may hold ``${filename}``.
        access_key: Who signed; the policies of that identity count, at the time of use.
        region: For which region.
        signed_at, expires_at: Its life (UTC); it ends earlier with its session token.
        expires_in: Seconds between them.
        temporary: Whether it was signed with a session token.
        signed_headers: What must be sent along, and is not among the headers that every client sends.
        parameters: The operation's own parameters, e.g. ``versionId`` or ``response-content-type``.
        conditions: What a form's policy demands.
        warnings: What makes it weaker than it should be.
    """

    kind: str
    host: str
    bucket: str
    key: str
    access_key: str
    region: str
    signed_at: datetime
    expires_at: datetime
    expires_in: int
    temporary: bool
    signed_headers: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...]
    conditions: tuple[Any, ...]
    warnings: tuple[str, ...]

    def expired(self, at: datetime) -> bool:
        """Whether its life is over at that time."""
        return at >= self.expires_at

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        told: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        return told | {
            "signed_at": self.signed_at.isoformat(),
            "expires_at": self.expires_at.isoformat(),
            "signed_headers": list(self.signed_headers),
            "parameters": dict(self.parameters),
            "conditions": list(self.conditions),
            "warnings": list(self.warnings),
        }


def inspect(presigned: str | PresignedUrl | PresignedPost | Mapping[str, Any]) -> Inspection:
    """What a URL, or a form (a PresignedPost, or boto3's dictionary), allows and until when.

    No secret is needed, nothing is sent and nothing is verified. The HTTP method is not in a URL: the
    signature holds for one only.

    Raises:
        SignatureError: it is not presigned with Signature Version 4, or is malformed.
    """
    if isinstance(presigned, PresignedPost):
        return _form(presigned.url, presigned.fields)
    if isinstance(presigned, Mapping):
        return _form(presigned.get("url"), presigned.get("fields"))
    return _link(_read(presigned))


def _read(presigned: str | PresignedUrl) -> SignedUrl:
    url = presigned.url if isinstance(presigned, PresignedUrl) else presigned
    if not isinstance(url, str):
        raise ConfigurationError(f"{type(url).__name__} is not a presigned URL or form")
    _refuse_old(url)
    return parse_url(url)


def _link(read: SignedUrl) -> Inspection:
    bucket, key = _place(read.host, read.path)
    return Inspection(
        "url",
        read.host,
        bucket,
        key,
        read.scope.access_key,
        read.scope.region,
        read.scope.signed_at,
        read.expires_at,
        read.expires_in,
        read.token is not None,
        tuple(name for name in read.signed_headers if name != "host"),
        tuple((name, _told(name, value)) for name, value in read.parameters),
        (),
        _warnings(read.scheme, (name for name, _ in read.parameters), read.expires_in),
    )


def verify(
    presigned: str | PresignedUrl | PresignedPost | Mapping[str, Any],
    credentials: Any,
    *,
    at: datetime | None = None,
    method: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Inspection:
    """What it allows, once its signature and its life have been verified as S3 does.

    It does not say that S3 would grant the request: policies decide that when it is used.

    Args:
        presigned: As for ``inspect``.
        credentials: Whose signature it is to be: ``access_key``, ``secret_key``, ``token`` (Credentials, or
            what boto3's ``get_frozen_credentials()`` returns).
        at: The time at which it is used, with a time zone; default: now.
        method: Its HTTP method; default: that of a PresignedUrl, else GET.
        headers: What is sent along; default: the required headers of a PresignedUrl, else nothing.

    Raises:
        SignatureError: it does not hold; ``code`` and ``why`` are what S3 would answer.
    """
    at = datetime.now(timezone.utc) if at is None else at
    _check_arguments(credentials, at, method, headers)
    if isinstance(presigned, PresignedPost | Mapping):
        found = inspect(presigned)
        fields = presigned["fields"] if isinstance(presigned, Mapping) else presigned.fields
        verify_post(_lowered(fields), credentials, at=at)
        return found
    read = _read(presigned)
    if isinstance(presigned, PresignedUrl):
        method = method or presigned.method
        headers = presigned.required_headers if headers is None else headers
    _check_scope(read)
    verify_url(read, (method or "GET").upper(), _lowered(headers or {}), credentials, at=at)
    return _link(read)


def _check_scope(read: SignedUrl) -> None:
    """S3 takes signatures for itself, and for the region of the host."""
    start, scope = "Error parsing the X-Amz-Credential parameter; ", read.scope
    regions = (
        [label for label in read.host.split(".") if _REGION.fullmatch(label)] if is_aws(read.host) else []
    )
    why = ""
    if scope.service not in _SERVICES:
        why = f'{start}incorrect service "{scope.service}". This endpoint belongs to "s3".'
    elif regions and scope.region not in regions:
        why = f"{start}the region '{scope.region}' is wrong; expecting '{regions[-1]}'"
    if why:
        raise SignatureError(
            "it was signed for another place",
            why=why,
            fix="presign it with the bucket's region",
            code="AuthorizationQueryParametersError",
            status=400,
            fields={"Region": regions[-1]} if regions else {},
        )


def _check_arguments(credentials: Any, at: Any, method: Any, headers: Any) -> None:
    if not isinstance(at, datetime) or at.utcoffset() is None or not 1970 <= at.year < 9000:
        raise ConfigurationError(
            f"at={at!r} is no datetime with a time zone, from 1970 to 8999",
            fix="e.g. datetime.now(timezone.utc)",
        )
    names = ("access_key", "secret_key", "token")
    access_key, secret_key, token = (getattr(credentials, name, ...) for name in names)
    if not (isinstance(access_key, str) and isinstance(secret_key, str) and isinstance(token, str | None)):
        raise ConfigurationError(
            f"{type(credentials).__name__} is no set of credentials",
            why="access_key, secret_key and token are needed",
            fix="pass Credentials(…), or session.get_credentials().get_frozen_credentials()",
        )
    if not isinstance(method, str | None):
        raise ConfigurationError(f"method={method!r} is no HTTP method", fix='e.g. "GET"')
    if not isinstance(headers, Mapping | None):
        raise ConfigurationError("headers= is no dictionary", fix="pass the headers that are sent along")


def _form(url: Any, fields: Any) -> Inspection:
    if not isinstance(url, str) or not isinstance(fields, Mapping):
        raise ConfigurationError(
            "this is no presigned form", fix='pass a PresignedPost, or {"url": …, "fields": {…}}'
        )
    lowered = _lowered(fields)
    if "awsaccesskeyid" in lowered and "x-amz-signature" not in lowered:
        raise _old()
    scope = post_scope(lowered)
    policy, expires_at = read_policy(lowered["policy"])
    parts = _parts(url)
    host = parts.netloc
    conditions = tuple(told for item in policy["conditions"] if (told := _told_condition(item)))
    bucket, _ = _place(host, parts.path)
    sized = any(isinstance(item, list) and item[:1] == ["content-length-range"] for item in conditions)
    seconds = int((expires_at - scope.signed_at).total_seconds())
    return Inspection(
        "post",
        host,
        bucket,
        lowered.get("key", ""),
        scope.access_key,
        scope.region,
        scope.signed_at,
        expires_at,
        seconds,
        not _TOKENS.isdisjoint(lowered),
        (),
        (),
        conditions,
        (*_warnings(parts.scheme, lowered, seconds), *(() if sized else ("no limit of size: up to 5 GiB",))),
    )


def _parts(url: str) -> SplitResult:
    try:
        return split_url(url)
    except ValueError as error:
        raise SignatureError(
            "the form leads to no URL",
            why=str(error),
            fix="pass the form as it was presigned",
            code="InvalidURI",
            status=400,
        ) from None


def _lowered(fields: Mapping[str, Any]) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in fields.items()}


def _told_condition(condition: Any) -> Any:
    """A condition without what belongs to the signature, and without secrets; None if nothing is left."""
    if isinstance(condition, dict):
        return {
            name: _told(name, value)
            for name, value in condition.items()
            if name.lower() not in _OF_THE_SIGNATURE
        }
    if isinstance(condition, list) and len(condition) == 3 and isinstance(condition[1], str):
        name = condition[1].removeprefix("$")
        if name.lower() in _OF_THE_SIGNATURE:
            return None
        return [condition[0], condition[1], _told(name, condition[2])]
    return condition


def _told(name: str, value: Any) -> Any:
    return "***" if _LEAKED.fullmatch(name) or name.lower() in _TOKENS else value


def _place(host: str, path: str) -> tuple[str, str]:
    """Bucket and key, as far as host and path tell; what is not AWS's is taken for path style."""
    path = unquote(path.removeprefix("/"))
    found = _S3_HOST.match(host.lower()) if is_aws(host.partition(":")[0]) else None
    if found and (bucket := _OF_A_VPC.sub("", found["bucket"] or "")):
        return bucket, path
    bucket, _, key = path.partition("/")
    return bucket, key


def _warnings(scheme: str, names: Iterable[str], seconds: int) -> tuple[str, ...]:
    warnings = []
    if scheme != "https":
        warnings.append(f"it leads to {scheme or 'no scheme'}, not to https")
    if any(_LEAKED.fullmatch(name) for name in names):
        warnings.append("it holds an SSE-C key in clear text")
    if seconds > _LONG.total_seconds():
        warnings.append(f"it lives {timedelta(seconds=seconds)}: whoever gets it can use it as long")
    return tuple(warnings)


def _refuse_old(url: str) -> None:
    try:
        names = {name for name, _ in parse_qsl(urlsplit(url).query)}
    except ValueError:
        return
    if "AWSAccessKeyId" in names and "X-Amz-Signature" not in names:
        raise _old()


def _old() -> SignatureError:
    return SignatureError(
        "it is signed with Signature Version 2",
        why="Signature Version 2 drops parts of a request, and puts SSE-C keys into URLs",
        fix=f"presign it again with s3.presign, for up to {limits.MAX_PRESIGN.days} days",
        code="InvalidRequest",
        status=400,
    )
