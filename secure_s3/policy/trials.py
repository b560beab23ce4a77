"""The patches of findings, each tried before it is offered.

A finding tells what is wrong for certain; what its patch leads to shows only when it is applied. A statement
that allows nothing because of a slip may be one that had better go on allowing nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from ..errors import PolicyError
from ..values import Finding, Severity
from .document import Policy
from .harms import harm
from .patches import apply
from .rules.rule import EFFORT, Subject
from .stumbles import MISMATCHED, OF_TEXT

__all__ = ["TRIALS", "tried"]

TRIALS = 30
"""So many patches of a policy are tried."""
TRIED_BYTES = 40 * 1024
"""So many bytes of policies are judged in trying them."""
TRIED_EFFORT = EFFORT // 3
"""So many requests are looked at in trying them."""

HARMLESS = frozenset({"statement-redundant", "operator-case", "duplicate-sid"})
"""Rules whose patches change no decision: a needless statement goes, or a name is spelt as AWS spells it."""

_EXAMPLE = "amzn-s3-demo-bucket"
_UNTRIED = "what it leads to was not looked at, for there is too much of it"

Judge = Callable[[Policy, int], tuple[Subject, list[Finding]]]
"""A policy judged anew, with so much effort."""


def tried(subject: Subject, findings: list[Finding], judge: Judge) -> list[Finding]:
    """*findings*, those patches taken away that do not fit, do not help, or do harm; ``fix`` says why.

    Harm is: a new finding that is HIGH or CRITICAL, or graver than the one removed; something allowed to
    strangers that was not; uploads or changes of the bucket policy denied to everybody that passed.
    """
    if not any(each.patch for each in findings):
        return findings
    bench = _Bench(subject, findings, judge)
    return [bench.offered(each) if each.patch else each for each in findings]


@dataclass(slots=True)
class _Bench:
    """What the patches of one policy are tried on."""

    subject: Subject
    findings: list[Finding]
    judge: Judge
    effort: int = TRIED_EFFORT
    bytes: int = TRIED_BYTES
    trials: int = TRIALS
    known: dict[str, tuple[list[Finding], str] | str] = field(default_factory=dict)

    def offered(self, finding: Finding) -> Finding:
        """The finding, with its patch if that may be applied."""
        why = self.objection(finding)
        if not why:
            return finding
        stop = "" if finding.fix.endswith((".", "…")) else "."
        return replace(finding, patch=(), fix=f"{finding.fix}{stop} There is no patch for it: {why}")

    def objection(self, finding: Finding) -> str:
        """Why its patch is not offered; empty if it is."""
        if finding.rule in HARMLESS:
            return ""
        if _names_example(self.subject, finding):
            return "the policy does not say which bucket it is about"
        key = repr(finding.patch)
        if key not in self.known:
            self.known[key] = self.judged(finding)
        outcome = self.known[key]
        if isinstance(outcome, str):
            return outcome
        found, harmful = outcome
        return _no_better(self.findings, found, finding) or harmful

    def judged(self, finding: Finding) -> tuple[list[Finding], str] | str:
        """What is found after the patch, and the harm that the way there does; or why nobody can say."""
        self.trials -= 1
        self.bytes -= self.subject.size
        if self.trials < 0 or self.bytes < 0 or self.effort <= 0 or self.subject.effort.spent:
            return _UNTRIED
        try:
            after = apply(self.subject.policy, finding.patch)
        except PolicyError as error:
            return error.what
        subject, found = self.judge(after, self.effort)
        before = replace(self.subject)  # its own effort and memory
        before.effort.left = subject.effort.left
        harmful = harm(before, subject)
        self.effort = min(before.effort.left, subject.effort.left)
        return _UNTRIED if self.effort <= 0 else (found, harmful)


def _names_example(subject: Subject, finding: Finding) -> bool:
    """It names the bucket of examples, and the policy and its caller do not."""
    if subject.bucket == _EXAMPLE or _EXAMPLE in subject.policy.to_json(None):
        return False
    return any(_EXAMPLE in text for text in _texts(finding.patch))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for item in value.values() for text in _texts(item))
    elif isinstance(value, list | tuple):
        yield from (text for item in value for text in _texts(item))


def _no_better(before: list[Finding], after: list[Finding], removed: Finding) -> str:
    """The finding stays, or a grave one comes in its place."""
    fewer = _of_rule(after, removed.rule) < _of_rule(before, removed.rule)
    same = (each for each in after if each.rule == removed.rule)
    if not fewer and any(each.pointer == removed.pointer or each.message == removed.message for each in same):
        return "it would not remove the finding"
    known = Counter((each.severity, each.rule) for each in before)
    for each in after:
        known[each.severity, each.rule] -= 1
        new = known[each.severity, each.rule] < 0
        if new and _grave(each, removed):
            return f"it would lead to {each.rule}"
    return ""


def _grave(new: Finding, removed: Finding) -> bool:
    """It must not come in the place of the one removed.

    One slip may hide another in the same statement, which is dead because of either: it takes two patches.
    """
    if new.severity > removed.severity:
        return True
    same = new.statement == removed.statement and new.rule in OF_TEXT | MISMATCHED
    return new.severity >= Severity.HIGH and not (same and new.severity is Severity.HIGH)


def _of_rule(findings: list[Finding], rule: str) -> int:
    return sum(each.rule == rule for each in findings)
