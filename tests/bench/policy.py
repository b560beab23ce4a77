"""Evaluations of a bucket policy per second, against iam-simulate on Node.

iam-simulate (AGPL) is no dependency and runs in a process of its own, which times its own loop, so that
starting Node and passing the case are not counted. It has no form of a policy that was read before: each of
its evaluations reads and checks the documents. So ours is also timed with reading them anew each time.
``IAM_SIMULATE_DIR`` names a folder whose ``node_modules`` has ``@cloud-copilot/iam-simulate``; without it,
npm installs the package into a temporary folder.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import time
from pathlib import Path
from typing import Any

from secure_s3.policy import evaluate
from tests.policy.oracle.sides import installed, layers_of, request_of, theirs, told

BUCKET = "arn:aws:s3:::amzn-s3-demo-bucket"
KEY_ARN = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
SSE = "s3:x-amz-server-side-encryption"
OURS, ANEW, THEIRS = 10_000, 1_000, 1_000


def _statement(effect: str, actions: list[str], conditions: dict[str, Any], **more: Any) -> dict[str, Any]:
    said = {"Effect": effect, "Principal": "*", "Action": actions, "Resource": [BUCKET, f"{BUCKET}/*"]}
    return said | more | {"Condition": conditions}


POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        _statement("Deny", ["s3:*"], {"Bool": {"aws:SecureTransport": "false"}}),
        _statement("Deny", ["s3:*"], {"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
        _statement(
            "Deny",
            ["s3:PutObject"],
            {"StringNotEquals": {SSE: ["aws:kms", "aws:kms:dsse"]}, "Null": {SSE: "false"}},
        ),
        _statement("Deny", ["s3:PutObject"], {"ArnNotEquals": {f"{SSE}-aws-kms-key-id": KEY_ARN}}),
        _statement("Deny", ["s3:*"], {"NotIpAddress": {"aws:SourceIp": ["192.0.2.0/24", "2001:db8::/32"]}}),
        _statement("Deny", ["s3:PutObject", "s3:PutObjectAcl"], {"StringLike": {"s3:x-amz-acl": "public-*"}}),
        _statement("Deny", ["s3:Delete*"], {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}),
        _statement("Deny", ["s3:*"], {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:*"}}),
        _statement("Deny", ["s3:*"], {"DateGreaterThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}}),
        _statement(
            "Allow",
            ["s3:GetObject", "s3:PutObject"],
            {"StringEquals": {"aws:PrincipalTag/team": "${aws:PrincipalTag/owner, 'red'}"}},
            Principal={"AWS": "arn:aws:iam::111122223333:role/uploads"},
        ),
    ],
}
CASE: dict[str, Any] = {
    "id": 0,
    "action": "s3:PutObject",
    "principal": "arn:aws:sts::111122223333:assumed-role/uploads/web",
    "resource": f"{BUCKET}/photos/image.jpg",
    "resource_account": "111122223333",
    "context": {
        "aws:SecureTransport": "true",
        "s3:TlsVersion": "1.3",
        "aws:SourceIp": "192.0.2.7",
        "aws:CurrentTime": "2026-06-01T00:00:00Z",
        "aws:PrincipalTag/team": "red",
        SSE: "aws:kms",
        f"{SSE}-aws-kms-key-id": KEY_ARN,
    },
    "identity": [],
    "resource_policy": POLICY,
    "boundary": None,
    "session": None,
    "scps": [],
    "rcps": [],
    "endpoint": [],
}


def main(rounds: int) -> None:
    """Evaluations a second of the same request by both, alternately."""
    if shutil.which("node") is None or (shutil.which("npm") is None and "IAM_SIMULATE_DIR" not in os.environ):
        print("policy: node and npm are not installed: only ours is timed")
        for _ in range(rounds):
            print(f"policy: {1 / _ours():12,.0f} evaluations/s")
        return
    try:
        with installed() as folder:
            _compare(folder, rounds)
    except subprocess.CalledProcessError as error:
        print(f"policy: left out, {error}")


def _compare(folder: Path, rounds: int) -> None:
    read: list[tuple[float, float]] = []
    anew: list[tuple[float, float]] = []
    for _ in range(rounds):
        other = _theirs(folder)
        read.append((_ours(), other))
        anew.append((_ours_anew(), other))
    for what, pairs in (("policies read before", read), ("policies read anew", anew)):
        ratios = sorted(other / own for own, other in pairs)
        ours, others = (1 / statistics.median(side) for side in zip(*pairs, strict=True))
        print(
            f"{len(POLICY['Statement'])} statements, {what:20s} ours {ours:9,.0f}/s  "
            f"iam-simulate {others:7,.0f}/s  ratio {statistics.median(ratios):5.1f}  "
            f"[{ratios[0]:.1f} … {ratios[-1]:.1f}]  ({rounds} rounds)"
        )


def _ours() -> float:
    """Seconds for one evaluation, reasons included."""
    layers, request = layers_of(CASE), request_of(CASE)
    if evaluate(request, **layers).outcome != "allowed":
        raise AssertionError("the request should be allowed")
    begun = time.perf_counter()
    for _ in range(OURS):
        evaluate(request, **layers)
    return (time.perf_counter() - begun) / OURS


def _ours_anew() -> float:
    """Seconds to read policy and request, and to evaluate once."""
    begun = time.perf_counter()
    for _ in range(ANEW):
        evaluate(request_of(CASE), **layers_of(CASE))
    return (time.perf_counter() - begun) / ANEW


def _theirs(folder: Path) -> float:
    answer = theirs(folder, [told(CASE)], "--time", str(THEIRS))[0]
    if answer.get("result") != "Allowed":
        raise AssertionError(f"the request should be allowed, not {answer}")
    return float(answer["seconds"]) / THEIRS
