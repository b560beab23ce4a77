"""What the guard demands of presigned URLs and POSTs."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from .. import limits
from ..encryption import Strategy
from ..encryption.operations import CONTENT, HEADERS
from ..errors import ConfigurationError, EncryptionConflict, PublicAccessRefused
from ..profile import SecurityProfile
from .clock import ServerClock
from .operations import BODY_DECIDES
from .requests import is_public_acl, is_public_grant

PROBE_SECONDS = 60
POST = "POST"
"""The kind of a browser's form, which is no operation of the API."""
METHODS: Mapping[str, tuple[str, str]] = {
    "GetObject": ("GET", "get_object"),
    "HeadObject": ("HEAD", "head_object"),
    "PutObject": ("PUT", "put_object"),
    "UploadPart": ("PUT", "upload_part"),
    POST: ("POST", "post"),
}
"""Kind → HTTP method, and boto3's name."""
BROWSABLE = frozenset({"GetObject", "HeadObject"})
"""Operations whose URLs are followed by browsers, which send no header of ours."""
OWNER = "x-amz-expected-bucket-owner"

_GRANT_KINDS = ("full-control", "read", "read-acp", "write", "write-acp")
_BAD_CLOCK = 60.0
_DOTS = frozenset({".", ".."})
_log = logging.getLogger("secure_s3.guard")
_SSE_FIELDS = frozenset(header.lower() for header in HEADERS.values())
_ACL_FIELDS = ("acl", "x-amz-acl", *(f"x-amz-grant-{kind}" for kind in _GRANT_KINDS))


def expiry(
    expires_in: Any, profile: SecurityProfile, *, left: float | None = None, argument: str = "ExpiresIn"
) -> int:
    """Seconds of life: what was asked, but no more than the profile and the credentials allow.

    Args:
        left: Seconds that the credentials still have, if that is known.
        argument: What the caller calls it.

    Raises:
        ConfigurationError: it is no whole number of seconds above zero, or the credentials have expired.
    """
    asked = expires_in.total_seconds() if isinstance(expires_in, timedelta) else expires_in
    if isinstance(asked, float) and asked.is_integer():
        asked = int(asked)
    if isinstance(asked, bool) or not isinstance(asked, int) or asked <= 0:
        raise ConfigurationError(
            f"{argument}={expires_in!r} is not a whole number of seconds above zero",
            why="S3 takes whole seconds, from 1 to 7 days",
            fix="pass an int of seconds, e.g. 300, or a timedelta of whole seconds",
        )
    if left is not None and left < 1:
        raise ConfigurationError(
            "nothing can be presigned: the credentials have expired",
            why="a URL dies with the session token in it",
            fix="get new temporary credentials",
        )
    ceiling = int(profile.presign_ceiling.total_seconds())
    if asked > ceiling:
        _log.warning(
            "presign: %d s is above the profile's ceiling; the URL lives %d s (presign_ceiling= of the "
            "SecurityProfile allows more)",
            min(asked, 10**12),
            ceiling,
        )
    granted = min(asked, ceiling)
    if left is not None and granted > left:
        _log.warning("presign: the credentials end in %d s, and the URL with them", left)
        return int(left)
    return granted


def life_by_botocore(client: Any, expires_in: Any, profile: SecurityProfile, clock: ServerClock) -> int:
    """The same for what botocore signs, which it dates by this machine's clock.

    Raises:
        ConfigurationError: this machine's clock is known to be wrong, or as ``expiry``.
    """
    if abs(clock.offset) >= _BAD_CLOCK:
        raise ConfigurationError(
            f"this machine's clock is {-clock.offset:+.0f} s off S3's",
            why="a URL would be dead at once, or live longer than asked",
            fix="set the clock, or use s3.presign, which dates by S3's",
        )
    from .credentials import current  # signatures are not part of every program

    _, ends = current(client)
    return expiry(expires_in, profile, left=None if ends is None else ends.timestamp() - clock.now())


def check_key(key: Any, argument: str = "Key") -> None:
    """Refuse a key that no URL can carry safely; *argument* is what the caller calls it.

    Raises:
        ConfigurationError: it is no text, empty, too long, or holds a path segment ``.`` or ``..``.
    """
    if not isinstance(key, str) or not key:
        raise ConfigurationError(
            f"{argument}={key!r} is not an object's key",
            why="a key is text, of one character at least",
            fix='pass a str, e.g. "reports/2026.pdf"',
        )
    try:
        length = len(key) if key.isascii() else len(key.encode())
    except UnicodeEncodeError:
        raise ConfigurationError(
            f"{argument}={key!r} holds a lone surrogate",
            why="that is half of a character, and has no UTF-8 form",
            fix="decode the name with errors='strict', or replace what cannot be decoded",
        ) from None
    if length > limits.MAX_KEY_BYTES:
        raise ConfigurationError(
            f"{argument}= has {length} bytes",
            why=f"S3 takes keys of up to {limits.MAX_KEY_BYTES} bytes in UTF-8",
            fix="shorten it",
        )
    if (key[0] == "." or "/." in key) and not _DOTS.isdisjoint(key.split("/")):
        raise ConfigurationError(
            f"{argument}={key!r} cannot be presigned: it holds the path segment . or ..",
            why="browsers, curl and other HTTP clients resolve these, and would ask for another key",
            fix="give the object a key without them; without a URL it can be read and copied as it is",
        )


def check_free_body(client_method: Any, params: Mapping[str, Any], client: Any) -> None:
    """Refuse operations whose body decides who has access: a URL leaves the body to whoever has it."""
    operation = client.meta.method_to_api_mapping.get(client_method)
    if operation in BODY_DECIDES and "ACL" not in params:
        raise ConfigurationError(
            f"a presigned {client_method} is refused",
            why="its body is not signed: whoever has the URL could open the bucket to everybody",
            fix="make the call on the server",
            operation=operation,
        )


def demands(
    operation: str, strategy: Strategy | None, profile: SecurityProfile
) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """The headers and the query parameters that every URL of *operation* must have."""
    headers = dict(strategy.headers(operation)) if strategy else {}
    if not profile.expected_bucket_owner:
        return headers, []
    if operation in BROWSABLE:
        return headers, [(OWNER, profile.expected_bucket_owner)]
    return {**headers, OWNER: profile.expected_bucket_owner}, []


def query_of(part: Mapping[str, object]) -> list[tuple[str, str]]:
    """Upload id and part number as they stand in a query."""
    return [(name[0].lower() + name[1:], str(value)) for name, value in part.items()]


def hoist_owner(request: Any, operation: str) -> None:
    """Move the expected bucket owner of a URL for browsers into its query: they send no header of ours."""
    if operation in BROWSABLE and request.context.get("is_presign_request") and OWNER in request.headers:
        request.params = {**(request.params or {}), OWNER: request.headers[OWNER]}
        del request.headers[OWNER]


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


def check_parameters(params: Mapping[str, Any]) -> None:
    """Refuse what cannot stand in a URL: a body, and keys that no URL can carry."""
    if "Key" in params:
        check_key(params["Key"])
    if "Body" in params:
        raise ConfigurationError(
            "Body cannot be presigned",
            why="whoever has the URL sends the content",
            fix="leave it out; ContentLength and ChecksumSHA256 tie a URL to one content",
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
    given, demanded = fields_by_name(fields), demands_by_name(conditions)
    for name, value in strategy.headers("PutObject").items():
        if given.get(name, [value]) != [value]:
            raise _conflict(name, given[name], strategy)
        if name not in given:
            fields[name] = value
        if name not in demanded:
            conditions.append({name: value})
    return fields, conditions


def check_post(fields: Mapping[str, Any], policy: Mapping[str, Any], strategy: Strategy | None) -> None:
    """Refuse a POST policy that does not demand exactly the strategy's encryption, or lets everybody in."""
    given, demanded = fields_by_name(fields), demands_by_name(policy.get("conditions", []))
    _refuse_public_post(given, demanded)
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
        for got in (given.get(name, []), demanded.get(name, [])):
            if got != wanted:
                raise _conflict(name, got, strategy)


def _refuse_public_post(given: Mapping[str, list[Any]], demanded: Mapping[str, list[Any]]) -> None:
    for name in _ACL_FIELDS:
        for value in (*given.get(name, ()), *demanded.get(name, ())):
            # None is a condition that leaves the choice to whoever fills in the form.
            if value is None or is_public_acl(value) or is_public_grant(value):
                raise PublicAccessRefused(
                    f"the POST would let objects be stored open to everybody: {name}={value or 'any'}",
                    why="public ACLs are refused by this client",
                    fix="leave the field and its condition out, or demand one private value",
                )


def fields_by_name(fields: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The values of each form field; S3 does not distinguish upper and lower case in their names."""
    found: dict[str, list[Any]] = {}
    for name, value in fields.items():
        found.setdefault(str(name).lower(), []).append(value)
    return found


def demands_by_name(conditions: Sequence[Any]) -> dict[str, list[Any]]:
    """The values that the conditions demand of each field; ``None`` for a demand that leaves a choice."""
    found: dict[str, list[Any]] = {}
    for condition in conditions:
        if isinstance(condition, dict | Mapping):
            for name, value in condition.items():
                found.setdefault(str(name).lower(), []).append(value)
        elif len(condition) == 3 and (name := str(condition[1]).lower()).startswith("$"):
            demand = condition[2] if str(condition[0]).lower() == "eq" else None
            found.setdefault(name[1:], []).append(demand)
    return found


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
    shown = "(not shown)" if name.endswith("customer-key") else repr(got)
    return EncryptionConflict(
        f"the presigned POST has {name} = {shown}",
        why=f"uploads by POST must demand exactly what {strategy!r} writes, in fields and in conditions",
        fix=f"leave {name} out of Fields and Conditions; it is put into both",
    )
