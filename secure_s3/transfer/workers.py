"""A bounded number of pieces in flight, in order, with a clean end whatever happens."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TypeVar

from .settings import Settings
from .tracking import Stopped, Tracker

_DEAF_TO = 20
"""Presses of Ctrl-C that are not heard while a transfer cleans up."""

_Piece = TypeVar("_Piece")
_Result = TypeVar("_Result")


def in_parallel(
    work: Callable[[_Piece], _Result], pieces: Iterable[_Piece], settings: Settings, tracker: Tracker
) -> list[_Result]:
    """The results of *work* over *pieces*, in their order, ``settings.workers`` at a time.

    The next piece is taken only when there is room for it. The first failure, or Ctrl-C, stops the others;
    when this returns or raises, no thread is working any more.
    """
    if not settings.threads or settings.workers == 1:
        return [work(piece) for piece in pieces]
    futures: list[Future[_Result]] = []
    running: set[Future[_Result]] = set()
    with _pool(settings, tracker, futures) as pool:
        for piece in pieces:
            if len(running) >= settings.workers:
                running = _room(running)
            futures.append(pool.submit(work, piece))
            running.add(futures[-1])
        while running:
            running = _room(running)
        return [future.result() for future in futures]


def in_order(
    work: Callable[[_Piece], _Result], pieces: Iterable[_Piece], settings: Settings, tracker: Tracker
) -> Generator[_Result, None, None]:
    """The same, as a generator that keeps at most ``settings.workers`` results waiting."""
    if not settings.threads or settings.workers == 1:
        yield from map(work, pieces)
        return
    waiting: deque[Future[_Result]] = deque()
    with _pool(settings, tracker, waiting) as pool:
        for piece in pieces:
            if len(waiting) >= settings.workers:
                yield waiting.popleft().result()
            waiting.append(pool.submit(work, piece))
        while waiting:
            yield waiting.popleft().result()


@contextmanager
def _pool(
    settings: Settings, tracker: Tracker, futures: Iterable[Future[_Result]]
) -> Iterator[ThreadPoolExecutor]:
    pool = ThreadPoolExecutor(settings.workers, thread_name_prefix="secure-s3")
    try:
        yield pool
    except BaseException as error:
        tracker.stop()
        pool.shutdown(wait=False, cancel_futures=True)
        outlast(futures)
        if isinstance(error, Stopped):
            _raise_cause(futures)
        raise
    finally:
        pool.shutdown(wait=True)


def outlast(futures: Iterable[Future[_Result]]) -> None:
    """Wait for the futures, not for their threads: Ctrl-C in a join makes Python take a thread for dead."""
    for _ in range(_DEAF_TO):
        try:
            # A future cancelled in the queue is never reported as done.
            wait([future for future in futures if not future.cancelled()])
            return
        except KeyboardInterrupt:
            continue


def _room(running: set[Future[_Result]]) -> set[Future[_Result]]:
    done, left = wait(running, return_when=FIRST_COMPLETED)
    for future in done:
        future.result()
    return left


def _raise_cause(futures: Iterable[Future[_Result]]) -> None:
    """After a failure, raise what caused it rather than what it caused in the other threads."""
    for future in futures:
        if future.cancelled() or not future.done():
            continue
        error = future.exception()
        if error is not None and not isinstance(error, Stopped):
            raise error
