"""The layers together: who may do what, by the table of AWS's evaluation logic written out here."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest

from secure_s3.errors import PolicyError
from secure_s3.policy import UNKNOWN, AccessRequest, Policy, evaluate

HOME, AWAY = "111122223333", "444455556666"
OBJECT = "arn:aws:s3:::amzn-s3-demo-bucket/k"
CALLERS: dict[str, str | None] = {
    "user": f"arn:aws:iam::{HOME}:user/alice",
    "session": f"arn:aws:sts::{HOME}:assumed-role/uploads/web",
    "federated": f"arn:aws:sts::{HOME}:federated-user/bob",
    "root": f"arn:aws:iam::{HOME}:root",
    "service": "logging.s3.amazonaws.com",
    "anonymous": None,
}
GRANTS: dict[str, Any] = {
    "nothing": None,
    "account": {"AWS": HOME},
    "role": {"AWS": f"arn:aws:iam::{HOME}:role/uploads"},
    "itself": "the caller",
    "everybody": "*",
}
LAYERS = (
    "resource_policy",
    "identity_policies",
    "permissions_boundary",
    "session_policies",
    "scps",
    "rcps",
    "endpoint_policies",
)


def policy(effect: str = "Allow", action: str = "s3:*", principal: Any = None, **more: Any) -> Policy:
    """A policy of one statement."""
    named = {} if principal is None else {"Principal": principal}
    statement = {"Effect": effect, **named, "Action": action, "Resource": "*", **more}
    return Policy.parse({"Version": "2012-10-17", "Statement": [statement]})


def given(layer: str, found: Any) -> Any:
    """What ``evaluate`` takes for that layer."""
    single = layer in ("resource_policy", "permissions_boundary") or found is UNKNOWN
    return found if single else [found]


def named(layer: str, effect: str, action: str = "s3:*") -> Policy:
    """A policy for that layer, which names everybody where principals count."""
    everybody = "*" if layer in ("resource_policy", "rcps", "endpoint_policies") else None
    return policy(effect, action, everybody)


def decided(kind: str, account: str | None = HOME, **layers: Any) -> str:
    """The outcome for that kind of caller, asking for an object of a bucket of that account."""
    request = AccessRequest("s3:GetObject", OBJECT, CALLERS[kind], resource_account=account)
    return evaluate(request, **layers).outcome


ALLOWING, OTHER = policy(), policy(action="s3:DeleteObject")


def expected(kind: str, same: bool, grant: str, identity: bool, limits: list[bool], scp: bool) -> bool:
    """IAM User Guide, "Policy evaluation logic", "Cross-account policy evaluation logic", in one's own words.

    In one account, a resource policy that names the user, the session or everybody is enough; one that names
    the role is limited by boundary and session policy; one that names the account leaves it to the identity
    policies. Across accounts both sides must allow. Root users need no identity policy. Services and
    anonymous callers have none, and no service control policies.
    """
    by_name = grant in ("itself", "everybody")
    if kind in ("service", "anonymous"):
        return by_name
    if not scp:
        return False
    granted_here = (identity or kind == "root") and all(limits)
    there = by_name or grant == "account" or (grant == "role" and kind == "session")
    if not same:
        return granted_here and there
    return by_name or granted_here or (grant == "role" and kind == "session" and all(limits))


@pytest.mark.parametrize(("kind", "same"), [*product(CALLERS, (True, False))])
def test_every_combination_of_layers(kind: str, same: bool):
    """For each caller, the layers allow together exactly what AWS's evaluation logic lets them."""
    caller = CALLERS[kind]
    itself = "*" if caller is None else {"Service": caller} if kind == "service" else {"AWS": caller}
    if kind == "root":
        itself = "*"  # whoever names root names the account
    wrong = []
    choices = product(GRANTS, (True, False), (None, True, False), (None, True, False), (None, True, False))
    for grant, identity, boundary, session, scp in choices:
        principal = itself if GRANTS[grant] == "the caller" else GRANTS[grant]
        found = decided(
            kind,
            HOME if same else AWAY,
            resource_policy=policy(principal=principal) if principal else None,
            identity_policies=[ALLOWING if identity else OTHER],
            permissions_boundary={None: None, True: ALLOWING, False: OTHER}[boundary],
            session_policies={None: [], True: [ALLOWING], False: [OTHER]}[session],
            scps={None: [], True: [[ALLOWING], [ALLOWING]], False: [[ALLOWING], [OTHER]]}[scp],
        )
        limits = [each is not False for each in (boundary, session)]
        wanted = expected(kind, same, grant, identity, limits, scp is not False)
        if found != ("allowed" if wanted else "implicitly_denied"):
            wrong.append((grant, identity, boundary, session, scp, found))
    assert not wrong


@pytest.mark.parametrize(("layer", "kind", "account"), [*product(LAYERS, CALLERS, (HOME, AWAY))])
def test_a_deny_anywhere_wins(layer: str, kind: str, account: str):
    """A denial in any layer is explicit for every caller whom the layer binds, whatever else allows."""
    allowing = {each: given(each, named(each, "Allow")) for each in LAYERS}
    both = [named(layer, "Allow"), named(layer, "Deny")]
    if layer in ("resource_policy", "permissions_boundary"):
        statements = [statement for each in both for statement in each.statements]
        allowing[layer] = Policy.of(*statements)
    else:
        allowing[layer] = both
    unbound = layer == "scps" and kind in ("service", "anonymous")
    assert decided(kind, account, **allowing) == ("allowed" if unbound else "explicitly_denied")


@pytest.mark.parametrize("layer", LAYERS)
def test_a_deny_of_something_else_does_not_count(layer: str):
    """Denials of other actions, and statements whose conditions do not hold, take nothing away."""
    layers = {each: given(each, named(each, "Allow")) for each in LAYERS}
    statements = [*named(layer, "Allow").statements, *named(layer, "Deny", "s3:DeleteObject").statements]
    layers[layer] = given(layer, Policy.of(*statements))
    assert decided("session", **layers) == "allowed"


def test_nothing_given():
    """Without any policy nothing is allowed, but to an account's root user in its own account."""
    for kind in CALLERS:
        assert decided(kind) == ("allowed" if kind == "root" else "implicitly_denied")
        assert decided(kind, AWAY) == "implicitly_denied"


def test_organization_levels():
    """Every level of service control policies must allow; a list without nested lists is one level."""
    layers: dict[str, Any] = {"identity_policies": [ALLOWING]}
    assert decided("user", scps=[ALLOWING, OTHER], **layers) == "allowed"
    assert decided("user", scps=[[ALLOWING], [OTHER]], **layers) == "implicitly_denied"
    assert decided("user", scps=[[ALLOWING], [OTHER, ALLOWING]], **layers) == "allowed"
    assert (
        decided("user", scps=[[ALLOWING], []], **layers)
        == decided("user", scps=ALLOWING, **layers)
        == "allowed"
    )
    assert decided("root", scps=[OTHER]) == "implicitly_denied"


def test_service_linked_roles():
    """Neither service control nor resource control policies bind a service-linked role."""
    linked = f"arn:aws:iam::{HOME}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"
    session = f"arn:aws:sts::{HOME}:assumed-role/AWSServiceRoleForX/s"
    deny = {"scps": [policy("Deny")], "rcps": [policy("Deny", principal="*")]}
    for principal, context, outcome in (
        (linked, {}, "allowed"),
        (session, {"aws:PrincipalArn": linked}, "allowed"),
        (session, {}, "unknown"),
        (session, {"aws:PrincipalArn": f"arn:aws:iam::{HOME}:role/AWSServiceRoleForX"}, "explicitly_denied"),
        (f"arn:aws:iam::{HOME}:role/AWSServiceRoleForX", {}, "explicitly_denied"),
    ):
        request = AccessRequest("s3:GetObject", OBJECT, principal, context)
        assert evaluate(request, identity_policies=[ALLOWING], **deny).outcome == outcome
        assert evaluate(request, identity_policies=[policy("Deny")], **deny).outcome == "explicitly_denied"


ADMINS = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_Admin_*"


@pytest.mark.parametrize(
    ("named", "session", "outcome"),
    [
        # the exempted pattern, the name of the session's role, what a Deny of everybody else comes to
        ("arn:aws:iam::111122223333:role/App", "App", "allowed"),
        ("arn:aws:iam::111122223333:role/*", "App", "allowed"),
        ("arn:aws:iam::111122223333:*", "App", "allowed"),
        ("arn:aws:iam::111122223333:role/Other", "App", "explicitly_denied"),
        ("arn:aws:iam::111122223333:role/team/Other", "App", "explicitly_denied"),
        ("arn:aws:iam::111122223333:role/team/App", "App", "unknown"),
        ("arn:aws:iam::111122223333:role/team/*", "App", "unknown"),
        ("arn:aws:iam::444455556666:role/team/App", "App", "explicitly_denied"),
        (ADMINS, "AWSReservedSSO_Admin_0123456789abcdef", "allowed"),
        (ADMINS, "AWSReservedSSO_Reader_0123456789abcdef", "explicitly_denied"),
        (
            "arn:aws:iam::111122223333:role/AWSReservedSSO_Admin_*",
            "AWSReservedSSO_Admin_0123456789abcdef",
            "explicitly_denied",
        ),
        (
            "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Admin_*",
            "AWSReservedSSO_Admin_0123456789abcdef",
            "unknown",
        ),
    ],
)
def test_the_path_of_a_role_is_not_told_by_its_sessions(named: str, session: str, outcome: str):
    """A condition on aws:PrincipalArn that turns on the path of a session's role is not decided."""
    deny = policy("Deny", principal="*", Condition={"ArnNotLike": {"aws:PrincipalArn": named}})
    who = f"arn:aws:sts::111122223333:assumed-role/{session}/alice"
    decision = evaluate(
        AccessRequest("s3:GetObject", OBJECT, who), resource_policy=deny, identity_policies=[ALLOWING]
    )
    assert decision.outcome == outcome
    assert decision.unknown_keys == (("aws:PrincipalArn",) if outcome == "unknown" else ())


def test_which_variable_is_open():
    """An unknown key in a resource's variable is named as what would settle the decision."""
    raw = {"Effect": "Deny", "Principal": "*", "Action": "s3:*"}
    deny = Policy.parse(
        {"Version": "2012-10-17", "Statement": {**raw, "Resource": "arn:aws:s3:::*/${aws:PrincipalTag/t}/*"}}
    )
    request = AccessRequest("s3:GetObject", "arn:aws:s3:::b/a/k", unknown=("aws:PrincipalTag/t",))
    both = deny.with_statements([*deny.statements, *policy(principal="*").statements])
    decision = evaluate(request, resource_policy=both)
    assert decision.outcome == "unknown"
    assert decision.unknown_keys == ("aws:principaltag/t",)


@pytest.mark.parametrize("action", ["sts:TagSession", "sts:SetSourceIdentity", "sts:AssumeRole"])
def test_a_trust_policy_has_to_allow_what_comes_with_a_session(action: str):
    """What is passed on with an assumed role has to be allowed by the role's trust policy as well."""
    allow = {"Effect": "Allow", "Principal": {"AWS": HOME}, "Action": "sts:AssumeRole"}
    trust = Policy.parse({"Version": "2012-10-17", "Statement": allow})
    request = AccessRequest(action, f"arn:aws:iam::{HOME}:role/App", f"arn:aws:iam::{HOME}:user/alice")
    found = evaluate(request, resource_policy=trust, identity_policies=[policy(action="*")]).outcome
    assert found == ("allowed" if action == "sts:AssumeRole" else "implicitly_denied")


@pytest.mark.parametrize(
    ("principal", "named"),
    [
        ("0" * 64, HOME),
        (f"arn:aws:iam::{HOME}:role/App", "AROAEXAMPLEEXAMPLE12"),
        (f"arn:aws:iam::{HOME}:user/a", "AIDAEXAMPLEEXAMPLE12"),
    ],
)
def test_names_that_nobody_can_resolve(principal: str, named: str):
    """A canonical id may be of any account, and a unique id of anybody."""
    deny = policy("Deny", "*", {"AWS": named})
    both = deny.with_statements([*deny.statements, *policy(action="*", principal="*").statements])
    request = AccessRequest("s3:GetObject", OBJECT, principal)
    assert evaluate(request, resource_policy=both).outcome == "unknown"


def test_identity_providers_that_look_like_services():
    """Cognito and Login with Amazon are identity providers, whom a trust policy names as Federated."""
    trust = Policy.parse(
        {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Principal": {"Federated": "cognito-identity.amazonaws.com"},
                "Action": "sts:AssumeRoleWithWebIdentity",
            },
        }
    )
    request = AccessRequest(
        "sts:AssumeRoleWithWebIdentity", f"arn:aws:iam::{HOME}:role/App", "cognito-identity.amazonaws.com"
    )
    assert evaluate(request, resource_policy=trust).outcome == "allowed"


def test_resource_control_policies():
    """They need no Allow, bind anonymous callers and services too, and filter if they have an Allow."""
    public = {"resource_policy": policy(principal="*")}
    deny = policy("Deny", principal="*")
    other = policy("Deny", "s3:DeleteObject", "*")
    for kind in CALLERS:
        assert decided(kind, rcps=[other], **public) == "allowed"
        assert decided(kind, rcps=[deny], **public) == "explicitly_denied"
    assert decided("user", rcps=[policy("Allow", "s3:DeleteObject", "*")], **public) == "implicitly_denied"


def test_endpoint_policies():
    """The policy of a VPC endpoint must allow where there is one, and its principals count."""
    layers: dict[str, Any] = {"identity_policies": [ALLOWING]}
    assert decided("user", endpoint_policies=[policy(principal="*")], **layers) == "allowed"
    other = policy(principal={"AWS": AWAY})
    assert decided("user", endpoint_policies=[other], **layers) == "implicitly_denied"
    assert decided("user", endpoint_policies=[policy("Allow", "s3:DeleteObject", "*")], **layers) != "allowed"


@pytest.mark.parametrize("action", ["s3:GetBucketPolicy", "s3:PutBucketPolicy", "S3:DELETEBUCKETPOLICY"])
def test_root_is_never_locked_out(action: str):
    """A bucket's policy cannot keep its account's root user from reading, replacing and deleting it."""
    denying = {"resource_policy": policy("Deny", principal="*")}
    bucket, root = "arn:aws:s3:::amzn-s3-demo-bucket", CALLERS["root"]

    def outcome(principal: str | None, account: str, **more: Any) -> str:
        request = AccessRequest(action, bucket, principal, resource_account=account)
        return evaluate(request, **denying, **more).outcome

    assert outcome(root, HOME) == "allowed"
    assert outcome(root, AWAY) == "explicitly_denied"
    assert outcome(CALLERS["user"], HOME, identity_policies=[ALLOWING]) == "explicitly_denied"
    assert outcome(root, HOME, scps=[policy("Deny")]) == "explicitly_denied"
    assert decided("root", **denying) == "explicitly_denied"


KEY = f"arn:aws:kms:eu-west-1:{HOME}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ROLE = f"arn:aws:iam::{HOME}:role/other"
ITSELF, ROOT = {"AWS": CALLERS["user"]}, {"AWS": f"arn:aws:iam::{HOME}:root"}


@pytest.mark.parametrize(
    ("action", "resource", "principal", "identity", "outcome"),
    [
        ("kms:Decrypt", KEY, None, True, "implicitly_denied"),
        ("kms:Decrypt", KEY, ROOT, True, "allowed"),
        ("kms:Decrypt", KEY, ROOT, False, "implicitly_denied"),
        ("kms:Decrypt", KEY, ITSELF, False, "allowed"),
        ("kms:Decrypt", KEY, {"AWS": AWAY}, True, "implicitly_denied"),
        ("kms:ListKeys", "*", None, True, "allowed"),
        ("kms:Decrypt", KEY.replace(":key/", ":alias/"), None, True, "allowed"),
        ("sts:AssumeRole", ROLE, None, True, "implicitly_denied"),
        ("sts:AssumeRole", ROLE, ROOT, True, "allowed"),
        ("sts:AssumeRole", ROLE, ROOT, False, "implicitly_denied"),
        ("sts:AssumeRole", ROLE, ITSELF, False, "allowed"),
        ("sts:AssumeRole", ROLE.replace(HOME, AWAY), ITSELF, False, "implicitly_denied"),
        ("sts:AssumeRole", ROLE.replace(HOME, AWAY), ITSELF, True, "allowed"),
        ("sts:GetCallerIdentity", "*", None, True, "allowed"),
    ],
)
def test_keys_and_roles(action: str, resource: str, principal: Any, identity: bool, outcome: str):
    """A key's or a role's own policy must allow, if only the account; identity policies alone do not do."""
    request = AccessRequest(action, resource, CALLERS["user"])
    found = evaluate(
        request,
        resource_policy=policy(action="*", principal=principal) if principal else None,
        identity_policies=[policy(action="*")] if identity else [],
    )
    assert found.outcome == outcome


def test_trust_policies_have_no_resource():
    """A statement without Resource is about the role in a trust policy, and unknown anywhere else."""
    trust = Policy.parse({"Statement": {"Effect": "Allow", "Principal": ITSELF, "Action": "*"}})
    assert evaluate(AccessRequest("sts:AssumeRole", ROLE, CALLERS["user"]), resource_policy=trust).allowed
    assert decided("user", resource_policy=trust) == "unknown"


def test_not_principal_and_boundaries():
    """A Deny with NotPrincipal is about every user and role that has a boundary, whomever it lists."""
    listed = {"AWS": [CALLERS["user"], HOME]}
    statement = {"Effect": "Deny", "NotPrincipal": listed, "Action": "s3:*", "Resource": "*"}
    denying = Policy.parse({"Version": "2012-10-17", "Statement": statement})
    layers: dict[str, Any] = {"resource_policy": denying, "identity_policies": [ALLOWING]}
    assert decided("user", **layers) == "allowed"
    assert decided("user", permissions_boundary=ALLOWING, **layers) == "explicitly_denied"
    assert decided("user", permissions_boundary=UNKNOWN, **layers) == "unknown"
    exempt = {**statement, "NotPrincipal": "*"}
    layers["resource_policy"] = Policy.parse({"Version": "2012-10-17", "Statement": exempt})
    assert decided("root", permissions_boundary=None, **layers) == "allowed"


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_that_cannot_be_read(layer: str):
    """A layer that is UNKNOWN leaves allowances unknown, never a denial, and is named as not examined."""
    request = AccessRequest("s3:GetObject", OBJECT, CALLERS["session"])
    allowing = {each: given(each, named(each, "Allow")) for each in LAYERS}
    found = evaluate(request, **allowing | {layer: UNKNOWN})
    assert found.outcome == "unknown"
    names = {"scps": "service_control_policy", "rcps": "resource_control_policy"}
    assert names.get(layer, layer.replace("policies", "policy")) in found.not_examined
    denied = next(each for each in LAYERS if each != layer)
    denying = allowing | {layer: UNKNOWN, denied: given(denied, named(denied, "Deny"))}
    assert evaluate(request, **denying).outcome == "explicitly_denied"


def test_unknown_layers_that_do_not_matter():
    """Where nothing else could allow, a layer that cannot be read does not make the denial unknown."""
    assert decided("user", permissions_boundary=UNKNOWN) == "implicitly_denied"
    assert decided("anonymous", identity_policies=UNKNOWN, resource_policy=OTHER) != "allowed"
    assert decided("service", scps=UNKNOWN, resource_policy=policy(principal="*")) == "allowed"
    assert decided("user", AWAY, resource_policy=UNKNOWN) == "implicitly_denied"
    assert decided("user", AWAY, resource_policy=UNKNOWN, identity_policies=[ALLOWING]) == "unknown"


def test_nobody_known():
    """For a caller that nobody knows only what holds for every caller is decided."""
    request = AccessRequest("s3:GetObject", OBJECT, UNKNOWN)
    public, user = policy(principal="*"), policy(principal=ITSELF)
    assert evaluate(request, resource_policy=policy("Deny", principal="*")).outcome == "explicitly_denied"
    assert evaluate(request, resource_policy=user).outcome == "unknown"
    assert evaluate(request, resource_policy=public, scps=[policy("Deny")]).outcome != "allowed"
    assert evaluate(request).outcome == "unknown"


def test_a_resource_without_an_account():
    """A resource whose account nobody says is taken to be the caller's, and the decision says so."""
    found = evaluate(AccessRequest("s3:GetObject", OBJECT, CALLERS["user"]), identity_policies=[ALLOWING])
    assert found.outcome == "allowed"
    assert found.assumed == (f"the resource belongs to {HOME}, the account of the caller",)
    assert decided("user", AWAY, identity_policies=[ALLOWING]) == "implicitly_denied"
    assert not evaluate(AccessRequest("s3:ListAllMyBuckets", "*", CALLERS["user"])).assumed
    condition = {"StringNotEquals": {"s3:ResourceAccount": HOME}}
    assert (
        decided("user", None, identity_policies=[ALLOWING, policy("Deny", Condition=condition)]) == "unknown"
    )


def test_a_session_of_a_role_with_a_path():
    """Where a policy asks for aws:PrincipalArn, the decision says which one it took for a session."""
    deny = policy(
        "Deny", Condition={"ArnNotEquals": {"aws:PrincipalArn": f"arn:aws:iam::{HOME}:role/uploads"}}
    )
    layers: dict[str, Any] = {"identity_policies": [ALLOWING, deny]}
    request = AccessRequest("s3:GetObject", OBJECT, CALLERS["session"], resource_account=HOME)
    found = evaluate(request, **layers)
    assert found.outcome == "allowed"
    assert "role/uploads" in found.assumed[0]
    said = AccessRequest(
        "s3:GetObject",
        OBJECT,
        CALLERS["session"],
        {"AWS:PrincipalArn": f"arn:aws:iam::{HOME}:role/team/uploads"},
        resource_account=HOME,
    )
    assert (evaluate(said, **layers).outcome, evaluate(said, **layers).assumed) == ("explicitly_denied", ())
    assert not evaluate(request, identity_policies=[ALLOWING]).assumed


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "allow", "Action": "s3:*", "Resource": "*"},
        {"Action": "s3:*", "Resource": "*"},
        {"Effect": "Allow", "Resource": "*"},
        {"Effect": "Allow", "Action": "s3:*"},
        {"Effect": "Allow", "Action": ["s3:*", 5], "Resource": "*"},
        {"Effect": "Allow", "Action": "s3:*", "NotAction": "s3:x", "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": "s3:*",
            "Resource": "*",
            "Condition": {"StringIs": {"aws:username": "alice"}},
        },
        {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": []},
    ],
)
def test_what_aws_would_refuse_is_never_certain(statement: dict[str, Any]):
    """A statement that AWS would refuse allows nothing for certain."""
    broken = Policy.parse({"Version": "2012-10-17", "Statement": [statement]})
    assert decided("user", identity_policies=[broken]) != "allowed"


@pytest.mark.parametrize(
    "layers",
    [
        {"resource_policy": {"Statement": 7}},
        {"resource_policy": 7},
        {"identity_policies": ["{}"]},
        {"scps": [["x"]]},
        {"rcps": [5]},
        {"session_policies": [None]},
        {"permissions_boundary": "arn:aws:iam::aws:policy/AdministratorAccess"},
        {"endpoint_policies": [{}]},
    ],
)
def test_what_is_no_policy_is_refused(layers: dict[str, Any]):
    """What is neither a policy nor the text or dict of one is refused."""
    with pytest.raises(PolicyError):
        decided("user", **layers)


@pytest.mark.parametrize(
    "form", [Policy.parse, lambda raw: raw, json.dumps, lambda raw: json.dumps(raw).encode()]
)
def test_a_policy_in_every_form(form: Any):
    """A policy may be given read, as a dict, as text or as bytes, alone or in a list, in every layer."""
    allow = form({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
    deny = form(
        {
            "Version": "2012-10-17",
            "Statement": {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"},
        }
    )
    assert decided("user", identity_policies=allow, scps=allow, session_policies=[allow]) == "allowed"
    assert decided("user", identity_policies=[allow], scps=[[allow], [allow]]) == "allowed"
    for layers in (
        {"resource_policy": deny},
        {"rcps": [deny]},
        {"endpoint_policies": deny},
        {"scps": [[deny]]},
    ):
        assert decided("user", identity_policies=[allow], **layers) == "explicitly_denied"


def test_without_a_readable_effect_it_may_deny():
    """A statement whose Effect is neither Allow nor Deny may be either one."""
    broken = policy(effect="deny")
    assert decided("user", identity_policies=[ALLOWING]) == "allowed"
    assert decided("user", identity_policies=[ALLOWING, broken]) == "unknown"
    assert decided("user", identity_policies=[broken]) == "unknown"


@pytest.mark.parametrize(
    ("action", "about"),
    [
        ("s3:GetObject", True),
        ("S3:GETOBJECT", True),
        ("s3:getobject", True),
        ("*", True),
        ("s3:Get*", True),
        ("s3:*Object", True),
        ("s3:G?tObject", True),
        ("s3:PutObject", False),
        ("s3:GetObjectAcl", False),
        ("s3:Get", False),
        ("kms:*", False),
        ("s3", False),
        ("GetObject", False),
        ("", False),
        (" s3:GetObject", False),
    ],
)
def test_actions(action: str, about: bool):
    """Actions have no case, and wildcards; NotAction is about all the others."""
    statement = {"Effect": "Allow", "Resource": "*"}
    for element, expected in (("Action", about), ("NotAction", not about)):
        found = Policy.parse({"Version": "2012-10-17", "Statement": {**statement, element: [action]}})
        assert (decided("user", identity_policies=[found]) == "allowed") is expected
