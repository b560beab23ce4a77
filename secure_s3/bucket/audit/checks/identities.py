"""Who in the account may do to the bucket what cannot be undone, by their own policies.

For each identity the requests are evaluated under its policies and its boundary, in the best circumstances
for it. Not considered: the bucket policy and those of the organization, which may deny more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from ....errors import PolicyError
from ....policy import AccessRequest, Policy, evaluate
from ....policy.globs import Match, resource_glob, tokens
from ....policy.lockout import DIRECT, UNSEEN
from ....policy.statement import Statement
from ....policy.statements import key_enable_iam
from ....values import Severity
from ...snapshot.values import Identity, Unread
from ..check import Check, Found, NotRead, Subject, found
from .shapes import account_of, arn_part, is_account, named, parsed, read_list, text, values

OF_THE_BUCKET = ("s3:PutBucketPolicy", "s3:PutBucketAcl", "s3:DeleteBucket")
OF_OBJECTS = ("s3:BypassGovernanceRetention", "s3:DeleteObjectVersion")
DECRYPT = "kms:Decrypt"
OF_ROLES = ("iam:AttachRolePolicy", "iam:PutRolePolicy")
OF_USERS = ("iam:AttachUserPolicy", "iam:PutUserPolicy")
OF_POLICIES = ("iam:CreatePolicyVersion",)
GRANTING = (*OF_ROLES, *OF_USERS, *OF_POLICIES)
"""Whoever may do this to themselves, or to everybody, may all the rest as soon as they like."""
DANGEROUS = (*OF_THE_BUCKET, *OF_OBJECTS, DECRYPT, *GRANTING)
_WHOLE = frozenset({"*", "arn:*", "arn:aws:*", "arn:aws:s3:*", "arn:aws:s3:::*", "arn:aws:s3:::*/*"})
_MOST_KINDS = 256
_ANY_KEY = "00000000-0000-0000-0000-000000000000"
_UNSEEN = (*UNSEEN, "s3:x-amz-acl", "s3:ExistingObjectTag/*", "kms:ViaService", "kms:EncryptionContext:*")


def _least_privilege(subject: Subject) -> Iterator[Found]:
    listed = values(read_list(subject, "identities"), Identity)
    known = account_of(subject) or next((arn_part(each.arn, 4) for each in listed), "")
    if not is_account(known):
        raise NotRead("account", Unread("nobody knows whose account it is", "sts:GetCallerIdentity"))
    where = subject.snapshot.partition, text(subject.told("region", "")) or "us-east-1", known
    may: dict[str, list[str]] = {each: [] for each in DANGEROUS}
    unclear = []
    counted = [each for each in listed if not each.service_linked and each.arn not in subject.profile.admins]
    for identity in counted:
        try:
            allowed = _dangers(identity, subject.snapshot.bucket, where)
        except PolicyError:
            unclear.append(identity.arn)
            continue
        for action in allowed:
            may[action].append(_name(identity.arn))
    if "identities" in subject.snapshot.cut:
        unclear.append("those that were not read")
    if any(may.values()):
        who = {name for names in may.values() for name in names}
        yield found(
            f"{len(who)} of {len(counted)} identities may take the bucket's protection or its data away.",
            *(f"{action}: {len(names)} ({named(sorted(names))})" for action, names in may.items() if names),
            *([f"policies that cannot be read: {named(unclear)}"] if unclear else []),
        )
    elif unclear:
        raise NotRead("identities", Unread(f"policies of {named(unclear)} cannot be read"))


def _name(arn: str) -> str:
    return arn_part(arn, 5) or arn


def _dangers(identity: Identity, bucket: str, where: tuple[str, str, str]) -> tuple[str, ...]:
    """Which of DANGEROUS the identity may do.

    Of buckets that its policies do not tell apart, it is found out once: an account has many of them.
    """
    policies = tuple(map(text, identity.policies))
    patterns, found_out = _of(identity.arn, policies, identity.boundary, where)
    arn = f"arn:{where[0]}:s3:::{bucket}"
    kind = bucket if patterns is None else tuple(each(arn) << 1 | each(f"{arn}/key") for each in patterns)
    if kind not in found_out:
        if len(found_out) >= _MOST_KINDS:
            found_out.clear()
        documents = [parsed(each) for each in policies]
        limit = None if identity.boundary is None else parsed(identity.boundary)
        requests = {each: _request(identity.arn, each, bucket, *where) for each in DANGEROUS}
        found_out[kind] = tuple(each for each, asked in requests.items() if _may(asked, documents, limit))
    return found_out[kind]


@lru_cache(maxsize=4096)
def _of(
    arn: str, policies: tuple[str, ...], boundary: str | None, where: tuple[str, str, str]
) -> tuple[tuple[Match, ...] | None, dict[object, tuple[str, ...]]]:
    """The patterns by which an identity's policies tell buckets apart, and what was found out by kind.

    None in the place of patterns if a variable of the policy decides.
    """
    documents = [*map(parsed, policies), *([] if boundary is None else [parsed(boundary)])]
    about = [each for policy in documents for each in _about(policy.statements)]
    named_ones = sorted({name for each in about for name in each.resources or ()} - _WHOLE)
    if any("${" in each for each in named_ones):
        return None, {}
    return tuple(resource_glob(tokens(each)) for each in named_ones), {}


def _about(statements: Iterable[Statement]) -> Iterator[Statement]:
    """Those that speak of a dangerous action on S3, as far as their words tell."""
    for each in statements:
        if each.not_action or any(
            name.lower().startswith(("s3:", "*")) or "?" in name for name in each.actions
        ):
            yield each


def _request(arn: str, action: str, bucket: str, partition: str, region: str, account: str) -> AccessRequest:
    resource = f"arn:{partition}:s3:::{bucket}" + ("/key" if action in OF_OBJECTS else "")
    if action == DECRYPT:  # a key that nobody names, so that only who may use all of them may use it
        resource = f"arn:{partition}:kms:{region}:{account}:key/{_ANY_KEY}"
    if action in GRANTING:
        resource = _granted(arn, action, partition, account)
    return AccessRequest(action, resource, arn, DIRECT, unknown=_UNSEEN, resource_account=account)


def _granted(arn: str, action: str, partition: str, account: str) -> str:
    """Whose permissions would grow: the identity's own, or those of one that nobody names."""
    kind = "role" if action in OF_ROLES else "user" if action in OF_USERS else "policy"
    return arn if arn_part(arn, 5).startswith(f"{kind}/") else f"arn:{partition}:iam::{account}:{kind}/zq7"


def _may(request: AccessRequest, documents: list[Policy], limit: Policy | None) -> bool:
    key_policy = _delegating(request.resource_account or "") if request.action == DECRYPT else None
    decision = evaluate(
        request, resource_policy=key_policy, identity_policies=documents, permissions_boundary=limit
    )
    return decision.outcome in ("allowed", "unknown")


@lru_cache(maxsize=64)
def _delegating(account: str) -> Policy:
    """The default policy of a key, which leaves it to the policies of identities."""
    return Policy.of(key_enable_iam(account))


CHECKS: tuple[Check, ...] = (
    Check(
        id="least-privilege",
        title="Few identities may take the bucket's protection away",
        topic="access",
        severity=Severity.MEDIUM,
        reads=("identities", "account", "region"),
        why="Every identity that may replace the policy, delete versions or use every key is one stolen "
        "credential away from the loss of everything.",
        fix="grant single actions on single buckets, and set a permissions boundary: `aws iam "
        "put-role-policy`, "
        "`aws iam put-role-permissions-boundary`; statements.allow_read and allow_write write such grants",
        judge=_least_privilege,
        refs=(
            *("SecurityHub:IAM.1", "SecurityHub:KMS.1", "SecurityHub:KMS.2", "CIS-5.0:1.15"),
            *("checkov:CKV_AWS_62", "checkov:CKV_AWS_63"),
            "prowler:iam_customer_attached_policy_no_administrative_privileges",
        ),
        seeds=("least-privilege IAM, no overly permissive bucket policy",),
        recommended=True,
        source='IAM User Guide, "Security best practices in IAM": apply least-privilege permissions',
    ),
)
