"""Policy variables: ``${aws:username}``, ``${aws:PrincipalTag/team, 'none'}``, ``${*}``.

Source: IAM User Guide, "IAM policy elements: Variables and tags". Values put in for a variable are literal:
a star in them is no wildcard. A variable without a value makes a text that equals nothing and is like
nothing; so does one with several values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .globs import tokens
from .request import AccessRequest

VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_WITH_DEFAULT = re.compile(r"\s*([^,'\s]+)\s*,\s*'(.*)'\s*", re.S)
_LITERAL = frozenset("*?$")


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable: the key it stands for, in lower case, and the text for a request without it."""

    key: str
    default: str | None = None


Template = tuple["str | int | Variable", ...]


def template(text: str) -> Template | None:
    """*text* taken apart at its variables and wildcards; None if it has no variables."""
    if "${" not in text:
        return None
    parts: list[str | int | Variable] = []
    at = 0
    for found in VARIABLE.finditer(text):
        parts += tokens(text[at : found.start()])
        inner = found[1]
        with_default = _WITH_DEFAULT.fullmatch(inner)
        if inner in _LITERAL:
            parts.append(inner)
        elif with_default:
            parts.append(Variable(with_default[1].lower(), with_default[2].replace("''", "'")))
        else:
            parts.append(Variable(inner.strip().lower()))
        at = found.end()
    return (*parts, *tokens(text[at:])) if at else None


def keys(text: str) -> tuple[str, ...]:
    """The keys that the variables of *text* stand for, in lower case."""
    parts = template(text) or ()
    return tuple(part.key for part in parts if isinstance(part, Variable))


def resolve(parts: Template, request: AccessRequest) -> tuple[list[str | int] | None, str | None]:
    """The pattern for *request*, and the key that is not known.

    The pattern is None where a variable has no value, or one that is not known; the key tells which.
    """
    resolved: list[str | int] = []
    for part in parts:
        if not isinstance(part, Variable):
            resolved.append(part)
            continue
        value = request.lookup(part.key)
        if isinstance(value, tuple) and len(value) == 1:
            resolved.append(value[0])
        elif value is not None and not isinstance(value, tuple):
            return None, part.key
        elif value is None and part.default is not None:
            resolved.append(part.default)
        else:
            return None, None
    return resolved, None
