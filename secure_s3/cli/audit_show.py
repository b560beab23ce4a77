"""Audits and plans on a terminal: colours, and a sign of life while a bucket is read."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from .output import clean

AUDIT_STYLES: Mapping[str, str] = {
    "Audit of ": "bold",
    "CRITICAL  ": "bold red",
    "HIGH  ": "red",
    "MEDIUM  ": "yellow",
    "LOW  ": "yellow",
    "INFO  ": "cyan",
    "NOT EXAMINED  ": "magenta",
    "MENDED BY HARDEN  ": "green",
    "  little is known: ": "bold magenta",
    "passed: ": "green",
    "not applicable: ": "dim",
    "    fix: ": "green",
    "    found: ": "dim",
    "    where: ": "dim",
    "    see: ": "dim",
}
"""How the lines of an audit look, by how they begin."""
PLAN_STYLES: Mapping[str, str] = {
    "   + ": "green",
    "   - ": "red",
    "   ~ ": "yellow",
    "   note: ": "magenta",
    "   $ ": "cyan",
    "   ": "dim",
    "Left to people:": "bold",
    "Not planned:": "bold red",
}
"""The same for plans."""


def show(text: str, styles: Mapping[str, str]) -> None:
    """*text*; in colours on a terminal where rich is installed."""
    if not (sys.stdout.isatty() and _coloured(clean(text), styles)):
        print(clean(text))


def _coloured(text: str, styles: Mapping[str, str]) -> bool:
    try:
        from rich.console import Console
        from rich.text import Text
    except ImportError:
        return False
    console: Any = Console(highlight=False)
    for line in text.split("\n"):
        style = next((style for start, style in styles.items() if line.startswith(start)), "")
        console.print(Text(line, style=style), soft_wrap=True)  # Text: names from elsewhere are no markup
    return True


@contextlib.contextmanager
def reading(what: str) -> Iterator[None]:
    """While it lasts, a terminal shows that something is going on."""
    with contextlib.ExitStack() as stack:
        if sys.stderr.isatty():
            with contextlib.suppress(ImportError):
                from rich.console import Console
                from rich.text import Text

                stack.enter_context(Console(stderr=True).status(Text(clean(what))))
        yield
