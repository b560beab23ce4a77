"""Uploads in parts: the browser sends the parts, the server does and checks everything else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3

from secure_s3 import ClientSide, DsseKms, RawAesKey, SseC, SseKms, SseS3, errors
from secure_s3.presign import inspect
from secure_s3.profile import SecurityProfile
from tests.presign.support import BUCKET, client

MIB = 1 << 20
PART = 5 * MIB
KEY = "videos/big one ü.mp4"
CONTENT = os.urandom(MIB) * 5 + b"the end"


@pytest.fixture
def browser(local_aws: Any) -> Iterator[urllib3.PoolManager]:
    """An HTTP client that believes the endpoint, next to an empty bucket."""
    local_aws.create_bucket(BUCKET)
    with urllib3.PoolManager(ca_certs=local_aws.ca_bundle) as pool:
        yield pool


def send(browser: urllib3.PoolManager, part: Any, body: bytes, **changed: str) -> Any:
    headers = {**part.required_headers, **changed}
    return browser.request(part.method, part.url, body=body, headers=headers, retries=False)


def send_all(browser: urllib3.PoolManager, upload: Any, content: bytes = CONTENT) -> list[dict[str, Any]]:
    """What a page does, and what it reports."""
    reported = []
    for number, part in enumerate(upload.parts(), 1):
        piece = content[(number - 1) * upload.part_bytes :][: upload.part_bytes]
        answer = send(browser, part, piece)
        assert answer.status == 200, answer.data
        reported.append({"PartNumber": number, "ETag": answer.headers["ETag"]})
    return reported


def strategies(local_aws: Any) -> list[Any]:
    return [SseKms(local_aws.kms_key_arn), DsseKms(local_aws.kms_key_arn), SseS3(), SseC(b"k" * 32)]


def left(local_aws: Any) -> tuple[list[str], list[str]]:
    """Objects and uploads in the bucket."""
    s3 = local_aws.session().client("s3")
    objects = [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET).get("Contents", ())]
    uploads = [item["UploadId"] for item in s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", ())]
    s3.close()
    return objects, uploads


@pytest.mark.parametrize("which", range(4), ids=["sse-kms", "dsse-kms", "sse-s3", "sse-c"])
def test_an_upload_in_parts(which: int, browser: Any, local_aws: Any) -> None:
    """A file sent in parts is stored whole, encrypted as configured, with what was said of it."""
    s3 = local_aws.client(strategies(local_aws)[which])
    upload = s3.presign.begin_upload(
        BUCKET, KEY, len(CONTENT), part_bytes=PART, content_type="video/mp4", metadata={"a": "b"}
    )
    assert upload.part_count == 2
    upload.complete(send_all(browser, upload))
    answer = s3.get_object(Bucket=BUCKET, Key=KEY)
    assert answer["Body"].read() == CONTENT
    assert (answer["ContentType"], answer["Metadata"]) == ("video/mp4", {"a": "b"})
    for member, value in s3.encryption.answer("GetObject").items():
        assert answer[member] == value
    assert left(local_aws) == ([KEY], [])


def test_an_upload_is_taken_up_elsewhere(browser: Any, local_aws: Any) -> None:
    """Another process takes an upload up from plain values, without a request."""
    s3 = local_aws.client(SseS3())
    begun = s3.presign.begin_upload(BUCKET, KEY, len(CONTENT), part_bytes=PART).to_dict()
    assert begun["part_count"] == 2
    other = local_aws.client(SseS3()).presign.resume_upload(**begun)
    send_all(browser, other)
    other.complete()
    assert left(local_aws) == ([KEY], [])


def test_missing_parts(browser: Any, local_aws: Any) -> None:
    """Completing too early is an error that names what is missing, and the upload goes on."""
    upload = local_aws.client(SseS3()).presign.begin_upload(BUCKET, KEY, len(CONTENT), part_bytes=PART)
    with pytest.raises(errors.TransferError, match="2 of 2 parts are missing"):
        upload.complete()
    send(browser, upload.part(2), CONTENT[PART:])
    with pytest.raises(errors.TransferError, match="1 of 2 parts are missing, the first is 1"):
        upload.complete()
    send(browser, upload.part(1), CONTENT[:PART])
    upload.complete()
    assert left(local_aws) == ([KEY], [])


@pytest.mark.parametrize("length", [0, PART - 1, PART + 1])
def test_a_part_of_another_length_is_refused_by_its_signature(
    length: int, browser: Any, local_aws: Any
) -> None:
    """A part's URL takes exactly its length: the header is signed, and S3 reads as many bytes."""
    upload = local_aws.client(SseS3()).presign.begin_upload(BUCKET, KEY, len(CONTENT), part_bytes=PART)
    answer = send(browser, upload.part(1), b"x" * length, **{"content-length": str(length)})
    assert (answer.status, b"SignatureDoesNotMatch" in answer.data) == (403, True)


def test_a_part_of_another_size_aborts(browser: Any, local_aws: Any) -> None:
    """A part that got there in another size, by a URL without a length, is noticed; nothing is left."""
    s3 = local_aws.client(SseS3())
    upload = s3.presign.begin_upload(BUCKET, KEY, len(CONTENT), part_bytes=PART)
    send(browser, upload.part(1), CONTENT[:PART])
    loose = s3.presign.upload_part(BUCKET, KEY, upload.upload_id, 2)
    send(browser, loose, b"x" * 100)
    with pytest.raises(errors.SourceChanged, match="part 2 has 100 bytes instead of 7"):
        upload.complete()
    assert left(local_aws) == ([], [])


def test_a_surplus_part_aborts(browser: Any, local_aws: Any) -> None:
    """A part behind the last one is noticed: nothing is stored or left."""
    s3 = local_aws.client(SseS3())
    upload = s3.presign.begin_upload(BUCKET, KEY, len(CONTENT), part_bytes=PART)
    send_all(browser, upload)
    send(browser, s3.presign.upload_part(BUCKET, KEY, upload.upload_id, 3), b"more")
    with pytest.raises(errors.SourceChanged, match="behind the last"):
        upload.complete()
    assert left(local_aws) == ([], [])


@pytest.mark.parametrize(
    "told",
    [[], [{"PartNumber": 1, "ETag": "x"}, {"PartNumber": 2, "ETag": "y"}], [{}], [{"PartNumber": 1}], [5]],
)
def test_reports_that_are_wrong(told: Any, browser: Any, local_aws: Any) -> None:
    """A page that reports other parts than S3 has does not finish the upload."""
    upload = local_aws.client(SseS3()).presign.begin_upload(BUCKET, KEY, len(CONTENT), part_bytes=PART)
    send_all(browser, upload)
    with pytest.raises(errors.SourceChanged, match="reported"):
        upload.complete(told)
    assert left(local_aws) == ([], [])


def test_conditions_of_completing(browser: Any, local_aws: Any) -> None:
    """An object that is there already is not written over where the caller says so."""
    s3 = local_aws.client(SseS3())
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"first")
    upload = s3.presign.begin_upload(BUCKET, KEY, len(CONTENT), part_bytes=PART)
    send_all(browser, upload)
    with pytest.raises(errors.PreconditionFailed):
        upload.complete(IfNoneMatch="*")
    assert s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read() == b"first"
    upload.abort()


def test_abort(browser: Any, local_aws: Any) -> None:
    """Aborting removes the parts; again, or after the end, it does nothing."""
    upload = local_aws.client(SseS3()).presign.begin_upload(BUCKET, KEY, len(CONTENT), part_bytes=PART)
    send(browser, upload.part(1), CONTENT[:PART])
    upload.abort()
    assert left(local_aws) == ([], [])
    upload.abort()
    with pytest.raises(errors.NotFound):
        upload.complete()


def test_an_unconfirmed_beginning_is_aborted(browser: Any, local_aws: Any) -> None:
    """An endpoint that does not confirm the encryption gets no parts, and no upload is left."""
    s3 = local_aws.client(SseKms(local_aws.kms_key_arn))

    def forget(parsed: dict[str, Any], **_: Any) -> None:
        parsed.pop("SSEKMSKeyId", None)

    s3._client.meta.events.register_first("after-call.s3.CreateMultipartUpload", forget)
    with pytest.raises(errors.EncryptionNotConfirmed):
        s3.presign.begin_upload(BUCKET, KEY, len(CONTENT))
    assert left(local_aws) == ([], [])


def test_an_unconfirmed_end_is_removed(browser: Any, local_aws: Any) -> None:
    """An object whose completion contradicts the encryption is removed again."""
    s3 = local_aws.client(SseKms(local_aws.kms_key_arn))

    def lie(parsed: dict[str, Any], **_: Any) -> None:
        parsed["ServerSideEncryption"] = "AES256"

    upload = s3.presign.begin_upload(BUCKET, KEY, len(CONTENT), part_bytes=PART)
    send_all(browser, upload)
    s3._client.meta.events.register_first("after-call.s3.CompleteMultipartUpload", lie)
    with pytest.raises(errors.EncryptionNotConfirmed, match="removed again"):
        upload.complete()
    assert left(local_aws) == ([], [])


def test_the_expected_owner(browser: Any, local_aws: Any) -> None:
    """A bucket of somebody else gets neither upload nor parts."""
    right = local_aws.client(SseS3(), profile=SecurityProfile(expected_bucket_owner="111122223333"))
    upload = right.presign.begin_upload(BUCKET, KEY, len(CONTENT), part_bytes=PART)
    send_all(browser, upload)
    upload.complete()
    wrong = local_aws.client(SseS3(), profile=SecurityProfile(expected_bucket_owner="444455556666"))
    with pytest.raises(errors.AccessDenied):
        wrong.presign.begin_upload(BUCKET, KEY, len(CONTENT))
    part = wrong.presign.resume_upload(BUCKET, KEY, upload.upload_id, len(CONTENT)).part(1)
    assert send(browser, part, CONTENT).status == 403


@pytest.mark.parametrize("size", [0, -1, 1.5, "7", None, True, 50_001 * 1024**3])
def test_sizes(size: Any) -> None:
    """A size that no object has is refused before anything is sent."""
    with pytest.raises(errors.ConfigurationError, match="size"):
        client().presign.begin_upload(BUCKET, KEY, size)


@pytest.mark.parametrize("part_bytes", [0, -1, PART - 1, 6 * 1024**3, 1.5, True, "5MB"])
def test_part_sizes(part_bytes: Any) -> None:
    """A part size that S3 does not take is refused before anything is sent."""
    with pytest.raises(errors.ConfigurationError, match="part_bytes"):
        client().presign.begin_upload(BUCKET, KEY, 100 * MIB, part_bytes=part_bytes)


@pytest.mark.parametrize("size", [1, 8 * MIB, 8 * MIB + 1, 79 * 1024 * MIB, 5 * 1024**4, 50_000 * 1024**3])
def test_any_size_fits_into_the_parts(size: int) -> None:
    """Parts cover the whole size, are at most 10,000, and have legal lengths."""
    upload = client().presign.resume_upload(BUCKET, KEY, "upload", size)
    assert 1 <= upload.part_count <= 10_000
    last = upload.part_size(upload.part_count)
    assert (upload.part_count - 1) * upload.part_bytes + last == size
    assert 0 < last <= upload.part_bytes <= 5 * 1024**3


def test_another_layout_than_it_was_begun_with() -> None:
    """An upload that is taken up with another size is noticed by the number of its parts."""
    begun = client().presign.resume_upload(BUCKET, KEY, "upload", 3 * PART, part_bytes=PART).to_dict()
    with pytest.raises(errors.ConfigurationError, match="part_count=3"):
        client().presign.resume_upload(**{**begun, "size": 2 * PART})


@pytest.mark.parametrize("number", [0, 3, -1, 1.0, True, None, "1"])
def test_parts_that_there_are_not(number: Any) -> None:
    """A part outside the upload is refused."""
    with pytest.raises(errors.ConfigurationError, match="no part"):
        client().presign.resume_upload(BUCKET, KEY, "upload", PART + 1, part_bytes=PART).part(number)


def test_options_that_do_not_describe_an_object() -> None:
    """Options that belong to a body are refused, not dropped."""
    for options in (
        {"content_length": 5},
        {"checksum_sha256": bytes(32)},
        {"if_none_match": "*"},
        {"acl": "private"},
    ):
        with pytest.raises(errors.ConfigurationError, match="no option"):
            client().presign.begin_upload(BUCKET, KEY, 5, **options)


def test_client_side_encryption() -> None:
    """Under client-side encryption a browser would send plaintext: refused at every step."""
    s3 = client(ClientSide(RawAesKey("k", bytes(32))))
    with pytest.raises(errors.EncryptionConflict):
        s3.presign.begin_upload(BUCKET, KEY, 5)
    with pytest.raises(errors.EncryptionConflict):
        s3.presign.resume_upload(BUCKET, KEY, "upload", 5)


def test_a_parts_url_says_what_it_is_for() -> None:
    """Upload id, number and length are signed."""
    part = client().presign.resume_upload(BUCKET, KEY, "up/load+id=", PART + 1, part_bytes=PART).part(2)
    found = inspect(part)
    assert dict(found.parameters) == {"uploadId": "up/load+id=", "partNumber": "2"}
    assert found.signed_headers == ("content-length",)
    assert part.required_headers == {"content-length": "1"}
    upload = client().presign.resume_upload(BUCKET, KEY, "upload", 5)
    assert upload.part(1, content_length=999).required_headers == {"content-length": "5"}
