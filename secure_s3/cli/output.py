"""Tables and JSON: with rich on a terminal, plain elsewhere."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any, TextIO


def print_json(value: Any, stream: TextIO | None = None) -> None:
    """One JSON document."""
    print(json.dumps(value, indent=2, default=str), file=stream or sys.stdout)


def print_table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table on standard output; columns of numbers are set to the right."""
    cells = [[clean(str(cell)) for cell in row] for row in rows]
    numeric = [
        bool(rows) and all(isinstance(row[n], int | float) for row in rows) for n in range(len(headers))
    ]
    if not (sys.stdout.isatty() and _rich_table(headers, cells, numeric)):
        _plain_table(headers, cells, numeric)


def _rich_table(headers: Sequence[str], cells: list[list[str]], numeric: list[bool]) -> bool:
    try:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text
    except ImportError:
        return False
    table = Table()
    for header, right in zip(headers, numeric, strict=True):
        table.add_column(header, justify="right" if right else "left")
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))  # Text: names from elsewhere are no markup
    Console().print(table)
    return True


def _plain_table(headers: Sequence[str], cells: list[list[str]], numeric: list[bool]) -> None:
    lines = [list(headers), *cells]
    widths = [max(len(line[n]) for line in lines) for n in range(len(headers))]
    for line in lines:
        padded = (
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, numeric, strict=True)
        )
        print("  ".join(padded).rstrip())


def clean(text: str) -> str:
    """*text* without what could command a terminal; line breaks stay."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in text)


def size(count: int) -> str:
    """``12.3 MiB``."""
    value, unit = float(count), "bytes"
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB"):
        if value < 1024 or unit == "TiB":
            break
        value /= 1024
    if count == 1:
        return "1 byte"
    return f"{count} bytes" if unit == "bytes" else f"{value:.1f} {unit}"
