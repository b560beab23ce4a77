"""An audit in lines for people, and as plain values for programs. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..snapshot.values import Snapshot
from ..wanted import BucketProfile
from .check import Verdict


def text(snapshot: Snapshot, profile: BucketProfile, verdicts: Sequence[Verdict]) -> str:
    """The audit as ``print(audit)`` shows it: findings, the worst first, then what was not read."""
    raise NotImplementedError


def plain(snapshot: Snapshot, profile: BucketProfile, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """The audit as plain values: ``bucket``, ``counts``, ``findings``, ``verdicts``, ``snapshot``."""
    raise NotImplementedError
