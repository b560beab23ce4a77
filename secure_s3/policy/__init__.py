"""The policy language: documents, evaluation, builders, linting."""

from __future__ import annotations

from .decision import Decision, Reason
from .document import Policy
from .evaluator import evaluate
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
]
