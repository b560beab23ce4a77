"""What a request to STS says of the session that it begins, and moto does not keep.

Sources: AWS STS API Reference, AssumeRole, AssumeRoleWithWebIdentity, GetSessionToken and GetFederationToken;
IAM User Guide, "Pass session tags in AWS STS" and "AWS global condition context keys".
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import secrets
import string
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ....sigv4 import Credentials
from ..faults import Refusal, xml_text
from ..services.questions import Question
from .directory import Issued
from .session import Session

__all__ = ["begun", "new_credentials", "read", "told"]

_LETTERS = string.ascii_uppercase + "234567"
_DEFAULT_SECONDS = 43_200

_CLAIM_TAGS, _CLAIM_SOURCE = "https://aws.amazon.com/tags", "https://aws.amazon.com/source_identity"


def begun(question: Question, holder_id: str | None, before: Session | None) -> Session:
    """The session that a request begins.

    Args:
        question: To STS; it succeeded.
        holder_id: The id of the role that is assumed, or of the user who asks.
        before: The session of whoever asks, if that is one.
    """
    claims = _claims(question.text("WebIdentityToken"))
    inherited = (
        {name: before.tags[name] for name in before.transitive if name in before.tags} if before else {}
    )
    tags, transitive = _tags(question, claims)
    federated = question.text("Name") if question.action == "GetFederationToken" else None
    source = question.text("SourceIdentity") or claims.get(_CLAIM_SOURCE)
    return Session(
        question.now,
        holder_id,
        federated,
        question.text("Policy") or None,
        tuple(each.get("arn", "") for each in question.listed("PolicyArns")),
        {**tags, **inherited},  # an inherited tag cannot be changed
        transitive | frozenset(inherited),
        before.source_identity if before and before.source_identity else source,
        _mfa(question),
        _provider(question, claims),
    )


def _tags(question: Question, claims: Mapping[str, Any]) -> tuple[dict[str, str], frozenset[str]]:
    tags = {each.get("Key", ""): each.get("Value", "") for each in question.listed("Tags")}
    claimed = claims.get(_CLAIM_TAGS)
    transitive = {each.get("", "") for each in question.listed("TransitiveTagKeys")}
    if isinstance(claimed, dict):
        principal = claimed.get("principal_tags") or {}
        tags |= {str(name): str(values[0]) for name, values in principal.items() if values}
        transitive |= set(claimed.get("transitive_tag_keys") or ())
    return tags, frozenset(transitive) & frozenset(tags)


def _mfa(question: Question) -> bool | None:
    if question.action.startswith("AssumeRoleWith"):
        return None
    return bool(question.text("SerialNumber") and question.text("TokenCode"))


def _provider(question: Question, claims: Mapping[str, Any]) -> str | None:
    if question.action == "AssumeRoleWithSAML":
        return question.text("PrincipalArn") or None
    if question.action != "AssumeRoleWithWebIdentity":
        return None
    if given := question.text("ProviderId"):
        return given
    issuer = str(claims.get("iss", "")).removeprefix("https://")
    account = question.text("RoleArn").split(":")[4:5]
    return f"arn:aws:iam::{account[0]}:oidc-provider/{issuer}" if issuer and account else None


def _claims(token: str) -> dict[str, Any]:
    """What a web identity token says; its signature is not verified here."""
    try:
        part = token.split(".")[1]
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError, binascii.Error, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def new_credentials(question: Question) -> Issued:
    """Credentials for GetSessionToken and GetFederationToken: moto gives everybody the same.

    Raises:
        Refusal: ValidationError; the duration is no number.
    """
    seconds = question.text("DurationSeconds") or str(_DEFAULT_SECONDS)
    if not (seconds.isascii() and seconds.isdigit()):
        raise Refusal(400, "ValidationError", "DurationSeconds is not a number")
    made = Credentials(
        "ASIA" + "".join(secrets.choice(_LETTERS) for _ in range(16)),
        secrets.token_urlsafe(30),
        secrets.token_urlsafe(200),
    )
    return Issued(made, question.now + timedelta(seconds=int(seconds)))


def read(answer: bytes, name: str) -> str:
    """The text of the first element of that name; empty if there is none."""
    found = re.search(f"<{name}>([^<]*)</{name}>".encode(), answer)
    return found[1].decode() if found else ""


def told(answer: bytes, **elements: str) -> bytes:
    """*answer* with another text in the first of each of these elements."""
    for name, value in elements.items():
        before, opening, rest = answer.partition(f"<{name}>".encode())
        _, closing, after = rest.partition(f"</{name}>".encode())
        if closing:
            answer = before + opening + xml_text(value).encode() + closing + after
    return answer
