"""What a line of S3's server access logs tells of a refusal.

Source: Amazon S3 User Guide, "Amazon S3 server access log format".
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from .accesslines import FIELDS, fields_in, key_of
from .denial import Denial
from .parsing import VALUE_CHARACTERS, parse_denial, safe_text

OPERATIONS: Mapping[str, str] = {
    "REST.GET.OBJECT": "GetObject",
    "REST.HEAD.OBJECT": "HeadObject",
    "REST.PUT.OBJECT": "PutObject",
    "REST.COPY.OBJECT": "CopyObject",
    "REST.DELETE.OBJECT": "DeleteObject",
    "REST.POST.OBJECT": "PostObject",
    "REST.GET.BUCKET": "ListObjectsV2",
    "REST.HEAD.BUCKET": "HeadBucket",
    "REST.POST.UPLOADS": "CreateMultipartUpload",
    "REST.PUT.PART": "UploadPart",
    "REST.POST.UPLOAD": "CompleteMultipartUpload",
    "REST.DELETE.UPLOAD": "AbortMultipartUpload",
    "REST.POST.MULTI_OBJECT_DELETE": "DeleteObjects",
    "BATCH.DELETE.OBJECT": "DeleteObject",
    "REST.PUT.ACL": "PutObjectAcl",
    "REST.PUT.BUCKETPOLICY": "PutBucketPolicy",
    "REST.GET.BUCKETPOLICY": "GetBucketPolicy",
}
"""What the log calls an operation, and S3's API."""
_KINDS = ("REST.", "SOAP.", "BATCH.")
_LEAST = 11  # up to the error code: a line that was cut behind it still tells of a refusal
_AUTH_TYPES = {"AuthHeader": "REST-HEADER", "QueryString": "REST-QUERY-STRING", "-": None}
_TLS = {"tlsv1": "1.0", "tlsv1.1": "1.1", "tlsv1.2": "1.2", "tlsv1.3": "1.3"}
_SIGNATURES = {"SigV4": "AWS4-HMAC-SHA256", "SigV2": "AWS"}


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line; ``told`` by the names of its fields, without those that hold ``-``."""

    told: Mapping[str, str]

    @property
    def status(self) -> int | None:
        """Of the answer."""
        text = self.told.get("status", "")
        return int(text) if text.isdigit() else None

    @property
    def time(self) -> str | None:
        """When the request came in, as it is written there."""
        return safe_text(self.told.get("time"), VALUE_CHARACTERS) or None

    def denial(self) -> Denial:
        """What the line says; a log holds no message, so that the code decides."""
        told, operation = self.told, self.told.get("operation", "")
        fields = {"RequestId": told.get("request_id"), "HostId": told.get("host_id")}
        denial = parse_denial(
            operation=OPERATIONS.get(operation, operation),
            status=self.status,
            code=told.get("code"),
            fields=fields,
        )
        return replace(denial, principal=self._principal(), resource=self._resource())

    def circumstances(self) -> dict[str, Any]:
        """Condition keys of the request that the line settles."""
        told = self.told
        found: dict[str, Any] = {"aws:SourceIp": self._address()}
        found["aws:SecureTransport"] = "tls" in told or "cipher" in told
        found["s3:TlsVersion"] = _TLS.get(told.get("tls", "").lower())
        found["s3:authType"] = _AUTH_TYPES.get(told.get("auth", "-"))
        found["s3:signatureversion"] = _SIGNATURES.get(told.get("signature", ""))
        return {name: value for name, value in found.items() if value is not None}

    def _address(self) -> str | None:
        try:
            return str(ipaddress.ip_address(self.told.get("address", "")))
        except ValueError:
            return None

    def _principal(self) -> str | None:
        """The ARN of the requester; a canonical id names an account that policies may name otherwise."""
        requester = safe_text(self.told.get("requester", "anonymous"), VALUE_CHARACTERS)
        return requester if requester.startswith("arn:") or requester == "anonymous" else None

    def _resource(self) -> str | None:
        bucket = safe_text(self.told.get("bucket"), VALUE_CHARACTERS)
        key = key_of(self.told.get("operation", ""), self.told.get("key", ""))
        key = safe_text(key, VALUE_CHARACTERS)
        arn = f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"
        return arn if bucket else None


def of_line(line: str) -> LogLine | None:
    """A line of a log; None if it is none."""
    if not any(kind in line[:1024] for kind in _KINDS):
        return None
    found = fields_in(line)
    if len(found) < _LEAST or not found[6].startswith(_KINDS) or not found[9].isdigit():
        return None
    return LogLine({name: text for name, text in zip(FIELDS, found, strict=False) if text != "-"})
