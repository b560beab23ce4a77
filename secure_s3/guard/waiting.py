"""Retries of what botocore does not retry: a body that breaks off while it is read.

botocore itself retries requests (standard mode, the profile's number of attempts); nothing here multiplies
that, and a refusal is never repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

_Result = TypeVar("_Result")

_pauses = True


def set_testing(testing: bool) -> None:
    """With True, nothing sleeps between attempts."""
    global _pauses
    _pauses = not testing


def attempt(
    action: Callable[[], _Result], *, on: tuple[type[BaseException], ...], attempts: int = 5
) -> _Result:
    """The result of *action*, called again with growing, jittered pauses while it raises one of *on*.

    The last exception is raised as it is.
    """
    try:
        return action()
    except on:
        if attempts <= 1:
            raise
    import tenacity  # costs more to import than most programs ever wait

    waiting = tenacity.wait_random_exponential(multiplier=0.2, max=5) if _pauses else tenacity.wait_none()
    again = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(on),
        stop=tenacity.stop_after_attempt(attempts - 1),
        wait=waiting,
        reraise=True,
    )
    return again(action)
