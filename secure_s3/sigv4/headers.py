"""Requests signed in their Authorization header, read and verified as S3 does, with S3's own codes and texts.

The other services sign by the same rules but for two: they encode the path once more, and they hash the body
itself, where S3 takes the hash that the header ``x-amz-content-sha256`` names.

Sources: Amazon S3 API Reference, "Signature Calculations for the Authorization Header"; IAM User Guide,
"Create a signed AWS API request"; texts as S3 has been seen to send them. botocore is the oracle:
``tests/sigv4/test_headers.py`` signs with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from .. import limits
from ..errors import SignatureError
from ..values import printable_text
from .signing import ALGORITHM, canonical_headers, timestamp
from .verifying import TOLERATED, Scope, check_headers, check_signature, check_signer, iso, parse_scope

_COMPONENTS = ("Credential", "SignedHeaders", "Signature")
_TOKENS = ("x-amz-security-token", "x-amz-s3session-token")
"""Of temporary credentials, and of the session of a directory bucket."""
_SIGNED_EVERYWHERE = ("host", "x-amz-target")
"""S3 alone insists on all that begins with x-amz-."""
_NAMES = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+(?:;[a-z0-9!#$%&'*+.^_`|~-]+)*", re.ASCII)
_DATE = re.compile(r"[0-9]{8}T[0-9]{6}Z", re.ASCII)
_HASH = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_ENCODED = re.compile(r"[A-Za-z0-9._~-]*", re.ASCII).fullmatch
_PLAIN_PATH = re.compile(r"[A-Za-z0-9._~/-]*", re.ASCII).fullmatch
PAYLOADS = (
    "UNSIGNED-PAYLOAD",
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
    "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER",
)
"""What the header x-amz-content-sha256 may say in place of a hash; the last two, beside another algorithm."""


@dataclass(frozen=True, slots=True)
class Authorization:
    """What an Authorization header says. Nothing is verified yet; signature and token are not shown."""

    scope: Scope
    signed_headers: tuple[str, ...]
    signature: str = field(repr=False)
    token: str | None = field(repr=False)


def parse_authorization(headers: Mapping[str, str]) -> Authorization:
    """Read who signed a request, where, when and which of its headers; their names are in lower case.

    Raises:
        SignatureError: there is no such header, it is of another mechanism or malformed, or there is no date.
    """
    algorithm, _, rest = headers.get("authorization", "").strip().partition(" ")
    if algorithm != ALGORITHM:
        raise _of_another_mechanism(algorithm if rest else "")
    parts = _components(rest)
    date = _date(headers)
    if not _NAMES.fullmatch(parts["SignedHeaders"]):
        raise malformed("the SignedHeaders component is mal-formed.")
    return Authorization(
        parse_scope(parts["Credential"], date, malformed=malformed, start="the "),
        tuple(parts["SignedHeaders"].split(";")),
        parts["Signature"],
        next((headers[name] for name in _TOKENS if name in headers), None),
    )


def verify_headers(
    authorization: Authorization,
    method: str,
    target: str,
    headers: Mapping[str, str],
    credentials: Any,
    *,
    at: datetime,
    body: bytes = b"",
) -> None:
    """Do what AWS does before it looks at a request; returns when all of it holds.

    Of a request to S3, the body is not looked at: whoever reads it compares it with ``x-amz-content-sha256``.

    Args:
        authorization: What :func:`parse_authorization` read.
        method: The request's HTTP method.
        target: Path and query as they were sent.
        headers: The request's headers, names in lower case; those sent twice joined with a comma.
        credentials: ``access_key``, ``secret_key`` and ``token`` of who is to have signed it.
        at: The time at which it arrives, with a time zone.
        body: Of a request to another service than S3.

    Raises:
        SignatureError: another access key, another time, an unsigned header, or another signature;
            ``code``, ``status``, ``why`` and ``fields`` are S3's.
    """
    scope = authorization.scope
    fix = "send the token that belongs to the access key"
    check_signer(scope, authorization.token, credentials, fix=fix)
    _check_time(scope.signed_at, at)
    payload = _payload(headers) if is_s3(scope) else sha256(body).hexdigest()
    told = headers if is_s3(scope) else {name: "" for name in _SIGNED_EVERYWHERE if name in headers}
    check_headers(authorization.signed_headers, told)
    canonical = _canonical_request(authorization, method, target, headers, payload)
    names = authorization.signed_headers
    check_signature(scope, credentials, canonical, authorization.signature, names, headers)


def is_s3(scope: Scope) -> bool:
    """Whether it was signed by the rules of S3: for S3 itself, S3 Control, directory buckets, Outposts, …"""
    return scope.service.startswith("s3")


def malformed(why: str, **fields: str) -> SignatureError:
    """400 for an Authorization header that cannot be meant."""
    return SignatureError(
        "the Authorization header is not one of Signature Version 4",
        why=printable_text(f"The authorization header is malformed; {why}"),
        fix="let an SDK sign the request, for this region and service",
        code="AuthorizationHeaderMalformed",
        status=400,
        fields=fields,
    )


def _components(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in text.split(","):
        name, _, value = part.strip().partition("=")
        if name in parts or name not in _COMPONENTS or not value:
            break
        parts[name] = value
    if len(parts) != len(_COMPONENTS) or text.count(",") != len(_COMPONENTS) - 1:
        components = "Credential, SignedHeaders, and Signature"
        raise malformed(f"the authorization header requires three components: {components}.")
    return parts


def _date(headers: Mapping[str, str]) -> str:
    """When it was signed, as the text that was signed has it."""
    date = headers.get("x-amz-date", headers.get("date", "")).strip()
    if _DATE.fullmatch(date):
        return date
    try:
        if "x-amz-date" in headers:
            raise ValueError("of another form")
        found = parsedate_to_datetime(date)
        return timestamp(found if found.tzinfo else found.replace(tzinfo=timezone.utc))
    except (ValueError, TypeError, IndexError, OverflowError):
        raise SignatureError(
            "the request has no date",
            why="AWS authentication requires a valid Date or x-amz-date header",
            fix="send x-amz-date, and sign it",
            code="AccessDenied",
            status=403,
        ) from None


def _check_time(signed_at: datetime, at: datetime) -> None:
    if abs(at - signed_at) > limits.MAX_CLOCK_SKEW:
        skew = int(limits.MAX_CLOCK_SKEW.total_seconds() * 1000)
        raise SignatureError(
            f"it is dated {iso(signed_at)}, and it is {iso(at)} now",
            why="The difference between the request time and the current time is too large.",
            fix="set the clock of the machine that signs",
            code="RequestTimeTooSkewed",
            status=403,
            fields={
                "RequestTime": timestamp(signed_at),
                "ServerTime": iso(at),
                "MaxAllowedSkewMilliseconds": str(skew),
            },
        )


def _payload(headers: Mapping[str, str]) -> str:
    """What stands for the body of a request to S3."""
    given = headers.get(TOLERATED)
    if given is None:
        raise SignatureError(
            "the request does not say what its body is",
            why=f"Missing required header for this request: {TOLERATED}",
            fix=f"send {TOLERATED}, and sign it",
            code="InvalidRequest",
            status=400,
        )
    if given not in PAYLOADS[:4] and not _HASH.fullmatch(given):
        told = f"{', '.join(PAYLOADS[:-1])}, {PAYLOADS[-1]}"
        raise SignatureError(
            f"{TOLERATED} is no hash",
            why=f"{TOLERATED} must be {told} or a valid sha256 value.",
            fix="send the SHA-256 of the body in hexadecimal, or UNSIGNED-PAYLOAD",
            code="InvalidArgument",
            status=400,
            fields={"ArgumentName": TOLERATED, "ArgumentValue": printable_text(given)},
        )
    return given


def _canonical_request(
    authorization: Authorization, method: str, target: str, headers: Mapping[str, str], payload: str
) -> str:
    path, _, query = target.partition("?")
    signed = authorization.signed_headers
    _, lines = canonical_headers({name: headers[name] for name in signed if name in headers})
    path = _path(path) if is_s3(authorization.scope) else quote(_normal(path), safe="/~")
    return f"{method}\n{path}\n{_query(query)}\n{lines}\n{';'.join(sorted(signed))}\n{payload}"


def _path(path: str) -> str:
    return path if _PLAIN_PATH(path) else quote(unquote_to_bytes(path), safe="/")


def _normal(path: str) -> str:
    """*path* without empty and dot segments (RFC 3986, section 5.2.4), which S3 alone keeps."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    return f"/{'/'.join(kept)}{'/' if kept and path.endswith('/') else ''}"


def _query(query: str) -> str:
    parted = [text.partition("=") for text in query.split("&") if text]
    pairs = sorted([(_encoded(name), _encoded(value)) for name, _, value in parted])
    return "&".join([f"{name}={value}" for name, value in pairs])


def _encoded(text: str) -> str:
    return text if _ENCODED(text) else quote(unquote_to_bytes(text.replace("+", " ")), safe="")


def _of_another_mechanism(algorithm: str) -> SignatureError:
    known = algorithm == "AWS" or algorithm.startswith("AWS4-")
    supported = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
    return SignatureError(
        "the request is not signed with Signature Version 4",
        why=supported if known else "Unsupported Authorization Type",
        fix="let an SDK sign the request",
        code="InvalidRequest" if known else "InvalidArgument",
        status=400,
        fields={} if known else {"ArgumentName": "Authorization", "ArgumentValue": printable_text(algorithm)},
    )
