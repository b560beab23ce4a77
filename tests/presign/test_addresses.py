"""Where URLs lead: botocore's rules, looked up once, and left to botocore where it does something else."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.awsrequest import AWSResponse

from secure_s3 import SseC, SseKms, SseS3, errors
from secure_s3.guard import guard_of, harden
from secure_s3.guard.probing import Address
from secure_s3.presign import Presigner, inspect, verify
from tests.presign.support import ACCESS_KEY, BUCKET, KEY, KEY_ARN, NOW, SECRET_KEY, client, session

MULTI_REGION = "arn:aws:s3::111122223333:accesspoint/mfzwi23gnjvgw.mrap"
DIRECTORY = "amzn-s3-demo-bucket--euw1-az1--x-s3"


class Raw:
    """A response body."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: Any, **__: Any) -> Any:
        yield self._content


def answer(request: Any, status: int, body: bytes = b"", **headers: str) -> AWSResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return AWSResponse(request.url, status, named, Raw(body))


def address_of(s3: Any, kind: str = "GetObject", bucket: str = BUCKET) -> Address:
    guard = guard_of(s3._client)
    assert guard is not None
    return guard.addresses.of(s3._client, bucket, kind, guard.strategy, guard.profile)


def test_botocore_is_asked_once_for_each_bucket_and_kind() -> None:
    """Any number of URLs of one kind and bucket cost one look-up of their address."""
    s3 = client()
    asked: list[str] = []
    s3._client.meta.events.register_first(
        "before-endpoint-resolution.s3", lambda params, **_: asked.append(params["Bucket"])
    )
    for _ in range(3):
        s3.presign.get(BUCKET, "a")
        s3.presign.put(BUCKET, "b", encryption=SseKms(KEY_ARN))
        s3.presign.post(BUCKET, "c")
        s3.presign.get("another-bucket", "d")
    assert asked == [BUCKET, BUCKET, BUCKET, "another-bucket"]


def test_many_buckets_do_not_fill_memory() -> None:
    """The addresses that are kept are bounded."""
    guard = guard_of(client()._client)
    assert guard is not None
    for number in range(10_000):
        guard.addresses.notice({"Bucket": f"bucket{number}"}, {"AWS::Region": "eu-west-1"}, {})
    assert len(guard.addresses._regions) <= 4096


def test_a_bucket_that_was_redirected(caplog: pytest.LogCaptureFixture) -> None:
    """After S3 redirects a bucket, URLs name and are signed for its true region, boto3's as well."""
    s3 = client()

    def elsewhere(request: Any, **_: Any) -> AWSResponse:
        if "eu-west-1" in request.url:
            body = b"<Error><Code>PermanentRedirect</Code><Message>m</Message></Error>"
            return answer(request, 301, body, x_amz_bucket_region="us-west-2")
        return answer(request, 200, b"<ListBucketResult/>")

    s3._client.meta.events.register_first("before-send.s3", elsewhere)
    before = s3.presign.get(BUCKET, KEY)
    s3.list_objects_v2(Bucket=BUCKET)
    by_boto3 = s3.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": KEY})
    assert inspect(before).region == "eu-west-1"
    for made in (s3.presign.get(BUCKET, KEY), by_boto3):
        assert inspect(made).region == "us-west-2"
        assert inspect(made).host == f"{BUCKET}.s3.us-west-2.amazonaws.com"
        verify(made, session().get_credentials())
    assert inspect(s3.presign.get("another-bucket", KEY)).region == "eu-west-1"


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_a_client_with_botocores_own_addresses(region: str) -> None:
    """A client hardened as it was keeps botocore's addresses, the global host among them, rightly signed."""
    hardened = harden(session().client("s3", region_name=region), SseS3())
    made = Presigner(hardened).get(BUCKET, KEY)
    assert inspect(made).region == region
    assert urlsplit(made.url).hostname == f"{BUCKET}.s3.amazonaws.com"
    verify(made, session().get_credentials())


def test_a_handler_that_changes_requests() -> None:
    """What an application's handler puts into a URL is in it: botocore then signs all of them."""
    s3 = client()

    def tag(request: Any, **_: Any) -> None:
        request.params = {**(request.params or {}), "x-team": "finance"}

    s3._client.meta.events.register("before-sign.s3", tag)
    made = s3.presign.get(BUCKET, KEY)
    assert not address_of(s3).direct
    assert not address_of(s3, "PutObject").direct
    assert ("x-team", "finance") in inspect(made).parameters
    assert made.expires_at == inspect(made).expires_at
    with pytest.raises(errors.ConfigurationError, match="at="):
        s3.presign.get(BUCKET, KEY, at=NOW)


@pytest.mark.parametrize("event", ["GetObject", "PutObject"])
def test_a_handler_that_renames_keys(event: str) -> None:
    """A handler that gives the keys of one operation another name concerns that operation alone."""
    s3 = client()

    def rename(params: dict[str, Any], **_: Any) -> None:
        params["Key"] = "public/" + params["Key"]

    s3._client.meta.events.register(f"before-parameter-build.s3.{event}", rename)
    renamed = {"GetObject": "get", "PutObject": "put"}
    for operation, name in renamed.items():
        expected = f"public/{KEY}" if operation == event else KEY
        made = getattr(s3.presign, name)(BUCKET, KEY)
        assert inspect(made).key == expected
    assert inspect(s3.presign.post(BUCKET, KEY)).key == KEY


def test_a_handler_that_renames_some_keys() -> None:
    """A handler that puts keys below a prefix is left to do so for each key."""
    s3 = client()

    def rename(params: dict[str, Any], **_: Any) -> None:
        if not params["Key"].startswith("public/"):
            params["Key"] = "public/" + params["Key"]

    s3._client.meta.events.register("before-parameter-build.s3.GetObject", rename)
    assert inspect(s3.presign.get(BUCKET, "k")).key == "public/k"
    assert inspect(s3.presign.get(BUCKET, "public/k")).key == "public/k"


def test_a_handler_that_changes_forms() -> None:
    """What a handler demands of forms is demanded: botocore then signs all of them."""
    s3 = client()

    def demand(request: Any, **_: Any) -> None:
        if (policy := request.context.get("s3-presign-post-policy")) is not None:
            policy["conditions"].append(["content-length-range", 0, 5])

    s3._client.meta.events.register("before-sign.s3", demand)
    form = s3.presign.post(BUCKET, KEY)
    assert ["content-length-range", 0, 5] in inspect(form).conditions
    assert not address_of(s3, "POST").direct
    assert address_of(s3, "GetObject").direct


def test_a_handler_that_leads_reads_to_a_replica() -> None:
    """A handler that gives one operation another bucket concerns that operation alone."""
    s3 = client()

    def replica(params: dict[str, Any], **_: Any) -> None:
        params["Bucket"] = "replica"

    s3._client.meta.events.register("before-parameter-build.s3.GetObject", replica)
    assert inspect(s3.presign.get(BUCKET, KEY)).bucket == "replica"
    assert inspect(s3.presign.put(BUCKET, KEY)).bucket == BUCKET


def test_a_handler_that_adds_a_header_to_uploads() -> None:
    """What a handler adds to uploads is never left out: it is an error, for its value cannot be told."""
    s3 = client()

    def tag(params: dict[str, Any], **_: Any) -> None:
        params["Tagging"] = "team=finance"

    s3._client.meta.events.register("before-parameter-build.s3.PutObject", tag)
    with pytest.raises(errors.ConfigurationError, match="x-amz-tagging"):
        s3.presign.put(BUCKET, KEY)


def test_an_address_that_changes_while_it_is_looked_up() -> None:
    """A redirect that is noticed during a look-up is not written over by it."""
    s3 = client()
    guard = guard_of(s3._client)
    assert guard is not None

    def redirected(**_: Any) -> None:
        guard.addresses.notice({"Bucket": BUCKET}, {"AWS::Region": "us-west-2"}, {})

    s3._client.meta.events.register_last("before-sign.s3", redirected, unique_id="redirected")
    s3.presign.get(BUCKET, KEY)
    s3._client.meta.events.unregister("before-sign.s3", unique_id="redirected")
    assert not guard.addresses._known


def test_a_handler_that_signs_a_header() -> None:
    """A header whose value the caller could not be told is an error, for the URL would not work."""
    s3 = client()

    def header(request: Any, **_: Any) -> None:
        request.headers["x-amz-request-payer"] = "requester"

    s3._client.meta.events.register("before-sign.s3", header)
    with pytest.raises(errors.ConfigurationError, match="x-amz-request-payer"):
        s3.presign.get(BUCKET, KEY)


@pytest.mark.parametrize("url", ["http://{0}", "https://evil.example"])
def test_a_handler_that_leads_elsewhere(url: str) -> None:
    """A handler that leads URLs to plain HTTP or to another host is stopped by the guard."""
    s3 = client()

    def mislead(request: Any, **_: Any) -> None:
        parts = urlsplit(request.url)
        request.url = url.format(parts.netloc) + parts.path

    s3._client.meta.events.register("before-sign.s3", mislead)
    for kind in ("get", "put", "post"):
        with pytest.raises(errors.InsecureTransport):
            getattr(s3.presign, kind)(BUCKET, KEY)


def test_a_multi_region_access_point() -> None:
    """A multi-region access point is signed by botocore with SigV4A."""
    pytest.importorskip("awscrt", reason="SigV4A needs awscrt")
    s3 = client(SseKms(KEY_ARN))
    made = s3.presign.put(MULTI_REGION, KEY, content_type="text/plain")
    assert "X-Amz-Region-Set=%2A" in made.url
    assert made.required_headers["x-amz-server-side-encryption-aws-kms-key-id"] == KEY_ARN
    with pytest.raises(errors.ConfigurationError):
        s3.presign.post(MULTI_REGION, KEY)


def test_forms_for_a_multi_region_access_point() -> None:
    """A form for a multi-region access point is refused, with the way out."""
    with pytest.raises(errors.ConfigurationError, match="takes no forms"):
        client().presign.post(MULTI_REGION, KEY)


def test_a_multi_region_access_point_without_awscrt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where SigV4A is not to be had, the error says what to install."""
    try:
        import awscrt  # noqa: F401
    except ImportError:
        with pytest.raises(errors.ConfigurationError, match="crt"):
            client().presign.get(MULTI_REGION, KEY)
    else:
        pytest.skip("awscrt is installed here")


@pytest.mark.parametrize("kind", ["get", "put"])
def test_a_directory_bucket(kind: str) -> None:
    """A directory bucket's URL is signed by botocore with its session, and ends with its five minutes."""
    s3 = client()

    def begin(request: Any, **_: Any) -> AWSResponse:
        body = b"""<CreateSessionResult><Credentials><AccessKeyId>ASIASESSION</AccessKeyId>
            <SecretAccessKey>s</SecretAccessKey><SessionToken>session-token</SessionToken>
            <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></CreateSessionResult>"""
        return answer(request, 200, body)

    s3._client.meta.events.register_first("before-send.s3.CreateSession", begin)
    made = getattr(s3.presign, kind)(DIRECTORY, KEY, 3600)
    found = inspect(made)
    assert (found.access_key, found.temporary) == ("ASIASESSION", True)
    assert (made.expires_at - found.signed_at).total_seconds() == 300
    assert "session-token" not in repr(made)
    assert "session-token" not in repr(found)


def test_the_look_up_leaves_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    """What botocore logs while an address is looked up, down to DEBUG, holds no signature and no key."""
    with caplog.at_level(logging.DEBUG):
        made = client(SseC(b"k" * 32)).presign.get(BUCKET, KEY)
    assert made.url.rpartition("=")[2] not in caplog.text
    assert SECRET_KEY not in caplog.text
    assert "a2tra2tra2tra2tr" not in caplog.text
    assert ACCESS_KEY not in repr(made)
