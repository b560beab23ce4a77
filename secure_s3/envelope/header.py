"""The message header: read with every length bounded before anything is allocated, and written.

Source: AWS Encryption SDK Developer Guide, "AWS Encryption SDK message format reference": header structure.
Nothing in a header is true before :meth:`MessageKey.verify_header` has said so.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .. import limits
from ..errors import ConfigurationError, DowngradeError, TamperedError
from .names import PUBLIC_KEY
from .suites import IV_BYTES, SUITES, TAG_BYTES, Suite

Read = Callable[[int], bytes]
"""Gives up to *n* bytes; ``b""`` at the end."""

_FRAMED = 2


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """The data key as one master key encrypted it (an "encrypted data key").

    Args:
        provider: Who can open it: ``aws-kms``, or the namespace of a raw key.
        info: Which key of the provider: the ARN of a KMS key, or the name of a raw key and its IV.
        ciphertext: The encrypted data key.
    """

    provider: str
    info: bytes
    ciphertext: bytes


@dataclass(frozen=True, slots=True)
class Header:
    """What stands in front of the frames.

    Args:
        suite: How the message is encrypted.
        message_id: Random, and the salt of the message's key.
        context: The encryption context, readable by everybody.
        wrapped_keys: The data key, once for each master key.
        frame_bytes: Plaintext in each frame but the last.
        commitment: Which message key it is; empty for suites that do not commit.
        body: The serialised header without its authentication.
        tag: Its authentication.
    """

    suite: Suite
    message_id: bytes
    context: Mapping[str, str]
    wrapped_keys: tuple[WrappedKey, ...]
    frame_bytes: int
    commitment: bytes
    body: bytes = field(repr=False)
    tag: bytes = field(repr=False)
    iv: bytes = field(default=bytes(IV_BYTES), repr=False)

    @property
    def raw(self) -> bytes:
        """The header as it stands in the object."""
        return self.body + (self.iv if self.suite.version == 1 else b"") + self.tag

    @property
    def length(self) -> int:
        """Bytes in front of the first frame."""
        return len(self.body) + len(self.tag) + (IV_BYTES if self.suite.version == 1 else 0)


def read_header(read: Read) -> Header:
    """The header at the start of *read*, from which exactly its bytes are taken.

    Raises:
        DowngradeError: there is no message there, or one of a kind that is not read here.
        TamperedError: it ends early, or says what cannot be.
    """
    source = _Source(read)
    version = source.start()
    suite = _suite(source, version)
    message_id = source.take(suite.message_id_bytes)
    context = parse_context(source.take(source.number(2)))
    wrapped = _wrapped_keys(source)
    content = source.number(1)
    if version == 1 and source.take(5) != bytes(4) + bytes([IV_BYTES]):
        raise malformed("its reserved bytes are not zero, or its IVs have another length than 12")
    frame_bytes = source.number(4)
    _check_content(content, frame_bytes)
    commitment = source.take(32) if suite.committing else b""
    body = bytes(source.taken)
    iv = source.take(IV_BYTES) if version == 1 else bytes(IV_BYTES)
    tag = source.take(TAG_BYTES)
    if suite.curve and PUBLIC_KEY not in context:
        raise malformed("it is signed, and does not hold the public key")
    if not suite.curve and PUBLIC_KEY in context:
        raise malformed("it holds a public key, and its suite does not sign: the suite was changed")
    return Header(suite, message_id, context, wrapped, frame_bytes, commitment, body, tag, iv)


def header_body(
    suite: Suite,
    message_id: bytes,
    context: Mapping[str, str],
    wrapped_keys: tuple[WrappedKey, ...],
    frame_bytes: int,
    commitment: bytes,
) -> bytes:
    """The serialised header of a message of version 2, without its authentication.

    Raises:
        ConfigurationError: the context is too large for a message, or is no text; or the reader would refuse
            what is in it, so that the object were lost.
    """
    _check_writable(suite, context, wrapped_keys)
    pairs = serialise_context(context)
    parts = [b"\x02", struct.pack(">H", suite.id), message_id, struct.pack(">H", len(pairs)), pairs]
    parts.append(struct.pack(">H", len(wrapped_keys)))
    for wrapped in wrapped_keys:
        for piece in (wrapped.provider.encode(), wrapped.info, wrapped.ciphertext):
            parts += (struct.pack(">H", len(piece)), piece)
    parts += (bytes([_FRAMED]), struct.pack(">I", frame_bytes), commitment)
    return b"".join(parts)


def serialise_context(context: Mapping[str, str]) -> bytes:
    """The encryption context in its canonical form: pairs sorted by the bytes of their names.

    Raises:
        ConfigurationError: it is too large, or is no text.
    """
    if not context:
        return b""
    try:
        pairs = sorted((name.encode(), value.encode()) for name, value in context.items())
        text = b"".join(struct.pack(">H", len(piece)) + piece for pair in pairs for piece in pair)
    except (UnicodeEncodeError, struct.error) as error:
        raise ConfigurationError(
            "the encryption context cannot be written",
            why=f"it holds what is no Unicode text, or is too long ({type(error).__name__})",
            fix="use short texts; bucket and key are in it unless bind_location=False",
        ) from None
    if len(text) + 2 > limits.MAX_CONTEXT_BYTES:
        raise ConfigurationError(
            f"the encryption context has {len(text)} bytes",
            why=f"a message holds {limits.MAX_CONTEXT_BYTES}",
            fix="put less into context=",
        )
    return struct.pack(">H", len(pairs)) + text


def parse_context(data: bytes) -> dict[str, str]:
    """The encryption context from its serialised form.

    Raises:
        TamperedError: it is malformed, names a pair twice, or has something behind it.
    """
    if not data:
        return {}
    source = _Source(_reader(data))
    context: dict[str, str] = {}
    try:
        for _ in range(source.number(2)):
            name, value = source.text(), source.text()
            if name in context:
                raise malformed(f"its encryption context names {name[:100]!r} twice")
            context[name] = value
    except UnicodeDecodeError:
        raise malformed("its encryption context is no UTF-8") from None
    if len(source.taken) != len(data):
        raise malformed("something stands behind its encryption context")
    return context


def malformed(why: str) -> TamperedError:
    """The error for a message that nobody who keeps to the format has written."""
    return TamperedError(
        "the encrypted object is malformed", why=why, fix="restore it from a backup or an older version"
    )


def not_a_message(why: str) -> DowngradeError:
    """The error for what is no encrypted message at all."""
    return DowngradeError(
        "the object is not encrypted by a client",
        why=f"{why}; this client reads AWS Encryption SDK messages only, so that nobody can replace one by "
        "something unencrypted",
        fix="read it with the strategy it was written with, e.g. encryption=SseKms(…)",
    )


def _reader(data: bytes) -> Read:
    at = 0

    def read(size: int) -> bytes:
        nonlocal at
        piece = data[at : at + size]
        at += len(piece)
        return piece

    return read


class _Source:
    """Exact reads, with what was read kept for its authentication."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self.taken = bytearray()

    def take(self, size: int) -> bytes:
        if len(self.taken) + size > limits.MAX_HEADER_BYTES:
            raise malformed(f"its header has more than {limits.MAX_HEADER_BYTES} bytes")
        data = self._read(size)
        while len(data) < size:
            more = self._read(size - len(data))
            if not more:
                raise malformed("it ends within its header")
            data += more
        self.taken += data
        return bytes(data)

    def start(self) -> int:
        """The version; the first byte decides whether it is a message at all."""
        first = self._read(1)
        if not first:
            raise not_a_message("it is empty")
        if first[0] not in (1, 2):
            raise not_a_message("its first byte is no version of the message format")
        self.taken += first
        return first[0]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def text(self) -> str:
        return self.take(self.number(2)).decode()


def _suite(source: _Source, version: int) -> Suite:
    try:
        kind = source.take(1) if version == 1 else b"\x80"
        number = source.number(2)
    except TamperedError:
        raise not_a_message("it has fewer bytes than a message") from None
    suite = SUITES.get(number)
    if kind != b"\x80" or suite is None:
        raise not_a_message(f"it names the unknown algorithm suite 0x{number:04x}")
    if suite.version != version:
        raise malformed(f"{suite.name} does not belong into a message of version {version}")
    return suite


def _wrapped_keys(source: _Source) -> tuple[WrappedKey, ...]:
    count = source.number(2)
    if not 1 <= count <= limits.MAX_DATA_KEYS:
        raise malformed(f"it has {count} encrypted data keys; 1 to {limits.MAX_DATA_KEYS} are read")
    try:
        return tuple(
            WrappedKey(source.text(), source.take(source.number(2)), source.take(source.number(2)))
            for _ in range(count)
        )
    except UnicodeDecodeError:
        raise malformed("the provider of an encrypted data key is no UTF-8") from None


def _check_writable(suite: Suite, context: Mapping[str, str], wrapped_keys: tuple[WrappedKey, ...]) -> None:
    if not 1 <= len(wrapped_keys) <= limits.MAX_DATA_KEYS:
        why = f"the data key is encrypted for {len(wrapped_keys)} keys; 1 to {limits.MAX_DATA_KEYS} are read"
    elif any(
        max(len(key.provider.encode()), len(key.info), len(key.ciphertext)) > 65535 for key in wrapped_keys
    ):
        why = "an encrypted data key is longer than a message can hold"
    elif (PUBLIC_KEY in context) != bool(suite.curve):
        why = f"{PUBLIC_KEY} stands in the encryption context of signed messages, and of no others"
    else:
        return
    raise ConfigurationError("such a message could not be read again", why=why, fix="change keys or context")


def _check_content(content: int, frame_bytes: int) -> None:
    if content == 1 and frame_bytes == 0:
        raise DowngradeError(
            "the object is an AWS Encryption SDK message without frames, which is not read here",
            why="it could be released only after all of it was held in memory",
            fix="decrypt it with the AWS Encryption SDK, and write it again",
        )
    if content != _FRAMED:
        raise malformed(f"its content type is {content}")
    if not 1 <= frame_bytes <= limits.MAX_FRAME_BYTES:
        raise malformed(f"its frames have {frame_bytes} bytes; 1 to {limits.MAX_FRAME_BYTES} are read")
