"""The journal of a job: what is done, so that a job that was broken off goes on from there.

One JSON document a line, added and never changed: first the job, then every object that was written, skipped
or failed, and after each page of the listing the place that was reached and the counts. Lines reach the
operating system at once, and the disk with every page: a killed process loses nothing, a power cut at most a
page, whose objects are then asked once more.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...errors import ConfigurationError, DestinationError
from .results import OUTCOMES, Settled, Tally, counted
from .ways import NEEDS_COPY, NO_KEY

_FORMAT = "secure-s3 re-encryption 1"
_LINE = 64 * 1024
"""No line is longer: a key has at most 1,024 bytes."""

_FOR_NOW = (NEEDS_COPY, NO_KEY)
"""Why an object is left alone as long as the arguments are what they are."""

Mark = tuple[str, str | None]


@dataclass
class Progressed:
    """What a journal says that was reached.

    Args:
        after: The last object of the last page that was done.
        tally: The counts up to there, and of what came later.
        settled: What was done of the next page: key and version.
        failed: Objects that failed and were not done since, with what they were under and whether they are
            current versions.
        left: The same for objects that were left alone only because of the arguments, and the reason.
        finished: The listing was at its end.
    """

    after: Mark | None = None
    tally: Tally = field(default_factory=Tally)
    settled: set[Mark] = field(default_factory=set)
    failed: dict[Mark, tuple[str, bool]] = field(default_factory=dict)
    left: dict[Mark, tuple[str, bool, str]] = field(default_factory=dict)
    finished: bool = False


class Journal:
    """A file to which a job writes what it did.

    Args:
        path: The file; it is made if it is not there.
        job: What tells this job from others: endpoint, bucket, prefix, target.

    Raises:
        ConfigurationError: It is the journal of another job, or no journal, or a line in it cannot be this
            job's: an object outside of the prefix, or a count that is none.
        DestinationError: It cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str], job: Mapping[str, Any]) -> None:
        self.path = os.fspath(path)
        header = {"format": _FORMAT, **job}
        try:
            # For this user only: keys of objects tell a lot.
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        except OSError as error:
            raise self._unwritten(error) from error
        self._file = os.fdopen(descriptor, "r+b")
        try:
            self.reached = self._read(header)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *exception: object) -> None:
        try:
            self._sync()
        finally:
            self._file.close()

    def settle(self, settled: Settled) -> None:
        """Note one object."""
        self._write(settled.to_dict())

    def page(self, after: Mark | None, tally: Tally, *, finished: bool) -> None:
        """Note that everything up to *after* is done."""
        self._write({"after": after, "tally": tally.to_dict(), "finished": finished})
        self._sync()

    def _write(self, told: Mapping[str, Any]) -> None:
        try:
            self._file.write(json.dumps(told, default=str).encode("ascii") + b"\n")
            self._file.flush()
        except OSError as error:
            raise self._unwritten(error) from error

    def _sync(self) -> None:
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._unwritten(error) from error

    def _read(self, header: Mapping[str, Any]) -> Progressed:
        reached, end = Progressed(), 0
        for number, line in enumerate(iter(lambda: self._file.readline(_LINE), b"")):
            if not line.endswith(b"\n") and len(line) < _LINE:
                break  # the process was ended while it wrote this
            try:
                told = json.loads(line)
                if number:
                    _take(reached, told, str(header.get("prefix", "")))
                elif told != header:
                    raise self._of_another(told, header)
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
                if isinstance(error, ConfigurationError):
                    raise
                said = str(error) if type(error) is ValueError else type(error).__name__
                raise self._no_journal(f"line {number + 1}: {said}") from error
            end += len(line)
        if reached.tally.counts["failed"] < len(reached.failed):
            raise self._no_journal("more objects failed than it counts")
        self._file.seek(end)
        if os.fstat(self._file.fileno()).st_size and not end and not self._is_torn(header):
            raise self._no_journal("it does not begin like one")
        self._file.truncate()
        if not end:
            self._write(header)
            self._sync()
        return reached

    def _is_torn(self, header: Mapping[str, Any]) -> bool:
        """Whether the file is nothing but the beginning of our first line."""
        self._file.seek(0)
        begun = self._file.read(_LINE)
        self._file.seek(0)
        return json.dumps(header, default=str).encode("ascii").startswith(begun)

    def _of_another(self, told: Any, header: Mapping[str, Any]) -> ConfigurationError:
        if not isinstance(told, dict) or told.get("format") != _FORMAT:
            return self._no_journal(f"it does not say {_FORMAT!r}")
        other = [f"{name} is {told.get(name)!r}" for name in header if told.get(name) != header[name]]
        return ConfigurationError(
            f"{self.path!r} is the journal of another job",
            why=f"there {', '.join(other)}",
            fix="name the file of this job, or one that is not there yet",
        )

    def _no_journal(self, why: str) -> ConfigurationError:
        return ConfigurationError(
            f"{self.path!r} is no journal of a re-encryption",
            why=why,
            fix="name a file that reencrypt() wrote, or one that is not there yet",
        )

    def _unwritten(self, error: OSError) -> DestinationError:
        return DestinationError(
            f"the journal {self.path!r} cannot be written",
            why=error.strerror or str(error),
            fix="name a file in a folder that exists and may be written",
        )


def _take(reached: Progressed, told: Any, prefix: str) -> None:
    """One line after the first."""
    if "tally" in told:
        if (after := told["after"]) is not None:
            key, version = after
            after = _mark(key, version, prefix)
        reached.after = after
        reached.tally, reached.finished = Tally.of(told["tally"]), bool(told["finished"])
        reached.settled.clear()
        return
    mark = _mark(told["key"], told["version"], prefix)
    outcome, label, reason = (
        told["outcome"],
        str(told.get("encryption", "")),
        str(told.get("reason", "")),
    )
    if outcome not in OUTCOMES:
        raise ValueError("there is no such outcome")
    if mark in reached.failed:  # it was tried again
        reached.tally.take_back(reached.failed.pop(mark)[0])
    elif mark in reached.left:
        before = reached.left.pop(mark)
        reached.tally.take_back(before[0], before[2])
    current = not told.get("noncurrent")
    if outcome == "failed":
        reached.failed[mark] = label, current
    elif outcome == "skipped" and reason in _FOR_NOW:
        reached.left[mark] = label, current, reason
    reached.settled.add(mark)
    size, requests = counted(told.get("bytes", 0)), counted(told.get("kms_requests", 0))
    reached.tally.add(Settled("", *mark, outcome, reason, size, label, requests))


def _mark(key: Any, version: Any, prefix: str) -> Mark:
    if not isinstance(key, str) or not isinstance(version, str | None):
        raise ValueError("it names no object")
    if not key.startswith(prefix):
        raise ValueError("it names an object outside of the prefix")
    return key, version
