"""Three-valued logic: True, False, and None for what nobody knows (Kleene's strong logic)."""

from __future__ import annotations

from collections.abc import Iterable

Truth = bool | None


def any_of(truths: Iterable[Truth]) -> Truth:
    """True if one is, False if all are False, else None."""
    unknown = False
    for truth in truths:
        if truth:
            return True
        unknown = unknown or truth is None
    return None if unknown else False


def all_of(truths: Iterable[Truth]) -> Truth:
    """False if one is, True if all are True, else None."""
    unknown = False
    for truth in truths:
        if truth is False:
            return False
        unknown = unknown or truth is None
    return None if unknown else True


def negation(truth: Truth) -> Truth:
    """The opposite; None stays None."""
    return None if truth is None else not truth
