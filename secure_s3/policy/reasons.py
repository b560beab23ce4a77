"""Why a request was decided as it was: the statements that decided, and those that came close."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .decision import ALLOWS, DENIES, DOES_NOT_ALLOW, MAY_ALLOW, MAY_DENY, UNREAD, Reason
from .layers import Heard
from .request import AccessRequest
from .statement import Applies, Statement

NEAR_MISSES = 10
_OWN = "identity_policy"
NAMED = frozenset({"resource_policy", "resource_control_policy", "endpoint_policy"})
"""Layers whose statements name whom they are about."""


def reasons_of(
    request: AccessRequest, outcome: str, layers: Sequence[Heard]
) -> tuple[tuple[Reason, ...], tuple[str, ...]]:
    """The reasons for *outcome*, the deciding ones first, and the keys that would settle an unknown one."""
    if outcome == "explicitly_denied":
        return tuple(_matching(request, layers, "Deny", certain=True, role=DENIES)), ()
    if outcome == "allowed":
        found = tuple(_matching(request, layers, "Allow", certain=True, role=ALLOWS))
        root = Reason(_OWN, ALLOWS, note="an account's root user needs no policy in its own account")
        return found or (root,), ()
    open_ones = [
        *_matching(request, layers, "Deny", certain=False, role=MAY_DENY),
        *_matching(request, layers, "Allow", certain=False, role=MAY_ALLOW),
        *(
            Reason(heard.layer, UNREAD, note="may be there and was not read")
            for heard in layers
            if heard.unread
        ),
    ]
    if request.requester is None:
        open_ones.append(Reason("identity_policy", UNREAD, note="nobody here knows who asks"))
    if outcome == "unknown":
        return tuple(open_ones), tuple(dict.fromkeys(_keys(request, open_ones)))
    return (*_lacking(request, layers), *open_ones), ()


def _keys(request: AccessRequest, reasons: Sequence[Reason]) -> Iterator[str]:
    for reason in reasons:
        yield from (found.unknown_key for found in reason.conditions if found.unknown_key)
        if reason.statement is not None:
            yield from reason.statement.open_variables(request)


def _matching(
    request: AccessRequest, layers: Sequence[Heard], effect: str, *, certain: bool, role: str
) -> Iterator[Reason]:
    for heard in layers:
        for number, statement, truth in heard.matching:
            if statement.effect in (effect, None) and (truth is True) == certain:
                yield _reason(request, heard, number, statement, role)


def _reason(
    request: AccessRequest, heard: Heard, number: int, statement: Statement, role: str, mismatch: str = ""
) -> Reason:
    found = tuple(condition.explain(request) for condition in statement.conditions)
    note = "; ".join(problem.message for problem in statement.problems if problem.fatal)
    return Reason(heard.layer, role, statement, number, found, mismatch or None, note)


def _lacking(request: AccessRequest, layers: Sequence[Heard]) -> Iterator[Reason]:
    """The layers in which nothing allows, and the statements there that nearly do."""
    who = request.requester
    identity = who is None or who.kind not in ("anonymous", "service", "canonical", "federated")
    for heard in layers:
        may_allow = heard.policies or heard.layer == "resource_policy" or (identity and heard.layer == _OWN)
        if heard.allow is not False or not may_allow or heard.layer == "resource_control_policy":
            continue
        near = list(near_misses(request, heard))
        note = f"no statement allows {request.action}" if heard.policies else "there is no policy"
        yield Reason(heard.layer, DOES_NOT_ALLOW, note=note)
        yield from near[:NEAR_MISSES]


def near_misses(request: AccessRequest, heard: Heard) -> Iterator[Reason]:
    for number, policy in enumerate(heard.policies):
        for statement in policy.statements:
            if statement.effect == "Allow":
                meets = statement.explain(request, named=heard.layer in NAMED)
                failing = _failing(meets)
                if meets.action and len(failing) == 1:
                    yield _reason(request, heard, number, statement, DOES_NOT_ALLOW, failing[0])


def _failing(meets: Applies) -> list[str]:
    conditions = False not in [found.holds for found in meets.conditions]
    parts = {"principal": meets.principal, "resource": meets.resource, "condition": conditions}
    return [name for name, truth in parts.items() if truth is False]
