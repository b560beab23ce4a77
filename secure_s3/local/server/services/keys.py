"""Whether a key of KMS may be used: its policy, its grants, and the policies of whoever asks.

Sources: KMS Developer Guide, "Key policies in AWS KMS", "Default key policy", "Grants in AWS KMS", "AWS KMS
condition keys"; Amazon S3 User Guide, "Using server-side encryption with AWS KMS keys (SSE-KMS)".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from ....errors import PolicyError
from ....policy import UNKNOWN, AccessRequest, Decision, Policy
from ..callers.identity import Attached, Identity, stored_policy
from ..judging.circumstances import REAL
from ..judging.layering import Layers, Policies
from ..judging.words import refused
from ..store import Store

__all__ = ["KeyPolicies", "decide", "key_refused", "policy_text", "read_policy"]

_MANAGED = "alias/aws/"
_AMBIGUOUS = (
    "because the resource does not exist in this Region, no resource-based policies allow access, or a "
    "resource-based policy explicitly denies access"
)
_READS = ("kms:decrypt", "kms:reencryptfrom")


class KeyPolicies:
    """The policies and grants of the keys that are in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def judge(self, request: AccessRequest, identity: Identity) -> tuple[Decision, Policies]:
        """Whether *identity* may do what *request* says with a key, and the policies that were evaluated.

        What the request leaves open is settled here: what is known of the key and of the identity, and of
        everything else that it is absent. ``policies`` are by layer, as ``words.refused`` takes them.

        Args:
            request: Action of KMS, the key's ARN, and what the request itself says; S3's uses say
                ``kms:ViaService``.
            identity: Whoever asks, or in whose name S3 does.
        """
        key = None
        if ":key/" in request.resource:  # an alias has no policy
            key = self._store.kms_key(request.resource, request.resource.split(":")[3])
        request = self.closed(request, identity, key)
        own = None if key is None else read_policy(policy_text(key))
        decision, policies = decide(request, identity, own)
        if decision.outcome == "implicitly_denied" and key is not None and (grants := _grants(key)):
            statements = [*(own.document["Statement"] if own else ()), *grants]
            widened = Policy.parse({"Version": "2012-10-17", "Statement": statements})
            by_grant, _ = decide(request, identity, widened)
            decision = by_grant if by_grant.allowed else decision
        return decision, policies

    def closed(self, request: AccessRequest, identity: Identity, key: Any) -> AccessRequest:
        """*request* with everything told that the endpoint knows; what is not told then is absent."""
        told = {name: value for name, value in request.context.items() if value is not UNKNOWN}
        names = {name.lower() for name in told}
        by_service = any(name.lower() == "kms:viaservice" for name, value in told.items() if value)
        known = {**identity.context, **self._facts(key), "aws:ViaAWSService": by_service}
        more = {name: value for name, value in known.items() if name.lower() not in names}
        return replace(request, context={**told, **more}, unknown=())

    def _facts(self, key: Any) -> dict[str, Any]:
        """The condition keys that a key settles by what it is."""
        if key is None:
            return {}
        usage = key.key_usage or "ENCRYPT_DECRYPT"
        facts: dict[str, Any] = {
            "kms:KeySpec": key.key_spec,
            "kms:CustomerMasterKeySpec": key.key_spec,
            "kms:KeyUsage": usage,
            "kms:CustomerMasterKeyUsage": usage,
            "kms:KeyOrigin": key.origin,
            "kms:MultiRegion": bool(key.multi_region),
            "kms:ResourceAliases": sorted(key.aliases) or None,
        }
        tags = self._store.key_tags(key)
        return facts | {f"aws:ResourceTag/{name}": value for name, value in tags.items()}


def decide(
    request: AccessRequest, identity: Identity, resource_policy: Policy | None
) -> tuple[Decision, Policies]:
    """What the caller's own policies and *resource_policy* say, and those policies by layer."""
    return Layers(identity, REAL).decide(request, resource_policy)


def key_refused(
    request: AccessRequest,
    decision: Decision,
    identity: Identity,
    policies: Mapping[str, tuple[Attached, ...]],
    *,
    named: bool,
) -> str:
    """The text with which KMS refuses, to the caller itself or to S3 in its name.

    Args:
        request, decision, policies: As given to and by ``KeyPolicies.judge``.
        identity: Whoever asked.
        named: The key was named in the request. It is not where a ciphertext alone says which it is: then the
            text does not tell whether there is such a key.
    """
    text = refused(request, decision, identity, policies=policies, s3=False)
    if request.resource == "*":
        return text.replace(request.action, f"{request.action} on resource: *", 1)
    place = f" on resource: {request.resource}"
    if named or request.action.lower() not in _READS or place not in text:
        return text
    start, _, reason = text.partition(place)
    shown = _AMBIGUOUS if "resource-based policy" in reason else reason.strip()
    return f"{start} on the resource associated with this ciphertext {shown}"


def read_policy(text: str) -> Policy | None:
    """A policy by its text; None if it is none, which allows nobody anything."""
    try:
        return stored_policy(text)
    except PolicyError:
        return None


def policy_text(key: Any) -> str:
    """The text of a key's policy. A key that AWS manages has the policy that its service needs."""
    managed = next((name for name in key.aliases if name.startswith(_MANAGED)), None)
    if managed is None or str(key.policy) != key.generate_default_policy():
        return str(key.policy)
    return _of_a_service(managed.removeprefix(_MANAGED), str(key.account_id), str(key.region))


@lru_cache(maxsize=64)
def _of_a_service(service: str, account: str, region: str) -> str:
    """Source: KMS Developer Guide, "AWS managed keys"; the policy is what GetKeyPolicy shows of one."""
    uses = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
    through = {"kms:CallerAccount": account, "kms:ViaService": f"{service}.{region}.amazonaws.com"}
    reads = ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"]
    statements = [
        {
            "Sid": f"Allow access through {service} for all principals in the account",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": uses,
            "Resource": "*",
            "Condition": {"StringEquals": through},
        },
        {
            "Sid": "Allow direct access to key metadata to the account",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
            "Action": reads,
            "Resource": "*",
        },
    ]
    return json.dumps({"Version": "2012-10-17", "Id": f"auto-{service}-2", "Statement": statements})


def _grants(key: Any) -> list[dict[str, Any]]:
    """What the grants of a key allow, as statements of a key policy would."""
    return [_statement(grant) for grant in list(key.grants.values()) if grant.operations]


def _statement(grant: Any) -> dict[str, Any]:
    constraints = grant.constraints or {}
    exact = constraints.get("EncryptionContextEquals")
    pairs = {**(constraints.get("EncryptionContextSubset") or {}), **(exact or {})}
    condition: dict[str, Any] = {}
    if pairs:
        condition["StringEquals"] = {
            f"kms:EncryptionContext:{name}": str(value).replace("$", "${$}") for name, value in pairs.items()
        }
    if exact:
        condition["ForAllValues:StringEquals"] = {"kms:EncryptionContextKeys": list(exact)}
    return {
        "Effect": "Allow",
        "Principal": _principal(str(grant.grantee_principal)),
        "Action": [f"kms:{operation}" for operation in grant.operations],
        "Resource": "*",
        **({"Condition": condition} if condition else {}),
    }


def _principal(name: str) -> dict[str, str]:
    return {"Service": name} if name.endswith(".amazonaws.com") else {"AWS": name}
