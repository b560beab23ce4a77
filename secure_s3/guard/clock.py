"""What time it is for S3, learned in passing from the dates of its answers.

A presigned URL lives by S3's clock. Signed on a machine whose clock is wrong, it would be dead at once, or
live longer than asked.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

_TICK = 1.0  # a Date names whole seconds
_WORTH_A_WARNING = 60.0
_log = logging.getLogger("secure_s3.guard")


class ServerClock:
    """This machine's clock, corrected where an answer has shown it to be wrong.

    An answer proves no more than an interval: it was dated between the moment the request was sent and the
    moment the answer was there. The clock is moved only if its time lies outside, and then no further than to
    the edge, so that a slow answer moves nothing.
    """

    __slots__ = ("_local", "offset")

    def __init__(self, local: Callable[[], float] = time.time) -> None:
        self._local = local
        self.offset = 0.0
        """Seconds to add to this machine's clock; 0.0 while nothing is known to be wrong with it."""

    def now(self) -> float:
        """Seconds since 1970."""
        return self._local() + self.offset

    def local(self) -> float:
        """The same, uncorrected."""
        return self._local()

    def learn(self, date: str | None, sent: float) -> None:
        """Compare with the ``Date`` of an answer to a request sent at *sent* by the uncorrected clock."""
        try:
            dated = parsedate_to_datetime(date or "").timestamp()
        except (TypeError, ValueError, IndexError, OverflowError):
            return
        least, most = dated - self._local(), dated + _TICK - sent
        if least <= self.offset <= most or least > most:
            return
        self.offset = 0.0 if least <= 0.0 <= most else (least if least > 0.0 else most)
        if abs(self.offset) >= _WORTH_A_WARNING:
            _log.warning(
                "this machine's clock is %+.0f s off S3's; presigned URLs are corrected", -self.offset
            )
