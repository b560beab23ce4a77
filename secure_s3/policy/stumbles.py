"""Findings that only repeat a slip: about a resource that AWS refuses, nothing else is worth saying.

A statement whose ARNs are malformed matches nothing. What it would do is judged when they are mended; until
then a message or a patch with such an ARN in it would spread the slip.
"""

from __future__ import annotations

from ..values import Finding
from .jsontext import token
from .rules import grammar, names, operands, principals, resources, values, variables
from .rules.rule import Subject
from .statement import Statement

MALFORMED = frozenset({"resource-no-arn", "s3-arn-fields", "arn-white-space"})
"""Rules about how an ARN is written."""

MISMATCHED = frozenset(
    {"object-action-on-bucket", "bucket-action-on-objects", "action-resource-mismatch", "foreign-bucket"}
)
OF_TEXT = (
    frozenset(
        rule.id
        for module in (grammar, names, operands, principals, resources, values, variables)
        for rule in module.RULES
    )
    - MISMATCHED
)
"""Rules about how something is written, whatever the statement does."""


def without_hearsay(subject: Subject, findings: list[Finding]) -> list[Finding]:
    """*findings* without those of what statements do that rest on a malformed ARN."""
    slips = {each.pointer or "" for each in findings if each.rule in MALFORMED}
    broken: dict[str, str] = {}
    for statement in subject.policy.statements if slips else ():
        broken.update(_broken(statement, slips))
    if not broken:
        return findings
    mute = {
        each.pointer
        for each in subject.policy.statements
        if each.resources
        and not each.not_resource
        and all(text in broken.values() for text in each.resources)
    }
    texts = frozenset(broken.values())
    return [each for each in findings if each.rule in OF_TEXT or not _hearsay(each, mute, texts)]


def _broken(statement: Statement, slips: set[str]) -> dict[str, str]:
    """The malformed resources of a statement by their JSON pointers."""
    found: dict[str, str] = {}
    for name in ("Resource", "NotResource"):
        raw = statement.raw.get(name)
        pointer = f"{statement.pointer}/{token(name)}"
        listed = [(pointer, raw)] if isinstance(raw, str) else []
        if isinstance(raw, list):
            listed = [(f"{pointer}/{place}", text) for place, text in enumerate(raw)]
        found.update((at, text) for at, text in listed if at in slips and isinstance(text, str))
    return found


def _hearsay(finding: Finding, mute: set[str], broken: frozenset[str]) -> bool:
    pointer = finding.pointer or ""
    if any(pointer == each or pointer.startswith(f"{each}/") for each in mute):
        return True
    said = f"{finding.message} {finding.patch!r}"
    return any(text.removesuffix("*") in said for text in broken)
