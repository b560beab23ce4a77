"""Whether S3 can encrypt with the profile's KMS keys, before anything relies on them. Pure.

A default encryption, or a statement that requires a key, makes a bucket unusable where the key is.

Sources: AWS KMS Developer Guide, "Key states of AWS KMS keys"; Amazon S3 User Guide, "Using server-side
encryption with AWS KMS keys (SSE-KMS)": a symmetric key of the bucket's own region.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..audit.check import Subject
from ..snapshot.values import Key, Unread
from .steps import Steps, blocked

_WORKING = ("", "Enabled", "Updating")
_MISSING = "NotFoundException"
_KEY_PARTS = 6


def keys_usable(subject: Subject) -> Steps:
    """Each key of the profile that cannot be used, and why; nothing if all can, as far as was read."""
    for arn in subject.profile.key_arns:
        if why := why_unusable(subject, arn):
            region = arn.split(":")[3] if arn.count(":") >= _KEY_PARTS - 1 else ""
            yield blocked(
                "kms-key-usable",
                f"KMS key {arn}",
                f"{why}. The default encryption, and statements that name the key, are left as they are: "
                "nothing could be written otherwise. Mend the key, or let the profile name another one",
                f"aws kms describe-key --region {region or 'REGION'} --key-id {arn}",
            )


def any_unusable(subject: Subject) -> bool:
    """Whether one of the profile's keys cannot be used for certain."""
    return any(why_unusable(subject, arn) for arn in subject.profile.key_arns)


def why_unusable(subject: Subject, arn: str) -> str:
    """Why S3 cannot encrypt with that key; empty if it can, or if nobody here knows."""
    region, parts = subject.told("region"), arn.split(":")
    if region and len(parts) == _KEY_PARTS and parts[3] and parts[3] != region:
        return (
            f"the key is in {parts[3]} and the bucket in {region}: S3 uses keys of the bucket's region only"
        )
    metadata = _metadata(subject, arn)
    if isinstance(metadata, Unread):
        return "KMS knows no such key" if metadata.code == _MISSING else ""
    state = str(metadata.get("KeyState") or "")
    if state not in _WORKING:
        return f"the key's state is {state}"
    kind = str(metadata.get("KeySpec") or metadata.get("CustomerMasterKeySpec") or "SYMMETRIC_DEFAULT")
    usage = str(metadata.get("KeyUsage") or "ENCRYPT_DECRYPT")
    if usage != "ENCRYPT_DECRYPT" or kind != "SYMMETRIC_DEFAULT":
        return f"it is a key of the kind {kind} for {usage}, and S3 uses symmetric encryption keys only"
    return ""


def doubt(subject: Subject, arn: str) -> str:
    """What is to be said of a key that could not be looked at; empty if it was."""
    metadata = _metadata(subject, arn)
    if not isinstance(metadata, Unread) or metadata.code == _MISSING:
        return ""
    action = f"; looking takes {metadata.action}" if metadata.action else ""
    return f"whether the key {arn} can be used is not known: {metadata.why}{action}"


def _metadata(subject: Subject, arn: str) -> Mapping[str, Any] | Unread:
    return subject.snapshot.keys.get(arn, Key(arn=arn)).metadata
