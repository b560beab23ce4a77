"""The bucket policy: the profile's statements put into the one that is there. Pure.

No statement is replaced, changed or dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ...limits import BUCKET_POLICY_BYTES
from ...policy.canonical import meaning
from ...policy.difference import merge
from ...policy.document import Policy
from ...policy.public import is_public
from ...policy.statement import Statement
from ..audit.check import Subject
from .access import switches
from .contradictions import contradiction
from .coverage import covered
from .deliveries import keeps_sse_s3, receives_logs
from .lockouts import check_lockout
from .plan import Manual
from .protections import ENCRYPTION, Protection, protections
from .sentences import policy_lines, sentences
from .steps import Steps, blocked, bucket_change
from .usability import any_unusable

_REQUIRING = ("unencrypted-uploads", "wrong-key-uploads")
"""Checks whose statements deny uploads under another encryption than the profile's."""
_TITLE = "Bucket policy"
_OF_UPLOADS = f"{_TITLE}: encryption of uploads"


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
    yield from _hindered(subject)
    wanted = list(_possible(subject, acls_off))
    if existing is not None:
        wanted = [each for each in wanted if not covered(each.statement, existing.statements)]
        clash = contradiction(subject, subject.profile.encryptions)
        if clash and any(each.topic == ENCRYPTION for each in wanted):
            yield blocked("unencrypted-uploads", _OF_UPLOADS, clash, *_commands(subject))
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
        summary=sentences(merged.added),
        notes=notes,
    )


def _hindered(subject: Subject) -> Iterator[Manual]:
    """What the profile demands of every upload, where logs are delivered that name no encryption."""
    profile = subject.profile
    if receives_logs(subject) and (profile.strict or not profile.algorithms):
        yield blocked(
            "unencrypted-uploads",
            _OF_UPLOADS,
            "server access logs are delivered into this bucket, and S3 names no encryption as it delivers "
            "them: they would be denied. Let the profile not be strict and allow SseS3(), or send the logs "
            "elsewhere",
        )


def _possible(subject: Subject, acls_off: bool) -> Iterator[Protection]:
    """The statements that leave the bucket usable.

    None that requires a key which cannot be used, or another encryption than the default that has to stay.
    """
    logs, profile = receives_logs(subject), subject.profile
    required = not (any_unusable(subject) or keeps_sse_s3(subject) or (logs and not profile.algorithms))
    if logs and profile.strict:
        subject = Subject(subject.snapshot, replace(profile, strict=False))
    for each in protections(subject, acls_off):
        if required or each.check not in _REQUIRING:
            yield each


def _commands(subject: Subject) -> tuple[str, ...]:
    bucket = f"--bucket {subject.snapshot.bucket}"
    return (
        f"aws s3api get-bucket-policy {bucket} --query Policy --output text > policy.json",
        f"aws s3api put-bucket-policy {bucket} --policy file://policy.json",
    )


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
