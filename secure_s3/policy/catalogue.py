"""What AWS knows by name: the actions, resource types and condition keys of S3, KMS and STS.

Source: AWS Service Authorization Reference, and for global condition keys the IAM User Guide, "AWS global
condition context keys". The facts lie in ``catalogue.json``, which is read once, when something is first
asked for. Of other services nothing is known: ask ``known_service`` before calling a name wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from ..errors import PolicyError
from .arnforms import meets
from .catalogue_file import Action, ConditionKey, loaded
from .globs import glob
from .operations import OPERATIONS
from .spelling import nearest, nearest_operator

__all__ = [
    "Action",
    "ConditionKey",
    "source",
    "services",
    "known_service",
    "action",
    "all_actions",
    "actions_matching",
    "condition_key",
    "all_keys",
    "keys_of",
    "resource_patterns",
    "resource_type",
    "operation_actions",
    "suggest",
]


def source() -> Mapping[str, Any]:
    """Where the facts come from: ``source``, ``version``, ``updated``, ``licence`` and ``services``."""
    return dict(loaded().header)


def services() -> frozenset[str]:
    """The prefixes of the services whose actions are all known here."""
    return frozenset(loaded().header["services"])


def known_service(name: str) -> bool:
    """True if an unknown action or condition key with this prefix is a mistake.

    False for services of which nothing is known here, for patterns in the prefix, and for ``*``.

    Args:
        name: An action or a pattern of one, or a condition key, e.g. ``s3:Get*`` or ``aws:SecureTransport``.
    """
    prefix, colon, _ = name.lower().partition(":")
    return bool(colon) and (prefix == "aws" or prefix in loaded().header["services"])


def action(name: str) -> Action | None:
    """The action of this name, in any case; None if there is none here."""
    return loaded().actions.get(name.lower())


def all_actions() -> tuple[Action, ...]:
    """Every action, by name."""
    return tuple(loaded().actions.values())


@lru_cache(maxsize=1024)
def actions_matching(pattern: str) -> tuple[Action, ...]:
    """The actions that a policy's ``Action`` names, e.g. ``s3:Get*``; ``*`` names all that are known here."""
    fits = glob(pattern.lower())
    return tuple(found for name, found in loaded().actions.items() if fits(name))


def condition_key(key: str) -> ConditionKey | None:
    """The condition key of this name, in any case; None if there is none here.

    Tags and encryption contexts find the key with the variable: ``aws:PrincipalTag/team`` is a
    ``aws:PrincipalTag/${TagKey}``.
    """
    found = loaded()
    folded = key.lower()
    if folded in found.keys:
        return found.keys[folded]
    return next((each for pattern, each in found.templates if pattern.fullmatch(folded)), None)


def all_keys() -> tuple[ConditionKey, ...]:
    """Every condition key, by name, the global ones at the end."""
    return tuple(loaded().keys.values())


def keys_of(action: Action | str) -> frozenset[str]:
    """The names, in lower case, of the keys that requests of an action can have, global ones included.

    Keys with variables are named with them: look for ``condition_key(key).name.lower()``.

    Raises:
        PolicyError: The action is not known here.
    """
    return _keys_of(_known(action))


@lru_cache(maxsize=512)
def _keys_of(action: Action) -> frozenset[str]:
    found = loaded()
    of_types = [found.forms.get((action.service, kind), ("", ()))[1] for kind in action.resource_types]
    return found.global_keys.union(
        map(str.lower, action.condition_keys), *(map(str.lower, keys) for keys in of_types)
    )


def resource_patterns(action: Action | str) -> tuple[str, ...]:
    """The forms of the ARNs an action works on, e.g. ``arn:${Partition}:s3:::${BucketName}``.

    ``*`` alone for an action that works on no resource.

    Raises:
        PolicyError: The action is not known here.
    """
    known = _known(action)
    forms = loaded().forms
    found = [forms[known.service, kind][0] for kind in known.resource_types if (known.service, kind) in forms]
    return tuple(found) or ("*",)


@lru_cache(maxsize=1024)
def resource_type(arn: str, service: str | None = None) -> tuple[str, ...]:
    """The types of resources that an ARN, or a pattern of ``Resource``, can name.

    ``arn:aws:s3:::amzn-s3-demo-bucket*`` can name buckets and objects. Policy variables count as wildcards.

    Args:
        arn: What the policy has.
        service: Look at the types of this service only; the names are those of ``Action.resource_types``.
    """
    found = [
        kind
        for (prefix, kind), (form, _) in loaded().forms.items()
        if service in (None, prefix) and meets(arn, form)
    ]
    return tuple(dict.fromkeys(found))


def _known(action: Action | str) -> Action:
    known = action if isinstance(action, Action) else loaded().actions.get(action.lower())
    if known is None:
        raise PolicyError(
            f"{action!r} is no action of the catalogue", fix="ask action() first, which gives None"
        )
    return known


def operation_actions(name: str) -> tuple[str, ...]:
    """The actions needed for an operation whose name is no action, e.g. ``s3:HeadObject``; else none."""
    return _operations().get(name.lower(), ())


@lru_cache(maxsize=1)
def _operations() -> dict[str, tuple[str, ...]]:
    return {name.lower(): actions for name, actions in OPERATIONS.items()}


def suggest(name: str, kind: str = "action") -> str | None:
    """The known name that was most likely meant; None if none is near.

    Operations that are no actions give their (first) action: ``s3:HeadObject`` gives ``s3:GetObject``.

    Args:
        name: What is not known, e.g. ``s3:GetObjects``, ``aws:SecureTranport`` or ``StringEqual``.
        kind: ``action``, ``key`` or ``operator``.

    Raises:
        PolicyError: *kind* is none of these.
    """
    if kind == "operator":
        return nearest_operator(name)
    if kind == "action":
        needed = operation_actions(name)
        return needed[0] if needed else _nearest_action(name)
    if kind == "key":
        return _nearest_key(name)
    raise PolicyError(f"{kind!r} is no kind of name", fix='pass "action", "key" or "operator"')


def _nearest_action(name: str) -> str | None:
    known = loaded().actions
    prefix, _, rest = name.lower().partition(":")
    own = [each.name for each in known.values() if each.service == prefix]
    elsewhere = [each.name for each in known.values() if each.name.lower().endswith(f":{rest}")]
    return nearest(name, own) or (elsewhere[0] if rest and elsewhere else None)


def _nearest_key(name: str) -> str | None:
    known = loaded().keys
    head, slash, tail = name.partition("/")
    if slash and tail:  # the part before the slash is misspelt, the tag's key is the caller's
        stems = [each.name.partition("/")[0] for each in known.values() if "/" in each.name]
        stem = nearest(head, stems)
        return f"{stem}/{tail}" if stem else None
    prefix = name.lower().partition(":")[0]
    own = [each.name for each in known.values() if each.name.lower().partition(":")[0] == prefix]
    return nearest(name, own) or nearest(name, [each.name for each in known.values()])
