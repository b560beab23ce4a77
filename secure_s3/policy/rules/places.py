"""Where the values of a policy stand, what a condition does that always holds, and how to move one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from ..conditions import Condition
from ..jsontext import Number, token
from ..request import AccessRequest
from ..statement import Statement
from ..truth import Truth

Patch = tuple[Mapping[str, Any], ...]

NOBODY_SENT = AccessRequest("s3:GetObject", "arn:aws:s3:::amzn-s3-demo-bucket/key")
"""A request whose context has no keys but those that every request has."""

_NAME_LENGTH = 64


def listed(statement: Statement, *elements: str) -> Iterator[tuple[str, str]]:
    """The strings of the first of *elements* that is there, each with its JSON pointer."""
    name = next((each for each in elements if each in statement.raw), None)
    if name is not None:
        yield from strings(statement.raw[name], f"{statement.pointer}/{token(name)}")


def strings(value: Any, pointer: str) -> Iterator[tuple[str, str]]:
    """A string, or the strings of a list, each with its JSON pointer."""
    if isinstance(value, str):
        yield value, pointer
    elif isinstance(value, list):
        yield from ((item, f"{pointer}/{place}") for place, item in enumerate(value) if isinstance(item, str))


def values_of(statement: Statement, condition: Condition) -> Iterator[tuple[str, str]]:
    """The values of a condition as text, each with its JSON pointer; booleans and numbers count."""
    raw = raw_of(statement, condition)
    items = [raw] if not isinstance(raw, list) else raw
    for place, item in enumerate(items):
        if isinstance(item, str | bool | Number):
            pointer = f"{condition.pointer}/{place}" if isinstance(raw, list) else condition.pointer
            yield (str(item).lower() if isinstance(item, bool) else str(item)), pointer


def raw_of(statement: Statement, condition: Condition) -> Any:
    """The values of a condition, as written."""
    return statement.raw["Condition"][condition.operator][condition.key]


def principal_strings(statement: Statement) -> Iterator[tuple[str, str, str]]:
    """What Principal or NotPrincipal names: the kind (AWS, Service, …), the text and the JSON pointer."""
    for name in ("Principal", "NotPrincipal"):
        value = statement.raw.get(name)
        pointer = f"{statement.pointer}/{name}"
        if isinstance(value, str):
            yield "", value, pointer
        if isinstance(value, Mapping):
            for kind, inside in value.items():
                yield from ((kind, text, at) for text, at in strings(inside, f"{pointer}/{token(kind)}"))


def consequence(statement: Statement, holds: Truth) -> str:
    """What it does to a statement that one of its conditions always (or never) holds."""
    if holds is None or statement.effect is None:
        return "nobody can say what the statement does"
    if statement.effect == "Deny":
        return (
            "it always holds, so that the statement denies whatever else it is about"
            if holds
            else "it never holds, so that the statement never denies"
        )
    return "it always holds and restricts nothing" if holds else "it never holds, so that nothing is allowed"


def without_key(condition: Condition) -> Truth:
    """Whether the condition holds for requests that lack its key."""
    return condition.truth(NOBODY_SENT)


def moved(
    statement: Statement, condition: Condition, *, operator: str = "", key: str = "", values: Any = None
) -> Patch:
    """The patch that gives a condition another operator, key or values; none where the place is taken."""
    operator, key = operator or condition.operator, key or condition.key
    values = raw_of(statement, condition) if values is None else values
    if (operator, key) == (condition.operator, condition.key):
        return (replace(condition.pointer, values),)
    blocks = statement.raw["Condition"]
    beside = blocks.get(operator, {})
    taken = [each for each in beside if each.lower() == key.lower()]
    if not isinstance(beside, Mapping) or (
        taken and (operator, taken) != (condition.operator, [condition.key])
    ):
        return ()
    block = condition.pointer.rpartition("/")[0]
    alone = operator != condition.operator and len(blocks[condition.operator]) == 1
    target = f"{statement.pointer}/Condition/{token(operator)}"
    added = add(f"{target}/{token(key)}", values) if operator in blocks else add(target, {key: values})
    return (remove(block if alone else condition.pointer), added)


def add(pointer: str, value: Any) -> Mapping[str, Any]:
    """One operation of a JSON Patch."""
    return {"op": "add", "path": pointer, "value": _portable(value)}


def replace(pointer: str, value: Any) -> Mapping[str, Any]:
    """One operation of a JSON Patch."""
    return {"op": "replace", "path": pointer, "value": _portable(value)}


def _portable(value: Any) -> Any:
    """*value* as any JSON library takes it; numbers are texts, which AWS takes as well and nobody rounds."""
    if isinstance(value, Mapping):
        return {key: _portable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_portable(item) for item in value]
    return str(value) if isinstance(value, Number) else value


def remove(pointer: str) -> Mapping[str, Any]:
    """One operation of a JSON Patch."""
    return {"op": "remove", "path": pointer}


def nearest(name: str, known: Mapping[str, str]) -> str | None:
    """The name that *name* is likely to mean; *known* has them by their lower case."""
    if len(name) > _NAME_LENGTH:
        return None
    folded = name.lower()
    close = [folded] if folded in known else get_close_matches(folded, known, n=1, cutoff=0.75)
    return known[close[0]] if close else None


def quoted(text: str) -> str:
    """*text* for a message: in quotes, and not longer than a line can bear."""
    return repr(text if len(text) <= 80 else f"{text[:77]}...")
