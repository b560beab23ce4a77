"""Signature Version 4 for presigned URLs, POST policies, and signed headers: pure functions of a clock."""

from __future__ import annotations

from .chunks import ChunkSignatures
from .headers import Authorization, parse_authorization, verify_headers
from .posts import sign_post, verify_post
from .signing import Credentials, SigningKey, UrlSigner, encode, encode_path, timestamp
from .verifying import Scope, SignedUrl, parse_url, verify_url

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
    "Authorization",
    "Scope",
    "parse_authorization",
    "verify_headers",
    "ChunkSignatures",
    "sign_post",
    "verify_post",
]
