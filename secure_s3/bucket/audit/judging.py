"""From a snapshot to an audit: every check is asked, none can break the others. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import PolicyError
from ...values import Finding, Severity
from ..snapshot.values import Snapshot
from ..wanted import BucketProfile
from .check import Check, Found, NotApplicable, NotRead, Outcome, Subject, Verdict
from .telling import plain, text


@dataclass(frozen=True, slots=True)
class Audit:
    """What the checks say of a bucket.

    Args:
        snapshot, profile: What was judged, and against what.
        verdicts: One for each check, in the order of the catalogue.
    """

    snapshot: Snapshot
    profile: BucketProfile
    verdicts: tuple[Verdict, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All that was found, the worst first."""
        found = (each for verdict in self.verdicts for each in verdict.findings)
        return tuple(sorted(found, key=lambda each: -each.severity.rank))

    @property
    def unknown(self) -> tuple[Verdict, ...]:
        """Checks that could not be made, because something was not read."""
        return tuple(each for each in self.verdicts if each.outcome is Outcome.UNKNOWN)

    @property
    def worst(self) -> Severity | None:
        """Of all findings; None if there is none."""
        return self.findings[0].severity if self.findings else None

    @property
    def counts(self) -> Mapping[str, int]:
        """By severity, how many findings there are."""
        return {str(each): sum(one.severity is each for one in self.findings) for each in Severity}

    def above(self, severity: Severity = Severity.INFO) -> tuple[Finding, ...]:
        """Findings that are worse than *severity*."""
        return tuple(each for each in self.findings if each.severity > severity)

    def verdict(self, check: str) -> Verdict:
        """Of the check with that id; LookupError if there is none."""
        for each in self.verdicts:
            if each.check.id == check:
                return each
        raise LookupError(f"there is no check {check!r}")

    def __str__(self) -> str:
        return text(self.snapshot, self.profile, self.verdicts)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return plain(self.snapshot, self.profile, self.verdicts)


def judge_all(snapshot: Snapshot, profile: BucketProfile, checks: Iterable[Check]) -> Audit:
    """Ask every check. A policy that is no document is unknown to the checks that read it."""
    subject = Subject(snapshot, profile)
    return Audit(snapshot, profile, tuple(_verdict(check, subject) for check in checks))


def _verdict(check: Check, subject: Subject) -> Verdict:
    try:
        found = tuple(_completed(check, subject.profile, check.judge(subject)))
    except NotRead as missing:
        why = f"{missing.name}: {missing.unread.why}"
        return Verdict(check, Outcome.UNKNOWN, why=why, action=missing.unread.action)
    except NotApplicable as reason:
        return Verdict(check, Outcome.NOT_APPLICABLE, why=str(reason))
    except PolicyError as error:
        return Verdict(check, Outcome.UNKNOWN, why=f"the policy cannot be read: {error.what}")
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        # A snapshot may come from a file, and a service may answer what its model does not foresee.
        what = f"what was read has another shape than AWS describes ({type(error).__name__})"
        return Verdict(check, Outcome.UNKNOWN, why=what)
    if found:
        return Verdict(check, Outcome.FAILED, found)
    if part := sorted(set(check.reads).intersection(subject.snapshot.cut)):
        return Verdict(check, Outcome.UNKNOWN, why=f"{', '.join(part)}: there are more than were read")
    return Verdict(check, Outcome.PASSED)


def _completed(check: Check, profile: BucketProfile, found: Iterable[Found]) -> Iterator[Finding]:
    asked = not check.recommended or check.id in profile.requires
    for each in found:
        yield Finding(
            check.id,
            each.severity or (check.severity if asked else Severity.INFO),
            each.message,
            each.statement,
            each.pointer,
            each.fix or check.fix,
            check.refs,
            evidence=each.evidence,
        )
