"""What is known of a refusal: the service's words, and the request if it is at hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ...denials import Denial, parse_denial, parse_error_body
from ...denials.pasted import read_pasted, with_permission
from ...encryption import Strategy
from ...errors import ConfigurationError, KeyAccessError, ServiceError, SignatureError
from ...guard.faults import translate
from ...guard.refused import KeyUse, behind, refused_of
from ...policy.wire import SentRequest

HEADS = frozenset({"HeadObject", "HeadBucket"})
_TAKES = (
    "pass an error of secure_s3 or of botocore that a service answered, what boto3 raised because of one, "
    "one of the Errors of delete_objects, a Denial, or the text of one"
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One refusal.

    Args:
        denial: As the service worded it.
        sent: The request; None if only the words are known, or KMS was asked.
        strategy: The encryption that the call was made under.
        at: When it was sent, by the service's clock.
        key: What KMS was asked from here.
        client: The one that sent it.
        request_id, host_id: As the answer gave them.
        headers: Of the answer.
        retried: It is that of another request in place of a HEAD.
    """

    denial: Denial
    sent: SentRequest | None = None
    strategy: Strategy | None = None
    at: datetime | None = None
    key: KeyUse | None = None
    client: Any = field(default=None, repr=False)
    request_id: str | None = None
    host_id: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    retried: bool = False

    @property
    def is_head(self) -> bool:
        """Whether it answers a request whose answers have no body, and so no words."""
        return (self.sent.operation if self.sent else self.denial.operation) in HEADS

    @property
    def text_only(self) -> bool:
        """Whether nothing is known but the words."""
        return self.sent is None and self.key is None

    @property
    def names_nothing(self) -> bool:
        """Whether nothing is known but words that say of no bucket or key that it is about it."""
        return self.text_only and not self.denial.resource


def refusal_of(error: object) -> Refusal:
    """The refusal behind *error*.

    Raises:
        ConfigurationError: *error* is nothing that a service refused.
    """
    if isinstance(error, Denial):
        return _told(error)
    if isinstance(error, str | bytes):
        return _pasted(error)
    if isinstance(error, Mapping) and (found := _of_mapping(error)) is not None:
        return _told(found)
    if isinstance(error, BaseException):
        for each in _said(error):
            if isinstance(each, ServiceError):
                return _answered(each)
            return _told(_denial_of(each))
    name = type(error).__name__
    if isinstance(error, ConfigurationError):
        what, why = f"{name} is no refusal of a service", "nothing was sent; its own text says why"
        raise ConfigurationError(what, why=why, fix=error.fix or _TAKES)
    article = "an" if name[:1].lower() in "aeiou" else "a"
    raise ConfigurationError(f"{article} {name} is no refusal that can be explained", fix=_TAKES)


def _pasted(text: str | bytes) -> Refusal:
    """Of a text with several, e.g. a file of CloudTrail events, the first."""
    read = text if isinstance(text, str) else text.decode("utf-8", "replace")
    if not read.strip():
        raise ConfigurationError("there is nothing to explain", why="the text is empty", fix=_TAKES)
    found = next(iter(read_pasted(read)), None)
    if found is None:
        return _told(parse_error_body(text))
    return Refusal(with_permission(found.denial), request_id=found.request_id, host_id=found.host_id)


def _of_mapping(error: Mapping[Any, Any]) -> Denial | None:
    """What boto3 has of an error: one of ``Errors`` of DeleteObjects, or ``response`` of a ClientError."""
    inner, metadata = _mapping(error.get("Error")) or error, _mapping(error.get("ResponseMetadata"))
    if not (isinstance(inner.get("Code"), str) or isinstance(inner.get("Message"), str)):
        return None
    return parse_denial(
        operation="DeleteObjects" if inner is error and "Key" in error else None,
        status=metadata.get("HTTPStatusCode"),
        code=inner.get("Code"),
        message=inner.get("Message"),
        fields={**inner, "RequestId": metadata.get("RequestId"), "HostId": metadata.get("HostId")},
    )


def _told(denial: Denial) -> Refusal:
    return Refusal(denial, request_id=denial.fields.get("RequestId"), host_id=denial.fields.get("HostId"))


def _said(error: BaseException) -> Iterator[ServiceError | SignatureError]:
    """What services said, in the order in which it is behind *error*."""
    for each in behind(error):
        if isinstance(each, ServiceError | SignatureError):
            yield each
        elif isinstance(each, KeyAccessError):
            yield from (one for one in each.refusals if isinstance(one, ServiceError))
        elif isinstance(each, Exception) and isinstance(ours := translate(each), ServiceError):
            yield ours


def _answered(error: ServiceError) -> Refusal:
    refused, metadata = refused_of(error), _mapping(_mapping(error.response).get("ResponseMetadata"))
    return Refusal(
        _denial_of(error),
        sent=refused.sent if refused else None,
        strategy=refused.strategy if refused else None,
        at=refused.at if refused else None,
        key=refused.key if refused else None,
        client=refused.client if refused else None,
        request_id=error.request_id or _text(metadata.get("RequestId")),
        host_id=_text(metadata.get("HostId")),
        headers={
            str(name).lower(): str(value) for name, value in _mapping(metadata.get("HTTPHeaders")).items()
        },
    )


def _denial_of(error: ServiceError | SignatureError) -> Denial:
    denial = getattr(error, "denial", None)
    if isinstance(denial, Denial):
        return denial
    details = _mapping(_mapping(getattr(error, "response", None)).get("Error"))
    return parse_denial(
        operation=error.operation,
        status=error.status,
        code=error.code or details.get("Code"),
        message=details.get("Message") or error.why,
        fields=getattr(error, "fields", details),
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str | None:
    return str(value) if value else None
