"""What a change of a policy would do that nobody wants, shown by a request.

Strangers are callers whom the policy does not name: anybody, a role of an account that stands nowhere in it,
a service that acts for such an account. What is theirs to change is left open (headers, HTTPS or HTTP); who
and where they are is not. A harm that is found is certain; one that is not found may be there all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from .principals import Requester
from .request import AccessRequest
from .rules.circumstances import SOURCE, filled
from .rules.rule import ACCESS_POINT, BUCKET, Subject, once
from .rules.search import find, homes, inside, named
from .rules.values import real
from .statement import Statement
from .witnesses import ADMIN, APP, KEY, ROOT, USER, from_service, over_http, put, witness

_ACCOUNTS = ("444455556666", "777788889999", "123456789012", "999999999999")
_STARTS = 40
"""So many requests are begun from for each Allow."""
_OPEN = ("s3:", "aws:securetransport", "aws:currenttime", "aws:epochtime", "aws:requesttag", "aws:tagkeys")
_USUAL = frozenset({"s3:x-amz-acl", "s3:signatureage", "aws:currenttime", "aws:epochtime"})
"""What an upload has as it comes: that one would pass next year, or with a public ACL, is no way out."""
_WHERE = ("s3:dataaccesspoint", "s3:accesspoint", "s3:resourceaccount")


def harm(before: Subject, after: Subject) -> str:
    """In words what the change from *before* to *after* does and must not; empty if nothing was found."""
    return (
        _opened(before, after)
        or _shut(before, after, "uploads", list(_uploads(before)))
        or _shut(before, after, "changes of the bucket policy", list(_administration(before)))
    )


# ----------------------------------------------------------------------------------- opened to strangers


def _opened(before: Subject, after: Subject) -> str:
    if not after.attached:
        return ""
    gone = _missing(before.denies, after.denies)
    fresh = {id(each) for each in _missing(after.allows, before.allows)}
    for each in after.allows:
        if not gone and id(each) not in fresh:
            continue
        for request in _now_allowed(before, after, each, gone):
            if not real(request):
                continue
            if after.outcome(request) == "allowed" and before.outcome(request) != "allowed":
                who = _who(request)
                return f"{who} would be allowed {request.action} on {request.resource}"
    return ""


def _missing(those: tuple[Statement, ...], these: tuple[Statement, ...]) -> list[Statement]:
    """Those of *those* that are not among *these*."""
    kept = [each.raw for each in these]
    return [each for each in those if each.raw not in kept]


def _now_allowed(
    before: Subject, after: Subject, allow: Statement, gone: list[Statement]
) -> Iterator[AccessRequest]:
    fixed = frozenset(key for key in allow.keys if not key.startswith(_OPEN) or key.startswith(_WHERE))
    for start in islice(_strange(after, allow), _STARTS):
        yield start
        yield over_http(start)
        found = find(after, start, must=(allow,), avoid=(*after.denies, *before.allows), fixed=fixed)
        if found:
            yield found
        for deny in gone:
            found = find(after, start, must=(allow, deny), avoid=after.denies, fixed=fixed | _own(deny))
            if found:
                yield found


def _own(deny: Statement) -> frozenset[str]:
    return frozenset(key for key in deny.keys if not key.startswith(_OPEN) or key.startswith(_WHERE))


@once
def _foreign_account(subject: Subject) -> str:
    """An account that the policy does not name."""
    text = subject.policy.to_json(None)
    return next((each for each in _ACCOUNTS if each not in text), _ACCOUNTS[0])


def _strange(subject: Subject, allow: Statement) -> Iterator[AccessRequest]:
    """Requests by strangers that *allow* is about, its conditions aside."""
    account = _foreign_account(subject)
    people = (None, f"arn:aws:sts::{account}:assumed-role/Stranger/session")
    yield from named(subject, allow, people=people)
    services = allow.principals.service if allow.principals else ()
    for request in islice(named(subject, allow, people=services), _STARTS) if services else ():
        for arn in _sources(allow, str(request.principal), account):
            yield from_service(request, str(request.principal), arn=arn, account=account)


def _sources(allow: Statement, service: str, account: str) -> Iterator[str]:
    """What a service may act for that is not the bucket owner's."""
    name = service.partition(".")[0]
    region = "" if name in ("cloudfront", "s3") else "eu-west-1"
    yield f"arn:aws:{name}:{region}:{account}:zq7/zq7"
    for condition in allow.conditions:
        for value in condition.values if condition.folded in SOURCE else ():
            parts = value.split(":", 5)
            if len(parts) == 6 and set(parts[4]) & set("*?"):
                yield filled(":".join((*parts[:4], account, parts[5])), "zq7")
            elif len(parts) == 6 and not parts[4] and set(parts[5].partition("/")[0]) & set("*?"):
                yield filled(value, "zq7")


def _who(request: AccessRequest) -> str:
    if not isinstance(request.principal, str):
        return "anybody"
    return request.principal if Requester.parse(request.principal).kind == "service" else "another account"


# ----------------------------------------------------------------------------------- shut for everybody


def _shut(before: Subject, after: Subject, what: str, starts: list[AccessRequest]) -> str:
    """Some of *starts* pass before, and afterwards none does, whatever else it has."""
    if not _missing(after.denies, before.denies) or not starts:
        return ""
    plainly = [each for each in starts if _passes(before, each)]
    if any(_passes(after, each) for each in plainly):
        return ""
    if not plainly and not any(find(before, each, avoid=before.denies, fixed=_USUAL) for each in starts[:4]):
        return ""
    if any(find(after, each, avoid=after.denies, fixed=_USUAL) for each in starts):
        return ""
    return "" if after.effort.spent else f"{what} that pass now would be denied to everybody"


def _passes(subject: Subject, request: AccessRequest) -> bool:
    return not any(subject.applies(each, request) for each in subject.denies)


def _uploads(subject: Subject) -> Iterator[AccessRequest]:
    if subject.kind not in (BUCKET, ACCESS_POINT):
        return
    headers: tuple[dict[str, str], ...] = (
        {},
        {"acl": "bucket-owner-full-control"},
        {"sse": "AES256"},
        {"sse": "aws:kms", "sse_key": KEY},
        {"sse": "aws:kms:dsse"},
    )
    for home in homes(subject):
        for who in (APP, USER, ADMIN):
            for each in headers:
                made = put("amzn-s3-demo-bucket", "key", who, **each)
                yield replace(made, resource=inside(home))


def _administration(subject: Subject) -> Iterator[AccessRequest]:
    if subject.kind == BUCKET:
        for home in homes(subject):
            if ":accesspoint/" not in home:
                yield from (witness("s3:PutBucketPolicy", home, who) for who in (ADMIN, APP, USER, ROOT))
