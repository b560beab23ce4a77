"""Query signing: everything that many URLs share is computed once, a URL costs two hashes.

Source of every rule: Amazon S3 API Reference, "Authenticating Requests: Using Query Parameters (AWS
Signature Version 4)". botocore is the oracle: ``tests/sigv4`` compares byte by byte.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from hashlib import sha256
from typing import Any, NoReturn
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
TERMINATOR = "aws4_request"

_PLAIN = re.compile(r"[A-Za-z0-9._~/-]*", re.ASCII).fullmatch
_BLANKS = re.compile(r"[ \t]+")
_BLOCK = 64  # of SHA-256, in bytes
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


def encode(text: str) -> str:
    """*text* percent-encoded as SigV4 asks: all but the unreserved characters of RFC 3986."""
    return quote(text, safe="")


def encode_path(key: str) -> str:
    """An object's key as it stands in a path: encoded, with its slashes kept and nothing normalised."""
    return key if _PLAIN(key) else quote(key, safe="/")


def timestamp(at: datetime) -> str:
    """``20260131T235959Z`` in UTC; *at* must know its time zone."""
    return f"{at.astimezone(timezone.utc):%Y%m%dT%H%M%SZ}"


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key, whose secret cannot be printed or pickled. botocore's frozen ones serve as well."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("credentials are not pickled: read them where they are needed")


class SigningKey:
    """The key of one day, region and service, derived from a secret access key; it cannot be printed.

    HMAC-SHA256 as RFC 2104 defines it, with the two states after the padded key kept: signing then hashes
    the text alone.
    """

    __slots__ = ("_inner", "_outer", "scope")

    def __init__(self, secret_key: str, date: str, region: str, service: str = "s3") -> None:
        key = f"AWS4{secret_key}".encode()
        for part in (date, region, service, TERMINATOR):
            key = hmac.digest(key, part.encode(), "sha256")
        padded = key.ljust(_BLOCK, b"\0")
        self._inner, self._outer = sha256(padded.translate(_INNER)), sha256(padded.translate(_OUTER))
        self.scope = f"{date}/{region}/{service}/{TERMINATOR}"

    def sign(self, text: bytes) -> str:
        """The signature of *text*, in hexadecimal."""
        inner = self._inner.copy()
        inner.update(text)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.hexdigest()

    def __repr__(self) -> str:
        return f"SigningKey({self.scope!r})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a signing key is not pickled: derive it where it is needed")


def same(computed: str, given: str) -> bool:
    """Whether a signature is the one computed, in constant time; *given* may be any text."""
    return hmac.compare_digest(computed.encode(), given.encode(errors="replace"))


class UrlSigner:
    """Signs the URLs of one kind: all is settled but the object's path.

    Args:
        key: The signing key of the day of *signed_at* and of the bucket's region.
        credentials: Whose access key and session token the URL names.
        method: The HTTP method.
        origin: ``https://host[:port]``; the host as it will be sent, without the default port.
        prefix: What stands in the path before the object's key, ``""`` or ``/bucket``.
        signed_at: As :func:`timestamp` writes it.
        expires_in: Seconds.
        query: The operation's own parameters, in the order in which they are to stand.
        headers: What must be sent along, with lower-case names; ``host`` is added.
    """

    __slots__ = ("_before", "_between", "_head", "_key", "_origin", "_tail")

    def __init__(
        self,
        key: SigningKey,
        credentials: Any,
        *,
        method: str,
        origin: str,
        prefix: str,
        signed_at: str,
        expires_in: int,
        query: Iterable[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        names, lines = canonical_headers({**(headers or {}), "host": origin.partition("://")[2]})
        given = [
            *((encode(name), encode(value)) for name, value in query),
            ("X-Amz-Algorithm", ALGORITHM),
            ("X-Amz-Credential", encode(f"{credentials.access_key}/{key.scope}")),
            ("X-Amz-Date", signed_at),
            ("X-Amz-Expires", str(expires_in)),
            ("X-Amz-SignedHeaders", names.replace(";", "%3B")),  # else they are letters, digits and -._
        ]
        if credentials.token is not None:
            given.append(("X-Amz-Security-Token", encode(credentials.token)))
        self._key, self._origin = key, origin + prefix
        self._before = f"{method}\n{prefix}".encode()
        self._between = f"\n{_joined(sorted(given))}\n{lines}\n{names}\n{UNSIGNED_PAYLOAD}".encode()
        self._head = f"{ALGORITHM}\n{signed_at}\n{key.scope}\n"
        self._tail = f"?{_joined(given)}&X-Amz-Signature="

    def url(self, path: str) -> str:
        """The signed URL of an encoded *path* (see :func:`encode_path`), which begins with a slash."""
        canonical = sha256(self._before + path.encode() + self._between).hexdigest()
        signature = self._key.sign((self._head + canonical).encode())
        return self._origin + path + self._tail + signature

    def __repr__(self) -> str:
        return f"UrlSigner({self._origin!r})"


def _joined(pairs: Iterable[tuple[str, str]]) -> str:
    return "&".join([f"{name}={value}" for name, value in pairs])


def canonical_headers(headers: Mapping[str, str]) -> tuple[str, str]:
    """The list of signed headers, and their lines: sorted, white space folded."""
    pairs = sorted((name, _BLANKS.sub(" ", value.strip(" \t"))) for name, value in headers.items())
    return ";".join(name for name, _ in pairs), "".join(f"{name}:{value}\n" for name, value in pairs)
