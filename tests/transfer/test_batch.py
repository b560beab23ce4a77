"""Batches against the embedded endpoint: everything arrives, failures stay alone, Ctrl-C leaves nothing."""

from __future__ import annotations

import os
import signal
import threading
import zlib
from pathlib import Path
from typing import Any

import pytest

from secure_s3 import DsseKms, SecureS3Client, SseC, SseKms, SseS3
from secure_s3.errors import AccessDenied, BatchFailed, ConfigurationError, NotFound, Throttled
from secure_s3.local import LocalAws
from secure_s3.transfer import batch, crc, crew, present
from secure_s3.transfer.progress import Silent
from secure_s3.transfer.receipts import Receipt
from secure_s3.transfer.results import BatchResult
from secure_s3.transfer.settings import Settings

BUCKET = "amzn-s3-demo-bucket"
MIB = 1 << 20


@pytest.fixture
def s3(local_aws: LocalAws) -> Any:
    """A client on an empty bucket."""
    local_aws.create_bucket(BUCKET)
    with local_aws.client(SseS3()) as client:
        yield client


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small folder with an empty file and a nested one."""
    folder = tmp_path / "tree"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_bytes(b"alpha")
    (folder / "empty").write_bytes(b"")
    (folder / "sub" / "b.txt").write_bytes(b"beta" * 1000)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def keys(s3: SecureS3Client) -> list[str]:
    return [found["Key"] for found in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def ctrl_c() -> None:
    """What the terminal does."""
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


class Recorded(Silent):
    """A progress that notes everything it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def started(self, total_files: int, total_bytes: int) -> None:
        self.told.append(("started", total_files, total_bytes))

    def advanced(self, path: str, count: int) -> None:
        self.told.append(("advanced", os.path.basename(path), count))

    def finished(self, result: Any) -> None:
        self.told.append(("finished", result.key, result.status))

    def closed(self) -> None:
        self.told.append(("closed",))


# -- there and back ------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", ["sse-kms", "dsse-kms", "sse-s3", "sse-c"])
def test_folder_goes_up_and_comes_back(local_aws: LocalAws, tree: Path, tmp_path: Path, label: str) -> None:
    """Under every strategy a folder arrives encrypted as configured and comes back byte for byte."""
    arn = local_aws.kms_key_arn
    strategy = {s.label: s for s in (SseKms(arn), DsseKms(arn), SseS3(), SseC.generate())}[label]
    local_aws.create_bucket(BUCKET)
    with local_aws.client(strategy) as client:
        up = client.upload_many(tree, BUCKET, "in/")
        down = client.download_many(BUCKET, "in/", tmp_path / "back")
    assert [file.key for file in up.done] == ["in/a.txt", "in/empty", "in/sub/b.txt"]
    assert up.bytes == down.bytes == 4005
    algorithm = {"sse-kms": "aws:kms", "dsse-kms": "aws:kms:dsse", "sse-s3": "AES256", "sse-c": "SSE-C"}[
        label
    ]
    assert {file.receipt.algorithm for file in up if file.receipt} == {algorithm}
    assert contents(tmp_path / "back") == contents(tree)


def test_list_of_keys_comes_back_under_whole_keys(s3: Any, tree: Path, tmp_path: Path) -> None:
    """Keys of a list become paths as they are, in the order of the list."""
    s3.upload_many(tree, BUCKET, "in/")
    result = s3.download_many(BUCKET, ["in/sub/b.txt", "in/a.txt"], tmp_path / "back")
    assert [file.key for file in result] == ["in/sub/b.txt", "in/a.txt"]
    assert set(contents(tmp_path / "back")) == {"in/sub/b.txt", "in/a.txt"}


def test_results_keep_the_order_of_the_input(s3: Any, tmp_path: Path) -> None:
    """However the workers overtake one another, results stand in the order of the input."""
    files = {}
    for n in range(40):
        (tmp_path / f"{n}").write_bytes(b"x" * (40 - n) * 100)
        files[tmp_path / f"{n}"] = f"k{n}"
    assert [file.key for file in s3.upload_many(files, BUCKET, workers=7)] == list(files.values())


def test_folder_markers_become_folders(s3: Any, tmp_path: Path) -> None:
    """An object that stands for a folder makes one and counts as skipped."""
    for key in ("in/", "in/empty/"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"")
    result = s3.download_many(BUCKET, "in/", tmp_path / "back")
    assert [file.status for file in result] == ["skipped", "skipped"]
    assert (tmp_path / "back" / "empty").is_dir()


# -- failures ------------------------------------------------------------------------------------------


def test_failures_stay_alone(s3: Any, tree: Path) -> None:
    """A missing file, a pipe and an impossible key fail; the others arrive, and BatchFailed holds all."""
    os.mkfifo(tree / "pipe")
    sources = {tree / "a.txt": "a", tree / "none": "n", tree / "pipe": "p", tree / "empty": "k" * 1025}
    sources[tree / "sub" / "b.txt"] = "b"
    with pytest.raises(BatchFailed, match="3 of 5 files were not uploaded") as caught:
        s3.upload_many(sources, BUCKET)
    assert [file.status for file in caught.value.results] == ["done", "failed", "failed", "failed", "done"]
    assert keys(s3) == ["a", "b"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file_fails_alone(s3: Any, tree: Path) -> None:
    """A file without read permission fails; the others go."""
    (tree / "a.txt").chmod(0)
    with pytest.raises(BatchFailed) as caught:
        s3.upload_many(tree, BUCKET)
    assert [file.key for file in caught.value.results.failed] == ["a.txt"]


def test_file_that_vanishes_fails_alone(s3: Any, tree: Path) -> None:
    """A file removed between the plan and its turn fails with its path; the others go."""

    class Thief(Silent):
        def started(self, total_files: int, total_bytes: int) -> None:
            (tree / "a.txt").unlink()

    with pytest.raises(BatchFailed) as caught:
        s3.upload_many(tree, BUCKET, progress=Thief())
    assert [file.path for file in caught.value.results.failed] == [str(tree / "a.txt")]
    assert len(caught.value.results.done) == 2


def test_hostile_keys_write_nothing_outside(s3: Any, tmp_path: Path) -> None:
    """Keys that lead out, also through a link, fail; the honest one arrives; outside nothing changes."""
    hostile = ["in/../../evil", "in//abs", "in/link/evil", "in/C:\\evil"]
    for key in [*hostile, "in/ok"]:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    outside.mkdir()
    folder.mkdir()
    (folder / "link").symlink_to(outside)
    listed = [key for key in keys(s3) if key != "in/../../evil"]  # an endpoint may fold dots itself
    with pytest.raises(BatchFailed) as caught:
        s3.download_many(BUCKET, "in/", folder)
    assert [file.key for file in caught.value.results.done] == ["in/ok"]
    assert len(caught.value.results.failed) >= len(listed) - 1
    assert sorted(os.listdir(tmp_path)) == ["folder", "outside"]
    assert os.listdir(outside) == []
    assert sorted(os.listdir(folder)) == ["link", "ok"]


def test_link_in_place_of_the_file_is_not_written_through(s3: Any, tmp_path: Path) -> None:
    """A link that stands where the file should be, and points outside, fails; its target is untouched."""
    s3.put_object(Bucket=BUCKET, Key="in/x", Body=b"new")
    (tmp_path / "target").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "x").symlink_to(tmp_path / "target")
    with pytest.raises(BatchFailed, match="leads out"):
        s3.download_many(BUCKET, "in/", tmp_path / "folder")
    assert (tmp_path / "target").read_text() == "mine"


def test_missing_object_fails_alone(s3: Any, tree: Path, tmp_path: Path) -> None:
    """A key that does not exist fails with NotFound and leaves no file; the others come."""
    s3.upload_many(tree, BUCKET)
    with pytest.raises(BatchFailed) as caught:
        s3.download_many(BUCKET, ["a.txt", "none"], tmp_path / "back")
    assert isinstance(caught.value.results.failed[0].error, NotFound)
    assert os.listdir(tmp_path / "back") == ["a.txt"]


def test_missing_bucket_is_an_error_of_ours(s3: Any, tmp_path: Path) -> None:
    """A listing that S3 refuses is a typed error, and no folder is made."""
    with pytest.raises(NotFound, match="NoSuchBucket"):
        s3.download_many("amzn-s3-demo-nowhere", "", tmp_path / "back")
    assert not (tmp_path / "back").exists()


@pytest.mark.parametrize(
    "options",
    [
        {"workers": 0},
        {"workers": 257},
        {"workers": True},
        {"workers": 2.5},
        {"workers": None},
        {"config": "fast"},
        {"extra_args": {"Nonsense": 1}},
        {"progress": 3},
        {"bucket": ""},
        {"bucket": None},
        {"folder": ""},
        {"folder": None},
    ],
)
def test_bad_arguments_are_refused_beforehand(s3: Any, tree: Path, tmp_path: Path, options: Any) -> None:
    """An argument that makes no sense is a ConfigurationError, and nothing is sent or written."""
    bucket, folder = options.pop("bucket", BUCKET), options.pop("folder", tmp_path / "back")
    s3.put_object(Bucket=BUCKET, Key="x", Body=b"x")
    with pytest.raises(ConfigurationError):
        s3.download_many(bucket, "", folder, **options)
    assert not (tmp_path / "back").exists()
    if (folder and options) or not bucket:
        with pytest.raises(ConfigurationError):
            s3.upload_many(tree, bucket, **options)
    assert keys(s3) == ["x"]


def test_file_in_place_of_the_folder_is_refused(s3: Any, tree: Path) -> None:
    """A file where the folder should be is refused and stays."""
    with pytest.raises(ConfigurationError, match="is no folder"):
        s3.download_many(BUCKET, "", tree / "a.txt")
    assert (tree / "a.txt").read_bytes() == b"alpha"


# -- resuming and skipping -----------------------------------------------------------------------------


def test_batch_is_taken_up_from_a_saved_list(s3: Any, tree: Path, tmp_path: Path) -> None:
    """What failed is sent from the saved list, and nothing else; then nothing is left."""
    with pytest.raises(BatchFailed) as caught:
        s3.upload_many([tree / "a.txt", tree / "later"], BUCKET, "p/")
    caught.value.results.save(tmp_path / "list")
    (tree / "later").write_bytes(b"now it is there")
    s3.delete_object(Bucket=BUCKET, Key="p/a.txt")
    again = s3.upload_many(BatchResult.load(tmp_path / "list"), BUCKET)
    assert [file.key for file in again.done] == ["p/later"]
    assert keys(s3) == ["p/later"]
    assert list(s3.upload_many(again, BUCKET)) == []


def test_download_is_taken_up_into_the_same_place(s3: Any, tmp_path: Path) -> None:
    """A resumed download puts the file where it would have been."""
    s3.put_object(Bucket=BUCKET, Key="in/a/x", Body=b"x")
    first = s3.download_many(BUCKET, "in/", tmp_path / "back")
    lost = BatchResult([type(first[0])(first[0].path, BUCKET, "in/a/x", "failed")], direction="download")
    (tmp_path / "back" / "a" / "x").unlink()
    s3.download_many(BUCKET, lost, tmp_path / "back")
    assert (tmp_path / "back" / "a" / "x").read_bytes() == b"x"


def test_what_is_there_already_is_skipped(s3: Any, tree: Path, tmp_path: Path) -> None:
    """With skip_existing, files with the same content are left out in both directions, with receipts."""
    s3.upload_many(tree, BUCKET)
    again = s3.upload_many(tree, BUCKET, skip_existing=True)
    assert [file.status for file in again] == ["skipped"] * 3
    assert again.bytes == 0
    assert {file.receipt.algorithm for file in again if file.receipt} == {"AES256"}
    s3.download_many(BUCKET, "", tmp_path / "back")
    assert len(s3.download_many(BUCKET, "", tmp_path / "back", skip_existing=True).skipped) == 3


def test_same_size_and_time_with_other_content_is_sent(s3: Any, tree: Path, tmp_path: Path) -> None:
    """Neither size nor time makes two files equal: other content of the same length goes again."""
    s3.upload_many(tree, BUCKET)
    status = (tree / "a.txt").stat()
    (tree / "a.txt").write_bytes(b"ALPHA")
    os.utime(tree / "a.txt", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert [file.key for file in s3.upload_many(tree, BUCKET, skip_existing=True).done] == ["a.txt"]
    s3.download_many(BUCKET, "", tmp_path / "back")
    (tmp_path / "back" / "a.txt").write_bytes(b"alpha")
    assert len(s3.download_many(BUCKET, "", tmp_path / "back", skip_existing=True).done) == 1
    assert (tmp_path / "back" / "a.txt").read_bytes() == b"ALPHA"


def test_object_under_another_key_is_sent_again(local_aws: LocalAws, s3: Any, tree: Path) -> None:
    """The same content under another encryption is not what was asked for, and goes again."""
    s3.upload_many(tree, BUCKET)
    other = local_aws.create_key()
    strategies = [
        SseKms(local_aws.kms_key_arn),
        SseKms(other),
        DsseKms(other),
        SseC.generate(),
        SseC.generate(),
    ]
    for strategy in [*strategies, SseS3()]:
        with local_aws.client(strategy) as client:
            assert len(client.upload_many(tree, BUCKET, skip_existing=True).done) == 3
            assert len(client.upload_many(tree, BUCKET, skip_existing=True).skipped) == 3


def test_large_file_is_recognised(s3: Any, tmp_path: Path) -> None:
    """A multipart upload keeps a checksum of the whole, so that a large file is recognised."""
    (tmp_path / "big").write_bytes(os.urandom(1000) * 6000)
    config = Settings(threshold=MIB, part_bytes=5 * MIB)
    s3.upload_many([tmp_path / "big"], BUCKET, config=config)
    assert s3.upload_many([tmp_path / "big"], BUCKET, skip_existing=True).skipped


@pytest.mark.parametrize(
    ("algorithm", "skipped"), [("SHA256", True), ("CRC32", True), ("SHA1", False), ("none", False)]
)
def test_only_checksums_that_can_be_compared_count(
    s3: Any, tmp_path: Path, monkeypatch: Any, algorithm: str, skipped: bool
) -> None:
    """CRC32 and SHA-256 of the whole are compared; an object with another checksum or none goes again."""
    (tmp_path / "x").write_bytes(b"content")
    extra = {} if algorithm == "none" else {"ChecksumAlgorithm": algorithm}
    s3.put_object(Bucket=BUCKET, Key="x", Body=b"content", **extra)
    if algorithm == "none":
        genuine = type(s3.boto3).head_object

        def bare(self: Any, **arguments: Any) -> Any:
            found = genuine(self, **arguments)
            return {name: value for name, value in found.items() if "Checksum" not in name}

        monkeypatch.setattr(type(s3.boto3), "head_object", bare)
    result = s3.upload_many([tmp_path / "x"], BUCKET, skip_existing=True)
    assert bool(result.skipped) is skipped


class Heads:
    """A client whose HeadObject answers, or raises, what the test says."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def head_object(self, **_: Any) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_checksum_of_checksums_does_not_count(tmp_path: Path) -> None:
    """A composite checksum says nothing about the whole, even if it happened to be equal."""
    (tmp_path / "x").write_bytes(b"content")
    path, checksum = str(tmp_path / "x"), crc.encode(zlib.crc32(b"content"))
    head = {"ContentLength": 7, "ChecksumCRC32": checksum, "ChecksumType": "COMPOSITE"}
    whole = {**head, "ChecksumType": "FULL_OBJECT"}
    assert present.on_disk(Heads(whole), "b", "k", path, {}, lambda: None) is not None
    assert present.on_disk(Heads(head), "b", "k", path, {}, lambda: None) is None
    parts = {**whole, "ChecksumCRC32": f"{whole['ChecksumCRC32']}-2"}
    assert present.on_disk(Heads(parts), "b", "k", path, {}, lambda: None) is None


def test_unguarded_client_never_skips(tmp_path: Path) -> None:
    """Where nothing says which encryption is configured, nothing is taken for configured."""
    (tmp_path / "x").write_bytes(b"c")
    head = {"ContentLength": 1, "ChecksumCRC32": crc.encode(zlib.crc32(b"c"))}
    assert present.in_bucket(Heads(head), "b", "k", str(tmp_path / "x"), {}, lambda: None) is None


def test_refused_look_sends_and_throttled_look_fails(tmp_path: Path) -> None:
    """A 403 to the look-up may mean that the object is missing: it is sent. A SlowDown is a failure."""
    path = str(tmp_path / "x")
    assert present.in_bucket(Heads(AccessDenied("403")), "b", "k", path, {}, lambda: None) is None
    with pytest.raises(Throttled):
        present.in_bucket(Heads(Throttled("503")), "b", "k", path, {}, lambda: None)


# -- workers, progress, Ctrl-C -------------------------------------------------------------------------


def fake_upload(monkeypatch: Any, work: Any) -> None:
    def upload(client: Any, path: str, bucket: str, key: str, **options: Any) -> Receipt:
        work(path, key, **options)
        return Receipt(bucket=bucket, key=key, bytes=1)

    monkeypatch.setattr(batch, "upload", upload)


def numbered(tmp_path: Path, count: int, size: int = 1) -> dict[Path, str]:
    files = {tmp_path / f"f{n}": f"{n:05}" for n in range(count)}
    for path in files:
        path.write_bytes(b"x" * size)
    return files


def test_no_more_files_at_a_time_than_workers(s3: Any, tmp_path: Path, monkeypatch: Any) -> None:
    """As many files are under way as there are workers, and not one more."""
    together, most, lock = threading.Barrier(3), 0, threading.Lock()
    active = 0

    def work(*_: Any, **__: Any) -> None:
        nonlocal active, most
        with lock:
            active += 1
            most = max(most, active)
        together.wait(timeout=20)
        with lock:
            active -= 1

    fake_upload(monkeypatch, work)
    s3.upload_many(numbered(tmp_path, 12), BUCKET, workers=3)
    assert most == 3


@pytest.mark.parametrize(
    ("sizes", "workers", "threads"),
    [
        ([1] * 20, 8, 10),
        ([9 * MIB], 8, 10),
        ([9 * MIB, 1, 1, 1], 8, 10),
        ([9 * MIB] * 2, 8, 5),
        ([9 * MIB] * 20, 8, 1),
        ([9 * MIB] * 20, 20, 1),
    ],
)
def test_large_files_share_the_part_threads(
    s3: Any, tmp_path: Path, monkeypatch: Any, sizes: list[int], workers: int, threads: int
) -> None:
    """However many workers there are, their large files together have about the part threads of one."""
    seen = set()
    fake_upload(monkeypatch, lambda path, key, config, **_: seen.add(config.workers))
    files = numbered(tmp_path, len(sizes))
    for path, size in zip(files, sizes, strict=True):
        os.truncate(path, size)
    s3.upload_many(files, BUCKET, workers=workers)
    assert seen == {threads}


def test_progress_is_told_everything_once(s3: Any, tree: Path) -> None:
    """A progress hears the start with totals, all bytes, each file's end, and the close, one at a time."""
    progress = Recorded()
    s3.upload_many(tree, BUCKET, progress=progress)
    told = progress.told
    assert (told[0], told[-1]) == (("started", 3, 4005), ("closed",))
    assert sum(entry[2] for entry in told if entry[0] == "advanced") == 4005
    finished = sorted(entry for entry in told if entry[0] == "finished")
    assert finished == [("finished", key, "done") for key in ("a.txt", "empty", "sub/b.txt")]


def test_callable_hears_the_bytes(s3: Any, tree: Path) -> None:
    """A plain callable is told numbers of bytes, as boto3's Callback is."""
    counts: list[int] = []
    s3.upload_many(tree, BUCKET, progress=counts.append)
    assert sum(counts) == 4005


@pytest.mark.parametrize("method", ["started", "advanced", "finished"])
def test_progress_that_raises_stops_the_batch(s3: Any, tmp_path: Path, method: str) -> None:
    """What a progress raises ends the batch and reaches the caller, with the results on it."""
    progress = Recorded()

    def fail(*_: Any) -> None:
        raise RuntimeError("enough")

    setattr(progress, method, fail)
    with pytest.raises(RuntimeError, match="enough") as caught:
        s3.upload_many(numbered(tmp_path, 50), BUCKET, workers=2, progress=progress)
    results: BatchResult = caught.value.results  # type: ignore[attr-defined]
    assert len(results) == 50
    assert len(results.remaining) >= 40
    assert progress.told[-1] == ("closed",)
    assert len(keys(s3)) == len(results.done)


def test_interrupt_takes_back_what_is_under_way(s3: Any, tmp_path: Path) -> None:
    """Ctrl-C aborts the multipart uploads, starts nothing more, and leaves a list that can be resumed."""
    files = numbered(tmp_path, 6, size=1)
    for path in files:
        os.truncate(path, 12 * MIB)
    told, before = threading.Event(), set(threading.enumerate())

    class Interrupting(Silent):
        def advanced(self, path: str, count: int) -> None:
            if not told.is_set():
                told.set()
                ctrl_c()

    config = Settings(threshold=5 * MIB, part_bytes=5 * MIB)
    with pytest.raises(KeyboardInterrupt) as caught:
        s3.upload_many(files, BUCKET, workers=2, progress=Interrupting(), config=config)
    results: BatchResult = caught.value.results  # type: ignore[attr-defined]
    assert len(results) == 6
    assert not results.failed
    assert len(results.remaining) >= 3
    assert sorted(keys(s3)) == sorted(file.key for file in results.done)
    assert not s3.boto3.list_multipart_uploads(Bucket=BUCKET).get("Uploads")
    new = set(threading.enumerate()) - before
    assert not [thread for thread in new if thread.name.startswith("secure-s3")]
    results.save(tmp_path / "list")
    s3.upload_many(BatchResult.load(tmp_path / "list"), BUCKET)
    assert len(keys(s3)) == 6


def test_interrupted_download_leaves_no_rest(s3: Any, tmp_path: Path) -> None:
    """Ctrl-C during a download, pressed twice, leaves whole files only."""
    for n in range(4):
        s3.put_object(Bucket=BUCKET, Key=f"in/{n}", Body=b"x" * 4 * MIB)

    class Interrupting(Silent):
        presses = 2

        def advanced(self, path: str, count: int) -> None:
            if self.presses:
                self.presses -= 1
                ctrl_c()

    with pytest.raises(KeyboardInterrupt) as caught:
        s3.download_many(BUCKET, "in/", tmp_path / "back", workers=1, progress=Interrupting())
    done = caught.value.results.done  # type: ignore[attr-defined]
    assert sorted(os.listdir(tmp_path / "back")) == sorted(os.path.basename(file.path) for file in done)
    assert all(path.stat().st_size == 4 * MIB for path in (tmp_path / "back").iterdir())


def test_interrupt_of_the_main_thread_ends_the_wait(s3: Any, tmp_path: Path, monkeypatch: Any) -> None:
    """Ctrl-C is noticed while all workers are busy, and no further file is started."""
    started = []
    interrupted = threading.Event()

    def work(path: str, key: str, callback: Any, **_: Any) -> None:
        started.append(key)
        ctrl_c()
        interrupted.wait(timeout=20)
        callback(0)

    genuine = crew.wait

    def wait(*arguments: Any, **options: Any) -> Any:
        try:
            return genuine(*arguments, **options)
        except KeyboardInterrupt:
            interrupted.set()
            raise

    fake_upload(monkeypatch, work)
    monkeypatch.setattr(crew, "wait", wait)
    with pytest.raises(KeyboardInterrupt) as caught:
        s3.upload_many(numbered(tmp_path, 100), BUCKET, workers=1)
    assert len(started) <= 2
    assert len(caught.value.results.remaining) >= 98  # type: ignore[attr-defined]
