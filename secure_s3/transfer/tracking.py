"""Progress of one transfer across its threads, and the way to stop it."""

from __future__ import annotations

import threading

from ..errors import ConfigurationError, TransferError
from .settings import Callback


class Stopped(TransferError):
    """Raised in the threads of a transfer that is being given up; it never reaches the caller."""


class Tracker:
    """Counts bytes for the caller's callback and carries the order to stop into every thread.

    An exception in the callback stops the transfer and is what the caller gets.
    """

    def __init__(self, callback: Callback | None = None) -> None:
        if callback is not None and not callable(callback):
            raise ConfigurationError(f"Callback is a {type(callback).__name__}, not a function")
        self._callback = callback
        self._lock = threading.Lock()
        self._stopped = False
        self.failure: BaseException | None = None

    def advance(self, count: int) -> None:
        """Tell the callback about *count* more bytes; Stopped if it raised."""
        if self._callback is None or not count:
            return
        try:
            with self._lock:
                self._callback(count)
        except BaseException as error:
            self.failure = self.failure or error
            self.stop()
            raise Stopped("the progress callback raised") from error

    def stop(self) -> None:
        """Let every thread end at its next read or write."""
        self._stopped = True

    def check(self) -> None:
        """Raise Stopped if the transfer is being given up."""
        if self._stopped:
            raise Stopped("the transfer is being given up")
