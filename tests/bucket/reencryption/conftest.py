"""A bucket, and a client that re-encrypts what is in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from secure_s3 import SecureS3Client, SseKms
from secure_s3.local import LocalAws

BUCKET = "amzn-s3-demo-bucket"


@pytest.fixture(scope="module")
def unguarded(_secure_s3_local_server: LocalAws) -> Iterator[Any]:
    """A plain boto3 client, one for all tests of a module; nothing may be registered with it."""
    if not _secure_s3_local_server.running:
        _secure_s3_local_server.start()
    client = _secure_s3_local_server.session().client("s3")
    yield client
    client.close()


@pytest.fixture
def plain(local_aws: LocalAws, unguarded: Any) -> Any:
    """That client, with one empty bucket."""
    where = {"LocationConstraint": local_aws.region}
    unguarded.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
    return unguarded


@pytest.fixture
def to(local_aws: LocalAws) -> SseKms:
    """What objects come under."""
    return SseKms(local_aws.kms_key_arn)


@pytest.fixture
def s3(plain: Any, local_aws: LocalAws, to: SseKms) -> Iterator[SecureS3Client]:
    """A client under that encryption."""
    with local_aws.client(to) as client:
        yield client
