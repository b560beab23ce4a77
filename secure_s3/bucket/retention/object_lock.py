"""Object Lock on a bucket's objects: ``s3.bucket(name).object_lock``.

Sources: Amazon S3 User Guide, "Locking objects with Object Lock", "Managing Object Lock"; Amazon S3 API
Reference, PutObjectRetention, PutObjectLegalHold, PutObjectLockConfiguration.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from ...errors import AccessDenied, ConfigurationError, ServiceError
from ...guard import guard_of
from ...profile import CHECKSUM_MODES
from ..wanted import COMPLIANCE, DefaultRetention
from .calls import Calls, Version
from .enabling import Enabling
from .refusing import deletion_needs_bypass, needs_bypass, refuse_shorter_default
from .values import HOLD, Protection, Retention, written

_log = logging.getLogger(__name__)
_HAVE_NO_LOCK = (400, 405)
"""What S3 answers in a bucket without Object Lock, and of a delete marker."""


class ObjectLock:
    """Retention and legal holds of the versions in one bucket, and the default retention.

    A version can have a retention, a legal hold, or both; it cannot be deleted or overwritten while one of
    them holds. Without ``version_id`` the newest version is meant: whoever has just uploaded passes the id
    that the receipt or the answer has, lest somebody's newer version be locked instead.

    Made by ``s3.bucket(name)``.

    Args:
        client: The hardened S3 client.
        bucket: The bucket's name.
        clock: What time it is; S3's, as far as its answers have told, if left out.
    """

    def __init__(self, client: Any, bucket: str, clock: Callable[[], datetime] | None = None) -> None:
        self._calls, self._bucket = Calls(client, bucket), bucket
        self._clock = clock or _time_of(client)
        guard = guard_of(client)
        unasked = guard is None or guard.profile.checksum_mode == CHECKSUM_MODES[0]
        self._checksum = {} if unasked else {"ChecksumAlgorithm": "CRC32"}

    def __repr__(self) -> str:
        return f"ObjectLock({self._bucket!r})"

    # -- new objects -------------------------------------------------------------------------------------

    def arguments(self, retention: Retention | None = None, *, hold: bool = False) -> dict[str, Any]:
        """What locks a new object from the start: arguments of ``put_object``, or ExtraArgs of an upload.

        ``s3.put_object(Bucket=…, Key=…, Body=…, **lock.arguments(Retention.governance(days=30)))``

        S3 takes no locked object without a checksum; where the profile sends none of its own accord, one is
        among them.

        Args:
            retention: How long and how firmly; None for the bucket's default.
            hold: A legal hold besides, or alone.

        Raises:
            ConfigurationError: Nothing is asked for, or the date is over or too far.
        """
        if retention is None:
            if not hold:
                raise ConfigurationError(
                    "neither a retention nor a legal hold is asked for",
                    fix="pass e.g. Retention.governance(days=30), or hold=True",
                )
            return HOLD | self._checksum
        return _known(retention).arguments(self._clock(), hold=hold) | self._checksum

    # -- versions that are there -------------------------------------------------------------------------

    def of(self, key: str, version_id: str | None = None) -> Protection:
        """What protects a version.

        It takes s3:GetObjectRetention and s3:GetObjectLegalHold. HeadObject tells the same, but says nothing
        instead of refusing to those without these permissions.

        Raises:
            NotFound: There is no such object or version.
            InvalidRequest: The bucket has no Object Lock; the text says how to get it.
            AccessDenied: One of the permissions is missing.
        """
        return self._of(Version(key, version_id))

    def retain(
        self,
        key: str,
        retention: Retention,
        *,
        version_id: str | None = None,
        allow_governance_bypass: bool = False,
    ) -> Protection:
        """Give a version a retention, or a longer one; returns what it has now, apart from a legal hold.

        A retention is never shortened by mistake: what is there is read before. In compliance mode it can be
        made longer, and nothing else, by nobody. In governance mode it can be made shorter, or one of
        compliance mode, by those who have s3:BypassGovernanceRetention, with *allow_governance_bypass*, which
        is logged. Nothing undoes compliance mode but the end of the retention, or of the account.

        What it does not promise: between reading and writing others may change the retention; S3 then refuses
        what would shorten it, unless governance is bypassed. Those who may not read the retention learn
        from S3's refusal.

        Args:
            key: The object's.
            retention: ``Retention.governance(days=30)``, ``Retention.compliance(until=…)``.
            version_id: Of the version; the newest if left out.
            allow_governance_bypass: Get round governance mode.

        Raises:
            RetentionRefused: It would be shortened or loosened; nothing was sent.
            ConfigurationError: The date is over or too far, or an argument is no use.
            ObjectLocked: S3 refused because of the retention that is there.
            NotFound, InvalidRequest: As of ``of``.
        """
        now, version, wanted = self._clock(), Version(key, version_id), _known(retention)
        named, ends, allowed = version.named(self._bucket), wanted.ends(now), _flag(allow_governance_bypass)
        current = self._retention(version)
        if current is None:
            bypass = allowed  # S3 decides
        else:
            bypass = needs_bypass(current, wanted, now, named, allow_governance_bypass=allowed)
        more = self._bypassed(version, current) if bypass else {}
        if wanted.mode == COMPLIANCE:
            _log.info("%s is retained in compliance mode until %s", named, written(ends))
        retained = {"Mode": wanted.mode, "RetainUntilDate": ends}
        self._calls.make("PutObjectRetention", version, Retention=retained, **more)
        return Protection(mode=wanted.mode, retain_until=ends, version_id=version_id)

    def hold(self, key: str, version_id: str | None = None) -> None:
        """Put a legal hold on a version: until it is released, whatever its retention says.

        Raises:
            NotFound, InvalidRequest: As of ``of``.
            AccessDenied: It takes s3:PutObjectLegalHold.
        """
        self._calls.make("PutObjectLegalHold", Version(key, version_id), LegalHold={"Status": "ON"})

    def release(self, key: str, version_id: str | None = None) -> None:
        """Take the legal hold off a version; its retention stays. Raises as ``hold``."""
        version = Version(key, version_id)
        self._calls.make("PutObjectLegalHold", version, LegalHold={"Status": "OFF"})
        _log.info("the legal hold on %s was released", version.named(self._bucket))

    def delete_version(self, key: str, version_id: str, *, allow_governance_bypass: bool = False) -> None:
        """Delete a version for good, unless something protects it.

        Args:
            key, version_id: Which.
            allow_governance_bypass: Get round a retention in governance mode, which is logged.

        Raises:
            RetentionRefused: It is protected; nothing was sent.
            ObjectLocked: S3 says so, to those who may not read it.
        """
        if not version_id:
            raise ConfigurationError(
                "delete_version() needs a version's id",
                why="without one S3 puts a delete marker on top, which Object Lock does not forbid",
                fix="pass version_id=, or call s3.delete_object(…)",
            )
        version, allowed = Version(key, version_id), _flag(allow_governance_bypass)
        current = self._protection(version)
        if current is None:
            bypass = allowed  # S3 decides
        else:
            named, now = version.named(self._bucket), self._clock()
            bypass = deletion_needs_bypass(current, now, named, allow_governance_bypass=allowed)
        more = self._bypassed(version, current) if bypass else {}
        self._calls.make("DeleteObject", version, **more)

    # -- the bucket --------------------------------------------------------------------------------------

    def enable(self, default: DefaultRetention | None = None) -> None:
        """Switch Object Lock on for the bucket, with a default retention if one is given.

        It cannot be switched off again, and the versioning it needs cannot be suspended any more. Where it is
        on already, ``set_default`` is what is done.

        Raises:
            PreconditionFailed: Versioning is not enabled; nothing was changed.
            ConfigurationError: *default* is no DefaultRetention.
            RetentionRefused: As of ``set_default``.
        """
        _check_default(default)
        on, current = self._enabling.read()
        if not on:
            self._enabling.require_versioning()
            self._enabling.write(default)
        elif default is not None and default != current:
            self.set_default(default)

    def default(self) -> DefaultRetention | None:
        """How long new objects are retained that say nothing themselves; None if they are not.

        Raises:
            AccessDenied: It takes s3:GetBucketObjectLockConfiguration.
        """
        return self._enabling.read()[1]

    def set_default(self, default: DefaultRetention | None, *, allow_shorter: bool = False) -> None:
        """Set how long new objects are retained that say nothing themselves; None for not at all.

        It is about new objects alone: those that are there keep what they have. S3 would take a shorter one
        without a word; here it needs *allow_shorter*, and is logged, for whoever uploads relies on it.

        Args:
            default: e.g. ``DefaultRetention(mode="GOVERNANCE", days=30)``.
            allow_shorter: It may be none, shorter, or governance mode in place of compliance mode.

        Raises:
            RetentionRefused: It would be, without *allow_shorter*; nothing was sent.
            ConfigurationError: The bucket has no Object Lock: ``enable`` it, which cannot be undone. Or
                *default* is no DefaultRetention.
        """
        _check_default(default)
        on, current = self._enabling.read()
        if not on:
            raise ConfigurationError(
                f"{self._bucket} has no Object Lock",
                why="a default retention would switch it on, and it cannot be switched off again",
                fix="call enable(default) if you mean it; it needs versioning",
                bucket=self._bucket,
            )
        if not _flag(allow_shorter):
            refuse_shorter_default(current, default, self._bucket)
        self._enabling.write(default)
        if allow_shorter:
            _log.warning("the default retention of %s is now %s, and was %s", self._bucket, default, current)

    # -- inside ------------------------------------------------------------------------------------------

    @property
    def _enabling(self) -> Enabling:
        return Enabling(self._calls)

    def _of(self, version: Version) -> Protection:
        retention = self._calls.read("GetObjectRetention", "Retention", version)
        hold = self._calls.read("GetObjectLegalHold", "LegalHold", version)
        return _protection(retention, version, hold=hold.get("Status") == "ON")

    def _retention(self, version: Version) -> Protection | None:
        """The retention that is there; None to those who may not read it."""
        try:
            return _protection(self._calls.read("GetObjectRetention", "Retention", version), version)
        except AccessDenied:
            return None

    def _protection(self, version: Version) -> Protection | None:
        """The same of all that protects it; nothing does in a bucket without Object Lock."""
        try:
            return self._of(version)
        except AccessDenied:
            return None
        except ServiceError as error:
            if error.status not in _HAVE_NO_LOCK:
                raise
            return Protection()

    def _bypassed(self, version: Version, current: Protection | None) -> dict[str, bool]:
        _log.warning(
            "governance mode is bypassed for %s, which has %s",
            version.named(self._bucket),
            current or "what is not known",
        )
        return {"BypassGovernanceRetention": True}


def _protection(retention: Mapping[str, Any], version: Version, *, hold: bool = False) -> Protection:
    return Protection(
        mode=retention.get("Mode"),
        retain_until=retention.get("RetainUntilDate"),
        legal_hold=hold,
        version_id=version.id,
    )


def _time_of(client: Any) -> Callable[[], datetime]:
    guard = guard_of(client)

    def now() -> datetime:
        return (
            datetime.fromtimestamp(guard.clock.now(), timezone.utc) if guard else datetime.now(timezone.utc)
        )

    return now


def _known(retention: object) -> Retention:
    if not isinstance(retention, Retention):
        raise ConfigurationError(
            f"{retention!r} is no retention", fix="pass e.g. Retention.governance(days=30)"
        )
    return retention


def _check_default(default: object) -> None:
    if default is not None and not isinstance(default, DefaultRetention):
        raise ConfigurationError(
            f"{default!r} is no default retention",
            why="that of a bucket goes by a mode and days or years, and has no date",
            fix='pass DefaultRetention(mode="GOVERNANCE", days=30), from secure_s3.bucket',
        )


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ConfigurationError(f"{value!r} is neither True nor False", fix="name the argument")
    return value
