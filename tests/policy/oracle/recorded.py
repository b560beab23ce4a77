"""What iam-simulate said of the first cases of one seed, one letter for each, so that no Node is needed."""

from __future__ import annotations

import hashlib
import json
import textwrap
from collections.abc import Iterable
from pathlib import Path

from .cases import Case, cases

FILE = Path(__file__).with_name("recorded.txt")
COUNT = 2000
LETTERS = {"allowed": "A", "explicitly_denied": "E", "implicitly_denied": "I"}


def write(seed: int, drawn: list[Case], outcomes: list[str]) -> None:
    """Record the first outcomes; a case that was refused has a minus."""
    letters = "".join(LETTERS.get(outcome, "-") for outcome in outcomes[:COUNT])
    lines = [f"seed {seed}", f"sha256 {digest(drawn[:COUNT])}", *textwrap.wrap(letters, 100)]
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read() -> list[tuple[Case, str]]:
    """The cases, drawn again, and what was said of each; those that were refused are left out."""
    first, second, *rest = FILE.read_text(encoding="utf-8").splitlines()
    letters = "".join(rest)
    drawn = [*cases(len(letters), int(first.split()[1]))]
    if digest(drawn) != second.split()[1]:
        raise ValueError("the cases are drawn otherwise now: python -m tests.policy.oracle --record")
    names = {letter: name for name, letter in LETTERS.items()}
    return [(case, names[letter]) for case, letter in zip(drawn, letters, strict=True) if letter in names]


def digest(drawn: Iterable[Case]) -> str:
    """What tells whether cases are the same."""
    found = hashlib.sha256()
    for case in drawn:
        found.update(json.dumps(case, sort_keys=True).encode())
    return found.hexdigest()
