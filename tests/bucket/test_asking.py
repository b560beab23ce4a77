"""Many answers are waited for under one deadline."""

from __future__ import annotations

from concurrent.futures import TimeoutError as TooLate
from typing import Any

import pytest

from secure_s3.bucket.asking import Answer
from secure_s3.errors import TransportError


class Silent:
    """A future that never comes, and takes the time that it is waited for."""

    def __init__(self, clock: list[float]) -> None:
        self.clock = clock

    def result(self, timeout: float) -> Any:
        self.clock[0] += timeout
        raise TooLate

    def done(self) -> bool:
        return False


def test_many_silent_calls_wait_for_one_deadline() -> None:
    """Seven calls that are never answered take no longer together than one of them would."""
    clock = [0.0]
    answers = [Answer("s3", Silent(clock), lambda: 20 - clock[0]) for _ in range(7)]  # type: ignore[arg-type]
    for answer in answers:
        with pytest.raises(TransportError, match="not answered"):
            answer.get()
    assert clock == [20.0]
