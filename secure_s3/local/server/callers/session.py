"""What temporary credentials are, beside their secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["Session"]


@dataclass(frozen=True, slots=True)
class Session:
    """What is known of temporary credentials beside their secret.

    Args:
        issued_at: ``aws:TokenIssueTime``.
        holder_id: The id of the user or role whose session it is; None if it was made without one.
        federated: The name given to GetFederationToken.
        policy, policy_arns: Session policies.
        tags: Session tags, those inherited included.
        transitive: The names of those that the next session inherits.
        source_identity: ``aws:SourceIdentity``.
        mfa: ``aws:MultiFactorAuthPresent``; None where the key is absent.
        provider: ``aws:FederatedProvider``.
    """

    issued_at: datetime
    holder_id: str | None = None
    federated: str | None = None
    policy: str | None = None
    policy_arns: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    transitive: frozenset[str] = frozenset()
    source_identity: str | None = None
    mfa: bool | None = False
    provider: str | None = None
