"""What time it is for S3, learned in passing from the dates of its answers.

A presigned URL lives by S3's clock. Signed on a machine whose clock is wrong, it would be dead at once, or
live longer than asked.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import timezone
from email.utils import parsedate_to_datetime

_TICK = 1.0  # a Date names whole seconds
_WORTH_A_WARNING = 60.0
_STEP = 2.0  # what time services do without a jump stays below it
_FIRST_YEAR, _LAST_YEAR = 2006, 9000  # S3's first, and far from where arithmetic with dates ends
_log = logging.getLogger("secure_s3.guard")


class ServerClock:
    """This machine's clock, corrected where an answer has shown it to be wrong.

    An answer proves no more than an interval: it was dated between the moment the request was sent and the
    moment the answer was there. The clock is moved only if its time lies outside, and then no further than to
    the edge, so that a slow answer moves nothing. Once this machine's clock is set, the correction is void.
    """

    __slots__ = ("_local", "_offset", "_set", "_steady")

    def __init__(
        self, local: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic
    ) -> None:
        self._local, self._steady = local, steady
        self._offset = 0.0
        self._set = 0.0  # how far the clock is ahead of the steady one; another figure: it was set since

    @property
    def offset(self) -> float:
        """Seconds to add to this machine's clock; 0.0 while nothing is known to be wrong with it."""
        if self._offset and abs(self._local() - self._steady() - self._set) > _STEP:
            self._offset = 0.0
        return self._offset

    def now(self) -> float:
        """Seconds since 1970."""
        return self._local() + self.offset

    def local(self) -> float:
        """The same, uncorrected."""
        return self._local()

    def learn(self, headers: Mapping[str, str], sent: float) -> None:
        """Compare with the ``Date`` of an answer to a request sent at *sent* by the uncorrected clock."""
        dated = None if "age" in headers else _seconds(headers.get("date"))
        if dated is None:
            return
        least, most = dated - self._local(), dated + _TICK - sent
        if least <= self.offset <= most or least > most:
            return
        self._offset = 0.0 if least <= 0.0 <= most else (least if least > 0.0 else most)
        self._set = self._local() - self._steady()
        if abs(self._offset) >= _WORTH_A_WARNING:
            _log.warning(
                "this machine's clock is %+.0f s off S3's; presigned URLs are corrected", -self._offset
            )


def _seconds(date: str | None) -> float | None:
    try:
        dated = parsedate_to_datetime(date or "")
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    if not _FIRST_YEAR <= dated.year <= _LAST_YEAR:
        return None
    return (dated if dated.tzinfo else dated.replace(tzinfo=timezone.utc)).timestamp()
