"""The text of a file of policy tests as plain values: TOML, or YAML of which only the harmless part is read.

YAML is read as JSON values in other clothes: no anchors, aliases or tags, no key twice, and only ``true``,
``false``, ``null`` and decimal numbers are anything but text. An account id with a leading zero, which YAML
takes for an octal number, stays text.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import Any

from ..errors import PolicyError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SUITE_TEXT_BYTES = 64 * 1024
"""Longer than any file that somebody writes."""
FORMATS = ("toml", "yaml")
_DEPTH = 32
_DOTTED = re.compile(r"(?:[A-Za-z0-9_-]+[ \t]*\.[ \t]*){32}")
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,30})")
_FLOAT = re.compile(r"-?(0|[1-9][0-9]{0,30})\.[0-9]{1,30}")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}


def load(text: str, form: str, name: str) -> dict[str, Any]:
    """The mapping that the text of a file holds.

    Args:
        text: The file's text.
        form: ``toml`` or ``yaml``.
        name: What errors call the file.

    Raises:
        PolicyError: It is too long, or is not in that form; the text says at which line.
    """
    if form not in FORMATS:
        raise PolicyError(f"{form!r} is no form of policy tests", fix="pass toml or yaml")
    if not isinstance(text, str):
        raise PolicyError(f"{name} is a {type(text).__name__}, not a text", fix="read the file as UTF-8 text")
    if len(text.encode("utf-8", "replace")) > SUITE_TEXT_BYTES:
        raise PolicyError(f"{name} is longer than {SUITE_TEXT_BYTES} bytes", fix="split it")
    try:
        value = _toml(text, name) if form == "toml" else _yaml(text, name)
    except RecursionError:
        raise PolicyError(f"{name} is nested too deeply") from None
    if not isinstance(value, dict):
        raise PolicyError(f"{name} holds no policy tests", fix="write cases, each with what it expects")
    return value


def _toml(text: str, name: str) -> Any:
    if _DOTTED.search(text):  # the reader's time grows with the square of their number
        raise PolicyError(f"{name} has a key of more than {_DEPTH} parts", fix="quote a name that has dots")
    try:
        return tomllib.loads(text)
    except ValueError as error:  # TOMLDecodeError is one, and so is a number of thousands of digits
        raise PolicyError(f"{name} is no TOML: {error}") from error


def _yaml(text: str, name: str) -> Any:
    try:
        import yaml
    except ImportError as error:
        raise PolicyError(
            f"{name} is YAML, for which a package is missing",
            fix="pip install 'secure-s3[cli]', or write TOML, which needs none",
        ) from error
    try:
        depth = 0
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            _refuse_cunning(event, name)
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEPTH:  # before the reader, whose time grows with the square of the depth, goes on
                raise PolicyError(f"{_place(event, name)}: nested more than {_DEPTH} deep")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise PolicyError(f"{name} is no YAML: {error}") from error
    return None if node is None else _value(node, name)


def _refuse_cunning(event: Any, name: str) -> None:
    """Anchors make small files large, tags make text into things."""
    if getattr(event, "anchor", None) is not None:
        raise PolicyError(f"{_place(event, name)}: anchors and aliases are not read", fix="write it out")
    if getattr(event, "tag", None) is not None:
        raise PolicyError(f"{_place(event, name)}: tags are not read", fix=f"leave {event.tag!r} out")


def _value(node: Any, name: str) -> Any:
    if node.id == "sequence":
        return [_value(item, name) for item in node.value]
    if node.id == "scalar":
        return str(node.value) if node.style else _plain(str(node.value))
    found: dict[str, Any] = {}
    for key, item in node.value:
        if key.id != "scalar":
            raise PolicyError(f"{_place(key, name)}: a key is a text")
        if key.value in found:
            raise PolicyError(f"{_place(key, name)}: {key.value!r} stands twice", fix="remove one")
        found[str(key.value)] = _value(item, name)
    return found


def _plain(text: str) -> Any:
    """What a scalar without quotation marks means."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _place(item: Any, name: str) -> str:
    return f"{name}:{item.start_mark.line + 1}:{item.start_mark.column + 1}"


def table(value: Any, where: str) -> Mapping[str, Any]:
    """*value*, which has to be a mapping with texts as keys."""
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return value
    raise PolicyError(f"{where} is no table of names and values")
