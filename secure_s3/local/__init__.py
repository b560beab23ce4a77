"""The embedded endpoint: S3 and KMS on this machine, over TLS, with no account.

from secure_s3.local import LocalAws

with LocalAws() as aws:
    aws.session().client("s3").list_buckets()
"""

from __future__ import annotations

from .endpoint import LocalAws

__all__ = ["LocalAws"]
