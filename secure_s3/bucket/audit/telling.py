"""An audit in lines for people, and as plain values for programs. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from ...values import Finding, Severity, printable_text
from ..snapshot.values import UNASKED, Known, Snapshot, Unread
from ..wanted import BucketProfile
from .check import Outcome, Verdict

_WORST_FIRST = tuple(reversed(Severity))
_INDENT = "    "
FEW = 2
"""Lines of evidence that are shown at once."""


def text(
    snapshot: Snapshot, profile: BucketProfile, verdicts: Sequence[Verdict], *, details: bool = False
) -> str:
    """The audit as ``print(audit)`` shows it: findings, the worst first, then what was not read.

    Args:
        snapshot, profile, verdicts: Of the audit.
        details: All evidence, and the fixes and other names of what is merely good to have as well.
    """
    sections = (
        _header(snapshot, profile, verdicts),
        _findings(verdicts, details),
        _mended(snapshot, verdicts),
        _unknown(verdicts),
        _rest(verdicts),
    )
    return "\n".join(printable_text(line) for section in sections for line in section)


def plain(snapshot: Snapshot, profile: BucketProfile, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """The audit as plain values: ``bucket``, ``counts``, ``findings``, ``verdicts``, ``unread`` and more."""
    found = worst_first(verdicts)
    return {
        "bucket": snapshot.bucket,
        "account": _told(snapshot.account),
        "region": _told(snapshot.region),
        "taken_at": snapshot.taken_at,
        "profile": profile.name,
        "counts": counts_of(found),
        "worst": found[0].severity.value if found else None,
        "findings": [_plain_finding(each) for each in found],
        "verdicts": [_plain_verdict(each) for each in verdicts],
        "unread": dict(unread_of(snapshot)),
    }


def worst_first(verdicts: Sequence[Verdict]) -> list[Finding]:
    """All findings, the worst first; those that are as bad in the order of the checks."""
    by_severity: dict[Severity, list[Finding]] = {each: [] for each in _WORST_FIRST}
    for verdict in verdicts:
        for finding in verdict.findings:
            by_severity[finding.severity].append(finding)
    return [finding for listed in by_severity.values() for finding in listed]


def counts_of(findings: Sequence[Finding]) -> dict[str, int]:
    """By severity, how many findings there are."""
    counts = dict.fromkeys(Severity, 0)
    for each in findings:
        counts[each.severity] += 1
    return {each.value: count for each, count in counts.items()}


def permissions_missing(verdicts: Sequence[Verdict]) -> list[str]:
    """The permissions with which checks could be made that could not, each once."""
    wanted = (each.action for each in verdicts if each.action)
    return sorted({part.strip() for action in wanted for part in action.split(",")} - {""})


def counted(findings: Sequence[Finding]) -> str:
    """``1 critical, 2 high``; ``no findings``."""
    counts = counts_of(findings)
    told = [f"{counts[each.value]} {each.value}" for each in _WORST_FIRST if counts[each.value]]
    return ", ".join(told) or "no findings"


def unread_of(snapshot: Snapshot) -> Iterator[tuple[str, dict[str, str | None]]]:
    """What was asked for and not told, by its path in the snapshot, e.g. ``keys[0].policy``."""
    for field in fields(snapshot):
        yield from _unread(field.name, getattr(snapshot, field.name))


def _unread(path: str, value: Any) -> Iterator[tuple[str, dict[str, str | None]]]:
    if isinstance(value, Unread):
        if value is not UNASKED and value != UNASKED:
            yield path, {"why": value.why, "action": value.action, "code": value.code}
    elif is_dataclass(value):
        for field in fields(value):
            yield from _unread(f"{path}.{field.name}", getattr(value, field.name))
    elif path == "keys" and isinstance(value, Mapping):
        for number, each in enumerate(value.values()):
            yield from _unread(f"{path}[{number}]", each)
    elif isinstance(value, tuple):
        for number, each in enumerate(value):
            yield from _unread(f"{path}[{number}]", each)


def _header(snapshot: Snapshot, profile: BucketProfile, verdicts: Sequence[Verdict]) -> Iterator[str]:
    yield f"Audit of {snapshot.bucket}"
    account = f"account {_told(snapshot.account) or 'unknown'}, {_told(snapshot.region) or 'region unknown'}"
    yield f"  {account}; profile {profile.name}; read at {snapshot.taken_at}"
    unknown = sum(each.outcome is Outcome.UNKNOWN for each in verdicts)
    if 2 * unknown > len(verdicts):
        yield f"  little is known: {unknown} of {len(verdicts)} checks were not made"
    yield f"  {counted(worst_first(verdicts))}; of {len(verdicts)} checks {outcomes(verdicts)}"


def outcomes(verdicts: Sequence[Verdict]) -> str:
    """``15 passed, 24 failed, 2 not examined, 9 do not apply``."""
    told = []
    for outcome in Outcome:
        if count := sum(each.outcome is outcome for each in verdicts):
            many = "do not apply" if count > 1 else "does not apply"
            words = {Outcome.UNKNOWN: "not examined", Outcome.NOT_APPLICABLE: many}
            told.append(f"{count} {words.get(outcome, outcome.value)}")
    return ", ".join(told) or "none was made"


def _findings(verdicts: Sequence[Verdict], details: bool) -> Iterator[str]:
    listed = worst_first(verdicts)
    grave = [each for each in listed if each.severity > Severity.INFO]
    for each in listed if details else grave:
        yield ""
        yield _headline(each)
        if where := place_of(each):
            yield f"{_INDENT}where: {where}"
        yield from _evidence(each, details)
        if each.fix:
            yield f"{_INDENT}fix: {each.fix}"
        if each.refs:
            yield f"{_INDENT}see: {', '.join(each.refs)}"
    if not details and len(listed) > len(grave):
        yield ""
        yield from map(_headline, listed[len(grave) :])


def _headline(finding: Finding) -> str:
    return f"{finding.severity.value.upper()}  {finding.message}  [{finding.rule}]"


def _evidence(finding: Finding, details: bool) -> Iterator[str]:
    # To say that there is one more takes a line as well.
    few = not details and len(finding.evidence) > FEW + 1
    for line in finding.evidence[:FEW] if few else finding.evidence:
        yield f"{_INDENT}found: {line}"
    if few:
        yield f"{_INDENT}… and {len(finding.evidence) - FEW} more"


def _mended(snapshot: Snapshot, verdicts: Sequence[Verdict]) -> Iterator[str]:
    """How much of what counts ``harden`` mends, once."""
    counting = [
        each.check.hardened for each in verdicts for one in each.findings if one.severity > Severity.INFO
    ]
    if any(counting):
        yield ""
        told = f"{sum(counting)} of {len(counting)} findings above info"
        yield f"MENDED BY HARDEN  {told}: secure-s3 harden {snapshot.bucket}"


def place_of(finding: Finding) -> str:
    """The place in the bucket policy; empty if the finding is about none."""
    statement = f"statement {finding.statement}" if finding.statement else ""
    return " at ".join(part for part in (statement, finding.pointer) if part)


def _unknown(verdicts: Sequence[Verdict]) -> Iterator[str]:
    unknown = [each for each in verdicts if each.outcome is Outcome.UNKNOWN]
    partly = [each for each in verdicts if each.outcome is Outcome.FAILED and each.why]
    for title, some in (("NOT EXAMINED", unknown), ("EXAMINED IN PART", partly)):
        if some:
            yield ""
            yield f"{title}  {len(some)} {'check' if len(some) == 1 else 'checks'}"
        for why, named in by_reason(some).items():
            yield f"{_INDENT}{', '.join(each.check.id for each in named)}: {why}"
    if missing := permissions_missing(verdicts):
        yield f"{_INDENT}permissions that would help: {', '.join(missing)}"


def by_reason(unknown: Sequence[Verdict]) -> dict[str, list[Verdict]]:
    """Checks that could not be made, by why: a policy that was not read is the reason of many."""
    reasons: dict[str, list[Verdict]] = {}
    for each in unknown:
        reasons.setdefault(each.why, []).append(each)
    return reasons


def _rest(verdicts: Sequence[Verdict]) -> Iterator[str]:
    for outcome in (Outcome.PASSED, Outcome.NOT_APPLICABLE):
        named = [each.check.id for each in verdicts if each.outcome is outcome]
        if named:
            yield ""
            yield f"{outcome.value}: {', '.join(named)}"


def _told(value: Known[str]) -> str | None:
    return None if isinstance(value, Unread) else value


def _plain_finding(each: Finding) -> dict[str, Any]:
    return {
        "rule": each.rule,
        "severity": each.severity.value,
        "message": each.message,
        "evidence": list(each.evidence),
        "fix": each.fix,
        "refs": list(each.refs),
        "statement": each.statement,
        "pointer": each.pointer,
    }


def _plain_verdict(each: Verdict) -> dict[str, Any]:
    return {
        "check": each.check.id,
        "outcome": each.outcome.value,
        "why": each.why,
        "action": each.action,
    }
