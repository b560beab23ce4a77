"""Operators, keys and values that are not of one kind: a date that is none, numbers compared as text.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators", "Set operators for multivalued
context keys", "AWS global condition context keys".
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from ipaddress import ip_network

from ...values import Severity
from .. import catalogue
from ..conditions import ALL, ANY, Condition
from ..globs import ARN_PARTS
from ..operators import date, network, number
from ..statement import Statement
from ..witnesses import SSE_KEY
from .places import Patch, moved, quoted, replace, values_of
from .rule import Hit, Rule, Subject

_TRUTHS = ("true", "false")
_OF_KIND: dict[str, tuple[Callable[[str], object], str]] = {
    "numeric": (number, "number"),
    "date": (date, "date, which reads 2026-01-31T00:00:00Z"),
    "bool": (lambda text: text.lower() in _TRUTHS or None, 'truth value, which is "true" or "false"'),
    "null": (lambda text: text.lower() in _TRUTHS or None, 'truth value, which is "true" or "false"'),
    "ip": (network, "address or range of addresses, which reads 192.0.2.0/24"),
    "binary": (lambda text: _binary(text), "base64 text"),
    "arn": (lambda text: text.count(":") >= ARN_PARTS - 1 or None, "ARN, which has six parts"),
}
_TEXTUAL = {"numeric": "Numeric", "date": "Date", "ip": "IpAddress", "bool": "Bool"}
_OPEN = (
    "kms:encryptioncontext:",
    "aws:principaltag/",
    "aws:requesttag/",
    "aws:resourcetag/",
    "s3:existingobjecttag/",
)
"""Keys whose values the owner makes, numbers and ARNs included."""


def _conditions(subject: Subject) -> Iterator[tuple[Statement, Condition]]:
    for statement in subject.policy.statements:
        yield from ((statement, each) for each in statement.conditions if each.known is not None)


def _binary(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _values(subject: Subject) -> Iterator[Hit]:
    for statement, condition in _conditions(subject):
        kind = condition.known.kind if condition.known else ""
        read, wanted = _OF_KIND.get(kind, (None, ""))
        if read is None or (kind == "arn" and condition.folded == SSE_KEY):
            continue
        for text, pointer in values_of(statement, condition):
            if "${" in text or read(text) is not None:
                continue
            message = f"{quoted(text)} is no {wanted}; {condition.operator} matches nothing by it"
            bare = text.strip().strip("'\"").lower()
            patch: Patch = (replace(pointer, bare),) if bare in _TRUTHS and kind in ("bool", "null") else ()
            yield Hit(message, statement, pointer, patch=patch)


def _kinds(subject: Subject) -> Iterator[Hit]:
    for statement, condition in _conditions(subject):
        key = catalogue.condition_key(condition.key)
        kind = condition.known.kind if condition.known else ""
        if key is None or kind in ("null", key.kind, *key.also) or condition.folded.startswith(_OPEN):
            continue
        if kind == "string" and key.kind in ("arn", "binary"):
            continue
        if kind == "arn" and not key.name.startswith("s3:"):
            continue  # text that may be an ARN: aws:FederatedProvider is one or is none
        usable = kind == "string" and key.kind == "bool"
        textual = "as text, letter by letter" if kind == "string" else f"as {_spoken(kind)}"
        message = f"{condition.key} is {_spoken(key.kind)}, and {condition.operator} compares it {textual}"
        operator, patch = _right_operator(statement, condition, key.kind)
        fix = f"use {operator}" if operator else f"use an operator for {_spoken(key.kind)}"
        yield Hit(message, statement, condition.pointer, fix, patch, Severity.INFO if usable else None)


def _spoken(kind: str) -> str:
    spoken = {"bool": "a truth value", "ip": "an address", "arn": "an ARN", "numeric": "a number"}
    return spoken.get(kind, f"a {kind}")


def _right_operator(statement: Statement, condition: Condition, kind: str) -> tuple[str, Patch]:
    """The operator of the key's own kind, where it says the same of every value."""
    known = condition.known
    if known is None or known.kind != "string" or kind not in _TEXTUAL or known.name.endswith("IgnoreCase"):
        return "", ()
    read = _OF_KIND[kind][0]
    if any(read(text) is None for text in condition.values) or (known.negated and kind == "bool"):
        return "", ()
    stem = _TEXTUAL[kind]
    if kind == "ip":
        right = "NotIpAddress" if known.negated else "IpAddress"
    else:
        right = stem if kind == "bool" else f"{stem}NotEquals" if known.negated else f"{stem}Equals"
    operator = re.sub(known.name, right, condition.operator, flags=re.I)
    return operator, moved(statement, condition, operator=operator)


def _private_addresses(subject: Subject) -> Iterator[Hit]:
    for statement, condition in _conditions(subject):
        if condition.folded != "aws:sourceip":
            continue
        for text, pointer in values_of(statement, condition):
            if network(text) is not None and _private(text):
                message = (
                    f"{quoted(text)} is a private address, and aws:SourceIp is the public one of the caller"
                )
                yield Hit(message, statement, pointer)


_PRIVATE = tuple(
    map(
        ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "fc00::/7"),
    )
)


def _private(text: str) -> bool:
    found = ip_network(text.strip(), strict=False)
    return any(found.version == each.version and found.subnet_of(each) for each in _PRIVATE)  # type: ignore[arg-type]


def _host_bits(subject: Subject) -> Iterator[Hit]:
    for statement, condition in _conditions(subject):
        if condition.known is None or condition.known.kind != "ip":
            continue
        for text, pointer in values_of(statement, condition):
            if network(text) is None or "/" not in text:
                continue
            whole = str(ip_network(text.strip(), strict=False))
            if (
                ip_network(whole).network_address
                != ip_network(f"{text.strip().partition('/')[0]}").network_address
            ):
                message = f"{quoted(text)} names an address inside a range; the range is {whole}"
                yield Hit(message, statement, pointer, f"write {whole}", (replace(pointer, whole),))


def _unqualified(subject: Subject) -> Iterator[Hit]:
    for statement, condition in _conditions(subject):
        key = catalogue.condition_key(condition.key)
        known = condition.known
        if key is None or known is None or not key.multivalued or condition.qualifier or known.kind == "null":
            continue
        operator = f"{ALL if known.negated else ANY}:{condition.operator}"
        patch = moved(statement, condition, operator=operator)
        message = f"{condition.key} has several values in one request, and {condition.operator} is for one"
        yield Hit(message, statement, condition.pointer, f"use {operator}", patch)


_OPERATOR_PAGE = "IAM User Guide: IAM JSON policy elements: Condition operators"
_KEY_PAGE = "IAM User Guide: AWS global condition context keys"
RULES = (
    Rule(
        "malformed-value",
        Severity.HIGH,
        "a value that its operator cannot read",
        "Dates, numbers, truth values, addresses and ARNs are read; what cannot be read matches nothing, and "
        "AWS refuses many of them.",
        "write the value in the form that the operator reads",
        _values,
        refs=(
            "parliament:MISMATCHED_TYPE",
            "parliament:MISMATCHED_TYPE_OPERATION_TO_NULL",
            "AccessAnalyzer:Invalid condition data type",
            "AccessAnalyzer:Invalid date value",
            "AccessAnalyzer:Type mismatch IP range",
            _OPERATOR_PAGE,
        ),
    ),
    Rule(
        "operator-of-other-kind",
        Severity.MEDIUM,
        "an operator for another kind of value than the key has",
        "The operator reads the key's value as something that it is not: text operators compare numbers, "
        "addresses and dates letter by letter, so that ranges and other spellings are missed, and others "
        "read nothing at all.",
        "use an operator of the kind of the key",
        _kinds,
        refs=(
            "parliament:MISMATCHED_TYPE",
            "parliament:MISMATCHED_TYPE_BUT_USABLE",
            "AccessAnalyzer:Data type mismatch",
            "AccessAnalyzer:Type mismatch",
            _OPERATOR_PAGE,
        ),
    ),
    Rule(
        "private-source-ip",
        Severity.MEDIUM,
        "a private address in aws:SourceIp",
        "aws:SourceIp is the public address from which a request comes, and is absent for requests through a "
        "VPC endpoint. No request has a private one there.",
        "use aws:VpcSourceIp together with aws:SourceVpc, or the public addresses",
        _private_addresses,
        refs=("AccessAnalyzer:Private IP address", "AccessAnalyzer:Private NotIpAddress", _KEY_PAGE),
    ),
    Rule(
        "address-inside-range",
        Severity.INFO,
        "a range of addresses that does not begin where it says",
        "An address with a prefix length means the whole range around it, which may be more than was meant.",
        "write the first address of the range",
        _host_bits,
        refs=(_OPERATOR_PAGE,),
    ),
    Rule(
        "multivalued-key-unqualified",
        Severity.MEDIUM,
        "a key with several values without ForAllValues or ForAnyValue",
        "Without a qualifier it is not said whether all values of the request must match, or any of them.",
        "write ForAnyValue: (one must match) or ForAllValues: (all must; also holds without the key)",
        _unqualified,
        refs=(
            "AccessAnalyzer:Missing qualifier",
            "IAM User Guide: Set operators for multivalued context keys",
        ),
    ),
)
