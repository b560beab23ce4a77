"""Circumstances that a caller could change, though not by an argument: the network, the login, who it is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ...policy.conditions import Condition
from ...policy.decision import DENIES, DOES_NOT_ALLOW, MAY_DENY, Decision
from ...policy.operators import number
from ...policy.principals import Requester
from ...policy.request import AccessRequest
from ...policy.rules.circumstances import candidates, under
from ...policy.statement import Statement
from ..explanation import CALLER, Remedy
from .trial import Bench, certain

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
}
"""What to do, where the policy's values are what it wants."""
_OTHERWISE: Mapping[str, str] = {
    "aws:sourcevpce": "call otherwise than through the VPC endpoint {}",
    "aws:sourcevpc": "call from elsewhere than the VPC {}",
    "aws:sourceip": "call from an address outside {}",
    "aws:vpcsourceip": "call from a private address outside {}",
    "aws:principalarn": "call as somebody else than {}",
    "aws:principalaccount": "call from another account than {}",
    "aws:username": "call as another user than {}",
    "aws:useragent": "use a client whose User-Agent is not {}",
    "s3:dataaccesspointarn": "call otherwise than through the access point {}",
}
"""What to do, where they are what it does not want."""
_S3 = re.compile(r"s3\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")
_PEOPLE = ("user", "role", "session")
_MFA = ("aws:multifactorauthpresent", "aws:multifactorauthage")
_MFA_WORDS = "log in with a second factor (MFA): sts get-session-token or assume-role with --serial-number"
_UNSIGNED = "sign the request: it came from nobody; for others, presign a URL or let CloudFront fetch it"
_TAGS: Mapping[str, str] = {
    "aws:principaltag/": "call with the principal or session tag {}={}",
    "s3:existingobjecttag/": "the object must have the tag {}={}, which whoever may tag it can set",
}
_SHOWN, _TRIED = 4, 3
"""So many values are shown, and so many of a condition's tried together with other changes."""


def other_circumstances(bench: Bench) -> Iterator[Remedy]:
    """Circumstances in which the call would not be refused so, each tried."""
    who = bench.request.requester
    if who is not None and who.kind == "anonymous":
        yield Remedy(CALLER, _UNSIGNED)
    said: set[str] = set()
    for what, moved in _all(bench.decision(bench.request), bench.request):
        if what not in said and bench.helps(bench.decision(moved)):
            said.add(what)
            yield Remedy(CALLER, what, proved=True)
    for reason in bench.decision(bench.request).reasons:
        if reason.role in (DENIES, MAY_DENY) and reason.statement is not None:
            # Whether it is enough that NotPrincipal names them without their account, AWS leaves open.
            for what, moved in _as_spared(reason.statement, bench.request):
                if what not in said and not certain(bench.decision(moved)):
                    said.add(what)
                    yield Remedy(CALLER, what)


def other_ways(decision: Decision, request: AccessRequest) -> Iterator[tuple[str, AccessRequest]]:
    """A few circumstances in which a statement would decide otherwise: in words, and the request there."""
    tried: Counter[str] = Counter()
    for what, moved in _all(decision, request):
        tried[what] += 1
        if tried[what] <= _TRIED:
            yield what, moved


def _all(decision: Decision, request: AccessRequest) -> Iterator[tuple[str, AccessRequest]]:
    for reason in decision.reasons:
        if reason.statement is None or reason.role not in (DENIES, MAY_DENY, DOES_NOT_ALLOW):
            continue
        wanted = reason.role == DOES_NOT_ALLOW
        for condition in reason.statement.conditions:
            what = "" if condition.truth(request) is wanted else _what(condition, wanted, request)
            if what:
                yield from ((what, moved) for moved in _moved(request, condition, wanted))
        if not wanted:
            yield from _as_spared(reason.statement, request)


def _as_spared(statement: Statement, request: AccessRequest) -> Iterator[tuple[str, AccessRequest]]:
    """As one of those whom NotPrincipal names."""
    named = statement.principals
    if named is None or not named.negated or named.everyone:
        return
    people = [each for each in named.aws if Requester.parse(each).kind in _PEOPLE]
    for arn in people:
        yield f"call as {_shown(people)}", under(request, "aws:principalarn", arn)


def _shown(values: Sequence[str]) -> str:
    return " or ".join(values[:_SHOWN]) + (" or …" if len(values) > _SHOWN else "")


def _what(condition: Condition, wanted: bool, request: AccessRequest) -> str:
    if condition.folded in _MFA:
        return _MFA_WORDS
    known = condition.known
    if known is None or known.kind == "null":
        return ""
    # Of a Deny the values of a negated operator pass, of an Allow those of any other.
    pass_ = known.negated != wanted
    if condition.folded == "s3:signatureage":
        younger = known.name.startswith("NumericLess" if wanted else "NumericGreater")
        return _sooner(condition, request) if younger else ""
    if condition.folded == "kms:viaservice" and pass_:
        return _through(condition, request)
    shown = _shown(condition.values)
    for prefix, phrase in _TAGS.items():
        if condition.folded.startswith(prefix) and pass_:
            return phrase.format(condition.key[len(prefix) :], shown)
    return (_PHRASES if pass_ else _OTHERWISE).get(condition.folded, "").format(shown)


def _sooner(condition: Condition, request: AccessRequest) -> str:
    """For a signature of which nobody knows how it was made; else ``ExpiresIn`` says it."""
    bounds = [value for value in map(number, condition.values) if value is not None]
    if not bounds or request.lookup("s3:signatureage") == ("0",):
        return ""
    seconds = int(min(bounds)) // 1000
    known = request.lookup("s3:authtype")
    if seconds < 1:
        return "call S3 with the signature in the headers, not by a presigned URL: such a one is older"
    return "" if isinstance(known, tuple) else f"use the URL sooner, within {seconds} seconds of its signing"


def _through(condition: Condition, request: AccessRequest) -> str:
    """The service, or its region, that alone may use a key."""
    got = request.lookup("kms:viaservice")
    regions = [found[1] for each in condition.values if (found := _S3.fullmatch(each))]
    if not isinstance(got, tuple):
        return f"let {_shown(condition.values)} use the key, in place of calling KMS directly"
    if regions and _S3.fullmatch(got[0]):
        return f"use a bucket in {_shown(regions)}, whose S3 alone may use this key; or another key"
    return f"use another key: this one is for {_shown(condition.values)} alone"


def _moved(request: AccessRequest, condition: Condition, wanted: bool) -> Iterator[AccessRequest]:
    """The request in circumstances that make the condition come out as wanted."""
    for value in candidates(condition):
        if value is None:
            continue
        if condition.folded in _MFA:
            moved = under(under(request, _MFA[0], "true"), _MFA[1], "60")
        else:
            moved = under(request, condition.folded, value)
        if condition.truth(moved) is wanted:
            yield moved
