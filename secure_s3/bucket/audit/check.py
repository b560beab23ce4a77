"""What a check is, and what it says of a snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ...policy.document import Policy
from ...values import Finding, Severity, printable_text
from ..snapshot.values import Snapshot, Unread
from ..wanted import BucketProfile


class NotRead(Exception):
    """A check needs something that was not read; ``judge_all`` makes a verdict of it."""

    def __init__(self, name: str, unread: Unread) -> None:
        super().__init__(name)
        self.name, self.unread = name, unread


class NotApplicable(Exception):
    """A check has nothing to look at, e.g. no access points; the text says what."""


class Subject:
    """A snapshot and the profile it is compared with, as checks read them.

    Args:
        snapshot, profile: What is judged, and against what.
    """

    __slots__ = ("_policies", "profile", "snapshot")

    def __init__(self, snapshot: Snapshot, profile: BucketProfile) -> None:
        self.snapshot, self.profile = snapshot, profile
        self._policies: dict[str, Policy | None] = {}

    def read(self, name: str) -> Any:
        """The field of that name; NotRead if it was not read, which ends the check as ``unknown``."""
        return known(name, getattr(self.snapshot, name))

    def told(self, name: str, otherwise: Any = None) -> Any:
        """The field of that name, or *otherwise* if it was not read."""
        value = getattr(self.snapshot, name)
        return otherwise if isinstance(value, Unread) else value

    @property
    def policy(self) -> Policy | None:
        """The bucket policy, parsed once; None if there is none. NotRead if it was not read."""
        return self.parsed(self.read("policy"))

    def parsed(self, text: str | None) -> Policy | None:
        """Any policy of the snapshot, parsed once; PolicyError if it is no document."""
        if text is None:
            return None
        if text not in self._policies:
            self._policies[text] = Policy.parse(text)
        return self._policies[text]

    @property
    def arn(self) -> str:
        """Of the bucket."""
        return f"arn:{self.snapshot.partition}:s3:::{self.snapshot.bucket}"


def known(name: str, value: Any) -> Any:
    """*value*, unless it was not read: then NotRead."""
    if isinstance(value, Unread):
        raise NotRead(name, value)
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One question to a snapshot.

    Args:
        id: Its name in reports, e.g. ``secure-transport``.
        title: What it asks, as a statement of the good case, e.g. ``Requests over plain HTTP are denied``.
        topic: ``access``, ``encryption``, ``transport``, ``recovery`` or ``monitoring``.
        severity: Of a departure, if the check does not say otherwise.
        reads: The fields of the snapshot that it looks at.
        why: What goes wrong without it, in a sentence or two.
        fix: What to do about it, in a sentence; ``harden`` between backticks if hardening does it.
        refs: The names other catalogues have for it, e.g. ``SecurityHub:S3.5``.
        seeds: The points of the source documents' checklists that it covers.
        hardened: Whether ``harden`` mends it.
        recommended: It counts as ``info`` unless the profile asks for it: by a field, or by ``requires``.
        enough: If it finds nothing, more of what it reads would change nothing.
        source: The page of AWS's documentation that the rule comes from.
        judge: Yields what it found; raises NotRead and NotApplicable.
    """

    id: str
    title: str
    topic: str
    severity: Severity
    reads: tuple[str, ...]
    why: str
    fix: str
    judge: Callable[[Subject], Iterable[Found]]
    refs: tuple[str, ...] = ()
    seeds: tuple[str, ...] = ()
    hardened: bool = False
    recommended: bool = False
    enough: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a check found; what is left out is the check's own.

    Args:
        message: One sentence that says what is wrong, with names.
        evidence: What was read that shows it, each in a line, e.g. ``BlockPublicAcls: false``.
        severity: If it is not the check's.
        statement, pointer: Of the bucket policy.
        fix: If it is not the check's.
    """

    message: str
    evidence: tuple[str, ...] = ()
    severity: Severity | None = None
    statement: str | None = None
    pointer: str | None = None
    fix: str = ""


def found(message: str, *evidence: str | None, **details: Any) -> Found:
    """The same, shorter to write; evidence that would only repeat the message is None, and left out."""
    return Found(message=message, evidence=tuple(each for each in evidence if each is not None), **details)


class Outcome(str, Enum):
    """What came of a check."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not applicable"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check says.

    Args:
        check: The check.
        outcome: ``failed`` with at least one finding, however mild.
        findings: What it found.
        why: Of ``unknown`` and ``not applicable``.
        action: The permission that would settle ``unknown``.
    """

    check: Check
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    why: str = ""
    action: str = ""

    def __repr__(self) -> str:
        told = f"{len(self.findings)} found" if self.findings else printable_text(self.why)
        return f"<Verdict {self.check.id}: {': '.join(filter(None, (self.outcome.value, told)))}>"
