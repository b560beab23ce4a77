"""Who may read, write, delete and list: for policies of identities, and with principals for a bucket's.

A prefix is the literal beginning of keys and usually ends with a slash: ``reports`` is also the beginning of
``reports-secret/``. It may hold policy variables of the caller, with something behind them that ends a value:
``home/${aws:username}/``, ``${aws:PrincipalTag/team}/``. Keys about the request are refused: its sender
chooses their values. For a caller without a value for the variable the statement is about nothing; a session
of a role has no ``aws:username``. None of these lets anybody use the KMS key the objects are under: see
allow_key_use.
Sources: Amazon S3 User Guide, "Required permissions for Amazon S3 API operations", "Identity-based policy
examples for Amazon S3", "Bucket owner granting cross-account bucket permissions"; IAM User Guide, "IAM policy
elements: Variables and tags".
"""

from __future__ import annotations

from ..statement import Statement
from .identities import account_id, named, organization_id
from .parts import Block, Texts, allow, flag
from .places import bucket_place, folder_name, key_prefix, place

_WRITES = ("s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")


def allow_read(
    bucket: str,
    principals: Texts | None = None,
    *,
    prefix: str = "",
    versions: bool = False,
    account: str | None = None,
    sid: str = "AllowRead",
    partition: str = "aws",
) -> Statement:
    """Allows GetObject and HeadObject for keys that begin with *prefix*.

    Does not allow: listing, without which a missing key is answered with 403 instead of 404; tags, ACLs.

    Args:
        bucket: The name of a bucket, or the ARN of an access point.
        principals: ARNs of roles and users, or accounts, for a bucket's policy; None for an identity's.
        prefix: The literal beginning of keys, with policy variables or without.
        versions: Also older versions, by their id.
        account: The bucket's account: a bucket of that name in another account is not meant.

    Source: Amazon S3 User Guide, "Required permissions for Amazon S3 API operations".
    """
    actions = ("s3:GetObject", "s3:GetObjectVersion") if flag(versions, "versions") else ("s3:GetObject",)
    where = place(bucket, partition)
    return allow(sid, _who(principals, where.partition), actions, where.objects(prefix), _owned_by(account))


def allow_write(
    bucket: str,
    principals: Texts | None = None,
    *,
    prefix: str = "",
    account: str | None = None,
    sid: str = "AllowWrite",
    partition: str = "aws",
) -> Statement:
    """Allows uploads, also in parts, and giving them up, for keys that begin with *prefix*.

    Overwriting is writing (see require_if_none_match). Does not allow: reading, deleting, tags, ACLs.
    Arguments as for allow_read.

    Source: Amazon S3 User Guide, "Required permissions for Amazon S3 API operations".
    """
    where = place(bucket, partition)
    return allow(sid, _who(principals, where.partition), _WRITES, where.objects(prefix), _owned_by(account))


def allow_delete(
    bucket: str,
    principals: Texts | None = None,
    *,
    prefix: str = "",
    account: str | None = None,
    sid: str = "AllowDelete",
    partition: str = "aws",
) -> Statement:
    """Allows deleting objects whose keys begin with *prefix*.

    Does not allow deleting a version for good: in a versioned bucket a delete marker is put. Arguments as for
    allow_read.

    Source: Amazon S3 User Guide, "Required permissions for Amazon S3 API operations".
    """
    where = place(bucket, partition)
    return allow(
        sid, _who(principals, where.partition), "s3:DeleteObject", where.objects(prefix), _owned_by(account)
    )


def allow_list(
    bucket: str,
    principals: Texts | None = None,
    *,
    prefix: str = "",
    folder_itself: bool = False,
    versions: bool = False,
    account: str | None = None,
    sid: str = "AllowList",
    partition: str = "aws",
) -> Statement:
    """Allows listing keys, asked for with a prefix that begins with *prefix*.

    Does not allow: a listing without prefix, or with a shorter one, unless *prefix* is empty; reading.

    Args:
        prefix: The literal beginning of the prefix asked for, as for allow_read.
        folder_itself: Also the prefix without its last slash, which some tools send. The listing then shows
            the names of all keys that begin so: of ``home/al`` and ``home/al2/`` both. Refused where the
            folder's name is a variable that may be empty.
        versions: Also listing versions.
        bucket, principals, account: As for allow_read.

    Source: Amazon S3 User Guide, "Required permissions for Amazon S3 API operations".
    """
    actions = ("s3:ListBucket", "s3:ListBucketVersions") if flag(versions, "versions") else ("s3:ListBucket",)
    wanted = [f"{key_prefix(prefix)}*"]
    if flag(folder_itself, "folder_itself") and prefix.endswith("/"):
        wanted.append(folder_name(prefix))
    only: Block = {"StringLike": {"s3:prefix": wanted}} if prefix else {}
    where = place(bucket, partition)
    return allow(sid, _who(principals, where.partition), actions, where.whole, only, _owned_by(account))


def cross_account_read(
    bucket: str,
    principals: Texts,
    *,
    prefix: str = "",
    organization: str | None = None,
    sid: str = "CrossAccountRead",
    partition: str = "aws",
) -> Statement:
    """Allows principals of other accounts to read objects whose keys begin with *prefix*.

    It is half of what they need: their own account must allow it as well, and objects under a KMS key need
    the key's policy (the AWS managed key cannot be shared). An object that a third account wrote is not the
    bucket's to share, unless Object Ownership is BucketOwnerEnforced. Does not allow: listing, writing.

    Args:
        principals: ARNs of roles and users, or accounts, whose own policies then say who.
        organization: They must belong to it, ``o-…``.
        bucket, prefix: As for allow_read.

    Source: Amazon S3 User Guide, "Bucket owner granting cross-account bucket permissions".
    """
    where = place(bucket, partition)
    who = named(principals, where.partition)
    return allow(sid, who, "s3:GetObject", where.objects(prefix), _member_of(organization))


def cross_account_write(
    bucket: str,
    principals: Texts,
    *,
    prefix: str = "",
    organization: str | None = None,
    sid: str = "CrossAccountWrite",
    partition: str = "aws",
) -> Statement:
    """Allows principals of other accounts to upload objects whose keys begin with *prefix*.

    Set Object Ownership to BucketOwnerEnforced: the objects are then the bucket owner's. To require the ACL
    bucket-owner-full-control instead would break uploads in parts, for a part carries no ACL. Their own
    account must allow it as well. Does not allow: reading, deleting, ACLs. Arguments as for
    cross_account_read.

    Source: Amazon S3 User Guide, "Bucket owner granting cross-account bucket permissions".
    """
    where = place(bucket, partition)
    who = named(principals, where.partition)
    return allow(sid, who, _WRITES, where.objects(prefix), _member_of(organization))


def delegate_to_access_points(
    bucket: str,
    account: str,
    *,
    vpc_only: bool = False,
    sid: str = "DelegateToAccessPoints",
    partition: str = "aws",
) -> Statement:
    """Allows whatever an access point of *account* allows, so that the access points' policies decide.

    Everybody is named and yet nobody is let in who does not come through such an access point; S3 does not
    take this for a public policy. Passes: only requests through these access points. Denials of the bucket's
    policy hold for them too. Whoever may create access points in *account* may grant.

    Args:
        bucket: The name of a bucket.
        account: The account of the access points.
        vpc_only: Only access points that are bound to a VPC.

    Source: Amazon S3 User Guide, "Configuring IAM policies for using access points": delegating access
    control.
    """
    through: dict[str, str] = {"s3:DataAccessPointAccount": account_id(account)}
    if flag(vpc_only, "vpc_only"):
        through["s3:AccessPointNetworkOrigin"] = "VPC"
    everything = bucket_place(bucket, partition).everything
    return allow(sid, {"AWS": "*"}, "s3:*", everything, {"StringEquals": through})


def _who(principals: Texts | None, partition: str) -> dict[str, object] | None:
    return None if principals is None else named(principals, partition)


def _owned_by(account: str | None) -> Block:
    return {} if account is None else {"StringEquals": {"aws:ResourceAccount": account_id(account)}}


def _member_of(organization: str | None) -> Block:
    if organization is None:
        return {}
    return {"StringEquals": {"aws:PrincipalOrgID": organization_id(organization)}}
