"""What a security review found in batches, copies and arguments of client-side encryption."""

from __future__ import annotations

import array
import io
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from secure_s3 import SecureS3Client, errors
from secure_s3.encryption import ClientSide, SseS3
from secure_s3.envelope.header import WrappedKey
from secure_s3.envelope.keys import DataKey, KmsKeys
from secure_s3.transfer.batch_keys import BatchKeys
from secure_s3.transfer.copy_source import parse_source
from secure_s3.values import SecretBytes
from tests.envelope.support import NoKms
from tests.rig.faulty_proxy import FaultyProxy, SeenRequest
from tests.transfer.sealed import FRAME, decrypted, message, raw, refuse_at_kms, sdk_message
from tests.transfer.support import BUCKET, PART, SMALL_PARTS, Place, content

SOURCE = {"Bucket": BUCKET, "Key": "source"}
SIZE = 3 * FRAME + 1
OWNER = "111122223333"
PATIENCE = 20

# -- batches -----------------------------------------------------------------------------------------------


class HangingKeys:
    """Keys whose KMS hangs over the batch "slow" until it is told to go on."""

    def __init__(self) -> None:
        self.asked, self.go_on = threading.Event(), threading.Event()
        self.calls: list[str] = []

    def _ask(self, context: Mapping[str, str]) -> SecretBytes:
        self.calls.append(context["batch"])
        if context["batch"] == "slow":
            self.asked.set()
            assert self.go_on.wait(PATIENCE)
        return SecretBytes(content(32))

    def new_data_key(self, context: Mapping[str, str], kms: object) -> DataKey:
        """Asks."""
        return DataKey(self._ask(context), (WrappedKey("nobody", b"info", b"ciphertext"),))

    def data_key(
        self, wrapped: object, context: Mapping[str, str], suite: object, kms: object
    ) -> SecretBytes:
        """Asks."""
        return self._ask(context)


def _use(keys: HangingKeys, batches: BatchKeys, how: str, name: str) -> Any:
    strategy: Any = SimpleNamespace(keys=keys)
    context, kms = {"batch": name}, NoKms()
    if how == "write":
        return batches.for_writing(strategy, context, kms)
    header: Any = SimpleNamespace(suite=1, wrapped_keys=(), context=context)
    return batches.for_reading(strategy, header, kms)


@pytest.mark.parametrize("how", ["read", "write"])
@pytest.mark.parametrize("other", ["read", "write"])
def test_batches_do_not_wait_for_each_other(how: str, other: str) -> None:
    """While KMS hangs over one batch, another that has its data key, or gets one, goes on."""
    keys, batches = HangingKeys(), BatchKeys()
    with ThreadPoolExecutor(3) as pool:
        cached = _use(keys, batches, other, "cached")
        hanging = pool.submit(_use, keys, batches, how, "slow")
        try:
            assert keys.asked.wait(PATIENCE)
            assert pool.submit(_use, keys, batches, other, "cached").result(PATIENCE) is cached
            pool.submit(_use, keys, batches, other, "new").result(PATIENCE)
            assert not hanging.done()
        finally:
            keys.go_on.set()
        hanging.result(PATIENCE)
    assert keys.calls == ["cached", "slow", "new"]


@pytest.mark.parametrize("how", ["read", "write"])
def test_one_call_for_a_batch(how: str) -> None:
    """Several threads that start a batch at once have one data key, for which KMS is asked once."""
    keys, batches, together = HangingKeys(), BatchKeys(), threading.Barrier(6)

    def use() -> Any:
        together.wait(PATIENCE)
        return _use(keys, batches, how, "slow")

    with ThreadPoolExecutor(6) as pool:
        waiting = [pool.submit(use) for _ in range(6)]
        try:
            assert keys.asked.wait(PATIENCE)
        finally:
            keys.go_on.set()
        assert len({id(one.result(PATIENCE)) for one in waiting}) == 1
    assert keys.calls == ["slow"]


# -- copies ------------------------------------------------------------------------------------------------


def _by_copy(s3: SecureS3Client, **more: Any) -> Any:
    return s3.copy(SOURCE, BUCKET, "k", Config=SMALL_PARTS, **more)


def _by_copy_object(s3: SecureS3Client, **more: Any) -> Any:
    return s3.copy_object(Bucket=BUCKET, Key="k", CopySource=SOURCE, **more)


BOTH = pytest.mark.parametrize("copy", [_by_copy, _by_copy_object], ids=["copy", "copy_object"])


def test_copies_out_of_client_side_encryption(place: Place, cse: SecureS3Client) -> None:
    """With encryption= of the server, a client-side client decrypts what it copies."""
    for size in (0, SIZE, 2 * PART + 1):
        cse.upload_fileobj(io.BytesIO(content(size)), BUCKET, "source", {"Metadata": {"a": "b"}})
        for copy in (_by_copy, _by_copy_object):
            copy(cse, encryption=SseS3())
            head = place.head()
            assert place.body() == content(size)
            assert (head["ServerSideEncryption"], head["Metadata"]) == ("AES256", {"a": "b"})
            place.plain.delete_object(Bucket=BUCKET, Key="k")


def test_copies_from_another_client(place: Place, cse: SecureS3Client) -> None:
    """With SourceClient= it is that client that says how the source is read, whatever the call writes."""
    plain = place.client(SseS3())
    place.put(content(SIZE), "source")
    cse.copy(SOURCE, BUCKET, "k", SourceClient=plain.boto3)
    assert decrypted(place) == content(SIZE)
    cse.copy(SOURCE, BUCKET, "k", SourceClient=plain.boto3, encryption=SseS3())
    assert place.body() == content(SIZE)
    place.put(message(SIZE, "source"), "source")
    cse.copy(SOURCE, BUCKET, "k", SourceClient=plain.boto3, encryption=SseS3())
    assert place.body() == place.body("source")  # as it is: an object of bytes to that client
    plain.copy(SOURCE, BUCKET, "k", SourceClient=cse.boto3)
    assert place.body() == content(SIZE)


@pytest.mark.parametrize("to", ["client-side", "sse-s3"])
@BOTH
@pytest.mark.parametrize("size", [SIZE, 2 * PART + 1], ids=["single", "multipart"])
def test_requests_of_copies(
    place: Place,
    proxy: FaultyProxy,
    faulty_cse: SecureS3Client,
    copy: Callable[..., Any],
    to: str,
    size: int,
) -> None:
    """RequestPayer and the owners go with every request of a copy, and all that reads has one version."""
    place.plain.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    place.put(message(size, "source"), "source", Tagging="t=1")
    version = place.head("source")["VersionId"]
    replaced: list[object] = []

    def replace(model: Any, **_: Any) -> None:
        if model.name == "GetObjectTagging" and not replaced:  # between the content and the tags
            replaced.append(place.put(message(5, "source"), "source", Tagging="t=2"))

    faulty_cse.boto3.meta.events.register("before-call.s3", replace)
    owners = {"ExpectedBucketOwner": OWNER, "ExpectedSourceBucketOwner": OWNER, "RequestPayer": "requester"}
    more: dict[str, Any] = {} if to == "client-side" else {"encryption": SseS3()}
    if copy is _by_copy:
        copy(faulty_cse, ExtraArgs=owners, **more)
    else:
        copy(faulty_cse, **owners, **more)
    assert (decrypted(place) if to == "client-side" else place.body()) == content(size)
    assert place.plain.get_object_tagging(Bucket=BUCKET, Key="k")["TagSet"] == [{"Key": "t", "Value": "1"}]
    assert replaced
    assert len(proxy.requests) >= 3
    for seen in proxy.requests:
        assert seen.headers["x-amz-request-payer"] == "requester", seen
        assert seen.headers["x-amz-expected-bucket-owner"] == OWNER, seen
        if _of_the_source(seen) and ("range" in seen.headers or "tagging" in seen.parameters):
            assert seen.parameters["versionId"] == version


def _of_the_source(seen: SeenRequest) -> bool:
    return seen.method == "GET" and seen.path.endswith("/source")


def test_sources_named_by_arn() -> None:
    """An access point in a CopySource ends at /object/, and slashes in the key stay its own."""
    point = "arn:aws:s3:eu-west-1:111122223333:accesspoint/ap"
    assert parse_source(f"{point}/object/some/key") == {"Bucket": point, "Key": "some/key"}
    assert parse_source(f"{point}/object/a/object/b?versionId=v") == {
        "Bucket": point,
        "Key": "a/object/b",
        "VersionId": "v",
    }
    assert parse_source("/bucket/a/object/b") == {"Bucket": "bucket", "Key": "a/object/b"}
    for nothing in (point, f"{point}/object/", f"{point}/some/key"):
        with pytest.raises(errors.ConfigurationError, match="names no object"):
            parse_source(nothing)


# -- bodies ------------------------------------------------------------------------------------------------


def _by_steps(body: Any) -> list[Any]:
    told = [
        body.read(0),
        body.tell(),
        body.read(10),
        body.tell(),
        body.readable(),
        body.read(FRAME),
        body.tell(),
    ]
    told += [body.read(), body.tell(), body.read(), body.read(5), body.tell()]
    return told


def _by_readinto(body: Any) -> list[Any]:
    told, buffer = [], bytearray(700)
    while count := body.readinto(buffer):
        told += [count, bytes(buffer[:count]), body.tell()]
    return [b"".join(told[1::3]), told[-1]]


USES: dict[str, Callable[[Any], Any]] = {
    "steps": _by_steps,
    "readinto": _by_readinto,
    "lines": lambda body: list(body.iter_lines()),
    "lines-with-ends": lambda body: list(body.iter_lines(chunk_size=100, keepends=True)),
    "chunks": lambda body: list(body.iter_chunks()),
    "small-chunks": lambda body: list(body.iter_chunks(333)),
    "iterated": lambda body: b"".join(body),
    "none": lambda body: body.read(None),
}


@pytest.mark.parametrize("suite", [0x0478, 0x0578], ids=["unsigned", "signed"])
def test_bodies(place: Place, cse: SecureS3Client, suite: int) -> None:
    """The body of get_object does what it does for an object that S3 encrypted."""
    plain, ranged = place.client(SseS3()), {"Range": "bytes=1000-3000"}
    for size, more in ((4 * FRAME + 3, {}), (4 * FRAME + 3, ranged), (3500, {})):
        plain.put_object(Bucket=BUCKET, Key="plain", Body=content(size))
        place.put(sdk_message(size, suite=suite))
        for name, use in USES.items():
            expected = use(plain.get_object(Bucket=BUCKET, Key="plain", **more)["Body"])
            assert use(cse.get_object(Bucket=BUCKET, Key="k", **more)["Body"]) == expected, name


def test_closed_bodies(place: Place, cse: SecureS3Client) -> None:
    """A body that was closed, by itself or by its block, gives nothing and no end, but ValueError."""
    for stored in (message(SIZE), sdk_message(SIZE, suite=0x0578)):
        place.put(stored)
        for more in ({}, {"Range": "bytes=5-2000"}):
            body = cse.get_object(Bucket=BUCKET, Key="k", **more)["Body"]
            with body as entered:
                assert len(entered.read(7)) == 7
            closed = cse.get_object(Bucket=BUCKET, Key="k", **more)["Body"]
            closed.close()
            for one, amount in ((body, 1), (body, None), (closed, 1), (closed, None)):
                with pytest.raises(ValueError, match="closed"):
                    one.read(amount)


# -- arguments ---------------------------------------------------------------------------------------------


def _open_and_write(s3: SecureS3Client, key: Any) -> None:
    with s3.open(BUCKET, key, "wb") as file:
        file.write(b"data")


@pytest.mark.parametrize(
    "key", [None, 123, b"x", "a\ud800", "x" * 1025, "é" * 513], ids=lambda key: repr(key)[:9]
)
def test_keys_that_are_none(place: Place, folder: Path, kms_calls: list[str], key: Any) -> None:
    """What is no name of an object is refused by every method, before KMS is asked for anything under it."""
    s3 = place.client(ClientSide(KmsKeys(place.aws.kms_key_arn)))
    (folder / "f").write_bytes(b"data")
    s3.put_object(Bucket=BUCKET, Key="source", Body=b"data")
    writes: list[Callable[[], object]] = [
        lambda: s3.put_object(Bucket=BUCKET, Key=key, Body=b"x"),
        lambda: s3.upload_file(folder / "f", BUCKET, key),
        lambda: s3.upload_fileobj(io.BytesIO(b"x"), BUCKET, key),
        lambda: _open_and_write(s3, key),
        lambda: s3.copy(SOURCE, BUCKET, key),
        lambda: s3.copy_object(Bucket=BUCKET, Key=key, CopySource=SOURCE),
    ]
    reads: list[Callable[[], object]] = [
        lambda: s3.get_object(Bucket=BUCKET, Key=key),
        lambda: s3.get_object(Bucket=BUCKET, Key=key, Range="bytes=0-1"),
        lambda: s3.head_object(Bucket=BUCKET, Key=key),
        lambda: s3.download_file(BUCKET, key, folder / "g"),
        lambda: s3.download_fileobj(BUCKET, key, io.BytesIO()),
        lambda: s3.open(BUCKET, key),
        lambda: s3.copy({"Bucket": BUCKET, "Key": key}, BUCKET, "k"),
    ]
    kms_calls.clear()
    for number, call in enumerate(writes):
        assert isinstance(_refusal(call), errors.ConfigurationError), number
    assert set(kms_calls) <= {"Decrypt"}  # the source of the copies
    kms_calls.clear()
    # A key that is only too long is left to S3, which knows no such object.
    kinds = (errors.ConfigurationError, *((errors.ServiceError,) if isinstance(key, str) else ()))
    for number, call in enumerate(reads):
        assert isinstance(_refusal(call), kinds), number
    assert kms_calls == []
    assert place.keys() == ["source"]
    assert [path.name for path in folder.iterdir()] == ["f"]


def _refusal(call: Callable[[], object]) -> BaseException:
    with pytest.raises(errors.SecureS3Error) as caught:
        call()
    return caught.value


class Generous(io.BytesIO):
    """Gives more than it is asked for."""

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        return data.ljust(size + 7, b"!") if data and size and size > 0 else data


@pytest.mark.parametrize("label", ["sse-s3", "client-side"])
def test_sources_that_give_too_much(place: Place, label: str) -> None:
    """A source whose read(n) gives more than n bytes is refused with what to mend, and nothing is stored."""
    s3 = place.client(SseS3() if label == "sse-s3" else raw())
    for size in (1, 1000, 2 * PART + 1):
        generous = Generous(content(size))
        pipe = SimpleNamespace(read=Generous(content(size)).read)
        for source in (generous, pipe):
            with pytest.raises(errors.TransferError, match=r"read\(n\)") as caught:
                s3.upload_fileobj(source, BUCKET, "k", Config=SMALL_PARTS)  # type: ignore[arg-type]
            assert "asked for" in caught.value.what
            assert "BufferedReader" in caught.value.fix
    if label == "client-side":
        for size in (1, 1000, 2 * PART + 1):
            with pytest.raises(errors.TransferError, match=r"read\(n\)"):
                s3.put_object(Bucket=BUCKET, Key="k", Body=Generous(content(size)))
    place.assert_nothing()


def test_arguments_of_put(place: Place, cse: SecureS3Client) -> None:
    """Bodies and lengths that cannot be used are refused by name, with what to pass instead."""
    unusable: list[tuple[str, dict[str, Any]]] = [
        ("ContentLength", {"Body": b"abc", "ContentLength": "3"}),
        ("ContentLength", {"Body": b"abc", "ContentLength": 4}),
        ("ContentLength", {"Body": io.BytesIO(b"abc"), "ContentLength": 2}),
        ("MpuObjectSize", {"Body": b"abc", "MpuObjectSize": 3}),
        ("Body", {"Body": memoryview(b"abc")}),
        ("Body", {"Body": array.array("B", b"abc")}),
        ("Body", {"Body": None}),
        ("Body", {"Body": 5}),
    ]
    for named, arguments in unusable:
        with pytest.raises(errors.ConfigurationError, match=named) as caught:
            cse.put_object(Bucket=BUCKET, Key="k", **arguments)
        assert caught.value.fix, arguments
    with pytest.raises(errors.ConfigurationError, match="MpuObjectSize"):
        cse.upload_fileobj(io.BytesIO(b"abc"), BUCKET, "k", {"MpuObjectSize": 3})
    place.assert_nothing()


def test_presigned_uploads(cse: SecureS3Client) -> None:
    """Presigning an upload is refused as what it is."""
    parts = {"UploadId": "u", "PartNumber": 1}
    for method, more in {"put_object": {}, "upload_part": parts}.items():
        with pytest.raises(errors.EncryptionConflict, match=f"presigned {method}") as caught:
            cse.generate_presigned_url(method, Params={"Bucket": BUCKET, "Key": "k", **more})
        assert "presigned" in caught.value.what
        assert caught.value.fix


def test_refusals_of_kms_say_what_to_do(place: Place) -> None:
    """What KMS refuses has a fix, for writing and for reading."""
    strategy = ClientSide(KmsKeys(place.aws.kms_key_arn))
    place.client(strategy).put_object(Bucket=BUCKET, Key="k", Body=b"x")
    for code in ("NotFoundException", "AccessDeniedException", "DisabledException"):
        s3 = place.client(strategy)
        for operation in ("Decrypt", "GenerateDataKey"):
            refuse_at_kms(s3, operation, code)
        with pytest.raises(errors.KeyAccessError) as reading:
            s3.get_object(Bucket=BUCKET, Key="k")
        with pytest.raises(errors.KeyAccessError) as writing:
            s3.put_object(Bucket=BUCKET, Key="k", Body=b"y")
        assert code == reading.value.code == writing.value.code
        assert "key" in reading.value.fix.lower()
        assert "key" in writing.value.fix.lower()
