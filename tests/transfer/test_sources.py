"""What an upload makes of good, odd and bad sources."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from secure_s3 import SecureS3Client, errors
from secure_s3.profile import SecurityProfile
from tests.rig import sources
from tests.transfer.support import BUCKET, PART, SMALL_PARTS, Place, content, crc32

BOTH = pytest.mark.parametrize("size", [1000, 2 * PART + 1], ids=["single", "multipart"])


@pytest.fixture
def s3(place: Place) -> SecureS3Client:
    return place.client()


def _up(s3: SecureS3Client, source: Any, **more: Any) -> Any:
    return s3.upload_fileobj(source, BUCKET, "k", Config=SMALL_PARTS, **more)


@BOTH
@pytest.mark.parametrize(
    "kind",
    [
        sources.NonSeekable,
        sources.OnlyRead,
        lambda data: sources.ShortReads(data, at_most=300_000),
        lambda data: io.BufferedReader(sources.NonSeekable(data)),
    ],
    ids=["non-seekable", "only-read", "short-reads", "buffered"],
)
def test_odd_but_good_sources(place: Place, s3: SecureS3Client, kind: Any, size: int) -> None:
    """A pipe, an object with nothing but read(), and one that gives crumbs all arrive whole."""
    receipt = _up(s3, kind(content(size)))
    assert place.body() == content(size)
    assert (receipt.bytes, receipt.checksum) == (size, f"CRC32:{crc32(content(size))}")


@pytest.mark.parametrize("size", [0, PART - 1, PART, PART + 1, 2 * PART])
def test_streams_at_the_boundaries(place: Place, s3: SecureS3Client, size: int) -> None:
    """A source of unknown length ends exactly where it ends, also on the boundary of a part."""
    assert _up(s3, sources.OnlyRead(content(size))).bytes == size
    assert place.head()["ContentLength"] == size
    assert place.uploads() == []


@BOTH
def test_position(place: Place, s3: SecureS3Client, size: int) -> None:
    """Reading starts at the current position, ends at the end, and the object stays open."""
    source = sources.CloseTracking(content(size))
    source.seek(7)
    assert _up(s3, source).bytes == size - 7
    assert place.body() == content(size)[7:]
    assert (source.tell(), source.close_calls) == (size, 0)


@pytest.mark.parametrize(
    "kind", [bytearray, memoryview, lambda chunk: chunk], ids=["bytearray", "memoryview", "bytes"]
)
def test_buffers_from_read(place: Place, s3: SecureS3Client, kind: Callable[[bytes], Any]) -> None:
    """read() may give any kind of bytes."""

    class Source:
        inner = io.BytesIO(b"content")

        def read(self, size: int) -> Any:
            return kind(self.inner.read(size))

    _up(s3, Source())
    assert place.body() == b"content"


def test_greedy_source(place: Place, s3: SecureS3Client) -> None:
    """A stream that ends behind its announced seekable length is not cut silently."""
    with pytest.raises(errors.SourceChanged):
        _up(s3, sources.Growing(b"x" * 10))
    place.assert_nothing()


@BOTH
@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (sources.Growing, errors.SourceChanged),
        (sources.Shrinking, errors.SourceChanged),
        (lambda data: sources.FailsHalfway(data, len(data) // 2), errors.TransferError),
        (lambda data: sources.ReturnsNone(data, len(data) // 2), errors.TransferError),
        (lambda data: sources.CtrlC(data, len(data) // 2), KeyboardInterrupt),
    ],
    ids=["growing", "shrinking", "failing", "none", "ctrl-c"],
)
def test_sources_that_go_wrong(
    place: Place, s3: SecureS3Client, kind: Any, expected: type[BaseException], size: int
) -> None:
    """A source that goes wrong while it is read gives its error, no object and no parts."""
    source = kind(content(size))
    with pytest.raises(expected) as caught:
        _up(s3, source)
    place.assert_nothing()
    assert not source.closed
    if kind is sources.Growing:
        assert "grew" in caught.value.why  # type: ignore[attr-defined]


@BOTH
def test_source_exception_of_its_own(place: Place, s3: SecureS3Client, size: int) -> None:
    """An exception of the source's own comes out as it is, and an OSError is kept as the cause."""

    class Mine(Exception):
        pass

    class Source(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise Mine("no")

    with pytest.raises(Mine, match="no"):
        _up(s3, Source(content(size)))
    with pytest.raises(errors.TransferError) as caught:
        _up(s3, sources.FailsHalfway(content(size), 10))
    assert isinstance(caught.value.__cause__, OSError)
    place.assert_nothing()


@pytest.mark.parametrize(
    "source",
    [sources.TextMode("text"), io.StringIO(""), b"bytes", None, 7, object()],
    ids=lambda source: type(source).__name__,
)
def test_no_sources(place: Place, s3: SecureS3Client, source: Any) -> None:
    """Text, bytes and what cannot be read are refused before anything is sent."""
    with pytest.raises(errors.ConfigurationError):
        _up(s3, source)
    place.assert_nothing()


def test_text_file(place: Place, s3: SecureS3Client, tmp_path: Path) -> None:
    """A real file opened in text mode is refused with the mode to use."""
    (tmp_path / "f").write_text("text")
    with (tmp_path / "f").open() as file, pytest.raises(errors.ConfigurationError, match='"rb"'):
        _up(s3, file)
    place.assert_nothing()


def test_text_without_a_sign(place: Place, s3: SecureS3Client) -> None:
    """An object whose read() turns out to give text is refused, in parts as well."""

    class Source:
        def read(self, size: int) -> str:
            return "x" * size

    with pytest.raises(errors.ConfigurationError, match="text"):
        _up(s3, Source())
    place.assert_nothing()


def test_argument_mixed_up(place: Place, s3: SecureS3Client, tmp_path: Path) -> None:
    """A path where an object is wanted, and the other way round, is refused with the right method."""
    with pytest.raises(errors.ConfigurationError, match="upload_file"):
        s3.upload_fileobj(str(tmp_path), BUCKET, "k")  # type: ignore[arg-type]
    with pytest.raises(errors.ConfigurationError, match="upload_fileobj"):
        s3.upload_file(io.BytesIO(b"x"), BUCKET, "k")  # type: ignore[arg-type]
    place.assert_nothing()


# --- paths ------------------------------------------------------------------------------------------


def test_bad_paths(place: Place, s3: SecureS3Client, tmp_path: Path) -> None:
    """A folder, a missing file, a pipe, a path through a file and one with a NUL are refused at once."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "file").write_bytes(b"x")
    bad = [tmp_path, tmp_path / "missing", tmp_path / "fifo", tmp_path / "file" / "below", "nul\0", "", "/"]
    for path in bad:
        with pytest.raises(errors.ConfigurationError) as caught:
            s3.upload_file(path, BUCKET, "k")
        assert caught.value.why
        assert caught.value.fix
    place.assert_nothing()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file(place: Place, s3: SecureS3Client, tmp_path: Path) -> None:
    """A file without permission to read is refused at once."""
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "file").chmod(0)
    with pytest.raises(errors.ConfigurationError, match="Permission"):
        s3.upload_file(tmp_path / "file", BUCKET, "k")
    place.assert_nothing()


def _touch(path: Path) -> Callable[[], None]:
    def touch() -> None:
        os.utime(path, ns=(1, 1))

    return touch


def _rewrite(path: Path) -> Callable[[], None]:
    def rewrite() -> None:
        size = path.stat().st_size
        path.write_bytes(b"\0" * size)
        os.utime(path, ns=(2, 2))

    return rewrite


@pytest.mark.parametrize("size", [1000, PART - 1, 2 * PART + 1], ids=["small", "single", "multipart"])
@pytest.mark.parametrize(
    "change",
    [
        sources.grow_file,
        sources.shrink_file,
        lambda path: lambda: os.truncate(path, 0),
        _touch,
        _rewrite,
    ],
    ids=["grown", "shrunk", "emptied", "touched", "rewritten"],
)
@pytest.mark.parametrize("checksums", ["when_supported", "when_required"])
def test_file_changed_meanwhile(place: Place, tmp_path: Path, change: Any, size: int, checksums: str) -> None:
    """A file that is written to while it is uploaded is noticed, and nothing of it stays."""
    s3 = place.client(profile=SecurityProfile(checksum_mode=checksums))
    path = tmp_path / "file"
    path.write_bytes(content(size))
    meanwhile = change(path)
    sent: list[str] = []

    def change_once(**_: Any) -> None:
        if not sent:
            sent.append("x")
            meanwhile()

    # Where the bytes are read: for small files before the request is made, else while it is.
    if size == 1000:
        original = os.pread

        def pread(*arguments: Any) -> bytes:
            data = original(*arguments)
            change_once()
            return data

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("secure_s3.transfer.positioned._pread", pread)
            with pytest.raises(errors.SourceChanged):
                s3.upload_file(path, BUCKET, "k", Config=SMALL_PARTS)
    else:
        for operation in ("PutObject", "UploadPart"):
            s3.boto3.meta.events.register(f"before-call.s3.{operation}", change_once)
        # What changed between the checksum and the sending is refused by S3 itself.
        with pytest.raises((errors.SourceChanged, errors.InvalidRequest)):
            s3.upload_file(path, BUCKET, "k", Config=SMALL_PARTS)
    assert sent
    place.assert_nothing()


def test_file_replaced_meanwhile(place: Place, s3: SecureS3Client, tmp_path: Path) -> None:
    """A file that is replaced by another is uploaded as it was when it was opened."""
    path, other = tmp_path / "file", tmp_path / "other"
    path.write_bytes(content(2 * PART + 1))
    other.write_bytes(b"other")
    replace = sources.when_past(1, lambda: os.replace(other, path))
    s3.upload_file(path, BUCKET, "k", Callback=replace, Config=SMALL_PARTS)
    assert place.body() == content(2 * PART + 1)


def test_object_kept_when_small_source_fails(place: Place, s3: SecureS3Client) -> None:
    """The object that was there before stays when the source of its successor fails."""
    place.put(b"old")
    with pytest.raises(errors.SourceChanged):
        _up(s3, sources.Growing(b"new"))
    with pytest.raises(errors.SourceChanged):
        _up(s3, sources.Shrinking(content(2 * PART)))
    assert place.body() == b"old"
    assert place.uploads() == []


@pytest.mark.parametrize(
    "extra",
    [
        {"Nonsense": 1},
        {"Body": b"x"},
        {"Bucket": "other"},
        {"ContentLength": 5},
        {"PartNumber": 1},
        {"ServerSideEncryption": "AES256"},
        {"SSEKMSKeyId": "alias/other"},
        {"SSECustomerKey": b"k" * 32},
        {"ACL": "public-read"},
    ],
    ids=lambda extra: next(iter(extra)),
)
@BOTH
def test_extra_args_refused(place: Place, s3: SecureS3Client, extra: dict[str, Any], size: int) -> None:
    """ExtraArgs that are unknown, reserved, contradict the strategy or open the object are refused."""
    with pytest.raises(errors.ConfigurationError) as caught:
        _up(s3, io.BytesIO(content(size)), ExtraArgs=extra)
    assert next(iter(extra)) in str(caught.value)
    place.assert_nothing()


@BOTH
def test_extra_args_arrive(place: Place, s3: SecureS3Client, size: int) -> None:
    """ExtraArgs of PutObject arrive, single or multipart, and the caller's dictionary stays as it was."""
    extra = {"ContentType": "text/x", "Metadata": {"a": "b"}, "Tagging": "c=d", "CacheControl": "no-store"}
    before = dict(extra)
    _up(s3, io.BytesIO(content(size)), ExtraArgs=extra)
    head = place.head()
    assert (head["ContentType"], head["Metadata"], head["CacheControl"]) == ("text/x", {"a": "b"}, "no-store")
    assert place.plain.get_object_tagging(Bucket=BUCKET, Key="k")["TagSet"] == [{"Key": "c", "Value": "d"}]
    assert extra == before


@BOTH
@pytest.mark.parametrize("member", ["ChecksumCRC32", "ChecksumSHA256"])
def test_own_checksum(place: Place, s3: SecureS3Client, member: str, size: int) -> None:
    """A wrong checksum of the caller's own stops the upload."""
    wrong = {"ChecksumCRC32": crc32(b"other"), "ChecksumSHA256": "A" * 43 + "="}[member]
    with pytest.raises((errors.InvalidRequest, errors.ConfigurationError)):
        _up(s3, io.BytesIO(content(size)), ExtraArgs={member: wrong})
    place.assert_nothing()


@BOTH
def test_own_right_checksum(place: Place, s3: SecureS3Client, size: int) -> None:
    """A right CRC32 of the caller's own is what S3 keeps."""
    receipt = _up(s3, io.BytesIO(content(size)), ExtraArgs={"ChecksumCRC32": crc32(content(size))})
    assert receipt.checksum == f"CRC32:{crc32(content(size))}"
    assert place.head()["ChecksumCRC32"] == crc32(content(size))


@BOTH
def test_other_algorithm(place: Place, s3: SecureS3Client, size: int) -> None:
    """Another checksum algorithm of the caller's choice is used for the object."""
    _up(s3, io.BytesIO(content(size)), ExtraArgs={"ChecksumAlgorithm": "SHA256"})
    assert "ChecksumSHA256" in place.head()
    assert place.body() == content(size)
