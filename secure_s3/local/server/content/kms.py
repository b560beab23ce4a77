"""KMS keys as S3 sees them: which one is meant, and whether it can be used."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..faults import Refusal
from .encryption import Asked, Seal

if TYPE_CHECKING:
    from ..store import Store

__all__ = ["check_usable", "seal_for", "unusable"]

_CAPITAL = re.compile("[A-Z]")
_OWN = "alias/aws/s3"  # what S3 takes when aws:kms is asked for without a key


def seal_for(store: Store, bucket: Any, asked: Asked) -> Seal:
    """The encryption a new object gets: what was asked for, else the bucket's default, else AES256.

    Raises:
        Refusal: KMS.NotFoundException, KMS.DisabledException or KMS.KMSInvalidStateException.
    """
    if asked.customer is not None:
        return Seal(customer=asked.customer)
    rule = (bucket.encryption or {}).get("Rule", {})
    default = rule.get("ApplyServerSideEncryptionByDefault", {})
    algorithm, key_id = asked.algorithm, asked.key_id
    if algorithm is None:
        algorithm, key_id = default.get("SSEAlgorithm", "AES256"), default.get("KMSMasterKeyID")
    if algorithm == "AES256":
        return Seal()
    by_default = str(rule.get("BucketKeyEnabled", "")).lower() == "true"
    wants_bucket_key = by_default if asked.bucket_key is None else asked.bucket_key
    arn = check_usable(store, key_id or _OWN, bucket.region_name)
    return Seal(algorithm, arn, bucket_key=wants_bucket_key and algorithm == "aws:kms")


def check_usable(store: Store, key_id: str, region: str) -> str:
    """The ARN of an enabled key in ``region``, from an ARN, an id or an alias; refuses any other."""
    if key_id.startswith("arn:") and key_id.split(":")[3] != region:
        raise Refusal(400, "KMS.NotFoundException", f"Invalid arn {key_id.split(':')[3]}")
    key = store.kms_key(key_id, region)
    if key is None:
        shown = key_id if key_id.startswith("arn:") else store.key_arn(key_id, region)
        raise Refusal(400, "KMS.NotFoundException", f"Key '{shown}' does not exist")
    if found := unusable(key):
        raise Refusal(400, f"KMS.{found[0]}", found[1])
    return str(key.arn)


def unusable(key: Any) -> tuple[str, str] | None:
    """KMS's code and text where the state of a key keeps it from being used; None where it can be."""
    if key.key_state == "Enabled":
        return None
    if key.key_state == "Disabled":
        return "DisabledException", f"{key.arn} is disabled."
    words = _CAPITAL.sub(r" \g<0>", key.key_state).strip().lower()  # PendingImport: "pending import"
    return "KMSInvalidStateException", f"{key.arn} is {words}."
