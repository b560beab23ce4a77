"""How settings, and what differs between two of them, are written in a plan. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ...values import printable_text


def counted(number: int, noun: str) -> str:
    """``no change``, ``1 change``, ``2 changes``."""
    return f"{number or 'no'} {noun}{'' if number < 2 else 's'}"


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """What differs between two settings, a line each."""
    names = [name for name in dict.fromkeys((*before, *after)) if before.get(name) != after.get(name)]
    return tuple(_line(name, before, after) for name in names)


def _line(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    if name not in before:
        return f"+ {name}: {_value(after[name])}"
    if name not in after:
        return f"- {name}: {_value(before[name])}"
    return f"~ {name}: {_value(before[name])} -> {_value(after[name])}"


def _value(value: Any) -> str:
    return "(never set)" if value is None else shown(value)


def shown(value: Any) -> str:
    """A setting in a line, as JSON would have it but without quotation marks around texts."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {shown(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(shown, value)) + "]"
    return '""' if value == "" else str(value)


def indented(lines: Iterable[str], before: str = "   ") -> list[str]:
    """Lines of a block. They may hold other people's text: what steers a terminal is made visible."""
    return [before + printable_text(line) for line in lines]


def plain(value: Any) -> Any:
    """Of JSON's types only."""
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value
