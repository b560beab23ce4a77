"""What besides policies decides about a request: what is read after which refusal, and how each is read.

Each reading is one call. Sources: Amazon S3 API Reference and Amazon S3 User Guide,
under the names of the operations; KMS API Reference, DescribeKey, ListGrants.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ...errors import ServiceError
from ..asking import Answer

Found = dict[str, Any]
_PUBLIC = ("public_access_block", "account_public_access_block")
_LOCK = ("object_lock", "retention", "legal_hold")
_KEYS = ("encryption", "keys")
RELEVANT: Mapping[str, tuple[str, ...]] = {
    "bucket_policy": (*_PUBLIC, "ownership"),
    "block_public_access": _PUBLIC,
    "blocked_encryption": ("encryption",),
    "kms_access": (*_KEYS, "grants"),
    "kms_key_state": _KEYS,
    "kms_key_not_found": (*_KEYS, "region"),
    "sse_c": ("encryption",),
    "encryption_parameters": ("encryption",),
    "region": ("region",),
    "acl": ("ownership",),
    "object_lock": _LOCK,
    "policy_document": _PUBLIC[:1],
    "opaque": (*_PUBLIC, "ownership", *_KEYS, "requester_pays", "object_exists", "object_lock"),
}
"""By cause: what is read. Of a cause that is not listed, the answer itself, or a policy, says everything."""

_GRANTS = 100
REGION = "x-amz-bucket-region"
_OF_A_KEY = (
    "KeyState",
    "Enabled",
    "AWSAccountId",
    "KeyManager",
    "KeySpec",
    "KeyUsage",
    "MultiRegion",
    "Origin",
    "DeletionDate",
    "ValidTo",
)
_OF_A_GRANT = ("Name", "GranteePrincipal", "RetiringPrincipal", "Operations", "Constraints")


@dataclass(frozen=True, slots=True)
class Subject:
    """What the settings are wanted of.

    Args:
        bucket: A name, or an access point's ARN; None if no bucket is known.
        key, version: Of an object.
    """

    bucket: str | None = None
    key: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One call, and what its answer says.

    Args:
        what: In words.
        call: Service, method and region.
        arguments: Of the method.
        says: From an answer to fields of Settings.
        nothing: Error codes that say that there is nothing of the kind, and what that means.
        refused: From the answer of a refusal to fields of Settings, where it says something all the same.
    """

    what: str
    call: tuple[str, str, str | None]
    arguments: Mapping[str, Any]
    says: Callable[[Any], Found]
    nothing: Mapping[str, Found] = field(default_factory=dict)
    refused: Callable[[Any], Found] = lambda _: {}

    def found(self, answer: Answer) -> Found:
        """What was answered.

        Raises:
            Exception: One of FAULTS, if it says nothing.
        """
        try:
            return self.says(answer.get())
        except ServiceError as error:
            found = self.nothing.get(error.code or "") or self.refused(error.response)
            if not found:
                raise
            return found


# -- of the bucket -----------------------------------------------------------------------------------------


def _bucket_reading(
    bucket: str,
    what: str,
    method: str,
    says: Callable[[Any], Found],
    nothing: Mapping[str, Found] | None = None,
) -> Reading:
    return Reading(f"{what} of {bucket}", ("s3", method, None), {"Bucket": bucket}, says, nothing or {})


def _block(bucket: str) -> Reading:
    none: dict[str, Found] = {"NoSuchPublicAccessBlockConfiguration": {"public_access_block": {}}}
    return _bucket_reading(
        bucket,
        "Block Public Access",
        "get_public_access_block",
        lambda told: {"public_access_block": _switches(told)},
        none,
    )


def account_block(account: str) -> Reading:
    return Reading(
        f"Block Public Access of account {account}",
        ("s3control", "get_public_access_block", None),
        {"AccountId": account},
        lambda told: {"account_public_access_block": _switches(told)},
        {"NoSuchPublicAccessBlockConfiguration": {"account_public_access_block": {}}},
    )


def _switches(told: Any) -> dict[str, bool]:
    return {str(name): bool(value) for name, value in told["PublicAccessBlockConfiguration"].items()}


def _ownership(bucket: str) -> Reading:
    return _bucket_reading(
        bucket,
        "Object Ownership",
        "get_bucket_ownership_controls",
        lambda told: {"ownership": str(told["OwnershipControls"]["Rules"][0]["ObjectOwnership"])},
        {"OwnershipControlsNotFoundError": {"ownership": ""}},
    )


def _encryption(bucket: str) -> Reading:
    none: Found = {"default_encryption": {}, "blocked_encryption": ()}
    return _bucket_reading(
        bucket,
        "the default encryption",
        "get_bucket_encryption",
        _encrypted,
        {"ServerSideEncryptionConfigurationNotFoundError": none},
    )


def _encrypted(told: Any) -> Found:
    default: Found = {}
    blocked: list[str] = []
    for rule in told["ServerSideEncryptionConfiguration"]["Rules"]:
        if by_default := rule.get("ApplyServerSideEncryptionByDefault"):
            default |= by_default | {"BucketKeyEnabled": bool(rule.get("BucketKeyEnabled"))}
        blocked += (rule.get("BlockedEncryptionTypes") or {}).get("EncryptionType") or ()
    return {
        "default_encryption": default,
        "blocked_encryption": tuple(each for each in blocked if each != "NONE"),
    }


def _object_lock(bucket: str) -> Reading:
    return _bucket_reading(
        bucket,
        "Object Lock",
        "get_object_lock_configuration",
        lambda told: {"object_lock": dict(told["ObjectLockConfiguration"])},
        {"ObjectLockConfigurationNotFoundError": {"object_lock": {}}},
    )


def _payment(bucket: str) -> Reading:
    return _bucket_reading(
        bucket,
        "who pays for requests",
        "get_bucket_request_payment",
        lambda told: {"requester_pays": told["Payer"] == "Requester"},
    )


def _region(bucket: str) -> Reading:
    def refused(response: Any) -> Found:
        region = ((response.get("ResponseMetadata") or {}).get("HTTPHeaders") or {}).get(REGION)
        return {"region": str(region)} if region else {}

    # Whoever asks, and whatever the answer is, its header has the region.
    return Reading(
        f"the region of {bucket}",
        ("s3", "head_bucket", None),
        {"Bucket": bucket},
        lambda told: {"region": str(told["BucketRegion"])},
        refused=refused,
    )


OF_BUCKETS: Mapping[str, Callable[[str], Reading]] = {
    "public_access_block": _block,
    "ownership": _ownership,
    "encryption": _encryption,
    "object_lock": _object_lock,
    "requester_pays": _payment,
    "region": _region,
}


# -- of the object -----------------------------------------------------------------------------------------


def _exists(subject: Subject) -> Reading:
    """A list of one name: HEAD would be answered as the refused call was."""
    return Reading(
        f"whether there is an object {subject.key} in {subject.bucket}",
        ("s3", "list_objects_v2", None),
        {"Bucket": subject.bucket, "Prefix": subject.key, "MaxKeys": 1},
        # Names are in order: one that the prefix is the whole of comes first.
        lambda told: {"object_exists": [each["Key"] for each in told.get("Contents") or ()] == [subject.key]},
    )


def _of_a_version(subject: Subject) -> dict[str, Any]:
    version = {"VersionId": subject.version} if subject.version is not None else {}
    return {"Bucket": subject.bucket, "Key": subject.key, **version}


def _retention(subject: Subject) -> Reading:
    none: Found = {"retention": {}}
    return Reading(
        f"the retention of {subject.key}",
        ("s3", "get_object_retention", None),
        _of_a_version(subject),
        lambda told: {"retention": _plain(told["Retention"])},
        {"NoSuchObjectLockConfiguration": none, "InvalidRequest": none},
    )


def _legal_hold(subject: Subject) -> Reading:
    none: Found = {"legal_hold": False}
    return Reading(
        f"the legal hold of {subject.key}",
        ("s3", "get_object_legal_hold", None),
        _of_a_version(subject),
        lambda told: {"legal_hold": told["LegalHold"]["Status"] == "ON"},
        {"NoSuchObjectLockConfiguration": none, "InvalidRequest": none},
    )


OF_OBJECTS: Mapping[str, Callable[[Subject], Reading]] = {
    "object_exists": _exists,
    "retention": _retention,
    "legal_hold": _legal_hold,
}


# -- of KMS keys -------------------------------------------------------------------------------------------


def key_state(key: str) -> Reading:
    def says(told: Any) -> Found:
        about = told["KeyMetadata"]
        known = {name: about[name] for name in _OF_A_KEY if about.get(name) is not None}
        return {"keys": {str(about.get("Arn") or key): _plain(known)}}

    return Reading(f"the KMS key {key}", ("kms", "describe_key", _region_of(key)), {"KeyId": key}, says)


def grants_on(key: str) -> Reading:
    def says(told: Any) -> Found:
        listed = [{name: each[name] for name in _OF_A_GRANT if name in each} for each in told["Grants"]]
        return {"grants": {key: tuple(listed)}}

    arguments = {"KeyId": key, "Limit": _GRANTS}
    return Reading(f"the grants on {key}", ("kms", "list_grants", _region_of(key)), arguments, says)


def _region_of(key: str) -> str | None:
    parts = key.split(":")
    return (parts[3] or None) if len(parts) == 6 else None


def _plain(told: Mapping[str, Any]) -> dict[str, Any]:
    """With dates as text, so that it can be written as JSON."""
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in told.items()}
