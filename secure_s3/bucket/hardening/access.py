"""Who gets in: Block Public Access, of the bucket and of the account, and Object Ownership. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..audit.check import Subject
from .plan import Change
from .steps import Steps, blocked, bucket_change
from .telling import difference

SWITCHES = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
ALL_ON = dict.fromkeys(SWITCHES, True)
ENFORCED = "BucketOwnerEnforced"
_PUBLIC = "http://acs.amazonaws.com/groups/global/"
_OWNERSHIP = "ACLs: switch them off (Object Ownership: bucket owner enforced)"


def switches(setting: Mapping[str, Any]) -> dict[str, bool]:
    """The four of Block Public Access; what was never set is off."""
    return {name: bool(setting.get(name, False)) for name in SWITCHES}


def public_access(subject: Subject, public_policy: bool) -> Steps:
    """All four switches of the bucket on.

    Source: Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage".
    """
    before = switches(subject.read("public_access_block"))
    if before == ALL_ON:
        return
    loses = "by S3's definition: whoever is outside of the account loses access"
    notes = [f"the bucket policy is public {loses}"] if public_policy else []
    if any(_PUBLIC in grant for grant in _grants(subject.told("acl", {}))):
        notes.append("the bucket's ACL is public, and counts no longer")
    yield bucket_change(
        subject,
        "bucket-public-access-block",
        "Block Public Access: switch all four on",
        "put_public_access_block",
        {"PublicAccessBlockConfiguration": ALL_ON},
        field="public_access_block",
        before=before,
        after=ALL_ON,
        notes=tuple(notes),
    )


def account_public_access(subject: Subject) -> Steps:
    """All four switches of the account on, if the profile says so."""
    if not subject.profile.block_account:
        return
    before = switches(subject.read("account_public_access_block"))
    account = subject.read("account")
    if before == ALL_ON:
        return
    yield Change(
        id="account-public-access-block",
        title="Block Public Access of the account: switch all four on",
        checks=("account-public-access-block",),
        service="s3control",
        method="put_public_access_block",
        arguments={"AccountId": account, "PublicAccessBlockConfiguration": ALL_ON},
        resource=account,
        field="account_public_access_block",
        before=before,
        after=ALL_ON,
        diff=difference(before, ALL_ON),
        note="it holds for every bucket of the account, in every region: none can be public any more",
    )


def ownership(subject: Subject) -> Steps:
    """ACLs off, unless the bucket's own ACL grants something to somebody else, which S3 refuses.

    Source: Amazon S3 User Guide, "Controlling ownership of objects and disabling ACLs for your bucket".
    """
    before = subject.read("ownership")
    if before == ENFORCED:
        return
    lost = tuple(_grants(subject.read("acl")))
    if lost:
        name = subject.snapshot.bucket
        yield blocked(
            "acls-disabled",
            _OWNERSHIP,
            "the bucket's ACL grants to others, and S3 refuses while it does: " + "; ".join(lost) + ". Give "
            "them by the bucket policy what they need, then make the ACL private",
            f"aws s3api put-bucket-acl --bucket {name} --acl private",
        )
        return
    yield bucket_change(
        subject,
        "acls-disabled",
        _OWNERSHIP,
        "put_bucket_ownership_controls",
        {"OwnershipControls": {"Rules": [{"ObjectOwnership": ENFORCED}]}},
        field="ownership",
        before=before,
        after=ENFORCED,
        diff=difference({"ObjectOwnership": before or None}, {"ObjectOwnership": ENFORCED}),
        checks=("acls-disabled", "acl-public"),
        notes=(
            "ACLs of single objects count no longer either: what they grant to others is lost until the "
            "setting is taken back; uploads that bring an ACL for others are refused",
        ),
    )


def _grants(acl: Mapping[str, Any]) -> Iterator[str]:
    """What the ACL gives to others than the bucket's owner, in words."""
    owner = acl.get("Owner", {}).get("ID")
    for grant in acl.get("Grants", ()):
        grantee = grant.get("Grantee", {})
        if owner is None or grantee.get("ID") != owner:
            who = grantee.get("URI") or grantee.get("ID") or grantee.get("EmailAddress") or "somebody"
            yield f"{grant.get('Permission')} to {who}"
