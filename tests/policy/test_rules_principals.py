"""Rules about principals that are nobody, or everybody, or in the wrong place."""

from __future__ import annotations

from typing import Any

import pytest

from secure_s3.policy import Policy, evaluate
from secure_s3.policy.patches import apply
from secure_s3.policy.witnesses import ANYONE, APP, OTHER_ACCOUNT, ROOT, STRANGER, bucket_arn, witness
from secure_s3.values import Severity

from .lint_checks import BUCKET, GET, PUT, ROLE, B, Fault, O, allow, deny, only, ours, policy

P = "/Statement/0/Principal"
OPEN = allow("s3:*", [B, O])
ANONYMOUS = witness("s3:GetObject", bucket_arn(BUCKET, "key"), ANYONE)
BY_ROOT = witness("s3:GetObject", bucket_arn(BUCKET, "key"), ROOT.replace("111122223333", STRANGER))


def of(principal: Any, **more: Any) -> dict[str, Any]:
    """A policy that allows one principal to read."""
    return policy(allow("s3:GetObject", O, Principal=principal, **more))


FAULTS = [
    Fault(
        "allow-not-principal",
        "/Statement/0/NotPrincipal",
        of(None, NotPrincipal={"AWS": "arn:aws:iam::111122223333:user/mallory"}),
        ANONYMOUS,
        "allowed",
    ),
    Fault(
        "not-principal-everyone",
        "/Statement/0/NotPrincipal",
        policy(deny("s3:*", Principal=None, NotPrincipal="*"), OPEN),
        PUT,
        "allowed",
    ),
    Fault(
        "principal-wildcard",
        f"{P}/AWS",
        of({"AWS": "arn:aws:iam::111122223333:role/*"}),
        GET,
        "implicitly_denied",
        "allowed",
    ),
    Fault(
        "principal-wildcard",
        f"{P}/AWS/0",
        policy(deny("s3:*", O, Principal={"AWS": ["arn:aws:iam::111122223333:role/A*"]}), OPEN),
        PUT,
        "allowed",
        "explicitly_denied",
    ),
    Fault(
        "principal-wildcard",
        f"{P}/AWS",
        policy(
            allow(
                "s3:GetObject",
                O,
                {"Bool": {"aws:SecureTransport": "true"}},
                Principal={"AWS": "arn:aws:iam::111122223333:role/*"},
            )
        ),
        GET,
        "implicitly_denied",
        "allowed",
    ),
    Fault("principal-wildcard", f"{P}/AWS/1", of({"AWS": [ROLE, "arn:aws:iam::111122223333:role/*"]})),
    Fault("principal-wildcard", f"{P}/AWS", of({"AWS": "arn:aws:iam::*:root"})),
    Fault("principal-wildcard", f"{P}/Service", of({"Service": "*.amazonaws.com"})),
    Fault("deleted-principal", f"{P}/AWS", of({"AWS": "AROAEXAMPLEEXAMPLE123"})),
    Fault("deleted-principal", f"{P}/AWS/1", of({"AWS": [ROLE, "AIDAEXAMPLEEXAMPLE123"]})),
    Fault(
        "malformed-principal",
        f"{P}/AWS",
        of({"AWS": "4444-5555-6666"}),
        BY_ROOT,
        "implicitly_denied",
        "allowed",
    ),
    Fault(
        "malformed-principal",
        f"{P}/AWS",
        of({"AWS": "arn:aws:iam::444455556666"}),
        BY_ROOT,
        "implicitly_denied",
        "allowed",
    ),
    Fault(
        "malformed-principal",
        f"{P}/AWS",
        of({"AWS": APP.replace(":sts:", ":iam:")}),
        GET,
        "implicitly_denied",
        "allowed",
    ),
    Fault("malformed-principal", f"{P}/AWS", of({"AWS": "cloudfront.amazonaws.com"})),
    Fault("malformed-principal", f"{P}/AWS", of({"AWS": "arn:aws:iam::111122223333:group/ops"})),
    Fault("malformed-principal", f"{P}/AWS", of({"AWS": "11112222333"})),
    Fault("malformed-principal", f"{P}/AWS", of({"AWS": "AKIAIOSFODNN7EXAMPLE"})),
    Fault("malformed-principal", f"{P}/AWS", of({"AWS": "arn:aws:sts::111122223333:assumed-role/App"})),
    Fault("malformed-principal", f"{P}/AWS", of({"AWS": "App"})),
    Fault("malformed-principal", f"{P}/Service", of({"Service": "cloudfront"})),
    Fault("malformed-principal", f"{P}/CanonicalUser", of({"CanonicalUser": "79a59df9"})),
    Fault("principal-element", "/Statement/1", policy(OPEN, deny("s3:*", Principal=None))),
    Fault(
        "principal-element",
        P,
        policy(allow("s3:GetObject", O)),
        kind="identity",
        after="allowed",
        request=GET,
        before="allowed",
    ),
    Fault("principal-element", P, policy(deny("s3:*", "*")), kind="service control", after=""),
    Fault(
        "resource-control-form",
        P,
        policy(deny("s3:*", "*", Principal={"AWS": "*"})),
        kind="resource control",
        after="",
    ),
    Fault(
        "resource-control-form",
        "/Statement/0/Effect",
        policy(allow("s3:*", "*", Principal="*")),
        kind="resource control",
    ),
    Fault(
        "resource-control-form",
        "/Statement/0/NotAction",
        policy(deny(None, "*", NotAction="s3:GetObject")),
        kind="resource control",
    ),
]

RIGHT: list[tuple[dict[str, Any], str | None]] = [
    *(
        (of({"AWS": text}), None)
        for text in (
            "*",
            "111122223333",
            "arn:aws:iam::111122223333:root",
            "arn:aws-cn:iam::111122223333:user/team/alice",
            "arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX",
            APP,
            "arn:aws:sts::111122223333:federated-user/bob",
            "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1A2B3",
        )
    ),
    (
        of(
            {
                "Service": [
                    "cloudfront.amazonaws.com",
                    "delivery.logs.amazonaws.com",
                    "logs.eu-west-1.amazonaws.com",
                ]
            }
        ),
        None,
    ),
    (of({"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}), None),
    (of({"Federated": "cognito-identity.amazonaws.com"}), None),
    (of("*", Condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/*"}}), None),
    (policy(deny("s3:*", Principal=None, NotPrincipal={"AWS": [ROLE, "111122223333"]})), None),
    (policy(deny("s3:*", "*")), "resource control"),
    (policy(allow("*", "*", Principal="*")), "resource control"),
    (policy(allow("s3:GetObject", O, Principal=None)), None),
    (policy(deny("s3:*", "*", Principal=None)), "service control"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_fault_is_found_and_mended(fault: Fault) -> None:
    """Each wrong principal is found where it stands, and the right one changes the outcome as promised."""
    fault.check()


@pytest.mark.parametrize(("document", "kind"), RIGHT)
def test_right_forms_pass(document: dict[str, Any], kind: str | None) -> None:
    """Principals of every kind, each under its own name, raise no finding."""
    assert ours(document, kind=kind) == []


def test_allow_not_principal_is_critical_and_public() -> None:
    """Whoever is not named is allowed: another account and anonymous callers too."""
    document = of(None, NotPrincipal={"AWS": "arn:aws:iam::444455556666:root"})
    found = only(document, "allow-not-principal")
    assert found.severity is Severity.CRITICAL
    assert "anonymous callers included" in found.message
    outcomes = {
        who: evaluate(who, resource_policy=Policy.parse(document)).outcome for who in (ANONYMOUS, GET)
    }
    assert set(outcomes.values()) == {"allowed"}


def test_mended_wildcard_opens_nothing_to_strangers() -> None:
    """The patch for role/* says "*", and a condition keeps it to roles of that account."""
    fault = next(each for each in FAULTS if each.rule == "principal-wildcard")
    mended = apply(Policy.parse(fault.document), only(fault.document, "principal-wildcard").patch)
    for principal in (ANYONE, OTHER_ACCOUNT, "arn:aws:iam::111122223333:user/alice"):
        request = witness("s3:GetObject", bucket_arn(BUCKET, "key"), principal)
        assert evaluate(request, resource_policy=mended).outcome == "implicitly_denied"


def test_wildcard_without_an_account_gets_no_patch() -> None:
    """A condition on arn:aws:iam::*:role/x would let in every account."""
    assert only(of({"AWS": "arn:aws:iam::*:role/x"}), "principal-wildcard").patch == ()
