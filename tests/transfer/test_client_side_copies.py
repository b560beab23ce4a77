"""Copies in which the client encrypts: read, verified, and encrypted again for the new place."""

from __future__ import annotations

from typing import Any

import pytest

from secure_s3 import SecureS3Client, errors
from secure_s3.encryption import ClientSide, SseKms, SseS3
from secure_s3.envelope.keys import KmsKeys
from tests.rig import faulty_proxy as fault
from tests.rig.faulty_proxy import FaultyProxy
from tests.transfer.sealed import ALWAYS, FRAME, OTHER_RAW, decrypted, message, raw
from tests.transfer.support import BUCKET, PART, SMALL_PARTS, Place, Total, content

SOURCE = {"Bucket": BUCKET, "Key": "source"}
SMALL, LARGE = 3 * FRAME + 1, 2 * PART + 1
SIZES = pytest.mark.parametrize("size", [0, SMALL, LARGE], ids=["empty", "single", "multipart"])
DESCRIBED = {
    "ContentType": "text/x",
    "CacheControl": "no-store",
    "ContentLanguage": "de",
    "ContentDisposition": "inline",
    "Metadata": {"a": "b"},
}


def _by_copy(s3: SecureS3Client, **more: Any) -> Any:
    extra = more.pop("extra", None)
    return s3.copy(SOURCE, BUCKET, "k", ExtraArgs=extra, Config=SMALL_PARTS, **more)


def _by_copy_object(s3: SecureS3Client, **more: Any) -> Any:
    extra = more.pop("extra", None) or {}
    return s3.copy_object(Bucket=BUCKET, Key="k", CopySource=SOURCE, **extra, **more)


BOTH = pytest.mark.parametrize("copy", [_by_copy, _by_copy_object], ids=["copy", "copy_object"])


def _assert_only_source(place: Place) -> None:
    assert (place.keys(), place.uploads()) == (["source"], [])


def _tags(place: Place) -> dict[str, str]:
    tags = place.plain.get_object_tagging(Bucket=BUCKET, Key="k")["TagSet"]
    return {tag["Key"]: tag["Value"] for tag in tags}


@SIZES
def test_everything_is_kept(place: Place, cse: SecureS3Client, size: int) -> None:
    """Content, metadata and tags go along; the copy is a message of its own, bound to its own place."""
    place.put(message(size, "source"), "source", Tagging="t=1%202&u=%C3%A4", **DESCRIBED)
    total = Total()
    receipt = _by_copy(cse, Callback=total)
    assert decrypted(place) == content(size)
    head = place.head()
    assert {name: head[name] for name in DESCRIBED} == DESCRIBED
    assert _tags(place) == {"t": "1 2", "u": "ä"}
    assert receipt.bytes == total.bytes == size
    assert (receipt.etag, receipt.client_side is not None) == (head["ETag"], True)
    assert place.body()[3:35] != place.body("source")[3:35]
    assert place.uploads() == []


def test_copy_object(place: Place, cse: SecureS3Client) -> None:
    """copy_object answers as boto3's does."""
    place.put(message(SMALL, "source"), "source", **DESCRIBED)
    answer = _by_copy_object(cse)
    head = place.head()
    assert decrypted(place) == content(SMALL)
    assert answer["CopyObjectResult"] == {"ETag": head["ETag"], "LastModified": head["LastModified"]}
    assert (answer["ServerSideEncryption"], head["Metadata"]) == ("AES256", {"a": "b"})


@BOTH
def test_replaced_description(place: Place, cse: SecureS3Client, copy: Any) -> None:
    """With REPLACE the description and the tags are the caller's, and nothing of the source's remains."""
    place.put(message(SMALL, "source"), "source", Tagging="t=1", **DESCRIBED)
    extra = {"MetadataDirective": "REPLACE", "Metadata": {"new": "1"}, "ContentType": "text/y"}
    copy(cse, extra={**extra, "TaggingDirective": "REPLACE", "Tagging": "v=2"})
    head = place.head()
    assert (head["Metadata"], head["ContentType"]) == ({"new": "1"}, "text/y")
    assert "CacheControl" not in head
    assert _tags(place) == {"v": "2"}
    assert decrypted(place) == content(SMALL)


def test_rename(place: Place, cse: SecureS3Client) -> None:
    """Copied and deleted, an object is readable under its new name; moved by others it is not."""
    cse.put_object(Bucket=BUCKET, Key="source", Body=b"data")
    place.plain.copy_object(Bucket=BUCKET, Key="raw", CopySource=SOURCE)
    with pytest.raises(errors.ContextMismatch, match=r"s3\.copy"):
        cse.get_object(Bucket=BUCKET, Key="raw")
    cse.copy(SOURCE, BUCKET, "k")
    cse.delete_object(Bucket=BUCKET, Key="source")
    assert cse.get_object(Bucket=BUCKET, Key="k")["Body"].read() == b"data"
    # The way back from a move by somebody else: where it says that it belongs.
    with pytest.raises(errors.ContextMismatch):
        cse.copy({"Bucket": BUCKET, "Key": "raw"}, BUCKET, "source")
    assert sorted(place.keys()) == ["k", "raw"]


@BOTH
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["single", "multipart"])
def test_rotation(place: Place, copy: Any, size: int) -> None:
    """source_encryption reads with the old key; afterwards only the new one opens the copy."""
    place.put(message(size, "source", keys=OTHER_RAW), "source")
    copy(place.client(raw()), source_encryption=ClientSide(OTHER_RAW))
    assert decrypted(place) == content(size)
    with pytest.raises(errors.KeyAccessError):
        place.client(ClientSide(OTHER_RAW)).get_object(Bucket=BUCKET, Key="k")


@pytest.mark.parametrize("size", [0, SMALL, LARGE], ids=["empty", "single", "multipart"])
def test_onto_itself(place: Place, size: int) -> None:
    """Copied onto itself an object has another key, and is whole at any time."""
    place.put(message(size, "k", keys=OTHER_RAW), "k", **DESCRIBED)
    place.client(raw()).copy(
        {"Bucket": BUCKET, "Key": "k"},
        BUCKET,
        "k",
        Config=SMALL_PARTS,
        source_encryption=ClientSide(OTHER_RAW),
    )
    assert decrypted(place) == content(size)
    assert place.head()["Metadata"] == {"a": "b"}


@BOTH
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["single", "multipart"])
def test_decrypting(place: Place, copy: Any, size: int) -> None:
    """From client-side encryption to SSE-KMS the copy is decrypted, and encrypted by S3 as configured."""
    place.put(message(size, "source"), "source", Tagging="t=1", **DESCRIBED)
    done = copy(place.client(), source_encryption=raw())
    head = place.head()
    assert place.body() == content(size)
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", place.aws.kms_key_arn)
    assert (head["Metadata"], _tags(place)) == ({"a": "b"}, {"t": "1"})
    if copy is _by_copy:
        assert (done.bytes, done.client_side) == (size, None)


@BOTH
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["single", "multipart"])
def test_encrypting(place: Place, cse: SecureS3Client, copy: Any, size: int) -> None:
    """What was stored without client-side encryption is encrypted on its way, if that is what is asked."""
    place.put(content(size), "source")
    with pytest.raises(errors.DowngradeError):
        copy(cse)
    _assert_only_source(place)
    copy(cse, source_encryption=SseS3())
    assert decrypted(place) == content(size)


def test_source_client_decides_how_it_reads(place: Place, cse: SecureS3Client) -> None:
    """A source is read with the strategy of SourceClient: decrypted by one that encrypts by itself."""
    place.put(message(SMALL, "source"), "source")
    place.client().copy(SOURCE, BUCKET, "k", SourceClient=cse)
    assert place.body() == content(SMALL)
    place.put(content(SMALL), "source")
    cse.copy(SOURCE, BUCKET, "k", SourceClient=place.client(SseS3()))
    assert decrypted(place) == content(SMALL)
    for client in (place.plain, object()):
        with pytest.raises(errors.InsecureTransport, match="SourceClient"):
            cse.copy(SOURCE, BUCKET, "k", SourceClient=client)


@BOTH
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["single", "multipart"])
@pytest.mark.parametrize("existing", [False, True], ids=["new", "existing"])
def test_tampered_source(place: Place, cse: SecureS3Client, copy: Any, size: int, existing: bool) -> None:
    """A source that does not verify to its end leaves no copy, and what was there before is untouched."""
    whole = message(size, "source")
    for changed in (whole[:-1] + bytes([whole[-1] ^ 1]), whole[: len(whole) - FRAME], whole + b"\0"):
        place.put(changed, "source")
        if existing:
            place.put(b"old")
        for client, how in ((cse, None), (place.client(SseKms(place.aws.kms_key_arn)), raw())):
            with pytest.raises(errors.TamperedError):
                copy(client, source_encryption=how)
        assert place.keys() == (["k", "source"] if existing else ["source"])
        assert not existing or place.body() == b"old"
        assert place.uploads() == []


@BOTH
def test_conditions(place: Place, cse: SecureS3Client, copy: Any) -> None:
    """CopySourceIf… decide about the source, and conditions on the copy about the copy."""
    etag = place.put(message(SMALL, "source"), "source")
    with pytest.raises(errors.PreconditionFailed):
        copy(cse, extra={"CopySourceIfMatch": '"0"'})
    with pytest.raises(errors.ServiceError):
        copy(cse, extra={"CopySourceIfNoneMatch": etag})
    _assert_only_source(place)
    copy(cse, extra={"CopySourceIfMatch": etag})
    assert decrypted(place) == content(SMALL)


def test_versions(place: Place, cse: SecureS3Client) -> None:
    """A version is copied when it is named."""
    place.plain.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    place.put(message(SMALL, "source"), "source", **DESCRIBED)
    version = place.head("source")["VersionId"]
    place.put(message(3, "source"), "source")
    for source in ({**SOURCE, "VersionId": version}, f"{BUCKET}/source?versionId={version}"):
        cse.copy(source, BUCKET, "k")
        assert decrypted(place) == content(SMALL)
        assert place.head()["Metadata"] == {"a": "b"}


def test_source_replaced_meanwhile(place: Place, proxy: FaultyProxy, faulty_cse: SecureS3Client) -> None:
    """A source that is replaced while it is copied is noticed, and nothing stays of the copy."""
    place.put(message(LARGE, "source"), "source")

    def replace(exchange: fault.Exchange) -> None:
        answer = exchange.forward()
        place.put(message(LARGE, "source"), "source")
        exchange.reply_in_two(answer, PART, lambda: False)

    proxy.inject(replace, method="GET")
    with pytest.raises(errors.ObjectChanged):
        _by_copy(faulty_cse)
    _assert_only_source(place)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["single", "multipart"])
@pytest.mark.parametrize("method", ["PUT", "GET"])
@pytest.mark.parametrize("action", [fault.slow_down, fault.reset_after_body], ids=["slow-down", "reset"])
def test_faults(
    place: Place, proxy: FaultyProxy, faulty_cse: SecureS3Client, action: Any, method: str, size: int
) -> None:
    """A copy that cannot be read or written for good gives its error, and nothing stays."""
    place.put(message(size, "source"), "source")
    proxy.inject(action, method=method, times=ALWAYS)
    with pytest.raises((errors.Throttled, errors.TransportError)):
        _by_copy(faulty_cse)
    _assert_only_source(place)


@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["single", "multipart"])
def test_callback_raises(place: Place, cse: SecureS3Client, kind: type[BaseException], size: int) -> None:
    """What the callback raises is what comes out, and nothing stays of the copy."""
    place.put(message(size, "source"), "source")

    def callback(count: int) -> None:
        raise kind("stop")

    with pytest.raises(kind):
        _by_copy(cse, Callback=callback)
    _assert_only_source(place)


@BOTH
@pytest.mark.parametrize(
    "extra", [{"Nonsense": 1}, {"ServerSideEncryption": "aws:kms"}, {"ACL": "public-read"}]
)
def test_extra_args_refused(place: Place, cse: SecureS3Client, copy: Any, extra: dict[str, Any]) -> None:
    """ExtraArgs that are unknown, contradict the strategy or open the copy are refused."""
    place.put(message(SMALL, "source"), "source")
    with pytest.raises(errors.ConfigurationError, match=next(iter(extra))):
        copy(cse, extra=extra)
    _assert_only_source(place)


def test_kms_calls(place: Place, kms_calls: list[str]) -> None:
    """A copy opens the source's data key once and makes one of its own."""
    s3 = place.client(ClientSide(KmsKeys(place.aws.kms_key_arn)))
    s3.upload_fileobj(_reader(LARGE), BUCKET, "source", Config=SMALL_PARTS)
    kms_calls.clear()
    _by_copy(s3)
    assert kms_calls == ["Decrypt", "GenerateDataKey"]
    assert place.plaintext("client-side") == content(LARGE)


def _reader(size: int) -> Any:
    import io

    return io.BytesIO(content(size))
