"""Calls to STS: who one is, and whose role one may take.

A role's trust policy decides together with the caller's own policies. The ready user, who sets tests up, may
take every role whose trust policy does not deny it to him, and roles that are not there at all: so the
sessions of a service's roles can be had as well. Tokens of web identity providers are read, and nobody
verifies who signed them.

Sources: AWS STS API Reference; IAM User Guide, "How to use an external ID", "Pass session tags in AWS STS",
"Monitor and control actions taken with assumed roles", "IAM and AWS STS condition context keys".
"""

from __future__ import annotations

import base64
import json
from typing import Any
from xml.sax.saxutils import escape

from ....policy import AccessRequest, Decision, Policy, evaluate
from ...settings import ACCOUNT_ID, USER_NAME
from ..callers.identity import Identity
from ..faults import Refusal
from ..judging.words import refused
from ..store import Store
from .keys import decide, read_policy
from .questions import Question

__all__ = ["TrustCalls", "caller_identity"]

_READY = f"arn:aws:iam::{ACCOUNT_ID}:user/{USER_NAME}"
_UNSIGNED = ("AssumeRoleWithWebIdentity", "AssumeRoleWithSAML")
_FOR_EVERYBODY = ("GetCallerIdentity", "GetSessionToken")
"""They need no permission."""
_BUILT_IN = frozenset(
    {"accounts.google.com", "cognito-identity.amazonaws.com", "www.amazon.com", "graph.facebook.com"}
)
_ANSWER = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
    "<GetCallerIdentityResult><Arn>{arn}</Arn><UserId>{user_id}</UserId><Account>{account}</Account>"
    "</GetCallerIdentityResult><ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
    "</GetCallerIdentityResponse>"
)


class TrustCalls:
    """What STS holds against a call before it does what it is asked."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def admit(self, question: Question) -> None:
        """Raises Refusal: AccessDenied, InvalidIdentityToken and others, in the words of STS."""
        action, passed = question.action, question.text("Policy")
        if passed and read_policy(passed) is None:
            raise Refusal(400, "MalformedPolicyDocument", "This policy contains invalid Json")
        if action == "AssumeRole":
            self._assume(question)
        elif action == "AssumeRoleWithWebIdentity":
            provider, context = _of_token(question)
            self._federate(question, provider, context)
        elif action == "AssumeRoleWithSAML":
            context = {"saml:aud": "https://signin.aws.amazon.com/saml"}
            self._federate(question, question.text("PrincipalArn"), context)
        elif action not in _FOR_EVERYBODY:
            self._plain(question)

    def _assume(self, question: Question) -> None:
        identity, arn = question.identity, _role_arn(question)
        trust, ready = self._trust(arn), identity.caller.arn == _READY
        for action in _needed(question):
            request = _request(action, arn, question, _of_assuming(question))
            decision, _ = decide(request, identity, trust)
            if not decision.allowed and not (ready and decision.outcome != "explicitly_denied"):
                # STS says nothing more: not whose policy it was.
                text = f"User: {identity.caller.arn} is not authorized to perform: {action}"
                raise Refusal(403, "AccessDenied", f"{text} on resource: {arn}")

    def _federate(self, question: Question, provider: str, context: dict[str, Any]) -> None:
        arn, action = _role_arn(question), f"sts:{question.action}"
        trust = self._trust(arn)
        told = {**question.circumstances(), **context}
        told["sts:RoleSessionName"] = question.text("RoleSessionName") or None
        if trust is None or not _federated(action, arn, provider, told, trust).allowed:
            raise Refusal(403, "AccessDenied", f"Not authorized to perform {action}")

    def _plain(self, question: Question) -> None:
        resource, context = "*", _of_tags(question)
        if question.action == "GetFederationToken":
            resource = f"arn:aws:sts::{ACCOUNT_ID}:federated-user/{question.text('Name')}"
        request = _request(f"sts:{question.action}", resource, question, context)
        decision, policies = decide(request, question.identity, None)
        if not decision.allowed:
            text = refused(request, decision, question.identity, policies=policies, s3=False)
            raise Refusal(403, "AccessDenied", text)

    def _trust(self, arn: str) -> Policy | None:
        """The trust policy of a role of this account; None if there is no such role."""
        role = self._store.directory.role(arn)
        if role is None:
            return None
        return read_policy(str(role.assume_role_policy_document))


def caller_identity(identity: Identity, request_id: str) -> bytes:
    """The answer of GetCallerIdentity, which needs no permission."""
    caller = identity.caller
    told = {"arn": str(caller.arn), "user_id": caller.user_id or "", "account": caller.account or ""}
    return _ANSWER.format(
        request_id=request_id, **{name: escape(value) for name, value in told.items()}
    ).encode()


def _role_arn(question: Question) -> str:
    arn = question.text("RoleArn")
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[2] != "iam" or not parts[5].startswith("role/") or len(arn.split()) != 1:
        message = f"1 validation error detected: Value '{arn}' at 'roleArn' is not a valid role ARN"
        raise Refusal(400, "ValidationError", message)
    return arn


def _needed(question: Question) -> list[str]:
    """The actions that AssumeRole needs by what it passes."""
    return [
        "sts:AssumeRole",
        *(["sts:TagSession"] if question.listed("Tags") else []),
        *(["sts:SetSourceIdentity"] if question.text("SourceIdentity") else []),
    ]


def _of_assuming(question: Question) -> dict[str, Any]:
    transitive = [value for name, value in question.fields.items() if name.startswith("TransitiveTagKeys.")]
    return {
        "sts:ExternalId": question.text("ExternalId") or None,
        "sts:RoleSessionName": question.text("RoleSessionName") or None,
        "sts:SourceIdentity": question.text("SourceIdentity") or None,
        "sts:TransitiveTagKeys": transitive or None,
        **_of_tags(question),
    }


def _of_tags(question: Question) -> dict[str, Any]:
    tags = question.listed("Tags")
    told: dict[str, Any] = {f"aws:RequestTag/{tag.get('Key')}": tag.get("Value", "") for tag in tags}
    return {**told, "aws:TagKeys": [str(tag.get("Key")) for tag in tags] or None}


def _request(action: str, resource: str, question: Question, context: dict[str, Any]) -> AccessRequest:
    caller = question.identity.caller
    told = {**question.circumstances(), **context}
    return AccessRequest(action, resource, caller.arn, told, principal_account=caller.account)


def _federated(action: str, arn: str, provider: str, context: dict[str, Any], trust: Policy) -> Decision:
    return evaluate(AccessRequest(action, arn, provider, context), resource_policy=trust)


def _of_token(question: Question) -> tuple[str, dict[str, Any]]:
    """The provider that a web identity token names, as trust policies do, and its condition keys."""
    try:
        payload = question.text("WebIdentityToken").split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        issuer = str(claims["iss"]).removeprefix("https://")
        expires = float(claims.get("exp", "inf"))
    except (ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        message = (
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
        )
        raise Refusal(400, "InvalidIdentityToken", message) from error
    if question.now.timestamp() >= expires:
        raise Refusal(
            400,
            "ExpiredTokenException",
            "Token expired: current date/time must be before the expiration date/time",
        )
    keys = {f"{issuer}:{name}": _plain(claims.get(name)) for name in ("aud", "sub", "azp", "amr")}
    builtin = (
        "accounts.google.com",
        "cognito-identity.amazonaws.com",
        "www.amazon.com",
        "graph.facebook.com",
    )
    provider = issuer if issuer in builtin else f"arn:aws:iam::{ACCOUNT_ID}:oidc-provider/{issuer}"
    return provider, {name: value for name, value in keys.items() if value is not None}


def _plain(claim: Any) -> Any:
    return [str(each) for each in claim] if isinstance(claim, list) else None if claim is None else str(claim)
