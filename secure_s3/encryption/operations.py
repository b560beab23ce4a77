"""Which S3 operations carry encryption members, and how these members look on the wire.

Source: Amazon S3 API Reference, request syntax of each operation. ``tests/guard/test_service_model.py``
walks the service model of the installed botocore and fails when an operation is missing here.
"""

from __future__ import annotations

from types import MappingProxyType

WRITES = frozenset({"PutObject", "CopyObject", "CreateMultipartUpload"})
"""Operations that decide how an object is encrypted at rest."""

SESSIONS = frozenset({"CreateSession"})
"""Directory buckets: the session decides how the objects written under it are encrypted."""

CUSTOMER_KEY = frozenset(
    {
        "PutObject",
        "GetObject",
        "HeadObject",
        "CopyObject",
        "CreateMultipartUpload",
        "UploadPart",
        "UploadPartCopy",
        "CompleteMultipartUpload",
        "ListParts",
        "GetObjectAttributes",
        "SelectObjectContent",
    }
)
"""Operations on an SSE-C object that need its key."""

COPIES = frozenset({"CopyObject", "UploadPartCopy"})
"""Operations that read another object on the server's side."""

RENAMES = frozenset({"RenameObject"})
"""Operations that give an object another key and leave its content."""

CONTENT = frozenset({"PutObject", "UploadPart", "PutObjectAnnotation"})
"""Operations whose body is stored."""

CUSTOMER_KEY_ECHOED = frozenset(
    {
        "PutObject",
        "GetObject",
        "HeadObject",
        "CopyObject",
        "CreateMultipartUpload",
        "UploadPart",
        "UploadPartCopy",
    }
)
"""Operations whose answer repeats the SSE-C algorithm and the key's MD5."""

HEADERS = MappingProxyType(
    {
        "ServerSideEncryption": "x-amz-server-side-encryption",
        "SSEKMSKeyId": "x-amz-server-side-encryption-aws-kms-key-id",
        "SSEKMSEncryptionContext": "x-amz-server-side-encryption-context",
        "BucketKeyEnabled": "x-amz-server-side-encryption-bucket-key-enabled",
        "SSECustomerAlgorithm": "x-amz-server-side-encryption-customer-algorithm",
        "SSECustomerKey": "x-amz-server-side-encryption-customer-key",
        "SSECustomerKeyMD5": "x-amz-server-side-encryption-customer-key-MD5",
    }
)
"""Request member → header."""

MEMBERS = frozenset(HEADERS)
