"""``secure-s3 policy build``: statements and whole policies from the builders, merged with what is there."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from .exits import OK
from .options import Commands, command
from .output import clean, print_json, print_table
from .parsing import asked
from .policy_files import read_policy

if TYPE_CHECKING:
    from ..policy import Policy
    from .policy_builders import Builder

_EPILOG = """\
NAME is a bundle, i.e. a whole policy, or a statement; --list lists both; NAME --help shows what one takes.
The policy goes to standard output; with --merge-into FILE it is what is in the file with the new statements
put in, and the difference goes to standard error. The file is not changed.

examples:
  secure-s3 policy build --list
  secure-s3 policy build baseline --bucket amzn-s3-demo-bucket --min-tls 1.3
  secure-s3 policy build only-vpc-endpoints --bucket amzn-s3-demo-bucket --endpoints vpce-1a2b3c4d \\
      --merge-into policy.json
"""


def add(commands: Commands) -> None:
    """Describe the arguments; those of each builder are described when it is named."""
    parser = command(commands, "build", "make a policy from builders", _EPILOG, run)
    parser.add_argument("--list", action="store_true", help="list the bundles and the statements")
    parser.add_argument("name", metavar="NAME", nargs="?", help="e.g. baseline or deny-insecure-transport")
    parser.add_argument(
        "options", metavar="--OPTION", nargs=argparse.REMAINDER, help="what it takes: see NAME --help"
    )


def run(args: argparse.Namespace) -> int:
    """Build, merge and print; or list."""
    from .policy_builders import builder, builders

    if args.list:
        return _list(args, builders())
    if args.name is None:
        from .presign_values import usage

        raise usage("nothing is named to be built", "name a bundle or a statement; --list lists them")
    args.json = args.json or asked(args.options, "--json")  # also of an error that comes before it is read
    chosen = builder(args.name)
    try:
        chosen.parser(json=args.json, debug=args.debug).parse_args(args.options, args)
    except SystemExit as end:  # --help
        return end.code if isinstance(end.code, int) else OK
    existing = read_policy(args.merge_into) if args.merge_into else None
    return _print(args, existing, chosen.build(vars(args), existing))


def _list(args: argparse.Namespace, known: dict[str, Builder]) -> int:
    if args.json:
        print_json(
            [{"name": name, "kind": each.kind, "summary": each.summary} for name, each in known.items()]
        )
    else:
        print_table(("name", "kind", "what it does"), [(n, b.kind, b.summary) for n, b in known.items()])
    return OK


def _print(args: argparse.Namespace, existing: Policy | None, policy: Policy) -> int:
    from ..policy.difference import diff
    from .policy_diff import plain

    changes = diff(existing, policy) if existing is not None else None
    if args.json:
        told: dict[str, Any] = {"policy": plain(policy.document)}
        if changes is not None:
            told["changes"] = plain(changes.to_dict())
        print_json(told)
        return OK
    print(policy.to_json())
    if changes is not None:
        print(clean(str(changes)), file=sys.stderr)
    return OK
