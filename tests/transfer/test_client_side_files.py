"""Encrypted objects opened like files, readers that stop early, and signed messages."""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secure_s3 import SecureS3Client, errors
from secure_s3.encryption import ClientSide
from tests.rig import faulty_proxy as fault
from tests.rig.faulty_proxy import FaultyProxy
from tests.transfer.sealed import FRAME, RAW, WAYS, Sink, Way, message, raw, sdk_message
from tests.transfer.support import BUCKET, MIB, PART, SMALL_PARTS, Place, content

SIZE = 20 * FRAME + 7
SIGNED = 0x0578

_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.integers(-1, 3 * FRAME)),
        st.tuples(st.just("seek"), st.integers(0, SIZE + 10)),
        st.tuples(st.just("end"), st.integers(0, SIZE)),
        st.tuples(st.just("by"), st.integers(0, 2 * FRAME)),
    ),
    max_size=12,
)


def _step(file: Any, step: str, value: int) -> Any:
    if step == "read":
        return file.read(value)
    if step == "seek":
        return file.seek(value)
    return file.seek(-value, 2) if step == "end" else file.seek(value, 1)


def test_reads_like_bytesio(place: Place, cse: SecureS3Client) -> None:
    """Any sequence of reads and seeks gives what it gives on a BytesIO of the plaintext."""
    place.put(message(SIZE))

    @given(steps=_STEPS, buffered=st.booleans())
    @settings(max_examples=40)
    def same(steps: list[tuple[str, int]], buffered: bool) -> None:
        opened = cse.open(BUCKET, "k")
        file: Any = opened if buffered else opened.raw  # type: ignore[attr-defined]
        model = io.BytesIO(content(SIZE))
        with opened:
            for step, value in steps:
                got, expected = _step(file, step, value), _step(model, step, value)
                if step == "read" and not buffered:  # a raw file may give less
                    assert expected.startswith(got)
                    assert bool(got) is bool(expected)
                    model.seek(len(got) - len(expected), 1)
                else:
                    assert got == expected
                assert file.tell() == model.tell()

    same()


@pytest.mark.parametrize("size", [0, 1, FRAME, SIZE])
def test_as_a_file(place: Place, cse: SecureS3Client, size: int) -> None:
    """It is a file: readable, seekable, with its length, and refuses what files refuse."""
    place.put(message(size))
    with cse.open(BUCKET, "k") as file:
        assert (file.readable(), file.seekable(), file.writable()) == (True, True, False)
        assert file.seek(0, 2) == size
        assert file.read() == b""
        file.seek(0)
        assert file.read() == content(size)
        assert file.read() == b""
        with pytest.raises(ValueError):
            file.seek(0, 7)
        with pytest.raises((ValueError, OSError)):
            file.raw.seek(-1)  # type: ignore[attr-defined]
    with pytest.raises(ValueError):
        file.read()


def test_seeking_fetches_from_the_frame_on(
    place: Place, proxy: FaultyProxy, faulty_cse: SecureS3Client
) -> None:
    """A far jump asks for the object from the frame it leads into; a seek alone asks for nothing."""
    large = message(3 * MIB)
    place.put(large)
    with faulty_cse.open(BUCKET, "k") as file:
        file.read(10)
        file.seek(0, 2)
        file.seek(3 * MIB - FRAME - 5)
        assert file.read() == content(3 * MIB)[-FRAME - 5 :]
    asked = [seen.headers.get("range") for seen in proxy.requests]
    assert asked == [None, f"bytes={len(large) - 2 * (FRAME + 32) - 8}-"]


def test_a_changed_frame(place: Place, cse: SecureS3Client) -> None:
    """Behind a changed frame the file can be read on; at it, it is refused every time."""
    changed = bytearray(message(SIZE))
    changed[-10 * (FRAME + 32)] ^= 1
    place.put(bytes(changed))
    with cse.open(BUCKET, "k") as file:
        for _ in range(2):
            file.seek(0)
            with pytest.raises(errors.TamperedError):
                file.read()
        file.seek(SIZE - FRAME)
        assert file.read() == content(SIZE)[-FRAME:]


def test_interrupted_read(place: Place, cse: SecureS3Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read that Ctrl-C ends loses nothing: the next one goes on from where the file stood."""
    place.put(message(3 * MIB))
    with cse.open(BUCKET, "k") as file:
        assert file.read(10) == content(10)
        file.seek(2 * MIB)
        with monkeypatch.context() as patch:
            patch.setattr(file.raw._cipher, "read", _ctrl_c)  # type: ignore[attr-defined]
            with pytest.raises(KeyboardInterrupt):
                file.read(MIB)
        assert file.tell() == 2 * MIB
        assert file.read() == content(3 * MIB)[2 * MIB :]


def _ctrl_c(size: int) -> bytes:
    raise KeyboardInterrupt


def test_survives_broken_bodies(place: Place, proxy: FaultyProxy, faulty_cse: SecureS3Client) -> None:
    """A body that breaks off within a frame is taken up again where it broke."""
    place.put(message(SIZE))
    breaks = proxy.inject(fault.truncate_answer(keep=5 * FRAME + 77), times=2)
    with faulty_cse.open(BUCKET, "k") as file:
        assert file.read() == content(SIZE)
    assert breaks.hits == 2


@pytest.mark.usefixtures("small_windows")
@pytest.mark.parametrize("way", WAYS[3:7], ids=lambda way: way.__name__)
def test_downloads_survive_broken_bodies(
    place: Place, proxy: FaultyProxy, faulty_cse: SecureS3Client, folder: Path, way: Way
) -> None:
    """The same for downloads, in one piece and in windows."""
    place.put(message(SIZE))
    proxy.inject(fault.truncate_answer(keep=1777), times=3)
    sink = Sink()
    way(faulty_cse, folder, sink)
    assert bytes(sink.got) == content(SIZE)


def test_replaced_while_open(place: Place, cse: SecureS3Client) -> None:
    """An object that is replaced while it is open is noticed at the next request."""
    place.put(message(4 * MIB))
    with cse.open(BUCKET, "k") as file:
        file.read(10)
        place.put(message(4 * MIB))
        file.seek(3 * MIB + 5)
        with pytest.raises(errors.ObjectChanged):
            file.read(10)


# -- readers that stop early -------------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", [None, "bytes=5000-2000000"], ids=["whole", "range"])
@pytest.mark.parametrize("how", ["close", "with", "after-some", "iterate"])
def test_stopping_early(place: Place, cse: SecureS3Client, wanted: str | None, how: str) -> None:
    """Whoever stops early gets no error, and the client goes on with its connections."""
    place.put(message(3 * MIB))
    extra = {"Range": wanted} if wanted else {}
    start = 5000 if wanted else 0
    for _ in range(35):  # more than the connections that a client keeps
        body = cse.get_object(Bucket=BUCKET, Key="k", **extra)["Body"]
        if how == "with":
            with body:
                assert body.read(5) == content(start + 5)[start:]
        elif how == "iterate":
            assert next(body.iter_chunks(100)) == content(start + 100)[start:]
            body.close()
        else:
            assert how == "close" or body.read(2000) == content(start + 2000)[start:]
            body.close()
            body.close()
    with cse.open(BUCKET, "k") as file:
        file.read(1)
    assert cse.head_object(Bucket=BUCKET, Key="k")["ContentLength"] == 3 * MIB


def test_streams_like_boto3(place: Place, cse: SecureS3Client) -> None:
    """Body has the methods of boto3's stream."""
    text = b"".join(b"line %d\n" % number for number in range(1000))
    cse.put_object(Bucket=BUCKET, Key="k", Body=text)

    def body() -> Any:
        return cse.get_object(Bucket=BUCKET, Key="k")["Body"]

    assert list(body().iter_lines()) == text.splitlines()
    assert b"".join(body().iter_chunks(100)) == b"".join(body()) == text
    assert io.TextIOWrapper(io.BufferedReader(body()._raw_stream), "ascii").readline() == "line 0\n"
    stream = body()
    assert (stream.read(0), stream.read(3), stream.read()) == (b"", text[:3], text[3:])
    assert stream.read() == b""


# -- writing -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 10, 2 * PART + 1], ids=["empty", "single", "multipart"])
@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt], ids=lambda kind: kind.__name__)
def test_block_left_by_an_exception(
    place: Place, cse: SecureS3Client, size: int, kind: type[BaseException]
) -> None:
    """A with-block that is left by an exception leaves no object and no parts."""
    file = cse.open(BUCKET, "k", "wb", config=SMALL_PARTS)
    with pytest.raises(kind):
        _leave(file, content(size), kind)
    place.assert_nothing()


def _leave(file: Any, data: bytes, kind: type[BaseException]) -> None:
    with file:
        file.write(data)
        raise kind


def test_no_key_for_a_writer(place: Place, folder: Path) -> None:
    """A writer that gets no data key says so, at the latest when it is closed."""
    s3 = place.client(raw().for_batch("other/", "b"))
    with pytest.raises(errors.ConfigurationError), s3.open(BUCKET, "k", "wb") as file:
        file.write(b"data")
    place.assert_nothing()


# -- signed messages ---------------------------------------------------------------------------------------


def _reading_signed() -> ClientSide:
    return raw(bind_location=True)


@pytest.mark.usefixtures("small_windows")
@pytest.mark.parametrize("size", [0, 1, FRAME, SIZE])
def test_signed(place: Place, folder: Path, size: int) -> None:
    """Messages with a signature, which the AWS Encryption SDK has written, are read by every way."""
    s3 = place.client(_reading_signed())
    for way in WAYS:
        place.put(sdk_message(size, suite=SIGNED))
        if way.__name__ != "by_range" or size:
            sink = Sink()
            way(s3, folder, sink)
            assert bytes(sink.got) == content(size), way
    assert s3.head_object(Bucket=BUCKET, Key="k")["ContentLength"] == size
    if size == SIZE:
        answer = s3.get_object(Bucket=BUCKET, Key="k", Range="bytes=3000-3009")
        assert answer["Body"].read() == content(SIZE)[3000:3010]
        assert answer["ContentRange"] == f"bytes 3000-3009/{SIZE}"
    with pytest.raises(errors.ServiceError, match="InvalidRange"):
        s3.get_object(Bucket=BUCKET, Key="k", Range=f"bytes={size}-")
    with s3.open(BUCKET, "k") as file:
        file.seek(size // 2)
        assert file.read(5) == content(size)[size // 2 : size // 2 + 5]


def _tampered(signed: bytes) -> dict[str, bytes]:
    def flip(at: int) -> bytes:
        return signed[:at] + bytes([signed[at] ^ 1]) + signed[at + 1 :]

    return {
        "first frame": flip(len(signed) // 4),
        "last frame": flip(len(signed) - 200),
        "signature": flip(len(signed) - 10),
        "length of the signature": flip(len(signed) - 105),
        "no signature": signed[:-110],
        "cut": signed[:-1],
        "cut in the middle": signed[: len(signed) // 2],
        "behind": signed + b"\0",
        "unsigned suite": signed[:1] + b"\x04\x78" + signed[3:],
    }


@pytest.mark.usefixtures("small_windows")
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_signed_and_tampered(place: Place, folder: Path, way: Way) -> None:
    """Of a signed message nothing is given out before all of it is verified."""
    s3 = place.client(_reading_signed())
    for name, changed in _tampered(sdk_message(SIZE, suite=SIGNED)).items():
        place.put(changed)
        sink = Sink()
        with pytest.raises((errors.TamperedError, errors.BatchFailed)) as caught:
            way(s3, folder, sink)
        if isinstance(caught.value, errors.BatchFailed):
            assert isinstance(caught.value.results[0].error, errors.TamperedError)
        assert not sink.got, name
        assert list(folder.iterdir()) == []


@pytest.mark.usefixtures("small_windows")
def test_temporary_files_hold_no_plaintext(
    place: Place, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is kept on disk of a signed message is ciphertext, without a name, and gone afterwards."""
    made: list[int] = []
    original = tempfile.TemporaryFile

    def kept(*arguments: Any, **more: Any) -> Any:
        file = original(*arguments, **more)
        made.append(os.dup(file.fileno()))
        return file

    monkeypatch.setattr(tempfile, "TemporaryFile", kept)
    signed = sdk_message(SIZE, suite=SIGNED)
    s3 = place.client(_reading_signed())
    for way in WAYS:
        place.put(signed)
        way(s3, folder, Sink())
    assert len(made) == len(WAYS)
    for number in made:
        with os.fdopen(number, "rb") as file:
            file.seek(0)
            data = file.read()
        assert data == signed
        assert not [at for at in range(0, SIZE - 16, 61) if content(SIZE)[at : at + 16] in data]


def test_old_suites(place: Place, folder: Path) -> None:
    """Old messages, which do not commit to their key, are read where that was asked for, and only there."""
    lenient, strict = place.client(raw(allow_non_committing_suites=True)), place.client(ClientSide(RAW))
    for suite in (0x0014, 0x0178, 0x0378):
        place.put(sdk_message(SIZE, suite=suite))
        for way in WAYS[:3]:
            sink = Sink()
            way(lenient, folder, sink)
            assert bytes(sink.got) == content(SIZE)
            with pytest.raises(errors.DowngradeError, match="allow_non_committing_suites"):
                way(strict, folder, Sink())
