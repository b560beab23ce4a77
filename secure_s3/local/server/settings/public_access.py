"""S3 Block Public Access, of the bucket and of the account: the stricter of both holds.

Source: Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage"; for the texts, "Troubleshoot
access denied (403 Forbidden) errors in Amazon S3".
"""

from __future__ import annotations

from typing import Any

from ....errors import SecureS3Error
from ....policy import Policy
from ....policy.public import is_public
from ...settings import ACCOUNT_ID
from ..call import Answer, Call
from ..callers.identity import Identity
from ..documents import empty_answer, malformed_xml, parsed, text_of, xml_answer
from ..faults import Refusal, access_denied, invalid_request
from ..judging.denied import because
from ..store import PublicAccessBlock, Store
from .acls import ALL_USERS, AUTHENTICATED, grants_of, is_public_acl, puts_acl
from .ownership import ENFORCED

__all__ = [
    "SETTINGS",
    "acl_allows",
    "block_everything",
    "blocked",
    "check_public_acl",
    "check_public_bucket",
    "check_public_policy",
    "is_inside",
    "is_public_text",
    "policy_status",
    "put_settings",
    "refuse_public",
]

SETTINGS = {
    "BlockPublicAcls": "block_public_acls",
    "IgnorePublicAcls": "ignore_public_acls",
    "BlockPublicPolicy": "block_public_policy",
    "RestrictPublicBuckets": "restrict_public_buckets",
}
"""S3's names of the four, and moto's."""
_ACLS = "because public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access."
_POLICIES = (
    "because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access."
)


def blocked(store: Store, bucket: Any) -> frozenset[str]:
    """The settings that are on for moto's *bucket*, there or for the whole account."""
    blocks = (getattr(bucket, "public_access_block", None), store.account_public_access())
    return frozenset(
        name for name, field in SETTINGS.items() for block in blocks if block and getattr(block, field)
    )


def block_everything(bucket: Any) -> None:
    """Put all four on for moto's *bucket*."""
    bucket.public_access_block = PublicAccessBlock(*[True] * len(SETTINGS))


def check_public_acl(call: Call, store: Store, identity: Identity) -> None:
    """BlockPublicAcls: no write brings a public ACL, and none is put.

    Raises:
        Refusal: AccessDenied; of CreateBucket InvalidBucketAclWithBlockPublicAccessError.
    """
    if not is_public_acl(call):
        return
    bucket = store.bucket(call.bucket)
    creates_bucket = call.operation == "CreateBucket"
    if "BlockPublicAcls" not in (set(SETTINGS) if creates_bucket else blocked(store, bucket)):
        return
    if creates_bucket:
        message = "Bucket cannot have public ACLs set with BlockPublicAccess enabled"
        raise Refusal(400, "InvalidBucketAclWithBlockPublicAccessError", message, BucketName=call.bucket)
    if puts_acl(call) or call.creates:
        action = call.operation if puts_acl(call) else "PutObject"
        raise because(identity, f"s3:{action}", _arn(call), _ACLS)


def check_public_policy(call: Call, store: Store, identity: Identity) -> None:
    """BlockPublicPolicy: no public bucket policy is put."""
    if call.operation == "PutBucketPolicy":
        blocks = blocked(store, store.bucket(call.bucket))
        if "BlockPublicPolicy" in blocks and is_public_text(call.body):
            raise refuse_public(identity, "s3:PutBucketPolicy", _arn(call))


def refuse_public(identity: Identity, action: str, resource: str) -> Refusal:
    """What says that a policy is public and must not be."""
    return because(identity, action, resource, _POLICIES)


def check_public_bucket(call: Call, store: Store, identity: Identity) -> None:
    """RestrictPublicBuckets: with a public policy, only the account itself and services of AWS come in.

    Raises:
        Refusal: AccessDenied.
    """
    bucket = store.bucket(call.bucket)
    if bucket is None or not bucket.policy or is_inside(identity):
        return
    if "RestrictPublicBuckets" in blocked(store, bucket) and is_public_text(bucket.policy):
        raise access_denied()


def is_inside(identity: Identity) -> bool:
    """Whether the caller is of the account, or a service of AWS."""
    if identity.caller.account == ACCOUNT_ID:
        return True
    return isinstance(identity.caller.arn, str) and identity.caller.kind == "service"


def put_settings(call: Call, bucket: Any) -> Answer:
    """PutPublicAccessBlock of a bucket; what is left out is off.

    Raises:
        Refusal: MalformedXML or InvalidRequest.
    """
    document = parsed(call.body, "PublicAccessBlockConfiguration")
    given = {name: text_of(document, name) for name in SETTINGS}
    if any(text not in (None, "true", "false", "TRUE", "FALSE") for text in given.values()):
        raise malformed_xml()
    if all(text is None for text in given.values()):
        raise invalid_request("Must specify at least one configuration.")
    bucket.public_access_block = PublicAccessBlock(*(str(text).lower() == "true" for text in given.values()))
    return empty_answer()


def policy_status(bucket: Any) -> Answer:
    """GetBucketPolicyStatus.

    Raises:
        Refusal: NoSuchBucketPolicy.
    """
    if not bucket.policy:
        message = "The bucket policy does not exist"
        raise Refusal(404, "NoSuchBucketPolicy", message, BucketName=bucket.name)
    public = "true" if is_public_text(bucket.policy) else "false"
    return xml_answer("PolicyStatus", f"<IsPublic>{public}</IsPublic>")


_OF_BUCKET = {
    **dict.fromkeys(("ListObjects", "ListObjectsV2", "HeadBucket"), "READ"),
    **dict.fromkeys(("ListObjectVersions", "ListMultipartUploads"), "READ"),
    **dict.fromkeys(("PutObject", "CopyObject", "CreateMultipartUpload", "DeleteObject"), "WRITE"),
    **dict.fromkeys(("UploadPart", "CompleteMultipartUpload"), "WRITE"),
    "GetBucketAcl": "READ_ACP",
    "PutBucketAcl": "WRITE_ACP",
}
_OF_OBJECT = {
    "GetObject": "READ",
    "HeadObject": "READ",
    "GetObjectAcl": "READ_ACP",
    "PutObjectAcl": "WRITE_ACP",
}
"""By operation, the permission that an ACL has to grant: the bucket's, or the object's."""


def acl_allows(call: Call, store: Store, identity: Identity) -> bool:
    """Whether an ACL lets everybody do what *call* asks, and IgnorePublicAcls and Object Ownership let it.

    It stands for the permission that the operation itself needs, where no policy allows or denies that.
    """
    bucket = store.bucket(call.bucket)
    if bucket is None or bucket.ownership_rule == ENFORCED or "IgnorePublicAcls" in blocked(store, bucket):
        return False
    if call.operation in _OF_BUCKET:
        acl, permission = bucket.acl, _OF_BUCKET[call.operation]
    elif call.operation in _OF_OBJECT:
        acl = getattr(store.object(call.bucket, call.key, call.version), "acl", None)
        permission = _OF_OBJECT[call.operation]
    else:
        return False
    groups = (ALL_USERS,) if identity.caller.arn is None else (ALL_USERS, AUTHENTICATED)
    return any(who in groups and what in (permission, "FULL_CONTROL") for who, what in grants_of(acl))


def is_public_text(text: bytes | str, *, access_point: bool = False) -> bool:
    """Whether a policy's text is public; what cannot be read is for others to refuse."""
    try:
        return is_public(Policy.parse(text), access_point=access_point)
    except SecureS3Error:
        return False


def _arn(call: Call) -> str:
    return f"arn:aws:s3:::{call.bucket}/{call.key}" if call.key else f"arn:aws:s3:::{call.bucket}"
