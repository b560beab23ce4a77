"""The expected owner of a bucket, as the embedded endpoint checks it."""

from __future__ import annotations

from typing import Any

from tests.local.denials import denial
from tests.local.support import BUCKET

OWN, OTHER = "111122223333", "444455556666"
OPERATIONS: list[tuple[str, dict[str, Any]]] = [
    ("head_bucket", {}),
    ("list_objects_v2", {}),
    ("get_object", {"Key": "k"}),
    ("put_object", {"Key": "k"}),
    ("copy_object", {"Key": "c", "CopySource": f"{BUCKET}/k"}),
    ("delete_object", {"Key": "k"}),
    ("delete_objects", {"Delete": {"Objects": [{"Key": "k"}]}}),
    ("create_multipart_upload", {"Key": "k"}),
    ("get_bucket_encryption", {}),
    ("put_bucket_versioning", {"VersioningConfiguration": {"Status": "Enabled"}}),
]


def test_buckets_of_others_are_left_alone(s3: Any) -> None:
    """Every operation is refused without a word of why, unless the owner is the one expected."""
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"k")
    for operation, arguments in OPERATIONS:
        found = denial(getattr(s3, operation), Bucket=BUCKET, **arguments, ExpectedBucketOwner=OTHER)
        assert (found.status, found.cause) == (403, "opaque"), operation
        assert found.message == ("Forbidden" if operation == "head_bucket" else "Access Denied")
    assert s3.get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"k"
    for operation, arguments in OPERATIONS:
        getattr(s3, operation)(Bucket=BUCKET, **arguments, ExpectedBucketOwner=OWN)


def test_what_is_no_account_is_no_owner(s3: Any, refused: Any) -> None:
    """Twelve digits, or the request is refused for that."""
    for expected in ("me", "11112222333", "1111222233334", "1111-2222-3333"):
        answer = refused(s3.get_object, Bucket=BUCKET, Key="k", ExpectedBucketOwner=expected)
        assert answer == (400, "InvalidBucketOwnerAWSAccountID"), expected


def test_the_source_of_a_copy_has_an_owner_too(s3: Any, refused: Any) -> None:
    """And it is another header that names it."""
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"k")
    copy = {"Bucket": BUCKET, "Key": "c", "CopySource": f"{BUCKET}/k"}
    assert refused(s3.copy_object, **copy, ExpectedSourceBucketOwner=OTHER) == (403, "AccessDenied")
    s3.copy_object(**copy, ExpectedSourceBucketOwner=OWN, ExpectedBucketOwner=OWN)
    missing = {**copy, "CopySource": f"{BUCKET}-missing/k"}
    assert refused(s3.copy_object, **missing, ExpectedSourceBucketOwner=OTHER)[0] == 404
