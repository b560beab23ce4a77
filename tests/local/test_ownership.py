"""Object Ownership, as the embedded endpoint enforces it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.denials import denial
from tests.local.support import BUCKET

UNSUPPORTED = (400, "AccessControlListNotSupported")
HAS_ACLS = (400, "InvalidBucketAclWithObjectOwnership")
OWNER = "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a"
OTHER = 'id="79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"'
HERE = {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}


def own(s3: Any, kind: str) -> None:
    s3.put_bucket_ownership_controls(Bucket=BUCKET, OwnershipControls={"Rules": [{"ObjectOwnership": kind}]})


WRITES: list[tuple[str, dict[str, str]]] = [
    ("put_bucket_acl", {"ACL": "private"}),
    ("put_bucket_acl", {"ACL": "public-read"}),
    ("put_bucket_acl", {"GrantRead": OTHER}),
    ("put_object_acl", {"Key": "k", "ACL": "bucket-owner-full-control"}),
    ("put_object", {"Key": "k", "ACL": "private"}),
    ("put_object", {"Key": "k", "ACL": "public-read"}),
    ("put_object", {"Key": "k", "GrantFullControl": OTHER}),
    ("put_object", {"Key": "k", "GrantRead": f'id="{OWNER}"'}),
    ("copy_object", {"Key": "k", "CopySource": f"{BUCKET}/k", "ACL": "bucket-owner-read"}),
    ("create_multipart_upload", {"Key": "k", "ACL": "authenticated-read"}),
]


def test_a_new_bucket_takes_no_acls(s3: Any) -> None:
    """Its owner owns everything in it, as at AWS since April 2023; without ACLs it works."""
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"k")
    for operation, arguments in WRITES:
        found = denial(getattr(s3, operation), Bucket=BUCKET, **arguments)
        assert (found.status, found.code, found.cause) == (*UNSUPPORTED, "acl"), (operation, arguments)
        assert found.message == "The bucket does not allow ACLs"
    assert s3.get_bucket_acl(Bucket=BUCKET)["Grants"][0]["Permission"] == "FULL_CONTROL"


@pytest.mark.parametrize(
    "given", [{"ACL": "bucket-owner-full-control"}, {"GrantFullControl": f'id="{OWNER}"'}]
)
def test_what_holds_anyway_may_be_said(s3: Any, given: dict[str, str]) -> None:
    """An ACL that gives the bucket's owner full control, and nobody else anything."""
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"k", **given)
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="k", **given)
    s3.abort_multipart_upload(Bucket=BUCKET, Key="k", UploadId=upload["UploadId"])


@pytest.mark.parametrize("kind", ["ObjectWriter", "BucketOwnerPreferred", None])
def test_acls_can_be_allowed(s3: Any, kind: str | None) -> None:
    """By another setting, or by none."""
    if kind is None:
        s3.delete_bucket_ownership_controls(Bucket=BUCKET)
    else:
        own(s3, kind)
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"k", ACL="bucket-owner-read")
    s3.put_bucket_acl(Bucket=BUCKET, ACL="private")


def test_acls_cannot_be_turned_off_over_grants_to_others(s3: Any, refused: Any) -> None:
    """The bucket's ACL has to be private first."""
    own(s3, "ObjectWriter")
    s3.put_bucket_acl(Bucket=BUCKET, ACL="log-delivery-write")
    enforced = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    call = s3.put_bucket_ownership_controls
    assert refused(call, Bucket=BUCKET, OwnershipControls=enforced) == HAS_ACLS
    s3.put_bucket_acl(Bucket=BUCKET, ACL="private")
    own(s3, "BucketOwnerEnforced")
    assert s3.get_bucket_ownership_controls(Bucket=BUCKET)["OwnershipControls"] == enforced
    nonsense = {"Rules": [{"ObjectOwnership": "Mine"}]}
    assert refused(call, Bucket=BUCKET, OwnershipControls=nonsense) == (400, "MalformedXML")


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ({"ACL": "public-read"}, HAS_ACLS),
        ({"ObjectOwnership": "BucketOwnerEnforced", "GrantRead": OTHER}, HAS_ACLS),
        ({"ObjectOwnership": "Mine"}, (400, "InvalidArgument")),
        ({"ACL": "private"}, None),
        ({"ObjectOwnership": "ObjectWriter", "ACL": "log-delivery-write"}, None),
    ],
)
def test_a_bucket_is_created_with_or_without_acls(s3: Any, refused: Any, given: Any, answer: Any) -> None:
    """Where there are no ACLs, only the private one may be given."""
    name = f"{BUCKET}-2"
    if answer is not None:
        assert refused(s3.create_bucket, Bucket=name, **HERE, **given) == answer
        assert name not in {each["Name"] for each in s3.list_buckets()["Buckets"]}
        return
    s3.create_bucket(Bucket=name, **HERE, **given)
    rule = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"][0]
    assert rule["ObjectOwnership"] == given.get("ObjectOwnership", "BucketOwnerEnforced")
