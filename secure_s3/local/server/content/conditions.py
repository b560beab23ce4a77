"""Conditions that moto leaves out: the expected owner, If-Match of writes, and those on the source of a copy.

Sources: Amazon S3 API Reference, CopyObject and UploadPartCopy, "x-amz-copy-source-if-…"; RFC 9110, 13.1.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from urllib.parse import unquote

from ..call import Call
from ..clock import Clock
from ..faults import Refusal, access_denied
from ..store import Store
from .writing import copy_source

__all__ = ["check_owner", "check_source_condition", "check_write_condition"]

_OWNER = "x-amz-expected-bucket-owner"
_SOURCE_OWNER = "x-amz-source-expected-bucket-owner"
_ACCOUNT = re.compile("[0-9]{12}")
_SOURCE = "x-amz-copy-source-"
_IF = f"{_SOURCE}if-"
_WRITES = ("PutObject", "CompleteMultipartUpload", "CopyObject", "DeleteObject")


def check_owner(call: Call, store: Store) -> None:
    """403 when a bucket belongs to somebody else than expected; a missing bucket is moto's to tell.

    Raises:
        Refusal: AccessDenied, or InvalidBucketOwnerAWSAccountID for what is no account.
    """
    expected = {name: call.headers[name] for name in (_OWNER, _SOURCE_OWNER) if name in call.headers}
    for value in expected.values():
        if not _ACCOUNT.fullmatch(value):
            message = "The value of the expected bucket owner parameter must be an AWS Account ID..."
            raise Refusal(400, "InvalidBucketOwnerAWSAccountID", f"{message} [{value}]")
    named = {_OWNER: call.bucket, _SOURCE_OWNER: _source(call)}
    for header, owner in expected.items():
        bucket = store.bucket(named[header]) if named[header] else None
        if bucket is not None and bucket.account_id != owner:
            raise access_denied()


def _source(call: Call) -> str:
    """The bucket that is copied from; empty if nothing is, or if it is named in a way that is refused."""
    path = unquote(call.headers.get("x-amz-copy-source", "").partition("?")[0])
    return path.lstrip("/").partition("/")[0]


def check_write_condition(call: Call, store: Store) -> None:
    """If-None-Match: * and If-Match of writes; the caller holds the key's lock until the write is done."""
    if call.operation not in _WRITES or store.bucket(call.bucket) is None:
        return
    stored = store.object(call.bucket, call.key)
    none_match, match = call.headers.get("if-none-match"), call.headers.get("if-match")
    if none_match is not None and none_match != "*":
        message = "A header you provided implies functionality that is not implemented"
        raise Refusal(501, "NotImplemented", message, Header="If-None-Match")
    if none_match == "*" and stored is not None and not _is_own(stored, call):
        raise _failed("If-None-Match")
    if match is None:
        return
    if stored is None:
        raise Refusal(404, "NoSuchKey", "The specified key does not exist.", Key=call.key)
    if match != "*" and not _is_etag(match, stored):
        raise _failed("If-Match")
    if match == "*":
        call.without("if-match")  # moto would compare it with the ETag


def check_source_condition(call: Call, store: Store, clock: Clock) -> None:
    """412 unless the source of a copy is as the caller last saw it; a missing source is told elsewhere.

    An ETag goes before a date: if-match that holds outweighs if-unmodified-since that does not, and
    if-none-match outweighs if-modified-since either way. What is no date does not count, nor does
    if-modified-since of the future, which S3 has been seen to leave aside.

    Raises:
        Refusal: PreconditionFailed.
    """
    conditions = {name[len(_IF) :]: text for name, text in call.headers.items() if name.startswith(_IF)}
    stored = store.object(*copy_source(call)) if conditions and "x-amz-copy-source" in call.headers else None
    if stored is None:
        return
    changed = stored.last_modified.replace(microsecond=0, tzinfo=timezone.utc)
    match, none_match = conditions.get("match"), conditions.get("none-match")
    unmodified, modified = (_date(conditions.get(f"{name}-since")) for name in ("unmodified", "modified"))
    if match is not None and not _is_etag(match, stored):
        raise _failed(f"{_SOURCE}If-Match")
    if match is None and unmodified is not None and changed > unmodified:
        raise _failed(f"{_SOURCE}If-Unmodified-Since")
    if none_match is not None and _is_etag(none_match, stored):
        raise _failed(f"{_SOURCE}If-None-Match")
    if none_match is None and modified is not None and changed <= modified <= clock.now():
        raise _failed(f"{_SOURCE}If-Modified-Since")


def _date(text: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


def _is_etag(text: str, stored: object) -> bool:
    return text.strip('"') == str(getattr(stored, "etag", "")).strip('"')


def _is_own(stored: object, call: Call) -> bool:
    """Completing an upload a second time meets the object that the first time made."""
    upload = getattr(stored, "multipart", None)
    return upload is not None and "uploadId" in call.query and upload.id == call.query["uploadId"]


def _failed(condition: str) -> Refusal:
    message = "At least one of the pre-conditions you specified did not hold"
    return Refusal(412, "PreconditionFailed", message, Condition=condition)
