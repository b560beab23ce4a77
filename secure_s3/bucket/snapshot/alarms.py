"""Who is told when access to a bucket changes: alarms on what trails log, and rules of EventBridge.

A metric filter counts if its pattern speaks of calls that change access to buckets and an alarm watches its
metric; a rule if it is on and matches such calls, or findings of the services that look for open access.

Sources: CIS AWS Foundations Benchmark, "Ensure S3 bucket policy changes are monitored"; Amazon CloudWatch
Logs API Reference, DescribeMetricFilters; Amazon CloudWatch API Reference, DescribeAlarmsForMetric; Amazon
EventBridge API Reference, ListRules, ListTargetsByRule; Amazon EventBridge User Guide, "Event patterns".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..asking import Answer, Asking
from .aside import aside
from .questions import Fields, or_unread, pages
from .values import Unread

_CHANGES = re.compile(
    r"(Put|Delete)(Bucket|Account)?(Policy|Acl|PublicAccessBlock|Cors|Replication|Lifecycle|Website"
    r"|OwnershipControls|AccessPointPolicy)"
)
_OF_CLOUDTRAIL = "AWS API Call via CloudTrail"
_FINDERS = ("aws.guardduty", "aws.access-analyzer", "aws.macie", "aws.macie2", "aws.securityhub")
_MOST = 10
_PAGES = 4


def read_alarms(asking: Asking, region: str | None) -> Fields:
    """``alarms``, and ``cut`` if there are more than are read."""
    cut: list[bool] = []
    filters = aside(or_unread, "logs:DescribeMetricFilters", lambda: _filters(asking, region, cut))
    rules = or_unread("events:ListRules", lambda: _rules(asking, region, cut))
    found = [filters.result(), rules]
    # One kind alone does not show that nobody is told.
    missing = next((each for each in found if isinstance(each, Unread)), None)
    told = [alarm for each in found if not isinstance(each, Unread) for alarm in each]
    alarms = {"alarms": missing if missing is not None and not told else tuple(told)}
    return alarms | ({"cut": ("alarms",)} if any(cut) or (missing is not None and told) else {})


# -- metric filters ----------------------------------------------------------------------------------------


def _filters(asking: Asking, region: str | None, cut: list[bool]) -> list[Fields]:
    aside(asking.ready, "cloudwatch", region)
    told, more = pages(asking, ("logs", "describe_metric_filters", region), "nextToken", _PAGES)
    listed = [each for page in told for each in page.get("metricFilters") or ()]
    speaking = [each for each in listed if _CHANGES.search(str(each.get("filterPattern") or ""))]
    cut.append(more or len(speaking) > _MOST)
    begun = [(each, list(_watching(asking, each, region))) for each in speaking[:_MOST]]
    return [found for each, answers in begun for found in _with_an_alarm(each, answers)]


def _watching(asking: Asking, told: Mapping[str, Any], region: str | None) -> Iterator[Answer]:
    for metric in told.get("metricTransformations") or ():
        named = {"MetricName": metric["metricName"], "Namespace": metric["metricNamespace"]}
        yield asking.start("cloudwatch", "describe_alarms_for_metric", region, **named)


def _with_an_alarm(told: Mapping[str, Any], answers: Iterable[Answer]) -> Iterator[Fields]:
    alarms = [alarm for answer in answers for alarm in answer.get().get("MetricAlarms") or ()]
    if alarms:
        ready = (each for each in alarms if each.get("ActionsEnabled", True))
        targets = [str(target) for each in ready for target in each.get("AlarmActions") or ()]
        yield _alarm("metric filter", told["filterName"], told["filterPattern"], targets)


# -- rules -------------------------------------------------------------------------------------------------


def _rules(asking: Asking, region: str | None, cut: list[bool]) -> list[Fields]:
    told, more = pages(asking, ("events", "list_rules", region), "NextToken", _PAGES)
    listed = [each for page in told for each in page.get("Rules") or ()]
    speaking = [each for each in listed if _is_on(each) and tells_of_access(each.get("EventPattern"))]
    cut.append(more or len(speaking) > _MOST)
    begun = [
        (each, asking.start("events", "list_targets_by_rule", region, Rule=each["Name"]))
        for each in speaking[:_MOST]
    ]
    return [
        _alarm(
            "event rule", rule["Name"], rule["EventPattern"], [str(each["Arn"]) for each in told["Targets"]]
        )
        for rule, told in ((rule, answer.get()) for rule, answer in begun)
    ]


def _is_on(rule: Mapping[str, Any]) -> bool:
    return str(rule.get("State") or "").startswith("ENABLED")


def tells_of_access(pattern: Any) -> bool:
    """Whether an event pattern matches calls that change access to buckets, or findings about open access."""
    try:
        wanted = json.loads(pattern or "{}")
    except (ValueError, TypeError, RecursionError):
        return False
    if not isinstance(wanted, dict):
        return False
    sources = _texts(wanted.get("source"))
    if any(each in _FINDERS for each in sources):
        return True
    detail = wanted.get("detail")
    detail = detail if isinstance(detail, dict) else {}
    of_s3 = "aws.s3" in sources or "s3.amazonaws.com" in _texts(detail.get("eventSource"))
    kinds = _texts(wanted.get("detail-type"))
    if not of_s3 or (kinds and _OF_CLOUDTRAIL not in kinds):
        return False
    names = _texts(detail.get("eventName"))
    return not names or any(_CHANGES.search(name) for name in names)


def _texts(given: Any) -> tuple[str, ...]:
    """The values that a field of a pattern lists; of ``{"prefix": …}`` and the like, their texts."""
    listed = given if isinstance(given, list) else []
    found: list[str] = []
    for each in listed:
        inner = each.values() if isinstance(each, dict) else (each,)
        found += [value for value in inner if isinstance(value, str)]
    return tuple(found)


def _alarm(kind: str, name: Any, pattern: Any, targets: Iterable[str]) -> Fields:
    told = list(dict.fromkeys(targets))
    return {"kind": kind, "name": str(name), "pattern": str(pattern), "targets": told}
