"""Where requests come from: limits of the bucket policy, and VPC endpoints.

Sources: Amazon S3 User Guide, "Controlling access from VPC endpoints with bucket policies"; Amazon VPC User
Guide, "Gateway endpoints for Amazon S3", "Control access to VPC endpoints using endpoint policies".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import count

from ....policy.document import Policy
from ....policy.evaluator import decide
from ....policy.request import AccessRequest
from ....policy.rules.circumstances import SOME_VPC, SOMEWHERE, filled
from ....policy.witnesses import APP, with_context
from ....values import Severity
from ..check import Check, Found, Subject, found
from ..requests import ALL, request
from ..standins import BucketPolicy, read, standing
from ..suggestions import keys_of

_DATA = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject")
_ELSEWHERE = "arn:aws:s3:::bucket-of-somebody-else/key"
_SOMEBODY = "999900003333"
_WELCOMING = Policy.parse(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
    }
)
"""What the policy of a stranger's bucket says, who wants the data."""
_REMEMBERED = 512


def _restriction(subject: Subject) -> Iterator[Found]:
    stands = standing(subject)
    yield from map(stands.restored, _unlimited(stands.policy))


@lru_cache(maxsize=64)
def _from_anywhere(bucket: str) -> tuple[AccessRequest, ...]:
    """A role's requests from an address and from a VPC that no policy names."""
    return tuple(_anywhere([f"arn:aws:s3:::{bucket}/key"]))


def _anywhere(resources: Sequence[str]) -> Iterator[AccessRequest]:
    plain = (request(action, each) for each in resources for action in _DATA)
    return (with_context(each, there) for each in plain for there in ({"aws:SourceIp": SOMEWHERE}, SOME_VPC))


@lru_cache(maxsize=_REMEMBERED)
def _unlimited(policy: BucketPolicy) -> tuple[Found, ...]:
    denies = [each for each in policy.policy.statements if each.effect == "Deny"]
    for asked in (*_from_anywhere(policy.bucket), *_anywhere(keys_of(policy, denies))):
        decision = decide(asked, policy.policy, (ALL,))
        if decision.outcome != "explicitly_denied":
            there = asked.lookup("aws:sourceip")
            where = f"the address {SOMEWHERE}" if there else "any VPC endpoint"
            said = decision.outcome.replace("_", " ")
            return (
                found(
                    f"whoever has credentials may use them from anywhere: {asked.action} from {where} is not "
                    "denied",
                    f"{asked.action} on {asked.resource} from {where}: {said}",
                ),
            )
    return ()


def _endpoints(subject: Subject) -> Iterator[Found]:
    endpoints = subject.read("vpc_endpoints")
    usable = [each for each in endpoints if str(each.get("State", "available")).lower() == "available"]
    if not usable:
        yield found(
            "no VPC of the region reaches S3 by an endpoint: its traffic takes the internet",
            *(f"{each.get('VpcEndpointId')}: {each.get('State')}" for each in endpoints[:4]),
        )
    for each in usable:
        text = each.get("PolicyDocument")
        reached = _ELSEWHERE if text is None else _of_somebody(_under_stand_ins(subject, text))
        if reached is not None:
            name, vpc = each.get("VpcEndpointId", "an endpoint"), each.get("VpcId", "its VPC")
            what = "every bucket of anybody" if reached == _ELSEWHERE else "buckets of others that fit it"
            yield found(
                f"{name} lets whoever is in {vpc} reach {what}",
                f"s3:PutObject on {reached} through {name}, of another account: allowed",
                fix="name the buckets, or aws:ResourceAccount, in the policy of the endpoint",
            )


def _under_stand_ins(subject: Subject, document: object) -> str:
    return standing(subject, document if isinstance(document, str) else json.dumps(document)).policy.text


@lru_cache(maxsize=_REMEMBERED)
def _of_somebody(text: str) -> str | None:
    """An object of somebody else that data can be carried to; None if there is none.

    Who wants the data gives his bucket a name that fits a pattern.
    """
    return next(
        filter(lambda each: _lets_out(text, each), (_ELSEWHERE, *_unnamed(text), *_fitting(text))), None
    )


def _unnamed(text: str) -> Iterator[str]:
    """Objects in buckets that the policy does not name, if it names the usual one."""
    if "somebody" in text:
        for start in ("other", "zq7"):
            number = next(each for each in count(1) if f"{start}-{each}" not in text)
            yield f"arn:aws:s3:::{start}-{number}/key"


def _fitting(text: str) -> Iterator[str]:
    """Objects in buckets whose names fit patterns of the policy."""
    for statement in read(text).statements:
        for resource in (statement.resources or ()) if not statement.not_resource else ():
            bucket = resource.partition("/")[0]
            if set(bucket) & set("*?") and bucket.startswith("arn:"):
                yield f"{filled(bucket)}/key"
                yield filled(resource)


def _lets_out(text: str, resource: str) -> bool:
    asked = with_context(request("s3:PutObject", resource, APP), SOME_VPC)
    decision = decide(
        replace(asked, resource_account=_SOMEBODY), _WELCOMING, (ALL,), endpoint_policies=(read(text),)
    )
    return decision.outcome in ("allowed", "unknown")


CHECKS = (
    Check(
        id="network-restriction",
        title="Objects are reached from known networks only",
        topic="access",
        severity=Severity.LOW,
        reads=("policy",),
        why="Credentials that got out work from anywhere, unless the policy asks for an address, a VPC or an "
        "endpoint.",
        fix="deny the data actions outside your networks, sparing services and administrators: "
        "statements.only_vpc_endpoints, only_ip_ranges",
        judge=_restriction,
        refs=("Amazon S3 User Guide: Controlling access from VPC endpoints with bucket policies",),
        seeds=("IP restrictions", "VPC endpoints"),
        recommended=True,
        source='Amazon S3 User Guide, "Controlling access from VPC endpoints with bucket policies"',
    ),
    Check(
        id="vpc-endpoints",
        title="VPCs reach S3 by endpoints whose policies name their buckets",
        topic="access",
        severity=Severity.LOW,
        reads=("vpc_endpoints",),
        why="Without an endpoint requests leave the VPC; with the default policy an endpoint carries data to "
        "any bucket of anybody.",
        fix="make a gateway endpoint for S3 and name the buckets in its policy",
        judge=_endpoints,
        refs=("Amazon VPC User Guide: Gateway endpoints for Amazon S3",),
        seeds=("VPC endpoints",),
        recommended=True,
        source='Amazon VPC User Guide, "Gateway endpoints for Amazon S3"',
    ),
)
