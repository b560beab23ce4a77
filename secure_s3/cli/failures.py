"""How a command says that it failed: what, why and how to mend it, without a traceback."""

from __future__ import annotations

import argparse
import sys
import traceback
from typing import Any

from ..errors import BatchFailed, ConfigurationError, SecureS3Error, ServiceError
from ..guard.faults import translate
from .advice import fix_of
from .exits import FINDINGS, code_for
from .output import clean, print_json
from .parsing import Misuse

_SHOWN = 10


def report(error: Exception, args: argparse.Namespace) -> int:
    """Tell of *error* and return the exit code; raises it again if it is a fault of this program."""
    if isinstance(error, Misuse):
        if not args.json:
            print(clean(error.usage), end="", file=sys.stderr)
        error = ConfigurationError(error.what, fix=error.fix)
    ours = error if isinstance(error, SecureS3Error) else translate(error)
    if args.debug:
        traceback.print_exception(error, file=sys.stderr)
    if ours is None and not isinstance(error, OSError):
        raise error
    if args.json:
        # Where the content itself goes to standard output, the report must not.
        stream = sys.stderr if getattr(args, "content_on_stdout", False) else sys.stdout
        print_json(_told(ours or error, args), stream)
        return code_for(ours) if ours else FINDINGS
    if ours is None:
        print(f"error: {error.strerror or error}", file=sys.stderr)  # type: ignore[attr-defined]
        return FINDINGS
    if isinstance(ours, BatchFailed):
        _list_failures(ours, args)
    else:
        print(f"error: {clean(_text(ours, args))}", file=sys.stderr)
    return code_for(ours)


def _text(error: SecureS3Error, args: argparse.Namespace) -> str:
    """What, why and how to mend it, by a command where Python has a function."""
    text = str(error)
    return (
        text.replace(error.fix, fix_of(error, args))
        if isinstance(error, ServiceError) and error.fix
        else text
    )


def _told(error: Exception, args: argparse.Namespace) -> dict[str, Any]:
    if not isinstance(error, SecureS3Error):
        return {"error": type(error).__name__, "what": str(error)}
    told = error.diagnostics()
    if isinstance(error, ServiceError):
        told["fix"] = fix_of(error, args)
    if isinstance(error, BatchFailed) and error.results is not None:
        told["results"] = error.results.to_dict()
    return told


def _list_failures(error: BatchFailed, args: argparse.Namespace) -> None:
    failed = error.results.failed if error.results is not None else ()
    lines = [f"error: {error.what}"]
    for file in failed[:_SHOWN]:
        text = _text(file.error, args) if isinstance(file.error, SecureS3Error) else repr(file.error)
        lines += [f"  {file.path}", *(f"    {line}" for line in text.splitlines())]
    if len(failed) > _SHOWN:
        lines.append(f"  and {len(failed) - _SHOWN} more; --json lists all of them")
    lines.append("  fix: --resume FILE keeps a list of what is left, and takes up from it")
    print(clean("\n".join(lines)), file=sys.stderr)
