"""Signed messages, as the AWS Encryption SDK writes them: every byte is under the signature."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from secure_s3 import errors
from secure_s3.envelope.header import PUBLIC_KEY, header_body
from secure_s3.envelope.signature import signed_bytes, verify_signature
from tests.envelope import sdk
from tests.envelope.support import CONTEXT, content, header_of, open_all, unlock

PLAIN = content(300)
MESSAGE = sdk.encrypt(PLAIN, sdk.SIGNED)
OTHER = sdk.encrypt(PLAIN[::-1], sdk.SIGNED)
HEADER = header_of(MESSAGE)
END = verify_signature(io.BytesIO(MESSAGE), HEADER)
FOOTER = MESSAGE[END:]
OLD = [0x0214, 0x0346, 0x0378]


def _verify(message: bytes) -> int:
    """Header and signature alone, without any key."""
    return verify_signature(io.BytesIO(message), header_of(message))


def _refused(message: bytes) -> None:
    """The message does not get past its signature, whoever has the key to it."""
    with pytest.raises((errors.TamperedError, errors.DowngradeError)):
        _verify(message)


def test_every_byte() -> None:
    """Each byte of header, frames and footer, with a bit flipped, is refused before any key is needed."""
    for at in range(len(MESSAGE)):
        changed = bytearray(MESSAGE)
        changed[at] ^= 1 << at % 8
        _refused(bytes(changed))


def test_every_length() -> None:
    """A signed message that ends early, at each of its lengths, is refused."""
    for length in range(len(MESSAGE)):
        _refused(MESSAGE[:length])


@pytest.mark.parametrize(
    "footer",
    [
        b"",
        FOOTER[:1],
        FOOTER[:2],
        b"\0\0",
        FOOTER[:-1],
        FOOTER + b"\0",
        FOOTER + FOOTER,
        OTHER[_verify(OTHER) :],
        b"\xff\xff" + bytes(65535),
        b"\0\x08" + bytes.fromhex("3006020100020100"),
        b"\0\x08" + bytes.fromhex("3006020101020101"),
    ],
    ids=["none", "half", "length", "empty", "cut", "more", "twice", "other", "absurd", "zeros", "ones"],
)
def test_footers(footer: bytes) -> None:
    """A footer that is missing, cut, doubled, empty, or of another message of the same writer, is refused."""
    with pytest.raises(errors.TamperedError):
        _verify(MESSAGE[:END] + footer)


def test_no_footer_for_the_frames() -> None:
    """The frames of a signed message are sound, and still it is not opened without its footer."""
    opening = unlock(MESSAGE)
    assert opening.message == MESSAGE[:END]
    assert opening.reader(1, opening.layout.frames).read() == PLAIN
    with pytest.raises(errors.TamperedError):
        open_all(MESSAGE[:END])


def test_frames_of_another_message() -> None:
    """The frames of another message of the same writer do not fit the signature."""
    _refused(MESSAGE[: HEADER.length] + OTHER[header_of(OTHER).length :])
    _refused(OTHER[: header_of(OTHER).length] + MESSAGE[HEADER.length :])


@pytest.mark.parametrize("frame", [0, 1, 2])
def test_dropped_frames(frame: int) -> None:
    """A frame that is missing or doubled does not fit the signature."""
    opening = unlock(MESSAGE)
    start, end = opening.layout.offset(frame + 1), opening.layout.offset(frame + 2)
    _refused(MESSAGE[:start] + MESSAGE[end:])
    _refused(MESSAGE[:end] + MESSAGE[start:])


@pytest.mark.parametrize(
    "public_key",
    ["", "AA==", "A" * 68, "no base64 !", "AAAA\n", "é", header_of(OTHER).context[PUBLIC_KEY]],
    ids=["empty", "infinity", "no-point", "no-base64", "newline", "no-ascii", "other"],
)
def test_public_keys(public_key: str) -> None:
    """Another public key, or what is none, is refused: the header under the signature has changed."""
    context = {**CONTEXT, PUBLIC_KEY: public_key}
    body = header_body(
        HEADER.suite, HEADER.message_id, context, HEADER.wrapped_keys, HEADER.frame_bytes, HEADER.commitment
    )
    with pytest.raises(errors.TamperedError):
        _verify(body + HEADER.tag + MESSAGE[HEADER.length :])


def test_absurd_final_frame() -> None:
    """A final frame that says it has more than a frame's bytes is refused before they are read."""
    final = MESSAGE.index(b"\xff\xff\xff\xff", HEADER.length)
    changed = MESSAGE[: final + 20] + b"\xff\xff\xff\xff" + MESSAGE[final + 24 :]
    with pytest.raises(errors.TamperedError, match="4294967295"):
        _verify(changed)


@pytest.mark.parametrize("suite", OLD, ids=["p256", "p384-192", "p384-256"])
def test_old_suites(suite: int) -> None:
    """The signatures of the old suites are verified as well, over every tenth byte."""
    message = sdk.encrypt(PLAIN, suite)
    assert _verify(message) < len(message)
    for at in range(0, len(message), 10):
        changed = bytearray(message)
        changed[at] ^= 0x10
        _refused(bytes(changed))
    _refused(message[:-1])
    _refused(message + b"\0")


def test_unsigned_in_its_place() -> None:
    """A signed message cannot lose its signature: the suite is in the header, and so is the public key."""
    unsigned = MESSAGE[:1] + b"\x04\x78" + MESSAGE[3:END]
    with pytest.raises(errors.TamperedError, match="suite"):
        header_of(unsigned)


# ------------------------------------------------------------------- the length without the whole message


def _reading(message: bytes) -> Callable[[int, int], bytes]:
    return lambda start, end: message[start:end]


@pytest.mark.parametrize("frame", [128, 384, 4096])
def test_length_from_the_end(frame: int) -> None:
    """A look at the end finds where the footer begins, for every size around the boundaries of frames."""
    for size in (0, 1, frame - 1, frame, frame + 1, 3 * frame - 1, 3 * frame, 3 * frame + 1):
        message = sdk.encrypt(content(size), sdk.SIGNED, frame)
        header = header_of(message)
        assert signed_bytes(header, len(message), _reading(message)) == _verify(message)


@pytest.mark.parametrize("total", [0, HEADER.length, HEADER.length + 41, END - 1, END, len(MESSAGE) + 2000])
def test_length_from_another_end(total: int) -> None:
    """Where no final frame is in front of the end, no length is made up."""
    with pytest.raises(errors.TamperedError):
        signed_bytes(HEADER, total, _reading(MESSAGE + bytes(2000)))


def test_length_of_an_unsigned_message() -> None:
    """Frames whose end does not say that it is the end give no length."""
    opening = unlock(MESSAGE)
    cut = MESSAGE[: opening.layout.offset(opening.layout.frames)]
    for more in (b"", FOOTER, MESSAGE[HEADER.length :]):
        with pytest.raises(errors.TamperedError):
            signed_bytes(HEADER, len(cut + more), _reading(cut + more))
