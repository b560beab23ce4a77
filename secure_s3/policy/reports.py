"""Findings as text for people and as plain values for programs; as SARIF they are in ``sarif``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ..values import Finding, Severity, printable_text
from .document import Policy
from .rulebook import explain
from .sarif import as_sarif

__all__ = ["as_text", "as_dict", "as_sarif", "explain"]


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
