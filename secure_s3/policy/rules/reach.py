"""Which actions a statement can be about, given the types of its resources.

Source: Service Authorization Reference, "How to read the tables": an action applies to resources of its types
only, and one without a type to "*" only.
"""

from __future__ import annotations

import re
from functools import lru_cache

from .. import catalogue
from ..catalogue import Action
from ..statement import Statement

_MULTI_REGION = re.compile(r"(arn:[^:]*:s3:)(:[^:]+:accesspoint/)")
_PLAIN = re.compile(r"arn:aws[a-z-]*:s3:::[a-z0-9.-]+(/.+)?", re.S)
"""What most policies have, told apart without looking at every form of an ARN."""
_WITHOUT_TYPE = ("*", "arn:*", "arn:aws:*", "arn:aws:s3:::*")
"""What matches a request that is about no resource; S3 asks about arn:aws:s3:::* for ListAllMyBuckets."""


def can_name(resources: tuple[str, ...], action: Action) -> bool:
    """Whether one of some patterns of ``Resource`` can match the resource of a request for *action*."""
    types = _types(resources, action.service)
    return types is None or not types.isdisjoint(action.resource_types)


@lru_cache(maxsize=512)
def _types(resources: tuple[str, ...], service: str) -> frozenset[str] | None:
    """The types of resources that they can name; None if every request's is among them."""
    found: set[str] = set()
    for resource in resources:
        if set(resource) == {"*"} or resource in _WITHOUT_TYPE:
            return None
        plain = _PLAIN.fullmatch(resource) if service == "s3" else None
        if plain:
            found.add("object" if plain[1] else "bucket")
            continue
        # The reference has the actions on Multi-Region Access Points, which have no region, there.
        regional = _MULTI_REGION.sub(r"\1*\2", resource)
        found.update(catalogue.resource_type(resource, service), catalogue.resource_type(regional, service))
    return frozenset(found)


def named(pattern: str) -> tuple[Action, ...] | None:
    """The actions that a pattern of ``Action`` names; None where not all of them are known here."""
    if pattern.startswith("*") or catalogue.known_service(pattern):
        return catalogue.actions_matching(pattern)
    return None


def reachable(statement: Statement) -> tuple[Action, ...]:
    """The actions of a statement that one of its resources can match; none where not all are known here."""
    if statement.not_action or statement.effect is None:
        return ()
    return _reachable(statement.actions, None if statement.not_resource else statement.resources)


@lru_cache(maxsize=512)
def _reachable(patterns: tuple[str, ...], resources: tuple[str, ...] | None) -> tuple[Action, ...]:
    found: dict[Action, None] = {}
    for pattern in patterns:
        actions = named(pattern)
        if actions is None or pattern == "*":
            return ()
        found.update(dict.fromkeys(actions))
    if resources is None:
        return tuple(found)
    return tuple(each for each in found if can_name(resources, each))
