"""KMS keys of objects: what callers need besides the bucket, and what the policy of the key itself says.

Writing needs kms:GenerateDataKey, and for uploads in parts kms:Decrypt; reading needs kms:Decrypt. S3 calls
KMS in the caller's name, which ``kms:ViaService`` tells, and with the bucket's ARN (with a bucket key) or the
object's in the encryption context.
Sources: Amazon S3 User Guide, "Using server-side encryption with AWS KMS keys", "Reducing the cost of SSE-KMS
with Amazon S3 Bucket Keys"; AWS KMS Developer Guide, "Default key policy", "AWS KMS condition keys".
"""

from __future__ import annotations

from typing import Any

from ...errors import PolicyError
from ...values import Arn
from ..statement import Statement
from .cloudfront import SERVICE as CLOUDFRONT
from .cloudfront import distribution_arns
from .identities import account_id, named
from .parts import Block, Keys, Texts, allow, flag, full_key_arns, one_of, region_name, texts
from .places import PARTITIONS, bucket_place

_CONTEXT = "kms:EncryptionContext:aws:s3:arn"


def allow_key_use(
    key_arns: Keys,
    buckets: Texts,
    *,
    write: bool = True,
    prefix: str = "",
    sid: str = "AllowKeyUse",
) -> Statement:
    """Allows an identity to use the keys through S3 for objects of *buckets*; for a policy of an identity.

    Does not allow: calling KMS directly, other services, other buckets; reading or writing the objects
    themselves. With a bucket key the context names the bucket alone, so that *prefix* does not narrow it. It
    covers SSE-KMS and DSSE-KMS; client-side encryption calls KMS directly and needs a statement without these
    conditions.

    Args:
        key_arns: Full ARNs of the keys; their regions are those of the buckets.
        buckets: Names of the buckets.
        write: Also for writing; False for reading only.
        prefix: Only objects whose keys begin so, where there is no bucket key.

    Source: Amazon S3 User Guide, "Using server-side encryption with AWS KMS keys (SSE-KMS)".
    """
    keys = full_key_arns(key_arns, "key_arns")
    partitions = {Arn.parse(each).partition for each in keys}
    if len(partitions) > 1:
        raise PolicyError("the keys are in several partitions", fix="one statement for each partition")
    services = [name for each in keys for name in _via(Arn.parse(each).region, Arn.parse(each).partition)]
    return allow(
        sid,
        None,
        _actions(write),
        keys,
        {"StringEquals": {"kms:ViaService": tuple(dict.fromkeys(services))}},
        _context(buckets, prefix, partitions.pop()),
    )


def key_enable_iam(account: str, *, sid: str = "EnableIamPolicies", partition: str = "aws") -> Statement:
    """Lets policies of identities in *account* decide about the key; for the policy of the key.

    Without it nobody but those whom the key policy names can use the key, and if these are deleted, nobody
    can manage it. Allows nothing by itself but to the root user. Does not allow: principals of other
    accounts.

    Source: AWS KMS Developer Guide, "Default key policy".
    """
    return allow(sid, named(account_id(account), partition), "kms:*", "*")


def key_allow_use(
    principals: Texts,
    region: str,
    buckets: Texts,
    *,
    write: bool = True,
    sid: str = "AllowUseThroughS3",
    partition: str = "aws",
) -> Statement:
    """Allows *principals* to use the key through S3 for objects of *buckets*; for the policy of the key.

    Principals of other accounts need the same from their own account (allow_key_use). Does not allow: calling
    KMS directly; administering the key.

    Args:
        principals: ARNs of roles and users, or accounts.
        region: The buckets' and the key's, e.g. ``eu-west-1``.
        buckets: Names of the buckets.
        write: Also for writing; False for reading only.

    Source: Amazon S3 User Guide, "Using server-side encryption with AWS KMS keys (SSE-KMS)".
    """
    who: dict[str, Any] = named(principals, partition)
    via = {"StringEquals": {"kms:ViaService": _via(region, partition)}}
    return allow(sid, who, _actions(write), "*", via, _context(buckets, "", partition))


def key_allow_cloudfront(
    distributions: Texts, *, put: bool = False, sid: str = "AllowCloudFrontKeyUse"
) -> Statement:
    """Allows the distributions to read objects under the key, and with *put* to write them.

    It is for the policy of the key, and belongs beside allow_cloudfront. Does not allow: other distributions.
    All of them are of one partition, the key's.

    Source: Amazon CloudFront Developer Guide, "Restrict access to an Amazon S3 origin": SSE-KMS.
    """
    only = {"StringEquals": {"aws:SourceArn": distribution_arns(distributions)}}
    return allow(sid, {"Service": CLOUDFRONT}, _actions(flag(put, "put")), "*", only)


def _actions(write: bool) -> tuple[str, ...]:
    return ("kms:Decrypt", "kms:GenerateDataKey") if flag(write, "write") else ("kms:Decrypt",)


def _via(region: str, partition: str) -> tuple[str, ...]:
    one_of(partition, PARTITIONS, "partition")
    name = f"s3.{region_name(region)}.amazonaws.com"
    return (name, f"{name}.cn") if partition == "aws-cn" else (name,)


def _context(buckets: Texts, prefix: str, partition: str) -> Block:
    places = [bucket_place(each, partition) for each in texts(buckets, "buckets", "amzn-s3-demo-bucket")]
    arns = [arn for each in places for arn in (each.whole, each.objects(prefix))]
    return {"StringLike": {_CONTEXT: arns}}
