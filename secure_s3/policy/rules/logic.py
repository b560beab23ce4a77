"""Statements that no request can meet, and statements that others make needless.

Sources: IAM User Guide, "IAM JSON policy elements: Condition" (several conditions in a block must all hold),
"IAM JSON policy elements: Condition operators" (Null).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import combinations, islice

from ...values import Severity
from ..conditions import Condition
from ..request import AccessRequest
from ..statement import Statement
from . import repairs
from .circumstances import candidates, filled
from .rule import Hit, Rule, Subject
from .search import about_action, fits, is_action, named, nowhere, on, plain, reach

_STARTS, _LIKELY = 4, 3
_REFS = ("IAM User Guide: IAM JSON policy elements: Condition",)


def _never(subject: Subject) -> Iterator[Hit]:
    for each in subject.policy.statements:
        if not each.conditions or not plain(each) or _patterns_meet(each):
            continue
        starts = list(islice(named(subject, each), _STARTS))
        if not starts or not all(nowhere(subject, start, must=(each,)) for start in starts):
            continue
        culprits = _culprits(subject, each, starts)
        said = " and ".join(f"{one.operator} {one.key}" for one in culprits)
        does = "denies" if each.effect == "Deny" else "allows"
        why = "can never hold" if len(culprits) == 1 else "can never hold at once"
        yield Hit(
            f"it {does} nothing: {said} {why}",
            each,
            culprits[-1].pointer,
            severity=None if each.effect == "Deny" else Severity.LOW,
            patch=_split(subject, each, culprits),
        )


def _patterns_meet(statement: Statement) -> bool:
    """Two conditions on one key have wildcards: a text that fits both is not looked for."""
    wild = [
        each.folded for each in statement.conditions if any(set(value) & set("*?") for value in each.values)
    ]
    return len(wild) != len(set(wild))


def _narrowed(statement: Statement, kept: Sequence[Condition]) -> Statement:
    """The statement with these conditions only."""
    block: dict[str, dict[str, object]] = {}
    for each in kept:
        block.setdefault(each.operator, {})[each.key] = list(each.values)
    return Statement(
        {**statement.raw, "Condition": block}, statement.index, statement.version, statement.pointer
    )


def _culprits(
    subject: Subject, statement: Statement, starts: Sequence[AccessRequest]
) -> tuple[Condition, ...]:
    """The fewest of its conditions that no request meets."""
    for count in (1, 2):
        for some in combinations(statement.conditions, count):
            alone = _narrowed(statement, some)
            if all(nowhere(subject, start, must=(alone,)) for start in starts):
                return some
    return statement.conditions


def _split(subject: Subject, statement: Statement, culprits: Sequence[Condition]) -> repairs.Patch:
    """Two statements in its place, where Null and another operator on one key exclude each other."""
    if statement.effect != "Deny" or len(culprits) != 2 or culprits[0].folded != culprits[1].folded:
        return ()
    if not any(each.known and each.known.kind == "null" for each in culprits):
        return ()
    second = dict(
        _narrowed(statement, [each for each in statement.conditions if each is not culprits[0]]).raw
    )
    second["Sid"] = f"{statement.sid or 'Split'}Too"
    return (
        *repairs.conditions(statement, without=culprits[1:]),
        *repairs.added(subject, second),
    )


def _redundant(subject: Subject) -> Iterator[Hit]:
    for effect in (subject.denies, subject.allows):
        comparable = [each for each in effect if _comparable(each)]
        for each in comparable:
            wider = _wider(subject, each, comparable)
            if wider is None:
                continue
            does = "denies" if each.effect == "Deny" else "allows"
            yield Hit(
                f"whatever it {does}, {wider.name} {does} already", each, patch=repairs.removed(subject, each)
            )


def _comparable(statement: Statement) -> bool:
    who = statement.principals
    return (
        plain(statement)
        and not statement.not_action
        and not statement.not_resource
        and not (who and who.negated)
        and not any("${" in text for text in statement.resources or ())
    )


def _wider(subject: Subject, narrow: Statement, others: Sequence[Statement]) -> Statement | None:
    """Another statement that is about every request that *narrow* is about."""
    likely = (other for other in others if _may_cover(subject, other, narrow))
    for other in islice(likely, _LIKELY):
        if _covers(subject, other, narrow):
            twice = _may_cover(subject, narrow, other) and _covers(subject, narrow, other)
            if not twice or other.index < narrow.index:  # of the same twice the later one is needless
                return other
    return None


def _may_cover(subject: Subject, wider: Statement, narrow: Statement) -> bool:
    """At a glance: the same principals or everybody, no other keys, and all its actions and resources."""
    if wider is narrow:
        return False
    if (
        subject.attached
        and not _everyone(wider)
        and wider.raw.get("Principal") != narrow.raw.get("Principal")
    ):
        return False
    # Other keys at best hang together, as a KMS key does with its algorithm: that is worth saying twice.
    keys = {each.folded for each in narrow.conditions}
    if not all(each.folded in keys and _implied(each, narrow) for each in wider.conditions):
        return False
    return _names_all(wider, narrow)


def _implied(condition: Condition, narrow: Statement) -> bool:
    """No value of the key alone meets *narrow*'s conditions on it and not this one."""
    own = on(narrow, condition.folded)
    values = {value for each in (condition, *own) for value in candidates(each)}
    return not any(
        fits(condition, value) is False and all(fits(each, value) for each in own) for value in values
    )


def _covers(subject: Subject, wider: Statement, narrow: Statement) -> bool:
    """No request that *narrow* is about escapes *wider*."""
    if wider.raw.get("Condition") == narrow.raw.get("Condition"):
        return True
    found = reach(subject, narrow)
    if found is None or not subject.applies(wider, found):
        return False
    starts = islice(named(subject, narrow), 2 if _everyone(wider) else _STARTS)
    return all(nowhere(subject, start, must=(narrow,), avoid=(wider,)) for start in starts)


def _everyone(statement: Statement) -> bool:
    return statement.effect == "Deny" and statement.principals is not None and statement.principals.everyone


def _names_all(wider: Statement, narrow: Statement) -> bool:
    """Its actions and resources are all among *wider*'s; what a star stands for is nothing special."""
    return all(_names_action(wider, filled(each, "Zq7")) for each in narrow.actions) and all(
        wider.explain(_about(filled(each, "zq7/zq7")), named=False).resource is True
        for each in narrow.resources or ()
    )


def _names_action(statement: Statement, action: str) -> bool:
    return about_action(statement, action if is_action(action) else "zq7:Zq7")


@lru_cache(maxsize=1024)
def _about(resource: str) -> AccessRequest:
    return AccessRequest("zq7:Zq7", resource or "zq7")


RULES = (
    Rule(
        "condition-never-true",
        Severity.HIGH,
        "a statement that no request can meet",
        "All conditions of a statement must hold at once, and these exclude each other: it does nothing.",
        "put alternatives into statements of their own",
        _never,
        (),
        _REFS,
    ),
    Rule(
        "statement-redundant",
        Severity.LOW,
        "a statement that another makes needless",
        "Every request that it is about is decided the same by another statement. A negated operator, for "
        "instance, holds for an absent key too, so that a second statement with Null adds nothing.",
        "remove it",
        _redundant,
        (),
        _REFS,
    ),
)
