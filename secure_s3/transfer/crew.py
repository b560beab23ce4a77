"""The workers of a batch: each takes the next file when it is free, and all stop when they are told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

from .plan import Job
from .progress import Progress
from .receipts import Receipt
from .results import FileResult, Status
from .tracking import Stopped
from .workers import outlast

_Value = TypeVar("_Value")
_TICK_SECONDS = 0.5
"""Windows does not let Ctrl-C into a wait without an end."""


class Watch:
    """A transfer's callback: tells of its bytes, and stops it when the batch is given up."""

    def __init__(self, crew: Crew, job: Job) -> None:
        self._crew = crew
        self._job = job
        self._seen = 0

    def __call__(self, count: int) -> None:
        """*count* more bytes went through; Stopped if the rest shall not."""
        self._seen += count
        self._crew.advanced(self._job, count)
        # What is complete already may as well be finished: taking it back would cost more.
        if self._job.size is None or self._seen < self._job.size:
            self.check()

    def check(self) -> None:
        """Raise Stopped if the batch is being given up."""
        if self._crew.stopped:
            raise Stopped("the batch is being given up")


class Crew:
    """Runs *work* over *jobs*; ``results`` has one entry for each at any time.

    Args:
        work: Does one job and says what became of it; it may raise.
        jobs: In the order of the results.
        bucket: Where the objects are.
        progress: Told what happens, one call at a time.
    """

    def __init__(
        self,
        work: Callable[[Job, Watch], tuple[Status, Receipt | None]],
        jobs: list[Job],
        bucket: str,
        progress: Progress,
    ) -> None:
        self._work = work
        self._jobs = jobs
        self._progress = progress
        self._lock = threading.Lock()
        self._next: Iterator[int] = iter(range(len(jobs)))
        self._failure: BaseException | None = None
        self.stopped = False
        self.results = [FileResult(job.path, bucket, job.key, "not_started") for job in jobs]

    def run(self, workers: int) -> None:
        """Do all jobs. What interrupts them is raised when every worker has stopped.

        Raises:
            BaseException: Ctrl-C, or what the progress raised.
        """
        try:
            self._tell(self._progress.started, len(self._jobs), sum(job.size or 0 for job in self._jobs))
            if not self.stopped and self._jobs:
                self._employ(min(workers, len(self._jobs)))
        finally:
            self.stopped = True
            self._tell(self._progress.closed)
        if self._failure is not None:
            raise self._failure

    def advanced(self, job: Job, count: int) -> None:
        """*count* more bytes of a job went through."""
        self._tell(self._progress.advanced, job.path, count)

    def _employ(self, workers: int) -> None:
        pool = ThreadPoolExecutor(workers, thread_name_prefix="secure-s3-batch")
        futures: list[Future[None]] = []
        try:
            for _ in range(workers):
                futures.append(pool.submit(self._labour))
            while wait(futures, timeout=_TICK_SECONDS).not_done:
                pass
            for future in futures:
                future.result()
        except BaseException:
            self.stopped = True
            outlast(futures)
            raise
        finally:
            pool.shutdown(wait=True)

    def _labour(self) -> None:
        while not self.stopped:
            with self._lock:
                index = next(self._next, None)
            if index is None:
                return
            settled = self._settle(self._jobs[index], self.results[index])
            self.results[index] = settled
            if settled.status != "not_started":
                self._tell(self._progress.finished, settled)

    def _settle(self, job: Job, before: FileResult) -> FileResult:
        status: Status
        receipt, error = None, job.error
        if error is None:
            try:
                status, receipt = self._work(job, Watch(self, job))
            except Stopped:
                return before
            except Exception as problem:  # noqa: BLE001 - it is in the result, and the others go
                status, error = "failed", problem
        else:
            status = "failed"
        return FileResult(before.path, before.bucket, before.key, status, receipt, error)

    def _tell(self, method: Callable[..., None], *arguments: object) -> None:
        """One call of the progress at a time; what it raises ends the batch."""
        with self._lock:
            try:
                if self._failure is None or method == self._progress.closed:
                    method(*arguments)
            except BaseException as error:  # noqa: BLE001 - raised in the caller's thread
                self._failure = self._failure or error
                self.stopped = True
