"""From a request to one that statements are, or are not, about, by changing a circumstance at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from itertools import islice

from .. import catalogue
from ..conditions import Condition
from ..request import AccessRequest
from ..statement import Statement
from .circumstances import candidates, under
from .rule import Subject

BUDGET = 100
"""So many requests are looked at in one search."""
WIDTH = 12
"""So many values of a key are tried from one request."""

Searched = tuple[AccessRequest | None, bool]
"""What was found, and whether everything was tried."""


def searched(
    subject: Subject,
    start: AccessRequest,
    must: Sequence[Statement],
    avoid: Sequence[Statement],
    fixed: Collection[str],
) -> Searched:
    """The first request on the way from *start* to which all of *must* apply and none of *avoid*."""
    pool = _Pool((*must, *avoid), fixed)
    avoid = [each for each in avoid if _may_concern(subject, each, start)]
    stack, seen, complete = [start], set[_Mark](), True
    for _ in range(BUDGET):
        if not stack:
            return None, complete
        if not subject.effort.spend(1 + len(avoid) // 8):
            break
        request = stack.pop()
        wrong = _wrong(subject, request, must, avoid)
        if wrong is None:
            return request, True
        turns, all_of_them = _turns(wrong, pool)
        complete = complete and all_of_them
        seen = seen or {_mark(start)}  # most searches end where they start
        moves = _moves(subject, request, turns, seen)
        first = next(moves, None)
        if first and _wrong(subject, first[0], must, avoid) is None:
            return first[0], True  # it is looked at next: the others need not be made
        for moved, mark in reversed([first, *moves] if first else []):
            if mark not in seen:
                seen.add(mark)
                stack.append(moved)
    return None, False


def _may_concern(subject: Subject, statement: Statement, start: AccessRequest) -> bool:
    """Whether it can be about the action and the resource, which no move changes."""
    aim = subject.aim(statement)
    return aim.varies or aim.concerns(start) is not False


class _Pool:
    """For each key that may vary, the values worth trying."""

    def __init__(self, statements: Sequence[Statement], fixed: Collection[str]) -> None:
        self._statements = statements
        self._fixed = fixed
        self._values: dict[str, tuple[str | None, ...]] = {}

    def values(self, key: str) -> tuple[str | None, ...]:
        if key not in self._values:
            found: dict[str | None, None] = {}
            for statement in () if key in self._fixed else self._statements:
                if key in statement.keys:
                    for condition in statement.conditions:
                        if condition.folded == key:
                            found.update(dict.fromkeys(candidates(condition)))
            self._values[key] = tuple(found)
        return self._values[key]


def _wrong(
    subject: Subject, request: AccessRequest, must: Sequence[Statement], avoid: Sequence[Statement]
) -> list[tuple[Condition, bool]] | None:
    """The conditions that would have to turn, each with what it should be; None if nothing is wrong."""
    for each in must:
        turned = next((one for one in each.conditions if one.truth(request) is not True), None)
        if turned is not None:
            return [(turned, True)]
        if not subject.aim(each).about(request):
            return []
    for each in avoid:
        if subject.applies(each, request):
            return [(condition, False) for condition in each.conditions]
    return None


Turn = tuple[Condition, bool, str | None]
"""A condition, how it should come out, and a value of its key with which it may."""


def _turns(wrong: list[tuple[Condition, bool]], pool: _Pool) -> tuple[list[Turn], bool]:
    """The turns worth trying, and whether they are all there are."""
    turns: list[Turn] = []
    complete = True
    for condition, wanted in wrong:
        values = pool.values(condition.folded)
        fitting = (each for each in values if fits(condition, each) is not (not wanted))
        tried = list(islice(fitting, WIDTH + 1))
        complete = complete and len(tried) <= WIDTH
        turns += [(condition, wanted, value) for value in tried[:WIDTH]]
    return turns, complete


def _moves(
    subject: Subject, request: AccessRequest, turns: list[Turn], seen: set[_Mark]
) -> Iterator[tuple[AccessRequest, _Mark]]:
    """The requests in which a condition has turned, but for those that were seen."""
    for condition, wanted, value in turns:
        if not wanted and value is not None and not carries(request.action, condition.folded):
            continue  # no request passes by what it cannot have
        subject.effort.spend(1 + len(request.context) // 24)
        moved = under(request, condition.folded, value)
        if condition.truth(moved) is wanted:
            mark = _mark(moved)
            if mark not in seen:
                yield moved, mark


@lru_cache(maxsize=4096)
def carries(action: str, key: str) -> bool:
    """Whether requests for the action can have that key of S3; those of other services all may."""
    known, named = catalogue.action(action), catalogue.condition_key(key)
    if known is None or named is None or not named.name.startswith("s3:"):
        return True
    return named.name.lower() in catalogue.keys_of(known)


def fits(condition: Condition, value: str | None) -> bool | None:
    """How the condition comes out for that value of its key; None where it has variables."""
    if condition.variables:
        for each in condition.values:
            if "${" in each:
                return None
    return condition.truth(_having(condition.folded, value))


_ANYBODY = AccessRequest("s3:GetObject", "*", None)


@lru_cache(maxsize=8192)
def _having(key: str, value: str | None) -> AccessRequest:
    return _ANYBODY._retold({key: value}, {key: value})


_Mark = tuple[str, frozenset[tuple[str, str]]]


def _mark(request: AccessRequest) -> _Mark:
    known = ((key.lower(), str(value)) for key, value in request.context.items() if value is not None)
    return str(request.principal), frozenset(known)
