"""``secure-s3 policy diff``: what changes between two policies, statement by statement."""

from __future__ import annotations

import argparse
import json
from typing import Any

from .exits import FINDINGS, OK
from .options import Commands, command
from .output import clean, print_json
from .policy_files import read_policy

_EPILOG = """\
What AWS would take as the same is the same: order, case of names, one value or a list of one.

exit codes: 0 no difference, 1 they differ, 2 no policy

example:
  secure-s3 policy diff old.json new.json
"""


def add(commands: Commands) -> None:
    """Describe the arguments."""
    parser = command(commands, "diff", "show what changes between two policies", _EPILOG, run)
    parser.add_argument("old", metavar="OLD", help="a policy, or - for standard input")
    parser.add_argument("new", metavar="NEW", help="the other one")


def run(args: argparse.Namespace) -> int:
    """Compare and tell."""
    from ..policy.difference import diff
    from .presign_values import usage

    if args.old == args.new == "-":
        raise usage("standard input holds one policy", "name a file for the other")
    found = diff(read_policy(args.old), read_policy(args.new))
    if args.json:
        print_json({"differs": bool(found), **plain(found.to_dict())})
    else:
        print(clean(str(found)))
    return FINDINGS if found else OK


def plain(value: Any) -> Any:
    """Values of a document for JSON: its numbers as numbers, not as they were written."""
    from ..policy.jsontext import write

    return json.loads(write(value, None))
