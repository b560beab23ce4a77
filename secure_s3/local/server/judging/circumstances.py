"""Circumstances that a test pretends: what a server on loopback cannot see, and layers that it has not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ....policy import Policy
from ....policy.wire import Caller
from ..call import AccessPoint
from ..callers.identity import Attached, Identity

__all__ = ["Circumstances", "REAL"]

_EVERYTHING = (
    Attached(
        Policy.parse(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        )
    ),
)
_SERVICE = "service"


def _attached(policies: Sequence[Any]) -> tuple[Attached, ...]:
    return tuple(Attached(Policy.parse(each)) for each in policies)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What holds instead of what the server sees.

    Args:
        context: Condition keys and values; None means absent.
        caller: Who asks, instead of whoever signed. Its own policies allow it everything.
        scps, rcps, endpoint_policies: Layers of policies; empty where there are none.
    """

    context: Mapping[str, Any] = field(default_factory=dict)
    caller: Caller | None = None
    scps: tuple[Attached, ...] = ()
    rcps: tuple[Attached, ...] = ()
    endpoint_policies: tuple[Attached, ...] = ()

    @classmethod
    def told(
        cls,
        context: Mapping[str, Any],
        principal: str | None,
        scps: Sequence[Any],
        rcps: Sequence[Any],
        endpoint_policies: Sequence[Any],
    ) -> Circumstances:
        """From plain values, as they come over the control channel.

        Raises:
            PolicyError: One of the policies is none.
        """
        caller = None if principal is None else Caller(principal)
        folded = {name.lower(): value for name, value in context.items()}
        if folded.get("aws:securetransport") == ["false"]:
            context = {"s3:TlsVersion": None, **context}
        return cls(context, caller, _attached(scps), _attached(rcps), _attached(endpoint_policies))

    def __bool__(self) -> bool:
        """Whether anything is pretended."""
        return self != REAL

    def identity(self, identity: Identity) -> Identity:
        """Whoever asks under these circumstances."""
        if not self.context and self.caller is None:
            return identity
        if self.caller is None:
            return replace(identity, context={**identity.context, **self._of_the_caller()})
        context: dict[str, Any] = {}
        if self.caller.kind == _SERVICE:
            context["aws:PrincipalServiceName"] = self.caller.arn
            context["aws:PrincipalServiceNamesList"] = [self.caller.arn]
        own = () if self.caller.kind in (_SERVICE, "anonymous") else _EVERYTHING
        return Identity(self.caller, own, context={**context, **self._of_the_caller()})

    def reach(self, point: AccessPoint | None) -> bool:
        """Whether a request comes from where an access point answers: from its VPC, if it is bound to one.

        Source: Amazon S3 User Guide, "Creating access points restricted to a virtual private cloud".
        """
        if point is None or point.vpc is None:
            return True
        told = {name.lower(): value for name, value in self.context.items()}.get("aws:sourcevpc")
        return point.vpc in ([told] if isinstance(told, str) else told or ())

    def _of_the_caller(self) -> dict[str, Any]:
        return {name: value for name, value in self.context.items() if name.lower().startswith("aws:p")}


REAL = Circumstances()
"""Nothing is pretended."""
