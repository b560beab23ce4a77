"""What a lint rule is, and what it is given to judge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar

from ...values import Finding, Severity
from ..document import Policy
from ..evaluator import outcome_of
from ..request import AccessRequest
from ..statement import Statement
from .aims import Aim, Effort

BUCKET, ACCESS_POINT, KEY, TRUST, ENDPOINT = "bucket", "access point", "key", "trust", "endpoint"
IDENTITY, SERVICE_CONTROL, RESOURCE_CONTROL = "identity", "service control", "resource control"
KINDS = (BUCKET, ACCESS_POINT, KEY, TRUST, IDENTITY, SERVICE_CONTROL, RESOURCE_CONTROL, ENDPOINT)
_NAMING = (BUCKET, ACCESS_POINT, KEY, TRUST, RESOURCE_CONTROL, ENDPOINT)
"""What a policy is attached to."""


EFFORT = 12_000
"""So many requests are made or looked at in one lint; what is then left to look for is not found."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A policy under judgement, and what the rules have found out about it.

    Args:
        policy: The policy.
        kind: One of KINDS.
        bucket: Its bucket's name, as given or as its resources say; None if they do not.

    ``denies`` and ``allows`` are its statements by effect. ``attached`` tells that it is attached to a
    resource or an endpoint, so that its statements name principals; ``size`` is the policy's, in bytes.
    """

    policy: Policy
    kind: str
    bucket: str | None
    denies: tuple[Statement, ...] = field(init=False, repr=False)
    allows: tuple[Statement, ...] = field(init=False, repr=False)
    attached: bool = field(init=False, repr=False)
    size: int = field(init=False, repr=False)
    effort: Effort = field(init=False, repr=False)
    memory: dict[Any, Any] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        put = object.__setattr__
        statements = self.policy.statements
        put(self, "denies", tuple(each for each in statements if each.effect == "Deny"))
        put(self, "allows", tuple(each for each in statements if each.effect == "Allow"))
        put(self, "attached", self.kind in _NAMING)
        put(self, "size", self.policy.size)
        put(self, "effort", Effort(EFFORT))

    def aim(self, statement: Statement) -> Aim:
        """Whom and what *statement* is about."""
        key = id(statement)  # it cannot be another's: the aim holds the statement
        found: Aim | None = self.memory.get(key)
        if found is None:
            found = self.memory[key] = Aim(statement, self.attached, self.effort)
        return found

    def applies(self, statement: Statement, request: AccessRequest) -> bool:
        """Whether *statement* for itself certainly is about *request*, all its conditions included."""
        if not self.aim(statement).about(request):
            return False
        for condition in statement.conditions:  # noqa: SIM110 - rules spend their time here
            if condition.truth(request) is not True:
                return False
        return True

    def outcome(self, request: AccessRequest) -> str:
        """What the policy as a whole does to *request*: ``allowed``, ``explicitly_denied``, …"""
        if self.attached:
            return outcome_of(request, self.policy)[0]
        return outcome_of(request, None, (self.policy,))[0]


def once(function: Callable[[Subject], T]) -> Callable[[Subject], T]:
    """The function, whose answer each subject remembers."""

    @wraps(function)
    def asked(subject: Subject) -> T:
        if function not in subject.memory:
            subject.memory[function] = function(subject)
        found: T = subject.memory[function]
        return found

    return asked


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
        id: e.g. ``https-bucket-only``; it does not change once published.
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
