"""Requests against policies: who asks, what it needs, and what the policies say of each need.

A check, made before a call, and an explanation, made after it was refused, weigh in this one way, so that
the same request has one verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from ...denials.evidence import Judged, Named
from ...encryption import Strategy
from ...policy import UNKNOWN, AccessRequest, Policy, evaluate
from ...policy.decision import Decision
from ...policy.request import Unknown
from ...policy.wire import Caller, Need, SentRequest, needs
from .gathering import Gathering
from .given import Given, Held, Identity
from .tags import ObjectTags, named_keys
from .verdict import Permission, document

_BEHIND = "the policy of the bucket behind the access point, which has to allow as well, was not looked at"
_NOT_ASKED = "nothing was asked"
_NAMESPACES = ("aws:", "s3:", "kms:")
_GIVEN = {
    "session_policies": "session_policy",
    "scps": "service_control_policy",
    "rcps": "resource_control_policy",
    "endpoint_policies": "endpoint_policy",
}
"""Layers that nobody is asked about, as arguments and as decisions name them."""

IDENTITY, RESOURCE = "identity", "resource"
EVERYTHING = frozenset({IDENTITY, RESOURCE})
"""Whose policies are looked for: the caller's, the resources'."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request of a call, and the key that the object, or the source, is believed to be under."""

    sent: SentRequest
    strategy: Strategy | None = None
    source: Strategy | None = None

    def needs(
        self,
        caller: Caller,
        now: datetime,
        assume: Mapping[str, Any],
        stored_key: str | None = None,
        source_key: str | None = None,
    ) -> tuple[Need, ...]:
        """What S3 is asked for; keys that are named go before those that the strategies tell."""
        return needs(
            self.sent,
            caller=caller,
            now=now,
            assume=assume,
            stored_key=stored_key or key_of(self.strategy),
            source_key=source_key or key_of(self.source),
        )


@dataclass(frozen=True, slots=True)
class Weighed:
    """One need, and what the policies say of it.

    Args:
        need: What is needed.
        request: What they were asked.
        decision: What they say.
        policies: By layer those that were asked, in the order that ``Reason.policy`` counts.
        unread: Layers that nobody could read.
        none: Layers that were looked at, and in which there are none.
    """

    need: Need
    request: AccessRequest
    decision: Decision
    policies: Mapping[str, tuple[Named, ...]] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    none: frozenset[str] = frozenset()

    @property
    def permission(self) -> Permission:
        """As a check tells it."""
        limit = _BEHIND if self.need.access_point else ""
        return Permission(self.request, self.decision, self.need.when, limit)

    @property
    def judged(self) -> Judged:
        """As an explanation takes it; a layer in which there is nothing has been examined."""
        left = tuple(each for each in self.decision.not_examined if each not in self.none)
        decision = replace(self.decision, not_examined=left)
        return Judged(self.request, decision, self.policies, self.unread, self.need.when)


class Weighing:
    """The policies that decide about some requests, each looked for once.

    Args:
        given: What is known already.
        gathering: Where the rest is looked for, unless ``given.fetch`` is False.
        calls: The requests; none where only the words of a refusal are known.
        caller: Who sent them, where that is known.
        others: It may be another account that reads the policies here than the one that sent them.
        wanted: Whose policies are looked for; what is not wanted is unknown, and no gap.
    """

    def __init__(
        self,
        given: Given,
        gathering: Gathering,
        calls: list[Call],
        *,
        caller: Caller | None = None,
        others: bool = False,
        wanted: frozenset[str] = EVERYTHING,
    ) -> None:
        self._given, self._gathering, self._calls, self._wanted = given, gathering, calls, wanted
        self._resources: dict[str, Held] = {}
        self._others = others or given.principal is not None
        self._reader: Caller | None = None
        self._tags = ObjectTags(gathering, given.fetch and RESOURCE in wanted)
        caller = caller or self._caller()
        identity = self._identity(caller)
        if caller.kind == "session" and identity.arn:
            caller = replace(caller, role_arn=identity.arn)
        self.caller, self.identity = caller, identity

    def weigh(self, need: Need) -> Weighed:
        """What the policies say of *need*.

        Raises:
            PolicyError: It names nothing that can be meant.
        """
        held = self._resource(need)
        return self._weighed(need, held, need.request.resource)

    def behind(self, need: Need, bucket: str, owner: str | None) -> Weighed:
        """What the bucket behind an access point says of *need*, under the bucket's own name.

        Source: Amazon S3 User Guide, "Configuring IAM policies for using access points": the bucket's policy
        must allow the request as well.
        """
        parts = need.request.resource.split(":", 5)
        key = parts[5].partition("/object/")[2]
        resource = f"{parts[0]}:{parts[1]}:s3:::{bucket}" + (f"/{key}" if key else "")
        kept = tuple(name for name in need.request.unknown if not name.endswith(":ResourceAccount"))
        request = replace(need.request, resource=resource, resource_account=owner, unknown=kept)
        ask = partial(self._gathering.bucket_policy, argument="")
        named = bool(self._calls) and self._calls[-1].sent.bucket == bucket  # a copy into the same bucket
        given = self._given.held("bucket_policy") if named else None
        return self._weighed(Need(request, need.when), self._once(bucket, given, "", ask), resource)

    def owns(self, bucket: str | None) -> bool:
        """Whether an answer has shown that the bucket belongs to the account that reads here."""
        held = self._resources.get(bucket or "")
        return held is not None and held.own

    @property
    def account(self) -> str | None:
        """The account that reads here; only to be asked for once something could be read."""
        if not self._others:
            return self.caller.account
        if self._reader is None:
            self._reader = self._gathering.caller()
        return self._reader.account

    @property
    def temporary(self) -> bool:
        """Whether the credentials are."""
        return self.caller.temporary or any(call.sent.temporary for call in self._calls)

    def _weighed(self, need: Need, held: Held, resource: str) -> Weighed:
        request = need.request
        # S3 tells a bucket's policy to the owner's account only.
        if held.own and request.resource_account is None and (owner := self.account):
            kept = tuple(key for key in request.unknown if not key.endswith(":ResourceAccount"))
            request = replace(request, resource_account=owner, unknown=kept)
        layers = self._layers()
        policies = tuple(_policies(held, *layers.values()))
        request = self._tags.told(_with_foreign_keys(request, policies, self.temporary), policies)
        decision = evaluate(
            request,
            resource_policy=held.one,
            identity_policies=layers["identity_policy"].layer,
            permissions_boundary=layers["permissions_boundary"].one,
            session_policies=layers["session_policy"].layer,
            scps=layers["service_control_policy"].layer,
            rcps=layers["resource_control_policy"].layer,
            endpoint_policies=layers["endpoint_policy"].layer,
        )
        named = {"resource_policy": held.named(document("resource_policy", request), _target(resource))}
        named |= {name: each.named(document(name, request)) for name, each in layers.items()}
        unread = [name for name, each in layers.items() if isinstance(each.policies, Unknown)]
        unread += ["resource_policy"] if isinstance(held.policies, Unknown) else []
        asked = {name: each for name, each in named.items() if each}
        return Weighed(need, request, decision, asked, tuple(unread), self._none(layers))

    def _none(self, layers: Mapping[str, Held]) -> frozenset[str]:
        """Layers that are known to be empty; those that nobody was asked about are not."""
        known = {layer for name, layer in _GIVEN.items() if getattr(self._given, name) is not None}
        known.add("identity_policy")
        if self._given.permissions_boundary is not None or self.identity.arn is not None:
            known.add("permissions_boundary")
        return frozenset(each for each in known if layers[each].policies == ())

    # -- policies -------------------------------------------------------------------------------------

    def _caller(self) -> Caller:
        if self._given.principal is not None:
            return self._given.caller()
        if any(call.sent.auth_type is None for call in self._calls):
            return Caller(None)
        if not self._given.fetch:
            self._gathering.note("the caller", _NOT_ASKED, "principal")
            return Caller(UNKNOWN)
        return self._gathering.caller()

    def _identity(self, caller: Caller) -> Identity:
        policies, boundary = (
            self._given.held(name) for name in ("identity_policies", "permissions_boundary")
        )
        alone = caller.kind in ("root", "anonymous")  # they have none, which needs no asking
        wanted = IDENTITY in self._wanted
        if policies is None and wanted and not (self._given.fetch or alone):
            self._gathering.note("the caller's own policies", _NOT_ASKED, "identity_policies")
        if policies is None and ((self._given.fetch and wanted) or alone):
            found = self._gathering.identity(caller)
        else:
            found = Identity(Held(UNKNOWN), Held(()) if wanted else Held(UNKNOWN))
        return Identity(policies or found.policies, boundary or found.boundary, found.arn)

    def _resource(self, need: Need) -> Held:
        resource = need.request.resource
        if need.request.action.startswith("kms:"):
            given = self._given.key_held(resource)
            return self._once(resource, given, "key_policy", self._gathering.key_policy)
        bucket = bucket_of(resource)
        if bucket is None:
            return Held(())
        # Of a copy that passes through here, the destination is the last.
        first = self._calls[-1].sent.bucket if self._calls else bucket
        own = bucket in (first, None) or (first or "").replace(":accesspoint:", ":accesspoint/") == bucket
        argument = "bucket_policy" if own else "source_policy"
        ask = partial(self._gathering.bucket_policy, argument=argument)
        return self._once(bucket, self._given.held(argument), argument, ask)

    def _once(self, name: str, given: Held | None, argument: str, ask: Any) -> Held:
        if given is not None:
            return given
        if name not in self._resources:
            self._resources[name] = Held(UNKNOWN)
            if RESOURCE in self._wanted and self._given.fetch:
                self._resources[name] = ask(name)
            elif RESOURCE in self._wanted:
                self._gathering.note(f"the policy of {name}", _NOT_ASKED, argument)
        return self._resources[name]

    def _layers(self) -> dict[str, Held]:
        others = {layer: self._given.held(name) or Held(()) for name, layer in _GIVEN.items()}
        return {
            "identity_policy": self.identity.policies,
            "permissions_boundary": self.identity.boundary,
            **others,
        }


def key_of(strategy: Strategy | None) -> str | None:
    """The ARN of the KMS key that a strategy writes with."""
    found = strategy.parameters("PutObject").get("SSEKMSKeyId") if strategy else None
    return found if isinstance(found, str) else None


def bucket_of(resource: str) -> str | None:
    """The bucket's name, or the access point's ARN, in the ARN of something in it."""
    parts = resource.split(":", 5)
    if len(parts) != 6:
        return None
    if parts[5].startswith("accesspoint/"):
        return ":".join([*parts[:5], "/".join(parts[5].split("/")[:2])])
    return parts[5].partition("/")[0]


def _target(resource: str) -> str:
    return resource if ":kms:" in resource else bucket_of(resource) or ""


def _policies(*layers: Held) -> Iterator[Policy]:
    for each in layers:
        found = each.layer
        if isinstance(found, tuple):
            yield from (policy for policy in found if isinstance(policy, Policy))


def _with_foreign_keys(
    request: AccessRequest, policies: tuple[Policy, ...], temporary: bool
) -> AccessRequest:
    """*request* with the keys that identity providers and other services put into sessions, as unknown."""
    if not temporary:
        return request
    named = set(named_keys(policies))
    foreign = {key for key in named if ":" in key and not key.lower().startswith(_NAMESPACES)}
    return replace(request, unknown=(*request.unknown, *sorted(foreign))) if foreign else request
