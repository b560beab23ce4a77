"""One statement of a policy: taken apart once, then asked about requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import PolicyError
from .conditions import Condition, Found
from .globs import Match, fits_any, glob, resource_glob, resource_pattern
from .jsontext import Number, plain, simple, token
from .principals import Grant, Principals
from .request import AccessRequest
from .truth import Truth
from .variables import Template, resolve, template

CURRENT_VERSION = "2012-10-17"
_ELEMENTS = ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource")
ELEMENTS = frozenset((*_ELEMENTS, "Condition"))


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that keeps a statement from being what AWS takes.

    Args:
        element: e.g. ``Effect``.
        message: One sentence.
        pointer: JSON pointer to it.
        fatal: Nobody can say what the statement does.
    """

    element: str
    message: str
    pointer: str
    fatal: bool = True


@dataclass(frozen=True, slots=True)
class Applies:
    """How a statement meets a request: each part True, False or None; ``grant`` how it names the caller."""

    action: Truth
    principal: Truth
    resource: Truth
    conditions: tuple[Found, ...]
    grant: Grant


@dataclass(frozen=True, eq=False)
class Statement:
    """One statement: what it says as written (``raw``), and taken apart.

    ``keys`` has the condition keys in lower case. Two statements are equal if they are written the same, key
    order aside.

    Args:
        raw: The JSON object.
        index: Its place in the policy, from 0.
        version: The policy's; before 2012-10-17 there are no policy variables.
        pointer: JSON pointer to it.
        checked: *raw* is what ``jsontext`` gave, and nobody else has it.
    """

    raw: Mapping[str, Any]
    index: int = 0
    version: str = CURRENT_VERSION
    pointer: str = "/Statement/0"
    checked: bool = field(default=False, repr=False)
    sid: str | None = field(init=False)
    effect: str | None = field(init=False)
    principals: Principals | None = field(init=False)
    actions: tuple[str, ...] = field(init=False)
    not_action: bool = field(init=False)
    resources: tuple[str, ...] | None = field(init=False)
    not_resource: bool = field(init=False)
    conditions: tuple[Condition, ...] = field(init=False)
    keys: frozenset[str] = field(init=False)
    problems: tuple[Problem, ...] = field(init=False)
    _action_exact: frozenset[str] = field(init=False, repr=False)
    _action_globs: tuple[Match, ...] = field(init=False, repr=False)
    _resources: tuple[Match, ...] = field(init=False, repr=False)
    _templates: tuple[Template, ...] = field(init=False, repr=False)
    _everyone: bool = field(init=False, repr=False)
    fatal: bool = field(init=False, repr=False)

    def __post_init__(self) -> None:
        put = object.__setattr__
        if not isinstance(self.raw, Mapping):
            raise PolicyError(
                f"a {type(self.raw).__name__} is no statement", fix="pass its JSON object as a dict"
            )
        if not self.checked:
            put(self, "raw", plain(self.raw))
        read = _StatementReader(self.raw, self.pointer)
        sid, effect = self.raw.get("Sid"), self.raw.get("Effect")
        put(self, "sid", sid if isinstance(sid, str) and sid else None)
        put(self, "effect", effect if effect in ("Allow", "Deny") else None)
        put(self, "principals", read.principals())
        put(
            self,
            "_everyone",
            bool(self.principals and self.principals.everyone and not self.principals.negated),
        )
        put(self, "not_action", "NotAction" in self.raw and "Action" not in self.raw)
        put(self, "actions", read.strings("Action", "NotAction") or ())
        put(self, "not_resource", "NotResource" in self.raw and "Resource" not in self.raw)
        put(self, "resources", read.strings("Resource", "NotResource"))
        variables = self.version == CURRENT_VERSION
        put(self, "conditions", read.conditions(variables))
        put(self, "keys", frozenset(each.folded for each in self.conditions))
        put(self, "problems", read.finish())
        put(self, "fatal", any(problem.fatal for problem in self.problems))
        folded = [action.lower() for action in self.actions]
        put(self, "_action_exact", frozenset(each for each in folded if not set(each) & set("*?")))
        put(self, "_action_globs", tuple(glob(each) for each in folded if set(each) & set("*?")))
        found = {each: template(each) if variables else None for each in self.resources or ()}
        plain_ones = (each for each, parts in found.items() if parts is None)
        put(self, "_resources", tuple(map(resource_pattern, plain_ones)))
        put(self, "_templates", tuple(parts for parts in found.values() if parts))

    def __reduce__(self) -> tuple[Any, ...]:
        return Statement, (self.raw, self.index, self.version, self.pointer)

    def __repr__(self) -> str:
        return f"<Statement {self.pointer}: {self.effect or 'neither Allow nor Deny'}, {self.name}>"

    @property
    def name(self) -> str:
        """Its Sid, or its place counted from 1."""
        return self.sid or f"statement {self.index + 1}"

    def to_dict(self) -> dict[str, Any]:
        """The JSON object as plain Python values."""
        copied: dict[str, Any] = simple(self.raw)
        return copied

    def __eq__(self, other: object) -> bool:
        return self.raw == other.raw if isinstance(other, Statement) else NotImplemented

    def __hash__(self) -> int:
        return hash((self.sid, self.effect, self.actions))

    def truth(self, request: AccessRequest, *, named: bool, bounded: Truth = False) -> tuple[Truth, Grant]:
        """Whether it is about *request*.

        Args:
            named: Its principals count, as they do in a resource policy.
            bounded: The caller has a permissions boundary; every Deny with NotPrincipal is about it then.
        """
        if not self._action(request):
            return False, Grant.NONE
        principal, grant = (True, Grant.DIRECT) if self._everyone else self._principal(request, named)
        if principal is not True and bounded is not False and self._denies_all_but():
            principal = True if bounded else None
        if principal is False:
            return False, Grant.NONE
        truth = self._resource(request)
        if truth is False:
            return False, Grant.NONE
        if principal is None:
            truth = None
        for condition in self.conditions:
            holds = condition.truth(request)
            if holds is False:
                return False, Grant.NONE
            if holds is None:
                truth = None
        return (None if self.fatal else truth), grant

    @property
    def varies(self) -> bool:
        """It has policy variables: what it is about depends on more than its keys and resources say."""
        return bool(self._templates) or any(each.varies for each in self.conditions)

    def acts(self, request: AccessRequest) -> bool:
        """Whether the action is among its actions."""
        return self._action(request)

    def about_caller(self, request: AccessRequest) -> Truth:
        """Whether the caller is among its principals."""
        return self._principal(request, True)[0]

    def about_resource(self, request: AccessRequest) -> Truth:
        """Whether the resource is among its resources."""
        return self._resource(request)

    def explain(self, request: AccessRequest, *, named: bool) -> Applies:
        """The same in full, whatever part fails."""
        principal, grant = self._principal(request, named)
        found = tuple(condition.explain(request) for condition in self.conditions)
        return Applies(self._action(request), principal, self._resource(request), found, grant)

    def open_variables(self, request: AccessRequest) -> tuple[str, ...]:
        """The keys of its resources' variables whose values for *request* nobody knows."""
        found = (resolve(parts, request)[1] for parts in self._templates)
        return tuple(key for key in found if key)

    def _action(self, request: AccessRequest) -> bool:
        action = request._action
        return (action in self._action_exact or fits_any(self._action_globs, action)) != self.not_action

    def _principal(self, request: AccessRequest, named: bool) -> tuple[Truth, Grant]:
        if not named:
            return True, Grant.DIRECT
        if self.principals is None:
            return False, Grant.NONE
        return self.principals.match(request.requester)

    def _denies_all_but(self) -> bool:
        return self.effect == "Deny" and self.principals is not None and self.principals.negated

    def _resource(self, request: AccessRequest) -> Truth:
        if self.resources is None:
            # The statements of a trust policy have none; anywhere else AWS refuses it.
            return True if request._action.startswith("sts:") else None
        listed: Truth = fits_any(self._resources, request.resource)
        if not listed and self._templates:
            listed = self._resolved(request)
        return (None if listed is None else not listed) if self.not_resource else listed

    def _resolved(self, request: AccessRequest) -> Truth:
        """Whether a resource with variables is the request's."""
        lacking: Truth = False
        for parts in self._templates:
            pattern, unknown = resolve(parts, request)
            if pattern is None:
                # A variable without a value is like nothing; whether NotResource then names everything else
                # or the statement is void, AWS leaves open ("Variables and tags").
                lacking = None if unknown or self.not_resource else lacking
            elif resource_glob(pattern)(request.resource):
                return True
        return lacking


class _StatementReader:
    """Takes the elements of a statement one by one and keeps what is wrong with them."""

    def __init__(self, raw: Mapping[str, Any], pointer: str) -> None:
        self.raw = raw
        self.pointer = pointer
        self.problems: list[Problem] = []

    def complain(self, element: str, message: str, *, fatal: bool = True, below: str = "") -> None:
        self.problems.append(Problem(element, message, f"{self.pointer}/{token(element)}{below}", fatal))

    def principals(self) -> Principals | None:
        for name, negated in (("Principal", False), ("NotPrincipal", True)):
            if name in self.raw:
                found, complaints = Principals.parse(self.raw[name], negated)
                for complaint in complaints:
                    self.complain(name, f"{name}: {complaint}")
                return found
        return None

    def strings(self, name: str, negation: str) -> tuple[str, ...] | None:
        present = [each for each in (name, negation) if each in self.raw]
        if not present:
            return None
        if len(present) == 2:
            self.complain(negation, f"{name} and {negation} exclude each other")
        value = self.raw[present[0]]
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(item, str) for item in values):
            self.complain(present[0], f"{present[0]} is neither a string nor a list of strings")
            return ()
        if not values:
            self.complain(present[0], f"{present[0]} is empty and matches nothing", fatal=False)
        return tuple(map(str, values))

    def conditions(self, variables: bool) -> tuple[Condition, ...]:
        blocks = self.raw.get("Condition", {})
        if not isinstance(blocks, Mapping):
            self.complain("Condition", "Condition is no object of operators")
            return ()
        found: list[Condition] = []
        for operator, keys in blocks.items():
            where = f"/{token(operator)}"
            if not isinstance(keys, Mapping):
                self.complain("Condition", f"{operator} holds no object of condition keys", below=where)
                continue
            for key, value in keys.items():
                below = f"{where}/{token(key)}"
                found.append(
                    Condition(
                        operator, key, self.values(value, below), variables, self.at("Condition", below)
                    )
                )
        return tuple(found)

    def at(self, element: str, below: str) -> str:
        return f"{self.pointer}/{element}{below}"

    def values(self, value: Any, below: str) -> tuple[str, ...]:
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(item, str | bool | Number) for item in values):
            self.complain("Condition", "a condition compares with text, numbers and booleans", below=below)
            return ()
        if not values:
            self.complain("Condition", "a condition without values matches nothing", fatal=False, below=below)
        return tuple(item if isinstance(item, str) else str(item).lower() for item in values)

    def finish(self) -> tuple[Problem, ...]:
        effect = self.raw.get("Effect")
        if effect not in ("Allow", "Deny"):
            said = "there is no Effect" if "Effect" not in self.raw else f"Effect is {effect!r}"
            self.complain("Effect", f"{said}; it must be Allow or Deny")
        if not {"Action", "NotAction"} & self.raw.keys():
            self.complain("Action", "there is neither Action nor NotAction")
        if "Principal" in self.raw and "NotPrincipal" in self.raw:
            self.complain("NotPrincipal", "Principal and NotPrincipal exclude each other")
        if not isinstance(self.raw.get("Sid", ""), str):
            self.complain("Sid", "Sid is no string")
        for name in self.raw:
            if name not in ELEMENTS:
                self.complain(name, f"{name!r} is no element of a statement", fatal=False)
        return tuple(self.problems)
