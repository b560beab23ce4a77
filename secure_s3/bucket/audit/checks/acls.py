"""Access control lists: whether they count at all, whom they let in, and whether public ones can be set.

Sources: Amazon S3 User Guide, "Access control list (ACL) overview", "Controlling ownership of objects and
disabling ACLs for your bucket".
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from ....policy.batches import Batch
from ....policy.request import AccessRequest
from ....policy.rules.acls import ACL, CANNED, EVERYBODY, GRANTS
from ....policy.witnesses import with_context
from ....values import Severity
from ...snapshot.values import Unread
from ..blocking import ACLS, IGNORE, blocks, evidence
from ..check import Check, Found, NotRead, Subject, found
from ..requests import OF_BUCKETS, PEOPLE, request, slips
from ..standins import BucketPolicy, standing
from ..suggestions import keys_of
from .transport import as_finding, weighed

ENFORCED = "BucketOwnerEnforced"
_GROUPS = {
    "http://acs.amazonaws.com/groups/global/AllUsers": "anybody",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers": "anybody with an AWS account",
}
_MAY = {
    "READ": "list the bucket",
    "WRITE": "write, overwrite and delete objects",
    "READ_ACP": "read the ACL",
    "WRITE_ACP": "change the ACL, and so do everything",
    "FULL_CONTROL": "do everything",
}
_FIXED = (ACL, *GRANTS)
_REMEMBERED = 512


def _public(subject: Subject) -> Iterator[Found]:
    if subject.told("ownership") == ENFORCED:
        return  # no ACL counts
    grants = subject.read("acl").get("Grants", ())
    public = [each for each in grants if each.get("Grantee", {}).get("URI") in _GROUPS]
    ignored = blocks(subject, IGNORE) if public else False
    for each in public:
        yield _granted(subject, each, ignored)


def _granted(subject: Subject, grant: Any, ignored: bool | Unread) -> Found:
    uri, permission = grant["Grantee"]["URI"], str(grant.get("Permission"))
    who, may = _GROUPS[uri], _MAY.get(permission, permission)
    shown = (f"ACL: {permission} for {uri}", *evidence(subject))
    if ignored is True:
        return found(
            f"the ACL lets {who} {may}; only Block Public Access keeps it from counting",
            *shown,
            severity=Severity.MEDIUM,
        )
    if isinstance(ignored, Unread):
        return found(
            f"the ACL lets {who} {may}, unless Block Public Access ignores it, which was not read",
            *shown,
            severity=Severity.HIGH,
        )
    mild = Severity.HIGH if permission == "READ_ACP" else None
    return found(f"the ACL lets {who} {may}", *shown, severity=mild)


def _disabled(subject: Subject) -> Iterator[Found]:
    ownership = subject.read("ownership")
    if ownership != ENFORCED:
        yield found(
            f"ACLs count: Object Ownership is {ownership or 'not set'}",
            f"Object Ownership: {ownership or 'not set'}",
            *_others(subject),
        )


def _others(subject: Subject) -> Iterator[str]:
    """Grants of the ACL to somebody else than the owner, who would lose them."""
    acl = subject.told("acl", {})
    owner = acl.get("Owner", {}).get("ID")
    for each in acl.get("Grants", ()):
        grantee = each.get("Grantee", {})
        who = grantee.get("URI") or grantee.get("DisplayName") or grantee.get("ID")
        if grantee.get("ID") != owner or grantee.get("URI"):
            yield f"ACL: {each.get('Permission')} for {who}"


def _uploads(subject: Subject) -> Iterator[Found]:
    """Public ACLs are stopped by Object Ownership, by Block Public Access, or else by the policy."""
    if subject.told("ownership") == ENFORCED:
        return
    blocked = blocks(subject, ACLS)
    if blocked is True:
        return
    stands = standing(subject)
    passing = _passing(stands.policy)
    if not passing:
        return
    subject.read("ownership")
    if isinstance(blocked, Unread):
        raise NotRead("public_access_block", blocked)
    yield from map(stands.restored, passing)


@lru_cache(maxsize=OF_BUCKETS)
def _opening(bucket: str) -> tuple[tuple[str, Batch], ...]:
    """Requests that open something to everybody, by how they do."""
    home = f"arn:aws:s3:::{bucket}"
    ways = [*((ACL, each) for each in CANNED), *((each, EVERYBODY) for each in GRANTS)]
    return tuple(
        (f"with {key.removeprefix('s3:')}: {value}", Batch(_with(home, key, value))) for key, value in ways
    )


def _with(home: str, key: str, value: str) -> Iterator[AccessRequest]:
    for action, resource in (
        ("s3:PutObject", f"{home}/key"),
        ("s3:PutObject", f"{home}/zq7/2026/report.pdf"),
        ("s3:PutObjectAcl", f"{home}/key"),
        ("s3:PutBucketAcl", home),
    ):
        # PutObject knows no x-amz-grant-write: only a bucket can be written to.
        if key != "s3:x-amz-grant-write" or action == "s3:PutBucketAcl":
            yield from (with_context(request(action, resource, who), {key: value}) for who in PEOPLE[:4])


def _also(policy: BucketPolicy, how: str) -> Iterator[AccessRequest]:
    """The same on objects that the Denies suggest."""
    denies = [each for each in policy.policy.statements if each.effect == "Deny"]
    header, _, value = how.removeprefix("with ").partition(": ")
    for resource in keys_of(policy, denies) if header != "x-amz-grant-write" else ():
        yield with_context(request("s3:PutObject", resource), {f"s3:{header}": value})


@lru_cache(maxsize=_REMEMBERED)
def _passing(policy: BucketPolicy) -> tuple[Found, ...]:
    for how, starts in _opening(policy.bucket):
        passing = slips(policy, starts, _also(policy, how), _FIXED)
        if passing:
            return (
                as_finding(passing, "requests that set a public ACL are not denied", how, weighed(passing)),
            )
    return ()


CHECKS = (
    Check(
        id="acl-public",
        title="No ACL lets everybody in",
        topic="access",
        severity=Severity.CRITICAL,
        reads=("acl", "ownership", "public_access_block", "account_public_access_block"),
        why="A grant to AllUsers or AuthenticatedUsers is one to everybody on the internet.",
        fix="set Object Ownership to BucketOwnerEnforced, and Block Public Access; `harden` does",
        judge=_public,
        refs=(
            "SecurityHub:S3.2",
            "SecurityHub:S3.3",
            "checkov:CKV_AWS_375",
            "checkov:CKV_AWS_20",
            "checkov:CKV_AWS_57",
            "prowler:s3_bucket_public_list_acl",
            "prowler:s3_bucket_public_write_acl",
        ),
        seeds=("ACLs off (BucketOwnerEnforced), public ACLs denied",),
        hardened=True,
        source='Amazon S3 User Guide, "Access control list (ACL) overview"',
    ),
    Check(
        id="acls-disabled",
        title="ACLs are off: the bucket's owner owns every object",
        topic="access",
        severity=Severity.MEDIUM,
        reads=("ownership", "acl"),
        why="While ACLs count, whoever may write an object may also say who reads it, and what another "
        "account uploads belongs to that account.",
        fix="set Object Ownership to BucketOwnerEnforced; `harden` does",
        judge=_disabled,
        refs=("SecurityHub:S3.12", "prowler:s3_bucket_acl_prohibited", "checkov:CKV2_AWS_65"),
        seeds=("ACLs off (BucketOwnerEnforced), public ACLs denied",),
        hardened=True,
        source='Amazon S3 User Guide, "Controlling ownership of objects and disabling ACLs for your bucket"',
    ),
    Check(
        id="public-acls-denied",
        title="Nobody can set a public ACL",
        topic="access",
        severity=Severity.MEDIUM,
        reads=("ownership", "public_access_block", "account_public_access_block", "policy"),
        why="Who uploads can open the object to everybody by one header.",
        fix="switch ACLs off, or set BlockPublicAcls, or deny public ACLs in the policy; `harden` does",
        judge=_uploads,
        refs=("SecurityHub:S3.12", "checkov:CKV_AWS_53"),
        seeds=("ACLs off (BucketOwnerEnforced), public ACLs denied",),
        hardened=True,
        source='Amazon S3 User Guide, "Access control list (ACL) overview"',
    ),
)
