"""The results of a batch: what they say, and the list to resume from."""

from __future__ import annotations

import json
import os
import pickle
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3 import errors
from secure_s3.errors import AccessDenied, BatchFailed, ConfigurationError, DestinationError, TransferError
from secure_s3.transfer.receipts import Receipt
from secure_s3.transfer.results import BatchResult, FileResult

DONE = FileResult("a", "bucket", "a", "done", Receipt(bucket="bucket", key="a", bytes=7))
SKIPPED = FileResult("b", "bucket", "b", "skipped", Receipt(bucket="bucket", key="b", bytes=5))
DENIED = AccessDenied("PutObject was refused", why="a policy", code="AccessDenied", status=403, key="c")
FAILED = FileResult("c", "bucket", "c", "failed", error=DENIED)
LATER = FileResult("d", "bucket", "d", "not_started")
MIXED = BatchResult([DONE, SKIPPED, FAILED, LATER], seconds=1.5)


def test_results_are_sorted_by_what_became_of_them() -> None:
    """Each status has its list; what remains is what failed or was not started; only what moved counts."""
    assert (MIXED.done, MIXED.skipped, MIXED.failed) == ((DONE,), (SKIPPED,), (FAILED,))
    assert MIXED.remaining == (FAILED, LATER)
    assert MIXED.bytes == 7
    assert list(MIXED) == [DONE, SKIPPED, FAILED, LATER]
    assert (len(MIXED), MIXED[0], MIXED[1:2]) == (4, DONE, (SKIPPED,))


def test_complete_batch_raises_nothing() -> None:
    """With everything done or skipped there is nothing to raise."""
    BatchResult([DONE, SKIPPED]).raise_for_failures()
    BatchResult([]).raise_for_failures()


def test_failures_are_raised_with_the_first_reasons() -> None:
    """The error says how many of how many, three reasons, and how to go on; its cause is the first one."""
    files = [DONE] + [FileResult(f"f{n}", "b", f"f{n}", "failed", error=DENIED) for n in range(5)]
    results = BatchResult(files)
    with pytest.raises(BatchFailed, match=r"5 of 6 files were not uploaded \(5 failed\)") as caught:
        results.raise_for_failures()
    text = str(caught.value)
    assert text.count("PutObject was refused") == 3
    assert "and 2 more" in text
    assert "upload_many" in caught.value.fix
    assert caught.value.results is results
    assert caught.value.__cause__ is DENIED


def test_files_not_started_are_raised_too() -> None:
    """A batch that was not finished did not succeed."""
    with pytest.raises(BatchFailed, match="1 not started"):
        BatchResult([DONE, LATER], direction="download").raise_for_failures()


def test_saved_list_comes_back(tmp_path: Path) -> None:
    """What is saved is loaded again: files, receipts, direction, time, and errors as their texts."""
    MIXED.save(tmp_path / "list.json")
    again = BatchResult.load(tmp_path / "list.json")
    assert again[:2] == MIXED[:2]
    assert (again.direction, again.seconds) == ("upload", 1.5)
    error = again.failed[0].error
    assert isinstance(error, AccessDenied)
    assert error.diagnostics() == DENIED.diagnostics()
    assert [(file.path, file.status) for file in again] == [(file.path, file.status) for file in MIXED]


def test_foreign_error_comes_back_as_text(tmp_path: Path) -> None:
    """An error that is none of ours is told by its name and text, and no class is looked up for it."""
    BatchResult([FileResult("a", "b", "a", "failed", error=RuntimeError("boom"))]).save(tmp_path / "list")
    error = BatchResult.load(tmp_path / "list").failed[0].error
    assert type(error) is TransferError
    assert str(error) == "RuntimeError: boom"


@pytest.mark.parametrize("name", errors.__all__)
def test_every_error_of_ours_survives(name: str) -> None:
    """Every error of the tree keeps its class and its texts in the list."""
    error = getattr(errors, name)("it failed", why="so", fix="mend it")
    file = FileResult("a", "b", "a", "failed", error=error)
    again = FileResult.from_dict(json.loads(json.dumps(file.to_dict()))).error
    assert type(again) is type(error)
    assert str(again) == str(error)


@given(st.text(), st.text())
def test_any_name_survives(path: str, key: str) -> None:
    """Paths and keys of any characters, undecodable ones included, come back as they were."""
    file = FileResult(path, "bucket", key, "not_started")
    assert FileResult.from_dict(json.loads(json.dumps(file.to_dict()))) == file


def test_list_is_for_its_owner_only(tmp_path: Path) -> None:
    """The saved list is readable by its owner, and nothing else is left beside it."""
    MIXED.save(tmp_path / "list")
    assert stat.S_IMODE((tmp_path / "list").stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["list"]


def test_failed_save_leaves_the_old_list(tmp_path: Path, monkeypatch: Any) -> None:
    """If the new list cannot be written, the old one is untouched and no rest remains."""
    MIXED.save(tmp_path / "list")
    before = (tmp_path / "list").read_bytes()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DestinationError, match="cannot be written") as caught:
        BatchResult([DONE]).save(tmp_path / "list")
    assert "No space left" in caught.value.why
    assert (tmp_path / "list").read_bytes() == before
    assert os.listdir(tmp_path) == ["list"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[]",
        "null",
        "{}",
        '{"format": "secure-s3-batch/2", "direction": "upload", "files": []}',
        '{"format": "secure-s3-batch/1", "direction": "sideways", "files": []}',
        '{"format": "secure-s3-batch/1", "direction": "upload"}',
        '{"format": "secure-s3-batch/1", "direction": "upload", "files": {"a": 1}}',
        '{"format": "secure-s3-batch/1", "direction": "upload", "files": [{"path": "a"}]}',
        '{"format": "secure-s3-batch/1", "direction": "upload", "files": '
        '[{"path": 1, "bucket": "b", "key": "k", "status": "done"}]}',
        '{"format": "secure-s3-batch/1", "direction": "upload", "files": '
        '[{"path": "a", "bucket": "b", "key": "k", "status": "perhaps"}]}',
        '{"format": "secure-s3-batch/1", "direction": "upload", "files": '
        '[{"path": "a", "bucket": "b", "key": "k", "status": "done", "receipt": {"x": 1}}]}',
        "[" * 100_000,
    ],
)
def test_what_is_no_list_is_refused(tmp_path: Path, text: str) -> None:
    """A file that is no saved list, or a damaged one, is a ConfigurationError that names it."""
    (tmp_path / "list").write_text(text)
    with pytest.raises(ConfigurationError, match="no list of a batch"):
        BatchResult.load(tmp_path / "list")


def test_binary_or_missing_file_is_refused(tmp_path: Path) -> None:
    """A file of bytes, a folder and a missing file are refused in the same way."""
    (tmp_path / "list").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "list", tmp_path, tmp_path / "none"):
        with pytest.raises(ConfigurationError, match="no list of a batch"):
            BatchResult.load(path)


def test_results_can_be_pickled() -> None:
    """Results travel between processes."""
    again = pickle.loads(pickle.dumps(BatchResult([DONE, LATER], direction="download", seconds=2.0)))
    assert (list(again), again.direction, again.seconds) == ([DONE, LATER], "download", 2.0)


def test_summary_is_one_line() -> None:
    """repr() counts what became of the files."""
    assert repr(MIXED) == "<BatchResult upload: 1 done, 1 skipped, 1 failed, 1 not started>"
    assert MIXED.to_dict()["counts"] == {"done": 1, "skipped": 1, "failed": 1, "not_started": 1}
