"""A policy document: read without losing anything, printed as it was written.

Sources: IAM User Guide, "Grammar of the IAM JSON policy language" and "IAM JSON policy elements reference".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import PolicyError
from . import jsontext
from .statement import CURRENT_VERSION, Problem, Statement

VERSIONS = (CURRENT_VERSION, "2008-10-17")
_SHAPE = 'a policy reads {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": …}]}'
_TOP = frozenset({"Version", "Id", "Statement"})


class Policy:
    """A policy: its statements, and the document as it was written.

    It does not change. Two policies are equal if their documents are, whatever the order of keys.
    ``Policy.parse`` keeps all that can be understood; what AWS would refuse is told by ``lint``.
    """

    __slots__ = ("_document", "_text", "keys", "statements")

    statements: tuple[Statement, ...]
    keys: frozenset[str]
    """The condition keys of all statements, in lower case."""

    def __init__(self, text: jsontext.Text) -> None:
        self._text = text
        raw_statements = _statements(text.value)
        self._document: Mapping[str, Any] = text.value
        version = self.version
        self.statements = tuple(
            Statement(raw, index, version, pointer, checked=True)
            for index, (raw, pointer) in enumerate(raw_statements)
        )
        self.keys = frozenset[str]().union(*(statement.keys for statement in self.statements))

    @classmethod
    def parse(cls, document: Policy | str | bytes | Mapping[str, Any]) -> Policy:
        """The policy in a JSON text or in the equivalent Python values; a Policy is given back as it is.

        Raises:
            PolicyError: it is not JSON, too long, too deep, or has no statements; the text says where.
        """
        if isinstance(document, Policy):
            return document
        if isinstance(document, str | bytes | bytearray):
            text = jsontext.read(document if isinstance(document, str) else bytes(document))
        elif isinstance(document, Mapping):
            text = jsontext.Text(jsontext.plain(document))
        else:
            raise PolicyError(
                f"a {type(document).__name__} is no policy document",
                fix="pass its JSON text or a dict, or make one of statements with Policy.of(…)",
            )
        return cls(text)

    @classmethod
    def of(cls, *statements: Statement, id: str | None = None) -> Policy:
        """A policy of these statements.

        Raises:
            PolicyError: there is none, or two have the same Sid.
        """
        if not all(isinstance(statement, Statement) for statement in statements):
            raise PolicyError(
                "a policy is made of statements", fix="pass what the builders make, or Statement({…})"
            )
        if not statements:
            raise PolicyError("a policy needs at least one statement", fix="pass statements")
        sids = [statement.sid for statement in statements if statement.sid]
        twice = {sid for sid in sids if sids.count(sid) > 1}
        if twice:
            raise PolicyError(
                f"two statements have the Sid {min(twice)!r}",
                why="AWS refuses a policy in which a Sid stands twice",
                fix="pass sid= to one of them",
            )
        return cls.parse(
            {
                "Version": CURRENT_VERSION,
                **({"Id": id} if id else {}),
                "Statement": [dict(statement.raw) for statement in statements],
            }
        )

    @property
    def version(self) -> str:
        """The version of the language; ``2008-10-17`` where the document names none, as AWS takes it."""
        version = self._document.get("Version", VERSIONS[1])
        return version if isinstance(version, str) else VERSIONS[1]

    @property
    def id(self) -> str | None:
        """The ``Id`` of the document."""
        found = self._document.get("Id")
        return found if isinstance(found, str) else None

    @property
    def document(self) -> Mapping[str, Any]:
        """The document; its numbers are Numbers, as they were written."""
        return self._document

    @property
    def duplicates(self) -> tuple[jsontext.Duplicate, ...]:
        """Keys that stand twice in one object, with line and column; the last one is what counts."""
        return self._text.duplicates

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the document itself; each statement has its own ``problems``."""
        found = [
            Problem(name, f"{name!r} is no element of a policy", f"/{jsontext.token(name)}", fatal=False)
            for name in self._document
            if name not in _TOP
        ]
        if self._document.get("Version", VERSIONS[1]) not in VERSIONS:
            found.append(Problem("Version", f"there is no version {self.version!r}", "/Version"))
        return tuple(found)

    @property
    def size(self) -> int:
        """Bytes of the document without white space, which is what a quota is compared with."""
        if self._text.source and not self._text.duplicates:
            try:  # the same, written faster; of numbers and lone surrogates only to_json knows
                return len(json.dumps(self._document, ensure_ascii=False, separators=(",", ":")).encode())
            except (TypeError, ValueError):
                pass
        return len(self.to_json(indent=None).encode())

    @property
    def source(self) -> str:
        """The text that the policy was read from; empty if it was not."""
        return self._text.source

    def place(self, pointer: str) -> tuple[int, int] | None:
        """Line and column, from 1, of a JSON pointer; None if the policy was not read from text."""
        return self._text.place(pointer)

    def to_json(self, indent: int | None = 2) -> str:
        """The document as JSON: same order, same numbers, duplicate keys included."""
        return jsontext.write(self._document, indent)

    def to_dict(self) -> dict[str, Any]:
        """The document as plain Python values; of duplicate keys the last."""
        copied: dict[str, Any] = jsontext.simple(self._document)
        return copied

    def with_statements(self, statements: Iterable[Statement]) -> Policy:
        """The same document with other statements."""
        found = tuple(statements)
        if not all(isinstance(statement, Statement) for statement in found):
            raise PolicyError(
                "a policy is made of statements", fix="pass what the builders make, or Statement({…})"
            )
        return Policy.parse({**self._document, "Statement": [statement.raw for statement in found]})

    def __eq__(self, other: object) -> bool:
        return self._document == other._document if isinstance(other, Policy) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self.statements))

    def __repr__(self) -> str:
        return f"<Policy of {len(self.statements)} statements, {self.size} bytes>"


Document = Policy | str | bytes | Mapping[str, Any]
"""A policy, or what ``Policy.parse`` reads."""


def _statements(document: Any) -> list[tuple[Mapping[str, Any], str]]:
    if not isinstance(document, Mapping):
        raise PolicyError(
            "this JSON is no policy document",
            why=f"it is a {_kind(document)}, not an object",
            fix=_SHAPE,
        )
    statements = document.get("Statement")
    if isinstance(statements, Mapping):
        return [(statements, "/Statement")]
    if not isinstance(statements, list):
        why = "Statement is missing" if "Statement" not in document else f"Statement is a {_kind(statements)}"
        raise PolicyError(
            "this JSON is no policy document",
            why=why,
            fix=_SHAPE,
        )
    for index, statement in enumerate(statements):
        if not isinstance(statement, Mapping):
            raise PolicyError(
                "this JSON is no policy document",
                why=f"statement {index + 1} is a {_kind(statement)}, not an object",
                fix=_SHAPE,
            )
    return [(statement, f"/Statement/{index}") for index, statement in enumerate(statements)]


def _kind(value: Any) -> str:
    if isinstance(value, jsontext.Number):
        return "number"
    return {str: "string", list: "list", bool: "boolean", type(None): "null"}.get(type(value), "value")
