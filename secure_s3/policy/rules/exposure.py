"""Allows that let strangers in: anybody, or anybody with an account of AWS.

A stranger is made of what strangers can do. They choose their headers, their prefix, their user agent, the
names and tags of their own roles; they cannot choose their account, organization or address, nor act for a
resource of yours. If such a request is allowed, the policy is public, whatever conditions it has.

Sources: Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage": the meaning of "public";
IAM User Guide, "IAM JSON policy elements: Condition operators" (ForAllValues), "AWS global condition context
keys" (aws:Referer).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from ...values import Severity
from .. import catalogue
from ..conditions import ALL, Condition
from ..globs import glob
from ..request import AccessRequest
from ..statement import Statement
from ..witnesses import with_context
from . import repairs
from .circumstances import SECURE, TLS
from .rule import ACCESS_POINT, BUCKET, KEY, TRUST, Hit, Rule, Subject, once
from .search import denied, everything, find, named, negated, on, reach
from .strangers import STRANGERS, met_by_service, met_by_stranger

_KINDS = (BUCKET, ACCESS_POINT, KEY, TRUST)
_WRITES = (
    *("s3:PutObject", "s3:DeleteObject", "s3:PutObjectAcl", "s3:PutBucketPolicy", "s3:PutBucketAcl"),
    *("s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:AbortMultipartUpload", "kms:PutKeyPolicy"),
)
_READS = ("s3:GetObject", "s3:ListBucket", "s3:GetObjectVersion", "kms:Decrypt", "kms:GenerateDataKey")
_PREFIXES = {KEY: "kms:", TRUST: "sts:"}
_SPOOFED = ("aws:referer", "aws:useragent")
TRIES, TRIES_EACH = 40, 10
"""So many kinds of requests are looked for that strangers might be allowed, in all and for each statement."""


@dataclass(frozen=True, slots=True)
class _Open:
    """An Allow that strangers meet, with a request of theirs and the actions they may."""

    statement: Statement
    request: AccessRequest
    actions: tuple[str, ...]

    @property
    def who(self) -> str:
        if self.request.requester and self.request.requester.kind == "service":
            return "a service of AWS that works for anybody"
        return "everybody" if self.request.principal is None else "everybody with an AWS account"

    @property
    def writes(self) -> bool:
        return any(map(_writes, self.actions))


@lru_cache(maxsize=512)
def _writes(action: str) -> bool:
    """The action changes something; with a key it is enough to use it for the data that it protects."""
    known = catalogue.action(action)
    if known is None or known.service == "kms":
        return action in _WRITES
    return not {"Write", "Tagging", "Permissions management"}.isdisjoint(known.access_level.split(", "))


@once
def _opened(subject: Subject) -> tuple[_Open, ...]:
    return tuple(_openings(subject))


def _openings(subject: Subject) -> Iterator[_Open]:
    left = TRIES
    for each in subject.allows:
        who = each.principals
        if who is None or not (who.everyone or who.negated):
            continue
        actions = (*_WRITES, *_READS, *each.actions, *_of_patterns(each))
        own = [action for action in actions if action.startswith(_PREFIXES.get(subject.kind, "s3:"))]
        found: dict[str, AccessRequest] = {}
        tries = min(TRIES_EACH, left)
        left -= tries
        for start in named(subject, each, own, STRANGERS):
            if start.action in found:
                continue
            known = next(iter(found.values()), None)
            met = known and _likewise(subject, each, start, known)
            if met is None and tries:
                tries -= 1
                met = met_by_stranger(subject, each, start) or met_by_service(subject, each, start)
            if met is not None:
                found[start.action] = met
        left += tries  # what was not needed
        if found:
            first = next(iter(found.values()))
            yield _Open(each, first, tuple(dict.fromkeys(found)))


def _of_patterns(statement: Statement) -> Iterator[str]:
    """Some actions that its patterns name, where none of the usual ones is among them."""
    for pattern in () if statement.not_action else statement.actions:
        if set(pattern) & set("*?") and catalogue.known_service(pattern):
            fits = glob(pattern.lower())
            if not any(fits(usual.lower()) for usual in (*_WRITES, *_READS)):
                found = sorted((each.name for each in catalogue.actions_matching(pattern)), key=_writes)
                yield from found[-2:]


def _likewise(
    subject: Subject, statement: Statement, start: AccessRequest, known: AccessRequest
) -> AccessRequest | None:
    """The request under the circumstances of one that is let in, if it is let in too."""
    request = replace(known, action=start.action, resource=start.resource)
    return request if subject.applies(statement, request) and not denied(subject, request) else None


def _cause(each: _Open) -> str:
    conditions = each.statement.conditions
    keys = {condition.folded for condition in conditions}
    if each.statement.principals and each.statement.principals.negated:
        return "not-principal"
    if keys and keys <= {SECURE, TLS}:
        return "https"
    if _spoofed(each.statement):
        return "spoofed"
    if any(_empty_set(condition, each.request) for condition in conditions):
        return "empty-set"
    return ""


def _spoofed(statement: Statement) -> list[Condition]:
    return [each for each in on(statement, *_SPOOFED) if not negated(each)]


def _empty_set(condition: Condition, request: AccessRequest) -> bool:
    return condition.qualifier == ALL and request.lookup(condition.folded) is None


def _listed(actions: tuple[str, ...]) -> str:
    return ", ".join(actions[:4]) + (", …" if len(actions) > 4 else "")


def _of_cause(subject: Subject, cause: str) -> Iterator[_Open]:
    return (each for each in _opened(subject) if _cause(each) == cause)


def _public(subject: Subject, writes: bool) -> Iterator[Hit]:
    for each in _of_cause(subject, ""):
        if each.writes == writes:
            keys = ", ".join(condition.key for condition in each.statement.conditions)
            despite = f", for a stranger can meet its conditions ({keys})" if keys else ""
            yield Hit(f"{each.who} may call {_listed(each.actions)}{despite}", each.statement)


def _public_read(subject: Subject) -> Iterator[Hit]:
    return _public(subject, False)


def _public_write(subject: Subject) -> Iterator[Hit]:
    return _public(subject, True)


def _public_if_https(subject: Subject) -> Iterator[Hit]:
    for each in _of_cause(subject, "https"):
        yield Hit(
            f"{each.who} may call {_listed(each.actions)} over HTTPS: the Allow grants it, and no plain HTTP "
            "is denied to those who are allowed elsewhere",
            each.statement,
            patch=_as_deny(subject, each.statement),
        )


def _as_deny(subject: Subject, statement: Statement) -> repairs.Patch:
    condition = statement.conditions[0] if len(statement.conditions) == 1 else None
    if condition is None or condition.folded != SECURE or condition.values != ("true",):
        return ()
    if not {"Action", "Resource"} <= statement.raw.keys() or subject.kind not in (BUCKET, ACCESS_POINT):
        return ()
    return (
        *repairs.replaced(statement, "Effect", "Deny"),
        *repairs.replaced(statement, "Action", "s3:*"),
        *repairs.replaced(statement, "Resource", everything(subject)),
        *repairs.values(condition, ["false"]),
    )


def _spoofable(subject: Subject) -> Iterator[Hit]:
    for each in _of_cause(subject, "spoofed"):
        yield Hit(
            f"{each.who} may call {_listed(each.actions)}: {_spoofed(each.statement)[0].key} is whatever the "
            "client sends",
            each.statement,
        )
    for statement in subject.denies:
        for condition in on(statement, *_SPOOFED):
            if negated(condition) and reach(subject, statement):
                yield Hit(
                    f"whoever sends a fitting {condition.key} passes: the client writes that header",
                    statement,
                    condition.pointer,
                    severity=Severity.LOW,
                )


def _empty_sets(subject: Subject) -> Iterator[Hit]:
    public = (
        {id(each.statement): each for each in _of_cause(subject, "empty-set")} if subject.attached else {}
    )
    for each in subject.allows:
        for condition in each.conditions:
            if condition.qualifier != ALL or _several(condition):
                continue
            bare = _without(subject, each, condition)
            if bare is None:
                continue
            opened = public.get(id(each))
            may = (
                f"{opened.who} may call {_listed(opened.actions)}" if opened else f"{bare.action} is allowed"
            )
            yield Hit(
                f"{may} without {condition.key}: ForAllValues holds where the key is absent",
                each,
                condition.pointer,
                severity=None if opened else Severity.MEDIUM,
                patch=_without_qualifier(each, condition),
            )


_SEVERAL = (
    "aws:tagkeys",
    "aws:calledvia",
    "aws:principalorgpaths",
    "aws:sourceorgpaths",
    "aws:resourceorgpaths",
)


def _several(condition: Condition) -> bool:
    """A request has several values of the key, so that the qualifier has a meaning."""
    return condition.folded in _SEVERAL or condition.folded.endswith(
        ("tagkeys", "contextkeys", "nameslist", ":amr")
    )


def _without(subject: Subject, statement: Statement, condition: Condition) -> AccessRequest | None:
    """A request without the key that the statement allows."""
    for start in named(subject, statement, distinct=True):
        bare = find(
            subject, with_context(start, {condition.key: None}), must=(statement,), fixed=(condition.folded,)
        )
        if bare is not None and bare.lookup(condition.folded) is None:
            return bare
    return None


def _without_qualifier(statement: Statement, condition: Condition) -> repairs.Patch:
    plain = condition.operator.partition(":")[2]
    raw = statement.raw["Condition"][condition.operator][condition.key]
    return repairs.conditions(statement, without=(condition,), more={plain: {condition.key: raw}})


_BPA = (
    "Amazon S3 User Guide: Blocking public access to your Amazon S3 storage",
    "SecurityHub:S3.2",
    "checkov:CKV_AWS_70",
    "prowler:s3_bucket_public_access",
)

RULES = (
    Rule(
        "public-write",
        Severity.CRITICAL,
        "strangers may write",
        "The Allow names everybody, and a stranger meets its conditions.",
        "name principals, or add a condition no stranger can meet: aws:PrincipalOrgID, aws:PrincipalAccount, "
        "aws:SourceVpce, aws:SourceArn",
        _public_write,
        _KINDS,
        (*_BPA, "SecurityHub:S3.3", "prowler:s3_bucket_policy_public_write_access"),
    ),
    Rule(
        "public-read",
        Severity.HIGH,
        "strangers may read",
        "The Allow names everybody, and a stranger meets its conditions.",
        "name principals, or serve the objects through CloudFront with origin access control; else add a "
        "condition no stranger can meet: aws:PrincipalOrgID, aws:PrincipalAccount, aws:SourceVpce, "
        "aws:SourceArn",
        _public_read,
        _KINDS,
        _BPA,
    ),
    Rule(
        "public-if-https",
        Severity.CRITICAL,
        "a bucket open to everybody who uses HTTPS",
        "An Allow with aws:SecureTransport grants access; it does not ask for HTTPS.",
        'Deny s3:* to "*" if aws:SecureTransport is "false"',
        _public_if_https,
        _KINDS,
        (*_BPA, "SecurityHub:S3.5"),
    ),
    Rule(
        "header-as-protection",
        Severity.HIGH,
        "a header that anybody can send protects nothing",
        "aws:Referer and aws:UserAgent are written by the client.",
        "serve the objects through CloudFront with signed URLs, or presign them",
        _spoofable,
        _KINDS,
        ("IAM User Guide: AWS global condition context keys: aws:Referer", *_BPA),
    ),
    Rule(
        "empty-set-allows",
        Severity.HIGH,
        "ForAllValues holds where the key is absent",
        "With an Allow it lets in every request that has no such key. It is meant for keys with several "
        "values.",
        'the operator without ForAllValues, or Null: {key: "false"} beside it',
        _empty_sets,
        (),
        ("IAM User Guide: Set operators for multivalued context keys",),
    ),
)
