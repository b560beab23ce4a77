"""The files that an audit reads and writes: snapshots, SARIF, pages."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .policy_files import shown
from .presign_values import usage

if TYPE_CHECKING:
    from ..bucket.snapshot.values import Snapshot

_FORMAT, _VERSION = "secure-s3 snapshots", 1
_SNAPSHOT_BYTES = 256 * 1024 * 1024


def written(snapshots: Iterable[Snapshot]) -> str:
    """The snapshots as one JSON document. It holds policies and names, and no secret."""
    from ..bucket.snapshot.plain import to_dict

    document = {"format": _FORMAT, "version": _VERSION, "snapshots": [to_dict(each) for each in snapshots]}
    return json.dumps(document, indent=2, default=str) + "\n"


def read_snapshots(name: str) -> tuple[Snapshot, ...]:
    """The snapshots in a file, or on standard input for ``-``.

    Raises:
        ConfigurationError: It cannot be read, or holds none; the text names the file.
    """
    from ..bucket.snapshot.plain import from_dict
    from ..errors import ConfigurationError

    try:
        return tuple(from_dict(each) for each in _listed(_text(name)))
    except ConfigurationError as error:
        raise ConfigurationError(
            f"{shown(name)} holds no snapshot that can be judged",
            why=f"{error.what}: {error.why}" if error.why else error.what,
            fix="make one with secure-s3 audit --save-snapshot FILE",
        ) from error


def _listed(text: str) -> list[Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise usage("it is no JSON", "", str(error)[:200]) from error
    if not isinstance(document, dict) or document.get("format") != _FORMAT:
        raise usage("it does not say that it holds snapshots", "")
    if document.get("version") != _VERSION:
        raise usage(f"it is of version {document.get('version')!r}, and {_VERSION} is known", "")
    listed = document.get("snapshots")
    if not isinstance(listed, list) or not listed or not all(isinstance(each, dict) for each in listed):
        raise usage("it holds none", "")
    return listed


def _text(name: str) -> str:
    try:
        if name == "-":
            data = sys.stdin.buffer.read(_SNAPSHOT_BYTES + 1)
        else:
            with open(name, "rb") as file:
                data = file.read(_SNAPSHOT_BYTES + 1)
        text = data.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        raise usage("it cannot be read", "", _why(error)) from error
    if len(data) > _SNAPSHOT_BYTES:
        raise usage(f"it is longer than {_SNAPSHOT_BYTES} bytes", "")
    return text


def require_writable(name: str, option: str) -> None:
    """Refuse a place that cannot be written to before anything is read.

    Raises:
        ConfigurationError: The folder does not exist, or it is one.
    """
    folder = os.path.dirname(os.path.abspath(name))
    if os.path.isdir(name):
        raise usage(f"{option} {name} is a folder", "name a file in it")
    if not os.path.isdir(folder):
        raise usage(f"{option} {name} cannot be written", f"make the folder {folder} first")


def write_report(name: str, text: str, option: str) -> None:
    """Put *text* into a file, or on standard output for ``-``.

    Raises:
        ConfigurationError: It cannot be written.
    """
    if name == "-":
        sys.stdout.write(text)
        return
    try:
        with open(name, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(text)
    except (OSError, ValueError) as error:
        raise usage(f"{option} {name} cannot be written", "name another file", _why(error)) from error


def _why(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)
