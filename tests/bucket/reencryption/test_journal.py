"""The journal of a job: what it keeps, what it forgives, and what it does not touch."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from secure_s3.bucket.reencryption.journal import Journal
from secure_s3.bucket.reencryption.results import OUTCOMES, Settled, Tally
from secure_s3.bucket.reencryption.ways import NEEDS_COPY, NO_KEY
from secure_s3.errors import ConfigurationError, DestinationError, InvalidRequest

JOB: dict[str, Any] = {"bucket": "amzn-s3-demo-bucket", "prefix": "a/", "to": {"encryption": "sse-s3"}}


def settled(key: str, outcome: Any = "updated", **more: Any) -> Settled:
    """One object."""
    reason = "it is locked" if outcome == "skipped" else ""
    error = InvalidRequest("refused", why="w") if outcome == "failed" else None
    return Settled("b", key, None, outcome, reason, 3, "AES256", 1, error, **more)


def written(path: Path, *objects: Settled) -> Tally:
    """A journal with a page, and of the next one these objects."""
    tally = Tally()
    with Journal(path, JOB) as journal:
        for name in ("a/1", "a/2"):
            tally.add(settled(name))
            journal.settle(settled(name))
        journal.page(("a/2", None), tally, finished=False)
        for each in objects:
            journal.settle(each)
            tally.add(each)
    return tally


def test_goes_on(tmp_path: Path) -> None:
    """It says where to go on, what is done beyond that, what failed, and the counts of all."""
    path = tmp_path / "journal"
    tally = written(path, settled("a/4", "failed", current=False), settled("a/3"), settled("a/5", "skipped"))
    with Journal(path, JOB) as journal:
        reached = journal.reached
    assert reached.after == ("a/2", None)
    assert not reached.finished
    assert reached.settled == {("a/3", None), ("a/4", None), ("a/5", None)}
    assert reached.failed == {("a/4", None): ("AES256", False)}
    assert reached.tally.to_dict() == tally.to_dict()
    assert os.stat(path).st_mode & 0o077 == 0 or os.name == "nt"


@pytest.mark.parametrize("again", ["updated", "failed", "skipped"])
def test_tried_again(again: Any, tmp_path: Path) -> None:
    """An object that failed and was tried again counts once, as what became of it in the end."""
    path = tmp_path / "journal"
    written(path, settled("a/3", "failed"), settled("a/3", again))
    with Journal(path, JOB) as journal:
        reached = journal.reached
    assert sum(reached.tally.counts.values()) == 3
    assert bool(reached.failed) == (again == "failed")
    assert reached.tally.counts["failed"] == int(again == "failed")
    assert reached.tally.encryptions["AES256"] == 3


def test_torn(tmp_path: Path) -> None:
    """Cut anywhere, a journal goes on from its last whole line, and is whole again."""
    path = tmp_path / "journal"
    written(path, settled("a/3"))
    whole = path.read_bytes()
    for end in range(0, len(whole), 23):
        path.write_bytes(whole[:end])
        with Journal(path, JOB) as journal:
            journal.settle(settled("a/9"))
        lines = path.read_bytes().splitlines(keepends=True)
        kept = whole[:end].count(b"\n") or 1
        assert len(lines) == kept + 1
        assert b"a/9" in lines[-1]
        assert b"".join(lines[:-1]) == b"".join(whole.splitlines(keepends=True)[:kept])


FOREIGN = [
    b"precious\n",
    b"precious",
    b"{}\n",
    b"[]\n",
    b'{"format": "something else"}\n',
    b"\x00" * 100,
    b"[" * 50_000 + b"\n",
    b"x" * 200_000,
]


@pytest.mark.parametrize("content", FOREIGN, ids=range(len(FOREIGN)))
def test_foreign_file(content: bytes, tmp_path: Path) -> None:
    """What is no journal is refused and stays as it is."""
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="no journal"):
        Journal(path, JOB)
    assert path.read_bytes() == content


def test_another_job(tmp_path: Path) -> None:
    """The journal of another job is refused, and the difference told."""
    path = tmp_path / "journal"
    written(path)
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match="prefix is 'a/'"):
        Journal(path, JOB | {"prefix": "b/"})
    assert path.read_bytes() == before


TALLY = (
    '{"after": null, "tally": {"counts": {"failed": %s}, "reasons": {}, "encryptions": {}, "sums": {}}, '
    '"finished": false}'
)


@pytest.mark.parametrize(
    "line",
    [
        "no JSON",
        "{}",
        '{"key": 1, "version": null, "outcome": "updated"}',
        '{"key": "k", "version": null, "outcome": "vanished"}',
        '{"key": "k", "outcome": "updated"}',
        '{"tally": 1, "after": null}',
        *(TALLY % count for count in ("Infinity", "NaN", "-5", "1.5", "true", "9" * 30, "9" * 5000, '"1"')),
        TALLY.replace("failed", "vanished") % 1,
        TALLY.replace("null", '["b/1", null]') % 1,
        '{"key": "a/1", "version": null, "outcome": "updated", "bytes": Infinity}',
        '{"key": "a/1", "version": null, "outcome": "updated", "kms_requests": -1}',
        '{"key": "b/1", "version": null, "outcome": "failed"}',
        '{"key": "../a/1", "version": null, "outcome": "failed"}',
    ],
)
def test_damaged(line: str, tmp_path: Path) -> None:
    """A whole line that means nothing is damage and no torn end: it is refused, by its number."""
    path = tmp_path / "journal"
    written(path)
    with path.open("a") as file:
        file.write(line + "\n")
    with pytest.raises(ConfigurationError, match="no journal") as caught:
        Journal(path, JOB)
    assert "line 5" in caught.value.why


def test_counts_that_do_not_fit(tmp_path: Path) -> None:
    """A journal in which more objects failed than it counts would count below nothing: it is refused."""
    path = tmp_path / "journal"
    written(path, settled("a/3", "failed"))
    with path.open("a") as file:
        file.write(TALLY % 0 + "\n")
    with pytest.raises(ConfigurationError, match="no journal"):
        Journal(path, JOB)


@pytest.mark.parametrize("reason", [NEEDS_COPY, NO_KEY])
def test_left_alone_for_now(reason: str, tmp_path: Path) -> None:
    """What was left alone because of the arguments is known, until something became of it; it counts once."""
    path = tmp_path / "journal"
    one = replace(settled("a/3", "skipped"), reason=reason)
    written(path, one, settled("a/4", "skipped"))
    with Journal(path, JOB) as journal:
        assert journal.reached.left == {("a/3", None): ("AES256", True, reason)}
        journal.settle(settled("a/3", "copied"))
    with Journal(path, JOB) as journal:
        reached = journal.reached
    assert reached.left == {}
    assert (reached.tally.counts["skipped"], reached.tally.counts["copied"]) == (1, 1)
    assert not reached.tally.reasons[reason]


def test_nowhere(tmp_path: Path) -> None:
    """A folder that is not there is told before anything is done."""
    with pytest.raises(DestinationError, match="cannot be written"):
        Journal(tmp_path / "none" / "journal", JOB)


@given(some.lists(some.tuples(some.text(max_size=5), some.sampled_from(OUTCOMES)), max_size=12))
def test_counts(objects: list[tuple[str, str]]) -> None:
    """Counts are the same after they were written and read, whatever the keys."""
    tally = Tally()
    for key, outcome in objects:
        tally.add(settled(key, outcome))
        told = json.loads(json.dumps(settled(key, outcome).to_dict()))
        assert (told["key"], told["outcome"]) == (key, outcome)
    assert Tally.of(json.loads(json.dumps(tally.to_dict()))).to_dict() == tally.to_dict()
