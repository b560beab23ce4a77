"""Secrets are taken out of the log records of botocore, boto3, s3transfer and urllib3.

At DEBUG these libraries log whole requests: signatures, session tokens, SSE-C keys. The filter costs
nothing while DEBUG is off, because a record that is not enabled never reaches it.
"""

from __future__ import annotations

import logging

from ..denials.redaction import redact

__all__ = ["install", "redact"]

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
