"""Objects through access points: by ARN and by alias, at an endpoint that has no subdomains."""

from __future__ import annotations

import io
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from secure_s3 import ClientSide, RawAesKey, SecureS3Client, SseKms, SseS3, errors
from secure_s3.local import LocalAws
from secure_s3.policy import bundles
from tests.local.people import allow, deny, document, user

from .support import ACCOUNT, BUCKET, POINT, as_user, at_most_tls_1_2, make_bucket

COLON = POINT.replace("accesspoint/", "accesspoint:")
KEY = "a b/ü+c"
PARTS = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20)


@pytest.fixture(scope="module")
def shared(_secure_s3_local_server: LocalAws) -> Iterator[SecureS3Client]:
    """One client for all tests here: to make one takes longer than most of them."""
    if not _secure_s3_local_server.running:
        _secure_s3_local_server.start()
    with _secure_s3_local_server.client(SseKms(_secure_s3_local_server.kms_key_arn)) as client:
        yield client


@pytest.fixture
def s3(local_aws: LocalAws, shared: SecureS3Client) -> SecureS3Client:
    """A client that encrypts with KMS, a bucket, and an access point."""
    make_bucket(shared, BUCKET)
    shared.bucket(BUCKET).access_points.create("reports")
    return shared


@pytest.fixture
def alias(s3: SecureS3Client) -> str:
    """The access point's."""
    return str(s3.bucket(BUCKET).access_points.get("reports").alias)


def fetch(local_aws: LocalAws, url: str, body: bytes | None = None, headers: Any = None) -> tuple[int, bytes]:
    """What a browser gets that has a URL and no credentials."""
    request = urllib.request.Request(url, body, dict(headers or {}), method="PUT" if body else "GET")
    context = ssl.create_default_context(cafile=local_aws.ca_bundle)
    try:
        with urllib.request.urlopen(request, context=context) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


@pytest.mark.parametrize("name", [POINT, "alias"])
def test_every_call_on_objects(
    local_aws: LocalAws, s3: SecureS3Client, alias: str, name: str, tmp_path: Path
) -> None:
    """The facade, multipart, copies from and to, listings and deletions: as with the bucket's name."""
    place, big = (alias if name == "alias" else name), bytes(6 << 20)
    s3.put_object(Bucket=place, Key=KEY, Body=b"x")
    assert s3.get_object(Bucket=place, Key=KEY, Range="bytes=0-0")["Body"].read() == b"x"
    assert s3.head_object(Bucket=place, Key=KEY)["ServerSideEncryption"] == "aws:kms"
    s3.upload_fileobj(io.BytesIO(big), place, "big", Config=PARTS)
    s3.copy({"Bucket": place, "Key": "big"}, place, "copy", Config=PARTS)
    s3.copy_object(Bucket=BUCKET, Key="small", CopySource={"Bucket": place, "Key": KEY})
    s3.download_file(place, "copy", str(tmp_path / "copy"))
    assert (tmp_path / "copy").read_bytes() == big
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=place, PaginationConfig={"PageSize": 3})
    assert [each["Key"] for page in pages for each in page["Contents"]] == [KEY, "big", "copy", "small"]
    with s3.open(place, "small", "rb") as stream:
        assert stream.read() == b"x"
    s3.upload_many([tmp_path / "copy"], place, "many/")
    told = s3.delete_objects(Bucket=place, Delete={"Objects": [{"Key": "big"}, {"Key": "copy"}]})
    assert len(told["Deleted"]) == 2
    left = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
    assert [each["Key"] for each in left] == [KEY, "many/copy", "small"]


@pytest.mark.parametrize("place", [POINT, COLON])
def test_presigned(local_aws: LocalAws, s3: SecureS3Client, place: str) -> None:
    """URLs through an ARN are signed here like those of a bucket; a changed one is refused."""
    put = s3.presign.put(place, KEY)
    assert fetch(local_aws, put.url, b"body", put.required_headers)[0] == 200
    made = s3.presign.get(place, KEY)
    assert made.url.startswith(f"{local_aws.endpoint_url}/arn%3Aaws%3As3%3A")
    assert fetch(local_aws, made.url) == (200, b"body")
    old = s3.generate_presigned_url("get_object", {"Bucket": place, "Key": KEY}, 60)
    assert fetch(local_aws, old) == (200, b"body")
    for changed in (made.url.replace("reports", "report2"), made.url.replace("%C3%BC", "u")):
        status, told = fetch(local_aws, changed)
        assert (status, b"SignatureDoesNotMatch" in told) == (403, True)
    address = s3._client.__dict__["_secure_s3_guard"].addresses._known[place, "GetObject"]
    assert address.direct


def test_forms_take_the_alias(s3: SecureS3Client, alias: str) -> None:
    """boto3 makes no form for an ARN; for the alias it does."""
    with pytest.raises(errors.ConfigurationError, match="pass its alias"):
        s3.presign.post(POINT, "k")
    assert alias in s3.presign.post(alias, "k").url


def test_plain_boto3(local_aws: LocalAws, s3: SecureS3Client) -> None:
    """Sessions of the embedded endpoint reach access points by their ARNs without this client."""
    client: Any = local_aws.session().client("s3")
    client.put_object(Bucket=POINT, Key=KEY, Body=b"x")
    client.copy({"Bucket": POINT, "Key": KEY}, POINT, "copy")
    assert client.get_object(Bucket=POINT, Key="copy")["Body"].read() == b"x"
    url = client.generate_presigned_url("get_object", {"Bucket": POINT, "Key": KEY})
    assert fetch(local_aws, url) == (200, b"x")
    client.close()


def test_client_side_encryption_is_bound_to_the_name(
    local_aws: LocalAws, s3: SecureS3Client, alias: str
) -> None:
    """What was encrypted under one name is not read under another, for these are different places."""
    with local_aws.client(ClientSide(RawAesKey("key", bytes(32)))) as client:
        client.put_object(Bucket=POINT, Key="k", Body=b"secret")
        assert client.get_object(Bucket=POINT, Key="k")["Body"].read() == b"secret"
        for name in (BUCKET, alias):
            with pytest.raises(errors.ContextMismatch):
                client.get_object(Bucket=name, Key="k")


@pytest.mark.parametrize(
    "arn",
    [
        POINT.replace("reports", "other"),
        POINT.replace(ACCOUNT, "444455556666"),
        POINT.replace("eu-west-1", "us-east-1"),
    ],
)
def test_access_points_that_are_not_there(local_aws: LocalAws, s3: SecureS3Client, arn: str) -> None:
    """Another name, account or region is no access point, and no bucket is reached instead."""
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"x")
    calls: tuple[Callable[[], Any], ...] = (
        lambda: s3.get_object(Bucket=arn, Key="k"),
        lambda: s3.put_object(Bucket=arn, Key="k", Body=b"y"),
        lambda: s3.list_objects_v2(Bucket=arn),
    )
    for call in calls:
        with pytest.raises(errors.NotFound, match="NoSuchAccessPoint"):
            call()
    with pytest.raises(ClientError):
        s3.copy_object(Bucket=BUCKET, Key="copy", CopySource={"Bucket": arn, "Key": "k"})
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=BUCKET)["Contents"]] == ["k"]


def test_what_access_points_are_not_for(s3: SecureS3Client) -> None:
    """Settings of the bucket are not reached through an ARN."""
    enabled = {"Status": "Enabled"}
    calls: tuple[Callable[[], Any], ...] = (
        lambda: s3.boto3.get_bucket_encryption(Bucket=POINT),
        lambda: s3.boto3.put_bucket_versioning(Bucket=POINT, VersioningConfiguration=enabled),
        lambda: s3.boto3.delete_bucket(Bucket=POINT),
    )
    for call in calls:
        with pytest.raises((ClientError, errors.SecureS3Error)):
            call()


def test_tls_1_3_through_the_point_over_a_bucket_with_1_2(
    local_aws: LocalAws, s3: SecureS3Client, alias: str
) -> None:
    """A client that speaks TLS 1.2 at most gets in by the bucket and not by the point, which is explained."""
    s3.boto3.put_bucket_policy(Bucket=BUCKET, Policy=bundles.baseline(BUCKET, min_tls="1.2").to_json())
    s3.put_object(Bucket=POINT, Key="k", Body=b"x")
    with at_most_tls_1_2():
        old = local_aws.client(SseKms(local_aws.kms_key_arn))
    with old:
        assert old.get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"x"
        for name in (POINT, alias):
            with pytest.raises(errors.BucketPolicyDenied) as caught:
                old.get_object(Bucket=name, Key="k")
            told = old.explain(caught.value)
            assert told.denial.statement == "RequireMinTls"
            assert told.denial.resource == f"{POINT}/object/k"
            text = str(told)
            assert "NumericLessThan s3:TlsVersion: policy says 1.3; request has 1.2" in text
            assert "fix     speak TLS 1.3" in text
            assert "[proved" in text
        with pytest.raises(errors.BucketPolicyDenied):
            old.put_object(Bucket=POINT, Key="k", Body=b"y")
        url = s3.presign.get(POINT, "k").url
    for name in (POINT, alias, BUCKET):
        assert s3.get_object(Bucket=name, Key="k")["Body"].read() == b"x"
    assert fetch(local_aws, url) == (200, b"x")


def test_foreseen(local_aws: LocalAws, s3: SecureS3Client) -> None:
    """With the point's policy a call through the ARN is foreseen; the bucket's is read besides."""
    points = s3.bucket(BUCKET).access_points
    with as_user(local_aws, SseS3(), allow("s3:*", "iam:Get*", "iam:List*")) as client:
        given: dict[str, Any] = {
            "bucket_policy": points.policy("reports"),
            "assume": {"s3:TlsVersion": "1.3"},
        }
        told = client.check("put_object", Bucket=POINT, Key="k", **given)
        assert told.outcome == "allowed"
        client.put_object(Bucket=POINT, Key="k", Body=b"x")
        given["assume"] = {"s3:TlsVersion": "1.2"}
        told = client.check("put_object", Bucket=POINT, Key="k", **given)
        assert told.outcome == "denied"
        assert "RequireMinTls" in str(told)


def test_both_policies_have_to_allow(local_aws: LocalAws, s3: SecureS3Client) -> None:
    """Who has no policy of its own needs the point's and the bucket's; delegating is the bucket's part."""
    points = s3.bucket(BUCKET).access_points
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"x", encryption=SseS3())
    keys = user(local_aws, deny("s3:PutObject"))
    assert keys
    who = f"arn:aws:iam::{ACCOUNT}:user/team/alice"
    with local_aws.client(SseS3(), session=local_aws.session(user="alice")) as alice:
        _let_by_bucket_alone(s3, who)
        with pytest.raises(errors.AccessDenied):  # a point without principals admits nobody
            alice.get_object(Bucket=POINT, Key="k")
        assert alice.get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"x"
        s3.boto3.delete_bucket_policy(Bucket=BUCKET)
        for step in (lambda: None, lambda: _let(points, who), points.delegate):
            step()
            if step != points.delegate:
                with pytest.raises(errors.AccessDenied):
                    alice.get_object(Bucket=POINT, Key="k")
        assert alice.get_object(Bucket=POINT, Key="k")["Body"].read() == b"x"
        with pytest.raises(errors.AccessDenied):
            alice.get_object(Bucket=BUCKET, Key="k")


def _let(points: Any, who: str) -> None:
    points.put_policy(
        "reports", document(allow("s3:GetObject", Principal={"AWS": who}) | {"Resource": f"{POINT}/object/*"})
    )


def _let_by_bucket_alone(s3: SecureS3Client, who: str) -> None:
    statement = allow("s3:GetObject", Principal={"AWS": who}) | {"Resource": f"arn:aws:s3:::{BUCKET}/*"}
    s3.boto3.put_bucket_policy(Bucket=BUCKET, Policy=document(statement))
