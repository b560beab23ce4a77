"""What is read in several steps, from answers as the services' models describe them."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from secure_s3.bucket.asking import Asking
from secure_s3.bucket.snapshot.alarms import read_alarms, tells_of_access
from secure_s3.bucket.snapshot.identities import read_identities
from secure_s3.bucket.snapshot.points import MOST, read_multi_region, read_points
from secure_s3.bucket.snapshot.settings import log_target
from secure_s3.bucket.snapshot.surroundings import read_endpoints, read_recorders
from secure_s3.bucket.snapshot.trails import read_trails
from secure_s3.bucket.snapshot.values import Identity, Unread
from tests.bucket.network import DENIED, Service, refusal
from tests.bucket.support import OWNER
from tests.guard.support import BUCKET

REGION = "eu-west-1"
TOPIC = f"arn:aws:sns:{REGION}:{OWNER}:topic"


def read(function: Any, answers: dict[str, Any], *arguments: Any) -> tuple[Any, Service]:
    service = Service(answers, refuses=True)
    with Asking(SimpleNamespace(client=lambda *_, **__: service), service, calls=200, threads=4) as asking:
        return function(asking, *arguments), service


def document(sid: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Sid": sid, "Effect": "Allow", "Action": "*", "Resource": "*"}],
    }


def managed(name: str) -> dict[str, str]:
    return {"PolicyName": name, "PolicyArn": f"arn:aws:iam::{OWNER}:policy/{name}"}


# -- identities --------------------------------------------------------------------------------------------

USER = {
    "Arn": f"arn:aws:iam::{OWNER}:user/ann",
    "Path": "/",
    "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": document("Own")}],
    "GroupList": ["staff"],
    "AttachedManagedPolicies": [managed("attached")],
    "PermissionsBoundary": {"PermissionsBoundaryArn": managed("boundary")["PolicyArn"]},
    "Tags": [{"Key": "password", "Value": "hunter2"}],
}
GROUP = {
    "GroupName": "staff",
    "GroupPolicyList": [{"PolicyName": "staff", "PolicyDocument": json.dumps(document("Staff"))}],
    "AttachedManagedPolicies": [managed("attached")],
}
ROLE: dict[str, Any] = {
    "Arn": f"arn:aws:iam::{OWNER}:role/aws-service-role/macie.amazonaws.com/Macie",
    "Path": "/aws-service-role/macie.amazonaws.com/",
    "AttachedManagedPolicies": [managed("elsewhere")],
}
VERSIONS = [
    {"VersionId": "v1", "IsDefaultVersion": False, "Document": document("Old")},
    {"VersionId": "v2", "IsDefaultVersion": True, "Document": document("Attached")},
]
POLICIES = [
    {"Arn": managed("attached")["PolicyArn"], "PolicyVersionList": VERSIONS},
    {
        "Arn": managed("boundary")["PolicyArn"],
        "PolicyVersionList": [{**VERSIONS[1], "Document": document("Bound")}],
    },
]


def test_identities() -> None:
    """A user has its own, its groups' and attached policies in their default version, and its boundary."""
    pages = [
        {"UserDetailList": [USER], "IsTruncated": True, "Marker": "more"},
        {"RoleDetailList": [ROLE], "GroupDetailList": [GROUP], "Policies": POLICIES, "IsTruncated": False},
    ]
    found, service = read(read_identities, {"get_account_authorization_details": lambda **_: pages.pop(0)})
    user, role = found["identities"]
    assert [json.loads(each)["Statement"][0]["Sid"] for each in user.policies] == ["Own", "Attached", "Staff"]
    assert json.loads(user.boundary)["Statement"][0]["Sid"] == "Bound"
    assert role == Identity(arn=ROLE["Arn"], service_linked=True)
    assert "hunter2" not in repr(found)
    assert "cut" not in found
    assert [arguments.get("Marker") for _, arguments in service.arguments] == [None, "more"]


def test_identities_without_end() -> None:
    """Of an account with more identities than are read the first are told, and that there are more."""
    page = {"UserDetailList": [USER], "IsTruncated": True, "Marker": "more"}
    found, service = read(read_identities, {"get_account_authorization_details": page})
    assert (len(service.asked), found["cut"]) == (6, ("identities",))  # five pages, and "closed"
    assert len(found["identities"]) == 5
    refused, _ = read(read_identities, {})
    assert refused == {
        "identities": Unread("access denied", "iam:GetAccountAuthorizationDetails", "AccessDenied")
    }


# -- access points -----------------------------------------------------------------------------------------


def point(name: str, bucket: str = BUCKET, **more: Any) -> dict[str, Any]:
    arn = f"arn:aws:s3:{REGION}:{OWNER}:accesspoint/{name}"
    return {"Name": name, "Bucket": bucket, "AccessPointArn": arn, "NetworkOrigin": "Internet", **more}


def test_points() -> None:
    """An access point has its network, its policy and what S3 says of it; one of many is not asked about."""
    vpc = point("p0", VpcConfiguration={"VpcId": "vpc-1"}, Alias="p0-s3alias")
    listed = [vpc, point("other", "amzn-s3-demo-other"), *(point(f"p{at}") for at in range(1, MOST + 2))]
    answers = {
        "list_access_points": {"AccessPointList": listed},
        "get_access_point": {"PublicAccessBlockConfiguration": {"BlockPublicPolicy": False}},
        "get_access_point_policy": refusal("NoSuchAccessPointPolicy", 404),
    }
    found, service = read(read_points, answers, BUCKET, OWNER, REGION)
    first, *_, last = found["access_points"]
    assert (first.name, first.vpc, first.alias, first.policy) == ("p0", "vpc-1", "p0-s3alias", None)
    assert first.public_access_block == {"BlockPublicPolicy": False}
    assert first.is_public == Unread("access denied", "s3:GetAccessPointPolicyStatus", "AccessDenied")
    assert len(found["access_points"]) == MOST + 2
    assert isinstance(last.policy, Unread)
    assert found["cut"] == ("access_points",)
    assert service.asked.count("get_access_point") == MOST


def test_multi_region_points() -> None:
    """Only those count that lead to the bucket; other partitions than aws have none to ask for."""
    mine = {"Name": "m", "Regions": [{"Bucket": BUCKET, "Region": REGION}]}
    listed = [mine, {"Name": "n", "Regions": [{"Bucket": "amzn-s3-demo-other"}]}, {"Name": "o"}]
    answers = {"list_multi_region_access_points": {"AccessPoints": listed}}
    found, _ = read(read_multi_region, answers, BUCKET, OWNER, "aws")
    assert found == {"multi_region_access_points": (mine,)}
    found, service = read(read_multi_region, answers, BUCKET, OWNER, "aws-cn")
    assert isinstance(found["multi_region_access_points"], Unread)
    assert service.asked == []


# -- trails, alarms, surroundings --------------------------------------------------------------------------


def test_trails() -> None:
    """A trail is asked about in its home region; what is refused of it leaves the rest."""
    trail = {"Name": "t", "TrailARN": "arn", "HomeRegion": "us-east-1", "IsMultiRegionTrail": True}
    selectors = {"TrailARN": "arn", "AdvancedEventSelectors": [{"FieldSelectors": []}]}
    answers = {"describe_trails": {"trailList": [trail]}, "get_event_selectors": selectors}
    (found,) = read(read_trails, answers, REGION)[0]["trails"]
    assert (found.multi_region, found.home_region) == (True, "us-east-1")
    assert found.selectors == {"AdvancedEventSelectors": [{"FieldSelectors": []}]}
    assert found.logging == Unread("access denied", "cloudtrail:GetTrailStatus", "AccessDenied")
    found, _ = read(read_trails, {"describe_trails": {"trailList": [trail] * 13}}, REGION)
    assert (len(found["trails"]), found["cut"]) == (13, ("trails",))


METRIC = {"metricName": "m", "metricNamespace": "n"}
FILTERS = {
    "metricFilters": [
        {
            "filterName": "f",
            "filterPattern": "{ $.eventName = PutBucketAcl }",
            "metricTransformations": [METRIC],
        },
        {
            "filterName": "g",
            "filterPattern": "{ $.eventName = ConsoleLogin }",
            "metricTransformations": [METRIC],
        },
    ]
}
QUIET = {"ActionsEnabled": False, "AlarmActions": ["arn:quiet"]}
ALARMS = {"MetricAlarms": [{"AlarmName": "a", "AlarmActions": [TOPIC]}, QUIET]}
RULES = {
    "Rules": [
        {"Name": "on", "State": "ENABLED", "EventPattern": '{"source": ["aws.access-analyzer"]}'},
        {"Name": "off", "State": "DISABLED", "EventPattern": '{"source": ["aws.access-analyzer"]}'},
        {"Name": "timed", "State": "ENABLED", "ScheduleExpression": "rate(1 day)"},
    ]
}
TOLD = {
    "describe_metric_filters": FILTERS,
    "describe_alarms_for_metric": ALARMS,
    "list_rules": RULES,
    "list_targets_by_rule": {"Targets": [{"Arn": TOPIC, "Input": '{"password": "hunter2"}'}]},
}
FILTER = {
    "kind": "metric filter",
    "name": "f",
    "pattern": "{ $.eventName = PutBucketAcl }",
    "targets": [TOPIC],
}
RULE = {
    "kind": "event rule",
    "name": "on",
    "pattern": '{"source": ["aws.access-analyzer"]}',
    "targets": [TOPIC],
}


def test_alarms() -> None:
    """Filters with an alarm on them and rules that are on are told with who hears of it, and nothing else."""
    found, service = read(read_alarms, TOLD, REGION)
    assert found == {"alarms": (FILTER, RULE)}
    assert service.asked.count("describe_alarms_for_metric") == 1
    assert read(read_alarms, {**TOLD, "describe_alarms_for_metric": {}}, REGION)[0] == {"alarms": (RULE,)}


def test_half_of_the_alarms() -> None:
    """What one kind tells counts alone; that it tells nothing does not, while the other was not read."""
    found, _ = read(read_alarms, {**TOLD, "list_rules": DENIED}, REGION)
    assert found == {"alarms": (FILTER,), "cut": ("alarms",)}
    found, _ = read(read_alarms, {"list_rules": {"Rules": []}}, REGION)
    assert found["alarms"] == Unread("access denied", "logs:DescribeMetricFilters", "AccessDenied")


CLOUDTRAIL = {"source": ["aws.s3"], "detail-type": ["AWS API Call via CloudTrail"]}
PATTERNS: list[tuple[Any, bool]] = [
    ({"source": ["aws.guardduty"]}, True),
    ({"source": ["aws.macie"]}, True),
    (CLOUDTRAIL, True),
    ({**CLOUDTRAIL, "detail": {"eventName": ["PutBucketPolicy", "GetObject"]}}, True),
    ({**CLOUDTRAIL, "detail": {"eventName": [{"prefix": "PutBucketAcl"}]}}, True),
    ({"detail": {"eventSource": ["s3.amazonaws.com"], "eventName": ["DeletePublicAccessBlock"]}}, True),
    ({**CLOUDTRAIL, "detail": {"eventName": ["GetObject"]}}, False),
    ({"source": ["aws.s3"], "detail-type": ["Object Created"]}, False),
    ({"source": ["aws.ec2"]}, False),
    ({"source": "aws.guardduty"}, False),
    ({"detail": []}, False),
    ([], False),
    ({}, False),
]


@pytest.mark.parametrize(("pattern", "tells"), PATTERNS)
def test_event_patterns(pattern: Any, tells: bool) -> None:
    """A rule tells of changed access if it matches such calls, or findings of services that look for it."""
    assert tells_of_access(json.dumps(pattern)) is tells


@pytest.mark.parametrize("pattern", [None, "", "{", "[" * 100_000, 7])
def test_what_is_no_event_pattern(pattern: Any) -> None:
    """A schedule has no pattern, and what is none matches nothing."""
    assert tells_of_access(pattern) is False


def test_surroundings() -> None:
    """Endpoints of S3 are told without their tags, recorders with whether they record."""
    name = f"com.amazonaws.{REGION}.s3"
    listed = [{"ServiceName": name, "VpcId": "vpc-1", "Tags": [{"Key": "a"}]}, {"ServiceName": "other"}]
    found, _ = read(read_endpoints, {"describe_vpc_endpoints": {"VpcEndpoints": listed}}, REGION)
    assert found == {"vpc_endpoints": ({"ServiceName": name, "VpcId": "vpc-1"},)}
    answers = {
        "describe_configuration_recorders": {"ConfigurationRecorders": [{"name": "r", "roleARN": "arn"}]},
        "describe_configuration_recorder_status": {"ConfigurationRecordersStatus": []},
    }
    found, _ = read(read_recorders, answers, REGION)
    assert found == {"recorders": ({"name": "r", "recordingGroup": {}, "recording": False},)}


def test_target_of_logs() -> None:
    """Without logging there is no target; of one that may not be read every setting is Unread."""
    assert read(log_target, {}, {})[0] is None
    assert read(log_target, {}, Unread("no"))[0] == Unread("no")
    target: Any = read(log_target, {}, {"TargetBucket": "amzn-s3-demo-logs"})[0]
    assert target.bucket == "amzn-s3-demo-logs"
    assert target.policy == Unread("access denied", "s3:GetBucketPolicy", "AccessDenied")
