"""Progress: bars on a terminal, on standard error only, and nothing anywhere else."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from secure_s3.errors import ConfigurationError
from secure_s3.transfer import progress
from secure_s3.transfer.progress import Bar, BatchBars, Silent, progress_for, terminal
from secure_s3.transfer.receipts import Receipt
from secure_s3.transfer.results import FileResult


class Terminal(io.StringIO):
    """A standard error that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def screen(monkeypatch: Any) -> Terminal:
    """Standard error as a terminal, for the module under test."""
    stream = Terminal()
    # pytest puts its own sys.stderr back before the test is called.
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stderr=stream, stdout=sys.stdout))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    return stream


def result(path: str, status: Any, size: int = 0) -> FileResult:
    return FileResult(path, "b", path, status, Receipt(bucket="b", key=path, bytes=size))


@pytest.mark.parametrize("nobody", [None, False])
def test_no_progress_is_silent(nobody: Any) -> None:
    """None and False tell nobody."""
    assert type(progress_for(nobody)) is Silent


def test_true_without_a_terminal_is_silent(capsys: Any) -> None:
    """True draws nothing where standard error is no terminal."""
    assert type(progress_for(True)) is Silent
    assert capsys.readouterr() == ("", "")


def test_true_on_a_terminal_is_bars(screen: Terminal) -> None:
    """True draws bars on a terminal."""
    assert isinstance(progress_for(True), BatchBars)


def test_missing_rich_is_silent(screen: Terminal, monkeypatch: Any) -> None:
    """Without rich there are no bars and no error."""
    monkeypatch.setitem(sys.modules, "rich.progress", None)
    assert not terminal()
    assert type(progress_for(True)) is Silent
    with Bar(10, "x") as bar:
        bar(10)
    assert screen.getvalue() == ""


@pytest.mark.parametrize("how", ["dumb", "none", "closed", "FORCE_COLOR"])
def test_what_is_no_terminal_gets_no_bars(screen: Terminal, monkeypatch: Any, how: str) -> None:
    """A dumb terminal, no standard error, a closed one, or a pipe with FORCE_COLOR gets no bars."""
    if how == "dumb":
        monkeypatch.setenv("TERM", "dumb")
    elif how == "closed":
        screen.close()
    else:
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setattr(progress.sys, "stderr", None if how == "none" else io.StringIO())
    assert not terminal()


@pytest.mark.parametrize("thing", [3, "bars", object(), {}])
def test_what_cannot_be_told_is_refused(thing: Any) -> None:
    """Something that is neither a progress nor callable is a ConfigurationError."""
    with pytest.raises(ConfigurationError, match="cannot be told"):
        progress_for(thing)


def test_callable_is_told_counts() -> None:
    """A callable hears the bytes and nothing else."""
    counts: list[int] = []
    told = progress_for(counts.append)
    told.started(1, 10)
    told.advanced("a", 4)
    told.finished(result("a", "done"))
    told.closed()
    assert counts == [4]


def test_object_with_the_methods_is_taken_as_it_is() -> None:
    """An object with the four methods is used itself, without inheriting anything."""

    class Own:
        def started(self, total_files: int, total_bytes: int) -> None: ...
        def advanced(self, path: str, count: int) -> None: ...
        def finished(self, result: FileResult) -> None: ...
        def closed(self) -> None: ...

    own = Own()
    assert progress_for(own) is own


def test_bar_counts_without_a_terminal(capsys: Any) -> None:
    """A bar off a terminal counts the bytes, draws nothing, and can be a Callback."""
    with Bar(10, "x") as bar:
        bar(4)
        bar(6)
    assert bar.bytes == 10
    assert capsys.readouterr() == ("", "")


def test_bar_is_drawn_on_standard_error(screen: Terminal, capsys: Any) -> None:
    """On a terminal a bar shows name and bytes on standard error, and nothing on standard output."""
    with Bar(2048, "report.pdf") as bar:
        bar(2048)
    assert "report.pdf" in screen.getvalue()
    assert "2.0" in screen.getvalue()
    assert capsys.readouterr() == ("", "")


def test_bar_that_is_not_wanted_is_not_drawn(screen: Terminal) -> None:
    """shown=False draws nothing on a terminal either."""
    with Bar(1, "x", shown=False) as bar:
        bar(1)
    assert screen.getvalue() == ""


def test_name_cannot_command_the_terminal(screen: Terminal) -> None:
    """Control characters and markup in a file name are shown, not obeyed."""
    with Bar(1, "a\x1b]0;owned\x07[red]b") as bar:
        bar(1)
    assert "\x1b]0;" not in screen.getvalue()
    assert "[red]b" in screen.getvalue()


def test_bars_of_a_batch_show_files_and_failures(screen: Terminal, capsys: Any) -> None:
    """The bars of a batch end with the files settled, the failures, and all bytes that went through."""
    bars = BatchBars()
    bars.started(3, 3072)
    for path in ("a", "b"):
        bars.advanced(path, 512)
        bars.advanced(path, 512)
    bars.finished(result("a", "done", 1024))
    bars.finished(result("b", "failed"))
    bars.finished(result("c", "skipped", 1024))
    bars.closed()
    last = screen.getvalue().rpartition("3/3 files")
    assert last[2].startswith(", 1 failed")
    assert "2.0/3.0" in last[0][-200:]
    assert capsys.readouterr() == ("", "")


def test_only_a_few_files_have_rows(screen: Terminal) -> None:
    """However many files are under way, at most five have rows, and small ones never get one."""
    bars = BatchBars()
    bars.started(100, 0)
    for n in range(50):
        bars.advanced(f"small{n}", 1)
    for n in range(20):
        bars.advanced(f"large{n}", 1)
        bars.advanced(f"large{n}", 1)
    assert len(bars._display.tasks) == 1 + 5
    bars.closed()
    assert len(bars._display.tasks) == 1
    assert "small" not in screen.getvalue()
