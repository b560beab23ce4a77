"""The KMS keys behind the bucket: whether they can be used, rotate, and whom they obey."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from ....errors import PolicyError
from ....policy import UNKNOWN, AccessRequest, Policy, evaluate
from ....policy.statement import Statement
from ....values import Severity
from ...snapshot.values import Key, Unread
from ..check import Check, Found, NotApplicable, NotRead, Subject, found
from .encryption import KMS
from .shapes import account_of, arn_part, is_account, mapping, parsed, read_setting, settled, shown, text

_UNASKED = Unread("the key was not asked for", "kms:DescribeKey")
_STATES = {
    "PendingDeletion": "is about to be deleted, and every object under it with it",
    "PendingReplicaDeletion": "is about to be deleted, and every object under it with it",
    "Disabled": "is disabled: its objects can be neither read nor written",
    "PendingImport": "has no key material: its objects can be neither read nor written",
    "Unavailable": "is out of reach of its key store: its objects can be neither read nor written",
}
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
            told.append(found(f"The key {shown(key.arn)} does not exist.", "DescribeKey: NotFoundException"))
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
        )
    if about.get("ValidTo"):
        yield found(
            f"The key material of {name} was imported and expires; its objects are out of reach from then "
            "on.",
            f"ValidTo: {shown(about['ValidTo'])}",
            severity=Severity.INFO,
        )
    owner, account = text(about.get("AWSAccountId")), subject.told("account", "")
    if owner and account and owner != account:
        yield found(
            f"The key {name} belongs to another account, {shown(owner)}, which can disable or delete it.",
            f"AWSAccountId: {shown(owner)}",
            severity=Severity.INFO,
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
                    "KeyRotationEnabled: false",
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

_USE = ("kms:Decrypt", "kms:GenerateDataKey")
_RULE = ("kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:CreateGrant", "kms:DisableKey")
_ALL = Policy.parse(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)
_STRANGERS = ("444455556666", "777788889999", "123456789012")
_ACCOUNTS = re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])")
_OPEN = ("aws:PrincipalTag/*", "aws:RequestTag/*", "kms:EncryptionContext:*", "kms:GrantConstraintType")


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
        try:
            told += _admitted(text(key.policy), arn, owner, about.get("KeyManager") == "AWS", friends)
        except PolicyError as error:
            wrong = error
    if wrong is not None and not told:
        raise wrong
    yield from settled(told, missing)


@lru_cache(maxsize=512)
def _admitted(
    document: str, arn: str, owner: str, managed: bool, friends: frozenset[str]
) -> tuple[Found, ...]:
    """Whom else than its own account's identities a key policy admits."""
    if not is_account(owner):
        raise NotRead("account", Unread("nobody knows whose key it is", "kms:DescribeKey"))
    policy = parsed(document)
    grants = [each for each in policy.statements if each.effect != "Deny"]
    everyone = any(_open(each) for each in grants)
    # Wherever they stand: among the principals, or in a condition that admits them alone.
    others = sorted(set(_ACCOUNTS.findall(document)) - {owner})[:20]
    key = arn if arn_part(arn, 5).startswith("key/") else f"arn:aws:kms:eu-west-1:{owner}:key/unknown"
    told: list[Found] = []
    if everyone:
        stranger = next(each for each in _STRANGERS if each != owner and each not in others)
        told += _for_strangers(policy, key, stranger, owner)
    if everyone and not managed and not told:
        told += _for_the_account(policy, key, owner)
    if not any(each.severity is Severity.CRITICAL for each in told):
        for account in others:
            if account not in friends:
                told += _for_account(policy, key, account, owner)
    return tuple(told)


def _open(statement: Statement) -> bool:
    who = statement.principals
    return who is not None and (who.everyone or who.negated or not _plain(who.aws))


def _plain(names: tuple[str, ...]) -> bool:
    return not any(set(each) & set("*?") for each in names)


def _outcomes(policy: Policy, key: str, caller: str, owner: str, organization: Any) -> dict[str, list[str]]:
    """By outcome, the actions on the key; asked as S3 asks for the caller, and as the caller asks directly.

    Callers of other accounts have every permission there; those of the key's own have none.
    """
    region, account = arn_part(key, 3), arn_part(caller, 4)
    identity = [] if account == owner else [_ALL]
    direct: dict[str, Any] = {
        "aws:SecureTransport": True,
        "aws:SourceIp": "192.0.2.10",
        "aws:PrincipalOrgID": organization,
        "aws:PrincipalOrgPaths": None if organization is None else UNKNOWN,
        "kms:CallerAccount": account,
        "aws:ViaAWSService": False,
    }
    via = {**direct, "kms:ViaService": f"s3.{region}.amazonaws.com", "aws:ViaAWSService": True}
    told: dict[str, list[str]] = {}
    for action in (*_USE, *_RULE):
        results = set()
        for context in (direct, via) if action in _USE else (direct,):
            request = AccessRequest(action, key, caller, context, unknown=_OPEN, resource_account=owner)
            results.add(evaluate(request, resource_policy=policy, identity_policies=identity).outcome)
        told.setdefault(next(each for each in _ORDER if each in results), []).append(action)
    return told


_ORDER = ("allowed", "unknown", "explicitly_denied", "implicitly_denied")


def _for_strangers(policy: Policy, key: str, stranger: str, owner: str) -> Iterator[Found]:
    outcomes = _outcomes(policy, key, f"arn:{key.split(':')[1]}:iam::{stranger}:role/Other", owner, None)
    allowed, possible = outcomes.get("allowed", []), outcomes.get("unknown", [])
    if ruled := [each for each in allowed if each in _RULE]:
        yield found(
            f"Anybody with an AWS account may administer the key {shown(key)}: {', '.join(ruled)}.",
            *map("allowed to strangers: {}".format, allowed),
            severity=Severity.CRITICAL,
        )
    elif allowed:
        yield found(
            f"Anybody with an AWS account may use the key {shown(key)}: {', '.join(allowed)}.",
            *map("allowed to strangers: {}".format, allowed),
        )
    elif possible:
        yield found(
            f"Strangers may use the key {shown(key)} in circumstances they choose: {', '.join(possible)}.",
            *map("perhaps allowed to strangers: {}".format, possible),
            severity=Severity.MEDIUM,
        )


def _for_the_account(policy: Policy, key: str, owner: str) -> Iterator[Found]:
    outcomes = _outcomes(policy, key, f"arn:{key.split(':')[1]}:iam::{owner}:role/Any", owner, UNKNOWN)
    if ruled := [each for each in outcomes.get("allowed", []) if each in _RULE]:
        yield found(
            f"Every identity of account {owner} may administer the key {shown(key)}, without a policy of its "
            "own.",
            *map("allowed to everybody in the account: {}".format, ruled),
            severity=Severity.MEDIUM,
        )
    elif used := outcomes.get("allowed", []):
        yield found(
            f"Every identity of account {owner} may use the key {shown(key)}, without a policy of its own.",
            *map("allowed to everybody in the account: {}".format, used),
            severity=Severity.LOW,
        )


def _for_account(policy: Policy, key: str, account: str, owner: str) -> Iterator[Found]:
    callers = [f"arn:{key.split(':')[1]}:iam::{account}:role/Other"]
    for statement in policy.statements:
        if statement.principals is not None and statement.effect != "Deny":
            callers += [each for each in statement.principals.aws if arn_part(each, 4) == account]
    allowed: dict[str, None] = {}
    for caller in dict.fromkeys(callers[:9]):
        try:
            outcomes = _outcomes(policy, key, caller, owner, UNKNOWN)
        except PolicyError:  # a principal that nobody can be
            continue
        allowed |= dict.fromkeys((*outcomes.get("allowed", []), *outcomes.get("unknown", [])))
    if ruled := [each for each in allowed if each in _RULE]:
        yield found(
            f"Account {account} may administer the key {shown(key)}: {', '.join(ruled)}.",
            *map(f"allowed to {account}: {{}}".format, allowed),
            severity=Severity.MEDIUM,
        )
    elif allowed:
        yield found(
            f"Account {account} may use the key {shown(key)}: {', '.join(allowed)}.",
            *map(f"allowed to {account}: {{}}".format, allowed),
            severity=Severity.LOW,
        )


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
        fix="harden enables rotation; for a key of another account or a replica, its owner does, at the "
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
