"""The entries of the catalogue, as ``catalogue.json`` has them, read when something is first asked for.

The file is made by ``scripts/generate_policy_catalogue.py``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

_KINDS = {
    "ARN": "arn",
    "Binary": "binary",
    "Bool": "bool",
    "Date": "date",
    "IPAddress": "ip",
    "Numeric": "numeric",
    "String": "string",
}
_VARIABLE = re.compile(r"\$\{[A-Za-z]+\}|<key>")


@dataclass(frozen=True, slots=True)
class Action:
    """One action.

    Args:
        name: As AWS writes it, e.g. ``s3:PutObject``.
        access_level: ``List``, ``Read``, ``Write``, ``Tagging`` or ``Permissions management``; a few actions
            have two, with a comma between them.
        resource_types: Names of the types it works on, e.g. ``object``; none if it only takes ``*``.
        required: Those of them that a policy has to name one of.
        condition_keys: The keys of its requests, as AWS writes them, without the global ones.
    """

    name: str
    access_level: str
    resource_types: tuple[str, ...]
    required: tuple[str, ...]
    condition_keys: tuple[str, ...]

    @property
    def service(self) -> str:
        """The prefix, e.g. ``s3``."""
        return self.name.partition(":")[0]


@dataclass(frozen=True, slots=True)
class ConditionKey:
    """One condition key.

    Args:
        name: As AWS writes it; with its variable if it has one, e.g. ``aws:PrincipalTag/${TagKey}``.
        kind: ``string``, ``numeric``, ``date``, ``bool``, ``binary``, ``ip`` or ``arn``, as of operators.
        multivalued: A request may have several values, so conditions need ForAllValues or ForAnyValue.
        also: Other kinds the key is documented with: ``aws:EpochTime`` is a number as well as a date.
    """

    name: str
    kind: str
    multivalued: bool
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All entries, ready to be looked up."""

    header: Mapping[str, Any]
    actions: Mapping[str, Action]  # by name in lower case
    forms: Mapping[tuple[str, str], tuple[str, tuple[str, ...]]]  # (service, type) to ARN form and keys
    keys: Mapping[str, ConditionKey]  # by name in lower case
    global_keys: frozenset[str]
    templates: tuple[tuple[re.Pattern[str], ConditionKey], ...]


@lru_cache(maxsize=1)
def loaded() -> Catalogue:
    """The catalogue of this package; read once."""
    text = resources.files(__package__).joinpath("catalogue.json").read_text("utf-8")
    found = json.loads(text)
    actions = {
        name.lower(): Action(name, level, tuple(types), tuple(required), tuple(keys))
        for name, (level, types, required, keys) in found["actions"].items()
    }
    keys = {
        name.lower(): _key(name, kind)
        for part in ("keys", "global_keys")
        for name, kind in found[part].items()
    }
    forms = {}
    for name, (form, of_type) in found["resources"].items():
        service, _, kind = name.partition(":")
        forms[service, kind] = (form, tuple(of_type))
    templates = tuple((_filled(key.name), key) for key in keys.values() if _VARIABLE.search(key.name))
    globals_ = frozenset(map(str.lower, found["global_keys"]))
    return Catalogue(found["header"], actions, forms, keys, globals_, templates)


def _key(name: str, written: str) -> ConditionKey:
    first, *others = (_KINDS[each.removeprefix("ArrayOf")] for each in written.split("|"))
    return ConditionKey(name, first, written.startswith("ArrayOf"), tuple(others))


def _filled(name: str) -> re.Pattern[str]:
    literal = [re.escape(piece.lower()) for piece in _VARIABLE.split(name)]
    return re.compile(".+".join(literal), re.S)
