"""Key policies as they are written, and grants as they are given back.

Sources: AWS KMS API Reference, PutKeyPolicy, CreateKey and RetireGrant; KMS Developer Guide, "Retiring and
revoking grants".
"""

from __future__ import annotations

from typing import Any

from ....policy import AccessRequest, Policy
from ...settings import ACCOUNT_ID
from ..faults import Refusal
from .key_circumstances import circumstances
from .keys import KeyPolicies, decide, read_policy
from .questions import Question

__all__ = ["check_document", "retires"]

_WRITING = ("CreateKey", "PutKeyPolicy")
_LOCKED_OUT = "The new key policy will not allow you to update the key policy in the future."
_NOBODYS = "00000000-0000-0000-0000-000000000000"


def check_document(question: Question, policies: KeyPolicies, key: Any) -> None:
    """Keep a key from a policy that is none, or that locks out whoever puts it.

    Raises:
        Refusal: MalformedPolicyDocumentException.
    """
    text = question.fields.get("Policy")
    if question.action not in _WRITING or (text is None and question.action == "CreateKey"):
        return
    policy = read_policy(text) if isinstance(text, str) else None
    if policy is None:
        raise _malformed("The new key policy is not a valid JSON policy document.")
    if question.fields.get("BypassPolicyLockoutSafetyCheck") is True:
        return
    identity = question.identity
    request = AccessRequest(
        "kms:PutKeyPolicy",
        f"arn:aws:kms:{question.region}:{ACCOUNT_ID}:key/{_NOBODYS}" if key is None else str(key.arn),
        identity.caller.arn,
        circumstances(question),
        principal_account=identity.caller.account,
    )
    decision, _ = decide(policies.closed(request, identity, key), identity, policy)
    if not decision.allowed:
        raise _malformed(_LOCKED_OUT)


def retires(question: Question, key: Any, request: AccessRequest) -> bool:
    """Whether the grant itself lets the caller retire it: as its retiring principal, or as its grantee."""
    token, wanted = question.text("GrantToken"), question.text("GrantId")
    for grant in list(key.grants.values()) if key is not None else ():
        if grant.token != token and grant.id != wanted:
            continue
        names = [grant.retiring_principal] if grant.retiring_principal else []
        if "RetireGrant" in (grant.operations or ()):
            names.append(grant.grantee_principal)
        if names:
            own = Policy.parse({"Version": "2012-10-17", "Statement": [_retiring(name) for name in names]})
            return decide(request, question.identity, own)[0].allowed
    return False


def _retiring(name: str) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": {"AWS": name},
        "Action": "kms:RetireGrant",
        "Resource": "*",
    }


def _malformed(message: str) -> Refusal:
    return Refusal(400, "MalformedPolicyDocumentException", message)
