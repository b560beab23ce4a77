"""Who a principal is: a second factor, the sessions of a role, ids and ARNs that no session has.

Sources: IAM User Guide, "AWS global condition context keys" (aws:MultiFactorAuthPresent, aws:PrincipalArn,
aws:userid), "AWS JSON policy elements: NotPrincipal".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...values import Severity
from ..conditions import Condition
from ..principals import Requester
from ..request import AccessRequest
from ..statement import Statement
from ..witnesses import OWNER, with_context
from . import repairs
from .rule import Hit, Rule, Subject
from .search import denied, find, named, negated, on, reach

_MFA = ("aws:multifactorauthpresent", "aws:multifactorauthage")
_KEYS_REFS = "IAM User Guide: AWS global condition context keys"


def _mfa_absent(subject: Subject) -> Iterator[Hit]:
    for each in subject.denies:
        found = reach(subject, each) if on(each, *_MFA) else None
        if found is None:
            continue
        wrong = [
            condition
            for condition in on(each, *_MFA)
            if found.lookup(condition.folded) is not None and not condition.if_exists
        ]
        absent = with_context(found, dict.fromkeys(name for name in found.context if name.lower() in _MFA))
        if wrong and _spares_factor(subject, each, found) and not denied(subject, absent):
            yield Hit(
                f"{found.action} with long-term access keys passes: such a request has no {wrong[0].key}, so "
                f"that {wrong[0].operator} does not hold",
                each,
                wrong[0].pointer,
                patch=_if_exists(each, wrong[0]),
            )


def _factor(request: AccessRequest, there: bool) -> AccessRequest:
    """The same with temporary credentials, got with a second factor just now or without one."""
    age = "0" if there else None
    return with_context(request, {"aws:MultiFactorAuthPresent": there, "aws:MultiFactorAuthAge": age})


def _spares_factor(subject: Subject, statement: Statement, denied_one: AccessRequest) -> bool:
    """It denies for want of a (fresh) second factor, and not those who have one."""
    if subject.applies(statement, _factor(denied_one, True)):
        return False
    old = with_context(_factor(denied_one, True), {"aws:MultiFactorAuthAge": str(10**9)})
    return any(subject.applies(statement, each) for each in (_factor(denied_one, False), old))


def _mfa_denied(subject: Subject) -> Iterator[Hit]:
    for each in subject.denies:
        found = reach(subject, each) if on(each, _MFA[0]) else None
        if found is None or not subject.applies(each, _factor(found, True)):
            continue
        if not subject.applies(each, _factor(found, False)):
            (wrong, *others) = on(each, _MFA[0])
            truth = wrong.known is not None and wrong.known.kind == "bool" and not others
            yield Hit(
                f"{found.action} with a second factor is denied, and without one it is not",
                each,
                wrong.pointer,
                patch=_other_way(each, wrong) if truth else (),
            )


def _other_way(statement: Statement, condition: Condition) -> repairs.Patch:
    more = {"BoolIfExists": {condition.key: "false"}}
    return repairs.conditions(statement, without=(condition,), more=more)


def _if_exists(statement: Statement, condition: Condition) -> repairs.Patch:
    raw = statement.raw["Condition"][condition.operator][condition.key]
    more = {f"{condition.operator}IfExists": {condition.key: raw}}
    if condition.known is None or condition.known.kind == "null":
        return ()
    return repairs.conditions(statement, without=(condition,), more=more)


def _sessions_denied(subject: Subject) -> Iterator[Hit]:
    for each in subject.denies:
        who = each.principals
        if who is None or not who.negated or who.everyone:
            continue
        for text in who.aws:
            requester = Requester.parse(text)
            if requester.kind != "role" or _some_session_named(who.aws, requester):
                continue
            session = f"{requester.partition}:sts::{requester.account}:assumed-role/{requester.name}/session"
            found = reach(subject, each, people=(session,))
            if found:
                yield Hit(
                    f"the sessions of {text} are denied {found.action} too: a role acts through sessions, "
                    "and NotPrincipal compares with the session's ARN",
                    each,
                    f"{each.pointer}/NotPrincipal",
                    patch=_by_arn(each),
                )
                break


def _some_session_named(listed: tuple[str, ...], role: Requester) -> bool:
    return any(
        other.kind == "session" and (other.account, other.name) == (role.account, role.name)
        for other in map(Requester.parse, listed)
    )


def _by_arn(statement: Statement) -> repairs.Patch:
    who = statement.principals
    if who is None or who.service or who.federated or who.canonical:
        return ()
    arns = [arn for text in who.aws if (arn := Requester.parse(text).principal_arn)]
    value: Any = arns[0] if len(arns) == 1 else arns
    block = repairs.conditions(statement, more={"ArnNotEquals": {"aws:PrincipalArn": value}})
    if not block:
        return ()
    return (
        {"op": "remove", "path": f"{statement.pointer}/NotPrincipal"},
        {"op": "add", "path": f"{statement.pointer}/Principal", "value": "*"},
        *block,
    )


def _spared_in_vain(subject: Subject) -> Iterator[Hit]:
    """Principals whom a Deny means to spare, by a value that their requests never have."""
    for each in subject.denies:
        for condition in on(each, "aws:principalarn", "aws:userid"):
            if not negated(condition):
                continue
            for value in condition.values:
                caller = _caller(condition, value)
                found = caller and _still_denied(subject, each, *caller)
                if found:
                    yield Hit(
                        f"{value} does not spare anybody: {_why(condition, value)}", each, condition.pointer
                    )


def _caller(condition: Condition, value: str) -> tuple[str, dict[str, str]] | None:
    """Whom the value means, and what such a request has, where these differ."""
    if condition.folded == "aws:userid":
        if value.startswith("AROA") and ":" not in value:
            return f"arn:aws:sts::{OWNER}:assumed-role/Meant/session", {
                "aws:userid": f"{value.rstrip('*')}:session"
            }
        if value.startswith("AROA") and "*" in value and condition.operator.startswith("StringNotEquals"):
            return f"arn:aws:sts::{OWNER}:assumed-role/Meant/session", {
                "aws:userid": value.replace("*", "session")
            }
        return None
    requester = Requester.parse(value)
    return (value.replace("*", "session"), {}) if requester.kind == "session" else None


def _still_denied(
    subject: Subject, statement: Statement, principal: str, context: dict[str, str]
) -> AccessRequest | None:
    for start in named(subject, statement, people=(principal,), distinct=True):
        request = with_context(start, context)
        found = find(subject, request, must=(statement,), fixed=("aws:principalarn", "aws:userid"))
        if found:
            return found
    return None


def _why(condition: Condition, value: str) -> str:
    if condition.folded == "aws:principalarn":
        role = Requester.parse(value.replace("*", "x")).principal_arn
        return f"aws:PrincipalArn of a session is its role's ARN, {role}"
    if ":" not in value:
        return "aws:userid of a session is the role's id, a colon and the session's name"
    return f"{condition.operator} takes the star literally"


def _mfa_refs() -> tuple[str, ...]:
    return (f"{_KEYS_REFS}: aws:MultiFactorAuthPresent",)


RULES = (
    Rule(
        "mfa-absent-passes",
        Severity.MEDIUM,
        "long-term access keys pass without a second factor",
        "aws:MultiFactorAuthPresent is there only with temporary credentials. Requests with access keys of a "
        "user "
        'have no such key, and Bool "false" does not hold for them. (This is not the MFA delete of a '
        "versioned "
        "bucket either.)",
        'BoolIfExists aws:MultiFactorAuthPresent "false"',
        _mfa_absent,
        (),
        _mfa_refs(),
    ),
    Rule(
        "mfa-denied",
        Severity.HIGH,
        "those with a second factor are denied",
        'aws:MultiFactorAuthPresent is "true" for credentials that were got with a second factor: a Deny on '
        "it shuts out exactly those.",
        'BoolIfExists aws:MultiFactorAuthPresent "false"',
        _mfa_denied,
        (),
        _mfa_refs(),
    ),
    Rule(
        "not-principal-denies-sessions",
        Severity.HIGH,
        "NotPrincipal denies the sessions of the role it spares",
        "The caller is a session of the role, with an ARN of its own; only the ARNs in NotPrincipal are "
        "spared.",
        'Principal "*" and ArnNotEquals aws:PrincipalArn with the role\'s ARN',
        _sessions_denied,
        (),
        ("IAM User Guide: AWS JSON policy elements: NotPrincipal",),
    ),
    Rule(
        "spared-in-vain",
        Severity.HIGH,
        "an exception that nobody meets",
        "The Deny spares by a value that requests of those meant never have, so that they are denied.",
        "compare aws:PrincipalArn with the role's ARN, aws:userid with AROA…:* by StringNotLike",
        _spared_in_vain,
        (),
        (f"{_KEYS_REFS}: aws:PrincipalArn, aws:userid",),
    ),
)
