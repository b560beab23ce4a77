"""One condition of a statement: an operator, a key, and the values any of which will do.

Sources: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Set operators for multivalued
context keys". Truth has three values: True, False, and None where the request is not known well enough.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .globs import Match
from .operators import OPERATORS, Operator, number, pattern
from .request import AccessRequest, Between, OneOf, RoleOf, Value
from .truth import Truth
from .variables import Template, resolve, template

ALL, ANY = "ForAllValues", "ForAnyValue"
_QUALIFIERS = {"forallvalues": ALL, "foranyvalue": ANY}


@dataclass(frozen=True, slots=True)
class Found:
    """How one condition came out for a request.

    Args:
        operator, key: As the policy writes them.
        wanted: The policy's values.
        got: The request's values; None if the key is absent or not known.
        missing: The key is known to be absent.
        holds: True, False, or None if nobody knows.
        unknown_key: The key, of the condition or of a variable, for want of which nobody knows.
    """

    operator: str
    key: str
    wanted: tuple[str, ...]
    got: tuple[str, ...] | None
    missing: bool
    holds: Truth
    unknown_key: str | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """An operator with one key and its values.

    Args:
        operator: As written, e.g. ``ForAnyValue:StringLikeIfExists``.
        key: As written; keys have no case.
        values: As text, as the policy gives them.
        variables: The policy's version has policy variables (2012-10-17).
        pointer: JSON pointer to the values.
    """

    operator: str
    key: str
    values: tuple[str, ...]
    variables: bool = True
    pointer: str = ""
    known: Operator | None = field(init=False, repr=False)
    qualifier: str | None = field(init=False)
    if_exists: bool = field(init=False)
    folded: str = field(init=False)
    _when_absent: Truth = field(init=False, repr=False, compare=False)
    _match: Match | None = field(init=False, repr=False, compare=False)
    _templates: tuple[Template | str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        prefix, colon, name = self.operator.rpartition(":")
        base = name.lower().removesuffix("ifexists")
        qualifier = _QUALIFIERS.get(prefix.lower()) if colon else None
        put(self, "qualifier", qualifier)
        put(self, "if_exists", name.lower().endswith("ifexists"))
        known = OPERATORS.get(base) if bool(colon) == bool(qualifier) else None
        if known and known.kind == "null" and (self.if_exists or qualifier):
            known = None  # "Null" takes neither IfExists nor a qualifier
        put(self, "known", known)
        put(self, "folded", self.key.lower())
        templates = tuple(template(value) or value for value in self.values)
        dynamic = self.variables and any(isinstance(each, tuple) for each in templates)
        put(self, "_templates", templates)
        if known is None or (dynamic and known.patterns):
            put(self, "_match", None)
        else:
            put(self, "_match", _built(known, self.values))
        put(self, "_when_absent", self._absent())

    def __reduce__(self) -> tuple[Any, ...]:
        return Condition, (self.operator, self.key, self.values, self.variables, self.pointer)

    def _absent(self) -> Truth:
        known = self.known
        if known is None:
            return None
        if known.kind == "null":
            return self._match is not None and self._match("true")
        return self.if_exists or self.qualifier == ALL or (known.negated and self.qualifier is None)

    @property
    def varies(self) -> bool:
        """It has policy variables, so that other keys than its own count."""
        return self.known is not None and self._match is None

    def truth(self, request: AccessRequest) -> Truth:
        """Whether it holds for *request*."""
        known = self.known
        if known is None:
            return None
        got = request.lookup(self.folded)
        if got is None:
            return self._when_absent
        match = self._match
        if match is not None and type(got) is tuple:
            return self._of_values(known, got, match)
        return self._judge(known, got, request)[0]

    def explain(self, request: AccessRequest) -> Found:
        """The same, with what was wanted and what was there."""
        got = request.lookup(self.folded)
        holds, unknown = self._judge(self.known, got, request) if self.known else (None, None)
        if isinstance(got, OneOf):
            shown: tuple[str, ...] | None = (" or ".join(each or "absent" for each in got.candidates),)
        elif isinstance(got, Between):
            shown = (f"{got.low} to {got.high}",)
        elif isinstance(got, RoleOf):
            shown = got.session.role_arns(())
        else:
            shown = got if isinstance(got, tuple) else None
        return Found(self.operator, self.key, self.values, shown, got is None, holds, unknown)

    def _judge(self, known: Operator, got: Value | None, request: AccessRequest) -> tuple[Truth, str | None]:
        """Whether it holds, and else the key for want of which nobody knows."""
        if got is None:
            return self._when_absent, None
        match, unknown = self._match, None
        if match is None:
            match, unknown = self._resolved(known, request)
        if match is None:
            return None, unknown
        if isinstance(got, tuple):
            return self._of_values(known, got, match), None
        holds: Truth = None
        if isinstance(got, OneOf):
            holds = self._of_candidates(known, got, match)
        elif isinstance(got, Between):
            holds = self._of_bounds(known, got, match)
        elif isinstance(got, RoleOf):
            holds = self._of_candidates(known, OneOf(*got.session.role_arns(self.values)), match)
        return holds, self.key if holds is None else None

    def _of_values(self, known: Operator, got: tuple[str, ...], match: Match) -> Truth:
        if known.kind == "null":
            return match("false")
        if known.negated and known.reads and not all(map(known.reads, got)):
            return None  # AWS does not say what is unequal to something that is no number, date, address, ARN
        qualifier = self.qualifier
        if len(got) == 1:
            return match(got[0]) != known.negated
        each = [match(value) != known.negated for value in got]
        if qualifier is None:
            # AWS wants a qualifier here, and does not say what happens without.
            return each[0] if all(each) or not any(each) else None
        return all(each) if qualifier == ALL else any(each)

    def _of_candidates(self, known: Operator, got: OneOf, match: Match) -> Truth:
        outcomes = {
            self._when_absent if each is None else self._of_values(known, (each,), match)
            for each in got.candidates
        }
        return outcomes.pop() if len(outcomes) == 1 else None

    def _of_bounds(self, known: Operator, got: Between, match: Match) -> Truth:
        if known.kind == "null":
            return match("false")
        if known.kind != "numeric":
            return None
        wanted = [value for value in map(number, self.values) if value is not None]
        inside = any(got.low <= value <= got.high for value in wanted)
        if inside and got.low != got.high:
            return None  # somewhere between the bounds the answer may turn
        return self._of_values(known, (str(got.low),), match)

    def _resolved(self, known: Operator, request: AccessRequest) -> tuple[Match | None, str | None]:
        """What matches for this request, its values put in for the variables."""
        patterns: list[Any] = []
        unknown: str | None = None
        for each in self._templates:
            if isinstance(each, str):
                patterns.append(pattern(each))
                continue
            found, key = resolve(each, request)
            unknown = unknown or key
            if found is not None:
                patterns.append(found)
        return (None, unknown) if unknown is not None else (known.build(patterns), None)


def _built(known: Operator, values: tuple[str, ...]) -> Match:
    return known.build([pattern(value) for value in values] if known.patterns else values)
