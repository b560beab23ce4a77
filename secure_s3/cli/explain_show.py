"""Explanations as text, with colours on a terminal, or as JSON."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .check import OPTIONS
from .output import clean, print_json

if TYPE_CHECKING:
    from ..denials.explain import Explanation

_STYLES = {
    "by": "bold red",
    "because": "yellow",
    "fix": "green",
    "or": "magenta",
    "note": "dim",
    "see": "dim",
    "unread": "dim",
    "said": "dim",
}
_WORD_COLUMNS = 10


def show(found: Sequence[Explanation], *, as_json: bool) -> None:
    """One explanation as it is; of several, a list in JSON, and an empty line between in text."""
    if as_json:
        told = [each.to_dict() for each in found]
        print_json(told[0] if len(told) == 1 else {"explanations": told})
        return
    for number, each in enumerate(found):
        if number:
            print()
        _show(each.text())


def show_allowed(operation: str, target: str, *, as_json: bool) -> None:
    """That there is nothing to explain."""
    if as_json:
        print_json({"outcome": "allowed", "operation": operation, "target": target})
    else:
        print(clean(f"{operation} {target}: allowed; there is nothing to explain"))


def spelled(found: Explanation) -> Explanation:
    """What cannot be read, with the options of this command that would tell it."""
    gaps = found.gaps
    for argument, option in OPTIONS.items():
        gaps = tuple(gap.replace(f"; give {argument}=", f"; give {option}") for gap in gaps)
    return replace(found, gaps=gaps)


def _show(text: str) -> None:
    if not (sys.stdout.isatty() and _coloured(text)):
        print(clean(text))


def _coloured(text: str) -> bool:
    """Print it with a colour for each kind of line; False where rich is not installed."""
    try:
        from rich.console import Console
        from rich.text import Text
    except ImportError:
        return False
    console: Any = Console(highlight=False)
    style = "bold"
    for line in clean(text).splitlines():
        word = line[:_WORD_COLUMNS].strip()
        if line.startswith("  ") and word:
            style = _STYLES.get(word, "")
        console.print(Text(line, style=style), soft_wrap=True)  # Text: names from elsewhere are no markup
    return True
