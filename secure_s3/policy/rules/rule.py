"""What a lint rule is, and what it is given to judge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...values import Finding, Severity
from ..document import Policy
from ..evaluator import evaluate
from ..request import AccessRequest
from ..statement import Statement

BUCKET, ACCESS_POINT, KEY, TRUST = "bucket", "access point", "key", "trust"
IDENTITY, SERVICE_CONTROL, RESOURCE_CONTROL = "identity", "service control", "resource control"
KINDS = (BUCKET, ACCESS_POINT, KEY, TRUST, IDENTITY, SERVICE_CONTROL, RESOURCE_CONTROL)
"""What a policy is attached to."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A policy under judgement.

    Args:
        policy: The policy.
        kind: One of KINDS.
        bucket: Its bucket's name, as given or as its resources say; None if they do not.
    """

    policy: Policy
    kind: str
    bucket: str | None

    @property
    def denies(self) -> tuple[Statement, ...]:
        """The statements with the effect Deny."""
        return tuple(each for each in self.policy.statements if each.effect == "Deny")

    @property
    def allows(self) -> tuple[Statement, ...]:
        """The statements with the effect Allow."""
        return tuple(each for each in self.policy.statements if each.effect == "Allow")

    @property
    def attached(self) -> bool:
        """It is attached to a resource, so that its statements name principals."""
        return self.kind in (BUCKET, ACCESS_POINT, KEY, TRUST, RESOURCE_CONTROL)

    def applies(self, statement: Statement, request: AccessRequest) -> bool:
        """Whether *statement* for itself certainly is about *request*, all its conditions included."""
        return statement.truth(request, named=self.attached)[0] is True

    def outcome(self, request: AccessRequest) -> str:
        """What the policy as a whole does to *request*: ``allowed``, ``explicitly_denied``, …"""
        if self.attached:
            return evaluate(request, resource_policy=self.policy).outcome
        return evaluate(request, identity_policies=(self.policy,)).outcome


@dataclass(frozen=True, slots=True)
class Hit:
    """One place where a rule is broken.

    Args:
        message: One sentence: what happens because of it.
        statement: Where; None for the document.
        pointer: JSON pointer; the statement's if empty.
        fix: What to do here, where it is more than the rule's general advice.
        patch: The fix as JSON Patch operations, where there is one.
        severity: Where it differs from the rule's.
    """

    message: str
    statement: Statement | None = None
    pointer: str = ""
    fix: str = ""
    patch: Sequence[Mapping[str, Any]] = ()
    severity: Severity | None = None


Check = Callable[[Subject], Iterable[Hit]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that goes wrong in policies.

    Args:
        id: e.g. ``secure-transport-half``; it does not change once published.
        severity: How bad it is.
        title: What is wrong, in a few words.
        explanation: What happens because of it and why, with the AWS page it follows from.
        fix: The right form.
        check: Yields the places.
        kinds: The kinds of policy it is about; empty for all.
        refs: Names that other catalogues have for it, and pages of AWS.
    """

    id: str
    severity: Severity
    title: str
    explanation: str
    fix: str
    check: Check
    kinds: tuple[str, ...] = ()
    refs: tuple[str, ...] = ()

    def findings(self, subject: Subject) -> Iterator[Finding]:
        """What this rule has to say of *subject*."""
        if self.kinds and subject.kind not in self.kinds:
            return
        for hit in self.check(subject):
            yield Finding(
                self.id,
                hit.severity or self.severity,
                hit.message,
                hit.statement.name if hit.statement else None,
                hit.pointer or (hit.statement.pointer if hit.statement else ""),
                hit.fix or self.fix,
                self.refs,
                tuple(hit.patch),
            )
