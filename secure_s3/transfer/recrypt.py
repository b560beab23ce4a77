"""Copies in which the client encrypts: read, verify, encrypt again, all of it streaming."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any

from ..guard.faults import typed
from .copy_source import described
from .files import object_reader
from .receipts import Receipt
from .settings import Callback, accepted
from .upload import upload

_CONDITIONS = {
    "CopySourceIfMatch": "IfMatch",
    "CopySourceIfNoneMatch": "IfNoneMatch",
    "CopySourceIfModifiedSince": "IfModifiedSince",
    "CopySourceIfUnmodifiedSince": "IfUnmodifiedSince",
}
_OF_THE_COPY = ("MetadataDirective", "TaggingDirective", "ExpectedSourceBucketOwner")
_ARGUMENTS = ("CopyObject", "CreateMultipartUpload", "CompleteMultipartUpload")


def recrypt(
    client: Any,
    reader: Any,
    source: Mapping[str, str],
    target: Mapping[str, str],
    extra_args: Mapping[str, Any] | None,
    callback: Callback | None,
    config: Any,
) -> Receipt:
    """Copy *source*, read with the client *reader*, to *target*, written with *client*.

    The source is pinned to one version; metadata and tags go along as with S3's own copies.
    """
    extra = accepted(client, _ARGUMENTS, extra_args)
    reading = {theirs: extra.pop(name) for name, theirs in _CONDITIONS.items() if name in extra}
    if owner := extra.get("ExpectedSourceBucketOwner"):
        reading["ExpectedBucketOwner"] = owner
    if version := source.get("VersionId"):
        reading["VersionId"] = version
    if payer := extra.get("RequestPayer"):
        reading["RequestPayer"] = payer
    with closing(object_reader(reader, source["Bucket"], source["Key"], reading)) as content:
        with typed("copy", target["Bucket"], target["Key"]):
            kept = described(reader, {**source, **reading}, content.answer, extra)
        arguments = {name: value for name, value in extra.items() if name not in _OF_THE_COPY}
        return upload(
            client,
            content,
            target["Bucket"],
            target["Key"],
            extra_args={**kept, **arguments},
            callback=callback,
            config=config,
        )
