"""Object Lock: versions that cannot be deleted, by the endpoint's clock.

moto knows GetObjectRetention not at all, asks nobody before it shortens a retention, and goes by another
clock. Sources: Amazon S3 User Guide, "Locking objects with Object Lock" and "Object Lock considerations";
Amazon S3 API Reference, PutObjectRetention, PutObjectLegalHold, PutObject. Texts are those that S3 sends.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any

from ..call import Call
from ..documents import entries_of
from ..faults import access_denied, invalid_argument, invalid_request
from ..ledger import Lock
from ..store import Store

__all__ = [
    "MODES",
    "PROTECTED",
    "bypasses",
    "check_bypass",
    "check_delete",
    "check_deletes",
    "check_future",
    "check_write",
    "is_locked",
    "lock_of",
    "put_lock",
    "read_date",
    "refusal",
    "release",
    "release_all",
    "satisfy_moto",
    "write_date",
]

PROTECTED = "Access Denied because object protected by object lock."
MODES = ("GOVERNANCE", "COMPLIANCE")
_MODE, _UNTIL = "x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date"
_HOLD, _BYPASS = "x-amz-object-lock-legal-hold", "x-amz-bypass-governance-retention"
_DATE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)?")
_DELETES = ("DeleteObject", "DeleteObjects")


def read_date(text: str) -> datetime | None:
    """A date in ISO 8601, as S3 takes it; None if it is something else."""
    found = _DATE.fullmatch(text.strip())
    if not found:
        return None
    try:
        known = datetime.fromisoformat(found[1] + (found[3] or "+00:00").replace("Z", "+00:00"))
        return known.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None


def write_date(when: datetime) -> str:
    """As S3 and moto write it."""
    return when.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


# -- deleting --------------------


def is_locked(stored: Any, now: datetime, *, bypass: bool = False) -> bool:
    """Whether a version may not be deleted; *bypass* helps against GOVERNANCE only."""
    if getattr(stored, "lock_legal_status", None) == "ON":
        return True
    if getattr(stored, "lock_mode", None) not in MODES or (stored.lock_mode == "GOVERNANCE" and bypass):
        return False
    until = read_date(str(stored.lock_until))
    return until is None or until > now


def bypasses(call: Call) -> bool:
    """The request asks to bypass GOVERNANCE; policies judge whether it may."""
    return call.headers.get(_BYPASS, "").strip().lower() == "true"


def refusal(
    store: Store, bucket: str, key: str, version: str | None, now: datetime, *, bypass: bool
) -> str | None:
    """Why a key of DeleteObject or DeleteObjects is not deleted, in S3's words; None if it may be.

    Without a version a delete marker is made, and that is always possible.
    """
    if version is None:
        return None
    return PROTECTED if is_locked(store.object(bucket, key, version), now, bypass=bypass) else None


def release(store: Store, bucket: str, key: str, version: str | None) -> None:
    """Take the lock off a version that is about to be deleted: moto would go by its own clock."""
    stored = store.object(bucket, key, version) if version is not None else None
    if stored is not None:
        stored.lock_mode = stored.lock_until = stored.lock_legal_status = None


def check_bypass(call: Call, store: Store) -> None:
    """The header is only for buckets with Object Lock.

    Raises:
        Refusal: InvalidArgument.
    """
    bucket = store.bucket(call.bucket)
    if call.operation not in _DELETES or _BYPASS not in call.headers or bucket is None:
        return
    if not bucket.object_lock_enabled:
        message = f"{_BYPASS} is only applicable to Object Lock enabled buckets."
        raise invalid_argument(message, _BYPASS)


def check_delete(call: Call, store: Store, now: datetime) -> None:
    """403 for DeleteObject of a version that is locked."""
    if call.operation == "DeleteObject":
        why = refusal(store, call.bucket, call.key, call.version, now, bypass=bypasses(call))
        if why is not None:
            raise access_denied(why)


def check_deletes(call: Call, store: Store, now: datetime) -> None:
    """The versions of DeleteObjects that are locked join those that are not deleted."""
    if call.operation != "DeleteObjects" or not getattr(
        store.bucket(call.bucket), "object_lock_enabled", False
    ):
        return
    for key, version in entries_of(call.body):
        why = refusal(store, call.bucket, key, version, now, bypass=bypasses(call))
        if why is not None and all(each[:2] != (key, version) for each in call.denied):
            call.denied.append((key, version, why))


def release_all(call: Call, store: Store) -> None:
    """Release the versions that DeleteObject or DeleteObjects is about to delete."""
    if call.operation == "DeleteObject":
        release(store, call.bucket, call.key, call.version)
    elif call.operation == "DeleteObjects":
        kept = {(key, version) for key, version, _ in call.denied}
        for key, version in entries_of(call.body):
            if (key, version) not in kept:
                release(store, call.bucket, key, version)


# -- writing --------------------


def check_write(call: Call, store: Store, now: datetime) -> None:
    """The lock of a new object: what its headers say, or the bucket's default, which is written into them.

    Raises:
        Refusal: InvalidRequest or InvalidArgument.
    """
    bucket = store.bucket(call.bucket)
    if not call.creates or bucket is None:
        return
    given = [call.headers.get(name) for name in (_MODE, _UNTIL, _HOLD)]
    if any(value is not None for value in given) and not bucket.object_lock_enabled:
        raise invalid_request("Bucket is missing ObjectLockConfiguration")
    _check_given(given[0], given[1], given[2], now)
    if given[0] is None and bucket.has_default_lock:
        days = int(bucket.default_lock_days or 0) + 365 * int(bucket.default_lock_years or 0)
        _put(call, _MODE, str(bucket.default_lock_mode))
        _put(call, _UNTIL, write_date(now + timedelta(days=days)))
    elif given[1] is not None:
        _put(call, _UNTIL, write_date(read_date(given[1]) or now))
    locks = any(name in call.headers for name in (_MODE, _HOLD))
    if locks and call.operation == "PutObject" and "content-md5" not in call.headers and not call.digests:
        message = (
            "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock "
            "parameters"
        )
        raise invalid_request(message)


def _check_given(mode: str | None, until: str | None, hold: str | None, now: datetime) -> None:
    if (mode is None) != (until is None):
        missing = _MODE if mode is None else _UNTIL
        raise invalid_argument(f"{_UNTIL} and {_MODE} must both be supplied", missing)
    if mode is not None and mode not in MODES:
        raise invalid_argument("Unknown wormMode directive.", _MODE, mode)
    if until is not None:
        check_future(until, now, _UNTIL)
    if hold not in (None, "ON", "OFF"):
        raise invalid_argument("Legal Hold must be either of 'ON' or 'OFF'", _HOLD, str(hold))


def check_future(text: str, now: datetime, name: str) -> datetime:
    """The date that *text* is, if it is to come.

    Raises:
        Refusal: InvalidArgument.
    """
    until = read_date(text)
    if until is None:
        raise invalid_argument("The retain until date must be provided in ISO 8601 format", name, text)
    if until <= now:
        raise invalid_argument("The retain until date must be in the future!", name, text)
    return until


def _put(call: Call, name: str, value: str) -> None:
    call.headers[name] = value
    call.environ["HTTP_" + name.upper().replace("-", "_")] = value


def lock_of(call: Call) -> Lock:
    """The lock that a request asks for, once it has been checked."""
    return Lock(call.headers.get(_MODE), call.headers.get(_UNTIL), call.headers.get(_HOLD))


def put_lock(stored: Any, lock: Lock) -> None:
    """Lock a version."""
    stored.lock_mode, stored.lock_until, stored.lock_legal_status = lock.mode, lock.until, lock.legal_hold


def satisfy_moto(call: Call, store: Store) -> None:
    """moto wants a Content-MD5 of whatever is put into a bucket with a default retention, copies included."""
    if call.method == "PUT" and call.key and getattr(store.bucket(call.bucket), "object_lock_enabled", False):
        call.environ.setdefault("HTTP_CONTENT_MD5", "not looked at")
    if _BYPASS in call.headers and not bypasses(call):
        call.without(_BYPASS)  # to moto every value is a yes
