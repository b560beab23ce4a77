"""What would make a refused call pass, and who could do it.

1. the call is changed, key by key, as far as its sender can: another argument, another encryption
2. the circumstances are: another network, a second factor, another role
3. the policies are: whoever asks is spared or allowed, and nobody else; then wider
4. what is no matter of policies is told by its cause

Of 1 to 3 only what was tried is offered: evaluated again, the request is no longer refused for that reason,
nothing else refuses it that did not before, and the changed policy has no grave finding that was not there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from ...errors import PolicyError
from ...policy.decision import Reason
from ..denial import Denial
from ..evidence import Evidence, Judged
from ..explanation import CALLER, Remedy
from . import keys, settings
from .allowances import allowances
from .arguments import elsewhere, fewer_needs, other_calls
from .callers import acts_alone
from .causes import by_cause
from .circumstances import other_circumstances
from .exemptions import exemptions
from .facts import Facts, facts_of
from .trial import Bench, bench_of, wholly
from .unread import layer_of, of_a_policy, of_policies

__all__ = ["MOST", "remedies_for"]

MOST = 5
"""So many remedies are offered."""
_CALLS, _WORDS, _CHANGES = 2, 1, 2
"""Of these kinds so many at least are among them, where there are any."""

Ranked = tuple[int, int, Remedy]
_FIRST, _CALL, _TOLD, _CIRCUMSTANCE, _OTHERS, _PATCH, _BROADER = range(7)


def remedies_for(
    evidence: Evidence, denial: Denial, judged: Judged | None, reasons: Sequence[Reason]
) -> tuple[Remedy, ...]:
    """What would make the call pass; at most ``MOST``, none where nothing can be said.

    First what the caller can do alone (another call, then other circumstances), then the smallest change of
    a policy, then wider ones. It never raises.

    Args:
        evidence: What is known.
        denial: Why it was refused, as far as that was found out.
        judged: The permission that was refused.
        reasons: What in its decision refuses: statements that deny or may, or that nothing allows.
    """
    facts = facts_of(evidence, denial, judged)
    found: list[Ranked] = []
    for rank, remedy in _quietly(_all(facts, judged, reasons)):
        if not any(_same(remedy, other) for _, _, other in found):
            found.append((rank, len(found), remedy))
    return _chosen(found)


def _same(one: Remedy, other: Remedy) -> bool:
    return one.what == other.what or bool(
        one.patch and one.patch == other.patch and one.target == other.target
    )


def _all(facts: Facts, judged: Judged | None, reasons: Sequence[Reason]) -> Iterator[tuple[int, Remedy]]:
    yield from ((_FIRST, each) for each in settings.no_such_object(facts))
    # What its cause says is in order already.
    yield from ((_TOLD, each) for each in by_cause(facts))
    yield from ((_CALL, each) for each in fewer_needs(facts))
    told = facts.denial
    ambiguous = told.cause == "kms_access" and told.layer is None and told.explicit is None
    if ambiguous and not facts.settings.keys:
        yield _FIRST, keys.check(facts, keys.key_of(facts))
    layer, tried = layer_of(facts.denial), 0
    if judged is not None and judged.decision.outcome != "allowed" and of_policies(facts.denial):
        bench = bench_of(judged, reasons, layer, facts.denial.explicit)
        for rank, remedy in _tried(bench, facts):
            tried += rank != _CIRCUMSTANCE or _applicable(remedy)
            yield rank, remedy
    if of_policies(facts.denial) and not tried and not facts.unsigned:
        for each in of_a_policy(facts):
            yield (_TOLD if ambiguous or each.who == CALLER else _OTHERS), each


def _applicable(remedy: Remedy) -> bool:
    return bool(remedy.arguments or remedy.encryption or remedy.client)


def _quietly(source: Iterator[tuple[int, Remedy]]) -> Iterator[tuple[int, Remedy]]:
    """What there is until something in the evidence cannot be meant."""
    try:
        yield from source
    except PolicyError:
        return


def _tried(bench: Bench, facts: Facts) -> Iterator[tuple[int, Remedy]]:
    if not (bench.targets or bench.lacking):
        return
    if not acts_alone(bench.request):
        yield from _by_the_caller(bench, facts)
    changes = exemptions(bench, facts) if bench.targets else allowances(bench, facts)
    for breadth, remedy in islice(changes, MOST):
        yield (_BROADER if breadth else _PATCH), remedy


def _by_the_caller(bench: Bench, facts: Facts) -> Iterator[tuple[int, Remedy]]:
    """Changes that nothing refuses; where there are none, several together; else what at least helps here."""
    whole, found = wholly(bench), False
    for rank, source in (
        (_CALL, other_calls(whole, facts)),
        (_CIRCUMSTANCE, other_circumstances(whole)),
    ):
        for remedy in source:
            found = True
            yield rank, remedy
    if not found and len(whole.targets) > 1:
        for remedy in islice(elsewhere(whole, facts), _CALLS):
            found = True
            yield _CIRCUMSTANCE, remedy
    if not found and whole.targets != bench.targets:
        half = [(_CALL, each) for each in other_calls(bench, facts)]
        half += [(_CIRCUMSTANCE, each) for each in other_circumstances(bench)]
        for rank, remedy in half:
            what = f"{remedy.what}; another statement refuses it as well"
            yield rank, replace(remedy, what=what, proved=False)


def _chosen(found: list[Ranked]) -> tuple[Remedy, ...]:
    """Some of each kind, in order."""
    ordered = sorted(found, key=lambda each: each[:2])
    kinds = (
        ((_FIRST, _CALL), _CALLS),
        ((_TOLD, _CIRCUMSTANCE), _WORDS),
        ((_PATCH, _BROADER, _OTHERS), _CHANGES),
    )
    kept: list[Ranked] = []
    for ranks, least in kinds:
        kept += [each for each in ordered if each[0] in ranks][:least]
    kept += [each for each in ordered if each not in kept][: max(0, MOST - len(kept))]
    return tuple(each[2] for each in sorted(kept, key=lambda each: each[:2]))
