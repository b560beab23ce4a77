"""Who may open an object, and where: keys that are refused, contexts that differ, batches."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_encryption_sdk import StrictAwsKmsMasterKeyProvider
from botocore.exceptions import ClientError

from secure_s3 import SecureS3Client, errors
from secure_s3.encryption import ClientSide, SseS3
from secure_s3.envelope.keys import KmsKeys, RawAesKey
from tests.envelope import sdk
from tests.envelope.support import seal
from tests.transfer.sealed import (
    FRAME,
    OTHER_RAW,
    RAW,
    WAYS,
    Sink,
    Way,
    bound,
    message,
    raw,
    reads,
    refuse_at_kms,
)
from tests.transfer.support import BUCKET, Place, content

by_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)


def _kms(place: Place, *arns: str, **more: Any) -> ClientSide:
    return ClientSide(KmsKeys(*(arns or (place.aws.kms_key_arn,))), **more)


def _failure(way: Way, s3: SecureS3Client, folder: Path) -> Any:
    """What a way of reading fails with, having given nothing."""
    sink = Sink()
    with pytest.raises(errors.SecureS3Error) as caught:
        way(s3, folder, sink)
    assert not sink.got
    assert list(folder.iterdir()) == []
    error: Any = caught.value
    return error.results[0].error if isinstance(error, errors.BatchFailed) else error


# -- keys --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AccessDeniedException", errors.AccessDenied),
        ("DisabledException", errors.KeyUnavailable),
        ("KMSInvalidStateException", errors.KeyUnavailable),
        ("NotFoundException", errors.KeyUnavailable),
        ("InternalException", errors.ServiceError),
    ],
)
def test_refused_by_kms(place: Place, folder: Path, code: str, kind: type[Exception]) -> None:
    """What KMS refused is a KeyAccessError, and what a caller of KMS would catch, with its answer."""
    place.client(_kms(place)).put_object(Bucket=BUCKET, Key="k", Body=content(3 * FRAME))
    s3 = place.client(_kms(place))
    asked = refuse_at_kms(s3, "Decrypt", code)
    for number, way in enumerate(WAYS, 1):
        error = _failure(way, s3, folder)
        assert isinstance(error, errors.KeyAccessError)
        assert isinstance(error, kind)
        assert isinstance(error, ClientError)
        assert error.response["Error"]["Code"] == error.code == code
        assert (error.bucket, error.key) == (BUCKET, "k")
        assert place.aws.kms_key_arn in str(error)
        assert asked == ["Decrypt"] * number
    assert place.keys() == ["k"]


def _write(s3: SecureS3Client, folder: Path, data: bytes) -> None:
    with s3.open(BUCKET, "k", "wb") as file:
        file.write(data)


WRITES: dict[str, Callable[[SecureS3Client, Path, bytes], object]] = {
    "put": lambda s3, folder, data: s3.put_object(Bucket=BUCKET, Key="k", Body=data),
    "upload": lambda s3, folder, data: s3.upload_file(folder / "k", BUCKET, "k"),
    "many": lambda s3, folder, data: s3.upload_many(folder, BUCKET),
    "open": _write,
}


@pytest.mark.parametrize("size", [10, 6 << 20], ids=["single", "multipart"])
@pytest.mark.parametrize("how", WRITES)
def test_no_permission_to_write(place: Place, folder: Path, how: str, size: int) -> None:
    """Without GenerateDataKey nothing is sent to S3, and the error is that of KMS."""
    s3 = place.client(_kms(place))
    refuse_at_kms(s3, "GenerateDataKey", "AccessDeniedException")
    sent: list[str] = []
    s3.boto3.meta.events.register("before-call.s3", lambda model, **_: sent.append(model.name))
    (folder / "k").write_bytes(content(size))
    with pytest.raises((errors.KeyAccessError, errors.BatchFailed)) as caught:
        WRITES[how](s3, folder, content(size))
    error: Any = caught.value
    error = error.results[0].error if isinstance(error, errors.BatchFailed) else error
    assert isinstance(error, errors.KeyAccessError)
    assert isinstance(error, errors.AccessDenied)
    assert sent == []
    place.assert_nothing()


def test_second_key_refuses(place: Place) -> None:
    """Without Encrypt on the second key nothing is written: half the keys are not what was configured."""
    s3 = place.client(_kms(place, place.aws.kms_key_arn, place.aws.create_key()))
    refuse_at_kms(s3, "Encrypt", "AccessDeniedException")
    with pytest.raises(errors.KeyAccessError):
        s3.put_object(Bucket=BUCKET, Key="k", Body=b"data")
    place.assert_nothing()


@by_way
def test_disabled_key(place: Place, folder: Path, way: Way) -> None:
    """A disabled key opens nothing; enabled again, it does."""
    s3 = place.client(_kms(place))
    s3.put_object(Bucket=BUCKET, Key="k", Body=content(100))
    place.aws.disable_key(place.aws.kms_key_arn)
    error = _failure(way, s3, folder)
    assert isinstance(error, errors.KeyUnavailable)
    assert isinstance(error, errors.KeyAccessError)
    place.aws.enable_key(place.aws.kms_key_arn)
    assert reads(way, s3, folder) == content(100)


def test_key_of_another_region_takes_over(place: Place, folder: Path) -> None:
    """Where the first key refuses, the second opens, in whatever region it lives."""
    abroad = place.aws.session().client("kms", region_name="us-east-1")
    far = abroad.create_key()["KeyMetadata"]["Arn"]
    abroad.close()
    s3 = place.client(_kms(place, place.aws.kms_key_arn, far))
    s3.put_object(Bucket=BUCKET, Key="k", Body=content(100))
    place.aws.disable_key(place.aws.kms_key_arn)
    for way in WAYS[:3]:
        assert reads(way, s3, folder) == content(100)
    assert reads(WAYS[0], place.client(_kms(place, far)), folder) == content(100)
    s3 = place.client(s3.encryption)
    refuse_at_kms(s3, "Decrypt", "AccessDeniedException")
    for path in folder.iterdir():
        path.unlink()
    error = _failure(WAYS[0], s3, folder)
    assert len(error.refusals) == 2
    assert far in str(error)


@by_way
def test_wrong_key(place: Place, folder: Path, way: Way, kms_calls: list[str]) -> None:
    """An object for other keys is refused with the names of its keys, and KMS is not asked."""
    place.put(message(100))
    other = place.aws.create_key()
    for strategy in (raw(), ClientSide(OTHER_RAW), _kms(place), _kms(place, other)):
        s3 = place.client(strategy)
        if strategy == raw():
            assert reads(way, s3, folder) == content(100)
            place.plain.delete_object(Bucket=BUCKET, Key="copy")
            for path in folder.iterdir():
                path.unlink()
            continue
        error = _failure(way, s3, folder)
        assert type(error) is errors.KeyAccessError
        assert "vault/1" in error.why
    assert kms_calls == []


def test_another_key_of_the_same_name(place: Place, folder: Path) -> None:
    """A raw key of the same name with other bytes is refused."""
    place.put(message(100))
    s3 = place.client(ClientSide(RawAesKey("vault/1", bytes(32))))
    assert isinstance(_failure(WAYS[0], s3, folder), errors.KeyAccessError)


def test_key_providers(place: Place, folder: Path) -> None:
    """Master key providers of the AWS Encryption SDK make and open data keys like our own."""
    ours = place.client(_kms(place))
    kms = StrictAwsKmsMasterKeyProvider(
        key_ids=[place.aws.kms_key_arn], botocore_session=ours.session._session
    )
    for provider, same in ((kms, ours), (sdk.master_key(RAW), place.client(raw()))):
        theirs = place.client(ClientSide(provider))
        for writer, reader in ((theirs, same), (same, theirs), (theirs, theirs)):
            writer.put_object(Bucket=BUCKET, Key="k", Body=content(3 * FRAME))
            for way in WAYS:
                assert reads(way, reader, folder) == content(3 * FRAME)


def test_key_providers_keep_what_kms_said(place: Place, folder: Path) -> None:
    """The answer of KMS, which the SDK forgets, is in the error, both ways."""
    ours = place.client(_kms(place))
    ours.put_object(Bucket=BUCKET, Key="k", Body=b"data")
    place.aws.disable_key(place.aws.kms_key_arn)
    provider = StrictAwsKmsMasterKeyProvider(
        key_ids=[place.aws.kms_key_arn], botocore_session=ours.session._session
    )
    theirs = place.client(ClientSide(provider))
    for way in WAYS:
        error = _failure(way, theirs, folder)
        assert isinstance(error, errors.KeyUnavailable)
        assert isinstance(error, errors.KeyAccessError)
        assert error.response["Error"]["Code"] == "DisabledException"
    with pytest.raises(errors.KeyUnavailable):
        theirs.put_object(Bucket=BUCKET, Key="new", Body=b"data")
    assert place.keys() == ["k"]


# -- places ------------------------------------------------------------------------------------------------


@by_way
def test_another_place_is_not_asked_for(place: Place, folder: Path, way: Way, kms_calls: list[str]) -> None:
    """An object of another place is refused before KMS is asked, and the error holds both contexts."""
    s3 = place.client(_kms(place, context={"team": "a"}))
    s3.put_object(Bucket=BUCKET, Key="other", Body=b"data")
    kms_calls.clear()
    place.put(place.body("other"))
    error = _failure(way, s3, folder)
    assert isinstance(error, errors.ContextMismatch)
    assert error.expected == {**bound("k"), "team": "a"}
    assert error.found == {**bound("other"), "team": "a"}
    assert "'other'" in error.why
    assert "'k'" in error.why
    assert (error.bucket, error.key) == (BUCKET, "k")
    with pytest.raises(errors.ContextMismatch):
        s3.head_object(Bucket=BUCKET, Key="k")
    assert kms_calls == []


def test_context_of_ones_own(place: Place, folder: Path) -> None:
    """Reading demands the pairs of the reader; further pairs of the writer's do no harm."""
    writer = place.client(raw(context={"team": "a", "year": "2026"}))
    writer.put_object(Bucket=BUCKET, Key="k", Body=b"data")
    for context in (None, {"team": "a"}, {"year": "2026"}, {"team": "a", "year": "2026"}):
        assert reads(WAYS[0], place.client(raw(context=context)), folder) == b"data"
    for context in ({"team": "b"}, {"other": "a"}, {"team": "a", "other": "x"}, {"Team": "a"}):
        error = _failure(WAYS[0], place.client(raw(context=context)), folder)
        assert isinstance(error, errors.ContextMismatch)
        assert error.expected == {**bound(), **context}


def test_without_places(place: Place, folder: Path) -> None:
    """bind_location=False reads what other programs wrote, and what was moved; it binds nothing itself."""
    free, bound_ = place.client(raw(bind_location=False)), place.client(raw())
    free.put_object(Bucket=BUCKET, Key="other", Body=b"data")
    assert sdk.decrypt(place.body("other"), sdk.master_key(RAW)) == (b"data", {})
    place.put(place.body("other"))
    for way in WAYS:
        assert reads(way, free, folder) == b"data"
    place.put(seal(b"data", FRAME, keys=RAW, context={"of": "others"}))
    assert reads(WAYS[0], free, folder) == b"data"
    place.put(message(4, "other"))
    assert reads(WAYS[0], free, folder) == content(4)
    for moved in (place.body("other"), message(4, "other")):
        place.put(moved)
        with pytest.raises(errors.ContextMismatch):
            reads(WAYS[0], bound_, folder)


@pytest.mark.parametrize("key", ["ä/ö ü", "a" * 1024, "quote'\"\\", "tab\tkey", "emoji-🔑", "a//b", "."])
def test_odd_keys(place: Place, folder: Path, key: str) -> None:
    """Keys of any characters are bound as they are."""
    s3 = place.client(raw())
    s3.put_object(Bucket=BUCKET, Key=key, Body=b"data")
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == b"data"
    assert sdk.decrypt(place.body(key), sdk.master_key(RAW)) == (b"data", bound(key))


def test_encryption_of_one_call(place: Place, folder: Path) -> None:
    """A call's own strategy decides for that call, to and from client-side encryption."""
    plain, sealed = place.client(SseS3()), place.client(raw())
    plain.put_object(Bucket=BUCKET, Key="k", Body=b"data", encryption=raw())
    assert reads(WAYS[0], sealed, folder) == b"data"
    assert plain.get_object(Bucket=BUCKET, Key="k")["Body"].read() == place.body()
    sealed.put_object(Bucket=BUCKET, Key="k", Body=b"data", encryption=SseS3())
    assert place.body() == b"data"
    assert isinstance(_failure(WAYS[0], sealed, folder), errors.DowngradeError)
    assert sealed.get_object(Bucket=BUCKET, Key="k", encryption=SseS3())["Body"].read() == b"data"
