"""The KMS keys behind the bucket: whether they can be used, rotate, and whom they obey."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ....errors import PolicyError
from ....values import Severity
from ...snapshot.values import Key, Unread
from ..check import Check, Found, NotApplicable, Subject, found
from .encryption import KMS
from .holders import admitted
from .shapes import account_of, arn_part, is_account, mapping, read_setting, settled, shown, text

_UNASKED = Unread("the key was not asked for", "kms:DescribeKey")
_STATES = {
    "PendingDeletion": "is about to be deleted, and every object under it with it",
    "PendingReplicaDeletion": "is about to be deleted, and every object under it with it",
    "Disabled": "is disabled: its objects can be neither read nor written",
    "PendingImport": "has no key material: its objects can be neither read nor written",
    "Unavailable": "is out of reach of its key store: its objects can be neither read nor written",
}
_STATE_FIXES = {
    "Disabled": "enable it: `aws kms enable-key --key-id …`; or name another key",
    "PendingImport": "import its material: `aws kms import-key-material --key-id …`; or name another key",
    "Unavailable": "connect its key store: `aws kms connect-custom-key-store --custom-key-store-id …`",
}
_MISSING_FIX = (
    "name a key that exists: SseKms(key_arn), then `harden`; what was encrypted under one that was deleted "
    "cannot be read any more"
)
_DOOMED = ("PendingDeletion", "PendingReplicaDeletion")


def _keys(subject: Subject) -> tuple[Key, ...]:
    """The default key and those the profile names; NotApplicable if there is none."""
    default = mapping(subject.told("encryption", {}))
    names = [*subject.profile.key_arns]
    if text(default.get("SSEAlgorithm")).startswith(KMS) and text(default.get("KMSMasterKeyID")):
        names.insert(0, text(default["KMSMasterKeyID"]))
    if not names:
        read_setting(subject, "encryption")  # nobody knows whether there is a key if that was not read
        raise NotApplicable("no KMS key is configured, neither by the bucket nor by the profile")
    known = subject.snapshot.keys
    return tuple(
        known.get(each) or Key(arn=each, metadata=_UNASKED, rotation=_UNASKED, policy=_UNASKED)
        for each in dict.fromkeys(names)
    )


def _usable(subject: Subject) -> Iterator[Found]:
    told: list[Found] = []
    missing: list[tuple[str, Unread]] = []
    for key in _keys(subject):
        if not isinstance(key.metadata, Unread):
            told += _state(subject, key, mapping(key.metadata))
        elif key.metadata.code == "NotFoundException":
            told.append(found(f"The key {shown(key.arn)} does not exist.", fix=_MISSING_FIX))
        else:
            missing.append((f"key {shown(key.arn)}", key.metadata))
    yield from settled(told, missing)


def _state(subject: Subject, key: Key, about: Any) -> Iterator[Found]:
    name, state = shown(key.arn), text(about.get("KeyState"))
    if state in _STATES:
        yield found(
            f"The key {name} {_STATES[state]}.",
            f"KeyState: {state}",
            *([f"DeletionDate: {shown(about['DeletionDate'])}"] if about.get("DeletionDate") else []),
            severity=Severity.CRITICAL if state in _DOOMED else None,
            fix=_STATE_FIXES.get(state, ""),
        )
    usage, spec = (
        text(about.get("KeyUsage")),
        text(about.get("KeySpec") or about.get("CustomerMasterKeySpec")),
    )
    if usage not in ("", "ENCRYPT_DECRYPT") or spec not in ("", "SYMMETRIC_DEFAULT"):
        yield found(
            f"The key {name} cannot encrypt objects: S3 uses symmetric encryption keys only.",
            f"KeyUsage: {shown(usage)}",
            f"KeySpec: {shown(spec)}",
            fix="name another key, of KeySpec SYMMETRIC_DEFAULT: SseKms(key_arn), then `harden`",
        )
    if about.get("ValidTo"):
        yield found(
            f"The key material of {name} was imported and expires; its objects are out of reach from then "
            "on.",
            f"ValidTo: {shown(about['ValidTo'])}",
            severity=Severity.INFO,
            fix="import the same material again in time: `aws kms import-key-material --key-id …`",
        )
    owner, account = text(about.get("AWSAccountId")), subject.told("account", "")
    if owner and account and owner != account:
        yield found(
            f"The key {name} belongs to another account, {shown(owner)}, which can disable or delete it.",
            severity=Severity.INFO,
            fix="name a key of the bucket's own account, unless the other one is meant to hold the keys",
        )


def _rotation(subject: Subject) -> Iterator[Found]:
    told: list[Found] = []
    missing: list[tuple[str, Unread]] = []
    reasons = []
    for key in _keys(subject):
        if not isinstance(key.rotation, Unread) and mapping(key.rotation).get("KeyRotationEnabled") is True:
            continue
        if isinstance(key.metadata, Unread):
            missing.append((f"key {shown(key.arn)}", key.metadata))
        elif reason := _no_rotation(mapping(key.metadata)):
            reasons.append(f"{shown(key.arn)}: {reason}")
        elif text(mapping(key.metadata).get("KeyManager")) == "AWS":
            continue
        elif isinstance(key.rotation, Unread):
            missing.append((f"rotation of {shown(key.arn)}", key.rotation))
        else:
            told.append(
                found(
                    f"The key {shown(key.arn)} does not rotate by itself.",
                    severity=None if subject.profile.key_rotation else Severity.INFO,
                )
            )
    if reasons and not told and not missing and len(reasons) == len(_keys(subject)):
        raise NotApplicable("; ".join(reasons))
    yield from settled(told, missing)


def _no_rotation(about: Any) -> str:
    """Why KMS does not rotate such a key by itself; empty if it can."""
    spec = text(about.get("KeySpec") or about.get("CustomerMasterKeySpec"))
    if spec not in ("", "SYMMETRIC_DEFAULT"):
        return f"KMS rotates symmetric encryption keys only, this is {shown(spec)}"
    origin = text(about.get("Origin"))
    if origin == "EXTERNAL":
        return "its material is imported, and new material must be imported by hand"
    if origin in ("AWS_CLOUDHSM", "EXTERNAL_KEY_STORE") or about.get("CustomKeyStoreId"):
        return "KMS does not rotate keys of a custom key store"
    return ""


# ------------------------------------------------------------------------------------------ key policies

_INTRICATE = Unread("it is too intricate to be judged in full")


def _key_policy(subject: Subject) -> Iterator[Found]:
    told: list[Found] = []
    missing: list[tuple[str, Unread]] = []
    wrong: PolicyError | None = None
    friends = frozenset(arn_part(each, 4) for each in subject.profile.admins)
    for key in _keys(subject):
        if isinstance(key.policy, Unread):
            missing.append((f"policy of {shown(key.arn)}", key.policy))
            continue
        about = {} if isinstance(key.metadata, Unread) else mapping(key.metadata)
        arn = next((each for each in (text(about.get("Arn")), key.arn) if arn_part(each, 4)), "")
        owner = arn_part(arn, 4) or text(about.get("AWSAccountId")) or account_of(subject) or ""
        if not is_account(owner):
            missing.append(("account", Unread("nobody knows whose key it is", "kms:DescribeKey")))
            continue
        try:
            holders = admitted(text(key.policy), arn, owner, about.get("KeyManager") == "AWS", friends)
        except PolicyError as error:
            wrong = error
            continue
        told += holders.found
        if not holders.complete:
            missing.append((f"policy of {shown(key.arn)}", _INTRICATE))
    if wrong is not None and not told:
        raise wrong
    yield from settled(told, missing)


CHECKS: tuple[Check, ...] = (
    Check(
        id="kms-key-usable",
        title="The KMS keys can be used",
        topic="encryption",
        severity=Severity.HIGH,
        reads=("encryption", "keys", "account"),
        why="Objects under a key that is disabled or deleted cannot be read by anybody; a deleted key never "
        "comes "
        "back.",
        fix="cancel the deletion and enable the key: `aws kms cancel-key-deletion --key-id …`, "
        "`aws kms enable-key --key-id …`; or name another key",
        judge=_usable,
        refs=("SecurityHub:KMS.3", "checkov:CKV_AWS_227", "prowler:kms_cmk_not_deleted_unintentionally"),
        seeds=("default encryption, SSE-KMS with bucket keys, DSSE-KMS",),
        source='AWS KMS Developer Guide, "Key states of AWS KMS keys"',
    ),
    Check(
        id="key-rotation",
        title="Customer managed KMS keys rotate by themselves",
        topic="encryption",
        severity=Severity.MEDIUM,
        reads=("encryption", "keys"),
        why="The longer the same material encrypts, the more is lost with it.",
        fix="`harden` enables rotation; for a key of another account or a replica, its owner does, at the "
        "primary: "
        "`aws kms enable-key-rotation --key-id …`",
        judge=_rotation,
        refs=("SecurityHub:KMS.4", "CIS-5.0:3.6", "checkov:CKV_AWS_7", "prowler:kms_cmk_rotation_enabled"),
        seeds=("KMS key rotation",),
        hardened=True,
        source='AWS KMS API Reference, "EnableKeyRotation"',
    ),
    Check(
        id="key-policy",
        title="The policies of the KMS keys admit no strangers",
        topic="encryption",
        severity=Severity.HIGH,
        reads=("encryption", "keys", "account"),
        why="Whoever may use the key is one permission away from the data; whoever may administer it can "
        "destroy "
        "the data or lock you out.",
        fix="name the principals in the key policy, e.g. with statements.key_enable_iam and "
        "statements.key_allow_use: `aws kms put-key-policy --key-id … --policy file://key-policy.json`",
        judge=_key_policy,
        refs=("SecurityHub:KMS.5", "checkov:CKV_AWS_33", "prowler:kms_key_not_publicly_accessible"),
        seeds=(
            "cross-account access",
            "least-privilege IAM, no overly permissive bucket policy",
        ),
        source='AWS KMS Developer Guide, "Key policies in AWS KMS"',
    ),
)
