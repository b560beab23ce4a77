"""Parsing of denials: microseconds for a message of each kind, in the slowest form that AWS gives it.

``samples`` is the mean over the answers that are recorded in ``tests/denials/samples.jsonl``, ``longest`` a
message of the greatest length that is read, ``body`` the XML of a presigned URL that has expired. The median
of the rounds counts, each of which is the fastest of some.
"""

from __future__ import annotations

import json
import statistics
import timeit
from collections.abc import Callable
from pathlib import Path
from typing import Any

from secure_s3.denials import parse_denial, parse_error_body
from secure_s3.denials.causes import example
from secure_s3.denials.parsing import MESSAGE_CHARACTERS

SAMPLES = Path(__file__).resolve().parents[1] / "denials" / "samples.jsonl"
CALLS = 200
BODY = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Request has expired'
    "</Message><X-Amz-Expires>60</X-Amz-Expires><Expires>2026-03-01T11:00:00Z</Expires>"
    "<ServerTime>2026-03-01T12:00:00Z</ServerTime><RequestId>7QFEXAMPLE</RequestId><HostId>abc=</HostId></Error>"
)


def main(rounds: int) -> None:
    """Print them."""
    answers = [_answer(line) for line in SAMPLES.read_text("utf-8").splitlines()]
    _show("samples", lambda: [parse_denial(**answer) for answer in answers], rounds, len(answers))
    for cause in ("bucket_policy", "service_control_policy", "kms_access", "presign", "opaque", "other"):
        made = example(cause, policy_arn="arn:aws:iam::111122223333:policy/Limits")
        answer: dict[str, Any] = {"status": made.status, "code": made.code, "message": made.message}
        _show(cause, lambda answer=answer: parse_denial(**answer), rounds)  # type: ignore[misc]
    longest = "User: " * (MESSAGE_CHARACTERS // 6)
    _show("longest", lambda: parse_denial(status=403, message=longest), rounds)
    _show("body", lambda: parse_error_body(BODY, status=403), rounds)


def _answer(line: str) -> dict[str, Any]:
    sample = json.loads(line)
    return {name: sample[name] for name in ("service", "operation", "status", "code", "message")}


def _show(name: str, action: Callable[[], object], rounds: int, parts: int = 1) -> None:
    calls = max(CALLS // parts, 1)
    times = [min(timeit.repeat(action, number=calls, repeat=20)) / calls / parts * 1e6 for _ in range(rounds)]
    print(
        f"denials: {name:24s} {statistics.median(times):7.1f} µs  [{min(times):.1f} … {max(times):.1f}]  "
        f"({rounds} rounds)",
        flush=True,
    )
