"""Before a policy is planned: would it lock out whoever applies it, or an administrator? Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ...errors import LockoutRefused
from ...policy.document import Policy
from ...policy.lockout import CERTAIN, POSSIBLE, Lockout, lockout
from ...values import printable_text
from ..audit.check import NotRead, Subject
from ..snapshot.values import Identity

_OLDEST, _NEWEST = "1.2", "1.3"
"""TLS versions that our clients speak."""


def check_lockout(subject: Subject, policy: Policy, bucket: str) -> tuple[str, ...]:
    """What is to be said of a policy beside it; nothing if the caller and all administrators keep access.

    Raises:
        LockoutRefused: The caller or an administrator could certainly neither replace nor delete the policy;
            the caller also if that is so over the TLS version that its connections have.
        NotRead: Nobody knows who the caller is, and the profile names no administrator.
    """
    admins = subject.profile.admins
    tls: tuple[str, ...] = ()
    try:
        principals = (subject.read("caller"), *admins)
        tls = tuple(_tls_notes(subject, policy, bucket, principals[0]))
    except NotRead:
        if not admins:
            raise
        principals = admins
    notes = (_notes(subject, policy, bucket, principal) for principal in dict.fromkeys(principals))
    return (*(note for some in notes for note in some), *tls)


def _tls_notes(subject: Subject, policy: Policy, bucket: str, caller: str) -> Iterator[str]:
    """Whether the caller, who can do it over TLS 1.3, cannot over its own connections."""
    version, account = subject.told("caller_tls"), subject.told("account")

    def certain(tls: str) -> bool:
        assumed = lockout(policy, caller, bucket=bucket, account=account, assume={"s3:TlsVersion": tls})
        return assumed.verdict == CERTAIN

    if not certain(version or _OLDEST) or certain(_NEWEST):
        return
    if version is None:
        yield (
            f"connections of TLS {_OLDEST} are denied, and it is not known which version the caller's have: "
            f"over {_OLDEST} it could not change the policy any more. Use a client with min_tls={_NEWEST!r}"
        )
        return
    raise LockoutRefused(
        f"the new policy of {bucket} would lock out {caller} as it is connected now",
        why=f"its connections have TLS {version}, which the policy denies",
        fix=f"use a client whose profile has min_tls={_NEWEST!r}, on a machine that speaks it, or ask for an "
        "older min_tls; nothing was changed",
        bucket=bucket,
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
        if each.arn == principal:
            return each
        of = each.arn.split(":", 5)
        if len(of) < 6:
            continue  # a snapshot may come from a file; that is nobody's ARN
        kind, _, rest = of[5].partition("/")
        role = (of[4], rest.rpartition("/")[2])
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
