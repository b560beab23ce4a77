"""Batches under one data key: what they cost, and between which objects nobody can tell a swap."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from secure_s3 import errors
from secure_s3.encryption import ClientSide
from secure_s3.envelope.keys import KmsKeys
from tests.transfer.sealed import bound, raw
from tests.transfer.support import BUCKET, Place, content


def _kms(place: Place, *arns: str, **more: Any) -> ClientSide:
    return ClientSide(KmsKeys(*(arns or (place.aws.kms_key_arn,))), **more)


def test_batch(place: Place, folder: Path, kms_calls: list[str]) -> None:
    """A batch costs one data key to write and one to read, however many objects and whatever the way."""
    (folder / "up").mkdir()
    for number in range(12):
        (folder / "up" / f"{number}").write_bytes(content(number * 1000))
    batch = _kms(place).for_batch("in/", "2026-11-21")
    writer = place.client(_kms(place))
    writer.upload_many(folder / "up", BUCKET, "in/", encryption=batch)
    writer.put_object(Bucket=BUCKET, Key="in/more", Body=b"more", encryption=batch)
    with writer.open(BUCKET, "in/file", "wb", encryption=batch) as file:
        file.write(b"file")
    assert kms_calls == ["GenerateDataKey"]
    kms_calls.clear()
    reader = place.client(batch)
    reader.download_many(BUCKET, "in/", folder / "down")
    for number in range(12):
        assert (folder / "down" / f"{number}").read_bytes() == content(number * 1000)
    assert reader.get_object(Bucket=BUCKET, Key="in/more")["Body"].read() == b"more"
    assert kms_calls == ["Decrypt"]
    identities = {place.body(f"in/{number}")[3:35] for number in range(12)}
    assert len(identities) == 12


def test_batches_are_kept_apart(place: Place, kms_calls: list[str]) -> None:
    """Another batch id, prefix, bucket or key has a data key of its own; so has another client."""
    one = place.client(_kms(place))
    place.plain.create_bucket(
        Bucket="amzn-s3-demo-bucket2", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    strategies = [
        (BUCKET, _kms(place).for_batch("a/", "1")),
        (BUCKET, _kms(place).for_batch("a/", "2")),
        (BUCKET, _kms(place).for_batch("", "1")),
        (BUCKET, _kms(place, context={"team": "a"}).for_batch("a/", "1")),
        (BUCKET, _kms(place, place.aws.create_key()).for_batch("a/", "1")),
        ("amzn-s3-demo-bucket2", _kms(place).for_batch("a/", "1")),
    ]
    for _ in range(2):
        for bucket, strategy in strategies:
            one.put_object(Bucket=bucket, Key="a/k", Body=b"x", encryption=strategy)
    assert kms_calls == ["GenerateDataKey"] * len(strategies)
    place.client(strategies[0][1]).put_object(Bucket=BUCKET, Key="a/k", Body=b"x")
    assert len(kms_calls) == len(strategies) + 1


def test_swapping_within_a_batch(place: Place, folder: Path) -> None:
    """Inside one batch objects can be swapped, as the documentation says; outside they cannot."""
    s3 = place.client(raw().for_batch("in/", "1"))
    for name in ("a", "b"):
        s3.put_object(Bucket=BUCKET, Key=f"in/{name}", Body=name.encode())
    place.put(place.body("in/a"), "in/b")
    assert s3.get_object(Bucket=BUCKET, Key="in/b")["Body"].read() == b"a"
    refused = [
        raw(),
        raw().for_batch("in/", "2"),
        raw().for_batch("", "1"),
        raw().for_batch("i", "1"),
        raw(context={"team": "a"}).for_batch("in/", "1"),
    ]
    for strategy in refused:
        for method in (s3.get_object, s3.head_object):
            with pytest.raises(errors.ContextMismatch):
                method(Bucket=BUCKET, Key="in/a", encryption=strategy)
    place.put(place.body("in/a"), "out")
    with pytest.raises(errors.ConfigurationError, match="in/"):
        s3.get_object(Bucket=BUCKET, Key="out")
    with pytest.raises(errors.ContextMismatch):
        s3.get_object(Bucket=BUCKET, Key="out", encryption=raw())


def test_an_object_of_its_own_is_none_of_a_batch(place: Place) -> None:
    """A batch does not read objects that are bound to their own place."""
    s3 = place.client(raw())
    s3.put_object(Bucket=BUCKET, Key="in/a", Body=b"a")
    with pytest.raises(errors.ContextMismatch) as caught:
        s3.get_object(Bucket=BUCKET, Key="in/a", encryption=raw().for_batch("in/", "1"))
    assert caught.value.found == bound("in/a")


def test_keys_outside_the_prefix(place: Place, folder: Path) -> None:
    """A key that is not below the prefix of the batch is refused before anything is sent."""
    s3 = place.client(raw().for_batch("in/", "1"))
    (folder / "f").write_bytes(b"x")
    with pytest.raises(errors.ConfigurationError, match="in/"):
        s3.put_object(Bucket=BUCKET, Key="out", Body=b"x")
    with pytest.raises(errors.ConfigurationError, match="in/"):
        s3.upload_file(folder / "f", BUCKET, "out")
    with pytest.raises(errors.BatchFailed):
        s3.upload_many(folder, BUCKET, "out/")
    place.assert_nothing()


def test_upload_many_skips_nothing(place: Place, folder: Path) -> None:
    """skip_existing trusts S3's checksum, which says nothing here: a plaintext object is overwritten."""
    s3 = place.client(raw())
    (folder / "k").write_bytes(b"secret")
    place.put(b"secret", ChecksumAlgorithm="CRC32", ServerSideEncryption="AES256")
    result = s3.upload_many(folder, BUCKET, skip_existing=True)
    assert [file.status for file in result] == ["done"]
    assert b"secret" not in place.body()
    assert s3.get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"secret"


def test_download_many_skips_nothing(place: Place, folder: Path) -> None:
    """Nor is a plaintext object taken for what it should be, because the file on disk looks the same."""
    s3 = place.client(raw())
    (folder / "k").write_bytes(b"secret")
    place.put(b"secret", ChecksumAlgorithm="CRC32")
    with pytest.raises(errors.BatchFailed) as caught:
        s3.download_many(BUCKET, ["k"], folder, skip_existing=True)
    assert isinstance(caught.value.results[0].error, errors.DowngradeError)
    assert (folder / "k").read_bytes() == b"secret"
