"""Names that AWS does not have: actions, condition operators and keys; and keys that requests never carry.

Sources: IAM User Guide, "IAM JSON policy elements: Action", "... Condition operators", "AWS global condition
context keys"; Service Authorization Reference. Nothing is said of services of which nothing is known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from ...values import Severity
from .. import catalogue
from ..catalogue import Action
from ..conditions import Condition
from ..statement import Statement
from ..truth import all_of
from .places import Patch, consequence, listed, moved, quoted, replace, without_key
from .reach import reachable
from .rule import Hit, Rule, Subject

_ORDERED_TEXT = re.compile(r"(?:String|Arn)((?:Less|Greater)Than(?:Equals)?)", re.I)
_NAME_LENGTH = 100
_ON_PURPOSE = ("s3:dataaccesspoint", "s3:accesspointnetworkorigin")
"""Keys by whose absence policies deny whatever does not come through an access point."""
_EVERYWHERE = ("s3:authtype", "s3:resourceaccount", "s3:signatureage", "s3:signatureversion", "s3:tlsversion")
"""Keys of every request of S3: the few actions without them are permissions that no request asks for."""


def _actions(subject: Subject) -> Iterator[Hit]:
    for statement in subject.policy.statements:
        for text, pointer in listed(statement, "Action", "NotAction"):
            message = _wrong_action(text)
            if message:
                yield _renamed_action(message, text, statement, pointer)


def _wrong_action(text: str) -> str:
    service, colon, name = text.partition(":")
    if text == "*" or text == "*:*" or "${" in text:
        return ""
    if not colon or not service or not name:
        return f"{quoted(text)} is no action, which reads service:Name"
    if set(service) & set("*?"):
        return f"{quoted(text)} has a wildcard in the name of the service, where AWS takes none"
    if not catalogue.known_service(text) or service.lower() == "aws" or catalogue.actions_matching(text):
        return ""
    return f"there is no action {quoted(text)}" + (" that this matches" if set(name) & set("*?") else "")


def _renamed_action(message: str, text: str, statement: Statement, pointer: str) -> Hit:
    needed = catalogue.operation_actions(text)
    if len(needed) > 1:
        fix = f"{text} is an operation; it needs {' and '.join(needed)}"
        return Hit(_and_so(message, statement), statement, pointer, fix)
    meant = _action_meant(text)
    patch: Patch = (replace(pointer, meant),) if meant else ()
    return Hit(_and_so(message, statement), statement, pointer, f"write {meant}" if meant else "", patch)


def _and_so(message: str, statement: Statement) -> str:
    if statement.not_action or statement.effect is None:
        return message
    return f"{message}: nothing is {'denied' if statement.effect == 'Deny' else 'allowed'} by it"


@lru_cache(maxsize=512)
def _action_meant(text: str) -> str | None:
    service, colon, name = text.partition(":")
    if len(text) > _NAME_LENGTH:
        return None
    if set(service) & set("*?"):
        alike = [each for each in sorted(catalogue.services()) if each == service.lower().rstrip("*?")]
        return f"{alike[0]}:{name}" if alike else None
    if set(name) & set("*?"):
        return None
    if not colon:
        alike = [
            each.name for each in catalogue.all_actions() if each.name.lower().endswith(f":{text.lower()}")
        ]
        of_s3 = [each for each in alike if each.startswith("s3:")]
        return next(iter(of_s3 or alike), None)
    return catalogue.suggest(text)


def _operators(subject: Subject) -> Iterator[Hit]:
    for statement, condition in _conditions(subject):
        if condition.known is not None:
            continue
        meant = _operator_meant(condition.operator)
        null = meant == "Null" and condition.operator.lower().endswith("null")
        message = f"there is no condition operator {quoted(condition.operator)}; AWS refuses the policy"
        if null or condition.operator.lower() == "nullifexists":
            message = (
                f"{quoted(condition.operator)}: Null takes neither IfExists nor a qualifier, and AWS refuses "
                "it"
            )
        patch = moved(statement, condition, operator=meant) if meant else ()
        yield Hit(message, statement, condition.pointer, f"write {meant}" if meant else "", patch)


@lru_cache(maxsize=512)
def _operator_meant(text: str) -> str | None:
    if len(text) > _NAME_LENGTH:
        return None
    prefix, colon, base = text.rpartition(":")
    ordered = _ORDERED_TEXT.sub(r"Numeric\1", base)
    return catalogue.suggest(f"{prefix}{colon}{ordered}", "operator")


def _operator_case(subject: Subject) -> Iterator[Hit]:
    for statement, condition in _conditions(subject):
        if condition.known is None:
            continue
        _, colon, _ = condition.operator.rpartition(":")
        tail = "IfExists" if condition.if_exists else ""
        written = f"{condition.qualifier or ''}{colon}{condition.known.name}{tail}"
        if written != condition.operator:
            patch = moved(statement, condition, operator=written)
            message = f"{quoted(condition.operator)} is written {written}"
            yield Hit(message, statement, condition.pointer, f"write {written}", patch)


def _conditions(subject: Subject) -> Iterator[tuple[Statement, Condition]]:
    for statement in subject.policy.statements:
        yield from ((statement, condition) for condition in statement.conditions)


def _keys(subject: Subject) -> Iterator[Hit]:
    for statement, condition in _conditions(subject):
        key = condition.key
        if catalogue.condition_key(key) is not None:
            continue
        if ":" in key and not catalogue.known_service(key):
            continue
        meant = _key_meant(key)
        patch = moved(statement, condition, key=meant) if meant else ()
        what = consequence(statement, without_key(condition))
        message = (
            f"there is no condition key {quoted(key)}, no request has it, and {condition.operator}: {what}"
        )
        yield Hit(message, statement, condition.pointer, f"write {meant}" if meant else "", patch)


@lru_cache(maxsize=512)
def _key_meant(key: str) -> str | None:
    if not key or len(key) > _NAME_LENGTH:
        return None
    if ":" in key:
        return catalogue.suggest(key, "key")
    ends = [each.name for each in catalogue.all_keys() if each.name.lower().endswith(f":{key.lower()}")]
    first = [each for each in ends if each.startswith(("aws:", "s3:"))]
    return next(iter(first or ends), None)


def _keys_of_actions(subject: Subject) -> Iterator[Hit]:
    for statement in subject.policy.statements:
        for condition in statement.conditions:
            known = catalogue.condition_key(condition.key)
            if known is None or condition.known is None:
                continue
            actions = reachable(statement) if known.name.partition(":")[0] in catalogue.services() else ()
            lacking = [each for each in actions if known.name.lower() not in catalogue.keys_of(each)]
            if not lacking:
                continue
            message = _lacking(statement, condition, lacking, actions)
            if message:
                severe = Severity.HIGH if without_key(condition) and statement.effect == "Deny" else None
                yield Hit(message, statement, condition.pointer, severity=severe)


def _lacking(
    statement: Statement, condition: Condition, lacking: list[Action], actions: tuple[Action, ...]
) -> str:
    """What comes of the actions that lack the key; nothing if they come out as they are meant to."""
    if len(lacking) == len(actions):
        what = consequence(statement, without_key(condition))
        return f"requests for {_some(lacking)} never have {condition.key}, and {condition.operator}: {what}"
    alike = [each for each in statement.conditions if each.folded == condition.folded]
    holds = all_of(without_key(each) for each in alike)
    by_name = {each.lower() for each in statement.actions}
    named = [each for each in lacking if each.name.lower() in by_name]
    if statement.effect == "Allow":
        dead = named and without_key(condition) is False
        what = f"does not hold without it: {_some(named)} is never allowed by this"
        return (
            f"requests for {_some(named)} never have {condition.key}; {condition.operator} {what}"
            if dead
            else ""
        )
    negated = condition.known is not None and condition.known.kind != "null" and without_key(condition)
    on_purpose = condition.folded.startswith(_ON_PURPOSE)
    # A few that a wildcard happens to stand for, and of which the reference does not tell, are no fault.
    if holds is not True or not negated or on_purpose or not (named or len(lacking) * 2 > len(actions)):
        return ""
    what = "holds without it, so that they are all denied"
    return f"requests for {_some(named or lacking)} never have {condition.key}; {condition.operator} {what}"


def _some(actions: list[Action]) -> str:
    return ", ".join(each.name for each in actions[:3]) + (", …" if len(actions) > 3 else "")


_OPERATOR_PAGE = "IAM User Guide: IAM JSON policy elements: Condition operators"
RULES = (
    Rule(
        "unknown-action",
        Severity.HIGH,
        "there is no such action",
        "A statement is about actions, not about operations: HeadObject is authorised as s3:GetObject, "
        "ListObjectsV2 as s3:ListBucket, every part of a multipart upload as s3:PutObject. A name that no "
        "action has matches nothing; S3 refuses a bucket policy that has one.",
        "write the action of the Service Authorization Reference",
        _actions,
        refs=(
            "parliament:UNKNOWN_ACTION",
            "AccessAnalyzer:Invalid action",
            "AccessAnalyzer:Invalid service in action",
            "Service Authorization Reference: Actions, resources, and condition keys for Amazon S3",
        ),
    ),
    Rule(
        "unknown-operator",
        Severity.HIGH,
        "there is no such condition operator",
        "AWS refuses a policy with an operator that does not exist; there is no order of texts, so that TLS "
        "versions and ages are compared with NumericLessThan and its like.",
        "write one of the condition operators of the IAM User Guide",
        _operators,
        refs=(
            "parliament:UNKNOWN_OPERATION",
            "AccessAnalyzer:Invalid condition operator",
            "AccessAnalyzer:Null with if exists",
            _OPERATOR_PAGE,
        ),
    ),
    Rule(
        "operator-case",
        Severity.INFO,
        "a condition operator in another case than AWS writes it",
        "It works, but tools that look for operators by name will not find it.",
        "write it as the IAM User Guide does",
        _operator_case,
        refs=(_OPERATOR_PAGE,),
    ),
    Rule(
        "unknown-condition-key",
        Severity.HIGH,
        "there is no such condition key",
        "No request has a key that does not exist. A negated operator then always holds, and a Deny locks "
        "everybody out; any other operator never holds, and the statement is dead.",
        "write the key as the Service Authorization Reference does",
        _keys,
        refs=(
            "AccessAnalyzer:Invalid service condition key",
            "AccessAnalyzer:Invalid global condition key",
            "AccessAnalyzer:Invalid condition key format",
            "IAM User Guide: AWS global condition context keys",
        ),
    ),
    Rule(
        "key-of-other-actions",
        Severity.MEDIUM,
        "a condition key that requests for these actions never have",
        "A key such as s3:prefix or s3:x-amz-server-side-encryption is there only in requests for certain "
        "actions. For all others it is absent: negated operators always hold, all others never do.",
        "limit the statement to the actions that have the key, or split it",
        _keys_of_actions,
        refs=(
            "parliament:UNKNOWN_CONDITION_FOR_ACTION",
            "AccessAnalyzer:Unsupported action for condition key",
            "Service Authorization Reference: Actions, resources, and condition keys for Amazon S3",
        ),
    ),
)
