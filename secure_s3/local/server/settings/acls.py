"""Access control lists: what a request brings along, and whom a stored one lets in.

Sources: Amazon S3 User Guide, "Access control list (ACL) overview" (canned ACLs, predefined groups, the
permissions that operations need), "Blocking public access to your Amazon S3 storage".
"""

from __future__ import annotations

from typing import Any

from ..call import Call
from ..documents import parsed, text_of
from ..faults import Refusal

__all__ = ["ALL_USERS", "AUTHENTICATED", "brings_acl", "grants_of", "is_public_acl", "puts_acl"]

ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
AUTHENTICATED = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
_PUBLIC = ("public-read", "public-read-write", "authenticated-read")


def puts_acl(call: Call) -> bool:
    """PutBucketAcl or PutObjectAcl."""
    return call.operation in ("PutBucketAcl", "PutObjectAcl")


def brings_acl(call: Call) -> bool:
    """Its headers have an ACL."""
    return "x-amz-acl" in call.headers or any(name.startswith("x-amz-grant-") for name in call.headers)


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
