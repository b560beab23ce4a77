"""What a request needs: the actions, on which resources, under which circumstances.

Sources: Amazon S3 User Guide, "Required permissions for Amazon S3 API operations"; Amazon S3 API Reference,
the permissions of PutObject, CopyObject, CreateMultipartUpload, GetObjectAttributes, CreateBucket; KMS
Developer Guide, "AWS KMS condition keys".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .. import catalogue
from ..request import UNKNOWN, AccessRequest
from . import kms
from .actions import Wanted, wanted
from .circumstances import (
    NETWORK,
    SERVER_ONLY,
    of_the_caller,
    of_the_connection,
    of_the_time,
    with_assumed,
)
from .keys import copies_tags, fitting, of_the_request, unsettled
from .places import Place
from .sent import Caller, SentRequest


@dataclass(frozen=True, slots=True)
class Need:
    """One permission that a request needs.

    Args:
        request: What policies are asked.
        when: On what it depends that only S3 knows, e.g. ``the source has tags``; empty if it is certain.
        via: The service that asks for the caller, e.g. ``s3`` for keys of KMS.
        access_point: The resource is an access point or lies in one; the bucket's policy is asked besides.
    """

    request: AccessRequest
    when: str = ""
    via: str = ""
    access_point: bool = False


@dataclass(frozen=True, slots=True)
class _Sender:
    """What is the same for everything that one request needs."""

    sent: SentRequest
    caller: Caller
    now: datetime
    assume: Mapping[str, Any] = field(default_factory=dict)


def access_requests(
    sent: SentRequest,
    *,
    caller: Caller,
    now: datetime,
    assume: Mapping[str, Any] | None = None,
    stored_key: str | None = None,
    source_key: str | None = None,
) -> tuple[AccessRequest, ...]:
    """What policies are asked about *sent*; see ``needs``."""
    found = needs(sent, caller=caller, now=now, assume=assume, stored_key=stored_key, source_key=source_key)
    return tuple(need.request for need in found)


def needs(
    sent: SentRequest,
    *,
    caller: Caller,
    now: datetime,
    assume: Mapping[str, Any] | None = None,
    stored_key: str | None = None,
    source_key: str | None = None,
) -> tuple[Need, ...]:
    """Everything that *sent* needs, the operation's own action first.

    Keys that only the server knows are unknown in the requests unless *assume* declares them.

    Args:
        sent: The request as it goes over the wire.
        caller: Who signs it.
        now: When it is sent, with a zone.
        assume: Condition keys and values that the caller vouches for, e.g. ``{"aws:SourceIp": "192.0.2.1"}``.
        stored_key: ARN of the KMS key that the object, or the multipart upload, is believed to be encrypted
            with; a request to read it does not say.
        source_key: The same of the source of a copy.

    Raises:
        PolicyError: The operation or its bucket is none whose permissions are known, or *assume* contradicts
            the request.
    """
    sender = _Sender(sent, caller, now, assume or {})
    own = [_need(sender, each) for each in wanted(sent)]
    return (*own, *_of_kms(sender, stored_key, source_key))


def key_need(
    action: str,
    key_arn: str,
    pairs: Mapping[str, str],
    *,
    caller: Caller,
    now: datetime,
    temporary: bool = False,
    assume: Mapping[str, Any] | None = None,
    more_pairs: bool = False,
    when: str = "",
) -> Need:
    """What a call to KMS needs that is made from here, as client-side encryption makes them.

    Args:
        action: e.g. ``kms:GenerateDataKey``.
        pairs: The encryption context.
        more_pairs: It may have others besides.
        when: As of Need.
    """
    context: dict[str, Any] = {
        "aws:SecureTransport": True,
        "aws:ViaAWSService": False,
        **of_the_time(now),
        **of_the_caller(caller, temporary),
        **kms.of_the_key(key_arn, caller),
        **kms.of_the_pairs(pairs, more_pairs),
        "kms:ViaService": None,
    }
    unknown = (*kms.SERVER_ONLY, *(kms.ANY_PAIR if more_pairs else ()))
    context = with_assumed(context, _elsewhere(assume or {}))
    return Need(_request(action, key_arn, caller, context, unknown), when)


def _need(sender: _Sender, each: Wanted) -> Need:
    sent = sender.sent
    certain = of_the_connection(sent) | of_the_time(sender.now) | of_the_caller(sender.caller, sent.temporary)
    own = of_the_request(sent, sender.now)
    if each.source:  # another object, which the headers are not about
        own = {key: None if value is None else UNKNOWN for key, value in own.items()}
    own["s3:versionid"] = each.version
    context, unknown = {**certain, **fitting(own, each.action)}, list(SERVER_ONLY)
    if copies_tags(sent):
        unknown.append("s3:RequestObjectTag/*")
    if each.owner is None:
        unknown += ["s3:ResourceAccount", "aws:ResourceAccount"]
    context |= _of_the_place(each.place)
    unknown += [key for key in unsettled(context, each.action) if key != "s3:resourceaccount"]
    context = with_assumed(context, sender.assume)
    request = _request(each.action, each.resource, sender.caller, context, tuple(unknown), each.owner)
    return Need(request, each.when, access_point=each.place is not None and each.place.access_point)


def _of_the_place(place: Place | None) -> dict[str, Any]:
    """What only requests through an access point have; the network that may use it is its owner's to know."""
    through = place is not None and place.access_point
    return {
        "s3:DataAccessPointArn": place.arn if place and through else None,
        "s3:DataAccessPointAccount": place.account if place and through else None,
        "s3:AccessPointNetworkOrigin": UNKNOWN if through else None,
    }


def _of_kms(sender: _Sender, stored_key: str | None, source_key: str | None) -> Iterator[Need]:
    sent, caller = sender.sent, sender.caller
    for use in kms.uses(sent, stored_key, source_key):
        context = of_the_time(sender.now) | of_the_caller(caller, sent.temporary)
        context |= {
            **kms.of_the_key(use.key_arn, caller),
            **kms.of_the_use(use),
            "aws:RequestedRegion": use.key_arn.split(":")[3],
            "kms:ViaService": f"s3.{use.key_arn.split(':')[3]}.amazonaws.com",
        }
        context = with_assumed(context, _elsewhere(sender.assume))
        unknown = (*kms.SERVER_ONLY, *(kms.ANY_PAIR if use.more_pairs else ()))
        request = _request(use.action, use.key_arn, caller, context, unknown)
        yield Need(request, use.when, via="s3")


def _elsewhere(assume: Mapping[str, Any]) -> dict[str, Any]:
    """What is declared of the caller, and not of its way to S3, which is not the way to KMS."""
    return {
        key: value
        for key, value in assume.items()
        if key.lower() not in NETWORK and not key.lower().startswith("s3:")
    }


def _request(
    action: str,
    resource: str,
    caller: Caller,
    context: Mapping[str, Any],
    unknown: tuple[str, ...],
    owner: str | None = None,
) -> AccessRequest:
    known = catalogue.action(action)
    name = known.name if known else action
    return AccessRequest(name, resource, caller.arn, context, unknown, caller.account, owner)
