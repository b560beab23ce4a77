"""What signs the URLs of one kind: ours where it gives what botocore gives, else botocore itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .. import limits
from ..encryption import Strategy
from ..encryption.strategy import NOTHING
from ..errors import ConfigurationError
from ..guard import guard_of, with_strategy
from ..guard.client import Guard
from ..guard.credentials import current
from ..guard.faults import typed
from ..guard.presigning import METHODS, POST, check_content, check_key, demands, expiry
from ..guard.probing import Address
from ..guard.requests import apply_strategy, check_bucket, check_wire
from ..sigv4 import Credentials, SigningKey, UrlSigner, encode_path, timestamp
from .options import Given, read
from .results import PresignedUrl, SecretFields

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_LAST = datetime(9000, 1, 1, tzinfo=timezone.utc)  # far from where arithmetic with dates ends
_MOST = 256


@dataclass(frozen=True, slots=True)
class Moment:
    """When something is signed, with what, and for how long."""

    second: int
    stamp: str
    """As SigV4 writes it."""
    seconds: int
    credentials: Credentials

    @property
    def signed_at(self) -> datetime:
        """In UTC, whole seconds."""
        return _EPOCH + timedelta(seconds=self.second)

    @property
    def expires_at(self) -> datetime:
        """In UTC, whole seconds."""
        return _EPOCH + timedelta(seconds=self.second + self.seconds)


@dataclass(frozen=True, slots=True)
class Ground:
    """What all calls of one operation on one bucket under one strategy share, looked at by the guard."""

    address: Address
    headers: Mapping[str, str] = field(repr=False)
    query: tuple[tuple[str, str], ...]


class Lane:
    """Makes the URLs of one call, second and credential."""

    __slots__ = ("_headers", "_method", "_sign", "_until", "address", "credentials", "second")

    def __init__(
        self,
        operation: str,
        moment: Moment,
        address: Address,
        headers: SecretFields,
        sign: Callable[[str], str],
        until: datetime | None,
    ) -> None:
        self._method = METHODS[operation][0]
        self._headers, self._sign, self._until = headers, sign, until
        self.address, self.second, self.credentials = address, moment.second, moment.credentials

    def fits(self, second: int, found: Credentials) -> bool:
        """Whether it is still that second, and the credentials are still those."""
        return self.second == second and self.credentials == found

    def url(self, key: str) -> PresignedUrl:
        """The presigned URL of *key*."""
        check_key(key, "key")
        text = self._sign(key)
        return PresignedUrl(text, self._method, SecretFields(self._headers), self._until or _end_of(text))


class Lanes:
    """The lanes of one hardened client; those of the current second are kept."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._keys: dict[tuple[Credentials, str, str, str], SigningKey] = {}
        self._grounds: dict[tuple[str, str, Strategy | None], Ground] = {}
        self._recent: dict[Any, Lane] = {}
        self._stamp = (-1, "")

    def face(self, encryption: Strategy | None) -> tuple[Any, Guard]:
        """The client that works under *encryption*, and its guard."""
        client = self._client if encryption is None else with_strategy(self._client, encryption)
        guard = guard_of(client)
        assert guard is not None
        return client, guard

    def moment(self, client: Any, guard: Guard, expires_in: Any, at: datetime | None) -> Moment:
        """Now by S3's clock, or *at*, with a life that profile and credentials allow.

        Raises:
            ConfigurationError: no credentials, no life, or *at* is no moment.
        """
        return self._moment(guard, expires_in, at, *current(client))

    def address(self, client: Any, guard: Guard, bucket: str, kind: str = POST) -> Address:
        """Where URLs of that kind lead."""
        check_bucket(bucket, "bucket")
        with typed("presign", bucket):
            return guard.addresses.of(client, bucket, kind, guard.strategy, guard.profile)

    def key(self, moment: Moment, address: Address) -> SigningKey:
        """The signing key of the day, derived once."""
        wanted = (moment.credentials, moment.stamp[:8], address.region, address.service)
        found = self._keys.get(wanted)
        if found is None:
            if len(self._keys) >= _MOST:
                self._keys.clear()  # yesterday's, and those of credentials that were replaced
            found = self._keys[wanted] = SigningKey(moment.credentials.secret_key, *wanted[1:])
        return found

    def lane(
        self,
        operation: str,
        bucket: str,
        expires_in: Any,
        encryption: Strategy | None,
        at: datetime | None,
        options: Mapping[str, Any],
        extra: Mapping[str, Any] = NOTHING,
    ) -> Lane:
        """What signs URLs of that kind: all that is asked for but the key.

        Args:
            extra: boto3 parameters that are no options: upload id and part number.

        Raises:
            ConfigurationError: an argument, the strategy or the credentials are no use.
        """
        client, guard = self.face(encryption)
        found, ends = current(client)
        asked: Any = None
        if at is None:
            try:
                asked = (operation, bucket, expires_in, expires_in.__class__, guard.strategy)
                asked = (*asked, *options.items(), *extra.items())
                kept = self._recent.get(asked)
            except TypeError:  # an option that is no plain value, e.g. a dictionary of metadata
                asked = kept = None
            if (
                kept is not None
                and kept.fits(int(guard.clock.now()), found)
                and guard.addresses.current(bucket, operation, kept.address)
            ):
                return kept
        moment = self._moment(guard, expires_in, at, found, ends)
        made = self._made(operation, bucket, moment, client, guard, options, extra, at)
        if asked is not None:
            if len(self._recent) >= _MOST:
                self._recent.clear()
            self._recent[asked] = made
        return made

    def _moment(
        self, guard: Guard, expires_in: Any, at: datetime | None, found: Credentials, ends: datetime | None
    ) -> Moment:
        if at is None:
            now = guard.clock.now()
        elif isinstance(at, datetime) and at.utcoffset() is not None and _EPOCH <= at <= _LAST:
            now = at.timestamp()
        else:
            raise ConfigurationError(
                f"at={at!r} is no datetime with a time zone, from 1970 to 8999",
                fix="e.g. datetime.now(timezone.utc)",
            )
        left = None if ends is None else ends.timestamp() - now
        seconds = expiry(expires_in, guard.profile, left=left, argument="expires_in")
        return Moment(int(now), self._stamped(int(now)), seconds, found)

    def _made(
        self,
        operation: str,
        bucket: str,
        moment: Moment,
        client: Any,
        guard: Guard,
        options: Mapping[str, Any],
        extra: Mapping[str, Any],
        at: datetime | None,
    ) -> Lane:
        given = read(operation, options, extra)
        ground = self._ground(operation, bucket, client, guard)
        headers = SecretFields({**given.headers, **ground.headers})
        if not ground.address.direct:
            require_now(at, bucket)
            sign = _by_botocore(client, operation, bucket, given, moment.seconds, headers)
            return Lane(operation, moment, ground.address, headers, sign, None)
        signer = UrlSigner(
            self.key(moment, ground.address),
            moment.credentials,
            method=METHODS[operation][0],
            origin=ground.address.origin,
            prefix=ground.address.prefix,
            signed_at=moment.stamp,
            expires_in=moment.seconds,
            query=(*given.query, *ground.query),
            headers=headers,
        )
        until = moment.expires_at
        return Lane(
            operation, moment, ground.address, headers, lambda key: signer.url("/" + encode_path(key)), until
        )

    def _ground(self, operation: str, bucket: str, client: Any, guard: Guard) -> Ground:
        """The guard's part, once as long as the address stays what it is."""
        check_content(METHODS[operation][1], guard.strategy, client)
        address = self.address(client, guard, bucket, operation)
        kept = self._grounds.get((operation, bucket, guard.strategy))
        if kept is not None and kept.address is address:
            return kept
        apply_strategy({"Bucket": bucket}, operation, guard.strategy, guard.profile)
        headers, query = demands(operation, guard.strategy, guard.profile)
        if address.direct:
            check_wire(address.origin, headers, operation, guard.strategy, guard.allowed_host)
        if len(self._grounds) >= _MOST:
            self._grounds.clear()
        made = self._grounds[operation, bucket, guard.strategy] = Ground(address, headers, tuple(query))
        return made

    def _stamped(self, second: int) -> str:
        known, stamp = self._stamp
        if known != second:
            stamp = timestamp(_EPOCH + timedelta(seconds=second))
            self._stamp = second, stamp
        return stamp


def require_now(at: datetime | None, bucket: str) -> None:
    """What botocore signs is dated by botocore."""
    if at is not None:
        raise ConfigurationError(
            f"at= is of no use for {bucket}",
            why="botocore signs for this bucket (SigV4A, S3 Express, or an event handler), by its own clock",
            fix="leave it out",
        )


def _by_botocore(
    client: Any, operation: str, bucket: str, given: Given, seconds: int, headers: Mapping[str, str]
) -> Callable[[str], str]:
    def sign(key: str) -> str:
        params = {"Bucket": bucket, "Key": key, **given.members}
        with typed("presign", bucket, key):
            url: str = client.generate_presigned_url(METHODS[operation][1], params, seconds)
        _require_known(_query_of(url), headers)
        return url

    return sign


def _query_of(url: str) -> dict[str, str]:
    """The parameters of what botocore signed, whatever the algorithm; each stands in it once."""
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def _require_known(query: Mapping[str, str], headers: Mapping[str, str]) -> None:
    signed = query.get("X-Amz-SignedHeaders", "").split(";")
    unknown = sorted(set(signed) - {name.lower() for name in headers} - {"host", ""})
    if unknown:
        raise ConfigurationError(
            f"an event handler signs headers that presign does not know: {', '.join(unknown)}",
            why="whoever has the URL would have to send them, and could not be told their values",
            fix="use generate_presigned_url, or take the handler away",
        )


def _end_of(url: str) -> datetime:
    query = _query_of(url)
    signed_at = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    seconds = int(query["X-Amz-Expires"])
    if "X-Amz-S3session-Token" in query:
        seconds = min(seconds, limits.EXPRESS_SESSION_SECONDS)
    return signed_at + timedelta(seconds=seconds)
