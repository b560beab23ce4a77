"""A refusal as the service worded it, taken apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ..errors import ConfigurationError

CAUSES: Final = (
    "identity_policy",
    "bucket_policy",
    "service_control_policy",
    "resource_control_policy",
    "permissions_boundary",
    "session_policy",
    "endpoint_policy",
    "trust_policy",
    "block_public_access",
    "blocked_encryption",
    "kms_access",
    "kms_key_state",
    "kms_key_not_found",
    "sse_c",
    "encryption_parameters",
    "presign",
    "post_policy",
    "signature",
    "clock",
    "credentials",
    "region",
    "acl",
    "object_lock",
    "mfa_delete",
    "policy_document",
    "precondition",
    "archived",
    "not_found",
    "transport",
    "bucket_owner",
    "opaque",
    "other",
)
"""Why something is refused. ``opaque``: it is a denial, and nothing says by whom. ``other``: it is none."""

STATED, PROVED, INFERRED, UNCERTAIN = "stated", "proved", "inferred", "unknown"
"""How sure it is: the service says so; the policies evaluated here do; nothing else is left; nobody knows."""

_LISTED = 4
"""So many values of a condition are shown in a line; data has them all."""


class StatementName(str):
    """The Sid of a statement, or ``statement 2`` for one without; and where it stands.

    ``sid`` is None for one without, ``position`` counts from 0, ``pointer`` is a JSON pointer to it.
    """

    __slots__ = ("pointer", "position", "sid")

    sid: str | None
    position: int
    pointer: str

    def __new__(
        cls, name: str, *, sid: str | None = None, position: int = 0, pointer: str = ""
    ) -> StatementName:
        made = super().__new__(cls, name)
        made.sid, made.position, made.pointer = sid, position, pointer
        return made

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {"sid": self.sid, "index": self.position, "pointer": self.pointer}

    def __reduce__(self) -> tuple[Any, ...]:
        return _named, (str(self), self.sid, self.position, self.pointer)


def _named(name: str, sid: str | None, position: int, pointer: str) -> StatementName:
    return StatementName(name, sid=sid, position=position, pointer=pointer)


def listed(values: Sequence[str], word: str) -> str:
    """Some values in a line, and how many more there are."""
    more = len(values) - _LISTED
    return word.join(values[:_LISTED]) + (f"{word}{more} more" if more > 0 else "")


@dataclass(frozen=True, slots=True)
class FailedCondition:
    """A condition that decided against the request.

    Args:
        operator, key: As the policy writes them.
        wanted: The policy's values.
        got: The request's; empty if the key is absent or nobody here knows it.
        missing: The key is absent from the request.
        known: False where the request's value is not known here.
        unknown: Who knows it then, in words.
    """

    operator: str
    key: str
    wanted: tuple[str, ...]
    got: tuple[str, ...] = ()
    missing: bool = False
    known: bool = True
    unknown: str = "what only AWS knows"

    def __str__(self) -> str:
        wanted = listed(self.wanted, " or ") or "nothing"
        if self.operator.lower() == "null":
            wanted += " (absent)" if self.wanted == ("true",) else " (present)"
        got = "nothing" if self.missing else listed(self.got, ", ") if self.known else self.unknown
        return f"{self.operator} {self.key}: policy says {wanted}; request has {got}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "operator": self.operator,
            "key": self.key,
            "wanted": list(self.wanted),
            "got": list(self.got) if self.known else None,
            "missing": self.missing,
        }


@dataclass(frozen=True, slots=True)
class Denial:
    """Why a request was refused, as far as the answer says.

    Args:
        cause: One of CAUSES.
        explicit: True for an explicit deny, False where nothing allows, None where it does not say.
        action, resource, principal: Whom the message names, as it names them.
        policy_arn: Of the policy that the message names.
        message: The message, secrets taken out.
        layer: The kind of policy that the message names, in the words of policy decisions, e.g.
            ``resource_policy``; for a key's policy ``cause`` is ``kms_access``.
        detail: What distinguishes it among those of its cause, e.g. ``BlockPublicAcls``.
        service, operation, status, code: Where it comes from, if told.
        fields: Further elements of the answer, e.g. ``Region`` or ``ServerTime``; never secret ones.
        statement, conditions, certainty: What a local evaluation adds; see ``Explanation``.
    """

    cause: str
    explicit: bool | None = None
    action: str | None = None
    resource: str | None = None
    principal: str | None = None
    policy_arn: str | None = None
    message: str = ""
    layer: str | None = None
    detail: str = ""
    service: str = "s3"
    operation: str | None = None
    status: int | None = None
    code: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    statement: StatementName | None = None
    conditions: tuple[FailedCondition, ...] = ()
    certainty: str = STATED

    def __post_init__(self) -> None:
        if self.cause not in CAUSES:
            raise ConfigurationError(
                f"{self.cause!r} is no cause of a denial", fix=f"one of {', '.join(CAUSES)}"
            )

    def __hash__(self) -> int:
        return hash((self.cause, self.explicit, self.action, self.resource, self.message))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON; what is not known is left out."""
        told = {
            name: getattr(self, name)
            for name in ("cause", "explicit", "service", "operation", "status", "code", "action", "resource")
        }
        told |= {"principal": self.principal, "policy_arn": self.policy_arn, "layer": self.layer}
        told |= {"detail": self.detail or None, "message": self.message, "certainty": self.certainty}
        told |= {
            "fields": dict(self.fields) or None,
            "statement": self.statement.to_dict() if self.statement else None,
        }
        told["conditions"] = [each.to_dict() for each in self.conditions] or None
        return {name: value for name, value in told.items() if value is not None}
