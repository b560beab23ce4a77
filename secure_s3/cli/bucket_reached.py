"""Whether anything at all could be read of a bucket; if not, the error that says why."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..bucket.snapshot.values import Snapshot
    from ..client import SecureS3Client

_SETTINGS = ("public_access_block", "policy", "acl", "ownership", "encryption", "versioning", "logging")


def require_reached(s3: SecureS3Client, snapshot: Snapshot) -> None:
    """Nothing if a setting of the bucket was read, however many were not.

    A snapshot takes no refusal and no silence for an error. Where there was nothing else it is one to whoever
    waits for an audit: a setting is asked for once more, and what becomes of it is raised.

    Raises:
        ConfigurationError: There are no credentials.
        AccessDenied: The caller may read none of the settings.
        TransportError: There is no trustworthy connection.
    """
    from ..bucket.snapshot.values import Unread
    from ..guard.faults import typed

    if all(isinstance(getattr(snapshot, each), Unread) for each in _SETTINGS):
        with typed("GetBucketVersioning", bucket=snapshot.bucket):
            s3.boto3.get_bucket_versioning(Bucket=snapshot.bucket)
