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
from ..witnesses import KEY, SSE, SSE_KEY, with_context
from . import repairs
from .circumstances import SSE_FOLDED, SSE_KEY_FOLDED, candidates, filled
from .rule import Hit, Rule, Subject
from .search import is_action, named, negated, nowhere, on, plain, reach
from .walks import fits

_STARTS, _LIKELY = 4, 3
_COMPARED = 200
"""So many statements like it are compared with each."""
_PAIRS = 300
"""So many pairs of a statement's conditions are looked at together."""
_USUAL = {SSE: "aws:kms", SSE_KEY: KEY}
"""What an upload asks for that a policy about encryption lets pass."""
_REFS = ("IAM User Guide: IAM JSON policy elements: Condition",)


def _never(subject: Subject) -> Iterator[Hit]:
    for each in subject.policy.statements:
        if not each.conditions or not plain(each) or _patterns_meet(each):
            continue
        starts: list[AccessRequest] = []
        for start in islice(named(subject, each), _STARTS):
            if not nowhere(subject, start, must=(each,)):
                starts = []
                break
            starts.append(start)
        if not starts:
            continue
        culprits = _culprits(subject, each, starts)
        yield _nobody(subject, each, culprits)


def _nobody(subject: Subject, statement: Statement, culprits: Sequence[Condition]) -> Hit:
    said = " and ".join(f"{one.operator} {one.key}" for one in culprits)
    does = "denies" if statement.effect == "Deny" else "allows"
    if any(negated(one) and one.folded == SSE_FOLDED for one in culprits):
        # What uploads cannot ask for exists all the same (aws:fsx), and more may come.
        message = f"it {does} nothing that uploads ask for today: {said} leave none of the algorithms"
        return Hit(message, statement, culprits[-1].pointer, severity=Severity.INFO)
    why = "can never hold" if len(culprits) == 1 else "can never hold at once"
    return Hit(
        f"it {does} nothing: {said} {why}",
        statement,
        culprits[-1].pointer,
        severity=None if statement.effect == "Deny" else Severity.LOW,
        patch=_split(subject, statement, culprits),
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
        for some in islice(combinations(statement.conditions, count), _PAIRS):
            alone = _narrowed(statement, some)
            if all(nowhere(subject, start, must=(alone,)) for start in starts):
                return some
    return statement.conditions


def _split(subject: Subject, statement: Statement, culprits: Sequence[Condition]) -> repairs.Patch:
    """Two statements in its place, where one algorithm was to be denied, and none at all as well."""
    if statement.effect != "Deny" or {each.folded for each in culprits} not in (
        {SSE_FOLDED},
        {SSE_KEY_FOLDED},
    ):
        return ()
    equal = next((each for each in culprits if each.operator == "StringEquals"), None)
    null = next((each for each in culprits if each.operator == "Null"), None)
    if len(culprits) != 2 or equal is None or null is None or null.values != ("true",):
        return ()
    first = _narrowed(statement, [each for each in statement.conditions if each is not null])
    second = _narrowed(statement, [each for each in statement.conditions if each is not equal])
    usual = (with_context(each, _USUAL) for each in named(subject, statement, ("s3:PutObject",)))
    if not all(
        not subject.applies(half, each) for each in islice(usual, _STARTS) for half in (first, second)
    ):
        return ()  # both halves together would shut out what most people upload
    more = {**second.raw, "Sid": f"{statement.sid or 'Split'}Too"}
    return (*repairs.conditions(statement, without=(null,)), *repairs.added(subject, more))


def _redundant(subject: Subject) -> Iterator[Hit]:
    for effect in (subject.denies, subject.allows):
        comparable = [each for each in effect if _comparable(each)]
        alike: dict[tuple[frozenset[str], str], list[Statement]] = {}
        for each in comparable:
            about = (each.keys, repr(each.raw.get("Principal")))
            if about not in alike:
                alike[about] = [other for other in comparable if _alike(subject, other, each)]
            wider = _wider(subject, each, alike[about][:_COMPARED])
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
    """Another statement that is about every request that *narrow* is about; *others* are like it."""
    likely = (other for other in others if _may_cover(subject, other, narrow))
    for other in islice(likely, _LIKELY):
        if _covers(subject, other, narrow):
            twice = (
                _alike(subject, narrow, other)
                and _may_cover(subject, narrow, other)
                and _covers(subject, narrow, other)
            )
            if not twice or other.index < narrow.index:  # of the same twice the later one is needless
                return other
    return None


def _alike(subject: Subject, wider: Statement, narrow: Statement) -> bool:
    """The same principals or everybody, and no other keys."""
    # Other keys at best hang together, as a KMS key does with its algorithm: that is worth saying twice.
    if not wider.keys <= narrow.keys:
        return False
    same = not subject.attached or wider.raw.get("Principal") == narrow.raw.get("Principal")
    return same or _everyone(wider)


def _may_cover(subject: Subject, wider: Statement, narrow: Statement) -> bool:
    """At a glance: all the actions and resources of a statement like it, and no narrower conditions."""
    if wider is narrow or not _names_all(subject, wider, narrow):
        return False
    return all(_implied(subject, wider, each, narrow) for each in wider.conditions)


def _implied(subject: Subject, wider: Statement, condition: Condition, narrow: Statement) -> bool:
    """No value of the key alone meets *narrow*'s conditions on it and not this one of *wider*'s."""
    own, meeting = _meeting(subject, narrow, condition.folded)
    if any((each.operator, each.values) == (condition.operator, condition.values) for each in own):
        return True
    if any(all(fits(each, value) for each in own) for value in _failing(subject, wider, condition)):
        return False
    return not any(fits(condition, value) is False for value in meeting)


def _failing(subject: Subject, statement: Statement, condition: Condition) -> list[str | None]:
    """Values of its key that do not meet one of the statement's conditions."""
    known = subject.aim(statement).known
    key = ("failing", condition.pointer)
    if key not in known:
        known[key] = [value for value in candidates(condition) if fits(condition, value) is False]
    found: list[str | None] = known[key]
    return found


def _meeting(
    subject: Subject, statement: Statement, key: str
) -> tuple[tuple[Condition, ...], list[str | None]]:
    """Its conditions on a key, and values that meet them all."""
    known = subject.aim(statement).known
    if ("meeting", key) not in known:
        own = on(statement, key)
        values = dict.fromkeys(value for each in own for value in candidates(each))
        known["meeting", key] = (own, [value for value in values if all(fits(each, value) for each in own)])
    found: tuple[tuple[Condition, ...], list[str | None]] = known["meeting", key]
    return found


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


def _names_all(subject: Subject, wider: Statement, narrow: Statement) -> bool:
    """Its actions and resources are all among *wider*'s; what a star stands for is nothing special."""
    aim = subject.aim(wider)
    actions, resources = _examples(narrow.actions, narrow.resources or ())
    return all(map(aim.acts, actions)) and all(aim.holds(each) is True for each in resources)


@lru_cache(maxsize=1024)
def _examples(
    actions: tuple[str, ...], resources: tuple[str, ...]
) -> tuple[list[AccessRequest], list[AccessRequest]]:
    """A request for each action, and one for each resource."""
    names = (filled(each, "Zq7") for each in actions)
    places = (filled(each, "zq7/zq7") for each in resources)
    return (
        [AccessRequest(each if is_action(each) else "zq7:Zq7", "*") for each in names],
        [AccessRequest("zq7:Zq7", each or "zq7") for each in places],
    )


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
