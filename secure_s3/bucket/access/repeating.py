"""A refused HEAD, asked again in a way that is answered with words.

Source: Amazon S3 API Reference, HeadObject (its answers have no body; it needs s3:GetObject) and HeadBucket
(it needs s3:ListBucket).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ...errors import IntegrityError, ServiceError
from ...guard import with_strategy
from ...policy.wire import SentRequest
from ..asking import FAULTS, Asking
from .refusal import Refusal, refusal_of

_WHAT = "the words of the refusal"
_BESIDES = {
    "x-amz-expected-bucket-owner": "ExpectedBucketOwner",
    "x-amz-request-payer": "RequestPayer",
    "x-amz-checksum-mode": "ChecksumMode",
    "if-match": "IfMatch",
    "if-none-match": "IfNoneMatch",
}
"""Headers of the HEAD that its twin has as well."""
_EMPTY = 416
"""An object without bytes has no first one; whoever is told so may read it."""


def repeated(client: Any, refusal: Refusal, asking: Asking) -> Refusal:
    """*refusal* in the words of a GET of one byte (for a bucket: of its list) in place of the HEAD.

    Nothing else is ever repeated. The byte is thrown away. A list is not limited, because policies may decide
    by ``max-keys``. If the answer is no refusal, or none that can be read, *refusal* is left as it is, and a
    gap says why.
    """
    if not refusal.is_head:
        return refusal
    if refusal.sent is None or refusal.sent.bucket is None:
        asking.note(_WHAT, "only the error is known, and not the request, which could be repeated")
        return refusal
    try:
        name, call = _twin(client, refusal)
        asking.call(name, call, **_parameters(refusal.sent)).get()
    except ServiceError as error:
        if error.status == _EMPTY:
            return _passed(refusal, asking)
        found = refusal_of(error)
        # An error of a stub knows no request.
        return replace(found, sent=found.sent or refusal.sent, at=found.at or refusal.at, retried=True)
    except IntegrityError:  # it was answered, by an object that is not protected as configured
        return _passed(refusal, asking)
    except FAULTS as error:
        asking.gap(_WHAT, error)
        return refusal
    return _passed(refusal, asking)


def _twin(client: Any, refusal: Refusal) -> tuple[str, Callable[..., Any]]:
    """The call that is made in place of the HEAD, under the same strategy."""
    strategy = refusal.strategy
    face = client if strategy is None else with_strategy(client, strategy)
    if refusal.sent is None or refusal.sent.key is None:
        return "ListObjectsV2", face.list_objects_v2

    def one_byte(**parameters: Any) -> None:
        face.get_object(**parameters, Range="bytes=0-0")["Body"].close()

    return "GetObject", one_byte


def _parameters(sent: SentRequest) -> dict[str, Any]:
    found: dict[str, Any] = {"Bucket": sent.bucket}
    besides: Mapping[str, str] = _BESIDES
    if sent.key is None:
        besides = {name: _BESIDES[name] for name in ("x-amz-expected-bucket-owner",)}
    else:
        found["Key"] = sent.key
        if version := sent.query.get("versionId"):
            found["VersionId"] = version
    named = {parameter: sent.header(name) for name, parameter in besides.items()}
    return found | {name: value for name, value in named.items() if value is not None}


def _passed(refusal: Refusal, asking: Asking) -> Refusal:
    what = "the bucket's list" if refusal.sent and refusal.sent.key is None else "one byte by GET"
    asking.note(_WHAT, f"asked for {what}, which needs the same permission, S3 gave it: it is allowed by now")
    return refusal
