"""Calls about Object Lock, with errors that say how a bucket gets it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import InvalidRequest, NotFound, ServiceError, hand_on
from ...guard.faults import typed
from ...values import printable_text

_METHODS = {
    "GetObjectRetention": "get_object_retention",
    "PutObjectRetention": "put_object_retention",
    "GetObjectLegalHold": "get_object_legal_hold",
    "PutObjectLegalHold": "put_object_legal_hold",
    "GetObjectLockConfiguration": "get_object_lock_configuration",
    "PutObjectLockConfiguration": "put_object_lock_configuration",
    "GetBucketVersioning": "get_bucket_versioning",
    "DeleteObject": "delete_object",
}
_NONE = "NoSuchObjectLockConfiguration"
_NO_VERSION = "NoSuchVersion"
_VERSIONS = "s3.boto3.list_object_versions(Bucket=…, Prefix=key) lists those that there are"
_HOW = (
    "switch it on with s3.bucket(name).object_lock.enable(), or harden(object_lock=DefaultRetention(…)): it "
    "needs versioning, and cannot be switched off again"
)


@dataclass(frozen=True, slots=True)
class Version:
    """A version of an object; the newest if it has no id."""

    key: str
    id: str | None = None

    @property
    def parameters(self) -> dict[str, str]:
        """As boto3 takes them."""
        return {"Key": self.key} | ({} if self.id is None else {"VersionId": self.id})

    def named(self, bucket: str) -> str:
        """For errors and logs."""
        return printable_text(f"s3://{bucket}/{self.key}") + (
            "" if self.id is None else printable_text(f" (version {self.id})")
        )


@dataclass(frozen=True, slots=True)
class Calls:
    """What can be asked of one bucket.

    Args:
        client: The hardened S3 client.
        bucket: The bucket's name.
    """

    client: Any
    bucket: str

    def make(self, operation: str, version: Version | None = None, **arguments: Any) -> Any:
        """One call.

        Raises:
            ServiceError, TransportError: S3 refused, or could not be reached.
        """
        place = {} if version is None else version.parameters
        call = getattr(self.client, _METHODS[operation])
        try:
            with typed(operation, self.bucket, place.get("Key")):
                return call(Bucket=self.bucket, **place, **arguments)
        except InvalidRequest as error:
            if (better := told(error, self.bucket)) is None:
                raise
            raise better from error
        except NotFound as error:
            if version is not None and version.id is not None and error.code == _NO_VERSION:
                error.fix = f"check the version id {printable_text(version.id)!r}; {_VERSIONS}"
            raise

    def read(self, operation: str, member: str, version: Version) -> Mapping[str, Any]:
        """What a version has of one kind of lock; empty if it has none."""
        try:
            found: Mapping[str, Any] = self.make(operation, version)[member]
        except ServiceError as error:
            if error.code != _NONE:
                raise
            return {}
        return found


def told(error: InvalidRequest, bucket: str) -> InvalidRequest | None:
    """An error that says how to get Object Lock, if that is what the bucket lacks."""
    if "object lock configuration" not in error.why.lower().replace("objectlock", "object lock "):
        return None
    found = InvalidRequest(
        f"{bucket} has no Object Lock",
        why=error.why,
        fix=_HOW,
        response=error.response,
        operation=error.operation,
        bucket=error.bucket,
        key=error.key,
        code=error.code,
        status=error.status,
        request_id=error.request_id,
    )
    hand_on(error, found)
    return found
