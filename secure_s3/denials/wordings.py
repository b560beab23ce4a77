"""An error as an SDK, a command line or this package writes it, becomes a Denial.

Sources: the texts of errors of the AWS SDKs for Python, Go and Java, of the AWS CLI, curl and wget.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from .bodies import parse_error_body
from .denial import Denial
from .parsing import parse_denial
from .places import with_place

PYTHON: Final = "An error occurred ("
TEXTS: Final = 1000
"""Errors that are read of one text."""

_HEAD = 64 * 1024
_TRACEBACK = "Traceback (most recent call last)"
_OURS = re.compile(
    r"(?P<operation>\w{1,64}) on s3://[^\n]{1,2048}? was refused: (?P<code>\S{1,128}) \((?P<status>\d{3})\)"
)
TRANSFERS = {"upload": "PutObject", "download": "GetObject", "copy": "CopyObject"}
"""What this package calls a transfer of several requests, and the one whose permission it needs first."""
_GO = re.compile(
    r"operation error (?P<service>\w{1,32}): (?P<operation>\w{1,64}), "
    r".{0,200}?StatusCode: (?P<status>\d{3}), "
    r"RequestID: (?P<request_id>[\w-]{0,64}).{0,300}?api error (?P<code>[\w.]{1,64}): ",
    re.DOTALL,
)
_JAVA = re.compile(
    r"\(Service: (?:Amazon ?)?(?P<service>\w{1,32})[;,] Status Code: (?P<status>\d{3})[;,]"
    r"(?: Error Code: (?P<code>\w{1,64})[;,])? Request ID: (?P<request_id>[\w-]{1,64})"
)
_STATUS = re.compile(
    r"\b(?:error|status|status[ _-]?code|http/[\d.]{1,3})[\"']?[:=]?[ \t]{1,3}(?P<named>[345]\d\d)\b"
    r"|\b(?P<requests>[45]\d\d) (?:Client|Server) Error\b|^(?P<alone>40[134])\b",
    re.IGNORECASE,
)
_CODE = re.compile(r"(?:[A-Za-z_]\w{0,32}\.){0,6}(?P<code>[A-Za-z]\w{2,63}): ")


def denials_in(text: str) -> Iterator[Denial]:
    """Each error in *text*: of a traceback the last one, which people see; else that of each line."""
    for part in _parts(text):
        yield denial_of(part)


def denial_of(text: str) -> Denial:
    """What one error says; what is no error in any known form is taken as a message."""
    if text.startswith("<") or (text.startswith("{") and _is_json(text)):
        return parse_error_body(text)
    return _of_ours(text) or _of_go(text) or _of_java(text) or _of_message(text)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _parts(text: str) -> Iterator[str]:
    if text.count(PYTHON) < 2 or _TRACEBACK in text or text.startswith(("<", "{")):
        yield text
        return
    starts: list[int] = []
    at = -1
    while (at := text.find(PYTHON, at + 1)) >= 0 and len(starts) < TEXTS:
        start = text.rfind("\n", 0, at) + 1
        if not starts or starts[-1] != start:
            starts.append(start)
        end = text.find("\n", at)
        at = len(text) if end < 0 else end
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        yield text[start:end].strip()


def _of_ours(text: str) -> Denial | None:
    """An error of this package: what, why, fix."""
    found = _OURS.search(text[:_HEAD]) if " was refused: " in text else None
    if found is None:
        return None
    why = text[found.end() :].partition("why: ")[2]
    message = re.split(r"\n\s*fix: ", why, maxsplit=1)[0].strip()
    told = found.groupdict()
    told["operation"] = TRANSFERS.get(told["operation"], told["operation"])
    return with_place(parse_denial(**told, message=message), text[: found.end()])


def _of_go(text: str) -> Denial | None:
    found = _GO.search(text)
    return _of_sdk(found, text[found.end() :]) if found else None


def _of_java(text: str) -> Denial | None:
    found = _JAVA.search(text)
    return _of_sdk(found, text[: found.start()]) if found else None


def _of_sdk(found: re.Match[str], message: str) -> Denial:
    told = found.groupdict()
    fields = {"RequestId": told.pop("request_id")}
    message = message.partition("Exception: ")[2] or message
    return parse_denial(**told | {"service": told["service"].lower()}, message=message.strip(), fields=fields)


def _of_message(text: str) -> Denial:
    """A message, with whatever stood before it in a traceback or on a terminal."""
    # Of the last line with an error the first: what follows there is the message, whatever a key is called.
    at = text.find(PYTHON, text.rfind("\n", 0, max(text.rfind(PYTHON), 0)) + 1)
    denial = _without_code(text) if at < 0 else with_place(parse_denial(message=text[at:]), text[:at])
    action = denial.action.partition(":")[0] if denial.action else ""
    return replace(denial, service=action) if action in ("kms", "sts", "iam") and not denial.code else denial


def _without_code(text: str) -> Denial:
    """A message that names its code in front, as in ``SlowDown: …``, or the status among its words."""
    denial = parse_denial(message=text)
    found = _CODE.match(text)
    if found and found["code"] not in ("User", "Principal"):
        known = parse_denial(code=found["code"], message=text[found.end() :])
        denial = known if known.cause != "other" else denial
    status = _STATUS.search(text[:1024]) if denial.cause == "other" else None
    return denial if status is None else parse_denial(status=status[status.lastgroup or 0], message=text)
