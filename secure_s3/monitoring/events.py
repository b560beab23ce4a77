"""One event of CloudTrail, and a refusal among them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timezone
from typing import Any, Final

from ..denials.denial import Denial
from ..denials.events import Event, of_event
from ..denials.parsing import VALUE_CHARACTERS, safe_text
from ..denials.pasted import with_permission

REFUSED: Final = frozenset(
    {
        *("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AllAccessDisabled"),
        *("Forbidden", "403"),
    }
)
"""Codes of events that tell of a denial; others, such as NoSuchKey, tell of what went wrong otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailEvent:
    """What CloudTrail recorded of a request, without what may be secret: keys, tokens, other parameters.

    What the event does not tell is None.

    Args:
        time: When it was.
        name, source, region: The operation, the service, and where.
        event_id, request_id: Of the event and of the request.
        error_code, error_message: Of the answer.
        principal, account: Who asked: an ARN, ``anonymous``, or a service's name.
        address, vpc_endpoint, user_agent: From where, and with what.
        bucket, key: What was asked for.
        tls_version, cipher: Of the connection; None over plain HTTP and for services of AWS.
        auth_type, signature: ``AuthHeader`` or ``QueryString``; ``SigV4``.
        encryption: What S3 encrypted with (``SSEApplied``): e.g. ``SSE_S3``, ``SSE_KMS``, ``SSE_C``, or
            ``Default_SSE_S3`` where the bucket's default decided.
        access_point: The ARN of the access point that was spoken to.
        by_service: Whether a service of AWS asked for itself or for somebody.
    """

    time: datetime | None
    name: str
    source: str | None = None
    region: str | None = None
    event_id: str | None = None
    request_id: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    principal: str | None = None
    account: str | None = None
    address: str | None = None
    vpc_endpoint: str | None = None
    user_agent: str | None = None
    bucket: str | None = None
    key: str | None = None
    tls_version: str | None = None
    cipher: str | None = None
    auth_type: str | None = None
    signature: str | None = None
    encryption: str | None = None
    access_point: str | None = None
    by_service: bool = False

    @property
    def is_plain_http(self) -> bool | None:
        """Whether a client spoke HTTP without TLS; None if the event cannot tell, or a service asked."""
        if self.by_service:
            return None
        if self.tls_version or self.cipher:
            return False
        return True if self.signature or self.auth_type else None  # S3 tells of both kinds of connections

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON; what is not known is left out."""
        told = {each.name: getattr(self, each.name) for each in fields(self)}
        told["time"] = self.time.isoformat() if self.time else None
        told["by_service"] = self.by_service or None
        return {name: value for name, value in told.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A request that was refused, as CloudTrail recorded it.

    Args:
        denial: Why, as the message says.
        event: Who asked, when, and from where.
        circumstances: Condition keys of the request that the event settles, e.g. ``aws:SourceIp``.
    """

    denial: Denial
    event: TrailEvent
    circumstances: Mapping[str, Any] = field(default_factory=dict)
    explainer: Callable[..., Any] | None = field(default=None, repr=False, compare=False)

    def __hash__(self) -> int:
        return hash((self.denial, self.event))

    def __str__(self) -> str:
        event, denial = self.event, self.denial
        at = event.time.isoformat() if event.time else "?"
        who = event.principal or "somebody"
        return f"{at} {who} from {event.address or '?'}: {event.name} on {denial.resource}: {denial.cause}"

    def explain(self, **options: Any) -> Any:
        """Which statement and condition refused it: ``s3.explain`` on the denial, options as there.

        Policies are evaluated as they are now, which may not be what they were then.

        Raises:
            ConfigurationError: The event was read without a client; or an option is of no use.
        """
        if self.explainer is None:
            from ..errors import ConfigurationError

            raise ConfigurationError(
                "there is no client to explain with",
                why="the events were read from files",
                fix="pass refusal.denial to s3.explain()",
            )
        assume = {**self.circumstances, **options.pop("assume", {})}
        return self.explainer(with_permission(self.denial), assume=assume, **options)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {"event": self.event.to_dict(), "denial": self.denial.to_dict()}


def told(event: Event) -> TrailEvent:
    """The value of an event as CloudTrail writes it; what is not as it should be is left out."""
    parameters, more = _mapping(event, "requestParameters"), _mapping(event, "additionalEventData")
    identity, tls = _mapping(event, "userIdentity"), _mapping(event, "tlsDetails")
    address = _text(event, "sourceIPAddress")
    service = identity.get("type") == "AWSService" or _text(identity, "invokedBy") is not None
    return TrailEvent(
        time=_time(event.get("eventTime")),
        name=_text(event, "eventName") or "",
        source=_text(event, "eventSource"),
        region=_text(event, "awsRegion"),
        event_id=_text(event, "eventID"),
        request_id=_text(event, "requestID"),
        error_code=(_text(event, "errorCode") or "").rpartition("Client.")[2] or None,
        error_message=_text(event, "errorMessage"),
        principal=_principal(identity),
        account=_text(identity, "accountId"),
        address=address,
        vpc_endpoint=_text(event, "vpcEndpointId"),
        user_agent=_text(event, "userAgent"),
        bucket=_text(parameters, "bucketName"),
        key=_text(parameters, "key"),
        tls_version=(_text(tls, "tlsVersion") or "").removeprefix("TLSv") or None,
        cipher=_text(more, "CipherSuite") or _text(tls, "cipherSuite"),
        auth_type=_text(more, "AuthenticationMethod"),
        signature=_text(more, "SignatureVersion"),
        encryption=_text(more, "SSEApplied"),
        access_point=_access_point(event),
        by_service=service or (address or "").endswith((".amazonaws.com", "AWS Internal")),
    )


def refusal(event: Event, explainer: Callable[..., Any] | None = None) -> Refusal | None:
    """The refusal that an event tells of; None for another error, or for success."""
    found, value = of_event(event), told(event)
    if found is None or value.error_code not in REFUSED:
        return None
    return Refusal(denial=found[0], event=value, circumstances=found[1], explainer=explainer)


def _mapping(event: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = event.get(name)
    return value if isinstance(value, Mapping) else {}


def _text(event: Mapping[str, Any], name: str) -> str | None:
    value = event.get(name)
    return safe_text(value, VALUE_CHARACTERS) or None if isinstance(value, str) else None


def _principal(identity: Mapping[str, Any]) -> str | None:
    if identity.get("accountId") in ("anonymous", "ANONYMOUS_PRINCIPAL"):
        return "anonymous"
    return _text(identity, "arn") or _text(identity, "invokedBy") or _text(identity, "principalId")


def _access_point(event: Event) -> str | None:
    listed = event.get("resources")
    for each in listed if isinstance(listed, list) else ():
        arn = _text(each, "ARN") if isinstance(each, Mapping) else None
        if arn is not None and ":accesspoint/" in arn and "/object/" not in arn:
            return arn
    return None


def _time(value: object) -> datetime | None:
    try:
        return datetime.strptime(str(value), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        return None
