"""``secure-s3 policy lint``: what AWS would refuse in a policy, what does nothing, what is dangerous."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .options import Commands, command
from .output import print_json
from .policy_aims import KINDS, SEVERITIES, bucket_needed, code_of, kind_of
from .policy_files import only_one_stdin, read_policy, shown, uri

if TYPE_CHECKING:
    from ..policy import Policy
    from ..values import Finding

    Linted = tuple[str, Policy, list[Finding]]

_EPILOG = """\
Findings are printed as compilers print theirs: file:line:column: severity: message [rule], then the fix.
--fix applies the patches that findings have, one at a time, and lints again after each. The policy goes to
standard output, or with --write back into its file; what changes and what is left go to standard error.
A patch that would lead to a graver finding than the one it is for is not applied, and that is told.

exit codes: 0 no finding as severe as --fail-on (with --fix: none is left), 1 findings, 2 no policy

examples:
  secure-s3 policy lint policy.json --bucket amzn-s3-demo-bucket
  secure-s3 policy lint policies/*.json --format sarif > policies.sarif
  secure-s3 policy lint policy.json --lockout-principal arn:aws:iam::111122223333:role/admin
  secure-s3 policy lint policy.json --fix > repaired.json
  secure-s3 policy lint --explain https-gap
"""


def add(commands: Commands) -> None:
    """Describe the arguments."""
    parser = command(commands, "lint", "find what is wrong with a policy", _EPILOG, run)
    parser.add_argument("files", metavar="FILE", nargs="*", help="a policy, or - for standard input")
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
    repair = parser.add_argument_group("repair")
    repair.add_argument("--fix", action="store_true", help="apply the patches; print the policy")
    repair.add_argument("--write", action="store_true", help="with --fix: put it into the file instead")
    about = parser.add_argument_group("about the rules (without FILE)")
    about.add_argument("--rules", action="store_true", help="list all rules")
    about.add_argument("--explain", metavar="RULE", help="tell what a rule is about, and the right form")


def run(args: argparse.Namespace) -> int:
    """Lint and tell; or repair; or tell of the rules."""
    _check(args)
    if args.rules or args.explain is not None:
        from .policy_rules import tell

        return tell(args)
    policies = [(name, read_policy(name)) for name in args.files]  # all are read before anything is said
    if args.fix:
        from .policy_fix import repair

        return repair(args, policies)
    linted = [(name, policy, _found(args, name, policy)) for name, policy in policies]
    _show(args, linted)
    return code_of(args, (each for _, _, findings in linted for each in findings))


def _check(args: argparse.Namespace) -> None:
    """Refuse arguments that contradict each other, rather than follow one of them."""
    from .presign_values import usage

    about = "--rules" if args.rules else "--explain" if args.explain is not None else ""
    if args.rules and args.explain is not None:
        raise usage("--rules and --explain are two questions", "leave one out")
    if args.json and args.format in ("text", "sarif"):
        raise usage(f"--json contradicts --format {args.format}", "leave one out")
    if args.write and not args.fix:
        raise usage("--write without --fix has nothing to write", "pass --fix as well")
    if (args.fix or about) and args.format == "sarif":
        raise usage(
            f"--format sarif cannot tell of {about or '--fix'}", "pass --format json, or leave it out"
        )
    if about and (args.files or args.fix):
        raise usage(f"{about} is about the rules, not about a policy", f"leave out what is beside {about}")
    if not about and not args.files:
        raise usage("no policy is named", "name a FILE, or - for standard input")
    only_one_stdin(args.files)
    if args.write and "-" in args.files:
        raise usage("standard input cannot be written to", "leave out --write")
    if args.fix and not args.write and not args.json and args.format != "json" and len(args.files) > 1:
        raise usage("--fix prints one policy", "name one FILE, or pass --write or --json")
    args.json = args.json or args.format == "json"  # of errors as well


def _found(args: argparse.Namespace, name: str, policy: Policy) -> list[Finding]:
    from ..policy.linter import lint
    from ..policy.lockout import lockout

    findings = lint(policy, bucket=args.bucket, kind=kind_of(args))
    bucket = bucket_needed(args, name, policy)
    if not args.lockout_principal or bucket is None:
        return findings
    locked = [
        found for each in args.lockout_principal for found in lockout(policy, each, bucket=bucket).findings
    ]
    return sorted([*locked, *findings], key=lambda each: -SEVERITIES.index(each.severity.value))


def _show(args: argparse.Namespace, linted: Sequence[Linted]) -> None:
    from ..policy.reports import as_text
    from ..policy.sarif import sarif_of

    if args.format == "sarif":
        print_json(sarif_of((policy, findings, uri(name)) for name, policy, findings in linted))
    elif args.json:
        print_json(_told(linted))
    else:
        for name, policy, findings in linted:
            print(as_text(policy, findings, name=shown(name)) or f"{shown(name)}: no findings")


def _told(linted: Sequence[Linted]) -> dict[str, object]:
    from ..policy.reports import as_dict

    files = [{"file": shown(name), **as_dict(policy, findings)} for name, policy, findings in linted]
    counts = {each: sum(file["counts"][each] for file in files) for each in SEVERITIES}
    return {"files": files, "counts": counts}
