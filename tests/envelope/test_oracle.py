"""Both directions against the AWS Encryption SDK: what we write it reads, what it writes we read."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aws_encryption_sdk.identifiers import AlgorithmSuite, ContentType, SerializationVersion
from aws_encryption_sdk.internal.formatting.serialize import serialize_header
from aws_encryption_sdk.key_providers.kms import StrictAwsKmsMasterKeyProvider
from aws_encryption_sdk.structures import EncryptedDataKey, MasterKeyInfo, MessageHeader
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from secure_s3 import errors
from secure_s3.envelope.header import PUBLIC_KEY, WrappedKey, header_body
from secure_s3.envelope.keys import DataKey, KmsKeys, RawAesKey
from secure_s3.envelope.signature import verify_signature
from secure_s3.envelope.suites import COMMIT_KEY, SUITES
from secure_s3.envelope.writer import SealedRun
from tests.envelope import sdk
from tests.envelope.support import (
    CONTEXT,
    FRAME,
    MASTER,
    RAW,
    NoKms,
    content,
    header_of,
    new_message,
    open_all,
    reading,
    seal,
    unlock,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
CONTEXTS = st.dictionaries(TEXT.filter(lambda name: not name.startswith("aws-crypto")), TEXT, max_size=4)
OLD = [number for number, suite in SUITES.items() if not suite.committing]
UNICODE = {"süßes": "日本語", "\U0001f511": "\U0001f512", "a": "é", "á": "e\u0301"}


def _sizes(frame: int) -> list[int]:
    return [0, 1, frame - 1, frame, frame + 1, 3 * frame - 1, 3 * frame, 3 * frame + 1]


# ----------------------------------------------------------------------------------------- we write


@pytest.mark.parametrize("frame", [1, 33, 64, 1000, 4096, 65536])
def test_sdk_reads_ours_at_boundaries(frame: int) -> None:
    """The SDK's strictest client reads our messages of every size around the boundaries of frames."""
    for size in _sizes(frame):
        assert sdk.decrypt(seal(content(size), frame)) == (content(size), CONTEXT)


@given(st.integers(1, 300), st.integers(0, 2000), CONTEXTS)
def test_sdk_reads_ours(frame: int, size: int, context: dict[str, str]) -> None:
    """The SDK reads our messages of any frame length, size and context, which it finds as it was."""
    size = min(size, 12 * frame)
    assert sdk.decrypt(seal(content(size), frame, context=context)) == (content(size), context)


@given(st.integers(0, 9 * FRAME), st.integers(1, 4))
def test_sdk_reads_our_parts(size: int, frames: int) -> None:
    """A message that was sealed in parts, as a multipart upload is, is one message to the SDK."""
    message, plain, part = new_message(), content(size), frames * FRAME
    sealed = message.header
    for start in range(0, max(size, 1), part):
        run = SealedRun(
            message,
            reading(plain[start:]),
            first=1 + start // FRAME,
            plain_bytes=min(part, size - start),
            final=start + part >= size,
        )
        sealed += run.read_at(0, run.size)
    assert sdk.decrypt(sealed)[0] == plain


@pytest.mark.parametrize("at", [0, 1, 40, -1, -20, -60])
def test_sdk_refuses_our_changed_messages(at: int) -> None:
    """The oracle does look: it refuses a message of ours in which a bit was flipped."""
    message = bytearray(seal(content(200)))
    message[at] ^= 1
    with pytest.raises(Exception):  # noqa: B017 - it raises InvalidTag and others
        sdk.decrypt(bytes(message))


# --------------------------------------------------------------------------------------- the SDK writes


@pytest.mark.parametrize("frame", [128, 384, 4096])
def test_we_read_theirs_at_boundaries(frame: int) -> None:
    """We read the SDK's messages of every size around the boundaries of frames, their last byte alone too."""
    for size in _sizes(frame):
        opening = unlock(sdk.encrypt(content(size), frame_bytes=frame))
        assert opening.reader(1, opening.layout.frames).read() == content(size)
        assert (opening.header.context, opening.layout.plain_bytes) == (CONTEXT, size)
        if size:
            assert opening.range(size - 1, size) == content(size)[-1:]


@given(st.integers(1, 8), st.integers(0, 2000), CONTEXTS, st.data())
def test_we_read_theirs(blocks: int, size: int, context: dict[str, str], data: st.DataObject) -> None:
    """We read the SDK's messages of any frame length, size and context, and any range of them."""
    opening = unlock(sdk.encrypt(content(size), frame_bytes=128 * blocks, context=context))
    assert opening.header.context == context
    start = data.draw(st.integers(0, size))
    end = data.draw(st.integers(start, size))
    assert opening.reader(1, opening.layout.frames).read() == content(size)
    if start < end:
        assert opening.range(start, end) == content(size)[start:end]


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 4097, 3 * 4096, 100_000])
def test_their_default(size: int) -> None:
    """A message of the SDK that was written with its defaults has frames of 4 KiB."""
    message = sdk.encrypt(content(size), frame_bytes=None)
    assert header_of(message).frame_bytes == 4096
    assert open_all(message) == content(size)


@pytest.mark.parametrize("size", [0, 1, 127, 128, 129, 384, 1000])
def test_signed(size: int) -> None:
    """A signed message is verified to its end, and what is in front of its footer is a message."""
    message = sdk.encrypt(content(size), sdk.SIGNED)
    header = header_of(message)
    end = verify_signature(io.BytesIO(message), header)
    footer = int.from_bytes(message[end : end + 2], "big")
    assert end + 2 + footer == len(message)
    assert header.context == {**CONTEXT, PUBLIC_KEY: header.context[PUBLIC_KEY]}
    assert open_all(message) == content(size)


@pytest.mark.parametrize("suite", OLD, ids=lambda number: SUITES[number].name)
@pytest.mark.parametrize("size", [0, 128, 129, 1000])
def test_old_suites(suite: int, size: int) -> None:
    """Messages of every non-committing suite are refused unless they are allowed, and are read then."""
    message = sdk.encrypt(content(size), suite)
    with pytest.raises(errors.DowngradeError):
        open_all(message)
    assert open_all(message, allow_non_committing=True) == content(size)


@pytest.mark.parametrize("suite", OLD, ids=lambda number: SUITES[number].name)
def test_old_suites_are_verified(suite: int) -> None:
    """A change of a message of an old suite is refused all the same, in header, frames or footer."""
    message = sdk.encrypt(content(300), suite)
    header = header_of(message)
    for at in (10, header.length - 1, header.length - 20, header.length + 20, len(message) - 20):
        changed = bytearray(message)
        changed[at] ^= 1
        with pytest.raises(errors.TamperedError):
            open_all(bytes(changed), allow_non_committing=True)


@pytest.mark.parametrize("suite", [0x0478, 0x0178])
def test_their_messages_without_frames(suite: int) -> None:
    """The SDK's messages without frames are refused, and the reason is not that they were changed."""
    with pytest.raises(errors.DowngradeError, match="without frames"):
        open_all(sdk.encrypt(content(10), suite, frame_bytes=0))


# ----------------------------------------------------------------------------------------------- keys


@pytest.mark.parametrize(
    "context", [{}, {"a": "b"}, UNICODE, CONTEXT], ids=["none", "one", "unicode", "ours"]
)
@pytest.mark.parametrize("name", ["vault/1", "schlüssel", "x" * 1024])
def test_raw_keys(context: dict[str, str], name: str) -> None:
    """A raw key wraps as the SDK's does, both ways, with any context."""
    keys = RawAesKey(name, MASTER, namespace="näme")
    provider = sdk.master_key(keys)
    assert sdk.decrypt(seal(b"ours", keys=keys, context=context), provider) == (b"ours", context)
    assert open_all(sdk.encrypt(b"theirs", context=context, provider=provider), keys) == b"theirs"


def test_another_raw_key() -> None:
    """Neither side opens what was written with another key of the same name."""
    other = RawAesKey(RAW.name, bytes(32))
    with pytest.raises(InvalidTag):
        sdk.decrypt(seal(b"ours", keys=other))
    with pytest.raises(errors.KeyAccessError, match="vault/1"):
        open_all(sdk.encrypt(b"theirs", provider=sdk.master_key(other)))


def test_two_raw_keys() -> None:
    """A message of the SDK's for two keys opens with either, and with no third."""
    one, two = RawAesKey("one", MASTER), RawAesKey("two", bytes(32))
    message = sdk.encrypt(content(300), provider=sdk.Several(one, two))
    assert open_all(message, one) == open_all(message, two) == content(300)
    with pytest.raises(errors.KeyAccessError):
        open_all(message, RawAesKey("three", MASTER))


@pytest.fixture
def kms_client(local_aws: Any) -> Iterator[Any]:
    """A boto3 client of the embedded KMS."""
    client = local_aws.session().client("kms")
    yield client
    client.close()


@pytest.fixture
def provider(local_aws: Any) -> Callable[..., StrictAwsKmsMasterKeyProvider]:
    """The SDK's own provider, with the embedded KMS."""
    session = local_aws.session()._session
    return lambda *arns: StrictAwsKmsMasterKeyProvider(key_ids=list(arns), botocore_session=session)


@pytest.mark.parametrize("context", [CONTEXT, UNICODE], ids=["ours", "unicode"])
def test_kms_both_ways(local_aws: Any, kms_client: Any, provider: Any, context: dict[str, str]) -> None:
    """With a KMS key, the SDK reads our messages and we read its, signed ones included."""
    arn = local_aws.kms_key_arn
    keys, kms, theirs = KmsKeys(arn), sdk.BotoKms(kms_client), provider(arn)
    ours = seal(content(300), keys=keys, kms=kms, context=context)
    assert sdk.decrypt(ours, theirs) == (content(300), context)
    for suite in (0x0478, sdk.SIGNED):
        message = sdk.encrypt(content(300), suite, context=context, provider=theirs)
        assert open_all(message, keys, kms=kms) == content(300)


def test_two_kms_keys(local_aws: Any, kms_client: Any, provider: Any) -> None:
    """What was written for two KMS keys opens on either side with each, also while the first is disabled."""
    first, second = local_aws.kms_key_arn, local_aws.create_key()
    kms = sdk.BotoKms(kms_client)
    ours = seal(content(300), keys=KmsKeys(first, second), kms=kms)
    theirs = sdk.encrypt(content(300), provider=provider(first, second))
    for arn in (first, second):
        assert sdk.decrypt(ours, provider(arn))[0] == content(300)
        assert open_all(theirs, KmsKeys(arn), kms=kms) == content(300)
    local_aws.disable_key(first)
    assert open_all(theirs, KmsKeys(first, second), kms=kms) == content(300)
    account = first.split(":")[4]
    assert open_all(ours, KmsKeys.discovery(account), kms=kms) == content(300)


def test_kms_refuses(local_aws: Any, kms_client: Any) -> None:
    """A disabled key, a key that is not named, and a changed context do not open a message."""
    arn, other = local_aws.kms_key_arn, local_aws.create_key()
    kms, keys = sdk.BotoKms(kms_client), KmsKeys(arn)
    message = seal(b"x", keys=keys, kms=kms)
    header = header_of(message)
    with pytest.raises(errors.KeyAccessError, match="no configured key"):
        open_all(message, KmsKeys(other), kms=kms)
    with pytest.raises(errors.KeyAccessError) as caught:
        keys.data_key(header.wrapped_keys, {**CONTEXT, "secure-s3:key": "other"}, COMMIT_KEY, kms)
    assert caught.value.code == "InvalidCiphertextException"
    local_aws.disable_key(arn)
    with pytest.raises(errors.KeyUnavailable) as disabled:
        open_all(message, keys, kms=kms)
    assert isinstance(disabled.value, errors.KeyAccessError)
    assert disabled.value.response["Error"]["Code"] == "DisabledException"
    with pytest.raises(errors.KeyUnavailable):
        seal(b"x", keys=keys, kms=kms)


# -------------------------------------------------------------------------------------------- headers

WRAPPED = st.builds(WrappedKey, TEXT, st.binary(max_size=60), st.binary(max_size=60))


@given(
    st.binary(min_size=32, max_size=32),
    CONTEXTS,
    st.lists(WRAPPED, min_size=1, max_size=4, unique=True),
    st.integers(1, 2**24),
    st.binary(min_size=32, max_size=32),
)
def test_header_byte_for_byte(
    message_id: bytes, context: dict[str, str], keys: list[WrappedKey], frame: int, commitment: bytes
) -> None:
    """For the same parts, our header is the SDK's to the byte."""
    theirs = {EncryptedDataKey(MasterKeyInfo(key.provider, key.info), key.ciphertext): key for key in keys}
    header = MessageHeader(
        version=SerializationVersion.V2,
        algorithm=AlgorithmSuite.get_by_id(COMMIT_KEY.id),
        message_id=message_id,
        encryption_context=context,
        encrypted_data_keys=set(theirs),
        content_type=ContentType.FRAMED_DATA,
        frame_length=frame,
        commitment_key=commitment,
    )
    # The SDK writes the keys in the order of a set.
    order = tuple(theirs[key] for key in header.encrypted_data_keys)
    assert header_body(COMMIT_KEY, message_id, context, order, frame, commitment) == serialize_header(header)


@pytest.mark.parametrize("size", [0, 1, 127, 128, 129, 300])
def test_message_byte_for_byte(size: int) -> None:
    """With the SDK's data key, message id and layout, our header and frames are its own, but for the end.

    It ends a plaintext of whole frames with an empty frame, and we end it with the last full one.
    """
    theirs = sdk.encrypt(content(size))
    opening = unlock(theirs)
    header = opening.header
    data_key = DataKey(RAW.data_key(header.wrapped_keys, CONTEXT, COMMIT_KEY, NoKms()), header.wrapped_keys)
    ours = seal(content(size), 128, data_key=data_key, message_id=header.message_id)
    if size and size % 128 == 0:
        assert ours[: opening.layout.offset(size // 128)] == theirs[: opening.layout.offset(size // 128)]
        assert len(theirs) == len(ours) + 32
    else:
        assert ours == theirs
