"""Causes that are policies: each is named by its kind in the message, and some by their ARN.

Source: IAM User Guide, "Troubleshoot access denied error messages" and "Policy evaluation logic"; Amazon S3
User Guide, "Troubleshoot access denied (403 Forbidden) errors in Amazon S3".
"""

from __future__ import annotations

from typing import Final

from ..grammar import TRANSITIVELY
from .entry import IAM_GUIDE, REFUSED, ROLE, S3_GUIDE, Cause, Wording

_TROUBLE = f"{IAM_GUIDE}troubleshoot_access-denied.html"
_ORGANIZATIONS = "https://docs.aws.amazon.com/organizations/latest/userguide/"
_USER = "User: {principal} is not authorized to perform: {action}"


# Policies that AWS names by their ARN; those of a bucket, an endpoint or a role it never does.
_NAMED = ("identity", "service control", "resource control", "permissions", "session")


def _explicit(kind: str, article: str = "a", more: str = "", detail: str = "") -> Wording:
    text = f"{_USER}{{on}} with an explicit deny in {article} {kind}{more}{_named(kind)}"
    return Wording(text, explicit=True, detail=detail)


def _implicit(kind: str) -> Wording:
    text = f"{_USER}{{on}} because no {kind} allows the {{action}} action{_named(kind)}"
    return Wording(text, explicit=False)


def _named(kind: str) -> str:
    return "{named}" if kind.startswith(_NAMED) else ""


POLICIES: Final = (
    Cause(
        "identity_policy",
        "identity-based policy",
        "The policies of the user, of its groups or of the role decide. Either none of them allows the "
        "action on that resource, or one denies it; since January 2026 the message ends with the ARN of "
        "the one that denies. A policy that allows is of no use against one that denies.",
        "look at the policies of {who}",
        "account admin",
        (_TROUBLE, REFUSED),
        (_implicit("identity-based policy"), _explicit("identity-based policy", "an")),
        {
            "implicit": "allow {action} on {resource} in a policy of {who}",
            "explicit": "change the statement that denies {action}: in {policy}, attached to {who}",
            "quarantine": "the access key has leaked, and AWS put it in quarantine: replace it now, look "
            "what was done with it, then detach {policy}",
        },
        policy=True,
    ),
    Cause(
        "bucket_policy",
        "bucket policy",
        "The policy of the bucket or access point decides: a statement of it denies the request, or it "
        "does not let in a caller of another account. AWS never says which statement: plain HTTP, a "
        "missing encryption header, the wrong KMS key, a wrong network and a missing MFA all read alike. "
        "If no statement denies it, suspect Block Public Access: under RestrictPublicBuckets and "
        "IgnorePublicAcls the message is the same.",
        "read the bucket's policy",
        "bucket owner; the caller where a condition is about the request",
        (REFUSED, f"{S3_GUIDE}bucket-policies.html"),
        (_explicit("resource-based policy"), _implicit("resource-based policy")),
        {
            "explicit": "find the statement that denies it, with s3.explain(error): then send what its "
            "condition wants, or have the bucket's owner change it",
            "implicit": "have the bucket's owner allow {action} on {resource} to {who} in the bucket's "
            "policy",
        },
        policy=True,
    ),
    Cause(
        "service_control_policy",
        "service control policy",
        "A service control policy of the organization applies to the caller's account, and caps what "
        "anybody in it may do. No policy within the account can add to it.",
        "give the policy's id to the administrator of the organization",
        "organization admin",
        (f"{_ORGANIZATIONS}orgs_manage_policies_scps.html", _TROUBLE),
        (_explicit("service control policy"), _implicit("service control policy")),
        {
            "explicit": "ask the organization's administrator about {policy}: nothing in this account "
            "overrides it",
            "implicit": "ask the organization's administrator to allow {action} in the SCPs of this account",
        },
        policy=True,
    ),
    Cause(
        "resource_control_policy",
        "resource control policy",
        "A resource control policy of the organization that owns the bucket or key caps who may use it, "
        "callers of other accounts included. No policy of the bucket, the key or the caller can add to it.",
        "give the policy's id to the administrator of the organization that owns the resource",
        "organization admin",
        (f"{_ORGANIZATIONS}orgs_manage_policies_rcps.html", _TROUBLE),
        (_explicit("resource control policy"), _implicit("resource control policy")),
        {
            "explicit": "ask the administrator of the resource's organization about {policy}: no policy of "
            "the bucket overrides it",
        },
        policy=True,
    ),
    Cause(
        "permissions_boundary",
        "permissions boundary",
        "The user or role has a permissions boundary, and may do only what both the boundary and its "
        "policies allow. Here the boundary is what lacks it, or denies it.",
        "allow {action} in the permissions boundary of {who} too",
        "account admin",
        (f"{IAM_GUIDE}access_policies_boundaries.html", _TROUBLE),
        (_implicit("permissions boundary"), _explicit("permissions boundary")),
        {
            "implicit": "allow {action} in the permissions boundary of {who} too: what counts is what both "
            "allow",
            "explicit": "change the statement that denies {action} in the boundary of {who}: {policy}",
        },
        policy=True,
    ),
    Cause(
        "session_policy",
        "session policy",
        "The credentials are temporary, and were issued with a session policy: by AssumeRole, "
        "GetFederationToken, IAM Identity Center, or a credential broker. They may do only what both it "
        "and the role's policies allow.",
        "allow {action} in the session policy that the credentials are issued with",
        "whoever issues the credentials",
        (f"{IAM_GUIDE}access_policies.html#policies_session", _TROUBLE),
        (_implicit("session policy"), _explicit("session policy")),
        {
            "implicit": "allow {action} in the session policy that the credentials are issued with (Policy, "
            "PolicyArns), or issue them without one",
            "explicit": "change the statement that denies {action} in the session policy: {policy}",
        },
        policy=True,
    ),
    Cause(
        "endpoint_policy",
        "VPC endpoint policy",
        "The request went through a VPC endpoint, and the policy of that endpoint does not let it pass. "
        "From another "
        'network the same call may succeed. "Transitively" means that a service control policy is what the '
        "endpoint's answer stands on.",
        "allow {action} on {resource} in the policy of the VPC endpoint",
        "endpoint owner",
        ("https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html", REFUSED),
        (
            _implicit("VPC endpoint policy"),
            _explicit("VPC endpoint policy"),
            _explicit("VPC endpoint policy", more=f" {TRANSITIVELY}", detail=TRANSITIVELY),
        ),
        {
            "explicit": "change the statement of the VPC endpoint's policy that denies {action}, or send "
            "it another way",
            TRANSITIVELY: "ask the owner of the VPC endpoint and the administrator of the organization: a "
            "service control policy behind the endpoint denies it",
        },
        policy=True,
    ),
    Cause(
        "trust_policy",
        "role trust policy",
        "The role could not be assumed. Its trust policy does not name the caller, or denies it; where the "
        "message gives no reason, the caller's own policy may be what lacks sts:AssumeRole.",
        "name {who} in the trust policy of {resource}, and allow the caller sts:AssumeRole on it",
        "account admin of the role",
        (f"{IAM_GUIDE}troubleshoot_roles.html", _TROUBLE),
        (
            _implicit("role trust policy"),
            _explicit("role trust policy", "the"),
            _implicit("resource-based policy"),
            _explicit("resource-based policy"),
            Wording(f"{_USER}{{on}}"),
            Wording("Not authorized to perform sts:AssumeRoleWithWebIdentity"),
            Wording("Roles may not be assumed by root accounts.", detail="root"),
        ),
        {
            "root": "assume the role as a user or from another role: the root user assumes none",
            "implicit": "let the trust policy of {resource} name {who}",
            "explicit": "change the statement that denies it in the trust policy of {resource}",
        },
        policy=True,
        action="sts:AssumeRole",
        resource=ROLE,
    ),
)
