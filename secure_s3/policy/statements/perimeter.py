"""Where requests may come from: VPC endpoints, IP ranges, an organization.

All of them deny **data actions only** unless told otherwise: reading, writing and listing objects. A Deny of
s3:* would cut off the console, the tools that manage the bucket, and whoever has to correct this very
statement. Replication has actions of its own and passes. Services of AWS have neither your addresses nor your
endpoints and are spared unless told otherwise.
Sources: Amazon S3 User Guide, "Controlling access from VPC endpoints with bucket policies", "Bucket policy
examples": managing access based on specific IP addresses; IAM User Guide, "AWS global condition context
keys".
"""

from __future__ import annotations

from collections.abc import Mapping

from ...errors import PolicyError
from ..statement import Statement
from .addresses import endpoint_ids, ranges_of, vpc_ids
from .identities import SERVICES_SPARED, account_ids, organization_id, spared
from .parts import Block, Texts, deny, flag, s3_actions, texts
from .places import place

_READS = (
    "s3:GetObject",
    "s3:GetObjectAcl",
    "s3:GetObjectAttributes",
    "s3:GetObjectLegalHold",
    "s3:GetObjectRetention",
    "s3:GetObjectTagging",
    "s3:GetObjectTorrent",
    "s3:GetObjectVersion",
    "s3:GetObjectVersionAcl",
    "s3:GetObjectVersionAttributes",
    "s3:GetObjectVersionTagging",
    "s3:GetObjectVersionTorrent",
)
_WRITES = ("s3:AbortMultipartUpload", "s3:DeleteObject*", "s3:PutObject*", "s3:RestoreObject")
_LISTS = (
    "s3:ListBucket",
    "s3:ListBucketMultipartUploads",
    "s3:ListBucketVersions",
    "s3:ListMultipartUploadParts",
)
DATA_ACTIONS = (*_READS, *_WRITES, *_LISTS, "s3:UpdateObjectEncryption")
"""Reading, writing and listing objects; not replication, and no settings of the bucket."""


def only_vpc_endpoints(
    bucket: str,
    endpoints: Texts = (),
    *,
    vpcs: Texts = (),
    actions: Texts = DATA_ACTIONS,
    except_principals: Texts = (),
    except_services: bool = True,
    sid: str = "OnlyVpcEndpoints",
    partition: str = "aws",
) -> Statement:
    """Denies data requests that come neither through one of *endpoints* nor from one of *vpcs*.

    Passes: requests through them, for which somebody still has to allow; the bucket's settings; replication;
    services of AWS. The console, and CloudFront with *except_services* False, are outside. It grants nothing.

    Args:
        endpoints: Ids of endpoints, ``vpce-…``.
        vpcs: Ids of VPCs, any of whose endpoints will do, ``vpc-…``. They are unique within a region only.
        actions: What is denied.
        except_principals: ARNs of roles and users that may come from anywhere: break-glass roles, and roles
            that services assume. Required if *actions* take in the bucket policy.
        except_services: Services of AWS that call as themselves or with a caller's own permissions.

    Source: Amazon S3 User Guide, "Controlling access from VPC endpoints with bucket policies".
    """
    ids = {
        "aws:SourceVpce": endpoint_ids(endpoints),
        "aws:SourceVpc": vpc_ids(vpcs),
    }
    outside = {key: values for key, values in ids.items() if values}
    if not outside:
        raise PolicyError("neither endpoints nor vpcs are named", fix='pass endpoints=("vpce-…",)')
    return _outside(bucket, sid, partition, actions, except_principals, except_services, outside, {})


def only_ip_ranges(
    bucket: str,
    ranges: Texts,
    *,
    vpc_endpoints: Texts = (),
    vpcs: Texts = (),
    no_endpoints: bool = False,
    actions: Texts = DATA_ACTIONS,
    except_principals: Texts = (),
    except_services: bool = True,
    sid: str = "OnlyIpRanges",
    partition: str = "aws",
) -> Statement:
    """Denies data requests from public addresses outside *ranges*.

    A call through a VPC endpoint has no ``aws:SourceIp``, so that the Deny would always concern it: say which
    endpoints or VPCs pass beside the ranges, or that none does. Passes: requests from the ranges, or through
    these endpoints, for which somebody still has to allow; the bucket's settings; replication; services.

    Args:
        ranges: Public addresses or ranges, IPv4 or IPv6; private ones never occur as ``aws:SourceIp``.
        vpc_endpoints, vpcs: Ids of endpoints, and of VPCs any of whose endpoints will do.
        no_endpoints: True if no call through any endpoint shall pass.
        actions, except_principals, except_services: As for only_vpc_endpoints.

    Source: Amazon S3 User Guide, "Bucket policy examples": managing access based on IP addresses.
    """
    ids = {"aws:SourceVpce": endpoint_ids(vpc_endpoints), "aws:SourceVpc": vpc_ids(vpcs)}
    inside = {key: values for key, values in ids.items() if values}
    if bool(inside) == flag(no_endpoints, "no_endpoints"):
        raise PolicyError(
            "it is not said what becomes of calls through VPC endpoints",
            why="they have no aws:SourceIp, and the Deny would concern all of them",
            fix="pass vpc_endpoints= or vpcs=, or else no_endpoints=True",
        )
    addresses = {"NotIpAddress": {"aws:SourceIp": ranges_of(ranges)}}
    return _outside(bucket, sid, partition, actions, except_principals, except_services, inside, addresses)


def only_organization(
    bucket: str,
    organization: str,
    *,
    accounts: Texts = (),
    actions: Texts = DATA_ACTIONS,
    except_principals: Texts = (),
    except_services: bool = True,
    sid: str = "OnlyOrganization",
    partition: str = "aws",
) -> Statement:
    """Denies data requests of principals outside *organization*, anonymous ones included.

    Passes: principals of the organization and of *accounts*, for whom somebody still has to allow; services
    of AWS, for whichever customer they work (see only_organization_services); settings of the bucket.

    Args:
        organization: Its id, ``o-…``.
        accounts: Further accounts. Name the bucket's own if it may leave the organization one day.
        actions, except_principals, except_services: As for only_vpc_endpoints.

    Source: IAM User Guide, "AWS global condition context keys": aws:PrincipalOrgID.
    """
    outside: dict[str, tuple[str, ...]] = {"aws:PrincipalOrgID": (organization_id(organization),)}
    listed = account_ids(accounts, empty=True)
    if listed:
        outside["aws:PrincipalAccount"] = listed
    return _outside(bucket, sid, partition, actions, except_principals, except_services, outside, {})


def only_organization_services(
    bucket: str,
    organization: str,
    *,
    accounts: Texts = (),
    sid: str = "OnlyOrganizationServices",
    partition: str = "aws",
) -> Statement:
    """Denies services of AWS that work for a resource outside *organization*: the confused deputy.

    Passes: services that work for the organization or for *accounts*; calls of services that name no source
    account; all principals that are no services.

    Args:
        organization: Its id, ``o-…``.
        accounts: Accounts of third parties whose resources may deliver here.

    Source: IAM User Guide, "The confused deputy problem"; "AWS global condition context keys":
    aws:SourceOrgID.
    """
    outside: dict[str, tuple[str, ...]] = {"aws:SourceOrgID": (organization_id(organization),)}
    listed = account_ids(accounts, empty=True)
    if listed:
        outside["aws:SourceAccount"] = listed
    return deny(
        sid,
        "s3:*",
        place(bucket, partition).everything,
        {"StringNotEquals": outside},
        {"Null": {"aws:SourceAccount": "false"}},
        {"Bool": {"aws:PrincipalIsAWSService": "true"}},
    )


def _outside(
    bucket: str,
    sid: str,
    partition: str,
    actions: Texts,
    principals: Texts,
    services: bool,
    outside: Mapping[str, tuple[str, ...]],
    more: Block,
) -> Statement:
    listed = s3_actions(actions)
    principals = texts(principals, "except_principals", "arn:aws:iam::111122223333:role/Admin", empty=True)
    if not principals and any(_takes_in_policy(action) for action in listed):
        raise PolicyError(
            "the actions take in changing the bucket policy, and nobody is spared",
            why="whoever is outside could not correct this statement any more",
            fix="leave actions= at data actions, or pass except_principals= with a break-glass role",
        )
    where = place(bucket, partition)
    return deny(
        sid,
        listed,
        where.everything,
        {"StringNotEquals": outside} if outside else {},
        more,
        spared(principals, where.partition),
        SERVICES_SPARED if flag(services, "except_services") else {},
    )


def _takes_in_policy(action: str) -> bool:
    policy = "s3:putbucketpolicy"
    folded = action.lower()
    return folded == policy or (folded.endswith("*") and policy.startswith(folded[:-1]))
