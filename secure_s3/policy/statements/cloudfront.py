"""CloudFront with origin access control: it reads the bucket as a service, for distributions that are named.

Source: Amazon CloudFront Developer Guide, "Restrict access to an Amazon S3 origin".
"""

from __future__ import annotations

import re

from ...errors import PolicyError
from ..statement import Statement
from .identities import spared
from .parts import Texts, allow, deny, flag, of_partition, texts
from .places import bucket_place

SERVICE = "cloudfront.amazonaws.com"
_DISTRIBUTION = re.compile(r"arn:aws[a-z-]*:cloudfront::[0-9]{12}:distribution/[A-Z0-9]{1,64}")
_READS = ("s3:GetObject", "s3:GetObjectVersion")


def distribution_arns(values: Texts, partition: str | None = None) -> tuple[str, ...]:
    """ARNs of CloudFront distributions, without wildcards; of one partition, *partition* if it is given."""
    listed = texts(values, "distributions", "arn:aws:cloudfront::111122223333:distribution/EDFDVBD6EXAMPLE")
    for each in listed:
        if not _DISTRIBUTION.fullmatch(each):
            raise PolicyError(
                f"{each!r} is no ARN of a distribution",
                why="any distribution of anybody could read the bucket otherwise, or none",
                fix="pass arn:aws:cloudfront::account:distribution/ID, once for each",
            )
    of_partition(listed, partition or listed[0].split(":")[1], "distributions")
    return listed


def allow_cloudfront(
    bucket: str,
    distributions: Texts,
    *,
    prefix: str = "",
    put: bool = False,
    sid: str = "AllowCloudFront",
    partition: str = "aws",
) -> Statement:
    """Allows the distributions to read objects, and with *put* to upload them for viewers.

    Does not allow: other distributions, whoever's; viewers that go to S3 themselves. Without s3:ListBucket a
    missing key is answered with 403. Objects under a KMS key need key_allow_cloudfront as well.

    Args:
        bucket: The name of a bucket.
        distributions: ARNs of the distributions, each in full.
        prefix: Only keys that begin so.
        put: Also PutObject: whom to let upload is then the distribution's to decide.

    Source: Amazon CloudFront Developer Guide, "Restrict access to an Amazon S3 origin".
    """
    actions = ("s3:GetObject", "s3:PutObject") if flag(put, "put") else ("s3:GetObject",)
    only = {"StringEquals": {"aws:SourceArn": distribution_arns(distributions, partition)}}
    where = bucket_place(bucket, partition)
    return allow(sid, {"Service": SERVICE}, actions, where.objects(prefix), only)


def only_cloudfront(
    bucket: str,
    distributions: Texts,
    *,
    prefix: str = "",
    except_principals: Texts = (),
    sid: str = "OnlyCloudFront",
    partition: str = "aws",
) -> Statement:
    """Denies reading objects to everybody but the distributions, whoever else is allowed to.

    Passes: the distributions, for whom allow_cloudfront has to allow; *except_principals*; writing, listing,
    replication, and the bucket's settings. Other services of AWS cannot read either.

    Args:
        bucket, distributions, prefix: As for allow_cloudfront.
        except_principals: ARNs of roles and users that may read from S3 directly.

    Source: Amazon CloudFront Developer Guide, "Restrict access to an Amazon S3 origin".
    """
    others = {"StringNotEquals": {"aws:SourceArn": distribution_arns(distributions, partition)}}
    where = bucket_place(bucket, partition)
    spare = spared(except_principals, partition)
    return deny(sid, _READS, where.objects(prefix), others, spare)
