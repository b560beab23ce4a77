"""``python -m tests.policy.oracle [--cases 20000] [--seed 1] [--record]``: do we decide as iam-simulate does?

Opt-in, with node and npm. ``@cloud-copilot/iam-simulate`` (AGPL) is no dependency and runs in a process of
its own: it is installed into a temporary folder, or taken from the ``node_modules`` of the folder that
``IAM_SIMULATE_DIR`` names. Every case that it takes must come out the same, or be one of the differences that
``differences.py`` recognises and DIFFERENCES.md explains. ``--record`` writes what it said of the first cases
to ``recorded.txt``, which ``tests/policy/test_evaluator_oracle.py`` compares with everywhere.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import recorded
from .cases import Case, cases
from .differences import explain
from .shrink import shrunk
from .sides import installed, ours, theirs, told

OUTCOMES = {
    "Allowed": "allowed",
    "ExplicitlyDenied": "explicitly_denied",
    "ImplicitlyDenied": "implicitly_denied",
}
AGREED, REFUSED, UNEXPLAINED = "agreed", "refused", "UNEXPLAINED"


@dataclass(frozen=True)
class Compared:
    """A case, what came of it, and how the other side decides or why it does not."""

    case: Case
    kind: str
    theirs: str


def main() -> int:
    """Compare, print the figures, and the differences that nothing explains; 1 if there are any."""
    parser = argparse.ArgumentParser(prog="python -m tests.policy.oracle", description=__doc__)
    parser.add_argument("--cases", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=5, help="how many unexplained cases to print")
    parser.add_argument("--show-kind", help="print cases of this kind instead of unexplained ones")
    parser.add_argument("--record", action="store_true", help="write recorded.txt anew")
    arguments = parser.parse_args()
    if shutil.which("node") is None:
        print("node is not installed: nothing compared")
        return 2
    drawn = [*cases(arguments.cases, arguments.seed)]
    with installed() as folder:
        answers = theirs(folder, map(told, drawn))
        found = compare(drawn, answers)
        report(found, arguments.seed)
        if arguments.record:
            recorded.write(arguments.seed, drawn, [each.theirs for each in found])
        show(folder, found, arguments.show, arguments.show_kind)
    return 1 if any(each.kind == UNEXPLAINED for each in found) or not found else 0


def compare(drawn: list[Case], answers: list[dict[str, Any]]) -> list[Compared]:
    """What came of every case."""
    found = []
    for case, answer in zip(drawn, answers, strict=True):
        if "refused" in answer or answer["ignored"]:
            found.append(Compared(case, REFUSED, _reason(answer)))
            continue
        decision, expected = ours(case), OUTCOMES[answer["result"]]
        agreed = decision.outcome == expected
        kind = AGREED if agreed else explain(case, expected) or UNEXPLAINED
        found.append(Compared(case, kind, expected))
    return found


def report(found: list[Compared], seed: int) -> None:
    """Print the figures."""
    taken = [each for each in found if each.kind != REFUSED]
    print(f"seed {seed}: {len(found)} cases, {len(found) - len(taken)} refused, {len(taken)} compared")
    counts = (
        ("outcome", Counter(each.theirs for each in taken)),
        ("compared", Counter(each.kind for each in taken)),
        ("refused", Counter(each.theirs for each in found if each.kind == REFUSED)),
    )
    for title, count in counts:
        for name, number in count.most_common(20):
            print(f"  {title:9s} {number:6d}  {name}")


def show(folder: Path, found: list[Compared], count: int, kind: str | None) -> None:
    """Print the first cases of one kind, made as small as they can be."""
    chosen = [each.case for each in found if each.kind == (kind or UNEXPLAINED)][:count]

    def answers(asked: list[Case]) -> list[tuple[str, str] | None]:
        both = zip(asked, theirs(folder, map(told, asked)), strict=True)
        return [
            None if "refused" in answer else (ours(case).outcome, answer["result"]) for case, answer in both
        ]

    if not chosen:
        return
    small = shrunk(chosen, answers)
    for case, outcome in zip(small, answers(small), strict=True):
        if outcome:
            print(explain(case, OUTCOMES[outcome[1]]))
        print(json.dumps({key: value for key, value in case.items() if value}), outcome, sep="\n", end="\n\n")


def _reason(answer: dict[str, Any]) -> str:
    if "refused" not in answer:
        return f"ignores {', '.join(answer['ignored'])}"
    return json.dumps(answer["refused"])[:110]
