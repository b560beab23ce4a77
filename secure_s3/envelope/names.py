"""Names with a meaning of their own: pairs of the encryption context, and metadata of another client."""

from __future__ import annotations

PUBLIC_KEY = "aws-crypto-public-key"
"""The key of a signing suite."""
OURS = "secure-s3:"
"""What the names begin with that bind a message to its place."""
BUCKET, KEY = f"{OURS}bucket", f"{OURS}key"
PREFIX, BATCH = f"{OURS}prefix", f"{OURS}batch"
RESERVED = ("aws-crypto-", OURS)
"""Beginnings of names that are not for callers."""
S3EC_DATA_KEYS = {"x-amz-3": "V3", "x-amz-key-v2": "V2", "x-amz-key": "V1"}
"""User metadata in which the Amazon S3 Encryption Client keeps the data key, and its versions."""
