"""Progress: what a batch tells while it runs, and bars on a terminal.

Bars are drawn on standard error, by rich, and only on a terminal; elsewhere, or without rich
(``pip install 'secure-s3[cli]'``), nothing is shown and nothing fails. This is the only module that
imports rich for bars, and it does so when the first bar is drawn.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol, runtime_checkable

from ..errors import ConfigurationError
from .results import FileResult

__all__ = ["Bar", "BatchBars", "Progress", "Silent", "progress_for", "terminal"]

_SHOWN_FILES = 5
_NAME_WIDTH = 40


@runtime_checkable
class Progress(Protocol):
    """What a batch tells. The calls never overlap, but come from several threads.

    An exception in one of them stops the batch and is what the caller gets.
    """

    def started(self, total_files: int, total_bytes: int) -> None:
        """The batch begins; *total_bytes* as far as the sizes are known."""

    def advanced(self, path: str, count: int) -> None:
        """*count* more bytes of the file at *path* went through."""

    def finished(self, result: FileResult) -> None:
        """One file is settled."""

    def closed(self) -> None:
        """The batch is over, also after a failure; it is called once."""


class Silent:
    """Progress that nobody watches; a start for classes that want some of it."""

    def started(self, total_files: int, total_bytes: int) -> None:
        """Nothing."""

    def advanced(self, path: str, count: int) -> None:
        """Nothing."""

    def finished(self, result: FileResult) -> None:
        """Nothing."""

    def closed(self) -> None:
        """Nothing."""


class _Counting(Silent):
    """A callable that is told the number of further bytes, as boto3's Callback is."""

    def __init__(self, callback: Callable[[int], object]) -> None:
        self._callback = callback

    def advanced(self, path: str, count: int) -> None:
        """Tell the callable."""
        self._callback(count)


def progress_for(progress: Any) -> Progress:
    """The Progress that an argument means.

    Args:
        progress: None or False for nothing; True for bars on a terminal; an object with the methods of
            Progress; a callable that is told the number of further bytes.

    Raises:
        ConfigurationError: it is none of these.
    """
    if progress is None or progress is False:
        return Silent()
    if progress is True:
        return BatchBars() if terminal() else Silent()
    if isinstance(progress, Progress):
        return progress
    if callable(progress):
        return _Counting(progress)
    raise ConfigurationError(
        f"progress={progress!r} cannot be told anything",
        why="it has neither the methods started, advanced, finished and closed, nor is it callable",
        fix="pass True, a callable that takes a number of bytes, or such an object",
    )


def terminal() -> bool:
    """Whether bars can be drawn: standard error is a terminal that can move its cursor, and rich is there."""
    stream = sys.stderr
    if stream is None or stream.closed or not stream.isatty() or os.environ.get("TERM") == "dumb":
        return False
    try:
        import rich.progress  # noqa: F401
    except ImportError:
        return False
    return True


class Bar:
    """A bar for one transfer, to be passed as ``Callback=``; without a terminal it only counts.

    ``with Bar(size, "report.pdf") as bar: s3.upload_file("report.pdf", bucket, key, Callback=bar)``

    Args:
        total: Bytes in all, None where they are not known.
        name: Shown in front of the bar.
        shown: False draws nothing, on a terminal either.
    """

    def __init__(self, total: int | None = None, name: str = "", *, shown: bool = True) -> None:
        self._shown = shown
        self.bytes = 0
        self._total = total
        self._name = name
        self._display: Any = None
        self._task: Any = None

    def __call__(self, count: int) -> None:
        """*count* more bytes went through."""
        self.bytes += count
        if self._display is not None:
            self._display.update(self._task, advance=count)

    def __enter__(self) -> Bar:
        if self._shown and terminal():
            self._display = _display(files=False)
            self._task = self._display.add_task(_short(self._name), total=self._total)
            self._display.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        display, self._display = self._display, None
        if display is not None:
            display.stop()


class BatchBars(Silent):
    """One bar for all of a batch, and up to five of the files that are under way."""

    def __init__(self) -> None:
        self._display = _display(files=True)
        self._all: Any = None
        self._rows: dict[str, Any] = {}
        self._counts = {"files": 0, "settled": 0, "failed": 0}
        self._seen: dict[str, int] = {}

    def started(self, total_files: int, total_bytes: int) -> None:
        """Draw the bar."""
        self._counts["files"] = total_files
        self._all = self._display.add_task("all", total=total_bytes or None, note=self._note())
        self._display.start()

    def advanced(self, path: str, count: int) -> None:
        """Move the bar, and the file's row."""
        self._display.update(self._all, advance=count)
        before = self._seen.get(path, 0)
        self._seen[path] = before + count
        if path in self._rows:
            self._display.update(self._rows[path], advance=count)
        elif before and len(self._rows) < _SHOWN_FILES:  # small files are through before a row is drawn
            name = _short(os.path.basename(path))
            row = self._display.add_task(name, total=None, completed=self._seen[path], note="")
            self._rows[path] = row

    def finished(self, result: FileResult) -> None:
        """Take the file's row away and count it."""
        if result.path in self._rows:
            self._display.remove_task(self._rows.pop(result.path))
        seen = self._seen.pop(result.path, 0)
        self._counts["settled"] += 1
        self._counts["failed"] += result.status == "failed"
        if result.status == "skipped" and result.receipt:
            self._display.update(self._all, advance=result.receipt.bytes)
        elif result.status in ("failed", "not_started"):
            self._display.update(self._all, advance=-seen)
        self._display.update(self._all, note=self._note())

    def closed(self) -> None:
        """Leave the bar as it is now."""
        for row in self._rows.values():
            self._display.remove_task(row)
        self._rows.clear()
        self._display.stop()

    def _note(self) -> str:
        text = "{settled}/{files} files".format(**self._counts)
        return f"{text}, {self._counts['failed']} failed" if self._counts["failed"] else text


def _display(*, files: bool) -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as RichProgress

    columns: list[Any] = [
        # File names come from elsewhere: they are no markup.
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    ]
    if files:
        columns.append(TextColumn("{task.fields[note]}", markup=False))
    # What the program prints is drawn above the bars, unless it goes somewhere else than the terminal.
    beside = sys.stdout is not None and sys.stdout.isatty()
    return RichProgress(*columns, console=Console(file=sys.stderr), redirect_stdout=beside)


def _short(name: str) -> str:
    # Control characters in a name could write anything to the terminal.
    clean = "".join(character if character.isprintable() else "?" for character in name)
    return clean if len(clean) <= _NAME_WIDTH else f"{clean[: _NAME_WIDTH - 1]}…"
