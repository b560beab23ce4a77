"""The tamper matrix: every change of a message is refused, and nothing unverified leaves.

Each changed message is read as a whole, from a source that gives crumbs, and frame by frame on its own. What
comes out before the refusal is a true beginning; a frame that was not touched is right when read alone.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, replace
from typing import Any

import pytest

from secure_s3 import errors
from secure_s3.envelope.header import serialise_context
from secure_s3.envelope.layout import Layout
from secure_s3.envelope.suites import COMMIT_KEY, SUITES
from tests.envelope.support import (
    CONTEXT,
    FRAME,
    RAW,
    NoKms,
    content,
    forged_header,
    header_of,
    seal,
    split,
    unlock,
)

DATA_KEY = RAW.new_data_key(CONTEXT, NoKms())
PLAIN = content(3 * FRAME + 21)
MESSAGE = seal(PLAIN, data_key=DATA_KEY)
HEADER = header_of(MESSAGE)
LAYOUT = Layout.of_message(HEADER.length, FRAME, len(MESSAGE))
HEAD, PARTS = split(MESSAGE)
SECRET = DATA_KEY.secret.reveal()
Kind = type[errors.SecureS3Error]
ALL: Container[int] = range(1, 1000)


def _read(message: bytes, frame: int | None = None) -> tuple[bytes, Kind | None]:
    """What leaves of the whole, or of one frame, and with which refusal."""
    out = b""
    try:
        opening = unlock(message)
        first, last = (1, opening.layout.frames) if frame is None else (frame, frame)
        reader = opening.reader(first, last, crumbs=50)
        while piece := reader.read(7):
            out += piece
    except errors.SecureS3Error as error:
        return out, type(error)
    return out, None


def _refused(
    message: bytes, touched: Container[int] = ALL, kind: Kind = errors.TamperedError, plain: bytes = PLAIN
) -> None:
    """The message is refused as a whole, and so is each frame in *touched*; the other frames are right."""
    assert message != MESSAGE
    out, error = _read(message)
    assert error is kind
    assert plain.startswith(out)
    for number in range(1, len(message) // (FRAME + 32) + 1):
        out, error = _read(message, number)
        if number > LAYOUT.frames or number in touched:
            assert (out, error) == (b"", kind)
        else:
            assert (out, error) == (plain[(number - 1) * FRAME : number * FRAME], None)


def _flip(message: bytes, bit: int) -> bytes:
    changed = bytearray(message)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_unchanged() -> None:
    """The message that everything below starts from is sound, as a whole and frame by frame."""
    assert _read(MESSAGE) == (PLAIN, None)
    for number in range(1, 5):
        assert _read(MESSAGE, number) == (PLAIN[(number - 1) * FRAME : number * FRAME], None)


# ------------------------------------------------------------------------------------------ the header


@dataclass(frozen=True)
class Region:
    """A part of the header, and the one error that a flipped bit in it leads to."""

    name: str
    size: int
    kind: Kind | Callable[[int], Kind]


def _suite_error(bit: int) -> Kind:
    """Unknown suites are no message; known ones do not fit the rest of the header."""
    number = int.from_bytes(_flip(COMMIT_KEY.id.to_bytes(2, "big"), bit), "big")
    return errors.TamperedError if number in SUITES else errors.DowngradeError


def _text_error(text: bytes) -> Callable[[int], Kind]:
    """Text that is no text any more is malformed; other text belongs to another data key."""

    def kind(bit: int) -> Kind:
        try:
            _flip(text, bit).decode()
        except UnicodeDecodeError:
            return errors.TamperedError
        return errors.KeyAccessError

    return kind


def _regions() -> list[Region]:
    tampered, no_key = errors.TamperedError, errors.KeyAccessError
    (key,) = HEADER.wrapped_keys
    regions = [
        Region("version", 1, errors.DowngradeError),
        Region("suite", 2, _suite_error),
        Region("message id", 32, tampered),
        Region("length of the context", 2, tampered),
        Region("number of pairs", 2, tampered),
    ]
    for name, value in sorted(CONTEXT.items()):
        for text in (name.encode(), value.encode()):
            regions += [Region("length", 2, tampered), Region(text.decode(), len(text), _text_error(text))]
    regions += [
        Region("number of keys", 2, tampered),
        Region("length of the provider", 2, tampered),
        Region("provider", len(key.provider), _text_error(key.provider.encode())),
        Region("length of the key's name", 2, tampered),
        Region("name and IV of the key", len(key.info), no_key),
        Region("length of the data key", 2, tampered),
        Region("data key", len(key.ciphertext), no_key),
        Region("content type", 1, tampered),
        Region("frame length", 4, tampered),
        Region("commitment", 32, tampered),
        Region("tag", 16, tampered),
    ]
    return regions


def test_regions_are_the_header() -> None:
    """The table above covers each byte of the header."""
    assert sum(region.size for region in _regions()) == HEADER.length
    assert len(serialise_context(CONTEXT)) == sum(region.size for region in _regions()[4:13])


@pytest.mark.parametrize("number", range(len(_regions())), ids=[region.name for region in _regions()])
def test_every_bit_of_the_header(number: int) -> None:
    """Each flipped bit of the header leads to the one right refusal, and to no byte of plaintext."""
    region, start = _regions()[number], sum(region.size for region in _regions()[:number])
    for bit in range(8 * region.size):
        kind = region.kind if isinstance(region.kind, type) else region.kind(bit)
        message = _flip(MESSAGE, 8 * start + bit)
        assert _read(message) == (b"", kind), bit
        assert _read(message, 1) == (b"", kind), bit


_OTHER = header_of(seal(PLAIN, data_key=DATA_KEY))
_STRANGER = header_of(seal(PLAIN, context={"secure-s3:key": "other"}))
_SAME_CONTEXT = header_of(seal(PLAIN))


_NO_KEY = errors.KeyAccessError
_FIELDS: dict[str, tuple[dict[str, Any], Kind]] = {
    "id": ({"message_id": _OTHER.message_id}, errors.TamperedError),
    "long frames": ({"frame_bytes": FRAME * 2}, errors.TamperedError),
    "short frames": ({"frame_bytes": 32}, errors.TamperedError),
    "no context": ({"context": {}}, _NO_KEY),
    "more context": ({"context": {**CONTEXT, "more": "pairs"}}, _NO_KEY),
    "context": ({"context": {**CONTEXT, "secure-s3:key": "other"}}, _NO_KEY),
    "key of another context": ({"wrapped_keys": _STRANGER.wrapped_keys}, _NO_KEY),
    "other key": ({"wrapped_keys": _SAME_CONTEXT.wrapped_keys}, errors.TamperedError),
    "key twice": ({"wrapped_keys": HEADER.wrapped_keys * 2}, errors.TamperedError),
    "two keys": ({"wrapped_keys": _SAME_CONTEXT.wrapped_keys + HEADER.wrapped_keys}, errors.TamperedError),
    "commitment": ({"commitment": _OTHER.commitment}, errors.TamperedError),
    "no commitment": ({"commitment": bytes(32)}, errors.TamperedError),
}
_EDITS = pytest.mark.parametrize(("changes", "kind"), _FIELDS.values(), ids=_FIELDS)


@_EDITS
def test_fields(changes: dict[str, Any], kind: Kind) -> None:
    """A field that is written anew, with commitment and tag by a data key of the forger's, is refused."""
    _refused(forged_header(HEADER, SECRET[::-1], **changes) + b"".join(PARTS), kind=kind)


@_EDITS
def test_fields_with_the_old_tag(changes: dict[str, Any], kind: Kind) -> None:
    """A field that is written anew, with the commitment that it needs and the old tag, is refused."""
    _refused(forged_header(HEADER, SECRET, **changes)[:-16] + HEADER.tag + b"".join(PARTS), kind=kind)


def test_all_by_another_data_key() -> None:
    """A header that is sound in itself, but made with a data key that is not the wrapped one, is refused."""
    _refused(forged_header(HEADER, SECRET[::-1]) + b"".join(PARTS))


@pytest.mark.parametrize(
    "suite", [suite for suite in SUITES.values() if suite != COMMIT_KEY], ids=lambda s: s.name
)
def test_other_suites(suite: Any) -> None:
    """Another suite in the header is refused, also where it stands there with the version it belongs to."""
    number = suite.id.to_bytes(2, "big")
    _refused(b"\2" + number + MESSAGE[3:])
    old = b"\1\x80" + number + MESSAGE[19:]
    assert _read(old)[0] == b""
    assert _read(old)[1] in (errors.TamperedError, errors.DowngradeError)


def test_plaintext_in_its_place() -> None:
    """The plaintext, or nothing, in the place of the message is a downgrade and not a fault of the bytes."""
    for plain in (b"", b"plain", PLAIN, bytes(1000)):
        assert _read(plain) == (b"", errors.DowngradeError)


# ------------------------------------------------------------------------------------------ the frames


def test_every_bit_of_the_frames() -> None:
    """Each byte of each frame, with one of its bits flipped, spoils its own frame and no other."""
    for number, part in enumerate(PARTS, 1):
        start = LAYOUT.offset(number)
        for at in range(len(part)):
            _refused(_flip(MESSAGE, 8 * (start + at) + at % 8), {number})


def test_every_length() -> None:
    """A message that ends early, at each of its lengths, is refused; no frame but complete ones is read."""
    for length in range(len(MESSAGE)):
        cut = MESSAGE[:length]
        out, error = _read(cut)
        assert error is (errors.DowngradeError if length < 3 else errors.TamperedError)
        assert out == PLAIN[: len(out)]
        assert len(out) <= LAYOUT.plain_before(length)
        for number in range(1, LAYOUT.frames + 1):
            out, _ = _read(cut, number)
            assert out in (b"", PLAIN[(number - 1) * FRAME : number * FRAME])
            assert not out or LAYOUT.offset(number + 1) <= length


@pytest.mark.parametrize(
    "more",
    [b"\0", b"x" * 31, b"x" * 43, b"x" * 44, PARTS[0], PARTS[-1], HEAD, MESSAGE],
    ids=["1", "31", "43", "44", "first-frame", "final-frame", "header", "message"],
)
def test_trailing_bytes(more: bytes) -> None:
    """Whatever stands behind the end is refused, also where the length would be that of a message."""
    out, error = _read(MESSAGE + more)
    assert error is errors.TamperedError
    assert out == PLAIN[: len(out)]
    assert len(out) < len(PLAIN)
    out, error = _read(MESSAGE + more, LAYOUT.frames)
    assert (out, error) == (b"", errors.TamperedError)


@pytest.mark.parametrize("number", range(1, 5))
def test_dropped_and_doubled(number: int) -> None:
    """A frame that is missing or there twice is refused, and so is everything behind it."""
    at = number - 1
    behind = range(number, 1000)
    dropped = HEAD + b"".join(PARTS[:at] + PARTS[number:])
    doubled = HEAD + b"".join(PARTS[:number] + PARTS[at:])
    for message in (dropped, doubled):
        out, error = _read(message)
        assert error is errors.TamperedError
        assert PLAIN.startswith(out)
        for frame in range(1, 6):
            out, error = _read(message, frame)
            if error is None:
                assert frame not in behind or (message is doubled and frame == number)
                assert out == PLAIN[(frame - 1) * FRAME : frame * FRAME]
            else:
                assert (out, error) == (b"", errors.TamperedError)


@pytest.mark.parametrize(("one", "other"), [(1, 2), (1, 3), (2, 3)])
def test_swapped(one: int, other: int) -> None:
    """Two frames that have changed places are both refused, with their numbers rewritten as well."""
    parts = list(PARTS)
    parts[one - 1], parts[other - 1] = parts[other - 1], parts[one - 1]
    _refused(HEAD + b"".join(parts), {one, other})
    for number in (one, other):
        label = number.to_bytes(4, "big")
        parts[number - 1] = label + bytes(8) + label + parts[number - 1][16:]
    _refused(HEAD + b"".join(parts), {one, other})


@pytest.mark.parametrize("number", range(1, 5))
def test_of_another_message(number: int) -> None:
    """A frame of another message is refused, though it has the same data key, number and length."""
    other_plain = PLAIN[::-1]
    _, others = split(seal(other_plain, data_key=DATA_KEY))
    parts = list(PARTS)
    parts[number - 1] = others[number - 1]
    _refused(HEAD + b"".join(parts), {number})
    _refused(HEAD + b"".join(others))


# --------------------------------------------------------------------------------------------- the end


def _as_final(part: bytes) -> bytes:
    return b"\xff" * 4 + part[:16] + (len(part) - 32).to_bytes(4, "big") + part[16:]


def _as_regular(part: bytes) -> bytes:
    return part[4:20] + part[24:]


@pytest.mark.parametrize("kept", [1, 2, 3])
def test_shortened(kept: int) -> None:
    """A message that lost whole frames does not end with a frame that is called the final one now."""
    shortened = HEAD + b"".join(PARTS[: kept - 1]) + _as_final(PARTS[kept - 1])
    assert Layout.of_message(HEADER.length, FRAME, len(shortened)).frames == kept
    _refused(shortened, range(kept, 1000))
    end = b"\xff" * 4 + kept.to_bytes(4, "big") + bytes(8) + kept.to_bytes(4, "big") + PARTS[-1][20:]
    _refused(HEAD + b"".join(PARTS[: kept - 1]) + end, range(kept, 1000))


def test_final_made_regular() -> None:
    """A final frame that is called a regular one, with or without an end behind it, is refused."""
    plain = content(3 * FRAME)
    message = seal(plain, data_key=DATA_KEY)
    head, parts = split(message)
    regular = head + b"".join(parts[:2]) + _as_regular(parts[2])
    for changed in (regular, regular + _as_final(parts[2][:4] + bytes(12) + bytes(16))):
        out, error = _read(changed)
        assert error is errors.TamperedError
        assert plain.startswith(out)
        assert _read(changed, 3) == (b"", errors.TamperedError)


@pytest.mark.parametrize("size", [0, 1, 20, 22, FRAME, FRAME + 1, 2**31, 2**32 - 1])
def test_length_of_the_final_frame(size: int) -> None:
    """A final frame that says another length than it has is refused, be it absurd."""
    end = PARTS[-1]
    _refused(MESSAGE[: -len(end)] + end[:20] + size.to_bytes(4, "big") + end[24:], {4})


def test_end_of_an_empty_message() -> None:
    """A message cannot be emptied: the final frame of an empty one of the same data key does not fit."""
    _, (end,) = split(seal(b"", data_key=DATA_KEY))
    assert _read(HEAD + end) == (b"", errors.TamperedError)
    forged = replace(HEADER, body=HEADER.body).raw + _as_final(PARTS[0])[:24] + bytes(16)
    assert _read(forged) == (b"", errors.TamperedError)
