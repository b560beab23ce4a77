"""Questions to services: several at a time, within one number of calls and one time.

Each is one call, made on a thread of its own, so that a service that does not answer costs the time that is
left and no more; what comes too late is thrown away.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as _TooLate
from contextlib import suppress
from contextvars import copy_context
from queue import Empty, SimpleQueue
from threading import Lock, Semaphore, Thread
from typing import Any

from ..errors import AccessDenied, CredentialsRefused, PolicyError, SecureS3Error, TransportError
from ..guard.faults import typed
from ..guard.readers import Readers, reader, readers_beside
from .gaps import Gap

CALLS = 40
SECONDS = 20.0
THREADS = 6
_WORDS = 300
# The rest is what an answer raises that is not as the API describes it.
FAULTS = (SecureS3Error, LookupError, TypeError, AttributeError, ValueError, ArithmeticError)

_Task = tuple[Callable[[], Any], "Future[Any]"]


class Answer:
    """An answer that is on its way, and is waited for until the deadline of everything that is asked."""

    __slots__ = ("_future", "_left", "_what")

    def __init__(self, what: str, future: Future[Any], left: Callable[[], float]) -> None:
        self._what, self._future, self._left = what, future, left

    def get(self) -> Any:
        """The answer, once it is there.

        Raises:
            SecureS3Error: It was refused, or did not come in time.
        """
        try:
            return self._future.result(timeout=max(0.0, self._left()))
        except CancelledError:
            pass  # nobody waits any more
        except _TooLate:
            if self._future.done():  # a time-out of the call itself
                raise
        raise TransportError(f"{self._what} was not answered", why="there was no answer in time")


class Asking:
    """What can be asked beside one S3 client; ``gaps`` says what was not told.

    Any thread may ask; the calls themselves run on threads of their own.

    Args:
        session: A hardened session, for clients of other services.
        s3: The hardened S3 client.
        clock: Seconds that only rise.
        seconds: After which nothing more is waited for.
        calls: How many may be made.
        threads: How many calls may be under way.
        keep: Clients of other services stay, for the next who asks beside the same S3 client.
    """

    def __init__(
        self,
        session: Any,
        s3: Any,
        clock: Callable[[], float] = time.monotonic,
        seconds: float = SECONDS,
        calls: int = CALLS,
        threads: int = THREADS,
        keep: bool = False,
    ) -> None:
        self._session, self._s3, self._clock, self._seconds = session, s3, clock, seconds
        self._calls, self._most, self._until = 0, calls, clock() + seconds
        self._parallel = threads
        self._readers, self._keep = readers_beside(s3) if keep else Readers(), keep
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._threads, self._idle = 0, Semaphore(0)
        self._lock = Lock()
        self.gaps: list[Gap] = []

    def __enter__(self) -> Asking:
        return self

    def __exit__(self, *exception: object) -> None:
        with self._lock:
            self._most = 0  # whoever has not heard of the end is refused
            with suppress(Empty):
                while task := self._tasks.get_nowait():
                    task[1].cancel()
            for _ in range(self._threads):
                self._tasks.put(None)
        if not self._keep:
            self._readers.close()

    def ask(self, service: str, method: str, region: str | None = None, **arguments: Any) -> Any:
        """The answer to one call.

        Raises:
            SecureS3Error: It was refused, it did not come in time, or there were too many.
        """
        return self.start(service, method, region, **arguments).get()

    def start(self, service: str, method: str, region: str | None = None, **arguments: Any) -> Answer:
        """The same without waiting; ``s3`` is asked through the client itself.

        Raises:
            SecureS3Error: There were too many calls, or the service cannot be asked.
        """
        what = method if service == "s3" else f"{service}:{method}"
        with typed(what):
            call = getattr(self._s3 if service == "s3" else self._client(service, region), method)
        return self.call(what, call, service, **arguments)

    def call(self, what: str, call: Callable[..., Any], service: str = "s3", **arguments: Any) -> Answer:
        """Any other call within the same bounds; *what* is its name in errors.

        Raises:
            SecureS3Error: There were too many calls.
        """
        self._count()
        context, future = copy_context(), Future[Any]()

        def work() -> Any:
            with typed(what, arguments.get("Bucket"), arguments.get("Key"), service):
                return call(**arguments)

        with self._lock:
            if not self._most:  # it has ended meanwhile
                future.cancel()
                return Answer(what, future, self._left)
            self._tasks.put((lambda: context.run(work), future))
            if not self._idle.acquire(blocking=False) and self._threads < self._parallel:
                self._threads += 1
                # A daemon: a service that never answers must not keep the process from ending.
                given = (self._tasks, self._idle)
                Thread(target=_work, args=given, name="secure-s3-asking", daemon=True).start()
        return Answer(what, future, self._left)

    def ready(self, service: str, region: str | None = None) -> None:
        """Make the client of a service now that will be asked later; if it cannot be made, asking says so."""
        with suppress(*FAULTS):
            self._client(service, region)

    def gap(self, what: str, error: Exception, argument: str = "") -> None:
        """Note that *what* could not be read because of *error*."""
        self.note(what, reason(error), argument)

    def note(self, what: str, why: str, argument: str = "") -> None:
        """Note that *what* is not known."""
        self.gaps.append(Gap(what, why, argument))

    def _client(self, service: str, region: str | None) -> Any:
        region = region or self._s3.meta.region_name
        return self._readers.get(service, region, lambda: reader(self._session, self._s3, service, region))

    def _left(self) -> float:
        """The seconds that are left."""
        return self._until - self._clock()

    def _count(self) -> None:
        with self._lock:
            self._calls += 1
        if self._calls > self._most or self._left() < 0:
            raise PolicyError(
                "there is too much to read",
                why=f"up to {self._most} calls are made, in up to {self._seconds:.0f} s",
                fix="give the policies as arguments",
            )


def reason(error: Exception) -> str:
    """Why something could not be read, in a line: of *error*, one of FAULTS."""
    if isinstance(error, AccessDenied) and not isinstance(error, CredentialsRefused):
        return "access denied"
    if isinstance(error, SecureS3Error):
        return " ".join(str(error.why or error.what)[:_WORDS].split())
    return f"the answer is not as the API describes it ({type(error).__name__})"


def caller_account(client: Any, session: Any) -> str:
    """The account of whoever signs.

    Raises:
        SecureS3Error: STS refused, or did not answer in time.
    """
    with Asking(session, client) as asking:
        return str(asking.ask("sts", "get_caller_identity")["Account"])


def _work(tasks: SimpleQueue[_Task | None], idle: Semaphore) -> None:
    while (task := tasks.get()) is not None:
        call, future = task
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - whoever asked gets it
            future.set_exception(error)
        del task, call, future
        idle.release()
