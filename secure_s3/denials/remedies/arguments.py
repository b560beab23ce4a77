"""Another call that would pass: what is to be changed in its arguments, in the encryption, in the client."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ...errors import PolicyError
from ...policy.conditions import Condition
from ...policy.decision import DENIES, DOES_NOT_ALLOW, MAY_DENY, Decision
from ...policy.request import AccessRequest, OneOf
from ...policy.wire import actions
from ...policy.wire.sent import QUERY
from ..explanation import CALLER, Remedy
from .circumstances import other_ways
from .facts import Facts
from .moves import moves
from .rendering import Told, rendered
from .resending import resent
from .trial import Bench, certain, refusing
from .whose import called

LOOKED_AT, CHANGES, FOUND = 160, 3, 8
"""So many requests are tried, with so many changes each, until so many are found."""


def other_calls(bench: Bench, facts: Facts) -> Iterator[Remedy]:
    """The nearest calls that would not be refused so, one of each kind; those that are certain first."""
    found = [each for way in _ways(bench, facts) if (each := _offered(bench, way, facts))]
    kinds: set[Hashable] = set()
    for told, remedy in sorted(found, key=lambda each: not each[1].proved):
        if told.kind not in kinds:
            kinds.add(told.kind)
            yield remedy


def elsewhere(bench: Bench, facts: Facts) -> Iterator[Remedy]:
    """Calls from elsewhere, or as somebody else, and otherwise changed as well: all of it is needed."""
    said: set[tuple[str, ...]] = set()
    for way in _ways(bench, facts, moving=True):
        found = _offered(bench, way, facts) if way.words else None
        if found is not None and way.words not in said:
            said.add(way.words)
            yield found[1]


@dataclass(frozen=True, slots=True)
class _Way:
    """A changed request, how many changes it is away, and what of them no argument says."""

    request: AccessRequest
    changes: int = 0
    words: tuple[str, ...] = ()


def _offered(bench: Bench, way: _Way, facts: Facts) -> tuple[Told, Remedy] | None:
    """The remedy, tried with the request that it makes."""
    told = rendered(bench.request, way.request, facts) or (Told() if way.words else None)
    if told is None:
        return None
    again = resent(bench.request, way.request, told, facts)
    passes = again.passes(bench)
    if passes is False:
        return None
    needed = [f"the call then needs {each.action} as well" for each in again.more]
    if passes is None:
        needed.append("whether that is allowed is not certain")
    if open_ones := [each.statement for each in again.left_open(bench) if each.statement]:
        needed.append(f"{called(*open_ones)} may refuse it as well")
    remedy = Remedy(
        CALLER,
        ", and ".join(filter(None, (*way.words, told.what))),
        arguments=told.arguments,
        encryption=told.encryption,
        client=told.client,
        risk="; ".join(filter(None, (told.risk, *needed))),
        proved=passes is True,
    )
    return told, remedy


def _ways(bench: Bench, facts: Facts, moving: bool = False) -> Iterator[_Way]:
    waiting = deque([_Way(bench.request)])
    seen = {_key(bench.request)}
    tried = found = 0
    while waiting and tried < LOOKED_AT and found < FOUND:
        way = waiting.popleft()
        decision = bench.decision(way.request)
        tried += 1
        if way.changes and bench.helps(decision):
            found += 1
            yield way
            continue
        for words, moved in _next(decision, way, facts, moving) if way.changes < CHANGES else ():
            if _key(moved) not in seen:
                seen.add(_key(moved))
                waiting.append(_Way(moved, way.changes + 1, words))


def _next(
    decision: Decision, way: _Way, facts: Facts, moving: bool
) -> Iterator[tuple[tuple[str, ...], AccessRequest]]:
    for word, moved in other_ways(decision, way.request) if moving else ():
        yield (*way.words, word), moved
    for condition, wanted in _open(decision):
        for moved in moves(condition, wanted, way.request, facts):
            yield way.words, moved


def _open(decision: Decision) -> Iterator[tuple[Condition, bool]]:
    """The conditions of which another outcome would do, and which."""
    for reason in decision.reasons:
        statement = reason.statement
        if statement is None:
            continue
        if reason.role in (DENIES, MAY_DENY):
            for condition in statement.conditions:
                yield condition, False
        elif reason.role == DOES_NOT_ALLOW and reason.mismatch == "condition":
            for condition, found in zip(statement.conditions, reason.conditions, strict=False):
                if found.holds is False:
                    yield condition, True


def _key(request: AccessRequest) -> Hashable:
    context = frozenset((name.lower(), _text(value)) for name, value in request.context.items())
    return context, request.principal


def _text(value: Any) -> str:
    return repr(sorted(map(str, value.candidates))) if isinstance(value, OneOf) else repr(value)


_LEFT_OUT: Mapping[str, tuple[str, ...]] = {
    "s3:PutObjectTagging": ("Tagging",),
    "s3:PutObjectAcl": (*("ACL", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWriteACP"),),
    "s3:PutObjectRetention": ("ObjectLockMode", "ObjectLockRetainUntilDate"),
    "s3:PutObjectLegalHold": ("ObjectLockLegalHoldStatus",),
}
"""Permissions that a call needs only for some of its arguments.

Not among them is s3:BypassGovernanceRetention: without it the lock refuses the call.
Source: Amazon S3 API Reference, the permissions of PutObject and DeleteObject.
"""
_HEADERS = ("x-amz-tagging", "x-amz-acl", "x-amz-grant-", "x-amz-object-lock-")
_WITH_EXTRAS = frozenset({"PutObject", "CopyObject", "CreateMultipartUpload"})


def fewer_needs(facts: Facts) -> Iterator[Remedy]:
    """The same call without the arguments for which the permission is needed."""
    names = _LEFT_OUT.get(facts.action.replace("Version", ""), ())
    if not names or facts.operation not in _WITH_EXTRAS:
        return
    left_out = Told(arguments=dict.fromkeys(names))
    passes = _needless(facts) and _otherwise_allowed(left_out, facts)
    if passes is None:
        return
    yield Remedy(
        CALLER,
        f"leave out {' and '.join(names[:2])}{', …' if len(names) > 2 else ''}: "
        f"{facts.action} is needed for nothing else",
        arguments=left_out.arguments,
        risk="the call then does less",
        proved=passes,
    )


def _otherwise_allowed(told: Told, facts: Facts) -> bool | None:
    """What else the call needs is refused no more than before; None where a statement then denies it."""
    sure = True
    for judged in facts.judged:
        if judged.request.action == facts.action or judged.request.action.startswith("kms:"):
            continue
        bench = Bench(judged, frozenset(), ())
        decision = bench.decision(resent(judged.request, judged.request, told, facts).request)
        if certain(decision) - certain(judged.decision):
            return None
        sure = sure and not refusing(decision) - bench.before
    return sure


def _needless(facts: Facts) -> bool:
    """Without the headers of these arguments the request does not need the permission."""
    if facts.sent is None or facts.sent.auth_type == QUERY:
        return False
    kept = {name: value for name, value in facts.sent.headers.items() if not name.startswith(_HEADERS)}
    try:
        needed = [each.action for each in actions.wanted(replace(facts.sent, headers=kept))]
    except PolicyError:
        return False
    return facts.action not in needed
