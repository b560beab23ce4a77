"""What is in the policy already, against what the profile allows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ...encryption import DsseKms, SseC, SseKms, Strategy
from ...errors import PolicyError
from ...policy.document import Policy
from ...policy.evaluator import evaluate
from ...policy.lockout import DIRECT, UNSEEN
from ...policy.request import AccessRequest
from ...policy.statements.encryption import ALGORITHMS, SSE, SSE_C, SSE_KEY
from ..audit.check import NotRead, Subject
from .protections import protections

_BEST = {**DIRECT, "s3:ObjectCreationOperation": True}


def contradiction(subject: Subject, strategies: Iterable[Strategy], policy: Policy | None = None) -> str:
    """Why statements about encryption cannot be added: one that is there denies what the profile allows.

    Both together would let nothing through. An upload that is denied under every encryption alike is denied
    for another reason, and says nothing. Empty if there is none, or if the policy is not known.

    Args:
        subject: Whose policy it is, unless *policy* is given.
        strategies: What the profile allows.
        policy: What will be left of the policy.
    """
    try:
        existing = policy or subject.policy
    except (NotRead, PolicyError):
        return ""
    for strategy in strategies:
        if existing is None:
            return ""
        denied = _denying(subject, existing, headers_of(strategy))
        if denied and not all(_denying(subject, existing, each) for each in variants(existing)):
            return (
                f"the statement {denied} that is there denies what the profile allows ({_name(strategy)}), "
                + way_out(subject, denied)
            )
    return ""


def way_out(subject: Subject, denied: str) -> str:
    """What somebody can do about the statement *denied*, which hardening leaves as it is."""
    if any(each.statement.sid == denied for each in protections(subject, acls_off=False)):
        return (
            f'and nobody said that it may go: harden(…, replace="{denied}") puts the profile\'s in its place'
        )
    return (
        "and hardening changes no statement. Take it out of the policy, or put another in its place: "
        f'secure_s3.policy.merge(existing, statement, replace="{denied}"); then harden again'
    )


def headers_of(strategy: Strategy) -> dict[str, str]:
    """What an upload under *strategy* says of its encryption."""
    if isinstance(strategy, SseKms | DsseKms):
        algorithm = "aws:kms" if isinstance(strategy, SseKms) else "aws:kms:dsse"
        return {SSE: algorithm, SSE_KEY: strategy.key_arn}
    return {SSE_C: "AES256"} if isinstance(strategy, SseC) else {SSE: "AES256"}


def _name(strategy: Strategy) -> str:
    return " ".join(headers_of(strategy).values()) if not isinstance(strategy, SseC) else "SSE-C"


def variants(existing: Policy) -> Iterator[dict[str, str]]:
    """Uploads under every encryption that the policy could have in mind."""
    keys = {
        value
        for statement in existing.statements
        for condition in statement.conditions
        if condition.folded == SSE_KEY.lower()
        for value in condition.values
    }
    yield from ({}, {SSE_C: "AES256"}, *({SSE: each} for each in ALGORITHMS))
    yield from ({SSE: each, SSE_KEY: key} for each in ALGORITHMS[1:] for key in sorted(keys))


def upload(
    subject: Subject, headers: Mapping[str, str], key: str = "object", caller: str | None = None
) -> AccessRequest:
    """An upload with these headers under the best circumstances; by whoever calls, if nobody is named."""
    account = subject.told("account") or "111122223333"
    caller = caller or subject.told("caller") or f"arn:aws:iam::{account}:user/anybody"
    return AccessRequest(
        "s3:PutObject",
        f"{subject.arn}/{key}",
        caller,
        {**_BEST, **headers},
        UNSEEN,
        resource_account=account,
    )


def _denying(subject: Subject, policy: Policy, headers: Mapping[str, str]) -> str:
    """The statement that denies an upload with these headers for certain; empty if none does."""
    decision = evaluate(upload(subject, headers), resource_policy=policy)
    if decision.outcome != "explicitly_denied":
        return ""
    names = [each.statement.name for each in decision.reasons if each.statement and each.role == "denies"]
    return names[0] if names else ""
