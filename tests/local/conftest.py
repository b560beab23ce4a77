"""What the tests of the embedded endpoint share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

BUCKET = "amzn-s3-demo-bucket"


@pytest.fixture
def s3(local_aws: Any) -> Iterator[Any]:
    """A plain boto3 client with one empty bucket."""
    local_aws.create_bucket(BUCKET)
    client = local_aws.session().client("s3")
    yield client
    client.close()


@pytest.fixture
def refused() -> Any:
    """Call an operation that must be refused; gives (status, code)."""

    def call(operation: Any, **arguments: Any) -> tuple[int, str]:
        with pytest.raises(ClientError) as caught:
            operation(**arguments)
        response = caught.value.response
        assert response["ResponseMetadata"]["RequestId"]
        return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]

    return call


@pytest.fixture
def fields(s3: Any) -> dict[str, str]:
    """What boto3 presigns of a form for the key "k"."""
    return dict(s3.generate_presigned_post(BUCKET, "k", ExpiresIn=300)["fields"])
