"""Downloads: the whole object in its place, or nothing, whatever server, network and disk do."""

from __future__ import annotations

import errno
import io
import os
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError, FlexibleChecksumError

from secure_s3 import SecureS3Client, errors
from tests.rig import faulty_proxy as fault
from tests.rig.faulty_proxy import FaultyProxy
from tests.transfer.support import BUCKET, MIB, PART, SMALL_PARTS, Place, content, crc32

SINGLE, MULTI = 2 * MIB, 2 * PART + 1
SIZES = pytest.mark.parametrize("size", [SINGLE, MULTI], ids=["single", "windows"])
ALWAYS = 10**6
ONE_PIECE = TransferConfig(use_threads=False)


def _put(place: Place, size: int, **arguments: Any) -> None:
    place.put(content(size), ChecksumAlgorithm="CRC32", **arguments)


def _down(s3: SecureS3Client, folder: Path, **more: Any) -> Any:
    return s3.download_file(BUCKET, "k", folder / "f", Config=SMALL_PARTS, **more)


def _read(how: str, s3: SecureS3Client, folder: Path) -> Any:
    if how == "file":
        return _down(s3, folder)
    if how == "fileobj":
        return s3.download_fileobj(BUCKET, "k", io.BytesIO(), Config=SMALL_PARTS)
    if how == "one-piece":
        return s3.download_file(BUCKET, "k", folder / "f", Config=ONE_PIECE)
    if how == "get":
        return s3.get_object(Bucket=BUCKET, Key="k")["Body"].read()
    with s3.open(BUCKET, "k") as file:
        file.seek(PART if how == "seek" else 0)
        return file.read()


def _ranges(proxy: FaultyProxy) -> list[str | None]:
    return [seen.headers.get("range") for seen in proxy.requests if seen.method == "GET"]


def _threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("secure-s3_")]


@pytest.fixture(params=[False, True], ids=["new", "existing"])
def folder_before(request: Any, folder: Path) -> Path:
    """The destination's folder, with and without a file in its place already."""
    if request.param:
        (folder / "f").write_bytes(b"old")
    return folder


def _assert_untouched(folder: Path) -> None:
    """Nothing but what was there before."""
    left = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert left in ({}, {"f": b"old"})
    assert _threads() == []


FATAL = {
    "reset-before": (fault.reset_before_body, errors.TransportError),
    "reset-mid": (fault.reset_mid_answer(after=0), errors.TransportError),
    "truncated": (fault.truncate_answer(keep=0), errors.TransportError),
    "stall": (fault.stall(5), errors.TransportError),
    "stall-mid": (fault.stall(5, after=0), errors.TransportError),
    "slow-down": (fault.slow_down, errors.Throttled),
    "internal": (fault.s3_error(500, "InternalError"), errors.ServiceError),
    "denied": (fault.s3_error(403, "AccessDenied"), errors.AccessDenied),
    "gone": (fault.s3_error(404, "NoSuchKey"), errors.NotFound),
}


@SIZES
@pytest.mark.parametrize("name", FATAL)
def test_lasting_faults(
    place: Place, proxy: FaultyProxy, faulty: SecureS3Client, folder_before: Path, name: str, size: int
) -> None:
    """A fault that lasts gives its error, with the cause, and leaves no file and no temporary file."""
    _put(place, size)
    action, expected = FATAL[name]
    proxy.inject(action, method="GET", times=ALWAYS)
    with pytest.raises(expected) as caught:
        _down(faulty, folder_before)
    assert caught.value.__cause__ is not None
    assert (caught.value.bucket, caught.value.key) == (BUCKET, "k")
    assert isinstance(caught.value, ClientError) == isinstance(caught.value, errors.ServiceError)
    _assert_untouched(folder_before)


@pytest.mark.parametrize("name", FATAL)
def test_lasting_faults_at_a_later_window(
    place: Place, proxy: FaultyProxy, faulty: SecureS3Client, folder_before: Path, name: str
) -> None:
    """The same when the first window came through and a later one does not."""
    _put(place, MULTI)
    action, expected = FATAL[name]
    proxy.inject(action, when=lambda seen: "range" in seen.headers, times=ALWAYS)
    with pytest.raises(expected):
        _down(faulty, folder_before)
    _assert_untouched(folder_before)
    buffer = io.BytesIO()
    with pytest.raises(expected):
        faulty.download_fileobj(BUCKET, "k", buffer, Config=SMALL_PARTS)
    assert content(MULTI).startswith(buffer.getvalue())
    assert _threads() == []


@pytest.mark.parametrize(
    "action",
    [
        fault.reset_mid_answer(after=1_500_000),
        fault.truncate_answer(keep=1_500_000),
        fault.stall(5, after=1_500_000),
    ],
    ids=["reset", "truncated", "stall"],
)
@pytest.mark.parametrize("to", ["file", "fileobj", "open"])
def test_broken_body_is_taken_up_again(
    place: Place, proxy: FaultyProxy, faulty: SecureS3Client, folder: Path, action: fault.Action, to: str
) -> None:
    """A body that breaks off is taken up where it broke: only what is missing is asked for."""
    _put(place, SINGLE)
    proxy.inject(action, method="GET")
    total: list[int] = []
    if to == "file":
        receipt = _down(faulty, folder, Callback=total.append)
        data = (folder / "f").read_bytes()
        assert receipt.checksum == f"CRC32:{crc32(data)}"
    elif to == "fileobj":
        buffer = io.BytesIO()
        faulty.download_fileobj(BUCKET, "k", buffer, Callback=total.append)
        data = buffer.getvalue()
    else:
        with faulty.open(BUCKET, "k") as file:
            data = file.read()
        total = [len(data)]
    assert data == content(SINGLE)
    assert sum(total) == SINGLE
    first, second = _ranges(proxy)
    assert first is None
    match = re.fullmatch(r"bytes=(\d+)-(\d*)", second or "")
    assert match
    # A reset takes bytes with it that were under way; what had arrived is not asked for again.
    assert 0 < int(match[1]) <= 1_500_000
    assert match[2] in ("", str(SINGLE - 1))


def test_body_breaks_again_and_again(
    place: Place, proxy: FaultyProxy, faulty: SecureS3Client, folder: Path
) -> None:
    """A body may break off several times; each time it goes on where it was."""
    _put(place, SINGLE)
    proxy.inject(fault.truncate_answer(keep=300_000), method="GET", times=4)
    _down(faulty, folder)
    assert (folder / "f").read_bytes() == content(SINGLE)
    starts = [int(found.split("=")[1].split("-")[0]) for found in _ranges(proxy) if found]
    assert starts == sorted(set(starts))


def test_failed_request_is_not_multiplied(
    place: Place, proxy: FaultyProxy, faulty: SecureS3Client, folder: Path
) -> None:
    """When the request that takes up a body fails, botocore's retries are all there are."""
    _put(place, SINGLE)
    proxy.inject(fault.truncate_answer(keep=1000), method="GET")
    again = proxy.inject(fault.reset_before_body, method="GET", times=ALWAYS)
    with pytest.raises(errors.TransportError):
        _down(faulty, folder)
    assert again.hits == faulty.profile.retries


@pytest.mark.parametrize("how", ["file", "fileobj", "one-piece", "get", "open"])
@SIZES
def test_flipped_bit(
    place: Place, proxy: FaultyProxy, faulty: SecureS3Client, folder_before: Path, how: str, size: int
) -> None:
    """One wrong bit on the way is noticed by every way of reading the whole, and no file appears."""
    _put(place, size)
    proxy.inject(fault.flip_bit(at=1000), when=lambda seen: "range" not in seen.headers, times=ALWAYS)
    # get_object's Body is boto3's own stream, whose errors are botocore's.
    expected = FlexibleChecksumError if how == "get" else errors.ChecksumMismatch
    with pytest.raises(expected):
        _read(how, faulty, folder_before)
    _assert_untouched(folder_before)


def test_flipped_bit_in_a_later_window(
    place: Place, proxy: FaultyProxy, faulty: SecureS3Client, folder: Path
) -> None:
    """A wrong bit in a ranged answer, which has no checksum of its own, is noticed by the whole's."""
    _put(place, MULTI)
    proxy.inject(fault.flip_bit(), when=lambda seen: "range" in seen.headers)
    with pytest.raises(errors.ChecksumMismatch) as caught:
        _down(faulty, folder)
    assert crc32(content(MULTI)) in str(caught.value)
    _assert_untouched(folder)


def test_flipped_bit_after_a_break(
    place: Place, proxy: FaultyProxy, faulty: SecureS3Client, folder: Path
) -> None:
    """A wrong bit in the rest of a body that broke off is noticed, though no answer was whole."""
    _put(place, SINGLE)
    proxy.inject(fault.truncate_answer(keep=MIB), method="GET")
    proxy.inject(fault.flip_bit(), when=lambda seen: "range" in seen.headers)
    with pytest.raises(errors.ChecksumMismatch):
        _down(faulty, folder)
    _assert_untouched(folder)


@pytest.mark.parametrize("how", ["ignored", "other-range", "no-header"])
@pytest.mark.parametrize("way", ["file", "fileobj", "seek"])
def test_ranges_not_honoured(
    place: Place, proxy: FaultyProxy, faulty: SecureS3Client, folder_before: Path, how: str, way: str
) -> None:
    """A server that ignores a range, or answers another one, is not believed."""
    _put(place, MULTI)

    def ignore(answer: fault.Answer) -> None:
        answer.status = 200
        answer.drop("Content-Range")
        answer.body = content(MULTI)
        answer.set("Content-Length", str(MULTI))

    lie = {
        "ignored": fault.edit(ignore),
        "other-range": fault.set_header("Content-Range", f"bytes 0-{PART - 1}/{MULTI}"),
        "no-header": fault.drop_header("Content-Range"),
    }[how]
    proxy.inject(lie, when=lambda seen: "range" in seen.headers, times=ALWAYS)
    with pytest.raises(errors.TransportError, match="asked for"):
        _read(way, faulty, folder_before)
    _assert_untouched(folder_before)


@pytest.mark.parametrize("how", ["windows", "resumed"])
def test_replaced_meanwhile(
    place: Place, proxy: FaultyProxy, faulty: SecureS3Client, folder_before: Path, how: str
) -> None:
    """An object that is replaced between two requests is noticed; the two are never mixed."""
    size = MULTI if how == "windows" else SINGLE
    _put(place, size)

    def replace(exchange: fault.Exchange) -> None:
        answer = exchange.forward()
        place.put(b"\0" * size)
        keep = len(answer.body) if how == "windows" else 1000
        exchange.reply_in_two(answer, keep, lambda: how == "windows")

    proxy.inject(replace, method="GET")
    with pytest.raises(errors.ObjectChanged) as caught:
        _down(faulty, folder_before)
    assert isinstance(caught.value.__cause__, errors.PreconditionFailed)
    _assert_untouched(folder_before)


def test_replaced_in_a_versioned_bucket(
    place: Place, proxy: FaultyProxy, faulty: SecureS3Client, folder: Path
) -> None:
    """In a versioned bucket the download goes on with the version it began with."""
    place.plain.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    _put(place, MULTI)

    def replace(exchange: fault.Exchange) -> None:
        answer = exchange.forward()
        place.put(b"new")
        exchange.reply(answer)

    proxy.inject(replace, method="GET")
    receipt = _down(faulty, folder)
    assert (folder / "f").read_bytes() == content(MULTI)
    assert receipt.version_id
    assert place.body() == b"new"


def test_version_id(place: Place, s3: SecureS3Client, folder: Path) -> None:
    """ExtraArgs={"VersionId": …} fetches that version."""
    place.plain.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    _put(place, MULTI)
    version = place.head()["VersionId"]
    place.put(b"new")
    receipt = _down(s3, folder, ExtraArgs={"VersionId": version})
    assert (folder / "f").read_bytes() == content(MULTI)
    assert receipt.version_id == version
    with pytest.raises(errors.SecureS3Error):
        _down(s3, folder, ExtraArgs={"VersionId": "no-such-version"})
    assert (folder / "f").read_bytes() == content(MULTI)


# --- destinations -----------------------------------------------------------------------------------


def test_bad_destinations(place: Place, s3: SecureS3Client, folder: Path) -> None:
    """A folder, a missing folder, a file for a folder, a pipe, a NUL: refused before anything is asked."""
    os.mkfifo(folder / "fifo")
    (folder / "file").write_bytes(b"x")
    before = sorted(folder.iterdir())
    asked: list[str] = []
    s3.boto3.meta.events.register("before-call.s3", lambda model, **_: asked.append(model.name))
    bad = [
        folder,
        folder / "no" / "f",
        folder / "file" / "f",
        folder / "fifo",
        "",
        "nul\0",
        f"{folder}/",
        f"{folder}/no/",
    ]
    for path in bad:
        with pytest.raises(errors.DestinationError) as caught:
            s3.download_file(BUCKET, "k", path)
        assert caught.value.why
        assert caught.value.fix
    assert asked == []
    assert sorted(folder.iterdir()) == before


def test_name_too_long(place: Place, s3: SecureS3Client, folder: Path) -> None:
    """A name that the file system does not take is an error that leaves no temporary file."""
    _put(place, 10)
    with pytest.raises(errors.DestinationError):
        s3.download_file(BUCKET, "k", folder / ("x" * 300))
    assert list(folder.iterdir()) == []
    s3.download_file(BUCKET, "k", folder / ("x" * 255))
    assert [path.name for path in folder.iterdir()] == ["x" * 255]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_read_only_folder(place: Place, s3: SecureS3Client, folder: Path) -> None:
    """A folder that may not be written is a DestinationError."""
    folder.chmod(0o500)
    with pytest.raises(errors.DestinationError, match="Permission"):
        s3.download_file(BUCKET, "k", folder / "f")


@pytest.mark.parametrize("call", ["_pwrite", "fsync", "replace"])
def test_disk_fails(
    place: Place, s3: SecureS3Client, folder_before: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """A full disk, at any step, leaves what was there before."""
    _put(place, MULTI)

    def full(*arguments: Any) -> Any:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    where = "secure_s3.transfer.positioned._pwrite" if call == "_pwrite" else f"os.{call}"
    monkeypatch.setattr(where, full)
    with pytest.raises(errors.DestinationError, match="No space") as caught:
        _down(s3, folder_before)
    assert isinstance(caught.value.__cause__, OSError)
    monkeypatch.undo()
    _assert_untouched(folder_before)


def test_short_writes_to_disk(
    place: Place, s3: SecureS3Client, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A system call that takes less than it is given is repeated for the rest."""
    _put(place, SINGLE)
    monkeypatch.setattr(
        "secure_s3.transfer.positioned._pwrite", lambda fd, data, at: os.pwrite(fd, data[:100_000], at)
    )
    _down(s3, folder)
    assert (folder / "f").read_bytes() == content(SINGLE)


def test_permissions_follow_the_umask(place: Place, s3: SecureS3Client, folder: Path) -> None:
    """The file has the permissions that any new file of this process has."""
    _put(place, 10)
    before = os.umask(0o027)
    try:
        _down(s3, folder)
    finally:
        os.umask(before)
    assert (folder / "f").stat().st_mode & 0o777 == 0o640


@SIZES
def test_fileobj_is_left_open(place: Place, s3: SecureS3Client, size: int) -> None:
    """A file object is written from where it stands, in order, and not closed."""
    _put(place, size)
    buffer = io.BytesIO()
    buffer.write(b"before")
    s3.download_fileobj(BUCKET, "k", buffer, Config=SMALL_PARTS)
    assert buffer.getvalue() == b"before" + content(size)
    assert not buffer.closed


@SIZES
def test_fileobj_takes_less(place: Place, s3: SecureS3Client, size: int) -> None:
    """A raw file that takes less than it is given gets the rest; nothing is lost in silence."""

    class Slow(io.RawIOBase):
        def __init__(self) -> None:
            self.got = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            self.got += data[:70_001]
            return len(data[:70_001])

    _put(place, size)
    slow = Slow()
    s3.download_fileobj(BUCKET, "k", slow, Config=SMALL_PARTS)  # type: ignore[arg-type]
    assert bytes(slow.got) == content(size)


def test_fileobj_that_returns_nothing(place: Place, s3: SecureS3Client) -> None:
    """A home-made object with a write() that returns nothing will do; a raw one that blocks will not."""

    class Simple:
        def __init__(self) -> None:
            self.got = b""

        def write(self, data: bytes) -> None:
            self.got += data

    class Blocked(io.RawIOBase):
        def write(self, data: Any) -> None:  # type: ignore[override]
            return None

    _put(place, 10)
    simple = Simple()
    s3.download_fileobj(BUCKET, "k", simple)  # type: ignore[arg-type]
    assert simple.got == content(10)
    with pytest.raises(errors.DestinationError):
        s3.download_fileobj(BUCKET, "k", Blocked())  # type: ignore[arg-type]


@SIZES
def test_fileobj_fails(place: Place, s3: SecureS3Client, size: int) -> None:
    """A file object that fails ends the download, with its exception kept, and no thread goes on."""
    _put(place, size)

    class Full(io.RawIOBase):
        def write(self, data: Any) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    class Mine(Exception):
        pass

    class Raising:
        def write(self, data: bytes) -> int:
            raise Mine

    with pytest.raises(errors.DestinationError) as caught:
        s3.download_fileobj(BUCKET, "k", Full(), Config=SMALL_PARTS)  # type: ignore[arg-type]
    assert isinstance(caught.value.__cause__, OSError)
    assert _threads() == []
    with pytest.raises(Mine):
        s3.download_fileobj(BUCKET, "k", Raising(), Config=SMALL_PARTS)  # type: ignore[arg-type]
    assert _threads() == []


@pytest.mark.parametrize(
    "target", [io.StringIO(), None, 7, b"path", object()], ids=["text", "none", "int", "bytes", "object"]
)
def test_no_fileobj(place: Place, s3: SecureS3Client, target: Any) -> None:
    """What cannot take bytes is refused."""
    _put(place, 10)
    with pytest.raises(errors.DestinationError):
        s3.download_fileobj(BUCKET, "k", target)


def test_arguments_mixed_up(place: Place, s3: SecureS3Client, folder: Path) -> None:
    """A path where an object is wanted, and the other way round, is refused with the right method."""
    with pytest.raises(errors.ConfigurationError, match="download_file"):
        s3.download_fileobj(BUCKET, "k", str(folder / "f"))  # type: ignore[arg-type]
    with pytest.raises(errors.ConfigurationError, match="download_fileobj"):
        s3.download_file(BUCKET, "k", io.BytesIO())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "extra",
    [{"Nonsense": 1}, {"Range": "bytes=0-1"}, {"Key": "other"}, {"PartNumber": 1}, {"ACL": "private"}],
    ids=lambda extra: next(iter(extra)),
)
def test_extra_args_refused(place: Place, s3: SecureS3Client, folder: Path, extra: dict[str, Any]) -> None:
    """ExtraArgs that GetObject does not take, or that would fetch a piece, are refused."""
    _put(place, 10)
    with pytest.raises(errors.ConfigurationError, match=next(iter(extra))):
        _down(s3, folder, ExtraArgs=extra)
    _assert_untouched(folder)


@pytest.mark.parametrize(
    "config",
    [
        object(),
        {"multipart_threshold": 1},
        TransferConfig(preferred_transfer_client="crt"),
        TransferConfig(max_bandwidth=1),
    ],
    ids=["object", "dict", "crt", "bandwidth"],
)
def test_config_refused(place: Place, s3: SecureS3Client, folder: Path, config: Any) -> None:
    """What is no TransferConfig, or asks for an engine that bypasses the guard, is refused."""
    with pytest.raises(errors.ConfigurationError):
        s3.download_file(BUCKET, "k", folder / "f", Config=config)
    with pytest.raises(errors.ConfigurationError):
        s3.upload_fileobj(io.BytesIO(b""), BUCKET, "k", Config=config)
    place.assert_nothing()


@SIZES
@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt], ids=lambda kind: kind.__name__)
def test_callback_raises(
    place: Place, s3: SecureS3Client, folder_before: Path, kind: type[BaseException], size: int
) -> None:
    """What the callback raises is what comes out, that very object, and no file appears."""
    _put(place, size)
    mine = kind("stop")

    def callback(count: int) -> None:
        raise mine

    with pytest.raises(kind) as caught:
        _down(s3, folder_before, Callback=callback)
    assert caught.value is mine
    with pytest.raises(kind):
        s3.download_fileobj(BUCKET, "k", io.BytesIO(), Callback=callback, Config=SMALL_PARTS)
    _assert_untouched(folder_before)


def test_missing_object(place: Place, s3: SecureS3Client, folder_before: Path) -> None:
    """A missing key leaves the file that was there."""
    with pytest.raises(errors.NotFound):
        _down(s3, folder_before)
    _assert_untouched(folder_before)


def test_no_checksum_stored(place: Place, s3: SecureS3Client, folder: Path) -> None:
    """An object without a checksum, or with one over its parts, is downloaded all the same."""
    upload = place.plain.create_multipart_upload(Bucket=BUCKET, Key="k")["UploadId"]
    parts = []
    for number, start in enumerate(range(0, MULTI, PART), 1):
        body = content(MULTI)[start : start + PART]
        answer = place.plain.upload_part(
            Bucket=BUCKET, Key="k", UploadId=upload, PartNumber=number, Body=body
        )
        parts.append({"PartNumber": number, "ETag": answer["ETag"]})
    place.plain.complete_multipart_upload(
        Bucket=BUCKET, Key="k", UploadId=upload, MultipartUpload={"Parts": parts}
    )
    _down(s3, folder)
    assert (folder / "f").read_bytes() == content(MULTI)
