"""``s3.check``: whether a call would be allowed, before it is made.

1. the call is rehearsed under the guard: the request is the one that would be sent
2. what it needs: actions, resources, and the context, unknown where only the server knows
3. the policies: as given, else as far as they can be read
4. each need is evaluated; the worst outcome is the answer
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import partial
from typing import Any

from ..encryption import ClientSide, Strategy
from ..errors import ConfigurationError
from ..guard import copy_source_parameters, guard_of, with_strategy
from ..guard.names import operation_name, require_parameters
from ..guard.operations import for_operation
from ..guard.rehearsal import placeholders, rehearse
from ..policy import UNKNOWN, AccessRequest, Policy, evaluate
from ..policy.request import Unknown
from ..policy.variables import keys as variables
from ..policy.wire import Caller, Need, SentRequest, needs
from .gaps import Gap
from .gathering import Gathering
from .given import Given, Held, Identity
from .sealed import sealed_needs
from .verdict import Permission, Preflight

_COPIES = frozenset({"CopyObject", "UploadPartCopy"})
_READS = frozenset({"GetObject", "HeadObject", "SelectObjectContent", "UploadPart"})
_BEHIND = "the policy of the bucket behind the access point, which has to allow as well, was not looked at"
_NEVER = "Block Public Access, ACLs, Object Ownership and Object Lock"
_NOT_ASKED = "nothing was asked"
_NAMESPACES = ("aws:", "s3:", "kms:")
_LAYERS = {
    "scps": "service control policies",
    "rcps": "resource control policies",
    "endpoint_policies": "policies of VPC endpoints",
    "permissions_boundary": "permissions boundary",
    "session_policies": "session policies",
}


@dataclass(frozen=True, slots=True)
class _Call:
    """One request of a call, and the key that the object, or the source, is believed to be under."""

    sent: SentRequest
    strategy: Strategy | None
    source: Strategy | None = None


def preflight(
    client: Any,
    session: Any,
    operation: str,
    arguments: Mapping[str, Any],
    *,
    source_encryption: Strategy | None = None,
    reading: Strategy | None = None,
    now: datetime | None = None,
) -> Preflight:
    """Whether *operation* with these arguments would be allowed.

    Args:
        client: A hardened S3 client, under the strategy of the call.
        session: The hardened session that it comes from.
        arguments: S3's own, in its names, and the check's, which ``Given`` lists.
        source_encryption: How the source of a copy is encrypted; as *reading* if left out.
        reading: The strategy that the client reads with by itself.
        now: With a zone; the present if left out.

    Raises:
        ConfigurationError: The guard refuses the call, or an argument cannot be used: nothing would be sent.
        PolicyError: A given policy is none, *assume* contradicts the request, or which permissions the
            operation needs is not known.
    """
    given, parameters = Given.parted(arguments)
    name = operation_name(client, operation)
    source = source_encryption or reading
    stand_in = None if given.fetch else placeholders(client)
    calls = list(_calls(client, name, parameters, source, stand_in))
    with Gathering(session, client) as gathering:
        check = _Check(given, gathering, now or datetime.now(timezone.utc), calls, stand_in is not None)
        return check.result(name)


def _calls(
    client: Any, name: str, parameters: Mapping[str, Any], source: Strategy | None, stand_in: Any
) -> Iterator[_Call]:
    guard = guard_of(client)
    strategy = guard.strategy if guard else None
    if name == "CopyObject" and (isinstance(strategy, ClientSide) or isinstance(source, ClientSide)):
        yield from _recrypted(client, parameters, strategy, source, stand_in)
        return
    if name in _COPIES:
        parameters = {**copy_source_parameters(client, source), **parameters}
    sent = rehearse(client, name, parameters, credentials=stand_in)
    yield _Call(sent, strategy, source if name in _COPIES else None)


def _recrypted(
    client: Any,
    parameters: Mapping[str, Any],
    strategy: Strategy | None,
    source: Strategy | None,
    stand_in: Any,
) -> Iterator[_Call]:
    """Where content is encrypted before it is sent, a copy is a download and an upload."""
    require_parameters(client, "CopyObject", parameters)
    where = _source(parameters.get("CopySource"))
    reader = client if source is None or source == strategy else with_strategy(client, source)
    yield _Call(rehearse(reader, "GetObject", where, credentials=stand_in), source)
    write = for_operation(client, "PutObject", parameters)
    yield _Call(rehearse(client, "PutObject", write, credentials=stand_in), strategy)


def _source(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    bucket, _, key = str(value or "").lstrip("/").partition("/")
    if not key:
        raise ConfigurationError(f"CopySource={value!r} names no object", fix='pass {"Bucket": …, "Key": …}')
    return {"Bucket": bucket, "Key": key}


class _Check:
    """One check: who asks, and the policies, each looked for once."""

    def __init__(
        self, given: Given, gathering: Gathering, now: datetime, calls: list[_Call], unsigned: bool
    ) -> None:
        self._given, self._gathering, self._now, self._calls = given, gathering, now, calls
        self._unsigned = unsigned
        self._resources: dict[str, Held] = {}
        caller = self._caller()
        identity = self._identity(caller)
        if caller.kind == "session" and identity.arn:
            caller = replace(caller, role_arn=identity.arn)
        self.caller, self.identity = caller, identity

    def result(self, name: str) -> Preflight:
        """The answer."""
        found = [need for call in self._calls for need in self._needs(call)]
        permissions = tuple(self._permission(need) for need in found)
        assumed = {
            f"{one.request.resource}: {each}": None for one in permissions for each in one.decision.assumed
        }
        # Were it another key, permissions on that one would be needed.
        keys = [one for one in permissions if one.when and one.request.action.startswith("kms:")]
        assumed |= dict.fromkeys(one.when for one in keys)
        assumed |= {f"{key} is {value}": None for key, value in self._given.assume.items()}
        if self._unsigned:
            who = self._given.principal or "somebody whom nobody named"
            assumed[f"the caller is {who}: there are no credentials here that would tell"] = None
        sent = tuple(call.sent for call in self._calls)
        gaps = tuple(dict.fromkeys(self._gathering.gaps))
        return Preflight(name, sent, permissions, gaps, tuple(self._not_examined(found)), tuple(assumed))

    def _needs(self, call: _Call) -> Iterator[Need]:
        yield from needs(
            call.sent,
            caller=self.caller,
            now=self._now,
            assume=self._given.assume,
            stored_key=_key_of(call.strategy),
            source_key=_key_of(call.source),
        )
        yield from sealed_needs(
            call.sent, call.strategy, caller=self.caller, now=self._now, assume=self._given.assume
        )

    def _permission(self, need: Need) -> Permission:
        request, held = need.request, self._resource(need)
        # S3 tells a bucket's policy to the owner's account only.
        if held.own and request.resource_account is None and self.caller.account:
            kept = tuple(key for key in request.unknown if not key.endswith(":ResourceAccount"))
            request = replace(request, resource_account=self.caller.account, unknown=kept)
        layers = self._layers()
        request = _with_foreign_keys(request, self._policies(held), self._temporary)
        decision = evaluate(request, resource_policy=held.one, **layers)
        return Permission(request, decision, need.when, _BEHIND if need.access_point else "")

    @property
    def _temporary(self) -> bool:
        return self.caller.temporary or any(call.sent.temporary for call in self._calls)

    # -- policies -------------------------------------------------------------------------------------

    def _caller(self) -> Caller:
        if self._given.principal is not None:
            return self._given.caller()
        if any(call.sent.auth_type is None for call in self._calls):
            return Caller(None)
        if not self._given.fetch:
            self._gathering.gaps.append(Gap("the caller", _NOT_ASKED, "principal"))
            return Caller(UNKNOWN)
        return self._gathering.caller()

    def _identity(self, caller: Caller) -> Identity:
        policies, boundary = (
            self._given.held(name) for name in ("identity_policies", "permissions_boundary")
        )
        alone = caller.kind in ("root", "anonymous")  # they have none, which needs no asking
        if policies is None and not (self._given.fetch or alone):
            self._gathering.gaps.append(Gap("the caller's own policies", _NOT_ASKED, "identity_policies"))
        if policies is None and (self._given.fetch or alone):
            found = self._gathering.identity(caller)
        else:
            found = Identity(Held(UNKNOWN), Held(()))
        return Identity(policies or found.policies, boundary or found.boundary, found.arn)

    def _resource(self, need: Need) -> Held:
        resource = need.request.resource
        if need.request.action.startswith("kms:"):
            given = self._given.key_held(resource)
            return self._once(resource, given, "key_policy", self._gathering.key_policy)
        bucket = _bucket_of(resource)
        if bucket is None:
            return Held(())
        first = self._calls[-1].sent.bucket  # of a copy that passes through here, the destination
        own = bucket in (first, None) or (first or "").replace(":accesspoint:", ":accesspoint/") == bucket
        argument = "bucket_policy" if own else "source_policy"
        ask = partial(self._gathering.bucket_policy, argument=argument)
        return self._once(bucket, self._given.held(argument), argument, ask)

    def _once(self, name: str, given: Held | None, argument: str, ask: Any) -> Held:
        if given is not None:
            return given
        if name not in self._resources:
            if self._given.fetch:
                self._resources[name] = ask(name)
            else:
                self._gathering.gaps.append(Gap(f"the policy of {name}", _NOT_ASKED, argument))
                self._resources[name] = Held(UNKNOWN)
        return self._resources[name]

    def _layers(self) -> dict[str, Any]:
        def layer(name: str) -> Any:
            found = self._given.held(name)
            return () if found is None else found.layer

        return {
            "identity_policies": self.identity.policies.layer,
            "permissions_boundary": self.identity.boundary.one,
            "session_policies": layer("session_policies"),
            "scps": layer("scps"),
            "rcps": layer("rcps"),
            "endpoint_policies": layer("endpoint_policies"),
        }

    def _policies(self, resource: Held) -> Iterator[Policy]:
        for layer in (resource.layer, *(self._layers().values())):
            if isinstance(layer, Policy):
                yield layer
            elif layer is not None and not isinstance(layer, Unknown):
                yield from layer

    def _not_examined(self, found: Iterable[Need]) -> Iterator[str]:
        for name, words in _LAYERS.items():
            known = getattr(self._given, name) is not None
            if name == "permissions_boundary":
                known = known or (self._given.identity_policies is None and self.identity.arn is not None)
            if name == "session_policies":
                known = known or self.caller.kind in ("user", "root", "anonymous")
            if not known:
                yield words
        yield _NEVER
        if any(need.request.action.startswith("kms:") for need in found):
            yield "grants on KMS keys and their state"
        if any(_of_another_key(call) for call in self._calls):
            yield "the KMS key that the object may be encrypted with"


def _key_of(strategy: Strategy | None) -> str | None:
    found = strategy.parameters("PutObject").get("SSEKMSKeyId") if strategy else None
    return found if isinstance(found, str) else None


def _of_another_key(call: _Call) -> bool:
    """Whether the call reads something, and no key is believed to have encrypted it."""
    sent = call.sent
    if sent.operation in _COPIES:
        customer = "x-amz-copy-source-server-side-encryption-customer-algorithm"
        return _key_of(call.source) is None and sent.header(customer) is None
    customer = "x-amz-server-side-encryption-customer-algorithm"
    return sent.operation in _READS and _key_of(call.strategy) is None and sent.header(customer) is None


def _bucket_of(resource: str) -> str | None:
    parts = resource.split(":", 5)
    if len(parts) != 6:
        return None
    if parts[5].startswith("accesspoint/"):
        return ":".join([*parts[:5], "/".join(parts[5].split("/")[:2])])
    return parts[5].partition("/")[0]


def _with_foreign_keys(request: AccessRequest, policies: Iterator[Policy], temporary: bool) -> AccessRequest:
    """*request* with the keys that identity providers and other services put into sessions, as unknown."""
    if not temporary:
        return request
    named: set[str] = set()
    for policy in policies:
        for statement in policy.statements:
            texts = [text for each in statement.conditions for text in each.values]
            named.update(each.key for each in statement.conditions)
            named.update(key for text in (*texts, *(statement.resources or ())) for key in variables(text))
    foreign = {key for key in named if ":" in key and not key.lower().startswith(_NAMESPACES)}
    return replace(request, unknown=(*request.unknown, *sorted(foreign))) if foreign else request
