"""Signature Version 4 for presigned URLs and POST policies: pure functions of a clock."""

from __future__ import annotations

from .posts import sign_post, verify_post
from .signing import Credentials, SigningKey, UrlSigner, encode, encode_path, timestamp
from .verifying import SignedUrl, parse_url, verify_url

__all__ = [
    "Credentials",
    "SigningKey",
    "UrlSigner",
    "SignedUrl",
    "encode",
    "encode_path",
    "timestamp",
    "parse_url",
    "verify_url",
    "sign_post",
    "verify_post",
]
