"""What would become of the request if something were changed: remedies are tried before they are offered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from ...policy.decision import DENIES, DOES_NOT_ALLOW, MAY_DENY, Decision, Reason
from ...policy.document import Policy
from ...policy.evaluator import decide
from ...policy.layers import hear
from ...policy.operators import date
from ...policy.reasons import NAMED
from ...policy.request import UNKNOWN, AccessRequest
from ..evidence import Judged

Mark = tuple[str, int, str]
"""A statement: its layer, the number of its policy there, its JSON pointer."""
Policies = Mapping[str, tuple[Policy, ...]]

_ORDER = (
    "resource_policy",
    "identity_policy",
    "permissions_boundary",
    "session_policy",
    "service_control_policy",
    "resource_control_policy",
    "endpoint_policy",
)
"""As ``decide`` takes them."""
_ONE = ("resource_policy", "permissions_boundary")
_EITHER = ("identity_policy", "resource_policy")
"""Of these one is enough in one account, and the service names either."""
_REFUSING = (DENIES, MAY_DENY)


def mark(reason: Reason) -> Mark | None:
    """The statement of a reason; None for one that is a layer's."""
    if reason.statement is None:
        return None
    return reason.layer, reason.policy, reason.statement.pointer


def changed(request: AccessRequest, context: Mapping[str, Any]) -> AccessRequest:
    """The same request with other values in its context; keys have no case."""
    folded = {name.lower() for name in context}
    kept = {name: value for name, value in request.context.items() if name.lower() not in folded}
    return replace(request, context={**kept, **context})


def moment(request: AccessRequest) -> datetime | None:
    """When the request is sent; None if nobody knows."""
    now = request.lookup("aws:currenttime")
    seconds = date(now[0]) if isinstance(now, tuple) else None
    try:
        return None if seconds is None else datetime.fromtimestamp(float(seconds), timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None


@dataclass(frozen=True, slots=True)
class Bench:
    """What remedies are tried on: one permission, the policies that were asked, and what refused it.

    Args:
        judged: The permission.
        targets: The statements that refuse it, or may.
        lacking: The layers in which nothing allows it, where no statement refuses it.
    """

    judged: Judged
    targets: frozenset[Mark]
    lacking: tuple[str, ...]
    before: frozenset[Mark] = field(init=False)
    _lacked: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "before", self._denying())
        bare = {name: tuple(map(_without_denies, found)) for name, found in self.policies.items()}
        lacked = self.decision(self.judged.request, bare).outcome == "implicitly_denied"
        object.__setattr__(self, "_lacked", lacked)

    def _denying(self) -> frozenset[Mark]:
        """All statements that deny, or may: a decision names only those that are certain, if one is."""
        found = set(refusing(self.decision(self.request)))
        for layer, policies in self.policies.items():
            heard = hear(self.request, layer, policies, named=layer in NAMED, bounded=None)
            for number, statement, _ in heard.matching:
                if statement.effect != "Allow":
                    found.add((layer, number, statement.pointer))
        return frozenset(found)

    @property
    def request(self) -> AccessRequest:
        """The request as it was."""
        return self.judged.request

    @property
    def policies(self) -> dict[str, tuple[Policy, ...]]:
        """The policies as they are, by layer."""
        return {name: tuple(each.policy for each in named) for name, named in self.judged.policies.items()}

    def decision(self, request: AccessRequest, policies: Policies | None = None, read: str = "") -> Decision:
        """What the policies, or others in their place, say of a request; *read* is taken as read."""
        held = self.policies if policies is None else policies
        return decide(request, *(self._layer(name, held, read) for name in _ORDER))

    def _layer(self, name: str, held: Policies, read: str) -> Any:
        if name in self.judged.unread and name != read:
            return UNKNOWN
        found = held.get(name, ())
        if name in _ONE and len(found) < 2:
            return found[0] if found else None
        return found

    def with_policy(self, layer: str, number: int | None, policy: Policy) -> dict[str, tuple[Policy, ...]]:
        """The policies with another in the place of one, or with one more."""
        held = self.policies
        listed = list(held.get(layer, ()))
        if number is None or number >= len(listed):
            listed.append(policy)
        else:
            listed[number] = policy
        return {**held, layer: tuple(listed)}

    def helps(self, decision: Decision, targets: Iterable[Mark] | None = None) -> bool:
        """The targets refuse no longer, and nothing else refuses that did not before."""
        wanted = self.targets if targets is None else frozenset(targets)
        now = refusing(decision)
        if wanted & now or now - self.before:
            return False
        if decision.outcome == "allowed":
            return True
        if self.targets:
            return self._lacked or decision.outcome != "implicitly_denied"
        return decision.outcome == "unknown" and bool(self.lacking) and not lacking(decision)

    def allows(self, decision: Decision, layer: str) -> bool:
        """The layer is no longer among those in which nothing allows."""
        if certain(decision):
            return False
        return decision.outcome == "allowed" or layer not in lacking(decision)


def refusing(decision: Decision) -> frozenset[Mark]:
    """The statements that deny, or may."""
    found = (mark(each) for each in decision.reasons if each.role in _REFUSING)
    return frozenset(each for each in found if each is not None)


def certain(decision: Decision) -> frozenset[Mark]:
    """The statements that deny."""
    found = (mark(each) for each in decision.reasons if each.role == DENIES)
    return frozenset(each for each in found if each is not None)


def lacking(decision: Decision) -> tuple[str, ...]:
    """The layers in which nothing allows."""
    return tuple(dict.fromkeys(each.layer for each in decision.reasons if each.role == DOES_NOT_ALLOW))


def bench_of(judged: Judged, reasons: Iterable[Reason], layer: str | None, explicit: bool | None) -> Bench:
    """The bench for a permission that *reasons* refuse.

    Args:
        judged, reasons: The permission, and what in its decision refuses it, or may.
        layer: Where the service says that it was refused; what other layers say is then not the reason.
        explicit: Whether a statement refused it; None if nobody says.
    """
    found = {at for each in reasons if each.role in _REFUSING and (at := mark(each))}
    targets = frozenset(at for at in found & set(_marks(judged)) if layer in (None, at[0]))
    if targets and explicit is not False:
        return Bench(judged, targets, ())
    if explicit:
        return Bench(judged, frozenset(), ())
    lacks = lacking(judged.decision)
    if layer is not None and (layer not in _EITHER or not lacks):
        lacks = (layer,)
    return Bench(judged, frozenset(), lacks)


def _marks(judged: Judged) -> Iterator[Mark]:
    for layer, named in judged.policies.items():
        for number, each in enumerate(named):
            yield from ((layer, number, statement.pointer) for statement in each.policy.statements)


def wholly(bench: Bench) -> Bench:
    """The same with all statements that refuse for targets, not only those that the service named."""
    return replace(bench, targets=bench.targets | certain(bench.decision(bench.request)))


def _without_denies(policy: Policy) -> Policy:
    return policy.with_statements(each for each in policy.statements if each.effect != "Deny")
