"""Uploads under Object Lock that S3 refuses because they bring no checksum."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from secure_s3 import STANDARD, errors
from secure_s3.denials import parse_denial
from secure_s3.denials.causes import fix_for
from secure_s3.encryption import SseS3
from tests.guard.support import BUCKET

FIX = "send a checksum: profile checksum_mode='when_supported' or ChecksumAlgorithm='CRC32'"


@pytest.mark.parametrize(
    "text",
    [
        "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock "
        "parameters",
        "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Part requests with Object Lock "
        "parameters",
        "Content-MD5 HTTP header is required for Put Object requests with Object Lock parameters",
    ],
)
def test_every_wording_is_told_from_a_retention(text: str) -> None:
    """As S3 says it today, of parts, and as it said it before it knew checksums."""
    denial = parse_denial(status=400, code="InvalidRequest", message=text)
    assert (denial.cause, denial.detail, fix_for(denial)) == ("object_lock", "no checksum", FIX)


def test_the_fix_helps(local_aws: Any) -> None:
    """The error does not advise to wait, and each of the two ways it names makes the upload pass."""
    plain = local_aws.session().client("s3")
    where = {"LocationConstraint": local_aws.region}
    plain.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where, ObjectLockEnabledForBucket=True)
    plain.close()
    profile = replace(STANDARD, checksum_mode="when_required")
    locked = {"Bucket": BUCKET, "Key": "k", "Body": b"k", "ObjectLockLegalHoldStatus": "ON"}
    with local_aws.client(SseS3(), profile=profile) as s3:
        with pytest.raises(errors.ServiceError) as caught:
            s3.put_object(**locked)
        assert caught.value.fix == FIX
        (remedy,) = s3.explain(caught.value).remedies
        assert dict(remedy.arguments) == {"ChecksumAlgorithm": "CRC32"}
        s3.put_object(**locked, **remedy.arguments)
    with local_aws.client(SseS3(), profile=STANDARD) as s3:
        s3.put_object(**locked)
