"""Policies and policy tests read from files, with errors that name the file."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import PolicyError
from ..limits import POLICY_TEXT_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..policy import Policy
    from ..policy.cases import Suite

_SUITE_BYTES = 64 * 1024


def shown(name: str) -> str:
    """What messages call the file *name*."""
    return "<stdin>" if name == "-" else name


def uri(name: str) -> str:
    """Where a file is, for SARIF: relative to the working directory if it lies below it, else a file URI."""
    from urllib.parse import quote

    if name == "-":
        return "policy.json"
    places = [(Path(os.path.abspath(name)), Path.cwd()), (Path(name).resolve(), Path.cwd().resolve())]
    below = [path.relative_to(here) for path, here in places if path.is_relative_to(here)]
    return quote(below[0].as_posix()) if below else places[0][0].as_uri()


def only_one_stdin(names: Iterable[str]) -> None:
    """Refuse to read several policies from standard input.

    Raises:
        ConfigurationError: ``-`` is named more than once.
    """
    from .presign_values import usage

    if list(names).count("-") > 1:
        raise usage("standard input holds one policy", "name files for the others")


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
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        why, fix = _unread(error)
        raise PolicyError(f"{shown(name)} cannot be read", why=why, fix=fix) from error
    if len(data) > limit:
        raise PolicyError(
            f"{shown(name)} is longer than {limit} bytes",
            why="AWS takes no policy that long",
            fix="check that it is the file you mean",
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        why = f"{error.reason} at byte {error.start}"
        raise PolicyError(f"{shown(name)} is no UTF-8", why=why, fix="save it as UTF-8") from error


def _unread(error: OSError | ValueError) -> tuple[str, str]:
    if isinstance(error, FileNotFoundError):
        return "there is no such file", "check its path, or pass - to read standard input"
    if isinstance(error, IsADirectoryError):
        return "it is a folder", "name a file in it"
    if isinstance(error, PermissionError):
        return "the permissions of the file do not let this user", "make it readable, or run as its owner"
    return getattr(error, "strerror", None) or str(error), "name a file that can be opened"


def write_text(name: str, text: str) -> None:
    """Put *text* in place of a file's content, all of it or, if that fails, nothing.

    It is written beside the file and then renamed; the permissions stay, and a link still leads to its file.

    Raises:
        PolicyError: It cannot be written.
    """
    path = os.path.realpath(name)
    made = None
    try:
        handle, made = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".", suffix=".json")
        with open(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(made, os.stat(path).st_mode & 0o7777)
        os.replace(made, path)
    except OSError as error:
        if made is not None:
            with contextlib.suppress(OSError):
                os.unlink(made)
        raise PolicyError(
            f"{name} cannot be written",
            why=error.strerror or str(error),
            fix="make it and its folder writable, or leave out --write",
        ) from error


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
