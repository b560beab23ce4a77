"""Policies and policy tests read from files, with errors that name the file."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from ..errors import PolicyError
from ..limits import POLICY_TEXT_BYTES

if TYPE_CHECKING:
    from ..policy import Policy
    from ..policy.cases import Suite

_SUITE_BYTES = 256 * 1024


def shown(name: str) -> str:
    """What messages call the file *name*."""
    return "<stdin>" if name == "-" else name


def read_text(name: str, limit: int = POLICY_TEXT_BYTES) -> str:
    """The text of a file, or of standard input for ``-``.

    Raises:
        PolicyError: It cannot be opened, is longer than *limit* bytes, or is no UTF-8.
    """
    try:
        if name == "-":
            data = sys.stdin.buffer.read(limit + 1)
        else:
            with open(name, "rb") as file:
                data = file.read(limit + 1)
    except OSError as error:
        raise PolicyError(f"{shown(name)} cannot be read: {error.strerror or error}") from error
    if len(data) > limit:
        raise PolicyError(
            f"{shown(name)} is longer than {limit} bytes", why="that is no policy that AWS takes"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PolicyError(f"{shown(name)} is no UTF-8: {error.reason} at byte {error.start}") from error


def read_policy(name: str) -> Policy:
    """The policy in a file; PolicyError with the file's name, the line and the column if it is none."""
    from ..policy import Policy

    text = read_text(name)
    try:
        return Policy.parse(text)
    except PolicyError as error:
        raise PolicyError(f"{shown(name)}: {error.what}", why=error.why, fix=error.fix) from error


def read_suite(name: str) -> tuple[Suite, dict[str, Policy]]:
    """The policy tests in a file, and the policies that they name, by the names they use."""
    from ..policy import suites

    form = "yaml" if name.lower().endswith((".yaml", ".yml")) else "toml"
    suite = suites.parse(read_text(name, _SUITE_BYTES), form, name=os.path.basename(shown(name)))
    folder = os.path.dirname(name) if name != "-" else ""
    return suite, {path: read_policy(os.path.join(folder, path)) for path in suite.files}
