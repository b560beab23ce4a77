"""What is known when a denial is explained: the request as it was sent, the policies, the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..policy.decision import Decision
from ..policy.document import Policy
from ..policy.request import AccessRequest
from ..policy.wire import Caller, SentRequest
from .denial import Denial


@dataclass(frozen=True, slots=True)
class Named:
    """A policy and whose it is.

    Args:
        policy: The document.
        document: ``bucket policy``, ``access point policy``, ``key policy``, ``identity policy``, …
        target: The bucket, access point, key, policy, user or role that has it.
        inline: Name of an inline policy; empty for others.
    """

    policy: Policy
    document: str
    target: str
    inline: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """One permission that the request needed, and what the policies say of it.

    Args:
        request: What they were asked.
        decision: What they say.
        policies: By layer (``resource_policy``, ``identity_policy``, …) those that were asked, in the order
            that ``Reason.policy`` counts.
        unread: Layers that were to be read and could not be.
        when: On what it depends whether it is needed at all.
    """

    request: AccessRequest
    decision: Decision
    policies: Mapping[str, tuple[Named, ...]] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    when: str = ""

    def __hash__(self) -> int:
        return hash(self.request.action)


@dataclass(frozen=True, slots=True)
class Settings:
    """What besides policies decides about a request; None where it was not read.

    Args:
        owner: The account that owns the bucket.
        public_access_block, account_public_access_block: S3 Block Public Access, by setting
            (``BlockPublicAcls``, …); empty where there is none.
        ownership: Object Ownership, e.g. ``BucketOwnerEnforced``; empty where there is none.
        default_encryption: ``ServerSideEncryptionByDefault`` with ``BucketKeyEnabled``, as boto3 has it.
        blocked_encryption: e.g. ``("SSE-C",)``.
        object_lock: The bucket's configuration, as boto3 has it; empty where there is none.
        retention: Mode and date of the object's retention; empty where there is none.
        legal_hold: Whether the object is under one.
        requester_pays: Whether the bucket's requester pays.
        object_exists: Whether the key is there.
        keys: By ARN of a KMS key: ``KeyState``, ``Enabled``, ``AWSAccountId`` and so on, as KMS describes it.
        grants: By ARN of a KMS key, its grants.
        region: Of the bucket.
    """

    owner: str | None = None
    public_access_block: Mapping[str, bool] | None = None
    account_public_access_block: Mapping[str, bool] | None = None
    ownership: str | None = None
    default_encryption: Mapping[str, Any] | None = None
    blocked_encryption: tuple[str, ...] | None = None
    object_lock: Mapping[str, Any] | None = None
    retention: Mapping[str, Any] | None = None
    legal_hold: bool | None = None
    requester_pays: bool | None = None
    object_exists: bool | None = None
    keys: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    grants: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that an explanation stands on.

    Args:
        denial: As the service worded it.
        sent: The request as it was sent; None where only the text is known.
        caller: Who sent it.
        judged: What the policies say of each permission that it needs; the one the message names first.
        settings: What else decides.
        gaps: What could not be read, each in a line.
        request_id, host_id: As the answer gave them.
        retried: The denial is that of a GET of one byte in place of a HEAD.
        event: What CloudTrail recorded of the request, if it was asked.
    """

    denial: Denial
    sent: SentRequest | None = None
    caller: Caller | None = None
    judged: tuple[Judged, ...] = ()
    settings: Settings = Settings()
    gaps: tuple[str, ...] = ()
    request_id: str | None = None
    host_id: str | None = None
    retried: bool = False
    event: Mapping[str, Any] | None = None

    def __hash__(self) -> int:
        return hash(self.denial)
