"""From ciphertext to plaintext: pieces of any size, ranges, early ends, and refusals that stay refusals."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3 import errors
from secure_s3.envelope.reader import FrameOpener, OpeningReader
from tests.envelope.support import FRAME, Opening, content, seal, unlock

SIZES = st.one_of(st.integers(0, 5 * FRAME), st.sampled_from([0, FRAME - 1, FRAME, FRAME + 1, 3 * FRAME]))
SIZE = 4 * FRAME + 21
PLAIN = content(SIZE)
MESSAGE = seal(PLAIN)
OPENING = unlock(MESSAGE)
LAYOUT = OPENING.layout
WIRE = MESSAGE[LAYOUT.header_bytes :]
READS = st.lists(st.one_of(st.integers(0, 150), st.none(), st.just(-1)), max_size=12)


def _pieces(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    """*data* in pieces of these sizes, and the rest in one."""
    for size in sizes:
        yield data[:size]
        data = data[size:]
    yield data


def _reader(
    data: bytes, *, crumbs: int = 1 << 20, skip: int = 0, size: int = SIZE, first: int = 1
) -> OpeningReader:
    source = io.BytesIO(data)
    opener = FrameOpener(OPENING.key, LAYOUT, first, LAYOUT.frames)
    return OpeningReader(
        lambda amount: source.read(min(amount, crumbs)), opener, skip=skip, size=size, close=source.close
    )


# -------------------------------------------------------------------------------------------- the opener


@given(SIZES, st.lists(st.integers(0, 150), max_size=20), st.sampled_from([bytes, bytearray, memoryview]))
def test_pieces_of_any_size(size: int, cuts: list[int], kind: Callable[[bytes], bytes]) -> None:
    """Frames open to the plaintext in whatever pieces they come, and each as soon as it is complete."""
    opening = unlock(seal(content(size)))
    layout = opening.layout
    opener = FrameOpener(opening.key, layout, 1, layout.frames)
    fed, plain = layout.header_bytes, b""
    for piece in _pieces(opening.message[fed:], cuts):
        plain += bytes(opener.feed(kind(piece)))
        fed += len(piece)
        assert len(plain) == layout.plain_before(fed)
    opener.finish()
    assert plain == content(size)


@given(st.integers(1, 5), st.integers(0, 4), st.lists(st.integers(0, 150), max_size=9))
def test_some_frames(first: int, more: int, cuts: list[int]) -> None:
    """A run in the middle opens to its plaintext."""
    last = min(first + more, LAYOUT.frames)
    opener = FrameOpener(OPENING.key, LAYOUT, first, last)
    data = MESSAGE[LAYOUT.offset(first) : LAYOUT.offset(last + 1)]
    plain = b"".join(bytes(opener.feed(piece)) for piece in _pieces(data, cuts))
    opener.finish()
    assert plain == PLAIN[LAYOUT.plain_offset(first) : LAYOUT.plain_offset(last + 1)]


@given(st.integers(1, 4), st.binary(min_size=1, max_size=200), st.integers(1, 300))
def test_more_than_the_last_frame(last: int, more: bytes, crumbs: int) -> None:
    """A byte behind the last frame of a run is refused, also where it comes in a piece of its own."""
    opener = FrameOpener(OPENING.key, LAYOUT, 1, last)
    data = MESSAGE[LAYOUT.header_bytes : LAYOUT.offset(last + 1)] + more
    pieces = [data[start : start + crumbs] for start in range(0, len(data), crumbs)]
    with pytest.raises(errors.TamperedError, match="behind its last frame"):
        deque(map(opener.feed, pieces), maxlen=0)


@given(st.integers(0, len(WIRE) - 1))
def test_less_than_the_last_frame(length: int) -> None:
    """A run that was fed to one byte short of its end is not finished."""
    opener = FrameOpener(OPENING.key, LAYOUT, 1, LAYOUT.frames)
    opener.feed(WIRE[:length])
    with pytest.raises(errors.TamperedError, match="ends before frame"):
        opener.finish()


@pytest.mark.parametrize("first", [2, 3, 5])
def test_another_run(first: int) -> None:
    """The frames of another run than the one that was asked for do not open."""
    opener = FrameOpener(OPENING.key, LAYOUT, first, LAYOUT.frames)
    with pytest.raises(errors.TamperedError):
        opener.feed(WIRE)


def test_good_piece() -> None:
    """The good piece is of whole frames, at least one, and about a quarter of a MiB."""
    for frame, frames in ((64, 2730), (65536, 3), (1 << 20, 1)):
        layout = LAYOUT.of_plaintext(10, frame, 10 * frame)
        assert FrameOpener(OPENING.key, layout, 1, 1).good_piece == frames * (frame + 32)


# -------------------------------------------------------------------------------------------- the reader


@given(SIZES, READS, st.integers(1, 200))
def test_reads_like_a_file(size: int, reads: list[int | None], crumbs: int) -> None:
    """Reads give what a file would give, however small the pieces are that come."""
    opening = unlock(seal(content(size)))
    reader, file = opening.reader(1, opening.layout.frames, crumbs=crumbs), io.BytesIO(content(size))
    for amount in reads:
        assert reader.read(amount) == file.read(amount)
    assert reader.read() == file.read()
    assert reader.read() == reader.read(5) == b""


@given(SIZES.filter(bool), st.data())
def test_ranges(size: int, data: st.DataObject) -> None:
    """Any range opens to its bytes from its own frames alone."""
    opening = unlock(seal(content(size)))
    start = data.draw(st.integers(0, size - 1))
    end = data.draw(st.integers(start + 1, size))
    assert opening.range(start, end) == content(size)[start:end]


@given(st.integers(0, SIZE), st.integers(0, SIZE), st.integers(1, 300))
def test_skip_and_size(skip: int, size: int, crumbs: int) -> None:
    """What is in front of the wanted bytes and behind them is verified, and not given out."""
    size = min(size, SIZE - skip)
    assert _reader(WIRE, skip=skip, size=size, crumbs=crumbs).read() == PLAIN[skip : skip + size]


@given(st.integers(0, SIZE))
def test_stops_early(amount: int) -> None:
    """A reader that is left early has given what was asked for, and lets go of its source once."""
    closed: list[bool] = []
    source = io.BytesIO(WIRE)
    opener = FrameOpener(OPENING.key, LAYOUT, 1, LAYOUT.frames)
    reader = OpeningReader(source.read, opener, skip=0, size=SIZE, close=lambda: closed.append(True))
    assert reader.read(amount) == PLAIN[:amount]
    reader.close()
    reader.close()
    assert closed == [True]


def test_reads_no_more_than_it_needs() -> None:
    """The source is asked for nothing before the first read, and for the good piece then."""
    asked: list[int] = []
    source = io.BytesIO(WIRE)

    def read(amount: int) -> bytes:
        asked.append(amount)
        return source.read(amount)

    opener = FrameOpener(OPENING.key, LAYOUT, 1, LAYOUT.frames)
    reader = OpeningReader(read, opener, skip=0, size=SIZE, close=source.close)
    assert reader.read(0) == b""
    assert asked == []
    reader.read(1)
    assert set(asked) == {opener.good_piece}


# ------------------------------------------------------------------------------------------- refusals


def _until_fault(reader: OpeningReader, amount: int) -> tuple[bytes, errors.SecureS3Error | None]:
    out = b""
    try:
        while piece := reader.read(amount):
            out += piece
    except errors.SecureS3Error as fault:
        return out, fault
    return out, None


def _given_out(reader: OpeningReader, amount: int) -> bytes:
    """What leaves until the refusal, which has to come, and to come again at every further read."""
    out, fault = _until_fault(reader, amount)
    assert isinstance(fault, errors.TamperedError)
    for again in (1, 0, -1):
        with pytest.raises(errors.TamperedError):
            reader.read(again)
    return out


@given(st.integers(0, len(WIRE) - 1), st.integers(1, 150), st.integers(1, SIZE))
def test_ends_early(length: int, crumbs: int, amount: int) -> None:
    """A source that ends early is refused, after nothing but frames that were complete."""
    out = _given_out(_reader(WIRE[:length], crumbs=crumbs), amount)
    complete = LAYOUT.plain_before(LAYOUT.header_bytes + length)
    assert out == PLAIN[: len(out)]
    assert len(out) <= complete


@given(st.binary(min_size=1, max_size=200), st.integers(1, 150), st.integers(1, SIZE))
def test_trailing_bytes(more: bytes, crumbs: int, amount: int) -> None:
    """Bytes behind the end are refused before the last plaintext is given out, and at every read after."""
    out = _given_out(_reader(WIRE + more, crumbs=crumbs), amount)
    assert out == PLAIN[: len(out)]
    assert len(out) < SIZE


@given(st.integers(0, 8 * len(WIRE) - 1), st.integers(1, 150), st.integers(1, SIZE))
def test_flipped_bit(bit: int, crumbs: int, amount: int) -> None:
    """A flipped bit is refused, after a true beginning that ends before its frame."""
    changed = bytearray(WIRE)
    changed[bit // 8] ^= 1 << bit % 8
    out = _given_out(_reader(bytes(changed), crumbs=crumbs), amount)
    assert out == PLAIN[: len(out)]
    assert len(out) <= LAYOUT.plain_before(LAYOUT.header_bytes + bit // 8)


@given(st.integers(1, 150), st.integers(0, SIZE - 1))
def test_range_is_verified_to_its_end(crumbs: int, size: int) -> None:
    """A fault in the frames behind the wanted bytes, but fetched with them, is refused all the same."""
    changed = bytearray(WIRE)
    changed[-1] ^= 1
    reader = _reader(bytes(changed), crumbs=crumbs, size=size)
    with pytest.raises(errors.TamperedError):
        reader.read(size)


def test_nothing_of_a_piece_with_a_fault() -> None:
    """Where sound frames and one at fault come in one piece, none of them is given out."""
    changed = bytearray(WIRE)
    changed[3 * (FRAME + 32) + 20] ^= 1
    assert _given_out(_reader(bytes(changed)), 1) == b""


@pytest.mark.parametrize("wanted", [SIZE + 1, SIZE + FRAME, 10 * SIZE])
def test_more_wanted_than_there_is(wanted: int) -> None:
    """A reader that was promised more than the frames hold refuses instead of coming up short."""
    with pytest.raises(errors.TamperedError, match="malformed"):
        _reader(WIRE, size=wanted).read()


@given(SIZES, st.integers(1, 100))
def test_empty_final_frame(size: int, crumbs: int) -> None:
    """A final frame that another writer left empty is demanded like any other."""
    whole = size // FRAME * FRAME
    opening = _with_empty_end(whole)
    assert opening.reader(1, opening.layout.frames, crumbs=crumbs).read() == content(whole)
    if whole:
        assert opening.range(whole - 1, whole) == content(whole)[-1:]
        cut = Opening(opening.message[:-40], opening.header, opening.key, opening.layout)
        with pytest.raises(errors.TamperedError):
            cut.range(whole - 1, whole)


def _with_empty_end(size: int) -> Opening:
    """A message of full frames with an empty final one, as other writers may end it."""
    opening = unlock(seal(content(size) + b"x"))
    layout = opening.layout
    out = memoryview(bytearray(40))
    opening.key.seal(layout.frames, memoryview(b""), out, final=True)
    message = opening.message[: layout.offset(layout.frames)] + bytes(out)
    changed = layout.of_message(layout.header_bytes, FRAME, len(message))
    return Opening(message, opening.header, opening.key, changed)


@given(st.integers(1, SIZE - 1), st.integers(0, len(WIRE) - 1))
def test_broken_source(amount: int, good: int) -> None:
    """A source that breaks off and then goes on leaves no gap: its error is raised at every further read."""
    source = io.BytesIO(WIRE)

    def read(size: int) -> bytes:
        if source.tell() == good and not broken:
            broken.append(True)
            raise errors.TransportError("connection reset")
        return source.read(min(size, 50, good - source.tell() if source.tell() < good else 50))

    broken: list[bool] = []
    opener = FrameOpener(OPENING.key, LAYOUT, 1, LAYOUT.frames)
    reader = OpeningReader(read, opener, skip=0, size=SIZE, close=source.close)
    out, fault = _until_fault(reader, amount)
    assert isinstance(fault, errors.TransportError)
    assert PLAIN.startswith(out)
    with pytest.raises(errors.TransportError):
        reader.read()
