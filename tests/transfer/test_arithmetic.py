"""Parts, checksums and settings: the arithmetic, against simple models."""

from __future__ import annotations

import io
import os
import zlib
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig
from hypothesis import given
from hypothesis import strategies as st

from secure_s3 import errors, limits
from secure_s3.transfer import crc
from secure_s3.transfer.settings import Settings
from secure_s3.transfer.source import Part, in_memory, read_exactly
from secure_s3.transfer.tracking import Stopped, Tracker
from tests.rig.sources import ShortReads
from tests.transfer.support import Total


@given(st.lists(st.binary(max_size=300), max_size=12))
def test_combined_crc(parts: list[bytes]) -> None:
    """The CRC32 put together from parts is zlib's of the whole, empty parts included."""
    assert crc.combined((zlib.crc32(part), len(part)) for part in parts) == zlib.crc32(b"".join(parts))


@pytest.mark.parametrize("length", [1 << 20, 8 << 20, (8 << 20) + 1])
def test_combined_crc_of_large_parts(length: int) -> None:
    """The same for the sizes that transfers use."""
    zeros, tail = bytes(length), b"tail"
    parts = [(zlib.crc32(part), len(part)) for part in (tail, zeros, tail)]
    assert crc.combined(parts) == zlib.crc32(tail + zeros + tail)


@given(st.integers(0, 2**32 - 1))
def test_crc_text(value: int) -> None:
    """S3's text form goes there and back."""
    assert crc.decode(crc.encode(value)) == value
    assert len(crc.encode(value)) == 8


def test_crc_of_known_vectors() -> None:
    """The check value of CRC-32/ISO-HDLC, from the catalogue of parametrised CRC algorithms."""
    assert crc.combined([(zlib.crc32(b"1234"), 4), (zlib.crc32(b"56789"), 5)]) == 0xCBF43926
    assert crc.encode(0xCBF43926) == "y/Q5Jg=="
    assert crc.combined([]) == 0


def test_crc_of_file(tmp_path: Any) -> None:
    """The CRC32 of a file is zlib's, whatever the block."""
    (tmp_path / "f").write_bytes(b"1234567890" * 100)
    assert crc.of_file(str(tmp_path / "f"), block=7) == zlib.crc32(b"1234567890" * 100)


@given(st.integers(0, limits.MAX_OBJECT_BYTES), st.integers(limits.MIN_PART_BYTES, 5 * limits.GIB))
def test_part_sizes(size: int, part_bytes: int) -> None:
    """Every object that S3 can hold fits into its 10,000 parts, none smaller than asked nor too large."""
    chosen = Settings(part_bytes=part_bytes).part_size_for(size)
    assert part_bytes <= chosen <= limits.MAX_PART_BYTES
    assert -(-size // chosen) <= limits.MAX_PARTS


@pytest.mark.parametrize(
    ("size", "parts"),
    [
        (5_000 * 8 * limits.MIB, 5_000),
        (limits.MAX_PARTS * 8 * limits.MIB, 10_000),
        (limits.MAX_OBJECT_BYTES, 10_000),
    ],
    ids=["5000", "10000", "largest"],
)
def test_large_plans(size: int, parts: int) -> None:
    """5,000 parts stay 8 MiB each; beyond 10,000 the parts grow."""
    chosen = Settings().part_size_for(size)
    assert -(-size // chosen) == parts
    beyond = Settings().part_size_for(limits.MAX_PARTS * 8 * limits.MIB + 1)
    assert beyond == 8 * limits.MIB + 1
    assert Settings().part_size_for(None) == 8 * limits.MIB


def test_settings_of_a_transfer_config() -> None:
    """boto3's TransferConfig is read as boto3 means it; chunks below S3's minimum are raised to it."""
    read = Settings.from_config(
        TransferConfig(
            multipart_threshold=1,
            multipart_chunksize=1,
            max_concurrency=3,
            num_download_attempts=2,
            use_threads=False,
        )
    )
    assert (read.threshold, read.part_bytes, read.workers, read.attempts, read.threads) == (
        1,
        limits.MIN_PART_BYTES,
        3,
        2,
        False,
    )
    assert Settings.from_config(TransferConfig()) == Settings.from_config(None) == Settings()


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.integers(-2, 60)),
        st.tuples(st.just("readinto"), st.integers(0, 60)),
        st.tuples(st.just("seek"), st.integers(0, 60)),
        st.tuples(st.just("rewind"), st.integers(-60, 0)),
        st.tuples(st.just("tell"), st.just(0)),
    ),
    max_size=30,
)


@given(data=st.binary(max_size=60), cut=st.tuples(st.integers(0, 60), st.integers(0, 60)), steps=_STEPS)
def test_part_is_like_bytesio(data: bytes, cut: tuple[int, int], steps: list[tuple[str, int]]) -> None:
    """A part seeks, tells and reads like a BytesIO of its bytes, and reports each byte once."""
    start, end = min(*cut, len(data)), min(max(cut), len(data))
    total, furthest = Total(), 0
    part = Part(lambda offset, size: data[offset : offset + size], start, end - start, Tracker(total))
    part.on_the_wire = True
    model = io.BytesIO(data[start:end])
    assert len(part) == end - start
    for step, value in steps:
        if step == "readinto":
            ours, theirs = bytearray(value), bytearray(value)
            assert part.readinto(ours) == model.readinto(theirs)
            assert ours == theirs
        elif step == "rewind":
            assert part.seek(value, os.SEEK_END) == model.seek(value, os.SEEK_END)
        elif step == "tell":
            assert part.tell() == model.tell()
        else:
            assert getattr(part, step)(value) == getattr(model, step)(value)
        furthest = max(furthest, part.tell() if step.startswith("read") else 0)
    assert total.bytes == min(furthest, end - start)


def test_part_of_nothing_is_still_a_body() -> None:
    """An empty part is true, so that botocore does not take it for no body at all."""
    part = in_memory(b"", Tracker())
    assert part
    assert part.read() == b""
    with pytest.raises(ValueError):
        part.seek(0, 9)


def test_part_of_a_shorter_source() -> None:
    """A part whose source has fewer bytes than it had says where it ended."""
    part = Part(lambda offset, size: b"abc"[offset : offset + size], 1, 5, Tracker())
    with pytest.raises(errors.SourceChanged, match="byte 3"):
        part.read()


def test_stopped_part() -> None:
    """A part of a transfer that is being given up gives nothing more."""
    tracker = Tracker()
    part = in_memory(b"data", tracker)
    tracker.stop()
    with pytest.raises(Stopped):
        part.read(1)


@given(st.binary(max_size=100), st.integers(1, 9), st.integers(0, 120))
def test_read_exactly(data: bytes, crumb: int, size: int) -> None:
    """However short the single reads are, what was asked for comes, or what there is."""
    assert read_exactly(ShortReads(data, at_most=crumb), size) == data[:size]


def test_too_many_parts(monkeypatch: pytest.MonkeyPatch, place: Any, s3: Any) -> None:
    """A stream that turns out to need more parts than S3 takes is given up, and nothing stays."""
    from tests.rig.sources import OnlyRead
    from tests.transfer.support import BUCKET, PART, SMALL_PARTS, content

    monkeypatch.setattr(limits, "MAX_PARTS", 2)
    with pytest.raises(errors.TransferError, match="more than 2 parts"):
        s3.upload_fileobj(OnlyRead(content(2 * PART + 1)), BUCKET, "k", Config=SMALL_PARTS)
    place.assert_nothing()
