"""The known name that a misspelt one is nearest to."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from .operators import OPERATORS

_NEAR = 0.75  # lower, and names that merely share a prefix are proposed
_QUALIFIERS = ("ForAllValues", "ForAnyValue")
_IF_EXISTS = "IfExists"


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The one of *names* most like *name*, whatever its case; None if none is near enough."""
    known = {each.lower(): each for each in names}
    found = difflib.get_close_matches(name.lower()[:200], known, n=1, cutoff=_NEAR)
    return known[found[0]] if found else None


def nearest_operator(name: str) -> str | None:
    """The condition operator most like *name*, with its qualifier and ``IfExists`` if it has them."""
    prefix, colon, base = name.rpartition(":")
    qualifier = nearest(prefix, _QUALIFIERS) if colon else None
    if colon and qualifier is None:
        return None
    if_exists = base.lower().endswith(_IF_EXISTS.lower())
    stem = base[: -len(_IF_EXISTS)] if if_exists else base
    found = nearest(stem, [each.name for each in OPERATORS.values()])
    if found is None:
        return None
    if found == "Null":  # takes neither
        return found
    head = f"{qualifier}:" if qualifier else ""
    return f"{head}{found}{_IF_EXISTS if if_exists else ''}"
