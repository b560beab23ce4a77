"""Calls to KMS: which keys they are about, whether they are allowed, and whether the key's state lets them.

Sources: AWS KMS API Reference; KMS Developer Guide, "Key states of AWS KMS keys", "AWS KMS permissions",
"Determining access to AWS KMS keys".
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ....policy import AccessRequest, catalogue
from ...settings import ACCOUNT_ID
from ..content.kms import unusable
from ..faults import Refusal
from ..store import Store
from .key_circumstances import circumstances
from .key_documents import check_document, retires
from .keys import KeyPolicies, key_refused, policy_text
from .questions import Question

__all__ = ["KeyCalls"]

_STORES = ("Connect", "Create", "Delete", "Disconnect", "Update")
_ON_NOTHING = frozenset(
    (
        *("CreateKey", "ListKeys", "ListAliases", "ListRetirableGrants", "GenerateRandom"),
        *("DescribeCustomKeyStores", *(f"{verb}CustomKeyStore" for verb in _STORES)),
    )
)
_ALIASES = ("CreateAlias", "UpdateAlias", "DeleteAlias")
_WHATEVER_STATE = frozenset(
    (
        *("DescribeKey", "GetKeyPolicy", "GetKeyRotationStatus", "ListGrants", "ListKeyPolicies"),
        *("ListKeyRotations", "ListResourceTags", "PutKeyPolicy", "RetireGrant", "RevokeGrant"),
        *("DeleteAlias", "ListAliases"),
    )
)
_DISABLED_TOO = frozenset(
    (
        *("CreateAlias", "UpdateAlias", "DisableKey", "EnableKey", "ScheduleKeyDeletion", "TagResource"),
        *("UntagResource", "UpdateKeyDescription"),
    )
)
"""What a disabled key lets be done, beside what every key does."""
_IMPORT_TOO = _DISABLED_TOO - {"DisableKey", "EnableKey"}
_NAME = re.compile(r"(?:mrk-)?[0-9a-fA-F-]{32,36}|alias/\S+")
_ARN = re.compile(r"arn:[a-z-]+:kms:([a-z0-9-]+):([0-9]{12}):(key|alias)/\S+")
_MARK = re.compile(r"(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


@dataclass(frozen=True, slots=True)
class _Use:
    """One permission that a call needs; ``named`` as for ``key_refused``, ``field`` says where it is."""

    action: str
    resource: str
    key: Any = None
    field: str = ""
    named: bool = True
    pairs: dict[str, Any] | None = None
    alias: str | None = None


class KeyCalls:
    """What KMS holds against a call before it does what it is asked."""

    def __init__(self, store: Store, policies: KeyPolicies) -> None:
        self._store, self._policies = store, policies

    def admit(self, question: Question) -> None:
        """Let a call pass, with its keys named as moto takes them.

        Raises:
            Refusal: In KMS's words: AccessDeniedException, NotFoundException, DisabledException,
                KMSInvalidStateException, IncorrectKeyException, MalformedPolicyDocumentException and others.
        """
        uses = list(self._uses(question))
        for use in uses:
            self._authorize(question, use)
        for use in uses:
            _check_state(question.action, use.key)
        _check_fields(question)
        check_document(question, self._policies, uses[0].key if uses else None)
        _name_as_moto(question, uses)

    # -- which keys --------------------

    def _uses(self, question: Question) -> Iterator[_Use]:
        action, fields = question.action, question.fields
        if action == "ReEncrypt":
            yield self._of_ciphertext(question, "kms:ReEncryptFrom", "Source")
            pairs = _pairs(fields.get("DestinationEncryptionContext"))
            yield self._named(question, "kms:ReEncryptTo", "DestinationKeyId", pairs)
        elif action == "Decrypt":
            yield self._of_ciphertext(question, "kms:Decrypt", "")
        elif action in _ALIASES:
            yield from self._of_alias(question)
        elif action == "RetireGrant":
            yield from self._of_grant(question)
        elif action in _ON_NOTHING:
            yield _Use(f"kms:{action}", "*")
        else:
            pairs = _pairs(fields.get("EncryptionContext"))
            yield self._named(question, f"kms:{action}", "KeyId", pairs)

    def _named(
        self, question: Question, action: str, field: str, pairs: dict[str, Any] | None = None
    ) -> _Use:
        name = question.fields.get(field)
        resource, key = self._find(question, name)
        alias = str(name).rpartition(":")[2] if "alias/" in str(name) else None
        if alias and field != "AliasName" and "kms:requestalias" not in catalogue.keys_of(action):
            raise _not_found(f"Invalid keyId '{name}'")
        return _Use(action, resource, key, field, pairs=pairs, alias=alias)

    def _find(self, question: Question, name: Any) -> tuple[str, Any]:
        """A key's ARN, and the key if it is of this account."""
        if not isinstance(name, str):
            raise _invalid("Value null at 'keyId' failed to satisfy constraint: Member must not be null")
        found = _ARN.fullmatch(name)
        if found is None and not _NAME.fullmatch(name):
            raise _not_found(f"Invalid keyId '{name}'")
        if found and found[1] != question.region:
            raise _not_found(f"Invalid arn {found[1]}")
        if found and found[2] != ACCOUNT_ID:
            return name, None
        key = self._store.kms_key(name, question.region)
        if key is None:
            arn = name if found else self._store.key_arn(name, question.region)
            missing = f"Alias {arn} is not found." if ":alias/" in arn else f"Key '{arn}' does not exist"
            raise _not_found(missing)
        key.policy = policy_text(key)
        return str(key.arn), key

    def _of_ciphertext(self, question: Question, action: str, prefix: str) -> _Use:
        field, key = f"{prefix}KeyId", None
        mark = _mark(question.fields.get("CiphertextBlob"))
        if mark:  # moto writes the id of the key in front
            key = self._store.kms_key(mark, question.region)
        pairs = _pairs(question.fields.get(f"{prefix}EncryptionContext"))
        if question.fields.get(field) is not None:
            use = self._named(question, action, field, pairs)
            if use.key is not None and key is not None and use.key is not key:
                self._authorize(question, use)
                message = "The key ID in the request does not identify the CMK that was used."
                raise Refusal(400, "IncorrectKeyException", message)
            return use
        if not mark:
            raise Refusal(400, "InvalidCiphertextException", "")
        resource = str(key.arn) if key is not None else self._store.key_arn(mark, question.region)
        return _Use(action, resource, key, named=False, pairs=pairs)

    def _of_alias(self, question: Question) -> Iterator[_Use]:
        """The alias itself, the key that it stands for, and the one that it shall stand for."""
        action, alias = f"kms:{question.action}", question.text("AliasName")
        if not alias.startswith("alias/"):
            raise Refusal(400, "ValidationException", "Invalid identifier")
        yield _Use(action, self._store.key_arn(alias, question.region))
        if question.action != "CreateAlias":
            yield self._named(question, action, "AliasName")
        if question.action != "DeleteAlias":
            yield self._named(question, action, "TargetKeyId")

    def _of_grant(self, question: Question) -> Iterator[_Use]:
        token, wanted = question.text("GrantToken"), question.text("GrantId")
        for key in self._store.kms_keys(question.region):
            for grant in list(key.grants.values()):
                if token and grant.token == token:
                    yield _Use("kms:RetireGrant", str(key.arn), key)
                    return
        if token:
            raise Refusal(400, "InvalidGrantTokenException", "The grant token is not valid.")
        use = self._named(question, "kms:RetireGrant", "KeyId")
        if use.key is not None and wanted not in use.key.grants:
            raise _not_found(f"Grant ID {wanted} not found")
        yield use

    # -- what is held against them --------------------

    def _authorize(self, question: Question, use: _Use) -> None:
        context = circumstances(question, use.pairs, use.alias)
        identity = question.identity
        account = None if use.resource != "*" else ACCOUNT_ID
        request = AccessRequest(
            use.action,
            use.resource,
            identity.caller.arn,
            context,
            principal_account=identity.caller.account,
            resource_account=account,
        )
        if question.action == "RetireGrant" and retires(question, use.key, request):
            return
        decision, policies = self._policies.judge(request, identity)
        if not decision.allowed:
            message = key_refused(request, decision, identity, policies, named=use.named)
            raise Refusal(400, "AccessDeniedException", message)


def _name_as_moto(question: Question, uses: list[_Use]) -> None:
    """moto looks many of its keys up by bare id, and breaks on what KMS takes as well."""
    for use in uses:
        if use.field.endswith("KeyId") and use.key is not None:
            question.fields[use.field] = use.key.id


def _check_state(action: str, key: Any) -> None:
    if key is None or action in _WHATEVER_STATE:
        return
    if action == "CancelKeyDeletion":
        if key.key_state != "PendingDeletion":
            raise Refusal(400, "KMSInvalidStateException", f"{key.arn} is not pending deletion.")
        return
    lenient = {"Disabled": _DISABLED_TOO, "PendingImport": _IMPORT_TOO}.get(key.key_state, frozenset())
    found = unusable(key)
    if found and action not in lenient:
        raise Refusal(400, *found)


def _check_fields(question: Question) -> None:
    days = question.fields.get("PendingWindowInDays", 30)
    if question.action == "ScheduleKeyDeletion" and not (isinstance(days, int) and 7 <= days <= 30):
        short = isinstance(days, int) and days < 7
        bound = "greater than or equal to 7" if short else "less than or equal to 30"
        told = f"Value '{days}' at 'pendingWindowInDays' failed to satisfy constraint: "
        raise _invalid(f"{told}Member must have value {bound}")


def _mark(blob: Any) -> str:
    """The id of a key that stands in front of a ciphertext of moto's; empty if there is none."""
    try:
        start = base64.b64decode(blob or "")[:36].decode()
    except (ValueError, TypeError):
        return ""
    return start if _MARK.fullmatch(start) else ""


def _pairs(given: Any) -> dict[str, Any]:
    return {str(name): str(value) for name, value in given.items()} if isinstance(given, dict) else {}


def _not_found(message: str) -> Refusal:
    return Refusal(400, "NotFoundException", message)


def _invalid(what: str) -> Refusal:
    return Refusal(400, "ValidationException", f"1 validation error detected: {what}")
