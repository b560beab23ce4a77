"""What a refused call costs more because its error is typed, has its denial, and keeps its request.

The service's answer is the same each time and is made in this process, so that what is measured is the client
alone; a refused call over the loopback says what that is in proportion to.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

from secure_s3 import SseKms
from secure_s3.denials.causes import example
from secure_s3.local import LocalAws
from secure_s3.testing.answering import answer

_COUNT = 50
_BUCKET = "amzn-s3-demo-bucket"


def main(rounds: int) -> None:
    """GetObject that a bucket policy denies: plain boto3, the guard without any of it, and all of it."""
    said = example("bucket_policy", action="s3:GetObject", resource=f"arn:aws:s3:::{_BUCKET}/k")
    with LocalAws() as aws:
        bucket = aws.create_bucket(_BUCKET)
        made = {name: aws.client(SseKms(aws.kms_key_arn)) for name in ("loopback", "bare", "ours")}
        plain, bare = aws.session().client("s3"), made["bare"].boto3
        bare.meta.events.unregister("after-call.s3", unique_id="secure-s3-refusal")
        for client in (plain, bare, made["ours"].boto3):
            _stub(client, said)
        sides: dict[str, Callable[[], Any]] = {
            "boto3": lambda: plain.get_object(Bucket=bucket, Key="k"),
            "guard": lambda: bare.get_object(Bucket=bucket, Key="k"),
            "ours": lambda: made["ours"].get_object(Bucket=bucket, Key="k"),
        }
        taken: dict[str, list[float]] = {name: [] for name in sides}
        loopback: list[float] = []
        for call in sides.values():
            _run(call, time.thread_time)
        for _ in range(rounds):
            for name, call in sides.items():
                taken[name] += [_run(call, time.thread_time) for _ in range(5)]
            loopback.append(_run(lambda: made["loopback"].get_object(Bucket=bucket, Key="missing")))
    least = {name: min(figures) for name, figures in taken.items()}
    wall, added = statistics.median(loopback), least["ours"] - least["guard"]
    print(
        f"{'refused call, CPU of the client':32s} boto3 {least['boto3']:.0f} µs  "
        f"guard {least['guard']:.0f} µs  all of ours {least['ours']:.0f} µs  "
        f"(least of {5 * rounds} times {_COUNT} calls)"
    )
    print(
        f"{'typed, with denial and request':32s} +{added:.0f} µs: {added / wall:.1%} of the {wall:.0f} µs "
        "that a refused call takes over the loopback",
        flush=True,
    )


def _run(call: Callable[[], Any], timer: Callable[[], float] = time.perf_counter) -> float:
    started = timer()
    for _ in range(_COUNT):
        with suppress(ClientError):
            call()
    return (timer() - started) / _COUNT * 1e6


def _stub(client: Any, said: Any) -> None:
    session = client._endpoint.http_session
    ready = getattr(session, "ready", lambda request: None)

    def send(request: Any) -> Any:
        ready(request)
        return answer(request, "rest-xml", said)

    session.send = send
