"""An explanation: who refused, why, how sure that is, what else it may be, and who could change what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..values import printable_text
from .denial import INFERRED, PROVED, STATED, UNCERTAIN, Denial, FailedCondition, StatementName
from .explanation import CALLER, Candidate, Remedy

_CERTAINTY = {
    STATED: "as the service says",
    PROVED: "proved with the policies as they were read",
    INFERRED: "inferred: nothing else is left",
    UNCERTAIN: "not certain",
}
_ONE_REASON = "AWS reports one reason; with it mended, another may show"
_MARGIN = 10


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a request was refused. It has everything that a ``Denial`` has, and what was found out besides.

    Args:
        denial: The service's words, with what a local evaluation adds.
        denied_by: Who refused, in words.
        because: What is known about it, a line each.
        candidates: What else may have refused it, the likeliest first.
        remedies: What would make it pass, beginning with what the caller can do alone.
        not_examined: Layers that may refuse as well and were not looked at.
        gaps: What could not be read.
        notes: Further lines.
        outcome: What the policies say, evaluated here: ``allowed``, ``explicitly_denied``,
            ``implicitly_denied`` or ``unknown``; None if none was evaluated.
        request_id, host_id: For AWS Support.
        fix: One line, for all of its kind.
        retryable: Whether the same request may pass when it is sent again.
        documentation: A page of AWS's that is about it.
        where: The object or bucket as the caller named it.
        another: The action is another than the one that the call is known by.
    """

    denial: Denial
    denied_by: str
    because: tuple[str, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    not_examined: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    outcome: str | None = None
    request_id: str | None = None
    host_id: str | None = None
    fix: str = ""
    retryable: bool = False
    documentation: str = ""
    where: str = field(default="", repr=False)
    another: bool = field(default=False, repr=False)

    @property
    def cause(self) -> str:
        """One of ``denials.CAUSES``."""
        return self.denial.cause

    @property
    def explicit(self) -> bool | None:
        """True for an explicit deny, False where nothing allows, None where nobody knows."""
        return self.denial.explicit

    @property
    def service(self) -> str:
        """``s3``, ``kms`` or ``sts``."""
        return self.denial.service

    @property
    def operation(self) -> str | None:
        """In the service's words, e.g. ``CreateMultipartUpload``."""
        return self.denial.operation

    @property
    def action(self) -> str | None:
        """The permission that was refused, e.g. ``s3:PutObject``."""
        return self.denial.action

    @property
    def resource(self) -> str | None:
        """The ARN it was refused for."""
        return self.denial.resource

    @property
    def principal(self) -> str | None:
        """The ARN of whom it was refused to."""
        return self.denial.principal

    @property
    def http_status(self) -> int | None:
        """e.g. 403."""
        return self.denial.status

    @property
    def code(self) -> str | None:
        """e.g. ``AccessDenied``."""
        return self.denial.code

    @property
    def message(self) -> str:
        """The service's, secrets taken out."""
        return self.denial.message

    @property
    def policy_arn(self) -> str | None:
        """Of the policy that refuses, where it has one."""
        return self.denial.policy_arn

    @property
    def statement(self) -> StatementName | None:
        """The statement that refuses, or that comes closest to allowing; with ``.sid`` and ``.pointer``."""
        return self.denial.statement

    @property
    def conditions(self) -> tuple[FailedCondition, ...]:
        """Those of its conditions that decide."""
        return self.denial.conditions

    @property
    def certainty(self) -> str:
        """``stated``, ``proved``, ``inferred`` or ``unknown``."""
        return self.denial.certainty

    def __str__(self) -> str:
        return self.text()

    def text(self) -> str:
        """Everything in lines, as a person reads it."""
        return "\n".join(printable_text(line) for line in self.lines())

    def lines(self) -> Iterator[str]:
        """The lines of ``text``: the first one tells what was refused, the others begin with a word each."""
        yield f"{self._what()} was refused{self._answer()}"
        yield from _block("who", [self.principal] if self.principal else [])
        yield from _block("by", [f"{self.denied_by}   [{_CERTAINTY[self.certainty]}]"])
        yield from _block("because", [*(str(each) for each in self.conditions), *self.because])
        yield from _block("or", [_told(each) for each in self.candidates])
        yield from _block(
            "fix", [_remedy(each) for each in self.remedies] or ([self.fix] if self.fix else [])
        )
        yield from _block("said", [self.message] if self.message else [])
        yield from _block("unread", self.gaps)
        yield from _block("note", list(self._notes()))
        yield from _block("see", [self.documentation] if self.documentation else [])

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "service": self.service,
            "operation": self.operation,
            "action": self.action,
            "resource": self.resource,
            "principal": self.principal,
            "http_status": self.http_status,
            "code": self.code,
            "request_id": self.request_id,
            "host_id": self.host_id,
            "message": self.message,
            "cause": self.cause,
            "denied_by": self.denied_by,
            "explicit": self.explicit,
            "policy_arn": self.policy_arn,
            "statement": self.statement.to_dict() if self.statement else None,
            "conditions": [each.to_dict() for each in self.conditions],
            "certainty": self.certainty,
            "outcome": self.outcome,
            "because": list(self.because),
            "candidates": [each.to_dict() for each in self.candidates],
            "remedies": [each.to_dict() for each in self.remedies],
            "fix": self.fix,
            "not_examined": list(self.not_examined),
            "gaps": list(self.gaps),
            "notes": list(self.notes),
            "retryable": self.retryable,
            "documentation": self.documentation,
        }

    def _what(self) -> str:
        what, place = self.action or self.operation or "a request", self.resource or self.where
        if self.another:  # than the one by which the call is known
            what, place = self.operation or what, self.where or place
        return f"{what} on {place}" if place else what

    def _answer(self) -> str:
        parts = [str(self.http_status or ""), self.code if self.code != str(self.http_status) else ""]
        told = " ".join(part for part in parts if part)
        request = f"request {self.request_id}" if self.request_id else ""
        needs = f"it needs {self.action}" if self.another else ""
        inner = ", ".join(part for part in (told, request, needs) if part)
        return f" ({inner})" if inner else ""

    def _notes(self) -> Iterator[str]:
        yield from self.notes
        if self.not_examined:
            yield f"not examined: {', '.join(self.not_examined)}"
        if self.explicit is not None:
            yield _ONE_REASON


def _block(word: str, lines: list[str] | tuple[str, ...]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield f"  {'' if number else word:<{_MARGIN - 2}}{line}"


def _told(candidate: Candidate) -> str:
    why = f" ({candidate.why})" if candidate.why else ""
    conditions = "; ".join(map(str, candidate.conditions))
    return f"{candidate.what}{why}" + (f": {conditions}" if conditions else "")


def _remedy(remedy: Remedy) -> str:
    who = "" if remedy.who == CALLER else f"{remedy.who}: "
    risk = f"   [risk: {remedy.risk}]" if remedy.risk else ""
    return f"{who}{remedy.what}{risk}"
