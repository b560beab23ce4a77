"""Buckets have a region: who is refused learns it, and what is signed for another one is refused."""

from __future__ import annotations

from typing import Any

import pytest

from secure_s3 import SecureS3Client, SseS3
from secure_s3.bucket.snapshot.questions import unread
from secure_s3.bucket.snapshot.values import Unread
from secure_s3.errors import ServiceError
from secure_s3.guard.faults import typed
from secure_s3.local import LocalAws

from . import people
from .support import ANY_SIGNATURE, BUCKET, FAR, by_header, post, send, signed_form, signed_url

HEADER, OTHER = "x-amz-bucket-region", "us-west-2"
WRONG = f"the region '{OTHER}' is wrong; expecting 'eu-west-1'"


def test_who_is_refused_learns_the_region(local_aws: LocalAws, s3: Any) -> None:
    """HEAD on a bucket tells its region, also with 403; of a bucket that is none there is nothing to tell."""
    people.user(local_aws)
    with local_aws.client(SseS3(), session=local_aws.session(user="alice")) as alice:
        for name, status, region in ((BUCKET, "403", "eu-west-1"), ("amzn-s3-demo-none", "404", None)):
            with pytest.raises(alice.boto3.exceptions.ClientError) as caught:
                alice.boto3.head_bucket(Bucket=name)
            told = caught.value.response
            assert told["Error"]["Code"] == status
            assert told["ResponseMetadata"]["HTTPHeaders"].get(HEADER) == region
        # Access points are in the bucket's region, whoever may not list it.
        assert alice.bucket(BUCKET).access_points._region() == "eu-west-1"
    assert s3.head_bucket(Bucket=BUCKET)["BucketRegion"] == "eu-west-1"


@pytest.mark.parametrize(
    ("method", "target"), [("GET", f"/{BUCKET}/k"), ("PUT", f"/{BUCKET}/k"), ("GET", f"/{BUCKET}?policy=")]
)
def test_signed_for_another_region(local_aws: LocalAws, s3: Any, method: str, target: str) -> None:
    """The refusal names the right region, and nothing was done."""
    told = send(local_aws, method, target, headers=by_header(local_aws, method, target, region=OTHER))
    assert told.refusal == (400, "AuthorizationHeaderMalformed")
    assert (told.element("Region"), WRONG in str(told.element("Message"))) == ("eu-west-1", True)
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)


def test_a_head_of_another_region(local_aws: LocalAws, s3: Any) -> None:
    """HEAD has no body, and tells the region in a header."""
    signed = by_header(local_aws, "HEAD", f"/{BUCKET}", region=OTHER)
    told = send(local_aws, "HEAD", f"/{BUCKET}", headers=signed)
    assert (told.status, told.headers[HEADER], told.body) == (400, "eu-west-1", b"")


def test_urls_and_forms_of_another_region(local_aws: LocalAws, s3: Any) -> None:
    """A presigned URL and a form are refused as well."""
    told = send(local_aws, "GET", signed_url(local_aws, "GET", "k", region=OTHER))
    assert told.refusal == (400, "AuthorizationQueryParametersError")
    assert told.element("Region") == "eu-west-1"
    policy = {"expiration": FAR, "conditions": [{"bucket": BUCKET}, {"key": "k"}, *ANY_SIGNATURE]}
    told = post(local_aws, signed_form(policy, {"key": "k"}, region=OTHER))
    assert (told.status, told.element("Region")) == (400, "eu-west-1")
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)


def test_clients_of_another_region(local_aws: LocalAws, s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are led to the bucket's region, under the guard as well; what has no region goes anywhere."""
    for name, value in local_aws.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", OTHER)
    with SecureS3Client.from_env(encryption=SseS3()) as client:
        assert client.boto3.meta.region_name == OTHER
        assert [each["Name"] for each in client.boto3.list_buckets()["Buckets"]] == [BUCKET]
        client.put_object(Bucket=BUCKET, Key="k", Body=b"x")
        assert client.get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"x"
        assert client.bucket(BUCKET).access_points.create("reports").arn.split(":")[3] == "eu-west-1"


@pytest.mark.parametrize(
    ("service", "method"),
    [
        ("accessanalyzer", "list_analyzers"),
        ("cloudtrail", "lookup_events"),
        ("macie2", "list_findings"),
    ],
)
def test_what_the_endpoint_does_not_have(local_aws: LocalAws, service: str, method: str) -> None:
    """Services and operations that are not there say so: nobody takes it for a lack of permissions."""
    client = people.client(local_aws, service)
    status, code, message = people.refusal(getattr(client, method))
    assert (status, code) == (501, "NotImplemented")
    assert message.startswith("The embedded endpoint has no ")
    with pytest.raises(ServiceError) as caught, typed(f"{service}:{method}", service=service):
        getattr(client, method)()
    client.close()
    told = unread(caught.value, "some:Permission")
    assert told == Unread(f"this endpoint has no {service}:{method}", "", "NotImplemented")


def test_a_stranger_does_not_learn_what_is_there(local_aws: LocalAws) -> None:
    """Without a signature that holds, a service that is not there is refused as any other."""
    keys = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "wrong"}
    client = people.client(local_aws, "accessanalyzer", **keys)
    assert people.refusal(client.list_analyzers)[1] == "InvalidSignatureException"
    client.close()
