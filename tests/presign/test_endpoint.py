"""Presigned URLs and forms against the embedded endpoint, which verifies them as S3 does."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import urllib3

from secure_s3 import DsseKms, SseC, SseKms, SseS3, errors
from secure_s3.presign import UploadRule, WebUploads, verify
from tests.local import people
from tests.presign.support import BUCKET
from tests.presign.test_arguments import ODD_KEYS

CONTENT = b"twelve pages"
KINDS = ["sse-kms", "sse-kms-context", "dsse-kms", "sse-s3", "sse-c"]


def strategy(kind: str, key_arn: str) -> Any:
    return {
        "sse-kms": SseKms(key_arn),
        "sse-kms-context": SseKms(key_arn, bucket_key=False, context={"department": "finance"}),
        "dsse-kms": DsseKms(key_arn),
        "sse-s3": SseS3(),
        "sse-c": SseC(b"k" * 32),
    }[kind]


@pytest.fixture
def browser(local_aws: Any) -> Iterator[urllib3.PoolManager]:
    """An HTTP client that believes the endpoint, next to an empty bucket."""
    local_aws.create_bucket(BUCKET)
    with urllib3.PoolManager(ca_certs=local_aws.ca_bundle) as pool:
        yield pool


def use(browser: urllib3.PoolManager, made: Any, body: bytes | None = None, **changed: str) -> Any:
    headers = {**made.required_headers, **{name.replace("_", "-"): value for name, value in changed.items()}}
    return browser.request(made.method, made.url, body=body, headers=headers, retries=False)


def post(browser: urllib3.PoolManager, made: Any, content: bytes = CONTENT, **changed: str) -> Any:
    fields = {**made.fields, **changed}
    return browser.request(
        "POST", made.url, fields={**fields, "file": ("report.pdf", content)}, retries=False, redirect=False
    )


@pytest.mark.parametrize("kind", KINDS)
def test_put_then_get_then_head(kind: str, browser: Any, local_aws: Any) -> None:
    """What a presigned PUT stores is encrypted as configured, and presigned GET and HEAD read it."""
    s3 = local_aws.client(strategy(kind, local_aws.kms_key_arn))
    put = s3.presign.put(BUCKET, "a b/ü+1.txt", content_type="text/plain", content_length=len(CONTENT))
    answer = use(browser, put, CONTENT)
    assert answer.status == 200, answer.data
    stored = s3.head_object(Bucket=BUCKET, Key="a b/ü+1.txt")
    for member, value in s3.encryption.answer("PutObject").items():
        if member in stored:
            assert stored[member] == value
    got = use(browser, s3.presign.get(BUCKET, "a b/ü+1.txt", download_as="Käse.txt"))
    assert (got.status, got.data) == (200, CONTENT)
    assert got.headers["Content-Disposition"].startswith("attachment; filename=")
    assert use(browser, s3.presign.head(BUCKET, "a b/ü+1.txt")).headers["Content-Length"] == "12"


def test_a_form_for_an_access_point(browser: Any, local_aws: Any) -> None:
    """A form that names an access point by its alias is taken there; one for the bucket is not."""
    s3 = local_aws.client(SseS3())
    point = s3.bucket(BUCKET).access_points.create("reports")
    by_alias, by_name = (s3.presign.post(name, "k") for name in (point.alias, BUCKET))
    assert post(browser, by_alias).status == 204
    assert use(browser, s3.presign.get(BUCKET, "k")).data == CONTENT
    assert "bucket" in elsewhere(browser, by_name, by_alias.url).data.decode()
    assert elsewhere(browser, by_alias, by_name.url).status == 403
    with pytest.raises(errors.ConfigurationError, match="alias"):
        s3.presign.post(point.arn, "k")


def elsewhere(browser: Any, made: Any, url: str) -> Any:
    """The answer to a form that is sent to another address than its own."""
    fields = {**made.fields, "file": ("report.pdf", CONTENT)}
    return browser.request("POST", url, fields=fields, retries=False, redirect=False)


@pytest.mark.parametrize("key", ODD_KEYS, ids=lambda key: repr(key)[:20])
def test_odd_keys(key: str, browser: Any, local_aws: Any) -> None:
    """The URL of any key leads to that key."""
    s3 = local_aws.client(SseS3())
    answer = use(browser, s3.presign.put(BUCKET, key), key.encode())
    if b"\x00" in key.encode() and answer.status == 400:
        return  # as S3 may; what counts is that no other key is written
    assert answer.status == 200, answer.data
    assert use(browser, s3.presign.get(BUCKET, key)).data == key.encode()


@pytest.mark.parametrize(
    "name", ["x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id"]
)
def test_an_upload_without_the_encryption(name: str, browser: Any, local_aws: Any) -> None:
    """Whoever leaves a signed encryption header out, or changes it, stores nothing."""
    s3 = local_aws.client(SseKms(local_aws.kms_key_arn))
    put = s3.presign.put(BUCKET, "k")
    for value in ("", "AES256", local_aws.create_key()):
        headers = dict(put.required_headers)
        headers[name] = value
        if not value:
            del headers[name]
        answer = browser.request("PUT", put.url, body=CONTENT, headers=headers, retries=False)
        assert (answer.status, b"SignatureDoesNotMatch" in answer.data) == (403, True)
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0


def test_a_header_more(browser: Any, local_aws: Any) -> None:
    """An x-amz header that was not signed is refused: no ACL, no metadata, no copy source by the holder."""
    s3 = local_aws.client(SseS3())
    for name in ("x_amz_acl", "x_amz_meta_a", "x_amz_copy_source", "x_amz_storage_class", "x_amz_tagging"):
        answer = use(browser, s3.presign.put(BUCKET, "k"), CONTENT, **{name: "public-read"})
        assert (answer.status, b"not signed" in answer.data) == (403, True)
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST", "HEAD"])
def test_another_method(method: str, browser: Any, local_aws: Any) -> None:
    """A link that reads does nothing else."""
    s3 = local_aws.client(SseS3())
    s3.put_object(Bucket=BUCKET, Key="k", Body=CONTENT)
    url = s3.presign.get(BUCKET, "k").url
    assert browser.request(method, url, body=b"other", retries=False).status == 403
    assert s3.get_object(Bucket=BUCKET, Key="k")["Body"].read() == CONTENT


def test_the_wrong_checksum(browser: Any, local_aws: Any) -> None:
    """A presigned checksum takes that content alone."""
    s3 = local_aws.client(SseS3())
    put = s3.presign.put(BUCKET, "k", checksum_sha256=hashlib.sha256(CONTENT).digest())
    assert use(browser, put, b"something else").status == 400
    assert use(browser, put, CONTENT).status == 200


def test_it_ends(browser: Any, local_aws: Any) -> None:
    """Before ``expires_at`` it works, from then on S3 says that it has expired, and so does verify."""
    s3 = local_aws.client(SseS3())
    s3.put_object(Bucket=BUCKET, Key="k", Body=CONTENT)
    link, form = s3.presign.get(BUCKET, "k", 300), s3.presign.post(BUCKET, "p", 300)
    credentials = local_aws.session().get_credentials().get_frozen_credentials()
    local_aws.shift_clock(290)
    assert use(browser, link).status == 200
    verify(link, credentials, at=link.expires_at - timedelta(seconds=1))
    local_aws.shift_clock(301)
    answer = use(browser, link)
    assert (answer.status, b"Request has expired" in answer.data) == (403, True)
    answer = post(browser, form)
    assert (answer.status, b"Policy expired" in answer.data) == (403, True)


def test_a_link_from_a_clock_that_is_ahead(browser: Any, local_aws: Any) -> None:
    """Before the first answer nothing corrects the clock: S3 refuses what is dated an hour ahead."""
    s3 = local_aws.client(SseS3())
    local_aws.shift_clock(-3600)
    answer = use(browser, s3.presign.get(BUCKET, "k"))
    assert (answer.status, b"Request is not yet valid" in answer.data) == (403, True)
    with pytest.raises(errors.CredentialsRefused, match="RequestTimeTooSkewed"):
        s3.list_objects_v2(Bucket=BUCKET)
    assert use(browser, s3.presign.get(BUCKET, "k")).status == 404


@pytest.mark.parametrize("kind", ["sse-kms", "sse-kms-context", "dsse-kms", "sse-s3"])
def test_a_form(kind: str, browser: Any, local_aws: Any) -> None:
    """What a form stores is encrypted as configured, of the type and size that were signed."""
    s3 = local_aws.client(strategy(kind, local_aws.kms_key_arn))
    form = s3.presign.post(
        BUCKET,
        "forms/a.pdf",
        content_type="application/pdf",
        content_length_range=(1, 20),
        metadata={"a": "b"},
    )
    answer = post(browser, form)
    assert answer.status == 204, answer.data
    stored = s3.get_object(Bucket=BUCKET, Key="forms/a.pdf")
    assert (stored["Body"].read(), stored["ContentType"]) == (CONTENT, "application/pdf")
    assert stored["Metadata"] == {"a": "b"}
    assert stored["ServerSideEncryption"] == s3.encryption.answer("PutObject")["ServerSideEncryption"]
    if "SSEKMSKeyId" in stored:
        assert stored["SSEKMSKeyId"] == local_aws.kms_key_arn


def test_a_form_with_a_prefix(browser: Any, local_aws: Any) -> None:
    """A form for a prefix stores under the file's own name below it, and nowhere else."""
    s3 = local_aws.client(SseS3())
    form = s3.presign.post(BUCKET, key_prefix="forms/42/", content_type_prefix="image/")
    assert post(browser, form, **{"Content-Type": "image/png"}).status == 204
    assert post(browser, form, key="forms/43/x", **{"Content-Type": "image/png"}).status == 403
    assert post(browser, form, **{"Content-Type": "text/html"}).status == 403
    listed = [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert listed == ["forms/42/report.pdf"]


@pytest.mark.parametrize(
    "changed",
    [
        {"x-amz-server-side-encryption": "AES256"},
        {"x-amz-server-side-encryption-aws-kms-key-id": ""},
        {"key": "elsewhere"},
        {"acl": "public-read"},
        {"x-amz-meta-more": "1"},
        {"Content-Type": "text/html"},
        {"policy": "e30="},
        {"x-amz-signature": "0" * 64},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_forms_that_were_changed(changed: dict[str, str], browser: Any, local_aws: Any) -> None:
    """A form with another or a further field stores nothing."""
    s3 = local_aws.client(SseKms(local_aws.kms_key_arn))
    form = s3.presign.post(BUCKET, "k", content_type="image/png", content_length_range=(1, 100))
    assert post(browser, form, **changed).status in (400, 403)
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0


@pytest.mark.parametrize("size", [0, 9, 21, 100_000])
def test_forms_with_too_much_or_too_little(size: int, browser: Any, local_aws: Any) -> None:
    """A file outside the signed range is refused."""
    s3 = local_aws.client(SseS3())
    form = s3.presign.post(BUCKET, "k", content_length_range=(10, 20))
    assert post(browser, form, b"x" * size).status == 400
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0


def test_temporary_credentials(browser: Any, local_aws: Any) -> None:
    """URLs signed with a role's session token work, and with that token alone."""
    import boto3

    keys = people.session(local_aws, people.role(local_aws, people.allow("s3:*")))
    temporary = boto3.Session(**keys, region_name=local_aws.region)
    s3 = local_aws.client(SseS3(), session=temporary)
    assert use(browser, s3.presign.put(BUCKET, "k"), CONTENT).status == 200
    assert post(browser, s3.presign.post(BUCKET, "p")).status == 204
    del keys["aws_session_token"]
    tokenless = boto3.Session(**keys, region_name=local_aws.region)
    s3 = local_aws.client(SseS3(), session=tokenless)
    assert use(browser, s3.presign.get(BUCKET, "k")).status in (400, 403)


def test_a_web_upload_in_parts(browser: Any, local_aws: Any) -> None:
    """A web upload that is completed too early goes on; completing twice answers as the first time did."""
    rule = UploadRule(bucket=BUCKET, prefix="videos/", content_types=("video/mp4",), max_bytes=100)
    uploads = WebUploads(local_aws.client(SseS3()), {"video": rule})
    told = uploads.begin("video", user="alice", filename="a.mp4", content_type="video/mp4", size=len(CONTENT))
    with pytest.raises(errors.UploadRefused, match="1 of 1 parts are missing") as early:
        uploads.complete(told["ticket"], user="alice")
    assert early.value.status == 409
    [part] = uploads.parts(told["ticket"], [1], user="alice")
    assert use(browser, part, CONTENT).status == 200
    assert uploads.complete(told["ticket"], user="alice") == told["key"]
    assert uploads.complete(told["ticket"], user="alice") == told["key"]
    assert use(browser, uploads.link("video", user="alice", key=told["key"])).data == CONTENT


def test_a_web_upload_that_was_aborted(browser: Any, local_aws: Any) -> None:
    """A web upload that was aborted cannot be completed: 404."""
    rule = UploadRule(bucket=BUCKET, prefix="videos/", content_types=("video/mp4",), max_bytes=100)
    uploads = WebUploads(local_aws.client(SseS3()), {"video": rule})
    told = uploads.begin("video", user="alice", filename="a.mp4", content_type="video/mp4", size=len(CONTENT))
    uploads.abort(told["ticket"], user="alice")
    uploads.abort(told["ticket"], user="alice")
    with pytest.raises(errors.UploadRefused) as gone:
        uploads.complete(told["ticket"], user="alice")
    assert gone.value.status == 404
    assert uploads.origins() == [local_aws.endpoint_url]
