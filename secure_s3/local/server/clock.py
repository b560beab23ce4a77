"""The endpoint's clock, which tests may set ahead or back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

__all__ = ["Clock"]


def _this_machines() -> datetime:
    return datetime.now(timezone.utc)


class Clock:
    """What signatures, policies and session tokens are held against, and what the Date header says.

    Args:
        tell: Tells the time, with a time zone; this machine's clock if not given.
    """

    def __init__(self, tell: Callable[[], datetime] = _this_machines) -> None:
        self._tell, self._offset = tell, timedelta()

    def now(self) -> datetime:
        """The time of the endpoint."""
        return self._tell() + self._offset

    def set_offset(self, seconds: float) -> None:
        """Stand so many seconds ahead of the clock underneath, or behind it if negative."""
        self._offset = timedelta(seconds=seconds)
