"""Whether a Deny that is there makes another one unnecessary, as far as their texts show. Pure.

It errs on one side: a statement that is added though it was not needed does no harm.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from ...policy.conditions import Condition
from ...policy.globs import glob
from ...policy.statement import Statement

_FEWER = ("stringnotequals", "stringnotlike", "arnnotequals", "arnnotlike", "notipaddress")
_MORE = ("stringequals", "stringlike", "arnequals", "arnlike", "ipaddress", "bool")
_NUMERIC = {"numericlessthan": 1, "numericlessthanequals": 1, "numericgreaterthan": -1}


def covered(wanted: Statement, there: Iterable[Statement]) -> bool:
    """Whether one of the statements denies everything that *wanted* does."""
    return any(_covers(each, wanted) for each in there)


def _covers(there: Statement, wanted: Statement) -> bool:
    if there.fatal or there.effect != "Deny" or there.not_action or there.not_resource:
        return False
    who = there.principals
    if who is None or who.negated or not who.everyone:
        return False
    actions = [each.lower() for each in there.actions]
    if not all(any(_includes(one, each.lower()) for one in actions) for each in wanted.actions):
        return False
    resources = there.resources or ()
    if not all(any(_includes(one, each) for one in resources) for each in wanted.resources or ()):
        return False
    return all(any(_implied(one, each) for each in wanted.conditions) for one in there.conditions)


def _includes(pattern: str, other: str) -> bool:
    """Whether all that *other* matches is matched by *pattern*."""
    if pattern == other:
        return True
    # Its stars take in the stars of the other; a question mark would, too, and must not.
    return not ("?" in pattern or "${" in pattern + other) and glob(pattern)(other)


def _implied(there: Condition, wanted: Condition) -> bool:
    """Whether *there* holds wherever *wanted* does."""
    operator = there.operator.lower()
    if (operator, there.folded) != (wanted.operator.lower(), wanted.folded) or not there.values:
        return False
    mine, asked = set(there.values), set(wanted.values)
    if mine == asked:
        return True
    if operator in _FEWER:
        return mine <= asked
    if operator in _MORE:
        return mine >= asked
    return operator in _NUMERIC and _looser(there.values, wanted.values, _NUMERIC[operator])


def _looser(there: tuple[str, ...], wanted: tuple[str, ...], sign: int) -> bool:
    try:
        (mine,), (asked,) = map(Decimal, there), map(Decimal, wanted)
    except (InvalidOperation, ValueError):
        return False
    if not (mine.is_finite() and asked.is_finite()) or "_" in there[0]:
        return False  # NaN compares with nothing, and only Python takes 1_000 for a number
    return bool(mine * sign >= asked * sign)
