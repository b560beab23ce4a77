"""A snapshot as plain values, for JSON, and back: an audit of a saved snapshot asks nobody.

``from_dict(json.loads(json.dumps(to_dict(snapshot)))) == snapshot``. What was not read is
``{"unread": {"why": …, "action": …, "code": …}}`` in the place of the value.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from ...errors import ConfigurationError
from ...values import printable_text
from .values import Snapshot, Unread

_UNREAD = "unread"
_DEPTH = 40
_MISSING = object()
_SCALARS = (str, bool, int, float, type(None))


def to_dict(snapshot: Snapshot) -> dict[str, Any]:
    """Plain values: dictionaries, lists, texts, numbers, booleans and None."""
    told: dict[str, Any] = _plain(snapshot)
    return told


def from_dict(mapping: Mapping[str, Any]) -> Snapshot:
    """The snapshot that ``to_dict`` made *mapping* of. A field that is left out was not asked for.

    Raises:
        ConfigurationError: It is none; the text names the field that is wrong.
    """
    made: Snapshot = _made(Snapshot, mapping, "snapshot", 0)
    return made


def _plain(value: Any) -> Any:
    if isinstance(value, Unread):
        return {_UNREAD: _fields(value)}
    if is_dataclass(value):
        return _fields(value)
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, tuple | list) else value


def _fields(value: Any) -> dict[str, Any]:
    return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}


# -- and back ----------------------------------------------------------------------------------------------


def _made(kind: Any, value: Any, where: str, depth: int) -> Any:
    """*value* as what an annotation says."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _one_of(get_args(kind), value, where, depth)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            _refuse(where, "a list", value)
        inner = get_args(kind)[0]
        return tuple(_made(inner, each, f"{where}[{at}]", depth) for at, each in enumerate(value))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
            _refuse(where, "an object", value)
        inner = get_args(kind)[1]
        return {name: _made(inner, each, f"{where}.{name}", depth + 1) for name, each in value.items()}
    if kind is Any:
        return _setting(value, where, depth)
    if is_dataclass(kind):
        return _value(kind, value, where, depth)
    if type(value) is not kind:
        _refuse(where, {str: "a text", bool: "true or false"}.get(kind, "null"), value)
    return value


def _one_of(kinds: tuple[Any, ...], value: Any, where: str, depth: int) -> Any:
    if Unread in kinds and isinstance(value, Mapping) and value.keys() == {_UNREAD}:
        return _value(Unread, value[_UNREAD], f"{where}.{_UNREAD}", depth)
    if value is None and type(None) in kinds:
        return None
    (wanted,) = (each for each in kinds if each not in (Unread, type(None)))
    return _made(wanted, value, where, depth)


def _value(kind: Any, given: Any, where: str, depth: int) -> Any:
    if not isinstance(given, Mapping):
        _refuse(where, "an object", given)
    known = _annotations(kind)
    if unknown := sorted(str(name) for name in given.keys() - known.keys()):
        _refuse(f"{where}.{unknown[0]}", "left out, for there is no such field", given[unknown[0]])
    needed = {
        each.name for each in fields(kind) if each.default is MISSING and each.default_factory is MISSING
    }
    if missing := sorted(needed - given.keys()):
        _refuse(f"{where}.{missing[0]}", "given", _MISSING)
    return kind(**{name: _made(known[name], each, f"{where}.{name}", depth) for name, each in given.items()})


@cache
def _annotations(kind: Any) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _setting(value: Any, where: str, depth: int) -> Any:
    """As a service answered it: anything that JSON has."""
    if depth > _DEPTH:
        _refuse(where, f"at most {_DEPTH} levels deep", "…")
    if isinstance(value, Mapping):
        return _made(Mapping[str, Any], value, where, depth)
    if isinstance(value, list | tuple):
        return [_setting(each, f"{where}[{at}]", depth + 1) for at, each in enumerate(value)]
    if not isinstance(value, _SCALARS):
        _refuse(where, "a value that JSON has", value)
    return value


def _refuse(where: str, wanted: str, value: Any) -> None:
    raise ConfigurationError(
        f"this is no snapshot: {printable_text(where)} must be {wanted}",
        why="it is missing" if value is _MISSING else f"it is {_shown(value)}",
        fix="give what to_dict() made of a snapshot",
    )


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
