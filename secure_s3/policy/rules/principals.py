"""Principals that are nobody, that are everybody, or that stand where none belong.

Sources: IAM User Guide, "AWS JSON policy elements: Principal", "... NotPrincipal", "IAM identifiers"; AWS
Organizations User Guide, "RCP syntax".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...values import Severity
from ..principals import Requester
from ..statement import Statement
from .places import Patch, add, principal_strings, quoted, remove, replace
from .rule import (
    ACCESS_POINT,
    BUCKET,
    ENDPOINT,
    IDENTITY,
    KEY,
    RESOURCE_CONTROL,
    SERVICE_CONTROL,
    TRUST,
    Hit,
    Rule,
    Subject,
)

_OF_RESOURCES = (BUCKET, ACCESS_POINT, KEY, TRUST, RESOURCE_CONTROL)
_ATTACHED = (*_OF_RESOURCES, ENDPOINT)
_UNIQUE_ID = re.compile(r"A(?:IDA|ROA|GPA|IPA|NPA|NVA|SCA|PKA)[A-Z0-9]{12,124}")
_ACCESS_KEY_ID = re.compile(r"A[KS]IA[A-Z0-9]{12,124}")
_ARN = re.compile(
    r"arn:aws[a-z-]*:(?:iam::[0-9]{12}:(?:root|user/.+|role/.+)"
    r"|sts::[0-9]{12}:(?:assumed-role/[^/]+/[^/]+|federated-user/.+|self)"
    r"|iam::cloudfront:user/CloudFront Origin Access Identity [A-Z0-9]+)",
    re.S,
)
_SERVICE = re.compile(r"[a-z0-9.-]+\.(?:amazonaws\.com(?:\.cn)?|amazon\.com|aws\.internal)")
_WITH_WILDCARD = re.compile(r"(arn:aws[a-z-]*:iam::[0-9]{12}:)(?:role|user|\*).*", re.S)


def _allow_not_principal(subject: Subject) -> Iterator[Hit]:
    for statement in subject.allows:
        if statement.principals is None or not statement.principals.negated:
            continue
        anonymous, _ = statement.principals.match(Requester.parse(None))
        who = "everybody else, anonymous callers included" if anonymous else "whoever it does not name"
        yield Hit(f"it allows {who}", statement, f"{statement.pointer}/NotPrincipal")


def _nobody_left(subject: Subject) -> Iterator[Hit]:
    for statement in subject.denies:
        if statement.principals and statement.principals.negated and statement.principals.everyone:
            message = "it is about everybody but everybody, and denies nothing"
            yield Hit(message, statement, f"{statement.pointer}/NotPrincipal")


def _wildcards(subject: Subject) -> Iterator[Hit]:
    for statement in subject.policy.statements:
        for kind, text, pointer in principal_strings(statement):
            if (text == "*" and kind in ("", "AWS")) or not set(text) & set("*?") or "${" in text:
                continue
            message = f"{quoted(text)} is no pattern in a principal: it names nobody, and AWS refuses it"
            if text == "*":
                message = f'"*" under {kind} is no name: AWS refuses it, or takes it for all of that kind'
            patch = _by_condition(statement, text) if kind == "AWS" else ()
            yield Hit(message, statement, pointer, patch=patch)


def _by_condition(statement: Statement, text: str) -> Patch:
    """Everybody, if their ARN is like the pattern; only where nothing else of the statement is touched."""
    principal = statement.raw.get("Principal")
    blocks = statement.raw.get("Condition", {})
    alone = principal in ({"AWS": text}, {"AWS": [text]})
    if not alone or not _WITH_WILDCARD.fullmatch(text) or not isinstance(blocks, dict):
        return ()
    if "ArnLike" in blocks:
        return ()
    condition = {"aws:PrincipalArn": text}
    at = f"{statement.pointer}/Condition"
    added = (
        add(f"{at}/ArnLike", condition) if "Condition" in statement.raw else add(at, {"ArnLike": condition})
    )
    return (replace(f"{statement.pointer}/Principal", "*"), added)


def _deleted(subject: Subject) -> Iterator[Hit]:
    for statement in subject.policy.statements:
        for kind, text, pointer in principal_strings(statement):
            if kind == "AWS" and _UNIQUE_ID.fullmatch(text):
                yield Hit(f"{text} was a user or role that does not exist any more", statement, pointer)


def _malformed(subject: Subject) -> Iterator[Hit]:
    for statement in subject.policy.statements:
        for kind, text, pointer in principal_strings(statement):
            if set(text) & set("*?$") or text != text.strip() or _UNIQUE_ID.fullmatch(text):
                continue  # for other rules
            why, right = _complaint(kind, text)
            if why:
                patch: Patch = (replace(pointer, right),) if right and kind in ("AWS", "Service") else ()
                fix = f"write {right}" if right else ""
                yield Hit(f"{quoted(text)} {why}, and AWS refuses it", statement, pointer, fix, patch)


def _complaint(kind: str, text: str) -> tuple[str, str]:
    """What is wrong with a principal, and the right form where it is plain."""
    if kind == "AWS":
        return _of_aws(text)
    if kind == "Service" and not _SERVICE.fullmatch(text):
        return "is no service, which reads name.amazonaws.com", ""
    if kind == "CanonicalUser" and not re.fullmatch("[0-9a-f]{64}", text):
        return "is no canonical user id, which has 64 hexadecimal digits", ""
    return "", ""


def _of_aws(text: str) -> tuple[str, str]:
    digits = text.replace("-", "")
    if re.fullmatch("[0-9]{12}", text) or _ARN.fullmatch(text):
        return "", ""
    if re.fullmatch("[0-9]{12}", digits):
        return "has hyphens, which the number of an account has not", digits
    if _SERVICE.fullmatch(text):
        return "is a service, which stands under Service and not under AWS", ""
    if _ACCESS_KEY_ID.fullmatch(text):
        return "is the id of an access key, which is no principal", ""
    account = re.fullmatch(r"(arn:aws[a-z-]*:iam::[0-9]{12}):?", text)
    if account:
        return "lacks what comes after the account", f"{account[1]}:root"
    session = re.fullmatch(r"(arn:aws[a-z-]*):iam:(:[0-9]{12}:assumed-role/[^/]+/[^/]+)", text)
    if session:
        return "is a session, which is of sts and not of iam", f"{session[1]}:sts:{session[2]}"
    if re.fullmatch(r"arn:aws[a-z-]*:iam::[0-9]{12}:group/.+", text, re.S):
        return "is a group, which cannot be a principal", ""
    return "is neither an account nor the ARN of a user, a role or a session", ""


def _misplaced(subject: Subject) -> Iterator[Hit]:
    for statement in subject.policy.statements:
        named = [each for each in ("Principal", "NotPrincipal") if each in statement.raw]
        if subject.attached and not named:
            yield Hit("it names no principal; the policy of a resource must, and AWS refuses it", statement)
        for name in () if subject.attached else named:
            pointer = f"{statement.pointer}/{name}"
            message = f"{name} has no place in a policy of this kind ({subject.kind}); AWS refuses it"
            yield Hit(message, statement, pointer, "leave it out", (remove(pointer),))


def _of_resource_control(subject: Subject) -> Iterator[Hit]:
    for statement in subject.policy.statements:
        if statement.effect == "Allow" and not _full_access(statement):
            yield Hit("a resource control policy has Deny only", statement, f"{statement.pointer}/Effect")
        if "Principal" in statement.raw and statement.raw["Principal"] != "*":
            pointer = f"{statement.pointer}/Principal"
            message = 'a resource control policy has "*" as its principal only'
            yield Hit(message, statement, pointer, patch=(replace(pointer, "*"),))
        for name in ("NotPrincipal", "NotAction"):
            if name in statement.raw:
                yield Hit(
                    f"a resource control policy takes no {name}", statement, f"{statement.pointer}/{name}"
                )


def _full_access(statement: Statement) -> bool:
    return statement.actions == ("*",) and statement.resources == ("*",) and not statement.conditions


_PAGE = "IAM User Guide: AWS JSON policy elements: Principal"
RULES = (
    Rule(
        "allow-not-principal",
        Severity.CRITICAL,
        "NotPrincipal in an Allow",
        "It allows everybody whom it does not name: other accounts, services, and anonymous callers.",
        "name in Principal who is allowed",
        _allow_not_principal,
        kinds=_OF_RESOURCES,
        refs=(
            "AccessAnalyzer:Allow with NotPrincipal",
            "SecurityHub:S3.2",
            "IAM User Guide: AWS JSON policy elements: NotPrincipal",
        ),
    ),
    Rule(
        "not-principal-everyone",
        Severity.MEDIUM,
        'NotPrincipal is "*"',
        "Nobody is left whom the statement is about.",
        "name in Principal whom it is about",
        _nobody_left,
        kinds=_ATTACHED,
        refs=("IAM User Guide: AWS JSON policy elements: NotPrincipal",),
    ),
    Rule(
        "principal-wildcard",
        Severity.HIGH,
        "a wildcard inside a principal",
        "A principal is * or a whole name; a pattern such as role/* names nobody.",
        'write "Principal": "*" and ArnLike aws:PrincipalArn with the pattern',
        _wildcards,
        kinds=_ATTACHED,
        refs=("parliament:UNKNOWN_PRINCIPAL", "AccessAnalyzer:Unsupported wildcard in principal", _PAGE),
    ),
    Rule(
        "deleted-principal",
        Severity.MEDIUM,
        "a principal that was deleted",
        "When a user or role that a policy names is deleted, its unique id remains in the policy. One of the "
        "same name that is made later is not meant by it.",
        "name the user or role of today, or leave it out",
        _deleted,
        kinds=_ATTACHED,
        refs=("AccessAnalyzer:Invalid principal format", "IAM User Guide: IAM identifiers", _PAGE),
    ),
    Rule(
        "malformed-principal",
        Severity.HIGH,
        "a principal that nobody can be",
        "AWS takes accounts, ARNs of users, roles and sessions, services, identity providers and canonical "
        "user ids, each under its own name.",
        "write the ARN of the user or role, or the twelve digits of the account",
        _malformed,
        kinds=_ATTACHED,
        refs=(
            "parliament:UNKNOWN_PRINCIPAL",
            "AccessAnalyzer:Invalid principal format",
            "AccessAnalyzer:Invalid service principal format",
            _PAGE,
        ),
    ),
    Rule(
        "principal-element",
        Severity.HIGH,
        "Principal is missing, or is where it does not belong",
        "The policy of a resource says whom it is about; the policy of an identity, and a service control "
        "policy, is about whom it is attached to.",
        'name principals in the policy of a resource, e.g. "Principal": {"AWS": "arn:…"}',
        _misplaced,
        kinds=(*_ATTACHED, IDENTITY, SERVICE_CONTROL),
        refs=(
            "parliament:MALFORMED",
            "AccessAnalyzer:Missing principal",
            "AccessAnalyzer:Unsupported principal",
            "AccessAnalyzer:SCP syntax error principal",
            _PAGE,
        ),
    ),
    Rule(
        "resource-control-form",
        Severity.HIGH,
        "not the form of a resource control policy",
        'A resource control policy denies, to the principal "*", by Action.',
        "write Deny, Principal * and Action, and exempt by conditions such as aws:PrincipalOrgID",
        _of_resource_control,
        kinds=(RESOURCE_CONTROL,),
        refs=(
            "AccessAnalyzer:RCP syntax error principal",
            "AccessAnalyzer:RCP syntax error allow",
            "AccessAnalyzer:RCP syntax error NotAction",
            "AWS Organizations User Guide: RCP syntax",
        ),
    ),
)
