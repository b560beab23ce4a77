"""The policy language: documents, evaluation, builders, linting. See ``docs/policies.md``."""

from __future__ import annotations

from ..values import Finding, Severity
from . import bundles, statements, suites
from .canonical import canonical
from .decision import Decision, Reason
from .difference import Difference, diff, merge
from .document import Policy
from .evaluator import evaluate
from .fixing import Fixed, fixed
from .linter import lint
from .lockout import lockout
from .patches import apply as apply_patch
from .request import UNKNOWN, AccessRequest, Between, OneOf
from .statement import Statement

__all__ = [
    "Policy",
    "Statement",
    "AccessRequest",
    "OneOf",
    "Between",
    "UNKNOWN",
    "evaluate",
    "Decision",
    "Reason",
    "statements",
    "bundles",
    "canonical",
    "diff",
    "Difference",
    "merge",
    "lint",
    "Finding",
    "Severity",
    "lockout",
    "apply_patch",
    "fixed",
    "Fixed",
    "suites",
]
