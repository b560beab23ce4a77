"""Which events on a bucket's objects a trail of CloudTrail records, by its selectors.

A selector names objects by what their ARN begins with, is, or ends with. Whether all objects of a bucket are
covered is found by asking about one object of each kind that the selectors tell apart: each prefix and each
ending they name, and names that none of them foresees. What holds for these holds for all.

Sources: AWS CloudTrail User Guide, "Logging data events" and "Filtering data events by using advanced event
selectors" (conditions that select are alternatives, those that deselect all count); AWS CloudTrail API
Reference, "DataResource", "AdvancedFieldSelector"; Amazon S3 User Guide, "Amazon S3 CloudTrail events".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from .shapes import rows, text, texts

FRESH = "\ue000"
"""Stands in a key for what no selector names."""
MOST_KINDS, MOST_EVENTS = 1_000, 10_000
OBJECT = "AWS::S3::Object"
READS = (
    "GetObject",
    "HeadObject",
    "GetObjectAcl",
    "GetObjectTagging",
    "GetObjectTorrent",
    "SelectObjectContent",
    *("GetObjectAttributes", "GetObjectRetention", "GetObjectLegalHold", "HeadBucket", "ListParts"),
    *("ListObjects", "ListObjectsV2", "ListObjectVersions", "ListMultipartUploads"),
)
WRITES = (
    *("PutObject", "DeleteObject", "DeleteObjects", "CopyObject", "CreateMultipartUpload", "UploadPart"),
    *("UploadPartCopy", "CompleteMultipartUpload", "AbortMultipartUpload", "RestoreObject", "PutObjectAcl"),
    *("PutObjectTagging", "DeleteObjectTagging", "PutObjectRetention", "PutObjectLegalHold"),
    "UpdateObjectEncryption",
)
_ARN, _NAME, _READ = "resources.ARN", "eventName", "readOnly"
_SELECTS = ("Equals", "StartsWith", "EndsWith")
_DESELECTS = ("NotEquals", "NotStartsWith", "NotEndsWith")
_FIXED = {
    "eventCategory": "Data",
    "resources.type": OBJECT,
    "eventSource": "s3.amazonaws.com",
    "eventType": "AwsApiCall",
}
Event = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the selectors of some trails record of a bucket's objects.

    Args:
        reads, writes: Whether all reading, all writing events are recorded.
        some_reads, some_writes: Whether any is.
        gap: An event that is not recorded, as ``PutObject of logs/…``; empty if all are.
    """

    reads: bool = False
    writes: bool = False
    some_reads: bool = False
    some_writes: bool = False
    gap: str = ""


def coverage(selectors: Sequence[Mapping[str, Any]], bucket_arn: str) -> Coverage:
    """What is recorded of the objects of a bucket by trails with these selectors, all of them together.

    Args:
        selectors: Of each trail, ``EventSelectors`` and ``AdvancedEventSelectors``.
        bucket_arn: e.g. ``arn:aws:s3:::amzn-s3-demo-bucket``.
    """
    listed = [each for trail in selectors for each in _selectors(trail, bucket_arn.partition(":::")[0])]
    try:
        events = _events(listed, f"{bucket_arn}/")
    except _TooManyError:
        return Coverage(gap="more kinds of events than are looked at")
    missed: dict[str, Event] = {}
    seen = set()
    for event in events:
        if any(_selects(each, event) for each in listed):
            seen.add(event[_READ])
        else:
            missed.setdefault(event[_READ], event)
    gap = next(iter(missed.values()), None)
    return Coverage(
        reads="true" not in missed,
        writes="false" not in missed,
        some_reads="true" in seen,
        some_writes="false" in seen,
        gap="" if gap is None else _told(gap, bucket_arn),
    )


def _told(event: Event, bucket_arn: str) -> str:
    return f"{event[_NAME]} of {event[_ARN][len(bucket_arn) + 1 :].replace(FRESH, '…')}"


Selector = Sequence[tuple[str, Mapping[str, tuple[str, ...]]]]
"""Fields with their conditions, all of which must hold."""


def _selectors(trail: Mapping[str, Any], partition: str) -> Iterator[Selector]:
    """A trail's selectors; advanced ones take the place of the others."""
    if advanced := rows(trail.get("AdvancedEventSelectors")):
        for each in advanced:
            yield [
                (
                    text(one.get("Field")),
                    {name: texts(one.get(name)) for name in (*_SELECTS, *_DESELECTS) if name in one},
                )
                for one in rows(each.get("FieldSelectors"))
            ]
        return
    for each in rows(trail.get("EventSelectors")):
        yield from _classic(each, partition)


def _classic(selector: Mapping[str, Any], partition: str) -> Iterator[Selector]:
    """A basic selector, in the words of the advanced ones."""
    kind = text(selector.get("ReadWriteType")) or "All"
    read = {"All": ("true", "false"), "ReadOnly": ("true",), "WriteOnly": ("false",)}.get(kind, ())
    for resource in rows(selector.get("DataResources")):
        if resource.get("Type") == OBJECT:
            # The whole of S3 is named arn:aws:s3. Any other value is the beginning of an object's ARN, at
            # least a bucket and its slash; S3 does not say what less than that would mean.
            named, everything = texts(resource.get("Values")), (partition, f"{partition}:::")
            starts = tuple(f"{partition}:" if each in everything else each for each in named)
            yield [
                ("eventCategory", {"Equals": ("Data",)}),
                ("resources.type", {"Equals": (OBJECT,)}),
                (_READ, {"Equals": read}),
                (
                    _ARN,
                    {"StartsWith": tuple(each for each in starts if "/" in each or each == f"{partition}:")},
                ),
            ]


def _selects(selector: Selector, event: Event) -> bool:
    # An event category and a resource type must be named; without them the selector is none of data events.
    return {"eventCategory", "resources.type"} <= {field for field, _ in selector} and all(
        _holds(conditions, event.get(field, FRESH)) for field, conditions in selector
    )


def _holds(conditions: Mapping[str, tuple[str, ...]], value: str) -> bool:
    selects = [name for name in conditions if name in _SELECTS]
    deselects = [name for name in conditions if name in _DESELECTS]
    return (not selects or any(_met(name, conditions[name], value) for name in selects)) and not any(
        _met(name[len("Not") :], conditions[name], value) for name in deselects
    )


def _met(operator: str, wanted: tuple[str, ...], value: str) -> bool:
    if operator == "Equals":
        return value in wanted
    return value.startswith(wanted) if operator == "StartsWith" else value.endswith(wanted)


class _TooManyError(Exception):
    """The selectors tell more kinds of events apart than anybody means: nothing is said to be covered."""


def _events(selectors: Sequence[Selector], prefix: str) -> list[Event]:
    """One event of each kind that the selectors tell apart; _TooManyError if there are too many."""
    named: dict[str, dict[str, set[str]]] = {}
    for selector in selectors:
        for field, conditions in selector:
            for name, values in conditions.items():
                named.setdefault(field, {}).setdefault(name.removeprefix("Not"), set()).update(values)
    arns = sorted(_kinds(named.pop(_ARN, {}), prefix))
    told = _NAME in named
    for each in (_NAME, _READ, *_FIXED):
        named.pop(each, None)
    others = {field: sorted(_kinds(values, "")) for field, values in named.items() if field}
    size = len(arns) * prod(map(len, others.values())) * (len(READS + WRITES) if told else 2)
    if size > MOST_EVENTS:
        raise _TooManyError
    return [
        {**_FIXED, _READ: read, _NAME: name, _ARN: arn, **dict(zip(others, rest, strict=True))}
        for read, names in (("true", READS), ("false", WRITES))
        for name, arn, *rest in product(names if told else names[:1], arns, *others.values())
    ]


def _kinds(named: Mapping[str, Iterable[str]], prefix: str) -> set[str]:
    """A value of each kind that the conditions tell apart, among those that begin with *prefix*."""
    starts = {prefix}
    for name in ("Equals", "StartsWith"):
        starts.update(each for each in named.get(name, ()) if each.startswith(prefix))
    ends = {"", *named.get("EndsWith", ())}
    if len(starts) * len(ends) > MOST_KINDS or any(FRESH in each for each in starts | ends):
        raise _TooManyError
    found = {start + FRESH + end for start in starts for end in ends}
    found.update(start for start in starts if start != prefix)
    # An ending may overlap with what the value begins with.
    found.update(
        start + end[size:]
        for start in starts
        for end in ends
        for size in range(len(end) + 1)
        if start.endswith(end[:size]) and start + end[size:] != prefix
    )
    return found
