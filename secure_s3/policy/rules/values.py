"""Values that a condition key never has, and values that mean something else than they look like.

Sources: IAM User Guide, "IAM JSON policy elements: Condition operators"; Amazon S3 User Guide, "Bucket policy
examples using condition keys"; Amazon S3 API Reference, PutObject, CopyObject, CreateBucket; Amazon S3 User
Guide, "Access control list (ACL) overview".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...values import Severity
from ..conditions import Condition
from ..globs import glob
from ..request import AccessRequest, OneOf
from ..statement import Statement
from ..variables import VARIABLE
from ..witnesses import KEY, SSE, SSE_C, SSE_KEY, put, with_context
from .places import Patch, consequence, moved, nearest, quoted, replace, values_of, without_key
from .rule import Hit, Rule, Subject

_KEY_ARN = re.compile(r"arn:[^:]+:kms:[^:]+:[^:]+:key/.+", re.S)
_KEY_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|mrk-[0-9a-f]{32}")
_LITERAL_MARK = frozenset({"aws:referer", "aws:useragent", "s3:x-amz-website-redirect-location"})
_LITERAL_STAR = frozenset({"s3:if-match", "s3:if-none-match"})
_TLS = "s3:tlsversion"
_TLS_VERSIONS = OneOf("1.2", "1.3")
"""What S3 speaks: AWS Security Blog, "TLS 1.2 to become the minimum ... for all AWS API endpoints"."""

_VALUES: dict[str, tuple[str, ...]] = {
    SSE: ("AES256", "aws:kms", "aws:kms:dsse", "aws:fsx", "aws:backup"),
    SSE_C: ("AES256",),
    "s3:x-amz-acl": (
        "private",
        "public-read",
        "public-read-write",
        "authenticated-read",
        "aws-exec-read",
        "bucket-owner-read",
        "bucket-owner-full-control",
        "log-delivery-write",
    ),
    "s3:x-amz-storage-class": (
        "STANDARD",
        "REDUCED_REDUNDANCY",
        "STANDARD_IA",
        "ONEZONE_IA",
        "INTELLIGENT_TIERING",
        "GLACIER",
        "GLACIER_IR",
        "DEEP_ARCHIVE",
        "OUTPOSTS",
        "SNOW",
        "EXPRESS_ONEZONE",
        "FSX_OPENZFS",
        "FSX_ONTAP",
        "AWS_BACKUP_WARM",
        "AWS_BACKUP_LOW_COST_WARM",
    ),
    "s3:object-lock-mode": ("GOVERNANCE", "COMPLIANCE"),
    "s3:object-lock-legal-hold": ("ON", "OFF"),
    "s3:authType": ("REST-HEADER", "REST-QUERY-STRING", "POST"),
    "s3:signatureversion": ("AWS", "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
    "s3:x-amz-metadata-directive": ("COPY", "REPLACE"),
    "s3:x-amz-object-ownership": ("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"),
    "s3:AccessPointNetworkOrigin": ("Internet", "VPC"),
}
_KNOWN = {key.lower(): values for key, values in _VALUES.items()}


def _conditions(subject: Subject, *kinds: str) -> Iterator[tuple[Statement, Condition, str]]:
    for statement in subject.policy.statements:
        for condition in statement.conditions:
            if condition.known is not None and condition.known.kind in kinds:
                yield statement, condition, condition.known.name


def _key_ids(subject: Subject) -> Iterator[Hit]:
    for statement, condition, name in _conditions(subject, "string", "arn"):
        if condition.folded != SSE_KEY:
            continue
        for text, pointer in values_of(statement, condition):
            what = _no_key_arn(text.strip(), "Like" in name or name.startswith("Arn"))
            if what:
                holds = condition.truth(put("amzn-s3-demo-bucket", sse_key=KEY))
                message = (
                    f"{quoted(text)} is {what}; S3 compares with the full ARN of the key, whatever the "
                    f"request names it by, and {condition.operator}: {consequence(statement, holds)}"
                )
                yield Hit(message, statement, pointer)


def _no_key_arn(text: str, pattern: bool) -> str:
    if "alias/" in text:
        return "an alias"
    if _KEY_ARN.fullmatch(text) or "${" in text or (pattern and text.startswith(("*", "?"))):
        return ""
    if pattern and text.startswith("arn:") and "*" in text:
        return ""
    return "a bare key id" if _KEY_ID.fullmatch(text) else "no ARN of a key"


def _wildcards(subject: Subject) -> Iterator[Hit]:
    for statement, condition, name in _conditions(subject, "string"):
        if "Like" in name:
            continue
        texts = [
            (text, pointer) for text, pointer in values_of(statement, condition) if _wild(condition, text)
        ]
        for text, pointer in texts:
            patch, operator = _as_pattern(statement, condition, name)
            message = (
                f"{name} compares {quoted(text)} letter by letter, wildcards included, which no "
                f"{condition.key} has: {_among(statement, condition, len(texts))}"
            )
            yield Hit(message, statement, pointer, f"use {operator}" if operator else "", patch)


def _wild(condition: Condition, text: str) -> bool:
    if condition.variables:
        text = VARIABLE.sub("", text)
    if condition.folded in _LITERAL_STAR and text == "*":
        return False
    return "*" in text or ("?" in text and condition.folded not in _LITERAL_MARK)


def _among(statement: Statement, condition: Condition, dead: int) -> str:
    if dead < len(condition.values):
        return "this value matches nothing"
    return consequence(statement, condition.known is not None and condition.known.negated)


def _as_pattern(statement: Statement, condition: Condition, name: str) -> tuple[Patch, str]:
    if name.endswith("IgnoreCase"):
        return (), ""
    arns = all(
        text.startswith("arn:") and text.count(":") >= 5 for text, _ in values_of(statement, condition)
    )
    like = ("Arn" if arns else "String") + (
        "NotLike" if condition.known and condition.known.negated else "Like"
    )
    operator = re.sub(name, like, condition.operator, flags=re.I)
    return moved(statement, condition, operator=operator), operator


def _unknown_values(subject: Subject) -> Iterator[Hit]:
    for statement, condition, name in _conditions(subject, "string"):
        known = _KNOWN.get(condition.folded)
        if known is None:
            continue
        ignoring, like = name.endswith("IgnoreCase"), "Like" in name
        what = ""
        for text, pointer in values_of(statement, condition):
            if "${" in text or _possible(text, known, ignoring=ignoring, like=like):
                continue
            if not like and set(text) & set("*?"):
                continue  # for another rule
            meant = _meant(text, known)
            what = what or _without(statement, condition, known)
            message = f"{condition.key} is never {quoted(text)}: {what}"
            fix = f"write {meant}" if meant else f"write one of {', '.join(known)}"
            patch = (replace(pointer, meant),) if meant and _alike(text, meant) else ()
            yield Hit(message, statement, pointer, fix, patch)


def real(request: AccessRequest) -> bool:
    """No key of *request* has a value that AWS does not know, which is refused whatever policies say."""
    for key, known in _KNOWN.items():
        found = request.lookup(key)
        if isinstance(found, tuple) and not set(found) <= set(known):
            return False
    return True


def _possible(text: str, known: tuple[str, ...], *, ignoring: bool, like: bool) -> bool:
    if like:
        fits = glob(text)
        return any(map(fits, known))
    return text.lower() in map(str.lower, known) if ignoring else text in known


def _meant(text: str, known: tuple[str, ...]) -> str | None:
    same = [each for each in known if _alike(text, each)]
    return same[0] if same else nearest(text, {each.lower(): each for each in known})


def _alike(text: str, other: str) -> bool:
    one, two = (re.sub("[^a-z0-9]", "", each.lower()) for each in (text, other))
    return one == two


def _without(statement: Statement, condition: Condition, known: tuple[str, ...]) -> str:
    """What comes of the condition for all the values that the key can have, and without it."""
    request = put("amzn-s3-demo-bucket")
    outcomes = {condition.truth(with_context(request, {condition.key: each})) for each in known}
    if len(outcomes) == 1 and outcomes != {None}:
        return consequence(statement, outcomes.pop())
    return "this value matches nothing"


def _tls(subject: Subject) -> Iterator[Hit]:
    for statement, condition, _ in _conditions(subject, "numeric", "string"):
        if condition.folded != _TLS or condition.known is None:
            continue
        request = put("amzn-s3-demo-bucket")
        holds = condition.truth(with_context(request, {condition.key: _TLS_VERSIONS}))
        values = ", ".join(condition.values)
        if holds is True and statement.effect == "Deny":
            message = (
                f"TLS 1.3 is the newest there is, and {condition.operator} {values} denies it as well: {_ALL}"
            )
            yield Hit(message, statement, condition.pointer, severity=Severity.CRITICAL)
        elif holds is False and statement.effect == "Allow":
            message = (
                f"no connection has a TLS version for which {condition.operator} {values} holds: nothing is "
                "allowed"
            )
            yield Hit(message, statement, condition.pointer)
        elif holds is False and not without_key(condition) and _never(condition):
            message = f"no TLS version there ever was fits {condition.operator} {values}: nothing is denied"
            yield Hit(message, statement, condition.pointer)


def _never(condition: Condition) -> bool:
    request = put("amzn-s3-demo-bucket")
    every = ("1.0", "1.1", "1.2", "1.3")
    return not any(condition.truth(with_context(request, {condition.key: each})) for each in every)


_ALL = "whatever the statement is about is denied over HTTPS, repairing the policy included"
_OPERATOR_PAGE = "IAM User Guide: IAM JSON policy elements: Condition operators"
RULES = (
    Rule(
        "key-id-no-arn",
        Severity.HIGH,
        "a KMS key compared by alias or bare id",
        "s3:x-amz-server-side-encryption-aws-kms-key-id is the ARN of the key, into which S3 resolves "
        "aliases and ids. A negated comparison with anything else holds for every key, the right one "
        "included.",
        "write the full ARN: arn:aws:kms:region:account:key/id",
        _key_ids,
        refs=(
            "AccessAnalyzer:Invalid kms key value",
            "Amazon S3 User Guide: Specifying server-side encryption with AWS KMS (SSE-KMS)",
        ),
    ),
    Rule(
        "wildcard-in-equals",
        Severity.HIGH,
        "a wildcard under StringEquals",
        "StringEquals and StringNotEquals have no wildcards: a star is a star. The like operators have them.",
        "use StringLike, or ArnLike for ARNs",
        _wildcards,
        refs=("AccessAnalyzer:Wildcard without like operator", _OPERATOR_PAGE),
    ),
    Rule(
        "unknown-value",
        Severity.HIGH,
        "a value that the condition key never has",
        "Values are compared with their case. A value that the key cannot have makes a negated operator hold "
        "always, so that a Deny locks everybody out, and any other never.",
        "write one of the values of the API reference, as it is written there",
        _unknown_values,
        refs=("Amazon S3 API Reference: PutObject", _OPERATOR_PAGE),
    ),
    Rule(
        "tls-version-bound",
        Severity.HIGH,
        "a TLS version that excludes all, or none",
        "s3:TlsVersion is 1.2 or 1.3. A minimum above 1.3 locks everybody out, from repairing the policy "
        "too; one below every version does nothing.",
        'write NumericLessThan "1.2" (or "1.3") in a Deny',
        _tls,
        refs=("CDK:minimumTLSVersion", "Amazon S3 User Guide: Bucket policy examples using condition keys"),
    ),
)
