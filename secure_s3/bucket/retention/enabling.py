"""The bucket's configuration of Object Lock, read and written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import AccessDenied, PreconditionFailed, ServiceError
from ..wanted import DefaultRetention
from .calls import Calls

_OFF = "ObjectLockConfigurationNotFoundError"


@dataclass(frozen=True, slots=True)
class Enabling:
    """Whether a bucket has Object Lock, and its default retention.

    Args:
        calls: To the bucket.
    """

    calls: Calls

    def read(self) -> tuple[bool, DefaultRetention | None]:
        """Whether Object Lock is on, and the default retention."""
        try:
            found = self.calls.make("GetObjectLockConfiguration")["ObjectLockConfiguration"]
        except ServiceError as error:
            if error.code != _OFF:
                raise
            return False, None
        return found.get("ObjectLockEnabled") == "Enabled", default_of(found)

    def require_versioning(self) -> None:
        """Refuse to switch Object Lock on where S3 would; S3 decides if versioning may not be read.

        Raises:
            PreconditionFailed: Versioning is not enabled.
        """
        try:
            state = self.calls.make("GetBucketVersioning").get("Status")
        except AccessDenied:
            return
        if state != "Enabled":
            bucket = self.calls.bucket
            raise PreconditionFailed(
                f"Object Lock needs versioning, and that of {bucket} is {(state or 'off').lower()}",
                why="versions are what it protects; nothing was changed",
                fix=f"s3.bucket({bucket!r}).harden(object_lock=DefaultRetention(…)) switches both on, and "
                "s3.boto3.put_bucket_versioning(…) versioning",
                bucket=bucket,
            )

    def write(self, default: DefaultRetention | None) -> None:
        """Switch Object Lock on, with this default retention."""
        configuration: dict[str, Any] = {"ObjectLockEnabled": "Enabled"}
        if default is not None:
            period = {"Days": default.days} if default.days is not None else {"Years": default.years}
            configuration["Rule"] = {"DefaultRetention": {"Mode": default.mode, **period}}
        self.calls.make("PutObjectLockConfiguration", ObjectLockConfiguration=configuration)


def default_of(configuration: Mapping[str, Any]) -> DefaultRetention | None:
    """The default retention that an ObjectLockConfiguration has."""
    rule = (configuration.get("Rule") or {}).get("DefaultRetention")
    if not rule:
        return None
    return DefaultRetention(mode=rule["Mode"], days=rule.get("Days"), years=rule.get("Years"))
