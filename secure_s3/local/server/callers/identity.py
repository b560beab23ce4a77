"""Whoever signs a request, with the policies that bind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ....policy import Policy
from ....policy.wire import Caller

__all__ = ["ANONYMOUS", "Attached", "Identity", "stored_policy"]


@dataclass(frozen=True, slots=True)
class Attached:
    """A policy, and its ARN if it has one (inline policies have none)."""

    policy: Policy
    arn: str | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """A user, a role's session, or nobody.

    Args:
        caller: Its ARN, account, ``aws:userid``; of a session the role's ARN, path included.
        policies: Identity policies, those of a user's groups included.
        boundary: The permissions boundary.
        session_policies: Those passed when the role was assumed; empty if there were none.
        context: Condition keys that its credentials settle, e.g. ``aws:PrincipalTag/team``,
            ``aws:TokenIssueTime``, ``aws:MultiFactorAuthPresent``; absent ones as None.
    """

    caller: Caller
    policies: tuple[Attached, ...] = ()
    boundary: Attached | None = None
    session_policies: tuple[Attached, ...] = ()
    context: Mapping[str, Any] = field(default_factory=dict)


ANONYMOUS = Identity(Caller(None))
"""Whoever does not sign."""


@lru_cache(maxsize=2048)
def stored_policy(text: str | bytes) -> Policy:
    """A policy by the text under which it is stored, read once; PolicyError if it is none."""
    return Policy.parse(text)
