"""Resources that match nothing: malformed ARNs, and types of resources that the actions do not work on.

Sources: IAM User Guide, "IAM JSON policy elements: Resource"; Service Authorization Reference, "Actions,
resources, and condition keys for Amazon S3"; Amazon S3 User Guide, "Bucket policies for Amazon S3".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from ...values import Severity
from .. import catalogue
from ..globs import glob
from ..statement import Statement
from .places import Patch, listed, principal_strings, quoted, replace, values_of
from .reach import can_name, named
from .rule import ACCESS_POINT, BUCKET, IDENTITY, KEY, TRUST, Hit, Rule, Subject

_FIELDS = re.compile(r"arn:(aws[a-z-]*|\*):s3:([^:]*:)*", re.S)
_PLACES_OF_S3 = re.compile(
    r"arn:[^:]*:s3:[^:]*:[^:]*:(accesspoint|job|storage-lens|storage-lens-group|access-grants|async-request|\*)",
    re.S,
)
_SERVICES = {
    BUCKET: ("s3", "s3express"),
    ACCESS_POINT: ("s3", "s3-object-lambda", "s3express"),
    KEY: ("kms",),
    TRUST: ("sts",),
}
_DEAD_REFS = (
    "parliament:RESOURCE_MISMATCH",
    "AccessAnalyzer:Unsupported resource ARN in policy",
    "Service Authorization Reference: Actions, resources, and condition keys for Amazon S3",
)


def _resources(subject: Subject) -> Iterator[tuple[Statement, str, str]]:
    for statement in subject.policy.statements:
        for text, pointer in listed(statement, "Resource", "NotResource"):
            yield statement, text, pointer


def _not_arns(subject: Subject) -> Iterator[Hit]:
    for statement, text, pointer in _resources(subject):
        bare = text.strip()
        if bare.startswith(("*", "arn:*")) or (bare.startswith("arn:") and bare.count(":") >= 5):
            continue
        if _colons(bare) or (bare.startswith("arn:") and "*" in bare):
            continue
        name = re.fullmatch(r"(?:s3://)?([a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:/.*)?)", bare, re.S)
        patch: Patch = (replace(pointer, f"arn:aws:s3:::{name[1]}"),) if name else ()
        yield Hit(f"{quoted(text)} is no ARN, and AWS refuses the policy", statement, pointer, patch=patch)


def _s3_fields(subject: Subject) -> Iterator[Hit]:
    for statement, text, pointer in _resources(subject):
        right = _colons(text.strip())
        if right:
            message = f"{quoted(text)} has not the five colons of an ARN of S3, and matches nothing"
            yield Hit(message, statement, pointer, f"write {right}", (replace(pointer, right),))
            continue
        parts = text.strip().split(":", 5)
        if (
            len(parts) == 6
            and parts[2] == "s3"
            and (parts[3] or parts[4])
            and not _PLACES_OF_S3.match(text.strip())
        ):
            if set(parts[3]) <= {"*"} and set(parts[4]) <= {"*"}:
                continue  # a star matches the empty field of a bucket's ARN
            right = ":".join((*parts[:3], "", "", parts[5]))
            message = (
                f"{quoted(text)} has a region or an account, which ARNs of buckets have not, and matches "
                "nothing"
            )
            yield Hit(message, statement, pointer, f"write {right}", (replace(pointer, right),))


def _colons(text: str) -> str | None:
    """The ARN with the right number of colons; None if it has it, or if it is no ARN of a bucket at all."""
    match = _FIELDS.match(text)
    if match is None or text.count(":") == 5 or "accesspoint" in text:
        return None
    rest = text[match.end() :]
    colons = match[0].count(":")
    whole = re.fullmatch(r"arn:[^:]*:s3:+", match[0])
    if not whole or not rest or rest.startswith("*") or colons == 5:
        return None
    return f"{match[0].rstrip(':')}:::{rest}"


def _white_space(subject: Subject) -> Iterator[Hit]:
    for statement in subject.policy.statements:
        texts = list(listed(statement, "Resource", "NotResource"))
        texts += [(text, pointer) for _, text, pointer in principal_strings(statement)]
        for condition in statement.conditions:
            texts += values_of(statement, condition)
        for text, pointer in texts:
            if not text.strip().startswith("arn:"):
                continue
            right = _without_space(text)
            if right != text:
                message = (
                    f"{quoted(text)} has white space in it, which is part of the text: it matches nothing"
                )
                yield Hit(message, statement, pointer, f"write {right}", (replace(pointer, right),))


def _without_space(text: str) -> str:
    """*text* without white space around it and before the name of a key, in which it may be meant."""
    head, slash, tail = text.strip().partition("/")
    return re.sub(r"\s", "", head) + slash + tail


def _mismatches(subject: Subject) -> Iterator[tuple[Statement, str, str, str]]:
    """Actions that no resource of their statement can match, and of which type their resources are."""
    for statement in subject.policy.statements:
        resources = statement.resources
        if statement.not_action or statement.not_resource or not resources or statement.effect is None:
            continue
        if any("arn:" not in each and each.strip("*") for each in resources):
            continue  # no ARN: another rule says so
        dead = _dead_actions(statement.actions, resources)
        for text, pointer in listed(statement, "Action") if dead else ():
            if text in dead:
                yield statement, text, pointer, dead[text]


@lru_cache(maxsize=256)
def _dead_actions(patterns: tuple[str, ...], resources: tuple[str, ...]) -> Mapping[str, str]:
    """The patterns of ``Action`` that no resource fits, and the type of resource that would."""
    dead: dict[str, str] = {}
    for pattern in patterns:
        actions = named(pattern)
        if actions and not any(can_name(resources, each) for each in actions):
            dead[pattern] = _wanted({kind for each in actions for kind in each.resource_types})
    return dead


def _wanted(types: set[str]) -> str:
    if not types:
        return "none"
    return "object" if "object" in types else "bucket" if "bucket" in types else ", ".join(sorted(types))


def _types(statement: Statement) -> set[str]:
    return {kind for each in statement.resources or () for kind in catalogue.resource_type(each)}


def _dead(statement: Statement) -> str:
    return "is never denied by this" if statement.effect == "Deny" else "is never allowed by this"


def _object_actions(subject: Subject) -> Iterator[Hit]:
    for statement, text, pointer, wanted in _mismatches(subject):
        if wanted != "object" or "bucket" not in _types(statement):
            continue
        patch, fix = _other_arns(statement, wanted)
        message = f"{text} works on objects, and the statement names none: it {_dead(statement)}"
        yield Hit(message, statement, pointer, fix, patch)


def _bucket_actions(subject: Subject) -> Iterator[Hit]:
    for statement, text, pointer, wanted in _mismatches(subject):
        if wanted != "bucket" or "object" not in _types(statement):
            continue
        patch, fix = _other_arns(statement, wanted)
        message = f"{text} works on buckets, and the statement names objects only: it {_dead(statement)}"
        yield Hit(message, statement, pointer, fix, patch)


def _other_arns(statement: Statement, wanted: str) -> tuple[Patch, str]:
    """The ARNs that are missing: in place of those there if no action needs these, else besides them."""
    texts = list(listed(statement, "Resource"))
    right = [f"{text}/*" if wanted == "object" else text.removesuffix("/*") for text, _ in texts]
    simple = all(text.count("/") == (wanted == "bucket") and "?" not in text for text, _ in texts)
    if not simple or any(new == old for new, (old, _) in zip(right, texts, strict=True)):
        return (), ""
    used = [
        each
        for pattern, _ in listed(statement, "Action")
        for each in named(pattern) or ()
        if each.resource_types
    ]
    needed = any(can_name(statement.resources or (), each) for each in used)
    pointer = f"{statement.pointer}/Resource"
    if needed:
        value = [text for text, _ in texts] + right
        return (replace(pointer, value),), f"name {', '.join(right)} as well"
    value = right if isinstance(statement.raw["Resource"], list) else right[:1]
    patch = replace(pointer, value if isinstance(statement.raw["Resource"], list) else value[0])
    return (patch,), f"name {', '.join(right)}"


def _other_mismatches(subject: Subject) -> Iterator[Hit]:
    for statement, text, pointer, wanted in _mismatches(subject):
        types = _types(statement)
        if (wanted == "object" and "bucket" in types) or (wanted == "bucket" and "object" in types):
            continue
        slashed = all(each.endswith("/") for each in statement.resources or ())
        if not types and not slashed and any("arn:aws:s3" in each for each in statement.resources or ()):
            continue  # a malformed ARN: another rule says so
        if wanted == "none":
            message = f'{text} works on no resource, so that only "*" matches it: it {_dead(statement)}'
            yield Hit(message, statement, pointer, 'give it a statement of its own with "Resource": "*"')
        else:
            message = (
                f"{text} works on resources of type {wanted}, and the statement names none: it "
                f"{_dead(statement)}"
            )
            fix = f"name {', '.join(f'{each}*' for each in statement.resources or ())}" if slashed else ""
            yield Hit(message, statement, pointer, fix)


def _foreign_buckets(subject: Subject) -> Iterator[Hit]:
    if subject.bucket is None:
        return
    own = f"arn:aws:s3:::{subject.bucket}"
    for statement, text, pointer in _resources(subject):
        parts = text.split(":", 5)
        if len(parts) < 6 or parts[2] != "s3" or parts[3] or parts[4] or "${" in parts[5].partition("/")[0]:
            continue
        pattern = f"arn:aws:s3:::{parts[5].partition('/')[0]}"
        if not glob(pattern)(own):
            message = (
                f"{quoted(text)} is not in {subject.bucket}, whose policy this is; S3 refuses the policy"
            )
            yield Hit(message, statement, pointer, f"write {own} or {own}/…")


def _foreign_services(subject: Subject) -> Iterator[Hit]:
    allowed = _SERVICES[subject.kind]
    for statement in subject.policy.statements:
        for text, pointer in listed(statement, "Action", "NotAction"):
            service = text.partition(":")[0].lower()
            if ":" in text and service not in allowed and not set(service) & set("*?$"):
                message = (
                    f"{quoted(text)} is no action on a resource of this kind ({subject.kind}); AWS refuses it"
                )
                yield Hit(message, statement, pointer, "leave it out")


def _wide_open(subject: Subject) -> Iterator[Hit]:
    for statement in subject.allows:
        if statement.conditions or "*" not in (statement.resources or ()) or statement.not_resource:
            continue
        for text, pointer in listed(statement, "Action"):
            service, colon, name = text.partition(":")
            if text == "*" or (colon and name == "*"):
                what = "everything" if service == "*" else f"everything in {service}"
                severity = Severity.MEDIUM if service == "*" or statement.not_action else None
                yield Hit(f"it allows {what}, on every resource", statement, pointer, severity=severity)


_ARN_PAGE = "IAM User Guide: IAM JSON policy elements: Resource"
RULES = (
    Rule(
        "resource-no-arn",
        Severity.HIGH,
        "a resource that is no ARN",
        'Resource takes ARNs and "*". AWS refuses a policy with names or URLs in their place.',
        "write arn:aws:s3:::bucket or arn:aws:s3:::bucket/key",
        _not_arns,
        refs=("parliament:INVALID_ARN", "AccessAnalyzer:Invalid ARN prefix", _ARN_PAGE),
    ),
    Rule(
        "s3-arn-fields",
        Severity.HIGH,
        "an ARN of S3 with the wrong fields",
        "The ARN of a bucket has an empty region and an empty account: three colons stand between s3 and the "
        "name. With other colons or fields it matches nothing.",
        "write arn:aws:s3:::bucket",
        _s3_fields,
        refs=(
            "parliament:INVALID_ARN",
            "AccessAnalyzer:Missing ARN field",
            "AccessAnalyzer:ARN account not allowed",
            "AccessAnalyzer:ARN Region not allowed",
            _ARN_PAGE,
        ),
    ),
    Rule(
        "arn-white-space",
        Severity.HIGH,
        "white space in an ARN",
        "White space in an ARN is part of it. No resource has such an ARN, so that the statement protects or "
        "allows nothing, without a word.",
        "leave the white space out",
        _white_space,
        refs=("parliament:INVALID_ARN", "AccessAnalyzer:Invalid ARN resource", _ARN_PAGE),
    ),
    Rule(
        "object-action-on-bucket",
        Severity.HIGH,
        "an action on objects with the ARN of a bucket",
        "An action applies to resources of its types only. The ARN of a bucket does not contain its objects.",
        "name the objects: arn:aws:s3:::bucket/*",
        _object_actions,
        refs=_DEAD_REFS,
    ),
    Rule(
        "bucket-action-on-objects",
        Severity.HIGH,
        "an action on buckets with the ARN of objects",
        "An action applies to resources of its types only. bucket/* has the objects, and not the bucket "
        "itself.",
        "name the bucket: arn:aws:s3:::bucket",
        _bucket_actions,
        refs=_DEAD_REFS,
    ),
    Rule(
        "action-resource-mismatch",
        Severity.MEDIUM,
        "an action that does not work on any resource of its statement",
        "An action applies to resources of its types only, and one without a type only where Resource is *.",
        "name resources of the type that the action works on",
        _other_mismatches,
        refs=_DEAD_REFS,
    ),
    Rule(
        "foreign-bucket",
        Severity.HIGH,
        "a resource of another bucket",
        "A bucket policy is about its own bucket and the objects in it; S3 refuses it otherwise.",
        "name the bucket that the policy is for",
        _foreign_buckets,
        kinds=(BUCKET,),
        refs=(
            "AccessAnalyzer:Unsupported resource ARN in policy",
            "Amazon S3 User Guide: Bucket policies for Amazon S3",
        ),
    ),
    Rule(
        "foreign-service",
        Severity.HIGH,
        "an action of another service than the resource's",
        "The policy of a resource is asked about actions on that resource only; AWS refuses others.",
        "name actions of the service that the resource belongs to",
        _foreign_services,
        kinds=tuple(_SERVICES),
        refs=("AccessAnalyzer:Unsupported action in policy",),
    ),
    Rule(
        "wide-open-allow",
        Severity.LOW,
        "an identity policy that allows everything",
        "Whoever has this policy may do everything in the service, delete and change policies included.",
        "name the actions and resources that are needed",
        _wide_open,
        kinds=(IDENTITY,),
        refs=(
            "parliament:RESOURCE_STAR",
            "SecurityHub:IAM.1",
            "IAM User Guide: Security best practices in IAM",
        ),
    ),
)
