"""The header: what it says and nothing else, within bounds, whatever stands there."""

from __future__ import annotations

import contextlib
import io
import os
import struct
from collections.abc import Callable
from typing import Any

import pytest
from aws_encryption_sdk.internal.formatting.encryption_context import serialize_encryption_context
from hypothesis import given
from hypothesis import strategies as st

from secure_s3 import errors, limits
from secure_s3.envelope.frames import MessageKey
from secure_s3.envelope.header import (
    PUBLIC_KEY,
    Header,
    WrappedKey,
    header_body,
    parse_context,
    read_header,
    serialise_context,
)
from secure_s3.envelope.suites import COMMIT_KEY, SUITES, Suite, require_committing
from tests.envelope.support import CONTEXT, header_of, seal

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
CONTEXTS = st.dictionaries(TEXT.filter(lambda name: name != PUBLIC_KEY), TEXT, max_size=6)
WRAPPED = st.builds(WrappedKey, TEXT, st.binary(max_size=90), st.binary(max_size=200))
GENUINE = seal(b"content" * 30, message_id=bytes(range(32)))
HEADER = header_of(GENUINE)
V1 = [suite for suite in SUITES.values() if suite.version == 1]


class Meter:
    """A reader that writes down what it was asked for."""

    def __init__(self, data: bytes, crumbs: int = 1 << 30) -> None:
        self._data, self._crumbs = io.BytesIO(data), crumbs
        self.asked = self.given = 0

    def read(self, size: int) -> bytes:
        assert size >= 0
        self.asked = max(self.asked, self.given + size)
        piece = self._data.read(min(size, self._crumbs))
        self.given += len(piece)
        return piece


def _serialised(
    suite: Suite = COMMIT_KEY,
    context: bytes = b"",
    keys: bytes = b"\0\1" + b"\0\1p\0\1i\0\1c",
    content: int = 2,
    frame_bytes: int = 64,
    reserved: bytes = bytes(4) + b"\x0c",
) -> bytes:
    """A header of any suite, put together by hand."""
    head = b"\2" if suite.version == 2 else b"\1\x80"
    head += suite.id.to_bytes(2, "big") + bytes(suite.message_id_bytes)
    head += len(context).to_bytes(2, "big") + context + keys + bytes([content])
    head += (reserved if suite.version == 1 else b"") + frame_bytes.to_bytes(4, "big")
    return head + bytes(32 + 16 if suite.version == 2 else 12 + 16)


def _refused(data: bytes, *kinds: type[errors.SecureS3Error]) -> errors.SecureS3Error:
    meter = Meter(data)
    with pytest.raises(kinds) as caught:
        read_header(meter.read)
    assert type(caught.value) in kinds
    assert meter.asked <= limits.MAX_HEADER_BYTES
    return caught.value


# ------------------------------------------------------------------------------------- there and back


@given(
    st.binary(min_size=32, max_size=32),
    CONTEXTS,
    st.lists(WRAPPED, min_size=1, max_size=limits.MAX_DATA_KEYS),
    st.integers(1, limits.MAX_FRAME_BYTES),
    st.binary(min_size=32, max_size=32),
    st.integers(1, 50),
)
def test_round_trip(
    message_id: bytes,
    context: dict[str, str],
    keys: list[WrappedKey],
    frame_bytes: int,
    commitment: bytes,
    crumbs: int,
) -> None:
    """What was written is read back, from a source that gives crumbs; not a byte behind it is taken."""
    body = header_body(COMMIT_KEY, message_id, context, tuple(keys), frame_bytes, commitment)
    source = Meter(body + b"T" * 16 + b"frames", crumbs)
    header = read_header(source.read)
    expected = Header(COMMIT_KEY, message_id, context, tuple(keys), frame_bytes, commitment, body, b"T" * 16)
    assert header == expected
    assert (header.raw, header.length) == (body + b"T" * 16, len(body) + 16)
    assert source.asked == source.given == header.length


@pytest.mark.parametrize("suite", V1, ids=lambda suite: suite.name)
def test_version_1(suite: Suite) -> None:
    """Headers of version 1 are read with their IV, and are put together again as they were."""
    context = serialise_context({PUBLIC_KEY: "x"} if suite.curve else {"a": "b"})
    data = _serialised(suite, context)
    header = header_of(data + b"frames")
    assert (header.suite, header.raw, header.length) == (suite, data, len(data))
    assert (header.commitment, len(header.iv), len(header.tag)) == (b"", 12, 16)


def test_every_truncation() -> None:
    """A header that ends early is refused at each of its lengths; one of under three bytes is no message."""
    raw = HEADER.raw
    for length in range(len(raw)):
        _refused(raw[:length], errors.DowngradeError if length < 3 else errors.TamperedError)


@pytest.mark.parametrize("suite", V1, ids=lambda suite: suite.name)
def test_every_truncation_of_version_1(suite: Suite) -> None:
    """The same for each suite of version 1, whose suite is named one byte later."""
    raw = _serialised(suite, serialise_context({PUBLIC_KEY: "x"} if suite.curve else {}))
    for length in range(len(raw)):
        _refused(raw[:length], errors.DowngradeError if length < 4 else errors.TamperedError)


# -------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    "data",
    [b"", b"plaintext", b"\0", b"\3" + HEADER.raw[1:], b"{}", b"\x1f\x8b" + bytes(99), b"\1\x00\x01\x14"],
    ids=["empty", "text", "zero", "version-3", "json", "gzip", "type"],
)
def test_no_message(data: bytes) -> None:
    """What is not encrypted at all is a downgrade, with a hint at how it was written."""
    assert "encryption=" in _refused(data, errors.DowngradeError).fix


@pytest.mark.parametrize("number", [0, 1, 0x0073, 0x0079, 0x0477, 0x0479, 0x0678, 0x7804, 0xFFFF])
@pytest.mark.parametrize("start", [b"\2", b"\1\x80"], ids=["v2", "v1"])
def test_unknown_suites(number: int, start: bytes) -> None:
    """A suite that is not in the table is refused, those of the S3 Encryption Client included."""
    error = _refused(start + number.to_bytes(2, "big") + bytes(500), errors.DowngradeError)
    assert f"0x{number:04x}" in error.why


@pytest.mark.parametrize("suite", SUITES.values(), ids=lambda suite: suite.name)
def test_suite_of_the_other_version(suite: Suite) -> None:
    """A suite does not stand in a header of the other version."""
    start = b"\1\x80" if suite.version == 2 else b"\2"
    _refused(start + suite.id.to_bytes(2, "big") + bytes(500), errors.TamperedError)


@pytest.mark.parametrize("suite", SUITES.values(), ids=lambda suite: suite.name)
def test_public_key_and_suite(suite: Suite) -> None:
    """A signing suite without its public key, or a public key without a signing suite, is a change."""
    context = serialise_context({} if suite.curve else {PUBLIC_KEY: "x"})
    assert "public key" in _refused(_serialised(suite, context), errors.TamperedError).why


@pytest.mark.parametrize("suite", SUITES.values(), ids=lambda suite: suite.name)
def test_commitment_is_required(suite: Suite) -> None:
    """Suites that do not commit to their key are a downgrade; the two that do are not."""
    if suite.id in (0x0478, 0x0578):
        require_committing(suite)
        return
    with pytest.raises(errors.DowngradeError, match="allow_non_committing_suites"):
        require_committing(suite)


@pytest.mark.parametrize("suite", [COMMIT_KEY, SUITES[0x0078]], ids=["v2", "v1"])
def test_messages_without_frames(suite: Suite) -> None:
    """The one-block message of the AWS Encryption SDK is no message for this client, and it says so."""
    error = _refused(_serialised(suite, content=1, frame_bytes=0), errors.DowngradeError)
    assert "without frames" in error.what


@pytest.mark.parametrize("content", [0, 1, 3, 0x12, 0x82, 255])
def test_content_type(content: int) -> None:
    """Any other content type than frames is malformed, also one block with a frame length."""
    _refused(_serialised(content=content), errors.TamperedError)


@pytest.mark.parametrize("size", [0, limits.MAX_FRAME_BYTES + 1, 2**31, 2**32 - 1])
def test_absurd_frames(size: int) -> None:
    """Frames of no bytes, or of more than a reader will hold, are refused before one is read."""
    assert str(size) in _refused(_serialised(frame_bytes=size), errors.TamperedError).why


@pytest.mark.parametrize("reserved", [b"\0\0\0\1\x0c", b"\1\0\0\0\x0c", bytes(5), b"\0\0\0\0\x10"])
def test_reserved_bytes(reserved: bytes) -> None:
    """Reserved bytes of version 1 are zero, and IVs have 12 bytes."""
    _refused(_serialised(SUITES[0x0178], reserved=reserved), errors.TamperedError)


@pytest.mark.parametrize("count", [0, limits.MAX_DATA_KEYS + 1, 1000, 65535])
def test_absurd_numbers_of_keys(count: int) -> None:
    """No encrypted data key, or more than a reader will try, is refused before the first is read."""
    start = _serialised(keys=b"")[:37]
    meter = Meter(start + count.to_bytes(2, "big") + b"\0\1p\0\1i\0\1c" * count)
    with pytest.raises(errors.TamperedError):
        read_header(meter.read)
    assert meter.asked == len(start) + 2


def test_most_keys() -> None:
    """As many encrypted data keys as a reader will try are read."""
    count = limits.MAX_DATA_KEYS
    header = header_of(_serialised(keys=count.to_bytes(2, "big") + b"\0\1p\0\1i\0\1c" * count))
    assert len(header.wrapped_keys) == count


def test_absurd_total() -> None:
    """A header whose parts are each allowed, and too large together, is refused at the limit."""
    key = b"\xff\xff".join([b"", b"p" * 65535, b"i" * 65535, b"c" * 65535])
    assert "262144" in _refused(_serialised(keys=b"\0\2" + key * 2), errors.TamperedError).why


@given(st.integers(0, len(HEADER.body) - 2))
def test_absurd_lengths(at: int) -> None:
    """Two bytes of ones anywhere in a header never make the reader ask for more than its limit."""
    data = bytearray(HEADER.raw)
    data[at : at + 2] = b"\xff\xff"
    meter = Meter(bytes(data) + bytes(1 << 20))
    with contextlib.suppress(errors.IntegrityError):
        read_header(meter.read)
    assert meter.asked <= limits.MAX_HEADER_BYTES


@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"\2\4\x78", b"\2\5\x78", b"\1\x80\0\x14", b"\1\x80\3\x78"]),
)
def test_arbitrary_bytes(data: bytes, start: bytes) -> None:
    """Whatever stands there, it is read or refused as malformed or not encrypted; nothing else is raised."""
    meter = Meter(start + data)
    with contextlib.suppress(errors.TamperedError, errors.DowngradeError):
        header = read_header(meter.read)
        assert header.raw == (start + data)[: header.length]
    assert meter.asked <= limits.MAX_HEADER_BYTES


_SAMPLES = [
    GENUINE,
    *(
        _serialised(suite, serialise_context({PUBLIC_KEY: "x"} if suite.curve else CONTEXT))
        for suite in SUITES.values()
    ),
]
_EDITS = st.lists(st.tuples(st.integers(0, 300), st.binary(max_size=4), st.integers(0, 4)), max_size=4)


@given(st.sampled_from(_SAMPLES), _EDITS)
def test_mutated_headers(sample: bytes, edits: list[tuple[int, bytes, int]]) -> None:
    """A header with bytes replaced, put in or taken out is refused, by its parser or under a wrong key."""
    data = bytearray(sample)
    for at, piece, drop in edits:
        data[at : at + drop] = piece
    key = MessageKey(bytes(32), HEADER.message_id)
    meter = Meter(bytes(data))
    with pytest.raises((errors.TamperedError, errors.DowngradeError)):
        key.verify_header(read_header(meter.read))
    assert meter.asked <= limits.MAX_HEADER_BYTES


# -------------------------------------------------------------------------------- the encryption context


@given(CONTEXTS)
def test_context_like_the_sdk(context: dict[str, str]) -> None:
    """The context is written byte for byte as the AWS Encryption SDK writes it, and read back."""
    data = serialise_context(context)
    assert data == serialize_encryption_context(context)
    assert parse_context(data) == context


def test_context_in_order_of_bytes() -> None:
    """Pairs are sorted by the UTF-8 of their names, which is not the order of UTF-16."""
    names = ["\uffff", "\U00010000", "b", "a", "é", ""]
    data = serialise_context(dict.fromkeys(names, "v"))
    assert list(parse_context(data)) == sorted(names, key=str.encode)
    assert data == serialize_encryption_context(dict.fromkeys(names, "v"))


@given(CONTEXTS.filter(bool))
def test_context_cut(context: dict[str, str]) -> None:
    """A serialised context that is cut anywhere, or has something behind it, is malformed."""
    data = serialise_context(context)
    for cut in [*(data[:length] for length in range(1, len(data))), data + b"\0"]:
        with pytest.raises(errors.TamperedError):
            parse_context(cut)


def _pair(name: bytes, value: bytes) -> bytes:
    return struct.pack(">H", len(name)) + name + struct.pack(">H", len(value)) + value


@pytest.mark.parametrize(
    "data",
    [
        b"\0\2" + _pair(b"a", b"1") * 2,
        b"\0\2" + _pair(b"a", b"1") + _pair(b"a", b"2"),
        b"\0\1" + _pair(b"\xff", b"1"),
        b"\0\1" + _pair(b"a", b"\xc3"),
        b"\0\1" + _pair(b"a", b"\xed\xa0\x80"),
        b"\0\1" + _pair(b"a", b"\xc0\x80"),
        b"\0\2" + _pair(b"a", b"1"),
        b"\0\0" + _pair(b"a", b"1"),
        b"\xff\xff" + _pair(b"a", b"1"),
        b"\0",
    ],
    ids=["same", "twice", "no-utf8", "half", "surrogate", "overlong", "fewer", "more", "many", "short"],
)
def test_malformed_contexts(data: bytes) -> None:
    """A context that names a pair twice, is no UTF-8, or counts wrongly is malformed, in a header as well."""
    with pytest.raises(errors.TamperedError):
        parse_context(data)
    _refused(_serialised(context=data), errors.TamperedError)


def test_largest_context() -> None:
    """A context that fills the format to its last byte is written and read; one byte more is refused."""
    room = limits.MAX_CONTEXT_BYTES - 2 - 2 - 1 - 2
    largest = {"a": "v" * room}
    assert len(serialise_context(largest)) == limits.MAX_CONTEXT_BYTES
    assert header_of(_serialised(context=serialise_context(largest))).context == largest
    with pytest.raises(errors.ConfigurationError):
        serialise_context({"a": "v" * (room + 1)})


@pytest.mark.parametrize(
    "context",
    [
        {"a": "v" * 65536},
        {"n" * 65536: "v"},
        {"a": "\ud800"},
        {"\udfff": "v"},
        {str(number): "" for number in range(65536)},
        {"a": "é" * 33_000},
    ],
    ids=["value", "name", "surrogate", "surrogate-name", "pairs", "bytes"],
)
def test_contexts_that_cannot_be_written(context: dict[str, str]) -> None:
    """Too long, too many, or no Unicode text: refused before a message is begun, and with a remedy."""
    with pytest.raises(errors.ConfigurationError) as caught:
        serialise_context(context)
    assert caught.value.fix


# ---------------------------------------------------------------------- what may not be written at all


def _body(**changes: Any) -> Callable[[], bytes]:
    key = WrappedKey("p", b"i", b"c")
    fields: dict[str, Any] = {"context": CONTEXT, "wrapped_keys": (key,), "frame_bytes": 64} | changes
    return lambda: header_body(COMMIT_KEY, os.urandom(32), commitment=bytes(32), **fields)


@pytest.mark.parametrize(
    "changes",
    [
        {"wrapped_keys": (WrappedKey("p", b"i", b"c"),) * (limits.MAX_DATA_KEYS + 1)},
        {"wrapped_keys": ()},
        {"context": {PUBLIC_KEY: "x"}},
        {"wrapped_keys": (WrappedKey("p", b"i", b"c" * 65536),)},
    ],
    ids=["too-many-keys", "no-key", "public-key", "large-key"],
)
def test_headers_that_nobody_could_read(changes: dict[str, Any]) -> None:
    """What the reader of this package would refuse is not written: the object would be lost."""
    with pytest.raises(errors.ConfigurationError):
        _body(**changes)()
