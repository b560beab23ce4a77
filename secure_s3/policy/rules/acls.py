"""Access control lists: Denies of public ones that leave ways open, and ACLs that parts cannot carry.

Sources: Amazon S3 User Guide, "Access control list (ACL) overview", "Controlling ownership of objects and
disabling ACLs for your bucket".
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from ...values import Severity
from ..request import AccessRequest
from ..statement import Statement
from ..witnesses import with_context
from .rule import ACCESS_POINT, BUCKET, RESOURCE_CONTROL, SERVICE_CONTROL, Hit, Rule, Subject
from .search import denied, find, homes, inside, named, on, reach

ACL = "s3:x-amz-acl"
CANNED = ("public-read", "public-read-write", "authenticated-read")
GRANTS = tuple(
    f"s3:x-amz-grant-{each}" for each in ("read", "write", "read-acp", "write-acp", "full-control")
)
EVERYBODY = 'uri="http://acs.amazonaws.com/groups/global/AllUsers"'
_INSIDE = ("s3:PutObject", "s3:PutObjectAcl")
_WHOLE = ("s3:PutBucketAcl",)
_KINDS = (BUCKET, ACCESS_POINT, RESOURCE_CONTROL, SERVICE_CONTROL)
_REFS = (
    "SecurityHub:S3.12",
    "checkov:CKV_AWS_375",
    "prowler:s3_bucket_acl_prohibited",
    "Amazon S3 User Guide: Controlling ownership of objects and disabling ACLs for your bucket",
)


@lru_cache(maxsize=64)  # every statement is asked about the same ones
def _opened(request: AccessRequest) -> tuple[tuple[str, AccessRequest], ...]:
    """The same request in every way that opens something to everybody, and how."""
    return tuple(_ways(request))


def _ways(request: AccessRequest) -> Iterator[tuple[str, AccessRequest]]:
    closed = with_context(request, dict.fromkeys((ACL, *GRANTS)))
    for canned in CANNED:
        yield canned, with_context(closed, {ACL: canned})
    # s3:PutObject knows no x-amz-grant-write: only a bucket can be written to.
    for grant in GRANTS:
        if grant != "s3:x-amz-grant-write" or request.action == "s3:PutBucketAcl":
            yield grant.removeprefix("s3:"), with_context(closed, {grant: EVERYBODY})


def _attempt(subject: Subject, statement: Statement) -> AccessRequest | None:
    """A request that it denies because of a public ACL, and would not without."""
    if not on(statement, ACL, *GRANTS):
        return None
    for action in (*_INSIDE, *_WHOLE):
        for start in named(subject, statement, (action,), distinct=True):
            if not any(subject.applies(statement, each) for _, each in _opened(start)):
                continue
            closed = with_context(start, dict.fromkeys((ACL, *GRANTS)))
            if not subject.applies(statement, with_context(closed, {ACL: "private"})):
                return start
    return None


def _public_passes(subject: Subject) -> Iterator[Hit]:
    attempts = [(each, found) for each in subject.denies if (found := _attempt(subject, each))]
    if not attempts:
        return
    who = attempts[0][1]
    ways: dict[str, list[str]] = {}
    for home in homes(subject):
        for action in (*_INSIDE, *_WHOLE):
            if action in _WHOLE and (":accesspoint/" in home or not _of_buckets(subject, attempts)):
                continue
            request = AccessRequest(
                action,
                home if action in _WHOLE else inside(home),
                who.principal,
                who.context,
                resource_account=who.resource_account,
            )
            for way in _passing(subject, request):
                ways.setdefault(way, []).append(action)
    if ways:
        only_grants = not set(ways) & set(CANNED)
        yield Hit(
            f"these still open it to everybody: {_listed(ways)}",
            attempts[0][0],
            severity=Severity.INFO if only_grants else None,
        )


def _passing(subject: Subject, request: AccessRequest) -> Iterator[str]:
    """The ways of opening it that some such request is not denied."""
    known: AccessRequest | None = None
    for way, opened in _opened(request):
        found = known and with_context(known, {name: opened.context.get(name) for name in (ACL, *GRANTS)})
        if found is None or denied(subject, found):  # what lets one pass mostly lets the others pass
            found = find(subject, opened, avoid=subject.denies, fixed=(ACL, *GRANTS))
        if found is not None:
            known = found
            yield way


def _of_buckets(subject: Subject, attempts: list[tuple[Statement, AccessRequest]]) -> bool:
    """The policy means buckets' ACLs too."""
    return any(next(named(subject, each, _WHOLE), None) for each, _ in attempts)


def _listed(ways: dict[str, list[str]]) -> str:
    by_actions: dict[str, list[str]] = {}
    for way, actions in ways.items():
        by_actions.setdefault(", ".join(dict.fromkeys(actions)), []).append(way)
    return "; ".join(f"{', '.join(names)} with {actions}" for actions, names in by_actions.items())


def _required(subject: Subject) -> Iterator[Hit]:
    for each in subject.denies:
        wanted = [condition for condition in on(each, ACL) if condition.known and condition.known.negated]
        if not wanted:
            continue
        found = reach(subject, each, ("s3:PutObject",))
        if found is None:
            continue
        right = with_context(found, {ACL: wanted[0].values[0] if wanted[0].values else None})
        part = with_context(found, {ACL: None, "s3:ObjectCreationOperation": False})
        if not subject.applies(each, right) and subject.applies(each, part):
            yield Hit(
                "the parts of multipart uploads are denied: UploadPart is s3:PutObject and has no ACL "
                f"header, and {wanted[0].operator} holds where it is absent",
                each,
                wanted[0].pointer,
            )


RULES = (
    Rule(
        "public-acl-passes",
        Severity.MEDIUM,
        "some public ACLs are denied, others pass",
        "An ACL opens objects by a canned name, by x-amz-grant-… headers, or in the body of the request, "
        "which no policy sees; PutObject sets one as well as PutObjectAcl.",
        "set Object Ownership to BucketOwnerEnforced, which turns ACLs off; a Deny needs public-read, "
        "public-read-write, authenticated-read and every x-amz-grant-… key, for s3:PutObject and "
        "s3:PutObjectAcl",
        _public_passes,
        _KINDS,
        _REFS,
    ),
    Rule(
        "acl-required-of-parts",
        Severity.MEDIUM,
        "an ACL is required that parts cannot carry",
        "UploadPart is authorized as s3:PutObject and has no x-amz-acl header: large uploads fail.",
        "set Object Ownership to BucketOwnerEnforced, so that the bucket's owner owns every object, and "
        "remove the statement",
        _required,
        _KINDS,
        _REFS[3:],
    ),
)
