"""A snapshot of which nothing was read is no ground for an audit or a plan."""

from __future__ import annotations

from typing import Any

from ...errors import AccessDenied, SecureS3Error
from ...guard.faults import typed
from ...values import printable_text
from ..wanted import BucketProfile
from .values import Snapshot, Unread

_SETTINGS = (
    *("public_access_block", "policy", "acl", "ownership", "encryption", "versioning", "object_lock"),
    *("logging", "lifecycle"),
)


def require_read(client: Any, snapshot: Snapshot, profile: BucketProfile) -> None:
    """Refuse to judge or to plan for a bucket of which no setting was read: there would be nothing to go by.

    Raises:
        AccessDenied: Reading was refused. S3 says no more where the bucket is not of the expected account.
        SecureS3Error: It failed for another reason: there are no credentials, no connection, ….
    """
    missing = [getattr(snapshot, name) for name in _SETTINGS]
    if not all(isinstance(each, Unread) for each in missing):
        return
    denied = [each for each in missing if each.action]
    name, owner = snapshot.bucket, profile.expected_owner
    whys = "; ".join(dict.fromkeys(printable_text(each.why) for each in denied or missing))
    refusal = _refusal(client, name)
    if not denied:
        raise refusal or SecureS3Error(
            f"no setting of {name} could be read", why=whys, fix="try again; nothing was changed", bucket=name
        )
    what = (
        f"the bucket {name} is not of account {owner}, as the profile expects, or nothing of it may be read"
    )
    actions = ", ".join(dict.fromkeys(each.action for each in denied))
    raise AccessDenied(
        what if owner else f"no setting of {name} may be read",
        why=whys,
        fix=f"{'check expected_bucket_owner; ' if owner else ''}reading takes {actions}; nothing was changed",
        bucket=name,
        code=denied[0].code,
        status=403,
    ) from refusal


def _refusal(client: Any, name: str) -> SecureS3Error | None:
    """The refusal itself, as the cause: a snapshot keeps its text only. None if it is answered by now."""
    try:
        with typed("GetBucketVersioning", name):
            client.get_bucket_versioning(Bucket=name)
    except SecureS3Error as error:
        return error
    return None
