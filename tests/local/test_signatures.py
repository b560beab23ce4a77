"""Presigned requests at the embedded endpoint: those that hold, and S3's refusals of all others."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from botocore.config import Config

from secure_s3 import SseKms
from secure_s3.local import LocalAws
from secure_s3.sigv4 import Credentials

from .people import allow, role, session, user
from .support import BUCKET, BY_HEADER, OWN, by_header, connected, keys, send, signed_url

ODD_KEY = "a b+c/ü=&?#~%2F;'(1)*.txt"
PLACE = {"Bucket": BUCKET, "Key": ODD_KEY}
MISMATCH = (403, "SignatureDoesNotMatch")
MALFORMED = (400, "AuthorizationQueryParametersError")


@pytest.fixture
def put_url(s3: Any) -> str:
    """A presigned PutObject of text."""
    return s3.generate_presigned_url(
        "put_object", {"Bucket": BUCKET, "Key": "k", "ContentType": "text/plain"}, ExpiresIn=300
    )


TEXT = {"Content-Type": "text/plain"}


# ------------------------------------------------------------------------------------------- what holds


@pytest.mark.parametrize("config", [None, Config(signature_version="s3v4")])
def test_botocores_urls(local_aws: LocalAws, s3: Any, config: Config | None) -> None:
    """What botocore presigns works for every operation, from a session of the endpoint as it is."""
    client = local_aws.session().client("s3", config=config)

    def use(operation: str, method: str, body: bytes = b"", **more: Any) -> Any:
        return send(local_aws, method, client.generate_presigned_url(operation, {**PLACE, **more}), body)

    assert use("put_object", "PUT", b"hello").status == 200
    assert keys(s3) == [ODD_KEY]
    assert use("get_object", "GET").body == b"hello"
    asked = use("get_object", "GET", ResponseContentType="text/x+y; a=b c", ResponseCacheControl="no-store")
    assert (asked.headers["Content-Type"], asked.headers["Cache-Control"]) == ("text/x+y; a=b c", "no-store")
    assert use("head_object", "HEAD").headers["Content-Length"] == "5"
    upload = s3.create_multipart_upload(**PLACE)["UploadId"]
    assert use("upload_part", "PUT", b"part", UploadId=upload, PartNumber=1).status == 200
    assert [part["Size"] for part in s3.list_parts(**PLACE, UploadId=upload)["Parts"]] == [4]
    assert use("abort_multipart_upload", "DELETE", UploadId=upload).status == 204
    assert use("delete_object", "DELETE").status == 204
    assert keys(s3) == []
    listing = send(local_aws, "GET", client.generate_presigned_url("list_objects_v2", {"Bucket": BUCKET}))
    assert listing.element("KeyCount") == "0"
    client.close()


def test_urls_of_a_hardened_client(local_aws: LocalAws, s3: Any) -> None:
    """A URL that this package presigns stores what its strategy says, when its headers are sent."""
    client = local_aws.client(SseKms(local_aws.kms_key_arn))
    url = client.generate_presigned_url("put_object", {"Bucket": BUCKET, "Key": "k"})
    headers = {
        "x-amz-server-side-encryption": "aws:kms",
        "x-amz-server-side-encryption-aws-kms-key-id": local_aws.kms_key_arn,
        "x-amz-server-side-encryption-bucket-key-enabled": "true",
    }
    unencrypted = send(local_aws, "PUT", url, b"hello")
    assert unencrypted.refusal == MISMATCH
    assert send(local_aws, "PUT", url, b"hello", headers).status == 200
    assert s3.head_object(Bucket=BUCKET, Key="k")["SSEKMSKeyId"] == local_aws.kms_key_arn


def test_signed_headers(local_aws: LocalAws, s3: Any) -> None:
    """Headers that are signed are stored, underscores and all; without one of them nothing is."""
    sent = {"x-amz-meta-my_key": "a  b", "content-type": "text/plain", "x-amz-storage-class": "STANDARD_IA"}
    url = signed_url(local_aws, "PUT", "k", headers=sent)
    for missing in sent:
        less = {name: value for name, value in sent.items() if name != missing}
        assert send(local_aws, "PUT", url, b"data", less).refusal == MISMATCH
    assert keys(s3) == []
    assert send(local_aws, "PUT", url, b"data", sent).status == 200
    stored = s3.head_object(Bucket=BUCKET, Key="k")
    assert (stored["Metadata"], stored["ContentType"]) == ({"my_key": "a  b"}, "text/plain")
    assert stored["StorageClass"] == "STANDARD_IA"


def test_a_key_written_otherwise(local_aws: LocalAws, s3: Any) -> None:
    """The same key in another encoding is the same object to signature and store."""
    url = signed_url(local_aws, "PUT", "a/b~c")
    assert send(local_aws, "PUT", url.replace("/a/b~c", "/%61%2Fb%7Ec"), b"data").status == 200
    assert keys(s3) == ["a/b~c"]


# -------------------------------------------------------------------------------------- what was changed

CHANGES: dict[str, tuple[Callable[[str], str], tuple[int, str]]] = {
    "path": (lambda url: url.replace("/k?", "/other?"), MISMATCH),
    "longer path": (lambda url: url.replace("/k?", "/k/?"), MISMATCH),
    "bucket": (lambda url: url.replace(BUCKET, "amzn-s3-demo-other"), MISMATCH),
    "more slashes": (lambda url: url.replace(f"/{BUCKET}/k", f"/{BUCKET}//k"), MISMATCH),
    "dot segment": (lambda url: url.replace("/k?", "/./k?"), MISMATCH),
    "encoded twice": (lambda url: url.replace("/k?", "/%256B?"), MISMATCH),
    "parameter added": (lambda url: url + "&versionId=1", MISMATCH),
    "subresource added": (lambda url: url.replace("/k?", "/k?acl&"), MISMATCH),
    "header as a parameter": (lambda url: url + "&x-amz-acl=public-read", MISMATCH),
    "owner as a parameter": (lambda url: url + "&X-Amz-Expected-Bucket-Owner=111122223333", MISMATCH),
    "signature": (lambda url: url[:-1] + ("0" if url[-1] != "0" else "1"), MISMATCH),
    "signature cut": (lambda url: url[:-1], MISMATCH),
    "signature empty": (lambda url: re.sub("Signature=.*", "Signature=", url), MISMATCH),
    "signature not ASCII": (lambda url: url[:-1] + "%C3%A9", MISMATCH),
    "longer life": (lambda url: url.replace("Expires=300", "Expires=301"), MISMATCH),
    "signed headers": (lambda url: url.replace("content-type%3Bhost", "host"), MISMATCH),
    "date": (lambda url: re.sub(r"(?<=\d)(\d)Z&", lambda last: f"{9 - int(last[1])}Z&", url), MISMATCH),
    "day": (lambda url: re.sub(r"Date=\d{8}", "Date=20260101", url), MALFORMED),
    "no date": (lambda url: re.sub("X-Amz-Date=[^&]*&", "", url), MALFORMED),
    "no expiry": (lambda url: re.sub("X-Amz-Expires=[^&]*&", "", url), MALFORMED),
    "no signature": (lambda url: url.partition("&X-Amz-Signature")[0], MALFORMED),
    "no algorithm": (lambda url: re.sub("X-Amz-Algorithm=[^&]*&", "", url), MALFORMED),
    "another algorithm": (lambda url: url.replace("HMAC-SHA256", "ECDSA-P256-SHA256"), MALFORMED),
    "lower case": (lambda url: url.replace("X-Amz-", "x-amz-"), MALFORMED),
    "signature twice": (lambda url: url + "&X-Amz-Signature=0", MALFORMED),
    "expiry twice": (
        lambda url: url.replace("X-Amz-Expires=300", "X-Amz-Expires=300&X-Amz-Expires=9"),
        MALFORMED,
    ),
    "expiry twice, encoded": (lambda url: url + "&X%2DAmz-Expires=604800", MALFORMED),
    "expiry too long": (lambda url: url.replace("Expires=300", "Expires=604801"), MALFORMED),
    "expiry negative": (lambda url: url.replace("Expires=300", "Expires=-1"), MALFORMED),
    "expiry no number": (lambda url: url.replace("Expires=300", "Expires=5m"), MALFORMED),
    "access key": (
        lambda url: url.replace(OWN.access_key, "AKIAI44QH8DHBEXAMPLE"),
        (403, "InvalidAccessKeyId"),
    ),
    "region": (lambda url: url.replace("eu-west-1", "us-east-1"), MALFORMED),
    "service": (lambda url: url.replace("%2Fs3%2F", "%2Fec2%2F"), MALFORMED),
    "terminator": (lambda url: url.replace("aws4_request", "aws5_request"), MALFORMED),
    "credential cut": (lambda url: url.replace("%2Faws4_request", ""), MALFORMED),
    "token": (lambda url: url + "&X-Amz-Security-Token=AQoEXAMPLE", (400, "InvalidToken")),
    "fragment": (lambda url: url + "#&versionId=1", (400, "InvalidURI")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changed_urls(local_aws: LocalAws, s3: Any, put_url: str, change: str) -> None:
    """A URL that was changed in any part is refused with S3's own code, and stores nothing."""
    alter, expected = CHANGES[change]
    changed = alter(put_url)
    assert changed != put_url
    assert send(local_aws, "PUT", changed, b"data", TEXT).refusal == expected
    assert keys(s3) == []
    assert s3.get_bucket_acl(Bucket=BUCKET)["Grants"][0]["Permission"] == "FULL_CONTROL"
    assert send(local_aws, "PUT", put_url, b"data", TEXT).status == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "POST", "PATCH", "put"])
def test_another_method(local_aws: LocalAws, s3: Any, put_url: str, method: str) -> None:
    """A URL for one method is none for another."""
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"secret")
    told = send(local_aws, method, put_url, headers=TEXT)
    assert told.status == 403
    assert b"secret" not in told.body
    assert (told.body == b"") is (method == "HEAD")
    assert s3.get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"secret"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, MISMATCH),
        ({"Content-Type": "text/html"}, MISMATCH),
        ([("Content-Type", "text/plain"), ("Content-Type", "text/html")], MISMATCH),
        ({**TEXT, "Host": "s3.eu-west-1.amazonaws.com"}, MISMATCH),
        ({**TEXT, "Host": "127.0.0.1"}, MISMATCH),
        ({**TEXT, "Host": f"127.0.0.1/{BUCKET}/k?"}, (400, "InvalidURI")),
        ({**TEXT, "Host": "user@127.0.0.1"}, (400, "InvalidURI")),
        ({**TEXT, "x-amz-acl": "public-read"}, (403, "AccessDenied")),
        ({**TEXT, "x-amz-server-side-encryption": "AES256"}, (403, "AccessDenied")),
        ({**TEXT, "x-amz-meta-my_key": "v"}, (403, "AccessDenied")),
        ({**TEXT, "x-amz-copy-source": f"/{BUCKET}/secret"}, (403, "AccessDenied")),
        ({**TEXT, "X-Amz-Target": "TrentService.ListKeys"}, (403, "AccessDenied")),
        ({**TEXT, "x-amz-security-token": "AQoEXAMPLE"}, (403, "AccessDenied")),
        ({**TEXT, **BY_HEADER}, (400, "InvalidArgument")),
    ],
)
def test_changed_headers(
    local_aws: LocalAws, s3: Any, put_url: str, headers: Any, expected: tuple[int, str]
) -> None:
    """Signed headers must be sent as they were signed, and no further x-amz-… header with them."""
    told = send(local_aws, "PUT", put_url, b"data", headers)
    assert told.refusal == expected
    assert keys(s3) == []


def test_what_a_refusal_tells(local_aws: LocalAws, s3: Any, put_url: str) -> None:
    """A refusal has the further elements that S3 gives, and no secret."""
    mismatch = send(local_aws, "PUT", put_url, headers={"Content-Type": "a&b"})
    assert mismatch.element(
        "Message",
    ) == (
        "The request signature we calculated does not match the signature you provided. "
        "Check your key and signing method."
    )
    assert mismatch.element("AWSAccessKeyId") == OWN.access_key
    assert "content-type:a&b" in str(mismatch.element("CanonicalRequest"))
    assert str(mismatch.element("StringToSign")).startswith("AWS4-HMAC-SHA256\n")
    unsigned = send(local_aws, "PUT", put_url, headers={**TEXT, "x-amz-acl": "private", "x-amz-tagging": "a"})
    assert unsigned.element("HeadersNotSigned") == "x-amz-acl, x-amz-tagging"
    region = send(local_aws, "PUT", put_url.replace("eu-west-1", "us-east-1"), headers=TEXT)
    assert region.element("Message") == (
        "Error parsing the X-Amz-Credential parameter; the region 'us-east-1' is wrong; expecting 'eu-west-1'"
    )
    assert region.element("Region") == "eu-west-1"
    service = send(local_aws, "PUT", put_url.replace("%2Fs3%2F", "%2Fec2%2F"), headers=TEXT)
    assert service.element("Message") == (
        "Error parsing the X-Amz-Credential parameter; "
        'incorrect service "ec2". This endpoint belongs to "s3".'
    )
    assert OWN.secret_key not in str((mismatch, unsigned, region, service))


@pytest.mark.parametrize(
    ("region", "service"), [("us-east-1", "s3"), ("eu-west-1", "ec2"), ("eu-west-1", "sts")]
)
def test_another_scope(local_aws: LocalAws, s3: Any, region: str, service: str) -> None:
    """A signature that holds is refused all the same where it was made for another region or service."""
    url = signed_url(local_aws, "PUT", "k", region=region, service=service)
    assert send(local_aws, "PUT", url, b"data").refusal == MALFORMED
    assert keys(s3) == []


def test_the_region_is_the_buckets(local_aws: LocalAws, s3: Any) -> None:
    """A bucket in another region is reached by URLs of that region only."""
    client = local_aws.session().client("s3", region_name="eu-central-1")
    client.create_bucket(
        Bucket="amzn-s3-demo-far", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    client.close()
    near = signed_url(local_aws, "PUT", "k", bucket="amzn-s3-demo-far")
    assert send(local_aws, "PUT", near, b"data").element("Region") == "eu-central-1"
    far = signed_url(local_aws, "PUT", "k", bucket="amzn-s3-demo-far", region="eu-central-1")
    assert send(local_aws, "PUT", far, b"data").status == 200


def test_a_missing_bucket(local_aws: LocalAws, s3: Any) -> None:
    """Without its bucket, a URL that holds is told so, and one that does not is not."""
    url = signed_url(local_aws, "GET", "k", bucket="amzn-s3-demo-none")
    assert send(local_aws, "GET", url).refusal == (404, "NoSuchBucket")
    assert send(local_aws, "GET", url + "0").refusal == MISMATCH


# ----------------------------------------------------------------------------------------------- time


def test_the_end_of_a_url(local_aws: LocalAws, s3: Any, put_url: str) -> None:
    """A URL works until its time is over, and not for a second longer."""
    local_aws.shift_clock(240)
    assert send(local_aws, "PUT", put_url, b"one", TEXT).status == 200
    local_aws.shift_clock(300)
    told = send(local_aws, "PUT", put_url, b"two", TEXT)
    assert told.refusal == (403, "AccessDenied")
    assert (told.element("Message"), told.element("X-Amz-Expires")) == ("Request has expired", "300")
    assert str(told.element("ServerTime")) >= str(told.element("Expires"))
    assert s3.get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"one"


def test_before_its_time(local_aws: LocalAws, s3: Any, put_url: str) -> None:
    """A URL dated more than fifteen minutes ahead is not valid yet."""
    local_aws.shift_clock(-910)
    told = send(local_aws, "PUT", put_url, b"data", TEXT)
    assert told.refusal == (403, "AccessDenied")
    assert told.element("Message") == "Request is not yet valid"
    local_aws.shift_clock(-840)
    assert keys(s3) == []
    assert send(local_aws, "PUT", put_url, b"data", TEXT).status == 200


@pytest.mark.parametrize("expires_in", [0, 1, 59])
def test_a_url_that_was_over_when_it_came(local_aws: LocalAws, s3: Any, expires_in: int) -> None:
    """A URL as old as its life is over, and one without a life from the start."""
    url = signed_url(local_aws, "PUT", "k", expires_in=expires_in, age=timedelta(seconds=expires_in))
    assert send(local_aws, "PUT", url, b"data").element("Message") == "Request has expired"
    assert keys(s3) == []


def test_the_date_header_follows(local_aws: LocalAws, s3: Any) -> None:
    """Every answer tells the endpoint's clock, which a reset sets right."""
    from datetime import datetime, timezone
    from email.utils import parsedate_to_datetime

    def ahead(target: str, **headers: str) -> float:
        date = parsedate_to_datetime(send(local_aws, "GET", target, headers=headers).headers["Date"])
        return (date - datetime.now(timezone.utc)).total_seconds()

    local_aws.shift_clock(86_400)
    assert ahead(f"/{BUCKET}") == pytest.approx(86_400, abs=60)
    assert ahead(f"/{BUCKET}/none?X-Amz-Signature=0") == pytest.approx(86_400, abs=60)
    assert ahead("/", **{"X-Amz-Target": "TrentService.ListKeys"}) == pytest.approx(86_400, abs=60)
    local_aws.shift_clock(-3600)
    assert ahead(f"/{BUCKET}") == pytest.approx(-3600, abs=60)
    local_aws.reset()
    assert ahead("/") == pytest.approx(0, abs=60)


# ------------------------------------------------------------------------------- parameters and headers


def test_headers_in_the_query(local_aws: LocalAws, s3: Any) -> None:
    """A signed x-amz-… parameter is as good as the header: owner, encryption, copy source, metadata."""
    s3.put_object(Bucket=BUCKET, Key="source", Body=b"hello")
    query = [
        ("x-amz-server-side-encryption", "aws:kms"),
        ("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id", local_aws.kms_key_arn),
        ("x-amz-expected-bucket-owner", "111122223333"),
        ("x-amz-meta-my_key", "a+b c"),
        ("x-id", "PutObject"),
    ]
    assert send(local_aws, "PUT", signed_url(local_aws, "PUT", "k", query=query), b"data").status == 200
    stored = s3.head_object(Bucket=BUCKET, Key="k")
    assert (stored["SSEKMSKeyId"], stored["Metadata"]) == (local_aws.kms_key_arn, {"my_key": "a+b c"})
    copy = signed_url(local_aws, "PUT", "copy", query=[("x-amz-copy-source", f"/{BUCKET}/source")])
    assert b"CopyObjectResult" in send(local_aws, "PUT", copy).body
    assert s3.get_object(Bucket=BUCKET, Key="copy")["Body"].read() == b"hello"


@pytest.mark.parametrize(
    ("query", "headers", "expected"),
    [
        ([("x-amz-expected-bucket-owner", "444455556666")], {}, (403, "AccessDenied")),
        ([("x-amz-server-side-encryption", "rot13")], {}, (400, "InvalidArgument")),
        ([("x-amz-acl", "private"), ("x-amz-acl", "public-read")], {}, (400, "InvalidArgument")),
        ([("x-amz-acl", "private"), ("X-Amz-Acl", "public-read")], {}, (400, "InvalidArgument")),
        ([("x-amz-acl", "private")], {"x-amz-acl": "public-read"}, (400, "InvalidArgument")),
        ([("x-amz-meta-a", "b\r\nSet-Cookie: c=d")], {}, (400, "InvalidArgument")),
        ([("x-amz-checksum-crc32", "AAAAAA==")], {}, (400, "BadDigest")),
    ],
)
def test_refused_headers_in_the_query(
    local_aws: LocalAws,
    s3: Any,
    query: list[tuple[str, str]],
    headers: dict[str, str],
    expected: tuple[int, str],
) -> None:
    """Signed parameters are judged as headers are, and must not say two things."""
    url = signed_url(local_aws, "PUT", "k", query=query, headers=headers)
    assert send(local_aws, "PUT", url, b"data", headers).refusal == expected
    assert keys(s3) == []


def test_headers_in_the_query_of_others(local_aws: LocalAws, s3: Any) -> None:
    """In a request that is not presigned, a parameter is never taken for a header."""
    query = f"x-amz-expected-bucket-owner=444455556666&x-amz-copy-source={quote(BUCKET)}%2Fsecret"
    target = f"/{BUCKET}/k?{query}"
    signed = by_header(local_aws, "PUT", target, b"data")
    assert send(local_aws, "PUT", target, b"data", signed).status == 200
    assert s3.get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"data"


def test_a_parameter_twice(local_aws: LocalAws, s3: Any) -> None:
    """Of a signed parameter that stands twice, every layer takes the first."""
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=BUCKET, Key="k", Body=b"first")["VersionId"]
    second = s3.put_object(Bucket=BUCKET, Key="k", Body=b"second, longer")["VersionId"]
    query = [("versionId", first), ("versionId", second)]
    told = send(local_aws, "GET", signed_url(local_aws, "GET", "k", query=query))
    assert (told.body, told.headers["x-amz-version-id"]) == (b"first", first)


def test_listings(local_aws: LocalAws, s3: Any) -> None:
    """A presigned listing takes its parameters as they were signed."""
    for key in ("a b+c/1", "a b c/2", "other"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"")
    wanted = {"Bucket": BUCKET, "Prefix": "a b+c/", "MaxKeys": 5, "ExpectedBucketOwner": "111122223333"}
    url = s3.generate_presigned_url("list_objects_v2", wanted)
    told = send(local_aws, "GET", url, headers={"x-amz-expected-bucket-owner": "111122223333"})
    assert (told.element("KeyCount"), told.element("Key")) == ("1", "a%20b%2Bc/1")  # encoding-type=url


def test_plus_and_space(local_aws: LocalAws, s3: Any) -> None:
    """A plus in the query is a space, to the signature and to what is read."""
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"data")
    query = [("response-content-disposition", 'attachment; filename="a+b c"')]
    url = signed_url(local_aws, "GET", "k", query=query)
    for same in (url, url.replace("%20", "+")):
        told = send(local_aws, "GET", same)
        assert told.headers["Content-Disposition"] == 'attachment; filename="a+b c"'
    assert send(local_aws, "GET", url.replace("%2B", "+")).refusal == MISMATCH


def test_a_trailer_is_no_header(local_aws: LocalAws, s3: Any) -> None:
    """What stands behind a streamed body cannot change how it is stored."""
    trailer = b"x-amz-server-side-encryption: aws:kms\r\nx-amz-meta-a: b\r\n"
    body = b"4\r\ndata\r\n0\r\n" + trailer + b"\r\n"
    headers = {"x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}
    assert send(local_aws, "PUT", signed_url(local_aws, "PUT", "k"), body, headers).status == 200
    stored = s3.head_object(Bucket=BUCKET, Key="k")
    assert (stored["ServerSideEncryption"], stored["Metadata"]) == ("AES256", {})


# ---------------------------------------------------------------------------------------- who signs


def test_sigv2(local_aws: LocalAws, s3: Any) -> None:
    """A URL of Signature Version 2 is refused with the version that is expected."""
    client = local_aws.session().client("s3", config=Config(signature_version="s3"))
    url = client.generate_presigned_url("put_object", {"Bucket": BUCKET, "Key": "k"})
    client.close()
    assert "AWSAccessKeyId=" in url
    told = send(local_aws, "PUT", url, b"data")
    assert told.refusal == (400, "InvalidRequest")
    assert told.element("Message") == (
        "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
    )
    assert send(local_aws, "PUT", url, b"data", BY_HEADER).refusal == (400, "InvalidArgument")
    assert keys(s3) == []


@pytest.mark.parametrize(
    "query", ["NotSignature=1", "x=Signature=1", "Not%53ignature=1", "Y-Amz-Signature=1", "a;Signature=1"]
)
def test_lookalikes(local_aws: LocalAws, s3: Any, query: str) -> None:
    """A parameter that only looks like a signature opens nothing."""
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"secret")
    told = send(local_aws, "GET", f"/{BUCKET}/k?{query}")
    assert told.status == 403
    assert b"secret" not in told.body


def test_a_user_of_iam(local_aws: LocalAws, s3: Any) -> None:
    """The keys of an IAM user sign as well, until they are made inactive or deleted."""
    iam = local_aws.session().client("iam")
    given = user(local_aws, allow("s3:*"))
    credentials = Credentials(given["aws_access_key_id"], given["aws_secret_access_key"])
    key = {"AccessKeyId": credentials.access_key}
    url = signed_url(local_aws, "PUT", "k", credentials=credentials)
    assert send(local_aws, "PUT", url, b"data").status == 200
    another = Credentials(credentials.access_key, OWN.secret_key)
    assert send(local_aws, "GET", signed_url(local_aws, "GET", "k", credentials=another)).refusal == MISMATCH
    iam.update_access_key(UserName="alice", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    assert send(local_aws, "PUT", url, b"later").refusal == (403, "InvalidAccessKeyId")
    iam.delete_access_key(UserName="alice", AccessKeyId=key["AccessKeyId"])
    told = send(local_aws, "PUT", url, b"later")
    assert (told.refusal, told.element("AWSAccessKeyId")) == ((403, "InvalidAccessKeyId"), key["AccessKeyId"])
    assert s3.get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"data"
    iam.close()


def test_an_assumed_role(local_aws: LocalAws, s3: Any) -> None:
    """The credentials of an assumed role sign with their token, no other, and until it expires."""
    given = session(local_aws, role(local_aws, allow("s3:*")), DurationSeconds=900)
    key, secret, token = (
        given[f"aws_{name}"] for name in ("access_key_id", "secret_access_key", "session_token")
    )

    def put(token: str | None) -> Any:
        url = signed_url(
            local_aws, "PUT", "k", credentials=Credentials(key, secret, token), expires_in=86_400
        )
        return send(local_aws, "PUT", url, b"data")

    assert put(None).refusal == (403, "InvalidAccessKeyId")
    assert put(token[:-4] + "AAAA").refusal == (400, "InvalidToken")
    assert put("").refusal == (400, "InvalidToken")
    assert keys(s3) == []
    assert put(token).status == 200
    local_aws.shift_clock(901)
    told = put(token)
    assert told.refusal == (400, "ExpiredToken")
    assert told.element("Message") == "The provided token has expired."
    assert token not in told.body.decode()


# ------------------------------------------------------------------------------------ the connection


def test_the_connection_lives_on(local_aws: LocalAws, s3: Any, put_url: str) -> None:
    """After a refused upload, the same connection serves the next request."""
    with connected(local_aws) as connection:
        refused = send(local_aws, "PUT", put_url + "0", b"x" * 700_000, TEXT, connection)
        assert refused.refusal == MISMATCH
        socket = connection.sock
        assert send(local_aws, "PUT", put_url, b"data", TEXT, connection).status == 200
        assert connection.sock is socket


def test_a_refused_body_is_not_asked_for(local_aws: LocalAws, s3: Any, put_url: str) -> None:
    """A client that asks first is not told to go on with a body that will be refused."""
    waiting = {**TEXT, "Expect": "100-continue", "Content-Length": "5000000"}
    told = send(local_aws, "PUT", put_url + "0", b"", waiting)
    assert (told.refusal, told.headers["Connection"]) == (MISMATCH, "close")
    assert keys(s3) == []


def test_a_signed_length(local_aws: LocalAws, s3: Any) -> None:
    """Where the length is signed, a body of another length is refused, however it is framed."""
    url = signed_url(local_aws, "PUT", "k", headers={"content-length": "4"})
    assert send(local_aws, "PUT", url, b"longer").refusal == MISMATCH
    chunked = {"Transfer-Encoding": "chunked"}
    assert send(local_aws, "PUT", url, b"6\r\nlonger\r\n0\r\n\r\n", chunked).refusal == MISMATCH
    assert keys(s3) == []
    assert send(local_aws, "PUT", url, b"four").status == 200


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("PUT", "k"),
        ("PUT", ""),
        ("DELETE", "k"),
        ("POST", "k?uploads"),
        ("POST", "?delete"),
        ("PUT", "?policy"),
    ],
)
def test_unsigned_writes(local_aws: LocalAws, s3: Any, method: str, target: str) -> None:
    """A write that nobody signed is refused, e.g. a presigned PUT with its query cut off."""
    told = send(
        local_aws, method, f"/{BUCKET}/{target}" if target[:1] != "?" else f"/{BUCKET}{target}", b"data"
    )
    assert told.refusal == (403, "AccessDenied")
    assert keys(s3) == []


@pytest.mark.parametrize(
    ("method", "query"), [("PUT", {"partNumber": "1"}), ("DELETE", {}), ("POST", {}), ("GET", {})]
)
def test_uploads_belong_to_their_key(
    local_aws: LocalAws, s3: Any, method: str, query: dict[str, str]
) -> None:
    """An upload id is of no use under another key than the one it was begun for."""
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="alice/k")["UploadId"]
    pairs = [*query.items(), ("uploadId", upload)]
    told = send(local_aws, method, signed_url(local_aws, method, "mallory/k", query=pairs), b"data")
    assert told.refusal == (404, "NoSuchUpload")
    assert [item["UploadId"] for item in s3.list_multipart_uploads(Bucket=BUCKET)["Uploads"]] == [upload]
    assert "Parts" not in s3.list_parts(Bucket=BUCKET, Key="alice/k", UploadId=upload)
