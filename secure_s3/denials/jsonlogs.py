"""Errors in JSON: the records of a log, one a line or in a list, of whatever shape.

A record is looked at as an answer (``code``, ``message`` and the like), and so is each text in it that has
the marks of an error; what says most is taken. A record without any tells nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from .codes import BY_CODE, DENIED_CODES
from .denial import Denial
from .parsing import kept, parse_denial
from .places import arn
from .wordings import PYTHON, TEXTS, TRANSFERS, denial_of

DEPTH: Final = 6
STRINGS: Final = 200
"""How deep a record is searched, and how many of its texts are."""

_MARKS = (
    *(PYTHON, " was refused: ", "api error ", "Status Code:", "uthorized to perform", "ccess Denied"),
    *("AccessDenied", "<Error>", "<Code>", "Forbidden"),
)
_CODES = ("code", "Code", "errorCode", "error_code", "__type")
_MESSAGES = ("message", "Message", "errorMessage", "why", "msg")
_NAMES: Mapping[str, tuple[str, ...]] = {
    "service": ("service",),
    "operation": ("operation", "op", "operation_name", "operationName"),
    "status": ("status", "http_status", "statusCode", "status_code"),
    "code": _CODES,
    "message": _MESSAGES,
}
_CODE = re.compile(r"(?:KMS\.)?(?:[A-Z][A-Z0-9]{0,4}[a-z]{1,20}){2,8}")
_BUCKETS, _KEYS = ("bucket", "Bucket", "BucketName"), ("key", "Key")


def records_in(text: str) -> list[Any]:
    """The JSON values in *text*: of one document, of a list, or of lines, with or without a prefix."""
    whole = _json(text) if text.startswith(("{", "[")) else None
    if isinstance(whole, dict) and isinstance(whole.get("Errors"), list):  # an answer of DeleteObjects
        whole = whole["Errors"]
    if whole is not None:
        return whole if isinstance(whole, list) else [whole]
    lines = (line[line.find("{") :] for line in text.splitlines() if line.rstrip().endswith("}"))
    return [found for line in lines if line and (found := _json(line)) is not None]


def denials_of(records: list[Any]) -> Iterator[Denial]:
    """What those records say that tell of an error."""
    found = 0
    for record in records:
        denial = _best(record) if isinstance(record, Mapping) else None
        if denial is not None and found < TEXTS:
            found += 1
            yield denial


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _best(record: Mapping[str, Any]) -> Denial | None:
    """The words that say most: a cause rather than a bare denial, and that rather than nothing."""
    told = [each for each in (_as_answer(record), *_in_texts(record)) if each and each.cause != "other"]
    best = min(told, key=lambda each: each.cause == "opaque", default=None)
    if best is None or best.resource is not None:
        return best
    bucket, key = _first(record, _BUCKETS), _first(record, _KEYS)
    if not (isinstance(bucket, str) and best.service == "s3"):
        return best
    return replace(best, resource=arn(best, bucket, key if isinstance(key, str) else None))


def _as_answer(record: Mapping[str, Any]) -> Denial | None:
    told: dict[str, Any] = dict(record)
    for name in ("Error", "error"):
        told |= record[name] if isinstance(record.get(name), Mapping) else {}
    found = {name: _first(told, names) for name, names in _NAMES.items()}
    if isinstance(found["operation"], str):
        found["operation"] = TRANSFERS.get(found["operation"], found["operation"])
    if not isinstance(found["code"], str):
        return None
    code = found["code"] = found["code"].rpartition("#")[2].partition(":")[0]
    denial = parse_denial(**found, fields=kept(told) | {"RequestId": _first(told, _REQUEST_IDS)})
    # Other programs have codes too, and write of Object Lock.
    of_aws = code in BY_CODE or code in DENIED_CODES or _CODE.fullmatch(code) is not None
    return denial if of_aws or (denial.status or 0) >= 400 else None


_REQUEST_IDS = ("request_id", "requestId", "requestID", "RequestId")


def _in_texts(record: Mapping[str, Any]) -> Iterator[Denial]:
    for number, text in enumerate(_texts(record, 0)):
        if number >= STRINGS:
            return
        if any(mark in text for mark in _MARKS):
            yield denial_of(text.strip())


def _texts(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list) and depth < DEPTH:
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(each, depth + 1)


def _first(record: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((record[name] for name in names if record.get(name) not in (None, "")), None)
