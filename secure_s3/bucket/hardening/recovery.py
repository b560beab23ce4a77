"""What brings objects back: versioning, Object Lock, and the rules that clear up behind them. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..audit.check import Subject
from ..wanted import COMPLIANCE, DefaultRetention
from .deliveries import receives_logs
from .steps import Steps, blocked, bucket_change
from .telling import difference, shown

ABORT_ID = "secure-s3-abort-incomplete-uploads"
NONCURRENT_ID = "secure-s3-expire-noncurrent-versions"
_MOST_RULES = 1000
_VERSIONING, _LOCK, _LIFECYCLE = "Versioning: on", "Object Lock", "Lifecycle"
_DAYS_OF_A_YEAR = 365


def versioning(subject: Subject) -> Steps:
    """Versions are kept.

    Source: Amazon S3 User Guide, "Retaining multiple versions of objects with S3 Versioning".
    """
    before = subject.read("versioning")
    if not subject.profile.versioning or before == "Enabled":
        return
    if subject.read("mfa_delete"):
        name = subject.snapshot.bucket
        yield blocked(
            "versioning",
            _VERSIONING,
            "MFA delete is on: the root user changes versioning, with a code of its device",
            f"aws s3api put-bucket-versioning --bucket {name} --mfa 'SERIAL CODE' "
            "--versioning-configuration Status=Enabled,MFADelete=Enabled",
        )
        return
    yield bucket_change(
        subject,
        "versioning",
        _VERSIONING,
        "put_bucket_versioning",
        {"VersioningConfiguration": {"Status": "Enabled"}},
        field="versioning",
        before=before,
        after="Enabled",
        diff=difference({"Status": before or None}, {"Status": "Enabled"}),
        notes=(
            "it can be suspended, but not switched off again; replaced and deleted versions are kept, and "
            "paid for" + ("" if before else "; wait 15 minutes before the first writes that rely on it"),
        ),
    )


def object_lock(subject: Subject) -> Steps:
    """New objects are locked as long as the profile says, or longer where that is so already.

    Source: Amazon S3 User Guide, "Locking objects with Object Lock"; Amazon S3 API Reference,
    PutObjectLockConfiguration.
    """
    wanted = subject.profile.object_lock
    if wanted is None:
        return
    before = subject.read("object_lock")
    there = before.get("Rule", {}).get("DefaultRetention", {})
    after = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": _retention(wanted)}}
    if before.get("ObjectLockEnabled") == "Enabled" and there and _contains(there, wanted):
        return
    if there and not _contains(_retention(wanted), _given(there)):
        yield blocked(
            "object-lock",
            f"{_LOCK}: {shown(_retention(wanted))}",
            f"the bucket has {shown(there)}, of which something would be shortened or loosened. Let the "
            "profile ask for the stricter mode and the longer time",
        )
        return
    if receives_logs(subject):
        why = "server access logs are delivered into this bucket, and S3 delivers none where there is "
        yield blocked("object-lock", _LOCK, f"{why}Object Lock: they would stop")
        return
    yield bucket_change(
        subject,
        "object-lock",
        f"{_LOCK}: new objects for {_words(wanted)} in {wanted.mode} mode",
        "put_object_lock_configuration",
        {"ObjectLockConfiguration": after},
        field="object_lock",
        before=before,
        after=after,
        notes=tuple(_lock_notes(before, wanted)),
    )


def _retention(wanted: DefaultRetention) -> dict[str, Any]:
    return {"Mode": wanted.mode, **({"Days": wanted.days} if wanted.days else {"Years": wanted.years})}


def _given(there: Mapping[str, Any]) -> DefaultRetention:
    return DefaultRetention(mode=there["Mode"], days=there.get("Days"), years=there.get("Years"))


def _contains(there: Mapping[str, Any], wanted: DefaultRetention) -> bool:
    """Whether *there* is as strict and as long as *wanted*."""
    strict = there.get("Mode") == COMPLIANCE or wanted.mode != COMPLIANCE
    return strict and _days(there.get("Days"), there.get("Years")) >= _days(wanted.days, wanted.years)


def _days(days: int | None, years: int | None) -> int:
    return (days or 0) + (years or 0) * _DAYS_OF_A_YEAR


def _words(wanted: DefaultRetention) -> str:
    return f"{wanted.days} days" if wanted.days else f"{wanted.years} years"


def _lock_notes(before: Mapping[str, Any], wanted: DefaultRetention) -> Iterator[str]:
    if before.get("ObjectLockEnabled") != "Enabled":
        yield "Object Lock cannot be switched off again, and versioning can then not be suspended"
    yield "it is about objects that are written from now on; those that are there are not locked"
    if wanted.mode == COMPLIANCE:
        yield "in COMPLIANCE mode nobody deletes a version or shortens its retention, not even the root user"


def lifecycle(subject: Subject) -> Steps:
    """Our rules beside those that are there, which are sent again as they are: S3 replaces all at once.

    A rule that clears as soon, for the whole bucket, makes ours unnecessary.

    Source: Amazon S3 API Reference, PutBucketLifecycleConfiguration.
    """
    wanted = tuple(_rules(subject))
    if not wanted:
        return
    before = tuple(subject.read("lifecycle"))
    old = any("Prefix" in rule for rule in before)
    after, added = list(before), []
    for id, action, setting in wanted:
        if any(_does(rule, action, setting) for rule in before):
            continue
        others = [each for each in after if not _is_ours(each, id, action, setting)]
        free = _free(id, {each.get("ID") for each in others})
        rule = {"ID": free, "Status": "Enabled", **_everything(old), action: setting}
        if old and any(action in each for each in others):
            yield _overlapping(id, action)
            continue
        after = [*others, rule]
        added.append(rule)
    if len(after) > _MOST_RULES:
        yield blocked("lifecycle", _LIFECYCLE, f"there would be more than {_MOST_RULES} rules, S3's limit")
    elif added:
        yield bucket_change(
            subject,
            "lifecycle",
            f"{_LIFECYCLE}: {', '.join(each['ID'].removeprefix('secure-s3-') for each in added)}",
            "put_bucket_lifecycle_configuration",
            {"LifecycleConfiguration": {"Rules": after}},
            field="lifecycle",
            before=before,
            after=tuple(after),
            checks=("incomplete-uploads", "lifecycle"),
            diff=difference(_by_id(before), _by_id(after)),
            notes=tuple(_lifecycle_notes(added)),
        )


def _rules(subject: Subject) -> Iterator[tuple[str, str, dict[str, int]]]:
    profile = subject.profile
    if days := profile.abort_incomplete_days:
        yield ABORT_ID, "AbortIncompleteMultipartUpload", {"DaysAfterInitiation": days}
    if days := profile.noncurrent_days:
        yield NONCURRENT_ID, "NoncurrentVersionExpiration", {"NoncurrentDays": days}


def _does(rule: Mapping[str, Any], action: str, setting: Mapping[str, int]) -> bool:
    """Whether a rule clears the whole bucket as soon as *setting* says, or sooner."""
    there = rule.get(action, {})
    if rule.get("Status") != "Enabled" or not _is_everything(rule):
        return False
    ((name, days),) = setting.items()
    return set(there) == {name} and there[name] <= days


def _is_ours(rule: Mapping[str, Any], id: str, action: str, setting: Mapping[str, int]) -> bool:
    """Whether a rule is what we made and nothing else; one with our id and more in it is somebody's."""
    there = rule.get(action)
    return (
        re.fullmatch(re.escape(id) + "(-[0-9]+)?", str(rule.get("ID"))) is not None
        and set(rule) <= {"ID", "Status", "Filter", "Prefix", action}
        and rule.get("Status") == "Enabled"
        and _is_everything(rule)
        and isinstance(there, Mapping)
        and set(there) == set(setting)
    )


def _free(id: str, taken: set[str | None]) -> str:
    """*id*, with a number behind it if another rule has it."""
    names = (id, *(f"{id}-{number}" for number in range(2, len(taken) + 3)))
    return next(each for each in names if each not in taken)


def _everything(old: bool) -> dict[str, Any]:
    """What selects all objects. S3 refuses a Filter beside rules of the old kind, with a Prefix."""
    return {"Prefix": ""} if old else {"Filter": {"Prefix": ""}}


def _is_everything(rule: Mapping[str, Any]) -> bool:
    return rule.get("Filter", {}) in ({}, {"Prefix": ""}) and rule.get("Prefix", "") == ""


def _overlapping(id: str, action: str) -> Any:
    return blocked(
        "incomplete-uploads" if id == ABORT_ID else "lifecycle",
        f"{_LIFECYCLE}: {id.removeprefix('secure-s3-')}",
        f"the rules are of the old kind, with a Prefix, and one has {action} already: S3 refuses two of "
        "which one contains the other. Write them with Filter first",
    )


def _by_id(rules: Any) -> dict[str, Any]:
    """Rules by what tells them apart, for a difference."""
    return {f"rule {rule.get('ID') or json.dumps(rule, default=str, sort_keys=True)}": rule for rule in rules}


def _lifecycle_notes(added: list[dict[str, Any]]) -> Iterator[str]:
    if any("NoncurrentVersionExpiration" in rule for rule in added):
        yield "replaced and deleted versions are removed for good after that time"
    yield "rules that are there are sent again unchanged: S3 takes all of them at once"
