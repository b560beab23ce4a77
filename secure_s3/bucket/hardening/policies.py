"""The bucket policy: the profile's statements put into the one that is there. Pure.

No statement is replaced, changed or dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ...encryption import DsseKms, SseC, SseKms, Strategy
from ...limits import BUCKET_POLICY_BYTES
from ...policy.canonical import meaning
from ...policy.difference import merge
from ...policy.document import Policy
from ...policy.evaluator import evaluate
from ...policy.lockout import UNSEEN
from ...policy.public import is_public
from ...policy.request import AccessRequest
from ...policy.statement import Statement
from ...policy.statements.encryption import ALGORITHMS, SSE, SSE_C, SSE_KEY
from ..audit.check import Subject
from .access import switches
from .coverage import covered
from .lockouts import check_lockout
from .protections import ENCRYPTION, protections
from .steps import Steps, blocked, bucket_change
from .telling import shown

_TITLE = "Bucket policy"
_BEST = {
    "aws:SecureTransport": True,
    "s3:TlsVersion": "1.3",
    "s3:authType": "REST-HEADER",
    "s3:signatureversion": "AWS4-HMAC-SHA256",
    "s3:signatureAge": "0",
    "aws:ViaAWSService": False,
    "s3:ObjectCreationOperation": True,
}


@dataclass(frozen=True, slots=True)
class Merged:
    """A policy with what was put into it.

    Args:
        policy: The whole.
        added: What was not there.
    """

    policy: Policy
    added: tuple[Statement, ...]


def put_in(existing: Policy | None, statements: Iterable[Statement]) -> Merged | None:
    """*existing* with those of *statements* that it lacks; None if it lacks none.

    One whose Sid is taken by another statement gets a number behind it.

    Raises:
        PolicyError: The two cannot be in one policy.
    """
    there = existing.statements if existing else ()
    known = set(map(meaning, there))
    lacking = [each for each in statements if meaning(each) not in known]
    taken = {each.sid for each in there}
    added = []
    for each in lacking:
        named = _renamed(each, taken)
        taken.add(named.sid)
        added.append(named)
    return Merged(merge(existing, *added), tuple(added)) if added else None


def _renamed(statement: Statement, taken: set[str | None]) -> Statement:
    if statement.sid not in taken:
        return statement
    number = next(each for each in range(2, len(taken) + 3) if f"{statement.sid}{each}" not in taken)
    return Statement({**statement.raw, "Sid": f"{statement.sid}{number}"})


def too_long(policy: Policy) -> str:
    """Why S3 would not take it; empty if it is short enough."""
    if policy.size <= BUCKET_POLICY_BYTES:
        return ""
    return f"it would have {policy.size} bytes, and S3 takes {BUCKET_POLICY_BYTES}; shorten it first"


def is_public_after(subject: Subject) -> bool:
    """Whether the policy is public by S3's definition, which what we add does not change."""
    policy = subject.policy
    return policy is not None and is_public(policy)


def bucket_policy(subject: Subject, acls_off: bool) -> Steps:
    """The profile's statements, beside those that are there.

    Raises:
        LockoutRefused: The caller or an administrator would be locked out.
    """
    existing = subject.policy
    wanted = list(protections(subject, acls_off))
    if existing is not None:
        wanted = [each for each in wanted if not covered(each.statement, existing.statements)]
        contradiction = _contradiction(subject, existing)
        if contradiction and any(each.topic == ENCRYPTION for each in wanted):
            yield blocked("unencrypted-uploads", f"{_TITLE}: encryption of uploads", contradiction)
            wanted = [each for each in wanted if each.topic != ENCRYPTION]
    merged = put_in(existing, [each.statement for each in wanted])
    if merged is None:
        return
    title = f"{_TITLE}: add {', '.join(str(each.sid) for each in merged.added)}"
    if why := too_long(merged.policy) or _refused_as_public(subject, merged.policy):
        yield blocked("policy-faults", title, why)
        return
    notes = (*check_lockout(subject, merged.policy, subject.snapshot.bucket), *_notes(subject))
    yield bucket_change(
        subject,
        "bucket-policy",
        title,
        "put_bucket_policy",
        {"Policy": merged.policy.to_json(indent=None)},
        field="policy",
        before=subject.read("policy"),
        after=merged.policy.to_json(indent=None),
        checks=tuple(dict.fromkeys(each.check for each in wanted)),
        diff=policy_lines(merged.added),
        notes=notes,
    )


def policy_lines(added: Iterable[Statement]) -> tuple[str, ...]:
    """What is added, in lines; nothing else changes."""
    return tuple(f"+ {line}" for statement in added for line in _lines(statement))


def _lines(statement: Statement) -> Iterator[str]:
    told = statement.to_dict()
    yield f"{told['Effect']} {statement.name}"
    for name in ("Principal", "Action", "Resource"):
        yield f"  {name}: {shown(told[name])}"
    for operator, keys in told.get("Condition", {}).items():
        yield from (f"  {operator} {key}: {shown(values)}" for key, values in keys.items())


def _refused_as_public(subject: Subject, policy: Policy) -> str:
    blocks = (subject.told(f"{of}public_access_block", {}) for of in ("", "account_"))
    if is_public(policy) and any(switches(each)["BlockPublicPolicy"] for each in blocks):
        return (
            "the policy that is there is public by S3's definition, and Block Public Access takes no such "
            "policy. Name principals in its Allows, or narrow them by conditions; then harden again"
        )
    return ""


def _notes(subject: Subject) -> Iterator[str]:
    if subject.profile.strict and subject.profile.algorithms:
        yield (
            "strict: services that deliver into the bucket name no encryption, and are denied; so may the "
            "parts of multipart uploads be, which is documented nowhere"
        )
    if is_public_after(subject):
        yield "the policy is public by S3's definition: it is written before Block Public Access refuses it"


# -- what is there already, against what the profile allows ------------------------------------------------


def _contradiction(subject: Subject, existing: Policy) -> str:
    """Why statements about encryption cannot be added: one that is there denies what the profile allows.

    Both together would let nothing through. An upload that is denied under every encryption alike is denied
    for another reason, and says nothing.
    """
    for strategy in subject.profile.encryptions:
        denied = _denying(subject, existing, _headers(strategy))
        if denied and not all(_denying(subject, existing, each) for each in _variants(existing)):
            return (
                f"the statement {denied} that is there denies what the profile allows ({_name(strategy)}), "
                "and hardening changes no statement: change it, or the profile, then harden again"
            )
    return ""


def _headers(strategy: Strategy) -> dict[str, str]:
    if isinstance(strategy, SseKms | DsseKms):
        algorithm = "aws:kms" if isinstance(strategy, SseKms) else "aws:kms:dsse"
        return {SSE: algorithm, SSE_KEY: strategy.key_arn}
    return {SSE_C: "AES256"} if isinstance(strategy, SseC) else {SSE: "AES256"}


def _name(strategy: Strategy) -> str:
    return " ".join(_headers(strategy).values()) if not isinstance(strategy, SseC) else "SSE-C"


def _variants(existing: Policy) -> Iterator[dict[str, str]]:
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


def _denying(subject: Subject, policy: Policy, headers: Mapping[str, str]) -> str:
    """The statement that denies an upload with these headers for certain; empty if none does."""
    account = subject.told("account") or "111122223333"
    principal = subject.told("caller") or f"arn:aws:iam::{account}:user/anybody"
    request = AccessRequest(
        "s3:PutObject",
        f"{subject.arn}/object",
        principal,
        {**_BEST, **headers},
        UNSEEN,
        resource_account=account,
    )
    decision = evaluate(request, resource_policy=policy)
    if decision.outcome != "explicitly_denied":
        return ""
    names = [each.statement.name for each in decision.reasons if each.statement and each.role == "denies"]
    return names[0] if names else ""
