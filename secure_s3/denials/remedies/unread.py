"""Denials by policies of which only the message is known, or that nobody in the account can change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ...errors import PolicyError
from ...policy.document import Policy
from ...policy.principals import Requester
from ...policy.request import AccessRequest
from ..denial import Denial
from ..explanation import (
    ACCOUNT_ADMIN,
    BUCKET_OWNER,
    CALLER,
    ENDPOINT_OWNER,
    ORGANIZATION_ADMIN,
    Remedy,
)
from ..suspects import LAYERS
from .facts import Facts
from .granting import for_identity
from .keys import access
from .whose import inline_command

_NAMES = {
    "service_control_policy": "service control policy",
    "resource_control_policy": "resource control policy",
}
_ARN = re.compile(r"arn:[^:\s]+:[^:\s]+:[^:\s]*:[^:\s]*:\S.*", re.S)


def layer_of(denial: Denial) -> str | None:
    """The layer of policies that refuses, as far as the denial says; None where it is no policy's."""
    return denial.layer if denial.cause == "kms_access" else LAYERS.get(denial.cause)


def of_policies(denial: Denial) -> bool:
    """A policy refused it, and it is known which kind: nobody is to change one on a guess."""
    return denial.cause == "kms_access" or denial.cause in LAYERS


def of_a_policy(facts: Facts) -> Iterable[Remedy]:
    """What can be said of a policy without having it."""
    cause = facts.denial.cause
    if cause == "kms_access":
        return access(facts)
    if cause in _NAMES:
        return _of_the_organization(facts, _NAMES[cause])
    if cause == "endpoint_policy":
        return _of_the_endpoint(facts)
    if cause == "identity_policy" and facts.denial.explicit is not True:
        return _of_the_identity(facts)
    return _of_others(facts, cause)


def _of_the_organization(facts: Facts, name: str) -> Iterator[Remedy]:
    arn = facts.denial.policy_arn
    which = f" {arn.rpartition('/')[2]}" if arn else ""
    verb = "that it refuses" if facts.denial.explicit else "that no policy allows"
    yield Remedy(
        ORGANIZATION_ADMIN,
        f"the organization's {name}{which} cannot be changed in this account: tell its administrators "
        f"{verb} {facts.action or 'the call'}{_on(facts)}",
        document=name,
        target=arn or "",
    )


def _of_the_endpoint(facts: Facts) -> Iterator[Remedy]:
    yield Remedy(
        ENDPOINT_OWNER,
        f"let the policy of the VPC endpoint allow {facts.action or 'the call'}{_on(facts)}",
        document="endpoint policy",
        target=facts.denial.policy_arn or "",
    )
    yield Remedy(CALLER, "call S3 by another way than through this VPC endpoint")


def _of_the_identity(facts: Facts) -> Iterator[Remedy]:
    """A policy made of the message alone; without other policies nobody can try it."""
    arn = Requester.parse(facts.denial.principal).principal_arn if facts.denial.principal else None
    resource = facts.denial.resource or ""
    try:
        request = AccessRequest(facts.action, resource if _ARN.fullmatch(resource) else "*", arn)
        made = for_identity(request, facts) if request.resource != "*" or not resource else None
    except PolicyError:
        made = None
    whom = arn or "the caller"
    line = inline_command(arn, str(made.sid)) if arn and made else ""
    if made is None or not line or (not resource and facts.action != "s3:ListAllMyBuckets"):
        yield Remedy(ACCOUNT_ADMIN, f"let a policy of {whom} allow {facts.action or 'the call'}{_on(facts)}")
        return
    yield Remedy(
        ACCOUNT_ADMIN,
        f"a further inline policy of {whom}: allow {facts.action}{_on(facts)}",
        document="identity policy",
        target=whom,
        new_document=Policy.of(made).to_dict(),
        command=line,
    )


def _of_others(facts: Facts, cause: str) -> Iterator[Remedy]:
    arn, what = facts.denial.policy_arn, f"{facts.action or 'the call'}{_on(facts)}"
    which = f" {arn}" if arn else ""
    verb = "no longer refuse" if facts.denial.explicit else "allow"
    if cause == "bucket_policy":
        where = f" of {facts.bucket}" if facts.bucket else ""
        yield Remedy(BUCKET_OWNER, f"let the bucket policy{where} {verb} {what}", document="bucket policy")
    elif cause == "session_policy":
        yield Remedy(CALLER, f"assume the role with a session policy that allows {what}, or with none")
    elif cause == "trust_policy":
        yield Remedy(ACCOUNT_ADMIN, f"let the role's trust policy {verb} {what}", document="trust policy")
    elif cause == "permissions_boundary":
        yield Remedy(
            ACCOUNT_ADMIN,
            f"let the permissions boundary{which} {verb} {what}",
            document="permissions boundary",
            target=arn or "",
            risk="a boundary limits all that the caller may ever be given",
        )
    else:
        yield Remedy(
            ACCOUNT_ADMIN,
            f"let the identity policy{which} {verb} {what}",
            document="identity policy",
            target=arn or "",
        )


def _on(facts: Facts) -> str:
    return f" on {facts.resource}" if facts.resource else ""
