"""Encryption at rest: Denies that refuse more, or less, than they mean to.

Sources: Amazon S3 User Guide, "Specifying server-side encryption with AWS KMS (SSE-KMS)", "Setting default
server-side encryption behavior for Amazon S3 buckets"; IAM User Guide, "IAM JSON policy elements: Condition
operators" (negated operators, IfExists).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from ...values import Severity
from ..conditions import Condition
from ..request import AccessRequest
from ..statement import Statement
from ..witnesses import KEY, OTHER_KEY, SSE, SSE_C, SSE_KEY, with_context
from . import repairs
from .circumstances import ALGORITHMS, SSE_C_FOLDED, SSE_FOLDED, SSE_KEY_FOLDED, under
from .rule import ACCESS_POINT, BUCKET, IDENTITY, RESOURCE_CONTROL, SERVICE_CONTROL, Hit, Rule, Subject
from .search import named, negated, on, plain, reach

_KINDS = (BUCKET, ACCESS_POINT, IDENTITY, RESOURCE_CONTROL, SERVICE_CONTROL)
_HEADERS = (SSE_FOLDED, SSE_KEY_FOLDED, SSE_C_FOLDED)
_REFS = ("Amazon S3 User Guide: Setting default server-side encryption behavior for Amazon S3 buckets",)
_OPERATOR_REFS = ("IAM User Guide: IAM JSON policy elements: Condition operators",)


def _upload(subject: Subject, statement: Statement) -> AccessRequest | None:
    """An upload that it denies, whatever its headers of encryption."""
    return reach(subject, statement, ("s3:PutObject",)) or reach(subject, statement, ("s3:ReplicateObject",))


def _with_algorithm(request: AccessRequest, algorithm: str | None) -> AccessRequest:
    return under(request, SSE_FOLDED, algorithm)


def _uploads(subject: Subject) -> Iterator[tuple[Statement, AccessRequest]]:
    """The Denies that judge the algorithm, each with an upload that it denies."""
    for each in subject.denies:
        if on(each, SSE_FOLDED):
            found = _upload(subject, each)
            if found:
                yield each, found


def _passing(subject: Subject, statement: Statement, request: AccessRequest) -> list[str]:
    """The algorithms that it lets pass."""
    return [each for each in ALGORITHMS if not subject.applies(statement, _with_algorithm(request, each))]


def _denies_dsse(subject: Subject) -> Iterator[Hit]:
    for each, found in _uploads(subject):
        passing = _passing(subject, each, found)
        if "aws:kms" not in passing or "aws:kms:dsse" in passing:
            continue
        wrong = [condition for condition in on(each, SSE_FOLDED) if negated(condition)]
        fixable = len(wrong) == 1 and "aws:kms" in wrong[0].values
        yield Hit(
            f"{found.action} with aws:kms:dsse is denied, the stronger form of aws:kms, which passes",
            each,
            wrong[0].pointer if wrong else "",
            patch=repairs.values(wrong[0], (*wrong[0].values, "aws:kms:dsse")) if fixable else (),
        )


def _denies_default(subject: Subject) -> Iterator[Hit]:
    for each, found in _uploads(subject):
        passing = _passing(subject, each, found)
        meant = {"aws:kms", "aws:kms:dsse"} <= set(passing) or "aws:kms" not in passing
        bare = _with_algorithm(found, None)
        if meant or not subject.applies(each, bare) or _required_elsewhere(subject, each, bare):
            continue
        by = [condition for condition in on(each, SSE_FOLDED) if negated(condition)]
        if not by:
            continue
        name = by[0].operator
        yield Hit(
            f"{found.action} without the header is denied, though the bucket's default encryption would "
            f"apply: {name} holds where the key is absent",
            each,
            by[0].pointer,
            patch=repairs.conditions(each, more={"Null": {SSE: "false"}}),
        )


def _required_elsewhere(subject: Subject, statement: Statement, bare: AccessRequest) -> bool:
    """Another statement says that the header is required."""
    return any(
        subject.applies(each, bare) and any(not negated(condition) for condition in on(each, SSE_FOLDED))
        for each in subject.denies
        if each is not statement
    )


def _key_against_default(subject: Subject) -> Iterator[Hit]:
    """One statement lets uploads without headers pass, another denies them for want of a key."""
    spares = [
        each for each, found in _uploads(subject) if not subject.applies(each, _with_algorithm(found, None))
    ]
    for each in subject.denies:
        wrong = [condition for condition in on(each, SSE_KEY_FOLDED) if negated(condition)]
        found = (
            reach(subject, each, ("s3:PutObject",)) if wrong and spares and not on(each, SSE_FOLDED) else None
        )
        if found is None or any(other is each for other in spares):
            continue
        bare = _with_algorithm(found, None)
        if subject.applies(each, bare):
            yield Hit(
                f"uploads without headers are denied for want of a key, though {spares[0].name} lets them "
                "pass so that the bucket's default encryption applies",
                each,
                wrong[0].pointer,
                patch=repairs.conditions(each, more={"Null": {SSE_KEY: "false"}}),
            )


def _if_exists(subject: Subject) -> Iterator[Hit]:
    for each in subject.denies:
        for condition in each.conditions:
            header = condition.folded.startswith("s3:x-amz-")
            if not (header and condition.if_exists and negated(condition)):
                continue
            found = reach(subject, each)
            bare = found and under(found, condition.folded, None)
            if bare and subject.applies(each, bare):
                yield _useless_if_exists(each, condition, bare)


def _useless_if_exists(statement: Statement, condition: Condition, bare: AccessRequest) -> Hit:
    base = condition.operator[: -len("IfExists")]
    raw = statement.raw["Condition"][condition.operator][condition.key]
    more = {base: {condition.key: raw}, "Null": {condition.key: "false"}}
    return Hit(
        f"{bare.action} without {condition.key} is denied all the same: {base} holds where the key is "
        "absent, and IfExists does nothing on a negated operator",
        statement,
        condition.pointer,
        patch=repairs.conditions(statement, without=(condition,), more=more),
    )


def _combinations(subject: Subject) -> Iterator[Mapping[str, Any]]:
    """Every way to ask for encryption, with the keys that the policy names and with another."""
    named_keys = [
        value
        for each in subject.denies
        for condition in on(each, SSE_KEY_FOLDED)
        for value in condition.values
        if not set(value) & set("*?$")
    ]
    yield {SSE: None, SSE_KEY: None, SSE_C: None}
    yield {SSE: "AES256", SSE_KEY: None, SSE_C: None}
    yield {SSE: None, SSE_KEY: None, SSE_C: "AES256"}
    for algorithm, key in product(ALGORITHMS[1:], (None, KEY, OTHER_KEY, *named_keys)):
        yield {SSE: algorithm, SSE_KEY: key, SSE_C: None}


def _no_upload_passes(subject: Subject) -> Iterator[Hit]:
    judging = [each for each in subject.denies if on(each, *_HEADERS)]
    if len(judging) < 2 or not plain(*judging):
        return
    by_others = [
        each for each in judging if any(condition.folded not in _HEADERS for condition in each.conditions)
    ]
    if by_others:
        return  # other circumstances decide whom it concerns
    for start in named(subject, judging[0], ("s3:PutObject",)):
        ways = [with_context(start, each) for each in _combinations(subject)]
        if all(any(subject.applies(each, way) for each in judging) for way in ways):
            names = " and ".join(each.name for each in judging)
            yield Hit(f"no upload passes: whatever it asks for, one of {names} denies it", judging[-1])
        return


RULES = (
    Rule(
        "sse-default-denied",
        Severity.LOW,
        "uploads without the header are denied",
        "A negated operator holds for a request that has no such header. S3 encrypts every object, by the "
        "bucket's default where the request says nothing; such requests, most services among them, are "
        "denied.",
        'if the header must be there, list aws:kms and aws:kms:dsse; else add Null: {key: "false"} to the '
        "block",
        _denies_default,
        _KINDS,
        _REFS,
    ),
    Rule(
        "sse-dsse-denied",
        Severity.LOW,
        "the stronger encryption is denied",
        "aws:kms and aws:kms:dsse are two values, compared as text: a Deny for all but aws:kms refuses "
        "dual-layer encryption too.",
        "list both aws:kms and aws:kms:dsse",
        _denies_dsse,
        _KINDS,
        ("Amazon S3 User Guide: Using dual-layer server-side encryption with AWS KMS keys (DSSE-KMS)",),
    ),
    Rule(
        "sse-key-default-denied",
        Severity.LOW,
        "two statements disagree about uploads without headers",
        "One leaves them to the bucket's default encryption, the other denies them because they name no key.",
        'add Null: {key: "false"} to the block of the key',
        _key_against_default,
        _KINDS,
        _REFS,
    ),
    Rule(
        "if-exists-on-negated",
        Severity.MEDIUM,
        "IfExists on a negated operator does nothing",
        "A negated operator holds for an absent key anyway, so that requests without the header are denied.",
        'Null: {key: "false"} and the operator without IfExists, in one block',
        _if_exists,
        (),
        _OPERATOR_REFS,
    ),
    Rule(
        "sse-no-upload-passes",
        Severity.HIGH,
        "no upload can meet all statements",
        "The statements about encryption exclude each other: S3 takes one kind of encryption for an object.",
        "decide for one kind of encryption",
        _no_upload_passes,
        _KINDS,
        _REFS,
    ),
)
