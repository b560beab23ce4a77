"""Recorded messages of three writers, each in a file that says what it expects.

``tests/jobs/record_vectors.py`` and ``tests/jobs/esdk_js.py --record`` wrote them, with keys that are in the
files and protect nothing.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from secure_s3 import errors
from secure_s3.envelope.frames import MessageKey
from secure_s3.envelope.header import Header, read_header
from secure_s3.envelope.keys import DataKey, Kms, RawAesKey
from secure_s3.envelope.layout import Layout
from secure_s3.envelope.reader import FrameOpener
from secure_s3.envelope.signature import verify_signature
from secure_s3.envelope.suites import COMMIT_KEY, require_committing
from secure_s3.envelope.writer import Message, SealedRun

FOLDER = Path(__file__).parent / "vectors"
VECTORS = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
POSITIVE = [name for name, vector in VECTORS.items() if vector["expect"] == "plaintext"]
NEGATIVE = [name for name in VECTORS if name not in POSITIVE]
OURS = [name for name in POSITIVE if VECTORS[name]["made_by"] == "secure_s3"]
PIECES = (1, 57, 1 << 20)
NO_KMS: Kms = None  # type: ignore[assignment]  # a raw key asks nobody


def key_of(vector: dict[str, Any]) -> RawAesKey:
    """The raw key that a vector is to be opened with."""
    key = vector["key"]
    return RawAesKey(key["name"], bytes.fromhex(key["hex"]), namespace=key["namespace"])


def header_and_key(message: bytes, key: RawAesKey) -> tuple[Header, MessageKey]:
    """The header of a message, known to be genuine, and the key of its frames."""
    header = read_header(io.BytesIO(message).read)
    require_committing(header.suite)
    secret = key.data_key(header.wrapped_keys, header.context, header.suite, NO_KMS)
    return header, MessageKey.of(header, secret.reveal())


def opened(message: bytes, key: RawAesKey, piece: int = 1 << 20) -> Iterator[bytes]:
    """The plaintext as it is released, when the message arrives in pieces of that size."""
    header, message_key = header_and_key(message, key)
    end = verify_signature(io.BytesIO(message), header) if header.suite.curve else len(message)
    layout = Layout.of_message(header.length, header.frame_bytes, end)
    opener = FrameOpener(message_key, layout, 1, layout.frames)
    for start in range(header.length, end, piece):
        yield bytes(opener.feed(message[start : min(start + piece, end)]))
    opener.finish()


def plaintext_is(plain: bytes, said: dict[str, Any]) -> bool:
    """Whether it is the plaintext that a vector gives whole, or by its length and hash."""
    if "base64" in said:
        return plain == base64.b64decode(said["base64"])
    return (len(plain), hashlib.sha256(plain).hexdigest()) == (said["size"], said["sha256"])


@pytest.mark.parametrize("name", POSITIVE)
@pytest.mark.parametrize("piece", PIECES)
def test_message_of_any_writer_gives_its_plaintext(name: str, piece: int) -> None:
    """A genuine message opens to its plaintext and context, whatever pieces it arrives in."""
    vector = VECTORS[name]
    message = base64.b64decode(vector["message"])
    assert plaintext_is(b"".join(opened(message, key_of(vector), piece)), vector["plaintext"])
    context = read_header(io.BytesIO(message).read).context
    assert {pair: context.get(pair) for pair in vector["context"]} == vector["context"]
    assert set(context) - set(vector["context"]) <= {"aws-crypto-public-key"}


@pytest.mark.parametrize("name", NEGATIVE)
@pytest.mark.parametrize("piece", PIECES)
def test_message_that_is_not_genuine_is_refused(name: str, piece: int) -> None:
    """The refusal has the class and the cause that the vector names; only the truth was released."""
    vector = VECTORS[name]
    released: list[bytes] = []
    with pytest.raises(errors.SecureS3Error) as caught:
        released.extend(opened(base64.b64decode(vector["message"]), key_of(vector), piece))
    assert type(caught.value) is getattr(errors, vector["expect"])
    assert vector["says"] in str(caught.value)
    assert base64.b64decode(vector["plaintext"]["base64"]).startswith(b"".join(released))


@pytest.mark.parametrize("name", OURS)
def test_writer_gives_the_bytes_it_always_gave(name: str) -> None:
    """Sealing with the recorded message id and data key makes the recorded message again, bit by bit."""
    vector = VECTORS[name]
    recorded, key = base64.b64decode(vector["message"]), key_of(vector)
    header = read_header(io.BytesIO(recorded).read)
    secret = key.data_key(header.wrapped_keys, header.context, COMMIT_KEY, NO_KMS)
    plain = b"".join(opened(recorded, key))
    data_key = DataKey(secret, header.wrapped_keys)
    message = Message(data_key, vector["context"], header.frame_bytes, header.message_id)

    def source(offset: int, size: int) -> bytes:
        return plain[offset : offset + size]

    run = SealedRun(message, source, first=1, plain_bytes=len(plain), final=True, prefix=message.header)
    assert run.read_at(0, run.size) == recorded


def test_vectors_are_of_three_writers_and_mostly_negative() -> None:
    """Nobody has lost the files: each writer is there, and more is refused than accepted."""
    makers = {VECTORS[name]["made_by"].rsplit(" ")[0] for name in POSITIVE}
    assert makers == {"@aws-crypto/client-node", "aws-encryption-sdk", "secure_s3"}
    assert len(NEGATIVE) > len(POSITIVE) > 9


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_vector_is_small_and_marked(path: Path) -> None:
    """A vector has less than 12 KB, and says that its key protects nothing."""
    assert path.stat().st_size < 12_000
    vector = json.loads(path.read_text())
    assert "test key" in vector["key"]["comment"]
    assert vector["comment"]
    assert vector["made_by"]
