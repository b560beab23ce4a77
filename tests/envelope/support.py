"""Messages, readers and key services that the tests of the envelope share."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from secure_s3.envelope.frames import MessageKey
from secure_s3.envelope.header import Header, WrappedKey, header_body, read_header
from secure_s3.envelope.keys import DataKey, Keys, Kms, RawAesKey
from secure_s3.envelope.layout import Layout
from secure_s3.envelope.reader import FrameOpener, OpeningReader
from secure_s3.envelope.signature import verify_signature
from secure_s3.envelope.suites import COMMIT_KEY, require_committing
from secure_s3.envelope.writer import Message, SealedRun
from secure_s3.errors import SecureS3Error
from secure_s3.values import SecretBytes

FRAME = 64
CONTEXT = {"secure-s3:bucket": "amzn-s3-demo-bucket", "secure-s3:key": "bücher/1"}
MASTER = bytes(range(32))
RAW = RawAesKey("vault/1", MASTER)
_NOISE = random.Random(20261121).randbytes(300_000)


def content(size: int) -> bytes:
    """*size* bytes that do not repeat, the same on every run."""
    assert size <= len(_NOISE)
    return _NOISE[:size]


class NoKms:
    """A KMS that nobody may ask."""

    def generate_data_key(self, key_arn: str, context: Mapping[str, str]) -> tuple[bytes, bytes, str]:
        raise AssertionError("KMS was asked")

    def encrypt(self, key_arn: str, plaintext: bytes, context: Mapping[str, str]) -> tuple[bytes, str]:
        raise AssertionError("KMS was asked")

    def decrypt(self, key_arn: str, ciphertext: bytes, context: Mapping[str, str]) -> tuple[bytes, str]:
        raise AssertionError("KMS was asked")


@dataclass
class FakeKms:
    """KMS in memory, which writes down every call.

    Args:
        refuses: The error for every call with a key.
        answers_as: The ARN that the answer names instead of the key's.
        secret_bytes: Length of the data keys it gives.
    """

    refuses: dict[str, SecureS3Error] = field(default_factory=dict)
    answers_as: dict[str, str] = field(default_factory=dict)
    secret_bytes: int = 32
    calls: list[tuple[str, str]] = field(default_factory=list)
    contexts: list[dict[str, str]] = field(default_factory=list)

    def _called(self, operation: str, key_arn: str, context: Mapping[str, str]) -> str:
        self.calls.append((operation, key_arn))
        self.contexts.append(dict(context))
        if key_arn in self.refuses:
            raise self.refuses[key_arn]
        return self.answers_as.get(key_arn, key_arn)

    def generate_data_key(self, key_arn: str, context: Mapping[str, str]) -> tuple[SecretBytes, bytes, str]:
        arn = self._called("GenerateDataKey", key_arn, context)
        secret = content(self.secret_bytes)
        return SecretBytes(secret), b"wrapped:" + secret, arn

    def encrypt(self, key_arn: str, plaintext: SecretBytes, context: Mapping[str, str]) -> tuple[bytes, str]:
        arn = self._called("Encrypt", key_arn, context)
        return b"wrapped:" + plaintext.reveal(), arn

    def decrypt(self, key_arn: str, ciphertext: bytes, context: Mapping[str, str]) -> tuple[SecretBytes, str]:
        arn = self._called("Decrypt", key_arn, context)
        return SecretBytes(ciphertext.removeprefix(b"wrapped:")), arn


# ------------------------------------------------------------------------------------------ writing


def new_message(frame_bytes: int = FRAME, **more: object) -> Message:
    """A message under the raw key, for runs to be sealed with."""
    return Message(RAW.new_data_key(CONTEXT, NoKms()), CONTEXT, frame_bytes, **more)  # type: ignore[arg-type]


def reading(plain: bytes) -> Callable[[int, int], bytes]:
    """A source that is always the same."""
    return lambda offset, size: plain[offset : offset + size]


def twin(message: Message) -> Message:
    """The same message once more, as if nothing of it had been sealed; only tests may do so."""
    other = object.__new__(Message)
    other.frame_bytes, other.header, other.key = message.frame_bytes, message.header, message.key
    other._claimed = []
    return other


def whole_run(message: Message, plain: bytes) -> SealedRun:
    """All of a message as one run."""
    return SealedRun(
        twin(message), reading(plain), first=1, plain_bytes=len(plain), final=True, prefix=message.header
    )


def seal(
    plain: bytes,
    frame_bytes: int = FRAME,
    *,
    keys: Keys = RAW,
    context: Mapping[str, str] = CONTEXT,
    kms: Kms | None = None,
    data_key: DataKey | None = None,
    message_id: bytes | None = None,
) -> bytes:
    """A message as this package writes it."""
    data_key = data_key or keys.new_data_key(context, kms or NoKms())
    run = whole_run(Message(data_key, context, frame_bytes, message_id), plain)
    return run.read_at(0, run.size)


def fixed_data_key(secret: bytes = bytes(range(100, 132))) -> DataKey:
    """A data key that is known to the test, wrapped by nobody."""
    return DataKey(SecretBytes(secret), (WrappedKey("nobody", b"info", b"ciphertext"),))


def header_of(message: bytes) -> Header:
    """The header of a message that may be a lie."""
    return read_header(io.BytesIO(message).read)


def forged_header(header: Header, secret: bytes, **changes: object) -> bytes:
    """The header with other fields, and commitment and tag as somebody with data key *secret* makes them."""
    names = ("suite", "message_id", "context", "wrapped_keys", "frame_bytes", "commitment")
    fields = {name: getattr(header, name) for name in names}
    message_id = changes.get("message_id", header.message_id)
    assert isinstance(message_id, bytes)
    key, commitment = COMMIT_KEY.derive(secret, message_id)
    body = header_body(**{**fields, "commitment": commitment, **changes})
    return body + MessageKey(key, message_id).header_tag(body)


def split(message: bytes) -> tuple[bytes, list[bytes]]:
    """Header and frames of a sound message."""
    header = header_of(message)
    layout = Layout.of_message(header.length, header.frame_bytes, len(message))
    cuts = [layout.offset(number) for number in range(1, layout.frames + 2)]
    return header.raw, [message[start:end] for start, end in pairwise(cuts)]


# ------------------------------------------------------------------------------------------ reading


@dataclass
class Opening:
    """A message whose header has been verified."""

    message: bytes
    header: Header
    key: MessageKey
    layout: Layout

    def reader(
        self, first: int, last: int, skip: int = 0, size: int | None = None, crumbs: int = 1 << 20
    ) -> OpeningReader:
        """A reader over frames *first* to *last*, whose source gives at most *crumbs* bytes at once."""
        layout = self.layout
        source = io.BytesIO(self.message[layout.offset(first) : layout.offset(last + 1)])
        if size is None:
            size = layout.plain_offset(last + 1) - layout.plain_offset(first) - skip
        opener = FrameOpener(self.key, layout, first, last)
        return OpeningReader(
            lambda amount: source.read(min(amount, crumbs)), opener, skip=skip, size=size, close=source.close
        )

    def range(self, start: int, end: int) -> bytes:
        """Plaintext *start* to *end*, from the frames that hold it."""
        first, last = self.layout.frames_of(start, end)
        return self.reader(first, last, start - self.layout.plain_offset(first), end - start).read()


def unlock(
    message: bytes, keys: Keys = RAW, *, kms: Kms | None = None, allow_non_committing: bool = False
) -> Opening:
    """Everything that is done before the first frame is opened."""
    header = header_of(message)
    if not allow_non_committing:
        require_committing(header.suite)
    secret = keys.data_key(header.wrapped_keys, header.context, header.suite, kms or NoKms())
    key = MessageKey.of(header, secret.reveal())
    end = verify_signature(io.BytesIO(message), header) if header.suite.curve else len(message)
    return Opening(message[:end], header, key, Layout.of_message(header.length, header.frame_bytes, end))


def open_all(message: bytes, keys: Keys = RAW, **more: object) -> bytes:
    """The plaintext of a message."""
    opening = unlock(message, keys, **more)  # type: ignore[arg-type]
    return opening.reader(1, opening.layout.frames).read()
