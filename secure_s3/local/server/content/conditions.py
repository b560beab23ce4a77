"""Conditions that moto leaves out: the expected owner, and If-Match when an upload is completed."""

from __future__ import annotations

import re
from urllib.parse import unquote

from ..call import Call
from ..faults import Refusal, access_denied
from ..store import Store

__all__ = ["check_owner", "check_write_condition"]

_OWNER = "x-amz-expected-bucket-owner"
_SOURCE_OWNER = "x-amz-source-expected-bucket-owner"
_ACCOUNT = re.compile("[0-9]{12}")
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
    if match != "*" and match.strip('"') != str(stored.etag).strip('"'):
        raise _failed("If-Match")
    if match == "*":
        call.without("if-match")  # moto would compare it with the ETag


def _is_own(stored: object, call: Call) -> bool:
    """Completing an upload a second time meets the object that the first time made."""
    upload = getattr(stored, "multipart", None)
    return upload is not None and "uploadId" in call.query and upload.id == call.query["uploadId"]


def _failed(condition: str) -> Refusal:
    message = "At least one of the pre-conditions you specified did not hold"
    return Refusal(412, "PreconditionFailed", message, Condition=condition)
