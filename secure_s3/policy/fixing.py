"""A policy with the patches of its findings applied, one after another, each judged by linting again.

The patches of one lint do not compose: each was made for the policy as it stood, and one may move what
another names, or make it needless. So one is applied, the policy is linted again, and so on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import PolicyError
from ..values import Finding
from .document import Policy
from .linter import bucket_of, kind_of, lint
from .lockout import lockout
from .patches import apply

__all__ = ["PATCHES", "Fixed", "Refusal", "fixed"]

PATCHES = 100
"""So many patches are tried at most, whether they are then applied or refused."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A finding whose patch was not applied, and why not."""

    finding: Finding
    why: str

    def __str__(self) -> str:
        return f"[{self.finding.rule}] not applied: {self.why}"


@dataclass(frozen=True, slots=True)
class Fixed:
    """What became of a policy.

    Args:
        policy: With the patches applied; the policy itself if there were none.
        applied: The findings whose patches were applied, in that order.
        left: What lint finds in *policy*, the worst first; people have to mend these.
        refused: Those whose patch would have done harm or nothing; they were found on the way, so that
            another patch may have removed some of them since.
    """

    policy: Policy
    applied: tuple[Finding, ...]
    left: tuple[Finding, ...]
    refused: tuple[Refusal, ...] = ()

    @property
    def exhausted(self) -> bool:
        """The bound was reached: what is left may have patches that were not tried."""
        return len(self.applied) + len(self.refused) >= PATCHES


def fixed(
    policy: Policy | str | Mapping[str, Any],
    *,
    bucket: str | None = None,
    kind: str | None = None,
    administrators: Sequence[str] = (),
) -> Fixed:
    """*policy* with every patch applied that does no harm as lint sees it; *policy* itself stays as it is.

    What is promised of each applied patch:

    * its finding is gone after it;
    * no rule has more findings than before that are graver than the removed one;
    * it does not lead back to a policy that was there before, so that no two patches undo each other.

    A patch that breaks one of these is refused and the others go on. It ends when no finding has a patch
    left to try, or after PATCHES of them. It is not promised that the policy then does what you want: a
    patch changes who may do what, and the difference is for you to read.

    Args:
        policy: A policy, or what ``Policy.parse`` takes.
        bucket, kind: As for ``lint``; what it is taken for at first, it stays.
        administrators: ARNs of users and roles for which ``lockout`` is judged as well, so that no patch
            locks them out.

    Raises:
        PolicyError: An argument is of the wrong type, the text is no policy, or *administrators* are named
            and the bucket is not known.
    """
    policy = policy if isinstance(policy, Policy) else Policy.parse(policy)
    bench = _Bench(
        bucket_of(policy) if bucket is None else bucket,
        kind_of(policy, bucket) if kind is None else kind,
        tuple(administrators),
    )
    findings = bench.findings(policy)
    applied: list[Finding] = []
    refused: dict[Any, Refusal] = {}
    seen = [policy]
    while len(applied) + len(refused) < PATCHES:
        finding = next(_open(findings, refused), None)
        if finding is None:
            break
        after, found, why = bench.tried(policy, findings, finding, seen)
        if why:
            refused[_key(finding)] = Refusal(finding, why)
            continue
        policy, findings = after, found
        applied.append(finding)
        seen.append(policy)
    return Fixed(policy, tuple(applied), tuple(findings), tuple(refused.values()))


@dataclass(frozen=True, slots=True)
class _Bench:
    """How the policy is judged each time."""

    bucket: str | None
    kind: str
    administrators: tuple[str, ...] = field(default=())

    def findings(self, policy: Policy) -> list[Finding]:
        """What lint finds, and the lock-outs."""
        found = lint(policy, bucket=self.bucket, kind=self.kind)
        if not self.administrators:
            return found
        if self.bucket is None:
            raise PolicyError("the policy names no bucket", fix="pass bucket= along with administrators=")
        locked = (
            each
            for name in self.administrators
            for each in lockout(policy, name, bucket=self.bucket).findings
        )
        return sorted([*locked, *found], key=lambda each: -each.severity.rank)

    def tried(
        self, policy: Policy, before: list[Finding], finding: Finding, seen: Sequence[Policy]
    ) -> tuple[Policy, list[Finding], str]:
        """The policy after the patch of *finding*, what is found in it, and why it will not do."""
        try:
            after = apply(policy, finding.patch)
        except PolicyError as error:
            return policy, before, error.what
        if after in seen:
            return policy, before, "it leads back to what was there before"
        found = self.findings(after)
        return after, found, _harm(before, found, finding)


def _harm(before: list[Finding], after: list[Finding], removed: Finding) -> str:
    """Why a patch will not do; empty if it does."""
    place = (removed.rule, removed.pointer, removed.message)
    fewer = _of_rule(after, removed.rule) < _of_rule(before, removed.rule)
    if not fewer and any((each.rule, each.pointer, each.message) == place for each in after):
        return "it does not remove what it is for"
    more = Counter((each.severity, each.rule) for each in after)
    more.subtract((each.severity, each.rule) for each in before)
    graver = [rule for (at, rule), n in more.items() if n > 0 and at.rank > removed.severity.rank]
    return f"it would lead to a graver finding, {graver[0]}" if graver else ""


def _of_rule(findings: list[Finding], rule: str) -> int:
    return sum(each.rule == rule for each in findings)


def _open(findings: list[Finding], refused: Mapping[Any, Refusal]) -> Iterator[Finding]:
    return (each for each in findings if each.patch and _key(each) not in refused)


def _key(finding: Finding) -> tuple[str, str]:
    """What tells the patches of one rule apart."""
    return finding.rule, repr([dict(operation) for operation in finding.patch])
