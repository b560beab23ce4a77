"""What an alarm or a rule of EventBridge is told of, read from its pattern.

A metric filter's pattern is read for the event names that it compares with; how it joins them is not
evaluated, so that a filter that contradicts itself counts as one that works.

Sources: Amazon CloudWatch Logs User Guide, "Filter pattern syntax for metric filters"; Amazon EventBridge
User Guide, "Creating Amazon EventBridge event patterns".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from ....policy.globs import glob
from .shapes import at, mapping, text, texts

WATCHED = (
    *("PutBucketPolicy", "DeleteBucketPolicy", "PutBucketAcl"),
    *("PutBucketPublicAccessBlock", "DeleteBucketPublicAccessBlock"),
)
"""The events by which a bucket becomes public."""
_NAMES = re.compile(r"\$\.eventName\s*(!?=)\s*\"?([A-Za-z0-9*]{1,100})\"?")
_SOURCES = re.compile(r"\$\.eventSource\s*=\s*\"?([A-Za-z0-9.*-]{1,100})\"?")
_BUCKETS = re.compile(r"\$\.requestParameters\.bucketName\s*=\s*\"?([A-Za-z0-9.*_-]{1,100})\"?")
SERVICE = "s3.amazonaws.com"


@lru_cache(maxsize=512)
def watched(kind: str, pattern: str, bucket: str) -> frozenset[str]:
    """Which of WATCHED, done to *bucket*, the pattern of a metric filter or an event rule lets through."""
    return _of_a_filter(pattern, bucket) if kind == "metric filter" else _of_a_rule(pattern, bucket)


def _of_a_filter(pattern: str, bucket: str) -> frozenset[str]:
    sources, buckets = _SOURCES.findall(pattern), _BUCKETS.findall(pattern)
    if (sources and not _fits(sources, SERVICE)) or (buckets and not _fits(buckets, bucket)):
        return frozenset()
    names = _NAMES.findall(pattern)
    wanted = [name for sign, name in names if sign == "="]
    unwanted = [name for sign, name in names if sign == "!="]
    return frozenset(
        each
        for each in WATCHED
        if (_fits(wanted, each) if wanted else bool(sources)) and not _fits(unwanted, each)
    )


def _fits(patterns: Iterable[str], name: str) -> bool:
    return any(glob(each)(name) for each in patterns)


def _of_a_rule(pattern: str, bucket: str) -> frozenset[str]:
    try:
        rule = mapping(json.loads(pattern))
    except (ValueError, RecursionError):
        return frozenset()
    detail = mapping(rule.get("detail"))
    around = (
        (rule, "source", "aws.s3"),
        (rule, "detail-type", "AWS API Call via CloudTrail"),
        (detail, "eventSource", SERVICE),
        (mapping(at(detail, "requestParameters")), "bucketName", bucket),
    )
    if not rule or not all(_admits(where.get(name), value) for where, name, value in around):
        return frozenset()
    return frozenset(each for each in WATCHED if _admits(detail.get("eventName"), each))


def _admits(wanted: Any, value: str) -> bool:
    """Whether one of a field's alternatives lets *value* through; without any, all are."""
    if wanted is None:
        return True
    return isinstance(wanted, list) and any(_matches(each, value) for each in wanted)


def _matches(wanted: Any, value: str) -> bool:
    if isinstance(wanted, str):
        return wanted == value
    for operator, operand in mapping(wanted).items():
        if operator == "prefix":
            return bool(text(operand)) and value.startswith(text(operand))
        if operator == "suffix":
            return bool(text(operand)) and value.endswith(text(operand))
        if operator == "wildcard":
            return glob(text(operand))(value)
        if operator == "equals-ignore-case":
            return text(operand).lower() == value.lower()
        if operator == "exists":
            return operand is True
        if operator == "anything-but":
            return (
                value not in texts(operand)
                if isinstance(operand, str | list)
                else not _matches(operand, value)
            )
    return False
