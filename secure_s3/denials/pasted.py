"""What people have of a denial: a line of a log, a traceback, an event, a body. Found in it: the denials.

Nothing is asked and nothing raised; what is no denial in any known form is taken as a message.

Sources: AWS CloudTrail User Guide, "CloudTrail record contents"; Amazon S3 User Guide, "Amazon S3 server
access log format"; the texts of errors of the AWS SDKs for Python, Go and Java.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from .accesslogs import of_line
from .bodies import parse_error_body
from .denial import Denial
from .events import events_in, of_event
from .parsing import parse_denial

PASTED_CHARACTERS: Final = 4 * 1024 * 1024
"""What is read of a text: a file of CloudTrail has some megabytes."""

_OURS = re.compile(
    r"(?P<operation>\w{1,64}) on s3://\S+ was refused: (?P<code>\S{1,128}) \((?P<status>\d{3})\)"
)
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
_PYTHON = "An error occurred ("


@dataclass(frozen=True, slots=True)
class Pasted:
    """One denial, and what else is told of the request.

    Args:
        denial: As the service worded it, with the caller and the resource of the record where it names none.
        circumstances: Condition keys of the request that the record settles, e.g. ``aws:SourceIp``.
        request_id, host_id: Of the request.
        at: When it was, as it is written there.
    """

    denial: Denial
    circumstances: Mapping[str, Any] = field(default_factory=dict)
    request_id: str | None = None
    host_id: str | None = None
    at: str | None = None

    def __hash__(self) -> int:
        return hash(self.denial)


def read_pasted(text: str) -> tuple[Pasted, ...]:
    """The denials in *text*, in their order; none only for records all of which tell of success.

    Args:
        text: A CloudTrail event or a file of some (``Records``), lines of a server access log, the body of an
            answer, a traceback or a line of it, or a message of S3, KMS, STS or IAM.
    """
    text = _unquoted(text[:PASTED_CHARACTERS].strip().removeprefix("\ufeff"))
    records = list(events_in(text))
    if records:
        return tuple(_of_records(records))
    lines = [found for line in text.splitlines() if (found := of_line(line)) is not None]
    if lines:
        told = [answer for answer in lines if answer.status is None or answer.status >= 400]
        return tuple(_pasted(each.denial(), each.circumstances(), each.time) for each in told)
    return (_pasted(_of_text(text)),)


def _of_records(records: list[Mapping[str, Any]]) -> Iterator[Pasted]:
    for record in records:
        found = of_event(record)
        if found is not None:
            denial, circumstances, time = found
            yield _pasted(denial, circumstances, time)


def _pasted(denial: Denial, circumstances: Mapping[str, Any] | None = None, at: str | None = None) -> Pasted:
    fields = denial.fields
    return Pasted(denial, circumstances or {}, fields.get("RequestId"), fields.get("HostId"), at)


def _unquoted(text: str) -> str:
    """*text* without the quotes that a shell or a program put around it."""
    if len(text) > 1 and text[0] in "\"'`" and text[-1] == text[0]:
        text = text[1:-1].strip()
    return text.replace('\\"', '"') if '\\"' in text and not text.startswith("{") else text


def _of_text(text: str) -> Denial:
    if text.startswith(("<", "{")):
        return parse_error_body(text)
    return _of_ours(text) or _of_go(text) or _of_java(text) or _of_message(text)


def _of_ours(text: str) -> Denial | None:
    """An error of this package: what, why, fix."""
    found = _OURS.search(text)
    if found is None:
        return None
    why = text[found.end() :].partition("why: ")[2]
    message = re.split(r"\n\s*fix: ", why, maxsplit=1)[0].strip()
    return parse_denial(**found.groupdict(), message=message)


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
    at = text.rfind(_PYTHON)
    denial = parse_denial(message=text[at:] if at >= 0 else text)
    code, colon, rest = text.partition(": ")
    if at < 0 and colon and code.isalnum() and code not in ("User", "Principal"):
        known = parse_denial(code=code, message=rest)
        denial = known if known.cause != "other" else denial
    action = denial.action.partition(":")[0] if denial.action else ""
    return replace(denial, service=action) if action in ("kms", "sts", "iam") and not denial.code else denial
