"""Records the vectors in ``tests/envelope/vectors``: ``python -m tests.jobs.record_vectors``.

Ours are the same each time, because message ids, data keys and IVs are fixed; those of the AWS Encryption
SDK are new ones, so run it only to add a vector. ``tests/jobs/esdk_js.py --record`` writes the others.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import struct
import sys
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from secure_s3.envelope.frames import MessageKey
from secure_s3.envelope.header import WrappedKey, read_header, serialise_context
from secure_s3.envelope.keys import DataKey, RawAesKey
from secure_s3.envelope.suites import COMMIT_KEY
from secure_s3.envelope.writer import Message, SealedRun
from secure_s3.values import SecretBytes
from tests.envelope.test_vectors import FOLDER

KEY_HEX = bytes(range(32)).hex()
NAME, NAMESPACE = "test/vectors", "secure-s3"
KEY = RawAesKey(NAME, bytes.fromhex(KEY_HEX), namespace=NAMESPACE)
CONTEXT = {"s3-bucket": "amzn-s3-demo-bucket", "s3-key": "reports/2026.csv"}
UNICODE = {"s3-bucket": "amzn-s3-demo-bucket", "s3-key": "Bücher/文書/😀.txt"}
UNICODE |= {"ﾊﾝ": "kana", "😀": "", "é": "e"}
FRAME = 256
TAMPERED, DOWNGRADE, KEY_ACCESS = "TamperedError", "DowngradeError", "KeyAccessError"
Case = tuple[str, bytes, str, str]
"""What was done, the bytes, the class of the error, and a piece of its text."""


def pattern(size: int) -> bytes:
    """Plaintext that anybody can make again."""
    return hashlib.shake_128(b"secure_s3 vectors").digest(size)


def fixed(label: str, size: int = 32) -> bytes:
    """Bytes that stand for random ones, the same in each run."""
    return hashlib.shake_256(label.encode()).digest(size)


def write_vector(
    name: str,
    comment: str,
    message: bytes,
    plain: bytes,
    context: Mapping[str, str],
    *,
    made_by: str = "secure_s3",
    key: Mapping[str, str] | None = None,
    refusal: tuple[str, str] | None = None,
) -> None:
    """Write one vector; *refusal* is the class of the error and a piece of its text."""
    said: dict[str, Any] = {"base64": base64.b64encode(plain).decode()}
    if refusal is None and len(plain) > 512:
        said = {"size": len(plain), "sha256": hashlib.sha256(plain).hexdigest()}
    identity = {"comment": "test key, protects nothing", "namespace": NAMESPACE, "name": NAME, "hex": KEY_HEX}
    vector = {
        "comment": comment,
        "made_by": made_by,
        "key": identity | dict(key or {}),
        "context": dict(context),
        "expect": refusal[0] if refusal else "plaintext",
        **({"says": refusal[1]} if refusal else {}),
        "plaintext": said,
        "message": base64.b64encode(message).decode(),
    }
    FOLDER.mkdir(exist_ok=True)
    text = json.dumps(vector, indent=2, ensure_ascii=False)
    (FOLDER / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def wrapped(label: str, context: Mapping[str, str]) -> DataKey:
    """A fixed data key as the raw key encrypts it, with a fixed IV."""
    secret, iv = fixed(f"{label} data key"), fixed(f"{label} iv", 12)
    ciphertext = AESGCM(bytes.fromhex(KEY_HEX)).encrypt(iv, secret, serialise_context(context))
    info = NAME.encode() + struct.pack(">II", 128, 12) + iv
    return DataKey(SecretBytes(secret), (WrappedKey(NAMESPACE, info, ciphertext),))


def sealed(label: str, plain: bytes, context: Mapping[str, str] = CONTEXT, frame: int = FRAME) -> bytes:
    """Our message with everything random fixed by *label*."""
    return finished(Message(wrapped(label, context), context, frame, fixed(f"{label} message id")), plain)


def finished(message: Message, plain: bytes) -> bytes:
    """The whole of a message."""
    run = SealedRun(
        message,
        lambda offset, size: plain[offset : offset + size],
        first=1, plain_bytes=len(plain), final=True, prefix=message.header,
    )  # fmt: skip
    return run.read_at(0, run.size)


def reauthenticated(message: bytes, body: bytes, secret: bytes) -> bytes:
    """The message with another header body, authenticated by somebody who has the data key."""
    header = read_header(io.BytesIO(message).read)
    derived, _ = COMMIT_KEY.derive(secret, header.message_id)
    return body + MessageKey(derived, header.message_id).header_tag(body) + message[header.length :]


def flipped(message: bytes, at: int, mask: int = 1) -> bytes:
    """The message with one bit turned over."""
    data = bytearray(message)
    data[at] ^= mask
    return bytes(data)


def record_positive() -> None:
    """Messages of ours that open, at the sizes where a frame begins or ends."""
    for label, size in (("empty", 0), ("one-byte", 1), ("one-frame", FRAME), ("frames", 3 * FRAME)):
        plain = pattern(size)
        comment = f"ours, {size} bytes, frames of 256"
        write_vector(f"ours-{label}", comment, sealed(label, plain), plain, CONTEXT)
    plain = pattern(2 * FRAME + 1)
    message = sealed("unicode", plain, UNICODE)
    write_vector("ours-unicode", "ours, names whose UTF-8 and UTF-16 orders differ", message, plain, UNICODE)
    message = sealed("no-context", plain, {})
    write_vector("ours-no-context", "ours, without an encryption context", message, plain, {})
    plain = pattern(2 * FRAME + 100)
    write_vector("ours-base", "ours; what the bad ones were made of", sealed("base", plain), plain, CONTEXT)
    plain = pattern(5000)
    message = sealed("large", plain, frame=1024)
    write_vector("ours-5000", "ours, 5000 bytes, frames of 1024", message, plain, CONTEXT)


def record_negative() -> None:
    """What was done to a message of ours of three frames, and what must be said about it."""
    plain = pattern(2 * FRAME + 100)
    message = sealed("base", plain)
    other = sealed("other", plain)
    cases = body_cases(message, other) | header_cases(message, other)
    cases |= context_cases(message) | key_cases(message)
    for name, (comment, data, error, says) in cases.items():
        write_vector(f"bad-{name}", comment, data, plain, CONTEXT, refusal=(error, says))
    nobody, wrong = "no configured key opens the object", "does not open the data key"
    for name, key, says in (
        ("another name", {"name": "test/other"}, nobody),
        ("another namespace", {"namespace": "other"}, nobody),
        ("other bytes", {"hex": fixed("another key").hex()}, wrong),
    ):
        place, refusal = f"bad-key-{name.replace(' ', '-')}", (KEY_ACCESS, says)
        comment = f"the reader's key has {name}"
        write_vector(place, comment, message, plain, CONTEXT, key=key, refusal=refusal)


def body_cases(message: bytes, other: bytes) -> dict[str, Case]:
    """Changes behind the header."""
    start, wire = read_header_length(message), FRAME + 32
    head, frames = message[:start], [message[start : start + wire], message[start + wire : start + 2 * wire]]
    final = message[start + 2 * wire :]
    foreign = other[read_header_length(other) :][wire : 2 * wire]
    one = "frame 1 does not match"
    place, length = "is missing, out of its place", "no message with frames of 256 bytes"
    return {
        "cut-behind-header": ("only the header is left", head, TAMPERED, length),
        "cut-behind-frame": ("the final frame is missing", head + b"".join(frames), TAMPERED, place),
        "cut-in-frame": ("ends within the second frame", message[: start + wire + 200], TAMPERED, place),
        "cut-one-byte": ("the last byte is missing", message[:-1], TAMPERED, "frame 3"),
        "cut-in-final-head": ("ends in the last head", message[: start + 2 * wire + 10], TAMPERED, length),
        "trailing-byte": ("a byte behind the end", message + b"\0", TAMPERED, "frame 3"),
        "trailing-frame": ("a frame behind the end", message + final, TAMPERED, place),
        "trailing-message": ("the message twice", message + message, TAMPERED, "frame 3"),
        "swapped": ("two frames have changed places", head + frames[1] + frames[0] + final, TAMPERED, place),
        "repeated": ("a frame twice, in the place of another", head + frames[0] * 2 + final, TAMPERED, place),
        "dropped": ("a frame is missing", head + frames[0] + final, TAMPERED, place),
        "inserted": ("a frame too many", head + frames[0] * 2 + frames[1] + final, TAMPERED, place),
        "foreign-frame": ("a frame of another one", head + frames[0] + foreign + final, TAMPERED, "frame 2"),
        "flip-ciphertext": ("a bit of the first frame", flipped(message, start + 16), TAMPERED, one),
        "flip-tag": ("a bit of the first tag", flipped(message, start + wire - 1), TAMPERED, one),
        "flip-number": ("a bit of a frame number", flipped(message, start + 3), TAMPERED, place),
        "flip-iv": ("a bit of an IV", flipped(message, start + 4), TAMPERED, place),
        "flip-end-mark": ("a bit of the end mark", flipped(message, start + 2 * wire), TAMPERED, place),
        "flip-length": ("a bit of the length", flipped(message, start + 2 * wire + 23), TAMPERED, place),
        "flip-final": ("a bit of the last tag", flipped(message, len(message) - 1), TAMPERED, "frame 3 does"),
        "regular-as-final": ("the end is a frame that is not final", not_final(), TAMPERED, place),
    }  # fmt: skip


def read_header_length(message: bytes) -> int:
    """Where the first frame begins."""
    return read_header(io.BytesIO(message).read).length


def not_final() -> bytes:
    """A message of two regular frames, the second as long as a final frame would be."""
    label, plain = "base", pattern(2 * FRAME + 100)
    message = Message(wrapped(label, CONTEXT), CONTEXT, FRAME, fixed(f"{label} message id"))
    parts = [message.header]
    for number, piece in ((1, plain[:FRAME]), (2, plain[FRAME : 2 * FRAME])):
        out = memoryview(bytearray(FRAME + 32))
        message.key.seal(number, memoryview(piece), out, final=False)
        parts.append(bytes(out))
    return b"".join(parts)


def header_cases(message: bytes, other: bytes) -> dict[str, Case]:
    """Changes of the header, some of them by somebody who has the data key."""
    header = read_header(io.BytesIO(message).read)
    body, secret = header.body, fixed("base data key")
    commitment, tag = "its key commitment does not hold", "its header does not match"
    frame_at = len(body) - 36
    names = body.index(b"s3-bucket")
    keys_at = 37 + int.from_bytes(body[35:37], "big")
    wide = body[:frame_at] + struct.pack(">I", FRAME + 1) + body[frame_at + 4 :]
    swapped = other[: read_header_length(other)]
    other_keys = swapped[keys_at : len(swapped) - 36 - 16 - 1]

    def at(place: int, data: bytes) -> bytes:
        return message[:place] + data + message[place + len(data) :]

    return {
        "header-cut": ("ends within the header", message[:100], TAMPERED, "it ends within its header"),
        "header-flip-tag": ("a bit of the header's tag", flipped(message, header.length - 1), TAMPERED, tag),
        "header-flip-id": ("a bit of the message id", flipped(message, 3), TAMPERED, commitment),
        "header-flip-proof": ("a bit of the proof", flipped(message, len(body) - 1), TAMPERED, commitment),
        "header-frame-length": ("another frame length", at(frame_at, struct.pack(">I", 512)), TAMPERED, tag),
        "header-frame-zero": ("frames of 0 bytes", at(frame_at, bytes(4)), TAMPERED, "frames have 0 bytes"),
        "header-frame-huge": ("frames of 4 GiB", at(frame_at, b"\xff" * 4), TAMPERED, "have 4294967295"),
        "header-no-keys": ("no encrypted data key", at(keys_at, bytes(2)), TAMPERED, "it has 0 encrypted"),
        "header-many-keys": ("65535 data keys", at(keys_at, b"\xff\xff"), TAMPERED, "65535 encrypted"),
        "header-content": ("an unknown content type", at(frame_at - 1, b"\x03"), TAMPERED, "type is 3"),
        "header-suite-signed": ("the suite says signed", at(1, b"\x05\x78"), TAMPERED, "not hold the public"),
        "header-suite-version": ("a suite of version 1", at(1, b"\x01\x78"), TAMPERED, "of version 2"),
        "header-other-data-key": (
            "the data key of another message",
            message[:keys_at] + other_keys + message[frame_at - 1 :], TAMPERED, commitment,
        ),
        "header-frames-authenticated": (
            "another frame length, authenticated with the data key",
            reauthenticated(message, wide, secret), TAMPERED, "frame 1 does not match",
        ),
        "header-flip-context": ("a bit of the context", flipped(message, names), KEY_ACCESS, "not open"),
        "header-flip-key": ("a bit of the data key", flipped(message, frame_at - 2), KEY_ACCESS, "not open"),
    }  # fmt: skip


def context_cases(message: bytes) -> dict[str, Case]:
    """Encryption contexts that nobody writes, authenticated by somebody who has the data key."""
    body, secret = read_header(io.BytesIO(message).read).body, fixed("base data key")
    keys_at = 37 + int.from_bytes(body[35:37], "big")
    pair = struct.pack(">H", 1) + b"a" + struct.pack(">H", 1) + b"b"
    double, behind = struct.pack(">H", 2) + pair * 2, struct.pack(">H", 1) + pair + b"!"
    no_text = struct.pack(">HH", 1, 1) + b"\xff" + struct.pack(">H", 0)

    def with_context(pairs: bytes) -> bytes:
        changed = body[:35] + struct.pack(">H", len(pairs)) + pairs + body[keys_at:]
        return reauthenticated(message, changed, secret)

    return {
        "header-context-double": ("a pair twice, authenticated", with_context(double), TAMPERED, "twice"),
        "header-context-behind": ("a byte behind the pairs", with_context(behind), TAMPERED, "behind its"),
        "header-context-text": ("a name that is no UTF-8", with_context(no_text), TAMPERED, "no UTF-8"),
    }


def key_cases(message: bytes) -> dict[str, Case]:
    """What is no message at all."""
    down, first, suite = DOWNGRADE, "its first byte is no version", "unknown algorithm"
    return {
        "plain-empty": ("an empty object", b"", down, "it is empty"),
        "plain-text": ("a text", b"id,amount\n1,100\n", down, first),
        "plain-gzip": ("the start of a gzip file", bytes.fromhex("1f8b0800000000000003"), down, first),
        "plain-two": ("one byte that is a version", b"\x02", down, "fewer bytes than a message"),
        "plain-suite": ("binary data that begins like one", b"\x02" + fixed("x", 99), down, suite),
        "plain-version-1": ("the same, of version 1", b"\x01" + fixed("x"), down, suite),
        "plain-base64": ("the message as Base64 text", base64.b64encode(message), down, first),
    }


def record_esdk() -> None:
    """Messages of the AWS Encryption SDK for Python; some of a kind that is refused."""
    maker = f"aws-encryption-sdk {version('aws-encryption-sdk')}"
    signed, plain = 0x0578, pattern(2 * FRAME + 100)
    good: dict[str, tuple[int, bytes, dict[str, str]]] = {
        "empty": (0x0478, b"", CONTEXT),
        "frames": (0x0478, plain, CONTEXT),
        "exact": (0x0478, pattern(2 * FRAME), UNICODE),
        "signed": (signed, plain, CONTEXT),
    }
    for name, (suite, data, context) in good.items():
        message = esdk_message(suite, data, context)
        write_vector(f"esdk-{name}", f"suite 0x{suite:04x}", message, data, context, made_by=maker)
    commit = "does not commit to its key"
    for suite in (0x0014, 0x0078, 0x0178, 0x0378):
        message = esdk_message(suite, plain, CONTEXT)
        name, refusal = f"bad-esdk-{suite:04x}", (DOWNGRADE, commit)
        comment = "a suite that does not commit"
        write_vector(name, comment, message, plain, CONTEXT, made_by=maker, refusal=refusal)
    message, refusal = esdk_message(0x0478, plain, CONTEXT, 0), (DOWNGRADE, "without frames")
    write_vector("bad-esdk-unframed", "one block", message, plain, CONTEXT, made_by=maker, refusal=refusal)
    message = esdk_message(signed, plain, CONTEXT)
    comment = "what the bad signed ones were made of"
    write_vector("esdk-signed-base", comment, message, plain, CONTEXT, made_by=maker)
    for name, (comment, data, says) in signed_cases(message, plain).items():
        refusal = (TAMPERED, says)
        write_vector(f"bad-signed-{name}", comment, data, plain, CONTEXT, made_by=maker, refusal=refusal)


def signed_cases(message: bytes, plain: bytes) -> dict[str, tuple[str, bytes, str]]:
    """Changes of a signed message."""
    other = esdk_message(0x0578, plain, CONTEXT)
    end = read_header_length(message) + 2 * (FRAME + 32) + 40 + 100
    footer = other[read_header_length(other) + 2 * (FRAME + 32) + 40 + 100 :]
    unsigned, no = flipped(message, 1, 0x01), "signature of the encrypted object does not hold"
    return {
        "footer-missing": ("the signature is missing", message[:end], "it ends early"),
        "footer-cut": ("the signature is cut", message[:-1], "it ends early"),
        "footer-behind": ("a byte behind the signature", message + b"\0", "behind its signature"),
        "footer-flip": ("a bit of the signature", flipped(message, end + 20), no),
        "footer-other": ("the signature of another", message[:end] + footer, no),
        "frame-flip": ("a bit of a frame", flipped(message, end - 20), no),
        "suite-unsigned": ("the suite says unsigned", unsigned, "its suite does not sign"),
    }


def esdk_message(suite: int, plain: bytes, context: Mapping[str, str], frame: int = FRAME) -> bytes:
    """A message of the AWS Encryption SDK for Python under the test key."""
    import aws_encryption_sdk
    from aws_encryption_sdk.identifiers import CommitmentPolicy

    policy = CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT
    if suite < 0x0400:
        policy = CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT
    client = aws_encryption_sdk.EncryptionSDKClient(commitment_policy=policy)
    message, _ = client.encrypt(
        source=plain,
        key_provider=esdk_provider(),
        algorithm=aws_encryption_sdk.Algorithm.get_by_id(suite),
        encryption_context=dict(context),
        frame_length=frame,
    )
    return message


def esdk_provider() -> Any:
    """The test key as a master key of the AWS Encryption SDK for Python."""
    from aws_encryption_sdk.identifiers import EncryptionKeyType, WrappingAlgorithm
    from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey
    from aws_encryption_sdk.key_providers.raw import RawMasterKey

    return RawMasterKey(
        provider_id=NAMESPACE,
        key_id=NAME,
        wrapping_key=WrappingKey(
            wrapping_algorithm=WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING,
            wrapping_key=bytes.fromhex(KEY_HEX),
            wrapping_key_type=EncryptionKeyType.SYMMETRIC,
        ),
    )


def main() -> int:
    """Write all files."""
    record_positive()
    record_negative()
    record_esdk()
    print(f"{len(list(FOLDER.glob('*.json')))} vectors in {FOLDER}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
