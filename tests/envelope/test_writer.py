"""Sealed runs: the same bytes however they are read, and never two ciphertexts under one IV."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3 import errors, limits
from secure_s3.envelope.writer import Message, SealedRun
from tests.envelope.support import (
    CONTEXT,
    FRAME,
    content,
    fixed_data_key,
    header_of,
    new_message,
    open_all,
    reading,
    seal,
    twin,
    whole_run,
)

WINDOW = 256 * limits.KIB
MESSAGE = new_message()
SIZES = st.one_of(st.integers(0, 5 * FRAME), st.sampled_from([0, FRAME - 1, FRAME, FRAME + 1, 3 * FRAME]))


@pytest.mark.parametrize("size", [0, 1, FRAME - 1, FRAME, FRAME + 1, 3 * FRAME, 3 * FRAME + 7])
def test_sizes(size: int) -> None:
    """A run is as long as the layout says, and opens to its plaintext."""
    message = new_message()
    run = whole_run(message, content(size))
    sealed = run.read_at(0, run.size)
    assert len(sealed) == run.size == message.layout(size).message_bytes
    assert open_all(sealed) == content(size)


@given(SIZES, st.lists(st.tuples(st.integers(0, 700), st.integers(0, 700)), max_size=12))
def test_reads_anywhere(size: int, reads: list[tuple[int, int]]) -> None:
    """Reads of any bytes in any order, again and again, equal those from one reading of the whole."""
    expected = whole_run(MESSAGE, content(size))
    sealed = expected.read_at(0, expected.size)
    run = whole_run(MESSAGE, content(size))
    for offset, amount in reads:
        assert run.read_at(offset, amount) == sealed[offset : offset + amount]
    assert run.read_at(0, run.size) == sealed
    assert run.read_at(run.size, 1) == run.read_at(run.size + 5, 1) == b""


@pytest.mark.parametrize("frame", [1024, 65536, 100_000, WINDOW, WINDOW + 1])
def test_windows(frame: int) -> None:
    """A run that is longer than its window is the same, backwards and across the edges of the window."""
    message, plain = new_message(frame), content(WINDOW + 33_000)
    run = whole_run(message, plain)
    sealed = run.read_at(0, run.size)
    assert open_all(sealed) == plain
    step = 40_000
    for offset in reversed(range(0, run.size, step)):
        assert run.read_at(offset, step) == sealed[offset : offset + step]
    assert run.read_at(1, run.size) == sealed[1:]


@given(st.integers(0, 9 * FRAME), st.integers(1, 4))
def test_parts(size: int, frames: int) -> None:
    """Runs of several parts, sealed in any order, join to what one run gives."""
    plain, part = content(size), frames * FRAME
    whole = whole_run(MESSAGE, plain)
    starts = list(range(0, max(size, 1), part))
    pieces, message = {}, twin(MESSAGE)
    for start in reversed(starts):
        run = SealedRun(
            message,
            reading(plain[start:]),
            first=1 + start // FRAME,
            plain_bytes=min(part, size - start),
            final=start == starts[-1],
            prefix=MESSAGE.header if start == 0 else b"",
        )
        pieces[start] = run.read_at(0, run.size)
        assert len(pieces[start]) == run.size
    assert b"".join(pieces[start] for start in starts) == whole.read_at(0, whole.size)


@given(SIZES)
def test_views(size: int) -> None:
    """Views move on at every call and never give nothing before the end, so that a loop comes to it."""
    run = whole_run(MESSAGE, content(size))
    expected = run.read_at(0, run.size)
    offset, sealed = 0, b""
    while offset < run.size:
        view = run.view_at(offset, 100)
        assert 1 <= len(view) <= 100
        sealed += bytes(view)
        offset += len(view)
    assert sealed == expected


@given(SIZES)
def test_progress(size: int) -> None:
    """Plaintext counts when its frame has been read to the end, and all of it at the end only."""
    layout, run = MESSAGE.layout(size), whole_run(MESSAGE, content(size))
    for offset in range(run.size + 2):
        assert run.plain_before(offset) == layout.plain_before(offset)


# ------------------------------------------------------------------- sources that do not keep still


class Moving:
    """A source of which each reading is to the test's liking; what it gave is kept."""

    def __init__(self, plain: bytes) -> None:
        self.plain = plain
        self.asked: list[tuple[int, int]] = []

    def __call__(self, offset: int, size: int) -> bytes:
        self.asked.append((offset, size))
        return self.plain[offset : offset + size]


def _frames_out(given: list[tuple[int, bytes]], wire: int) -> dict[int, set[tuple[int, int]]]:
    """For each byte of ciphertext that left: its frame, place and value."""
    seen: dict[int, set[tuple[int, int]]] = {}
    for offset, piece in given:
        for at, value in enumerate(piece, offset):
            seen.setdefault(at // wire, set()).add((at, value))
    return seen


@given(
    st.integers(1, 5 * FRAME),
    st.lists(
        st.tuples(st.integers(0, 500), st.integers(1, 300), st.integers(0, 5 * FRAME), st.booleans()),
        min_size=2,
        max_size=12,
    ),
)
def test_one_ciphertext_for_each_frame(size: int, steps: list[tuple[int, int, int, bool]]) -> None:
    """Whatever a source changes between reads, no two different bytes ever leave for one place of one IV."""
    source = Moving(content(size))
    run = SealedRun(twin(MESSAGE), source, first=1, plain_bytes=size, final=True)
    given: list[tuple[int, bytes]] = []
    for offset, amount, at, change in steps:
        if change and at < size:
            changed = bytearray(source.plain)
            changed[at] ^= 1
            source.plain = bytes(changed)
        run._start = run._end = 0  # as if the window had moved on, so that the source is read again
        try:
            given.append((offset, run.read_at(offset, amount)))
        except errors.SourceChanged:
            continue
    for values in _frames_out(given, FRAME + 32).values():
        assert len(values) == len({at for at, _ in values})


@pytest.mark.parametrize("at", [0, 65535, 65536, WINDOW - 1, WINDOW, WINDOW + 65536])
def test_changed_between_two_reads(at: int) -> None:
    """A frame whose plaintext has changed since it was read first is refused, and the window is wiped."""
    size = 2 * WINDOW
    message = new_message(65536)
    source = Moving(content(size // 2) * 2)
    run = SealedRun(message, source, first=1, plain_bytes=size, final=True)
    run.read_at(0, run.size)
    source.plain = source.plain[:at] + bytes([source.plain[at] ^ 0x80]) + source.plain[at + 1 :]
    frame = at // 65536 * (65536 + 32)
    if at >= WINDOW:
        run.read_at(0, 1)  # the window holds the end; move it away
    with pytest.raises(errors.SourceChanged) as caught:
        run.read_at(frame, 100)
    assert not any(run._view)
    assert "copy" in caught.value.fix


def test_changed_back() -> None:
    """A source that is again as it was first gives the very same bytes again."""
    source = Moving(content(3 * FRAME))
    run = SealedRun(twin(MESSAGE), source, first=1, plain_bytes=3 * FRAME, final=True)
    first = run.read_at(0, run.size)
    run._start = run._end = 0
    source.plain = bytes(3 * FRAME)
    with pytest.raises(errors.SourceChanged):
        run.read_at(0, 1)
    with pytest.raises(errors.SourceChanged):
        run.read_at(FRAME + 40, 1)
    source.plain = content(3 * FRAME)
    assert run.read_at(0, run.size) == first


@pytest.mark.parametrize(
    "shorten",
    [lambda data: data[:-1], lambda data: b"", lambda data: data[:FRAME], lambda data: data + b"x"],
    ids=["a-byte", "all", "frames", "longer"],
)
def test_source_of_another_length(shorten: Callable[[bytes], bytes]) -> None:
    """A source that gives less, or more, than was asked for is refused before anything of it is sealed."""
    run = SealedRun(
        twin(MESSAGE),
        lambda offset, size: shorten(content(5 * FRAME)[offset : offset + size]),
        first=1,
        plain_bytes=3 * FRAME,
        final=True,
    )
    for _ in range(2):
        with pytest.raises(errors.SourceChanged):
            run.read_at(0, 1)
    assert not any(run._view)


def test_source_that_fails() -> None:
    """What a source raises goes through, and the next read starts afresh."""
    failures = [OSError("disk")]

    def plaintext(offset: int, size: int) -> bytes:
        if failures:
            raise failures.pop()
        return content(100)[offset : offset + size]

    run = SealedRun(twin(MESSAGE), plaintext, first=1, plain_bytes=100, final=True, prefix=MESSAGE.header)
    assert run.read_at(0, 10) == MESSAGE.header[:10]
    with pytest.raises(OSError, match="disk"):
        run.read_at(0, run.size)
    assert open_all(run.read_at(0, run.size)) == content(100)


def test_empty_plaintext_is_not_read() -> None:
    """Nothing is asked of the source of an empty message."""
    source = Moving(b"")
    run = SealedRun(twin(MESSAGE), source, first=1, plain_bytes=0, final=True, prefix=MESSAGE.header)
    assert open_all(run.read_at(0, run.size)) == b""
    assert source.asked == []


@pytest.mark.parametrize(
    ("first", "size", "final"),
    [(1, FRAME + 1, False), (1, 1, False), (0, FRAME, False), (0, 0, True), (-1, 5, True), (3, 0, False)],
    ids=["part-of-a-frame", "a-byte", "frame-0", "end-0", "negative", "no-frame"],
)
def test_runs_that_cannot_be(first: int, size: int, final: bool) -> None:
    """Frames in the middle are full, there is at least one, and no frame has the header's IV."""
    with pytest.raises(ValueError, match="frame"):
        SealedRun(twin(MESSAGE), reading(content(size)), first=first, plain_bytes=size, final=final)


# ------------------------------------------------------------------------------------------- messages


def test_messages_of_one_data_key() -> None:
    """Two messages of one data key share neither id, nor commitment, nor a byte of ciphertext."""
    data_key = fixed_data_key()
    one, other = (seal(bytes(FRAME), data_key=data_key) for _ in range(2))
    first, second = header_of(one), header_of(other)
    assert first.message_id != second.message_id
    assert first.commitment != second.commitment
    assert one[-80:-16] != other[-80:-16]


def test_header_says_what_was_given() -> None:
    """The header holds context, encrypted keys and frame length as given; frames have 64 KiB by default."""
    data_key = fixed_data_key()
    header = header_of(Message(data_key, CONTEXT).header)
    assert (header.context, header.wrapped_keys, header.frame_bytes) == (CONTEXT, data_key.wrapped, 65536)


@pytest.mark.parametrize("context", [{"a": "\ud800"}, {"a": "x" * 65536}, {"aws-crypto-public-key": "A"}])
def test_context_that_cannot_be_written(context: dict[str, str]) -> None:
    """A context that no header can hold is refused when the message is begun."""
    with pytest.raises(errors.ConfigurationError):
        Message(fixed_data_key(), context)


def test_too_many_frames() -> None:
    """A plaintext of more frames than a message has is refused before it is read."""
    with pytest.raises(errors.ConfigurationError):
        new_message(1).layout(limits.MAX_FRAMES + 1)


@pytest.mark.parametrize("other", [(1, 3), (3, 3), (1, 1), (2, 5), (0, 9)])
def test_a_frame_belongs_to_one_run(other: tuple[int, int]) -> None:
    """A second run over frames of another run is refused: it could seal other content under one IV."""
    message = new_message(FRAME)
    message.claim(1, 3)
    message.claim(7, 9)
    message.claim(4, 6)
    with pytest.raises(ValueError, match="sealed by another run"):
        message.claim(*other)


def test_one_message_is_sealed_once() -> None:
    """The same frames cannot be sealed twice, whatever the two sources give."""
    message = new_message(FRAME)
    SealedRun(message, reading(content(9)), first=1, plain_bytes=9, final=True)
    with pytest.raises(ValueError, match="sealed by another run"):
        SealedRun(message, reading(content(9)), first=1, plain_bytes=9, final=True)
