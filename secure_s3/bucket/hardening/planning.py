"""From a snapshot and a profile to a plan. Pure.

The order: what protects most and risks least comes first, and what others need comes before them.

1. Block Public Access, unless the policy is public: then after the policy, which it would refuse
2. default encryption, which statements about uploads rely on
3. Object Ownership, which makes statements about ACLs unnecessary
4. the bucket policy
5. versioning, then Object Lock, which needs it
6. the policy of the bucket for logs, then logging, which needs it
7. lifecycle rules, which remove something
8. rotation of KMS keys, and Block Public Access of the account: they concern others as well
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from ...errors import ConfigurationError, LockoutRefused, PolicyError
from ..audit.check import NotRead, Subject
from ..snapshot.values import Snapshot
from ..wanted import BucketProfile
from . import access, encryption, logs, manual, policies, recovery, usability
from .outcome import left_over
from .plan import Change, Manual, Plan
from .steps import Steps, blocked


def plan(snapshot: Snapshot, profile: BucketProfile, instead: Collection[str] = ()) -> Plan:
    """The changes that bring the bucket to its profile, in order; once they are made, there are none.

    A setting that was not read is not written: ``blocked`` says so, and which permission reading takes.
    What the profile requires and no call here does is in ``manual``, and so is what an audit would find above
    ``info`` once all is applied.

    Args:
        snapshot, profile: What is, and what should be.
        instead: Sids of statements that the profile's own statements of that name may replace.

    Raises:
        LockoutRefused: A policy that comes out would lock out the caller or an administrator.
        ConfigurationError: The bucket belongs to another account than the profile expects, or *instead* names
            a statement that cannot be replaced.
    """
    subject = Subject(snapshot, profile)
    _check_owner(subject)
    draft = _Draft()
    ownership = draft.part("acls-disabled", access.ownership(subject))
    acls_off = bool(ownership) or subject.told("ownership") == access.ENFORCED
    policy = draft.part("bucket-policy", policies.bucket_policy(subject, acls_off, instead))
    public = _is_public(subject)
    blocks = draft.part("bucket-public-access-block", access.public_access(subject, public))
    draft.part("kms-key-usable", usability.keys_usable(subject))
    judged = _with_policy(subject, policy) if instead else subject
    default = draft.part("default-encryption", encryption.default_encryption(judged))
    first, last = ([], blocks) if public else (blocks, [])
    changes = [
        *first,
        *default,
        *ownership,
        *policy,
        *last,
        *draft.part("versioning", recovery.versioning(subject)),
        *draft.part("object-lock", recovery.object_lock(subject)),
        *draft.part("access-logging", logs.access_logging(subject)),
        *draft.part("lifecycle", recovery.lifecycle(subject)),
        *draft.part("key-rotation", encryption.key_rotation(subject)),
        *draft.part("account-public-access-block", access.account_public_access(subject)),
    ]
    people = tuple(manual.left_to_people(subject))
    return Plan(
        bucket=snapshot.bucket,
        snapshot=snapshot,
        profile=profile,
        changes=tuple(changes),
        manual=(*people, *left_over(snapshot, profile, changes, draft.blocked, people)),
        blocked=tuple(draft.blocked),
    )


class _Draft:
    """What cannot be planned, gathered while the rest is."""

    def __init__(self) -> None:
        self.blocked: list[Manual] = []

    def part(self, id: str, steps: Steps) -> list[Change]:
        """The changes among *steps*; what was not read, and a policy that is none, end them."""
        changes: list[Change] = []
        try:
            for each in steps:
                if isinstance(each, Change):
                    changes.append(each)
                else:
                    self.blocked.append(each)
        except NotRead as missing:
            self.blocked.append(_not_read(id, missing))
        except LockoutRefused:
            raise
        except PolicyError as error:
            why = f"the policy that is there cannot be dealt with: {error.what}" + (
                f" ({error.why})" if error.why else ""
            )
            self.blocked.append(blocked(id, _TITLES[id], why))
        return changes


_TITLES = {
    "acls-disabled": "Object Ownership",
    "bucket-policy": "Bucket policy",
    "bucket-public-access-block": "Block Public Access",
    "kms-key-usable": "KMS keys",
    "default-encryption": "Default encryption",
    "versioning": "Versioning",
    "object-lock": "Object Lock",
    "access-logging": "Access logging",
    "lifecycle": "Lifecycle",
    "key-rotation": "Rotation of KMS keys",
    "account-public-access-block": "Block Public Access of the account",
}


def _not_read(id: str, missing: NotRead) -> Manual:
    action = f". Reading takes the permission {missing.unread.action}" if missing.unread.action else ""
    what = missing.name.replace("_", " ")
    return blocked(id, _TITLES[id], f"{what} was not read: {missing.unread.why}{action}")


def _with_policy(subject: Subject, changes: list[Change]) -> Subject:
    """The same bucket with the policy that comes out: what is replaced in it stands in nobody's way."""
    if not changes:
        return subject
    return Subject(replace(subject.snapshot, policy=changes[-1].after), subject.profile)


def _is_public(subject: Subject) -> bool:
    try:
        return policies.is_public_after(subject)
    except (NotRead, PolicyError):
        return False


def _check_owner(subject: Subject) -> None:
    expected, account = subject.profile.expected_owner, subject.told("account")
    if expected and account and expected != account:
        raise ConfigurationError(
            f"{subject.snapshot.bucket} belongs to the account {account}, and the profile expects {expected}",
            why="what is written into the bucket is then in other hands than meant",
            fix="check the bucket's name, or the expected owner",
            bucket=subject.snapshot.bucket,
        )
