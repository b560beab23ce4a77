"""Every check, in the order of reports."""

from __future__ import annotations

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
