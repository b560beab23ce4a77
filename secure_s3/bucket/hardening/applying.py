"""A plan is carried out."""

from __future__ import annotations

from typing import Any

from .plan import Applied, Plan


def apply(client: Any, session: Any, plan: Plan) -> Applied:
    """Do what the plan says."""
    raise NotImplementedError
