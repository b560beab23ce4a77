"""Arguments that client-side encryption cannot use: refused with the reason, before anything is sent."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from secure_s3 import SecureS3Client, errors
from secure_s3.encryption import ClientSide, SseKms, SseS3
from secure_s3.envelope.keys import KmsKeys, RawAesKey
from secure_s3.guard import harden
from secure_s3.profile import SecurityProfile
from tests.rig import sources
from tests.transfer.sealed import RAW, decrypted, message, raw
from tests.transfer.support import BUCKET, MIB, Place, content

ARN = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

CHECKSUMS = {
    "ContentMD5": "1B2M2Y8AsgTpgAmY7PhCfg==",
    "ChecksumCRC32": "AAAAAA==",
    "ChecksumCRC32C": "AAAAAA==",
    "ChecksumCRC64NVME": "AAAAAAAAAAA=",
    "ChecksumSHA1": "2jmj7l5rSw0yVb/vlWAYkK/YBwk=",
    "ChecksumSHA256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
}


def _kind(value: object) -> str:
    """Names of test cases, the same in every worker."""
    return type(value).__name__


@pytest.mark.parametrize("name", CHECKSUMS)
def test_checksums_of_the_plaintext(place: Place, cse: SecureS3Client, folder: Path, name: str) -> None:
    """A checksum of the plaintext, which is not what S3 gets, is refused by every way up."""
    given = {name: CHECKSUMS[name]}
    (folder / "f").write_bytes(b"")
    calls = [
        lambda: cse.put_object(Bucket=BUCKET, Key="k", Body=b"", **given),
        lambda: cse.upload_file(folder / "f", BUCKET, "k", ExtraArgs=given),
        lambda: cse.upload_fileobj(io.BytesIO(), BUCKET, "k", ExtraArgs=given),
        lambda: cse.open(BUCKET, "k", "wb", extra_args=given).close(),
    ]
    for call in calls:
        with pytest.raises(errors.ConfigurationError, match=name):
            call()
    place.assert_nothing()


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
def test_checksum_algorithms(place: Place, cse: SecureS3Client, algorithm: str) -> None:
    """An algorithm may be chosen; the checksum is that of what S3 stores."""
    cse.put_object(Bucket=BUCKET, Key="k", Body=b"data", ChecksumAlgorithm=algorithm)
    assert place.head()[f"Checksum{algorithm}"]
    assert decrypted(place) == b"data"


@pytest.mark.parametrize("length", [0, 3, 5, 4 + 40, -1, "4"])
@pytest.mark.parametrize("kind", [bytes, io.BytesIO], ids=["bytes", "file"])
def test_content_length(place: Place, cse: SecureS3Client, kind: Any, length: Any) -> None:
    """ContentLength is that of the plaintext, or wrong."""
    with pytest.raises(errors.ConfigurationError, match="ContentLength"):
        cse.put_object(Bucket=BUCKET, Key="k", Body=kind(b"data"), ContentLength=length)
    place.assert_nothing()
    cse.put_object(Bucket=BUCKET, Key="k", Body=kind(b"data"), ContentLength=4)
    assert decrypted(place) == b"data"


@pytest.mark.parametrize(
    ("body", "stored"),
    [
        (b"bytes", b"bytes"),
        (bytearray(b"array"), b"array"),
        ("tëxt", "tëxt".encode()),
        ("", b""),
        (io.BytesIO(b"file"), b"file"),
        (sources.OnlyRead(b"only read"), b"only read"),
        (sources.NonSeekable(b"pipe"), b"pipe"),
        (sources.ShortReads(content(MIB + 5), at_most=90_000), content(MIB + 5)),
        (sources.OnlyRead(content(3 * MIB)), content(3 * MIB)),
    ],
    ids=["bytes", "bytearray", "str", "empty", "file", "only-read", "pipe", "short-reads", "long-stream"],
)
def test_bodies(place: Place, cse: SecureS3Client, body: Any, stored: bytes) -> None:
    """Whatever boto3 takes as a body is taken; text is sent as UTF-8."""
    cse.put_object(Bucket=BUCKET, Key="k", Body=body)
    assert decrypted(place) == stored


def test_body_from_where_it_stands(place: Place, cse: SecureS3Client) -> None:
    """A file is read from its position, short or long, and is not closed."""
    for size in (1000, 2 * MIB):
        file = io.BytesIO(content(size))
        file.seek(7)
        cse.put_object(Bucket=BUCKET, Key="k", Body=file)
        assert decrypted(place) == content(size)[7:]
        assert not file.closed


def test_no_body(place: Place, cse: SecureS3Client) -> None:
    """Without a body an empty object is written, encrypted like any other."""
    cse.put_object(Bucket=BUCKET, Key="k")
    assert decrypted(place) == b""
    assert place.head()["ContentLength"] > 40


@pytest.mark.parametrize("body", [None, 7, object(), ["x"], {"a": 1}, True], ids=_kind)
def test_no_bodies(place: Place, cse: SecureS3Client, body: Any) -> None:
    """What is no body is refused."""
    with pytest.raises(errors.ConfigurationError, match="Body"):
        cse.put_object(Bucket=BUCKET, Key="k", Body=body)
    place.assert_nothing()


def test_text_files(place: Place, cse: SecureS3Client, folder: Path) -> None:
    """A file that was opened for text is refused with the mode to use, as body and as source."""
    (folder / "f").write_text("text")
    for text in (io.StringIO("text"), (folder / "f").open()):
        with text:
            with pytest.raises(errors.ConfigurationError, match='"rb"'):
                cse.put_object(Bucket=BUCKET, Key="k", Body=text)
            with pytest.raises(errors.ConfigurationError, match='"rb"'):
                cse.upload_fileobj(text, BUCKET, "k")  # type: ignore[arg-type]
    place.assert_nothing()


def test_long_body_that_cannot_seek(
    place: Place, cse: SecureS3Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long stream as a body, which no retry could read again, is refused with the way to send it."""
    monkeypatch.setattr("secure_s3.transfer.sealed_objects._IN_MEMORY", MIB)
    with pytest.raises(errors.ConfigurationError, match="upload_fileobj"):
        cse.put_object(Bucket=BUCKET, Key="k", Body=sources.OnlyRead(bytes(MIB)))
    place.assert_nothing()
    cse.put_object(Bucket=BUCKET, Key="k", Body=sources.OnlyRead(bytes(MIB - 1)))


@pytest.mark.parametrize("number", [1, 0, 7])
def test_part_numbers(place: Place, cse: SecureS3Client, number: int) -> None:
    """PartNumber, which names a piece of the ciphertext, is refused with the way to read a piece."""
    place.put(message(100))
    for call in (cse.get_object, cse.head_object):
        with pytest.raises(errors.ConfigurationError, match="Range"):
            call(Bucket=BUCKET, Key="k", PartNumber=number)


@pytest.mark.parametrize(
    "extra",
    [
        {"ServerSideEncryption": "aws:kms"},
        {"SSEKMSKeyId": ARN},
        {"SSECustomerKey": bytes(32)},
        {"ACL": "public-read"},
        {"WriteOffsetBytes": 0},
        {"WriteOffsetBytes": 5},
    ],
    ids=repr,
)
def test_arguments_that_contradict(place: Place, cse: SecureS3Client, extra: dict[str, Any]) -> None:
    """Another encryption at rest, a public ACL and appending are refused."""
    with pytest.raises(errors.ConfigurationError, match=next(iter(extra))):
        cse.put_object(Bucket=BUCKET, Key="k", Body=b"x", **extra)
    place.assert_nothing()


def test_client_without_a_session(place: Place) -> None:
    """A client that was hardened by itself has no way to KMS, and says so."""
    from secure_s3.transfer.upload import upload

    client = harden(place.aws.session().client("s3"), raw())
    with pytest.raises(errors.ConfigurationError, match="KMS"):
        upload(client, io.BytesIO(b"x"), BUCKET, "k")
    client.close()
    place.assert_nothing()


def test_profile_decides(place: Place) -> None:
    """A profile that does not allow client-side encryption refuses it, for a client and for a call."""
    profile = SecurityProfile(name="s", allowed_strategies=frozenset({"SseKms"}))
    with pytest.raises(errors.NotAllowedByProfile):
        place.client(raw(), profile=profile)
    s3 = place.client(SseKms(place.aws.kms_key_arn), profile=profile)
    with pytest.raises(errors.NotAllowedByProfile):
        s3.put_object(Bucket=BUCKET, Key="k", Body=b"x", encryption=raw())
    place.assert_nothing()


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"frame_bytes": 1023}, "frame_bytes"),
        ({"frame_bytes": 16 * MIB + 1}, "frame_bytes"),
        ({"frame_bytes": 0}, "frame_bytes"),
        ({"frame_bytes": -1}, "frame_bytes"),
        ({"frame_bytes": True}, "frame_bytes"),
        ({"frame_bytes": 65536.0}, "frame_bytes"),
        ({"frame_bytes": "65536"}, "frame_bytes"),
        ({"server_side": None}, "server_side"),
        ({"server_side": "AES256"}, "server_side"),
        ({"server_side": SseS3}, "server_side"),
        ({"server_side": ClientSide(RAW)}, "server_side"),
        ({"bind_location": 1}, "bind_location"),
        ({"bind_location": None}, "bind_location"),
        ({"allow_non_committing_suites": "no"}, "allow_non_committing_suites"),
        ({"context": {"a": 1}}, "context"),
        ({"context": {"secure-s3:key": "k"}}, "reserved"),
        ({"context": {"secure-s3:": "k"}}, "reserved"),
        ({"context": {"aws-crypto-public-key": "k"}}, "reserved"),
    ],
    ids=repr,
)
def test_bad_strategies(arguments: dict[str, Any], match: str) -> None:
    """A strategy that makes no sense is refused when it is made."""
    with pytest.raises(errors.ConfigurationError, match=match):
        ClientSide(RAW, **arguments)


@pytest.mark.parametrize(
    "keys", [None, ARN, RAW.key, bytes(32), [RAW], (ARN,), object(), SseKms(ARN), KmsKeys, object], ids=_kind
)
def test_no_keys(keys: Any) -> None:
    """What is no set of keys is refused, with what is one."""
    with pytest.raises(errors.ConfigurationError, match="KmsKeys"):
        ClientSide(keys)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("alias/x",),
        ("1234abcd-12ab-34cd-56ef-1234567890ab",),
        (ARN, ARN),
        (None,),
        (ARN.replace("kms", "s3"),),
    ],
    ids=repr,
)
def test_no_kms_keys(arguments: Any) -> None:
    """Aliases, bare ids, the same key twice and none at all are refused."""
    with pytest.raises(errors.ConfigurationError):
        KmsKeys(*arguments)


@pytest.mark.parametrize("key", [b"", bytes(16), bytes(31), bytes(33), "x" * 32, None, 32], ids=_kind)
def test_no_raw_keys(key: Any) -> None:
    """A raw key that has not 32 bytes is refused, and its bytes are not in the error."""
    with pytest.raises(errors.ConfigurationError, match="32 bytes"):
        RawAesKey("name", key)
