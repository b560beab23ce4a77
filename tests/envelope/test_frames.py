"""One frame: it opens as what it is, where it is, under its key, and in no other way."""

from __future__ import annotations

import copy
import pickle
import struct
from collections.abc import Callable

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from secure_s3 import errors
from secure_s3.envelope.frames import MessageKey
from secure_s3.envelope.layout import FINAL_OVERHEAD, FRAME_OVERHEAD
from secure_s3.envelope.suites import COMMIT_KEY, SUITES, Suite
from tests.envelope.support import content, fixed_data_key, forged_header, header_of, seal

SECRET = bytes(range(100, 132))
ID = bytes(range(32))
KEY = MessageKey(bytes(32), ID)
NUMBERS = st.integers(1, 2**32 - 2)


def _seal(number: int, plain: bytes, *, final: bool, key: MessageKey = KEY) -> bytes:
    out = memoryview(bytearray(len(plain) + FINAL_OVERHEAD))
    return bytes(out[: key.seal(number, memoryview(plain), out, final=final)])


def _open(number: int, frame: bytes, *, final: bool, key: MessageKey = KEY) -> bytes:
    out = memoryview(bytearray(len(frame)))
    return bytes(out[: key.open(number, memoryview(frame), out, final=final)])


@given(NUMBERS, st.binary(max_size=200), st.booleans())
def test_round_trip(number: int, plain: bytes, final: bool) -> None:
    """A frame is as long as the format says, begins as it says, and opens to what was sealed."""
    frame = _seal(number, plain, final=final)
    iv = bytes(8) + struct.pack(">I", number)
    start = struct.pack(">I", number) + iv
    if final:
        start = b"\xff" * 4 + start + struct.pack(">I", len(plain))
    assert frame.startswith(start)
    assert len(frame) == len(plain) + (FINAL_OVERHEAD if final else FRAME_OVERHEAD)
    assert _open(number, frame, final=final) == plain


@given(NUMBERS, NUMBERS, st.binary(max_size=50), st.booleans())
def test_at_another_place(number: int, other: int, plain: bytes, final: bool) -> None:
    """A frame does not open under another number, nor with its number rewritten."""
    frame = _seal(number, plain, final=final)
    if other == number:
        other = number + 1
    with pytest.raises(errors.TamperedError):
        _open(other, frame, final=final)
    rewritten = frame.replace(struct.pack(">I", number), struct.pack(">I", other), 2)
    with pytest.raises(errors.TamperedError):
        _open(other, rewritten, final=final)


@pytest.mark.parametrize("final", [True, False])
def test_not_the_end(final: bool) -> None:
    """The end does not open as a frame in the middle, nor the other way round, relabelled or not."""
    plain, number = content(40), 7
    frame = _seal(number, plain, final=final)
    if final:
        relabelled = frame[4:20] + frame[24:]
    else:
        relabelled = b"\xff" * 4 + frame[:16] + struct.pack(">I", len(plain)) + frame[16:]
    for attempt in (frame, relabelled):
        with pytest.raises(errors.TamperedError):
            _open(number, attempt, final=not final)


@pytest.mark.parametrize("final", [True, False])
@pytest.mark.parametrize(
    "key", [MessageKey(b"\1" * 32, ID), MessageKey(bytes(32), ID[::-1])], ids=["key", "message-id"]
)
def test_of_another_message(key: MessageKey, final: bool) -> None:
    """A frame does not open in another message, also where both have one key."""
    frame = _seal(1, content(40), final=final)
    with pytest.raises(errors.TamperedError):
        _open(1, frame, final=final, key=key)


@pytest.mark.parametrize("final", [True, False])
def test_every_bit(final: bool) -> None:
    """Each single bit of a frame is guarded, and nothing is left in the buffer when one has changed."""
    frame = _seal(5, content(21), final=final)
    for bit in range(8 * len(frame)):
        changed = bytearray(frame)
        changed[bit // 8] ^= 1 << bit % 8
        out = memoryview(bytearray(len(frame)))
        with pytest.raises(errors.TamperedError) as caught:
            KEY.open(5, memoryview(changed), out, final=final)
        assert bytes(out) == bytes(len(frame))
        assert not isinstance(caught.value.__context__, InvalidTag) or caught.value.__suppress_context__


@pytest.mark.parametrize("final", [True, False])
def test_cut_and_extended(final: bool) -> None:
    """A frame that has lost or won a byte does not open."""
    frame = _seal(5, content(21), final=final)
    for attempt in (frame[:-1], frame + b"\0", frame[: len(frame) - 21]):
        with pytest.raises(errors.TamperedError):
            _open(5, attempt, final=final)


# ---------------------------------------------------------------------------------------- the message key


def test_key_of_a_genuine_header() -> None:
    """The data key of a message gives the key that opens its frames."""
    message = seal(b"content", data_key=fixed_data_key(SECRET))
    header = header_of(message)
    key = MessageKey.of(header, SECRET)
    assert _open(1, message[header.length :], final=True, key=key) == b"content"


@pytest.mark.parametrize("length", [0, 16, 24, 31, 33, 64])
def test_data_key_of_another_length(length: int) -> None:
    """A data key of another length is a fault of who gave it, not of the object."""
    header = header_of(seal(b"x", data_key=fixed_data_key(SECRET)))
    with pytest.raises(errors.KeyAccessError, match=f"{length} bytes instead of 32"):
        MessageKey.of(header, bytes(length))


@given(st.binary(min_size=32, max_size=32).filter(lambda secret: secret != SECRET))
def test_another_data_key(secret: bytes) -> None:
    """Under any other data key the commitment does not hold, before anything is decrypted."""
    header = header_of(seal(b"x", data_key=fixed_data_key(SECRET), message_id=ID))
    with pytest.raises(errors.TamperedError, match="commitment"):
        MessageKey.of(header, secret)


@pytest.mark.parametrize(
    ("secret", "commitment", "why"),
    [
        (bytes(32), None, "commitment"),
        (SECRET, bytes(32), "commitment"),
        (bytes(32), COMMIT_KEY.derive(SECRET, ID)[1], "authentication"),
    ],
    ids=["all-by-another-key", "no-commitment", "tag-by-another-key"],
)
def test_forged_headers(secret: bytes, commitment: bytes | None, why: str) -> None:
    """Commitment and tag have to be made with the data key, each of them."""
    genuine = header_of(seal(b"x", data_key=fixed_data_key(SECRET), message_id=ID))
    changes = {} if commitment is None else {"commitment": commitment}
    with pytest.raises(errors.TamperedError, match=why):
        MessageKey.of(header_of(forged_header(genuine, secret, **changes)), SECRET)


@pytest.mark.parametrize(
    "use",
    [
        pickle.dumps,
        copy.copy,
        copy.deepcopy,
        lambda key: pickle.dumps(key, 0),
        lambda key: pickle.dumps({"key": key}),
    ],
    ids=["pickle", "copy", "deepcopy", "protocol-0", "nested"],
)
def test_key_is_not_pickled(use: Callable[[MessageKey], object]) -> None:
    """The key of a message is not written anywhere."""
    with pytest.raises(TypeError):
        use(KEY)


def test_key_is_not_printed() -> None:
    """What a key prints as says nothing, and it has no attribute with the bytes in it."""
    secret = b"\xaa\xbb\xcc\xdd" * 8
    key = MessageKey(secret, ID)
    assert not hasattr(key, "__dict__")
    for text in (repr(key), str(key), *(repr(getattr(key, name)) for name in key.__slots__)):
        assert secret.hex()[:8] not in text
        assert "\\xaa\\xbb" not in text


@pytest.mark.parametrize("suite", SUITES.values(), ids=lambda suite: suite.name)
def test_derivation(suite: Suite) -> None:
    """Each suite derives a key of its length, bound to message and suite, and commits where it says so."""
    secret = content(suite.data_key_bytes)
    first, second = (suite.derive(secret, bytes([tail]) * suite.message_id_bytes) for tail in (1, 2))
    assert len(first[0]) == suite.key_bytes
    assert (first[0] != second[0]) == (suite.kdf is not None)
    assert len(first[1]) == len(second[1]) == (32 if suite.committing else 0)
    assert first[1] != first[0]
