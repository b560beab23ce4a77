"""What came of a request, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

from .conditions import Found
from .statement import Statement

LAYERS = (
    "service_control_policy",
    "resource_control_policy",
    "endpoint_policy",
    "resource_policy",
    "identity_policy",
    "permissions_boundary",
    "session_policy",
)

DENIES, ALLOWS = "denies", "allows"
MAY_DENY, MAY_ALLOW = "may deny", "may allow"
DOES_NOT_ALLOW, UNREAD = "does not allow", "not read"


@dataclass(frozen=True, slots=True)
class Reason:
    """One statement, or one layer without one, that had a part in the decision.

    Args:
        layer: One of LAYERS.
        role: ``denies``, ``allows``, ``may deny``, ``may allow``; ``does not allow`` for a layer in which no
            statement does, and for each statement there that comes close; ``not read``.
        statement: The statement; None where the layer as a whole is meant.
        policy: Number of the policy within its layer, from 0.
        conditions: How each of its conditions came out.
        mismatch: Which part of a near miss does not fit: ``principal``, ``resource`` or ``condition``.
        note: What else is to be said.
    """

    layer: str
    role: str
    statement: Statement | None = None
    policy: int = 0
    conditions: tuple[Found, ...] = ()
    mismatch: str | None = None
    note: str = ""

    def __str__(self) -> str:
        layer = self.layer.replace("_", " ")
        if self.statement is None:
            return f"{layer}: {self.note or self.role}"
        text = f"{layer}: {self.statement.name} {self.role}"
        if self.mismatch:
            text += f" ({self.mismatch} does not match)"
        return "\n".join([text, *(f"  {describe(found)}" for found in self.conditions)])

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "layer": self.layer,
            "role": self.role,
            "statement": self.statement.name if self.statement else None,
            "pointer": self.statement.pointer if self.statement else None,
            "policy": self.policy,
            "mismatch": self.mismatch,
            "note": self.note,
            "conditions": [
                {
                    "operator": found.operator,
                    "key": found.key,
                    "wanted": list(found.wanted),
                    "got": None if found.got is None else list(found.got),
                    "missing": found.missing,
                    "holds": found.holds,
                }
                for found in self.conditions
            ],
        }


def describe(found: Found) -> str:
    """A condition and how it came out, in one line."""
    wanted = " or ".join(found.wanted) or "nothing"
    got = "absent" if found.missing else "not known" if found.got is None else ", ".join(found.got)
    holds = {True: "holds", False: "does not hold", None: "unknown"}[found.holds]
    return f"{found.operator} {found.key}: policy says {wanted}; request: {got} -> {holds}"


@dataclass(frozen=True, slots=True)
class Decision:
    """What came of a request.

    Args:
        outcome: ``allowed``, ``explicitly_denied``, ``implicitly_denied``, or ``unknown`` where a key or a
            policy that is not known decides. What is implicitly denied may be explicitly denied as well, by
            a statement among the reasons that ``may deny``; it is not allowed in any case.
        reasons: The statements and layers that decided, the deciding ones first.
        unknown_keys: Keys that would settle an unknown outcome.
        not_examined: Layers that were not given, and may deny as well.
        assumed: What was taken for granted, in words.
    """

    outcome: str
    reasons: tuple[Reason, ...] = ()
    unknown_keys: tuple[str, ...] = ()
    not_examined: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()

    def __bool__(self) -> NoReturn:
        raise TypeError("a decision has four outcomes: look at .allowed or .outcome")

    @property
    def allowed(self) -> bool:
        """True only if it is certain, as far as the policies given say."""
        return self.outcome == "allowed"

    @property
    def statement(self) -> Statement | None:
        """The first statement that decided."""
        return next((reason.statement for reason in self.reasons if reason.statement), None)

    def __str__(self) -> str:
        lines = [self.outcome.replace("_", " "), *(f"  {reason}" for reason in self.reasons)]
        if self.unknown_keys:
            lines.append(f"  decided by: {', '.join(self.unknown_keys)}")
        if self.not_examined:
            lines.append(f"  not examined: {', '.join(each.replace('_', ' ') for each in self.not_examined)}")
        lines += [f"  assumed: {each}" for each in self.assumed]
        return "\n".join(line.replace("\n", "\n  ") for line in lines)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "outcome": self.outcome,
            "reasons": [reason.to_dict() for reason in self.reasons],
            "unknown_keys": list(self.unknown_keys),
            "not_examined": list(self.not_examined),
            "assumed": list(self.assumed),
        }
