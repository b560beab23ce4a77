"""A bucket and its account at one time: frozen values, as AWS answered them.

Settings have the shape in which boto3 answers them, without ``ResponseMetadata`` and with times as text, so
that a snapshot can be written as JSON, read again, and compared with a later one. What was not told is an
``Unread`` in the place of the value: never an empty setting, which would say that there is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NoReturn, TypeAlias, TypeVar

from ...values import printable_text

T = TypeVar("T")
Setting: TypeAlias = Mapping[str, Any]
"""As boto3 answers it; empty if nothing is configured."""


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that could not be read. It has no truth value: unread is not absent.

    Args:
        why: e.g. ``access denied``, ``there was no answer in time``.
        action: The permission that reading takes, e.g. ``s3:GetBucketPolicy``; empty if none would help.
        code: The service's error code, where it answered.
    """

    why: str
    action: str = ""
    code: str | None = None

    def __bool__(self) -> NoReturn:
        raise TypeError(f"not read ({self.why}): ask isinstance(value, Unread) first")

    def __str__(self) -> str:
        return self.why


Known: TypeAlias = T | Unread
UNASKED = Unread("it was not asked for")
ANOTHERS = Unread("the bucket belongs to another account than the caller's")
"""In the place of ``account``: S3 says that it is not the caller's, and not whose it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A KMS key that encrypts by default, or that the profile names.

    Args:
        arn: As it is configured.
        metadata: DescribeKey's ``KeyMetadata``.
        rotation: GetKeyRotationStatus: ``KeyRotationEnabled``, ``RotationPeriodInDays``, ….
        policy: The text of the key's policy.
    """

    arn: str
    metadata: Known[Setting] = UNASKED
    rotation: Known[Setting] = UNASKED
    policy: Known[str] = UNASKED


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPoint:
    """An access point of the bucket.

    Args:
        name, arn, alias: What it is called.
        vpc: The id of the VPC it is bound to; None if it is reachable from the internet.
        public_access_block: Its own switches, which cannot be changed once it is made.
        policy: The text; None if there is none.
        is_public: What S3 says of the policy.
    """

    name: str
    arn: str
    alias: str | None = None
    vpc: str | None = None
    public_access_block: Known[Setting] = UNASKED
    policy: Known[str | None] = UNASKED
    is_public: Known[bool] = UNASKED

    def __str__(self) -> str:
        policy = "its policy was not read" if isinstance(self.policy, Unread) else ""
        policy = policy or ("without a policy" if self.policy is None else "with a policy")
        public = "PUBLIC, " if self.is_public is True else ""
        told = f"{self.name} ({self.arn}): {public}reached from {self.vpc or 'the internet'}, {policy}"
        return printable_text(told)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogTarget:
    """The bucket that access logs are delivered to.

    Args:
        bucket: Its name.
        policy: The text; None if there is none.
        public_access_block, encryption, ownership, object_lock: As in Snapshot.
        region: Where it is; S3 delivers within a region only.
    """

    bucket: str
    policy: Known[str | None] = UNASKED
    public_access_block: Known[Setting] = UNASKED
    encryption: Known[Setting] = UNASKED
    ownership: Known[str] = UNASKED
    object_lock: Known[Setting] = UNASKED
    region: Known[str] = UNASKED


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """A trail of CloudTrail and what it records.

    Args:
        name, arn: What it is called.
        multi_region: Whether it records every region.
        home_region: Where it was made.
        logging: Whether it records at all now.
        selectors: ``EventSelectors`` and ``AdvancedEventSelectors``, as GetEventSelectors answers them.
    """

    name: str
    arn: str
    multi_region: bool = False
    home_region: str | None = None
    logging: Known[bool] = UNASKED
    selectors: Known[Setting] = UNASKED


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A user or role of the account, with what it is allowed.

    Args:
        arn: Its ARN.
        policies: Texts of all policies that are attached, inline or through groups.
        boundary: The text of its permissions boundary; None if it has none.
        service_linked: A role that only a service of AWS may take and that nobody can change.
    """

    arn: str
    policies: tuple[str, ...] = ()
    boundary: str | None = None
    service_linked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything about a bucket and its account that decides security; what was not told is ``Unread``.

    Args:
        bucket: Its name.
        taken_at: When reading began: ISO 8601, UTC.
        account: Twelve digits: whose bucket it is.
        region, partition: Where it is, e.g. ``eu-west-1`` and ``aws``.
        caller: The ARN of whoever read.
        caller_tls: The TLS version of the caller's connections to S3, ``1.2`` or ``1.3``, if it is one.
        public_access_block, account_public_access_block: The four switches; empty if never set.
        policy: The text of the bucket policy; None if there is none.
        policy_is_public: What S3 says of it (GetBucketPolicyStatus); False without a policy.
        acl: ``Owner`` and ``Grants``.
        ownership: Object Ownership, e.g. ``BucketOwnerEnforced``; empty if never set (ACLs count then).
        encryption: The default: ``SSEAlgorithm``, ``KMSMasterKeyID``, ``BucketKeyEnabled``.
        blocked_encryption: Blocked encryption types, e.g. ``("SSE-C",)``.
        keys: By ARN as it was asked for: the default key, and those the profile names.
        versioning: ``Enabled``, ``Suspended``, or empty if it never was enabled.
        mfa_delete: Whether deleting versions takes a second factor.
        object_lock: ``ObjectLockEnabled`` and ``Rule``.
        logging: ``LoggingEnabled``'s value: ``TargetBucket``, ``TargetPrefix``, ….
        log_target: The target of logging; None if logging is off.
        wanted_log_target: The bucket that a profile names for logs, where one is planned for.
        lifecycle: ``Rules``.
        replication: ``ReplicationConfiguration``'s value.
        notifications: GetBucketNotificationConfiguration.
        cors: ``CORSRules``.
        website: GetBucketWebsite.
        requester_pays: Whether requesters pay.
        access_points: Those of the bucket's account.
        multi_region_access_points: Reports of ListMultiRegionAccessPoints that have this bucket in a region.
        trails: Those that are visible in the bucket's region.
        analyzers: Access Analyzer's analyzers of the region.
        analyzer_findings: What they found on this bucket and is not archived.
        macie: GetMacieSession; ``{"status": "DISABLED"}`` if it is not enabled.
        macie_findings: What Macie found in this bucket.
        vpc_endpoints: EC2's ``VpcEndpoints`` for S3 in the region.
        alarms: Who is told of changed access: ``{"kind", "name", "pattern", "targets"}``, of kind
            ``metric filter`` (with an alarm on it) or ``event rule``.
        recorders: Configuration recorders of AWS Config: ``name``, ``recordingGroup``, ``recording``.
        identities: Users and roles of the account.
        cut: Fields that were read in part only, because there is more than is read.
    """

    bucket: str
    taken_at: str
    account: Known[str] = UNASKED
    region: Known[str] = UNASKED
    partition: str = "aws"
    caller: Known[str] = UNASKED
    caller_tls: Known[str] = UNASKED
    public_access_block: Known[Setting] = UNASKED
    account_public_access_block: Known[Setting] = UNASKED
    policy: Known[str | None] = UNASKED
    policy_is_public: Known[bool] = UNASKED
    acl: Known[Setting] = UNASKED
    ownership: Known[str] = UNASKED
    encryption: Known[Setting] = UNASKED
    blocked_encryption: Known[tuple[str, ...]] = UNASKED
    keys: Mapping[str, Key] = field(default_factory=dict)
    versioning: Known[str] = UNASKED
    mfa_delete: Known[bool] = UNASKED
    object_lock: Known[Setting] = UNASKED
    logging: Known[Setting] = UNASKED
    log_target: Known[LogTarget | None] = UNASKED
    wanted_log_target: Known[LogTarget | None] = UNASKED
    lifecycle: Known[tuple[Setting, ...]] = UNASKED
    replication: Known[Setting] = UNASKED
    notifications: Known[Setting] = UNASKED
    cors: Known[tuple[Setting, ...]] = UNASKED
    website: Known[Setting] = UNASKED
    requester_pays: Known[bool] = UNASKED
    access_points: Known[tuple[AccessPoint, ...]] = UNASKED
    multi_region_access_points: Known[tuple[Setting, ...]] = UNASKED
    trails: Known[tuple[Trail, ...]] = UNASKED
    analyzers: Known[tuple[Setting, ...]] = UNASKED
    analyzer_findings: Known[tuple[Setting, ...]] = UNASKED
    macie: Known[Setting] = UNASKED
    macie_findings: Known[tuple[Setting, ...]] = UNASKED
    vpc_endpoints: Known[tuple[Setting, ...]] = UNASKED
    alarms: Known[tuple[Setting, ...]] = UNASKED
    recorders: Known[tuple[Setting, ...]] = UNASKED
    identities: Known[tuple[Identity, ...]] = UNASKED
    cut: tuple[str, ...] = ()

    def __repr__(self) -> str:
        unread = sum(isinstance(getattr(self, each.name), Unread) for each in fields(self))
        told = f", {unread} fields not read" if unread else ""
        return f"<Snapshot {printable_text(self.bucket)}: read at {printable_text(self.taken_at)}{told}>"
