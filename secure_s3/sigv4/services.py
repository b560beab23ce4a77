"""How other services than S3 put what :mod:`.headers` finds wrong with a signature.

KMS, which speaks JSON, has its own codes and answers 400 to all of it; IAM and STS share theirs.

Sources: AWS KMS, IAM and STS API References, "Common Errors"; IAM User Guide, "Troubleshoot Signature Version
4 signing"; texts as the services have been seen to send them. The texts that AWS extends by what was sent
(the Authorization header, the canonical request) are given without that.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone

from .. import limits
from ..errors import SignatureError
from .signing import timestamp
from .verifying import Scope

_FORMS = ("iam", "sts")
_INVALID = "The security token included in the request is invalid."
_MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
    "Access Key and signing method. Consult the service documentation for details."
)
# The code and status of services whose requests are forms, and the code of those that speak JSON.
_CODES = {
    "mismatch": ("SignatureDoesNotMatch", 403, "InvalidSignatureException"),
    "key": ("InvalidClientTokenId", 403, "UnrecognizedClientException"),
    "expired": ("ExpiredToken", 403, "ExpiredTokenException"),
    "incomplete": ("IncompleteSignature", 400, "IncompleteSignatureException"),
    "missing": ("MissingAuthenticationToken", 403, "MissingAuthenticationTokenException"),
}
_FIXES = {
    "mismatch": "sign it with the secret of the access key, for this service, with a clock that is right",
    "key": "use an access key that exists and is active, with its session token if it has one",
    "expired": "get new credentials",
    "incomplete": "let an SDK sign the request",
    "missing": "let an SDK sign the request",
}


def retold(service: str, code: str, why: str, fields: Mapping[str, str] | None = None) -> SignatureError:
    """What another service says where S3 says *code* and *why*.

    Args:
        service: ``kms``, ``iam``, ``sts``, …
        code: S3's error code.
        why: S3's text.
        fields: The further elements of S3's answer.
    """
    fields = fields or {}
    if code == "RequestTimeTooSkewed":
        return _refused(service, "mismatch", _skewed(fields["RequestTime"], fields["ServerTime"]))
    if code in ("InvalidAccessKeyId", "InvalidToken"):
        return _refused(service, "key", _INVALID)
    if code == "ExpiredToken":
        return _refused(service, "expired", "The security token included in the request is expired")
    if code == "SignatureDoesNotMatch":
        return _refused(service, "mismatch", _MISMATCH)
    if unsigned := fields.get("HeadersNotSigned"):
        name = "'Host' or ':authority'" if "host" in unsigned else f"'{unsigned}'"
        return _refused(service, "mismatch", f"{name} must be a 'SignedHeader' in the AWS Authorization.")
    if code == "AccessDenied":
        why = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
    return _refused(service, "incomplete", why.removeprefix("The authorization header is malformed; "))


def unsigned(service: str) -> SignatureError:
    """What another service says to a request that nobody signed."""
    text = "Request is missing Authentication Token" if service in _FORMS else "Missing Authentication Token"
    return _refused(service, "missing", text)


def check_service(scope: Scope, service: str) -> None:
    """Return if a request was signed for that service.

    Raises:
        SignatureError: as the service says it.
    """
    if scope.service != service:
        raise _refused(service, "mismatch", f"Credential should be scoped to correct service: '{service}'.")


def _refused(service: str, kind: str, why: str) -> SignatureError:
    of_forms, status, of_json = _CODES[kind]
    code, status = (of_forms, status) if service in _FORMS else (of_json, 400)
    return SignatureError(
        f"{service} does not accept the signature", why=why, fix=_FIXES[kind], code=code, status=status
    )


def _skewed(signed: str, server: str) -> str:
    signed_at = datetime.strptime(signed, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    now = datetime.strptime(server, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    if signed_at < now:
        earliest = timestamp(now - limits.MAX_CLOCK_SKEW)
        return f"Signature expired: {signed} is now earlier than {earliest} ({timestamp(now)} - 15 min.)"
    latest = timestamp(now + limits.MAX_CLOCK_SKEW)
    return f"Signature not yet current: {signed} is still later than {latest} ({timestamp(now)} + 15 min.)"
