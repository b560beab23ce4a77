"""What happened around buckets: ``s3.monitor``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from ..denials.events import Event
from ..errors import ConfigurationError
from ..guard.faults import typed
from ..guard.readers import reader
from . import delivered, found
from .filters import Filter, known
from .findings import AnalyzerFinding, MacieFinding
from .reading import Reading
from .trail import Refusals, TrailReading, looked_up

_PAGES = 1000


class Monitor:
    """Looks for what happened; nothing is changed, and nothing asked before something is taken from it.

    Logs come into being where logging is on: ``s3.bucket(name).harden(log_bucket=…)`` turns access logging
    on with the policy that its delivery takes.
    """

    def __init__(self, client: Any, session: Any, explain: Callable[..., Any]) -> None:
        self._client, self._session, self._explain = client, session, explain

    def __repr__(self) -> str:
        return "Monitor()"

    def access_logs(
        self,
        log_bucket: str | None = None,
        prefix: str = "",
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        partitioned: bool | None = None,
        account: str | None = None,
        region: str | None = None,
        source_bucket: str | None = None,
        where: Filter | None = None,
    ) -> Reading:
        """The records of the server access logs in a bucket: lazily, log after log, with flat memory.

        Only logs of the time are listed and read; a day is added at the end, since delivery takes hours.

        Args:
            log_bucket, prefix: Where logs are delivered. Without, the logging of *source_bucket* is asked.
            since, until: Times with a zone; they count together with those of *where*.
            partitioned: Whether the keys have dates as folders; looked up if left out.
            account, region, source_bucket: Of partitioned keys; every one if left out.
            where: What a record must be.

        Raises:
            ConfigurationError: Nothing says where the logs are, or *where* asks for what they do not tell.
            NotFound, AccessDenied: While it is read.
        """
        if log_bucket is None:
            log_bucket, prefix, partitioned = self._target(source_bucket)
        client, wanted = delivered.reading_client(self._client), _with_times(where, since, until)
        objects = self._objects(
            client, log_bucket, prefix, partitioned, (account, region, source_bucket), wanted
        )
        return Reading(delivered.sources(client, log_bucket, objects), wanted)

    def trail_logs(
        self,
        log_bucket: str,
        prefix: str = "",
        *,
        account: str | None = None,
        region: str | None = None,
        organization: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        where: Filter | None = None,
    ) -> TrailReading:
        """The events in the bucket of a trail: data events too, if the trail records them.

        ``reading.refusals()`` are those that were refused, each with ``explain()``.

        Args:
            log_bucket, prefix: Of the trail, the prefix without ``AWSLogs/``.
            account, region: Whose events; every one's if left out.
            organization: The id (``o-…``), for a trail of an organisation.
            since, until, where: As of ``access_logs``.
        """
        wanted = _with_times(where, since, until)
        base = f"{prefix}/AWSLogs/" if prefix and not prefix.endswith("/") else f"{prefix}AWSLogs/"
        base += f"{organization}/" if organization else ""
        parts = (account, "CloudTrail", region)
        client = delivered.reading_client(self._client)
        objects = delivered.dated(client, log_bucket, base, parts, wanted.since, wanted.until)
        return TrailReading(delivered.sources(client, log_bucket, objects), wanted, self._explain)

    def denials(
        self,
        bucket: str | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        region: str | None = None,
        service: str = "s3",
        where: Filter | None = None,
    ) -> Refusals:
        """Management calls that were refused in the last 90 days, newest first; each can ``explain()``.

        It asks CloudTrail's event history, page by page as they are taken, two pages a second at best, and
        finds what was recorded more than about five minutes ago. Requests for objects are data events, which
        the history does not have: they are in ``trail_logs`` and ``access_logs``.

        Args:
            bucket: Only calls that name it; else all of the service.
            since, until: Times with a zone.
            region: Where the calls were made; the client's if left out.
            service: ``s3``, or ``kms`` for keys; with *bucket* it does not count.
            where: What a call must be besides.

        Raises:
            AccessDenied: The caller lacks ``cloudtrail:LookupEvents``.
        """
        wanted = _with_times(where, since, until)
        attribute = ("ResourceName", bucket) if bucket else ("EventSource", f"{service}.amazonaws.com")
        return Refusals(self._events(attribute, wanted, region), wanted, self._explain)

    def analyzer_findings(self, bucket: str, *, region: str | None = None) -> Iterator[AnalyzerFinding]:
        """What Access Analyzer found on a bucket and is neither archived nor resolved.

        Nothing is found where no analyzer for access from outside is active: ``audit()`` tells.
        """
        for each in self._found(found.analyzer_findings, bucket, region):
            yield AnalyzerFinding.of(each)

    def macie_findings(self, bucket: str, *, region: str | None = None) -> Iterator[MacieFinding]:
        """What Macie found in a bucket and is not archived; nothing where it is not enabled."""
        for each in self._found(found.macie_findings, bucket, region):
            yield MacieFinding.of(each)

    # -- inside ----------------------------------------------------------------------------------------

    def _found(self, read: Callable[..., Any], bucket: str, region: str | None) -> Any:
        with _Asking(self._session, self._client) as asking:
            where = region or self._client.meta.region_name
            return read(asking.ask, bucket, where, "", self._client.meta.partition, pages=_PAGES)

    def _events(self, attribute: tuple[str, str], wanted: Filter, region: str | None) -> Iterator[Event]:
        with _Asking(self._session, self._client) as asking:
            yield from looked_up(asking.ask, region, attribute, wanted.since, wanted.until)

    def _objects(
        self,
        client: Any,
        bucket: str,
        prefix: str,
        partitioned: bool | None,
        parts: tuple[str | None, ...],
        wanted: Filter,
    ) -> Iterator[delivered.Found]:
        if partitioned is None:
            partitioned = delivered.is_partitioned(client, bucket, prefix)
        if partitioned:
            yield from delivered.dated(client, bucket, prefix, parts, wanted.since, wanted.until)
        else:
            yield from delivered.plain(client, bucket, prefix, wanted.since, wanted.until)

    def _target(self, source_bucket: str | None) -> tuple[str, str, bool]:
        if source_bucket is None:
            raise ConfigurationError(
                "nothing says where the logs are", fix="pass log_bucket= and prefix=, or source_bucket="
            )
        with typed("GetBucketLogging", source_bucket):
            told = self._client.get_bucket_logging(Bucket=source_bucket).get("LoggingEnabled")
        if not told:
            raise ConfigurationError(
                f"access logging of {source_bucket} is off",
                why="nothing is delivered",
                fix="turn it on: s3.bucket(name).harden(log_bucket=…)",
            )
        partitioned = "PartitionedPrefix" in (told.get("TargetObjectKeyFormat") or {})
        return told["TargetBucket"], told.get("TargetPrefix", ""), partitioned


class _Asking:
    """Clients of other services beside the S3 client, closed at the end."""

    def __init__(self, session: Any, s3: Any) -> None:
        self._session, self._s3 = session, s3
        self._clients: dict[tuple[str, str | None], Any] = {}

    def __enter__(self) -> _Asking:
        return self

    def __exit__(self, *exception: object) -> None:
        for client in self._clients.values():
            client.close()

    def ask(self, service: str, method: str, region: str | None = None, **arguments: Any) -> Any:
        """The answer to one call."""
        with typed(f"{service}:{method}", service=service):
            if (service, region) not in self._clients:
                self._clients[service, region] = reader(self._session, self._s3, service, region)
            return getattr(self._clients[service, region], method)(**arguments)


def _with_times(where: Filter | None, since: datetime | None, until: datetime | None) -> Filter:
    given = known(where)
    first = max((each for each in (given.since, since) if each is not None), default=None)
    last = min((each for each in (given.until, until) if each is not None), default=None)
    return replace(given, since=first, until=last)
