"""What is said about an object's protection without its key, and that nothing in it can do harm."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Mapping
from typing import Any

import aws_encryption_sdk
import pytest
from aws_encryption_sdk.identifiers import (
    AlgorithmSuite,
    CommitmentPolicy,
    EncryptionKeyType,
    WrappingAlgorithm,
)
from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey
from aws_encryption_sdk.key_providers.raw import RawMasterKeyProvider
from hypothesis import given
from hypothesis import strategies as st

from secure_s3 import limits
from secure_s3.envelope.describe import MALFORMED, NONE, UNFRAMED, KeyName, Protection, describe
from secure_s3.envelope.header import WrappedKey, header_body, serialise_context
from secure_s3.envelope.keys import DataKey, RawAesKey
from secure_s3.envelope.suites import COMMIT_KEY, SUITES, Suite
from secure_s3.envelope.writer import Message, SealedRun
from secure_s3.values import ObjectRef, SecretBytes

PLACE = ObjectRef("amzn-s3-demo-bucket", "reports/1.pdf")
CONTEXT = {"secure-s3:bucket": PLACE.bucket, "secure-s3:key": PLACE.key}
KEY_ARN = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
FRAME = 1024


def our_message(
    plain: bytes = b"plain", context: Mapping[str, str] = CONTEXT, data_key: DataKey | None = None
) -> bytes:
    key = data_key or RawAesKey("vault/1", bytes(32)).new_data_key(context, None)  # type: ignore[arg-type]
    message = Message(key, context, FRAME)
    run = SealedRun(
        message,
        lambda offset, size: plain[offset : offset + size],
        first=1,
        plain_bytes=len(plain),
        final=True,
        prefix=message.header,
    )
    return run.read_at(0, run.size)


class Provider(RawMasterKeyProvider):
    provider_id = "vault"

    def _get_raw_key(self, key_id: Any) -> WrappingKey:
        return WrappingKey(
            WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING, bytes(32), EncryptionKeyType.SYMMETRIC
        )


def their_message(suite: Suite, plain: bytes, frame_bytes: int = FRAME) -> bytes:
    policy = CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT
    if suite.committing:
        policy = CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT
    provider = Provider()
    provider.add_master_key("raw/1")
    sealed, _ = aws_encryption_sdk.EncryptionSDKClient(commitment_policy=policy).encrypt(
        source=plain,
        key_provider=provider,
        encryption_context={"purpose": "test"},
        algorithm=AlgorithmSuite.get_by_id(suite.id),
        frame_length=frame_bytes,
    )
    return bytes(sealed)


def told(
    data: bytes, metadata: Mapping[str, str] | None = None, place: ObjectRef | None = None, **size: Any
) -> Protection:
    return describe(io.BytesIO(data).read, size.get("size", len(data)), metadata, place)


def said(protection: Protection) -> str:
    return "\n".join(protection.notes)


# -- our messages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, FRAME - 1, FRAME, FRAME + 1, 5 * FRAME + 7])
def test_our_message_is_described_exactly(size: int) -> None:
    """Suite, frames, lengths, keys and context of a message of ours are told without its key."""
    data = our_message(bytes(size))
    protection = told(data, {}, PLACE)
    assert protection.format == "AWS Encryption SDK message, version 2"
    assert (protection.suite, protection.suite_id) == ("AES_256_GCM_HKDF_SHA512_COMMIT_KEY", 0x0478)
    assert (protection.committing, protection.signed) == (True, False)
    assert (protection.frame_bytes, protection.plain_bytes) == (FRAME, size)
    assert protection.frames == max(1, -(-size // FRAME))
    assert protection.header_bytes == len(data) - size - 32 * (protection.frames - 1) - 40
    assert protection.keys == (KeyName("secure-s3", "vault/1"),)
    assert protection.context == CONTEXT


def test_every_key_is_named() -> None:
    """A message for several keys names all of them, KMS keys by their ARN."""
    wrapped = (WrappedKey("aws-kms", KEY_ARN.encode(), b"x"), WrappedKey("hsm", b"\xff\x00", b"y"))
    protection = told(our_message(data_key=DataKey(SecretBytes(bytes(32)), wrapped)))
    assert protection.keys == (KeyName("aws-kms", KEY_ARN), KeyName("hsm", "\\xff\\x00"))


def test_every_message_says_that_nothing_is_verified() -> None:
    """The last note is that nothing of this is authenticated."""
    assert "nothing of this is authenticated" in told(our_message()).notes[-1]
    assert "could also forge it" in said(told(our_message()))


def test_unknown_size_leaves_lengths_open() -> None:
    """Without the object's length, frames and plaintext are not known; the rest is."""
    protection = told(our_message(), size=None)
    assert (protection.plain_bytes, protection.frames, protection.frame_bytes) == (None, None, FRAME)
    assert protection.format.startswith("AWS Encryption SDK message")


def test_only_the_header_is_read() -> None:
    """Not one byte behind the header is asked for."""
    data = our_message(bytes(10 * FRAME))
    source = io.BytesIO(data)
    protection = describe(source.read, len(data))
    assert source.tell() == protection.header_bytes


def test_plain_values() -> None:
    """to_dict gives what JSON can hold."""
    plain = told(our_message()).to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["suite_id"] == "0x0478"
    assert told(b"text").to_dict()["suite_id"] is None


# -- where it belongs -----------------------------------------------------------------------------------


def test_object_at_its_place() -> None:
    """An object that lies where it is bound to is not said to have been moved."""
    text = said(told(our_message(), {}, PLACE))
    assert "bound to bucket 'amzn-s3-demo-bucket', key 'reports/1.pdf'" in text
    assert "moved or swapped" not in text


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (ObjectRef("amzn-s3-demo-bucket1", PLACE.key), ["another bucket"]),
        (ObjectRef(PLACE.bucket, "reports/2.pdf"), ["another key"]),
        (ObjectRef("amzn-s3-demo-bucket1", "x"), ["another bucket", "another key"]),
        (ObjectRef("arn:aws:s3:eu-west-1:111122223333:accesspoint/x", "x"), ["access point", "another key"]),
        (ObjectRef("x-1a2b3c-s3alias", "x"), ["access point", "another key"]),
        (ObjectRef("x-1a2b3c-s3alias", PLACE.key), ["access point"]),
    ],
)
def test_object_at_another_place(place: ObjectRef, words: list[str]) -> None:
    """An object that was moved or swapped is told of, part by part."""
    text = said(told(our_message(), {}, place))
    assert [word for word in ("another bucket", "access point", "another key") if word in text] == words


def test_file_has_no_place_to_compare() -> None:
    """Without a place, the note says only what the message is bound to."""
    text = said(told(our_message()))
    assert "bound to bucket" in text
    assert "it lies" not in text


@pytest.mark.parametrize(("key", "moved"), [("photos/1", False), ("photos/", False), ("photo/1", True)])
def test_batch(key: str, moved: bool) -> None:
    """An object of a batch may lie anywhere below its prefix, and can be swapped within the batch."""
    context = {"secure-s3:bucket": PLACE.bucket, "secure-s3:prefix": "photos/", "secure-s3:batch": "7"}
    text = said(told(our_message(context=context), {}, ObjectRef(PLACE.bucket, key)))
    assert "objects of one batch can be swapped" in text
    assert ("moved or swapped" in text) is moved


@pytest.mark.parametrize("context", [{}, {"purpose": "test"}, {"bucket": PLACE.bucket}])
def test_object_that_is_bound_to_no_place(context: dict[str, str]) -> None:
    """A message that does not name its place is said to be exchangeable."""
    assert "it is not bound to a place" in said(told(our_message(context=context), {}, PLACE))


# -- messages of others ---------------------------------------------------------------------------------


@pytest.mark.parametrize("suite", SUITES.values(), ids=lambda suite: suite.name)
def test_every_suite(suite: Suite) -> None:
    """Each suite is named; those that do not commit have a note, those that sign promise no exact length."""
    data = their_message(suite, bytes(3 * FRAME))
    protection = told(data)
    assert protection.format == f"AWS Encryption SDK message, version {suite.version}"
    assert (protection.suite, protection.suite_id) == (suite.name, suite.id)
    assert (protection.committing, protection.signed) == (suite.version == 2, suite.curve is not None)
    assert protection.keys == (KeyName("vault", "raw/1"),)
    assert protection.context["purpose"] == "test"
    assert ("does not commit" in said(protection)) is not suite.committing
    if suite.curve:
        assert (protection.plain_bytes, protection.frames) == (None, None)
        assert f"about {3 * FRAME} bytes" in said(protection)
        assert "forge" not in said(protection)
    else:
        # Other writers end with an empty frame where the plaintext fills its frames.
        assert (protection.plain_bytes, protection.frames) == (3 * FRAME, 4)


@pytest.mark.parametrize("size", [None, 0, 10])
def test_signed_message_of_a_strange_length(size: int | None) -> None:
    """A signed message whose length cannot be is not given one."""
    protection = told(their_message(SUITES[0x0578], b"plain"), size=size)
    assert protection.plain_bytes is None
    assert "about" not in said(protection)


@pytest.mark.parametrize("suite", [SUITES[0x0178], SUITES[0x0478]], ids=lambda suite: suite.name)
def test_message_without_frames(suite: Suite) -> None:
    """A message without frames is told as such and is not called malformed."""
    protection = told(their_message(suite, b"plain", frame_bytes=0))
    assert protection.format == UNFRAMED
    assert "held in memory" in said(protection)


# -- what is malformed, or nothing ----------------------------------------------------------------------


def test_message_cut_within_its_header() -> None:
    """Wherever a header is cut, what is left is malformed or, before its suite, no message."""
    data = our_message()
    length = told(data).header_bytes or 0
    for end in range(length):
        protection = told(data[:end])
        assert protection.format == (NONE if end < 3 else MALFORMED)
        assert protection.keys == ()


@pytest.mark.parametrize("rest", [0, 39, 40 + FRAME + 1, 40 + FRAME + 31, -50])
def test_length_that_no_message_has(rest: int) -> None:
    """A length that frames cannot fill is told; what the header says is told all the same."""
    data = our_message(bytes(3 * FRAME))
    protection = told(data, size=(told(data).header_bytes or 0) + rest)
    assert protection.format == MALFORMED
    assert "cut or extended" in said(protection)
    assert (protection.plain_bytes, protection.frames) == (None, None)
    assert protection.keys == (KeyName("secure-s3", "vault/1"),)


def test_extended_message() -> None:
    """Bytes behind a message that make it longer than its frames can be are told."""
    data = our_message(bytes(FRAME)) + b"x"
    assert told(data).format == MALFORMED


def test_reserved_context_of_the_wrong_suite() -> None:
    """A public key under a suite that does not sign is malformed, with the reason."""
    data = our_message(context={"purpose": "test"})
    pairs = serialise_context({"purpose": "test"})
    forged = serialise_context({"aws-crypto-public-key": "x"})
    data = data.replace(struct.pack(">H", len(pairs)) + pairs, struct.pack(">H", len(forged)) + forged, 1)
    protection = told(data)
    assert protection.format == MALFORMED
    assert "public key" in said(protection)


@pytest.mark.parametrize("count", [0, limits.MAX_DATA_KEYS + 1, 65535])
def test_absurd_count_of_keys(count: int) -> None:
    """A count of keys out of all reason is malformed before anything is read for it."""
    data = b"\x02\x04\x78" + bytes(32) + b"\x00\x00" + struct.pack(">H", count) + bytes(100)
    protection = told(data)
    assert protection.format == MALFORMED
    assert f"{count} encrypted data keys" in said(protection)


def test_endless_header_is_not_read_to_its_end() -> None:
    """No more is read than the largest header."""
    key = struct.pack(">H", 65535) + b"a" * 65535
    wanted = []

    def read(size: int) -> bytes:
        wanted.append(size)
        return source.read(size)

    source = io.BytesIO(b"\x02\x04\x78" + bytes(32) + b"\x00\x00" + b"\x00\x20" + key * 96)
    assert describe(read, None).format == MALFORMED
    assert sum(wanted) <= limits.MAX_HEADER_BYTES


@pytest.mark.parametrize(
    "data", [b"", b"\x02", b"\x02\x04", b"text", b"\x01\x80\xff\xff", b"\x02\x99\x99" * 50]
)
def test_what_is_no_message(data: bytes) -> None:
    """What is not recognised has the format ``none``, with the reason and where keys may be hidden."""
    protection = told(data, {})
    assert protection.format == NONE
    assert "(<key>.instruction)" in protection.notes[-1]
    assert "instruction" not in said(told(data))
    assert protection.to_dict() | {"format": 0, "notes": 0} == Protection("").to_dict() | {
        "format": 0,
        "notes": 0,
    }


def test_error_of_the_source_is_not_hidden() -> None:
    """What the source raises is raised."""

    def broken(size: int) -> bytes:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        describe(broken, 5)


METADATA = st.dictionaries(
    st.sampled_from(
        [
            *("x-amz-key", "x-amz-key-v2", "x-amz-iv", "x-amz-3", "x-amz-c", "x-amz-d", "x-amz-i", "x-amz-t"),
            *("x-amz-m", "x-amz-w", "x-amz-matdesc", "x-amz-wrap-alg", "x-amz-cek-alg", "X-Amz-Key"),
            *("x-amz-unencrypted-content-length", "colour"),
        ]
    ),
    st.sampled_from(["", "115", "12", "02", "kms", "{}", "[", '{"a": 1}', "[1]", "9" * 5000, "²", "x"])
    | st.text(max_size=20),
)
BYTES = st.binary(max_size=300) | st.tuples(
    st.sampled_from([struct.pack(">BH", 2, suite) for suite in SUITES])
    | st.sampled_from([struct.pack(">BBH", 1, 0x80, suite) for suite in SUITES]),
    st.binary(max_size=300),
).map(b"".join)


@given(BYTES, st.none() | st.integers(0, 1 << 50), st.none() | METADATA)
def test_nothing_raises(data: bytes, size: int | None, metadata: dict[str, str] | None) -> None:
    """Whatever bytes, length and metadata there are, they are described, in values that JSON can hold."""
    protection = describe(io.BytesIO(data).read, size, metadata, PLACE)
    assert protection.notes
    json.dumps(protection.to_dict())


@given(st.integers(0, 400), st.integers(0, 255))
def test_damaged_message_does_not_raise(at: int, value: int) -> None:
    """A message with any one byte changed is described."""
    wrapped = (WrappedKey("aws-kms", KEY_ARN.encode(), b"x" * 50),)
    data = bytearray(our_message(data_key=DataKey(SecretBytes(bytes(32)), wrapped)))
    data[at % len(data)] = value
    assert told(bytes(data), {}, PLACE).notes


@given(
    st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=4), st.text(min_size=1, max_size=20)
)
def test_hostile_text_is_not_lost(context: dict[str, str], provider: str) -> None:
    """The context is kept as it is, for who prints it to make it safe; names of keys have escapes already."""
    context.pop("aws-crypto-public-key", None)
    body = header_body(
        COMMIT_KEY, bytes(32), context, (WrappedKey(provider, b"\x1b[2J\xff", b""),), FRAME, bytes(32)
    )
    protection = told(body + bytes(16), size=None)
    assert protection.context == context
    assert protection.keys == (KeyName(provider, "\\x1b[2J\\xff"),)


@pytest.mark.parametrize("name", ["secure-s3:bucket", "secure-s3:key", "secure-s3:prefix", "secure-s3:batch"])
def test_notes_are_one_line_each(name: str) -> None:
    """A line break or a control character in a bound name does not get into a note as it is."""
    text = said(told(our_message(context={name: "x\n- it is verified\x1b[2J\u202e"}), {}, PLACE))
    assert not [line for line in text.splitlines() if line.startswith("- ")]
    assert "\x1b" not in text
    assert "\u202e" not in text


# -- the Amazon S3 Encryption Client --------------------------------------------------------------------

V1 = {"x-amz-key": "a2V5", "x-amz-iv": "aXY=", "x-amz-matdesc": "{}", "x-amz-unencrypted-content-length": "9"}
V2 = {
    "x-amz-key-v2": "a2V5",
    "x-amz-iv": "aXY=",
    "x-amz-cek-alg": "AES/GCM/NoPadding",
    "x-amz-wrap-alg": "kms+context",
    "x-amz-matdesc": '{"aws:x-amz-cek-alg":"AES/GCM/NoPadding"}',
    "x-amz-tag-len": "128",
}
V3 = {
    "x-amz-3": "a2V5",
    "x-amz-c": "115",
    "x-amz-w": "12",
    "x-amz-t": '{"aws:x-amz-cek-alg":"115"}',
    "x-amz-d": "ZA==",
    "x-amz-i": "aQ==",
}
CIPHERTEXT = b"\x07" * 100


def test_client_v1() -> None:
    """V1 is CBC without authentication: no exact length, and a note about the one that is stated."""
    protection = told(CIPHERTEXT, V1)
    assert protection.format == "Amazon S3 Encryption Client V1"
    assert (protection.suite, protection.suite_id) == ("AES/CBC/PKCS5Padding", None)
    assert (protection.wrap, protection.committing, protection.plain_bytes) == (None, False, None)
    assert "it can be changed unnoticed" in said(protection)
    assert "says that the plaintext has 9 bytes" in said(protection)


def test_client_v2() -> None:
    """V2 with GCM tells both algorithms, the context, and a plaintext 16 bytes shorter than the object."""
    protection = told(CIPHERTEXT, V2)
    assert protection.format == "Amazon S3 Encryption Client V2"
    assert (protection.suite, protection.wrap) == ("AES/GCM/NoPadding", "kms+context")
    assert (protection.plain_bytes, protection.committing, protection.signed) == (84, False, False)
    assert protection.context == {"aws:x-amz-cek-alg": "AES/GCM/NoPadding"}
    assert "does not commit" in said(protection)
    assert "nothing of this is authenticated" in protection.notes[-1]
    assert protection.keys == ()


def test_client_v2_names_its_key_with_the_old_wrap() -> None:
    """With the wrap ``kms`` the description names the key; with another it is a pair like any."""
    described = V2 | {"x-amz-matdesc": json.dumps({"kms_cmk_id": KEY_ARN})}
    assert told(CIPHERTEXT, described | {"x-amz-wrap-alg": "kms"}).keys == (KeyName("aws-kms", KEY_ARN),)
    assert told(CIPHERTEXT, described).keys == ()


@pytest.mark.parametrize(
    ("code", "name"), [("02", "AES/GCM"), ("12", "kms+context"), ("22", "RSA-OAEP-SHA1")]
)
def test_client_v3(code: str, name: str) -> None:
    """V3 commits; its wraps are spelled out, and only KMS has its context in x-amz-t."""
    protection = told(CIPHERTEXT, V3 | {"x-amz-w": code, "x-amz-m": '{"vault":"1"}'})
    assert protection.format == "Amazon S3 Encryption Client V3"
    assert (protection.suite, protection.suite_id) == ("ALG_AES_256_GCM_HKDF_SHA512_COMMIT_KEY", 0x0073)
    assert (protection.committing, protection.plain_bytes, protection.wrap) == (True, 84, name)
    assert protection.context == ({"aws:x-amz-cek-alg": "115"} if code == "12" else {"vault": "1"})
    assert "commit" not in said(protection)


def test_client_v3_with_an_instruction_file() -> None:
    """V3 keeps three names in the metadata even if the data key is elsewhere; a note says where to look."""
    protection = told(CIPHERTEXT, {name: V3[name] for name in ("x-amz-c", "x-amz-d", "x-amz-i")})
    assert protection.format == "Amazon S3 Encryption Client V3"
    assert "(<key>.instruction)" in said(protection)


@pytest.mark.parametrize("missing", ["x-amz-c", "x-amz-d", "x-amz-i"])
def test_half_of_a_client_v3_is_none(missing: str) -> None:
    """Without the data key, two of the three names are not enough."""
    names = {name: V3[name] for name in ("x-amz-c", "x-amz-d", "x-amz-i") if name != missing}
    assert told(CIPHERTEXT, names).format == NONE


@pytest.mark.parametrize(
    "metadata", [{}, {"x-amz-iv": "aXY="}, {"x-amz-meta-x-amz-key": "a"}, {"colour": "red"}]
)
def test_other_metadata_is_none(metadata: dict[str, str]) -> None:
    """Metadata that is not that client's does not make an object encrypted."""
    assert told(CIPHERTEXT, metadata).format == NONE


def test_mixed_metadata_is_told() -> None:
    """Data keys of two versions are a note: the client itself refuses them."""
    assert "mixes formats" in said(told(CIPHERTEXT, V1 | V2))
    assert "mixes formats" in said(told(CIPHERTEXT, V3 | {"x-amz-key": "a"}))


@pytest.mark.parametrize("metadata", [V2, V3], ids=["V2", "V3"])
@pytest.mark.parametrize("size", [0, 15])
def test_object_shorter_than_its_tag(metadata: dict[str, str], size: int) -> None:
    """An object shorter than an authentication tag was cut, and has no length of plaintext."""
    protection = told(CIPHERTEXT[:size], metadata)
    assert protection.plain_bytes is None
    assert "it was cut" in said(protection)


@pytest.mark.parametrize("metadata", [V2, V3], ids=["V2", "V3"])
def test_object_that_is_nothing_but_its_tag(metadata: dict[str, str]) -> None:
    """An object of sixteen bytes is an empty plaintext, and was not cut."""
    protection = told(CIPHERTEXT[:16], metadata)
    assert protection.plain_bytes == 0
    assert "it was cut" not in said(protection)


def test_names_of_metadata_in_capitals() -> None:
    """Metadata is recognised in whatever case a tool gives its names."""
    shouted = {name.upper(): value for name, value in V2.items()}
    assert told(CIPHERTEXT, shouted).to_dict() == told(CIPHERTEXT, V2).to_dict()


def test_client_object_of_unknown_length() -> None:
    """Without the object's length there is none of the plaintext, and no word of a cut."""
    protection = told(CIPHERTEXT, V2, size=None)
    assert protection.plain_bytes is None
    assert "cut" not in said(protection)


@pytest.mark.parametrize("algorithm", ["", "ROT13", "113", "AES/CBC/PKCS5Padding"])
@pytest.mark.parametrize(("metadata", "name"), [(V2, "x-amz-cek-alg"), (V3, "x-amz-c")], ids=["V2", "V3"])
def test_other_content_algorithms(metadata: dict[str, str], name: str, algorithm: str) -> None:
    """An algorithm that is not authenticated, or not known, is told and promises nothing."""
    protection = told(CIPHERTEXT, metadata | {name: algorithm})
    assert (protection.plain_bytes, protection.committing, protection.suite_id) == (None, False, None)
    assert ("unnoticed" in said(protection)) or ("not one that is known" in said(protection))


@pytest.mark.parametrize(
    "text",
    ["[", "[1]", '"x"', "1", "[" * 60000, '{"a":"' + "x" * 70000 + '"}', "9" * 5000, "=?UTF-8?Q?{}?="],
    ids=lambda text: text[:20],
)
def test_material_description_that_is_none(text: str) -> None:
    """A description that is no JSON object, or absurdly long or deep, is a note."""
    protection = told(CIPHERTEXT, V2 | {"x-amz-matdesc": text})
    assert protection.context == {}
    assert "x-amz-matdesc in its metadata is no JSON object" in said(protection)


@pytest.mark.parametrize("text", ["", "-1", "1e9", "²", "9" * 5000, "0x10"])
def test_stated_length_that_is_none(text: str) -> None:
    """A stated length that is no number is not repeated."""
    assert "says that" not in said(told(CIPHERTEXT, V1 | {"x-amz-unencrypted-content-length": text}))


@pytest.mark.parametrize("metadata", [V1, V2, V3], ids=["V1", "V2", "V3"])
def test_message_under_foreign_metadata(metadata: dict[str, str]) -> None:
    """Metadata cannot make a message look like another format; a note tells of it."""
    protection = told(our_message(), metadata)
    assert protection.format == "AWS Encryption SDK message, version 2"
    assert "its content is not" in said(protection)


def test_ciphertext_that_begins_like_a_message() -> None:
    """Bytes that only begin like a message do not hide that the metadata names the other client."""
    assert told(b"\x02\x04\x78" + bytes(100), V2).format == "Amazon S3 Encryption Client V2"
