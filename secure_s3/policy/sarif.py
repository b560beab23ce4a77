"""Findings as SARIF, for code scanning and editors.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from .._version import __version__
from ..errors import PolicyError
from ..values import Finding, Severity
from . import jsontext
from .document import Policy
from .patches import apply, steps, value_at
from .rulebook import RULEBOOK
from .rules.rule import Rule

__all__ = ["SCHEMA", "LEVELS", "as_sarif", "descriptor", "log_of", "sarif_of"]

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {
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
_DRIVE = re.compile(r"[A-Za-z]:/")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def as_sarif(policy: Policy, findings: Iterable[Finding], *, uri: str = "policy.json") -> dict[str, Any]:
    """The findings of one policy as a SARIF log; see ``sarif_of``.

    Args:
        policy: The policy that was linted.
        findings: What ``lint`` found in it.
        uri: Where the policy is, relative to the repository; a path or a URI.
    """
    return sarif_of([(policy, findings, uri)])


def sarif_of(linted: Iterable[tuple[Policy, Iterable[Finding], str]]) -> dict[str, Any]:
    """The findings of several policies as a SARIF 2.1.0 log with one run, all rules described in it.

    A finding with a patch has a ``fix`` where the policy was read from text, so that an editor can apply it.
    What is no absolute path and no URI is relative to ``%SRCROOT%``, as GitHub's code scanning takes it.

    Args:
        linted: Policies, what ``lint`` found in them, and where each is: a path or a URI.
    """
    order = {each.id: place for place, each in enumerate(RULEBOOK)}
    artifacts: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for index, (policy, findings, uri) in enumerate(linted):
        location = _location(uri)
        artifacts.append({"location": location, "mimeType": "application/json"})
        here = {**location, "index": index}
        results += [_result(policy, finding, here, order) for finding in findings]
    rules = [_descriptor(each) for each in RULEBOOK]
    return log_of("secure-s3 policy lint", rules, results, artifacts=artifacts)


def log_of(
    tool: str, rules: Sequence[Mapping[str, Any]], results: Sequence[Mapping[str, Any]], **more: Any
) -> dict[str, Any]:
    """A log with one run.

    Args:
        tool: What it is called that found the results.
        rules, results: As SARIF describes them.
        more: Further properties of the run, e.g. ``artifacts``.
    """
    driver = {"name": tool, "version": __version__, "rules": list(rules)}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", **more, "results": list(results)}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _location(uri: str) -> dict[str, str]:
    uri = quote(uri.replace("\\", "/"), safe="/:%?#[]@!$&'()*+,;=~")
    if _DRIVE.match(uri):
        return {"uri": f"file:///{uri}"}
    if uri.startswith("/"):
        return {"uri": f"file://{uri}"}
    return {"uri": uri} if _SCHEME.match(uri) else {"uri": uri, "uriBaseId": "%SRCROOT%"}


def _descriptor(each: Rule) -> dict[str, Any]:
    return descriptor(each.id, each.title, each.explanation, each.fix, each.severity, each.refs)


def descriptor(
    id: str, title: str, explanation: str, fix: str, severity: Severity, refs: Iterable[str]
) -> dict[str, Any]:
    """A rule, or a check, as SARIF describes it."""
    return {
        "id": id,
        "shortDescription": {"text": title},
        "fullDescription": {"text": explanation},
        "help": {"text": fix or explanation},
        "defaultConfiguration": {"level": LEVELS[severity]},
        "properties": {"security-severity": _SCORES[severity], "tags": ["security", *refs]},
    }


def _result(
    policy: Policy, finding: Finding, here: Mapping[str, Any], order: Mapping[str, int]
) -> dict[str, Any]:
    pointer = finding.pointer or ""
    place: dict[str, Any] = {"artifactLocation": dict(here)}
    span = _span(policy, pointer)
    if span:
        place["region"] = _region(policy.source, *span)
    logical = {"fullyQualifiedName": pointer or "/", "kind": "value"}
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": LEVELS[finding.severity],
        "message": {"text": f"{finding.message}\n{finding.fix}".strip()},
        "locations": [{"physicalLocation": place, "logicalLocations": [logical]}],
        "properties": {"severity": finding.severity.value},
    }
    if finding.rule in order:
        result["ruleIndex"] = order[finding.rule]
    replacement = _replacement(policy, finding.patch)
    if replacement:
        change = {"artifactLocation": dict(here), "replacements": [replacement]}
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
