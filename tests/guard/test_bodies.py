"""A body is held to its declared length: a surplus would become the next request on the connection."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from secure_s3 import SecureS3Client, SseS3, errors
from secure_s3.guard.bodies import Exactly
from secure_s3.local import LocalAws
from tests.rig.sources import NonSeekable

BUCKET = "amzn-s3-demo-bucket"
SMUGGLED = b"PUT /amzn-s3-demo-bucket/smuggled HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nEVIL"


@pytest.fixture
def s3(local_aws: LocalAws) -> SecureS3Client:
    """A client and its bucket."""
    local_aws.create_bucket(BUCKET)
    return local_aws.client(SseS3())


def keys(local_aws: LocalAws) -> list[str]:
    """What a plain client finds in the bucket."""
    listed = local_aws.session().client("s3").list_objects_v2(Bucket=BUCKET)
    return [item["Key"] for item in listed.get("Contents", [])]


@pytest.mark.parametrize("make", [bytes, io.BytesIO], ids=["bytes", "BytesIO"])
def test_a_declared_length_below_the_body_is_refused(
    s3: SecureS3Client, local_aws: LocalAws, make: Callable[[bytes], object]
) -> None:
    """ContentLength smaller than a body of known length is refused, and nothing hidden in it is stored."""
    with pytest.raises(errors.ConfigurationError, match="ContentLength"):
        s3.put_object(Bucket=BUCKET, Key="upload", Body=make(b"abc" + SMUGGLED), ContentLength=3)
    with pytest.raises(errors.NotFound):
        s3.head_object(Bucket=BUCKET, Key="missing")
    assert keys(local_aws) == []


def test_a_stream_gives_no_more_than_was_declared(s3: SecureS3Client, local_aws: LocalAws) -> None:
    """What a stream holds beyond ContentLength does not reach the connection."""
    s3.put_object(Bucket=BUCKET, Key="upload", Body=NonSeekable(b"abc" + SMUGGLED), ContentLength=3)
    assert s3.get_object(Bucket=BUCKET, Key="upload")["Body"].read() == b"abc"
    assert keys(local_aws) == ["upload"]


def test_upload_part_is_held_to_its_length_too(s3: SecureS3Client, local_aws: LocalAws) -> None:
    """The same through the raw client's upload_part."""
    created = s3.boto3.create_multipart_upload(Bucket=BUCKET, Key="upload")
    with pytest.raises(errors.ConfigurationError, match="ContentLength"):
        s3.boto3.upload_part(
            Bucket=BUCKET,
            Key="upload",
            UploadId=created["UploadId"],
            PartNumber=1,
            Body=b"abc" + SMUGGLED,
            ContentLength=3,
        )
    assert keys(local_aws) == []


def test_a_file_that_grows_is_noticed(s3: SecureS3Client, local_aws: LocalAws, tmp_path: Path) -> None:
    """A file that grows while put_object reads it raises, and the connection stays in step."""
    path = tmp_path / "growing"
    path.write_bytes(b"a" * 100)

    class Growing(io.FileIO):
        def read(self, size: int | None = -1) -> bytes:
            with path.open("ab") as more:
                more.write(b"b" * 100)
            return super().read(size) or b""

    with Growing(path) as body, pytest.raises(errors.SourceChanged):
        s3.put_object(Bucket=BUCKET, Key="upload", Body=body)
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0


def test_a_body_that_shrinks_is_noticed() -> None:
    """Fewer bytes than declared raise."""
    body = Exactly(io.BytesIO(b"abc"), 5)
    assert body.read(3) == b"abc"
    with pytest.raises(errors.SourceChanged):
        body.read()


def test_a_body_that_gives_text_is_refused() -> None:
    """Text instead of bytes raises an error of the tree."""
    with pytest.raises(errors.TransferError):
        Exactly(io.StringIO("abc"), 3).read()  # type: ignore[arg-type]


def test_a_body_rewinds_for_a_retry() -> None:
    """A rewound body gives the same bytes again, from where it stood at the start."""
    inner = io.BytesIO(b"--abc")
    inner.seek(2)
    body = Exactly(inner, 3)
    assert body.read() == b"abc"
    assert body.seek(0) == 0
    assert (body.read(2), body.read(), body.read()) == (b"ab", b"c", b"")
