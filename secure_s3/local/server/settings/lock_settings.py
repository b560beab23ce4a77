"""The configuration of Object Lock, and retention and legal hold of versions: put and told.

Source: Amazon S3 API Reference, PutObjectLockConfiguration, PutObjectRetention, PutObjectLegalHold. The texts
are those that S3 sends.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element

from ..call import Answer, Call
from ..documents import empty_answer, malformed_xml, parsed, text_of, xml_answer
from ..faults import Refusal, access_denied, invalid_argument, invalid_request
from ..store import Store
from .object_lock import MODES, PROTECTED, bypasses, check_future, read_date, write_date

__all__ = ["answer_lock"]

_LONGEST = {"Days": 36500, "Years": 100}
_NUMBER = re.compile("-?[0-9]{1,18}")
_PLACES = ("PutObjectRetention", "GetObjectRetention", "PutObjectLegalHold", "GetObjectLegalHold")


def answer_lock(call: Call, store: Store, now: datetime) -> Answer | None:
    """The answer, if *call* is one of these operations and the bucket exists.

    Raises:
        Refusal: Whatever S3 refuses of them.
    """
    bucket = store.bucket(call.bucket)
    if bucket is None:
        return None
    if call.operation == "PutObjectLockConfiguration":
        return _put_configuration(call, bucket)
    if call.operation == "GetObjectLockConfiguration":
        return _configuration(bucket)
    if call.operation not in _PLACES:
        return None
    if not bucket.object_lock_enabled:
        raise invalid_request("Bucket is missing Object Lock Configuration")
    stored = _version(call, store)
    if call.operation == "PutObjectRetention":
        return _put_retention(call, stored, now)
    if call.operation == "PutObjectLegalHold":
        return _put_hold(call, stored)
    return _told(call.operation, stored)


def _version(call: Call, store: Store) -> Any:
    stored = store.object(call.bucket, call.key, call.version)
    if stored is None and store.is_marker(call.bucket, call.key, call.version):
        message = "The specified method is not allowed against this resource."
        raise Refusal(405, "MethodNotAllowed", message, Method=call.method, ResourceType="DeleteMarker")
    if stored is None and call.version is not None:
        message = "The specified version does not exist."
        raise Refusal(404, "NoSuchVersion", message, Key=call.key, VersionId=call.version)
    if stored is None:
        raise Refusal(404, "NoSuchKey", "The specified key does not exist.", Key=call.key)
    return stored


# -- the bucket's configuration --------------------


def _put_configuration(call: Call, bucket: Any) -> Answer:
    document = parsed(call.body, "ObjectLockConfiguration")
    if text_of(document, "ObjectLockEnabled") != "Enabled":
        raise malformed_xml()
    mode, period = _rule(document.find("Rule"))
    if bucket.versioning_status != "Enabled":
        message = "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
        raise Refusal(409, "InvalidBucketState", message)
    bucket.object_lock_enabled = True
    bucket.default_lock_mode = mode
    bucket.default_lock_days, bucket.default_lock_years = period.get("Days", 0), period.get("Years", 0)
    return empty_answer()


def _rule(rule: Element | None) -> tuple[str, dict[str, int]]:
    if rule is None:
        return "", {}
    retention = rule.find("DefaultRetention")
    mode = text_of(rule, "DefaultRetention/Mode") or ""
    given = {name: text for name in _LONGEST if (text := text_of(rule, f"DefaultRetention/{name}"))}
    if retention is None or mode not in MODES or len(given) != 1:
        raise malformed_xml()
    ((name, text),) = given.items()
    if not _NUMBER.fullmatch(text):
        raise malformed_xml()
    if int(text) <= 0:
        raise invalid_argument("Default retention period must be a positive integer value.", name, text)
    if int(text) > _LONGEST[name]:
        raise invalid_argument("Default retention period too large.", name, text)
    return mode, {name: int(text)}


def _configuration(bucket: Any) -> Answer:
    if not bucket.object_lock_enabled:
        code, message = "ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist"
        raise Refusal(404, code, f"{message} for this bucket", BucketName=bucket.name)
    inner = "<ObjectLockEnabled>Enabled</ObjectLockEnabled>"
    if bucket.default_lock_mode:
        days, years = bucket.default_lock_days, bucket.default_lock_years
        period = f"<Years>{years}</Years>" if years else f"<Days>{days}</Days>"
        rule = f"<DefaultRetention><Mode>{bucket.default_lock_mode}</Mode>{period}</DefaultRetention>"
        inner += f"<Rule>{rule}</Rule>"
    return xml_answer("ObjectLockConfiguration", inner)


# -- of a version --------------------


def _put_retention(call: Call, stored: Any, now: datetime) -> Answer:
    """PutObjectRetention: longer always, shorter or off not in COMPLIANCE, in GOVERNANCE with a bypass."""
    document = parsed(call.body, "Retention")
    mode, text = text_of(document, "Mode"), text_of(document, "RetainUntilDate")
    if (mode is None) != (text is None) or mode not in (None, *MODES):
        raise malformed_xml()
    until = None if text is None else check_future(text, now, "RetainUntilDate")
    held = read_date(str(stored.lock_until)) if stored.lock_mode in MODES else None
    if held is not None and held > now:
        shorter = until is None or until < held
        weaker = stored.lock_mode == "COMPLIANCE" and mode != "COMPLIANCE"
        other = mode != stored.lock_mode
        may = stored.lock_mode == "GOVERNANCE" and bypasses(call)
        if (shorter or weaker or other) and not may:
            raise access_denied(PROTECTED)
    stored.lock_mode, stored.lock_until = mode, None if until is None else write_date(until)
    return empty_answer()


def _put_hold(call: Call, stored: Any) -> Answer:
    status = text_of(parsed(call.body, "LegalHold"), "Status")
    if status not in ("ON", "OFF"):
        raise malformed_xml()
    stored.lock_legal_status = status
    return empty_answer()


def _told(operation: str, stored: Any) -> Answer:
    """GetObjectRetention and GetObjectLegalHold."""
    if operation == "GetObjectRetention" and stored.lock_mode:
        date = write_date(read_date(str(stored.lock_until)) or datetime.min)
        inner = f"<Mode>{stored.lock_mode}</Mode><RetainUntilDate>{date}</RetainUntilDate>"
        return xml_answer("Retention", inner)
    if operation == "GetObjectLegalHold" and stored.lock_legal_status:
        return xml_answer("LegalHold", f"<Status>{stored.lock_legal_status}</Status>")
    message = "The specified object does not have a ObjectLock configuration"
    raise Refusal(404, "NoSuchObjectLockConfiguration", message)
