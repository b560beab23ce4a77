"""Who would notice: trails, analyzers, Macie, notifications, alarms, and the recorder of AWS Config."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ....values import Severity
from ...snapshot.values import Trail, Unread
from ..check import Check, Found, NotApplicable, NotRead, Subject, found
from . import logs
from .alarms import WATCHED, watched
from .selectors import coverage
from .shapes import (
    MORE,
    account_of,
    arn_part,
    at,
    mapping,
    named,
    read_list,
    read_rows,
    read_setting,
    rows,
    shown,
    text,
    texts,
    values,
)

_SEVERITIES = {"Low": Severity.LOW, "Medium": Severity.MEDIUM, "High": Severity.HIGH}
_CHANGES = ("Put", "Delete", "Create", "Update", "Restore", "Replicate", "Bypass", "Abort", "*")
_BUCKET = "AWS::S3::Bucket"


# ------------------------------------------------------------------------------------------ CloudTrail


def _data_events(subject: Subject) -> Iterator[Found]:
    trails = values(read_list(subject, "trails"), Trail)
    evidence, unread, recording = [], [], []
    for trail in trails:
        selectors, why = trail.selectors, _silent(subject, trail)
        if why is not None:
            evidence.append(f"trail {shown(trail.name)}: {why}")
        elif isinstance(selectors, Unread):
            unread.append(selectors)
        elif isinstance(trail.logging, Unread):
            unread.append(trail.logging)
        elif (nowhere := _unplaced(subject, trail)) is not None:
            unread.append(nowhere)
        else:
            recording.append((trail, mapping(selectors)))
    whole = coverage([each for _, each in recording], subject.arn)
    if unread and not (whole.reads and whole.writes):
        raise NotRead("trails", unread[0])
    if whole.gap and recording:
        evidence.append(f"not recorded: {shown(whole.gap)}")
    open_ = {
        kind: some
        for kind, covered, some in (
            ("reads", whole.reads, whole.some_reads),
            ("changes", whole.writes, whole.some_writes),
        )
        if not covered
    }
    who = " or ".join(open_)
    if any(open_.values()):
        yield found(
            f"Not all objects, or not all ways, are covered by a trail that records who {who} them.",
            *evidence,
        )
    elif open_:
        yield found(f"No object is covered by a trail that records who {who} it.", *evidence)


def _silent(subject: Subject, trail: Trail) -> str | None:
    """Why a trail records nothing of this bucket, whatever its selectors."""
    region = subject.told("region", "")
    if trail.logging is False:
        return "it is not logging"
    if not trail.multi_region and region and trail.home_region and trail.home_region != region:
        return f"it records {shown(trail.home_region)} only"
    return None


def _unplaced(subject: Subject, trail: Trail) -> Unread | None:
    """Why nobody knows whether a trail of one region records the bucket's; None if that is known."""
    if trail.multi_region or trail.home_region:
        region = subject.snapshot.region
        return region if isinstance(region, Unread) and not trail.multi_region else None
    return Unread(f"nobody knows which region trail {shown(trail.name)} records", "cloudtrail:DescribeTrails")


# ------------------------------------------------------------------------------------------ Access Analyzer


def _external(analyzers: Any) -> list[Mapping[str, Any]]:
    """Analyzers that look for access from outside, and do look."""
    kinds = ("ACCOUNT", "ORGANIZATION", "")
    return [
        each for each in rows(analyzers) if each.get("status") == "ACTIVE" and text(each.get("type")) in kinds
    ]


def _access_analyzer(subject: Subject) -> Iterator[Found]:
    analyzers = read_rows(subject, "analyzers")
    if not _external(analyzers):
        yield found(
            "No analyzer looks for access from outside the account in this region.",
            *(
                f"analyzer {shown(each.get('name'))}: {shown(each.get('type'))}, {shown(each.get('status'))}"
                for each in analyzers[:9]
            ),
        )


def _analyzer_findings(subject: Subject) -> Iterator[Found]:
    findings = [each for each in read_rows(subject, "analyzer_findings") if _open(each)]
    if not findings and not _external(subject.told("analyzers", ({"status": "ACTIVE"},))):
        raise NotApplicable("no analyzer looks for access from outside")
    for each in findings[:50]:
        who = named(f"{name} {value}" for name, value in mapping(each.get("principal")).items())
        actions = texts(each.get("action"))
        evidence = [f"{name}: {shown(each[name])}" for name in ("id", "resource") if text(each.get(name))]
        evidence += [f"action: {named(actions)}"] if actions else []
        public = each.get("isPublic") is True
        yield found(
            f"Access Analyzer: {'the public' if public else who or 'somebody outside the account'} has "
            "access.",
            *evidence,
            severity=Severity.HIGH if public else Severity.MEDIUM if _changes(actions) else Severity.LOW,
        )


def _open(finding: Mapping[str, Any]) -> bool:
    return finding.get("status") in (None, "ACTIVE") and text(finding.get("findingType")) in (
        "",
        "ExternalAccess",
    )


def _changes(actions: tuple[str, ...]) -> bool:
    """Whether one of the actions changes something; without any, nobody knows."""
    return not actions or any(each.rpartition(":")[2].startswith(_CHANGES) for each in actions)


# ------------------------------------------------------------------------------------------ Macie


def _macie(subject: Subject) -> Iterator[Found]:
    status = text(read_setting(subject, "macie").get("status"))
    if status != "ENABLED":
        yield found(
            "Macie is "
            + ("paused" if status == "PAUSED" else "not enabled")
            + ": nobody looks for personal data."
        )


def _macie_findings(subject: Subject) -> Iterator[Found]:
    """What Macie found, by type. What it found in the objects is not repeated: not a word of the data."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for each in read_rows(subject, "macie_findings"):
        if each.get("archived") is not True and each.get("sample") is not True:
            groups.setdefault(text(each.get("type")), []).append(each)
    if not groups and text(mapping(subject.told("macie", {"status": "ENABLED"})).get("status")) != "ENABLED":
        raise NotApplicable("Macie is not enabled")
    for kind, listed in groups.items():
        severity = max(
            (_SEVERITIES.get(text(at(each, "severity", "description")), Severity.MEDIUM) for each in listed),
            key=lambda one: one.rank,
        )
        objects = [text(at(each, "resourcesAffected", "s3Object", "key")) for each in listed]
        yield found(
            f"Macie found {shown(kind) or 'something'}, {len(listed)} time{'s' if len(listed) > 1 else ''}.",
            f"ids: {named(text(each.get('id')) for each in listed)}",
            *([f"objects: {named(filter(None, objects))}"] if any(objects) else []),
            severity=severity,
        )


# ------------------------------------------------------------------------------------------ being told


def _notifications(subject: Subject) -> Iterator[Found]:
    setting = read_setting(subject, "notifications")
    kinds = ("TopicConfigurations", "QueueConfigurations", "LambdaFunctionConfigurations")
    if not any(rows(setting.get(each)) for each in kinds) and setting.get("EventBridgeConfiguration") is None:
        yield found("Nobody is told of what happens to objects: there are no event notifications.")
    own = account_of(subject)
    for kind, name in zip(kinds, ("TopicArn", "QueueArn", "LambdaFunctionArn"), strict=True):
        for arn in dict.fromkeys(text(each.get(name)) for each in rows(setting.get(kind))):
            if own and arn_part(arn, 4) not in ("", own):
                yield found(
                    f"Another account, {shown(arn_part(arn, 4))}, is told of every event: {shown(arn)}.",
                    fix="see that the account is meant to be told; else take the configuration away",
                )


def _alarms(subject: Subject) -> Iterator[Found]:
    told: set[str] = set()
    mute = []
    for each in read_rows(subject, "alarms"):
        if not each.get("targets"):
            mute.append(text(each.get("name")))
            continue
        pattern = each.get("pattern")
        words = pattern if isinstance(pattern, str) else json.dumps(pattern, default=str)
        told |= watched(text(each.get("kind")), words, subject.snapshot.bucket)
    missing = [each for each in WATCHED if each not in told]
    if missing and "alarms" in subject.snapshot.cut:
        raise NotRead("alarms", MORE)
    if missing:
        yield found(
            f"Nobody is told when the bucket is opened by {named(missing)}.",
            *([f"without a target: {named(mute)}"] if mute else []),
            f"told of: {named(sorted(told))}" if told else None,
        )


def _recorder(subject: Subject) -> Iterator[Found]:
    recorders = read_rows(subject, "recorders")
    reasons = [f"{shown(each.get('name'))}: {why}" for each in recorders if (why := _unrecorded(each))]
    if len(reasons) == len(recorders):
        yield found(
            "AWS Config does not record changes of buckets: reviews have no history to look at.",
            *reasons,
        )


def _unrecorded(recorder: Mapping[str, Any]) -> str:
    """Why a recorder records no buckets; empty if it does."""
    if recorder.get("recording") is not True:
        return "it is stopped"
    group = mapping(recorder.get("recordingGroup"))
    left_out = texts(at(group, "exclusionByResourceTypes", "resourceTypes"))
    if text(at(group, "recordingStrategy", "useOnly")) == "EXCLUSION_BY_RESOURCE_TYPES":
        return f"it leaves out {_BUCKET}" if _BUCKET in left_out else ""
    if not group or group.get("allSupported") is True or _BUCKET in texts(group.get("resourceTypes")):
        return ""
    return f"it does not name {_BUCKET}"


CHECKS: tuple[Check, ...] = (
    *logs.CHECKS,
    Check(
        id="data-events",
        title="A trail records who reads and changes objects",
        topic="monitoring",
        severity=Severity.MEDIUM,
        reads=("trails", "region"),
        why="Without data events CloudTrail knows who changed the bucket, and nothing of who took the data; "
        "nor "
        "can a refusal be looked up.",
        fix="`aws cloudtrail put-event-selectors --trail-name … --advanced-event-selectors "
        "file://selectors.json`, "
        "with resources.type AWS::S3::Object and resources.ARN beginning with the bucket's ARN and a slash",
        judge=_data_events,
        refs=(
            *("SecurityHub:S3.22", "SecurityHub:S3.23", "CIS-5.0:3.8", "CIS-5.0:3.9"),
            *(
                "prowler:cloudtrail_s3_dataevents_write_enabled",
                "prowler:cloudtrail_s3_dataevents_read_enabled",
            ),
        ),
        seeds=("CloudTrail data events, AccessDenied look-ups",),
        recommended=True,
        source='AWS CloudTrail User Guide, "Logging data events"',
    ),
    Check(
        id="access-analyzer",
        title="Access Analyzer looks for access from outside",
        topic="monitoring",
        severity=Severity.LOW,
        reads=("analyzers",),
        why="It proves what policies and ACLs allow together, and tells of every change.",
        fix="`aws accessanalyzer create-analyzer --analyzer-name external --type ACCOUNT`",
        judge=_access_analyzer,
        refs=("CIS-5.0:1.19", "prowler:accessanalyzer_enabled"),
        seeds=(
            "Access Analyzer findings",
            "regular reviews",
        ),
        recommended=True,
        source='IAM User Guide, "Using AWS Identity and Access Management Access Analyzer"',
    ),
    Check(
        id="analyzer-findings",
        title="Access Analyzer has nothing to say of the bucket",
        topic="monitoring",
        severity=Severity.MEDIUM,
        reads=("analyzer_findings", "analyzers"),
        why="Each of its findings is somebody outside the account who has access.",
        fix="take the grant away, or archive what is meant to be: `aws accessanalyzer create-archive-rule`",
        judge=_analyzer_findings,
        refs=("prowler:accessanalyzer_enabled_without_findings",),
        seeds=(
            "Access Analyzer findings",
            "cross-account access",
        ),
        source='IAM User Guide, "IAM Access Analyzer findings"',
    ),
    Check(
        id="macie",
        title="Macie looks for personal data",
        topic="monitoring",
        severity=Severity.LOW,
        reads=("macie",),
        why="What nobody knows to be there, nobody protects as it should be.",
        fix="`aws macie2 enable-macie`",
        judge=_macie,
        refs=("SecurityHub:Macie.1", "CIS-5.0:2.1.3", "prowler:macie_is_enabled"),
        seeds=("Macie",),
        recommended=True,
        source='Amazon Macie User Guide, "What is Amazon Macie?"',
    ),
    Check(
        id="macie-findings",
        title="Macie has nothing to say of the bucket",
        topic="monitoring",
        severity=Severity.MEDIUM,
        reads=("macie_findings", "macie"),
        why="It found data that should not be there, or a setting that exposes it.",
        fix="look at the findings in Macie, and remove or protect the objects: `aws macie2 get-findings "
        "--finding-ids …`",
        judge=_macie_findings,
        refs=("CIS-5.0:2.1.3",),
        seeds=("Macie",),
        source='Amazon Macie User Guide, "Types of Macie findings"',
    ),
    Check(
        id="event-notifications",
        title="Somebody is told of what happens to objects",
        topic="monitoring",
        severity=Severity.LOW,
        reads=("notifications", "account"),
        why="A deletion or an upload that nobody expects is seen at once.",
        fix="`aws s3api put-bucket-notification-configuration --bucket … --notification-configuration "
        "'{\"EventBridgeConfiguration\": {}}'`, which replaces what is there",
        judge=_notifications,
        refs=("SecurityHub:S3.11", "checkov:CKV2_AWS_62", "prowler:s3_bucket_event_notifications_enabled"),
        seeds=("regular reviews",),
        recommended=True,
        source='Amazon S3 User Guide, "Amazon S3 Event Notifications"',
    ),
    Check(
        id="alarms",
        title="Somebody is told when the bucket is opened",
        topic="monitoring",
        severity=Severity.LOW,
        reads=("alarms",),
        enough=True,
        why="Between a bucket that is made public by mistake and its discovery there should be minutes, not "
        "months.",
        fix="`aws events put-rule --name … --event-pattern file://pattern.json` and `aws events "
        "put-targets`, or a "
        f"metric filter with an alarm, for {', '.join(WATCHED)}",
        judge=_alarms,
        refs=(
            "SecurityHub:CloudWatch.8",
            "CIS-5.0:4.8",
            "prowler:cloudwatch_log_metric_filter_for_s3_bucket_policy_changes",
        ),
        seeds=("CloudWatch alarms on public access events",),
        recommended=True,
        source='AWS CloudTrail User Guide, "Creating CloudWatch alarms for CloudTrail events: examples"',
    ),
    Check(
        id="config-recorder",
        title="AWS Config records changes of buckets",
        topic="monitoring",
        severity=Severity.LOW,
        reads=("recorders",),
        why="A review asks what changed since the last one.",
        fix="`aws configservice put-configuration-recorder` and `aws configservice "
        "start-configuration-recorder`",
        judge=_recorder,
        refs=("SecurityHub:Config.1", "CIS-5.0:3.3", "prowler:config_recorder_all_regions_enabled"),
        seeds=("regular reviews",),
        recommended=True,
        source='AWS Config Developer Guide, "Recording AWS resources with AWS Config"',
    ),
)
