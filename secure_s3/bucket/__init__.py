"""Is the house in order? Audits, plans, hardening, Object Lock, access points: all by ``s3.bucket(name)``.

What is imported from here are the values that go in and come out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .audit.judging import Audit
    from .hardening.plan import Applied, Change, Plan
    from .reencryption.results import Reencryption
    from .reports.page import page_of
    from .reports.sarif import sarif_of
    from .retention.values import Protection, Retention
    from .snapshot.values import Snapshot, Unread
    from .wanted import BucketProfile, DefaultRetention

__all__ = [
    "Applied",
    "Audit",
    "BucketProfile",
    "Change",
    "DefaultRetention",
    "Plan",
    "Protection",
    "Reencryption",
    "Retention",
    "Snapshot",
    "Unread",
    "page_of",
    "sarif_of",
]


def __dir__() -> list[str]:
    return sorted(__all__)


def __getattr__(name: str) -> Any:
    """What this room shows, imported when it is used: ``s3.check`` needs none of it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .audit.judging import Audit
    from .hardening.plan import Applied, Change, Plan
    from .reencryption.results import Reencryption
    from .reports.page import page_of
    from .reports.sarif import sarif_of
    from .retention.values import Protection, Retention
    from .snapshot.values import Snapshot, Unread
    from .wanted import BucketProfile, DefaultRetention

    reports = {"page_of": page_of, "sarif_of": sarif_of}
    if name in reports:
        return reports[name]
    found = (Applied, Audit, BucketProfile, Change, DefaultRetention, Plan, Protection)
    return {each.__name__: each for each in (*found, Reencryption, Retention, Snapshot, Unread)}[name]
