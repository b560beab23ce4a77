"""Services of AWS that deliver logs and reports into a bucket, each for sources that are named.

A service writes for whomever asks it to. Every one of these statements therefore says for which account and
which resources: IAM User Guide, "The confused deputy problem". Buckets for server access logs and load
balancers' logs must use SSE-S3 as their default encryption.
"""

from __future__ import annotations

import re

from ...errors import PolicyError
from ..statement import Statement
from .identities import account_id, organization_id
from .parts import Block, Texts, allow, of_partition, region_name, texts
from .places import bucket_name, bucket_place, key_prefix

_TRAIL = re.compile(r"arn:aws[a-z-]*:cloudtrail:[a-z0-9-]+:([0-9]{12}):trail/[A-Za-z0-9._-]{3,128}")
_OWNED: Block = {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}


def allow_log_delivery(
    bucket: str,
    source_buckets: Texts,
    account: str,
    *,
    prefix: str = "",
    sid: str = "AllowLogDelivery",
    partition: str = "aws",
) -> Statement:
    """Allows server access logs of *source_buckets* to be delivered.

    Does not allow: logs of other buckets or accounts; anything but writing.

    Args:
        bucket: The bucket for the logs.
        source_buckets: Names of the buckets that are logged.
        account: Their account.
        prefix: The TargetPrefix of their logging, or the beginning of it.

    Source: Amazon S3 User Guide, "Enabling Amazon S3 server access logging".
    """
    sources = _buckets(source_buckets, partition)
    where = bucket_place(bucket, partition).objects(prefix)
    return allow(sid, _service("logging.s3"), "s3:PutObject", where, _for(sources, account))


def allow_inventory(
    bucket: str,
    source_buckets: Texts,
    account: str,
    *,
    prefix: str = "",
    sid: str = "AllowInventory",
    partition: str = "aws",
) -> Statement:
    """Allows inventory reports and storage class analyses of *source_buckets* to be delivered.

    Does not allow: reports of other buckets or accounts. Arguments as for allow_log_delivery.

    Source: Amazon S3 User Guide, "Granting permissions for S3 Inventory and S3 analytics".
    """
    sources = _buckets(source_buckets, partition)
    where = bucket_place(bucket, partition).objects(prefix)
    return allow(sid, _service("s3"), "s3:PutObject", where, _for(sources, account), _OWNED)


def allow_load_balancer_logs(
    bucket: str,
    account: str,
    region: str,
    *,
    prefix: str = "",
    sid: str = "AllowLoadBalancerLogs",
    partition: str = "aws",
) -> Statement:
    """Allows access and connection logs of *account*'s application and classic load balancers in *region*.

    Does not allow: load balancers of other accounts. Network load balancers deliver through the log service:
    allow_log_service_write.

    Args:
        account: The load balancers' account.
        region: Theirs, which is also the bucket's.
        prefix: What stands before ``AWSLogs/``, with its slash.

    Source: Elastic Load Balancing User Guide, "Enable access logs for your Application Load Balancer".
    """
    source = (
        f"arn:{partition}:elasticloadbalancing:{region_name(region)}:{account_id(account)}:loadbalancer/*"
    )
    where = bucket_place(bucket, partition).objects(f"{key_prefix(prefix)}AWSLogs/{account}/")
    service = _service("logdelivery.elasticloadbalancing")
    return allow(sid, service, "s3:PutObject", where, {"ArnLike": {"aws:SourceArn": source}})


def allow_log_service_write(
    bucket: str,
    account: str,
    region: str,
    *,
    prefix: str = "",
    sid: str = "AllowLogServiceWrite",
    partition: str = "aws",
) -> Statement:
    """Allows the log service to deliver for *account*: flow logs, network load balancers, WAF and more.

    It checks the bucket's ACL first: allow_log_service_acl_check. Does not allow: logs of other accounts or
    regions. Arguments as for allow_load_balancer_logs.

    Source: Amazon CloudWatch Logs User Guide, "Enable logging from AWS services": logs sent to Amazon S3.
    """
    where = bucket_place(bucket, partition).objects(f"{key_prefix(prefix)}AWSLogs/{account_id(account)}/")
    sources = _log_sources(account, region, partition)
    return allow(sid, _service("delivery.logs"), "s3:PutObject", where, sources, _OWNED)


def allow_log_service_acl_check(
    bucket: str, account: str, region: str, *, sid: str = "AllowLogServiceAclCheck", partition: str = "aws"
) -> Statement:
    """Allows the log service to read the bucket's ACL, as it does before it delivers.

    It belongs beside allow_log_service_write, and takes the same arguments. Does not allow: changing the ACL.

    Source: Amazon CloudWatch Logs User Guide, "Enable logging from AWS services": logs sent to Amazon S3.
    """
    sources = _log_sources(account, region, partition)
    where = bucket_place(bucket, partition).whole
    return allow(sid, _service("delivery.logs"), "s3:GetBucketAcl", where, sources)


def allow_cloudtrail_write(
    bucket: str,
    trails: Texts,
    *,
    prefix: str = "",
    organization: str | None = None,
    sid: str = "AllowCloudTrailWrite",
    partition: str = "aws",
) -> Statement:
    """Allows CloudTrail to deliver for *trails*.

    It checks the bucket's ACL first: allow_cloudtrail_acl_check. Does not allow: other trails, whoever's.

    Args:
        trails: ARNs of trails, each in full.
        prefix: What stands before ``AWSLogs/``, with its slash.
        organization: Its id where the trail is an organization's, ``o-…``.

    Source: AWS CloudTrail User Guide, "Amazon S3 bucket policy for CloudTrail".
    """
    arns = _trails(trails, partition)
    owners = dict.fromkeys(each.split(":")[4] for each in arns)
    if organization is not None:
        owners[organization_id(organization)] = None
    where = bucket_place(bucket, partition)
    folders = [where.objects(f"{key_prefix(prefix)}AWSLogs/{owner}/") for owner in owners]
    only: Block = {"StringEquals": {"aws:SourceArn": arns, **_OWNED["StringEquals"]}}
    return allow(sid, _service("cloudtrail"), "s3:PutObject", folders, only)


def allow_cloudtrail_acl_check(
    bucket: str, trails: Texts, *, sid: str = "AllowCloudTrailAclCheck", partition: str = "aws"
) -> Statement:
    """Allows CloudTrail to read the bucket's ACL for *trails*, as it does before it delivers.

    It belongs beside allow_cloudtrail_write. Does not allow: changing the ACL; other trails.

    Source: AWS CloudTrail User Guide, "Amazon S3 bucket policy for CloudTrail".
    """
    only = {"StringEquals": {"aws:SourceArn": _trails(trails, partition)}}
    return allow(sid, _service("cloudtrail"), "s3:GetBucketAcl", bucket_place(bucket, partition).whole, only)


def _service(name: str) -> dict[str, str]:
    return {"Service": f"{name}.amazonaws.com"}


def _for(sources: str | list[str], account: str) -> Block:
    return {
        "ArnLike": {"aws:SourceArn": sources},
        "StringEquals": {"aws:SourceAccount": account_id(account)},
    }


def _buckets(names: Texts, partition: str) -> list[str]:
    listed = texts(names, "source_buckets", "amzn-s3-demo-bucket")
    return [bucket_place(bucket_name(each), partition).whole for each in listed]


def _log_sources(account: str, region: str, partition: str) -> Block:
    return _for(f"arn:{partition}:logs:{region_name(region)}:{account_id(account)}:*", account)


def _trails(trails: Texts, partition: str) -> tuple[str, ...]:
    listed = texts(trails, "trails", "arn:aws:cloudtrail:eu-west-1:111122223333:trail/main")
    for each in listed:
        if not _TRAIL.fullmatch(each):
            raise PolicyError(
                f"{each!r} is no ARN of a trail", fix="pass arn:aws:cloudtrail:region:account:trail/name"
            )
    of_partition(listed, partition, "trails")
    return listed
