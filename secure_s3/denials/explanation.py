"""What an explanation says: who refused, why, how sure that is, and who could change what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..values import printable_text
from .denial import FailedCondition, StatementName

CALLER, BUCKET_OWNER, KEY_OWNER = "caller", "bucket owner", "key owner"
ACCOUNT_ADMIN, ORGANIZATION_ADMIN, ENDPOINT_OWNER = "account admin", "organization admin", "endpoint owner"


@dataclass(frozen=True, slots=True)
class Remedy:
    """One way to make the call pass, and who can go it.

    Args:
        who: ``caller``, ``bucket owner``, ``key owner``, ``account admin``, ``organization admin`` or
            ``endpoint owner``.
        what: One sentence.
        arguments: Arguments of the call to set, by S3's names; None means to leave it out.
        encryption: The strategy to configure, as one writes it, e.g. ``SseKms("arn:…")``.
        document: What ``patch`` is for: ``bucket policy``, ``key policy``, ``identity policy``, …
        target: Whose document: a bucket, a key's ARN, a policy's ARN, a user's or role's ARN.
        patch: JSON Patch (RFC 6902) for that document.
        new_document: The document to put where there is none yet.
        command: A command line that does it.
        risk: What it opens or costs; empty if nothing.
        proved: Evaluated here with the remedy applied, the call would not be refused for this reason.
        client: Settings of the client, e.g. ``endpoint_url``, ``region_name``, ``min_tls``.
    """

    who: str
    what: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    encryption: str = ""
    document: str = ""
    target: str = ""
    patch: tuple[Mapping[str, Any], ...] = ()
    new_document: Mapping[str, Any] | None = None
    command: str = ""
    risk: str = ""
    proved: bool = False
    client: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("what", "risk"):  # names of keys and statements are somebody else's text
            object.__setattr__(self, name, printable_text(getattr(self, name)))

    def __hash__(self) -> int:
        return hash((self.who, self.what, self.document, self.target))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON; what is empty is left out."""
        told: dict[str, Any] = {
            "who": self.who,
            "what": self.what,
            "arguments": dict(self.arguments),
            "encryption": self.encryption,
            "client": dict(self.client),
            "document": self.document,
            "target": self.target,
            "patch": [dict(each) for each in self.patch],
            "new_document": self.new_document,
            "command": self.command,
            "risk": self.risk,
            "proved": self.proved,
        }
        return {name: value for name, value in told.items() if value not in ("", None, [], {})}


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that may have refused the request.

    Args:
        what: In words, e.g. ``bucket policy of amzn-s3-demo-bucket, statement "DenyWrongKey"``.
        cause: One of CAUSES.
        statement: Of a policy.
        conditions: Those that decide.
        why: Why it is a candidate, or why it ranks where it does.
    """

    what: str
    cause: str
    statement: StatementName | None = None
    conditions: tuple[FailedCondition, ...] = ()
    why: str = ""

    def __post_init__(self) -> None:
        for name in ("what", "why"):
            object.__setattr__(self, name, printable_text(getattr(self, name)))

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "what": self.what,
            "cause": self.cause,
            "statement": self.statement.to_dict() if self.statement else None,
            "conditions": [each.to_dict() for each in self.conditions],
            "why": self.why,
        }
