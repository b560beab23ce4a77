"""What people have of a denial: a line of a log, a traceback, an event, a body. Found in it: the denials.

Nothing is asked and nothing raised; what is no denial in any known form is taken as a message.

Sources: AWS CloudTrail User Guide, "CloudTrail record contents"; Amazon S3 User Guide, "Amazon S3 server
access log format"; the texts of errors of the AWS SDKs for Python, Go and Java.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from .accesslogs import of_line
from .denial import Denial
from .events import events_in, of_event
from .jsonlogs import denials_of, records_in
from .wordings import denials_in

PASTED_CHARACTERS: Final = 4 * 1024 * 1024
"""What is read of a text: a file of CloudTrail has some megabytes."""


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
    """The denials in *text*, in their order, each once; none only for records all of which tell of success.

    Args:
        text: A CloudTrail event or a file of some (``Records``), lines of a server access log, a log in JSON,
            the body of an answer, a traceback or a line of it, or a message of S3, KMS, STS or IAM.
    """
    text = _unquoted(text[:PASTED_CHARACTERS].strip().removeprefix("\ufeff"))
    records = list(events_in(text))
    if records:
        return _once(_of_records(records))
    lines = [found for line in text.splitlines() if (found := of_line(line)) is not None]
    if lines:
        told = [answer for answer in lines if answer.status is None or answer.status >= 400]
        return _once(_pasted(each.denial(), each.circumstances(), each.time) for each in told)
    logged = _once(map(_pasted, denials_of(records_in(text)))) if "{" in text else ()
    return logged or _once(map(_pasted, denials_in(text)))


def with_permission(denial: Denial) -> Denial:
    """*denial* with the action that its operation needs first, where the message names none.

    A record, or a bare "Access Denied", names only the operation; policies can be asked about its permission.
    """
    if denial.action is not None or denial.service != "s3" or not (denial.operation and denial.resource):
        return denial
    from ..errors import PolicyError
    from ..policy.wire.actions import action_of

    try:
        return replace(denial, action=action_of(denial.operation))
    except PolicyError:  # an operation that the catalogue does not have
        return denial


def _once(found: Iterable[Pasted]) -> tuple[Pasted, ...]:
    """Logs are retried, and forwarded twice: the same request is told of once."""
    return tuple({_identity(each): each for each in found}.values())


def _identity(pasted: Pasted) -> tuple[Any, ...]:
    denial = pasted.denial
    what = (denial.operation, denial.resource, denial.code, denial.message)
    return (pasted.request_id or str(pasted.circumstances), *what)


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
    return text[1:-1].strip() if len(text) > 1 and text[0] in "\"'`" and text[-1] == text[0] else text
