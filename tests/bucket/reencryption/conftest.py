"""A bucket, and a client that re-encrypts what is in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from secure_s3 import SecureS3Client, SseKms
from secure_s3.local import LocalAws

BUCKET = "amzn-s3-demo-bucket"


@pytest.fixture
def plain(local_aws: LocalAws) -> Iterator[Any]:
    """A plain boto3 client with one empty bucket."""
    local_aws.create_bucket(BUCKET)
    client = local_aws.session().client("s3")
    yield client
    client.close()


@pytest.fixture
def to(local_aws: LocalAws) -> SseKms:
    """What objects come under."""
    return SseKms(local_aws.kms_key_arn)


@pytest.fixture
def s3(plain: Any, local_aws: LocalAws, to: SseKms) -> Iterator[SecureS3Client]:
    """A client under that encryption."""
    with local_aws.client(to) as client:
        yield client
