"""``secure-s3 harden``: a bucket is brought into order, after its plan was shown."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from .audit_show import PLAN_STYLES, reading, show
from .bucket_wishes import add_planning, bucket_name, wishes_of
from .exits import FINDINGS
from .options import Commands, client, command
from .output import clean, print_json
from .plan import code_of
from .presign_values import usage

if TYPE_CHECKING:
    from ..bucket.handle import Bucket
    from ..bucket.hardening.plan import Applied, Plan

_EPILOG = """\
The plan is shown first, as secure-s3 plan shows it, and a terminal is asked whether to go on; elsewhere --yes
must be given. Changes are made one after the other, each only if the setting is still what the plan was made
from; the first that fails ends it, and what was done and what was not is told. A second time changes nothing.

exit codes: 0 done, 1 not applied, or a setting that could not be planned, 2 usage or no such bucket,
3 denied, 5 transport

examples:
  secure-s3 harden amzn-s3-demo-bucket --kms-key-arn ARN
  secure-s3 harden amzn-s3-demo-bucket --encryption sse-s3 --admin arn:aws:iam::111122223333:role/Admin --yes
"""


def add(commands: Commands) -> None:
    """Describe the arguments."""
    parser = command(commands, "harden", "bring a bucket into order, after showing how", _EPILOG, run)
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_planning(parser)


def run(args: argparse.Namespace) -> int:
    """Plan, show, ask, apply, tell."""
    name, wishes = bucket_name(args.bucket), wishes_of(args)
    if not args.yes and (args.json or not sys.stdin.isatty()):
        raise usage(
            "nobody can be asked whether to go on",
            "look at it with secure-s3 plan, then pass --yes",
            "--json was given" if args.json else "standard input is no terminal",
        )
    with client(args) as s3:
        bucket = s3.bucket(name)
        with reading(f"reading {name} …"):
            plan = bucket.plan(replace=args.replace, **wishes)
        if not args.json:
            show(plan.text(details=args.details), PLAN_STYLES)
        if plan and not args.yes and not _agreed(plan):
            print("nothing was changed")
            return FINDINGS
        applied = _applied(bucket, plan, args)
    if args.json:
        print_json(applied.to_dict())
    return code_of(plan, open_changes=0)


def _agreed(plan: Plan) -> bool:
    count = len(plan.changes)
    question = f"\nmake {'this change' if count == 1 else f'these {count} changes'} to {plan.bucket}? [y/N] "
    print(clean(question), end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _applied(bucket: Bucket, plan: Plan, args: argparse.Namespace) -> Applied:
    """Carry it out, with a line for each change; what was not done is told before the error is."""
    from ..errors import PlanNotApplied

    try:
        applied = bucket.apply(plan)
    except PlanNotApplied as error:
        if not args.json:
            _tell("done", error.done)
            _tell("not done", error.not_done)
        raise
    if not args.json:
        if plan:
            print()
        _tell("done", applied.done)
        _tell("does not show yet", applied.unconfirmed)
    return applied


def _tell(word: str, changes: tuple[object, ...]) -> None:
    for each in changes:
        print(clean(f"{word}: {getattr(each, 'title', each)}"))
