"""Every number of S3, KMS and STS that this package relies on, once, with its source."""

from __future__ import annotations

from datetime import timedelta

KIB, MIB, GIB, TIB = 1024, 1024**2, 1024**3, 1024**4

# Amazon S3 User Guide, "Amazon S3 multipart upload limits".
MIN_PART_BYTES = 5 * MIB
"""Every part but the last is at least this large."""
MAX_PART_BYTES = 5 * GIB
MAX_PARTS = 10_000
MAX_OBJECT_BYTES = 50_000 * GIB
"""48.8 TiB, i.e. 10,000 parts of 5 GiB; it was 5 TiB until December 2025."""

# Amazon S3 API Reference, PutObject and CopyObject.
MAX_SINGLE_PUT_BYTES = 5 * GIB
MAX_SINGLE_COPY_BYTES = 5 * GIB

# Amazon S3 User Guide, "Creating object key names".
MAX_KEY_BYTES = 1024

# Amazon S3 API Reference, "Authenticating Requests: Using Query Parameters": X-Amz-Expires.
MAX_PRESIGN = timedelta(days=7)

# Amazon S3 User Guide, "Using server-side encryption with customer-provided keys (SSE-C)".
SSE_C_KEY_BYTES = 32

# Amazon S3 API Reference, DeleteObjects.
MAX_DELETE_OBJECTS = 1_000

# AWS Encryption SDK Developer Guide, "AWS Encryption SDK message format reference".
DEFAULT_FRAME_BYTES = 64 * KIB
MAX_FRAMES = 2**32 - 1
MAX_CONTEXT_BYTES = 2**16 - 1

# Ours, tighter than the format: what a reader is willing to hold in memory before anything is verified.
MIN_FRAME_BYTES = KIB
"""For what is written; what others wrote may have shorter frames."""
MAX_FRAME_BYTES = 16 * MIB
MAX_DATA_KEYS = 32
MAX_HEADER_BYTES = 256 * KIB

# Amazon S3 API Reference, "Error responses": RequestTimeTooSkewed; a presigned URL may be dated so far ahead.
MAX_CLOCK_SKEW = timedelta(minutes=15)

# Amazon S3 API Reference, CreateSession: directory buckets; a URL dies with the session that signed it.
EXPRESS_SESSION_SECONDS = 300

# Amazon S3 API Reference, "POST Object": the sum of the form's fields but the file.
MAX_POST_FIELDS_BYTES = 20_000

# Amazon S3 User Guide, "Bucket policies for Amazon S3": a bucket policy, and one of an access point.
BUCKET_POLICY_BYTES = 20 * KIB

# Ours: what is read as a policy at all. The longest that AWS takes is a key policy of 32 KB.
POLICY_TEXT_BYTES = 256 * KIB
POLICY_DEPTH = 32
