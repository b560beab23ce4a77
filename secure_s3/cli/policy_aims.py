"""What the options of ``secure-s3 policy lint`` say of the policies, and of the exit code."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING

from .exits import FINDINGS, OK
from .policy_files import shown

if TYPE_CHECKING:
    from ..policy import Policy
    from ..values import Finding

KINDS = (
    *("bucket", "access-point", "key", "trust", "identity"),
    *("service-control", "resource-control", "endpoint"),
)
SEVERITIES = ("info", "low", "medium", "high", "critical")


def kind_of(args: argparse.Namespace) -> str | None:
    """What the policies are attached to, as the library calls it; None if it is to be guessed."""
    return args.kind.replace("-", " ") if args.kind else None


def code_of(args: argparse.Namespace, findings: Iterable[Finding]) -> int:
    """The exit code: whether one of the findings is as severe as --fail-on."""
    if args.fail_on == "never":
        return OK
    grave = SEVERITIES[SEVERITIES.index(args.fail_on) :]
    return FINDINGS if any(each.severity.value in grave for each in findings) else OK


def bucket_needed(args: argparse.Namespace, name: str, policy: Policy) -> str | None:
    """The bucket whose policy it is; an error if it is not known and lock-outs are asked about."""
    from ..policy.linter import bucket_of
    from .presign_values import usage

    bucket: str | None = args.bucket or bucket_of(policy)
    if bucket is None and args.lockout_principal:
        raise usage(f"{shown(name)} names no bucket", "pass --bucket NAME along with --lockout-principal")
    return bucket
