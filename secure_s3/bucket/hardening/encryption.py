"""How objects are encrypted that do not say: default encryption, and the rotation of its keys. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...encryption import DsseKms, SseKms, Strategy
from ..audit.check import NotRead, Subject, known
from ..snapshot.values import Key
from .contradictions import contradiction
from .deliveries import keeps_sse_s3
from .plan import Change, Manual
from .steps import Steps, blocked, bucket_change
from .usability import doubt, why_unusable

_RANK = {"AES256": 0, "aws:kms": 1, "aws:kms:dsse": 2}
_SSE_C = "SSE-C"
_TITLE = "Default encryption"
_BLOCKING = "block SSE-C uploads"
_ROTATION = "Rotation of the KMS key"


def setting_of(encryption: Mapping[str, Any], types: tuple[str, ...]) -> dict[str, Any]:
    """A default encryption and the blocked types beside it, in one form; what counts for nothing left out."""
    found = {name: encryption[name] for name in ("SSEAlgorithm", "KMSMasterKeyID") if encryption.get(name)}
    if found.get("SSEAlgorithm") == "aws:kms":
        found["BucketKeyEnabled"] = bool(encryption.get("BucketKeyEnabled"))
    blocked_types = sorted(each for each in types if each != "NONE")
    return found | ({"BlockedEncryptionTypes": blocked_types} if blocked_types else {})


def default_encryption(subject: Subject) -> Steps:
    """The profile's default encryption, and SSE-C blocked unless the profile allows it.

    A stronger default that is there is not taken away, nor is any type unblocked.

    Sources: Amazon S3 User Guide, "Setting default server-side encryption behavior for Amazon S3 buckets",
    "Blocking or unblocking SSE-C for a general purpose bucket"; Amazon S3 API Reference, PutBucketEncryption.
    """
    there, types = subject.read("encryption"), subject.read("blocked_encryption")
    before = setting_of(there, types)
    wanted = _wanted(subject.profile.default, there)
    if _RANK.get(before.get("SSEAlgorithm", ""), 0) > _RANK[wanted["SSEAlgorithm"]]:
        yield _stronger(before, wanted)
        wanted = there
    elif keeps_sse_s3(subject):
        yield _of_logs(wanted)
        wanted = there
    elif why_unusable(subject, wanted.get("KMSMasterKeyID", "")):
        wanted = there  # keys_usable says so
    elif _changes(before, wanted) and (clash := contradiction(subject, [subject.profile.default])):
        yield blocked("default-encryption", f"{_TITLE}: {_words(wanted)}", f"uploads would clash: {clash}")
        wanted = there
    if subject.profile.customer_keys and _SSE_C in types:
        yield _unblocking(subject)
    elif not subject.profile.customer_keys:
        types = tuple(sorted({*types, _SSE_C} - {"NONE"}))
    after = setting_of(wanted, types)
    if after == before:
        return
    yield bucket_change(
        subject,
        "default-encryption",
        _title(before, after),
        "put_bucket_encryption",
        {"ServerSideEncryptionConfiguration": {"Rules": [_rule(after, there)]}},
        field="encryption",
        before=before,
        after=after,
        checks=("default-encryption", "bucket-key", "blocked-encryption-types"),
        notes=tuple(_notes(subject, before, after)),
    )


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether uploads that name no encryption would get another one."""
    return any(before.get(name) != after.get(name) for name in ("SSEAlgorithm", "KMSMasterKeyID"))


def _title(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """What the change does, and nothing that stays."""
    said = [f"{_TITLE}: {_words(after)}"] if _changes(before, after) else []
    if before.get("BucketKeyEnabled", False) != after.get("BucketKeyEnabled", False) and not said:
        said.append(f"{_TITLE}: a bucket key")
    if before.get("BlockedEncryptionTypes") != after.get("BlockedEncryptionTypes"):
        said.append(_BLOCKING)
    text = "; ".join(said)
    return text[:1].upper() + text[1:]


def _wanted(strategy: Strategy, there: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(strategy, SseKms):
        # A bucket key that is there stays: without one, reading costs one call of KMS for every object.
        bucket_key = strategy.bucket_key or bool(there.get("BucketKeyEnabled"))
        return {
            "SSEAlgorithm": "aws:kms",
            "KMSMasterKeyID": strategy.key_arn,
            "BucketKeyEnabled": bucket_key,
        }
    if isinstance(strategy, DsseKms):  # S3 has no bucket keys for it
        return {"SSEAlgorithm": "aws:kms:dsse", "KMSMasterKeyID": strategy.key_arn}
    return {"SSEAlgorithm": "AES256"}


def _rule(after: Mapping[str, Any], there: Mapping[str, Any]) -> dict[str, Any]:
    default = {name: after[name] for name in ("SSEAlgorithm", "KMSMasterKeyID") if name in after}
    rule = {
        "ApplyServerSideEncryptionByDefault": default,
        "BucketKeyEnabled": bool(after.get("BucketKeyEnabled", False)),
    }
    if default["SSEAlgorithm"] == "AES256":  # of no effect; it stays as it is
        rule["BucketKeyEnabled"] = bool(there.get("BucketKeyEnabled", False))
    # What S3 does with blocked types that are left out is documented nowhere: they are always sent.
    types = after.get("BlockedEncryptionTypes") or ["NONE"]
    return {**rule, "BlockedEncryptionTypes": {"EncryptionType": list(types)}}


def _words(after: Mapping[str, Any]) -> str:
    return f"{after['SSEAlgorithm']}" + (f" with {key}" if (key := after.get("KMSMasterKeyID")) else "")


def _notes(subject: Subject, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    if (key := after.get("KMSMasterKeyID")) and (said := doubt(subject, key)):
        yield said
    if after.get("KMSMasterKeyID") != before.get("KMSMasterKeyID"):
        yield (
            "whoever uploads without naming an encryption needs kms:GenerateDataKey and kms:Decrypt on the "
            "key, whoever reads such an object kms:Decrypt; objects that are there keep their encryption"
        )


def _stronger(before: Mapping[str, Any], wanted: Mapping[str, Any]) -> Manual:
    return blocked(
        "default-encryption",
        f"{_TITLE}: {_words(wanted)}",
        f"the bucket has {_words(before)}, which is stronger: hardening takes no protection away. Let the "
        "profile ask for it",
    )


def _of_logs(wanted: Mapping[str, Any]) -> Manual:
    return blocked(
        "default-encryption",
        f"{_TITLE}: {_words(wanted)}",
        "server access logs are delivered into this bucket, and S3 delivers them under SSE-S3 (AES256) only: "
        "they would stop. No statement about encryption is planned either. Let the profile ask for SseS3(), "
        "or send the logs elsewhere",
    )


def _unblocking(subject: Subject) -> Manual:
    return blocked(
        "blocked-encryption-types",
        "SSE-C is allowed by the profile, and blocked by the bucket",
        "hardening takes no protection away. Leave SSE-C out of the profile, or unblock it in the bucket's "
        "default encryption: BlockedEncryptionTypes NONE",
        f"aws s3api get-bucket-encryption --bucket {subject.snapshot.bucket}",
    )


def key_rotation(subject: Subject) -> Steps:
    """Yearly rotation of the profile's KMS keys that can rotate by themselves.

    Source: AWS KMS Developer Guide, "Rotate AWS KMS keys": symmetric keys with key material of AWS KMS, not
    in custom key stores; of multi-Region keys it is set on the primary.
    """
    if not subject.profile.key_rotation:
        return
    for arn in subject.profile.key_arns:
        try:
            yield from _rotation(subject, arn, subject.snapshot.keys.get(arn, Key(arn=arn)))
        except NotRead as missing:
            action = f"; it takes {missing.unread.action}" if missing.unread.action else ""
            why = f"{missing.name} of the key was not read: {missing.unread.why}{action}"
            yield blocked("key-rotation", f"{_ROTATION} {arn}", why)


def _rotation(subject: Subject, arn: str, key: Key) -> Steps:
    metadata = known("metadata", key.metadata)
    command = f"aws kms enable-key-rotation --region {arn.split(':')[3]} --key-id {arn}"
    if metadata.get("KeyManager") == "AWS":
        return  # it does by itself
    if why := _cannot(subject, metadata):
        yield blocked("key-rotation", f"{_ROTATION} {arn}", why, command)
        return
    if known("rotation", key.rotation).get("KeyRotationEnabled"):
        return
    yield Change(
        id=f"key-rotation {arn}",
        title=f"{_ROTATION} {arn.rpartition('/')[2]}: on",
        checks=("key-rotation",),
        service="kms",
        method="enable_key_rotation",
        arguments={"KeyId": arn},
        resource=arn,
        field="keys",
        before=False,
        after=True,
        diff=("~ KeyRotationEnabled: false -> true",),
        note="old key material stays with the key: nothing has to be encrypted again",
    )


def _cannot(subject: Subject, metadata: Mapping[str, Any]) -> str:
    """Why its rotation is not switched on from here; empty if it can be."""
    account = subject.told("account")
    if account and metadata.get("AWSAccountId", account) != account:
        return f"the key belongs to the account {metadata['AWSAccountId']}, and rotation is set there"
    if metadata.get("KeySpec", "SYMMETRIC_DEFAULT") != "SYMMETRIC_DEFAULT":
        return f"a key of the kind {metadata['KeySpec']} does not rotate by itself"
    if metadata.get("Origin", "AWS_KMS") != "AWS_KMS":
        return f"its key material comes from {metadata['Origin']}, and does not rotate by itself"
    if metadata.get("KeyState", "Enabled") != "Enabled":
        return f"the key's state is {metadata['KeyState']}"
    if metadata.get("MultiRegionConfiguration", {}).get("MultiRegionKeyType") == "REPLICA":
        return "it is a replica: rotation is set on the primary key"
    return ""
