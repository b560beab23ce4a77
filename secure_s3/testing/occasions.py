"""When a cause can be: on which operations, with which arguments, and in which of its wordings.

Causes that are not listed can be on any call. Sources: Amazon S3 API Reference, under the names of the
operations, and "Error responses"; Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage",
"Locking objects with Object Lock", "Protecting data with encryption".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

ANY = "*"


@dataclass(frozen=True, slots=True)
class Occasion:
    """Calls that can be refused for a cause, in one of its wordings.

    Args:
        calls: By operation, ``*`` for any, patterns of the arguments of which it takes one; no argument is
            needed where there are none.
        detail, code: Of the wording; empty for the most common one.
        service: Whose operations they are.
    """

    calls: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    detail: str = ""
    code: str = ""
    service: str = "s3"

    def __hash__(self) -> int:
        return hash((self.detail, self.code))

    def needs(self, operation: str) -> tuple[str, ...] | None:
        """Of which arguments it takes one; None if it is not on that operation."""
        return self.calls.get(operation, self.calls.get(ANY))

    def fits(self, operation: str, arguments: Iterable[str]) -> bool:
        """Whether a call with these arguments can be refused so."""
        needs = self.needs(operation)
        return needs is not None and (not needs or any(taken(name, needs) for name in arguments))


def taken(argument: str, needs: tuple[str, ...]) -> bool:
    """Whether an argument is one of those that are needed."""
    return any(fnmatchcase(argument, each) for each in needs)


def _on(*operations: str, needs: tuple[str, ...] = ()) -> dict[str, tuple[str, ...]]:
    return dict.fromkeys(operations, needs)


_ACL, _LOCK, _VERSION = ("ACL", "Grant*"), ("ObjectLock*",), ("VersionId",)
_IF = ("If*", "CopySourceIf*")
_NEW = ("PutObject", "CopyObject", "CreateMultipartUpload")
_COPIES = ("CopyObject", "UploadPartCopy")
_PARTS = ("UploadPart", "UploadPartCopy", "CompleteMultipartUpload")
_READS = ("GetObject", "SelectObjectContent")
_LOOKS = ("HeadObject", "GetObjectAttributes")
_BY_ACL = {**_on(*_NEW, "CreateBucket", needs=_ACL), **_on("PutObjectAcl", "PutBucketAcl")}
_UNDER_KEYS = Occasion(_on(*_NEW, *_PARTS, *_READS, *_LOOKS))
_KMS = Occasion({ANY: ()}, service="kms")
_OF_KEYS = (*_READS, *_LOOKS, *_COPIES, "RestoreObject")
_BESIDES = tuple(
    f"{verb}Object{what}" for what in ("Acl", "Tagging", "Retention", "LegalHold") for verb in ("Get", "Put")
)

OCCASIONS: Mapping[str, tuple[Occasion, ...]] = {
    "bucket_policy": (Occasion({ANY: ("Bucket",)}),),
    "trust_policy": (
        Occasion(_on("AssumeRole", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"), service="sts"),
    ),
    "block_public_access": (
        Occasion(_on("PutBucketPolicy"), "BlockPublicPolicy"),
        Occasion(_BY_ACL, "BlockPublicAcls"),
    ),
    "blocked_encryption": (Occasion(_on(*_NEW)),),
    "kms_access": (_UNDER_KEYS, _KMS),
    "kms_key_state": (_UNDER_KEYS, _KMS),
    "kms_key_not_found": (_UNDER_KEYS, _KMS),
    "sse_c": (Occasion(_on(*_READS, *_LOOKS, *_PARTS, "CopyObject")),),
    "encryption_parameters": (Occasion(_on(*_NEW, *_PARTS, *_READS, *_LOOKS)),),
    "post_policy": (),
    "acl": (
        Occasion(_BY_ACL, "disabled"),
        Occasion(_on("PutBucketAcl", "PutObjectAcl"), "header missing"),
        Occasion(_BY_ACL, "two ways"),
    ),
    "object_lock": (
        # Without a version, a delete marker is put on top of what is locked, and nothing is refused.
        Occasion({**_on("DeleteObject", needs=_VERSION), **_on("PutObjectRetention")}, "protected"),
        Occasion(
            {
                **_on(*_NEW, needs=_LOCK),
                **_on("PutObjectRetention", "GetObjectRetention", "PutObjectLegalHold", "GetObjectLegalHold"),
            },
            "not enabled",
            "InvalidRequest",
        ),
        Occasion(_on("DeleteObject", needs=("BypassGovernanceRetention",)), "not enabled", "InvalidArgument"),
        Occasion({**_on(*_NEW, needs=_LOCK), **_on("PutObjectRetention")}, "date"),
    ),
    "mfa_delete": (Occasion({**_on("DeleteObject", needs=_VERSION), **_on("PutBucketVersioning")}),),
    "policy_document": (
        Occasion(_on("PutBucketPolicy")),
        Occasion(_on("PutBucketPolicy", "GetBucketPolicy", "DeleteBucketPolicy"), "other account"),
    ),
    "precondition": (
        Occasion(
            _on("PutObject", "CompleteMultipartUpload", "GetObject", "HeadObject", "DeleteObject", needs=_IF)
            | _on(*_COPIES, needs=_IF)
        ),
    ),
    "archived": (Occasion(_on(*_READS, *_COPIES)),),
    "not_found": (
        Occasion(_on("GetBucketPolicy", "GetBucketPolicyStatus"), code="NoSuchBucketPolicy"),
        Occasion(_on("GetObjectLockConfiguration"), code="ObjectLockConfigurationNotFoundError"),
        Occasion(_on(*_OF_KEYS, *_BESIDES), code="NoSuchKey"),
        Occasion({ANY: ("Bucket",)}, code="NoSuchBucket"),
    ),
    "bucket_owner": (Occasion({ANY: ("Bucket",)}),),
}
"""By cause, the closest first."""


SERVICES = ("s3", "kms", "sts")
_ANYWHERE = tuple(Occasion({ANY: ()}, service=service) for service in SERVICES)


def occasions(cause: str, detail: str = "") -> tuple[Occasion, ...]:
    """When a cause can be, and be worded with a detail."""
    found = OCCASIONS.get(cause, _ANYWHERE)
    return tuple(each for each in found if detail in ("", each.detail) or not each.detail)


def services(cause: str) -> frozenset[str]:
    """Whose calls are meant if none are named: S3's, for causes that others speak of as well theirs too."""
    return frozenset(each.service for each in OCCASIONS.get(cause, _ANYWHERE[:1]))
