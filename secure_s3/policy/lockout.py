"""Before a policy is applied: can whoever applies it still take it back?

A bucket policy binds those who administer the bucket as well. Whether a principal could still read, replace
or delete it is found by evaluating these requests under the new policy. Circumstances that only the server
knows stay unknown, so that a Deny they decide makes the answer ``possible``, never a guess.

Source: Amazon S3 API Reference, PutBucketPolicy: the root user of the bucket's account can always do so, even
if the policy denies it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import PolicyError
from ..values import Finding, Severity
from .decision import Decision
from .document import Policy
from .evaluator import evaluate
from .layers import Layer
from .principals import kind_of_caller
from .request import AccessRequest, Unknown

ACTIONS = ("s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy")
_ADMINISTERING = ("user", "role", "session", "root", "federated-user")
CERTAIN, POSSIBLE, NONE = "certain", "possible", "none"

UNSEEN = (
    *("aws:SourceIp", "aws:SourceVpce", "aws:SourceVpc", "aws:SourceVpcArn", "aws:VpcSourceIp"),
    *("aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge", "aws:TokenIssueTime", "aws:CurrentTime"),
    *("aws:EpochTime", "aws:userid", "aws:SourceIdentity", "aws:FederatedProvider", "aws:PrincipalTag/*"),
    *("aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:ResourceOrgID", "aws:ResourceOrgPaths"),
    *("aws:ResourceTag/*", "s3:BucketTag/*", "aws:UserAgent", "aws:Referer", "aws:RequestedRegion"),
)
"""Keys whose values nobody here knows; *assume* gives those that you do."""

DIRECT: Mapping[str, Any] = {
    "aws:SecureTransport": True,
    "s3:TlsVersion": "1.3",
    "s3:authType": "REST-HEADER",
    "s3:signatureversion": "AWS4-HMAC-SHA256",
    "s3:signatureAge": "0",
    "aws:ViaAWSService": False,
}
"""The best that a client can do: what it is denied then, it is denied always."""
_ALL = Policy.parse(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)


@dataclass(frozen=True, slots=True)
class Lockout:
    """Whether a principal would be locked out of a bucket policy.

    Args:
        principal: Whose requests were evaluated.
        verdict: ``certain``: it can neither replace nor delete the policy. ``possible``: it depends on what
            nobody here knows. ``none``: it can do one of them.
        decisions: By action, what the new policy does and why.
        keys: Condition keys that decide where it is possible.
    """

    principal: str
    verdict: str
    decisions: Mapping[str, Decision]
    keys: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether it is certain or possible."""
        return self.verdict != NONE

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The same as findings: none, or one per statement that denies or may deny."""
        if self.verdict == NONE:
            return ()
        severity = Severity.CRITICAL if self.verdict == CERTAIN else Severity.MEDIUM
        statements = {
            reason.statement.name: reason.statement
            for action in ACTIONS[1:]
            for reason in self.decisions[action].reasons
            if reason.statement is not None and reason.statement.effect == "Deny"
        }
        if not statements:
            return (_finding(self, severity, None, ""),)
        return tuple(_finding(self, severity, name, each.pointer) for name, each in statements.items())


def lockout(
    policy: Policy | str | bytes | Mapping[str, Any],
    principal: str,
    *,
    bucket: str,
    account: str | None = None,
    identity_policies: Layer = (_ALL,),
    assume: Mapping[str, Any] | None = None,
) -> Lockout:
    """Whether *principal* could still put or delete the bucket policy once it is *policy*.

    It speaks of this policy and of the identity policies given; service control policies, boundaries and
    session policies are not examined.

    Args:
        policy: The new policy.
        principal: ARN of the user, role or session that administers the bucket, or of an account's root.
        bucket: Its name.
        account: Twelve digits of the bucket's account; the principal's if not given.
        identity_policies: The principal's; without them it is taken to be allowed everything.
        assume: What you know of its requests, e.g. ``{"aws:SourceIp": "203.0.113.7"}``; None for absent.

    Raises:
        PolicyError: an argument cannot be meant.
    """
    policy = Policy.parse(policy)
    _check(principal, bucket)
    if assume is not None and not (
        isinstance(assume, Mapping) and all(isinstance(key, str) for key in assume)
    ):
        raise PolicyError(
            "assume= is no mapping from condition keys", fix='pass {"aws:SourceIp": "203.0.113.7"}'
        )
    context = {**DIRECT, **(assume or {})}
    given = {key.lower() for key in context}
    unknown = tuple(key for key in UNSEEN if key.lower() not in given)
    arn = f"arn:{principal.split(':')[1]}:s3:::{bucket}"
    decisions = {
        action: evaluate(
            AccessRequest(action, arn, principal, context, unknown, resource_account=account),
            resource_policy=policy,
            identity_policies=identity_policies,
        )
        for action in ACTIONS
    }
    changing = [decisions[action] for action in ACTIONS[1:]]
    if any(each.outcome == "allowed" for each in changing):
        return Lockout(principal, NONE, decisions)
    if any(each.outcome == "unknown" for each in changing):
        keys = tuple(dict.fromkeys(key for each in changing for key in each.unknown_keys))
        return Lockout(principal, POSSIBLE, decisions, keys)
    return Lockout(principal, CERTAIN, decisions)


def _check(principal: str, bucket: str) -> None:
    if not isinstance(bucket, str) or not bucket or set(bucket) & set("*?:/ "):
        raise PolicyError(f"bucket={bucket!r} is no name of a bucket", fix="pass the name alone")
    known = isinstance(principal, str) and not isinstance(principal, Unknown)
    # An account's digits name its root user elsewhere; here the partition is taken from the ARN.
    one = known and principal.startswith("arn:") and not set(principal) & set("*?")
    if not one or kind_of_caller(principal) not in _ADMINISTERING:
        raise PolicyError(
            f"principal={principal!r} administers no bucket",
            why="a user, a role, one of its sessions or an account's root user does",
            fix='pass an ARN, e.g. "arn:aws:iam::111122223333:role/Admin"',
        )


def _finding(found: Lockout, severity: Severity, statement: str | None, pointer: str) -> Finding:
    if found.verdict == CERTAIN:
        message = f"{found.principal} could neither replace nor delete this policy"
    else:
        said = f", depending on {', '.join(found.keys)}" if found.keys else ""
        message = f"{found.principal} might be unable to replace or delete this policy{said}"
    return Finding(
        "lock-out",
        severity,
        message,
        statement,
        pointer,
        "exempt the principal by ArnNotLike aws:PrincipalArn; the root user of the bucket's account can "
        "always put and delete the policy",
        ("Amazon S3 API Reference, PutBucketPolicy", "checkov:CKV_AWS_93"),
    )
