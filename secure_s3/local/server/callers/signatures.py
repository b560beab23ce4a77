"""Who signed a request, verified as it was sent and before its body is read.

A request signed in its query is then written anew from what was verified. What the layers behind this one
read is the verified URL itself: encoded in one way only, without its authentication parameters, and with the
parameters that S3 takes for headers put among the headers. So there is no second reading of a query that
could differ from the first. A request signed in its header stays as it is; one that nobody signed has no
scope, and whether anybody may do that is judged behind.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from ....errors import SignatureError
from ....sigv4 import (
    Authorization,
    ChunkSignatures,
    Credentials,
    Scope,
    parse_authorization,
    parse_url,
    verify_headers,
    verify_url,
)
from ....sigv4.chunks import SIGNED_CHUNKS
from ....sigv4.headers import malformed
from ....sigv4.refusals import unknown_key
from ....sigv4.services import check_service, retold, unsigned
from ..call import Call, is_presigned
from ..clock import Clock
from ..faults import Refusal, access_denied, invalid_argument, invalid_request
from ..store import Store
from .rewriting import hide_lookalikes, sent_headers, write_anew

__all__ = ["UNSUPPORTED", "Signatures", "only_one_mechanism", "refusal_of"]

_ONE_MECHANISM = (
    "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, "
    "Signature query string parameter or the Authorization header should be specified"
)
UNSUPPORTED = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
_SIGV2 = frozenset(("AWSAccessKeyId", "Signature"))
_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]+", re.ASCII)
_ACTION = re.compile(rb"(?:^|&)Action=([^&]*)")
_FOR_NOBODY = ([b"AssumeRoleWithWebIdentity"], [b"AssumeRoleWithSAML"])


@dataclass(frozen=True)
class Signatures:
    """Who signed, and whether it holds now."""

    store: Store
    clock: Clock

    def admit(self, call: Call) -> None:
        """Verify a request that is signed, and note in ``call.scope`` by whom; others are only kept from
        looking so. Forms have a signature of their own, see ``browsers``.

        Raises:
            Refusal: S3's own, for whatever does not hold; nothing of the body has been read.
        """
        presigned, old = is_presigned(call.environ), not _SIGV2.isdisjoint(call.query)
        if "authorization" in call.headers:
            if presigned or old:
                raise only_one_mechanism(call)
            self._verify_header(call)
        elif presigned:
            self._verify_query(call)
        elif old:
            raise invalid_request(UNSUPPORTED)
        else:
            hide_lookalikes(call)

    def verify_other(self, environ: dict[str, Any], body: bytes, service: str) -> Scope | None:
        """Who signed a request to KMS, IAM, STS, or (``s3``) S3 Control; None for the two that need nobody.

        Those are AssumeRoleWithWebIdentity and AssumeRoleWithSAML.

        Args:
            environ: As WSGI has it.
            body: As it was sent.
            service: For which it must have been signed.

        Raises:
            Refusal: code, status and message as that service has them.
        """
        headers = sent_headers(environ)
        if "authorization" not in headers:
            asked = body or str(environ.get("QUERY_STRING", "")).encode()
            if service == "sts" and _ACTION.findall(asked) in _FOR_NOBODY:
                return None
            raise access_denied() if service == "s3" else refusal_of(unsigned(service))
        try:
            authorization = parse_authorization(headers)
            if service != "s3":
                check_service(authorization.scope, service)
            self._hold(authorization, environ, headers, body)
            if service == "s3":
                _check_body(headers, body)
        except SignatureError as error:
            if service == "s3":
                raise refusal_of(error) from error
            raise refusal_of(retold(service, str(error.code), str(error.why), error.fields)) from error
        except Refusal as refusal:
            if service == "s3":
                raise
            raise refusal_of(retold(service, refusal.code, refusal.message)) from refusal
        return authorization.scope

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

    def _verify_header(self, call: Call) -> None:
        headers = sent_headers(call.environ)
        try:
            authorization = parse_authorization(headers)
            if misplaced := self.misplaced(authorization.scope, call.bucket):
                raise malformed(misplaced[0], **misplaced[1])
            credentials = self._hold(authorization, call.environ, headers)
        except SignatureError as error:
            raise refusal_of(error) from error
        self._admitted(call, "header", authorization.scope, authorization.signature, credentials)

    def _hold(
        self,
        authorization: Authorization,
        environ: dict[str, Any],
        headers: dict[str, str],
        body: bytes = b"",
    ) -> Credentials:
        """The credentials that signed; SignatureError or Refusal if it does not hold."""
        credentials = self.credentials(authorization.scope.access_key, authorization.token)
        target, method = str(environ["RAW_URI"]), str(environ["REQUEST_METHOD"])
        now = self.clock.now()
        verify_headers(authorization, method, target, headers, credentials, at=now, body=body)
        return credentials

    def _verify_query(self, call: Call) -> None:
        try:
            signed = parse_url(_url(call))
            if misplaced := self.misplaced(signed.scope, call.bucket):
                message = f"Error parsing the X-Amz-Credential parameter; {misplaced[0]}"
                raise Refusal(400, "AuthorizationQueryParametersError", message, **misplaced[1])
            credentials = self.credentials(signed.scope.access_key, signed.token)
            verify_url(signed, call.method, sent_headers(call.environ), credentials, at=self.clock.now())
        except SignatureError as error:
            raise refusal_of(error) from error
        write_anew(call, signed)
        self._admitted(call, "query", signed.scope, signed.signature, credentials)

    def _admitted(self, call: Call, by: str, scope: Scope, seed: str, credentials: Credentials) -> None:
        call.scope, call.signed_by = scope, by
        if call.headers.get("x-amz-content-sha256") in SIGNED_CHUNKS:
            call.chunks = ChunkSignatures(scope, seed, credentials)


def refusal_of(error: SignatureError) -> Refusal:
    """What S3 answers when a signature does not hold."""
    return Refusal(error.status or 403, error.code or "AccessDenied", str(error.why), **error.fields)


def only_one_mechanism(call: Call) -> Refusal:
    """400 for a request that is signed in its Authorization header and in another way as well."""
    return invalid_argument(_ONE_MECHANISM, "Authorization", call.headers["authorization"].split(" ")[0])


def _check_body(headers: dict[str, str], body: bytes) -> None:
    given = headers.get("x-amz-content-sha256", "").lower()
    if len(given) == 64 and sha256(body).hexdigest() != given:
        message = "The provided 'x-amz-content-sha256' header does not match what was computed."
        raise Refusal(400, "XAmzContentSHA256Mismatch", message)


def _url(call: Call) -> str:
    target, host = str(call.environ["RAW_URI"]), str(call.environ.get("HTTP_HOST", ""))
    if not target.startswith("/") or "#" in target or not _HOST.fullmatch(host):
        raise Refusal(400, "InvalidURI", "Couldn't parse the specified URI.")
    return f"https://{host}{target}"
