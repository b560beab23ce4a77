"""The settings of a bucket: each is one call. And the bucket that its access logs go to.

Sources: Amazon S3 API Reference, under the names of the operations; Amazon S3 User Guide, "Required
permissions for Amazon S3 API operations".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from ..access.settings import OF_BUCKETS
from ..asking import Asking
from .questions import Fields, Question, ask_all, plain, question
from .values import LogTarget, Unread

_OF_A_TARGET = ("policy", "public_access_block", "encryption", "ownership", "object_lock", "region")


def of_bucket(bucket: str) -> dict[str, Question]:
    """Every question about a bucket, by the first field that it tells."""
    listed = (*_shared(bucket), *_of_access(bucket), *_of_objects(bucket))
    return {each.fields[0]: each for each in listed}


def log_target(asking: Asking, logging: Any) -> Any:
    """The bucket that ``LoggingEnabled`` names; None if it names none."""
    if isinstance(logging, Unread):
        return logging
    if not logging:
        return None
    name = str(logging["TargetBucket"])
    told = _only(name, _OF_A_TARGET, asking)
    return LogTarget(bucket=name, **{field: told[field] for field in _OF_A_TARGET})


def _only(bucket: str, names: Iterable[str], asking: Asking) -> Fields:
    questions = of_bucket(bucket)
    return ask_all(asking, [questions[name] for name in names])


def _shared(bucket: str) -> Iterable[Question]:
    """Those that explaining a refusal asks as well."""
    for field, action in (
        ("public_access_block", "s3:GetBucketPublicAccessBlock"),
        ("ownership", "s3:GetBucketOwnershipControls"),
        ("object_lock", "s3:GetBucketObjectLockConfiguration"),
        ("requester_pays", "s3:GetBucketRequestPayment"),
        ("region", "s3:ListBucket"),
    ):
        yield Question((field,), action, OF_BUCKETS[field](bucket))
    encryption = OF_BUCKETS["encryption"](bucket)
    says = encryption.says
    yield Question(
        ("encryption", "blocked_encryption"),
        "s3:GetEncryptionConfiguration",
        replace(
            encryption,
            says=lambda told: _renamed(says(told)),
            nothing={code: _renamed(value) for code, value in encryption.nothing.items()},
        ),
    )


def _renamed(found: Fields) -> Fields:
    return {"encryption": found["default_encryption"], "blocked_encryption": found["blocked_encryption"]}


_Absent = tuple[str, Any] | None


def _question(bucket: str) -> Callable[..., Question]:
    def ask(fields: Any, action: str, method: str, says: Any, absent: _Absent = None) -> Question:
        nothing = {absent[0]: absent[1]} if absent else {}
        return question(fields, f"s3:{action}", ("s3", method, None), says, nothing, Bucket=bucket)

    return ask


def _of_access(bucket: str) -> Iterable[Question]:
    ask, none = _question(bucket), "NoSuchBucketPolicy"
    yield ask("policy", "GetBucketPolicy", "get_bucket_policy", lambda a: str(a["Policy"]), (none, None))
    yield ask(
        "policy_is_public",
        "GetBucketPolicyStatus",
        "get_bucket_policy_status",
        lambda a: bool(a["PolicyStatus"]["IsPublic"]),
        (none, False),
    )
    yield ask("acl", "GetBucketAcl", "get_bucket_acl", lambda a: {"Owner": plain(a["Owner"]), **_grants(a)})
    yield ask(
        ("versioning", "mfa_delete"),
        "GetBucketVersioning",
        "get_bucket_versioning",
        lambda a: (str(a.get("Status") or ""), a.get("MFADelete") == "Enabled"),
    )
    yield ask(
        "logging", "GetBucketLogging", "get_bucket_logging", lambda a: plain(a.get("LoggingEnabled") or {})
    )


def _of_objects(bucket: str) -> Iterable[Question]:
    ask = _question(bucket)
    yield ask(
        "lifecycle",
        "GetLifecycleConfiguration",
        "get_bucket_lifecycle_configuration",
        lambda a: tuple(plain(a["Rules"])),
        ("NoSuchLifecycleConfiguration", ()),
    )
    yield ask(
        "replication",
        "GetReplicationConfiguration",
        "get_bucket_replication",
        lambda a: plain(a["ReplicationConfiguration"]),
        ("ReplicationConfigurationNotFoundError", {}),
    )
    yield ask("notifications", "GetBucketNotification", "get_bucket_notification_configuration", _whole)
    yield ask(
        "cors",
        "GetBucketCORS",
        "get_bucket_cors",
        lambda a: tuple(plain(a["CORSRules"])),
        ("NoSuchCORSConfiguration", ()),
    )
    yield ask("website", "GetBucketWebsite", "get_bucket_website", _whole, ("NoSuchWebsiteConfiguration", {}))


def _grants(told: Any) -> Fields:
    return {"Grants": plain(told.get("Grants") or [])}


def _whole(told: Any) -> Fields:
    found: Fields = plain(told)
    if not isinstance(found, dict):
        raise TypeError("it is no structure")
    return found
