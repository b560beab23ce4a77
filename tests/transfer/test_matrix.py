"""Every strategy, every way up, every way down, at the sizes where the ways change."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from secure_s3 import SecureS3Client
from secure_s3.transfer.files import open_object
from secure_s3.transfer.receipts import Receipt
from tests.transfer.support import (
    BUCKET,
    LABELS,
    PART,
    RAW_KEY,
    SMALL_PARTS,
    Place,
    Total,
    content,
    crc32,
    reading,
    strategy,
)

# The boundary for every strategy, its neighbours for one: they differ in the way, not in the encryption.
CASES = [(label, size) for label in LABELS for size in (0, 1, PART, 2 * PART + 1)]
CASES += [("sse-kms", PART - 1), ("sse-kms", PART + 1)]


def _up_file(s3: SecureS3Client, data: bytes, key: str, folder: Path, total: Total) -> Receipt:
    (folder / "up").write_bytes(data)
    return s3.upload_file(folder / "up", BUCKET, key, Callback=total, Config=SMALL_PARTS)


def _up_fileobj(s3: SecureS3Client, data: bytes, key: str, folder: Path, total: Total) -> Receipt:
    return s3.upload_fileobj(io.BytesIO(data), BUCKET, key, Callback=total, Config=SMALL_PARTS)


def _up_open(s3: SecureS3Client, data: bytes, key: str, folder: Path, total: Total) -> Receipt:
    with open_object(s3.boto3, BUCKET, key, "wb", config=SMALL_PARTS) as file:
        for start in range(0, len(data), 1_000_003):
            file.write(data[start : start + 1_000_003])
    total.bytes += len(data)
    return file.receipt  # type: ignore[attr-defined]


def _down_file(s3: SecureS3Client, key: str, folder: Path, total: Total) -> bytes:
    receipt = s3.download_file(BUCKET, key, folder / "down", Callback=total, Config=SMALL_PARTS)
    assert receipt.bytes == (folder / "down").stat().st_size
    return (folder / "down").read_bytes()


def _down_fileobj(s3: SecureS3Client, key: str, folder: Path, total: Total) -> bytes:
    buffer = io.BytesIO()
    s3.download_fileobj(BUCKET, key, buffer, Callback=total, Config=SMALL_PARTS)
    return buffer.getvalue()


def _down_open(s3: SecureS3Client, key: str, folder: Path, total: Total) -> bytes:
    with s3.open(BUCKET, key) as file:
        data = file.read()
    total.bytes += len(data)
    return data


def _down_get(s3: SecureS3Client, key: str, folder: Path, total: Total) -> bytes:
    data = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    total.bytes += len(data)
    return bytes(data)


UP = (_up_file, _up_fileobj, _up_open)
DOWN = (_down_file, _down_fileobj, _down_open, _down_get)


def _assert_encrypted(head: dict[str, Any], label: str, key_arn: str) -> None:
    """The oracle is written by hand: what S3's HEAD has to say for each strategy."""
    algorithm = {
        "sse-kms": "aws:kms",
        "dsse-kms": "aws:kms:dsse",
        "sse-s3": "AES256",
        "client-side": "AES256",  # what goes with it at rest; the rest of the proof is Place.plaintext
    }.get(label)
    assert head.get("ServerSideEncryption") == algorithm
    assert head.get("SSEKMSKeyId") == (key_arn if "kms" in label else None)
    md5 = base64.b64encode(hashlib.md5(RAW_KEY).digest()).decode()
    assert head.get("SSECustomerKeyMD5") == (md5 if label == "sse-c" else None)


@pytest.mark.parametrize(("label", "size"), CASES)
def test_round_trips(place: Place, folder: Path, label: str, size: int) -> None:
    """What goes up by any way comes down by any way, is encrypted as configured, and is receipted."""
    arn = place.aws.kms_key_arn
    s3 = place.client(strategy(label, arn))
    data = content(size)
    for number, up in enumerate(UP):
        sent = Total()
        receipt = up(s3, data, up.__name__, folder, sent)
        head = place.head(up.__name__, **reading(label))
        _assert_encrypted(head, label, arn)
        # Lengths are those of the plaintext; the checksum is of what S3 stores, which client-side is another.
        stored = place.body(up.__name__, **reading(label))
        assert receipt.bytes == sent.bytes == size
        assert head["ContentLength"] == len(stored)
        assert place.plaintext(label, up.__name__) == data
        assert (stored == data) is (label != "client-side")
        assert s3.head_object(Bucket=BUCKET, Key=up.__name__)["ContentLength"] == size
        assert (receipt.bucket, receipt.key, receipt.etag) == (BUCKET, up.__name__, head["ETag"])
        assert receipt.checksum == f"CRC32:{crc32(stored)}"
        assert (receipt.client_side is not None) is (label == "client-side")
        assert receipt.algorithm == (head.get("ServerSideEncryption") or "SSE-C")
        assert receipt.kms_key_id == (arn if "kms" in label else None)
        for down in DOWN if number == 0 else DOWN[number : number + 1]:
            got = Total()
            assert down(s3, up.__name__, folder, got) == data
            assert got.bytes == size
    assert place.uploads() == []
    assert sorted(path.name for path in folder.iterdir()) == ["down", "up"]


@pytest.mark.parametrize("label", LABELS)
def test_put_object(place: Place, label: str) -> None:
    """put_object stores as configured, and head_object and get_object read with the same client."""
    s3 = place.client(strategy(label, place.aws.kms_key_arn))
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"data")
    _assert_encrypted(place.head(**reading(label)), label, place.aws.kms_key_arn)
    assert s3.head_object(Bucket=BUCKET, Key="k")["ContentLength"] == 4
    assert s3.get_object(Bucket=BUCKET, Key="k", Range="bytes=1-2")["Body"].read() == b"at"


@pytest.mark.parametrize("down", DOWN, ids=lambda way: way.__name__)
def test_encryption_of_one_call(place: Place, folder: Path, down: Callable[..., bytes]) -> None:
    """A call's own strategy decides for that call only."""
    s3 = place.client()
    other = strategy("sse-c", "")
    s3.upload_fileobj(io.BytesIO(b"one"), BUCKET, "one", encryption=other)
    s3.upload_fileobj(io.BytesIO(b"two"), BUCKET, "two")
    assert place.head("one", **reading("sse-c"))["SSECustomerAlgorithm"] == "AES256"
    assert place.head("two")["ServerSideEncryption"] == "aws:kms"
    assert down(place.client(other), "one", folder, Total()) == b"one"
    assert down(s3, "two", folder, Total()) == b"two"
