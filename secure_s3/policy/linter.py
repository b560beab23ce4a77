"""Findings on a policy: what AWS would refuse, what does nothing, what does something else than it says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from ..errors import PolicyError
from ..values import Finding, Severity
from . import jsontext
from .document import Policy
from .rules import RULES
from .rules.rule import ACCESS_POINT, BUCKET, EFFORT, IDENTITY, KEY, KINDS, TRUST, Rule, Subject
from .statement import Statement
from .stumbles import without_hearsay
from .trials import HARMLESS, tried

__all__ = ["RULES", "lint", "rule", "kind_of", "bucket_of"]

HITS_PER_RULE = 100
"""A rule that is broken more often than this says so a hundred times, and no more."""

JUDGED_BYTES = 40 * 1024
"""A policy longer than this is judged by the rules about documents alone: AWS takes none above 32 KB."""

_OF_DOCUMENTS = frozenset(
    {"policy-too-large", "duplicate-json-key", "malformed-statement", "unknown-element"}
)
_ORDER = {severity: -place for place, severity in enumerate(Severity)}
_BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_BUCKET_ARN = re.compile(r"arn:aws[a-z-]*:s3:::([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/.*)?", re.S)
_ACCESS_POINT_ARN = re.compile(r"arn:[^:]*:s3[a-z-]*:[^:]*:[^:]*:(outpost/[^/]*/)?accesspoint/")
_PRINCIPAL = re.compile("(not)?principals?", re.I)
"""However it is spelt: the policy is then meant for a resource."""
_BY_ID = {each.id: each for each in RULES}
_PLACES = {each.id: place for place, each in enumerate(RULES)}


def lint(
    policy: Policy | str | Mapping[str, Any], *, bucket: str | None = None, kind: str | None = None
) -> list[Finding]:
    """What is wrong with *policy*, the worst first, and in the order of the document.

    No finding means that no rule knows anything against it; it does not mean that the policy is what you
    want: ``evaluate`` tells what it does. The work is bounded: of a policy above 40 KB only the document is
    judged, and ``judged-in-part`` tells where searches were given up.

    A finding has a patch only if that was tried: it fits, the finding is gone after it, nothing grave comes
    in its place, strangers are allowed no more than before, and uploads and administration that pass are
    not shut for everybody. Where there is none for one of these reasons, ``fix`` says which.

    Args:
        policy: A policy, or what ``Policy.parse`` takes.
        bucket: The name of the bucket that the policy is for; without it, the bucket that its resources
            name most often.
        kind: What it is attached to, one of ``bucket``, ``access point``, ``key``, ``trust``, ``identity``,
            ``service control``, ``resource control``, ``endpoint`` of a VPC (or with a hyphen); without it,
            what it looks like (see ``kind_of``).

    Raises:
        PolicyError: an argument is of the wrong type, or the text or dict is no policy document.
    """
    subject = _subject(policy, bucket, kind)
    return _ordered(subject, _judged(subject))


def lint_without(rules: frozenset[str], policy: Policy, *, bucket: str, kind: str) -> list[Finding]:
    """What ``lint`` says but for the findings of *rules*, which are not looked for where nothing hangs on it.

    A patch is tried against all rules, and what a search may spend is shared by all: then all are asked.
    """
    subject = _subject(policy, bucket, kind)
    if subject.size > JUDGED_BYTES:
        return _ordered(subject, _judged(subject))
    said = _said(subject, [each for each in RULES if each.id not in rules])
    if subject.effort.left < EFFORT * 3 // 4:
        subject = _subject(policy, bucket, kind)
        found = _judged(subject)
    elif any(each.patch and each.rule not in HARMLESS for each in said):
        said += _said(subject, [each for each in RULES if each.id in rules])
        found = without_hearsay(subject, sorted(said, key=lambda each: _PLACES[each.rule]))
    else:
        return _in_order(subject, without_hearsay(subject, said))
    return [each for each in _ordered(subject, found) if each.rule not in rules]


def _subject(policy: Policy | str | Mapping[str, Any], bucket: str | None, kind: str | None) -> Subject:
    policy = policy if isinstance(policy, Policy) else Policy.parse(policy)
    if bucket is not None and (not isinstance(bucket, str) or not _BUCKET_NAME.fullmatch(bucket)):
        raise PolicyError(
            f"bucket={bucket!r} is no name of a bucket", fix='pass bucket="amzn-s3-demo-bucket"'
        )
    spoken = kind.replace("-", " ") if isinstance(kind, str) else kind
    if spoken is not None and spoken not in KINDS:
        raise PolicyError(f"kind={kind!r} is no kind of policy", fix=f"pass one of {', '.join(KINDS)}")
    return Subject(policy, spoken or kind_of(policy, bucket), bucket or bucket_of(policy))


def _ordered(subject: Subject, found: list[Finding]) -> list[Finding]:
    found = tried(subject, found, lambda after, effort: _anew(subject, after, effort))
    return _in_order(subject, found)


def _in_order(subject: Subject, found: list[Finding]) -> list[Finding]:
    places = _places(subject.policy.document) if len(found) > 1 else {}
    return sorted(found, key=lambda each: (_ORDER[each.severity], places.get(each.pointer or "", -1)))


def _judged(subject: Subject) -> list[Finding]:
    """What the rules find, in their order; the patches have not been tried."""
    rules = RULES if subject.size <= JUDGED_BYTES else [each for each in RULES if each.id in _OF_DOCUMENTS]
    return without_hearsay(subject, _said(subject, rules))


def _said(subject: Subject, rules: Iterable[Rule]) -> list[Finding]:
    return [finding for each in rules for finding in islice(each.findings(subject), HITS_PER_RULE)]


def _anew(subject: Subject, policy: Policy, effort: int) -> tuple[Subject, list[Finding]]:
    """Another policy in the place of *subject*'s, judged with so much effort."""
    another = Subject(policy, subject.kind, subject.bucket)
    another.effort.left = min(effort, another.effort.left)
    return another, _judged(another)


def rule(id: str) -> Rule:
    """The rule of that id; PolicyError if there is none."""
    try:
        return _BY_ID[id]
    except (KeyError, TypeError):
        raise PolicyError(f"there is no lint rule {id!r}", fix="RULES lists all of them") from None


def kind_of(policy: Policy, bucket: str | None = None) -> str:
    """What *policy* seems to be attached to.

    A policy whose statements name principals belongs to a resource: a key if all its actions are of KMS, a
    role (``trust``) if all are sts:AssumeRole… and no statement has resources, an access point if its
    resources are access points, else a bucket. One without principals belongs to an identity, unless
    *bucket* says otherwise.
    """
    statements = policy.statements
    if not any(_PRINCIPAL.fullmatch(name) for each in statements for name in each.raw):
        return BUCKET if bucket else IDENTITY
    actions = [action.lower() for each in statements for action in each.actions]
    if actions and all(action.startswith("kms:") for action in actions):
        return KEY
    assumes = all(action.startswith(("sts:assumerole", "sts:tagsession", "sts:set")) for action in actions)
    if actions and assumes and not any({"Resource", "NotResource"} & each.raw.keys() for each in statements):
        return TRUST
    resources = [resource for each in statements for resource in each.resources or ()]
    points = sum(_ACCESS_POINT_ARN.match(resource) is not None for resource in resources)
    return ACCESS_POINT if points and points * 2 >= len(resources) else BUCKET


def bucket_of(policy: Policy) -> str | None:
    """The bucket that the resources of *policy* name most often; None if they name none."""
    named = Counter(
        match[1] for match in map(_BUCKET_ARN.fullmatch, _resources(policy.statements)) if match is not None
    )
    return named.most_common(1)[0][0] if named else None


def _resources(statements: Iterable[Statement]) -> Iterable[str]:
    return (resource for each in statements for resource in each.resources or ())


def _places(value: Any) -> dict[str, int]:
    """The JSON pointers of a document, numbered as they stand."""
    places: dict[str, int] = {}
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        pointer, value = waiting.pop()
        places[pointer] = len(places)
        below: Iterable[tuple[Any, Any]] = ()
        if isinstance(value, Mapping):
            below = ((jsontext.token(key), item) for key, item in value.items())
        elif isinstance(value, list):
            below = enumerate(value)
        waiting += reversed([(f"{pointer}/{step}", item) for step, item in below])
    return places
