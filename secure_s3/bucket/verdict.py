"""What a check answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

from ..policy.decision import ALLOWS, DENIES, UNREAD, Decision, Reason
from ..policy.request import UNKNOWN, AccessRequest
from ..policy.wire import SentRequest

ALLOWED, DENIED, NOBODY_KNOWS = "allowed", "denied", "unknown"


@dataclass(frozen=True, slots=True)
class Permission:
    """One permission that a call needs, and what the policies say of it.

    Args:
        request: What they were asked.
        decision: What they say.
        when: On what it depends whether it is needed at all; empty if it is certain.
        limit: Why an allowance does not suffice; empty if it does.
    """

    request: AccessRequest
    decision: Decision
    when: str = ""
    limit: str = ""

    @property
    def outcome(self) -> str:
        """``allowed``, ``denied`` or ``unknown``."""
        if self.decision.outcome == "allowed":
            return NOBODY_KNOWS if self.limit else ALLOWED
        if self.decision.outcome == "unknown" or self.when:
            return NOBODY_KNOWS
        return DENIED

    @property
    def because(self) -> str:
        """Who or what decides, in a line."""
        text = self._because()
        return f"{text}, if {self.when}" if self.when and self.outcome != ALLOWED else text

    def _because(self) -> str:
        decision = self.decision
        if decision.outcome == "explicitly_denied":
            return f"denied by {_by(decision, self.request, DENIES)}"
        if decision.outcome == "implicitly_denied":
            return f"denied: no policy allows {self.request.action} on {self.request.resource}"
        if decision.outcome == "allowed":
            told = f"allowed by {_by(decision, self.request, ALLOWS)}"
            return f"unknown because {self.limit}; {told}" if self.limit else told
        return f"unknown because of {self._open()}"

    def _open(self) -> str:
        decision, parts = self.decision, []
        told = ", ".join(_statement(each, self.request) for each in decision.reasons if each.statement)
        if decision.unknown_keys:
            parts.append(", ".join(decision.unknown_keys))
        elif self.request.principal is UNKNOWN:
            parts.append("the caller, who is not known")
        if told:
            parts = [f"{' '.join(parts)} ({told})".strip()]
        unread = (_layer(each, self.request) for each in decision.reasons if each.role == UNREAD)
        return "; ".join([*parts, *dict.fromkeys(f"the {each}, which was not read" for each in unread)])

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "action": self.request.action,
            "resource": self.request.resource,
            "outcome": self.outcome,
            "because": self.because,
            "when": self.when,
            "decision": self.decision.to_dict(),
        }


def _by(decision: Decision, request: AccessRequest, role: str) -> str:
    deciding = [each for each in decision.reasons if each.role == role and each.statement is not None]
    return ", ".join(_statement(each, request) for each in deciding) or "the account"


def _statement(reason: Reason, request: AccessRequest) -> str:
    found = reason.statement
    if found is None:
        return _layer(reason, request)
    # Without a Sid, its name is its number already.
    return f"{_layer(reason, request)} {'statement ' if found.sid else ''}{found.name}"


def _layer(reason: Reason, request: AccessRequest) -> str:
    if reason.layer != "resource_policy":
        return reason.layer.replace("_", " ")
    if request.action.startswith("kms:"):
        return "key policy"
    return "access point policy" if ":accesspoint/" in request.resource else "bucket policy"


@dataclass(frozen=True, slots=True)
class Preflight:
    """Whether a call would be allowed, as far as can be told before it is made.

    ``allowed`` holds for the policies that were looked at; ``not_examined`` names what else can deny. A
    denial because nothing allows is as complete as they are: ACLs and grants on keys may allow as well.

    Args:
        operation: In S3's model, e.g. ``PutObject``.
        sent: The request that would be sent; several where the call is made of several.
        permissions: What is needed, and what the policies say of it.
        gaps: What could not be read.
        not_examined: What may deny besides and was not looked at.
        assumed: What was taken for granted.
    """

    operation: str
    sent: tuple[SentRequest, ...]
    permissions: tuple[Permission, ...]
    gaps: tuple[str, ...] = ()
    not_examined: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()

    @property
    def outcome(self) -> str:
        """``allowed``, ``denied`` or ``unknown``; the worst of the permissions'."""
        outcomes = {each.outcome for each in self.permissions}
        return next(
            (each for each in (DENIED, NOBODY_KNOWS) if each in outcomes),
            ALLOWED if outcomes else NOBODY_KNOWS,
        )

    @property
    def allowed(self) -> bool:
        """True only if it is certain, as far as the policies say."""
        return self.outcome == ALLOWED

    @property
    def deciding(self) -> tuple[Permission, ...]:
        """The permissions that make the outcome."""
        return tuple(each for each in self.permissions if each.outcome == self.outcome)

    def __bool__(self) -> NoReturn:
        raise TypeError("a check has three outcomes: look at .allowed or .outcome")

    def __str__(self) -> str:
        lines = [f"{self.operation}: {'; '.join(dict.fromkeys(each.because for each in self.deciding))}"]
        lines += [
            f"  {each.request.action} on {each.request.resource}: {each.because}" for each in self.permissions
        ]
        lines += [f"  could not be read: {each}" for each in self.gaps]
        lines += [f"  assumed: {each}" for each in self.assumed]
        if self.not_examined:
            lines.append(f"  not examined: {', '.join(self.not_examined)}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "operation": self.operation,
            "outcome": self.outcome,
            "because": [each.because for each in self.deciding],
            "requests": [{"method": each.method, "url": each.url} for each in self.sent],
            "permissions": [each.to_dict() for each in self.permissions],
            "gaps": list(self.gaps),
            "not_examined": list(self.not_examined),
            "assumed": list(self.assumed),
        }
