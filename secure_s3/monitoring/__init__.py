"""What happened: refusals in CloudTrail, access logs, findings of Access Analyzer and Macie.

``s3.monitor`` reads what AWS holds; ``read_logs`` and ``read_trail`` read files that are here, without a
client. See ``docs/monitoring.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .events import Refusal, TrailEvent
    from .filters import Filter
    from .findings import AnalyzerFinding, MacieFinding
    from .reading import read_logs
    from .records import LogRecord
    from .trail import read_trail

__all__ = [
    "AnalyzerFinding",
    "Filter",
    "LogRecord",
    "MacieFinding",
    "Refusal",
    "TrailEvent",
    "read_logs",
    "read_trail",
]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:
    """What this room shows, imported when it is used: a snapshot needs none of it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import events, filters, findings, reading, records, trail

    return next(
        getattr(module, name)
        for module in (filters, records, reading, events, trail, findings)
        if hasattr(module, name)
    )
