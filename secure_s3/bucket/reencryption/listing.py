"""The objects under a prefix, page by page, from anywhere on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...guard.faults import typed
from .ways import Entry

Mark = tuple[str, str | None]
PAGE = 1_000
"""Objects in one answer; S3 gives no more. Source: Amazon S3 API Reference, ListObjectsV2."""


def pages(
    client: Any, bucket: str, prefix: str, *, versions: bool = False, after: Mark | None = None
) -> Iterator[list[Entry]]:
    """Up to ``PAGE`` objects at a time, in the order of their keys.

    What is written while it goes on may be among them or not. Delete markers are left out.

    Args:
        client: A hardened S3 client.
        bucket, prefix: Where.
        versions: All versions, with their ids; else the current ones, without.
        after: Begin after this key, with versions after this version of it.
    """
    return _versions(client, bucket, prefix, after) if versions else _current(client, bucket, prefix, after)


def _current(client: Any, bucket: str, prefix: str, after: Mark | None) -> Iterator[list[Entry]]:
    more: dict[str, Any] = {"MaxKeys": PAGE} | ({} if after is None else {"StartAfter": after[0]})
    while True:
        with typed("ListObjectsV2", bucket):
            answer = client.list_objects_v2(Bucket=bucket, Prefix=prefix, **more)
        yield [Entry(each["Key"], size=each["Size"]) for each in answer.get("Contents", ())]
        if not answer.get("IsTruncated"):
            return
        more = {"MaxKeys": PAGE, "ContinuationToken": answer["NextContinuationToken"]}


def _versions(client: Any, bucket: str, prefix: str, after: Mark | None) -> Iterator[list[Entry]]:
    key, version = after or (None, None)
    while True:
        marks = {"KeyMarker": key, "VersionIdMarker": version}
        more = {name: mark for name, mark in marks.items() if mark}
        with typed("ListObjectVersions", bucket):
            answer = client.list_object_versions(Bucket=bucket, Prefix=prefix, MaxKeys=PAGE, **more)
        yield [
            Entry(each["Key"], each["VersionId"], bool(each["IsLatest"]), each["Size"])
            for each in answer.get("Versions", ())
        ]
        if not answer.get("IsTruncated"):
            return
        key, version = answer["NextKeyMarker"], answer.get("NextVersionIdMarker")
