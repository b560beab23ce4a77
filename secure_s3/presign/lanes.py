"""What signs the URLs of one kind: ours where it gives what botocore gives, else botocore itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ..encryption import Strategy
from ..errors import ConfigurationError
from ..guard import guard_of, with_strategy
from ..guard.addresses import Address, demands
from ..guard.client import Guard
from ..guard.credentials import current
from ..guard.faults import typed
from ..guard.presigning import check_content, check_key, expiry
from ..guard.requests import apply_strategy, check_bucket, check_wire
from ..sigv4 import SigningKey, UrlSigner, encode_path, timestamp
from .options import Given, read
from .results import PresignedUrl, SecretFields

METHODS: Mapping[str, tuple[str, str]] = {
    "GetObject": ("GET", "get_object"),
    "HeadObject": ("HEAD", "head_object"),
    "PutObject": ("PUT", "put_object"),
    "UploadPart": ("PUT", "upload_part"),
}
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MOST_LANES, _MOST_KEYS = 256, 64


@dataclass(frozen=True, slots=True)
class Moment:
    """When something is signed, with what, and for how long."""

    second: int
    seconds: int
    credentials: Any

    @property
    def signed_at(self) -> datetime:
        """In UTC, whole seconds."""
        return _EPOCH + timedelta(seconds=self.second)

    @property
    def expires_at(self) -> datetime:
        """In UTC, whole seconds."""
        return _EPOCH + timedelta(seconds=self.second + self.seconds)


@dataclass(frozen=True, slots=True)
class Call:
    """One kind of URL: everything that was asked for but the key."""

    operation: str
    bucket: str
    options: Mapping[str, Any]
    extra: Mapping[str, Any]
    """boto3 parameters that are no options: upload id and part number."""

    def given(self) -> Given:
        """The options, checked, with what is no option in front."""
        given = read(self.operation, self.options)
        wire = tuple((name[0].lower() + name[1:], str(value)) for name, value in self.extra.items())
        return Given((*wire, *given.query), given.headers, {**self.extra, **given.members})


class Lane:
    """Makes the URLs of one call, second and credential."""

    __slots__ = ("_headers", "_method", "_sign", "_until")

    def __init__(
        self, call: Call, headers: Mapping[str, str], sign: Callable[[str], str], until: datetime | None
    ) -> None:
        self._method = METHODS[call.operation][0]
        self._headers, self._sign, self._until = SecretFields(headers), sign, until

    def url(self, key: str) -> PresignedUrl:
        """The presigned URL of *key*."""
        check_key(key)
        text = self._sign(key)
        return PresignedUrl(text, self._method, self._headers, self._until or _end_of(text))


class Lanes:
    """The lanes of one hardened client; those of the current second are kept."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._keys: dict[tuple[str, str, str, str], SigningKey] = {}
        self._recent: dict[Any, Lane] = {}

    def face(self, encryption: Strategy | None) -> tuple[Any, Guard]:
        """The client that works under *encryption*, and its guard."""
        client = self._client if encryption is None else with_strategy(self._client, encryption)
        guard = guard_of(client)
        assert guard is not None
        return client, guard

    def moment(self, client: Any, guard: Guard, expires_in: Any, at: datetime | None) -> Moment:
        """Now by S3's clock, or *at*, with a life that profile and credentials allow.

        Raises:
            ConfigurationError: no credentials, no life, or *at* has no time zone.
        """
        if at is None:
            now = guard.clock.now()
        elif isinstance(at, datetime) and at.tzinfo is not None:
            now = at.timestamp()
        else:
            raise ConfigurationError(
                f"at={at!r} is no datetime with a time zone", fix="e.g. datetime.now(timezone.utc)"
            )
        frozen, ends = current(client)
        left = None if ends is None else ends.timestamp() - now
        return Moment(int(now), expiry(expires_in, guard.profile, left=left, argument="expires_in"), frozen)

    def address(self, client: Any, guard: Guard, bucket: str) -> Address:
        """Where the bucket is."""
        check_bucket(bucket)
        with typed("presign", bucket):
            return guard.addresses.of(client, bucket, guard.strategy, guard.profile)

    def key(self, moment: Moment, address: Address) -> SigningKey:
        """The signing key of the day, derived once."""
        date = timestamp(moment.signed_at)[:8]
        wanted = (moment.credentials.secret_key, date, address.region, address.service)
        found = self._keys.get(wanted)
        if found is None:
            if len(self._keys) >= _MOST_KEYS:
                self._keys.clear()  # yesterday's, and those of credentials that were replaced
            found = self._keys[wanted] = SigningKey(*wanted)
        return found

    def lane(self, call: Call, expires_in: Any, encryption: Strategy | None, at: datetime | None) -> Lane:
        """What signs *call*.

        Raises:
            ConfigurationError: an argument, the strategy or the credentials are no use.
        """
        client, guard = self.face(encryption)
        moment = self.moment(client, guard, expires_in, at)
        same = (
            call.operation,
            call.bucket,
            guard.strategy,
            moment.second,
            moment.seconds,
            moment.credentials,
        )
        try:
            known = (*same, *call.options.items(), *call.extra.items(), at is None)
            found = self._recent.get(known)
        except TypeError:  # an option that is no plain value, e.g. a dictionary of metadata
            return self._made(call, client, guard, moment, at)
        if found is None:
            found = self._made(call, client, guard, moment, at)
            if len(self._recent) >= _MOST_LANES:
                self._recent.clear()
            self._recent[known] = found
        return found

    def _made(self, call: Call, client: Any, guard: Guard, moment: Moment, at: datetime | None) -> Lane:
        method, name = METHODS[call.operation]
        check_content(name, guard.strategy, client)
        given = call.given()
        address = self.address(client, guard, call.bucket)
        apply_strategy(
            {"Bucket": call.bucket, **given.members}, call.operation, guard.strategy, guard.profile
        )
        headers, query = demands(call.operation, guard.strategy, guard.profile)
        headers = {**given.headers, **headers}
        if not address.direct:
            require_now(at, call.bucket)
            return Lane(call, headers, _by_botocore(client, call, given, moment.seconds, headers), None)
        check_wire(address.origin, headers, call.operation, guard.strategy, guard.allowed_host)
        signer = UrlSigner(
            self.key(moment, address),
            moment.credentials,
            method=method,
            origin=address.origin,
            prefix=address.prefix,
            signed_at=timestamp(moment.signed_at),
            expires_in=moment.seconds,
            query=(*given.query, *query),
            headers=headers,
        )
        return Lane(call, headers, lambda key: signer.url("/" + encode_path(key)), moment.expires_at)


def require_now(at: datetime | None, bucket: str) -> None:
    """What botocore signs is dated by botocore."""
    if at is not None:
        raise ConfigurationError(
            f"at= is of no use for {bucket}",
            why="botocore signs for this bucket (SigV4A, S3 Express, or an event handler), by its own clock",
            fix="leave it out",
        )


def _by_botocore(
    client: Any, call: Call, given: Given, seconds: int, headers: Mapping[str, str]
) -> Callable[[str], str]:
    method = METHODS[call.operation][1]

    def sign(key: str) -> str:
        params = {"Bucket": call.bucket, "Key": key, **given.members}
        with typed("presign", call.bucket, key):
            url: str = client.generate_presigned_url(method, params, seconds)
        _require_known(url, headers)
        return url

    return sign


def _require_known(url: str, headers: Mapping[str, str]) -> None:
    signed = parse_qs(urlsplit(url).query).get("X-Amz-SignedHeaders", [""])[0].split(";")
    unknown = sorted(set(signed) - {name.lower() for name in headers} - {"host", ""})
    if unknown:
        raise ConfigurationError(
            f"an event handler signs headers that presign does not know: {', '.join(unknown)}",
            why="whoever has the URL would have to send them, and could not be told their values",
            fix="use generate_presigned_url, or take the handler away",
        )


def _end_of(url: str) -> datetime:
    query = parse_qs(urlsplit(url).query)
    signed_at = datetime.strptime(query["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    return signed_at + timedelta(seconds=int(query["X-Amz-Expires"][0]))
