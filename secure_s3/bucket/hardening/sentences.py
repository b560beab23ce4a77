"""A statement of a policy in one line, as a plan shows it: ``Deny Sid: actions if conditions``. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...policy.conditions import Condition
from ...policy.statement import Statement
from .telling import shown

_VERBS = {
    "bool": "is",
    "null": "is",
    "stringequals": "is",
    "stringlike": "is like",
    "arnequals": "is",
    "arnlike": "is like",
    "stringnotequals": "is not",
    "stringnotlike": "is not like",
    "arnnotequals": "is not",
    "arnnotlike": "is not like",
    "numericlessthan": "<",
    "numericlessthanequals": "<=",
    "numericgreaterthan": ">",
    "numericgreaterthanequals": ">=",
}
_NULL = {"true": "absent", "false": "present"}
_MOST = 4


def policy_lines(added: Iterable[Statement]) -> tuple[str, ...]:
    """What is added, in full; nothing else changes."""
    return tuple(f"+ {line}" for statement in added for line in _lines(statement))


def sentences(added: Iterable[Statement]) -> tuple[str, ...]:
    """The same, a line each."""
    return tuple(f"+ {_sentence(each)}" for each in added)


def _lines(statement: Statement) -> Iterator[str]:
    told = statement.to_dict()
    yield f"{told['Effect']} {statement.name}"
    for name in ("Principal", "Action", "Resource"):
        yield f"  {name}: {shown(told[name])}"
    for operator, keys in told.get("Condition", {}).items():
        yield from (f"  {operator} {key}: {shown(values)}" for key, values in keys.items())


def _sentence(statement: Statement) -> str:
    conditions = " and ".join(map(_condition, statement.conditions))
    said = f"{statement.effect} {statement.name}: {_listed(statement.actions)}"
    return said + (f" if {conditions}" if conditions else "")


def _condition(condition: Condition) -> str:
    operator = condition.operator.lower()
    among, _, plain = operator.rpartition(":")
    wanted = plain.removesuffix("ifexists")
    values = [_NULL.get(each, each) for each in condition.values] if plain == "null" else condition.values
    verb = _VERBS.get(wanted, condition.operator)
    one_of = "one of " if len(values) > 1 and verb.startswith("is") else ""
    present = " (where present)" if plain != wanted else ""
    many = f"{among}: " if among else ""
    return f"{many}{condition.key} {verb} {one_of}{_listed(values)}{present}"


def _listed(values: Iterable[str]) -> str:
    listed = list(values)
    more = f", and {len(listed) - _MOST} more" if len(listed) > _MOST else ""
    return ", ".join(listed[:_MOST]) + more
