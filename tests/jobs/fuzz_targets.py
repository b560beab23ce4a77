"""What ``fuzz_envelope`` runs on each input, and how it makes the next one."""

from __future__ import annotations

import base64
import io
import json
import random
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import atheris
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from secure_s3 import limits
from secure_s3.envelope import signature
from secure_s3.envelope.describe import describe
from secure_s3.envelope.frames import FINAL, MessageKey
from secure_s3.envelope.header import Header, Read, parse_context, read_header, serialise_context
from secure_s3.envelope.layout import FINAL_OVERHEAD, FRAME_OVERHEAD, Layout
from secure_s3.envelope.reader import FrameOpener, OpeningReader
from secure_s3.errors import SecureS3Error
from tests.envelope.test_vectors import NEGATIVE, NO_KMS, POSITIVE, VECTORS, key_of, opened


@dataclass(frozen=True)
class Truth:
    """A genuine message: what is in it, under which data key, and its length without a footer."""

    message: bytes
    plain: bytes
    data_key: bytes
    end: int


def _truths() -> Iterator[tuple[bytes, Truth]]:
    for name in NEGATIVE:
        vector = VECTORS[name]
        message, plain = base64.b64decode(vector["message"]), base64.b64decode(vector["plaintext"]["base64"])
        with suppress(SecureS3Error):
            header = read_header(io.BytesIO(message).read)
            secret = key_of(vector).data_key(header.wrapped_keys, header.context, header.suite, NO_KMS)
            signed = name.startswith("bad-esdk") and header.suite.curve is not None
            end = signature.verify_signature(io.BytesIO(message), header) if signed else 0
            yield header.message_id, Truth(message, plain, secret.reveal(), end)
    for name in POSITIVE:
        vector = VECTORS[name]
        message, key = base64.b64decode(vector["message"]), key_of(vector)
        header = read_header(io.BytesIO(message).read)
        secret = key.data_key(header.wrapped_keys, header.context, header.suite, NO_KMS).reveal()
        signed = header.suite.curve is not None
        end = signature.verify_signature(io.BytesIO(message), header) if signed else len(message)
        yield header.message_id, Truth(message, b"".join(opened(message, key)), secret, end)


TRUTHS = dict(_truths())
RAW_KEY = key_of(VECTORS[POSITIVE[0]])
GENUINE = frozenset(truth.message[: truth.end] for truth in TRUTHS.values() if truth.end)
UNKNOWN = Truth(b"", b"", bytes(32), 0)
METADATA = ("x-amz-key", "x-amz-key-v2", "x-amz-3", "x-amz-c", "x-amz-d", "x-amz-i", "x-amz-w", "x-amz-t")
METADATA += ("x-amz-m", "x-amz-matdesc", "x-amz-cek-alg", "x-amz-wrap-alg")
METADATA += ("x-amz-unencrypted-content-length",)


def contexts() -> list[bytes]:
    """Genuine serialised contexts."""
    return [serialise_context(read_header(io.BytesIO(t.message).read).context) for t in TRUTHS.values()]


def short_reads(data: bytes, most: int) -> Read:
    """A source that gives at most so many bytes at once."""
    source = io.BytesIO(data)
    return lambda size: source.read(min(size, most) if most else size)


# -- the targets ---------------------------------------------------------------------------------------


def fuzz_header(data: bytes, one: int, two: int) -> None:
    """What is read is what stands there, and not a byte more is taken."""
    source = io.BytesIO(data)
    header = read_header(source.read)
    assert header.raw == data[: header.length]
    assert source.tell() == header.length
    assert 1 <= len(header.wrapped_keys) <= limits.MAX_DATA_KEYS
    assert 1 <= header.frame_bytes <= limits.MAX_FRAME_BYTES
    assert read_header(short_reads(data, 1 + one)) == header


def fuzz_context(data: bytes, one: int, two: int) -> None:
    """A context that was read is written and read again as the same."""
    context = parse_context(data)
    assert parse_context(serialise_context(context)) == context
    assert len(context) == int.from_bytes(data[:2], "big")


def fuzz_layout(data: bytes, one: int, two: int) -> None:
    """A layout adds up to the length it was made from, and its parts stand in order."""
    header, frame, size, start, length = struct.unpack_from(">IIQQI", data.ljust(28, b"\0"))
    layout = Layout.of_message(header, 1 + frame % (1 << 24), size >> (one % 64))
    assert layout.message_bytes == size >> (one % 64)
    assert 0 <= layout.last_bytes <= layout.frame_bytes
    assert layout.offset(1) == header
    assert layout.offset(layout.frames + 1) == layout.message_bytes
    start = min(start >> (two % 64), layout.plain_bytes)
    end = min(start + length, layout.plain_bytes)
    first, last = layout.frames_of(start, end)
    assert 1 <= first <= last <= layout.frames
    assert layout.plain_offset(first) <= start
    assert end <= layout.plain_offset(last + 1)
    assert layout.plain_before(layout.offset(last)) == layout.plain_offset(last)


def fuzz_open(data: bytes, one: int, two: int) -> None:
    """What comes out is the start of the true plaintext, and all of it if nobody complains."""
    header, key = _genuine(data, raw=bool(two & 1))
    truth = TRUTHS.get(header.message_id, UNKNOWN)
    layout = Layout.of_message(header.length, header.frame_bytes, len(data))
    rng, first = random.Random(one), 1
    if two & 2:
        first = 1 + one % layout.frames
    at, out = layout.plain_offset(first), b""
    opener, place = FrameOpener(key, layout, first, layout.frames), layout.offset(first)
    while place < len(data):
        size = opener.good_piece if two & 4 else rng.choice((1, 2, 31, 200, 5000))
        out += opener.feed(memoryview(data)[place : place + size])
        place += size
        assert truth.plain[at : at + len(out)] == out, "something else than the plaintext was released"
    opener.finish()
    assert layout.plain_bytes == len(truth.plain)
    assert truth.plain[at:] == out, "it is not the whole plaintext"
    frames = b"".join(_frames(key, layout, truth.plain, first))
    assert frames == data[layout.offset(first) :], "two messages mean the same"


def _frames(key: MessageKey, layout: Layout, plain: bytes, first: int) -> Iterator[bytes]:
    """The only frames that this plaintext can have, from one on."""
    room = memoryview(bytearray(min(layout.frame_bytes, len(plain)) + FINAL_OVERHEAD))
    for number in range(first, layout.frames + 1):
        piece = plain[layout.plain_offset(number) : layout.plain_offset(number + 1)]
        yield bytes(room[: key.seal(number, memoryview(piece), room, final=number == layout.frames)])


def fuzz_range(data: bytes, one: int, two: int) -> None:
    """A range that is read is that range of the true plaintext."""
    header, key = _genuine(data, raw=False)
    truth = TRUTHS.get(header.message_id, UNKNOWN)
    layout = Layout.of_message(header.length, header.frame_bytes, len(data))
    start = one * layout.plain_bytes // 256
    end = min(layout.plain_bytes, start + 1 + two * layout.plain_bytes // 256)
    first, last = layout.frames_of(start, end)
    source = short_reads(data[layout.offset(first) : layout.offset(last + 1)], 1 + two)
    opener, skip = FrameOpener(key, layout, first, last), start - layout.plain_offset(first)
    with OpeningReader(source, opener, skip=skip, size=end - start, close=int) as reader:
        out, more = b"", b"-"
        while more:
            out += (more := reader.read(1 + one))
            assert truth.plain[start : start + len(out)] == out, "something else was released"
    assert len(out) == end - start


def fuzz_signature(data: bytes, one: int, two: int) -> None:
    """A signature holds only for what was signed."""
    header = read_header(io.BytesIO(data).read)
    if header.suite.curve is None:
        return
    end = signature.verify_signature(io.BytesIO(data), header)
    truth = TRUTHS.get(header.message_id, UNKNOWN)
    assert truth.end
    assert data[:end] == truth.message[: truth.end], "a message that nobody signed"


def fuzz_describe(data: bytes, one: int, two: int) -> None:
    """A description is made of anything, raises nothing, and is written as JSON."""
    names: dict[str, str] = {}
    if two & 1:
        texts = iter(data.decode("utf-8", "replace").split("\n"))
        names = {name: next(texts, "") for number, name in enumerate(METADATA) if not (one >> number % 8) & 1}
    try:
        found = describe(short_reads(data, 1 + one), None if two & 2 else len(data), names)
    except SecureS3Error as error:
        raise AssertionError("describe() raised") from error
    json.dumps(found.to_dict())


TARGETS: tuple[Callable[[bytes, int, int], None], ...] = (
    fuzz_header, fuzz_context, fuzz_layout, fuzz_open, fuzz_range, fuzz_signature, fuzz_describe,
)  # fmt: skip


def one_input(data: bytes) -> None:
    """Run one target; errors of ours are what it should give, everything else is a finding."""
    if len(data) < 3:
        return
    target = TARGETS[data[0] % len(TARGETS)]
    try:
        target(data[3:], data[1], data[2])
    except SecureS3Error as error:
        if data[3:] in GENUINE and target in (fuzz_header, fuzz_open, fuzz_range):
            raise AssertionError("a genuine message was refused") from error
        if not (error.what and error.why):
            raise AssertionError("an error that does not say why") from error


def _genuine(data: bytes, *, raw: bool) -> tuple[Header, MessageKey]:
    """Header and key, once the header is authenticated; with the raw key, or with the message's data key."""
    header = read_header(io.BytesIO(data).read)
    if raw:
        secret = RAW_KEY.data_key(header.wrapped_keys, header.context, header.suite, NO_KMS).reveal()
    else:
        secret = TRUTHS.get(header.message_id, UNKNOWN).data_key
    key = MessageKey.of(header, secret)
    derived, commitment = header.suite.derive(secret, header.message_id)
    assert header.commitment == commitment, "another data key"
    assert AESGCM(derived).encrypt(header.iv, b"", header.body) == header.tag, "a header that nobody wrote"
    return header, key


# -- mutations that know the format --------------------------------------------------------------------


def mutated(data: bytes, max_size: int, seed: int) -> bytes:
    """The next input: mutated as bytes, or as a message."""
    rng = random.Random(seed)
    if len(data) > 5 and data[0] % len(TARGETS) == TARGETS.index(fuzz_context) and rng.random() < 0.3:
        return (data[:3] + _move_pairs(data[3:], rng))[:max_size]
    if len(data) > 3 and rng.random() < 0.5:
        try:
            header = read_header(io.BytesIO(data[3:]).read)
        except SecureS3Error:
            pass
        else:
            changes = (_nothing, _edit_header, _edit_header, _move_frames, _seal_again, _mutate_body)
            message = rng.choice(changes)(data[3:], header, rng)
            return (data[:1] + rng.randbytes(2) + message)[:max_size]
    return atheris.Mutate(data, max_size)


def _move_pairs(context: bytes, rng: random.Random) -> bytes:
    """Pairs of a context doubled, dropped or swapped, with a number of them that fits or does not."""
    source, pieces = io.BytesIO(context[2:]), []
    while length := source.read(2):
        pieces.append(length + source.read(int.from_bytes(length, "big")))
    pairs = [b"".join(pieces[at : at + 2]) for at in range(0, len(pieces), 2)] or [bytes(4)]
    one, two = rng.randrange(len(pairs)), rng.randrange(len(pairs))
    pairs[one : one + 1] = rng.choice(([], [pairs[one]] * 2, [pairs[two], pairs[one]], [pairs[two]]))
    count = len(pairs) if rng.random() < 0.9 else rng.randrange(5)
    return count.to_bytes(2, "big") + b"".join(pairs)


def _nothing(message: bytes, header: Header, rng: random.Random) -> bytes:
    """The same message, to be read in another way."""
    return message


def _edit_header(message: bytes, header: Header, rng: random.Random) -> bytes:
    """Some bytes of the header, which is then authenticated again by somebody who has the data key."""
    at = rng.randrange(len(header.body))
    piece = bytearray(atheris.Mutate(header.body[at : at + 8], 16))
    body = header.body[:at] + bytes(piece) + header.body[at + 8 :]
    return _authenticated(body, message[header.length :], header, commit=rng.random() < 0.8)


def _authenticated(body: bytes, rest: bytes, header: Header, *, commit: bool = True) -> bytes:
    """With the tag, and with *commit* the commitment, that belong to the body; as it is if it is none."""
    try:
        new = read_header(io.BytesIO(body + bytes(64)).read)
    except SecureS3Error:
        return body + header.raw[len(header.body) :] + rest
    truth = TRUTHS.get(new.message_id, UNKNOWN)
    secret, commitment = new.suite.derive(truth.data_key[: new.suite.data_key_bytes], new.message_id)
    body = new.body[: len(new.body) - len(commitment)] + commitment if commit else new.body
    tag = MessageKey(secret, new.message_id).header_tag(body)
    return replace(new, body=body, tag=tag, iv=bytes(12)).raw + rest


def _move_frames(message: bytes, header: Header, rng: random.Random) -> bytes:
    """Frames dropped, doubled, swapped, cut, or taken from another message."""
    wire, body = header.frame_bytes + FRAME_OVERHEAD, message[header.length :]
    frames = [body[at : at + wire] for at in range(0, min(len(body), 64 * wire), wire)] or [b""]
    one, two = rng.randrange(len(frames)), rng.randrange(len(frames))
    kind = rng.randrange(5)
    if kind == 0:
        del frames[one]
    elif kind == 1:
        frames.insert(one, frames[two])
    elif kind == 2:
        frames[one], frames[two] = frames[two], frames[one]
    elif kind == 3:
        frames[one] = frames[one][: rng.randrange(len(frames[one]) + 1)]
    else:
        other = rng.choice([*TRUTHS.values()]).message
        frames[one] = other[len(other) // 2 :][: len(frames[one])]
    return message[: header.length] + b"".join(frames)


def _seal_again(message: bytes, header: Header, rng: random.Random) -> bytes:
    """The true plaintext in frames of another length, now and then without an end; a footer is lost."""
    truth = TRUTHS.get(header.message_id, UNKNOWN)
    if header.suite.version != 2 or not truth.message:
        return message
    size = rng.choice((1, 7, 31, 32, 39, 40, 64, 255, 256, 1000, 5000))
    size = max(size, len(truth.plain) // 64 + 1)
    at = len(header.body) - 36
    head = _authenticated(header.body[:at] + struct.pack(">I", size) + header.body[at + 4 :], b"", header)
    key = MessageKey.of(read_header(io.BytesIO(head).read), truth.data_key)
    pieces = [truth.plain[place : place + size] for place in range(0, len(truth.plain), size)] or [b""]
    if len(pieces[-1]) == size and rng.random() < 0.5:
        pieces.append(b"")  # a writer may end with an empty final frame
    last = len(pieces) if rng.random() < 0.8 else 0  # an end in between would be another genuine message
    out = [head]
    for number, piece in enumerate(pieces, 1):
        room = memoryview(bytearray(len(piece) + 40))
        used = key.seal(number, memoryview(piece), room, final=number == last)
        out.append(bytes(room[:used]))
    return b"".join(out)


def _mutate_body(message: bytes, header: Header, rng: random.Random) -> bytes:
    """Bytes behind the header only."""
    body: Any = atheris.Mutate(message[header.length :] or struct.pack(">I", FINAL), 4096)
    return message[: header.length] + bytes(body)
