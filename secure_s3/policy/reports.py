"""Findings as text for people, as plain values for programs, and as SARIF for code scanning.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from .._version import __version__
from ..errors import PolicyError
from ..values import Finding, Severity, printable_text
from . import jsontext
from .document import Policy
from .linter import RULES, rule
from .patches import apply, steps, value_at
from .rules.rule import Rule

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
# GitHub sorts alerts by this number, which is read like a CVSS score.
_SCORES = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "3.0",
    Severity.INFO: "0.0",
}


def as_text(policy: Policy, findings: Iterable[Finding], *, name: str = "policy") -> str:
    """The findings as compilers write theirs: ``name:line:column: severity: message [rule]``, then the fix.

    Without a text that the policy was read from, the JSON pointer stands in place of line and column.
    """
    lines: list[str] = []
    for finding in findings:
        at = policy.place(finding.pointer or "")
        where = f"{at[0]}:{at[1]}" if at else finding.pointer or "/"
        said = f"{finding.severity.value}: {finding.message} [{finding.rule}]"
        lines.append(printable_text(f"{name}:{where}: {said}"))
        if finding.fix:
            lines.append(printable_text(f"    fix: {finding.fix}"))
        lines += [f"    patch: {json.dumps(dict(step), default=str)}" for step in finding.patch]
    return "\n".join(lines)


def as_dict(policy: Policy, findings: Iterable[Finding]) -> dict[str, Any]:
    """The findings as plain values for JSON, and how many there are of each severity."""
    listed = list(findings)
    return {
        "findings": [_plain(policy, finding) for finding in listed],
        "counts": {each.value: sum(found.severity is each for found in listed) for each in Severity},
    }


def _plain(policy: Policy, finding: Finding) -> dict[str, Any]:
    at = policy.place(finding.pointer or "")
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "message": finding.message,
        "statement": finding.statement,
        "pointer": finding.pointer,
        "line": at[0] if at else None,
        "column": at[1] if at else None,
        "fix": finding.fix,
        "refs": list(finding.refs),
        "patch": [dict(step) for step in finding.patch],
    }


def as_sarif(policy: Policy, findings: Iterable[Finding], *, uri: str = "policy.json") -> dict[str, Any]:
    """The findings as a SARIF 2.1.0 log with one run, all rules described in it.

    A finding with a patch has a ``fix`` where the policy was read from text, so that an editor can apply it.

    Args:
        policy: The policy that was linted.
        findings: What ``lint`` found in it.
        uri: Where the policy is, relative to the repository; a path or a URI.
    """
    uri = quote(uri.replace("\\", "/"), safe="/:%?#[]@!$&'()*+,;=~")
    order = {each.id: place for place, each in enumerate(RULES)}
    driver = {
        "name": "secure-s3 policy lint",
        "version": __version__,
        "rules": [_descriptor(each) for each in RULES],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "artifacts": [{"location": {"uri": uri}, "mimeType": "application/json"}],
        "results": [_result(policy, finding, uri, order) for finding in findings],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _descriptor(each: Rule) -> dict[str, Any]:
    return {
        "id": each.id,
        "shortDescription": {"text": each.title},
        "fullDescription": {"text": each.explanation},
        "help": {"text": each.fix or each.explanation},
        "defaultConfiguration": {"level": _LEVELS[each.severity]},
        "properties": {
            "security-severity": _SCORES[each.severity],
            "tags": ["security", *each.refs],
        },
    }


def _result(policy: Policy, finding: Finding, uri: str, order: Mapping[str, int]) -> dict[str, Any]:
    pointer = finding.pointer or ""
    place: dict[str, Any] = {"artifactLocation": {"uri": uri, "index": 0}}
    span = _span(policy, pointer)
    if span:
        place["region"] = _region(policy.source, *span)
    logical = {"fullyQualifiedName": pointer or "/", "kind": "value"}
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message}\n{finding.fix}".strip()},
        "locations": [{"physicalLocation": place, "logicalLocations": [logical]}],
        "properties": {"severity": finding.severity.value},
    }
    if finding.rule in order:
        result["ruleIndex"] = order[finding.rule]
    replacement = _replacement(policy, finding.patch)
    if replacement:
        change = {"artifactLocation": {"uri": uri, "index": 0}, "replacements": [replacement]}
        result["fixes"] = [{"description": {"text": finding.fix or "Apply."}, "artifactChanges": [change]}]
    return result


def _replacement(policy: Policy, patch: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The text to put in place of the smallest part of the document that holds all that the patch changes."""
    if not patch or not policy.source:
        return None
    try:
        patched = apply(policy, patch).document
        paths = [steps(step["path"])[: None if step["op"] == "replace" else -1] for step in patch]
        shared = _shared(paths)
        pointer = "".join(f"/{jsontext.token(each)}" for each in shared)
        span, value = _span(policy, pointer), value_at(patched, pointer)
    except PolicyError:
        return None
    if span is None:
        return None
    level = (len(policy.source[: span[0]].rpartition("\n")[2]) - _unindented(policy.source, span[0])) // 2
    text = jsontext.write(value, 2 if "\n" in policy.source else None, level)
    return {"deletedRegion": _region(policy.source, *span), "insertedContent": {"text": text}}


def _unindented(source: str, offset: int) -> int:
    return len(source[:offset].rpartition("\n")[2].lstrip(" "))


def _shared(paths: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    shared = paths[0]
    for path in paths[1:]:
        alike = [a == b for a, b in zip(shared, path, strict=False)]
        shared = shared[: alike.index(False) if False in alike else len(alike)]
    return shared


def _span(policy: Policy, pointer: str) -> tuple[int, int] | None:
    """Offsets at which the value of *pointer* begins and ends in the text."""
    at = policy.place(pointer)
    if at is None:
        return None
    start = 0
    for _ in range(at[0] - 1):
        start = policy.source.index("\n", start) + 1
    start += at[1] - 1
    # The text has been read before, so that this cannot fail; numbers are not needed, however long.
    reader = json.JSONDecoder(parse_int=str, parse_float=str)
    return start, reader.raw_decode(policy.source, start)[1]


def _region(source: str, start: int, end: int) -> dict[str, int]:
    lines = [source.count("\n", 0, offset) + 1 for offset in (start, end)]
    columns = [offset - source.rfind("\n", 0, offset) for offset in (start, end)]
    return {
        "startLine": lines[0],
        "startColumn": columns[0],
        "endLine": lines[1],
        "endColumn": columns[1],
        "charOffset": start,
        "charLength": end - start,
    }


def explain(id: str) -> str:
    """What a rule is about in a few lines: what is wrong, what happens, the right form, and its sources."""
    each = rule(id)
    refs = f"  see: {', '.join(each.refs)}" if each.refs else ""
    lines = [f"{each.id} ({each.severity.value}): {each.title}", f"  {each.explanation}"]
    return "\n".join(line for line in (*lines, f"  fix: {each.fix}" if each.fix else "", refs) if line)
