"""``secure-s3 plan``: what ``harden`` would change in a bucket. Nothing is written."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .audit_show import PLAN_STYLES, reading, show
from .bucket_wishes import add_planning, bucket_name, wishes_of
from .exits import FINDINGS, OK
from .options import Commands, client, command
from .output import print_json

if TYPE_CHECKING:
    from ..bucket.hardening.plan import Plan

_EPILOG = """\
The bucket and its account are read, and nothing is written. A bucket policy that is there is merged with, and
never replaced; one that would lock out the caller or an --admin is refused.

exit codes: 0 nothing to change, 1 changes or a setting that was not read, 2 usage or no such bucket,
3 denied, 5 transport

examples:
  secure-s3 plan amzn-s3-demo-bucket --kms-key-arn ARN
  secure-s3 plan amzn-s3-demo-bucket --encryption sse-s3 --log-bucket amzn-s3-demo-logs --json
"""


def add(commands: Commands) -> None:
    """Describe the arguments."""
    parser = command(commands, "plan", "show what harden would change, and write nothing", _EPILOG, run)
    add_planning(parser)


def run(args: argparse.Namespace) -> int:
    """Plan and tell."""
    name, wishes = bucket_name(args.bucket), wishes_of(args)
    with client(args) as s3, reading(f"reading {name} …"):
        plan = s3.bucket(name).plan(replace=args.replace, **wishes)
    if args.json:
        print_json(plan.to_dict())
    else:
        show(plan.text(details=args.details), PLAN_STYLES)
    return code_of(plan, open_changes=len(plan.changes))


def code_of(plan: Plan, *, open_changes: int) -> int:
    """0 if nothing is left to do that could be done here."""
    return FINDINGS if open_changes or plan.blocked else OK
