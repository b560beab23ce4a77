"""Object Ownership: where the bucket's owner owns everything, there are no ACLs.

Sources: Amazon S3 User Guide, "Controlling ownership of objects and disabling ACLs for your bucket"; Amazon
S3 API Reference, CreateBucket, PutBucketOwnershipControls.
"""

from __future__ import annotations

from typing import Any

from ..call import Call
from ..documents import malformed_xml, parsed, text_of
from ..faults import Refusal, invalid_argument
from ..store import OWNER_ID, Store
from .acls import brings_acl, grants_of, puts_acl

__all__ = ["ENFORCED", "check_ownership", "make_private"]

ENFORCED = "BucketOwnerEnforced"
_KINDS = (ENFORCED, "BucketOwnerPreferred", "ObjectWriter")
_HEADER = "x-amz-object-ownership"
_FULL_CONTROL = ("bucket-owner-full-control",)


def check_ownership(call: Call, store: Store) -> None:
    """No ACL where there are none, except the one that says what holds anyway.

    Raises:
        Refusal: AccessControlListNotSupported, InvalidBucketAclWithObjectOwnership, InvalidArgument or
            MalformedXML.
    """
    if call.operation == "CreateBucket":
        _check_new_bucket(call)
        return
    bucket = store.bucket(call.bucket)
    if bucket is None:
        return
    if call.operation == "PutBucketOwnershipControls":
        _check_controls(call, bucket)
    if bucket.ownership_rule != ENFORCED:
        return
    if puts_acl(call) or (call.creates and brings_acl(call) and not _says_nothing_new(call)):
        raise Refusal(400, "AccessControlListNotSupported", "The bucket does not allow ACLs")


def _says_nothing_new(call: Call) -> bool:
    """The ACL gives the bucket's owner full control, and nobody else anything."""
    granted = {name: value for name, value in call.headers.items() if name.startswith("x-amz-grant-")}
    canned = call.headers.get("x-amz-acl")
    if granted:
        only = {"x-amz-grant-full-control": f'id="{OWNER_ID}"'}
        return canned is None and granted == only
    return canned in _FULL_CONTROL


def _check_new_bucket(call: Call) -> None:
    ownership = call.headers.get(_HEADER, ENFORCED)
    if ownership not in _KINDS:
        raise invalid_argument(f"Invalid {_HEADER} header: {ownership}", _HEADER, ownership)
    if ownership == ENFORCED and brings_acl(call) and call.headers.get("x-amz-acl") != "private":
        raise _has_acls(call)


def _check_controls(call: Call, bucket: Any) -> None:
    wanted = text_of(parsed(call.body, "OwnershipControls"), "Rule/ObjectOwnership")
    if wanted not in _KINDS:
        raise malformed_xml()
    if wanted == ENFORCED and any(who != OWNER_ID for who, _ in grants_of(bucket.acl)):
        raise _has_acls(call)


def _has_acls(call: Call) -> Refusal:
    message = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
    return Refusal(400, "InvalidBucketAclWithObjectOwnership", message, BucketName=call.bucket)


def make_private(call: Call) -> None:
    """A new object's ACL is private; moto would give it that of its bucket."""
    if call.creates and not brings_acl(call):
        call.environ["HTTP_X_AMZ_ACL"] = "private"
