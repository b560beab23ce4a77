"""Checksums, conditions, owners, ranges and multipart rules."""

from __future__ import annotations

import base64
import hashlib
import io
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

B = "amzn-s3-demo-bucket"
MIB = 1024 * 1024


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _crc(data: bytes) -> str:
    return _b64(zlib.crc32(data).to_bytes(4, "big"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ChecksumCRC32", _crc(b"other")),
        ("ChecksumSHA1", _b64(hashlib.sha1(b"other").digest())),
        ("ChecksumSHA256", _b64(hashlib.sha256(b"other").digest())),
        ("ContentMD5", _b64(hashlib.md5(b"other").digest())),
    ],
)
def test_wrong_checksum(s3: Any, refused: Any, name: str, value: str) -> None:
    """A checksum that does not match the body is a bad digest, for objects and parts, and stores nothing."""
    sent = {"Bucket": B, "Key": "k", "Body": b"data", name: value}
    assert refused(s3.put_object, **sent) == (400, "BadDigest")
    assert refused(s3.head_object, Bucket=B, Key="k")[0] == 404
    upload = s3.create_multipart_upload(Bucket=B, Key="k")["UploadId"]
    assert refused(s3.upload_part, UploadId=upload, PartNumber=1, **sent) == (400, "BadDigest")


@pytest.mark.parametrize("stage", ["trailer", "length"])
def test_tampered_stream(s3: Any, refused: Any, stage: str) -> None:
    """A streamed body that does not fit its trailing checksum or its announced length is refused."""

    def tamper(request: Any, **_: Any) -> None:
        if stage == "length":
            del request.headers["X-Amz-Decoded-Content-Length"]
            request.headers["X-Amz-Decoded-Content-Length"] = "5"
        else:
            request.body._checksum.b64digest = lambda: _crc(b"other")  # the SDK computes it while sending

    when = "before-sign" if stage == "length" else "before-send"  # the length is signed, the trailer is not
    s3.meta.events.register(f"{when}.s3.PutObject", tamper)
    expected = "IncompleteBody" if stage == "length" else "BadDigest"
    assert refused(s3.put_object, Bucket=B, Key="k", Body=io.BytesIO(b"data")) == (400, expected)


@pytest.mark.parametrize(("algorithm", "digest"), [("SHA256", hashlib.sha256), ("SHA1", hashlib.sha1)])
def test_stored_checksum(s3: Any, algorithm: str, digest: Any) -> None:
    """A checksum sent with an object is told again when asked for, by GET and HEAD, and by nothing else."""
    name, value = f"Checksum{algorithm}", _b64(digest(b"data").digest())
    put = s3.put_object(Bucket=B, Key="k", Body=b"data", **{name: value})
    assert (put[name], put["ChecksumType"]) == (value, "FULL_OBJECT")
    for read in (s3.get_object, s3.head_object):
        assert read(Bucket=B, Key="k", ChecksumMode="ENABLED")[name] == value
    attributes = s3.get_object_attributes(Bucket=B, Key="k", ObjectAttributes=["Checksum"])
    assert attributes["Checksum"][name] == value
    copied = s3.copy_object(Bucket=B, Key="c", CopySource=f"{B}/k", ChecksumAlgorithm="CRC32")
    assert copied["CopyObjectResult"]["ChecksumCRC32"] == _crc(b"data")


def _upload(s3: Any, data: list[bytes], **begin: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    upload = s3.create_multipart_upload(Bucket=B, Key="m", **begin)["UploadId"]
    where = {"Bucket": B, "Key": "m", "UploadId": upload}
    parts = []
    for number, body in enumerate(data, 1):
        sent = s3.upload_part(**where, PartNumber=number, Body=body, ChecksumAlgorithm="CRC32")
        parts.append({"PartNumber": number, "ETag": sent["ETag"], "ChecksumCRC32": sent["ChecksumCRC32"]})
    return where, parts


PARTS = [b"a" * (5 * MIB + 3), b"b" * (5 * MIB), b"c"]


def test_full_object_checksum(s3: Any, refused: Any) -> None:
    """A FULL_OBJECT CRC32 of a multipart upload is that of the whole, and is compared when given."""
    where, parts = _upload(s3, PARTS, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    whole = _crc(b"".join(PARTS))
    finish = {**where, "MultipartUpload": {"Parts": parts}, "ChecksumType": "FULL_OBJECT"}
    assert refused(s3.complete_multipart_upload, **finish, ChecksumCRC32=_crc(b"x")) == (400, "BadDigest")
    done = s3.complete_multipart_upload(**finish, ChecksumCRC32=whole)
    assert (done["ChecksumCRC32"], done["ChecksumType"]) == (whole, "FULL_OBJECT")
    assert s3.get_object(Bucket=B, Key="m", ChecksumMode="ENABLED")["ChecksumCRC32"] == whole


def test_composite_checksum(s3: Any, refused: Any) -> None:
    """A COMPOSITE checksum is that of the parts' checksums with their number, and wrong ones are refused."""
    where, parts = _upload(s3, PARTS, ChecksumAlgorithm="CRC32")
    joined = b"".join(zlib.crc32(part).to_bytes(4, "big") for part in PARTS)
    bad = [{**parts[0], "ChecksumCRC32": _crc(b"x")}, *parts[1:]]
    refusal = refused(s3.complete_multipart_upload, **where, MultipartUpload={"Parts": bad})
    assert refusal == (400, "InvalidPart")
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})
    head = s3.head_object(Bucket=B, Key="m", ChecksumMode="ENABLED")
    assert (head["ChecksumCRC32"], head["ChecksumType"]) == (f"{_crc(joined)}-3", "COMPOSITE")


def test_part_rules(s3: Any, refused: Any) -> None:
    """Parts out of order, unknown, too small, or of an unknown upload are refused."""
    where, parts = _upload(s3, [b"small", b"last"])
    complete = s3.complete_multipart_upload
    assert refused(complete, **where, MultipartUpload={"Parts": parts[::-1]}) == (400, "InvalidPartOrder")
    assert refused(complete, **where, MultipartUpload={"Parts": parts}) == (400, "EntityTooSmall")
    wrong = [{**parts[0], "ETag": '"00000000000000000000000000000000"'}]
    assert refused(complete, **where, MultipartUpload={"Parts": wrong}) == (400, "InvalidPart")
    nowhere = {**where, "UploadId": "none"}
    assert refused(s3.upload_part, **nowhere, PartNumber=1, Body=b"x") == (404, "NoSuchUpload")
    assert refused(s3.abort_multipart_upload, **nowhere) == (404, "NoSuchUpload")
    assert refused(complete, **nowhere, MultipartUpload={"Parts": parts}) == (404, "NoSuchUpload")


def test_complete_twice(s3: Any) -> None:
    """Completing an upload again answers as the first time did."""
    where, parts = _upload(s3, [b"one"])
    first = s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts}, IfNoneMatch="*")
    again = s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts}, IfNoneMatch="*")
    assert first["ETag"] == again["ETag"]


def test_conditional_put(s3: Any, refused: Any) -> None:
    """If-None-Match: * and If-Match hold back a PutObject."""
    etag = s3.put_object(Bucket=B, Key="k", Body=b"1", IfNoneMatch="*")["ETag"]
    put = {"Bucket": B, "Key": "k", "Body": b"2"}
    assert refused(s3.put_object, **put, IfNoneMatch="*") == (412, "PreconditionFailed")
    assert refused(s3.put_object, **put, IfMatch='"0"') == (412, "PreconditionFailed")
    assert refused(s3.put_object, **{**put, "Key": "none"}, IfMatch=etag) == (404, "NoSuchKey")
    s3.put_object(**put, IfMatch=etag)
    assert s3.get_object(Bucket=B, Key="k")["Body"].read() == b"2"


def test_conditional_complete(s3: Any, refused: Any) -> None:
    """If-None-Match: * and If-Match hold back a CompleteMultipartUpload."""
    where, parts = _upload(s3, [b"one"])
    finish = {**where, "MultipartUpload": {"Parts": parts}}
    assert refused(s3.complete_multipart_upload, **finish, IfMatch='"0"') == (404, "NoSuchKey")
    etag = s3.put_object(Bucket=B, Key="m", Body=b"x")["ETag"]
    assert refused(s3.complete_multipart_upload, **finish, IfNoneMatch="*") == (412, "PreconditionFailed")
    assert refused(s3.complete_multipart_upload, **finish, IfMatch='"0"') == (412, "PreconditionFailed")
    s3.complete_multipart_upload(**finish, IfMatch=etag)


def test_conditional_delete(s3: Any, refused: Any) -> None:
    """If-Match holds back a DeleteObject."""
    etag = s3.put_object(Bucket=B, Key="k", Body=b"1")["ETag"]
    assert refused(s3.delete_object, Bucket=B, Key="k", IfMatch='"0"') == (412, "PreconditionFailed")
    s3.delete_object(Bucket=B, Key="k", IfMatch=etag)


def test_one_of_many_creates(s3: Any) -> None:
    """Of many If-None-Match writers at once, exactly one succeeds."""
    start = threading.Barrier(8)

    def put(number: int) -> int:
        start.wait()
        try:
            s3.put_object(Bucket=B, Key="k", Body=str(number).encode(), IfNoneMatch="*")
        except ClientError as error:
            return int(error.response["ResponseMetadata"]["HTTPStatusCode"])
        return 200

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(put, range(8))) == [200] + [412] * 7


def test_expected_owner(s3: Any, refused: Any) -> None:
    """Another owner than expected is forbidden, for objects, buckets and copy sources."""
    s3.put_object(Bucket=B, Key="k", Body=b"x", ExpectedBucketOwner="111122223333")
    other = {"Bucket": B, "ExpectedBucketOwner": "444455556666"}
    assert refused(s3.get_object, Key="k", **other) == (403, "AccessDenied")
    assert refused(s3.put_object, Key="k", Body=b"y", **other) == (403, "AccessDenied")
    assert refused(s3.list_objects_v2, **other) == (403, "AccessDenied")
    assert refused(s3.head_bucket, **other)[0] == 403
    copy = {"Bucket": B, "Key": "c", "CopySource": f"{B}/k"}
    refusal = refused(s3.copy_object, **copy, ExpectedSourceBucketOwner="444455556666")
    assert refusal == (403, "AccessDenied")


@pytest.mark.parametrize("size", [10, 6 * MIB])
def test_ranges(s3: Any, refused: Any, size: int) -> None:
    """Ranges give exactly their bytes and say so, for objects in memory and on disk."""
    data = bytes(range(256)) * (size // 256 + 1)
    data = data[:size]
    s3.put_object(Bucket=B, Key="k", Body=data)
    for spec, expected in {
        "bytes=0-3": data[:4],
        "bytes=3-": data[3:],
        "bytes=-4": data[-4:],
        "bytes=5-999999999": data[5:],
        f"bytes=0-{size - 1}": data,
    }.items():
        got = s3.get_object(Bucket=B, Key="k", Range=spec)
        assert got["Body"].read() == expected
        assert got["ResponseMetadata"]["HTTPStatusCode"] == 206
        assert got["ContentRange"].endswith(f"/{size}")
        assert got["ContentLength"] == len(expected)
    for spec in ("bytes=5-3", "lines=0-1", "bytes=a-b"):
        assert s3.get_object(Bucket=B, Key="k", Range=spec)["ContentLength"] == size
    assert refused(s3.get_object, Bucket=B, Key="k", Range=f"bytes={size}-") == (416, "InvalidRange")


def test_empty_object(s3: Any) -> None:
    """An empty object is stored and read."""
    s3.put_object(Bucket=B, Key="k", Body=b"")
    assert s3.get_object(Bucket=B, Key="k")["Body"].read() == b""


@pytest.mark.parametrize("key", ["a b", "ü/é", "a+b", "a%2Fb", "//x", "a?b#c", "latest/meta-data/x", "dir/"])
def test_awkward_keys(s3: Any, key: str) -> None:
    """Keys with characters that URLs treat specially come back under the same name."""
    s3.put_object(
        Bucket=B, Key=key, Body=key.encode(), SSECustomerAlgorithm="AES256", SSECustomerKey=b"k" * 32
    )
    got = s3.get_object(Bucket=B, Key=key, SSECustomerAlgorithm="AES256", SSECustomerKey=b"k" * 32)
    assert got["Body"].read() == key.encode()
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=B)["Contents"]] == [key]


def test_metadata_and_type(s3: Any) -> None:
    """Metadata with underscores and a form's content type survive, and the body with them."""
    kind = "application/x-www-form-urlencoded"
    s3.put_object(Bucket=B, Key="k", Body=b"a=1&key=2", Metadata={"my_key": "v"}, ContentType=kind)
    got = s3.get_object(Bucket=B, Key="k")
    assert (got["Body"].read(), got["Metadata"], got["ContentType"]) == (b"a=1&key=2", {"my_key": "v"}, kind)


def test_large_transfer(s3: Any) -> None:
    """A managed upload and download in parallel parts gives the same bytes."""
    data = bytes(range(256)) * (20 * MIB // 256) + b"end"
    config = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB, max_concurrency=4)
    s3.upload_fileobj(io.BytesIO(data), B, "k", Config=config)
    target = io.BytesIO()
    s3.download_fileobj(B, "k", target, Config=config)
    assert target.getvalue() == data


def test_presigned(s3: Any, local_aws: Any) -> None:
    """A presigned URL reads the object over TLS."""
    import ssl
    import urllib.request

    s3.put_object(Bucket=B, Key="k", Body=b"data")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": B, "Key": "k"}, ExpiresIn=60)
    context = ssl.create_default_context(cafile=local_aws.ca_bundle)
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
    with opener.open(url, timeout=10) as answer:
        assert answer.read() == b"data"
        assert answer.headers["x-amz-request-id"]
