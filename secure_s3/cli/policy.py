"""``secure-s3 policy``: policies built, linted, evaluated, tested and compared. Nothing is sent to AWS."""

from __future__ import annotations

import argparse

from . import policy_build, policy_diff, policy_eval, policy_lint, policy_test
from .options import Commands

_EPILOG = """\
Policies are files of JSON; - reads one from standard input. Nothing is sent to AWS, and no credentials are
needed. Each command takes --json and --debug.

examples:
  secure-s3 policy build baseline --bucket amzn-s3-demo-bucket > policy.json
  secure-s3 policy lint policy.json
  secure-s3 policy test bucket.policy.toml
"""


def add(commands: Commands) -> None:
    """Describe the arguments."""
    summary = "build, lint, evaluate, test and compare policies"
    parser = commands.add_parser(
        "policy",
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    below = parser.add_subparsers(title="commands", metavar="COMMAND", dest="policy_command", required=True)
    for each in (policy_build, policy_lint, policy_eval, policy_test, policy_diff):
        each.add(below)
