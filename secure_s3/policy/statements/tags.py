"""Access by tags: an object's tag must be that of the caller.

Source: Amazon S3 User Guide, "Tagging and access control policies"; IAM User Guide, "Controlling access to
and for IAM users and roles using tags".
"""

from __future__ import annotations

import re

from ...errors import PolicyError
from ..statement import Statement
from .identities import named, spared
from .parts import Texts, allow, deny
from .places import place

_TAG = re.compile(r"[\w.:/=+@-]{1,128}")
_VALUE = re.compile(r"[\w .:/=+@-]{1,256}")
_READS = ("s3:GetObject", "s3:GetObjectVersion")
_CHANGES = (
    "s3:PutObjectTagging",
    "s3:PutObjectVersionTagging",
    "s3:DeleteObjectTagging",
    "s3:DeleteObjectVersionTagging",
)


def allow_read_by_tag(
    bucket: str,
    tag: str,
    principals: Texts | None = None,
    *,
    value: str | None = None,
    prefix: str = "",
    sid: str = "AllowReadByTag",
    partition: str = "aws",
) -> Statement:
    """Allows reading objects whose tag *tag* is *value*, or the same as the caller's tag of that name.

    Does not allow: objects without the tag; callers without it. It is as good as the guard of the tags: see
    deny_tag_changes, and who may tag the principals.

    Args:
        tag: The tag's key, e.g. ``team``.
        principals: ARNs of roles and users, or accounts, for a bucket's policy; None for an identity's.
        value: One value for all; None for the caller's.
        bucket, prefix: As for allow_read.

    Source: Amazon S3 User Guide, "Tagging and access control policies".
    """
    where = place(bucket, partition)
    who = None if principals is None else named(principals, where.partition)
    only = {"StringEquals": {f"s3:ExistingObjectTag/{_tag(tag)}": _wanted(tag, value)}}
    return allow(sid, who, _READS, where.objects(prefix), only)


def deny_read_without_tag(
    bucket: str,
    tag: str,
    *,
    value: str | None = None,
    prefix: str = "",
    except_principals: Texts = (),
    sid: str = "DenyReadWithoutTag",
    partition: str = "aws",
) -> Statement:
    """Denies reading objects whose tag *tag* is not *value*, or not the caller's tag of that name.

    Objects without the tag, and callers without it, are denied too: services and anonymous callers have none.
    Passes: equal tags, for which somebody still has to allow; listing keys; writing.

    Args:
        except_principals: ARNs of roles and users that may read everything.
        tag, value, prefix: As for allow_read_by_tag.

    Source: Amazon S3 User Guide, "Tagging and access control policies".
    """
    other = {"StringNotEquals": {f"s3:ExistingObjectTag/{_tag(tag)}": _wanted(tag, value)}}
    where = place(bucket, partition)
    return deny(sid, _READS, where.objects(prefix), other, spared(except_principals, where.partition))


def deny_tag_changes(
    bucket: str, *, except_principals: Texts = (), sid: str = "DenyTagChanges", partition: str = "aws"
) -> Statement:
    """Denies setting and removing tags of objects, also with an upload, which asks for the same permission.

    Passes: uploads without tags. Overwriting an object with one that has no tags takes them away: what
    deny_read_without_tag guards is then closed, not open.

    Args:
        except_principals: ARNs of roles and users that may tag.

    Source: Amazon S3 User Guide, "Tagging and access control policies".
    """
    where = place(bucket, partition)
    return deny(sid, _CHANGES, where.objects(), spared(except_principals, where.partition))


def _tag(tag: str) -> str:
    if not isinstance(tag, str) or not _TAG.fullmatch(tag) or tag.lower().startswith("aws:"):
        raise PolicyError(
            f"tag={tag!r} cannot stand in a condition key",
            why="letters, digits and . : / = + @ - _ up to 128; aws: is AWS's own",
            fix='pass e.g. tag="team"',
        )
    return tag


def _wanted(tag: str, value: str | None) -> str:
    if value is None:
        return f"${{aws:PrincipalTag/{tag}}}"
    if not isinstance(value, str) or not _VALUE.fullmatch(value):
        raise PolicyError(f"value={value!r} is no value of a tag", fix='pass e.g. value="public"')
    return value
