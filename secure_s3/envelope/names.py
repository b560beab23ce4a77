"""The names of pairs in the encryption context that have a meaning of their own."""

from __future__ import annotations

PUBLIC_KEY = "aws-crypto-public-key"
"""The key of a signing suite."""
OURS = "secure-s3:"
"""What the names begin with that bind a message to its place."""
BUCKET, KEY = f"{OURS}bucket", f"{OURS}key"
PREFIX, BATCH = f"{OURS}prefix", f"{OURS}batch"
RESERVED = ("aws-crypto-", OURS)
"""Beginnings of names that are not for callers."""
