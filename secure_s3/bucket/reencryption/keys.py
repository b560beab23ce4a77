"""Whether the KMS keys of a bucket rotate, and when.

Rotation gives a key new material; what is encrypted already stays under the old material, which the key
keeps. It re-encrypts nothing and revokes nothing: for that, objects come under another key. Source: AWS KMS
Developer Guide, "Rotate AWS KMS keys".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ...errors import SecureS3Error
from ...guard.faults import typed
from ...guard.readers import reader

_OWN = "alias/aws/s3"
"""The key that S3 takes where ``aws:kms`` is the default and no key is named."""
_SYMMETRIC = "SYMMETRIC_DEFAULT"


@dataclass(frozen=True, slots=True)
class KeyRotation:
    """What KMS says of one key; None is what is not known or does not apply.

    Args:
        key: As it was asked for: an ARN, an id or an alias.
        arn: Its ARN.
        managed_by: ``CUSTOMER``, or ``AWS``: then it rotates every year, and nobody can change that.
        enabled: Whether it rotates by itself.
        period_days: How often.
        next_rotation: When.
        on_demand_since: When a rotation was begun that was asked for and is not done yet.
        unable: Why it cannot rotate by itself, e.g. imported material.
        unread: What could not be read, with the reason.
    """

    key: str
    arn: str | None = None
    managed_by: str | None = None
    enabled: bool | None = None
    period_days: int | None = None
    next_rotation: datetime | None = None
    on_demand_since: datetime | None = None
    unable: str = ""
    unread: tuple[str, ...] = ()

    def __str__(self) -> str:
        name = self.arn or self.key
        if self.unable:
            return f"{name}: does not rotate by itself: {self.unable}"
        if self.enabled is None:
            return f"{name}: not known: {'; '.join(self.unread)}"
        if not self.enabled:
            return f"{name}: does not rotate"
        when = f", next on {self.next_rotation:%Y-%m-%d}" if self.next_rotation else ""
        return (
            f"{name}: rotates every {self.period_days} days{when}" if self.period_days else f"{name}: rotates"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        told = {name: getattr(self, name) for name in self.__slots__}
        dates = ("next_rotation", "on_demand_since")
        told |= {name: told[name].isoformat() for name in dates if told[name] is not None}
        return told | {"unread": list(self.unread)}


def key_rotation(session: Any, s3: Any, key: str) -> KeyRotation:
    """How one key rotates: ``kms:DescribeKey`` and ``kms:GetKeyRotationStatus``.

    Args:
        session: A hardened session.
        s3: The hardened S3 client beside which KMS is asked.
        key: ARN, id or alias.
    """
    region = key.split(":")[3] if key.startswith("arn:") and key.count(":") >= 5 else None
    try:
        kms = reader(session, s3, "kms", region or None)
    except SecureS3Error as error:
        return KeyRotation(key, unread=(_gap("kms", error),))
    try:
        return _of(kms, key)
    finally:
        kms.close()


def bucket_keys(s3: Any, bucket: str, further: Iterable[str] = ()) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The KMS keys of a bucket's default encryption and *further* ones; and what could not be read.

    Args:
        s3: A hardened S3 client.
        bucket: Its name.
        further: Keys that are asked about besides.
    """
    gaps: tuple[str, ...] = ()
    named: list[str] = []
    try:
        with typed("GetBucketEncryption", bucket):
            told = s3.get_bucket_encryption(Bucket=bucket)
        for rule in told["ServerSideEncryptionConfiguration"]["Rules"]:
            default = rule.get("ApplyServerSideEncryptionByDefault", {})
            if str(default.get("SSEAlgorithm", "")).startswith("aws:kms"):
                named.append(default.get("KMSMasterKeyID") or _OWN)
    except SecureS3Error as error:
        gaps = (_gap("GetBucketEncryption", error),)
    return tuple(dict.fromkeys([*named, *further])), gaps


def rotations(session: Any, s3: Any, bucket: str, further: Iterable[str] = ()) -> tuple[KeyRotation, ...]:
    """How the keys of a bucket rotate: that of its default encryption, and *further* ones.

    Nothing if no KMS key is involved. A default encryption that cannot be read is one entry that says so.
    """
    keys, gaps = bucket_keys(s3, bucket, further)
    unread = tuple(KeyRotation("the bucket's default encryption", unread=(gap,)) for gap in gaps)
    return unread + tuple(key_rotation(session, s3, key) for key in keys)


def _of(kms: Any, key: str) -> KeyRotation:
    gaps: list[str] = []
    about: dict[str, Any] = {}
    try:
        with typed("kms:DescribeKey", service="kms"):
            about = kms.describe_key(KeyId=key)["KeyMetadata"]
    except SecureS3Error as error:
        gaps.append(_gap("kms:DescribeKey", error))
    arn, manager = about.get("Arn"), about.get("KeyManager")
    if manager == "AWS":
        return KeyRotation(key, arn, manager, enabled=True, period_days=365)
    if unable := _unable(about):
        return KeyRotation(key, arn, manager, enabled=False, unable=unable)
    status: dict[str, Any] = {}
    try:
        with typed("kms:GetKeyRotationStatus", service="kms"):
            status = kms.get_key_rotation_status(KeyId=arn or key)
    except SecureS3Error as error:
        gaps.append(_gap("kms:GetKeyRotationStatus", error))
    return KeyRotation(
        key,
        arn,
        manager,
        status.get("KeyRotationEnabled"),
        status.get("RotationPeriodInDays"),
        status.get("NextRotationDate"),
        status.get("OnDemandRotationStartDate"),
        unread=tuple(gaps),
    )


def _unable(about: dict[str, Any]) -> str:
    """Source: AWS KMS Developer Guide, "Enable automatic key rotation"."""
    if about.get("KeySpec", _SYMMETRIC) != _SYMMETRIC:
        return "it is no symmetric encryption key"
    return {
        "EXTERNAL": "its material was imported",
        "AWS_CLOUDHSM": "it lies in a CloudHSM key store",
        "EXTERNAL_KEY_STORE": "it lies in an external key store",
    }.get(about.get("Origin", ""), "")


def _gap(what: str, error: SecureS3Error) -> str:
    return f"{what}: {' '.join((error.why or error.what).split())}"
