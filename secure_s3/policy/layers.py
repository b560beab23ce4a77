"""What the policies of one layer say of a request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import PolicyError
from .document import Document, Policy
from .principals import Grant
from .request import UNKNOWN, AccessRequest, Unknown
from .statement import Statement
from .truth import Truth, any_of

_NOTHING: tuple[tuple[()], list[Policy]] = ((), [])
Given = Document | Unknown
Layer = Sequence[Document] | Document | Unknown | None
Levels = Sequence[Document | Sequence[Document]] | Document | Unknown | None
_ONE = (Policy, str, bytes, Mapping)


@dataclass(slots=True)
class Heard:
    """What the statements of one layer say of a request.

    ``allow`` and ``deny`` are three-valued; ``grants`` has the allowance by how directly it names the caller.
    """

    layer: str
    policies: tuple[Policy, ...] = ()
    unread: bool = False
    allow: Truth = False
    deny: Truth = False
    grants: dict[Grant, Truth] = field(default_factory=dict)
    matching: list[tuple[int, Statement, Truth]] = field(default_factory=list)
    lifted: bool = False


def levels_of(request: AccessRequest, layer: str, given: Levels) -> list[Heard]:
    """What each level of an organization says; a list without nested lists is one level."""
    if isinstance(given, Unknown):
        return [hear(request, layer, UNKNOWN, named=layer == "resource_control_policy")]
    if given is None or given in _NOTHING:
        return [Heard(layer)]
    listed = (given,) if isinstance(given, _ONE) or not isinstance(given, Iterable) else given
    flat = [item for item in listed if isinstance(item, _ONE)]
    nested: list[Any] = [item for item in listed if not isinstance(item, _ONE)]
    levels: list[Layer] = [*([flat] if flat or not nested else []), *nested]
    return [hear(request, layer, level, named=layer == "resource_control_policy") for level in levels]


def hear(
    request: AccessRequest, layer: str, given: Layer, *, named: bool = False, bounded: Truth = False
) -> Heard:
    """What a layer says of *request*; *named* and *bounded* as for ``Statement.truth``."""
    if isinstance(given, Unknown):
        return Heard(layer, unread=True, allow=None, deny=None)
    if given is None or (not isinstance(given, Policy) and given in _NOTHING):
        return Heard(layer)
    policies = (given,) if isinstance(given, Policy) else _policies(layer, given)
    heard = Heard(layer, policies)
    for number, policy in enumerate(policies):
        for statement in policy.statements:
            truth, grant = statement.truth(request, named=named, bounded=bounded)
            if truth is False:
                continue
            heard.matching.append((number, statement, truth))
            if statement.effect != "Allow":
                heard.deny = any_of((heard.deny, truth))
            if statement.effect != "Deny":
                heard.grants[grant] = any_of((heard.grants.get(grant, False), truth))
                heard.allow = any_of((heard.allow, truth))
    return heard


def _policies(layer: str, given: object) -> tuple[Policy, ...]:
    listed = (given,) if isinstance(given, _ONE) or not isinstance(given, Iterable) else given
    return tuple(each if isinstance(each, Policy) else _read(layer, each) for each in listed)


def _read(layer: str, document: object) -> Policy:
    if isinstance(document, str | bytes | Mapping):
        return Policy.parse(document)
    raise PolicyError(
        f"the {layer.replace('_', ' ')} is a {type(document).__name__}",
        why="evaluate takes policies, their JSON text, or dicts",
        fix="pass Policy.parse(…)",
    )
