"""Whole policies for common purposes, put together from ``statements`` and merged with what is there.

A bundle never replaces an existing policy: with ``merge_into=`` its statements are put into it, and whatever
is there stays. A statement whose Sid is taken by another one is refused, unless ``replace=`` names the Sid;
``difference.diff(old, new)`` shows what would change. Evaluate PutBucketPolicy for yourself under the new
policy before it is applied.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import PolicyError
from ..limits import BUCKET_POLICY_BYTES
from . import statements as make
from .difference import merge
from .document import Document, Policy
from .statement import Statement
from .statements.acls import PERMISSIONS
from .statements.encryption import ALGORITHMS
from .statements.parts import Keys, Texts, flag, full_key_arns, one_of, texts
from .statements.transport import TLS_VERSIONS

__all__ = ["baseline", "cloudfront_origin", "log_target", "access_point", "write_once"]


def baseline(
    bucket: str,
    *,
    kms_key_arn: Keys | None = None,
    min_tls: str = "1.2",
    strict: bool = False,
    admins: Texts = (),
    merge_into: Document | None = None,
    replace: Texts = (),
    partition: str = "aws",
) -> Policy:
    """What every private bucket should have: HTTPS, a recent TLS, encryption as meant, no public ACL.

    It denies only and grants nothing. It does not switch on what is no policy: Block Public Access, default
    encryption, Object Ownership, versioning, logging.

    Args:
        bucket: Its name.
        kms_key_arn: The full ARN of the KMS key for uploads, or several. Without one any encryption of S3's
            will do, but for keys of customers (SSE-C), which are always denied.
        min_tls: The text ``1.2`` or ``1.3``.
        strict: Uploads must say their encryption themselves. Not strict, those that say nothing get the
            bucket's default encryption, which must then be set to the key; parts of multipart uploads and
            services that deliver say nothing.
        admins: ARNs of roles and users that alone may change the bucket's policy, Block Public Access and
            Object Ownership; without any, whoever is allowed to may.
        merge_into: The policy that is there.
        replace: Sids that are there already and whose statements may be replaced.
        partition: e.g. ``aws-us-gov``.

    Returns:
        A policy that fits into the 20 KB of a bucket policy.

    Raises:
        PolicyError: an argument does not do, a Sid is taken, or the merged policy is too long.
    """
    found = _baseline(bucket, kms_key_arn, min_tls, strict, partition)
    if admins := _given(admins, "admins"):
        found.append(make.deny_public_policies(bucket, admins, partition=partition))
    return _policy(found, merge_into, replace)


def cloudfront_origin(
    bucket: str,
    distributions: Texts,
    *,
    kms_key_arn: Keys | None = None,
    min_tls: str = "1.2",
    only: bool = False,
    except_principals: Texts = (),
    merge_into: Document | None = None,
    replace: Texts = (),
    partition: str = "aws",
) -> Policy:
    """The baseline, and CloudFront distributions that read the bucket by origin access control.

    The bucket stays private. Objects under a KMS key need ``statements.key_allow_cloudfront`` in the policy
    of the key.

    Args:
        distributions: Their ARNs.
        only: Nobody else may read objects, whoever allows it.
        except_principals: With *only*, the roles and users that may all the same.
        bucket, kms_key_arn, min_tls, merge_into, replace, partition: As for baseline.
    """
    found = _baseline(bucket, kms_key_arn, min_tls, False, partition)
    distributions = _given(distributions, "distributions")
    except_principals = _given(except_principals, "except_principals")
    if except_principals and not flag(only, "only"):
        raise PolicyError(
            "except_principals= does nothing without only=True",
            why="nobody is kept from reading whom something else allows it",
            fix="pass only=True, or leave except_principals= out",
        )
    found.append(make.allow_cloudfront(bucket, distributions, partition=partition))
    if flag(only, "only"):
        found.append(
            make.only_cloudfront(
                bucket, distributions, except_principals=except_principals, partition=partition
            )
        )
    return _policy(found, merge_into, replace)


def log_target(
    bucket: str,
    account: str,
    *,
    source_buckets: Texts = (),
    trails: Texts = (),
    load_balancer_region: str | None = None,
    log_service_region: str | None = None,
    prefix: str = "",
    admins: Texts = (),
    min_tls: str = "1.2",
    merge_into: Document | None = None,
    replace: Texts = (),
    partition: str = "aws",
) -> Policy:
    """The baseline, and the services of AWS that may deliver logs into the bucket.

    Its default encryption must be SSE-S3 for server access logs and load balancers' logs.

    Args:
        account: The account whose logs they are.
        source_buckets: Names of buckets whose server access logs are delivered.
        trails: ARNs of CloudTrail's trails.
        load_balancer_region: The region of application and classic load balancers.
        log_service_region: The region of flow logs, network load balancers and the like.
        prefix: What the keys begin with, before ``AWSLogs/``.
        admins: ARNs of roles and users that alone may delete logs, and change the bucket's policy.
        bucket, min_tls, merge_into, replace, partition: As for baseline.
    """
    found = _baseline(bucket, None, min_tls, False, partition)
    granted = list(
        _deliveries(
            bucket,
            account,
            source_buckets,
            trails,
            load_balancer_region,
            log_service_region,
            prefix,
            partition,
        )
    )
    if not granted:
        raise PolicyError("no logs are named", fix="pass source_buckets=, trails= or a region")
    if admins := _given(admins, "admins"):
        found.append(make.deny_public_policies(bucket, admins, partition=partition))
        found.append(make.deny_deletes(bucket, except_principals=admins, partition=partition))
    return _policy([*found, *granted], merge_into, replace)


def access_point(
    access_point_arn: str,
    principals: Texts,
    *,
    prefix: str = "",
    write: bool = False,
    min_tls: str = "1.3",
    merge_into: Document | None = None,
    replace: Texts = (),
) -> Policy:
    """The policy of an access point: who reads, lists and perhaps writes below a prefix, and over which TLS.

    The minimum may be higher than the bucket's: it holds for whoever comes through the access point. The
    bucket's policy must allow as well, or delegate (``statements.delegate_to_access_points``).

    Args:
        access_point_arn: ``arn:aws:s3:region:account:accesspoint/name``.
        principals: ARNs of roles and users, or accounts.
        prefix: The literal beginning of keys, with policy variables or without.
        write: Also uploading.
        min_tls, merge_into, replace: As for baseline.
    """
    if not isinstance(access_point_arn, str) or not access_point_arn.startswith("arn:"):
        raise PolicyError(
            f"{access_point_arn!r} is no ARN of an access point",
            fix="pass arn:aws:s3:region:account:accesspoint/name",
        )
    principals = _given(principals, "principals")
    _check_tls(min_tls)
    found = [
        make.deny_insecure_transport(access_point_arn),
        make.require_min_tls(access_point_arn, min_tls),
        make.allow_read(access_point_arn, principals, prefix=prefix),
        make.allow_list(access_point_arn, principals, prefix=prefix),
    ]
    if flag(write, "write"):
        found.append(make.allow_write(access_point_arn, principals, prefix=prefix))
    return _policy(found, merge_into, replace)


def write_once(
    bucket: str,
    admins: Texts,
    *,
    retention_days: int | None = None,
    kms_key_arn: Keys | None = None,
    min_tls: str = "1.2",
    merge_into: Document | None = None,
    replace: Texts = (),
    partition: str = "aws",
) -> Policy:
    """The baseline, and objects that are written once: no overwriting, no deleting, no way round Object Lock.

    It holds for everybody but *admins* in deleting and in settings; nobody overwrites. Policies can be
    changed by those who may: what nobody can undo is Object Lock in compliance mode, which has to be
    switched on.

    Args:
        admins: ARNs of roles and users, at least one.
        retention_days: The shortest retention that may be set on an object.
        bucket, kms_key_arn, min_tls, merge_into, replace, partition: As for baseline.
    """
    admins = _given(admins, "admins")
    settings = ("versioning", "lifecycle", "object_lock", "deletion")
    found = [
        *_baseline(bucket, kms_key_arn, min_tls, False, partition),
        make.deny_public_policies(bucket, admins, partition=partition),
        make.require_if_none_match(bucket, partition=partition),
        make.deny_deletes(bucket, except_principals=admins, partition=partition),
        make.deny_governance_bypass(bucket, partition=partition),
        make.protect_settings(bucket, admins, settings, partition=partition),
    ]
    if retention_days is not None:
        found.append(make.deny_short_retention(bucket, retention_days, partition=partition))
    return _policy(found, merge_into, replace)


def _baseline(bucket: str, keys: Keys | None, min_tls: str, strict: bool, partition: str) -> list[Statement]:
    _check_tls(min_tls)
    keys = keys if keys is None else full_key_arns(keys, "kms_key_arn", partition)
    found = [
        make.deny_insecure_transport(bucket, partition=partition),
        make.require_min_tls(bucket, min_tls, partition=partition),
        *_encryption(bucket, keys, strict, partition),
        make.deny_public_acls(bucket, partition=partition),
    ]
    return found + [make.deny_public_grants(bucket, each, partition=partition) for each in PERMISSIONS]


def _encryption(bucket: str, keys: Texts | None, strict: bool, partition: str) -> list[Statement]:
    """Which uploads are denied for their encryption.

    A required header takes the other statements in: SSE-C has none of S3's algorithms, and a KMS key stands
    only beside a KMS algorithm.
    """
    if flag(strict, "strict"):
        if keys is None:
            return [make.deny_unencrypted_uploads(bucket, ALGORITHMS, strict=True, partition=partition)]
        return [make.deny_wrong_kms_key(bucket, keys, strict=True, partition=partition)]
    no_customer_keys = make.deny_sse_c(bucket, partition=partition)
    if keys is None:
        return [no_customer_keys]
    return [
        make.deny_unencrypted_uploads(bucket, partition=partition),
        make.deny_wrong_kms_key(bucket, keys, partition=partition),
        make.deny_kms_without_key(bucket, partition=partition),
        no_customer_keys,
    ]


def _deliveries(
    bucket: str,
    account: str,
    source_buckets: Texts,
    trails: Texts,
    load_balancer_region: str | None,
    log_service_region: str | None,
    prefix: str,
    partition: str,
) -> Iterable[Statement]:
    if source_buckets := _given(source_buckets, "source_buckets"):
        yield make.allow_log_delivery(bucket, source_buckets, account, prefix=prefix, partition=partition)
    if trails := _given(trails, "trails"):
        yield make.allow_cloudtrail_acl_check(bucket, trails, partition=partition)
        yield make.allow_cloudtrail_write(bucket, trails, prefix=prefix, partition=partition)
    if load_balancer_region is not None:
        yield make.allow_load_balancer_logs(
            bucket, account, load_balancer_region, prefix=prefix, partition=partition
        )
    if log_service_region is not None:
        region = log_service_region
        yield make.allow_log_service_acl_check(bucket, account, region, partition=partition)
        yield make.allow_log_service_write(bucket, account, region, prefix=prefix, partition=partition)


def _check_tls(version: str) -> None:
    """Under the name that the argument has here."""
    one_of(version, TLS_VERSIONS, "min_tls", "S3 takes nothing older, and there is nothing newer")


def _given(values: Texts, name: str) -> tuple[str, ...]:
    """An argument that may be left out, as a tuple: several statements are made of it."""
    return texts(values, name, "one or several texts", empty=True)


def _policy(found: list[Statement], existing: Document | None, replace: Texts) -> Policy:
    there = existing if existing is None or isinstance(existing, Policy) else Policy.parse(existing)
    policy = merge(there, *found, replace=_given(replace, "replace"))
    if policy.size > BUCKET_POLICY_BYTES:
        raise PolicyError(
            f"the policy has {policy.size} bytes",
            why=f"S3 takes {BUCKET_POLICY_BYTES} at most",
            fix="move grants to identity policies or access points, or leave statements out",
        )
    return policy
