"""From a snapshot to an audit: every check is asked, none can break the others. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import AuditFailed, ConfigurationError, PolicyError
from ...policy.spelling import nearest
from ...values import Finding, Severity, printable_text
from ..snapshot.values import Snapshot
from ..wanted import BucketProfile
from .check import Check, Found, NotApplicable, NotRead, Outcome, Subject, Verdict
from .nouns import NOUNS, ended, not_read
from .telling import counted, plain, text

_OF_OTHERS = frozenset({"analyzer-findings", "macie-findings"})
"""What services found that are themselves merely recommended."""
_FIRST = 3  # findings that an error names


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
    def bucket(self) -> str:
        """Its name."""
        return self.snapshot.bucket

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All that was found, the worst first."""
        found = (each for verdict in self.verdicts for each in verdict.findings)
        return tuple(sorted(found, key=lambda each: -each.severity.rank))

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    @property
    def unknown(self) -> tuple[Verdict, ...]:
        """Checks that could not be made, because something was not read."""
        return tuple(each for each in self.verdicts if each.outcome is Outcome.UNKNOWN)

    @property
    def unanswered(self) -> tuple[Verdict, ...]:
        """Those of them that count: all that are not merely recommended, and what ``requires`` names."""
        return tuple(each for each in self.unknown if _counts(each.check, self.profile))

    @property
    def worst(self) -> Severity | None:
        """Of all findings; None if there is none."""
        return self.findings[0].severity if self.findings else None

    @property
    def counts(self) -> Mapping[str, int]:
        """By severity, how many findings there are."""
        return {str(each): sum(one.severity is each for one in self.findings) for each in Severity}

    def above(self, severity: Severity | str = Severity.INFO) -> tuple[Finding, ...]:
        """Findings that are worse than *severity*. What could not be read is in ``unanswered``, not here.

        Raises:
            ConfigurationError: There is no such severity.
        """
        least = _severity(severity)
        return tuple(each for each in self.findings if each.severity > least)

    def require(self, fail_on: Severity | str = Severity.LOW, *, allow_unread: bool = False) -> None:
        """Nothing, if no finding is as severe as *fail_on*, and every check that counts was made.

        As ``secure-s3 audit --fail-on`` has it.

        Args:
            fail_on: The least severity that is not accepted.
            allow_unread: What could not be read is accepted.

        Raises:
            AuditFailed: Otherwise; ``error.audit`` is this audit.
            ConfigurationError: There is no such severity.
        """
        least = _severity(fail_on)
        found = [each for each in self.findings if each.severity >= least]
        unread = () if allow_unread else self.unanswered
        if found or unread:
            raise _failed(self, found, unread)

    def verdict(self, check: str) -> Verdict:
        """Of the check with that id.

        Raises:
            ConfigurationError: There is none.
        """
        known = {each.check.id: each for each in self.verdicts}
        if check not in known:
            near = nearest(str(check), list(known))
            raise ConfigurationError(
                f"there is no check {check!r}",
                fix=f"did you mean {near}?" if near else f"they are {', '.join(known)}",
            )
        return known[check]

    def __repr__(self) -> str:
        unknown = f", {len(self.unknown)} not examined" if self.unknown else ""
        return f"<Audit {printable_text(self.bucket)}: {counted(self.findings)}{unknown}>"

    def __str__(self) -> str:
        return self.text()

    def text(self, *, details: bool = False) -> str:
        """Findings, the worst first, then what was not examined; what is merely good to have in a line each.

        Args:
            details: All evidence, and the fixes and other names of what is merely good to have as well.
        """
        return text(self.snapshot, self.profile, self.verdicts, details=details)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return plain(self.snapshot, self.profile, self.verdicts)


def _counts(check: Check, profile: BucketProfile) -> bool:
    """Whether that a check could not be made is more than a pity."""
    return check.id in profile.requires or not (check.recommended or check.id in _OF_OTHERS)


def _severity(given: Severity | str) -> Severity:
    try:
        return Severity(given)
    except ValueError:
        raise ConfigurationError(
            f"there is no severity {given!r}", fix=f"they are {', '.join(map(str, Severity))}"
        ) from None


def _failed(audit: Audit, found: Sequence[Finding], unread: Sequence[Verdict]) -> AuditFailed:
    open_ = f"{len(unread)} of {len(audit.verdicts)} checks not made" if unread else ""
    what = " and ".join(filter(None, (counted(found) if found else "", open_)))
    reasons = dict.fromkeys([each.message for each in found] + [ended(each.why) for each in unread])
    more = f" … and {len(reasons) - _FIRST} more" if len(reasons) > _FIRST else ""
    error = AuditFailed(
        f"{audit.bucket} is not as it should be, or is not known to be: {what}",
        why=printable_text(" ".join(list(reasons)[:_FIRST]) + more),
        fix="print(error.audit) tells all, with fixes and with the permissions that would help",
        bucket=audit.bucket,
    )
    error.audit = audit
    return error


def judge_all(snapshot: Snapshot, profile: BucketProfile, checks: Iterable[Check]) -> Audit:
    """Ask every check. A policy that is no document is unknown to the checks that read it."""
    subject = Subject(snapshot, profile)
    return Audit(snapshot, profile, tuple(_verdict(check, subject) for check in checks))


def _verdict(check: Check, subject: Subject) -> Verdict:
    """What was found counts, whatever stops the check after that: ``why`` then says what was not seen."""
    found: list[Finding] = []
    try:
        for each in _completed(check, subject.profile, check.judge(subject)):
            found.append(each)
    except NotApplicable as reason:
        if not found:
            return Verdict(check, Outcome.NOT_APPLICABLE, why=str(reason))
    except _STOPS as error:
        why, action = _stopped(error)
        outcome = Outcome.FAILED if found else Outcome.UNKNOWN
        return Verdict(check, outcome, tuple(found), why, action)
    if found:
        return Verdict(check, Outcome.FAILED, tuple(found))
    cut = subject.snapshot.cut
    if (part := sorted(set(check.reads).intersection(cut)) if cut else []) and not check.enough:
        named = ", ".join(NOUNS.get(each, each) for each in part)
        return Verdict(check, Outcome.UNKNOWN, why=f"{named}: there are more than were read")
    return Verdict(check, Outcome.PASSED)


# A snapshot may come from a file, and a service may answer what its model does not foresee.
_STOPS = (NotRead, PolicyError, AttributeError, LookupError, TypeError, ValueError)


def _stopped(error: Exception) -> tuple[str, str]:
    """Why a check did not come to its end, and the permission that would let it."""
    if isinstance(error, NotRead):
        return not_read(error.name, error.unread), error.unread.action
    if isinstance(error, PolicyError):
        return f"the policy cannot be read: {error.what}", ""
    return f"what was read has another shape than AWS describes ({type(error).__name__})", ""


def _completed(check: Check, profile: BucketProfile, found: Iterable[Found]) -> Iterator[Finding]:
    asked = not check.recommended or check.id in profile.requires
    for each in found:
        yield Finding(
            check.id,
            each.severity or (check.severity if asked else Severity.INFO),
            ended(each.message),
            each.statement,
            each.pointer,
            each.fix or check.fix,
            check.refs,
            evidence=each.evidence,
        )
