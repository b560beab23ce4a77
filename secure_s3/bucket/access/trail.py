"""What CloudTrail recorded of one request.

Sources: AWS CloudTrail API Reference, LookupEvents (management events only, one attribute at a time);
AWS CloudTrail User Guide, "CloudTrail record contents"; Amazon S3 User Guide, "Amazon S3 CloudTrail events"
(requests for objects are data events).
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from ...guard.redaction import redact
from ..asking import FAULTS, Asking

_PAGES = 5
_AROUND = timedelta(minutes=15)
_KEPT = (
    "eventID",
    "eventTime",
    "eventName",
    "eventSource",
    "awsRegion",
    "requestID",
    "errorCode",
    "errorMessage",
    "sourceIPAddress",
    "userAgent",
    "vpcEndpointId",
    "vpcEndpointAccountId",
)
_OF_IDENTITY = ("type", "arn", "accountId", "principalId", "userName", "invokedBy")
_OF_TLS = ("tlsVersion", "cipherSuite", "clientProvidedHostHeader")
_WHAT = "the event in CloudTrail"

Event = Mapping[str, Any]


def recorded(
    asking: Asking,
    request_id: str | None,
    *,
    bucket: str | None,
    key: str | None,
    at: datetime,
    region: str | None = None,
) -> Event | None:
    """The event of a request; None, and a gap that says why, if it is not found.

    Args:
        asking: Who is asked.
        request_id: As the answer gave it.
        bucket, key: What the request was about.
        at: When it was sent.
        region: Where it was sent, and is recorded; that of the client if left out.
    """
    if request_id is None or bucket is None:
        asking.note(_WHAT, "the refusal tells no request id" if bucket else "the refusal tells no bucket")
        return None
    if key is not None:
        why = (
            "requests for objects are data events, which LookupEvents does not have: look in the trail's logs"
        )
        asking.note(_WHAT, why)
        return None
    try:
        for event in _events(asking, bucket, at, region):
            if event.get("requestID") == request_id:
                return _told(event)
    except FAULTS as error:
        asking.gap(_WHAT, error)
        return None
    asking.note(_WHAT, "it is not among the management events of that time; they take about five minutes")
    return None


def circumstances(event: Event | None) -> dict[str, Any]:
    """Condition keys that an event settles: from where the request came."""
    if event is None:
        return {}
    try:
        address = str(ipaddress.ip_address(str(event.get("sourceIPAddress"))))
    except ValueError:
        return {}  # the name of a service
    if endpoint := event.get("vpcEndpointId"):
        return {"aws:SourceVpce": str(endpoint), "aws:VpcSourceIp": address}
    return {"aws:SourceIp": address}


def _events(asking: Asking, bucket: str, at: datetime, region: str | None) -> Iterator[dict[str, Any]]:
    """Events that name *bucket* around that time, newest first."""
    arguments: dict[str, Any] = {
        "LookupAttributes": [{"AttributeKey": "ResourceName", "AttributeValue": bucket}],
        "StartTime": at - _AROUND,
        "EndTime": at + _AROUND,
        "MaxResults": 50,
    }
    for _ in range(_PAGES):
        told = asking.ask("cloudtrail", "lookup_events", region, **arguments)
        for each in told["Events"]:
            event = json.loads(each["CloudTrailEvent"])
            if isinstance(event, dict):
                yield event
        if not told.get("NextToken"):
            return
        arguments["NextToken"] = told["NextToken"]


def _told(event: Mapping[str, Any]) -> Event:
    """What is of use, without what may be secret: parameters, keys, sessions."""
    found: dict[str, Any] = {name: event[name] for name in _KEPT if event.get(name) is not None}
    identity, tls = event.get("userIdentity"), event.get("tlsDetails")
    if isinstance(identity, Mapping):
        found["userIdentity"] = {name: identity[name] for name in _OF_IDENTITY if name in identity}
    if isinstance(tls, Mapping):
        found["tlsDetails"] = {name: tls[name] for name in _OF_TLS if name in tls}
    return {name: redact(each) if isinstance(each, str) else each for name, each in found.items()}
