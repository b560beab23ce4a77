"""Circumstances that a caller could change, though not by an argument: the network, the login, who it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...policy.conditions import Condition
from ...policy.decision import DENIES, DOES_NOT_ALLOW, MAY_DENY
from ...policy.request import AccessRequest
from ...policy.rules.circumstances import candidates, under
from ..explanation import CALLER, Remedy
from .trial import Bench

_PHRASES: Mapping[str, str] = {
    "aws:sourcevpce": "call through the VPC endpoint {}",
    "aws:sourcevpc": "call from the VPC {}",
    "aws:sourcevpcarn": "call from the VPC {}",
    "aws:vpceaccount": "call through a VPC endpoint of the account {}",
    "aws:vpceorgid": "call through a VPC endpoint of the organization {}",
    "aws:sourceip": "call from an address in {}",
    "aws:vpcsourceip": "call from a private address in {}",
    "aws:principalarn": "call as {}: assume the role, or use that user",
    "aws:principalaccount": "call from the account {}",
    "aws:principalorgid": "call from an account of the organization {}",
    "aws:principalorgpaths": "call from an account of the organizational unit {}",
    "aws:principaltype": "call as {}",
    "aws:username": "call as the user {}",
    "aws:userid": "call as {}",
    "aws:useragent": "use a client whose User-Agent is {}",
    "aws:referer": "call from a page at {}",
    "aws:currenttime": "the policy has a time: {}",
    "aws:sourcearn": "only a service that acts for {} may",
    "aws:sourceaccount": "only a service that acts for the account {} may",
    "aws:sourceorgid": "only a service that acts for the organization {} may",
    "aws:principalservicename": "only the service {} may",
    "s3:dataaccesspointarn": "call through the access point {}",
    "s3:dataaccesspointaccount": "call through an access point of the account {}",
    "s3:accesspointnetworkorigin": "call through an access point whose network is {}",
    "s3:x-amz-copy-source": "copy from {}",
    "kms:viaservice": "let {} use the key, in place of calling KMS directly",
}
"""What to do, where the policy's values are what it wants."""
_MFA = ("aws:multifactorauthpresent", "aws:multifactorauthage")
_MFA_WORDS = "log in with a second factor (MFA): sts get-session-token or assume-role with --serial-number"
_UNSIGNED = "sign the request: it came from nobody; for others, presign a URL or let CloudFront fetch it"
_TAGS: Mapping[str, str] = {
    "aws:principaltag/": "call with the principal or session tag {}={}",
    "s3:existingobjecttag/": "the object must have the tag {}={}, which whoever may tag it can set",
}
_SHOWN = 4


def other_circumstances(bench: Bench) -> Iterator[Remedy]:
    """Circumstances in which the call would not be refused so, each tried."""
    who = bench.request.requester
    if who is not None and who.kind == "anonymous":
        yield Remedy(CALLER, _UNSIGNED)
    said: set[str] = set()
    for reason in bench.decision(bench.request).reasons:
        if reason.statement is None or reason.role not in (DENIES, MAY_DENY, DOES_NOT_ALLOW):
            continue
        wanted = reason.role == DOES_NOT_ALLOW
        for condition in reason.statement.conditions:
            if condition.truth(bench.request) is wanted:
                continue
            what = _what(condition, wanted)
            if what and what not in said and _helps(bench, condition, wanted):
                said.add(what)
                yield Remedy(CALLER, what, proved=True)


def _what(condition: Condition, wanted: bool) -> str:
    if condition.folded in _MFA:
        return _MFA_WORDS
    known = condition.known
    if known is None or known.kind == "null":
        return ""
    # Of a Deny the values of a negated operator pass, of an Allow those of any other.
    pass_ = known.negated != wanted
    shown = " or ".join(condition.values[:_SHOWN]) + (" or …" if len(condition.values) > _SHOWN else "")
    for prefix, phrase in _TAGS.items():
        if condition.folded.startswith(prefix) and pass_:
            return phrase.format(condition.key[len(prefix) :], shown)
    phrase = _PHRASES.get(condition.folded, "")
    return phrase.format(shown) if phrase and pass_ else ""


def _helps(bench: Bench, condition: Condition, wanted: bool) -> bool:
    """In some circumstances that make the condition come out so, the request passes."""
    for value in candidates(condition):
        if value is None:
            continue
        moved = _moved(bench.request, condition, value)
        if condition.truth(moved) is wanted and bench.helps(bench.decision(moved)):
            return True
    return False


def _moved(request: AccessRequest, condition: Condition, value: str) -> AccessRequest:
    if condition.folded in _MFA:
        return under(under(request, _MFA[0], "true"), _MFA[1], "60")
    return under(request, condition.folded, value)
