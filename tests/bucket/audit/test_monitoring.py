"""Logs, trails, analyzers, Macie, notifications, alarms and the recorder."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from secure_s3.bucket.snapshot.values import Unread
from secure_s3.policy import Policy, statements
from tests.bucket.audit.good import (
    ACCOUNT,
    BLOCK,
    BUCKET,
    DELIVERY,
    DENIED,
    EVENTS,
    GOOD_TARGET,
    GOOD_TRAIL,
    LOGGING,
    LOGS,
    PLAIN,
    PROFILE,
    RULE,
    STRANGER,
    severities,
    told,
    verdict,
)

FIELDS = {
    "access-logging": "logging",
    "log-target": "logging",
    "data-events": "trails",
    "access-analyzer": "analyzers",
    "analyzer-findings": "analyzer_findings",
    "macie": "macie",
    "macie-findings": "macie_findings",
    "event-notifications": "notifications",
    "alarms": "alarms",
    "config-recorder": "recorders",
}
RECOMMENDED = {
    "access-logging": ("medium", {}),
    "data-events": ("medium", ()),
    "access-analyzer": ("low", ()),
    "macie": ("low", {"status": "DISABLED"}),
    "event-notifications": ("low", {}),
    "alarms": ("low", ()),
    "config-recorder": ("low", ()),
}


@pytest.mark.parametrize("check", FIELDS)
def test_a_good_bucket_passes(check: str) -> None:
    """Whoever is watched in every way has nothing to read here."""
    assert severities(check) == []


@pytest.mark.parametrize(("check", "field"), FIELDS.items())
def test_what_was_not_read_is_unknown(check: str, field: str) -> None:
    """A setting that was not read is not taken for one that is missing."""
    changes: dict[str, Any] = {field: DENIED}
    said = verdict(check, **changes)
    assert (str(said.outcome), said.action) == ("unknown", "s3:GetSomething")


@pytest.mark.parametrize(("check", "expected"), RECOMMENDED.items())
def test_recommended_checks_count_where_they_are_required(check: str, expected: Any) -> None:
    """What is missing is a note, and a finding for a profile that requires it."""
    severity, empty = expected
    changes = {FIELDS[check]: empty}
    assert set(severities(check, PLAIN, **changes)) == {"info"}
    requiring = replace(PLAIN, requires=frozenset({check}))
    assert set(severities(check, requiring, **changes)) == {severity}


# ------------------------------------------------------------------------------------------ access logs


@pytest.mark.parametrize(
    ("setting", "profile", "found"),
    [
        ({}, PLAIN, ["info"]),
        ({}, PROFILE, ["medium"]),
        ({**LOGGING, "TargetBucket": "amzn-s3-demo-other"}, PROFILE, ["medium"]),
        ({**LOGGING, "TargetBucket": "amzn-s3-demo-other"}, PLAIN, []),
        ({**LOGGING, "TargetPrefix": "x/"}, PROFILE, []),
        ({**LOGGING, "TargetPrefix": "x/"}, replace(PROFILE, log_prefix="logs/"), ["low"]),
        ({**LOGGING, "TargetPrefix": "logs/"}, replace(PROFILE, log_prefix="logs/"), []),
        ({**LOGGING, "TargetPrefix": ""}, replace(PROFILE, log_prefix=""), []),
    ],
)
def test_access_logging(setting: Any, profile: Any, found: list[str]) -> None:
    """Logs go where the profile says, if it says so."""
    assert severities("access-logging", profile, logging=setting) == found


def _target(**changes: Any) -> dict[str, Any]:
    return {"log_target": replace(GOOD_TARGET, **changes)}


def _delivering(**conditions: Any) -> str:
    """A policy that lets the service write, under other conditions than the builder's."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{LOGS}/*",
        **({"Condition": conditions} if conditions else {}),
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _with(*more: dict[str, Any]) -> str:
    policy = json.loads(DELIVERY)
    return json.dumps({**policy, "Statement": [*policy["Statement"], *more]})


EVERYWHERE = [f"arn:aws:s3:::{LOGS}", f"arn:aws:s3:::{LOGS}/*"]
DENY: dict[str, Any] = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": EVERYWHERE}
UNLESS_KMS = {"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}
NO_BLOCK: dict[str, Any] = {"account_public_access_block": {}, **_target(public_access_block={})}
READABLE = {**DENY, "Effect": "Allow", "Action": "s3:GetObject"}


@pytest.mark.parametrize(
    ("changes", "found", "words"),
    [
        (_target(encryption={"SSEAlgorithm": "aws:kms"}), ["medium"], "SSE-S3 as their default only"),
        (_target(encryption={"SSEAlgorithm": "aws:kms:dsse"}), ["medium"], "aws:kms:dsse"),
        (_target(object_lock={"ObjectLockEnabled": "Enabled"}), ["medium"], "Object Lock"),
        (_target(region="us-east-1"), ["medium"], "it is in us-east-1"),
        (_target(policy=None), ["medium"], "none arrive"),
        (_target(policy=None, ownership="ObjectWriter"), ["low"], "perhaps its ACL does"),
        (_target(policy=_with(DENY)), ["medium"], "denies the delivery"),
        (_target(policy=_with({**DENY, "Condition": UNLESS_KMS})), ["medium"], "denies the delivery"),
        (_target(policy=_delivering()), ["low"], "forge yours"),
        (
            _target(policy=_delivering(StringEquals={"aws:SourceAccount": STRANGER})),
            ["medium"],
            "implicitly denied",
        ),
        (
            _target(policy=_delivering(ArnLike={"aws:SourceArn": "arn:aws:s3:::amzn-s3-demo-other"})),
            ["medium"],
            "implicitly denied",
        ),
        (
            _target(policy=_delivering(StringEquals={"aws:SourceOrgID": "o-a1b2c3d4e5"})),
            ["low"],
            "depends on",
        ),
        (NO_BLOCK, ["low"], "does not block public access in full"),
        (
            {**NO_BLOCK, **_target(public_access_block={**BLOCK, "BlockPublicAcls": False})},
            ["low"],
            "BlockPublicAcls: false",
        ),
        ({**NO_BLOCK, **_target(public_access_block={}, policy=_with(READABLE))}, ["high"], "are public"),
        ({"logging": {**LOGGING, "TargetBucket": BUCKET}}, ["medium"], "without end"),
        ({"logging": {**LOGGING, "TargetObjectKeyFormat": {"SimplePrefix": {}}}}, ["info"], "partitioned"),
        ({"logging": {"TargetBucket": LOGS, "TargetPrefix": "x/"}}, ["info"], "partitioned"),
    ],
)
def test_what_keeps_logs_from_arriving(changes: Any, found: list[str], words: str) -> None:
    """The log bucket's settings and policy are judged by the delivery as S3 requests it."""
    assert severities("log-target", **changes) == found
    assert words in told("log-target", **changes)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"logging": {}}, ["not applicable"]),
        ({"log_target": DENIED}, ["unknown"]),
        (_target(policy=DENIED), ["unknown"]),
        (_target(policy="{"), ["unknown"]),
        (_target(encryption=DENIED), ["unknown"]),
        (_target(public_access_block=DENIED), ["unknown"]),
        (_target(encryption=DENIED, region="us-east-1"), ["medium"]),
        (_target(ownership=DENIED), []),
        (_target(region=DENIED), ["unknown"]),
        ({"region": DENIED}, ["unknown"]),
        ({"account": DENIED}, ["low"]),
        (_target(public_access_block={}), []),
    ],
)
def test_a_log_bucket_that_was_read_in_part(changes: Any, found: list[str]) -> None:
    """What is wrong is told though other things are unread; what looks right then is unknown."""
    assert severities("log-target", **changes) == found


def test_a_tls_statement_of_the_log_bucket_does_not_stop_delivery() -> None:
    """S3 delivers over HTTPS."""
    policy = Policy.of(
        statements.allow_log_delivery(LOGS, BUCKET, ACCOUNT), statements.deny_insecure_transport(LOGS)
    )
    assert severities("log-target", **_target(policy=policy.to_json())) == []


FOREIGN = {**READABLE, "Principal": {"AWS": f"arn:aws:iam::{STRANGER}:root"}}
BY_HEADER = {**READABLE, "Condition": {"StringEquals": {"aws:UserAgent": "x"}}}


@pytest.mark.parametrize(
    ("more", "found", "words"),
    [
        (FOREIGN, ["medium"], STRANGER),
        ({**FOREIGN, "Action": "s3:*"}, ["medium"], f"{STRANGER}:root may call s3:DeleteBucketPolicy"),
        (
            {**READABLE, "Condition": {"StringEquals": {"aws:PrincipalAccount": STRANGER}}},
            ["medium"],
            "Other",
        ),
        ({**FOREIGN, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/Reader"}}, [], ""),
        (READABLE, ["medium"], "Only Block Public Access"),
        (BY_HEADER, ["medium"], "Only Block Public Access"),
    ],
)
def test_logs_are_for_the_account_alone(more: Any, found: list[str], words: str) -> None:
    """Whom else the log bucket's policy lets in is told, though the logs arrive."""
    assert severities("log-target", **_target(policy=_with(more))) == found
    assert words in told("log-target", **_target(policy=_with(more)))


def test_logs_that_strangers_reach_are_worse() -> None:
    """Without Block Public Access, what strangers reach is high; accounts of administrators are expected."""
    changes = {**NO_BLOCK, **_target(public_access_block={}, policy=_with(BY_HEADER))}
    assert "high" in severities("log-target", **changes)
    profile = replace(PROFILE, admins=(f"arn:aws:iam::{STRANGER}:role/Admin",))
    assert severities("log-target", profile, **_target(policy=_with(FOREIGN))) == []
    own = replace(PROFILE, admins=(f"arn:aws:iam::{ACCOUNT}:role/Admin",))
    assert severities("log-target", own, **_target(policy=_with(FOREIGN))) == ["medium"]


# ------------------------------------------------------------------------------------------ trails


def _trail(**changes: Any) -> Any:
    return replace(GOOD_TRAIL, **changes)


def _selecting(kind: str, *values: str) -> dict[str, Any]:
    resources = [{"Type": "AWS::S3::Object", "Values": list(values)}]
    return {"EventSelectors": [{"ReadWriteType": kind, "DataResources": resources}]}


WHOLE = f"arn:aws:s3:::{BUCKET}/"


@pytest.mark.parametrize(
    ("trails", "found", "words"),
    [
        ((), 1, "who reads or changes it"),
        ((_trail(logging=False),), 1, "it is not logging"),
        ((_trail(multi_region=False, home_region="us-east-1"),), 1, "records us-east-1 only"),
        ((_trail(multi_region=False),), 0, ""),
        ((_trail(selectors={}),), 1, "No object is covered"),
        ((_trail(selectors=_selecting("All", "arn:aws:s3:::amzn-s3-demo-other/")),), 1, "No object"),
        ((_trail(selectors=_selecting("All", f"{WHOLE}logs/")),), 1, "Not all objects"),
        ((_trail(selectors=_selecting("ReadOnly", WHOLE)),), 1, "who changes it"),
        ((_trail(selectors=_selecting("WriteOnly", WHOLE)),), 1, "who reads it"),
        (
            (
                _trail(selectors=_selecting("WriteOnly", WHOLE)),
                _trail(selectors=_selecting("ReadOnly", "arn:aws:s3")),
            ),
            0,
            "",
        ),
        (
            (_trail(selectors=_selecting("WriteOnly", WHOLE)), _trail(logging=False)),
            1,
            "who reads it",
        ),
        ((_trail(selectors=DENIED), GOOD_TRAIL), 0, ""),
        ((_trail(logging=DENIED), GOOD_TRAIL), 0, ""),
        ((_trail(selectors=DENIED, logging=False),), 1, "not logging"),
    ],
)
def test_data_events(trails: Any, found: int, words: str) -> None:
    """A trail counts that is logging, here, and for all objects; reading and writing are told apart."""
    assert severities("data-events", trails=trails) == ["info"] * found
    assert words in told("data-events", trails=trails)


@pytest.mark.parametrize(
    "changes",
    [
        {"trails": (replace(GOOD_TRAIL, multi_region=False, home_region=""),)},
        {"trails": (replace(GOOD_TRAIL, multi_region=False),), "region": DENIED},
    ],
)
def test_a_trail_of_an_unknown_region_leaves_the_question_open(changes: Any) -> None:
    """A trail of one region counts where it is known to be the bucket's."""
    assert severities("data-events", **changes) == ["unknown"]
    trails = (GOOD_TRAIL, *changes["trails"])
    assert severities("data-events", **{**changes, "trails": trails}) == []


@pytest.mark.parametrize(
    "name", ["UpdateObjectEncryption", "ListObjectsV2", "ListParts", "GetObjectAttributes", "HeadBucket"]
)
def test_a_trail_that_leaves_an_operation_out_has_a_gap(name: str) -> None:
    """Every data event of S3 is asked about."""
    fields = [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
        {"Field": "eventName", "NotEquals": [name]},
    ]
    trails = (_trail(selectors={"AdvancedEventSelectors": [{"FieldSelectors": fields}]}),)
    assert severities("data-events", trails=trails) == ["info"]
    assert f"not recorded: {name}" in told("data-events", trails=trails)


@pytest.mark.parametrize("unread", [{"selectors": DENIED}, {"logging": DENIED}])
def test_an_unread_trail_leaves_the_question_open(unread: dict[str, Unread]) -> None:
    """A trail of which nobody knows what it records may record this bucket."""
    assert severities("data-events", trails=(_trail(**unread),)) == ["unknown"]
    half = _trail(selectors=_selecting("ReadOnly", WHOLE))
    assert severities("data-events", trails=(half, _trail(**unread))) == ["unknown"]


# ------------------------------------------------------------------------------------------ analyzers, Macie


@pytest.mark.parametrize(
    "analyzers",
    [
        (),
        ({"name": "unused", "type": "ACCOUNT_UNUSED_ACCESS", "status": "ACTIVE"},),
        ({"name": "inside", "type": "ACCOUNT_INTERNAL_ACCESS", "status": "ACTIVE"},),
        ({"name": "off", "type": "ACCOUNT", "status": "DISABLED"},),
        ({"name": "new", "type": "ORGANIZATION", "status": "CREATING"}, "x"),
    ],
)
def test_other_analyzers_do_not_look_for_access_from_outside(analyzers: Any) -> None:
    """Analyzers of unused or internal access, and those that do not run, do not count."""
    assert severities("access-analyzer", analyzers=analyzers) == ["info"]
    assert severities("analyzer-findings", analyzers=analyzers) == ["not applicable"]
    assert (
        severities("access-analyzer", analyzers=(*analyzers, {"type": "ORGANIZATION", "status": "ACTIVE"}))
        == []
    )


OPEN = {"id": "1", "status": "ACTIVE", "resourceType": "AWS::S3::Bucket", "isPublic": False}
OTHER = {**OPEN, "principal": {"AWS": STRANGER}}


@pytest.mark.parametrize(
    ("finding", "found"),
    [
        ({**OPEN, "isPublic": True, "action": ["s3:GetObject"]}, ["high"]),
        ({**OTHER, "action": ["s3:PutObject"]}, ["medium"]),
        ({**OTHER, "action": ["s3:GetObject", "s3:ListBucket"]}, ["low"]),
        ({**OTHER, "action": ["s3:*"]}, ["medium"]),
        (OTHER, ["medium"]),
        ({"id": "2", "status": "ACTIVE", "findingType": "ExternalAccess"}, ["medium"]),
        ({**OPEN, "status": "ARCHIVED", "isPublic": True}, []),
        ({**OPEN, "status": "RESOLVED", "isPublic": True}, []),
        ({"id": "3", "status": "ACTIVE", "findingType": "UnusedPermission"}, []),
    ],
)
def test_findings_of_access_analyzer(finding: Any, found: list[str]) -> None:
    """The public is high; another account counts by what it may do; settled findings do not count."""
    assert severities("analyzer-findings", analyzer_findings=(finding,)) == found


def test_an_analyzers_finding_names_the_stranger() -> None:
    """Whoever reads it knows whom to look for."""
    text = told("analyzer-findings", analyzer_findings=({**OTHER, "action": ["s3:PutObject"]},))
    assert STRANGER in text
    assert "s3:PutObject" in text


@pytest.mark.parametrize("status", ["PAUSED", "DISABLED", "", None])
def test_macie_that_does_not_look(status: Any) -> None:
    """Paused or not enabled, Macie finds nothing, which is then no good news."""
    assert severities("macie", macie={"status": status}) == ["info"]
    assert severities("macie-findings", macie={"status": status}) == ["not applicable"]


SECRET = "4111 1111 1111 1111"


def _seen(severity: str | None = "High", **changes: Any) -> dict[str, Any]:
    return {
        "id": "f1",
        "type": "SensitiveData:S3Object/Financial",
        "severity": {"description": severity, "score": 3},
        "resourcesAffected": {"s3Object": {"key": "cards.csv"}},
        "classificationDetails": {"result": {"sensitiveData": [{"detections": [{"type": SECRET}]}]}},
        "description": SECRET,
        "title": SECRET,
        **changes,
    }


@pytest.mark.parametrize(
    ("findings", "found"),
    [
        ((_seen(),), ["high"]),
        ((_seen("Medium"),), ["medium"]),
        ((_seen("Low"),), ["low"]),
        ((_seen("Low"), _seen("High")), ["high"]),
        ((_seen(), _seen(type="Policy:IAMUser/S3BucketPublic")), ["high", "high"]),
        ((_seen(severity=None),), ["medium"]),
        ((_seen(archived=True),), []),
        ((_seen(sample=True),), []),
    ],
)
def test_findings_of_macie(findings: Any, found: list[str]) -> None:
    """Each type is told once, with the worst of its severities; samples and archived ones are left out."""
    assert severities("macie-findings", macie_findings=findings) == found


def test_the_data_that_macie_found_is_not_repeated() -> None:
    """A report names type and object, and nothing of what stands in it."""
    text = told("macie-findings", macie_findings=(_seen(),))
    assert "cards.csv" in text
    assert SECRET not in text


# ------------------------------------------------------------------------------------------ being told


OWN_FUNCTION = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:told"
FOREIGN_FUNCTION = f"arn:aws:lambda:eu-west-1:{STRANGER}:function:told"
FOREIGN_TARGETS = {
    "TopicConfigurations": ("TopicArn", f"arn:aws:sns:eu-west-1:{STRANGER}:told"),
    "QueueConfigurations": ("QueueArn", f"arn:aws:sqs:eu-west-1:{STRANGER}:told"),
    "LambdaFunctionConfigurations": (
        "LambdaFunctionArn",
        FOREIGN_FUNCTION,
    ),
}


@pytest.mark.parametrize("kind", FOREIGN_TARGETS)
def test_another_account_that_is_told_of_events_is_named(kind: str) -> None:
    """Keys and senders of every request go to the target, whoever has it."""
    name, arn = FOREIGN_TARGETS[kind]
    changes: dict[str, Any] = {"notifications": {kind: [{name: arn}, {name: arn}]}}
    assert severities("event-notifications", **changes) == ["info"]
    assert f"Another account, {STRANGER}," in told("event-notifications", **changes)
    required = replace(PROFILE, requires=frozenset({"event-notifications"}))
    assert severities("event-notifications", required, **changes) == ["low"]


@pytest.mark.parametrize(
    ("setting", "found"),
    [
        ({"EventBridgeConfiguration": {}}, []),
        ({"QueueConfigurations": [{"QueueArn": "arn:aws:sqs:…"}]}, []),
        ({"TopicConfigurations": [{}]}, []),
        ({"LambdaFunctionConfigurations": [{}]}, []),
        ({"LambdaFunctionConfigurations": [{"LambdaFunctionArn": OWN_FUNCTION}]}, []),
        ({"TopicConfigurations": []}, ["info"]),
        ({"TopicConfigurations": "x"}, ["info"]),
        ({"EventBridgeConfiguration": None}, ["info"]),
    ],
)
def test_event_notifications(setting: Any, found: list[str]) -> None:
    """Any target will do."""
    assert severities("event-notifications", notifications=setting) == found


def _alarm(pattern: Any, kind: str = "event rule", targets: Any = ("arn:aws:sns:…",)) -> dict[str, Any]:
    return {"kind": kind, "name": "opened", "pattern": pattern, "targets": list(targets)}


def _rule(**detail: Any) -> str:
    return json.dumps({"source": ["aws.s3"], "detail": detail})


NAMES = " || ".join(f"($.eventName = {each})" for each in EVENTS)
FILTER = f"{{ ($.eventSource = s3.amazonaws.com) && ({NAMES}) }}"


@pytest.mark.parametrize(
    ("pattern", "kind", "missing"),
    [
        (RULE, "event rule", 0),
        (json.loads(RULE), "event rule", 0),
        (_rule(), "event rule", 0),
        (_rule(eventName=[{"prefix": "Put"}, {"prefix": "Delete"}]), "event rule", 0),
        (_rule(eventName=[{"wildcard": "*Bucket*"}]), "event rule", 0),
        (_rule(eventName=[{"anything-but": "GetObject"}]), "event rule", 0),
        (_rule(eventName=[{"anything-but": {"prefix": "Put"}}]), "event rule", 3),
        (_rule(eventName=["PutBucketPolicy"]), "event rule", 4),
        (_rule(eventName=["putbucketpolicy"]), "event rule", 5),
        (_rule(eventName="PutBucketPolicy"), "event rule", 5),
        (_rule(requestParameters={"bucketName": [BUCKET]}), "event rule", 0),
        (_rule(requestParameters={"bucketName": ["amzn-s3-demo-other"]}), "event rule", 5),
        (_rule(eventSource=["ec2.amazonaws.com"]), "event rule", 5),
        (json.dumps({"source": ["aws.ec2"]}), "event rule", 5),
        (json.dumps({"source": ["aws.s3"], "detail-type": ["Object Created"]}), "event rule", 5),
        ("{}", "event rule", 5),
        ("{", "event rule", 5),
        ("[" * 100_000, "event rule", 5),
        (None, "event rule", 5),
        (FILTER, "metric filter", 0),
        (FILTER.replace(" = PutBucketPolicy", ' = "PutBucketPolicy"'), "metric filter", 0),
        ("{ $.eventSource = s3.amazonaws.com }", "metric filter", 0),
        ("{ $.eventName = *Bucket* }", "metric filter", 0),
        ("{ $.eventName = PutBucketPolicy }", "metric filter", 4),
        ("{ ($.eventSource = s3.amazonaws.com) && ($.eventName != PutBucketAcl) }", "metric filter", 1),
        (FILTER.replace("s3.amazonaws.com", "ec2.amazonaws.com"), "metric filter", 5),
        (FILTER + " && ($.requestParameters.bucketName = amzn-s3-demo-other)", "metric filter", 5),
        ("ERROR", "metric filter", 5),
        ("", "metric filter", 5),
    ],
)
def test_what_an_alarm_is_told_of(pattern: Any, kind: str, missing: int) -> None:
    """A pattern counts for the events that it lets through, for this bucket."""
    alarms = (_alarm(pattern, kind),)
    assert severities("alarms", alarms=alarms) == (["info"] if missing else [])
    text = told("alarms", alarms=alarms).partition("\n")[0]
    assert sum(each in text for each in EVENTS) == missing


def test_an_alarm_without_a_target_tells_nobody() -> None:
    """A rule that nothing listens to does not count."""
    alarms = (_alarm(RULE, targets=()),)
    assert severities("alarms", alarms=alarms) == ["info"]
    assert "without a target: opened" in told("alarms", alarms=alarms)


def test_alarms_that_were_read_in_part_leave_the_question_open() -> None:
    """If there are more than were read, one of those may be the one."""
    assert severities("alarms", alarms=(), cut=("alarms",)) == ["unknown"]
    assert severities("alarms", cut=("alarms",)) == []


@pytest.mark.parametrize(
    ("group", "recording", "found"),
    [
        ({"allSupported": True}, True, []),
        ({"allSupported": False, "resourceTypes": ["AWS::S3::Bucket"]}, True, []),
        ({}, True, []),
        ({"allSupported": True}, False, ["info"]),
        ({"allSupported": True}, "yes", ["info"]),
        ({"allSupported": False, "resourceTypes": ["AWS::EC2::Instance"]}, True, ["info"]),
        (
            {
                "recordingStrategy": {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"},
                "exclusionByResourceTypes": {"resourceTypes": ["AWS::S3::Bucket"]},
            },
            True,
            ["info"],
        ),
        (
            {
                "recordingStrategy": {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"},
                "exclusionByResourceTypes": {"resourceTypes": ["AWS::IAM::User"]},
            },
            True,
            [],
        ),
    ],
)
def test_recorders(group: Any, recording: Any, found: list[str]) -> None:
    """A recorder counts that runs and records buckets."""
    recorders = ({"name": "default", "recordingGroup": group, "recording": recording},)
    assert severities("config-recorder", recorders=recorders) == found
