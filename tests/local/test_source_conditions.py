"""Conditions on the source of a copy, as the embedded endpoint checks them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.support import BUCKET

DAY = timedelta(days=1)
OTHER = '"00000000000000000000000000000000"'
# Conditions by their names behind CopySourceIf: "own" is the source's ETag, a number the days between its
# date and the one that is given. Last, what fails; empty where the copy is made.
CASES: list[tuple[dict[str, Any], str]] = [
    ({"Match": "own"}, ""),
    ({"Match": OTHER}, "If-Match"),
    ({"NoneMatch": OTHER}, ""),
    ({"NoneMatch": "own"}, "If-None-Match"),
    ({"NoneMatch": "bare"}, "If-None-Match"),
    ({"UnmodifiedSince": 0}, ""),
    ({"UnmodifiedSince": -1}, "If-Unmodified-Since"),
    ({"ModifiedSince": -1}, ""),
    ({"ModifiedSince": 0}, "If-Modified-Since"),
    ({"ModifiedSince": 1}, ""),
    ({"Match": "own", "UnmodifiedSince": -1}, ""),
    ({"Match": OTHER, "UnmodifiedSince": 0}, "If-Match"),
    ({"NoneMatch": "own", "ModifiedSince": -1}, "If-None-Match"),
    ({"NoneMatch": OTHER, "ModifiedSince": 0}, ""),
    ({"Match": OTHER, "NoneMatch": "own", "UnmodifiedSince": -1, "ModifiedSince": 0}, "If-Match"),
    ({"NoneMatch": "own", "UnmodifiedSince": -1, "ModifiedSince": 0}, "If-Unmodified-Since"),
    ({"Match": "own", "NoneMatch": OTHER, "UnmodifiedSince": 0, "ModifiedSince": -1}, ""),
]


@pytest.fixture
def arguments(s3: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Conditions as boto3 takes them, about the object "k"."""
    etag = s3.put_object(Bucket=BUCKET, Key="k", Body=b"k")["ETag"]
    changed = s3.head_object(Bucket=BUCKET, Key="k")["LastModified"]
    texts = {"own": etag, "bare": etag.strip('"')}

    def made(conditions: dict[str, Any]) -> dict[str, Any]:
        return {
            f"CopySourceIf{name}": texts.get(each, each) if isinstance(each, str) else changed + each * DAY
            for name, each in conditions.items()
        }

    return made


def failed(operation: Any, **arguments: Any) -> str:
    """Which condition the answer names; empty if the copy was made."""
    try:
        operation(**arguments)
    except ClientError as error:
        told: Any = error.response
        assert (told["ResponseMetadata"]["HTTPStatusCode"], told["Error"]["Code"]) == (
            412,
            "PreconditionFailed",
        )
        return str(told["Error"]["Condition"]).removeprefix("x-amz-copy-source-")
    return ""


def test_copies_and_parts_of_uploads(s3: Any, arguments: Any) -> None:
    """A copy, whole or of a part, is made only if its conditions hold; an ETag goes before a date."""
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="m")["UploadId"]
    copy = {"Bucket": BUCKET, "CopySource": f"{BUCKET}/k"}
    for conditions, expected in CASES:
        given = arguments(conditions)
        assert failed(s3.copy_object, **copy, Key="c", **given) == expected, conditions
        part = {"UploadId": upload, "PartNumber": 1}
        assert failed(s3.upload_part_copy, **copy, Key="m", **part, **given) == expected, conditions
        made = s3.list_objects_v2(Bucket=BUCKET, Prefix="c").get("KeyCount")
        assert made == (0 if expected else 1), conditions
        s3.delete_object(Bucket=BUCKET, Key="c")


def test_a_version_has_its_own_etag(s3: Any, arguments: Any) -> None:
    """The condition is about the version that is copied, not about the latest."""
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=BUCKET, Key="v", Body=b"1")
    s3.put_object(Bucket=BUCKET, Key="v", Body=b"2")
    given = {"Bucket": BUCKET, "Key": "c", "CopySourceIfMatch": first["ETag"]}
    assert failed(s3.copy_object, **given, CopySource=f"{BUCKET}/v") == "If-Match"
    assert failed(s3.copy_object, **given, CopySource=f"{BUCKET}/v?versionId={first['VersionId']}") == ""


def test_what_is_not_there_meets_no_condition(s3: Any, refused: Any) -> None:
    """A missing source is told as such, whatever the conditions."""
    given = {"Bucket": BUCKET, "Key": "c", "CopySource": f"{BUCKET}/none", "CopySourceIfMatch": OTHER}
    assert refused(s3.copy_object, **given) == (404, "NoSuchKey")


def test_policies_go_first(s3: Any, local_aws: Any, refused: Any, arguments: Any) -> None:
    """Whoever may not read the source does not learn its ETag by asking for conditions."""
    local_aws.session().client("iam").create_user(UserName="nobody")
    with_nothing = local_aws.session(user="nobody").client("s3")
    given = {"Bucket": BUCKET, "Key": "c", "CopySource": f"{BUCKET}/k", "CopySourceIfMatch": OTHER}
    assert refused(with_nothing.copy_object, **given) == (403, "AccessDenied")
