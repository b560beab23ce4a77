"""Whom and what one statement is about, each asked once; and how much may be asked in one lint."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Generic, TypeVar

from ..principals import Principals
from ..request import AccessRequest, Unknown
from ..statement import Statement
from ..truth import Truth

T = TypeVar("T")


class Effort:
    """What a lint may still spend, in requests made or looked at; large statements count for more.

    It is counted and not timed, so that a policy is judged alike on every machine.
    """

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self, requests: int = 1) -> bool:
        """Whether there was that much left."""
        self.left -= requests
        return not self.spent

    @property
    def spent(self) -> bool:
        """There was more to look at than could be: what was not found may be there all the same."""
        return self.left < 0


class Replayed(Generic[T]):
    """An iterator that can be gone through again, and is asked only as far as somebody looks."""

    __slots__ = ("_seen", "_source")

    def __init__(self, source: Iterator[T]) -> None:
        self._source = source
        self._seen: list[T] = []

    def __iter__(self) -> Iterator[T]:
        at = 0
        while True:
            if at == len(self._seen):
                try:
                    self._seen.append(next(self._source))
                except StopIteration:
                    return
            yield self._seen[at]
            at += 1


@lru_cache(maxsize=1024)
def _asking(principal: str | Unknown | None) -> AccessRequest:
    return AccessRequest("zq7:Zq7", "*", principal)


class Aim:
    """What a statement says of actions, resources and principals, its conditions aside.

    The rules ask about the same few requests over and over, and a search changes their circumstances only.

    Args:
        statement: The statement.
        attached: Its principals count.
        effort: What is spent by asking.

    ``varies`` tells that its resources have variables. ``known`` is where rules keep what they found out.
    """

    __slots__ = (
        "_acts",
        "_attached",
        "_effort",
        "_holds",
        "_whom",
        "cost",
        "known",
        "statement",
        "varies",
    )

    def __init__(self, statement: Statement, attached: bool, effort: Effort) -> None:
        self.statement = statement
        self.known: dict[Any, Any] = {}
        who = statement.principals or Principals(False, False)
        self.cost = 1 + (len(statement.actions) + len(statement.resources or ()) + len(who.aws)) // 100
        self._attached = attached
        self._effort = effort
        self.varies = any("${" in text for text in statement.resources or ())
        self._acts: dict[str, bool] = {}
        self._holds: dict[str, Truth] = {}
        self._whom: dict[Any, Truth] = {}

    def acts(self, request: AccessRequest) -> bool:
        """Whether the action is among its actions."""
        found = self._acts.get(request.action)
        if found is None:
            self._effort.spend(self.cost)
            found = self.statement.acts(request)
            self._acts[request.action] = found
        return found

    def holds(self, request: AccessRequest) -> Truth:
        """Whether the resource is among its resources."""
        # Variables differ by the circumstances; without resources the action decides (of trust policies).
        if self.varies or self.statement.resources is None:
            return self.statement.about_resource(request)
        if request.resource not in self._holds:
            self._effort.spend(self.cost)
            self._holds[request.resource] = self.statement.about_resource(request)
        return self._holds[request.resource]

    def concerns(self, request: AccessRequest) -> Truth:
        """Whether action and resource are among its own."""
        return self.holds(request) if self.acts(request) else False

    def whom(self, principal: str | Unknown | None) -> Truth:
        """Whether *principal* is among its own; everybody is where it is attached to no resource."""
        if not self._attached:
            return True
        if principal not in self._whom:
            self._effort.spend(self.cost)
            self._whom[principal] = self.statement.about_caller(_asking(principal))
        return self._whom[principal]

    def about(self, request: AccessRequest) -> bool:
        """Certainly all of them, and the statement can be read."""
        return (
            not self.statement.fatal
            and self.concerns(request) is True
            and self.whom(request.principal) is True
        )
