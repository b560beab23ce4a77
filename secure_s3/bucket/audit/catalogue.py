"""Every check, in the order of reports."""

from __future__ import annotations

from collections.abc import Iterable

from ...errors import ConfigurationError
from ...policy.spelling import nearest
from .check import Check
from .checks import (
    acls,
    encryption,
    exposure,
    grants,
    identities,
    keys,
    monitoring,
    network,
    points,
    policies,
    public,
    recovery,
    transport,
    uploads,
)

CHECKS: tuple[Check, ...] = (
    *public.CHECKS,
    *acls.CHECKS,
    *policies.CHECKS,
    *grants.CHECKS,
    *network.CHECKS,
    *points.CHECKS,
    *identities.CHECKS,
    *exposure.CHECKS,
    *transport.CHECKS,
    *uploads.CHECKS,
    *encryption.CHECKS,
    *keys.CHECKS,
    *recovery.CHECKS,
    *monitoring.CHECKS,
)
"""The checks, one file per topic next door."""


def require_known(ids: Iterable[str]) -> None:
    """ConfigurationError for an id that no check has: what is misspelt would never count."""
    known = [each.id for each in CHECKS]
    for id in ids:
        if id not in known:
            near = nearest(id, known)
            raise ConfigurationError(
                f"there is no check {id!r}",
                fix=f"did you mean {near}?" if near else f"they are {', '.join(known)}",
            )
