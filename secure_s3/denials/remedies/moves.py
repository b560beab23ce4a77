"""What the sender of a request may change about it, key by key, as the context of policies shows it.

A move gives the request as it would be asked about afterwards; what the change is in the arguments of the
call is read off the difference (``arguments``). Values are those that the policy itself names, then those
that the API reference lists.
Sources: Amazon S3 API Reference, PutObject, CreateBucket, PutObjectRetention, ListObjectsV2; Service
Authorization Reference, "Actions, resources, and condition keys for Amazon S3".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

from ...policy.conditions import Condition
from ...policy.globs import MARK, STAR
from ...policy.operators import number
from ...policy.request import UNKNOWN, AccessRequest, Between, OneOf
from ...policy.variables import resolve, template
from ...policy.wire.keys import OF_AN_UPLOAD, SSE, SSE_C, SSE_KEY
from ...policy.wire.sent import QUERY
from .facts import Facts
from .trial import changed, moment

SSE_NAME, SSE_KEY_NAME, SSE_C_NAME = f"s3:{SSE}", f"s3:{SSE_KEY}", f"s3:{SSE_C}"
UNTIL, DAYS, MODE = (
    f"s3:object-lock-{name}" for name in ("retain-until-date", "remaining-retention-days", "mode")
)
GRANTS = tuple(
    f"s3:x-amz-grant-{kind}" for kind in ("full-control", "read", "read-acp", "write", "write-acp")
)
AGE, PAYLOAD = "s3:signatureage", "s3:x-amz-content-sha256"
LIFE = 300
"""Seconds that a presigned URL is good for, unless told otherwise."""
ACL, TAG, TAG_KEYS = "s3:x-amz-acl", "s3:requestobjecttag/", "s3:requestobjecttagkeys"
WRITES = frozenset({"s3:PutObject", "s3:UpdateObjectEncryption"})
_SETS_ACL = frozenset({"s3:PutObjectAcl", "s3:PutObjectVersionAcl", "s3:PutBucketAcl"})
SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""Of nothing; it stands for the hash of whatever is sent."""
_SIGNED = (SHA256, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
EXAMPLE = "value"
"""Of a tag that may have any."""
_KEYS_TRIED = 3
_MOST_DAYS, _MOST_SECONDS = 36_500, 604_800
"""Of a retention, and of the life of a presigned URL."""

_VALUES: Mapping[str, tuple[str | None, ...]] = {
    "s3:if-none-match": ("*", None),
    "s3:x-amz-storage-class": (None, "STANDARD"),
    "s3:x-amz-metadata-directive": (None, "REPLACE", "COPY"),
    "s3:x-amz-object-ownership": ("BucketOwnerEnforced",),
    "s3:x-amz-website-redirect-location": (None,),
    "s3:x-amz-bucket-namespace": (None,),
    "s3:if-match": (None,),
    "s3:delimiter": ("/", None),
    "s3:prefix": (None,),
    "s3:max-keys": (None,),
    "s3:locationconstraint": (),
    "s3:object-lock-legal-hold": (None,),
    "s3:signatureversion": ("AWS4-HMAC-SHA256",),
    "s3:x-amz-content-sha256": _SIGNED,
    "aws:requestedregion": (),
}
"""Values to try after those of the condition."""
_FOR_PUT_ONLY = frozenset({"s3:object-lock-legal-hold"})
"""With an upload it may be left out; the calls that are about it would then say nothing, or the opposite."""

Move = Callable[[Condition, AccessRequest, Facts], Iterator[AccessRequest]]


def moves(condition: Condition, wanted: bool, request: AccessRequest, facts: Facts) -> list[AccessRequest]:
    """The same request in ways that make the condition come out as wanted, the plainest first."""
    found = _MOVES.get(condition.folded)
    if found is None and condition.folded.startswith(TAG):
        found = _tag
    if found is None:
        return []
    tried = found(condition, request, facts)
    return [each for each in tried if condition.truth(each) is wanted]


def plain_values(condition: Condition, request: AccessRequest) -> list[str]:
    """Those of its values that are one value; of a pattern that ends with a star, what stands before it."""
    return [text for each in condition.values if (text := _plain(each, request))]


def _plain(value: str, request: AccessRequest) -> str:
    parts = template(value)
    resolved = resolve(parts, request)[0] if parts else None
    if parts and resolved is None:
        return ""
    listed = list(resolved) if resolved is not None else None
    if listed is None:
        head, star, _ = value.partition("*")
        return "" if "?" in value or (star and value != f"{head}*") else head
    if listed and listed[-1] == STAR:
        listed.pop()
    return "" if STAR in listed or MARK in listed else "".join(map(str, listed))


def _simple(condition: Condition, request: AccessRequest, facts: Facts) -> Iterator[AccessRequest]:
    if condition.folded in _FOR_PUT_ONLY and request.action != "s3:PutObject":
        return
    numeric = condition.known is not None and condition.known.kind == "numeric"
    own = _bounds(condition) if numeric else _literals(condition, request)
    for value in dict.fromkeys((*own, *_VALUES.get(condition.folded, ()))):
        yield changed(request, {condition.key: value})


def _literals(condition: Condition, request: AccessRequest) -> list[str]:
    null = condition.known is not None and condition.known.kind == "null"
    return [] if null else plain_values(condition, request)


def _bounds(condition: Condition) -> list[str]:
    found = [value for value in map(number, condition.values) if value is not None]
    return [str(value + step) for value in found for step in (0, -1, 1) if value + step >= 0]


# ------------------------------------------------------------------------------------------- encryption


def _encryption(condition: Condition, request: AccessRequest, facts: Facts) -> Iterator[AccessRequest]:
    named = [] if condition.folded != SSE_KEY_NAME else plain_values(condition, request)
    keys = tuple(dict.fromkeys((*(each for each in named if each in facts.keys), *facts.keys)))[:_KEYS_TRIED]
    if request.action in WRITES and facts.operation not in OF_AN_UPLOAD:
        for key in keys:
            yield _sse(request, "aws:kms", key)
        for key in keys:
            yield _sse(request, "aws:kms:dsse", key)
        weaker = ("AES256",) if condition.folded in (SSE_NAME, SSE_C_NAME) else ()
        yield from (_sse(request, name, None) for name in ("aws:kms", *weaker, "aws:kms:dsse"))
    if request.action != "s3:UpdateObjectEncryption" and condition.folded == SSE_C_NAME:
        yield changed(request, {SSE_NAME: None, SSE_KEY_NAME: None, SSE_C_NAME: "AES256"})
        if request.action not in WRITES or facts.operation in OF_AN_UPLOAD:
            yield changed(request, {SSE_C_NAME: None})


def _sse(request: AccessRequest, algorithm: str | None, key: str | None) -> AccessRequest:
    return changed(request, {SSE_NAME: algorithm, SSE_KEY_NAME: key, SSE_C_NAME: None})


# ------------------------------------------------------------------------------------------------- ACLs


def _acl(condition: Condition, request: AccessRequest, facts: Facts) -> Iterator[AccessRequest]:
    without = dict.fromkeys((ACL, *GRANTS))
    own = plain_values(condition, request) if condition.folded == ACL else []
    if request.action not in _SETS_ACL:
        yield changed(request, without)
    preferred = [each for each in ("bucket-owner-full-control", "private") if each in own] or ["private"]
    for value in dict.fromkeys((*preferred, "bucket-owner-full-control")):
        yield changed(request, {**without, ACL: value})


# ------------------------------------------------------------------------------------------ Object Lock


def _mode(condition: Condition, request: AccessRequest, facts: Facts) -> Iterator[AccessRequest]:
    dated = request.lookup(UNTIL) is not None or request.action != "s3:PutObject"
    for value in (*_literals(condition, request), "GOVERNANCE", "COMPLIANCE"):
        if dated:
            yield changed(request, {MODE: value})
    if request.action == "s3:PutObject":
        yield changed(request, dict.fromkeys((MODE, UNTIL, DAYS)))


def _days(condition: Condition, request: AccessRequest, facts: Facts) -> Iterator[AccessRequest]:
    mode = request.lookup(MODE)
    kept = {} if mode is not None else {MODE: "GOVERNANCE"}
    found = [value for value in map(number, condition.values) if value is not None]
    bounds = [value for value in found if 1 < value < _MOST_DAYS]
    for days in (
        int(bound) + step for bound in bounds for step in (2, -1)
    ):  # which way S3 rounds, nobody says
        until = _after(request, days)
        if until:
            yield changed(request, {**kept, UNTIL: until, DAYS: Between(days - 1, days)})
    if request.action == "s3:PutObject":
        yield changed(request, dict.fromkeys((MODE, UNTIL, DAYS)))


def _after(request: AccessRequest, days: int) -> str:
    now = moment(request)
    try:
        until = now + timedelta(days=days) if now else None
    except OverflowError:
        return ""
    return until.strftime("%Y-%m-%dT%H:%M:%SZ") if until else ""


# ------------------------------------------------------------------------------------------------- tags


def _tag(condition: Condition, request: AccessRequest, facts: Facts) -> Iterator[AccessRequest]:
    name = condition.key[len(TAG) :]
    names = [each for each in _own_tags(request) if each.lower() != name.lower()]
    for value in (*_literals(condition, request), EXAMPLE):
        yield changed(request, {condition.key: value, TAG_KEYS: [*names, name]})
    yield changed(request, {condition.key: None, TAG_KEYS: names or None})


def _own_tags(request: AccessRequest) -> list[str]:
    now = request.lookup(TAG_KEYS)
    return [*dict.fromkeys(now)] if isinstance(now, tuple) else []


def _tag_names(condition: Condition, request: AccessRequest, facts: Facts) -> Iterator[AccessRequest]:
    """The request's own tags as far as the condition lets them be, then those that it names besides."""
    own = _own_tags(request)
    truths = {name: condition.truth(changed(request, {TAG_KEYS: [name]})) for name in own}
    named = _literals(condition, request)
    for kept in ([each for each in own if truths[each] is truth] for truth in (True, False)):
        yield _tagged(request, own, kept)
        yield _tagged(request, own, [*dict.fromkeys((*kept, *(named or ["name"])))])
    yield _tagged(request, own, [])


def _tagged(request: AccessRequest, own: list[str], names: list[str]) -> AccessRequest:
    pairs = {f"s3:RequestObjectTag/{each}": EXAMPLE for each in names if each not in own}
    gone = {f"s3:RequestObjectTag/{each}": None for each in own if each not in names}
    return changed(request, {**gone, **pairs, TAG_KEYS: names or None})


# ------------------------------------------------------------------------------ connection and signature


def _secure(condition: Condition, request: AccessRequest, facts: Facts) -> Iterator[AccessRequest]:
    yield changed(request, {"aws:SecureTransport": True, "s3:TlsVersion": OneOf("1.2", "1.3")})


def _tls(condition: Condition, request: AccessRequest, facts: Facts) -> Iterator[AccessRequest]:
    for value in (OneOf("1.2", "1.3"), "1.3"):
        yield changed(request, {"aws:SecureTransport": True, "s3:TlsVersion": value})


def _auth(condition: Condition, request: AccessRequest, facts: Facts) -> Iterator[AccessRequest]:
    """By headers, by a presigned URL, by a form: of the latter two the content is not signed."""
    for value in dict.fromkeys((*_literals(condition, request), "REST-HEADER")):
        if value == "REST-HEADER":
            yield changed(request, {condition.key: value, AGE: "0"})
        elif value == QUERY:
            yield changed(request, {condition.key: value, AGE: Between(0, LIFE * 1000), PAYLOAD: None})
        elif value == "POST" and request.action == "s3:PutObject":
            yield changed(request, {condition.key: value, AGE: UNKNOWN, PAYLOAD: None})


def _age(condition: Condition, request: AccessRequest, facts: Facts) -> Iterator[AccessRequest]:
    kind = request.lookup("s3:authtype")
    presigned = isinstance(kind, tuple) and kind[0] == QUERY
    bounds = [value for value in map(number, condition.values) if value is not None]
    for bound in bounds if presigned else ():
        seconds = min(int(bound) // 1000, _MOST_SECONDS)
        for each in (seconds, seconds - 1):  # at the bound itself it depends on the operator
            if each > 0:
                yield changed(request, {condition.key: Between(0, each * 1000)})


_MOVES: Mapping[str, Move] = {
    **dict.fromkeys(_VALUES, _simple),
    **dict.fromkeys((SSE_NAME, SSE_KEY_NAME, SSE_C_NAME), _encryption),
    **dict.fromkeys((ACL, *GRANTS), _acl),
    MODE: _mode,
    DAYS: _days,
    UNTIL: _days,
    TAG_KEYS: _tag_names,
    "aws:securetransport": _secure,
    "s3:tlsversion": _tls,
    AGE: _age,
    "s3:authtype": _auth,
}
