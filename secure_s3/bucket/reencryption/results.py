"""What became of the objects: counts in any number, failures up to a limit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from ...errors import BatchFailed, SecureS3Error
from ...values import printable_text

Outcome: TypeAlias = Literal["updated", "copied", "already", "skipped", "failed"]
OUTCOMES: tuple[str, ...] = get_args(Outcome)
KEPT_FAILURES = 1_000
"""More are counted, and stand in the journal."""
_SHOWN = 3
_CHARACTERS = 1_000


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one object.

    Args:
        bucket, key, version: Which.
        outcome: ``updated`` in place, ``copied`` onto itself, ``already`` right, ``skipped``, ``failed``. In
            a dry run, what would be.
        reason: Why it was skipped.
        bytes: Its size.
        encryption: How it was protected before, where that could be read.
        kms_requests: As estimated, see ``ways.kms_requests``.
        error: Why it failed.
        current: Whether it is the current version.
    """

    bucket: str
    key: str
    version: str | None
    outcome: Outcome
    reason: str = ""
    bytes: int = 0
    encryption: str = ""
    kms_requests: int = 0
    error: Exception | None = None
    current: bool = True

    @property
    def path(self) -> str:
        """``s3://bucket/key``, and the version if it was asked for."""
        version = f"?versionId={self.version}" if self.version else ""
        return f"s3://{self.bucket}/{self.key}{version}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values; of an error, what it says."""
        told: dict[str, Any] = {"key": self.key, "version": self.version, "outcome": self.outcome}
        more: dict[str, Any] = {"reason": self.reason, "encryption": self.encryption, "bytes": self.bytes}
        more |= {"kms_requests": self.kms_requests, "noncurrent": not self.current}
        told |= {name: value for name, value in more.items() if value}
        return told | ({"error": _told(self.error)} if self.error is not None else {})


@dataclass
class Tally:
    """The counts of a job, also over several runs."""

    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    encryptions: Counter[str] = field(default_factory=Counter)
    sums: Counter[str] = field(default_factory=Counter)
    failed: list[Settled] = field(default_factory=list)

    def add(self, settled: Settled) -> None:
        """Count one object."""
        self.counts[settled.outcome] += 1
        if settled.encryption:
            self.encryptions[settled.encryption] += 1
        if settled.outcome == "skipped":
            self.reasons[settled.reason] += 1
        if settled.outcome in ("updated", "copied"):
            self.sums["bytes"] += settled.bytes
            self.sums["kms_requests"] += settled.kms_requests
        if settled.error is not None and len(self.failed) < KEPT_FAILURES:
            self.failed.append(settled)

    def take_back(self, encryption: str, reason: str = "") -> None:
        """An object that failed, or was skipped for *reason*, and was under *encryption*, is tried again."""
        self.counts["skipped" if reason else "failed"] -= 1
        if reason:
            self.reasons[reason] -= 1
        if encryption:
            self.encryptions[encryption] -= 1

    def to_dict(self) -> dict[str, dict[str, int]]:
        """Plain values, for ``of``."""
        return {name: dict(getattr(self, name)) for name in ("counts", "reasons", "encryptions", "sums")}

    @classmethod
    def of(cls, told: Mapping[str, Mapping[str, int]]) -> Tally:
        """What ``to_dict`` told; ValueError or the like if it did not."""
        read: dict[str, Any] = {
            name: Counter({str(each): counted(count) for each, count in told[name].items()})
            for name in ("counts", "reasons", "encryptions", "sums")
        }
        if not set(read["counts"]) <= set(OUTCOMES):
            raise ValueError("there is no such outcome")
        return cls(**read)


def counted(value: Any) -> int:
    """A number of objects, bytes or requests; ValueError if it is none."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise ValueError("a count is no whole number from 0 on")
    return value


@dataclass(frozen=True, slots=True)
class Reencryption:
    """What came of it.

    Args:
        bucket, prefix: Where.
        to: The encryption that was asked for, without any customer key.
        dry_run: Nothing was written; the counts say what would have been.
        counts: Objects by outcome: ``updated``, ``copied``, ``already``, ``skipped``, ``failed``.
        reasons: Objects that were skipped, by reason.
        encryptions: Objects by what they were under before.
        bytes: Of the objects that were updated or copied; only those of the copied ones were moved.
        kms_requests: At least so many requests to KMS, not counting those of Bucket Keys.
        failed: Up to 1,000 of those that failed, each with its error.
        notes: What should be known besides, e.g. that objects were copied for lack of an operation.
        complete: False if ``max_keys`` ended it before the end.
        resumed: So many of these objects were settled by earlier runs with the same journal.
        earlier: The same by outcome, without what failed then and was tried again by this run.
        journal: Where its journal is.
        seconds: What this run took.
    """

    bucket: str
    prefix: str
    to: Mapping[str, Any]
    dry_run: bool
    counts: Mapping[str, int]
    reasons: Mapping[str, int] = field(default_factory=dict)
    encryptions: Mapping[str, int] = field(default_factory=dict)
    bytes: int = 0
    kms_requests: int = 0
    failed: tuple[Settled, ...] = ()
    notes: tuple[str, ...] = ()
    complete: bool = True
    resumed: int = 0
    journal: str | None = None
    seconds: float = 0.0
    earlier: Mapping[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many objects were looked at."""
        return sum(self.counts.values())

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for logs and ``--json``."""
        names = ("bucket", "prefix", "dry_run", "bytes", "kms_requests", "complete", "resumed", "journal")
        told = {name: getattr(self, name) for name in names}
        told |= {"to": dict(self.to), "counts": dict(self.counts), "skipped": dict(self.reasons)}
        told |= {"encryptions": dict(self.encryptions), "notes": list(self.notes)}
        told |= {"earlier": dict(self.earlier)}
        return told | {"seconds": round(self.seconds, 3), "failed": [each.to_dict() for each in self.failed]}

    def __str__(self) -> str:
        key = f" {self.to['key']}" if self.to.get("key") else ""
        would = "would be " if self.dry_run else ""
        place, number = f"s3://{self.bucket}/{self.prefix}", _objects(self.total)
        lines = [f"{place} to {self.to['encryption']}{key}: {number}"]
        told = {
            "updated": f"{would}updated in place",
            "copied": f"{would}copied onto themselves",
            "already": "right already",
            "skipped": "left alone",
            "failed": "failed",
        }
        for name, text in told.items():
            before = f", {self.earlier[name]} of them in earlier runs" if self.earlier.get(name) else ""
            lines += [f"  {self.counts[name]:>8} {text}{before}"] if self.counts[name] else []
            if name == "skipped":
                lines += [f"  {count:>12} {why}" for why, count in sorted(self.reasons.items())]
        lines += [f"  before: {count} under {label}" for label, count in sorted(self.encryptions.items())]
        lines += [f"  note: {note}" for note in self.notes]
        return "\n".join(printable_text(line) for line in lines)

    def raise_for_failures(self) -> None:
        """Raise BatchFailed if an object failed; the rest was done."""
        count = self.counts["failed"]
        if not count:
            return
        texts = [f"{each.path}: {_one_line(each.error)}" for each in self.failed[:_SHOWN]]
        error = BatchFailed(
            f"{count} of {_objects(self.total)} {'was' if count == 1 else 'were'} not re-encrypted",
            why=printable_text("; ".join(texts)),
            fix="mend what the errors say and run it again: what is right already is left alone; "
            "with resume=FILE only what failed is tried again",
        )
        error.results = self
        raise error from (self.failed[0].error if self.failed else None)


def _objects(count: int) -> str:
    return "1 object" if count == 1 else f"{count} objects"


def _told(error: Exception) -> dict[str, Any]:
    if not isinstance(error, SecureS3Error):
        return {"error": type(error).__name__, "what": (str(error) or repr(error))[:_CHARACTERS]}
    told = error.diagnostics()
    return {name: each[:_CHARACTERS] if isinstance(each, str) else each for name, each in told.items()}


def _one_line(error: Exception | None) -> str:
    if not isinstance(error, SecureS3Error):
        return repr(error)
    return f"{error.what} ({error.why})" if error.why else error.what
