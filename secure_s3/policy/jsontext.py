"""JSON read without losing anything: order, numbers as written, duplicate keys, and where each thing stands.

Python's own reader keeps the last of two equal keys and forgets the positions; for a policy both matter
(RFC 8259, section 4: the names within an object SHOULD be unique).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from json.decoder import scanstring  # type: ignore[attr-defined]  # documented nowhere, there since Python 2.6
from typing import Any

from ..errors import PolicyError
from ..limits import POLICY_DEPTH, POLICY_TEXT_BYTES

_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
NUMBER_DIGITS = 300
DUPLICATES = 100
"""So many are told with their place; each costs a look through the text."""
_WORDS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number as it was written, so that ``1.20`` stays ``1.20``."""

    text: str

    def __str__(self) -> str:
        return self.text


class Repeated(dict[str, Any]):
    """An object in which a key stands twice: reads as the last, as parsers do; ``pairs`` has all."""

    __slots__ = ("pairs",)

    def __init__(self, pairs: Iterable[tuple[str, Any]]) -> None:
        self.pairs = tuple(pairs)
        super().__init__(self.pairs)


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A key that stands twice in one object: where the object is, and where the later one begins."""

    pointer: str
    key: str
    line: int
    column: int


@dataclass(slots=True)
class Text:
    """A JSON document: its value, and the offset at which each JSON pointer begins."""

    value: Any
    source: str = ""
    places: dict[str, int] = field(default_factory=dict)
    duplicates: tuple[Duplicate, ...] = ()

    def place(self, pointer: str) -> tuple[int, int] | None:
        """Line and column, from 1, of what *pointer* names; None if the document was not read from text."""
        offset = self.places.get(pointer)
        return None if offset is None else _place(self.source, offset)


def token(key: str) -> str:
    """*key* as one token of a JSON pointer (RFC 6901, section 3)."""
    return key.replace("~", "~0").replace("/", "~1")


def read(text: str | bytes) -> Text:
    """The document in *text*; PolicyError with line and column if it is not JSON, too long or too deep."""
    if not isinstance(text, str):
        try:
            text = bytes(text).decode()
        except UnicodeDecodeError as error:
            raise PolicyError("the policy is not text", why=str(error), fix="save it as UTF-8") from error
    if len(text) > POLICY_TEXT_BYTES:
        raise PolicyError(
            f"the policy has {len(text):,} characters",
            why=f"no policy of AWS is longer than 32 KB, and none above {POLICY_TEXT_BYTES:,} is read",
            fix="pass one policy document",
        )
    return _Reader(text).document()


class _Reader:
    """One pass over the text; the depth is bounded, so that recursion is."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.places: dict[str, int] = {}
        self.duplicates: list[Duplicate] = []

    def document(self) -> Text:
        value, end = self.value(self.skip(0), "", 0)
        if self.skip(end) != len(self.text):
            raise self.error(self.skip(end), "something follows the document")
        return Text(value, self.text, self.places, tuple(self.duplicates))

    def skip(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def error(self, at: int, why: str) -> PolicyError:
        line, column = _place(self.text, at)
        return PolicyError(
            "the policy is not JSON",
            why=f"line {line}, column {column}: {why}",
            fix="a policy document is one JSON object, without comments and trailing commas",
        )

    def value(self, at: int, pointer: str, depth: int) -> tuple[Any, int]:
        self.places[pointer] = at
        first = self.text[at : at + 1]
        if first == "{" or first == "[":
            if depth >= POLICY_DEPTH:
                raise self.error(at, f"nested deeper than {POLICY_DEPTH} levels")
            inside = self.object if first == "{" else self.array
            return inside(self.skip(at + 1), pointer, depth + 1)
        if first == '"':
            return self.string(at)
        for word, value in _WORDS.items():
            if self.text.startswith(word, at):
                return value, at + len(word)
        number = _NUMBER.match(self.text, at)
        if number is None:
            raise self.error(at, f"{self.text[at : at + 10]!r} begins no value" if first else "it ends here")
        if len(number[0]) > NUMBER_DIGITS:
            raise self.error(at, f"a number has more than {NUMBER_DIGITS} characters")
        return Number(number[0]), number.end()

    def string(self, at: int) -> tuple[str, int]:
        try:
            text, end = scanstring(self.text, at + 1, True)
        except json.JSONDecodeError as error:
            raise self.error(error.pos, error.msg.lower()) from None
        return text, end

    def object(self, at: int, pointer: str, depth: int) -> tuple[Any, int]:
        pairs: list[tuple[str, Any]] = []
        seen: set[str] = set()
        repeated = False
        while self.text[at : at + 1] != "}" or pairs:
            if self.text[at : at + 1] != '"':
                raise self.error(at, "a name in double quotes is expected here")
            key, end = self.string(at)
            if key in seen:
                repeated = True
                if len(self.duplicates) < DUPLICATES:
                    self.duplicates.append(Duplicate(pointer, key, *_place(self.text, at)))
            seen.add(key)
            at = self.skip(end)
            if self.text[at : at + 1] != ":":
                raise self.error(at, "a colon is expected here")
            value, end = self.value(self.skip(at + 1), f"{pointer}/{token(key)}", depth)
            pairs.append((key, value))
            at, more = self.next(end, "}")
            if not more:
                return (Repeated(pairs) if repeated else dict(pairs)), at
        return {}, at + 1

    def array(self, at: int, pointer: str, depth: int) -> tuple[list[Any], int]:
        items: list[Any] = []
        while self.text[at : at + 1] != "]" or items:
            value, end = self.value(at, f"{pointer}/{len(items)}", depth)
            items.append(value)
            at, more = self.next(end, "]")
            if not more:
                return items, at
        return items, at + 1

    def next(self, at: int, closing: str) -> tuple[int, bool]:
        at = self.skip(at)
        character = self.text[at : at + 1]
        if character == ",":
            return self.skip(at + 1), True
        if character == closing:
            return at + 1, False
        raise self.error(at, f"a comma or {closing} is expected here")


def _place(text: str, offset: int) -> tuple[int, int]:
    before = text.count("\n", 0, offset)
    return before + 1, offset - text.rfind("\n", 0, offset)


def plain(value: Any, depth: int = 0) -> Any:
    """A copy of Python values as ``read`` would give them; PolicyError for what JSON cannot say."""
    if value is None or isinstance(value, bool | Number):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int | float | Decimal):
        return _number(value)
    if depth >= POLICY_DEPTH:
        raise PolicyError(f"the policy is nested deeper than {POLICY_DEPTH} levels")
    if isinstance(value, Repeated):
        return Repeated((str(key), plain(item, depth + 1)) for key, item in value.pairs)
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise PolicyError("a key of the policy is not a string", fix="use strings as keys")
        return {str(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, depth + 1) for item in value]
    raise PolicyError(
        f"the policy holds a {type(value).__name__}", why="JSON has no such value", fix="write it as a string"
    )


def _number(value: float | Decimal) -> Number:
    try:
        text = int.__repr__(value) if isinstance(value, int) else str(value)
    except ValueError:  # Python writes no number of more than some thousand digits
        text = "9" * (NUMBER_DIGITS + 1)
    if len(text) > NUMBER_DIGITS:
        raise PolicyError(f"a number has more than {NUMBER_DIGITS} digits", fix="write it as a string")
    if not _NUMBER.fullmatch(text.replace("E+", "e+")):
        raise PolicyError(f"{text} is no JSON number", fix="write the value as a string")
    return Number(text)


def simple(value: Any) -> Any:
    """*value* with ordinary numbers and dicts, as ``json.loads`` gives them."""
    if isinstance(value, Number):
        return json.loads(value.text)
    if isinstance(value, Mapping):
        return {key: simple(item) for key, item in value.items()}
    return [simple(item) for item in value] if isinstance(value, list) else value


def write(value: Any, indent: int | None = 2, level: int = 0) -> str:
    """*value* as JSON, as ``read`` gave it; ``indent=None`` without any white space."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Mapping):
        pairs = value.pairs if isinstance(value, Repeated) else value.items()
        colon = ":" if indent is None else ": "
        items = [f"{_quoted(key)}{colon}{write(item, indent, level + 1)}" for key, item in pairs]
        return _wrapped("{", items, "}", indent, level)
    if isinstance(value, list | tuple):
        return _wrapped("[", [write(item, indent, level + 1) for item in value], "]", indent, level)
    return {True: "true", False: "false", None: "null"}[value]


def _quoted(text: str) -> str:
    # A lone surrogate cannot be written as UTF-8; escaped it can.
    lone = not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text)
    return json.dumps(text, ensure_ascii=lone)


def _wrapped(opening: str, items: list[str], closing: str, indent: int | None, level: int) -> str:
    if not items:
        return opening + closing
    if indent is None:
        return opening + ",".join(items) + closing
    inner, outer = "\n" + " " * indent * (level + 1), "\n" + " " * indent * level
    return opening + inner + f",{inner}".join(items) + outer + closing
