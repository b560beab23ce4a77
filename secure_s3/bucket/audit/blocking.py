"""Block Public Access in effect: what a bucket does not block, its account may, and an access point too.

Source: Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage": S3 applies the most
restrictive combination of the settings of the access point, the bucket and the account.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..snapshot.values import Known, Setting, Unread
from .check import Subject

ACLS, IGNORE, POLICY, RESTRICT = (
    "BlockPublicAcls",
    "IgnorePublicAcls",
    "BlockPublicPolicy",
    "RestrictPublicBuckets",
)
SWITCHES = (ACLS, IGNORE, POLICY, RESTRICT)
FIELDS = ("public_access_block", "account_public_access_block")


def off(setting: Mapping[str, Any]) -> list[str]:
    """The switches that are not on."""
    return [each for each in SWITCHES if setting.get(each) is not True]


def shown(setting: Known[Setting], whose: str) -> str:
    """The switches in one line of evidence."""
    if isinstance(setting, Unread):
        return f"{whose}: not read ({setting.why})"
    if not setting:
        return f"{whose}: never set"
    return f"{whose}: {', '.join(f'{each}: {str(setting.get(each) is True).lower()}' for each in SWITCHES)}"


def blocks(subject: Subject, switch: str, more: Iterable[Known[Setting]] = ()) -> bool | Unread:
    """Whether a switch is on for the bucket or its account, or in one of *more*; Unread if nobody knows."""
    settings = [*(getattr(subject.snapshot, name) for name in FIELDS), *more]
    if any(not isinstance(each, Unread) and each.get(switch) is True for each in settings):
        return True
    return next((each for each in settings if isinstance(each, Unread)), False)


def evidence(subject: Subject) -> tuple[str, str]:
    """What bucket and account say."""
    shot = subject.snapshot
    return (
        shown(shot.public_access_block, "bucket"),
        shown(shot.account_public_access_block, "account"),
    )
