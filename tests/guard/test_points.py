"""Where requests through access-point ARNs are sent."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3 import SecureS3Client, SseS3
from secure_s3.guard.points import has_no_subdomains, point_in_path, segment
from tests.guard.support import plain_session

OWNER = "111122223333"
POINT = f"arn:aws:s3:eu-west-1:{OWNER}:accesspoint/reports"
PATH = f"/arn%3Aaws%3As3%3Aeu-west-1%3A{OWNER}%3Aaccesspoint%3Areports"


class _Stop(Exception):
    """Instead of sending."""


def sent_to(client: Any, operation: str, **arguments: Any) -> str:
    """The URL that a call would be sent to."""
    found: list[str] = []

    def stop(request: Any, **_: Any) -> None:
        found.append(request.url)
        raise _Stop

    client.meta.events.register_first("before-send.s3", stop)
    try:
        getattr(client, operation)(**arguments)
    except _Stop:
        pass
    finally:
        client.meta.events.unregister("before-send.s3", stop)
    return found[0]


def hardened(**more: Any) -> Any:
    """The client below a SecureS3Client with made-up credentials."""
    return SecureS3Client(SseS3(), session=plain_session(), **more).boto3


def place(url: str) -> str:
    """All of a presigned URL but its query, which has the time in it."""
    return url.partition("?")[0]


@pytest.mark.parametrize(
    ("region", "arn"),
    [
        ("eu-west-1", POINT),
        ("eu-west-1", POINT.replace("accesspoint/", "accesspoint:")),
        ("us-east-1", POINT),
        ("cn-north-1", f"arn:aws-cn:s3:cn-north-1:{OWNER}:accesspoint/reports"),
        ("us-gov-west-1", f"arn:aws-us-gov:s3:us-gov-west-1:{OWNER}:accesspoint/reports"),
        ("eu-west-1", f"arn:aws:s3-outposts:eu-west-1:{OWNER}:outpost/op-01/accesspoint/reports"),
        ("eu-west-1", f"arn:aws:s3-object-lambda:eu-west-1:{OWNER}:accesspoint/reports"),
    ],
)
@pytest.mark.parametrize(
    "endpoint", [None, "https://s3.example.com", "https://storage.example.com:9000/base"]
)
def test_where_there_are_subdomains_botocore_decides(region: str, arn: str, endpoint: str | None) -> None:
    """To AWS, and to any host that has a name, a request goes where botocore sends it, byte for byte."""
    if endpoint and "outpost" in arn:
        endpoint = None
    plain = plain_session().client("s3", region_name=region, endpoint_url=endpoint)
    ours = hardened(region_name=region, endpoint_url=endpoint)
    for operation, more in (("get_object", {"Key": "a b/ü+c"}), ("list_objects_v2", {})):
        expected = sent_to(plain, operation, Bucket=arn, **more)
        assert sent_to(ours, operation, Bucket=arn, **more) == expected
        assert OWNER in urlsplit(expected).netloc
    params = {"Bucket": arn, "Key": "a b/ü+c"}
    made = [each.generate_presigned_url("get_object", params, 300) for each in (plain, ours)]
    assert place(made[1]) == place(made[0])


@pytest.mark.parametrize(
    "endpoint",
    ["https://127.0.0.1:9000", "https://localhost:9000", "https://10.0.0.5", "https://[::1]:9000/base"],
)
def test_where_there_are_none_it_goes_into_the_path(endpoint: str) -> None:
    """The ARN stands where the bucket's name would, in either spelling; so it does in presigned URLs."""
    client = hardened(region_name="eu-west-1", endpoint_url=endpoint)
    for arn in (POINT, POINT.replace("accesspoint/", "accesspoint:")):
        assert sent_to(client, "get_object", Bucket=arn, Key="a b/ü") == f"{endpoint}{PATH}/a%20b/%C3%BC"
        listed = sent_to(client, "list_objects_v2", Bucket=arn, Prefix="a/")
        assert listed == f"{endpoint}{PATH}?list-type=2&prefix=a%2F&encoding-type=url"
        url = client.generate_presigned_url("put_object", {"Bucket": arn, "Key": "k"}, 300)
        assert url.startswith(f"{endpoint}{PATH}/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&")
    assert sent_to(client, "get_object", Bucket="amzn-s3-demo-bucket", Key="k") == (
        f"{endpoint}/amzn-s3-demo-bucket/k"
    )


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:s3-object-lambda:eu-west-1:{OWNER}:accesspoint/reports",
        f"arn:aws:s3-outposts:eu-west-1:{OWNER}:outpost/op-01/accesspoint/reports",
        f"arn:aws:s3::{OWNER}:accesspoint/mfzwi23gnjvgw.mrap",
    ],
)
def test_other_arns_are_left_alone(arn: str) -> None:
    """What is no access point of S3 in one region gets no other address here."""
    request = _Request(f"https://reports-{OWNER}.127.0.0.1/k", arn)
    point_in_path(request, "127.0.0.1", "")
    assert request.url == f"https://reports-{OWNER}.127.0.0.1/k"


class _Request:
    """What a handler sees of a request."""

    def __init__(self, url: str, bucket: Any) -> None:
        self.url = url
        self.context = {"s3_redirect": {"params": {"Bucket": bucket}}} if bucket else {}


@pytest.mark.parametrize(
    "url",
    [
        f"https://other-{OWNER}.127.0.0.1/k",
        "https://reports-444455556666.127.0.0.1/k",
        f"https://reports-{OWNER}.127.0.0.1.example.com/k",
        f"https://reports-{OWNER}.s3-accesspoint.eu-west-1.amazonaws.com/k",
        "https://127.0.0.1/k",
        f"https://127.0.0.1{PATH}/k",
    ],
)
def test_other_hosts_are_left_alone(url: str) -> None:
    """Only what botocore made of this ARN for this endpoint is changed, and never twice."""
    for bucket in (POINT, "amzn-s3-demo-bucket", None, 5):
        request = _Request(url, bucket)
        point_in_path(request, "127.0.0.1", "")
        assert request.url == url


@given(st.text(max_size=80))
def test_any_name_is_one_segment(bucket: str) -> None:
    """Whatever stands for a bucket is one part of a path, without a slash, a question mark or a fragment."""
    assert not set(segment(bucket)) & set("/?#")


def test_hosts_without_subdomains() -> None:
    """Addresses and localhost; not names, though they begin or end like these."""
    for host in ("127.0.0.1", "::1", "10.1.2.3", "localhost", "LOCALHOST."):
        assert has_no_subdomains(host)
    for host in (
        "",
        "s3.eu-west-1.amazonaws.com",
        "a.localhost",
        "localhost.example.com",
        "127.0.0.1.nip.example",
    ):
        assert not has_no_subdomains(host)
