"""Amazon S3 for application developers: always TLS, always encrypted as configured, errors that explain.

from secure_s3 import SecureS3Client, SseKms

s3 = SecureS3Client(SseKms("arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"))
s3.upload_file("report.pdf", "amzn-s3-demo-bucket", "reports/2026.pdf")
"""

from __future__ import annotations

from . import errors
from ._version import __version__
from .client import SecureS3Client
from .encryption import ClientSide, DsseKms, SseC, SseKms, SseS3
from .envelope.keys import KmsKeys, RawAesKey
from .guard import harden, secure_session
from .profile import REGULATED, STANDARD, SecurityProfile
from .transfer.receipts import Receipt

__all__ = [
    "SecureS3Client",
    "SseKms",
    "DsseKms",
    "SseS3",
    "SseC",
    "ClientSide",
    "KmsKeys",
    "RawAesKey",
    "SecurityProfile",
    "STANDARD",
    "REGULATED",
    "secure_session",
    "harden",
    "Receipt",
    "errors",
    "__version__",
]
