"""What is left after a mistake or an attack: versions, locks, copies, and the rules that remove them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ....values import Severity
from ...wanted import COMPLIANCE, DefaultRetention
from ..check import Check, Found, Subject, found
from .encryption import KMS
from .shapes import (
    account_of,
    arn_part,
    at,
    mapping,
    named,
    number,
    read_rows,
    read_setting,
    rows,
    shown,
    text,
)

DAYS_OF_A_YEAR = 365


def _versioning(subject: Subject) -> Iterator[Found]:
    status = text(subject.read("versioning"))
    if status != "Enabled":
        yield found(
            "Versioning is suspended: new objects replace and deletions remove."
            if status == "Suspended"
            else "Versioning was never enabled: what is overwritten or deleted is gone.",
            f"Status: {shown(status)}" if status not in ("", "Suspended") else None,
            severity=None if subject.profile.versioning else Severity.INFO,
        )


def _mfa_delete(subject: Subject) -> Iterator[Found]:
    if subject.read("mfa_delete") is True:
        return
    lifecycle = subject.profile.abort_incomplete_days or subject.told("lifecycle", ())
    note = ("MFA delete and lifecycle rules exclude each other; this bucket has or wants rules",)
    yield found(
        "A password or an access key suffices to delete versions for good: MFA delete is off.",
        *(note if lifecycle else ()),
    )


def _object_lock(subject: Subject) -> Iterator[Found]:
    setting, wanted = read_setting(subject, "object_lock"), subject.profile.object_lock
    severity = None if wanted is None else Severity.MEDIUM
    if setting.get("ObjectLockEnabled") != "Enabled":
        yield found(
            "Object Lock is off: whoever may delete versions may delete all of them.",
            severity=severity,
        )
        return
    if wanted is None:
        return
    default = mapping(at(setting, "Rule", "DefaultRetention"))
    days, mode = retained_days(default), text(default.get("Mode"))
    if not days:
        yield found(
            f"New objects are not locked by default; the profile asks for {_told(wanted)}.",
            severity=severity,
        )
        return
    evidence = f"DefaultRetention: {shown(mode)}, {days} days"
    if wanted.mode == COMPLIANCE and mode != COMPLIANCE:
        yield found(
            "New objects are locked in governance mode, which a permission gets round; the profile asks for "
            "compliance mode.",
            evidence,
            severity=severity,
        )
    if days < (wanted.days or (wanted.years or 0) * DAYS_OF_A_YEAR):
        yield found(
            f"New objects are locked for {days} days only; the profile asks for {_told(wanted)}.",
            evidence,
            severity=severity,
        )


def retained_days(default: Mapping[str, Any]) -> int:
    """The days of a default retention, a year taken for 365 of them; 0 if there is none."""
    days, years = number(default.get("Days")), number(default.get("Years"))
    return days or (years or 0) * DAYS_OF_A_YEAR


def _told(wanted: DefaultRetention) -> str:
    span = f"{wanted.days} days" if wanted.days else f"{wanted.years} years"
    return f"{span} in {wanted.mode.lower()} mode"


# ------------------------------------------------------------------------------------------ lifecycle rules


def narrowed(rule: Mapping[str, Any]) -> str:
    """What keeps a rule of lifecycle or replication from the whole bucket; empty if nothing does."""
    if rule.get("Status") != "Enabled":
        return "it is disabled"
    parts = []
    for where in (rule, mapping(rule.get("Filter")), mapping(at(rule, "Filter", "And"))):
        if where.get("Prefix"):
            parts.append(f"only keys under {shown(where['Prefix'])}")
        if where.get("Tag") or where.get("Tags"):
            parts.append("only objects with a tag")
        if where.get("ObjectSizeGreaterThan") is not None or where.get("ObjectSizeLessThan") is not None:
            parts.append("only objects of a size")
        if where.get("Not"):
            parts.append("not all objects")
    return ", ".join(dict.fromkeys(parts))


def _name(rule: Mapping[str, Any], index: int) -> str:
    return shown(rule["ID"]) if text(rule.get("ID")) else f"rule {index + 1}"


def _lifecycle(subject: Subject) -> Iterator[Found]:
    rules = read_rows(subject, "lifecycle")
    active = [each for each in rules if each.get("Status") == "Enabled"]
    wanted = subject.profile.noncurrent_days
    if not active:
        yield found(
            "No lifecycle rule is active: what nobody needs any more stays, and can be lost.",
            f"Rules: {len(rules)}, all disabled" if rules else None,
            severity=None if wanted is None else Severity.LOW,
        )
        return
    expiries = [
        days
        for each in active
        if not narrowed(each) and (days := _expiry(mapping(each.get("NoncurrentVersionExpiration"))))
    ]
    if wanted is not None and (not expiries or min(expiries) > wanted):
        told = f"removed after {min(expiries)} days" if expiries else "kept for ever"
        yield found(
            f"Replaced versions are {told}; the profile asks for {wanted} days.",
            *_reasons(rules, "NoncurrentVersionExpiration"),
            severity=Severity.LOW,
        )
    elif wanted is None and not expiries and subject.told("versioning") == "Enabled":
        yield found("Replaced versions are kept for ever.", *_reasons(rules, "NoncurrentVersionExpiration"))


def _expiry(setting: Mapping[str, Any]) -> int | None:
    """After how many days replaced versions are removed; None if some of them are kept whatever their age."""
    return None if setting.get("NewerNoncurrentVersions") else number(setting.get("NoncurrentDays"))


def _reasons(rules: tuple[Mapping[str, Any], ...], action: str) -> Iterator[str]:
    """Why each of the first few rules does not count."""
    for index, rule in enumerate(rules[:9]):
        if not rule.get(action):
            yield f"{_name(rule, index)}: no {action}"
        else:
            numbers = ", ".join(
                f"{shown(name)}: {shown(value)}" for name, value in mapping(rule[action]).items()
            )
            yield f"{_name(rule, index)}: {narrowed(rule) or numbers}"


def _incomplete(subject: Subject) -> Iterator[Found]:
    rules, wanted = read_rows(subject, "lifecycle"), subject.profile.abort_incomplete_days
    kept = [
        days
        for each in rules
        if not narrowed(each)
        and (days := number(at(each, "AbortIncompleteMultipartUpload", "DaysAfterInitiation")))
    ]
    if not kept or (wanted is not None and min(kept) > wanted):
        told = f"removed after {min(kept)} days" if kept else "kept for ever"
        yield found(
            f"Unfinished uploads are {told}"
            + ("." if wanted is None else f"; the profile asks for {wanted} days."),
            *_reasons(rules, "AbortIncompleteMultipartUpload"),
            severity=Severity.INFO if wanted is None else None,
        )


# ------------------------------------------------------------------------------------------ replication


def _replication(subject: Subject) -> Iterator[Found]:
    rules = rows(read_setting(subject, "replication").get("Rules"))
    active = [each for each in rules if each.get("Status") == "Enabled"]
    if not active:
        yield found(
            "Nothing is replicated: whatever happens to this bucket happens to the only copy.",
            f"Rules: {len(rules)}, all disabled" if rules else None,
        )
        return
    if all(narrowed(each) for each in active):
        yield found(
            "Only some of the objects are replicated.",
            *(f"{_name(each, index)}: {narrowed(each)}" for index, each in enumerate(active[:9])),
        )
    default = text(mapping(subject.told("encryption", {})).get("SSEAlgorithm"))
    keyless = [
        each
        for each in active
        if at(each, "SourceSelectionCriteria", "SseKmsEncryptedObjects", "Status") != "Enabled"
    ]
    encrypts = default.startswith(KMS) or any(each.startswith(KMS) for each in subject.profile.algorithms)
    if encrypts and keyless:
        names = named(_name(each, rules.index(each)) for each in keyless)
        yield found(
            f"Objects under KMS keys, as this bucket has them, are left out of replication by {names}.",
            "SourceSelectionCriteria.SseKmsEncryptedObjects: not enabled",
        )
    yield from _destinations(subject, active)


def _destinations(subject: Subject, active: list[Mapping[str, Any]]) -> Iterator[Found]:
    """What can be told of the destinations: their region only by the key that encrypts there."""
    region = subject.told("region", "")
    for rule in active:
        key = text(at(rule, "Destination", "EncryptionConfiguration", "ReplicaKmsKeyID"))
        bucket = text(at(rule, "Destination", "Bucket")).rpartition(":")[2]
        if bucket == subject.snapshot.bucket:
            yield found("The bucket is replicated to itself.", f"Destination: {shown(bucket)}")
        account = text(at(rule, "Destination", "Account")) or arn_part(key, 4)
        if account and account != (account_of(subject) or account):
            yield found(
                f"What is written here is copied to {shown(bucket)} of another account, {shown(account)}.",
                fix="see that the account is meant to have a copy; else take the rule away",
            )
        if region and arn_part(key, 3) == region:
            yield found(
                f"Replicas in {shown(bucket)} stay in {shown(region)}: what befalls the region befalls them.",
                f"ReplicaKmsKeyID: {shown(key)}",
            )


CHECKS: tuple[Check, ...] = (
    Check(
        id="versioning",
        title="Versioning is enabled",
        topic="recovery",
        severity=Severity.MEDIUM,
        reads=("versioning",),
        why="Without versions, one mistaken or hostile call destroys an object.",
        fix="`harden` enables versioning",
        judge=_versioning,
        refs=("SecurityHub:S3.14", "checkov:CKV_AWS_21", "prowler:s3_bucket_object_versioning"),
        seeds=("versioning",),
        hardened=True,
        source='Amazon S3 User Guide, "Retaining multiple versions of objects with S3 Versioning"',
    ),
    Check(
        id="mfa-delete",
        title="Deleting versions takes a second factor",
        topic="recovery",
        severity=Severity.LOW,
        reads=("mfa_delete", "lifecycle"),
        why="Stolen credentials can then not remove what versioning keeps.",
        fix="only the root user can, with its device: `aws s3api put-bucket-versioning --bucket … "
        '--versioning-configuration Status=Enabled,MFADelete=Enabled --mfa "serial code"`',
        judge=_mfa_delete,
        refs=("SecurityHub:S3.20", "CIS-5.0:2.1.2", "prowler:s3_bucket_no_mfa_delete"),
        seeds=("MFA delete",),
        recommended=True,
        source='Amazon S3 User Guide, "Configuring MFA delete"',
    ),
    Check(
        id="object-lock",
        title="Object Lock keeps new objects from being deleted",
        topic="recovery",
        severity=Severity.MEDIUM,
        reads=("object_lock",),
        why="A locked version cannot be deleted or replaced until its time is over, in compliance mode by "
        "nobody.",
        fix="`harden` sets it if the profile asks for it: BucketProfile(object_lock=DefaultRetention(…)); it "
        "cannot "
        "be switched off again",
        judge=_object_lock,
        refs=("SecurityHub:S3.15", "checkov:CKV_AWS_143", "prowler:s3_bucket_object_lock"),
        seeds=("Object Lock (governance, compliance, legal hold)",),
        hardened=True,
        recommended=True,
        source='Amazon S3 User Guide, "Locking objects with Object Lock"',
    ),
    Check(
        id="lifecycle",
        title="Lifecycle rules remove what nobody needs",
        topic="recovery",
        severity=Severity.LOW,
        reads=("lifecycle", "versioning"),
        why="Versions that are kept for ever cost money, and are there to be stolen.",
        fix="`harden` adds a rule if the profile asks for it: BucketProfile(noncurrent_days=…)",
        judge=_lifecycle,
        refs=(
            "SecurityHub:S3.10",
            "SecurityHub:S3.13",
            "checkov:CKV2_AWS_61",
            "prowler:s3_bucket_lifecycle_enabled",
        ),
        seeds=("versioning",),
        hardened=True,
        recommended=True,
        source='Amazon S3 User Guide, "Managing the lifecycle of objects"',
    ),
    Check(
        id="incomplete-uploads",
        title="Parts of unfinished uploads are removed",
        topic="recovery",
        severity=Severity.LOW,
        reads=("lifecycle",),
        why="Parts that were never put together are paid for, are seen in no listing, and hold data all the "
        "same.",
        fix="`harden` adds a lifecycle rule",
        judge=_incomplete,
        refs=("checkov:CKV_AWS_300",),
        seeds=("versioning",),
        hardened=True,
        source='Amazon S3 User Guide, "Configuring a bucket lifecycle configuration to delete incomplete '
        "multipart "
        'uploads"',
    ),
    Check(
        id="replication",
        title="Objects are replicated to another region",
        topic="recovery",
        severity=Severity.LOW,
        reads=("replication", "encryption", "region", "account"),
        why="A second copy in another region, and better in another account, survives what destroys the "
        "first.",
        fix="by hand, with a bucket and a role for it: `aws s3api put-bucket-replication --bucket … "
        "--replication-configuration file://replication.json`",
        judge=_replication,
        refs=("SecurityHub:S3.7", "checkov:CKV_AWS_144", "prowler:s3_bucket_cross_region_replication"),
        seeds=("replication",),
        recommended=True,
        source='Amazon S3 User Guide, "Replicating objects within and across Regions"',
    ),
)
