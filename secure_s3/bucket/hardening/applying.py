"""A plan is carried out, one change after the other. The edge.

No DELETE of a setting is ever sent: other servers than S3 take some of them for the bucket's own (Ceph
removes an empty bucket on DeleteBucketOwnershipControls), and nothing in a plan needs one. A plan that has
another call than those of ``CALLS`` is refused whole.
"""

from __future__ import annotations

from typing import Any

from ...errors import (
    ConfigurationError,
    PlanNotApplied,
    PlanOutdated,
    SecureS3Error,
    ServiceError,
    TransportError,
)
from ...guard.cleanup import remark
from ...guard.faults import typed
from ...guard.readers import reader
from ...values import printable_text
from ..asking import Asking
from ..snapshot.values import Unread
from .plan import Applied, Change, Plan
from .reading import read_again, same, size_for_transitions

_SECONDS = 300.0
_CALLS = 200
_LIFECYCLE = "put_bucket_lifecycle_configuration"
CALLS = frozenset(
    {
        ("s3", "put_bucket_encryption"),
        ("s3", "put_bucket_logging"),
        ("s3", "put_bucket_ownership_controls"),
        ("s3", "put_bucket_policy"),
        ("s3", "put_bucket_versioning"),
        ("s3", "put_object_lock_configuration"),
        ("s3", "put_public_access_block"),
        ("s3", _LIFECYCLE),
        ("s3control", "put_public_access_block"),
        ("kms", "enable_key_rotation"),
    }
)
"""All that hardening ever calls to change something."""


def apply(client: Any, session: Any, plan: Plan) -> Applied:
    """Do what the plan says, and stop at the first change that cannot be made.

    Before each change its setting is read again: if it is not what the plan was made from, nothing is
    overwritten, and if it is what the change leads to, nothing is sent. Afterwards it is read back; S3 shows
    some settings a moment later, so that what does not show yet is told (``Applied.unconfirmed``) and is no
    error. Where the connection breaks, reading back tells whether the change was made. S3 has no conditional
    writes for settings: a change by others between reading and writing, a few milliseconds, goes unseen.

    Raises:
        PlanNotApplied: A change failed; ``done`` and ``not_done`` have the changes, the cause is kept.
        PlanOutdated: A setting was changed since the plan was made.
        ConfigurationError: The plan has a call that hardening does not make; nothing was sent.
        KeyboardInterrupt: As it came, with ``done`` and ``not_done``; whether the first of those was made is
            not known then.
    """
    for change in plan.changes:
        _check_call(change)
    done: list[Change] = []
    unconfirmed: list[Change] = []
    try:
        with Asking(session, client, seconds=_SECONDS, calls=_CALLS) as asking:
            for number, change in enumerate(plan.changes):
                left = plan.changes[number:]
                try:
                    shows = _make(client, session, asking, change)
                except _Changed as found:
                    raise _outdated(plan, done, left, found.now) from None
                except SecureS3Error as error:
                    raise _stopped(plan, done, left, error) from error
                done.append(change)
                if not shows:
                    unconfirmed.append(change)
    except PlanNotApplied:
        raise
    except BaseException as error:
        left = plan.changes[len(done) :]
        error.done, error.not_done = tuple(done), left  # type: ignore[attr-defined]
        remark(error, _told(done, left))
        raise
    return Applied(plan=plan, done=tuple(done), unconfirmed=tuple(unconfirmed))


def _check_call(change: Change) -> None:
    """Refuse what no plan of ours has: a plan may have been put together elsewhere."""
    call = (change.service, change.method)
    where = change.arguments.get("Bucket", change.resource) if change.service == "s3" else change.resource
    if call not in CALLS or where != change.resource:
        raise ConfigurationError(
            f"the plan has a change that hardening does not make: {printable_text(change.title)}",
            why=f"it calls {printable_text(' '.join(map(str, call)))} of {printable_text(str(where))}",
            fix="apply what plan() returned, as it is; nothing was changed",
        )


class _Changed(Exception):
    """The setting is *now* something else than it was."""

    def __init__(self, now: Any) -> None:
        super().__init__()
        self.now = now


def _make(client: Any, session: Any, asking: Asking, change: Change) -> bool:
    """Make one change; whether it shows when it is read back."""
    now = read_again(asking, change)
    if isinstance(now, Unread):
        raise SecureS3Error(
            "the setting could not be read again, and is not overwritten unseen",
            why=now.why,
            fix=f"it takes {now.action}" if now.action else "try again",
            code=now.code,
        )
    if same(change.field, now, change.after):
        return True
    if not same(change.field, now, change.before):
        raise _Changed(now)
    broken: TransportError | None = None
    try:
        _send(client, session, change)
    except TransportError as error:
        broken = error  # the answer may be all that was lost
    back = read_again(asking, change)
    shows = not isinstance(back, Unread) and same(change.field, back, change.after)
    if broken is not None and not shows:
        seen = (
            f"it could not be read back: {back.why}" if isinstance(back, Unread) else "it does not show yet"
        )
        remark(broken, f"whether {change.id} was done is not known: {seen}")
        raise broken
    return shows


def _send(client: Any, session: Any, change: Change) -> None:
    arguments = dict(change.arguments)
    if change.method == _LIFECYCLE:
        arguments |= size_for_transitions(client, change)
    other = None if change.service == "s3" else reader(session, client, change.service, _region(change))
    try:
        with typed(change.method, change.resource if change.service == "s3" else None, None, change.service):
            getattr(other or client, change.method)(**arguments)
    finally:
        if other is not None:
            other.close()


def _region(change: Change) -> str | None:
    """That of a key; of anything else, the client's."""
    return change.resource.split(":")[3] if change.service == "kms" else None


def _outdated(plan: Plan, done: list[Change], left: tuple[Change, ...], now: Any) -> PlanOutdated:
    change = left[0]
    error = PlanOutdated(
        f"{plan.bucket} was changed since it was planned for: {printable_text(change.title)} was not done",
        why=f"{change.field} of {change.resource} is not what it was"
        + (f", but {printable_text(str(now))[:300]}" if now not in (None, "", (), {}) else ", but nothing")
        + f". {_told(done, left)}",
        fix="plan again, look at it, and apply that",
        bucket=plan.bucket,
    )
    error.done, error.not_done = tuple(done), left
    return error


def _stopped(
    plan: Plan, done: list[Change], left: tuple[Change, ...], cause: SecureS3Error
) -> PlanNotApplied:
    reason = f"{cause.what} ({cause.why})" if cause.why else cause.what
    details = {name: getattr(cause, name) for name in ("operation", "code", "status", "request_id")}
    error = PlanNotApplied(
        f"hardening {plan.bucket} stopped at: {printable_text(left[0].title)}",
        why=f"{reason}. {_told(done, left)}",
        fix=f"{cause.fix}; then harden again: what is done stays, and what is left is planned anew"
        if cause.fix
        else "mend that, then harden again: what is done stays, and what is left is planned anew",
        bucket=plan.bucket,
        **details,
    )
    error.done, error.not_done = tuple(done), left
    if isinstance(cause, ServiceError):
        error.__dict__["denial"] = cause.denial
    return error


def _told(done: list[Change], left: tuple[Change, ...]) -> str:
    listed = [
        f"{word}: {', '.join(each.id for each in some) or 'nothing'}"
        for word, some in (("done", done), ("not done", left))
    ]
    return "; ".join(listed)
