"""Something that is read in several steps, beside everything else."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")


def aside(read: Callable[..., T], *arguments: Any) -> Future[T]:
    """What *read* returns, from a thread of its own: each step begins as soon as the one before is answered.

    The thread is a daemon: a service that never answers must not keep the process from ending.
    """
    context, future = copy_context(), Future[T]()

    def work() -> None:
        try:
            future.set_result(context.run(read, *arguments))
        except BaseException as error:  # noqa: BLE001 - whoever waits gets it
            future.set_exception(error)

    Thread(target=work, name="secure-s3-reading", daemon=True).start()
    return future
