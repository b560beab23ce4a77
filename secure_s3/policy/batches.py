"""Many requests at once: which of them a statement certainly is about.

Requests that are made to try a policy differ in few ways: so many actions, so few callers, resources and
circumstances. A statement is asked once about each of these, not about each request; and what one statement
says of them holds for every other that says the same.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any

from .conditions import Condition
from .request import AccessRequest
from .statement import Statement
from .truth import Truth

__all__ = ["Batch"]

_REMEMBERED = 4096
"""So many parts of statements are remembered for a batch."""

Kinds = list[tuple[AccessRequest, int]]
"""One request of each kind, and the set of all of that kind: a bit for each."""
Sets = tuple[int, int]
"""Those of which something is certain, and those of which it is, or may be, so."""
Part = tuple[Hashable, Kinds, Callable[[AccessRequest], Truth]]
"""A part of a statement: what it says, the requests by what they say there, and how they are compared."""


class Batch:
    """Requests in an order, of which sets are whole numbers: the lowest bit is the first request.

    Args:
        requests: The requests.
    """

    __slots__ = ("_actions", "_callers", "_keys", "_known", "_places", "_resources", "everything", "requests")

    def __init__(self, requests: Iterable[AccessRequest]) -> None:
        self.requests = tuple(requests)
        self._places = {id(each): place for place, each in enumerate(self.requests)}
        self.everything = (1 << len(self.requests)) - 1
        self._actions = self._kinds(lambda each: each.action.lower())
        self._callers = self._kinds(lambda each: each.requester)
        self._resources = self._kinds(lambda each: each.resource)
        self._keys: dict[str, Kinds] = {}
        self._known: dict[Hashable, Sets] = {}

    def picked(self, some: int) -> Iterator[AccessRequest]:
        """The requests of a set, in their order."""
        while some:
            lowest = some & -some
            yield self.requests[lowest.bit_length() - 1]
            some ^= lowest

    def by_action(self, some: int) -> Iterator[AccessRequest]:
        """The first request of a set for each action, in their order."""
        for _, kind in self._actions:
            if found := kind & some:
                yield self.requests[(found & -found).bit_length() - 1]

    def place(self, request: AccessRequest) -> int | None:
        """Where that very request stands; None if it is no part of the batch."""
        return self._places.get(id(request))

    def certain(self, statement: Statement) -> int:
        """The set of those that *statement* certainly is about, its principals included."""
        return 0 if statement.fatal else self._about(statement)[0]

    def possible(self, statement: Statement) -> int:
        """The set of those that it is, or may be, about."""
        return self._about(statement)[1]

    def _about(self, statement: Statement) -> Sets:
        if statement.principals is None:
            return 0, 0
        if statement.varies or statement.resources is None:
            return self._one_by_one(statement)
        parts = (
            (("action", statement.actions, statement.not_action), self._actions, statement.acts),
            (("principal", statement.principals), self._callers, statement.about_caller),
            (
                ("resource", statement.resources, statement.not_resource),
                self._resources,
                statement.about_resource,
            ),
        )
        certain = possible = self.everything
        for part in (*parts, *map(self._condition, statement.conditions)):
            holds, may = self._asked(*part)
            certain, possible = certain & holds, possible & may
            if not possible:
                break
        return certain, possible

    def _condition(self, condition: Condition) -> Part:
        """Only its own key counts."""
        key = condition.folded
        if key not in self._keys:
            self._keys[key] = self._kinds(lambda each: each.lookup(key))
        about = (condition.operator, key, condition.values, condition.variables)
        return about, self._keys[key], condition.truth

    def _one_by_one(self, statement: Statement) -> Sets:
        """The same where its variables tell more of the requests apart."""
        truths = [statement.truth(each, named=True)[0] for each in self.requests]
        certain = sum(1 << place for place, truth in enumerate(truths) if truth is True)
        return certain, sum(1 << place for place, truth in enumerate(truths) if truth is not False)

    def _asked(self, about: Hashable, kinds: Kinds, asked: Callable[[AccessRequest], Truth]) -> Sets:
        found = self._known.get(about)
        if found is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            truths = [(asked(each), some) for each, some in kinds]
            # The kinds share no request: their sum is their union.
            certain = sum(some for truth, some in truths if truth is True)
            found = certain, certain + sum(some for truth, some in truths if truth is None)
            self._known[about] = found
        return found

    def _kinds(self, tell: Callable[[AccessRequest], Any]) -> Kinds:
        firsts: dict[Any, AccessRequest] = {}
        sets: dict[Any, int] = {}
        for place, each in enumerate(self.requests):
            told = tell(each)
            firsts.setdefault(told, each)
            sets[told] = sets.get(told, 0) | 1 << place
        return [(first, sets[told]) for told, first in firsts.items()]
