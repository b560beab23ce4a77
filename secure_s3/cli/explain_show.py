"""Explanations as text, with colours on a terminal, or as JSON."""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .advice import command_for, of_commands
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
_NARROWEST = 40
_AGAIN = "have this text explained with --fetch, or with --policy FILE and --identity FILE"
_MORE = {"bucket_policy": "bucket_policy", "identity_policy": "identity_policies", "kms_access": "key_policy"}
"""By cause: the argument that would tell which statement refuses."""
_VERBS = {"denied": "would be", "unknown": "may be"}
"""How a request that was not sent is told of, by the outcome of its check."""


def show(found: Sequence[Explanation], *, as_json: bool, **about: str) -> None:
    """Each explanation, with an empty line between; in JSON a list, whether there are many, one or none.

    Args:
        found: The explanations; none where everything is allowed.
        as_json: As one document.
        about: What was asked, and what came of it: ``operation``, ``target``, ``outcome``.
    """
    if as_json:
        print_json({**about, "explanations": [each.to_dict() for each in found]})
        return
    verb = _VERBS.get(about.get("outcome", ""), "was")
    for number, each in enumerate(found):
        if number:
            print()
        title, *lines = each.text().split("\n")
        what, was, answer = title.rpartition(" was refused")
        _show("\n".join([f"{what} {verb} refused{answer}" if was else title, *lines]))


def show_allowed(operation: str, target: str, *, as_json: bool) -> None:
    """That there is nothing to explain."""
    if as_json:
        show([], as_json=True, operation=operation, target=target, outcome="allowed")
    else:
        print(clean(f"{operation} {target}: allowed; there is nothing to explain"))


def spelled(found: Explanation, *, asked: bool = True, fetched: bool = False) -> Explanation:
    """The same with commands and options where Python has functions and arguments.

    Args:
        found: As it is told in Python.
        asked: The request itself was tried, or rehearsed, so that this is no advice.
        fetched: It is that of a text, and policies were read.
    """
    bucket, key = _place(found.resource or "")
    command = command_for(found.operation, bucket, key)
    gaps = found.gaps
    for argument, option in OPTIONS.items():
        given = re.compile(rf"(; give (?:[-_a-z=]+, )*){argument}=")
        gaps = tuple(given.sub(rf"\g<1>{option}", gap) for gap in gaps)
    return replace(
        found,
        gaps=gaps,
        fix=_fix(found, command, asked, fetched),
        notes=(
            *(of_commands(note, command, asked=asked) for note in found.notes),
            *_more(found, asked),
        ),
        remedies=tuple(
            replace(each, what=of_commands(each.what, command, asked=asked)) for each in found.remedies
        ),
    )


def _more(found: Explanation, asked: bool) -> Iterator[str]:
    """How to find the statement, where only a text was looked at."""
    argument = _MORE.get(found.cause)
    if argument and not asked and found.outcome is None:
        yield f"to find the statement, give --fetch, or {OPTIONS[argument]} FILE"


def _fix(found: Explanation, command: str, asked: bool, fetched: bool) -> str:
    """The one line that is shown where there are no remedies."""
    from ..denials.denial import UNCERTAIN
    from ..denials.families import PROXY_PAGE

    if found.remedies or found.cause not in ("opaque", "other"):
        return of_commands(found.fix, command, asked=asked)
    if found.denial.detail == PROXY_PAGE:
        return "ask whoever runs the proxy or gateway: this is a page of its own, and no answer of S3"
    if found.cause == "other" and found.certainty == UNCERTAIN:
        return "paste the whole error, with its code, its message, and the line before"
    if found.cause == "opaque" and not asked:
        given = "give what could not be read" if fetched else _AGAIN
        return f"{command}, or {given}" if command else given
    return of_commands(found.fix, command, asked=asked)


def _place(resource: str) -> tuple[str | None, str | None]:
    """Bucket and key of an ARN; nothing of that of anything else."""
    head, _, path = resource.partition(":s3:::")
    bucket, _, key = path.partition("/")
    return (bucket or None, key or None) if head.startswith("arn:") else (None, None)


def _show(text: str) -> None:
    if not sys.stdout.isatty():
        print(clean(text))
    elif not _coloured(wrapped := _wrapped(clean(text))):
        print("\n".join(wrapped))


def _wrapped(text: str) -> list[str]:
    """The lines at the width of the terminal; what goes on stands below its beginning."""
    columns = max(shutil.get_terminal_size().columns, _NARROWEST)
    lines: list[str] = []
    for line in text.split("\n"):
        margin = " " * _WORD_COLUMNS if line.startswith("  ") else "  "
        kept = textwrap.TextWrapper(
            columns, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False
        )
        kept.replace_whitespace = kept.expand_tabs = False
        lines += kept.wrap(line) if " " in line[_WORD_COLUMNS:].strip() else [line]  # not an address
    return lines


def _coloured(lines: list[str]) -> bool:
    """Print them with a colour for each kind of line; False where rich is not installed."""
    try:
        from rich.console import Console
        from rich.text import Text
    except ImportError:
        return False
    console: Any = Console(highlight=False)
    style = "bold"
    for line in lines:
        word = line[:_WORD_COLUMNS].strip()
        if line.startswith("  ") and word:
            style = _STYLES.get(word, "")
        console.print(Text(line, style=style), soft_wrap=True)  # Text: names from elsewhere are no markup
    return True
