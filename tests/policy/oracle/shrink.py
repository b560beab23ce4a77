"""Smaller cases that still differ, so that a difference can be read."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from .cases import Case

Answers = Callable[[list[Case]], list[tuple[str, str] | None]]
"""From cases to how both sides decide each; None if the other side refuses it."""

LAYERS = ("identity", "scps", "rcps", "endpoint", "boundary", "session", "resource_policy")


def shrunk(asked: list[Case], answers: Answers, rounds: int = 60) -> list[Case]:
    """Each case without whatever can be left out while both sides decide it as they did."""
    wanted = answers(asked)
    for _ in range(rounds):
        tried = [[*smaller(case)] for case in asked]
        flat = answers([case for several in tried for case in several])
        after, at, progress = [], 0, False
        for case, several, goal in zip(asked, tried, wanted, strict=True):
            found = flat[at : at + len(several)]
            at += len(several)
            better = [each for each, answer in zip(several, found, strict=True) if answer == goal]
            after.append(better[0] if better else case)
            progress = progress or bool(better)
        asked = after
        if not progress:
            break
    return asked


def smaller(case: Case) -> Iterator[Case]:
    """The case without one layer, one statement, one condition, one value or one key of its context."""
    for layer in LAYERS:
        if case[layer]:
            yield case | {layer: [] if isinstance(case[layer], list) else None}
    for path in [*_removable(case)]:
        smaller_one = copy.deepcopy(case)
        holder: Any = smaller_one
        for step in path[:-1]:
            holder = holder[step]
        del holder[path[-1]]
        yield smaller_one


def _removable(case: Case) -> Iterator[tuple[Any, ...]]:
    for layer in LAYERS:
        yield from _inside(case[layer], (layer,))
    yield from (("context", key) for key in case["context"])


def _inside(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, list):
        if len(value) > 1:
            yield from ((*path, number) for number in range(len(value)))
        for number, item in enumerate(value):
            yield from _inside(item, (*path, number))
    elif isinstance(value, dict):
        if "Condition" in value:
            yield (*path, "Condition")
        if path[-1] == "Condition" and len(value) > 1:
            yield from ((*path, key) for key in value)
        for key, item in value.items():
            yield from _inside(item, (*path, key))
