"""The request that changed arguments make, read off the wire again, and the permissions it needs besides.

What is offered is proved with this request and not with the wish that led to it: arguments may say more, or
less, than was wished for. Source: Amazon S3 API Reference, the headers of PutObject and ListObjectsV2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from ...errors import PolicyError
from ...policy.decision import MAY_DENY, Reason
from ...policy.request import AccessRequest
from ...policy.wire import SentRequest, actions
from ...policy.wire.keys import SSE, SSE_C, SSE_KEY, fitting, of_the_request, unsettled
from ...policy.wire.sent import QUERY
from .facts import Facts
from .rendering import Told
from .trial import Bench, certain, lacking, moment, refusing

_HEADERS: Mapping[str, str] = {
    "ServerSideEncryption": SSE,
    "SSEKMSKeyId": SSE_KEY,
    "SSECustomerAlgorithm": SSE_C,
    "ACL": "x-amz-acl",
    "GrantFullControl": "x-amz-grant-full-control",
    "GrantRead": "x-amz-grant-read",
    "GrantReadACP": "x-amz-grant-read-acp",
    "GrantWrite": "x-amz-grant-write",
    "GrantWriteACP": "x-amz-grant-write-acp",
    "StorageClass": "x-amz-storage-class",
    "MetadataDirective": "x-amz-metadata-directive",
    "ObjectOwnership": "x-amz-object-ownership",
    "WebsiteRedirectLocation": "x-amz-website-redirect-location",
    "BucketNamespace": "x-amz-bucket-namespace",
    "IfMatch": "if-match",
    "IfNoneMatch": "if-none-match",
    "Tagging": "x-amz-tagging",
    "ObjectLockMode": "x-amz-object-lock-mode",
    "ObjectLockRetainUntilDate": "x-amz-object-lock-retain-until-date",
    "ObjectLockLegalHoldStatus": "x-amz-object-lock-legal-hold",
}
_IN_QUERY: Mapping[str, str] = {"Prefix": "prefix", "Delimiter": "delimiter", "MaxKeys": "max-keys"}
_PAYLOAD = "s3:x-amz-content-sha256"
"""The client's to choose, not an argument's."""
_CONNECTION = frozenset({"s3:tlsversion", "s3:authtype", "s3:signatureversion", "s3:signatureage"})
_NEEDED_FOR: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "s3:PutObjectTagging": (("Tagging",), ("s3:requestobjecttagkeys",)),
    "s3:PutObjectAcl": (
        tuple(name for name in _HEADERS if name == "ACL" or name.startswith("Grant")),
        tuple(f"s3:{head}" for head in _HEADERS.values() if head.startswith(("x-amz-acl", "x-amz-grant"))),
    ),
    "s3:PutObjectRetention": (("ObjectLockMode",), ("s3:object-lock-mode",)),
}
"""Permissions that arguments of an upload need, and the keys that tell whether it needed them before."""


@dataclass(frozen=True, slots=True)
class Resent:
    """What becomes of a call with changed arguments.

    Args:
        request: What policies are asked about it.
        more: The permissions it needs that it did not need before.
    """

    request: AccessRequest
    more: tuple[AccessRequest, ...]

    def left_open(self, bench: Bench) -> Iterator[Reason]:
        """The statements that may still deny it, by what only AWS knows."""
        return (each for each in bench.decision(self.request).reasons if each.role == MAY_DENY)

    def passes(self, bench: Bench) -> bool | None:
        """Whether it does, whatever more it needs; None where that is not certain."""
        decision = bench.decision(self.request)
        if not bench.helps(decision):
            return False
        sure: bool | None = True
        for each in self.more:
            found = bench.decision(each)
            if certain(found):
                return False
            same = decision.outcome != "allowed" and set(lacking(found)) <= set(lacking(decision))
            open_ones = refusing(found) - refusing(decision)
            if found.outcome != "allowed" and (open_ones or not same):
                sure = None
        return sure


def resent(before: AccessRequest, after: AccessRequest, told: Told, facts: Facts) -> Resent:
    """The request that *told* makes of *before*; of *after* it keeps what no argument says."""
    sent, now = facts.sent, moment(before)
    if sent is None or now is None or sent.auth_type == QUERY:
        return Resent(after, tuple(_guessed(before, after, told)))
    again = _sent_again(sent, told)
    own, new = of_the_request(sent, now), of_the_request(again, now)
    request = replace(after, context=_context(before, after, own, new))
    try:
        more = tuple(_more(request, sent, again, new))
    except PolicyError:
        more = ()
    return Resent(request, more)


def _sent_again(sent: SentRequest, told: Told) -> SentRequest:
    headers, content, query = dict(sent.headers), dict(sent.content), {}
    arguments = dict(told.arguments)
    if told.encryption.startswith("SseC"):
        arguments |= {"ServerSideEncryption": None, "SSEKMSKeyId": None, "SSECustomerAlgorithm": "AES256"}
    for name, value in arguments.items():
        if name in _IN_QUERY:
            query[_IN_QUERY[name]] = value
        elif isinstance(value, Mapping):
            content[name] = value
        elif name in _HEADERS:
            headers.pop(_HEADERS[name], None)
            headers |= {} if value is None else {_HEADERS[name]: str(value)}
    return replace(sent, headers=headers, content=content, url=_with_query(sent.url, query))


def _with_query(url: str, query: Mapping[str, Any]) -> str:
    if not query:
        return url
    parts = urlsplit(url)
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in query]
    added = [(name, str(value)) for name, value in query.items() if value is not None]
    return urlunsplit(parts._replace(query=urlencode([*kept, *added])))


def _context(
    before: AccessRequest, after: AccessRequest, own: Mapping[str, Any], new: Mapping[str, Any]
) -> dict[str, Any]:
    names = {name for name in (*own, *new) if name != _PAYLOAD}
    differing = {name: new.get(name) for name in names if own.get(name) != new.get(name)}
    of_arguments, changed = {name.lower() for name in names}, {name.lower() for name in differing}
    others = {key: value for key, value in after.context.items() if key.lower() not in of_arguments}
    as_before = {
        key: value
        for key, value in before.context.items()
        if key.lower() in of_arguments and key.lower() not in changed
    }
    return {**others, **as_before, **fitting(differing, before.action)}


def _more(
    request: AccessRequest, sent: SentRequest, again: SentRequest, new: Mapping[str, Any]
) -> Iterator[AccessRequest]:
    had = {each.action for each in actions.wanted(sent)}
    for each in actions.wanted(again):
        if each.action not in had and not each.source and not each.when:
            yield _asking(request, each.action, each.resource, new)


def _guessed(before: AccessRequest, after: AccessRequest, told: Told) -> Iterator[AccessRequest]:
    """The same where the request itself is not there to be looked at."""
    if before.action != "s3:PutObject":
        return
    own = {
        key: value
        for key, value in after.context.items()
        if key.lower().startswith("s3:") and key.lower() not in _CONNECTION
    }
    for action, (names, keys) in _NEEDED_FOR.items():
        had = any(before.lookup(key) is not None for key in keys)
        if not had and any(told.arguments.get(name) is not None for name in names):
            yield _asking(after, action, before.resource, own)


def _asking(request: AccessRequest, action: str, resource: str, own: Mapping[str, Any]) -> AccessRequest:
    context = {**request.context, **fitting(own, action)}
    unknown = (*request.unknown, *unsettled(context, action))
    return replace(request, action=action, resource=resource, context=context, unknown=unknown)
