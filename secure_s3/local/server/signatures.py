"""Requests signed in their query: verified as they were sent, and then written anew from what was verified.

What the layers behind this one read is the verified URL itself: encoded in one way only, without its
authentication parameters, and with the parameters that S3 takes for headers put among the headers. So there
is no second reading of a query that could differ from the first.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from ...errors import SignatureError
from ...sigv4 import Credentials, SignedUrl, encode, parse_url, verify_url
from ...sigv4.refusals import unknown_key
from ...sigv4.signing import ALGORITHM, TERMINATOR
from ...sigv4.verifying import Scope
from .call import Call, is_presigned
from .clock import Clock
from .faults import Refusal, access_denied, invalid_argument, invalid_request
from .store import SPELLED, Store

__all__ = ["UNSUPPORTED", "Signatures", "authorize", "only_one_mechanism", "put_header", "refusal_of"]

_ONE_MECHANISM = (
    "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, "
    "Signature query string parameter or the Authorization header should be specified"
)
UNSUPPORTED = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
_SIGV2 = frozenset(("AWSAccessKeyId", "Signature"))
_OPEN_TO_ALL = ("GET", "HEAD", "OPTIONS")
"""What an unsigned request may do where an ACL or a policy says so; forms have a signature of their own."""
_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]+", re.ASCII)
# An underscore and a dash are the same to WSGI; only metadata keeps its own spelling.
_HEADER = re.compile(r"x-amz-(?:meta-[a-z0-9_.-]+|[a-z0-9-]+)", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Signatures:
    """Who signed, and whether it holds now."""

    store: Store
    clock: Clock

    def admit(self, call: Call) -> None:
        """Verify a request that is signed in its query; others are only kept from looking so.

        Raises:
            Refusal: S3's own, for whatever does not hold; nothing of the body has been read.
        """
        names = {name for name, _ in parse_qsl(call.environ.get("QUERY_STRING", ""), keep_blank_values=True)}
        presigned, old = is_presigned(call.environ), not _SIGV2.isdisjoint(names)
        if "authorization" in call.headers:
            if presigned or old:
                raise only_one_mechanism(call)
        elif presigned:
            self._verify(call)
        elif old:
            raise invalid_request(UNSUPPORTED)
        elif call.method in _OPEN_TO_ALL or (call.operation == "POST bucket" and "delete" not in names):
            _hide_lookalikes(call)
        else:
            raise access_denied()  # as S3, but for buckets whose policy lets everybody write

    def credentials(self, access_key: str, token: str | None) -> Credentials:
        """The credentials that an access key and a session token belong to.

        Raises:
            Refusal: InvalidAccessKeyId, InvalidToken or ExpiredToken.
        """
        issued = self.store.issued(access_key)
        expected = None if issued is None else issued.credentials.token
        if issued is None or (expected is not None and token is None):
            raise refusal_of(unknown_key(access_key))
        if (token is None) != (expected is None) or not hmac.compare_digest(
            (token or "").encode(), (expected or "").encode()
        ):
            raise Refusal(400, "InvalidToken", "The provided token is malformed or otherwise invalid.")
        if issued.expires_at is not None and self.clock.now() >= issued.expires_at:
            raise Refusal(400, "ExpiredToken", "The provided token has expired.")
        return issued.credentials

    def misplaced(self, scope: Scope, bucket: str) -> tuple[str, dict[str, str]] | None:
        """Why it was not signed for this place, with the further elements that say so; None if it was."""
        if scope.service != "s3":
            return f'incorrect service "{scope.service}". This endpoint belongs to "s3".', {}
        found = self.store.bucket(bucket)
        if found is None or found.region_name == scope.region:
            return None
        region = str(found.region_name)
        return f"the region '{scope.region}' is wrong; expecting '{region}'", {"Region": region}

    def _verify(self, call: Call) -> None:
        try:
            signed = parse_url(_url(call))
            if misplaced := self.misplaced(signed.scope, call.bucket):
                message = f"Error parsing the X-Amz-Credential parameter; {misplaced[0]}"
                raise Refusal(400, "AuthorizationQueryParametersError", message, **misplaced[1])
            credentials = self.credentials(signed.scope.access_key, signed.token)
            verify_url(signed, call.method, _sent(call.environ), credentials, at=self.clock.now())
        except SignatureError as error:
            raise refusal_of(error) from error
        _write_anew(call, signed)


def refusal_of(error: SignatureError) -> Refusal:
    """What S3 answers when a signature does not hold."""
    return Refusal(error.status or 403, error.code or "AccessDenied", str(error.why), **error.fields)


def only_one_mechanism(call: Call) -> Refusal:
    """400 for a request that is signed in its Authorization header and in another way as well."""
    return invalid_argument(_ONE_MECHANISM, "Authorization", call.headers["authorization"].split(" ")[0])


def authorize(environ: dict[str, Any], scope: Scope) -> None:
    """Let moto take a verified request for one that its header signed; it knows no better way."""
    credential = "/".join((scope.access_key, scope.date, scope.region, scope.service, TERMINATOR))
    environ["HTTP_AUTHORIZATION"] = (
        f"{ALGORITHM} Credential={credential}, SignedHeaders=host, Signature=verified"
    )


def put_header(environ: dict[str, Any], name: str, value: str) -> None:
    """Let a value that came elsewhere be read as a header; no line of its own can get into answers."""
    if _CONTROL.search(value):
        raise invalid_argument("Header value cannot be represented using ISO-8859-1.", name, "")
    key = "HTTP_" + name.upper().replace("-", "_")
    environ[key] = value.encode().decode("latin-1")  # as WSGI has it
    if "_" in name:
        environ[SPELLED] = {**(environ.get(SPELLED) or {}), key: name}


def _url(call: Call) -> str:
    target, host = str(call.environ["RAW_URI"]), str(call.environ.get("HTTP_HOST", ""))
    if not target.startswith("/") or "#" in target or not _HOST.fullmatch(host):
        raise Refusal(400, "InvalidURI", "Couldn't parse the specified URI.")
    return f"https://{host}{target}"


def _sent(environ: dict[str, Any]) -> dict[str, str]:
    """The headers as they were sent, names in lower case."""
    spelled = environ.get(SPELLED) or {}
    sent = {}
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            name = str(spelled.get(key, key[5:].replace("_", "-")))
        elif key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            name = key.replace("_", "-")
        else:
            continue
        sent[name.lower()] = str(value).encode("latin-1").decode(errors="replace")
    return sent


def _write_anew(call: Call, signed: SignedUrl) -> None:
    environ = call.environ
    kept: dict[str, str] = {}
    taken: dict[str, str] = {}
    for name, value in signed.parameters:
        header = name.lower()
        if not header.startswith("x-amz-"):
            kept.setdefault(name, value)
        elif _HEADER.fullmatch(header) and taken.setdefault(header, value) != value:
            raise invalid_argument("The parameter is given twice, with different values.", name, "")
    headers = _sent(environ)
    for header, value in taken.items():
        if headers.get(header, value) != value:
            message = "The query and a header give different values."
            raise invalid_argument(message, header, "")
        put_header(environ, header, value)
    query = "&".join(encode(name) + (f"={encode(value)}" if value else "") for name, value in kept.items())
    environ["QUERY_STRING"] = query
    environ["RAW_URI"] = environ["REQUEST_URI"] = signed.path + (f"?{query}" if query else "")
    authorize(environ, signed.scope)
    call.read_again()


def _hide_lookalikes(call: Call) -> None:
    """To moto, a URL with the letters ``Signature=`` anywhere is signed; S3 ignores such parameters."""
    parameters = str(call.environ.get("QUERY_STRING", "")).split("&")
    kept = [text for text in parameters if "Signature=" not in unquote_plus(text)]
    if kept != parameters:
        call.environ["QUERY_STRING"] = "&".join(kept)
        call.read_again()
