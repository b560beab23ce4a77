"""Client-side encryption end to end: what goes up by any way comes down by any way, and S3 never sees it."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from secure_s3 import SecureS3Client, errors
from secure_s3.encryption import ClientSide, DsseKms, SseC, SseKms, SseS3
from secure_s3.envelope.keys import KmsKeys
from tests.rig import faulty_proxy as fault
from tests.rig import sources
from tests.rig.faulty_proxy import FaultyProxy
from tests.transfer.sealed import (
    ALWAYS,
    FRAME,
    RAW,
    WAYS,
    Sink,
    Way,
    decrypted,
    raw,
    reads,
    sdk_message,
)
from tests.transfer.support import BUCKET, MIB, PART, RAW_KEY, SMALL_PARTS, Place, Total, content, reading

LARGE_FRAME = 65536
SUITE = "AES_256_GCM_HKDF_SHA512_COMMIT_KEY"
SIZES = (0, 1, FRAME - 1, FRAME, FRAME + 1, 5 * FRAME, MIB - 1, MIB + 1)
PART_SIZES = (PART - 1, PART, PART + 1, 2 * PART, 2 * PART + 1)


def _put(s3: SecureS3Client, data: bytes, folder: Path, total: Total) -> Any:
    s3.put_object(Bucket=BUCKET, Key="k", Body=data)
    total.bytes += len(data)


def _file(s3: SecureS3Client, data: bytes, folder: Path, total: Total) -> Any:
    (folder.parent / "source").write_bytes(data)
    return s3.upload_file(folder.parent / "source", BUCKET, "k", Callback=total, Config=SMALL_PARTS)


def _fileobj(s3: SecureS3Client, data: bytes, folder: Path, total: Total) -> Any:
    return s3.upload_fileobj(io.BytesIO(data), BUCKET, "k", Callback=total, Config=SMALL_PARTS)


def _stream(s3: SecureS3Client, data: bytes, folder: Path, total: Total) -> Any:
    source = sources.ShortReads(data, at_most=70_000) if len(data) > MIB else sources.OnlyRead(data)
    return s3.upload_fileobj(source, BUCKET, "k", Callback=total, Config=SMALL_PARTS)  # type: ignore[arg-type]


def _open(s3: SecureS3Client, data: bytes, folder: Path, total: Total) -> Any:
    with s3.open(BUCKET, "k", "wb", config=SMALL_PARTS) as file:
        file.write(data)
    total.bytes += len(data)
    return file.receipt  # type: ignore[attr-defined]


def _many(s3: SecureS3Client, data: bytes, folder: Path, total: Total) -> Any:
    (folder.parent / "many").mkdir(exist_ok=True)
    (folder.parent / "many" / "k").write_bytes(data)
    results = s3.upload_many(folder.parent / "many", BUCKET, config=SMALL_PARTS)
    total.bytes += len(data)
    return results[0].receipt


UP = (_put, _file, _fileobj, _stream, _open, _many)
Up = Callable[[SecureS3Client, bytes, Path, Total], Any]


def _assert_stored(place: Place, s3: SecureS3Client, receipt: Any, total: Total, data: bytes) -> None:
    assert decrypted(place) == data
    assert total.bytes == len(data)
    assert s3.head_object(Bucket=BUCKET, Key="k")["ContentLength"] == len(data)
    if receipt is not None:
        assert (receipt.bytes, receipt.client_side, receipt.algorithm) == (len(data), SUITE, "AES256")
        assert receipt.etag == place.head()["ETag"]
    assert place.uploads() == []


@pytest.mark.parametrize("up", UP, ids=lambda way: way.__name__)
def test_every_way_up(place: Place, cse: SecureS3Client, folder: Path, up: Up) -> None:
    """Around the ends of frames, the AWS Encryption SDK decrypts whatever any way has written."""
    for size in SIZES:
        total = Total()
        receipt = up(cse, content(size), folder, total)
        _assert_stored(place, cse, receipt, total, content(size))


@pytest.mark.parametrize("size", PART_SIZES)
def test_around_the_parts(place: Place, folder: Path, size: int) -> None:
    """The same around the ends of parts, where the ways up change, and down again in windows."""
    s3 = place.client(ClientSide(RAW))
    for up in UP[1:5]:
        total, sink, back = Total(), Sink(), Total()
        receipt = up(s3, content(size), folder, total)
        _assert_stored(place, s3, receipt, total, content(size))
        s3.download_fileobj(BUCKET, "k", sink, Callback=back, Config=SMALL_PARTS)  # type: ignore[arg-type]
        assert bytes(sink.got) == content(size)
        assert back.bytes == size


@pytest.mark.usefixtures("small_windows")
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_every_way_down(place: Place, cse: SecureS3Client, folder: Path, way: Way) -> None:
    """Every way of reading gives what the AWS Encryption SDK has written for that place."""
    for size in SIZES[:6]:
        place.put(sdk_message(size))
        # S3 has no empty ranges, not even of an empty object.
        if way.__name__ != "by_range" or size:
            assert reads(way, cse, folder) == content(size), size


@pytest.mark.usefixtures("small_windows")
def test_pieces_may_be_kept(place: Place, cse: SecureS3Client, folder: Path) -> None:
    """What a file object was given does not change afterwards, so that it may be kept."""
    size = 600_000
    cse.put_object(Bucket=BUCKET, Key="k", Body=content(size))
    for way in WAYS[5:7]:
        sink = Sink()
        way(cse, folder, sink)
        assert b"".join(sink.pieces) == content(size)
        assert len(sink.pieces) > 1


def test_receipts_of_downloads(place: Place, cse: SecureS3Client, folder: Path) -> None:
    """The receipt of a download tells of the plaintext and of the suite."""
    place.put(sdk_message(5 * FRAME + 7))
    total = Total()
    receipt = cse.download_file(BUCKET, "k", folder / "f", Callback=total)
    assert (receipt.bytes, receipt.client_side, total.bytes) == (5 * FRAME + 7, SUITE, 5 * FRAME + 7)
    assert receipt.etag == place.head()["ETag"]


def test_frame_sizes(place: Place, folder: Path) -> None:
    """The size of the frames is the writer's; any reader reads them."""
    writer, reader = place.client(ClientSide(RAW, frame_bytes=100_001)), place.client(raw())
    for up in UP:
        up(writer, content(300_000), folder, Total())
        assert reads(WAYS[0], reader, folder) == decrypted(place) == content(300_000)


def test_no_two_messages_are_alike(place: Place, cse: SecureS3Client) -> None:
    """The same content twice is two messages with keys of their own."""
    seen = set()
    for _ in range(4):
        cse.put_object(Bucket=BUCKET, Key="k", Body=b"same")
        seen.add(place.body()[3:35])
    assert len(seen) == 4


def test_content_is_not_on_the_wire(
    place: Place, proxy: FaultyProxy, faulty_cse: SecureS3Client, folder: Path
) -> None:
    """No request carries a piece of the plaintext."""
    bodies: list[bytes] = []

    def record(exchange: fault.Exchange) -> None:
        bodies.append(exchange.body().payload)
        fault.pass_through(exchange)

    proxy.inject(record, times=ALWAYS)
    data = content(PART + 1)
    for up in UP:
        up(faulty_cse, data, folder, Total())
    sent = b"".join(bodies)
    assert len(sent) > len(UP) * len(data)
    assert not [at for at in range(0, len(data) - 16, 99_991) if data[at : at + 16] in sent]


def test_answers_of_head_and_get(place: Place, cse: SecureS3Client) -> None:
    """HEAD and GET tell the plaintext's length, the range of it, and metadata as they were written."""
    answer = cse.put_object(
        Bucket=BUCKET, Key="k", Body=content(5000), Metadata={"a": "b"}, ContentType="text/x"
    )
    assert answer["ServerSideEncryption"] == "AES256"
    for got in (cse.head_object(Bucket=BUCKET, Key="k"), cse.get_object(Bucket=BUCKET, Key="k")):
        assert (got["ContentLength"], got["Metadata"], got["ContentType"]) == (5000, {"a": "b"}, "text/x")
        assert got["ETag"] == answer["ETag"]
    part = cse.head_object(Bucket=BUCKET, Key="k", Range="bytes=100-199")
    assert (part["ContentLength"], part["ContentRange"]) == (100, "bytes 100-199/5000")
    with pytest.raises(errors.ServiceError) as caught:
        cse.head_object(Bucket=BUCKET, Key="k", Range="bytes=5000-")
    assert (caught.value.code, caught.value.status) == ("InvalidRange", 416)


@pytest.mark.parametrize("label", ["sse-s3", "sse-kms", "dsse-kms", "sse-c"])
def test_server_side_encryption_goes_with_it(place: Place, folder: Path, label: str) -> None:
    """Whatever server-side encryption is asked for is on the object as well, by every way up."""
    arn = place.aws.kms_key_arn
    at_rest = {"sse-s3": SseS3(), "sse-kms": SseKms(arn), "dsse-kms": DsseKms(arn), "sse-c": SseC(RAW_KEY)}
    s3 = place.client(raw(server_side=at_rest[label]))
    expected = {"sse-s3": "AES256", "sse-kms": "aws:kms", "dsse-kms": "aws:kms:dsse", "sse-c": None}[label]
    for up, size in ((_put, 10), (_fileobj, 10), (_file, 2 * PART + 1)):
        up(s3, content(size), folder, Total())
        head = place.head(**reading(label))
        assert head.get("ServerSideEncryption") == expected
        assert head.get("SSEKMSKeyId") == (arn if "kms" in label else None)
        assert ("SSECustomerAlgorithm" in head) is (label == "sse-c")
        assert s3.head_object(Bucket=BUCKET, Key="k")["ContentLength"] == size
        for way in WAYS if size < PART else WAYS[:1]:
            assert reads(way, s3, folder) == content(size), way


@pytest.mark.parametrize("up", UP, ids=lambda way: way.__name__)
@pytest.mark.parametrize("size", [1000, 2 * PART + 1], ids=["single", "multipart"])
def test_encryption_at_rest_not_confirmed(
    place: Place, proxy: FaultyProxy, faulty_cse: SecureS3Client, folder: Path, up: Up, size: int
) -> None:
    """An answer that shows another encryption at rest is refused, and what was stored is removed again."""
    proxy.inject(fault.set_header("x-amz-server-side-encryption", "aws:kms"), times=ALWAYS)
    with pytest.raises((errors.EncryptionNotConfirmed, errors.BatchFailed)) as caught:
        up(faulty_cse, content(size), folder, Total())
    if isinstance(caught.value, errors.BatchFailed):
        assert isinstance(caught.value.results[0].error, errors.EncryptionNotConfirmed)
    place.assert_nothing()


# -- KMS -------------------------------------------------------------------------------------------------


def test_one_call_for_each_object(place: Place, folder: Path, kms_calls: list[str]) -> None:
    """Every way up makes one data key, large or small; every way down opens it once; HEAD asks nobody."""
    s3 = place.client(ClientSide(KmsKeys(place.aws.kms_key_arn)))
    for up in UP:
        for size in (10, PART + 1):
            up(s3, content(size), folder, Total())
            assert kms_calls == ["GenerateDataKey"], up
            kms_calls.clear()
    for way in WAYS:
        assert reads(way, s3, folder) == content(PART + 1)
        # A copy makes a key of its own, and the copy was read as well.
        expected = ["Decrypt", "GenerateDataKey", "Decrypt"] if way.__name__ == "by_copy" else ["Decrypt"]
        assert kms_calls == expected, way
        kms_calls.clear()
    s3.head_object(Bucket=BUCKET, Key="k")
    s3.head_object(Bucket=BUCKET, Key="k", Range="bytes=0-9")
    assert kms_calls == []


def test_kms_sees_the_context(place: Place, folder: Path) -> None:
    """KMS is given the very context that stands in the object."""
    seen: list[Any] = []
    s3 = place.client(ClientSide(KmsKeys(place.aws.kms_key_arn), context={"team": "a"}))
    s3.session.events.register("provide-client-params.kms", lambda params, **_: seen.append(params))
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"data")
    reads(WAYS[0], s3, folder)
    wanted = {"secure-s3:bucket": BUCKET, "secure-s3:key": "k", "team": "a"}
    assert [params["EncryptionContext"] for params in seen] == [wanted, wanted]
    assert {params["KeyId"] for params in seen} == {place.aws.kms_key_arn}


def test_two_keys(place: Place, folder: Path, kms_calls: list[str]) -> None:
    """With two keys each of them alone opens the object, in any order."""
    one, two = place.aws.kms_key_arn, place.aws.create_key()
    place.client(ClientSide(KmsKeys(one, two))).put_object(Bucket=BUCKET, Key="k", Body=b"data")
    assert kms_calls == ["GenerateDataKey", "Encrypt"]
    for keys in (KmsKeys(one), KmsKeys(two), KmsKeys(two, one), KmsKeys.discovery("111122223333")):
        assert reads(WAYS[0], place.client(ClientSide(keys)), folder) == b"data"
    assert place.plaintext("client-side") == b"data"
