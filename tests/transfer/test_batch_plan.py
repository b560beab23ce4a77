"""What a batch is going to do: sources and prefixes become jobs, and nonsense is refused beforehand."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3.errors import ConfigurationError, NotFound
from secure_s3.transfer.names import System
from secure_s3.transfer.plan import plan_downloads, plan_uploads
from secure_s3.transfer.results import BatchResult, FileResult

POSIX, WINDOWS = System(), System(windows=True, one_case=True)


class Listing:
    """A client that lists pages of (key, size) and notes what it was asked."""

    def __init__(self, *pages: list[tuple[str, int]]) -> None:
        self.pages = pages
        self.asked: dict[str, Any] = {}

    def get_paginator(self, name: str) -> Listing:
        assert name == "list_objects_v2"
        return self

    def paginate(self, **arguments: Any) -> Iterator[dict[str, Any]]:
        self.asked = arguments
        for page in self.pages:
            yield {"Contents": [{"Key": key, "Size": size} for key, size in page]} if page else {}


def downloads(found: Any, *pages: list[tuple[str, int]], system: System = POSIX, folder: str = "/f") -> Any:
    return plan_downloads(Listing(*pages), "bucket", found, folder, {}, system=system)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with files on three levels, one of them empty."""
    folder = tmp_path / "tree"
    (folder / "sub" / "deep").mkdir(parents=True)
    for name, content in (("b.txt", "bb"), ("a.txt", ""), ("sub/c.txt", "ccc"), ("sub/deep/d.txt", "dddd")):
        (folder / name).write_text(content)
    return folder


# -- uploads -------------------------------------------------------------------------------------------


def test_folder_becomes_keys_below_the_prefix(tree: Path) -> None:
    """Every file below the folder has the prefix and its relative path with slashes as key, and its size."""
    jobs = plan_uploads(tree, "bucket", "in/")
    assert [(job.key, job.size) for job in jobs] == [
        ("in/a.txt", 0),
        ("in/b.txt", 2),
        ("in/sub/c.txt", 3),
        ("in/sub/deep/d.txt", 4),
    ]
    assert all(job.error is None for job in jobs)


def test_prefix_is_put_in_front_as_it_is(tree: Path) -> None:
    """No slash is added to a prefix."""
    assert plan_uploads(str(tree), "bucket", "v1-")[0].key == "v1-a.txt"


def test_linked_folder_is_not_followed_and_linked_file_is(tree: Path, tmp_path: Path, caplog: Any) -> None:
    """A link to a folder, even the folder itself, is left out with a warning; a link to a file is a file."""
    (tree / "loop").symlink_to(tree)
    (tmp_path / "outside.txt").write_text("linked")
    (tree / "link.txt").symlink_to(tmp_path / "outside.txt")
    jobs = {job.key: job for job in plan_uploads(tree, "bucket", "")}
    assert set(jobs) == {"a.txt", "b.txt", "link.txt", "sub/c.txt", "sub/deep/d.txt"}
    assert jobs["link.txt"].size == 6
    assert "loop" in caplog.text


def test_what_is_no_file_fails_alone(tree: Path) -> None:
    """A pipe, a socket and a broken link have errors that say so, without being opened; the others go."""
    os.mkfifo(tree / "pipe")
    (tree / "broken").symlink_to(tree / "nowhere")
    listener = socket.socket(socket.AF_UNIX)
    here = os.getcwd()
    try:
        os.chdir(tree)  # the path of a socket is short
        listener.bind("socket")
        jobs = {job.key: job for job in plan_uploads(tree, "bucket", "")}
    finally:
        os.chdir(here)
        listener.close()
    assert {key for key, job in jobs.items() if job.error} == {"pipe", "broken", "socket"}
    for key, text in (("pipe", "pipe"), ("socket", "socket"), ("broken", "No such file")):
        assert text in str(jobs[key].error)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_folder_inside_is_one_failure(tree: Path) -> None:
    """A folder that may not be listed is reported, not passed over."""
    (tree / "sub").chmod(0)
    try:
        jobs = {job.key: job for job in plan_uploads(tree, "bucket", "")}
    finally:
        (tree / "sub").chmod(0o700)
    assert jobs["sub"].error is not None


def test_folder_that_vanishes_from_the_walk_is_one_failure(tree: Path, monkeypatch: Any) -> None:
    """A folder whose listing fails is reported as a failure, and the others go."""
    genuine = os.scandir

    def scandir(path: str) -> Any:
        if str(path).endswith("deep"):
            raise PermissionError(13, "Permission denied")
        return genuine(path)

    monkeypatch.setattr(os, "scandir", scandir)
    jobs = {job.key: job for job in plan_uploads(tree, "bucket", "")}
    assert jobs["sub/deep"].error is not None
    assert jobs["sub/c.txt"].error is None


def test_name_that_is_not_utf8_fails_alone(tree: Path) -> None:
    """A file name that is no UTF-8 cannot be a key; it has an error of its own."""
    with open(os.fsencode(tree) + b"/\xff.txt", "wb"):
        pass
    failed = [job for job in plan_uploads(tree, "bucket", "") if job.error]
    assert len(failed) == 1
    assert "UTF-8" in str(failed[0].error)


def test_key_that_is_too_long_fails_alone(tree: Path) -> None:
    """A key of more than 1024 bytes has an error, also when it has fewer characters."""
    jobs = plan_uploads([tree / "a.txt", (tree / "b.txt", "é" * 513)], "bucket", "")
    assert jobs[0].error is None
    assert "1026" in str(jobs[1].error)


def test_list_of_files_keeps_its_order(tree: Path) -> None:
    """Files of a list have their names as keys, in the order given."""
    jobs = plan_uploads(iter([tree / "sub/c.txt", str(tree / "a.txt")]), "bucket", "x/")
    assert [job.key for job in jobs] == ["x/c.txt", "x/a.txt"]


@pytest.mark.parametrize("shape", [dict, list, tuple, lambda pairs: [list(pair) for pair in pairs]])
def test_pairs_and_mappings_name_their_keys(tree: Path, shape: Any) -> None:
    """A mapping and a list of pairs say which key a file gets."""
    jobs = plan_uploads(shape([(tree / "b.txt", "two"), (tree / "a.txt", "one")]), "bucket", "p/")
    assert [(os.path.basename(job.path), job.key) for job in jobs] == [("b.txt", "p/two"), ("a.txt", "p/one")]


def test_missing_file_and_folder_in_a_list_fail_alone(tree: Path) -> None:
    """A missing file and a folder in a list have errors, the file beside them has none."""
    jobs = plan_uploads([tree / "none", tree / "sub", tree / "a.txt", "nul\0"], "bucket", "")
    assert [job.error is None for job in jobs] == [False, False, True, False]


def test_two_files_of_one_name_are_refused(tree: Path, tmp_path: Path) -> None:
    """Two files that would have one key are a ConfigurationError that names both."""
    (tmp_path / "a.txt").write_text("other")
    with pytest.raises(ConfigurationError, match=r"a\.txt.*a\.txt"):
        plan_uploads([tree / "a.txt", tmp_path / "a.txt"], "bucket", "")
    with pytest.raises(ConfigurationError, match="would both become"):
        plan_uploads({tree / "a.txt": "k", tree / "b.txt": "k"}, "bucket", "")


@pytest.mark.parametrize(
    "sources", [None, 3, b"path", [3], [None], [("a",)], [("a", "b", "c")], {"a": 3}, {3: "a"}]
)
def test_nonsense_is_refused(sources: Any) -> None:
    """What is no source is a ConfigurationError."""
    with pytest.raises(ConfigurationError):
        plan_uploads(sources, "bucket", "")


@pytest.mark.parametrize("sources", [[], {}, ()])
def test_nothing_is_refused(sources: Any) -> None:
    """An empty list is refused: a batch that did nothing did not succeed."""
    with pytest.raises(ConfigurationError, match="nothing to upload"):
        plan_uploads(sources, "bucket", "")


def test_folder_without_files_is_refused(tmp_path: Path) -> None:
    """A folder that holds only folders is refused."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    with pytest.raises(ConfigurationError, match="nothing to upload"):
        plan_uploads(tmp_path, "bucket", "")


def test_single_path_must_be_a_folder(tree: Path) -> None:
    """A file or a missing path in place of the folder is refused with the way to mend it."""
    with pytest.raises(ConfigurationError, match="is no folder") as caught:
        plan_uploads(tree / "a.txt", "bucket", "")
    assert "upload_file" in caught.value.fix
    with pytest.raises(ConfigurationError, match="is not there"):
        plan_uploads(tree / "none", "bucket", "")


def test_prefix_must_be_text(tree: Path) -> None:
    """A prefix of another type is refused."""
    with pytest.raises(ConfigurationError, match="prefix"):
        plan_uploads(tree, "bucket", b"x")  # type: ignore[arg-type]


# -- downloads -----------------------------------------------------------------------------------------


def test_paths_are_relative_to_the_last_slash_of_the_prefix() -> None:
    """Objects are listed page by page; their paths are what follows the prefix's last slash."""
    jobs = downloads("in/rep", [("in/report.csv", 3)], [], [("in/reports/a.csv", 4)])
    assert [(job.path, job.size) for job in jobs] == [("/f/report.csv", 3), ("/f/reports/a.csv", 4)]


def test_whole_bucket_keeps_whole_keys() -> None:
    """With the empty prefix, the path is the key."""
    assert downloads("", [("a/b", 1)])[0].path == "/f/a/b"


def test_listing_is_asked_with_the_options() -> None:
    """The options of the listing go with its request."""
    client = Listing([("k", 1)])
    plan_downloads(client, "bucket", "k", "/f", {"RequestPayer": "requester"}, system=POSIX)
    assert client.asked == {"Bucket": "bucket", "Prefix": "k", "RequestPayer": "requester"}


def test_empty_prefix_is_not_found() -> None:
    """A prefix without objects is NotFound, not a success."""
    with pytest.raises(NotFound, match="no object under") as caught:
        downloads("none/", [])
    assert (caught.value.status, caught.value.bucket) == (404, "bucket")


@pytest.mark.parametrize("keys", [[], (), None, 3, b"x", {"a": "b"}, [""], [None], ["a", 3]])
def test_nonsense_keys_are_refused(keys: Any) -> None:
    """What is neither a prefix nor a list of keys is a ConfigurationError."""
    with pytest.raises(ConfigurationError):
        downloads(keys)


def test_hostile_keys_fail_alone() -> None:
    """Keys that lead out of the folder have errors; the one beside them goes."""
    jobs = downloads(["../x", "/etc/passwd", "C:\\x", "a//b", "a\0", "fine"])
    assert [job.error is None for job in jobs] == [False] * 5 + [True]
    assert all("cannot become a path" in str(job.error) for job in jobs[:5])


@given(st.lists(st.text(st.sampled_from("./\\:ab\0C"), min_size=1, max_size=8), min_size=1, max_size=6))
def test_jobs_never_leave_the_folder(keys: list[str]) -> None:
    """Whatever the keys, a job without an error has a path below the folder, and no two have one path."""
    jobs = [job for job in downloads(keys) if not job.error and not job.marker]
    paths = [os.path.normpath(job.path) for job in jobs]
    assert all(path.startswith("/f/") for path in paths)
    assert len(set(paths)) == len(paths)
    assert not [one for one in paths for other in paths if other.startswith(one + "/")]


def test_slashes_after_the_prefix_do_not_escape() -> None:
    """A key whose rest begins with a slash or with two dots fails."""
    jobs = downloads("in/", [("in//etc/passwd", 1), ("in/../x", 1), ("in/ok", 1)])
    assert [job.error is None for job in jobs] == [False, False, True]


def test_folder_markers_are_folders() -> None:
    """Empty objects that end in a slash are folders; one with content cannot be kept and fails."""
    jobs = downloads("in/", [("in/", 0), ("in/sub/", 0), ("in/sub/x", 1), ("in/odd/", 5)])
    assert [(job.path, job.marker) for job in jobs[:2]] == [("/f", True), ("/f/sub", True)]
    assert [job.error is None for job in jobs] == [True, True, True, False]


def test_key_that_is_also_a_folder_fails() -> None:
    """Of "a" and "a/b" the first cannot be a file and fails; the second goes, in either order."""
    for keys in (["a", "a/b"], ["a/b", "a"]):
        failed = [job for job in downloads(keys) if job.error]
        assert [job.key for job in failed] == ["a"]
        assert "folder" in str(failed[0].error)
    assert [job.key for job in downloads("", [("a", 1), ("a/", 0)]) if job.error] == ["a"]


def test_key_given_twice_fails_the_second_time() -> None:
    """A key that is in the list twice is fetched once."""
    assert [job.error is None for job in downloads(["a", "b", "a"])] == [True, True, False]


def test_case_collides_where_case_is_one() -> None:
    """Keys that differ in case only collide on Windows and macOS, and nowhere else."""
    assert [job.error is None for job in downloads(["Read.me", "READ.ME"])] == [True, True]
    assert [job.error is None for job in downloads(["Read.me", "READ.ME"], system=WINDOWS)] == [True, False]
    assert [job.error is None for job in downloads(["A", "a/b"], system=WINDOWS)] == [False, True]


# -- resuming ------------------------------------------------------------------------------------------


def result(path: str, key: str, status: Any = "failed", bucket: str = "bucket") -> FileResult:
    return FileResult(path, bucket, key, status)


def test_only_what_is_left_is_taken_up(tree: Path) -> None:
    """Of an earlier batch the failed files and those not started remain, under their old keys."""
    a, b, c = (str(tree / name) for name in ("a.txt", "b.txt", "sub/c.txt"))
    earlier = [result(a, "old/a", "done"), result(b, "old/b"), result(c, "old/c", "not_started")]
    for sources in (earlier, tuple(earlier), BatchResult(earlier)):
        assert [job.key for job in plan_uploads(sources, "bucket", "new/")] == ["old/b", "old/c"]


def test_finished_batch_leaves_nothing(tree: Path) -> None:
    """A batch of which nothing is left is no error."""
    assert plan_uploads(BatchResult([result(str(tree / "a.txt"), "a", "done")]), "bucket", "") == []
    assert downloads(BatchResult([result("/f/a", "a", "skipped")], direction="download")) == []


def test_results_of_another_bucket_or_direction_are_refused() -> None:
    """A list made for another bucket or for the other direction is refused before anything is sent."""
    with pytest.raises(ConfigurationError, match="other-bucket"):
        plan_uploads([result("a", "a", bucket="other-bucket")], "bucket", "")
    with pytest.raises(ConfigurationError, match="upload_many"):
        downloads(BatchResult([result("a", "a")]))
    with pytest.raises(ConfigurationError, match="mixes"):
        plan_uploads([result("a", "a"), "b"], "bucket", "")


def test_list_that_was_tampered_with_does_not_lead_out() -> None:
    """Paths of a list to resume from that lie outside the folder fail; those inside go on."""
    paths = ["/f/sub/ok", "/f/../etc/passwd", "/etc/passwd", "/f-other/x", "/f", "/f/\0"]
    batch = BatchResult([result(path, f"k{n}") for n, path in enumerate(paths)], direction="download")
    jobs = downloads(batch)
    assert [job.error is None for job in jobs] == [True] + [False] * 5
    assert jobs[0].path == "/f/sub/ok"
