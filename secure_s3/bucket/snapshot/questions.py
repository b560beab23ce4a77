"""One question for a snapshot: a call, the permission that it takes, and the fields that it tells.

What is refused, does not come in time, or is not as the API describes it, is ``Unread`` in each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ...errors import AccessDenied, CredentialsRefused, ServiceError, Throttled
from ...values import printable_text
from ..access.settings import Reading
from ..asking import FAULTS, Answer, Asking, reason
from .values import Unread

FAILURES = (*FAULTS, OSError)
"""What a question may end with."""
Fields = dict[str, Any]
_METADATA = "ResponseMetadata"
_MOST_PAGES = 5
_NOT_THERE = 501
"""What a server says of an operation that it does not have; AWS has all of them."""


@dataclass(frozen=True, slots=True)
class Question:
    """A reading, and what to say if it cannot be made.

    Args:
        fields: What it tells; of a refusal, each of them is Unread.
        action: The permission, as the Service Authorization Reference names it.
        reading: The call.
    """

    fields: tuple[str, ...]
    action: str
    reading: Reading

    def start(self, asking: Asking) -> Answer | Unread:
        """Ask, without waiting."""
        try:
            return asking.start(*self.reading.call, **self.reading.arguments)
        except FAILURES as error:
            return unread(error, self.action)

    def told(self, answer: Answer | Unread) -> Fields:
        """The fields, once the answer is there; nothing here raises."""
        if isinstance(answer, Unread):
            return dict.fromkeys(self.fields, answer)
        try:
            found = self.reading.found(answer)
            return {name: found[name] for name in self.fields}
        except FAILURES as error:
            return dict.fromkeys(self.fields, unread(error, self.action))


def question(
    fields: str | tuple[str, ...],
    action: str,
    call: tuple[str, str, str | None],
    says: Callable[[Any], Any],
    nothing: Mapping[str, Any] | None = None,
    **arguments: Any,
) -> Question:
    """A question whose answer is the value of one field, or a tuple of those of several.

    Args:
        fields: Their names.
        action: The permission that it takes.
        call: Service, method and region.
        says: From the answer to the value.
        nothing: By error code, the value that it stands for.
        arguments: Of the method.
    """
    names = (fields,) if isinstance(fields, str) else fields

    def by_name(value: Any) -> Fields:
        return {names[0]: value} if len(names) == 1 else dict(zip(names, value, strict=True))

    absent = {code: by_name(value) for code, value in (nothing or {}).items()}
    return Question(
        names, action, Reading(call[1], call, arguments, lambda told: by_name(says(told)), absent)
    )


def ask_all(asking: Asking, questions: Iterable[Question]) -> Fields:
    """What all of them tell; they are asked at once."""
    started = [(each, each.start(asking)) for each in questions]
    return {name: value for each, answer in started for name, value in each.told(answer).items()}


def unread(error: Exception, action: str) -> Unread:
    """Why something is not known: *error*; *action* is the permission that would help, as far as is known."""
    if not isinstance(error, FAULTS):
        return Unread(f"it could not be asked ({type(error).__name__})")
    why, code = printable_text(reason(error)), getattr(error, "code", None) or None
    if isinstance(error, Throttled):
        return Unread(f"there were too many requests: {why}", "", code)
    if not isinstance(error, ServiceError):
        return Unread(why)
    if isinstance(error, AccessDenied) and not isinstance(error, CredentialsRefused):
        return Unread(why, action or getattr(error.denial, "action", None) or "", code)
    if error.status == _NOT_THERE:
        return Unread(f"this endpoint has no {printable_text(error.operation or 'such operation')}", "", code)
    return Unread(why, "", code)


def or_unread(action: str, read: Callable[[], Any]) -> Any:
    """What *read* returns, or why it could not; *action* is the permission that it takes."""
    try:
        return read()
    except FAILURES as error:
        return unread(error, action)


def pages(
    asking: Asking,
    call: tuple[str, str, str | None],
    token: str | tuple[str, str],
    most: int = _MOST_PAGES,
    **arguments: Any,
) -> tuple[list[Any], bool]:
    """The answers to a call that answers in pages, and whether there are more than *most*.

    Args:
        asking: Who is asked.
        call: Service, method and region.
        token: The member that names the next page, in answers and in requests where they differ.
        most: How many pages are read.
        arguments: Of the method.

    Raises:
        Exception: One of FAILURES.
    """
    answered, asked = (token, token) if isinstance(token, str) else token
    found: list[Any] = []
    for _ in range(most):
        found.append(asking.ask(*call, **arguments))
        if not found[-1].get(answered):
            return found, False
        arguments[asked] = found[-1][answered]
    return found, True


def plain(told: Any) -> Any:
    """An answer as it can be written as JSON: dates are text, and ResponseMetadata is left out."""
    if isinstance(told, Mapping):
        return {str(name): plain(value) for name, value in told.items() if name != _METADATA}
    if isinstance(told, list | tuple):
        return [plain(each) for each in told]
    return told.isoformat() if isinstance(told, datetime) else told
