"""What hardening changes, in order, shown before anything happens. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..snapshot.values import Snapshot
from ..wanted import BucketProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One call that changes a setting.

    Args:
        id: Which setting, e.g. ``bucket-policy``; once in a plan.
        title: What it does, e.g. ``Block Public Access: switch all four on``.
        checks: Ids of the checks that it mends.
        service, method, arguments: The call, in boto3's names, e.g. ``s3``, ``put_bucket_versioning``.
        resource: Whose setting, e.g. ``amzn-s3-demo-bucket`` or a key's ARN.
        field: The field of the snapshot that it changes, and that must not have changed meanwhile.
        before, after: The setting now and then, as plain values.
        diff: The difference in lines, ``- ``, ``+ `` or ``~ `` first.
        note: What whoever applies it should know, e.g. that it cannot be undone.
    """

    id: str
    title: str
    checks: tuple[str, ...]
    service: str
    method: str
    arguments: Mapping[str, Any]
    resource: str
    field: str
    before: Any
    after: Any
    diff: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manual:
    """What the profile asks for and no call of ours does.

    Args:
        check: Id of the check.
        title: What is missing.
        why: Why it is not done here.
        commands: What does it, as lines for a shell.
    """

    check: str
    title: str
    why: str
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Changes in the order in which they are applied; false if there is none.

    Args:
        bucket: Its name.
        snapshot, profile: What it was made from.
        changes: What will be done.
        manual: What is left to people.
        blocked: What could not be planned, and why, e.g. because a setting was not read.
    """

    bucket: str
    snapshot: Snapshot
    profile: BucketProfile
    changes: tuple[Change, ...] = ()
    manual: tuple[Manual, ...] = ()
    blocked: tuple[Manual, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What ``harden`` did.

    Args:
        plan: What was planned.
        done: What was changed; all of the plan.
    """

    plan: Plan
    done: tuple[Change, ...] = field(default=())
