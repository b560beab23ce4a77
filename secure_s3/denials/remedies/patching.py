"""Operations of a JSON Patch on statements, each as small as it can be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ...policy.conditions import Condition
from ...policy.document import Policy
from ...policy.jsontext import plain, token
from ...policy.statement import Statement

Patch = tuple[Mapping[str, Any], ...]


def with_values(condition: Condition, raw: Any, *values: str) -> Patch:
    """More values for a condition; *raw* are its values as written."""
    if isinstance(raw, list):
        return tuple({"op": "add", "path": f"{condition.pointer}/-", "value": each} for each in values)
    return ({"op": "replace", "path": condition.pointer, "value": [plain(raw), *values]},)


def with_condition(statement: Statement, operator: str, key: str, value: Any) -> Patch:
    """One condition more; nothing where one of that operator and key is there."""
    block = statement.raw.get("Condition")
    path = f"{statement.pointer}/Condition"
    if not isinstance(block, Mapping):
        return ({"op": "add", "path": path, "value": {operator: {key: value}}},)
    keys = block.get(operator)
    if not isinstance(keys, Mapping):
        return ({"op": "add", "path": f"{path}/{token(operator)}", "value": {key: value}},)
    if key.lower() in {each.lower() for each in keys}:
        return ()
    return ({"op": "add", "path": f"{path}/{token(operator)}/{token(key)}", "value": value},)


def with_member(statement: Statement, element: str, values: Sequence[str]) -> Patch:
    """More values for an element such as ``Resource``, which is a string or a list."""
    raw = statement.raw.get(element)
    path = f"{statement.pointer}/{element}"
    if isinstance(raw, list):
        return tuple({"op": "add", "path": f"{path}/-", "value": each} for each in values)
    if isinstance(raw, str):
        return ({"op": "replace", "path": path, "value": [raw, *values]},)
    return ()


def with_principals(statement: Statement, element: str, who: Mapping[str, Any]) -> Patch:
    """One principal more for ``Principal`` or ``NotPrincipal``."""
    raw = statement.raw.get(element)
    if not isinstance(raw, Mapping):
        return ()
    patch: list[Mapping[str, Any]] = []
    for name, given in who.items():
        there = raw.get(name)
        values = [given] if isinstance(given, str) else list(given)
        path = f"{statement.pointer}/{element}/{token(name)}"
        if isinstance(there, list):
            fresh = [each for each in values if each not in there]
            patch += ({"op": "add", "path": f"{path}/-", "value": each} for each in fresh)
        elif isinstance(there, str):
            fresh = [each for each in values if each != there]
            patch.append({"op": "replace", "path": path, "value": [there, *fresh]})
        else:
            patch.append({"op": "add", "path": path, "value": values[0] if len(values) == 1 else values})
    return tuple(patch)


def with_statement(policy: Policy, statement: Statement) -> Patch:
    """One statement more, under a Sid that is free."""
    taken = {each.sid for each in policy.statements}
    sid = statement.sid or "Allow"
    free = next(each for each in (sid, *(f"{sid}{n}" for n in range(2, 1000))) if each not in taken)
    fresh = {**statement.to_dict(), "Sid": free}
    raw = policy.document["Statement"]
    if isinstance(raw, Mapping):
        return ({"op": "replace", "path": "/Statement", "value": [plain(raw), fresh]},)
    return ({"op": "add", "path": "/Statement/-", "value": fresh},)


def raw_values(statement: Statement, condition: Condition) -> Any:
    """The values of a condition as they are written."""
    block = statement.raw.get("Condition")
    keys = block.get(condition.operator) if isinstance(block, Mapping) else None
    return keys.get(condition.key) if isinstance(keys, Mapping) else None


def joined(patches: Iterable[Patch]) -> Patch:
    """All of them, one after another."""
    return tuple(operation for patch in patches for operation in patch)
