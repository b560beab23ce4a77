"""Presigned URLs and POSTs: SigV4, regional, short-lived, and encrypted as configured."""

from __future__ import annotations

import base64
import contextlib
import json
import logging
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.config import Config
from botocore.exceptions import MissingDependencyException
from botocore.signers import S3PostPresigner

from secure_s3 import errors
from secure_s3.guard import guard_of, harden, presigning, secure_session, with_strategy
from secure_s3.profile import REGULATED, SecurityProfile
from tests.guard.support import (
    CREDENTIALS,
    LABELS,
    SSE,
    core_session,
    expected_headers,
    plain_session,
    session,
    strategy,
)

# facts of boto3: in these regions presigning falls back to Signature Version 2.
SIGV2_REGIONS = (
    "us-east-1",
    "us-west-1",
    "us-west-2",
    "eu-west-1",
    "ap-northeast-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "sa-east-1",
    "us-gov-west-1",
    "us-gov-east-1",
)
REGIONS = (*SIGV2_REGIONS, "eu-central-1", "ap-east-1", "cn-north-1", "eusc-de-east-1")
SUFFIXES = {"cn-north-1": "amazonaws.com.cn", "eusc-de-east-1": "amazonaws.eu"}
OBJECT = {"Bucket": "bucket", "Key": "folder/key"}
METHODS = ("get_object", "put_object", "head_object", "delete_object", "list_objects_v2", "upload_part")
ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"


def s3(label: str = "sse-s3", **arguments: Any) -> Any:
    return session(label).client("s3", **arguments)


def params_of(method: str) -> dict[str, Any]:
    if method == "list_objects_v2":
        return {"Bucket": "bucket"}
    return {**OBJECT, **({"UploadId": "u", "PartNumber": 1} if method == "upload_part" else {})}


def assert_sigv4(url: str, region: str, service: str = "s3") -> dict[str, str]:
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert parts.scheme == "https"
    assert query["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
    assert query["X-Amz-Credential"].split("/", 1)[1].partition("/")[2] == f"{region}/{service}/aws4_request"
    assert not {"Signature", "Expires", "AWSAccessKeyId"} & query.keys()
    return query


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("method", METHODS)
def test_urls_are_sigv4_and_regional(region: str, method: str) -> None:
    """A presigned URL is SigV4 and names the regional virtual host, in every region."""
    url = s3(region_name=region).generate_presigned_url(method, params_of(method))
    assert_sigv4(url, region)
    assert urlsplit(url).hostname == f"bucket.s3.{region}.{SUFFIXES.get(region, 'amazonaws.com')}"


@pytest.mark.parametrize("region", REGIONS)
def test_posts_are_sigv4_and_regional(region: str) -> None:
    """A presigned POST is SigV4 and names the regional host, in every region."""
    post = s3(region_name=region).generate_presigned_post("bucket", "key")
    assert post["fields"]["x-amz-algorithm"] == "AWS4-HMAC-SHA256"
    assert "signature" not in post["fields"]
    assert "AWSAccessKeyId" not in post["fields"]
    assert urlsplit(post["url"]).hostname == f"bucket.s3.{region}.{SUFFIXES.get(region, 'amazonaws.com')}"


@pytest.mark.parametrize("region", SIGV2_REGIONS)
def test_an_existing_client_signs_v4_too(region: str) -> None:
    """A client that was made before it was hardened presigns with SigV4 as well."""
    client = harden(plain_session().client("s3", region_name=region), strategy("sse-s3"))
    assert_sigv4(client.generate_presigned_url("get_object", OBJECT), region)


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_dotted_buckets_stay_path_style(region: str) -> None:
    """A bucket with dots, which no wildcard certificate covers, stays in the path."""
    url = s3(region_name=region).generate_presigned_url(
        "get_object", {"Bucket": "my.dotted.bucket", "Key": "k"}
    )
    assert_sigv4(url, region)
    assert urlsplit(url).hostname == f"s3.{region}.amazonaws.com"
    assert urlsplit(url).path == "/my.dotted.bucket/k"


def test_what_sigv2_would_drop_is_signed() -> None:
    """Range, If-Match, If-None-Match and Content-Length are signed where the caller asks for them."""
    client = s3(region_name="us-east-1")
    get = client.generate_presigned_url("get_object", {**OBJECT, "Range": "bytes=0-9", "IfMatch": '"e"'})
    assert {"range", "if-match"} <= set(assert_sigv4(get, "us-east-1")["X-Amz-SignedHeaders"].split(";"))
    put = client.generate_presigned_url("put_object", {**OBJECT, "ContentLength": 5, "IfNoneMatch": "*"})
    assert {"content-length", "if-none-match"} <= set(
        assert_sigv4(put, "us-east-1")["X-Amz-SignedHeaders"].split(";")
    )


@pytest.mark.parametrize(
    "version",
    ["v4a", "s3v4a", "s3v4a-query", "v4a-query", "v4-s3express", "v4-s3express-query", "s3v4", "v4", None],
)
def test_other_signatures_are_left_to_botocore(version: Any) -> None:
    """SigV4A (multi-region access points), S3 Express and plain requests keep their signer."""
    guard = guard_of(s3())
    assert guard is not None
    assert guard.choose_signer(signature_version=version) is None


def test_a_multi_region_access_point_asks_for_sigv4a() -> None:
    """Presigning for a multi-region access point uses SigV4A (with awscrt), not plain SigV4."""
    bucket = "arn:aws:s3::111122223333:accesspoint/mfzwi23gnjvgw.mrap"
    with contextlib.suppress(MissingDependencyException):
        url = s3().generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k"})
        assert "X-Amz-Region-Set" in url


@pytest.mark.parametrize("label", LABELS)
def test_encryption_headers_are_signed_into_puts(label: str) -> None:
    """A presigned PUT signs every header of the strategy, so that no other encryption can be sent."""
    query = assert_sigv4(s3(label).generate_presigned_url("put_object", OBJECT), "eu-west-1")
    # Hoisting a header into the query would make it optional on the wire.
    assert not [name for name in query if name.lower().startswith(SSE)]
    assert set(expected_headers(label)) <= set(query["X-Amz-SignedHeaders"].split(";"))


@pytest.mark.parametrize("event", ["choose-signer.s3.GetObject", "choose-signer.s3", "choose-signer"])
@pytest.mark.parametrize("version", ["s3", "s3-query"])
def test_a_handler_that_chooses_the_old_signature(event: str, version: str) -> None:
    """A handler that chooses Signature Version 2 is overruled or stopped."""
    client = s3(region_name="us-east-1")
    client.meta.events.register_first(event, lambda **_: version)
    url = None
    with contextlib.suppress(errors.ConfigurationError):
        url = client.generate_presigned_url("get_object", OBJECT)
    if url is not None:
        assert_sigv4(url, "us-east-1")


@pytest.mark.parametrize("method", METHODS)
def test_http_endpoints_after_the_fact(method: str) -> None:
    """A handler that turns a URL into http is stopped while it is presigned."""
    client = s3()

    def weaken(request: Any, **_: Any) -> None:
        request.url = request.url.replace("https:", "http:")

    client.meta.events.register("before-sign", weaken)
    with pytest.raises(errors.InsecureTransport):
        client.generate_presigned_url(method, params_of(method))


# --- life ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "seconds",
    [
        0,
        -1,
        1.5,
        "60",
        True,
        False,
        None,
        float("nan"),
        float("inf"),
        [],
        timedelta(0),
        timedelta(seconds=-1),
        timedelta(milliseconds=1500),
        10**30 * -1,
    ],
)
def test_nonsense_expiry(seconds: Any) -> None:
    """An expiry that is no whole number of seconds above zero is refused by URLs and POSTs."""
    client = s3()
    with pytest.raises(errors.ConfigurationError, match="ExpiresIn"):
        client.generate_presigned_url("get_object", OBJECT, ExpiresIn=seconds)
    with pytest.raises(errors.ConfigurationError, match="ExpiresIn"):
        client.generate_presigned_post("bucket", "key", ExpiresIn=seconds)


@pytest.mark.parametrize(
    ("asked", "given"), [(1, 1), (60, 60), (60.0, 60), (timedelta(minutes=5), 300), (3600, 3600)]
)
def test_expiry_is_kept(asked: Any, given: int) -> None:
    """An expiry within the ceiling is kept."""
    url = s3().generate_presigned_url("get_object", OBJECT, ExpiresIn=asked)
    assert assert_sigv4(url, "eu-west-1")["X-Amz-Expires"] == str(given)


@pytest.mark.parametrize("asked", [3601, 604800, 604801, 10**9, 10**30, timedelta(days=7), timedelta.max])
def test_expiry_is_clamped(asked: Any, caplog: pytest.LogCaptureFixture) -> None:
    """An expiry above the profile's ceiling is clamped to it, and that is logged."""
    with caplog.at_level(logging.WARNING, logger="secure_s3.guard"):
        url = s3().generate_presigned_url("get_object", OBJECT, ExpiresIn=asked)
    assert assert_sigv4(url, "eu-west-1")["X-Amz-Expires"] == "3600"
    assert "ceiling" in caplog.text


def test_the_default_is_clamped_too() -> None:
    """boto3's default of an hour is clamped by a stricter profile."""
    made = secure_session(strategy("sse-kms"), REGULATED, botocore_session=core_session(), **CREDENTIALS)
    url = made.client("s3").generate_presigned_url("get_object", OBJECT)
    assert assert_sigv4(url, "eu-west-1")["X-Amz-Expires"] == "900"


def test_a_ceiling_of_a_second_and_a_bit() -> None:
    """A ceiling with a fraction is rounded down, never to zero."""
    profile = SecurityProfile(presign_ceiling=timedelta(seconds=1.9))
    assert presigning.expiry(60, profile) == 1
    with pytest.raises(errors.ConfigurationError):
        SecurityProfile(presign_ceiling=timedelta(seconds=0.9))


# --- the method --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "http"),
    [
        ("get_object", "PUT"),
        ("get_object", "put"),
        ("get_object", "POST"),
        ("get_object", "DELETE"),
        ("head_object", "PUT"),
        ("head_object", "DELETE"),
        ("list_objects_v2", "PUT"),
        ("put_object", "GET"),
        ("put_object", "POST"),
        ("delete_object", "PUT"),
        ("upload_part", "DELETE"),
        ("get_object", ""),
        ("get_object", "PUT "),
        ("get_object", "PATCH"),
        ("get_object", b"PUT"),
        ("get_object_acl", "PUT"),
    ],
)
def test_another_http_method(method: str, http: Any) -> None:
    """An HTTP method that makes another operation of a presigned URL is refused."""
    with pytest.raises(errors.ConfigurationError, match="HttpMethod"):
        s3().generate_presigned_url(method, params_of(method), HttpMethod=http)


@pytest.mark.parametrize(
    ("method", "http"),
    [
        ("get_object", "GET"),
        ("get_object", "HEAD"),
        ("head_object", "GET"),
        ("put_object", "PUT"),
        ("put_object", None),
    ],
)
def test_its_own_http_method(method: str, http: Any) -> None:
    """An operation's own method, and HEAD for GET, are fine."""
    s3().generate_presigned_url(method, OBJECT, HttpMethod=http)


@pytest.mark.parametrize(
    ("method", "extra"),
    [
        ("put_object", {"ServerSideEncryption": "aws:kms"}),
        ("put_object", {"SSECustomerKey": "x" * 32, "SSECustomerAlgorithm": "AES256"}),
        ("create_multipart_upload", {"ServerSideEncryption": "aws:kms"}),
        ("copy_object", {"CopySource": "b/k", "ServerSideEncryption": "aws:kms"}),
    ],
)
def test_urls_that_contradict(method: str, extra: dict[str, Any]) -> None:
    """A presigned write that contradicts the strategy is refused."""
    with pytest.raises(errors.EncryptionConflict):
        s3("sse-s3").generate_presigned_url(method, {**OBJECT, **extra})


@pytest.mark.parametrize(
    "method", ["put_object", "create_multipart_upload", "put_object_acl", "put_bucket_acl"]
)
def test_public_urls(method: str) -> None:
    """A presigned URL that would open an object to everybody is refused."""
    params = {"Bucket": "bucket", "ACL": "public-read", **({} if "bucket" in method else {"Key": "k"})}
    with pytest.raises(errors.PublicAccessRefused):
        s3().generate_presigned_url(method, params)


def test_a_client_without_a_strategy_presigns_no_write() -> None:
    """A client without a strategy presigns reads, and neither PUTs nor POSTs."""
    client = secure_session(None, botocore_session=core_session(), **CREDENTIALS).client("s3")
    assert_sigv4(client.generate_presigned_url("get_object", OBJECT), "eu-west-1")
    for call in (
        lambda: client.generate_presigned_url("put_object", OBJECT),
        lambda: client.generate_presigned_post("bucket", "key"),
    ):
        with pytest.raises(errors.ConfigurationError, match="no encryption strategy"):
            call()


@pytest.mark.parametrize("bucket", ["s3://bucket", "arn:aws:s3:::bucket", "", None, 5])
def test_wrong_buckets(bucket: Any) -> None:
    """What is no bucket is refused by URLs and POSTs."""
    with pytest.raises(errors.ConfigurationError):
        s3().generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k"})
    with pytest.raises(errors.ConfigurationError):
        s3().generate_presigned_post(bucket, "key")


def test_the_callers_arguments_stay() -> None:
    """Params, Fields and Conditions of the caller are not changed."""
    client = s3("sse-kms-context")
    params, fields, conditions = dict(OBJECT), {"x-amz-meta-a": "b"}, [{"x-amz-meta-a": "b"}]
    client.generate_presigned_url("put_object", params)
    client.generate_presigned_post("bucket", "key", fields, conditions)
    assert (params, fields, conditions) == (OBJECT, {"x-amz-meta-a": "b"}, [{"x-amz-meta-a": "b"}])


# --- POST --------------------------------------------------------------------------------------------------

ALGORITHM, KEY_ID = SSE, f"{SSE}-aws-kms-key-id"
WEAK_CONDITIONS: list[Any] = [
    [["starts-with", f"${ALGORITHM}", ""]],
    [["starts-with", f"${ALGORITHM}", "aws:"]],
    [["starts-with", f"${ALGORITHM.upper()}", ""]],
    [["starts-with", f"${KEY_ID}", ""]],
    [["eq", f"${ALGORITHM}", "AES256"]],
    [["EQ", f"${ALGORITHM}", "AES256"]],
    [{ALGORITHM: "AES256"}],
    [{ALGORITHM.upper(): "AES256"}],
    [{ALGORITHM: ""}],
    [{ALGORITHM: "aws:kms"}, {ALGORITHM: "AES256"}],
    [["starts-with", f"${SSE}-customer-algorithm", ""]],
    [{f"{SSE}-customer-algorithm": "AES256"}],
    [["starts-with", f"${SSE}-context", ""]],
]
WEAK_FIELDS: list[dict[str, str]] = [
    {ALGORITHM: "AES256"},
    {ALGORITHM: ""},
    {ALGORITHM.upper(): "AES256"},
    {ALGORITHM.title(): "AES256"},
    {KEY_ID: "alias/x"},
    {f"{SSE}-customer-algorithm": "AES256"},
    {f"{SSE}-Customer-Key": "x"},
    {f"{SSE}-context": "e30="},
]


@pytest.mark.parametrize("conditions", WEAK_CONDITIONS)
def test_weaker_conditions(conditions: list[Any]) -> None:
    """Conditions that leave the encryption to the browser, or demand another, are refused."""
    with pytest.raises(errors.EncryptionConflict):
        s3("sse-kms").generate_presigned_post("bucket", "key", Conditions=conditions)


@pytest.mark.parametrize("fields", WEAK_FIELDS)
def test_weaker_fields(fields: dict[str, str]) -> None:
    """Fields that carry another encryption, in whatever case, are refused."""
    with pytest.raises(errors.EncryptionConflict):
        s3("sse-kms").generate_presigned_post("bucket", "key", Fields=fields)


@pytest.mark.parametrize(
    ("fields", "conditions"),
    [
        ({"acl": "public-read"}, []),
        ({"ACL": "public-read"}, []),
        ({"acl": "Public-Read-Write"}, [{"acl": "Public-Read-Write"}]),
        ({}, [{"acl": "public-read"}]),
        ({}, [["eq", "$acl", "authenticated-read"]]),
        ({}, [["starts-with", "$acl", ""]]),
        ({}, [["starts-with", "$acl", "public"]]),
        ({}, [["starts-with", "$ACL", ""]]),
        ({}, [["starts-with", "$x-amz-acl", ""]]),
        ({}, [["starts-with", "$x-amz-grant-read", ""]]),
        ({"x-amz-grant-full-control": f'uri="{ALL_USERS}"'}, []),
    ],
)
def test_public_posts(fields: dict[str, str], conditions: list[Any]) -> None:
    """A POST by which an object could be opened to everybody is refused."""
    with pytest.raises(errors.PublicAccessRefused):
        s3("sse-kms").generate_presigned_post("bucket", "key", fields, conditions)


@pytest.mark.parametrize("label", [label for label in LABELS if label != "sse-c"])
def test_the_same_fields_and_conditions(label: str) -> None:
    """Fields and conditions that say what the strategy says are accepted, and not doubled."""
    wanted = expected_headers(label)
    post = s3(label).generate_presigned_post(
        "bucket",
        "key",
        {**wanted, "acl": "private"},
        [{"acl": "private"}, *({name: value} for name, value in wanted.items())],
    )
    policy = json.loads(base64.b64decode(post["fields"]["policy"]))
    for name, value in wanted.items():
        assert policy["conditions"].count({name: value}) == 1
        assert post["fields"][name] == value


@pytest.mark.parametrize("label", LABELS)
def test_posts_of_botocore_itself(label: str) -> None:
    """botocore's S3PostPresigner, used past the client's method, is held to the same rules."""
    client = s3(label)
    request = {
        "url_path": "/bucket",
        "query_string": "",
        "method": "PUT",
        "headers": {},
        "body": b"",
        "context": {},
        "url": "https://s3.eu-west-1.amazonaws.com/bucket",
    }
    presigner = S3PostPresigner(client._request_signer)
    with pytest.raises(errors.ConfigurationError):
        presigner.generate_presigned_post(dict(request), {"key": "k"}, [{"key": "k"}])


@pytest.mark.parametrize("first", LABELS)
@pytest.mark.parametrize("second", [label for label in LABELS if label != "sse-c"])
def test_a_face_posts_under_its_own_strategy(first: str, second: str) -> None:
    """A POST presigned by a face carries the face's strategy."""
    face = with_strategy(s3(first), strategy(second))
    fields = face.generate_presigned_post("bucket", "key")["fields"]
    assert {name: value for name, value in fields.items() if name.startswith(SSE)} == expected_headers(second)


@pytest.mark.parametrize("conditions", [["abc"], [["eq", "$x"]], [[]], [{}]])
def test_odd_conditions(conditions: list[Any]) -> None:
    """Conditions in forms that S3 would refuse are left to S3, and do not disturb the checks."""
    fields, demanded = presigning.with_encryption({}, conditions, strategy("sse-s3"))
    assert fields == {ALGORITHM: "AES256"}
    assert demanded == [*conditions, {ALGORITHM: "AES256"}]


def test_a_custom_endpoint_keeps_the_callers_addressing() -> None:
    """With an endpoint of one's own, the addressing style is left as it is."""
    client = s3(endpoint_url="https://s3.example.com", config=Config(s3={"addressing_style": "path"}))
    url = client.generate_presigned_url("get_object", OBJECT)
    assert urlsplit(url).netloc == "s3.example.com"
    assert urlsplit(url).path == "/bucket/folder/key"


@pytest.mark.parametrize("style", ["path", "auto", "virtual"])
def test_the_callers_addressing_style_wins(style: str) -> None:
    """An addressing style given by the caller is kept, and the signature is SigV4 all the same."""
    url = s3(config=Config(s3={"addressing_style": style})).generate_presigned_url("get_object", OBJECT)
    assert_sigv4(url, "eu-west-1")
