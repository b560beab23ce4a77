"""The settings of a bucket: who may change them, without locking everybody out.

No condition can look into a policy that is being put, so a public policy is not told from another one: what
stops it is Block Public Access (BlockPublicPolicy). These statements keep both in the hands of admins, whom
they require: a Deny for everybody would leave the account's root user alone. The root user may always read,
put and delete the policy of a bucket of its account.
Sources: Amazon S3 API Reference, PutBucketPolicy; Amazon S3 User Guide, "Blocking public access to your
Amazon S3 storage".
"""

from __future__ import annotations

from ..statement import Statement
from .identities import spared_admins
from .parts import Texts, deny, one_of, texts
from .places import bucket_place

SETTINGS: dict[str, tuple[str, ...]] = {
    "policy": ("s3:PutBucketPolicy", "s3:DeleteBucketPolicy"),
    "public_access_block": ("s3:PutBucketPublicAccessBlock",),
    "ownership": ("s3:PutBucketOwnershipControls",),
    "encryption": ("s3:PutEncryptionConfiguration",),
    "versioning": ("s3:PutBucketVersioning",),
    "lifecycle": ("s3:PutLifecycleConfiguration",),
    "object_lock": ("s3:PutBucketObjectLockConfiguration",),
    "logging": ("s3:PutBucketLogging",),
    "replication": ("s3:PutReplicationConfiguration",),
    "deletion": ("s3:DeleteBucket",),
}
"""What protect_settings takes, and the actions that change it."""


def protect_bucket_policy(
    bucket: str, admins: Texts, *, sid: str = "ProtectBucketPolicy", partition: str = "aws"
) -> Statement:
    """Denies changing and deleting the bucket policy to everybody but *admins* and the root user.

    Passes: reading it; whatever *admins* may do by their own policies. It protects against mistakes and
    against other roles, not against those who may assume an admin's role.

    Args:
        bucket: The name of a bucket.
        admins: ARNs of roles and users, at least one; wildcards may stand in their path or name.

    Raises:
        PolicyError: *admins* names nobody, the root user only, a session or everybody.

    Source: Amazon S3 API Reference, PutBucketPolicy.
    """
    return protect_settings(bucket, admins, ("policy",), sid=sid, partition=partition)


def deny_public_policies(
    bucket: str, admins: Texts, *, sid: str = "DenyPublicPolicies", partition: str = "aws"
) -> Statement:
    """Denies to everybody but *admins* whatever could make the bucket public.

    That is changing the bucket policy, its Block Public Access, and Object Ownership. An admin can still put
    a public policy: switch Block Public Access on for the account, too. Passes: reading the settings; the
    root user's changes of the policy.

    Args:
        bucket: The name of a bucket.
        admins: As for protect_bucket_policy.

    Source: Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage".
    """
    settings = ("policy", "public_access_block", "ownership")
    return protect_settings(bucket, admins, settings, sid=sid, partition=partition)


def protect_settings(
    bucket: str, admins: Texts, settings: Texts, *, sid: str = "ProtectSettings", partition: str = "aws"
) -> Statement:
    """Denies changing *settings* of the bucket to everybody but *admins*.

    Passes: reading them, and the settings that are not named.

    Args:
        bucket: The name of a bucket.
        admins: As for protect_bucket_policy.
        settings: Among the keys of ``SETTINGS``, e.g. ``"versioning"``.

    Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3".
    """
    chosen = [one_of(each, tuple(SETTINGS), "settings") for each in texts(settings, "settings", "policy")]
    actions = [action for each in chosen for action in SETTINGS[each]]
    where = bucket_place(bucket, partition)
    return deny(sid, actions, where.whole, spared_admins(admins, partition))
