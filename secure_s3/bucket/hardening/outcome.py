"""The bucket as it would be read once a plan is applied, and what is wrong with it still. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, replace
from typing import Any

from ...values import Finding, Severity
from ..audit.catalogue import CHECKS
from ..audit.check import Check
from ..audit.judging import judge_all
from ..snapshot.values import Key, LogTarget, Snapshot, Unread
from ..wanted import BucketProfile
from .logs import TARGET_POLICY
from .plan import Change, Manual

_ROTATION = "key-rotation"
_OPENING = ("policy-public", "broad-grants", "cross-account")


def outcome(snapshot: Snapshot, changes: Iterable[Change]) -> Snapshot:
    """*snapshot* with each change made; settings that no change is about are what they were."""
    for each in changes:
        snapshot = replace(snapshot, **_made(snapshot, each))
    return snapshot


def _made(snapshot: Snapshot, change: Change) -> dict[str, Any]:
    """The fields that a change makes something else of."""
    if change.field == "encryption":
        default = {name: each for name, each in change.after.items() if name != "BlockedEncryptionTypes"}
        types = tuple(change.after.get("BlockedEncryptionTypes", ()))
        return {"encryption": default, "blocked_encryption": types}
    if change.field == "keys":
        key = snapshot.keys.get(change.resource, Key(arn=change.resource))
        rotating = replace(key, rotation={"KeyRotationEnabled": True})
        return {"keys": {**snapshot.keys, change.resource: rotating}}
    if change.field == TARGET_POLICY:
        return {
            name: replace(each, policy=change.after) for name, each in _targets(snapshot, change.resource)
        }
    if change.field == "logging":
        known = [each for _, each in _targets(snapshot, change.after["TargetBucket"])]
        return {"logging": change.after, **({"log_target": known[-1]} if known else {})}
    known_fields = {each.name for each in fields(Snapshot)}
    return {change.field: change.after} if change.field in known_fields else {}


def _targets(snapshot: Snapshot, bucket: str) -> Iterator[tuple[str, LogTarget]]:
    for name in ("log_target", "wanted_log_target"):
        found = getattr(snapshot, name)
        if isinstance(found, LogTarget) and found.bucket == bucket:
            yield name, found


def left_over(
    snapshot: Snapshot,
    profile: BucketProfile,
    changes: Iterable[Change],
    blocked: Sequence[Manual],
    told: Sequence[Manual] = (),
) -> Iterator[Manual]:
    """What an audit would find afterwards, above ``info``, and no change mends; by check.

    Args:
        snapshot, profile, changes: What was planned, and from what.
        blocked: What was not planned. What hardening would mend otherwise follows from that, and is left out.
        told: What is said already: its checks are left out.
    """
    said = {each.check for each in (*blocked, *told)}
    checks = [each for each in CHECKS if each.id not in said and not (blocked and _mends(each))]
    after = outcome(snapshot, changes)
    for verdict in judge_all(after, profile, checks).verdicts:
        if found := [each for each in verdict.findings if each.severity > Severity.INFO]:
            yield _other_key(after) if verdict.check.id == _ROTATION else _left(verdict.check, found)


def _mends(check: Check) -> bool:
    # Keys that the profile does not name rotate as their users wish, whatever else is planned.
    return check.hardened and check.id != _ROTATION


def _other_key(after: Snapshot) -> Manual:
    """The default key that stays, which the profile does not name and which does not rotate."""
    default = {} if isinstance(after.encryption, Unread) else after.encryption
    arn = str(default.get("KMSMasterKeyID", ""))
    region = arn.split(":")[3] if arn.startswith("arn:") else after.region
    return Manual(
        check=_ROTATION,
        title=f"Rotation of the KMS key {arn}",
        why="it is the default key of the bucket, and the profile does not name it. Let the "
        "profile name it, or",
        commands=(f"aws kms enable-key-rotation --region {region} --key-id {arn}",),
    )


def _left(check: Check, found: Sequence[Finding]) -> Manual:
    """One entry of a check: what it found, and what to do about it."""
    first = found[0]
    names = ", ".join(dict.fromkeys(each.statement for each in found if each.statement))
    if names and check.id in _OPENING:
        plural = "statements" if ", " in names else "statement"
        whom = "everybody" if check.id == "policy-public" else "more than it may have to"
        title = f"{plural} {names} admits {whom}: take it out or narrow it"
    else:
        title = first.message
    fixes = dict.fromkeys(each.fix or check.fix for each in found)
    lines = [each.message for each in found if each.message != title]
    return Manual(check=check.id, title=title, why="\n".join([*dict.fromkeys(lines), *fixes]))
