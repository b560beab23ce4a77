"""What the guard demands of presigned URLs and POSTs."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from ..encryption import Strategy
from ..encryption.operations import CONTENT, HEADERS
from ..errors import ConfigurationError, EncryptionConflict, PublicAccessRefused
from ..profile import SecurityProfile
from .requests import is_public_acl, is_public_grant

_GRANT_KINDS = ("full-control", "read", "read-acp", "write", "write-acp")
_log = logging.getLogger("secure_s3.guard")
_SSE_FIELDS = frozenset(header.lower() for header in HEADERS.values())
_ACL_FIELDS = ("acl", "x-amz-acl", *(f"x-amz-grant-{kind}" for kind in _GRANT_KINDS))


def expiry(expires_in: Any, profile: SecurityProfile) -> int:
    """Seconds of life, clamped to the profile's ceiling.

    Raises:
        ConfigurationError: it is no whole number of seconds above zero.
    """
    if isinstance(expires_in, timedelta):
        expires_in = expires_in.total_seconds()
    if isinstance(expires_in, float) and expires_in.is_integer():
        expires_in = int(expires_in)
    if isinstance(expires_in, bool) or not isinstance(expires_in, int) or expires_in <= 0:
        raise ConfigurationError(
            f"ExpiresIn={expires_in!r} is not a whole number of seconds above zero",
            why="S3 would refuse the URL, or botocore would sign nonsense",
            fix="pass an int of seconds, e.g. 300",
        )
    ceiling = int(profile.presign_ceiling.total_seconds())
    if expires_in > ceiling:
        _log.warning("presign: %d s is above the profile's ceiling; the URL lives %d s", expires_in, ceiling)
    return min(expires_in, ceiling)


def check_method(client_method: Any, http_method: Any, client: Any) -> None:
    """Refuse a presigned URL whose HTTP method is not the operation's own.

    ``generate_presigned_url("get_object", HttpMethod="PUT")`` would be an upload without encryption.
    """
    operation = client.meta.method_to_api_mapping.get(client_method)
    if http_method is None or operation is None:
        return
    own = client.meta.service_model.operation_model(operation).http["method"]
    if str(http_method).upper() != own and {str(http_method).upper(), own} != {"GET", "HEAD"}:
        raise ConfigurationError(
            f"HttpMethod={http_method!r} turns a presigned {client_method} into another operation",
            why="the encryption and the checks of that other operation would be missing",
            fix="name the operation you mean as ClientMethod, and leave HttpMethod out",
        )


def check_content(client_method: Any, strategy: Strategy | None, client: Any) -> None:
    """Refuse presigned uploads under client-side encryption."""
    operation = client.meta.method_to_api_mapping.get(client_method)
    if strategy is not None and strategy.client_side and operation in CONTENT:
        raise EncryptionConflict(
            f"a presigned {client_method} is refused: this client encrypts before it sends",
            why="whoever has the URL would store the content as it is",
            fix="upload through the server, or presign with another strategy: encryption=SseKms(…)",
            operation=operation,
        )


def with_encryption(
    fields: Any, conditions: Any, strategy: Strategy | None
) -> tuple[dict[str, str], list[Any]]:
    """Copies of a POST's fields and conditions, with the strategy's encryption in both."""
    fields, conditions = dict(fields or {}), list(conditions or [])
    if strategy is None:
        return fields, conditions
    _refuse_unfit(strategy)
    for name, value in strategy.headers("PutObject").items():
        if (given := _values_of(name, fields)) not in ([], [value]):
            raise _conflict(name, given, strategy)
        if not given:
            fields[name] = value
        if not _conditions_on(name, conditions):
            conditions.append({name: value})
    return fields, conditions


def check_post(fields: Mapping[str, Any], policy: Mapping[str, Any], strategy: Strategy | None) -> None:
    """Refuse a POST policy that does not demand exactly the strategy's encryption, or lets everybody in."""
    conditions = policy.get("conditions", [])
    _refuse_public_post(fields, conditions)
    if strategy is None:
        raise ConfigurationError(
            "a presigned POST is refused: this client has no encryption strategy",
            why="whoever holds the form could store objects without encryption",
            fix="make the session or the client with a strategy, e.g. SseKms(…)",
        )
    _refuse_unfit(strategy)
    expected = strategy.headers("PutObject")
    for name in _SSE_FIELDS:
        wanted = [expected[name]] if name in expected else []
        for got in (_values_of(name, fields), _conditions_on(name, conditions)):
            if got != wanted:
                raise _conflict(name, got, strategy)


def _refuse_public_post(fields: Mapping[str, Any], conditions: Sequence[Any]) -> None:
    for name in _ACL_FIELDS:
        for value in (*_values_of(name, fields), *_conditions_on(name, conditions)):
            # None is a condition that leaves the choice to whoever fills in the form.
            if value is None or is_public_acl(value) or is_public_grant(value):
                raise PublicAccessRefused(
                    f"the POST would let objects be stored open to everybody: {name}={value or 'any'}",
                    why="public ACLs are refused by this client",
                    fix="leave the field and its condition out, or demand one private value",
                )


def _values_of(name: str, fields: Mapping[str, Any]) -> list[Any]:
    """The values of a form field; S3 does not distinguish upper and lower case in their names."""
    return [value for key, value in fields.items() if str(key).lower() == name]


def _conditions_on(name: str, conditions: Sequence[Any]) -> list[Any]:
    """The values that the conditions demand of a field; ``None`` for a demand that leaves a choice."""
    demanded: list[Any] = []
    for condition in conditions:
        if isinstance(condition, Mapping):
            demanded += [value for key, value in condition.items() if str(key).lower() == name]
        elif len(condition) == 3 and str(condition[1]).lower() == f"${name}":
            demanded.append(condition[2] if str(condition[0]).lower() == "eq" else None)
    return demanded


def _refuse_unfit(strategy: Strategy) -> None:
    if strategy.client_side:
        raise EncryptionConflict(
            "a presigned POST is refused: this client encrypts before it sends",
            why="whoever fills in the form would store the content as it is",
            fix="upload through the server, or presign with another strategy: encryption=SseKms(…)",
        )
    if "SSECustomerKey" in strategy.parameters("PutObject"):
        raise ConfigurationError(
            "a presigned POST cannot carry SSE-C",
            why="the key would stand in the form that the browser is given",
            fix="presign with another strategy, or upload through the server",
        )


def _conflict(name: str, got: Any, strategy: Strategy) -> EncryptionConflict:
    return EncryptionConflict(
        f"the presigned POST has {name} = {got!r}",
        why=f"uploads by POST must demand exactly what {strategy!r} writes, in fields and in conditions",
        fix=f"leave {name} out of Fields and Conditions; it is put into both",
    )
