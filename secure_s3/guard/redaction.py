"""Secrets are taken out of the log records of botocore, boto3, s3transfer and urllib3.

At DEBUG these libraries log whole requests: signatures, session tokens, SSE-C keys. The filter costs
nothing while DEBUG is off, because a record that is not enabled never reaches it.
"""

from __future__ import annotations

import logging
import re

_FAMILIES = ("botocore", "boto3", "s3transfer", "urllib3")
_KNOWN = (
    "botocore",
    "botocore.auth",
    "botocore.awsrequest",
    "botocore.client",
    "botocore.credentials",
    "botocore.endpoint",
    "botocore.handlers",
    "botocore.hooks",
    "botocore.httpchecksum",
    "botocore.httpsession",
    "botocore.parsers",
    "botocore.regions",
    "botocore.retries.standard",
    "botocore.retryhandler",
    "botocore.session",
    "botocore.signers",
    "botocore.tokens",
    "botocore.utils",
    "boto3.resources.action",
    "boto3.resources.factory",
    "boto3.s3.transfer",
    "s3transfer.futures",
    "s3transfer.tasks",
    "s3transfer.utils",
    "urllib3.connectionpool",
)

_NAMES = (
    r"(?:copy-source-)?server-side-encryption-customer-key(?!-md5)"
    r"|security-token|s3session-token|sso_bearer_token|amz-signature|amz-credential|authorization"
    r"|SSECustomerKey(?!MD5)|SecretAccessKey|SessionToken|AccessKeyId|aws_secret_access_key|aws_session_token"
    r"|Plaintext(?!-)|WebIdentityToken|SAMLAssertion|accessToken|refreshToken|clientSecret|secret_key"
)
_NAMED = (
    rf"""(?P<name>(?:x-amz-)?(?:{_NAMES})["']?\s*(?:[:=]|%3D|>)\s*(?:b(?=['"]))?)"""
    r"""(?P<value>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|(?:AWS4-|Bearer )[^\n'"]*|[^\s,&<>}\)"']+)"""
)
_SIGNATURE = r"(Signature(?:\s*[:=]\s*|:\s*\n\s*))([0-9a-zA-Z+/=%]{16,})"
_HIDDEN = "***"


def redact(text: str) -> str:
    """*text* with every secret it names replaced by ``***``."""
    text = re.sub(_NAMED, lambda match: match["name"] + _HIDDEN, text, flags=re.IGNORECASE)
    return re.sub(_SIGNATURE, rf"\1{_HIDDEN}", text)


class _Redact(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        """Always True; the record's text is redacted in place."""
        if record.levelno <= logging.DEBUG or "amz" in str(record.msg):
            record.msg, record.args = redact(record.getMessage()), None
        return True


_FILTER = _Redact("secure-s3-redaction")


def install() -> None:
    """Put the filter on every logger of these libraries; again is nothing."""
    existing = (name for name in list(logging.root.manager.loggerDict) if name.split(".")[0] in _FAMILIES)
    for name in {*_KNOWN, *existing}:
        logging.getLogger(name).addFilter(_FILTER)
