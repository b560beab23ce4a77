"""``s3.check``: whether a call would be allowed, before it is made.

1. the call is rehearsed under the guard: the request is the one that would be sent
2. what it needs: actions, resources, and the context, unknown where only the server knows
3. the policies: as given, else as far as they can be read
4. each need is evaluated, through an access point under the policy of its bucket as well, which also has to
   allow (Amazon S3 User Guide, "Configuring IAM policies for using access points"); the worst outcome is the
   answer
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from ...encryption import ClientSide, Strategy
from ...errors import ConfigurationError
from ...guard import copy_source_parameters, guard_of, with_strategy
from ...guard.names import operation_name, require_parameters
from ...guard.operations import for_operation
from ...guard.rehearsal import placeholders, rehearse
from ...policy.wire import Need
from .gathering import Gathering
from .given import Given
from .points import AccessPoints
from .sealed import sealed_needs
from .verdict import Preflight
from .weighing import Call, Weighed, Weighing, bucket_of, key_of

_COPIES = frozenset({"CopyObject", "UploadPartCopy"})
_READS = frozenset({"GetObject", "HeadObject", "SelectObjectContent", "UploadPart"})
_NEVER = "Block Public Access, ACLs, Object Ownership and Object Lock"
_LAYERS = {
    "scps": "service control policies",
    "rcps": "resource control policies",
    "endpoint_policies": "policies of VPC endpoints",
    "permissions_boundary": "permissions boundary",
    "session_policies": "session policies",
}


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
    with Gathering(session, client, access_points=True) as gathering:
        check = _Check(given, gathering, now or datetime.now(timezone.utc), calls, stand_in is not None)
        return check.result(name)


def _calls(
    client: Any, name: str, parameters: Mapping[str, Any], source: Strategy | None, stand_in: Any
) -> Iterator[Call]:
    guard = guard_of(client)
    strategy = guard.strategy if guard else None
    if name == "CopyObject" and (isinstance(strategy, ClientSide) or isinstance(source, ClientSide)):
        yield from _recrypted(client, parameters, strategy, source, stand_in)
        return
    if name in _COPIES:
        parameters = {**copy_source_parameters(client, source), **parameters}
    sent = rehearse(client, name, parameters, credentials=stand_in)
    yield Call(sent, strategy, source if name in _COPIES else None)


def _recrypted(
    client: Any,
    parameters: Mapping[str, Any],
    strategy: Strategy | None,
    source: Strategy | None,
    stand_in: Any,
) -> Iterator[Call]:
    """Where content is encrypted before it is sent, a copy is a download and an upload."""
    require_parameters(client, "CopyObject", parameters)
    where = _source(parameters.get("CopySource"))
    reader = client if source is None or source == strategy else with_strategy(client, source)
    yield Call(rehearse(reader, "GetObject", where, credentials=stand_in), source)
    write = for_operation(client, "PutObject", parameters)
    yield Call(rehearse(client, "PutObject", write, credentials=stand_in), strategy)


def _source(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    bucket, _, key = str(value or "").lstrip("/").partition("/")
    if not key:
        raise ConfigurationError(f"CopySource={value!r} names no object", fix='pass {"Bucket": …, "Key": …}')
    return {"Bucket": bucket, "Key": key}


class _Check:
    """One check: what its requests need, weighed."""

    def __init__(
        self, given: Given, gathering: Gathering, now: datetime, calls: list[Call], unsigned: bool
    ) -> None:
        self._given, self._gathering, self._now = given, gathering, now
        self._unsigned = unsigned
        self._points = AccessPoints(gathering, given.fetch)
        # Access points can be listed for the account of whoever asks, whoever the call is checked for.
        self._calls = [
            replace(call, sent=self._points.named(call.sent, None, lambda: gathering.caller().account))
            for call in calls
        ]
        self._weighing = Weighing(given, gathering, self._calls)

    def result(self, name: str) -> Preflight:
        """The answer."""
        found = [need for call in self._calls for need in self._needs(call)]
        weighed = [each for need in found for each in self._weighed(need)]
        permissions = tuple(each.permission for each in weighed)
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
        return Preflight(
            name,
            sent,
            permissions,
            gaps,
            tuple(self._not_examined(found)),
            tuple(assumed),
            self._weighing.caller,
            tuple(each.judged for each in weighed),
        )

    def _weighed(self, need: Need) -> Iterator[Weighed]:
        """What the policies say of *need*: of an access point those of its bucket besides, if it is known."""
        weighed = self._weighing.weigh(need)
        point = self._points.behind(bucket_of(need.request.resource) or "") if need.access_point else None
        if point is None or point.bucket is None:
            yield weighed
            return
        yield replace(weighed, need=replace(need, access_point=False))  # the bucket's is looked at
        yield self._weighing.behind(need, point.bucket, point.account)

    def _needs(self, call: Call) -> Iterator[Need]:
        caller, assume = self._weighing.caller, self._given.assume
        yield from call.needs(caller, self._now, assume)
        yield from sealed_needs(call.sent, call.strategy, caller=caller, now=self._now, assume=assume)

    def _not_examined(self, found: Iterable[Need]) -> Iterator[str]:
        weighing = self._weighing
        for name, words in _LAYERS.items():
            known = getattr(self._given, name) is not None
            if name == "permissions_boundary":
                known = known or (
                    self._given.identity_policies is None and self._weighing.identity.arn is not None
                )
            if name == "session_policies":
                known = known or weighing.caller.kind in ("user", "root", "anonymous")
            if not known:
                yield words
        yield _NEVER
        points = {bucket_of(need.request.resource): None for need in found if need.access_point}
        if any(self._points.behind(each or "").vpc for each in points):
            yield "whether the request comes from the VPC of the access point"
        if any(need.request.action.startswith("kms:") for need in found):
            yield "grants on KMS keys and their state"
        if any(_of_another_key(call) for call in self._calls):
            yield "the KMS key that the object may be encrypted with"


def _of_another_key(call: Call) -> bool:
    """Whether the call reads something, and no key is believed to have encrypted it."""
    sent = call.sent
    if sent.operation in _COPIES:
        customer = "x-amz-copy-source-server-side-encryption-customer-algorithm"
        return key_of(call.source) is None and sent.header(customer) is None
    customer = "x-amz-server-side-encryption-customer-algorithm"
    return sent.operation in _READS and key_of(call.strategy) is None and sent.header(customer) is None
