"""The bucket policy: the profile's statements put into the one that is there. Pure.

No statement is changed or dropped, and none replaced but those that the caller names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from ...errors import ConfigurationError
from ...limits import BUCKET_POLICY_BYTES
from ...policy.canonical import meaning
from ...policy.difference import CHANGED, diff, merge
from ...policy.difference import Change as Replaced
from ...policy.document import Policy
from ...policy.public import is_public
from ...policy.statement import Statement
from ..audit.check import Subject
from .access import switches
from .contradictions import contradiction, way_out
from .coverage import covered
from .deliveries import keeps_sse_s3, receives_logs
from .lockouts import check_lockout
from .losses import Loss, lost
from .plan import Manual
from .protections import ENCRYPTION, Protection, protections
from .sentences import policy_lines, sentences
from .steps import Steps, blocked, bucket_change
from .usability import any_unusable

_REQUIRING = ("unencrypted-uploads", "wrong-key-uploads")
"""Checks whose statements deny uploads under another encryption than the profile's."""
_TITLE = "Bucket policy"
_UPLOADS = "unencrypted-uploads"
_ABOUT = {
    _UPLOADS: "encryption of uploads",
    "secure-transport": "plain HTTP",
    "tls-version": "versions of TLS",
    "public-acls-denied": "public ACLs",
    "presigned-age": "age of presigned URLs",
}
_OF_UPLOADS = f"{_TITLE}: {_ABOUT[_UPLOADS]}"


@dataclass(frozen=True, slots=True)
class Merged:
    """A policy with what was put into it.

    Args:
        policy: The whole.
        added: What was not there.
        replaced: What stands in the place of others, as changes of a difference.
    """

    policy: Policy
    added: tuple[Statement, ...]
    replaced: tuple[Replaced, ...] = ()


def put_in(
    existing: Policy | None, statements: Iterable[Statement], instead: Collection[str] = ()
) -> Merged | None:
    """*existing* with those of *statements* that it lacks; None if it lacks none.

    One whose Sid is taken by another statement gets a number behind it, unless it may take its place.

    Args:
        instead: Sids whose statements may be replaced.

    Raises:
        PolicyError: The two cannot be in one policy.
    """
    there = existing.statements if existing else ()
    known = set(map(meaning, there))
    lacking = [each for each in statements if meaning(each) not in known]
    taken = {each.sid for each in there}
    placed = [each for each in lacking if each.sid in taken and each.sid in instead]
    added = []
    for each in lacking:
        if each not in placed:
            named = _renamed(each, taken)
            taken.add(named.sid)
            added.append(named)
    if not lacking:
        return None
    policy = merge(existing, *added, *placed, replace=instead)
    changes = diff(existing, policy).changes if existing and placed else ()
    return Merged(policy, tuple(added), tuple(each for each in changes if each.kind == CHANGED))


def without(existing: Policy, instead: Collection[str]) -> Policy:
    """The policy but for the statements that may be replaced; of several with one Sid, the first."""
    left, kept = set(instead), []
    for each in existing.statements:
        if each.sid in left:
            left.remove(each.sid)
        else:
            kept.append(each)
    return existing.with_statements(kept)


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


def bucket_policy(subject: Subject, acls_off: bool, instead: Collection[str] = ()) -> Steps:
    """The profile's statements, beside those that are there, or in the place of those named by *instead*.

    Raises:
        LockoutRefused: The caller or an administrator would be locked out.
        ConfigurationError: *instead* names a statement that is not there, or in whose place nothing comes.
    """
    existing = subject.policy
    yield from _hindered(subject)
    wanted = list(_possible(subject, acls_off))
    _require_places(subject, existing, wanted, instead)
    if existing is not None:
        kept = without(existing, instead)
        wanted = [each for each in wanted if each.statement.sid in instead or not _is_covered(each, kept)]
        clashes = dict(_clashes(subject, kept, wanted))
        for about, clash in clashes.items():
            yield blocked(about, f"{_TITLE}: {_ABOUT[about]}", clash, *_commands(subject))
        wanted = [each for each in wanted if _about(each) not in clashes]
    merged = put_in(existing, [each.statement for each in wanted], instead)
    if merged is None:
        return
    title = _title(merged)
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
        diff=(*policy_lines(merged.added), *_lines(merged)),
        summary=(*sentences(merged.added), *_replacements(merged)),
        notes=notes,
    )


def _require_places(
    subject: Subject, existing: Policy | None, wanted: Iterable[Protection], instead: Collection[str]
) -> None:
    there = {each.sid for each in existing.statements} if existing else set()
    ours = {each.statement.sid for each in wanted}
    for sid in instead:
        if sid not in there or sid not in ours:
            raise ConfigurationError(
                f"the statement {sid!r} cannot be replaced",
                why="the profile has no statement of that name to put in its place"
                if sid in there
                else f"the policy of {subject.snapshot.bucket} has no statement of that name",
                fix=f"the profile's are called {', '.join(sorted(map(str, ours)))}",
                bucket=subject.snapshot.bucket,
            )


def _title(merged: Merged) -> str:
    added = ", ".join(str(each.sid) for each in merged.added)
    replaced = ", ".join(each.after.name for each in merged.replaced if each.after)
    parts = (("add", added), ("replace", replaced))
    return f"{_TITLE}: {'; '.join(f'{verb} {names}' for verb, names in parts if names)}"


def _lines(merged: Merged) -> Iterator[str]:
    for each in merged.replaced:
        yield from str(each).splitlines()


def _replacements(merged: Merged) -> Iterator[str]:
    for line in sentences(each.after for each in merged.replaced if each.after):
        yield f"~{line.removeprefix('+')}"


def _is_covered(protection: Protection, existing: Policy) -> bool:
    return covered(protection.statement, existing.statements)


def _about(protection: Protection) -> str:
    """The check of a statement; those about encryption stand or fall together."""
    return _UPLOADS if protection.topic == ENCRYPTION else protection.check


def _clashes(subject: Subject, existing: Policy, wanted: Iterable[Protection]) -> Iterator[tuple[str, str]]:
    """Checks whose statements cannot stand beside those that are there, each with the reason."""
    parts: dict[str, list[Statement]] = {}
    for each in wanted:
        parts.setdefault(_about(each), []).append(each.statement)
    fitting: list[Statement] = []
    for about, statements in parts.items():
        denied = contradiction(subject, subject.profile.encryptions, existing) if about == _UPLOADS else ""
        loss = None if denied else lost(subject, existing, [*fitting, *statements])
        if denied or loss:
            yield about, denied or _words(subject, loss)
        else:
            fitting += statements


def _words(subject: Subject, loss: Loss | None) -> str:
    if loss is None:
        return ""
    by = f" by {loss.caller}" if loss.caller else ""
    return (
        f"beside the statement {loss.statement} that is there, nothing could be uploaded any more as "
        f"{loss.key}{by}, {way_out(subject, loss.statement)}"
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
