"""Object Lock: retention that is long enough, and nobody who gets round it.

Source: Amazon S3 User Guide, "Locking objects with Object Lock", "Object Lock considerations": IAM
permissions and setting limits on retention periods with a bucket policy.
"""

from __future__ import annotations

from ..statement import Statement
from .identities import spared, spared_admins
from .parts import Block, Texts, deny, flag, one_of, whole_number
from .places import place
from .settings import protect_settings

MODES = ("GOVERNANCE", "COMPLIANCE")
_DAYS = "s3:object-lock-remaining-retention-days"
_LONGEST = 36_500
_WRITES = ("s3:PutObject", "s3:PutObjectRetention")


def deny_governance_bypass(
    bucket: str, *, except_principals: Texts = (), sid: str = "DenyGovernanceBypass", partition: str = "aws"
) -> Statement:
    """Denies bypassing retention in governance mode: deleting locked versions, shortening their retention.

    Passes: everything that needs no bypass. The action is asked for only with the header
    x-amz-bypass-governance-retention.

    Args:
        except_principals: ARNs of roles and users that may.

    Source: Amazon S3 User Guide, "Object Lock considerations".
    """
    where = place(bucket, partition)
    spare = spared(except_principals, where.partition)
    return deny(sid, "s3:BypassGovernanceRetention", where.objects(), spare)


def deny_short_retention(
    bucket: str, days: int, *, sid: str = "DenyShortRetention", partition: str = "aws"
) -> Statement:
    """Denies setting a retention that ends in fewer than *days* days.

    Passes: uploads without a retention of their own, parts among them, which get the bucket's default; longer
    ones (see deny_long_retention).

    Args:
        days: From 1 to 36,500.

    Source: Amazon S3 User Guide, "Object Lock considerations".
    """
    return _of_days(bucket, sid, partition, {"NumericLessThan": {_DAYS: _checked(days)}})


def deny_long_retention(
    bucket: str, days: int, *, sid: str = "DenyLongRetention", partition: str = "aws"
) -> Statement:
    """Denies setting a retention that ends in more than *days* days: in compliance mode nobody can undo it.

    Passes: uploads without a retention of their own; the bucket's default, however long.

    Args:
        days: From 1 to 36,500.

    Source: Amazon S3 User Guide, "Object Lock considerations".
    """
    return _of_days(bucket, sid, partition, {"NumericGreaterThan": {_DAYS: _checked(days)}})


def require_retention_mode(
    bucket: str, mode: str = "COMPLIANCE", *, sid: str = "RequireRetentionMode", partition: str = "aws"
) -> Statement:
    """Denies setting a retention in the other mode.

    Passes: uploads without a retention of their own, which get the bucket's default mode.

    Args:
        mode: ``COMPLIANCE``, which nobody can shorten, or ``GOVERNANCE``.

    Source: Amazon S3 User Guide, "Object Lock considerations".
    """
    wanted = one_of(mode, MODES, "mode", "S3 knows two, in capitals")
    other = next(each for each in MODES if each != wanted)
    return _of_days(bucket, sid, partition, {"StringEquals": {"s3:object-lock-mode": other}})


def deny_legal_hold_changes(
    bucket: str,
    admins: Texts,
    *,
    release_only: bool = False,
    sid: str = "DenyLegalHoldChanges",
    partition: str = "aws",
) -> Statement:
    """Denies setting and releasing legal holds to everybody but *admins*.

    Passes: uploads that set a hold of their own by header.

    Args:
        admins: ARNs of roles and users, at least one.
        release_only: Everybody may set a hold, and only *admins* release one.

    Source: Amazon S3 User Guide, "Object Lock considerations".
    """
    off: Block = {"StringEquals": {"s3:object-lock-legal-hold": "OFF"}}
    only = off if flag(release_only, "release_only") else {}
    where = place(bucket, partition)
    spare = spared_admins(admins, where.partition)
    return deny(sid, "s3:PutObjectLegalHold", where.objects(), only, spare)


def protect_object_lock(
    bucket: str, admins: Texts, *, sid: str = "ProtectObjectLock", partition: str = "aws"
) -> Statement:
    """Denies changing the bucket's Object Lock configuration, its default retention, to all but *admins*.

    Passes: reading it; the retention of single objects.

    Args:
        bucket: The name of a bucket.
        admins: ARNs of roles and users, at least one.

    Source: Amazon S3 User Guide, "Object Lock considerations".
    """
    return protect_settings(bucket, admins, "object_lock", sid=sid, partition=partition)


def _of_days(bucket: str, sid: str, partition: str, block: Block) -> Statement:
    return deny(sid, _WRITES, place(bucket, partition).objects(), block)


def _checked(days: int) -> str:
    return str(whole_number(days, "days", 1, _LONGEST, "retention is set in days, up to a hundred years"))
