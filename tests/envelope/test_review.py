"""What a security review found in the envelope, and must not come back."""

from __future__ import annotations

import io
import os
import tracemalloc
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from secure_s3 import errors, limits
from secure_s3.envelope.frames import MessageKey
from secure_s3.envelope.header import WrappedKey, parse_context
from secure_s3.envelope.keys import KmsKeys, RawAesKey
from secure_s3.envelope.reader import FrameOpener, OpeningReader
from secure_s3.envelope.signature import frames_and_footer, verify_signature
from secure_s3.envelope.suites import COMMIT_KEY
from secure_s3.guard.kms import KmsClients
from secure_s3.values import SecretBytes
from tests.envelope import sdk
from tests.envelope.leaks import Ear, assert_no_key, refusal
from tests.envelope.support import (
    CONTEXT,
    FRAME,
    RAW,
    FakeKms,
    Opening,
    content,
    header_of,
    seal,
    split,
    unlock,
)
from tests.envelope.test_keys import ACCOUNT, UUID, A, B

WIRE = FRAME + 32
LARGEST_FOOTER = 162
SIGNED = sdk.encrypt(content(300), sdk.SIGNED)
HEADER = header_of(SIGNED)
END = verify_signature(io.BytesIO(SIGNED), HEADER)
KEY = MessageKey.of(HEADER, RAW.data_key(HEADER.wrapped_keys, HEADER.context, HEADER.suite, FakeKms()))


@pytest.fixture
def ear(monkeypatch: pytest.MonkeyPatch) -> Ear:
    """Hears every secret of the test."""
    return Ear(monkeypatch)


# ------------------------------------------------------------------------------------------ memory


def test_finished_openers_hold_nothing() -> None:
    """What opened a stretch of an object lets go of its buffers when the stretch is complete."""
    frame = 1 << 14
    opening = unlock(seal(content(8 * frame), frame))
    frames = opening.message[opening.layout.offset(1) :]
    kept = []
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(50):
            opener = FrameOpener(opening.key, opening.layout, 1, opening.layout.frames)
            for at in range(0, len(frames), 100_000):
                opener.feed(frames[at : at + 100_000])
            opener.finish()
            kept.append(opener)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert len(kept) * len(frames) > 5 * limits.MIB
    assert grown < 64 * limits.KIB


# ------------------------------------------------------------------- data keys in reports of errors


class SecretiveKms(FakeKms):
    """KMS whose ciphertexts are numbers, so that only its answers hold data keys."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self._given: list[SecretBytes] = []

    def generate_data_key(self, key_arn: str, context: Mapping[str, str]) -> tuple[SecretBytes, bytes, str]:
        arn = self._called("GenerateDataKey", key_arn, context)
        self._given.append(SecretBytes(content(self.secret_bytes)))
        return self._given[-1], b"number 0", arn

    def encrypt(self, key_arn: str, plaintext: SecretBytes, context: Mapping[str, str]) -> tuple[bytes, str]:
        return b"number 0", self._called("Encrypt", key_arn, context)

    def decrypt(self, key_arn: str, ciphertext: bytes, context: Mapping[str, str]) -> tuple[SecretBytes, str]:
        arn = self._called("Decrypt", key_arn, context)
        return SecretBytes(content(self.secret_bytes)), arn


def _wrapped(*arns: str) -> tuple[WrappedKey, ...]:
    return tuple(WrappedKey("aws-kms", arn.encode(), b"number 0") for arn in arns)


@pytest.mark.parametrize("region", range(3), ids=["commitment", "tag", "message-id"])
def test_no_data_key_in_reports_of_a_changed_header(ear: Ear, region: int) -> None:
    """A report with local variables shows no key of a message whose header does not verify."""
    header, frames = split(seal(content(3 * FRAME)))
    at = [len(header) - 17, len(header) - 1, 5][region]
    changed = header[:at] + bytes([header[at] ^ 1]) + header[at + 1 :] + b"".join(frames)
    read = header_of(changed)
    secret = RAW.data_key(read.wrapped_keys, read.context, read.suite, FakeKms())
    assert_no_key(refusal(lambda: MessageKey.of(read, secret), errors.TamperedError), ear)


@pytest.mark.parametrize("keys", [(A,), (A, B)], ids=["one", "two"])
def test_no_data_key_in_reports_of_another_key(ear: Ear, keys: tuple[str, ...]) -> None:
    """Where Decrypt answers as another key, the report shows that key's name and not what it opened."""
    kms = SecretiveKms(answers_as=dict.fromkeys(keys, A.replace("1234abcd", "99999999")))
    error = refusal(
        lambda: KmsKeys(*keys).data_key(_wrapped(*keys), CONTEXT, COMMIT_KEY, kms), errors.KeyAccessError
    )
    assert_no_key(error, ear)
    assert "99999999" in str(error)


def test_no_data_key_in_reports_of_writing(ear: Ear) -> None:
    """Nor is it shown where GenerateDataKey or Encrypt answers as another key, or Encrypt is refused."""
    for kms in (
        SecretiveKms(answers_as={A: B}),
        SecretiveKms(answers_as={B: A}),
        SecretiveKms(refuses={B: errors.AccessDenied("no")}),
        SecretiveKms(secret_bytes=33),
    ):
        error = refusal(lambda: KmsKeys(A, B).new_data_key(CONTEXT, kms), errors.KeyAccessError)  # noqa: B023
        assert_no_key(error, ear)


def test_no_data_key_in_reports_of_raw_keys(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    """A context that is too large is refused without the data key, or the raw key, in the report."""
    monkeypatch.setattr("os.urandom", ear.noting(os.urandom))
    big = {"pair": "x" * 65_000, "other": "y" * 1000}
    ear.note(RAW.key.reveal())
    assert_no_key(refusal(lambda: RAW.new_data_key(big, FakeKms()), errors.ConfigurationError), ear)
    wrapped = RAW.new_data_key(CONTEXT, FakeKms()).wrapped
    for context in (big, {**CONTEXT, "more": "1"}):
        error = refusal(
            lambda: RAW.data_key(wrapped, context, COMMIT_KEY, FakeKms()),  # noqa: B023
            errors.SecureS3Error,
        )
        assert_no_key(error, ear)


# -------------------------------------------------------------------------------- names that lie


def test_a_pair_that_is_there_twice() -> None:
    """The error for a name that is twice in a context neither repeats 60,000 bytes nor control characters."""
    name = b"\x1b[31m\n  fix: run curl" + b"x" * 20_000
    pair = len(name).to_bytes(2, "big") + name + b"\0\x01v"
    with pytest.raises(errors.TamperedError, match="twice") as caught:
        parse_context(b"\0\x02" + pair + pair)
    assert len(str(caught.value)) < 1000
    assert "\x1b" not in str(caught.value)
    assert str(caught.value).count("\n") == 2


# ------------------------------------------------------------------------------------- calls to KMS


def _arn(number: int) -> str:
    return f"arn:aws:kms:invented-{number}:{ACCOUNT}:key/{UUID}"


def test_discovery_asks_a_few_times() -> None:
    """A header with 32 encrypted data keys in 32 invented regions causes no more than 8 calls to KMS."""
    arns = [_arn(number) for number in range(limits.MAX_DATA_KEYS)]
    kms = FakeKms(refuses={arn: errors.TransportError("no such host") for arn in arns})
    with pytest.raises(errors.KeyAccessError):
        KmsKeys.discovery(ACCOUNT).data_key(_wrapped(*arns), CONTEXT, COMMIT_KEY, kms)
    assert 1 <= len(kms.calls) <= 8


@pytest.mark.parametrize("configured", [1, 2, 20])
def test_strict_asks_a_few_times(configured: int) -> None:
    """However often a header names the configured keys, at most 8 calls more than keys go to KMS."""
    arns = [_arn(number) for number in range(configured)]
    named = (arns * limits.MAX_DATA_KEYS)[: limits.MAX_DATA_KEYS]
    kms = FakeKms(refuses={arn: errors.AccessDenied("no") for arn in arns})
    with pytest.raises(errors.KeyAccessError):
        KmsKeys(*arns).data_key(_wrapped(*named), CONTEXT, COMMIT_KEY, kms)
    assert configured <= len(kms.calls) <= 8 + configured


def test_every_configured_key_is_asked() -> None:
    """The limit does not keep the last of 32 configured keys from opening what all of them can."""
    arns = [_arn(number) for number in range(limits.MAX_DATA_KEYS)]
    kms = SecretiveKms(refuses={arn: errors.AccessDenied("no") for arn in arns[:-1]})
    assert len(KmsKeys(*arns).data_key(_wrapped(*arns), CONTEXT, COMMIT_KEY, kms)) == 32
    assert len(kms.calls) == len(arns)


class FakeClient:
    """A KMS client that counts who is open."""

    open: int = 0
    most: int = 0

    def __init__(self, region: str) -> None:
        self.region, self.closed = region, False
        FakeClient.open += 1
        FakeClient.most = max(FakeClient.most, FakeClient.open)

    def _make_api_call(self, operation: str, arguments: object) -> dict[str, object]:
        assert not self.closed
        return {"Plaintext": bytes(32), "CiphertextBlob": b"c", "KeyId": _arn(int(self.region[9:]))}

    def close(self) -> None:
        """Count."""
        assert not self.closed
        self.closed = True
        FakeClient.open -= 1


@pytest.fixture
def _counted() -> Iterator[None]:
    FakeClient.open = FakeClient.most = 0
    yield
    FakeClient.open = FakeClient.most = 0


@pytest.mark.usefixtures("_counted")
def test_clients_of_regions() -> None:
    """Of the clients for the regions that objects name, 16 are kept, and the others are closed."""
    made: list[str] = []

    def make(region: str) -> FakeClient:
        made.append(region)
        return FakeClient(region)

    kms = KmsClients(make)
    for number in [*range(40), *range(30, 40), 3]:
        assert kms.decrypt(_arn(number), b"c", CONTEXT)[1] == _arn(number)
    assert len(made) == 41
    assert (FakeClient.open, FakeClient.most) == (16, 16)
    kms.close()
    assert FakeClient.open == 0


# ----------------------------------------------------------------------------------- signed messages


def _spooled(rest: io.BytesIO) -> int:
    """What is done to a signed message whose header is HEADER: each frame, the footer, the signature."""
    file = io.BytesIO()
    file.write(HEADER.raw)
    for piece in frames_and_footer(rest.read, HEADER, KEY):
        file.write(piece)
    return verify_signature(file, HEADER)


def test_every_byte_of_a_signed_message() -> None:
    """Each byte of the frames and of the footer, with a bit flipped, is refused; as it is, it is not."""
    assert _spooled(io.BytesIO(SIGNED[HEADER.length :])) == END
    for at in range(HEADER.length, len(SIGNED)):
        changed = bytearray(SIGNED)
        changed[at] ^= 1 << at % 8
        with pytest.raises(errors.TamperedError):
            _spooled(io.BytesIO(changed[HEADER.length :]))


@pytest.mark.parametrize("size", [0, 1, 100, 160, 161, 162, 1000, 65_535])
def test_other_footers(size: int) -> None:
    """A footer of another signature, however long, is refused, from 163 bytes on without its end."""
    footer = size.to_bytes(2, "big") + b"\x30" * size
    source = io.BytesIO(SIGNED[HEADER.length : END] + footer)
    with pytest.raises(errors.TamperedError) as caught:
        _spooled(source)
    assert source.tell() <= END - HEADER.length + LARGEST_FOOTER + 1
    assert ("behind its signature" in caught.value.why) is (size + 2 > LARGEST_FOOTER)


def test_junk_is_refused_with_its_first_frame() -> None:
    """Junk behind a signed header is read for one frame and no further, and none of it is kept."""
    kept: list[bytes] = []
    source = io.BytesIO(content(100_000))
    with pytest.raises(errors.TamperedError):
        kept += frames_and_footer(source.read, HEADER, KEY)
    assert kept == []
    assert source.tell() <= HEADER.frame_bytes + 64


# ---------------------------------------------------------------------------------- broken readers


def _reader(opening: Opening, fault: BaseException) -> OpeningReader:
    """A reader whose source raises once, in the middle, and goes on afterwards."""
    source, left = io.BytesIO(opening.message[opening.layout.offset(1) :]), [fault]

    def read(size: int) -> bytes:
        if source.tell() >= 3 * WIRE and left:
            raise left.pop()
        return source.read(min(size, WIRE))

    layout = opening.layout
    opener = FrameOpener(opening.key, layout, 1, layout.frames)
    return OpeningReader(read, opener, skip=0, size=layout.plain_bytes, close=source.close)


def _drain(reader: OpeningReader, amount: int, got: bytearray) -> None:
    while piece := reader.read(amount):
        got += piece


@pytest.mark.parametrize(
    "fault", [RuntimeError("why"), KeyboardInterrupt(), OSError(5, "why"), SystemExit(1)]
)
@pytest.mark.parametrize("amount", [-1, 10, 5 * FRAME])
def test_a_broken_reader_stays_broken(fault: BaseException, amount: int) -> None:
    """Behind a foreign exception a reader raises TransferError, and never gives an end or other bytes."""
    reader, got = _reader(unlock(seal(content(10 * FRAME))), fault), bytearray()
    with pytest.raises(type(fault)):
        _drain(reader, amount, got)
    assert content(10 * FRAME).startswith(got)
    for size in (amount, 1, -1, None):
        with pytest.raises(errors.TransferError, match="broken off") as caught:
            reader.read(size)
        assert caught.value.__cause__ is fault
        assert caught.value.fix


@pytest.mark.parametrize("amount", [-1, 10])
def test_a_refusing_reader_refuses_again(amount: int) -> None:
    """Behind a TamperedError a reader raises the same one again, and never gives an end."""
    opening = unlock(seal(content(10 * FRAME)))
    changed = bytearray(opening.message)
    changed[opening.layout.offset(5)] ^= 1
    opening.message = bytes(changed)
    reader = opening.reader(1, opening.layout.frames, crumbs=WIRE)
    with pytest.raises(errors.TamperedError) as first:
        _drain(reader, amount, bytearray())
    for _ in range(2):
        with pytest.raises(errors.TamperedError) as again:
            reader.read(amount)
        assert again.value is first.value


# ------------------------------------------------------------------------------------ helpful errors


@pytest.mark.parametrize("key", ["00" * 32, None, 5, bytes(31), ["x"]], ids=str)
def test_raw_keys_say_what_to_write(key: object) -> None:
    """What is no key of 32 bytes is refused with what to write instead, and without the key."""
    with pytest.raises(errors.ConfigurationError, match="32 bytes") as caught:
        RawAesKey("k", key)  # type: ignore[arg-type]
    assert "bytes.fromhex" in caught.value.fix
    assert "00" * 4 not in str(caught.value)


@pytest.mark.parametrize("kind", [list, tuple, set])
def test_a_list_of_arns(kind: type) -> None:
    """KmsKeys of a list is refused with how to pass one."""
    with pytest.raises(errors.ConfigurationError) as caught:
        KmsKeys(kind([A, B]))
    assert "KmsKeys(*keys)" in caught.value.fix
