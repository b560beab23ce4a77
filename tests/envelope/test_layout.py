"""Where everything lies in a message: against brute force, and against every size that cannot be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3 import errors, limits
from secure_s3.envelope.layout import FINAL_OVERHEAD, FRAME_OVERHEAD, Layout

HEADERS = st.integers(1, limits.MAX_HEADER_BYTES)
# From 3 bytes on, 8 GiB are not more frames than a message can have.
FRAMES = st.one_of(st.integers(3, 100), st.sampled_from([1024, 4096, 65536, 16 * limits.MIB]))
SMALL = st.builds(
    lambda header, frame, regular, last: Layout(header, frame, regular, min(last, frame)),
    st.integers(1, 40),
    st.integers(1, 12),
    st.integers(0, 9),
    st.integers(0, 12),
)
"""Layouts that brute force can walk through, those with an empty final frame among them."""


def _owners(layout: Layout) -> list[int]:
    """The frame of each byte of plaintext, by counting."""
    regular = [number for number in range(1, layout.regular + 1) for _ in range(layout.frame_bytes)]
    return regular + [layout.regular + 1] * layout.last_bytes


@given(HEADERS, FRAMES, st.integers(0, 2**33))
def test_round_trip(header: int, frame: int, plain: int) -> None:
    """The length of what a writer makes leads back to the very same layout, and to the plaintext's length."""
    layout = Layout.of_plaintext(header, frame, plain)
    assert layout.plain_bytes == plain
    assert Layout.of_message(header, frame, layout.message_bytes) == layout
    assert layout.message_bytes == (header + plain + layout.regular * FRAME_OVERHEAD + FINAL_OVERHEAD)


@given(HEADERS, FRAMES, st.integers(0, 2**20))
def test_round_trip_with_empty_final_frame(header: int, frame: int, regular: int) -> None:
    """Other writers end a plaintext of whole frames with an empty final frame; that is another length."""
    layout = Layout(header, frame, regular, 0)
    assert Layout.of_message(header, frame, layout.message_bytes) == layout
    assert layout.plain_bytes == regular * frame
    if regular:
        ours = Layout.of_plaintext(header, frame, layout.plain_bytes)
        assert ours.frames == layout.frames - 1
        assert ours.message_bytes == layout.message_bytes - FRAME_OVERHEAD


@pytest.mark.parametrize("frame", [1, 2, 7, 31, 32, 33])
def test_every_length(frame: int) -> None:
    """Of all lengths of objects, exactly those that some message has are taken; the others are refused."""
    header = 5
    possible = {
        header + regular * (frame + FRAME_OVERHEAD) + FINAL_OVERHEAD + last: (regular, last)
        for regular in range(20)
        for last in range(frame + 1)
    }
    assert len(possible) == 20 * (frame + 1)
    for length in range(header + 20 * (frame + FRAME_OVERHEAD) + FINAL_OVERHEAD):
        if length in possible:
            layout = Layout.of_message(header, frame, length)
            assert (layout.regular, layout.last_bytes) == possible[length]
        else:
            with pytest.raises(errors.TamperedError):
                Layout.of_message(header, frame, length)


@given(HEADERS, FRAMES, st.integers(max_value=FINAL_OVERHEAD - 1))
def test_shorter_than_an_empty_message(header: int, frame: int, behind_header: int) -> None:
    """Less than one empty final frame behind the header is no message."""
    with pytest.raises(errors.TamperedError, match="malformed"):
        Layout.of_message(header, frame, header + behind_header)


@given(HEADERS, FRAMES, st.data())
def test_between_two_lengths(header: int, frame: int, data: st.DataObject) -> None:
    """A length between a full final frame and an empty one behind it is no message's."""
    regular = data.draw(st.integers(0, 1000))
    rest = data.draw(st.integers(frame + 1, frame + FRAME_OVERHEAD - 1))
    length = header + regular * (frame + FRAME_OVERHEAD) + FINAL_OVERHEAD + rest
    with pytest.raises(errors.TamperedError):
        Layout.of_message(header, frame, length)


@pytest.mark.parametrize("frame", [1, 1024, limits.MAX_FRAME_BYTES])
def test_most_frames(frame: int) -> None:
    """The greatest message has 2**32 - 1 frames; one byte of plaintext more is refused before writing."""
    most = limits.MAX_FRAMES * frame
    layout = Layout.of_plaintext(10, frame, most)
    assert (layout.frames, layout.last_bytes) == (limits.MAX_FRAMES, frame)
    assert Layout.of_message(10, frame, layout.message_bytes) == layout
    with pytest.raises(errors.ConfigurationError, match="frame_bytes"):
        Layout.of_plaintext(10, frame, most + 1)


@given(FRAMES, st.integers(0, 2**40))
def test_more_frames_than_a_message_has(frame: int, more: int) -> None:
    """An object that would have more frames than there are numbers is no message, be the last one empty."""
    with pytest.raises(errors.TamperedError):
        Layout.of_message(10, frame, Layout(10, frame, limits.MAX_FRAMES + more, 0).message_bytes)


@given(SMALL)
def test_offsets(layout: Layout) -> None:
    """Frames follow one another without a gap, from the header to the end, in message and plaintext."""
    at, plain = layout.header_bytes, 0
    for number in range(1, layout.frames + 1):
        assert (layout.offset(number), layout.plain_offset(number)) == (at, plain)
        final = number == layout.frames
        size = layout.last_bytes if final else layout.frame_bytes
        at += size + (FINAL_OVERHEAD if final else FRAME_OVERHEAD)
        plain += size
    assert (layout.offset(layout.frames + 1), layout.plain_offset(layout.frames + 1)) == (at, plain)
    assert (layout.message_bytes, layout.plain_bytes) == (at, plain)


@given(SMALL)
def test_plain_before(layout: Layout) -> None:
    """Plaintext counts as sent once the frame it is in is complete, at every single offset."""
    ends = [layout.offset(number + 1) for number in range(1, layout.frames + 1)]
    owners = _owners(layout)
    before = 0
    for offset in range(layout.message_bytes + 3):
        complete = sum(1 for end in ends if end <= offset)
        expected = sum(1 for owner in owners if owner <= complete)
        assert layout.plain_before(offset) == expected
        assert expected >= before
        before = expected
    assert before == layout.plain_bytes


@given(HEADERS, FRAMES, st.integers(0, 2**33), st.data())
def test_plain_before_at_boundaries(header: int, frame: int, plain: int, data: st.DataObject) -> None:
    """One byte short of the end of a frame its plaintext does not count, at its end it does."""
    layout = Layout.of_plaintext(header, frame, plain)
    number = data.draw(st.integers(1, layout.frames))
    end = layout.offset(number + 1)
    assert layout.plain_before(end) == layout.plain_offset(number + 1)
    assert layout.plain_before(end - 1) == layout.plain_offset(number)
    assert layout.plain_before(layout.message_bytes + 1000) == plain


@given(SMALL)
def test_frames_of_every_range(layout: Layout) -> None:
    """For every range, the frames are those that counting finds; at the end the final one is among them."""
    owners = _owners(layout)
    for start in range(layout.plain_bytes):
        for end in range(start + 1, layout.plain_bytes + 1):
            wanted = owners[start:end]
            last = layout.frames if end == layout.plain_bytes else wanted[-1]
            assert layout.frames_of(start, end) == (wanted[0], last)


@given(SMALL, st.integers(0, 5))
def test_frames_of_the_end(layout: Layout, beyond: int) -> None:
    """A range up to or beyond the end needs the final frame, also where that one or the message is empty."""
    end = layout.plain_bytes
    first, last = layout.frames_of(0, end + beyond)
    assert (first, last) == (1, layout.frames)
    first, last = layout.frames_of(end, end + beyond)
    assert 1 <= first <= last == layout.frames


@given(SMALL, st.data())
def test_frames_of_nothing(layout: Layout, data: st.DataObject) -> None:
    """An empty range asks for frames that exist, whatever it is worth."""
    start = data.draw(st.integers(0, layout.plain_bytes))
    first, last = layout.frames_of(start, start)
    assert 1 <= first <= last <= layout.frames


@given(HEADERS, FRAMES, st.integers(1, 2**33), st.data())
def test_frames_of_large_messages(header: int, frame: int, plain: int, data: st.DataObject) -> None:
    """The first frame holds the first byte of the range, and the last one its last."""
    layout = Layout.of_plaintext(header, frame, plain)
    start = data.draw(st.integers(0, plain - 1))
    end = data.draw(st.integers(start + 1, plain))
    first, last = layout.frames_of(start, end)
    assert layout.plain_offset(first) <= start < layout.plain_offset(first + 1)
    assert layout.plain_offset(last) < end <= layout.plain_offset(last + 1)
