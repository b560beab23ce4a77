"""The right form of a statement as operations of a JSON Patch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..conditions import Condition
from ..jsontext import plain as copied
from ..jsontext import token
from ..statement import Statement
from .rule import Subject

Patch = tuple[Mapping[str, Any], ...]


def replaced(statement: Statement, element: str, value: Any) -> Patch:
    """Another value for an element that is there."""
    return ({"op": "replace", "path": f"{statement.pointer}/{token(element)}", "value": value},)


def removed(subject: Subject, statement: Statement) -> Patch:
    """The policy without the statement; nothing where it is the only one."""
    if len(subject.policy.statements) < 2:
        return ()
    return ({"op": "remove", "path": statement.pointer},)


def values(condition: Condition, wanted: Sequence[str]) -> Patch:
    """Other values for a condition."""
    value = wanted[0] if len(wanted) == 1 else list(wanted)
    return ({"op": "replace", "path": condition.pointer, "value": value},)


def conditions(
    statement: Statement,
    *,
    without: Sequence[Condition] = (),
    more: Mapping[str, Mapping[str, Any]] | None = None,
) -> Patch:
    """Its block of conditions without some and with more; nothing if a new one would replace another."""
    dropped = {(each.operator, each.key) for each in without}
    raw = statement.raw.get("Condition", {})
    block: dict[str, dict[str, Any]] = {}
    for operator, keys in raw.items():
        kept = {key: copied(value) for key, value in keys.items() if (operator, key) not in dropped}
        if kept:
            block[operator] = kept
    for operator, keys in (more or {}).items():
        there = block.setdefault(operator, {})
        if {key.lower() for key in keys} & {key.lower() for key in there}:
            return ()
        there.update(keys)
    op = "replace" if "Condition" in statement.raw else "add"
    return ({"op": op, "path": f"{statement.pointer}/Condition", "value": block},)


def added(subject: Subject, statement: Mapping[str, Any]) -> Patch:
    """The policy with one statement more, under a Sid that is free."""
    taken = {each.sid for each in subject.policy.statements}
    sid = str(statement["Sid"])
    free = next(each for each in (sid, *(f"{sid}{n}" for n in range(2, 1000))) if each not in taken)
    fresh = {**statement, "Sid": free}
    raw = subject.policy.document["Statement"]
    if isinstance(raw, Mapping):
        return ({"op": "replace", "path": "/Statement", "value": [copied(raw), fresh]},)
    return ({"op": "add", "path": "/Statement/-", "value": fresh},)
