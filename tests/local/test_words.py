"""What is said of requests that policies do not allow."""

from __future__ import annotations

from typing import Any

import pytest

from secure_s3.denials import parse_denial
from secure_s3.local.server.callers.identity import ANONYMOUS, Attached, Identity
from secure_s3.local.server.judging.circumstances import Circumstances
from secure_s3.local.server.judging.layering import Layers
from secure_s3.local.server.judging.words import BARE, refused
from secure_s3.policy import AccessRequest, Policy
from secure_s3.policy.wire import Caller

from .people import ACCOUNT, SESSION, USER, allow, deny, document

ARN = "arn:aws:s3:::amzn-s3-demo-bucket/k"
EVERYBODY = {"Principal": "*"}
POLICY = f"arn:aws:iam::{ACCOUNT}:policy/team"


def attached(*statements: dict[str, Any], arn: str | None = None) -> Attached:
    """A policy of these."""
    return Attached(Policy.parse(document(*statements)), arn)


def said(
    identity: Identity,
    resource_policy: Any = None,
    pretended: Circumstances | None = None,
    *,
    action: str = "s3:GetObject",
    resource: str = ARN,
    s3: bool = True,
) -> str:
    """The message of a request that is refused."""
    caller = identity.caller
    request = AccessRequest(
        action,
        resource,
        caller.arn,
        principal_account=caller.account,
        resource_account=None if resource == "*" else ACCOUNT,
    )
    policy = resource_policy and Policy.parse(document(resource_policy))
    decision, policies = Layers(identity, pretended or Circumstances()).decide(request, policy or None)
    assert not decision.allowed
    return refused(request, decision, identity, policies=policies, s3=s3)


def person(*policies: Attached, arn: str = USER, **more: Any) -> Identity:
    """Somebody with these policies."""
    return Identity(Caller(arn), policies, **more)


ALL, LITTLE = attached(allow("*")), attached(allow("ec2:*"), arn=POLICY)
HEAD = f'User: {USER} is not authorized to perform: s3:GetObject on resource: "{ARN}" '


@pytest.mark.parametrize(
    ("message", "layer", "explicit", "policy_arn"),
    [
        (said(person()), "identity_policy", False, None),
        (said(person(attached(deny("s3:*"), arn=POLICY))), "identity_policy", True, POLICY),
        (said(person(ALL, attached(deny("s3:*")))), "identity_policy", True, None),
        (said(person(ALL), deny("s3:GetObject", **EVERYBODY)), "resource_policy", True, None),
        (
            said(person(ALL, boundary=attached(allow("ec2:*"), arn=POLICY))),
            "permissions_boundary",
            False,
            None,
        ),
        (said(person(ALL, boundary=attached(deny("*"), arn=POLICY))), "permissions_boundary", True, POLICY),
        (
            said(person(ALL, arn=SESSION, session_policies=(attached(allow("ec2:*")),))),
            "session_policy",
            False,
            None,
        ),
        (
            said(person(ALL), None, Circumstances(scps=(attached(allow("ec2:*")),))),
            "service_control_policy",
            False,
            None,
        ),
        (
            said(person(ALL), None, Circumstances(rcps=(attached(deny("s3:*", **EVERYBODY)),))),
            "resource_control_policy",
            True,
            None,
        ),
        (
            said(person(ALL), None, Circumstances(endpoint_policies=(attached(deny("s3:*", **EVERYBODY)),))),
            "endpoint_policy",
            True,
            None,
        ),
    ],
)
def test_layers(message: str, layer: str, explicit: bool, policy_arn: str | None) -> None:
    """The parser reads from the words the layer, whether it denies, and the policy if it is named."""
    found = parse_denial(status=403, code="AccessDenied", message=message)
    assert (found.layer, found.explicit, found.policy_arn) == (layer, explicit, policy_arn)
    assert (found.action, found.resource) == ("s3:GetObject", ARN)


def test_words() -> None:
    """The words are AWS's, word for word."""
    assert said(person()) == f"{HEAD}because no identity-based policy allows the s3:GetObject action"
    denied = said(person(ALL), deny("s3:GetObject", **EVERYBODY))
    assert denied == f"{HEAD}with an explicit deny in a resource-based policy"
    denied = said(person(attached(deny("s3:*"), arn=POLICY)))
    assert denied == f"{HEAD}with an explicit deny in an identity-based policy: {POLICY}"


def test_first_named() -> None:
    """Of several that deny, the organization is named; of several that do not allow, the identity."""
    everywhere = person(attached(deny("*"), arn=POLICY), boundary=attached(deny("*")))
    scps = Circumstances(scps=(attached(deny("*")),))
    assert said(everywhere, None, scps).endswith("with an explicit deny in a service control policy")
    nowhere = person(boundary=attached(allow("ec2:*")))
    assert "no identity-based policy allows" in said(nowhere)


def test_without_resource() -> None:
    """An action on no resource has none in its words."""
    message = said(person(), action="s3:ListAllMyBuckets", resource="*")
    assert " on resource" not in message
    assert message.endswith("because no identity-based policy allows the s3:ListAllMyBuckets action")


def test_other_services() -> None:
    """KMS puts no quotation marks; STS calls a role's policy by its name."""
    key = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    message = said(person(ALL), action="kms:Decrypt", resource=key, s3=False)
    assert message.endswith(
        f"on resource: {key} because no resource-based policy allows the kms:Decrypt action"
    )
    role = f"arn:aws:iam::{ACCOUNT}:role/App"
    trust = {"Principal": {"AWS": USER}, "Effect": "Deny", "Action": "sts:AssumeRole"}
    found = refused_by_trust(role, trust)
    assert found.endswith(f"on resource: {role} with an explicit deny in the role trust policy")


def refused_by_trust(role: str, statement: dict[str, Any]) -> str:
    """What STS says; a trust policy has no resources, so the statement is given one here."""
    return said(person(ALL), {**statement, "Resource": "*"}, action="sts:AssumeRole", resource=role, s3=False)


@pytest.mark.parametrize("identity", [ANONYMOUS, person(ALL, arn="arn:aws:iam::444455556666:user/bob")])
def test_strangers(identity: Identity) -> None:
    """Strangers are told nothing."""
    assert said(identity) == said(identity, deny("s3:*", **EVERYBODY)) == BARE
