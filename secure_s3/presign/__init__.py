"""Short-lived access: presigned URLs and forms, uploads from browsers, and what a URL allows.

from secure_s3.presign import inspect, verify

s3.presign.get("amzn-s3-demo-bucket", "reports/2026.pdf", expires_in=300).url
"""

from __future__ import annotations

from ..sigv4 import Credentials
from .inspection import Inspection, inspect, verify
from .multipart import BrowserUpload
from .options import ObjectOptions, PartOptions, PostOptions, ReadOptions, WriteOptions
from .presigner import Presigner
from .results import PresignedPost, PresignedUrl
from .rules import UploadRule
from .web import Granted, WebUploads

__all__ = [
    "Presigner",
    "PresignedUrl",
    "PresignedPost",
    "BrowserUpload",
    "UploadRule",
    "WebUploads",
    "Granted",
    "ReadOptions",
    "WriteOptions",
    "PartOptions",
    "ObjectOptions",
    "PostOptions",
    "Inspection",
    "inspect",
    "verify",
    "Credentials",
]
