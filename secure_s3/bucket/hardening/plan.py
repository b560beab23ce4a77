"""What hardening changes, in order, shown before anything happens. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...values import printable_text
from ..snapshot.values import Snapshot
from ..wanted import BucketProfile
from .telling import counted, indented, plain


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
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
        summary: The difference in fewer lines, where that is long.
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
    summary: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Change {printable_text(self.id)} of {printable_text(self.resource)}>"

    def __str__(self) -> str:
        return self.text()

    def text(self, details: bool = False) -> str:
        """What it does, in lines; each statement of a policy in one, or with *details* in full."""
        lines = [printable_text(self.title), f"   {self.service} {self.method} of {self.resource}"]
        lines += indented(self.diff if details else self.summary or self.diff)
        return "\n".join(lines + indented(self.note.splitlines(), "   note: "))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        call = {"service": self.service, "method": self.method, "arguments": plain(self.arguments)}
        return {
            "id": self.id,
            "title": self.title,
            "checks": list(self.checks),
            "call": call,
            "resource": self.resource,
            "field": self.field,
            "before": plain(self.before),
            "after": plain(self.after),
            "diff": list(self.diff),
            "summary": list(self.summary or self.diff),
            "note": self.note,
        }


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

    def __str__(self) -> str:
        lines = [f"{self.check}: {printable_text(self.title)}", *indented(self.why.splitlines())]
        return "\n".join(lines + indented(self.commands, "   $ "))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "check": self.check,
            "title": self.title,
            "why": self.why,
            "commands": list(self.commands),
        }


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
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

    def __repr__(self) -> str:
        blocked = f", {len(self.blocked)} blocked" if self.blocked else ""
        return f"<Plan {self.bucket}: {counted(len(self.changes), 'change')}{blocked}>"

    def __str__(self) -> str:
        return self.text()

    def diff(self) -> str:
        """Every change with every line that differs, below the setting that it is about; no notes."""
        listed = ((f"{each.field} of {each.resource}", *each.diff) for each in self.changes)
        return "\n\n".join("\n".join(map(printable_text, lines)) for lines in listed)

    def text(self, details: bool = False) -> str:
        """The plan for people; each statement of a policy in a line, or with *details* in full."""
        parts = [f"{self.bucket}: {counted(len(self.changes), 'change')}"]
        parts += [f"{number}. {each.text(details)}" for number, each in enumerate(self.changes, 1)]
        parts += _section("Left to people", self.manual) + _section("Not planned", self.blocked)
        return "\n\n".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "bucket": self.bucket,
            "profile": self.profile.name,
            "taken_at": self.snapshot.taken_at,
            "changes": [each.to_dict() for each in self.changes],
            "manual": [each.to_dict() for each in self.manual],
            "blocked": [each.to_dict() for each in self.blocked],
        }


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Applied:
    """What ``harden`` did.

    Args:
        plan: What was planned.
        done: What was changed; all of the plan.
        unconfirmed: Those of them that did not show yet when they were read back. Some settings of S3 take a
            moment; ask again later.
    """

    plan: Plan
    done: tuple[Change, ...] = field(default=())
    unconfirmed: tuple[Change, ...] = field(default=())

    @property
    def complete(self) -> bool:
        """Whether all that the profile asks of hardening is there: nothing was blocked, all of it shows.

        What is left to people does not count: it is in ``plan.manual``.
        """
        return not self.plan.blocked and not self.unconfirmed

    def __repr__(self) -> str:
        state = "complete" if self.complete else "not complete"
        return f"<Applied {self.plan.bucket}: {counted(len(self.done), 'change')} made, {state}>"

    def __str__(self) -> str:
        state = "" if self.complete else "; the bucket is not as the profile asks yet"
        lines = [f"{self.plan.bucket}: {counted(len(self.done), 'change')} made{state}"]
        lines += [f"  {printable_text(each.title)}" for each in self.done]
        lines += [f"  does not show yet: {printable_text(each.title)}" for each in self.unconfirmed]
        rest = _section("Left to people", self.plan.manual) + _section("Not planned", self.plan.blocked)
        return "\n\n".join(["\n".join(lines), *rest])

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "bucket": self.plan.bucket,
            "complete": self.complete,
            "done": [each.id for each in self.done],
            "unconfirmed": [each.id for each in self.unconfirmed],
            "plan": self.plan.to_dict(),
        }


def _section(title: str, listed: tuple[Manual, ...]) -> list[str]:
    """A heading and what stands under it; nothing if that is empty."""
    return [f"{title}:", *map(str, listed)] if listed else []
