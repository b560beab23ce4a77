"""From a snapshot and a profile to a plan. Pure."""

from __future__ import annotations

from ..snapshot.values import Snapshot
from ..wanted import BucketProfile
from .plan import Plan


def plan(snapshot: Snapshot, profile: BucketProfile) -> Plan:
    """The changes that bring the bucket to its profile."""
    raise NotImplementedError
