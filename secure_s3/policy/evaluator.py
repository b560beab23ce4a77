"""Whether a request is allowed: every layer of policies, in three-valued logic, with reasons.

Sources: IAM User Guide, "How AWS enforcement code logic evaluates requests to allow or deny access", "Policy
evaluation for requests within a single account", "Cross-account policy evaluation logic", "Permissions
boundaries for IAM entities", "AWS JSON policy elements: NotPrincipal", "Session policies"; AWS Organizations
User Guide, "SCP evaluation", "RCP evaluation"; KMS Developer Guide, "Key policies in AWS KMS"; Amazon S3 API
Reference, PutBucketPolicy.

An explicit deny anywhere wins. What is left must be allowed by the service control policies, by the policy
of the endpoint where there is one, and by whoever may grant: in one account the identity policies or the
resource policy, across accounts both.
"""

from __future__ import annotations

from ..errors import PolicyError
from .decision import Decision
from .layers import Given, Heard, Layer, Levels, hear, levels_of
from .principals import Grant, Requester
from .reasons import reasons_of
from .request import AccessRequest, Unknown, vet
from .truth import Truth, all_of, any_of

_IDENTITIES = frozenset({"user", "role", "session", "federated-user", "unknown"})
_EVERYBODY = _IDENTITIES | {"root", "anonymous", "service", "canonical", "federated"}
_OPTIONAL: dict[str, frozenset[str]] = {
    "service_control_policy": _IDENTITIES | {"root"},
    "resource_control_policy": _EVERYBODY,
    "endpoint_policy": _EVERYBODY,
    "permissions_boundary": _IDENTITIES,
    "session_policy": _IDENTITIES - {"user"},
    "identity_policy": _IDENTITIES,
}
"""Layers that need not be given, and the kinds of callers whom they can bind."""
_ALWAYS = (
    "aws:SecureTransport",
    "aws:CurrentTime",
    "aws:EpochTime",
    "aws:RequestedRegion",
    "aws:ViaAWSService",
)
"""Keys that every request has (IAM User Guide, "AWS global condition context keys")."""
_ARN = "aws:principalarn"
_OF_TRUST = ("sts:assumerole", "sts:tagsession", "sts:setsourceidentity", "sts:setcontext")
"""What a role's trust policy has to allow."""
_ROOT_MAY_ALWAYS = frozenset({"s3:getbucketpolicy", "s3:putbucketpolicy", "s3:deletebucketpolicy"})


def evaluate(
    request: AccessRequest,
    *,
    resource_policy: Given | None = None,
    identity_policies: Layer = (),
    permissions_boundary: Given | None = None,
    session_policies: Layer = (),
    scps: Levels = (),
    rcps: Levels = (),
    endpoint_policies: Layer = (),
) -> Decision:
    """Whether *request* is allowed by these policies.

    A layer that is not given restricts nothing, except that without identity policies and resource policy
    nothing allows; ``decision.not_examined`` names what was left out. UNKNOWN in place of a layer means that
    it may be there and cannot be read: the answer is then unknown wherever it could matter.

    ACLs, Block Public Access and Object Ownership are no policies and are not considered.

    A policy may be given as a Policy, as JSON text or as a dict; to ask about many requests, read it once.

    Args:
        request: Who wants to do what.
        resource_policy: The bucket's, access point's, key's or role's (trust) policy.
        identity_policies: All of the caller's, its groups' included.
        permissions_boundary: The caller's.
        session_policies: Those passed when the role was assumed.
        scps: The organization's service control policies; nested lists are levels (root, OU, account), each
            of which must allow.
        rcps: Resource control policies; RCPFullAWSAccess, which is always there, need not be given.
        endpoint_policies: Of the VPC endpoint through which the request comes.

    Raises:
        PolicyError: The request names nothing that can be meant (a misspelt caller would be none that a
            statement names), or a policy is none.
    """
    if not isinstance(request, AccessRequest):
        raise PolicyError(f"a {type(request).__name__} is no request", fix="pass AccessRequest(action=…, …)")
    vet(request)
    return decide(
        request,
        resource_policy,
        identity_policies,
        permissions_boundary,
        session_policies,
        scps,
        rcps,
        endpoint_policies,
    )


def decide(
    request: AccessRequest,
    resource_policy: Given | None = None,
    identity_policies: Layer = (),
    permissions_boundary: Given | None = None,
    session_policies: Layer = (),
    scps: Levels = (),
    rcps: Levels = (),
    endpoint_policies: Layer = (),
) -> Decision:
    """``evaluate`` for a request that may be made of a faulty policy's own words."""
    outcome, layers = _weighed(
        request,
        resource_policy,
        identity_policies,
        permissions_boundary,
        session_policies,
        scps,
        rcps,
        endpoint_policies,
    )
    return _decide(request, outcome, layers)


def outcome_of(
    request: AccessRequest, resource_policy: Given | None, identity_policies: Layer = ()
) -> tuple[str, tuple[str, ...]]:
    """The outcome of ``decide`` and the keys that would settle an unknown one, without reasons."""
    outcome, layers = _weighed(request, resource_policy, identity_policies, None, (), (), (), ())
    return outcome, reasons_of(request, outcome, layers)[1] if outcome == "unknown" else ()


def _weighed(
    request: AccessRequest,
    resource_policy: Given | None,
    identity_policies: Layer,
    permissions_boundary: Given | None,
    session_policies: Layer,
    scps: Levels,
    rcps: Levels,
    endpoint_policies: Layer,
) -> tuple[str, list[Heard]]:
    """The outcome, and what each layer says."""
    bounded = _bounded(request, permissions_boundary)
    endpoint = hear(request, "endpoint_policy", endpoint_policies, named=True)
    resource = hear(request, "resource_policy", resource_policy, named=True, bounded=bounded)
    identity = hear(request, "identity_policy", identity_policies)
    boundary = hear(request, "permissions_boundary", permissions_boundary)
    session = hear(request, "session_policy", session_policies)
    organization = [
        *levels_of(request, "service_control_policy", scps),
        *levels_of(request, "resource_control_policy", rcps),
    ]
    layers = [*organization, endpoint, resource, identity, boundary, session]
    _lift(request, organization, resource)
    deny = any_of([heard.deny for heard in layers])
    if deny is True:
        return "explicitly_denied", layers
    granted = _granted(request, resource, identity, _limits(boundary, session))
    allow = all_of((_filters([*organization, endpoint]), granted))
    if allow is False:
        return "implicitly_denied", layers
    return "allowed" if allow is True and deny is False else "unknown", layers


def _bounded(request: AccessRequest, boundary: Given | None) -> Truth:
    """Whether the caller has a permissions boundary, which defeats NotPrincipal ("... NotPrincipal")."""
    who = request.requester
    if boundary is None or (who and who.kind not in ("user", "role", "session", "federated-user")):
        return False
    return None if isinstance(boundary, Unknown) or who is None else True


def _decide(request: AccessRequest, outcome: str, layers: list[Heard]) -> Decision:
    reasons, keys = reasons_of(request, outcome, layers)
    given = {heard.layer for heard in layers if heard.policies or heard.lifted}
    kind = request.requester.kind if request.requester else "unknown"
    missing = [layer for layer, kinds in _OPTIONAL.items() if layer not in given and kind in kinds]
    missing += [heard.layer for heard in layers if heard.unread and heard.layer not in missing]
    return Decision(outcome, reasons, keys, tuple(dict.fromkeys(missing)), _assumed(request, layers))


def _assumed(request: AccessRequest, layers: list[Heard]) -> tuple[str, ...]:
    account, who = request.principal_account, request.requester
    found = []
    if account and request.resource_account is None and request.resource != "*":
        found.append(f"the resource belongs to {account}, the account of the caller")
    if who is not None and who.kind == "session" and not request.names(_ARN) and _asks(layers, _ARN):
        shown = " or ".join(who.role_arns(()))
        found.append(f"aws:PrincipalArn is {shown}: the ARN of a session does not tell a role's path")
    for key in _ALWAYS:
        folded = key.lower()
        if request.lookup(folded) is None and _asks(layers, folded):
            found.append(f"{key} is absent, though every request has it")
    return tuple(found)


def _asks(layers: list[Heard], key: str) -> bool:
    return any(key in policy.keys for heard in layers for policy in heard.policies)


def _lift(request: AccessRequest, organization: list[Heard], resource: Heard) -> None:
    """Take away what does not bind this caller."""
    who = request.requester
    if who is None:
        if request.principal_account is None:
            # A service or an anonymous caller is bound by no service control policy.
            _loosen(organization, ("service_control_policy",))
        return
    linked, foreign = _service_linked(request, who), who.account is None
    if linked is None:
        _loosen(organization, ("service_control_policy", "resource_control_policy"))
    elif linked or foreign:
        for heard in organization:
            if linked or heard.layer == "service_control_policy":
                heard.deny, heard.allow, heard.matching = False, True, []
                heard.unread, heard.lifted = False, True
    own = who.account == (request.resource_account or who.account)
    if who.kind == "root" and own and request._action in _ROOT_MAY_ALWAYS:
        resource.deny = False
        resource.matching = [each for each in resource.matching if each[1].effect == "Allow"]


def _service_linked(request: AccessRequest, who: Requester) -> Truth:
    told = request.lookup(_ARN)
    return ":role/aws-service-role/" in told[0] if isinstance(told, tuple) else who.service_linked


def _loosen(organization: list[Heard], names: tuple[str, ...]) -> None:
    """Nobody knows whether these layers bind the caller."""
    for heard in organization:
        if heard.layer in names:
            heard.deny, heard.allow = all_of((heard.deny, None)), any_of((heard.allow, None))
            heard.matching = [(number, statement, None) for number, statement, _ in heard.matching]


def _filters(layers: list[Heard]) -> Truth:
    """Whether everything that must allow besides the grant does."""
    truths: list[Truth] = []
    for heard in layers:
        if heard.layer == "resource_control_policy":
            # RCPFullAWSAccess is attached everywhere and cannot be detached. A list that has allowances of
            # its own is taken as complete.
            restricts = any(s.effect == "Allow" for policy in heard.policies for s in policy.statements)
            truths.append(heard.allow if restricts else True)
        elif heard.layer in ("service_control_policy", "endpoint_policy"):
            truths.append(heard.allow if heard.policies or heard.unread else True)
    return all_of(truths)


def _limits(boundary: Heard, session: Heard) -> Truth:
    """Whether boundary and session policy let through what identity policies or the role's name grant."""
    return all_of([heard.allow for heard in (boundary, session) if heard.policies or heard.unread])


def _granted(request: AccessRequest, resource: Heard, identity: Heard, limits: Truth) -> Truth:
    who = request.requester
    if who is not None and who.kind in ("anonymous", "service", "canonical", "federated"):
        return resource.allow
    says = identity.allow
    if who is None:
        says = any_of((says, None))  # it may be an account's root user
    elif who.kind == "root":
        says = True  # an account's root user needs no policy in its own account
    within = _within(request, resource, all_of((says, limits)), limits)
    across = all_of((resource.allow, says, limits))
    same = _same_account(request)
    if same is None:
        return within if within == across else None
    return within if same else across


def _within(request: AccessRequest, resource: Heard, by_identity: Truth, limits: Truth) -> Truth:
    """In one account: the identity policies, or the resource policy as directly as it names the caller."""
    if resource.unread:
        grants: dict[Grant, Truth] = {Grant.ACCOUNT: None, Grant.DIRECT: None}
    else:
        grants = resource.grants
    direct = grants.get(Grant.DIRECT, False)
    by_role = all_of((grants.get(Grant.ROLE, False), limits))
    if _must_be_named(request):
        by_identity = all_of((by_identity, any_of(grants.values())))
    return any_of((direct, by_role, by_identity))


def _must_be_named(request: AccessRequest) -> bool:
    """A key's or a role's own policy must allow as well, be it only the account."""
    parts = request.resource.split(":", 5)
    key = len(parts) == 6 and parts[2] == "kms" and parts[5].startswith("key/")
    return key or request._action.startswith(_OF_TRUST)


def _same_account(request: AccessRequest) -> Truth:
    if request.requester is None and request.principal_account is None:
        return None
    if request.resource_account is None or request.principal_account is None:
        return True
    return request.principal_account == request.resource_account
