"""What strangers can do: requests for an Allow, made of what they may choose.

They choose their headers, the names and tags of their own roles and users, and the services that act for
them; they cannot choose their account, organization or address, nor act for a resource of yours.

Sources: IAM User Guide, "AWS global condition context keys" (aws:ViaAWSService, aws:CalledVia,
aws:PrincipalIsAWSService: which service calls for which account is another question), "The confused deputy
problem".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_network

from ..request import AccessRequest
from ..statement import Statement
from ..witnesses import OTHER_ACCOUNT, STRANGER, with_context
from .circumstances import NETWORK, SERVICE, SERVICE_KEYS, SOME_VPC, SOMEWHERE, filled
from .rule import Subject
from .search import CHOSEN, find, on
from .services import is_service, on_behalf

STRANGERS = (None, OTHER_ACCOUNT, f"arn:aws:iam::{STRANGER}:user/{CHOSEN}")
_FIXED = (
    *NETWORK,
    *SERVICE_KEYS,
    "aws:sourceowner",
    *(f"aws:principal{name}" for name in ("orgid", "orgpaths", "account", "arn", "type", "isawsservice")),
    "aws:userid",
    *("s3:dataaccesspointaccount", "s3:dataaccesspointarn", "s3:accesspointnetworkorigin"),
    *("kms:calleraccount", "aws:ec2instancesourcevpc", "ec2:sourceinstancearn"),
)
"""Keys that a stranger has no say in."""
_SIGNED = (
    *("aws:username", "aws:federatedprovider", "aws:viaawsservice", "aws:calledvia", "aws:calledviafirst"),
    *("aws:calledvialast", "aws:sourceidentity", "aws:multifactorauthpresent", "aws:multifactorauthage"),
    *("aws:tokenissuetime", "sts:externalid"),
)
"""Keys that requests of an account of AWS may have, a stranger's too; anonymous ones have none of them."""
_OF_SERVICES = SERVICE_KEYS | {"aws:principalisawsservice"}
_NAMES = ("aws:principalservicename", "aws:principalservicenameslist")
_LIST = "aws:PrincipalServiceNamesList"
_ANY_ID = re.compile(r"(A[A-Z]{3})?\*")
_BROAD = {4: 8, 6: 32}
"""Ranges with a shorter prefix count as the whole internet (Block Public Access)."""


def _as_strangers(statement: Statement, request: AccessRequest) -> Iterator[AccessRequest]:
    """The same request as strangers would send it: from the internet, and through a VPC of theirs."""
    signed = request.principal is not None
    about = {"aws:PrincipalOrgID": "o-stranger00", "kms:CallerAccount": STRANGER}
    plain = with_context(request, about if signed else dict.fromkeys(about))
    for address in (SOMEWHERE, *_broad_addresses(statement)):
        yield with_context(plain, {"aws:SourceIp": address})
    yield with_context(plain, SOME_VPC)
    if signed:
        for own in _own_names(statement):
            yield with_context(plain, {"aws:SourceIp": SOMEWHERE, **own})


def _broad_addresses(statement: Statement) -> Iterator[str]:
    for condition in on(statement, "aws:sourceip"):
        for value in condition.values:
            try:
                network = ip_network(value.strip(), strict=False)
            except ValueError:
                continue
            if network.prefixlen < _BROAD[network.version]:
                yield str(network.network_address)


def _own_names(statement: Statement) -> Iterator[dict[str, str]]:
    """Names that strangers may give to what is theirs, where a pattern leaves the account or the id open."""
    for condition in on(statement, "aws:principalarn", "aws:userid", "s3:dataaccesspointarn"):
        for value in condition.values:
            parts = value.split(":", 5)
            if len(parts) == 6 and set(parts[4]) & set("*?"):
                yield {condition.key: filled(":".join((*parts[:4], STRANGER, parts[5])), "x")}
            elif condition.folded == "aws:userid" and _ANY_ID.match(value):
                yield {condition.key: filled(value, "STRANGER")}
            elif set(value) <= set("*"):
                yield {condition.key: f"arn:aws:iam::{STRANGER}:role/x"}


def met_by_stranger(subject: Subject, statement: Statement, start: AccessRequest) -> AccessRequest | None:
    """The request as a stranger would send it so that the statement allows it; None if nobody can."""
    tags = [key for key in statement.keys if key.startswith("aws:principaltag/")]
    fixed = (*_FIXED, *_SIGNED, *tags) if start.principal is None else _FIXED
    for request in _as_strangers(statement, start):
        found = find(subject, request, must=(statement,), avoid=subject.denies, fixed=fixed)
        if found:
            return found
    return None


def met_by_service(subject: Subject, statement: Statement, start: AccessRequest) -> AccessRequest | None:
    """The request by a service of AWS on behalf of a stranger, where the policy speaks of services."""
    if start.principal is not None or not subject.policy.keys & _OF_SERVICES:
        return None  # one start is enough: it is the service that asks
    named_ones = [value for each in on(statement, *_NAMES) for value in each.values]
    for service in filter(is_service, (*named_ones[:3], SERVICE)):
        for request in on_behalf(statement, with_context(start, {_LIST: [service]}), service):
            found = find(subject, request, must=(statement,), avoid=subject.denies, fixed=(*_FIXED, *_SIGNED))
            if found:
                return found
    return None
