"""Policy variables that are malformed, that nothing stands for, or that stand where there are none.

Source: IAM User Guide, "IAM policy elements: Variables and tags".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...values import Severity
from .. import catalogue
from ..statement import CURRENT_VERSION, Statement
from ..variables import VARIABLE
from ..variables import keys as keys_in
from .places import Patch, listed, principal_strings, quoted, replace, values_of
from .rule import Hit, Rule, Subject

_OPENING = re.compile(r"\$\{")
_LEFT_OVER = re.compile(r"&\{([^{}]*)\}")
_LITERAL = ("*", "?", "$")


def _misplaced(subject: Subject) -> Iterator[Hit]:
    for statement in subject.policy.statements:
        for text, pointer, where in _places_without(statement):
            found = VARIABLE.search(text)
            if found and found[1] not in _LITERAL:
                yield Hit(f"{quoted(found[0])} is literal text in {where}", statement, pointer)


def _places_without(statement: Statement) -> Iterator[tuple[str, str, str]]:
    for text, pointer in listed(statement, "Action", "NotAction"):
        yield text, pointer, "an action"
    for _, text, pointer in principal_strings(statement):
        yield text, pointer, "a principal"
    for text, pointer in listed(statement, "Resource", "NotResource"):
        if text.startswith("arn:"):
            yield (
                ":".join(VARIABLE.sub(_colonless, text).split(":")[:5]),
                pointer,
                "the first five parts of an ARN",
            )
    for condition in statement.conditions:
        if condition.known is not None and not condition.known.patterns:
            for text, pointer in values_of(statement, condition):
                yield text, pointer, f"a value of {condition.operator}"


def _colonless(found: re.Match[str]) -> str:
    return found[0].replace(":", "\N{RATIO}")


def _with_variables(subject: Subject) -> Iterator[tuple[Statement, str, str]]:
    """The texts in which variables are replaced."""
    for statement in subject.policy.statements:
        yield from ((statement, text, at) for text, at in listed(statement, "Resource", "NotResource"))
        for condition in statement.conditions:
            if condition.known is not None and condition.known.patterns:
                yield from ((statement, text, at) for text, at in values_of(statement, condition))


def _malformed(subject: Subject) -> Iterator[Hit]:
    if subject.policy.version != CURRENT_VERSION:
        return
    for statement, text, pointer in _with_variables(subject):
        left = VARIABLE.sub(lambda found: "" if found[1].strip() else found[0], text)
        if _OPENING.search(left):
            message = f"{quoted(text)} has a variable without a name or without an end, which AWS refuses"
            yield Hit(message, statement, pointer)
        over = _LEFT_OVER.search(text)
        if over and catalogue.condition_key(over[1]) is not None:
            right = _LEFT_OVER.sub(r"${\1}", text)
            patch: Patch = (replace(pointer, right),)
            message = f"{quoted(over[0])} is how templates write a variable, and here it is literal text"
            yield Hit(message, statement, pointer, f"write {right}", patch)


def _unknown(subject: Subject) -> Iterator[Hit]:
    if subject.policy.version != CURRENT_VERSION:
        return
    for statement, text, pointer in _with_variables(subject):
        for key in keys_in(text):
            why = _complaint(key)
            if key and why:
                meant = catalogue.suggest(key, "key") if ":" in key and len(key) <= 100 else None
                message = f"${{{key[:80]}}} {why}: what it stands in matches nothing"
                yield Hit(message, statement, pointer, f"write ${{{meant}}}" if meant else "")
                break


def _complaint(key: str) -> str:
    known = catalogue.condition_key(key)
    if known is not None:
        return "has several values and cannot be a variable" if known.multivalued else ""
    if ":" not in key or key.startswith("aws::"):
        return "is no condition key, but perhaps what a template left over"
    return "is no condition key" if catalogue.known_service(key) else ""


_PAGE = "IAM User Guide: IAM policy elements: Variables and tags"
RULES = (
    Rule(
        "misplaced-variable",
        Severity.HIGH,
        "a policy variable where there are none",
        "Variables are replaced after the fifth colon of a resource, and in values that text and ARN "
        "operators compare. Anywhere else they are literal text, or AWS refuses the policy.",
        "use it in the last part of a resource, or with a text or ARN operator",
        _misplaced,
        refs=(
            "AccessAnalyzer:Variable unsupported in element",
            "AccessAnalyzer:Invalid variable for operator",
            _PAGE,
        ),
    ),
    Rule(
        "malformed-variable",
        Severity.HIGH,
        "a malformed policy variable",
        "A variable reads ${key} or ${key, 'default'}.",
        "write it like ${aws:username}",
        _malformed,
        refs=("AccessAnalyzer:Missing brace in variable", "AccessAnalyzer:Empty variable", _PAGE),
    ),
    Rule(
        "unknown-variable",
        Severity.HIGH,
        "a policy variable that stands for nothing",
        "A variable without a value makes a text that nothing equals, so that the statement never applies, "
        "or with a negated operator always.",
        "name a condition key with one value",
        _unknown,
        refs=("AccessAnalyzer:Unsupported symbol in variable", _PAGE),
    ),
)
