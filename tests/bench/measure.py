"""Alternating rounds of two sides, and the ratio with its spread."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Round:
    """One run of one side: seconds on the wall, seconds of CPU (children of this process included)."""

    wall: float
    cpu: float


def run(action: Callable[[], object]) -> Round:
    """Time one call."""
    wall, cpu = time.perf_counter(), _cpu()
    action()
    return Round(time.perf_counter() - wall, _cpu() - cpu)


def _cpu() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def compare(
    title: str,
    ours: Callable[[], object],
    theirs: Callable[[], object],
    *,
    rounds: int,
    per_round: str,
    other: str = "boto3",
) -> None:
    """Run both alternately, swapping who goes first; print medians and theirs / ours (above 1 is faster)."""
    ours(), theirs()
    left: list[Round] = []
    right: list[Round] = []
    for number in range(rounds):
        if number % 2:
            right.append(run(theirs))
            left.append(run(ours))
        else:
            left.append(run(ours))
            right.append(run(theirs))
    for name, of in (("wall", lambda r: r.wall), ("cpu", lambda r: r.cpu)):
        ratios = sorted(of(b) / of(a) for a, b in zip(left, right, strict=True))
        print(
            f"{title:34s} {name:4s}  ours {statistics.median(map(of, left)):8.3f} s  "
            f"{other} {statistics.median(map(of, right)):8.3f} s  "
            f"ratio {statistics.median(ratios):5.2f}  [{ratios[0]:.2f} … {ratios[-1]:.2f}]  "
            f"({per_round}, {rounds} rounds)",
            flush=True,
        )
