"""Another call that would pass: what is to be changed in its arguments, in the encryption, in the client."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ...errors import PolicyError
from ...policy.conditions import Condition
from ...policy.decision import DENIES, DOES_NOT_ALLOW, MAY_DENY, Decision
from ...policy.request import AccessRequest, OneOf
from ...policy.wire import actions
from ...policy.wire.sent import QUERY
from ..explanation import CALLER, Remedy
from .facts import Facts
from .moves import moves
from .rendering import rendered
from .trial import Bench

LOOKED_AT, CHANGES, FOUND = 160, 3, 6
"""So many requests are tried, with so many changes each, until so many are found."""


def other_calls(bench: Bench, facts: Facts) -> Iterator[Remedy]:
    """The nearest calls that would not be refused so."""
    for request in _ways(bench, facts):
        told = rendered(bench.request, request, facts)
        if told is not None:
            yield Remedy(
                CALLER,
                told.what,
                arguments=told.arguments,
                encryption=told.encryption,
                client=told.client,
                risk=told.risk,
                proved=True,
            )


def _ways(bench: Bench, facts: Facts) -> Iterator[AccessRequest]:
    waiting = deque([(bench.request, 0)])
    seen = {_key(bench.request)}
    tried = found = 0
    while waiting and tried < LOOKED_AT and found < FOUND:
        request, changes = waiting.popleft()
        decision = bench.decision(request)
        tried += 1
        if changes and bench.helps(decision):
            found += 1
            yield request
            continue
        for condition, wanted in _open(decision) if changes < CHANGES else ():
            for moved in moves(condition, wanted, request, facts):
                if _key(moved) not in seen:
                    seen.add(_key(moved))
                    waiting.append((moved, changes + 1))


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


def _key(request: AccessRequest) -> frozenset[tuple[str, str]]:
    return frozenset((name.lower(), _text(value)) for name, value in request.context.items())


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
    yield Remedy(
        CALLER,
        f"leave out {' and '.join(names[:2])}{', …' if len(names) > 2 else ''}: "
        f"{facts.action} is needed for nothing else",
        arguments=dict.fromkeys(names),
        risk="the call then does less",
        proved=_needless(facts),
    )


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
