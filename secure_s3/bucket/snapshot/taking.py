"""The bucket is read: every question at once, within bounds.

1. The settings of the bucket, and everything about its account and region, are asked for at the same time,
   in the client's region, and of the account that is likely to be its own.
2. What depends on an answer is asked for as soon as that is there: the default key, the target of access
   logs, details of access points and trails.
3. If the bucket turns out to be in another region, what is of a region is asked for there once more.
4. What belongs to another account than the bucket's is taken out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from dataclasses import fields
from datetime import datetime, timezone
from typing import Any, TypeVar

from ...errors import NotFound
from ...guard.client import guard_of, negotiated
from ...guard.requests import check_bucket
from ..asking import Answer, Asking
from .account import Account, Caller, read_account
from .alarms import read_alarms
from .aside import aside
from .identities import read_identities
from .keys import default_key, read_keys
from .naming import require_general_purpose
from .questions import FAILURES, Fields, ask_all, or_unread, unread
from .settings import log_target, of_bucket
from .surroundings import read_endpoints, read_recorders
from .trails import read_trails
from .values import Known, Snapshot, Unread

SECONDS = 20.0
"""After so long nothing more is waited for."""
CALLS = 300
"""So many calls are made at most: about 40 for a plain bucket, and the details of what it has."""
THREADS = 32
"""So many are under way at most, and no more than the client keeps connections."""
_GRACE = 2.0
_LATE = Unread("there was no answer in time")
_LATE_ACCOUNT = Account(_LATE, _LATE, _LATE, _LATE, {})
_MIXED = Unread("the connections so far do not tell one")
_MISSING = "NoSuchBucket"
_CHAINED = ("encryption", "logging", "region")
_FURTHER = frozenset({"analyzers", "analyzer_findings", "macie", "macie_findings"})
_GIVEN = ("bucket", "taken_at", "partition", "keys", "wanted_log_target", "caller_tls")

T = TypeVar("T")
Further = Callable[..., Any]
"""``read(ask, bucket, region, account, partition)``, of another room."""


def take(
    client: Any,
    session: Any,
    bucket: str,
    *,
    keys: Iterable[str] = (),
    identities: bool = True,
    further: Mapping[str, Further] | None = None,
    seconds: float = SECONDS,
) -> Snapshot:
    """Everything that decides the security of a bucket; nothing is changed, and no object is read.

    What could not be read is ``Unread``, with the permission that it takes: that everything is refused, or
    that a service does not answer, is no error.

    Args:
        client: The hardened S3 client, which asks S3.
        session: The hardened session, for clients of other services.
        bucket: The name of a general purpose bucket.
        keys: ARNs of further KMS keys that matter.
        identities: Whether users and roles of the account are read, which may take long.
        further: Fields that others read, each by ``read(ask, bucket, region, account, partition)`` where
            ``ask(service, method, region, **arguments)`` is one call. What it raises is ``Unread``.
        seconds: After which nothing more is waited for.

    Raises:
        NotFound: There is no such bucket.
        ConfigurationError: It is no general purpose bucket.
    """
    check_bucket(bucket, "bucket")
    require_general_purpose(bucket)
    bounds: dict[str, Any] = {"seconds": seconds, "calls": CALLS, "threads": _threads(client)}
    with Asking(session, client, keep=True, **bounds) as asking:
        return _Taking(asking, client, bucket, seconds).snapshot(tuple(keys), identities, further or {})


def _threads(client: Any) -> int:
    return min(THREADS, getattr(client.meta.config, "max_pool_connections", None) or THREADS)


class _Taking:
    """One bucket that is being read."""

    def __init__(self, asking: Asking, client: Any, bucket: str, seconds: float) -> None:
        self._asking, self._bucket = asking, bucket
        self._client = client
        self._guess, self._partition = client.meta.region_name, getattr(client.meta, "partition", "aws")
        guard = guard_of(client)
        self._expected = guard.profile.expected_bucket_owner if guard else None
        self._until = time.monotonic() + seconds + _GRACE
        self._questions = of_bucket(bucket)

    def snapshot(self, keys: tuple[str, ...], identities: bool, further: Mapping[str, Further]) -> Snapshot:
        """The answers, once they are there."""
        begun = datetime.now(timezone.utc).isoformat(timespec="seconds")
        seen = self._questions["region"].start(self._asking)
        who = Caller(self._asking, self._expected, keys)
        # Making a client takes longer than a call does, and they are made one after the other: first those
        # whose answers are asked about further.
        account = self._account(who, self._guess)
        aside(self._asking.ready, "s3control", self._guess)
        simple = [each for name, each in self._questions.items() if name not in _CHAINED]
        parts = [aside(self._logging), aside(ask_all, self._asking, simple)]
        of_region = self._of_region(self._guess, keys, who, further)
        if identities:
            parts.append(aside(read_identities, self._asking))
        region, there = self._where(seen)
        if not isinstance(region, Unread) and region != self._guess:
            account = self._account(who, region)
            of_region = self._of_region(region, keys, who, further)
        found: Fields = {"region": region}
        cut: list[str] = []
        for told in [self._wait(each, {}) for each in (*parts, *of_region)]:
            cut += told.pop("cut", ())
            found |= told
        unasked = {*_FURTHER.difference(further), *(() if identities else ("identities",))}
        return self._made(begun, found, cut, self._wait(account, _LATE_ACCOUNT), there, unasked)

    def _account(self, who: Caller, region: str | None) -> Future[Account]:
        return aside(read_account, self._asking, who, self._bucket, region, self._partition)

    def _logging(self) -> Fields:
        told = ask_all(self._asking, [self._questions["logging"]])
        target = or_unread("s3:GetBucketLogging", lambda: log_target(self._asking, told["logging"]))
        return {**told, "log_target": target}

    def _encryption(self, region: str | None, keys: tuple[str, ...]) -> Fields:
        named = aside(read_keys, self._asking, keys, region)
        told = ask_all(self._asking, [self._questions["encryption"]])
        default = [each for each in default_key(told["encryption"]) if each not in keys]
        return {**told, "keys": read_keys(self._asking, default, region) | named.result()}

    def _of_region(
        self, region: str | None, keys: tuple[str, ...], who: Caller, further: Mapping[str, Further]
    ) -> list[Future[Fields]]:
        """What depends on where the bucket is."""
        return [
            aside(self._encryption, region, keys),
            aside(read_trails, self._asking, region),
            aside(read_alarms, self._asking, region),
            *(aside(self._other, name, read, region, who) for name, read in further.items()),
            aside(read_recorders, self._asking, region),
            aside(read_endpoints, self._asking, region),
        ]

    def _other(self, name: str, read: Further, region: str | None, who: Caller) -> Fields:
        def told(account: str) -> Any:
            try:
                return read(self._asking.ask, self._bucket, region, account, self._partition)
            except Exception as error:  # noqa: BLE001 - the reader is another's
                return unread(error, "")

        account, found = who.of_account(told)
        return {name: account if isinstance(account, Unread) else found}

    def _where(self, seen: Answer | Unread) -> tuple[Known[str], bool]:
        """The bucket's region, and whether the caller may see the bucket."""
        region = self._questions["region"].told(seen)["region"]
        try:
            if not isinstance(seen, Unread):
                seen.get()
                return region, True
        except NotFound as error:
            raise _no_such_bucket(self._bucket) from error
        except FAILURES:
            pass  # the region says why
        return region, False

    def _wait(self, future: Future[T], otherwise: T) -> T:
        try:
            return future.result(timeout=max(0.0, self._until - time.monotonic()))
        except TooLate:
            return otherwise

    def _made(
        self, begun: str, found: Fields, cut: Iterable[str], account: Account, there: bool, unasked: set[str]
    ) -> Snapshot:
        if any(isinstance(each, Unread) and each.code == _MISSING for each in found.values()):
            raise _no_such_bucket(self._bucket)
        told = account.settled(found, there)
        told["cut"] = tuple(dict.fromkeys([*cut, *told.get("cut", ())]))
        names = {each.name for each in fields(Snapshot)} - {*_GIVEN, *unasked}
        values = {name: told.get(name, _LATE) for name in names}
        return Snapshot(
            bucket=self._bucket,
            taken_at=begun,
            partition=self._partition,
            caller_tls=negotiated(self._client) or _MIXED,
            keys=told.get("keys", {}),
            **values,
        )


def _no_such_bucket(bucket: str) -> NotFound:
    return NotFound(
        f"there is no bucket {bucket}",
        why="S3 knows none of that name in this partition",
        fix="check its spelling, and whether the client speaks to the right endpoint",
        bucket=bucket,
        code=_MISSING,
        status=404,
    )
