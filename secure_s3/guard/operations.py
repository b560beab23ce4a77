"""The S3 operations that can change how data is protected, and what the guard does about each.

``tests/guard/test_service_model.py`` walks the service model of the installed botocore and fails when an
operation with encryption, ACL or grant members is in none of these sets.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..encryption.operations import CUSTOMER_KEY, SESSIONS, WRITES

CONTINUES = frozenset({"UploadPart", "UploadPartCopy", "CompleteMultipartUpload", "PutObjectAnnotation"})
"""They add to something whose encryption is settled already; their answer must not contradict it."""

ACLS = frozenset({"PutObjectAcl", "PutBucketAcl", "CreateBucket"})
"""They may open a bucket or an object to everybody; so may every write."""

BUCKET_DEFAULTS = frozenset({"PutBucketEncryption", "DeleteBucketEncryption"})
"""They settle what happens to the writes of other clients."""

IN_PLACE = frozenset({"UpdateObjectEncryption"})
"""It changes the encryption of an object without moving its data."""

REPORTS = frozenset(
    {"GetBucketAcl", "GetObjectAcl", "GetBucketEncryption", "GetObjectAnnotation", "WriteGetObjectResponse"}
)
"""They tell about encryption or grants and store nothing in a bucket."""

DELEGATES = frozenset(
    {
        "RestoreObject",
        "PutBucketInventoryConfiguration",
        "PutBucketReplication",
        "PutBucketLogging",
        "CreateBucketMetadataConfiguration",
        "CreateBucketMetadataTableConfiguration",
        "UpdateBucketMetadataAnnotationTableConfiguration",
        "UpdateBucketMetadataInventoryTableConfiguration",
        "UpdateBucketMetadataJournalTableConfiguration",
    }
)
"""S3 itself writes later, with the encryption named in them; the guard refuses public grants in them only."""

BODY_DECIDES = (
    (ACLS - {"CreateBucket"})
    | BUCKET_DEFAULTS
    | IN_PLACE
    | DELEGATES
    | {"PutBucketPolicy", "PutPublicAccessBlock", "PutBucketOwnershipControls", "PutBucketWebsite"}
)
"""Operations whose body says who has access, or how others are encrypted; no URL is made for them."""

KNOWN = WRITES | SESSIONS | CONTINUES | CUSTOMER_KEY | ACLS | BUCKET_DEFAULTS | IN_PLACE | REPORTS | DELEGATES

NO_EXPECTED_OWNER = frozenset(
    {
        "CreateBucket",
        "CreateSession",
        "ListBuckets",
        "ListDirectoryBuckets",
        "RenameObject",
        "WriteGetObjectResponse",
    }
)
"""Operations without an ``ExpectedBucketOwner`` member."""

WIRE_CHECKED = WRITES | frozenset({"UploadPart", "UploadPartCopy", "CompleteMultipartUpload"})
"""Operations whose encryption headers must be exactly those of the strategy."""


def members(client: Any, operation: str) -> frozenset[str]:
    """The names of all parameters of *operation*, by botocore's model."""
    return frozenset(client.meta.service_model.operation_model(operation).input_shape.members)


def for_operation(client: Any, operation: str, extra: Mapping[str, Any]) -> dict[str, Any]:
    """Those of *extra* that *operation* takes."""
    known = members(client, operation)
    return {name: value for name, value in extra.items() if name in known}
