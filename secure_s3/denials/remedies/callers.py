"""How a policy names the caller: as principal of an Allow, and as somebody whom a Deny spares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...policy.principals import Requester
from ...policy.request import AccessRequest

SERVICE_KEY, ARN_KEY = "aws:PrincipalServiceName", "aws:PrincipalArn"
SOURCE_ARN, SOURCE_ACCOUNT = "aws:SourceArn", "aws:SourceAccount"


@dataclass(frozen=True, slots=True)
class Spared:
    """A condition whose negation spares somebody.

    Args:
        operator, key, values: e.g. ``ArnNotLike``, ``aws:PrincipalArn``, the ARN.
        whom: In words.
    """

    operator: str
    key: str
    values: tuple[str, ...]
    whom: str


def one(request: AccessRequest, key: str) -> str | None:
    """The one value of a key, if it is known."""
    found = request.lookup(key.lower())
    return found[0] if isinstance(found, tuple) and len(found) == 1 else None


def lasting_arn(request: AccessRequest) -> str | None:
    """The ARN that stays: of a session, its role's; None for services and anonymous callers."""
    who = request.requester
    if who is None or who.kind in ("anonymous", "service", "canonical", "federated"):
        return None
    return one(request, ARN_KEY) or who.principal_arn


def spared(request: AccessRequest) -> list[Spared]:
    """Conditions of a Deny that spare this caller, the plainest first; none for an anonymous caller.

    The ARN of a session does not tell the path of its role. The name of a role is its own in an account,
    whatever the path (IAM User Guide, "IAM identifiers"), so that ``role/*/App`` is App and nobody else.
    """
    who = request.requester
    if who is not None and who.kind == "service":
        return [_service(request, who.text)]
    arn = lasting_arn(request)
    if arn is None or set(arn) & set("*?$"):
        return []
    found = [Spared("ArnNotLike", ARN_KEY, (arn,), arn)]
    if one(request, ARN_KEY) is None and who is not None and ":role/" in arn:
        wherever = f"{arn.rpartition(':role/')[0]}:role/*/{who.name}"
        found.append(Spared("ArnNotLike", ARN_KEY, (arn, wherever), f"{arn}, whatever its path,"))
    return found


def _service(request: AccessRequest, name: str) -> Spared:
    """A service as far as it acts for its source: anybody may have it act for himself."""
    arn, account = one(request, SOURCE_ARN), one(request, SOURCE_ACCOUNT)
    if arn and not set(arn) & set("*?$"):
        return Spared("ArnNotLike", SOURCE_ARN, (arn,), f"{name} for {arn}")
    if account:
        return Spared("StringNotEquals", SOURCE_ACCOUNT, (account,), f"{name} for {account}")
    return Spared("StringNotEquals", SERVICE_KEY, (name,), name)


def acts_alone(request: AccessRequest) -> bool:
    """A service of AWS asks, for which there is nothing that a caller could change."""
    who = request.requester
    return who is not None and who.kind == "service"


def principal(request: AccessRequest) -> dict[str, Any] | None:
    """The ``Principal`` of an Allow for this caller; None for one whom no Allow should name."""
    who = request.requester
    if who is not None and who.kind == "service":
        return {"Service": who.text}
    arn = lasting_arn(request)
    kind = Requester.parse(arn).kind if arn else ""
    return {"AWS": arn} if arn and kind in ("user", "role", "root") else None


def sources(request: AccessRequest) -> dict[str, dict[str, str]] | None:
    """For whom a service acts, as conditions of an Allow; None where that is not known.

    Source: IAM User Guide, "The confused deputy problem".
    """
    arn, account = one(request, SOURCE_ARN), one(request, SOURCE_ACCOUNT)
    found: dict[str, dict[str, str]] = {}
    if arn and not set(arn) & set("*?$"):
        found["ArnEquals"] = {SOURCE_ARN: arn}
    if account:
        found["StringEquals"] = {SOURCE_ACCOUNT: account}
    return found or None
