"""Policy tests: requests, what is expected of them, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import PolicyError
from .decision import ALLOWS, DENIES, DOES_NOT_ALLOW, MAY_ALLOW, MAY_DENY, UNREAD, Decision, Reason
from .document import Policy
from .evaluator import evaluate
from .request import UNKNOWN, AccessRequest

EXPECTATIONS: dict[str, frozenset[str]] = {
    "allowed": frozenset({"allowed"}),
    "explicitly_denied": frozenset({"explicitly_denied"}),
    "implicitly_denied": frozenset({"implicitly_denied"}),
    "denied": frozenset({"explicitly_denied", "implicitly_denied"}),
    "unknown": frozenset({"unknown"}),
}
"""What a case may expect, and the outcomes that meet it."""

LAYERS: dict[str, str] = {
    "resource_policy": "resource_policy",
    "identity_policies": "identity_policy",
    "permissions_boundary": "permissions_boundary",
    "session_policies": "session_policy",
    "scps": "service_control_policy",
    "rcps": "resource_control_policy",
    "endpoint_policies": "endpoint_policy",
}
"""The arguments of ``evaluate``, and what decisions call the layer."""

SINGLE = frozenset({"resource_policy", "permissions_boundary"})
LEVELLED = frozenset({"scps", "rcps"})
_DECIDING = {
    "allowed": frozenset({ALLOWS}),
    "explicitly_denied": frozenset({DENIES}),
    "implicitly_denied": frozenset({DOES_NOT_ALLOW}),
    "unknown": frozenset({MAY_DENY, MAY_ALLOW, UNREAD}),
}

Paths = str | tuple["Paths", ...]
"""A policy's file, or several, or for an organization's policies several at each of its levels."""


@dataclass(frozen=True, slots=True)
class Case:
    """One request and what should come of it.

    Args:
        name: Unique in its suite.
        request: Who wants to do what.
        expect: A key of EXPECTATIONS.
        statement: The Sid of a statement that must be among the deciding ones; of a request that nothing
            allows, among those that nearly did.
        layer: Where the deciding statement must be, or the layer that must have decided: a name of LAYERS.
    """

    name: str
    request: AccessRequest
    expect: str
    statement: str | None = None
    layer: str | None = None

    def judge(self, decision: Decision) -> CaseResult:
        """What *decision* means for this case."""
        return CaseResult(self.name, self.expect, decision.outcome, self._problem(decision), decision)

    def _problem(self, decision: Decision) -> str:
        if decision.outcome not in EXPECTATIONS[self.expect]:
            return f"expected {_words(self.expect)}, got {_words(decision.outcome)}"
        deciding = [each for each in decision.reasons if each.role in _DECIDING[decision.outcome]]
        if self.layer is not None:
            deciding = [each for each in deciding if each.layer == LAYERS[self.layer]]
            if not deciding:
                return f"{_words(decision.outcome)} as expected, but not by {self.layer}"
        if self.statement is not None and self.statement not in {_sid(each) for each in deciding}:
            where = f" of {self.layer}" if self.layer else ""
            return (
                f"{_words(decision.outcome)} as expected, but not by the statement {self.statement!r}{where}"
            )
        return ""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What came of a case.

    Args:
        name: The case's.
        expected: What it expects.
        outcome: What it got.
        problem: Why it failed, in one line; empty if it passed.
        decision: With its reasons.
    """

    name: str
    expected: str
    outcome: str
    problem: str
    decision: Decision

    @property
    def passed(self) -> bool:
        """The outcome is the expected one, and decided where it should be."""
        return not self.problem

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the request was decided so, in words."""
        return tuple(str(reason) for reason in self.decision.reasons)

    def __str__(self) -> str:
        if self.passed:
            return f"ok      {self.name}: {_words(self.outcome)}"
        decision = str(self.decision).replace("\n", "\n  ")
        return f"FAILED  {self.name}: {self.problem}\n  {decision}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "name": self.name,
            "passed": self.passed,
            "expected": self.expected,
            "outcome": self.outcome,
            "problem": self.problem,
            "decision": self.decision.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """What came of all cases of a suite; there is at least one."""

    name: str
    cases: tuple[CaseResult, ...]

    @property
    def failed(self) -> tuple[CaseResult, ...]:
        """The cases that did not pass."""
        return tuple(case for case in self.cases if not case.passed)

    @property
    def passed(self) -> bool:
        """Every case did."""
        return bool(self.cases) and not self.failed

    def __str__(self) -> str:
        told = f"{self.name}: {len(self.cases) - len(self.failed)} passed, {len(self.failed)} failed"
        return "\n".join([*map(str, self.cases), told])

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "name": self.name,
            "passed": self.passed,
            "cases": [case.to_dict() for case in self.cases],
        }


@dataclass(frozen=True, slots=True)
class Suite:
    """Policies under test and the cases for them; ``suites.parse`` reads one.

    Args:
        name: What errors and results call it.
        policies: Names of LAYERS to the files of their policies, as the suite names them.
        unread: Layers that may be there and cannot be read.
        cases: At least one.
    """

    name: str
    policies: Mapping[str, Paths]
    unread: frozenset[str]
    cases: tuple[Case, ...]

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that it names, once; they are relative to the suite's own."""
        return tuple(dict.fromkeys(path for paths in self.policies.values() for path in _flat(paths)))

    def run(self, policies: Mapping[str, Policy]) -> SuiteResult:
        """What comes of the cases.

        Args:
            policies: The policy in each of ``files``.

        Raises:
            PolicyError: One of them is missing.
        """
        return SuiteResult(self.name, tuple(self.run_case(case, policies) for case in self.cases))

    def run_case(self, case: Case, policies: Mapping[str, Policy]) -> CaseResult:
        """What comes of one case; see ``run``."""
        missing = [path for path in self.files if path not in policies]
        if missing:
            raise PolicyError(f"{self.name}: the policy {missing[0]!r} is missing", fix="pass each of files")
        layers: dict[str, Any] = {name: _read(paths, policies) for name, paths in self.policies.items()}
        layers.update(dict.fromkeys(self.unread, UNKNOWN))
        return case.judge(evaluate(case.request, **layers))


def _flat(paths: Paths) -> tuple[str, ...]:
    return (paths,) if isinstance(paths, str) else tuple(each for item in paths for each in _flat(item))


def _read(paths: Paths, policies: Mapping[str, Policy]) -> Any:
    return policies[paths] if isinstance(paths, str) else [_read(item, policies) for item in paths]


def _sid(reason: Reason) -> str | None:
    return reason.statement.sid if reason.statement else None


def _words(outcome: str) -> str:
    return outcome.replace("_", " ")
