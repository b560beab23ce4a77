"""The condition keys of S3 that a request itself settles: by its headers, its query and its body.

A header that is not sent is known to be absent, and so is its key. Sources: Service Authorization Reference,
"Actions, resources, and condition keys for Amazon S3"; Amazon S3 User Guide, "Bucket policy examples using
condition keys", "Enforce conditional writes on Amazon S3 buckets".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, unquote

from .. import catalogue
from ..request import UNKNOWN, Between, OneOf
from .sent import SentRequest

SSE = "x-amz-server-side-encryption"
SSE_KEY = f"{SSE}-aws-kms-key-id"
SSE_C = f"{SSE}-customer-algorithm"
_KEY_ARN = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+")

_SAME_NAME = (
    "x-amz-acl",
    "x-amz-bucket-namespace",
    "x-amz-content-sha256",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write",
    "x-amz-grant-write-acp",
    "x-amz-metadata-directive",
    "x-amz-object-annotation-directive",
    "x-amz-object-if-match",
    "x-amz-object-ownership",
    SSE,
    SSE_C,
    "x-amz-storage-class",
    "x-amz-website-redirect-location",
    "if-match",
    "if-none-match",
)
_OBJECT_LOCK = ("event-hold", "event-hold-duration-days", "legal-hold", "mode", "retain-until-date")
_IN_QUERY = {
    "annotation-prefix": "annotation-prefix",
    "delimiter": "delimiter",
    "max-annotation-results": "max-annotation-results",
    "max-keys": "max-keys",
    "prefix": "prefix",
    "versionId": "versionid",
}
_CREATES = {
    "PutObject": True,
    "CopyObject": True,
    "CompleteMultipartUpload": True,
    "CreateMultipartUpload": False,
    "UploadPart": False,
    "UploadPartCopy": False,
}
OF_AN_UPLOAD = frozenset({"UploadPart", "UploadPartCopy", "CompleteMultipartUpload"})


def of_the_request(sent: SentRequest, now: datetime) -> dict[str, Any]:
    """All keys that the request settles, absent ones as None."""
    context: dict[str, Any] = {f"s3:{name}": sent.header(name) for name in _SAME_NAME}
    context |= {f"s3:{key}": sent.query.get(name) for name, key in _IN_QUERY.items()}
    context |= _encryption(sent) | _object_lock(sent, now) | dict(_tags(sent))
    context["s3:ObjectCreationOperation"] = _CREATES.get(sent.operation)
    context["s3:x-amz-copy-source"] = _copy_source(sent)
    created = sent.content.get("CreateBucketConfiguration")
    context["s3:locationconstraint"] = _member(created, "LocationConstraint")
    return context


def fitting(context: Mapping[str, Any], action: str) -> dict[str, Any]:
    """*context* as it is when *action* is decided.

    What the request says by a key that AWS does not list for the action may be there or not: nobody says.
    """
    if catalogue.action(action) is None:
        return dict(context)
    listed = catalogue.keys_of(action)
    return {
        key: value if value is None or _is_listed(key, listed) else UNKNOWN for key, value in context.items()
    }


def unsettled(context: Mapping[str, Any], action: str) -> tuple[str, ...]:
    """The keys of S3 that AWS lists for *action* and *context* says nothing of: nobody here knows them."""
    if catalogue.action(action) is None:
        return ()
    told = {key.lower() for key in context}
    listed = catalogue.keys_of(action)
    return tuple(sorted(key for key in listed - told if key.startswith("s3:") and not set(key) & set("<{")))


def _is_listed(key: str, listed: frozenset[str]) -> bool:
    known = catalogue.condition_key(key)
    return key.lower() in listed or (known is not None and known.name.lower() in listed)


def is_key_arn(text: str | None) -> bool:
    """Whether it is the full ARN of a KMS key."""
    return text is not None and _KEY_ARN.fullmatch(text) is not None


def _encryption(sent: SentRequest) -> dict[str, Any]:
    key: Any = sent.header(SSE_KEY)
    if key is not None and not is_key_arn(key):
        key = UNKNOWN  # an alias or a bare id is resolved by the service
    found = {f"s3:{SSE_KEY}": key}
    if sent.operation == "UpdateObjectEncryption":  # it says by its body what others say by headers
        new = new_key(sent)
        found = {f"s3:{SSE}": "aws:kms" if new else UNKNOWN, f"s3:{SSE_KEY}": new or UNKNOWN}
    if sent.operation in OF_AN_UPLOAD and sent.header(SSE) is None:
        # The parts of an upload say nothing of its encryption. Whether S3 fills in what the upload was begun
        # with is documented nowhere.
        found |= {f"s3:{SSE}": UNKNOWN, f"s3:{SSE_KEY}": UNKNOWN}
    return found


def new_key(sent: SentRequest) -> str | None:
    """The key in the body of UpdateObjectEncryption, in which SSE-KMS is all that can be asked for."""
    key = _member(_member(sent.content.get("ObjectEncryption"), "SSEKMS"), "KMSKeyArn")
    return key if isinstance(key, str) and is_key_arn(key) else None


def _object_lock(sent: SentRequest, now: datetime) -> dict[str, Any]:
    found: dict[str, Any] = {
        f"s3:object-lock-{name}": sent.header(f"x-amz-object-lock-{name}") for name in _OBJECT_LOCK
    }
    retention, hold = sent.content.get("Retention"), sent.content.get("LegalHold")
    if retention is not None:
        found["s3:object-lock-mode"] = _member(retention, "Mode")
        found["s3:object-lock-retain-until-date"] = _member(retention, "RetainUntilDate")
    if hold is not None:
        found["s3:object-lock-legal-hold"] = _member(hold, "Status")
    until = found["s3:object-lock-retain-until-date"]
    found["s3:object-lock-remaining-retention-days"] = None if until is None else _days(until, now)
    return found


def _days(until: Any, now: datetime) -> Any:
    """Whole days from now on; S3 does not say which way it rounds."""
    try:
        end = (
            until
            if isinstance(until, datetime)
            else datetime.fromisoformat(str(until).replace("Z", "+00:00"))
        )
    except ValueError:
        return UNKNOWN
    if end.tzinfo is None:
        end = end.replace(tzinfo=timezone.utc)
    seconds = Decimal(str((end - now).total_seconds()))
    whole = seconds // 86400 - (1 if seconds < 0 and seconds % 86400 else 0)
    return Between(whole, whole + (1 if seconds % 86400 else 0))


def _tags(sent: SentRequest) -> Iterator[tuple[str, Any]]:
    header, body = sent.header("x-amz-tagging"), sent.content.get("Tagging")
    pairs = parse_qsl(header or "", keep_blank_values=True)
    if isinstance(body, Mapping):
        pairs = [(str(tag.get("Key")), str(tag.get("Value", ""))) for tag in body.get("TagSet") or ()]
    if copies_tags(sent):
        yield "s3:RequestObjectTagKeys", UNKNOWN
        return
    yield "s3:RequestObjectTagKeys", [name for name, _ in pairs] or None
    for name, value in pairs:
        yield f"s3:RequestObjectTag/{name}", value


def copies_tags(sent: SentRequest) -> bool:
    """Whether the new object gets the tags that its source has, which only S3 knows."""
    return sent.operation == "CopyObject" and sent.header("x-amz-tagging-directive") != "REPLACE"


def _copy_source(sent: SentRequest) -> Any:
    header = sent.header("x-amz-copy-source")
    if header is None or unquote(header) == header:
        return header
    return OneOf(header, unquote(header))  # S3 does not say whether policies see it encoded


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None
