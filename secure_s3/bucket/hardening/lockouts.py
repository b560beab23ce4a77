"""Before a policy is planned: would it lock out whoever applies it, or an administrator? Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ...errors import LockoutRefused
from ...policy.document import Policy
from ...policy.lockout import CERTAIN, POSSIBLE, Lockout, lockout
from ...values import printable_text
from ..audit.check import NotRead, Subject
from ..snapshot.values import Identity


def check_lockout(subject: Subject, policy: Policy, bucket: str) -> tuple[str, ...]:
    """What is to be said of a policy beside it; nothing if the caller and all administrators keep access.

    Raises:
        LockoutRefused: The caller or an administrator could certainly neither replace nor delete the policy.
        NotRead: Nobody knows who the caller is, and the profile names no administrator.
    """
    admins = subject.profile.admins
    try:
        principals = (subject.read("caller"), *admins)
    except NotRead:
        if not admins:
            raise
        principals = admins
    return tuple(
        note for principal in dict.fromkeys(principals) for note in _notes(subject, policy, bucket, principal)
    )


def _notes(subject: Subject, policy: Policy, bucket: str, principal: str) -> Iterator[str]:
    account = subject.told("account")
    found = lockout(policy, principal, bucket=bucket, account=account)
    if found.verdict == CERTAIN:
        raise _refused(found, bucket)
    if found.verdict == POSSIBLE:
        yield from (each.message for each in found.findings[:1])
        return
    identity = _identity(subject, principal)
    if identity is None:
        return
    allowed = lockout(policy, principal, bucket=bucket, account=account, identity_policies=identity.policies)
    if allowed.verdict == CERTAIN:
        yield f"{principal} may not change the bucket policy by its own policies, whatever this one says"


def _identity(subject: Subject, principal: str) -> Identity | None:
    """The user or role behind *principal*; a session has its role's policies."""
    parts = principal.split(":", 5)
    name = parts[5] if len(parts) == 6 else ""
    identities: tuple[Identity, ...] = subject.told("identities", ())
    for each in identities:
        kind, _, rest = each.arn.split(":", 5)[-1].partition("/")
        if each.arn == principal:
            return each
        role = (each.arn.split(":")[4], rest.rpartition("/")[2])
        of_the_role = name.startswith("assumed-role/") and (parts[4], name.split("/")[1]) == role
        if kind == "role" and of_the_role:
            return each
    return None


def _refused(found: Lockout, bucket: str) -> LockoutRefused:
    denying = printable_text(", ".join(each.statement for each in found.findings if each.statement))
    said = f"the statements {denying} deny it" if denying else "no statement allows it"
    return LockoutRefused(
        f"the new policy of {bucket} would lock out {found.principal}",
        why=f"it could neither replace nor delete the policy: {said}; what is there already counts as well",
        fix="exempt it in these statements (ArnNotLike aws:PrincipalArn), or plan as another caller; nothing "
        "was changed",
        bucket=bucket,
    )
