"""The layers of policies that decide about a request to S3, and what they come to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ....policy import AccessRequest, Decision, Policy, evaluate
from ..callers.identity import Attached, Identity, stored_policy
from .circumstances import Circumstances

__all__ = ["Layers", "Policies", "allows_everything", "read_policy"]

Policies = dict[str, tuple[Attached, ...]]
"""By layer, in the names of ``Reason.layer``."""


def read_policy(text: str | bytes | None) -> Policy | None:
    """A stored policy, read once; None if there is none."""
    return stored_policy(text) if text else None


@dataclass(frozen=True, slots=True)
class Layers:
    """Everything that binds a caller, whatever it asks for."""

    identity: Identity
    circumstances: Circumstances

    def decide(self, request: AccessRequest, resource: Policy | None) -> tuple[Decision, Policies]:
        """What comes of *request* under these and the resource's policy, and which policies there were."""
        who, pretended = self.identity, self.circumstances
        boundary = () if who.boundary is None else (who.boundary,)
        decision = evaluate(
            request,
            resource_policy=resource,
            identity_policies=_plain(who.policies),
            permissions_boundary=boundary[0].policy if boundary else None,
            session_policies=_plain(who.session_policies),
            scps=_plain(pretended.scps),
            rcps=_plain(pretended.rcps),
            endpoint_policies=_plain(pretended.endpoint_policies),
        )
        policies: Policies = {
            "service_control_policy": pretended.scps,
            "resource_control_policy": pretended.rcps,
            "endpoint_policy": pretended.endpoint_policies,
            "resource_policy": () if resource is None else (Attached(resource),),
            "identity_policy": who.policies,
            "permissions_boundary": boundary,
            "session_policy": who.session_policies,
        }
        return decision, policies


def _plain(attached: Iterable[Attached]) -> tuple[Policy, ...]:
    return tuple(each.policy for each in attached)


def allows_everything(identity: Identity, resources: Iterable[Policy | None]) -> bool:
    """Whether nothing of what is evaluated can deny anything, so that evaluating it would be for nothing.

    That holds for the ready user, and for others with a policy like its own, where no statement of the
    resources' policies denies.
    """
    if identity.boundary is not None or identity.session_policies or len(identity.policies) != 1:
        return False
    statements = identity.policies[0].policy.statements
    if len(statements) != 1 or identity.caller.kind not in ("user", "session"):
        return False
    own = statements[0]
    everything = own.effect == "Allow" and own.actions == ("*",) and own.resources == ("*",)
    plain = not (own.not_action or own.not_resource or own.conditions or own.problems)
    return (
        everything
        and plain
        and all(each.effect == "Allow" for policy in resources if policy for each in policy.statements)
    )
