"""Events of CloudTrail that tell of a refusal.

Source: AWS CloudTrail User Guide, "CloudTrail record contents" and "CloudTrail userIdentity element"; Amazon
S3 User Guide, "Amazon S3 CloudTrail events".
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from .denial import Denial
from .parsing import VALUE_CHARACTERS, parse_denial, safe_text

Event = Mapping[str, Any]

_HEADERS = (
    *("x-amz-acl", "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id"),
    *("x-amz-storage-class", "x-amz-copy-source", "x-amz-object-ownership"),
)
_PARAMETERS = ("prefix", "delimiter", "max-keys", "versionId")
_AUTH_TYPES = {"AuthHeader": "REST-HEADER", "QueryString": "REST-QUERY-STRING"}
_SIGNATURES = {"SigV4": "AWS4-HMAC-SHA256", "SigV2": "AWS"}


def events_in(text: str) -> Iterator[Event]:
    """The events in a JSON text: one, ``Records`` of a log file, ``Events`` of a look-up, or one a line."""
    if not text.startswith(("{", "[")) or "eventName" not in text:
        return
    whole = _json(text)
    for each in [whole] if whole is not None else map(_json, text.splitlines()):
        yield from _events(each)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _events(read: Any) -> Iterator[Event]:
    if isinstance(read, list):
        for each in read:
            yield from _one(each)
    elif isinstance(read, Mapping):
        inner = next(
            (read[name] for name in ("Records", "Events") if isinstance(read.get(name), list)), [read]
        )
        for each in inner:
            yield from _one(each)


def _one(read: Any) -> Iterator[Event]:
    if isinstance(read, Mapping) and isinstance(read.get("CloudTrailEvent"), str):
        read = _json(read["CloudTrailEvent"])
    if isinstance(read, Mapping) and "eventName" in read:
        yield read


def of_event(event: Event) -> tuple[Denial, dict[str, Any], str | None] | None:
    """The denial, the circumstances and the time of an event; None if it tells of success."""
    if not event.get("errorCode") and not event.get("errorMessage"):
        return None
    parameters = _mapping(event.get("requestParameters"))
    fields = {"RequestId": event.get("requestID"), "Region": event.get("awsRegion")}
    fields |= {"BucketName": parameters.get("bucketName"), "Key": parameters.get("key")}
    denial = parse_denial(
        service=_text(event.get("eventSource")).partition(".")[0],
        operation=event.get("eventName"),
        code=_text(event.get("errorCode")).rpartition("Client.")[2],
        message=event.get("errorMessage"),
        fields=fields,
    )
    denial = replace(
        denial,
        principal=denial.principal or _identity(_mapping(event.get("userIdentity"))),
        resource=denial.resource or _resource(event, parameters),
    )
    return denial, _circumstances(event, parameters), _clean(event.get("eventTime"))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _clean(value: object) -> str | None:
    return safe_text(value, VALUE_CHARACTERS) or None


def _identity(identity: Mapping[str, Any]) -> str | None:
    anonymous = identity.get("accountId") in ("anonymous", "ANONYMOUS_PRINCIPAL")
    return "anonymous" if anonymous else _clean(identity.get("arn"))


def _resource(event: Event, parameters: Mapping[str, Any]) -> str | None:
    """The object, else the bucket, else the first resource that is listed."""
    bucket, key = _clean(parameters.get("bucketName")), _clean(parameters.get("key"))
    if bucket:
        return f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"
    listed = event.get("resources")
    for each in listed if isinstance(listed, list) else ():
        name = _clean(_mapping(each).get("ARN"))
        if name:
            return name
    return None


def _circumstances(event: Event, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Condition keys of the request that the event settles."""
    found: dict[str, Any] = dict(_network(event))
    tls = _text(_mapping(event.get("tlsDetails")).get("tlsVersion")).removeprefix("TLSv")
    if tls.replace(".", "").isdigit():
        found |= {"aws:SecureTransport": True, "s3:TlsVersion": tls}
    more = _mapping(event.get("additionalEventData"))
    by = {"s3:authType": _AUTH_TYPES.get(_text(more.get("AuthenticationMethod")))}
    by["s3:signatureversion"] = _SIGNATURES.get(_text(more.get("SignatureVersion")))
    found |= {name: value for name, value in by.items() if value}
    given = {f"s3:{name}": parameters.get(name) for name in (*_HEADERS, *_PARAMETERS)}
    found |= {name: _clean(value) for name, value in given.items() if _text(value)}
    return found


def _network(event: Event) -> Iterator[tuple[str, str]]:
    """From where it came; the name of a service is no address."""
    try:
        address = str(ipaddress.ip_address(_text(event.get("sourceIPAddress"))))
    except ValueError:
        return
    endpoint = _clean(event.get("vpcEndpointId"))
    if endpoint:
        yield "aws:SourceVpce", endpoint
    yield ("aws:VpcSourceIp" if endpoint else "aws:SourceIp"), address
