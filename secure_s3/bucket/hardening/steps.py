"""What the parts of a plan are made with. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..audit.check import Subject
from .plan import Change, Manual
from .telling import difference

Steps = Iterator[Change | Manual]
"""Changes, and what cannot be planned."""


def owner_of(subject: Subject) -> dict[str, str]:
    """``ExpectedBucketOwner``, where the account is known: S3 then refuses a bucket that is another's."""
    account = subject.profile.expected_owner or subject.told("account")
    return {"ExpectedBucketOwner": account} if account else {}


def bucket_change(
    subject: Subject,
    id: str,
    title: str,
    method: str,
    arguments: Mapping[str, Any],
    *,
    field: str,
    before: Any,
    after: Any,
    checks: tuple[str, ...] = (),
    diff: tuple[str, ...] | None = None,
    summary: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
    bucket: str | None = None,
) -> Change:
    """One call of S3 that changes a setting of the bucket, or of *bucket*."""
    name = bucket or subject.snapshot.bucket
    return Change(
        id=id,
        title=title,
        checks=checks or (id,),
        service="s3",
        method=method,
        arguments={"Bucket": name, **arguments, **owner_of(subject)},
        resource=name,
        field=field,
        before=before,
        after=after,
        diff=difference(before, after) if diff is None else diff,
        note="\n".join(each for each in notes if each),
        summary=summary,
    )


def blocked(check: str, title: str, why: str, *commands: str) -> Manual:
    """What cannot be planned, and why."""
    return Manual(check=check, title=title, why=why, commands=commands)
