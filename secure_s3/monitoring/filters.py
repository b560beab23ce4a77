"""Which records are wanted: one value for access logs and for CloudTrail."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from ..errors import ConfigurationError
from ..policy.globs import STAR, Match, glob_of

TLS_VERSIONS: Final = ("1.0", "1.1", "1.2", "1.3")
AUTH_TYPES: Final = {"header": "AuthHeader", "query": "QueryString", "anonymous": "-"}
"""What ``auth_type`` means in the log."""
_STATUS = re.compile(r"[0-9]{3}|[1-5]xx")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What a record must be to be told of: all that is given counts together.

    Texts may hold ``*`` for anything, e.g. ``requester="arn:aws:sts::111122223333:assumed-role/uploader/*"``.
    Where something takes several values, one of them is enough.

    Args:
        status: e.g. 403, or ``"4xx"``; one or several.
        error_code: e.g. ``AccessDenied``; one or several.
        operation: In the log's words (``REST.GET.OBJECT``) or S3's (``GetObject``); one or several.
        requester: The ARN, canonical id or service; ``"anonymous"`` for requests without a signature.
        bucket, request_id, access_point: As they stand there.
        key_prefix: How the object's key begins, as it is and not encoded.
        address: An address or a network, e.g. ``"192.0.2.0/24"``.
        plain_http: True for requests without TLS, False for those with it.
        tls_version: Exactly this, e.g. ``"1.2"``.
        tls_below: Older than this, e.g. ``"1.3"``; plain HTTP counts as older than any.
        auth_type: ``header``, ``query`` (a presigned URL) or ``anonymous``.
        since, until: Times with a zone: from *since* on, before *until*.
        encryption: What S3 encrypted with, e.g. ``SSE_KMS``, ``Default_SSE_S3``, ``SSE_C``, as CloudTrail has
            it in ``SSEApplied``. Access logs do not tell, and refuse it.

    Raises:
        ConfigurationError: A value can never match.
    """

    status: int | str | tuple[int | str, ...] | None = None
    error_code: str | tuple[str, ...] | None = None
    operation: str | tuple[str, ...] | None = None
    requester: str | None = None
    bucket: str | None = None
    request_id: str | None = None
    access_point: str | None = None
    key_prefix: str | None = None
    address: str | None = None
    plain_http: bool | None = None
    tls_version: str | None = None
    tls_below: str | None = None
    auth_type: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    encryption: str | tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        for name in ("status", "error_code", "operation", "encryption"):
            object.__setattr__(self, name, _several(getattr(self, name)))
        for each in self.statuses:
            if not _STATUS.fullmatch(each):
                raise _never("status", each, "write 403, or 4xx")
        for name, known in (("tls_version", TLS_VERSIONS), ("tls_below", TLS_VERSIONS)):
            if (value := getattr(self, name)) is not None and value not in known:
                raise _never(name, value, f"use one of {', '.join(known)}")
        if self.auth_type is not None and self.auth_type not in AUTH_TYPES:
            raise _never("auth_type", self.auth_type, f"use one of {', '.join(AUTH_TYPES)}")
        self._require_times()
        if self.address is not None:
            _ = self.network

    def _require_times(self) -> None:
        for name in ("since", "until"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, datetime) or value.tzinfo is None):
                raise _never(name, value, "pass a datetime with a zone, e.g. datetime.now(timezone.utc)")
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise ConfigurationError(
                "since is not before until", why="no record lies between", fix="swap them, or leave one out"
            )

    @property
    def statuses(self) -> tuple[str, ...]:
        """``403`` or ``4xx``, each."""
        return tuple(str(each) for each in self._tuple("status"))

    @property
    def error_codes(self) -> tuple[str, ...]:
        """As patterns."""
        return self._tuple("error_code")

    @property
    def operations(self) -> tuple[str, ...]:
        """As patterns."""
        return self._tuple("operation")

    @property
    def encryptions(self) -> tuple[str, ...]:
        """As patterns."""
        return self._tuple("encryption")

    @property
    def network(self) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
        """Where requests come from."""
        if self.address is None:
            return None
        try:
            return ipaddress.ip_network(self.address, strict=False)
        except ValueError:
            raise _never("address", self.address, "write 192.0.2.1 or 192.0.2.0/24") from None

    def given(self) -> tuple[str, ...]:
        """The names of what is asked for."""
        return tuple(each.name for each in fields(self) if getattr(self, each.name) is not None)

    def _tuple(self, name: str) -> tuple[Any, ...]:
        return getattr(self, name) or ()


def known(where: object) -> Filter:
    """The filter that is given; one that every record passes if none is.

    Raises:
        ConfigurationError: It is no Filter.
    """
    if where is None:
        return Filter()
    if not isinstance(where, Filter):
        raise ConfigurationError(
            f"where= is a {type(where).__name__}, and no Filter",
            fix="pass e.g. Filter(status=403), from secure_s3.monitoring",
        )
    return where


def _several(value: Any) -> tuple[Any, ...] | None:
    if value is None:
        return None
    if isinstance(value, str) or not isinstance(value, Iterable):
        return (value,)
    return tuple(value) or None


def _never(name: str, value: object, fix: str) -> ConfigurationError:
    return ConfigurationError(f"{name}={value!r} can match nothing", why="no log has such a value", fix=fix)


def pattern(text: str) -> Match:
    """What tells whether the whole of a text fits, with ``*`` for anything, in linear time."""
    parts = re.split(r"(\*)", text)
    return glob_of([STAR if each == "*" else each for each in parts if each])


def is_older(version: str | None, than: str) -> bool:
    """Whether a TLS version, or None for plain HTTP, is older than another."""
    return version is None or (version in TLS_VERSIONS and version < than)
