"""Objects opened like files."""

from __future__ import annotations

import csv
import gc
import gzip
import io
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secure_s3 import SecureS3Client, errors
from secure_s3.transfer.files import open_object
from secure_s3.transfer.object_reader import ObjectReader
from tests.rig import faulty_proxy as fault
from tests.rig.faulty_proxy import FaultyProxy
from tests.transfer.support import BUCKET, MIB, PART, SMALL_PARTS, Place, content

ALWAYS = 10**6


class _Store:
    """A client of one object in memory: enough of GetObject for the reader's arithmetic."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.asked: list[str | None] = []

    def get_object(self, *, Range: str | None = None, **_: Any) -> dict[str, Any]:
        self.asked.append(Range)
        start = int(Range.removeprefix("bytes=").removesuffix("-")) if Range else 0
        body = io.BytesIO(self.data[start:])
        described = {"ContentRange": f"bytes {start}-{len(self.data) - 1}/{len(self.data)}"} if Range else {}
        status = {"ResponseMetadata": {"HTTPStatusCode": 206 if Range else 200}}
        return {"Body": body, "ContentLength": len(self.data) - start, "ETag": '"e"', **described, **status}


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.integers(-1, 80)),
        st.tuples(st.just("seek"), st.integers(0, 90)),
        st.tuples(st.just("seek_by"), st.integers(-90, 90)),
        st.tuples(st.just("seek_end"), st.integers(-90, 10)),
        st.tuples(st.just("readinto"), st.integers(0, 40)),
        st.tuples(st.just("tell"), st.just(0)),
    ),
    max_size=25,
)


def _step(file: Any, step: str, value: int) -> Any:
    try:
        if step == "readinto":
            buffer = bytearray(value)
            count = file.readinto(buffer)
            return bytes(buffer[:count])
        if step in ("seek_by", "seek_end"):
            return file.seek(value, 1 if step == "seek_by" else 2)
        return getattr(file, step)(*(() if step == "tell" else (value,)))
    except (ValueError, OSError):
        return "refused"


@given(data=st.binary(max_size=70), steps=_STEPS, buffer=st.integers(1, 20), skip=st.integers(0, 10))
@settings(max_examples=150)
def test_reads_like_bytesio(data: bytes, steps: list[tuple[str, int]], buffer: int, skip: int) -> None:
    """Any sequence of reads and seeks gives what it gives on a BytesIO of the same bytes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("secure_s3.transfer.object_reader._SKIP", skip)
        raw = ObjectReader(_Store(data), BUCKET, "k", {})
        file, model = io.BufferedReader(raw, buffer), io.BytesIO(data)
        for step, value in steps:
            expected = _step(model, step, value)
            if step in ("seek_by", "seek_end") and model.tell() != file.tell():
                expected = expected if expected == "refused" else model.tell()
            got = _step(file, step, value)
            if step in ("seek_by", "seek_end") and got == "refused":
                # BytesIO clamps at zero where a file refuses; both stand at a place that exists.
                model.seek(file.tell())
                continue
            assert got == expected, step
        file.close()


def test_seeking_asks_for_ranges_only() -> None:
    """Reading on streams; a far jump asks for the rest from there; a seek alone asks for nothing."""
    store = _Store(content(3 * MIB))
    with io.BufferedReader(ObjectReader(store, BUCKET, "k", {}), 1000) as file:
        file.read(10)
        file.seek(0, io.SEEK_END)
        file.seek(3 * MIB - 5)
        assert file.read() == content(3 * MIB)[-5:]
        assert file.read() == b""
    assert store.asked == [None, f"bytes={3 * MIB - 5}-"]


def test_reader_errors(place: Place, s3: SecureS3Client) -> None:
    """A missing object is refused at once, reading after close and an odd whence are ValueErrors."""
    with pytest.raises(errors.NotFound):
        s3.open(BUCKET, "k")
    place.put(b"data")
    file = s3.open(BUCKET, "k")
    with pytest.raises(ValueError):
        file.seek(0, 7)
    with pytest.raises(io.UnsupportedOperation):
        file.write(b"x")
    file.close()
    file.close()
    with pytest.raises(ValueError):
        file.read()


@pytest.mark.parametrize("mode", ["r", "w", "rt", "wt", "ab", "r+b", "xb", "", "b", "rwb", None, 7])
def test_modes(s3: SecureS3Client, mode: Any) -> None:
    """Other modes are refused, with the way to text."""
    with pytest.raises(errors.ConfigurationError, match="TextIOWrapper"):
        s3.open(BUCKET, "k", mode)


@pytest.mark.parametrize("mode", ["rb", "wb"])
def test_extra_args_refused(place: Place, s3: SecureS3Client, mode: str) -> None:
    """Unknown extra_args are refused when the file is opened."""
    with pytest.raises(errors.ConfigurationError, match="Nonsense"):
        s3.open(BUCKET, "k", mode, extra_args={"Nonsense": 1})


def test_replaced_while_open(place: Place, s3: SecureS3Client) -> None:
    """An object that is replaced while it is open is noticed at the next request."""
    place.put(content(4 * MIB))
    with s3.open(BUCKET, "k") as file:
        file.read(10)
        place.put(b"\0" * (4 * MIB))
        file.seek(3 * MIB + 5)
        with pytest.raises(errors.ObjectChanged) as caught:
            file.read(10)
    assert isinstance(caught.value.__cause__, errors.PreconditionFailed)


def test_text(place: Place, s3: SecureS3Client) -> None:
    """Text goes through io.TextIOWrapper, both ways, and what reads files reads objects."""
    with io.TextIOWrapper(s3.open(BUCKET, "k", "wb"), encoding="utf-8", newline="") as text:
        csv.writer(text).writerows([["ä", "1"], ["b", "2"]])
    assert place.body() == "ä,1\r\nb,2\r\n".encode()
    with io.TextIOWrapper(s3.open(BUCKET, "k"), encoding="utf-8", newline="") as text:
        assert list(csv.reader(text)) == [["ä", "1"], ["b", "2"]]
    with s3.open(BUCKET, "z", "wb") as raw, gzip.open(raw, "wb") as file:
        file.write(content(3 * MIB))
    with s3.open(BUCKET, "z") as raw, gzip.open(raw) as file:
        assert file.read() == content(3 * MIB)


def test_reader_survives_a_break_at_the_very_end(
    place: Place, proxy: FaultyProxy, faulty: SecureS3Client
) -> None:
    """A body that lacks its last byte is not taken for the whole."""
    place.put(content(MIB + 5))
    proxy.inject(fault.truncate_answer(keep=MIB + 4), method="GET")
    with faulty.open(BUCKET, "k") as file:
        assert file.read() == content(MIB + 5)


def test_break_while_the_checksum_is_awaited() -> None:
    """When the connection breaks after the last byte, before the checksum was compared, the bytes come."""
    from botocore.exceptions import ReadTimeoutError

    class Body(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() == 10 and not broken:
                broken.append(True)
                raise ReadTimeoutError(endpoint_url="https://localhost")
            return super().read(size)

    broken: list[bool] = []

    class Store(_Store):
        def get_object(self, **arguments: Any) -> dict[str, Any]:
            answer = super().get_object(**arguments)
            return answer | {"Body": Body(answer["Body"].read())}

    reader = ObjectReader(Store(b"0123456789"), BUCKET, "k", {})
    assert reader.read(-1) == b"0123456789"
    assert broken


# --- writing ----------------------------------------------------------------------------------------


def _writer(s3: SecureS3Client, **more: Any) -> Any:
    return open_object(s3.boto3, BUCKET, "k", "wb", config=SMALL_PARTS, **more)


@pytest.mark.parametrize("size", [0, 10, 2 * PART + 1], ids=["empty", "single", "multipart"])
@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt], ids=lambda kind: kind.__name__)
def test_block_left_by_an_exception(
    place: Place, s3: SecureS3Client, size: int, kind: type[BaseException]
) -> None:
    """A with-block that is left by an exception leaves no object, no parts and no thread."""
    place.put(b"other", "other")
    file = _writer(s3)
    with pytest.raises(kind):
        _leave(file, content(size), kind)
    assert (place.keys(), place.uploads()) == (["other"], [])
    assert file.closed
    assert file.receipt is None
    assert not [
        thread
        for thread in threading.enumerate()
        if thread.name.startswith(("secure-s3_", "secure-s3-writer"))
    ]


def _leave(file: Any, data: bytes, kind: type[BaseException]) -> None:
    with file:
        file.write(data)
        raise kind


@pytest.mark.filterwarnings("default::ResourceWarning")
@pytest.mark.parametrize("size", [10, 2 * PART + 1], ids=["single", "multipart"])
def test_forgotten(place: Place, s3: SecureS3Client, size: int) -> None:
    """A file that is forgotten without close() warns, and there is no object, no part and no thread."""
    with pytest.warns(ResourceWarning, match="never closed"):
        _forget(s3, content(size))
    place.assert_nothing()
    assert not [
        thread
        for thread in threading.enumerate()
        if thread.name.startswith(("secure-s3_", "secure-s3-writer"))
    ]


def _forget(s3: SecureS3Client, data: bytes) -> None:
    _writer(s3).write(data)
    gc.collect()


def test_forgotten_until_the_end(place: Place, tmp_path: Path) -> None:
    """A program that ends without close() ends, and leaves no object and no parts."""
    script = f"""
from secure_s3 import SecureS3Client
s3 = SecureS3Client.from_env()
file = s3.open({BUCKET!r}, "k", "wb")
file.write(b"x" * (20 << 20))
"""
    environment = {
        **place.aws.environment(),
        "SECURE_S3_ENDPOINT_URL": place.aws.endpoint_url,
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    environment.pop("AWS_CA_BUNDLE")
    environment.pop("AWS_ENDPOINT_URL")
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", script],
        env=environment,
        timeout=60,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "never closed" in done.stderr
    place.assert_nothing()


def test_double_close_and_write_after(place: Place, s3: SecureS3Client) -> None:
    """Closing twice is nothing; writing afterwards is a ValueError; aborting afterwards is too late."""
    file = _writer(s3)
    assert file.write(b"data") == 4
    assert file.writable()
    assert not file.readable()
    file.close()
    file.close()
    file.abort()
    with pytest.raises(ValueError):
        file.write(b"x")
    assert place.body() == b"data"
    assert file.receipt.bytes == 4


def test_abort(place: Place, s3: SecureS3Client) -> None:
    """abort() gives it up; closing afterwards does not bring it back."""
    file = _writer(s3)
    file.write(content(2 * PART))
    file.abort()
    file.close()
    place.assert_nothing()


@pytest.mark.parametrize(
    "data", [b"bytes", bytearray(b"array"), memoryview(b"view"), memoryview(b"a-b-c-")[::2].tobytes()]
)
def test_kinds_of_bytes(place: Place, s3: SecureS3Client, data: Any) -> None:
    """Everything that holds bytes can be written, and a buffer may be changed afterwards."""
    with _writer(s3) as file:
        file.write(data)
        if isinstance(data, bytearray):
            data[:] = b"later"
    assert place.body() == (b"array" if isinstance(data, bytearray) else bytes(data))


@pytest.mark.parametrize("data", ["text", 5, None, [1, 2]], ids=["text", "int", "none", "list"])
def test_no_bytes(place: Place, s3: SecureS3Client, data: Any) -> None:
    """Text, numbers and lists are TypeErrors; a number is not a count of zero bytes."""
    with pytest.raises(TypeError), _writer(s3) as file:
        file.write(data)
    place.assert_nothing()


@pytest.mark.parametrize("size", [10, 2 * PART + 1], ids=["single", "multipart"])
def test_upload_fails_at_close(place: Place, proxy: FaultyProxy, faulty: SecureS3Client, size: int) -> None:
    """What the upload failed with is raised by close(), once, and nothing stays."""
    proxy.inject(fault.s3_error(403, "AccessDenied"), method="PUT", times=ALWAYS)
    file = _writer(faulty)
    with pytest.raises(errors.AccessDenied):
        _write_and_close(file, size)
    assert file.closed
    file.close()
    place.assert_nothing()


def _write_and_close(file: Any, size: int) -> None:
    for start in range(0, size, MIB):
        file.write(content(size)[start : start + MIB])
    file.close()


def test_upload_fails_at_write(place: Place, proxy: FaultyProxy, faulty: SecureS3Client) -> None:
    """A writer whose upload has failed hears of it while it writes, and does not write for ever."""
    proxy.inject(fault.s3_error(403, "AccessDenied"), method="POST", times=ALWAYS)
    file = _writer(faulty)
    with pytest.raises(errors.AccessDenied):
        file.writelines(bytes(MIB) for _ in range(1000))
    assert file.closed
    place.assert_nothing()


def test_upload_fails_in_a_block(place: Place, proxy: FaultyProxy, faulty: SecureS3Client) -> None:
    """The end of a with-block raises what the upload failed with."""
    proxy.inject(fault.drop_header("x-amz-server-side-encryption"), method="PUT")
    with pytest.raises(errors.EncryptionNotConfirmed), _writer(faulty) as file:
        file.write(b"x")
    place.assert_nothing()


def test_missing_bucket(place: Place, s3: SecureS3Client) -> None:
    """A missing bucket shows at the latest at close()."""
    file = s3.open("amzn-s3-demo-bucket2", "k", "wb")
    with pytest.raises(errors.NotFound):
        _write_and_close(file, 10)


def test_conditional(place: Place, s3: SecureS3Client) -> None:
    """extra_args may hold a condition, which is decided at close()."""
    place.put(b"old")
    file = s3.open(BUCKET, "k", "wb", extra_args={"IfNoneMatch": "*"})
    with pytest.raises(errors.PreconditionFailed):
        _write_and_close(file, 10)
    assert place.body() == b"old"
