"""Reading one bucket, against the slowest of its calls; and the audit of many snapshots.

Every answer comes from a process of its own, over TLS, 80 to 150 ms after its request: what the embedded
endpoint answered about a bucket with everything that makes more calls (a key, access logs, an access point, a
trail, alarms) is recorded once. The embedded endpoint itself takes its time one request after the other.

The other side are the same calls one at a time, over connections that are open: the slowest of them.
"""

from __future__ import annotations

import base64
import json
import multiprocessing
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

from botocore.client import BaseClient
from botocore.httpsession import URLLib3Session

from secure_s3 import SecureS3Client
from secure_s3.bucket.audit.catalogue import CHECKS
from secure_s3.bucket.audit.judging import judge_all
from secure_s3.bucket.snapshot import taking
from secure_s3.encryption import SseKms
from secure_s3.local import LocalAws
from secure_s3.local.callers import READY
from secure_s3.local.session import local_session
from secure_s3.monitoring.found import FURTHER
from tests.bench.audit_fleets import FLEETS
from tests.bench.audit_latency import key_of
from tests.bucket.snapshot.configured import around, configure
from tests.guard.support import BUCKET

_KEPT = ("content-type", "x-amz-bucket-region", "x-amzn-requestid", "x-amz-request-id")


def main(rounds: int) -> None:
    """One bucket, then many snapshots."""
    with tempfile.TemporaryDirectory() as folder:
        key_arn = _record(Path(folder))
        with _answering(Path(folder)) as url:
            _one(url, str(Path(folder) / "ca.pem"), key_arn, rounds)
    snapshots(rounds)


def snapshots(rounds: int, count: int = 1000) -> None:
    """CPU seconds for the audit of two fleets, each round of other buckets and in a process of its own.

    In ``templates`` the buckets have names, accounts, roles, prefixes and keys of their own, and settings
    that vary; their policies are made by sixteen templates. In ``distinct`` each policy has rules that no
    other has: addresses, endpoints, tags, times. Nothing is known before, but for what importing knows.
    """
    for fleet in ("templates", "distinct"):
        took, found = [], 0
        for number in range(rounds):
            with multiprocessing.get_context("spawn").Pool(1) as process:
                seconds, found = process.apply(_cold, (fleet, count, number))
            took.append(seconds)
        took.sort()
        print(
            f"{count} snapshots, {len(CHECKS)} checks, {fleet}: {statistics.median(took):.2f} s of CPU "
            f"[{took[0]:.2f} … {took[-1]:.2f}], {statistics.median(took) / count * 1000:.2f} ms each, "
            f"{found} findings  ({rounds} rounds)",
            flush=True,
        )


def _cold(fleet: str, count: int, seed: int) -> tuple[float, int]:
    """CPU seconds for all audits, and how many findings there are."""
    made = FLEETS[fleet](count, seed)
    begun = time.process_time()
    audits = [judge_all(snapshot, profile, CHECKS) for snapshot, profile in made]
    return time.process_time() - begun, sum(len(each.findings) for each in audits)


def _one(url: str, ca_bundle: str, key_arn: str, rounds: int) -> None:
    given: dict[str, Any] = {"endpoint_url": url, "ca_bundle": ca_bundle}
    session = local_session(READY, region="eu-west-1", **given)
    with SecureS3Client(SseKms(key_arn), session=session, region_name="eu-west-1", **given) as s3:

        def take() -> Any:
            return taking.take(s3.boto3, s3.session, BUCKET, keys=[key_arn], further=FURTHER)

        first = _seconds(take)
        pairs = []
        for _ in range(rounds):
            ours = _seconds(take)
            with (
                _each_call() as calls,
                patch.object(taking, "THREADS", 1),
                patch.object(taking, "SECONDS", 90),
            ):
                take()
            pairs.append((ours, max(calls.values()), sum(calls.values()), len(calls)))
    ratios = sorted(ours / slowest for ours, slowest, _, _ in pairs)
    ours, slowest, together, count = (statistics.median(side) for side in zip(*pairs, strict=True))
    print(
        f"one bucket, {count:.0f} calls: {ours:.3f} s; the slowest call alone {slowest:.3f} s, all one after "
        f"the other {together:.2f} s; ratio {statistics.median(ratios):.2f} "
        f"[{ratios[0]:.2f} … {ratios[-1]:.2f}]  ({rounds} rounds; the first of the process {first:.3f} s)",
        flush=True,
    )


def _seconds(action: Callable[[], object]) -> float:
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


@contextmanager
def _each_call() -> Iterator[dict[str, float]]:
    """How long each call takes that is made meanwhile."""
    calls: dict[str, float] = {}
    genuine: Any = vars(BaseClient)["_make_api_call"]

    def timed(client: Any, operation: str, parameters: Any) -> Any:
        begun = time.perf_counter()
        try:
            return genuine(client, operation, parameters)
        finally:
            calls[f"{client.meta.service_model.service_name} {operation} {parameters}"] = (
                time.perf_counter() - begun
            )

    with patch.object(BaseClient, "_make_api_call", timed):
        yield calls


# -- recording and answering -------------------------------------------------------------------------------


def _record(folder: Path) -> str:
    """Write the answers of the embedded endpoint; the ARN of the bucket's key."""
    answers: dict[str, Any] = {}
    genuine = URLLib3Session.send

    def send(session: Any, request: Any) -> Any:
        answer = genuine(session, request)
        parts, headers = urlsplit(request.url), {str(k).lower(): v for k, v in request.headers.items()}
        target = headers.get("x-amz-target", b"")
        body = request.body or b""
        key = key_of(
            request.method,
            f"{parts.path}?{parts.query}" if parts.query else parts.path,
            target.decode() if isinstance(target, bytes) else target,
            body.encode() if isinstance(body, str) else bytes(body),
        )
        kept = {name: value for name, value in answer.headers.items() if name.lower() in _KEPT}
        answers[key] = (answer.status_code, kept, base64.b64encode(answer.content).decode())
        return answer

    with LocalAws() as aws:
        aws.create_bucket(BUCKET)
        configure(aws, aws.kms_key_arn)
        around(aws)
        with aws.client(SseKms(aws.kms_key_arn)) as s3, patch.object(URLLib3Session, "send", send):
            taking.take(s3.boto3, s3.session, BUCKET, keys=[aws.kms_key_arn], further=FURTHER, seconds=60)
        (folder / "answers.json").write_text(json.dumps(answers))
        return aws.kms_key_arn


@contextmanager
def _answering(folder: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.bench.audit_child", str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        try:
            yield f"https://127.0.0.1:{child.stdout.readline().strip()}"
        finally:
            child.stdin.close()
