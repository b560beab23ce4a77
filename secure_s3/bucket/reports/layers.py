"""The layers that a request passes on its way to the data, and how each of them is. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from ...values import Finding, Severity
from ..audit.check import Check, Outcome, Verdict
from ..audit.telling import counts_of, worst_first

_ACCOUNT = frozenset({"account-public-access-block", "bucket-owner", "shadow-resource", "least-privilege"})
_BUCKET = frozenset(
    {
        *("bucket-public-access-block", "website", "cors", "access-point-tls"),
        *("access-point-public-access-block", "access-point-public", "multi-region-public-access-block"),
    }
)


class State(str, Enum):
    """How a layer is, by the worst that was found in it."""

    SOUND = "sound"
    NOTED = "noted"
    WARNED = "warned"
    BROKEN = "broken"
    UNKNOWN = "unknown"


_STATES = {
    Severity.INFO: State.NOTED,
    Severity.LOW: State.WARNED,
    Severity.MEDIUM: State.WARNED,
    Severity.HIGH: State.BROKEN,
    Severity.CRITICAL: State.BROKEN,
}
WORDS = {
    State.SOUND: "In order",
    State.NOTED: "In order, with advice",
    State.WARNED: "Needs attention",
    State.BROKEN: "At risk",
    State.UNKNOWN: "Not fully examined",
}
"""What a state is called, where colour alone would say it."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer, and what the checks said of it.

    Args:
        id: Part of anchors, e.g. ``transport``.
        name: Shown, e.g. ``Transport``.
        about: What it decides, in a few words.
        verdicts: Those of its checks.
    """

    id: str
    name: str
    about: str
    verdicts: tuple[Verdict, ...]

    @property
    def findings(self) -> list[Finding]:
        """What was found in it, the worst first."""
        return worst_first(self.verdicts)

    @property
    def unknown(self) -> int:
        """How many of its checks could not be made."""
        return sum(each.outcome is Outcome.UNKNOWN for each in self.verdicts)

    @property
    def state(self) -> State:
        """By the worst finding; unknown if nothing bad is known, but not all of it either."""
        found = self.findings
        worst = _STATES[found[0].severity] if found else State.SOUND
        unsettled = self.unknown or not self.verdicts
        return State.UNKNOWN if unsettled and worst in (State.SOUND, State.NOTED) else worst

    @property
    def told(self) -> str:
        """The state in a word or a number: ``2 high``, ``In order``, ``3 not read``."""
        state, found = self.state, self.findings
        if state in (State.BROKEN, State.WARNED):
            worst = found[0].severity.value
            return f"{counts_of(found)[worst]} {worst}"
        if state is State.UNKNOWN:
            return f"{self.unknown} not examined" if self.unknown else "Not examined"
        return f"In order, {len(found)} info" if found else "In order"


_LAYERS = (
    ("account", "Account", "The account's own switches, and who acts in it"),
    ("bucket", "Bucket", "Its own switches, and its access points"),
    ("policy", "Policy and ACLs", "Whom they let in"),
    ("transport", "Transport", "How requests travel"),
    ("encryption", "Encryption", "How objects are stored, and with which keys"),
    ("recovery", "Recovery", "What undoes deletion and overwriting"),
    ("monitoring", "Monitoring", "Who would notice"),
)


def layers_of(verdicts: Sequence[Verdict]) -> tuple[Layer, ...]:
    """The layers from the outside to the data, then what stands behind them; each check is in one."""
    within: dict[str, list[Verdict]] = {id: [] for id, _, _ in _LAYERS}
    for verdict in verdicts:
        within[layer_of(verdict.check)].append(verdict)
    return tuple(Layer(id, name, about, tuple(within[id])) for id, name, about in _LAYERS)


def layer_of(check: Check) -> str:
    """The id of the layer that a check is about: its topic, or which part of ``access``."""
    if check.topic in ("transport", "encryption", "recovery", "monitoring"):
        return check.topic
    if check.id in _ACCOUNT:
        return "account"
    return "bucket" if check.id in _BUCKET else "policy"


def overall(layers: Sequence[Layer]) -> State:
    """The worst of all layers; what is not known is worse than what is in order."""
    order = (State.BROKEN, State.WARNED, State.UNKNOWN, State.NOTED)
    states = {each.state for each in layers}
    return next((each for each in order if each in states), State.SOUND)
