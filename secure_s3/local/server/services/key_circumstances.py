"""The condition keys of KMS that a call to it settles.

Source: KMS Developer Guide, "AWS KMS condition keys".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .questions import Question

__all__ = ["circumstances"]

_SAID = {
    "BypassPolicyLockoutSafetyCheck": "kms:BypassPolicyLockoutSafetyCheck",
    "ExpirationModel": "kms:ExpirationModel",
    "GranteePrincipal": "kms:GranteePrincipal",
    "KeyAgreementAlgorithm": "kms:KeyAgreementAlgorithm",
    "KeyPairSpec": "kms:DataKeyPairSpec",
    "MacAlgorithm": "kms:MacAlgorithm",
    "MessageType": "kms:MessageType",
    "Operations": "kms:GrantOperations",
    "PendingWindowInDays": "kms:ScheduleKeyDeletionPendingWindowInDays",
    "PrimaryRegion": "kms:PrimaryRegion",
    "ReplicaRegion": "kms:ReplicaRegion",
    "RetiringPrincipal": "kms:RetiringPrincipal",
    "RotationPeriodInDays": "kms:RotationPeriodInDays",
    "SigningAlgorithm": "kms:SigningAlgorithm",
    "WrappingAlgorithm": "kms:WrappingAlgorithm",
    "WrappingKeySpec": "kms:WrappingKeySpec",
}
_OF_A_NEW_KEY = {
    "KeySpec": ("kms:KeySpec", "SYMMETRIC_DEFAULT"),
    "KeyUsage": ("kms:KeyUsage", "ENCRYPT_DECRYPT"),
    "Origin": ("kms:KeyOrigin", "AWS_KMS"),
    "MultiRegion": ("kms:MultiRegion", False),
}
_ENCRYPTING = ("Encrypt", "Decrypt", "ReEncrypt")
_OF_GRANTS = ("CreateGrant", "ListGrants", "RevokeGrant")


def circumstances(
    question: Question, pairs: Mapping[str, Any] | None = None, alias: str | None = None
) -> dict[str, Any]:
    """All keys that a direct call has; those of the key itself are added by ``KeyPolicies``.

    Args:
        question: The call.
        pairs: The encryption context, of ReEncrypt that of one side.
        alias: The alias by which the key was named.
    """
    fields, action = question.fields, question.action
    context = question.circumstances()
    context |= {key: _plain(fields[name]) for name, key in _SAID.items() if name in fields}
    context |= {
        "kms:CallerAccount": question.identity.caller.account,
        "kms:ViaService": None,
        "kms:RequestAlias": alias,
    }
    if action in _ENCRYPTING or action.startswith("GenerateDataKey"):
        context["kms:EncryptionAlgorithm"] = fields.get("EncryptionAlgorithm", "SYMMETRIC_DEFAULT")
    if action == "CreateKey":
        context |= {key: _plain(fields.get(name, default)) for name, (key, default) in _OF_A_NEW_KEY.items()}
    if action in _OF_GRANTS:
        context["kms:GrantIsForAWSResource"] = False
    if action == "CreateGrant":
        pairs = _of_constraints(context, fields.get("Constraints"))
    context |= {f"kms:EncryptionContext:{name}": str(value) for name, value in (pairs or {}).items()}
    context["kms:EncryptionContextKeys"] = list(pairs) if pairs else None
    return context | _of_tags(fields)


def _of_constraints(context: dict[str, Any], constraints: Any) -> dict[str, Any]:
    """The pairs to which a grant is bound, and how."""
    if isinstance(constraints, dict):
        for kind in ("EncryptionContextEquals", "EncryptionContextSubset"):
            if isinstance(constraints.get(kind), dict):
                context["kms:GrantConstraintType"] = kind
                return dict(constraints[kind])
    return {}


def _of_tags(fields: Mapping[str, Any]) -> dict[str, Any]:
    tags = [tag for tag in fields.get("Tags") or () if isinstance(tag, dict)]
    found: dict[str, Any] = {
        f"aws:RequestTag/{tag.get('TagKey')}": str(tag.get("TagValue", "")) for tag in tags
    }
    names = [str(tag.get("TagKey")) for tag in tags] or _plain(fields.get("TagKeys"))
    return {**found, "aws:TagKeys": names}


def _plain(value: Any) -> Any:
    """A value as policies compare it; what is none of the API's is left out."""
    if isinstance(value, list):
        return [str(each) for each in value] or None
    return value if isinstance(value, str | int | float | bool) else None
