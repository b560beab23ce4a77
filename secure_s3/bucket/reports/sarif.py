"""Audits as SARIF, for code scanning. Pure.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0"; GitHub Docs, "SARIF support
for code scanning".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from ...policy.sarif import LEVELS, descriptor, log_of
from ...values import Finding, printable_text
from ..audit.check import Check, Outcome, Verdict
from ..audit.judging import Audit
from ..audit.telling import worst_first

_COUNTS = re.compile(r"(?<![\w.:/@%+-])\d{1,11}(?![\w:/@-]|\.\w)")
"""Numbers for themselves: not those of accounts, which have twelve digits, nor within names and versions."""
_FINGERPRINT = "secureS3Audit/v1"


def sarif_of(audits: Audit | Iterable[Audit]) -> dict[str, Any]:
    """The findings of audits as a SARIF 2.1.0 log with one run, all checks described in it.

    A bucket is no file, and code scanning wants one: its name stands for it. Where it is by its ARN, and in
    the bucket policy by a pointer, the logical locations say. Checks that could not be made are notifications
    of the invocation, and no results.
    """
    listed = [audits] if isinstance(audits, Audit) else list(audits)
    checks: dict[str, Check] = {one.check.id: one.check for audit in listed for one in audit.verdicts}
    order = {id: place for place, id in enumerate(checks)}
    invocation = {
        "executionSuccessful": True,
        "toolExecutionNotifications": [each for audit in listed for each in _notifications(audit, order)],
    }
    return log_of(
        "secure-s3 audit",
        [descriptor(e.id, e.title, e.why or e.title, e.fix, e.severity, e.refs) for e in checks.values()],
        [result for audit in listed for result in _results(audit, order)],
        invocations=[invocation],
    )


def _results(audit: Audit, order: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    arn = _arn(audit)
    seen: dict[str, int] = {}
    for finding in worst_first(audit.verdicts):
        print_ = _fingerprint(arn, finding)
        seen[print_] = seen.get(print_, 0) + 1
        lines = [finding.message, *finding.evidence, finding.fix]
        yield {
            "ruleId": finding.rule,
            "ruleIndex": order[finding.rule],
            "level": LEVELS[finding.severity],
            "message": {"text": "\n".join(printable_text(line) for line in lines if line)},
            "locations": [_location(audit.snapshot.bucket, arn, finding.pointer)],
            "partialFingerprints": {_FINGERPRINT: f"{print_}:{seen[print_]}"},
            "properties": {"severity": finding.severity.value},
        }


def _fingerprint(arn: str, finding: Finding) -> str:
    """The same as long as the finding is; ages and counts in its message do not make it another one."""
    message = _COUNTS.sub("0", finding.message)
    parts = (arn, finding.rule, finding.statement or "", message)
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _location(bucket: str, arn: str, pointer: str | None) -> dict[str, Any]:
    # A snapshot from a file may have any text for a name, such as no encoding can write.
    bucket, arn = printable_text(bucket), printable_text(arn)
    logical = [{"name": bucket, "fullyQualifiedName": arn, "kind": "resource"}]
    if pointer:
        value = printable_text(pointer)
        logical.append({"name": value, "fullyQualifiedName": f"{arn}#{value}", "kind": "value"})
    place = {"artifactLocation": {"uri": quote(bucket, safe="")}, "region": {"startLine": 1}}
    return {"physicalLocation": place, "logicalLocations": logical}


def _notifications(audit: Audit, order: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    for each in audit.verdicts:
        if each.outcome is Outcome.UNKNOWN:
            yield {
                "level": "warning",
                "message": {"text": printable_text(_unmade(audit.snapshot.bucket, each))},
                "associatedRule": {"id": each.check.id, "index": order[each.check.id]},
                "locations": [_location(audit.snapshot.bucket, _arn(audit), None)],
            }


def _unmade(bucket: str, verdict: Verdict) -> str:
    helps = f"; the permission {verdict.action} would help" if verdict.action else ""
    return f"{bucket}: {verdict.check.id} was not examined: {verdict.why}{helps}"


def _arn(audit: Audit) -> str:
    return f"arn:{audit.snapshot.partition}:s3:::{audit.snapshot.bucket}"
