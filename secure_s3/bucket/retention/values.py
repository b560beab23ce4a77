"""Retention as values: what is wanted, and what a version has.

Source: Amazon S3 User Guide, "Locking objects with Object Lock".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from ...errors import ConfigurationError
from ..wanted import COMPLIANCE, GOVERNANCE

MAX_DAYS = 36_500
"""Amazon S3 User Guide, "Locking objects with Object Lock": a retention is up to 100 years."""
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long a version is to be locked, and how firmly: ``Retention.governance(days=30)``.

    Args:
        mode: ``GOVERNANCE``, which s3:BypassGovernanceRetention gets round, or ``COMPLIANCE``, which nobody
            shortens or takes off, the root user included.
        days: From the moment it is set, each of 24 hours.
        until: Instead of days: a datetime with a time zone.

    Raises:
        ConfigurationError: The mode is none, or there is not one of *days* and *until*.
    """

    mode: str
    days: int | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        if self.mode not in (GOVERNANCE, COMPLIANCE):
            raise ConfigurationError(
                f"mode={self.mode!r} is no mode of Object Lock", fix="use GOVERNANCE or COMPLIANCE"
            )
        if (self.days is None) == (self.until is None):
            raise ConfigurationError(
                "a retention is for a number of days or until a date",
                fix="pass one of days= and until=, e.g. days=30",
            )
        if self.days is not None:
            _check_days(self.days)
        else:
            _check_date(self.until)

    @classmethod
    def governance(cls, *, days: int | None = None, until: datetime | None = None) -> Retention:
        """One that those can get round who have the permission, and say so."""
        return cls(mode=GOVERNANCE, days=days, until=until)

    @classmethod
    def compliance(cls, *, days: int | None = None, until: datetime | None = None) -> Retention:
        """One that nobody can get round: it cannot be undone, and the storage is paid for until its end."""
        return cls(mode=COMPLIANCE, days=days, until=until)

    def ends(self, now: datetime) -> datetime:
        """When it ends if it is set at *now*, in UTC; whole seconds, never earlier than asked.

        Raises:
            ConfigurationError: That is not to come, or more than 100 years away.
        """
        if self.until is None:
            return _whole(now + timedelta(days=self.days or 0))
        ends = _whole(self.until)
        if ends <= now:
            raise ConfigurationError(
                f"until={self.until.isoformat()} is over",
                why=f"it is {written(now)} for S3, and a retention ends in the future",
                fix="pass a later date",
            )
        if ends > now + timedelta(days=MAX_DAYS):
            raise ConfigurationError(
                f"until={self.until.isoformat()} is more than {MAX_DAYS} days away",
                why="S3 keeps a retention of up to 100 years",
                fix="pass an earlier date",
            )
        return ends

    def arguments(self, now: datetime, *, hold: bool = False) -> dict[str, Any]:
        """The arguments with which a new object gets it: of ``put_object``, ``copy_object``, or ExtraArgs.

        Args:
            now: What time it is; ``ObjectLock.arguments`` knows it.
            hold: With a legal hold besides.

        Raises:
            ConfigurationError: As of ``ends``.
        """
        mode, until = self.mode, self.ends(now)
        return {"ObjectLockMode": mode, "ObjectLockRetainUntilDate": until} | (HOLD if hold else {})


HOLD = {"ObjectLockLegalHoldStatus": "ON"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """What keeps a version from being deleted.

    Args:
        mode: ``GOVERNANCE`` or ``COMPLIANCE``; None without a retention.
        retain_until: When the retention ends or ended; None without one.
        legal_hold: Whether there is a legal hold, which has no end.
        version_id: Of the version that was asked for; None for the newest.
    """

    mode: str | None = None
    retain_until: datetime | None = None
    legal_hold: bool = False
    version_id: str | None = None

    def retained(self, now: datetime) -> bool:
        """Whether the retention holds at *now*, apart from a legal hold."""
        return self.mode is not None and (self.retain_until is None or self.retain_until > now)

    def locked(self, now: datetime) -> bool:
        """Whether the version cannot be deleted at *now* without getting round something."""
        return self.legal_hold or self.retained(now)

    def __str__(self) -> str:
        parts = []
        if self.mode is not None:
            parts.append(f"{self.mode} until {written(self.retain_until) if self.retain_until else '?'}")
        if self.legal_hold:
            parts.append("a legal hold")
        return " and ".join(parts) or "not protected"


def written(moment: datetime) -> str:
    """A time for people, in UTC."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")


def _whole(moment: datetime) -> datetime:
    """S3's clients write whole seconds: the part of one that would be cut off is given."""
    utc = moment.astimezone(timezone.utc)
    return utc.replace(microsecond=0) + (_SECOND if utc.microsecond else timedelta())


def _check_days(days: object) -> None:
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= MAX_DAYS:
        raise ConfigurationError(
            f"days={days!r} is out of range", fix=f"pass a whole number from 1 to {MAX_DAYS}"
        )


def _check_date(until: object) -> None:
    if not isinstance(until, datetime) or until.utcoffset() is None:
        raise ConfigurationError(
            f"until={until!r} is no datetime with a time zone",
            why="without one, machines in different places would take it for different moments",
            fix="e.g. datetime(2030, 1, 1, tzinfo=timezone.utc)",
        )
    if not _FIRST <= until <= _LAST:
        raise ConfigurationError(f"until={until.isoformat()} is out of range", fix="pass a nearer date")


_FIRST = datetime(1970, 1, 1, tzinfo=timezone.utc)
_LAST = datetime(9000, 1, 1, tzinfo=timezone.utc)  # far from where arithmetic with dates ends
