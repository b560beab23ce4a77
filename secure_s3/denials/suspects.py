"""The statements that refuse a request, may refuse it, or nearly allow it: found by evaluating them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from ..errors import PolicyError
from ..policy.decision import DENIES, DOES_NOT_ALLOW, MAY_ALLOW, MAY_DENY, Reason
from ..policy.evaluator import decide
from ..policy.layers import Heard, hear
from ..policy.reasons import NAMED, near_misses
from ..policy.request import UNKNOWN, AccessRequest
from ..policy.statement import Statement
from ..policy.truth import Truth
from .denial import FailedCondition, StatementName
from .evidence import Judged, Named

LAYERS: Mapping[str, str] = {
    "identity_policy": "identity_policy",
    "bucket_policy": "resource_policy",
    "trust_policy": "resource_policy",
    "service_control_policy": "service_control_policy",
    "resource_control_policy": "resource_control_policy",
    "permissions_boundary": "permissions_boundary",
    "session_policy": "session_policy",
    "endpoint_policy": "endpoint_policy",
}
"""By cause: the layer in which the policy stands."""
_SHOWN = 100
"""So many characters of a Sid are shown."""
DOES_NOT_DENY = "does not deny"
"""As the roles of ``Reason``; a decision has no use for it."""
_GRANTING = ("resource_policy", "identity_policy", "permissions_boundary", "session_policy")
_DECIDE: Mapping[str, Truth] = {DENIES: True, MAY_DENY: None, MAY_ALLOW: None, DOES_NOT_ALLOW: False}
_OTHER = {"principal": "to another principal", "resource": "on another resource"}
_RANK = {"condition": 0, "open": 1, "resource": 2, "principal": 3}


@dataclass(frozen=True, slots=True)
class Suspect:
    """A statement that has a part in a refusal, and whose it is.

    Args:
        reason: How it meets the request.
        named: The policy that it stands in.
    """

    reason: Reason
    named: Named

    @property
    def statement(self) -> Statement:
        """The statement."""
        assert self.reason.statement is not None
        return self.reason.statement

    @property
    def certain(self) -> bool:
        """Whether it refuses, or does not allow, whatever else only AWS knows."""
        return self.reason.role not in (MAY_DENY, MAY_ALLOW)

    @property
    def name(self) -> StatementName:
        """Its Sid or number, and its place."""
        found = self.statement
        return StatementName(found.name, sid=found.sid, position=found.index, pointer=found.pointer)

    @property
    def words(self) -> str:
        """e.g. ``bucket policy of amzn-s3-demo-bucket, statement 2 "DenyWrongKey"``."""
        number = f"statement {self.statement.index + 1}"
        sid = f' "{self.statement.sid[:_SHOWN]}"' if self.statement.sid else ""
        return f"{of_whom(self.named)}, {number}{sid}"

    def apart(self, request: AccessRequest) -> str:
        """What but a condition keeps it from allowing *request*; empty if it is none of that."""
        if other := _OTHER.get(self.reason.mismatch or ""):
            return f'"{self.name}" allows it {other}'
        names = dict.fromkeys(self.statement.open_variables(request)) if not self.certain else ()
        return f'"{self.name}" depends on {", ".join(names)}, which only AWS knows' if names else ""

    @property
    def conditions(self) -> tuple[FailedCondition, ...]:
        """Those of its conditions that decide."""
        return failed(self.reason)


def failed(reason: Reason) -> tuple[FailedCondition, ...]:
    """The conditions of a statement that decide against a request."""
    wanted = _DECIDE.get(reason.role, False)
    return tuple(
        FailedCondition(
            found.operator,
            found.key,
            found.wanted,
            found.got or (),
            found.missing,
            found.missing or found.got is not None,
        )
        for found in reason.conditions
        if found.holds is wanted
    )


def of_whom(named: Named) -> str:
    """A policy in words, e.g. ``bucket policy of amzn-s3-demo-bucket``."""
    inline = f' "{named.inline}"' if named.inline else ""
    return f"{named.document}{inline} of {named.target}" if named.target else f"{named.document}{inline}"


def denying(judged: Judged, layer: str) -> list[Suspect]:
    """The Deny statements of a layer that are about the request, those that certainly are first."""
    found = [
        Suspect(_reason(judged, layer, number, statement, DENIES if truth else MAY_DENY), named[number])
        for named, heard in _heard(judged, layer)
        for number, statement, truth in heard.matching
        if statement.effect != "Allow"
    ]
    return sorted(found, key=lambda suspect: not suspect.certain)


def nearly_denying(judged: Judged, layer: str) -> list[Suspect]:
    """The Deny statements about the request of which one condition alone keeps them from denying it."""
    found = []
    for number, named in enumerate(judged.policies.get(layer, ())):
        for statement in named.policy.statements:
            meets = statement.explain(judged.request, named=layer in NAMED)
            fits = meets.action and False not in (meets.principal, meets.resource)
            failing = [each for each in meets.conditions if each.holds is False]
            if statement.effect == "Deny" and fits and len(failing) == 1:
                reason = Reason(layer, DOES_NOT_DENY, statement, number, meets.conditions)
                found.append(Suspect(reason, named))
    return found


def nearly_allowing(judged: Judged, layers: Iterable[str] = _GRANTING) -> list[Suspect]:
    """The Allow statements of which one part alone keeps them from allowing, the nearest first.

    Of a request that was refused because nothing allows it, those of which only AWS knows whether they do
    are among them: they did not.
    """
    layers = tuple(layers)
    # Whether an identity is allowed is not said where the resource's policy has to allow as well.
    said = layers[:1] if layers[0] == "resource_policy" else layers
    found = [
        Suspect(reason, named[reason.policy])
        for layer in layers
        for named, heard in _heard(judged, layer)
        for reason in (*near_misses(judged.request, heard), *_open(judged, layer, heard, layer in said))
    ]
    return sorted(found, key=lambda suspect: _RANK.get(suspect.reason.mismatch or "open", 4))


def _open(judged: Judged, layer: str, heard: Heard, said: bool) -> Iterator[Reason]:
    for number, statement, truth in heard.matching if said else ():
        if statement.effect == "Allow" and truth is None:
            yield _reason(judged, layer, number, statement, MAY_ALLOW)


def judged_as(judged: Judged, action: str, resource: str | None) -> Judged | None:
    """The same caller and policies asked about another action; None where the text names none."""
    try:
        request = replace(judged.request, action=action, resource=resource or judged.request.resource)
    except PolicyError:
        return None
    layers = {name: tuple(each.policy for each in named) for name, named in judged.policies.items()}
    known = {name: policies for name, policies in layers.items() if name not in judged.unread}

    def several(name: str) -> object:
        return UNKNOWN if name in judged.unread else known.get(name, ())

    def one(name: str) -> object:
        found = several(name)
        return found[0] if isinstance(found, tuple) and found else None if found == () else found

    decision = decide(
        request,
        one("resource_policy"),  # type: ignore[arg-type]
        several("identity_policy"),  # type: ignore[arg-type]
        one("permissions_boundary"),  # type: ignore[arg-type]
        several("session_policy"),  # type: ignore[arg-type]
        several("service_control_policy"),  # type: ignore[arg-type]
        several("resource_control_policy"),  # type: ignore[arg-type]
        several("endpoint_policy"),  # type: ignore[arg-type]
    )
    return replace(judged, request=request, decision=decision)


def _heard(judged: Judged, layer: str) -> Iterator[tuple[tuple[Named, ...], Heard]]:
    named = judged.policies.get(layer, ())
    if named:
        policies = tuple(each.policy for each in named)
        yield (
            named,
            hear(judged.request, layer, policies, named=layer in NAMED, bounded=_bounded(judged)),
        )


def _bounded(judged: Judged) -> Truth:
    if judged.policies.get("permissions_boundary"):
        return True
    return None if "permissions_boundary" in judged.unread else False


def _reason(judged: Judged, layer: str, number: int, statement: Statement, role: str) -> Reason:
    found = tuple(condition.explain(judged.request) for condition in statement.conditions)
    return Reason(layer, role, statement, number, found)
