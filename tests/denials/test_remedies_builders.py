"""Every statement of the policy builders refuses somebody: what is offered then makes the call pass.

The requests are those of the builders' own table. What a remedy says is applied here by other means than the
remedies use: arguments by the names of S3's headers, patches and documents as anybody would apply them.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from secure_s3.denials.denial import Denial
from secure_s3.denials.evidence import Evidence, Judged, Named
from secure_s3.denials.explanation import CALLER
from secure_s3.denials.remedies import MOST, remedies_for
from secure_s3.policy import AccessRequest, Policy, evaluate
from secure_s3.policy.linter import lint
from secure_s3.policy.patches import apply
from secure_s3.policy.request import Between
from secure_s3.policy.witnesses import KEY, SSE, SSE_C, SSE_KEY
from secure_s3.values import Severity

from ..policy.test_statements import DENIED, NOT, TABLE, B

EVERYTHING = Policy.parse(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)
SOMETHING_ELSE = Policy.parse(
    {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "Topics", "Effect": "Allow", "Action": "sns:Publish", "Resource": "*"}],
    }
)
ROLE = "arn:aws:iam::111122223333:role/App"
DOCUMENTS = {None: "bucket policy", "key": "key policy", "identity": "identity policy"}
ARGUMENTS = {
    "ServerSideEncryption": SSE,
    "SSEKMSKeyId": SSE_KEY,
    "SSECustomerAlgorithm": SSE_C,
    "ACL": "s3:x-amz-acl",
    "GrantFullControl": "s3:x-amz-grant-full-control",
    "GrantRead": "s3:x-amz-grant-read",
    "GrantReadACP": "s3:x-amz-grant-read-acp",
    "GrantWrite": "s3:x-amz-grant-write",
    "GrantWriteACP": "s3:x-amz-grant-write-acp",
    "IfNoneMatch": "s3:if-none-match",
    "Prefix": "s3:prefix",
    "ObjectLockMode": "s3:object-lock-mode",
    "ObjectLockRetainUntilDate": "s3:object-lock-retain-until-date",
}
STRATEGIES = {
    "SseKms": {SSE: "aws:kms", SSE_C: None},
    "DsseKms": {SSE: "aws:kms:dsse", SSE_C: None},
    "SseS3": {SSE: "AES256", SSE_KEY: None, SSE_C: None},
    "SseC": {SSE: None, SSE_KEY: None, SSE_C: "AES256"},
}
CLIENT = {
    "endpoint_url": {"aws:SecureTransport": True, "s3:TlsVersion": "1.3"},
    "min_tls": {"aws:SecureTransport": True},
    "signature_version": {"s3:signatureversion": "AWS4-HMAC-SHA256"},
    "payload_signing_enabled": {"s3:x-amz-content-sha256": "0" * 64},
}
NOBODY_TO_SPARE = {
    # They came without a signature: there is no ARN to spare.
    ("protect_bucket_policy", "anonymous"),
    ("only_vpc_endpoints", "anonymous"),
    ("only_organization", "anonymous"),
    ("only_cloudfront", "viewers at S3 itself"),
    # And nothing is to be allowed to nobody.
    ("allow_read", "anonymous"),
    ("delegate_to_access_points", "anonymous"),
    ("allow_cloudfront", "viewers at S3 itself"),
    ("key_enable_iam", "anonymous"),
}


def judged(row, request):
    """The request, judged by the row's statement, beside an identity that may do everything, or nothing."""
    policy = Policy.of(row.statement)
    identity = "identity_policy"
    if row.statement.principals is None:
        named = {identity: (Named(policy, identity.replace("_", " "), ROLE, "Own"),)}
    else:
        target = KEY if row.kind == "key" else B
        named = {"resource_policy": (Named(policy, DOCUMENTS[row.kind], target),)}
        if request.requester.kind in ("session", "user", "role"):
            held = EVERYTHING if row.statement.effect == "Deny" else SOMETHING_ELSE
            named[identity] = (Named(held, "identity policy", ROLE, "Own"),)
    return Judged(request, decide(request, named), named)


def decide(request, named):
    """What the policies say."""
    held = {layer: tuple(each.policy for each in found) for layer, found in named.items()}
    resource = held.get("resource_policy", ())
    return evaluate(
        request,
        resource_policy=resource[0] if resource else None,
        identity_policies=held.get("identity_policy", ()),
    )


def offered(found, reasons=None):
    """What is offered for a judged request."""
    explicit = found.decision.outcome == "explicitly_denied"
    denial = Denial("bucket_policy", explicit, found.request.action, found.request.resource)
    reasons = found.decision.reasons if reasons is None else reasons
    return remedies_for(Evidence(denial, judged=(found,)), denial, found, reasons)


def by_machine(remedy):
    """It can be applied without reading it."""
    return bool(remedy.arguments or remedy.encryption or remedy.client or remedy.patch or remedy.new_document)


def changed(request: AccessRequest, remedy) -> AccessRequest:
    """The request as it is with the remedy's arguments, strategy and settings."""
    context = {}
    for name, value in remedy.client.items():
        context |= {**CLIENT[name], **({"s3:TlsVersion": value} if name == "min_tls" else {})}
    for name, value in remedy.arguments.items():
        if name in ARGUMENTS:
            context[ARGUMENTS[name]] = value
        elif name == "ExpiresIn":
            context["s3:signatureAge"] = Between(0, value * 1000)
        elif name == "ObjectEncryption":
            context |= {SSE: "aws:kms", SSE_KEY: value["SSEKMS"]["KMSKeyArn"]}
        elif name == "Retention":
            context |= lock(value.get("Mode"), value.get("RetainUntilDate"))
        else:
            assert name in ("SSECustomerKey", "SSECustomerKeyMD5")
    if "ObjectLockRetainUntilDate" in remedy.arguments:
        until = remedy.arguments["ObjectLockRetainUntilDate"]
        context |= lock(remedy.arguments["ObjectLockMode"], until)
    if remedy.encryption:
        name, argument = re.fullmatch(r"(\w+)(?:\.generate)?\(\"?([^\"]*)\"?\)", remedy.encryption).groups()
        context |= STRATEGIES[name] | ({SSE_KEY: argument} if argument else {})
    return replace(request, context={**request.context, **context})


def lock(mode, until):
    """A retention from the first day of 2026 on, which is when the table's requests are sent."""
    days = None
    if until is not None:
        days = (date.fromisoformat(until[:10]) - date(2026, 1, 1)).days
    return {"s3:object-lock-mode": mode, "s3:object-lock-remaining-retention-days": days}


def applied(found, remedy):
    """What the policies say with the remedy applied."""
    named = {layer: list(each) for layer, each in found.policies.items()}
    layer = "identity_policy" if remedy.document == "identity policy" else "resource_policy"
    if remedy.patch:
        (at,) = [n for n, each in enumerate(named[layer]) if each.target == remedy.target]
        named[layer][at] = replace(named[layer][at], policy=apply(named[layer][at].policy, remedy.patch))
    elif remedy.new_document:
        added = Named(Policy.parse(remedy.new_document), remedy.document, remedy.target)
        named.setdefault(layer, []).append(added)
    return decide(changed(found.request, remedy), named)


def grave(policy, kind):
    """The rules that find something grave."""
    return sorted(each.rule for each in lint(policy, kind=kind) if each.severity >= Severity.HIGH)


def cases(effect, wanted):
    """The table's requests that such statements refuse."""
    return [
        pytest.param(row, request, why, id=f"{row.builder}-{why}")
        for row in TABLE
        if row.statement.effect == effect
        for request, came, why in row.requests
        if came == wanted
    ]


@pytest.mark.parametrize(("row", "request_", "why"), cases("Deny", DENIED))
def test_a_denied_call_passes_with_each_remedy_that_is_offered(row, request_, why):
    """Of what can be applied, all is proved and makes the call allowed, and there is something to apply."""
    found = judged(row, request_)
    assert found.decision.outcome == "explicitly_denied"
    remedies = offered(found)
    machine = [each for each in remedies if by_machine(each)]
    assert bool(machine) == ((row.builder, why) not in NOBODY_TO_SPARE)
    for each in machine:
        assert each.proved
        outcome = applied(found, each).outcome
        grants = request_.requester.kind in ("session", "user", "role")
        same = request_.principal_account == request_.resource_account
        assert outcome == ("allowed" if grants and same else "implicitly_denied"), each


@pytest.mark.parametrize(("row", "request_", "why"), cases("Allow", NOT))
def test_a_call_that_nothing_allows_passes_with_each_remedy_that_is_offered(row, request_, why):
    """It is allowed then, or what lacks besides is named by the remedy."""
    found = judged(row, request_)
    assert found.decision.outcome == "implicitly_denied"
    machine = [each for each in offered(found) if by_machine(each)]
    assert bool(machine) == ((row.builder, why) not in NOBODY_TO_SPARE)
    for each in machine:
        assert each.proved
        decision = applied(found, each)
        if decision.outcome != "allowed":
            layers = {reason.layer for reason in decision.reasons if reason.role == "does not allow"}
            assert len(layers) == 1
            assert each.what.endswith("must allow it as well")


@pytest.mark.parametrize(("row", "request_", "why"), [*cases("Deny", DENIED)[::5], *cases("Allow", NOT)[::5]])
def test_no_remedy_makes_a_policy_worse_or_public(row, request_, why):
    """A patched policy has no grave finding that it did not have, and allows nobody whom it does not name."""
    found = judged(row, request_)
    for each in offered(found):
        if not each.patch:
            continue
        layer = "identity_policy" if each.document == "identity policy" else "resource_policy"
        before = found.policies[layer][0].policy
        after = apply(before, each.patch)
        kind = each.document.removesuffix(" policy")
        assert set(grave(after, kind)) <= set(grave(before, kind))
        stranger = replace(request_, principal=None, principal_account=None)
        if layer == "resource_policy":
            assert evaluate(stranger, resource_policy=after).outcome != "allowed"


@pytest.mark.parametrize(("row", "request_", "why"), cases("Deny", DENIED)[::3])
def test_what_the_caller_can_do_alone_comes_first_and_there_are_few(row, request_, why):
    """At most five, the caller's before others', and each once."""
    remedies = offered(judged(row, request_))
    assert len(remedies) <= MOST
    whose = [each.who == CALLER for each in remedies]
    assert whose == sorted(whose, reverse=True)
    assert len({each.what for each in remedies}) == len(remedies)
