"""Presigned URLs read and verified as S3 does, with S3's own codes and texts.

Source: Amazon S3 API Reference, "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)";
texts as S3 has been seen to send them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from typing import Any
from urllib.parse import SplitResult, quote, unquote_plus, unquote_to_bytes, urlsplit

from .. import limits
from ..errors import SignatureError
from ..values import printable_text
from .refusals import mismatch, unknown_key
from .signing import (
    ALGORITHM,
    TERMINATOR,
    UNSIGNED_PAYLOAD,
    SigningKey,
    canonical_headers,
    encode,
    same,
    timestamp,
)

_NEEDED = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Signature",
    "X-Amz-Date",
    "X-Amz-SignedHeaders",
    "X-Amz-Expires",
)
_TOKENS = ("X-Amz-Security-Token", "X-Amz-S3session-Token")
"""Of temporary credentials, and of the session of a directory bucket."""
_AUTHENTICATION = (*_NEEDED, *_TOKENS)
_DATE = re.compile(r"[0-9]{8}T[0-9]{6}Z", re.ASCII)
_NUMBERS = ((0, 4), (4, 6), (6, 8), (9, 11), (11, 13), (13, 15))
TOLERATED = "x-amz-content-sha256"
"""The one x-amz-… header that need not be signed."""
_NEVER_IN_A_URL = re.compile(r"[\x00-\x20\x7f\ud800-\udfff]")
"""urlsplit would drop some of it without a word."""
_SECRET = "x-amz-(?:[a-z-]*customer-key|security-token|s3session-token)"  # noqa: S105
_SECRET_HEADERS = re.compile(rf"^({_SECRET}):.*$", re.MULTILINE)
_SECRET_QUERY = re.compile(rf"((?:^|&){_SECRET}=)[^&\n]*", re.MULTILINE | re.IGNORECASE)

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """Who signed, for which region and service, and when."""

    access_key: str
    date: str
    region: str
    service: str
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class SignedUrl:
    """A presigned URL in its parts. Nothing is verified yet; signature and token are not shown."""

    scheme: str
    host: str
    path: str
    query: Pairs = field(repr=False)
    """Every parameter but the signature, decoded, in the order in which they stand."""
    scope: Scope
    expires_in: int
    signed_headers: tuple[str, ...]
    signature: str = field(repr=False)
    token: str | None = field(repr=False)

    @property
    def expires_at(self) -> datetime:
        """The first moment at which S3 refuses it."""
        return self.scope.signed_at + timedelta(seconds=self.expires_in)

    @property
    def parameters(self) -> Pairs:
        """The operation's own parameters."""
        return tuple(pair for pair in self.query if pair[0] not in _AUTHENTICATION)


def split_url(url: str) -> SplitResult:
    """A URL in its parts; ValueError for one that browsers read otherwise."""
    parts = urlsplit(url)
    if "\\" in url or "@" in parts.netloc:
        raise ValueError("browsers go to another host than it seems")
    return parts


def parse_url(url: str) -> SignedUrl:
    """Read a presigned URL.

    Raises:
        SignatureError: it is not signed with SigV4, or its authentication parameters are malformed.
    """
    try:
        if _NEVER_IN_A_URL.search(url):
            raise ValueError("it holds white space or control characters")
        parts = split_url(url)
        host = _host(parts.scheme, parts.hostname or "", parts.port)
        query = [_pair(text) for text in parts.query.split("&") if text]
    except ValueError as error:
        raise _malformed("it is no URL", str(error)) from None
    given: dict[str, str] = {}
    for name, value in query:
        if name in _AUTHENTICATION:
            if name in given:
                raise _malformed(f"{name} stands in it twice")
            given[name] = value
    if not all(name in given for name in _NEEDED):
        raise _malformed(
            f"Query-string authentication version 4 requires the {', '.join(_NEEDED[:-1])}, "
            f"and {_NEEDED[-1]} parameters."
        )
    if given["X-Amz-Algorithm"] != ALGORITHM:
        raise _malformed(f'X-Amz-Algorithm only supports "{ALGORITHM}"')
    return SignedUrl(
        parts.scheme,
        host,
        parts.path or "/",
        tuple(pair for pair in query if pair[0] != "X-Amz-Signature"),
        parse_scope(given["X-Amz-Credential"], given["X-Amz-Date"], malformed=_malformed),
        _seconds(given["X-Amz-Expires"]),
        tuple(given["X-Amz-SignedHeaders"].split(";")),
        given["X-Amz-Signature"],
        next((given[name] for name in _TOKENS if name in given), None),
    )


def parse_scope(
    credential: str,
    date: str,
    *,
    malformed: Callable[[str], SignatureError],
    start: str = "Error parsing the X-Amz-Credential parameter; ",
) -> Scope:
    """Read the two texts that say who signed, where and when; *malformed* makes the error of a bad one."""
    if not _DATE.fullmatch(date):
        raise malformed("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
    try:
        year, month, day_of_month, *time = (int(date[i:j]) for i, j in _NUMBERS)
        signed_at = datetime(year, month, day_of_month, time[0], time[1], time[2], tzinfo=timezone.utc)
        signed_at + limits.MAX_PRESIGN  # so that every end can be told
    except (ValueError, OverflowError):
        raise malformed("X-Amz-Date names a day or a time that does not exist") from None
    parts = credential.rsplit("/", 4)
    if len(parts) != 5 or not all(parts) or not credential.isprintable():
        expected = f'"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/{TERMINATOR}"'
        raise malformed(f"{start}the Credential is mal-formed; expecting {expected}.")
    access_key, day, region, service, terminator = parts
    if terminator != TERMINATOR:
        raise malformed(f'{start}incorrect terminal "{terminator}". This endpoint uses "{TERMINATOR}".')
    if day != date[:8]:
        raise malformed(
            f'Invalid credential date "{day}". This date is not the same as X-Amz-Date: "{date[:8]}".'
        )
    return Scope(access_key, day, region, service, signed_at)


def verify_url(
    url: SignedUrl, method: str, headers: Mapping[str, str], credentials: Any, *, at: datetime
) -> None:
    """Do what S3 does before it looks at a presigned request; returns when all of it holds.

    Args:
        url: What :func:`parse_url` read.
        method: The request's HTTP method.
        headers: The request's headers, names in lower case; ``host`` may be left out.
        credentials: ``access_key``, ``secret_key`` and ``token`` of who is to have signed it.
        at: The time at which it is used, with a time zone.

    Raises:
        SignatureError: another access key, another time, an unsigned header, or another signature;
            ``code``, ``status``, ``why`` and ``fields`` are S3's.
    """
    scope = url.scope
    check_signer(scope, url.token, credentials, fix="verify it with the credentials that it was signed with")
    _check_time(url, at)
    sent = {"host": url.host, **headers}
    check_headers(url.signed_headers, sent)
    canonical = _canonical_request(url, method, sent)
    check_signature(scope, credentials, canonical, url.signature, url.signed_headers, sent)


def check_signer(scope: Scope, token: str | None, credentials: Any, *, fix: str) -> None:
    """Refuse what another access key signed, or what brings another session token."""
    if scope.access_key != credentials.access_key:
        raise unknown_key(scope.access_key)
    if token != credentials.token:
        raise SignatureError(
            "the session token is not that of the credentials",
            why="The provided token is malformed or otherwise invalid.",
            fix=fix,
            code="InvalidToken",
            status=400,
        )


def check_signature(
    scope: Scope,
    credentials: Any,
    canonical: str,
    signature: str,
    signed_headers: Sequence[str],
    sent: Mapping[str, str],
) -> None:
    """Refuse a signature that is not the one of the canonical request."""
    key = SigningKey(credentials.secret_key, scope.date, scope.region, scope.service)
    hashed = sha256(canonical.encode(errors="surrogatepass")).hexdigest()
    to_sign = f"{ALGORITHM}\n{timestamp(scope.signed_at)}\n{key.scope}\n{hashed}"
    if not same(key.sign(to_sign.encode()), signature):
        missing = [name for name in signed_headers if name not in sent]
        raise mismatch(scope.access_key, signature, to_sign, without_secrets(canonical), missing)


def _check_time(url: SignedUrl, at: datetime) -> None:
    ends = {"Expires": iso(url.expires_at), "ServerTime": iso(at)}
    if url.scope.signed_at - at > limits.MAX_CLOCK_SKEW:
        milliseconds = int(url.scope.signed_at.timestamp() * 1000)
        raise SignatureError(
            f"it is dated {iso(url.scope.signed_at)}, and it is {iso(at)} now",
            why="Request is not yet valid",
            fix="set the clock of the machine that signs",
            code="AccessDenied",
            status=403,
            fields={"X-Amz-Date": str(milliseconds), **ends},
        )
    if at >= url.expires_at:
        raise SignatureError(
            f"it has expired at {iso(url.expires_at)}, and it is {iso(at)} now",
            why="Request has expired",
            fix="presign a new one; if it is new, set the clock of the machine that signs",
            code="AccessDenied",
            status=403,
            fields={"X-Amz-Expires": str(url.expires_in), **ends},
        )


def check_headers(signed: Sequence[str], sent: Mapping[str, str]) -> None:
    """Raise SignatureError if the host or an x-amz-… header was sent but not signed."""
    unsigned = sorted(
        name
        for name in sent
        if (name == "host" or (name.startswith("x-amz-") and name != TOLERATED)) and name not in signed
    )
    if unsigned:
        raise SignatureError(
            f"these headers are sent but not signed: {', '.join(unsigned)}",
            why="There were headers present in the request which were not signed",
            fix="send exactly the headers that were signed",
            code="AccessDenied",
            status=403,
            fields={"HeadersNotSigned": ", ".join(unsigned)},
        )


def _canonical_request(url: SignedUrl, method: str, sent: Mapping[str, str]) -> str:
    _, lines = canonical_headers({name: sent[name] for name in url.signed_headers if name in sent})
    names = ";".join(sorted(url.signed_headers))
    pairs = sorted((encode(name), encode(value)) for name, value in url.query)
    hashed = sent[TOLERATED] if TOLERATED in url.signed_headers and TOLERATED in sent else None
    payload = hashed or dict(url.query).get("X-Amz-Content-Sha256") or UNSIGNED_PAYLOAD
    query = "&".join(f"{name}={value}" for name, value in pairs)
    path = quote(unquote_to_bytes(url.path), safe="/")
    return f"{method}\n{path}\n{query}\n{lines}\n{names}\n{payload}"


def without_secrets(canonical: str) -> str:
    """A canonical request as a refusal may show it."""
    return _SECRET_QUERY.sub(r"\1***", _SECRET_HEADERS.sub(r"\1:***", canonical))


def _host(scheme: str, host: str, port: int | None) -> str:
    if ":" in host:
        host = f"[{host}]"
    return host if port in (None, {"https": 443, "http": 80}.get(scheme)) else f"{host}:{port}"


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    # Bytes that are no UTF-8 are refused: replaced, many URLs would be one.
    return unquote_plus(name, errors="strict"), unquote_plus(value, errors="strict")


def _seconds(text: str) -> int:
    longest = int(limits.MAX_PRESIGN.total_seconds())
    negative = text.startswith("-")
    digits = text[negative:]
    if not (digits.isascii() and digits.isdigit()):
        raise _malformed("X-Amz-Expires should be a number")
    if negative:
        raise _malformed("X-Amz-Expires must be non-negative")
    if len(digits) > 9 or int(digits) > longest:
        raise _malformed(
            "X-Amz-Expires must be less than a week (in seconds); "
            f"that is, the given X-Amz-Expires must be less than {longest} seconds"
        )
    return int(digits)


def iso(at: datetime) -> str:
    """``2026-01-31T23:59:59Z`` in UTC."""
    return f"{at.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"


def _malformed(why: str, detail: str = "") -> SignatureError:
    return SignatureError(
        "it is not a presigned URL of Signature Version 4",
        why=printable_text(f"{why}: {detail}" if detail else why),
        fix="use the URL exactly as it was made",
        code="AuthorizationQueryParametersError",
        status=400,
    )
