"""What AWS says when policies do not allow a request: who, what, on which resource, and which layer.

Sources: IAM User Guide, "Troubleshoot access denied error messages"; Amazon S3 User Guide, "Troubleshoot
access denied (403 Forbidden) errors in Amazon S3". AWS names one layer, and one policy of it at most; never a
statement. Where several layers refuse, which one it names is documented nowhere: here it is the first in the
order of ``_NAMES``, and of what merely does not allow, the first in that of ``_LACKING``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ....policy import AccessRequest, Decision, Reason
from ...settings import ACCOUNT_ID
from ..callers.identity import Attached, Identity

__all__ = ["BARE", "refused"]

BARE = "Access Denied"
"""What strangers are told: anonymous callers, and those of another account."""

_NAMES = {
    "service_control_policy": "service control policy",
    "resource_control_policy": "resource control policy",
    "endpoint_policy": "VPC endpoint policy",
    "resource_policy": "resource-based policy",
    "identity_policy": "identity-based policy",
    "permissions_boundary": "permissions boundary",
    "session_policy": "session policy",
}
_ORDER = tuple(_NAMES)
_LACKING = (
    "service_control_policy",
    "resource_control_policy",
    "endpoint_policy",
    "identity_policy",
    "permissions_boundary",
    "session_policy",
    "resource_policy",
)
"""A resource's policy comes last: only of keys and roles is it one that has to allow."""
_NO_ARN = frozenset({"resource_policy", "endpoint_policy"})
"""Layers whose policies AWS does not name."""


def refused(
    request: AccessRequest,
    decision: Decision,
    identity: Identity,
    *,
    policies: Mapping[str, Sequence[Attached]],
    s3: bool,
) -> str:
    """The message of a request that is not allowed.

    Args:
        request, decision: What was asked, and what came of it.
        identity: Whoever asked.
        policies: The policies that were evaluated, by their layer's name as in ``Reason.layer``, in order.
        s3: S3 answers; KMS, IAM and STS do not put the resource between quotation marks.
    """
    if not _is_told(identity):
        return BARE
    text = f"User: {identity.caller.arn} is not authorized to perform: {request.action}"
    if request.resource != "*":
        resource = f'"{request.resource}"' if s3 else request.resource
        text = f"{text} on resource: {resource}"
    if decision.outcome != "implicitly_denied" and (deny := _denying(decision)):
        return f"{text} with an explicit deny in {_denies(deny, request)}{_arn(deny, policies)}"
    lacking = {reason.layer for reason in decision.reasons if reason.role == "does not allow"}
    layer = next((each for each in _LACKING if each in lacking), "identity_policy")
    return f"{text} because no {_kind(layer, request)} allows the {request.action} action"


def _is_told(identity: Identity) -> bool:
    return isinstance(identity.caller.arn, str) and identity.caller.account == ACCOUNT_ID


def _denying(decision: Decision) -> Reason | None:
    """The statement of the layer that AWS names first; one that may deny, if none certainly does."""
    for role in ("denies", "may deny"):
        found = [reason for reason in decision.reasons if reason.role == role]
        if found:
            return min(found, key=lambda reason: _ORDER.index(reason.layer))
    return None


def _kind(layer: str, request: AccessRequest) -> str:
    """A layer, as AWS calls it."""
    if layer == "resource_policy" and request.action.lower().startswith("sts:"):
        return "role trust policy"
    return _NAMES[layer]


def _denies(reason: Reason, request: AccessRequest) -> str:
    kind = _kind(reason.layer, request)
    article = "the" if kind == "role trust policy" else "an" if kind[0] == "i" else "a"
    return f"{article} {kind}"


def _arn(reason: Reason, policies: Mapping[str, Sequence[Attached]]) -> str:
    given = policies.get(reason.layer, ())
    if reason.layer in _NO_ARN or reason.policy >= len(given):
        return ""
    arn = given[reason.policy].arn
    return f": {arn}" if arn else ""
