"""Deleting and overwriting: with a second factor, by few, or not at all."""

from __future__ import annotations

from datetime import timedelta

from ..statement import Statement
from .identities import spared
from .parts import Block, Texts, deny, flag, seconds
from .places import place


def require_mfa_for_delete(
    bucket: str,
    *,
    max_age: int | timedelta | None = None,
    except_principals: Texts = (),
    sid: str = "RequireMfaForDelete",
    partition: str = "aws",
) -> Statement:
    """Denies deleting objects and versions to callers whose credentials were got without a second factor.

    Long-term access keys have no such key in their context at all; the condition takes them in by IfExists.
    Passes: sessions with a second factor; overwriting (see require_if_none_match); lifecycle rules, which are
    no requests; replication of deletions. Applications and services have no second factor and are denied. It
    is not the "MFA delete" of a versioned bucket.

    Args:
        max_age: How long ago the second factor may have been given, in seconds or as a timedelta; up to 36
            hours. None for as long as the session lives.
        except_principals: ARNs of roles and users that need none, e.g. a clean-up job's.

    Source: Amazon S3 User Guide, "Bucket policy examples": requiring MFA; IAM User Guide, "AWS global
    condition context keys": aws:MultiFactorAuthPresent, aws:MultiFactorAuthAge.
    """
    without: Block = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    if max_age is not None:
        # Without a second factor there is no age, and IfExists makes the condition hold.
        longest = 36 * 3600
        age = seconds(max_age, "max_age", 1, longest, "a session with a second factor lives up to 36 hours")
        without = {"NumericGreaterThanIfExists": {"aws:MultiFactorAuthAge": str(age)}}
    where = place(bucket, partition)
    actions = ("s3:DeleteObject", "s3:DeleteObjectVersion")
    return deny(sid, actions, where.objects(), without, spared(except_principals, where.partition))


def deny_deletes(
    bucket: str,
    *,
    versions_only: bool = False,
    except_principals: Texts = (),
    sid: str = "DenyDeletes",
    partition: str = "aws",
) -> Statement:
    """Denies deleting objects and versions.

    Passes: overwriting, which in a versioned bucket keeps the older version; lifecycle rules.

    Args:
        versions_only: Only deleting a version for good; a delete marker, which can be taken away, passes.
        except_principals: ARNs of roles and users that may.

    Source: Amazon S3 User Guide, "Deleting object versions from a versioning-enabled bucket".
    """
    only = flag(versions_only, "versions_only")
    actions = ("s3:DeleteObjectVersion",) if only else ("s3:DeleteObject", "s3:DeleteObjectVersion")
    where = place(bucket, partition)
    return deny(sid, actions, where.objects(), spared(except_principals, where.partition))


def require_if_none_match(
    bucket: str,
    *,
    prefix: str = "",
    except_principals: Texts = (),
    sid: str = "RequireIfNoneMatch",
    partition: str = "aws",
) -> Statement:
    """Denies creating an object without If-None-Match, by which S3 refuses to overwrite one.

    Only requests that create the object are judged: starting a multipart upload and sending its parts pass,
    completing it does not without the header. Passes: If-None-Match with any value. Deleting first and
    writing then is not prevented; services that deliver, e.g. logs, send no such header and are denied.

    Args:
        prefix: Only keys that begin so.
        except_principals: ARNs of roles and users that may overwrite.

    Source: Amazon S3 User Guide, "Enforce conditional writes on Amazon S3 buckets".
    """
    where = place(bucket, partition)
    return deny(
        sid,
        "s3:PutObject",
        where.objects(prefix),
        {"Null": {"s3:if-none-match": "true"}},
        {"Bool": {"s3:ObjectCreationOperation": "true"}},
        spared(except_principals, where.partition),
    )
