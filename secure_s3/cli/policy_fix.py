"""``secure-s3 policy lint --fix``: policies with the patches of their findings applied."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .output import clean, print_json
from .policy_aims import bucket_needed, code_of, kind_of
from .policy_diff import plain
from .policy_files import shown, write_text

if TYPE_CHECKING:
    from ..policy import Policy
    from ..policy.fixing import Fixed


def repair(args: argparse.Namespace, policies: Sequence[tuple[str, Policy]]) -> int:
    """Repair the policies, print or write them, and tell what changed and what is left."""
    from ..policy.fixing import fixed

    repaired = [
        fixed(
            policy,
            bucket=args.bucket if not args.lockout_principal else bucket_needed(args, name, policy),
            kind=kind_of(args),
            administrators=args.lockout_principal,
        )
        for name, policy in policies
    ]
    told = []
    for (name, policy), each in zip(policies, repaired, strict=True):
        if args.write and each.applied:
            write_text(name, each.policy.to_json() + "\n")
        if args.json:
            told.append(_told(args, name, policy, each))
        else:
            _show(args, name, policy, each)
    if args.json:
        print_json({"files": told})
    return code_of(args, (finding for each in repaired for finding in each.left))


def _show(args: argparse.Namespace, name: str, before: Policy, repaired: Fixed) -> None:
    from ..policy.difference import diff
    from ..policy.reports import as_text

    if not args.write:
        # What nothing was changed in stays as it was written.
        print((repaired.policy.to_json() if repaired.applied else before.source or before.to_json()).rstrip())
    lines = [str(diff(before, repaired.policy))] if repaired.applied else []
    lines += [f"{shown(name)}: {_counted(repaired)}"]
    lines += [f"  {refusal}" for refusal in repaired.refused]
    if repaired.left:
        lines.append(as_text(repaired.policy, repaired.left, name=shown(name)))
    if repaired.exhausted:
        lines.append("not every patch was tried; repair the result once more")
    print(clean("\n".join(lines)), file=sys.stderr)


def _counted(repaired: Fixed) -> str:
    applied, left = len(repaired.applied), len(repaired.left)
    return f"{applied} {'finding' if applied == 1 else 'findings'} mended, {left} left"


def _told(args: argparse.Namespace, name: str, before: Policy, repaired: Fixed) -> dict[str, Any]:
    from ..policy.difference import diff
    from ..policy.reports import as_dict

    return {
        "file": shown(name),
        "written": bool(args.write and repaired.applied),
        "policy": plain(repaired.policy.document),
        "changes": plain(diff(before, repaired.policy).to_dict()),
        "applied": as_dict(before, repaired.applied)["findings"],
        "refused": [{"rule": each.finding.rule, "why": each.why} for each in repaired.refused],
        "left": as_dict(repaired.policy, repaired.left)["findings"],
        "exhausted": repaired.exhausted,
    }
