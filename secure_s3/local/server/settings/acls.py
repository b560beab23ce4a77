"""Access control lists: what a request brings along, and whom a stored one lets in.

Sources: Amazon S3 User Guide, "Access control list (ACL) overview" (canned ACLs, predefined groups, the
permissions that operations need), "Blocking public access to your Amazon S3 storage".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from ..call import Call
from ..documents import parsed, text_of
from ..faults import Refusal, invalid_argument

__all__ = [
    "ALL_USERS",
    "AUTHENTICATED",
    "brings_acl",
    "check_groups",
    "grants_of",
    "is_public_acl",
    "puts_acl",
]

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
_GROUPS = (ALL_USERS, AUTHENTICATED, "http://acs.amazonaws.com/groups/s3/LogDelivery")
_GRANTEE = re.compile(r'\s*(id|uri|emailAddress)="?([^"]+?)"?\s*')
_PUBLIC = ("public-read", "public-read-write", "authenticated-read")


def puts_acl(call: Call) -> bool:
    """PutBucketAcl or PutObjectAcl."""
    return call.operation in ("PutBucketAcl", "PutObjectAcl")


def brings_acl(call: Call) -> bool:
    """Its headers have an ACL."""
    return "x-amz-acl" in call.headers or any(name.startswith("x-amz-grant-") for name in call.headers)


def check_groups(call: Call) -> None:
    """A group that ACLs name is one of the three there are; letters and scheme have to be the same.

    Raises:
        Refusal: InvalidArgument, texts as S3 has been seen to send them; MalformedACLError.
    """
    for name, group in _groups_of(call):
        if group not in _GROUPS:
            raise invalid_argument("Invalid group uri", name, group)


def _groups_of(call: Call) -> Iterator[tuple[str, str]]:
    """The groups, each behind the name of the argument that S3 says of it."""
    if puts_acl(call) or call.creates or call.operation == "CreateBucket":
        for header, value in call.headers.items():
            if header.startswith("x-amz-grant-"):
                yield from (("uri", text) for kind, text in _grantees(header, value) if kind == "uri")
    if puts_acl(call) and call.body:
        grantees = _document(call.body).iterfind(".//Grantee/URI")
        yield from (("Group/URI", group.text or "") for group in grantees)


def _document(body: bytes) -> ElementTree.Element:
    try:
        return parsed(body, "AccessControlPolicy")
    except Refusal as refusal:  # moto takes some that are none
        raise Refusal(refusal.status, "MalformedACLError", refusal.message) from refusal


def _grantees(header: str, value: str) -> Iterator[tuple[str, str]]:
    for text in value.split(","):
        found = _GRANTEE.fullmatch(text)
        if found is None:
            raise invalid_argument("Argument format not recognized", header, text.strip())
        yield found[1], found[2]


def is_public_acl(call: Call) -> bool:
    """The ACL of the request, in its headers or its body, grants something to one of the global groups."""
    if call.headers.get("x-amz-acl", "").strip().lower() in _PUBLIC:
        return True
    granted = [value for name, value in call.headers.items() if name.startswith("x-amz-grant-")]
    if any(group in value for value in granted for group in (ALL_USERS, AUTHENTICATED)):
        return True
    return puts_acl(call) and bool(call.body) and _is_public_document(call.body)


def _is_public_document(body: bytes) -> bool:
    try:
        document = parsed(body, "AccessControlPolicy")
    except Refusal:
        return False  # it is refused for what it is
    grantees = document.iter("Grantee")
    return any(text_of(grantee, "URI") in (ALL_USERS, AUTHENTICATED) for grantee in grantees)


def grants_of(acl: Any) -> list[tuple[str, str]]:
    """Pairs of grantee (a group's URI or an account's id) and permission of moto's ACL."""
    return [
        (grantee.uri or grantee.id, permission)
        for grant in getattr(acl, "grants", ())
        for grantee in grant.grantees
        for permission in grant.permissions
    ]
