"""How requests are signed: presigned URLs and their age, signature versions, signed bodies.

Source: Amazon S3 API Reference, "Amazon S3 Signature Version 4 authentication specific policy keys".
"""

from __future__ import annotations

from datetime import timedelta

from ...limits import MAX_PRESIGN
from ..statement import Statement
from .identities import spared
from .parts import Texts, deny, flag, seconds
from .places import place

_LONGEST = int(MAX_PRESIGN.total_seconds())


def max_presign_age(
    bucket: str,
    age: int | timedelta,
    *,
    presigned_only: bool = True,
    sid: str = "MaxPresignAge",
    partition: str = "aws",
) -> Statement:
    """Denies a presigned URL that was signed more than *age* ago, whatever expiry it carries.

    Passes: younger URLs, however often they are used; anonymous requests; forms of presigned POSTs, whose
    expiry is in their own policy. The age is counted from the time written in the URL, which may lie up to
    15 minutes in the future.

    Args:
        age: Seconds, or a timedelta; up to seven days. The policy holds milliseconds.
        presigned_only: False takes in requests signed in their headers. These live 15 minutes at most, but a
            client whose clock is slow is then denied where *age* is shorter.

    Source: Amazon S3 API Reference, "Amazon S3 Signature Version 4 authentication specific policy keys".
    """
    why = "a presigned URL lives from one second to seven days"
    milliseconds = seconds(age, "age", 1, _LONGEST, why) * 1000
    only = (
        {"StringEquals": {"s3:authType": "REST-QUERY-STRING"}}
        if flag(presigned_only, "presigned_only")
        else {}
    )
    too_old = {"NumericGreaterThan": {"s3:signatureAge": str(milliseconds)}}
    return deny(sid, "s3:*", place(bucket, partition).everything, too_old, only)


def deny_presigned(
    bucket: str,
    *,
    posts: bool = True,
    except_principals: Texts = (),
    sid: str = "DenyPresigned",
    partition: str = "aws",
) -> Statement:
    """Denies presigned URLs, and presigned POSTs with *posts*: only signatures in headers remain.

    Passes: requests signed in their headers; anonymous ones, which need an Allow for everybody; services.

    Args:
        posts: Whether forms of presigned POSTs are denied as well.
        except_principals: ARNs of roles and users whose URLs pass.

    Source: Amazon S3 API Reference, "Amazon S3 Signature Version 4 authentication specific policy keys".
    """
    kinds = ("REST-QUERY-STRING", "POST") if flag(posts, "posts") else ("REST-QUERY-STRING",)
    where = place(bucket, partition)
    return deny(
        sid,
        "s3:*",
        where.everything,
        {"StringEquals": {"s3:authType": kinds}},
        spared(except_principals, where.partition),
    )


def deny_signature_v2(bucket: str, *, sid: str = "DenySignatureV2", partition: str = "aws") -> Statement:
    """Denies requests with a signature of version 2, whose key never changes and whose body is not covered.

    Passes: versions 4 and 4A; anonymous requests. Regions opened since 2014 do not know version 2.

    Source: Amazon S3 API Reference, "Amazon S3 Signature Version 4 authentication specific policy keys".
    """
    old = {"StringEquals": {"s3:signatureversion": "AWS"}}
    return deny(sid, "s3:*", place(bucket, partition).everything, old)


def require_signed_payload(
    bucket: str, *, except_principals: Texts = (), sid: str = "RequireSignedPayload", partition: str = "aws"
) -> Statement:
    """Denies uploads whose body the signature does not cover.

    Both values that say so are listed: ``UNSIGNED-PAYLOAD``, and ``STREAMING-UNSIGNED-PAYLOAD-TRAILER``,
    which SDKs send over HTTPS when they put a checksum behind the body. Passes: a hash of the body, or signed
    chunks; requests that have no such header. Presigned PUTs are always unsigned and so always denied; boto3
    needs ``Config(s3={"payload_signing_enabled": True})``. HTTPS protects the body on its way as well.

    Source: Amazon S3 API Reference, "Amazon S3 Signature Version 4 authentication specific policy keys".
    """
    unsigned = ("UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
    where = place(bucket, partition)
    return deny(
        sid,
        "s3:PutObject",
        where.objects(),
        {"StringEquals": {"s3:x-amz-content-sha256": unsigned}},
        spared(except_principals, where.partition),
    )
