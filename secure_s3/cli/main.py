"""``secure-s3``: the commands, and what becomes of their errors.

Each command is a module with ``add(commands)``, which describes its arguments, and a function that runs
it and returns the exit code. Modules are imported for ``--help`` as well, so that they import what costs
time only when they run.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from .._version import __version__
from . import (
    audit,
    check,
    cp,
    demo,
    explain,
    harden,
    inspect,
    local,
    logs,
    plan,
    policy,
    presign,
    reencrypt,
    tls,
)
from .exits import INTERRUPTED, USAGE
from .parsing import Misuse, Parser, asked

_DESCRIPTION = "Amazon S3, always over TLS and always encrypted as configured."
_EPILOG = """\
exit codes: 0 ok, 1 findings or failed, 2 usage, 3 denied, 4 integrity, 5 transport, 130 interrupted

example:
  secure-s3 demo
"""


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    parser = Parser(
        prog="secure-s3",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"secure-s3 {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    for command in (
        demo,
        cp,
        presign,
        policy,
        check,
        explain,
        audit,
        plan,
        harden,
        reencrypt,
        logs,
        inspect,
        local,
        tls,
    ):
        command.add(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; see ``exits`` for their meaning."""
    parser = build_parser()
    words = sys.argv[1:] if argv is None else list(argv)
    try:
        args = parser.parse_args(words)
    except SystemExit as end:  # --help, --version
        return end.code if isinstance(end.code, int) else 0
    except Misuse as misuse:
        return _refuse(misuse, words)
    if args.command is None:
        parser.print_help(sys.stderr)
        return USAGE
    try:
        code: int = args.run(args)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output went away. Python would complain once more when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + 13
    except Exception as error:  # noqa: BLE001 - report() raises again what is not an error of ours
        from .failures import report

        return report(error, args)


def _refuse(misuse: Misuse, words: Sequence[str]) -> int:
    from .failures import report

    streams = words[:1] == ["cp"] and "-" in words  # the content would go to standard output
    told = argparse.Namespace(json=asked(words, "--json"), debug=False, content_on_stdout=streams)
    return report(misuse, told)
