"""Access control lists: none that opens a bucket or an object to everybody.

Better than any statement is to switch ACLs off (Object Ownership: BucketOwnerEnforced), and Block Public
Access. An ACL in the **body** of PutObjectAcl or PutBucketAcl is seen by no condition: deny_acl_changes is
what stops it. Each permission has a header of its own, and one statement cannot ask for any of several keys:
that is why there is one statement for each.
Sources: Amazon S3 User Guide, "Access control list (ACL) overview", "Controlling ownership of objects".
"""

from __future__ import annotations

from ..statement import Statement
from .identities import spared
from .parts import Texts, deny, flag, one_of
from .places import Place, bucket_place

PERMISSIONS = ("read", "write", "read-acp", "write-acp", "full-control")
PUBLIC_ACLS = ("public-read", "public-read-write", "authenticated-read")
_GROUPS = (
    "*acs.amazonaws.com/groups/global/AllUsers*",
    "*acs.amazonaws.com/groups/global/AuthenticatedUsers*",
)
_CHANGES = ("s3:PutObjectAcl", "s3:PutObjectVersionAcl", "s3:PutBucketAcl")
_ACTIONS = ("s3:PutObject", *_CHANGES)


def deny_public_acls(
    bucket: str, *, log_delivery: bool = False, sid: str = "DenyPublicAcls", partition: str = "aws"
) -> Statement:
    """Denies the canned ACLs public-read, public-read-write and authenticated-read (anybody with an account).

    Passes: requests without an ACL, such as the parts of a multipart upload; private and
    bucket-owner-full-control; ACLs in x-amz-grant-* headers (see deny_public_grants) or in a body.

    Args:
        bucket: The name of a bucket.
        log_delivery: Also deny log-delivery-write, which lets S3's old log delivery group write and read the
            ACL; where logs are delivered by a bucket policy nobody needs it.

    Source: Amazon S3 User Guide, "Access control list (ACL) overview".
    """
    denied = (*PUBLIC_ACLS, "log-delivery-write") if flag(log_delivery, "log_delivery") else PUBLIC_ACLS
    where = bucket_place(bucket, partition)
    return deny(sid, _ACTIONS, where.everything, {"StringEquals": {"s3:x-amz-acl": denied}})


def deny_public_grants(
    bucket: str, permission: str, *, sid: str | None = None, partition: str = "aws"
) -> Statement:
    """Denies x-amz-grant-… headers that give *permission* to everybody or to anybody with an account.

    Passes: grants to users and accounts, and other permissions: one statement for each of ``read``,
    ``write``, ``read-acp``, ``write-acp`` and ``full-control``; the default Sid tells them apart.

    Source: Amazon S3 User Guide, "Access control list (ACL) overview".
    """
    where, key = _of_permission(bucket, permission, partition)
    name = _name("DenyPublicGrants", permission) if sid is None else sid
    return deny(name, _ACTIONS, where.everything, {"StringLike": {key: _GROUPS}})


def deny_grants(
    bucket: str,
    permission: str,
    *,
    except_principals: Texts = (),
    sid: str | None = None,
    partition: str = "aws",
) -> Statement:
    """Denies the header x-amz-grant-*permission*, to whomever it grants.

    Passes: requests without this header; canned ACLs. The permissions are those of deny_public_grants.

    Args:
        except_principals: ARNs of roles and users that may.

    Source: Amazon S3 User Guide, "Access control list (ACL) overview".
    """
    where, key = _of_permission(bucket, permission, partition)
    name = _name("DenyGrants", permission) if sid is None else sid
    sent = {"Null": {key: "false"}}
    return deny(name, _ACTIONS, where.everything, sent, spared(except_principals, where.partition))


def deny_acl_changes(
    bucket: str, *, except_principals: Texts = (), sid: str = "DenyAclChanges", partition: str = "aws"
) -> Statement:
    """Denies PutBucketAcl, PutObjectAcl and that of versions, whether the ACL is in headers or in the body.

    Passes: uploads, also with an ACL of their own (see deny_public_acls); reading ACLs.

    Args:
        except_principals: ARNs of roles and users that may.

    Source: Amazon S3 User Guide, "Access control list (ACL) overview".
    """
    where = bucket_place(bucket, partition)
    return deny(sid, _CHANGES, where.everything, spared(except_principals, where.partition))


def _of_permission(bucket: str, permission: str, partition: str) -> tuple[Place, str]:
    one_of(permission, PERMISSIONS, "permission", "each is a header of its own, in small letters")
    return bucket_place(bucket, partition), f"s3:x-amz-grant-{permission}"


def _name(what: str, permission: str) -> str:
    return what + "".join(word.capitalize() for word in permission.split("-"))
