"""Operations of S3 and the actions that they need, each on its resource."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ...errors import PolicyError
from .. import catalogue
from .keys import copies_tags
from .places import Place, copy_source, place
from .sent import SentRequest

_VERSIONED = {
    f"s3:{verb}Object{rest}": f"s3:{verb}ObjectVersion{rest}"
    for verb, rest in (
        ("Get", ""),
        ("Get", "Acl"),
        ("Get", "Attributes"),
        ("Get", "Tagging"),
        ("Get", "Torrent"),
        ("Put", "Acl"),
        ("Put", "Tagging"),
        ("Delete", ""),
        ("Delete", "Tagging"),
    )
}
_GRANTS = (
    "x-amz-acl",
    *(f"x-amz-grant-{kind}" for kind in ("full-control", "read", "read-acp", "write", "write-acp")),
)
_CREATE_OBJECT = {
    "s3:PutObjectTagging": ("x-amz-tagging",),
    "s3:PutObjectAcl": _GRANTS,
    "s3:PutObjectRetention": ("x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date"),
    "s3:PutObjectLegalHold": ("x-amz-object-lock-legal-hold",),
}
_BESIDES: dict[str, dict[str, tuple[str, ...]]] = {
    "PutObject": _CREATE_OBJECT,
    "CopyObject": _CREATE_OBJECT,
    "CreateMultipartUpload": _CREATE_OBJECT,
    "CreateBucket": {
        "s3:PutBucketAcl": _GRANTS,
        "s3:PutBucketObjectLockConfiguration": ("x-amz-bucket-object-lock-enabled",),
        "s3:PutBucketVersioning": ("x-amz-bucket-object-lock-enabled",),
        "s3:PutBucketOwnershipControls": ("x-amz-object-ownership",),
    },
}
"""Operation -> actions needed besides, where one of the headers is sent."""
_COPIES = frozenset({"CopyObject", "UploadPartCopy"})
_BYPASS = "x-amz-bypass-governance-retention"
_ON_OBJECTS = frozenset({"object", "accesspointobject"})
# Other services decide about them, by other policies.
_ELSEWHERE = frozenset({"CreateSession", "ListDirectoryBuckets", "RenameObject", "WriteGetObjectResponse"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """One action on one resource.

    Args:
        action, resource: As policies name them.
        place: The bucket or access point; None for actions without one.
        version: The object's version, if the request names it.
        owner: The account that the request expects to own the bucket.
        when: On what it depends that only S3 knows.
        source: It is about the source of a copy.
    """

    action: str
    resource: str
    place: Place | None = None
    version: str | None = None
    owner: str | None = None
    when: str = ""
    source: bool = False


def action_of(operation: str) -> str:
    """The one action that an operation is known by, without regard to versions.

    Raises:
        PolicyError: Nothing is known of it.
    """
    if operation not in _ELSEWHERE:
        mapped = catalogue.operation_actions(f"s3:{operation}")
        if mapped:
            return mapped[0]
        if found := catalogue.action(f"s3:{operation}"):
            return found.name
    raise PolicyError(
        f"which permissions {operation} needs is not known here",
        why="it is an operation of another service, or newer than the catalogue",
        fix="evaluate an AccessRequest for its action with evaluate()",
    )


def wanted(sent: SentRequest) -> Iterator[Wanted]:
    """The actions of *sent*, the operation's own first."""
    action = action_of(sent.operation)
    if sent.bucket is None:
        yield Wanted(action, "*")
        return
    where, owner = place(sent.bucket, sent.region), _owner(sent, "x-amz-expected-bucket-owner")
    if sent.operation == "DeleteObjects":
        yield from _deletes(sent, where, owner)
        return
    known = catalogue.action(action)
    if known is None or not _ON_OBJECTS.intersection(known.resource_types):
        yield Wanted(action, where.arn, where, owner=owner)
        for extra in _extras(sent):
            yield Wanted(extra, where.arn, where, owner=owner)
        return
    yield from _of_an_object(sent, action, where, owner)


def _of_an_object(sent: SentRequest, action: str, where: Place, owner: str | None) -> Iterator[Wanted]:
    if sent.key is None:
        raise PolicyError(f"{sent.operation} names no object", fix="pass its Key")
    version, resource = sent.query.get("versionId"), where.object(sent.key)

    def on_it(name: str, when: str = "") -> Wanted:
        return Wanted(_versioned(name, version), resource, where, version, owner, when)

    yield on_it(action)
    if sent.operation == "GetObjectAttributes":
        yield on_it("s3:GetObject")
    for extra in _extras(sent):
        yield on_it(extra)
    if _bypasses(sent):
        yield on_it("s3:BypassGovernanceRetention", "the version is under governance retention")
    if sent.operation in _COPIES:
        yield from _of_the_source(sent)
    if copies_tags(sent):
        yield on_it("s3:PutObjectTagging", "the source has tags")


def _extras(sent: SentRequest) -> Iterator[str]:
    for action, headers in _BESIDES.get(sent.operation, {}).items():
        if any(sent.header(name) is not None for name in headers) and not (
            # Without the directive, S3 takes the source's tags and ignores the header.
            action == "s3:PutObjectTagging" and copies_tags(sent)
        ):
            yield action


def _of_the_source(sent: SentRequest) -> Iterator[Wanted]:
    bucket, key, version = copy_source(sent)
    where = place(bucket, sent.region)
    owner = _owner(sent, "x-amz-source-expected-bucket-owner")
    tags = "s3:GetObjectTagging"
    for action, when in (
        ("s3:GetObject", ""),
        *([(tags, "the source has tags")] if copies_tags(sent) else []),
    ):
        yield Wanted(_versioned(action, version), where.object(key), where, version, owner, when, source=True)


def _deletes(sent: SentRequest, where: Place, owner: str | None) -> Iterator[Wanted]:
    for entry in (sent.content.get("Delete") or {}).get("Objects") or ():
        key, version = str(entry.get("Key")), _text(entry.get("VersionId"))
        resource = where.object(key)
        yield Wanted(_versioned("s3:DeleteObject", version), resource, where, version, owner)
        if _bypasses(sent):
            when = "the version is under governance retention"
            yield Wanted("s3:BypassGovernanceRetention", resource, where, version, owner, when)


def _versioned(action: str, version: str | None) -> str:
    return action if version is None else _VERSIONED.get(action, action)


def _bypasses(sent: SentRequest) -> bool:
    return (sent.header(_BYPASS) or "").lower() == "true"


def _owner(sent: SentRequest, header: str) -> str | None:
    # Of a URL for browsers it stands in the query, without being a header.
    return sent.header(header) or {name.lower(): value for name, value in sent.query.items()}.get(header)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
