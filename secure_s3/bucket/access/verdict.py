"""What a check answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from ...denials.evidence import Judged
from ...policy.decision import (
    ALLOWS,
    DENIES,
    DOES_NOT_ALLOW,
    MAY_ALLOW,
    MAY_DENY,
    UNREAD,
    Decision,
    Reason,
    describe,
)
from ...policy.request import UNKNOWN, AccessRequest
from ...policy.truth import Truth
from ...policy.wire import Caller, SentRequest
from ..gaps import Gap, Spelling, keyword

ALLOWED, DENIED, NOBODY_KNOWS = "allowed", "denied", "unknown"
_DECIDE: dict[str, Truth] = {DENIES: True, MAY_DENY: None, MAY_ALLOW: None, DOES_NOT_ALLOW: False}
"""By the role of a statement: how those of its conditions came out that decide."""


@dataclass(frozen=True, slots=True)
class Permission:
    """One permission that a call needs, and what the policies say of it.

    Args:
        request: What they were asked.
        decision: What they say.
        when: On what it depends whether it is needed at all; empty if it is certain.
        limit: Why an allowance does not suffice; empty if it does.
    """

    request: AccessRequest
    decision: Decision
    when: str = ""
    limit: str = ""

    @property
    def outcome(self) -> str:
        """``allowed``, ``denied`` or ``unknown``."""
        if self.decision.outcome == "allowed":
            return NOBODY_KNOWS if self.limit else ALLOWED
        if self.decision.outcome == "unknown" or self.when:
            return NOBODY_KNOWS
        return DENIED

    @property
    def because(self) -> str:
        """Who or what decides, in a line."""
        return self.words.text()

    @property
    def words(self) -> Words:
        """The same, each reason by itself."""
        decision, request = self.decision, self.request
        if decision.outcome == "allowed":
            by = _deciding(decision, request, ALLOWS)
            if self.limit:
                return Words("unknown", " because ", (self.limit, f"allowed by {', '.join(by)}"))
            return Words("allowed", " by ", tuple(by), ", ")
        if decision.outcome == "unknown":
            return Words("unknown", " because of ", tuple(self._open()), when=self.when)
        if decision.outcome == "explicitly_denied":
            by = _deciding(decision, request, DENIES)
            told = f"denied by {', '.join(by)} if {self.when}"
            return Words("unknown", ": ", (told,)) if self.when else Words("denied", " by ", tuple(by), ", ")
        why = f"no policy allows {request.action} on {request.resource}"
        told = f"denied if {self.when}: {why}"
        return Words("unknown", ": ", (told,)) if self.when else Words("denied", ": ", (why,))

    def _open(self) -> Iterator[str]:
        decision = self.decision
        told = ", ".join(_statement(each, self.request) for each in decision.reasons if each.statement)
        if decision.unknown_keys:
            keys = ", ".join(decision.unknown_keys)
            yield f"{keys} ({told})" if told else keys
        else:
            if self.request.principal is UNKNOWN:
                yield "the caller, who is not known"
            if told:
                yield f"what is open in {told}"
        unread = (document(each.layer, self.request) for each in decision.reasons if each.role == UNREAD)
        yield from dict.fromkeys(f"the {each}, which was not read" for each in unread)

    @property
    def conditions(self) -> tuple[str, ...]:
        """The conditions that decide, each in a line: what the policy says, what the request has."""
        return tuple(dict.fromkeys(line for each in self.decision.reasons for line in self._told(each)))

    def _told(self, reason: Reason) -> Iterator[str]:
        if reason.statement is None or reason.role not in _DECIDE:
            return
        name = _statement(reason, self.request)
        if reason.mismatch in ("principal", "resource"):
            yield f"not by {name}: its {reason.mismatch} is another"
            return
        head = f"not by {name}" if reason.mismatch else f"condition of {name}"
        for found in reason.conditions:
            if found.holds is _DECIDE[reason.role]:
                yield f"{head}: {describe(found)}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "action": self.request.action,
            "resource": self.request.resource,
            "outcome": self.outcome,
            "because": self.because,
            "when": self.when,
            "conditions": list(self.conditions),
            "decision": self.decision.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class Words:
    """An outcome and its reasons, put together late, so that what several have in common is said once."""

    outcome: str
    link: str
    parts: tuple[str, ...]
    separator: str = "; "
    when: str = ""

    def text(self, without: frozenset[str] = frozenset()) -> str:
        """In a line, but for the parts that were said before."""
        left = [each for each in self.parts if each not in without]
        text = f"{self.outcome}{self.link}{self.separator.join(left)}" if left else self.outcome
        return f"{text}, if {self.when}" if self.when else text


def _deciding(decision: Decision, request: AccessRequest, role: str) -> list[str]:
    deciding = [each for each in decision.reasons if each.role == role and each.statement is not None]
    return list(dict.fromkeys(_statement(each, request) for each in deciding)) or ["the account"]


def _statement(reason: Reason, request: AccessRequest) -> str:
    found = reason.statement
    if found is None:
        return document(reason.layer, request)
    # Without a Sid, its name is its number already.
    return f"{document(reason.layer, request)} {'statement ' if found.sid else ''}{found.name}"


def document(layer: str, request: AccessRequest) -> str:
    """What a policy of *layer* is called that decides about *request*, e.g. ``bucket policy``."""
    if layer != "resource_policy":
        return layer.replace("_", " ")
    if request.action.startswith("kms:"):
        return "key policy"
    return "access point policy" if ":accesspoint/" in request.resource else "bucket policy"


@dataclass(frozen=True, slots=True)
class Preflight:
    """Whether a call would be allowed, as far as can be told before it is made.

    ``allowed`` holds for the policies that were looked at; ``not_examined`` names what else can deny. A
    denial because nothing allows is as complete as they are: ACLs and grants on keys may allow as well.

    Args:
        operation: In S3's model, e.g. ``PutObject``.
        sent: The request that would be sent; several where the call is made of several.
        permissions: What is needed, and what the policies say of it.
        gaps: What could not be read.
        not_examined: What may deny besides and was not looked at.
        assumed: What was taken for granted.
        caller: Who would send it; None where that is not told.
        judged: The permissions, with the policies that were asked, as an explanation takes them.
    """

    operation: str
    sent: tuple[SentRequest, ...]
    permissions: tuple[Permission, ...]
    gaps: tuple[Gap, ...] = ()
    not_examined: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    caller: Caller | None = field(default=None, repr=False)
    judged: tuple[Judged, ...] = field(default=(), repr=False)

    @property
    def outcome(self) -> str:
        """``allowed``, ``denied`` or ``unknown``; the worst of the permissions'."""
        outcomes = {each.outcome for each in self.permissions}
        return next(
            (each for each in (DENIED, NOBODY_KNOWS) if each in outcomes),
            ALLOWED if outcomes else NOBODY_KNOWS,
        )

    @property
    def allowed(self) -> bool:
        """True only if it is certain, as far as the policies say."""
        return self.outcome == ALLOWED

    @property
    def deciding(self) -> tuple[Permission, ...]:
        """The permissions that make the outcome."""
        return tuple(each for each in self.permissions if each.outcome == self.outcome)

    def __bool__(self) -> NoReturn:
        raise TypeError("a check has three outcomes: look at .allowed or .outcome")

    def __str__(self) -> str:
        return self.text()

    def text(self, spelled: Spelling = keyword) -> str:
        """The outcome, why, what each permission comes to, and what is not known; each reason is said once.

        Args:
            spelled: How the arguments are written that would tell more.
        """
        outcome, deciding = self.outcome, self.deciding
        common = _common([each.words for each in deciding])
        said = frozenset(common.parts) if common else frozenset()
        lines = [f"{self.operation}: {common.text() if common else outcome}"]
        lines += dict.fromkeys(f"  {line}" for each in deciding for line in each.conditions)
        for each in self.permissions:
            text = each.words.text(said if each.outcome == outcome else frozenset())
            lines.append(f"  {each.request.action} on {each.request.resource}: {text}")
        lines += [f"  could not be read: {each.told(spelled)}" for each in self.gaps]
        lines += [f"  assumed: {each}" for each in self.assumed]
        if self.not_examined:
            lines.append(f"  not examined: {', '.join(self.not_examined)}")
        return "\n".join(lines)

    def to_dict(self, spelled: Spelling = keyword) -> dict[str, Any]:
        """Plain values, for JSON; *spelled* as for ``text``."""
        return {
            "operation": self.operation,
            "outcome": self.outcome,
            "because": list(dict.fromkeys(each.because for each in self.deciding)),
            "requests": [{"method": each.method, "url": each.url} for each in self.sent],
            "permissions": [each.to_dict() for each in self.permissions],
            "gaps": [each.told(spelled) for each in self.gaps],
            "not_examined": list(self.not_examined),
            "assumed": list(self.assumed),
        }


def _common(words: Sequence[Words]) -> Words | None:
    """What several of them say, or the only one says; None if there is nothing of the kind.

    What allows counts as one: all of it may be needed.
    """
    if len(words) < 2 or all(each == words[0] for each in words):
        return words[0] if words else None
    if words[0].outcome == ALLOWED:
        return None
    count = Counter(part for each in words for part in dict.fromkeys(each.parts))
    first = next((each for each in words if any(count[part] > 1 for part in each.parts)), None)
    if first is None:
        return None
    alike = (part for each in words if each.link == first.link for part in each.parts if count[part] > 1)
    return replace(first, parts=tuple(dict.fromkeys(alike)), when="")
