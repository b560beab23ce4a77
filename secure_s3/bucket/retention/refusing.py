"""What Object Lock would be weakened by, refused before anything is sent. Pure.

S3 refuses most of it as well, with ``Access Denied because object protected by object lock.``, which says
neither until when nor who could. Sources: Amazon S3 User Guide, "Locking objects with Object Lock", "Managing
Object Lock"; Amazon S3 API Reference, PutObjectRetention.
"""

from __future__ import annotations

from datetime import datetime

from ...errors import RetentionRefused
from ..wanted import COMPLIANCE, GOVERNANCE, DefaultRetention
from .values import Protection, Retention, written

BYPASS = "allow_governance_bypass=True"
_DAYS_OF_A_YEAR = 365
_NOBODY = "nobody can {}, not even the root user"


def needs_bypass(
    current: Protection, wanted: Retention, now: datetime, where: str, *, allow_governance_bypass: bool
) -> bool:
    """Whether putting *wanted* in place of *current* has to get round governance mode.

    Args:
        current: What the version has.
        wanted: What it is to have.
        now: What time it is.
        where: The version, for the error.
        allow_governance_bypass: The caller means it.

    Raises:
        RetentionRefused: It is shorter or another mode, and that is not allowed, by whom ever or by name.
        ConfigurationError: Its date is over, or too far.
    """
    ends = wanted.ends(now)
    if not current.retained(now):
        return False
    shorter = current.retain_until is None or ends < current.retain_until
    if current.mode == COMPLIANCE:
        if shorter or wanted.mode != COMPLIANCE:
            doing = f"end on {written(ends)}" if shorter else "become one of governance mode"
            raise _refused(
                f"the retention of {where} would {doing}",
                current,
                _NOBODY.format("shorten it" if shorter else "loosen it"),
                "",
            )
        return False
    if not shorter and wanted.mode == GOVERNANCE:
        return False
    if not allow_governance_bypass:
        doing = f"end on {written(ends)}" if shorter else "become one of compliance mode"
        why = "whoever has s3:BypassGovernanceRetention can"
        if not shorter:
            why += "; S3 asks for that though it is stronger, and it cannot be undone"
        raise _refused(f"the retention of {where} would {doing}", current, why, f"pass {BYPASS}")
    return True


def deletion_needs_bypass(
    current: Protection, now: datetime, where: str, *, allow_governance_bypass: bool
) -> bool:
    """Whether deleting the version has to get round governance mode.

    Raises:
        RetentionRefused: It is protected, and that is not allowed, by whom ever or by name.
    """
    what = f"{where} would be deleted"
    if current.legal_hold:
        raise RetentionRefused(
            what,
            why="there is a legal hold on it, which holds until it is released",
            fix="call release(key, version_id), if you may: it takes s3:PutObjectLegalHold",
        )
    if not current.retained(now):
        return False
    if current.mode == COMPLIANCE:
        raise _refused(what, current, _NOBODY.format("delete it before"), "")
    if not allow_governance_bypass:
        why = "whoever has s3:BypassGovernanceRetention can"
        raise _refused(what, current, why, f"pass {BYPASS}")
    return True


def refuse_shorter_default(
    current: DefaultRetention | None, wanted: DefaultRetention | None, bucket: str
) -> None:
    """Refuse a default retention under which new objects would be less protected than now.

    Raises:
        RetentionRefused: It is none, shorter, or governance mode in place of compliance mode.
    """
    if current is None:
        return
    if wanted is None:
        how = "have no default retention any more"
    elif wanted.mode == GOVERNANCE and current.mode == COMPLIANCE:
        how = "have a default retention of governance mode"
    elif _days(wanted) < _days(current):
        how = f"be retained by default for {_days(wanted)} days"
    else:
        return
    raise RetentionRefused(
        f"new objects in {bucket} would {how}",
        why=f"now they are for {_days(current)} days, in {current.mode.lower()} mode; those that are there "
        "keep what they have",
        fix="pass allow_shorter=True if you mean it",
        bucket=bucket,
    )


def _days(default: DefaultRetention) -> int:
    return default.days if default.days is not None else (default.years or 0) * _DAYS_OF_A_YEAR


def _refused(what: str, current: Protection, who: str, fix: str) -> RetentionRefused:
    ends = written(current.retain_until) if current.retain_until else "a time that is not known"
    return RetentionRefused(
        what,
        why=f"it is in {(current.mode or '').lower()} mode until {ends}; {who}",
        fix=fix or f"wait until {ends}",
    )
