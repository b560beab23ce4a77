"""``secure-s3 policy lint``: what AWS would refuse in a policy, what does nothing, what is dangerous."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .exits import FINDINGS, OK
from .options import Commands, command
from .output import print_json
from .policy_files import read_policy, shown

if TYPE_CHECKING:
    from ..policy import Policy
    from ..values import Finding

_EPILOG = """\
Findings are printed as compilers print theirs: file:line:column: severity: message [rule], then the fix.

exit codes: 0 no finding as severe as --fail-on, 1 findings, 2 no policy

examples:
  secure-s3 policy lint policy.json --bucket amzn-s3-demo-bucket
  secure-s3 policy lint policy.json --lockout-principal arn:aws:iam::111122223333:role/admin
  secure-s3 policy lint - --format sarif < policy.json > policy.sarif
"""
KINDS = ("bucket", "access-point", "key", "trust", "identity", "service-control", "resource-control")
SEVERITIES = ("info", "low", "medium", "high", "critical")


def add(commands: Commands) -> None:
    """Describe the arguments."""
    parser = command(commands, "lint", "find what is wrong with a policy", _EPILOG, run)
    parser.add_argument("file", metavar="FILE", help="the policy, or - for standard input")
    parser.add_argument("--bucket", metavar="NAME", help="the bucket that it is for; default: as it says")
    parser.add_argument("--kind", choices=KINDS, help="what it is attached to; default: what it looks like")
    parser.add_argument("--format", choices=("text", "json", "sarif"), help="default text; --json means json")
    parser.add_argument(
        "--fail-on",
        choices=(*SEVERITIES, "never"),
        default="low",
        help="the least severity that ends with 1; default low",
    )
    parser.add_argument(
        "--lockout-principal",
        action="append",
        default=[],
        metavar="ARN",
        help="tell whether this user or role could no longer repair the bucket's policy; may be repeated",
    )


def run(args: argparse.Namespace) -> int:
    """Lint and tell."""
    policy = read_policy(args.file)
    findings = _found(args, policy)
    _show(args, policy, findings)
    if args.fail_on == "never":
        return OK
    grave = SEVERITIES[SEVERITIES.index(args.fail_on) :]
    return FINDINGS if any(each.severity.value in grave for each in findings) else OK


def _found(args: argparse.Namespace, policy: Policy) -> list[Finding]:
    from ..policy.linter import bucket_of, lint
    from ..policy.lockout import lockout
    from .presign_values import usage

    kind = args.kind.replace("-", " ") if args.kind else None
    findings = lint(policy, bucket=args.bucket, kind=kind)
    if not args.lockout_principal:
        return findings
    bucket = args.bucket or bucket_of(policy)
    if bucket is None:
        raise usage("the policy names no bucket", "pass --bucket NAME along with --lockout-principal")
    locked = [
        found for each in args.lockout_principal for found in lockout(policy, each, bucket=bucket).findings
    ]
    return sorted([*locked, *findings], key=lambda each: -SEVERITIES.index(each.severity.value))


def _show(args: argparse.Namespace, policy: Policy, findings: Sequence[Finding]) -> None:
    from ..policy.reports import as_dict, as_sarif, as_text

    form = args.format or ("json" if args.json else "text")
    if form == "sarif":
        print_json(as_sarif(policy, findings, uri="policy.json" if args.file == "-" else args.file))
    elif form == "json":
        print_json({"file": shown(args.file), **as_dict(policy, findings)})
    elif findings:
        print(as_text(policy, findings, name=shown(args.file)))
    else:
        print(f"{shown(args.file)}: no findings")
