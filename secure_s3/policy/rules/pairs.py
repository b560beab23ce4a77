"""Two conditions in one block of which the author meant both, though the block holds only if each does.

Source: IAM User Guide, "Conditions with multiple context keys or values": the keys of a block are joined by
a logical AND. A Deny concerns only what fails every negated condition of its block.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from ...values import Severity
from ..conditions import Condition
from ..request import AccessRequest
from ..statement import Statement
from ..witnesses import APP, OTHER_KEY, OWNER, SSE, SSE_KEY, STRANGER
from . import repairs
from .circumstances import SSE_FOLDED, SSE_KEY_FOLDED, candidates, under
from .rule import Hit, Rule, Subject
from .search import denied, named, negated, on, reach

_STRANGERS_KEY = OTHER_KEY.replace(OWNER, STRANGER)
_PAGE = "IAM User Guide: Conditions with multiple context keys or values"
_SSE_PAGE = "Amazon S3 User Guide: Using server-side encryption with AWS KMS keys (SSE-KMS)"


def _key_beside_algorithm(subject: Subject) -> Iterator[Hit]:
    for each in subject.denies:
        algorithms = [condition for condition in on(each, SSE_FOLDED) if negated(condition)]
        keys = [condition for condition in on(each, SSE_KEY_FOLDED) if negated(condition)]
        for start in named(subject, each, ("s3:PutObject",), (APP,)) if algorithms and keys else ():
            passing = _another_key(subject, algorithms[0], keys[0], start)
            if passing:
                yield Hit(
                    f"an upload under any other key passes with {SSE} {_value(passing, SSE_FOLDED)}: the "
                    "Deny concerns only what has neither the algorithm nor the key",
                    each,
                    keys[0].pointer,
                    patch=repairs.conditions(each, without=algorithms),
                )
                break


def _another_key(
    subject: Subject, algorithm: Condition, key: Condition, start: AccessRequest
) -> AccessRequest | None:
    """An upload with the algorithm and a key that is not the one meant, which nothing denies."""
    for value, other in product(("aws:kms", "aws:kms:dsse"), (OTHER_KEY, _STRANGERS_KEY)):
        request = under(under(start, SSE_FOLDED, value), SSE_KEY_FOLDED, other)
        meant = algorithm.truth(request) is False and key.truth(request) is True
        if meant and not denied(subject, request):
            return request
    return None


def _value(request: AccessRequest, key: str) -> str:
    found = request.lookup(key)
    return found[0] if isinstance(found, tuple) else "absent"


def _only_absent(subject: Subject) -> Iterator[Hit]:
    for each in subject.denies:
        for null in each.conditions:
            if null.known is None or null.known.kind != "null" or not _asks_for_absence(null):
                continue
            for other in on(each, null.folded):
                passing = _present(subject, each, other) if _holds_beside(null, other) else None
                if passing:
                    yield Hit(
                        f"{passing.action} with {null.key} {_value(passing, null.folded)} passes: beside "
                        f"Null the Deny concerns requests without it, and {other.operator} does nothing",
                        each,
                        other.pointer,
                    )


def _asks_for_absence(null: Condition) -> bool:
    return {value.lower() for value in null.values} == {"true"}


def _holds_beside(null: Condition, other: Condition) -> bool:
    """The other one holds wherever the key is absent, so that it adds nothing."""
    if other is null or other.known is None or other.known.kind == "null":
        return False
    return negated(other) or other.if_exists


def _present(subject: Subject, statement: Statement, other: Condition) -> AccessRequest | None:
    """A request with a value that the other condition is there to deny, and that passes."""
    start = reach(subject, statement)
    for value in candidates(other) if start else ():
        if start is not None and value is not None:
            request = under(start, other.folded, value)
            if other.truth(request) is True and not denied(subject, request):
                return request
    return None


RULES = (
    Rule(
        "key-beside-algorithm",
        Severity.HIGH,
        "the algorithm or the key, either will do",
        "Negated conditions on the algorithm and on the key stand in one block, which holds only if both do: "
        "whoever names the right algorithm may use any key.",
        f"leave the condition on {SSE} out: only requests with a KMS algorithm have {SSE_KEY}",
        _key_beside_algorithm,
        (),
        (_PAGE, _SSE_PAGE),
    ),
    Rule(
        "null-hides-condition",
        Severity.HIGH,
        "beside Null the other condition does nothing",
        "With Null true the block is about requests that lack the key, and a negated comparison holds for "
        "all of them. Requests with a wrong value are not denied.",
        "leave Null out: the negated comparison holds for an absent key as well",
        _only_absent,
        (),
        (_PAGE, "IAM User Guide: IAM JSON policy elements: Condition operators"),
    ),
)
