"""The canonical form of a policy: two that mean the same, as far as their text shows, are written the same.

Lists are sets and have no order; an account may be written as its number or as its root's ARN; names of
actions, operators and condition keys have no case. Source: IAM User Guide, "IAM JSON policy elements
reference".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .document import Policy
from .jsontext import Number, write
from .operators import OPERATORS
from .statement import CURRENT_VERSION, Statement

_ACCOUNT = re.compile(r"[0-9]{12}")
_ORDER = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)


def canonical(policy: Policy | str | bytes | Mapping[str, Any]) -> Policy:
    """*policy* in canonical form; statements are sorted, for their order means nothing."""
    policy = Policy.parse(policy)
    statements = [canonical_statement(statement) for statement in policy.statements]
    extra = {name: value for name, value in policy.document.items() if name not in ("Version", "Statement")}
    ordered = sorted(statements, key=lambda raw: write(raw, None))
    return Policy.parse({"Version": policy.version, **extra, "Statement": ordered})


def canonical_statement(statement: Statement, *, fold: bool = True) -> dict[str, Any]:
    """One statement in canonical form, its Sid included; without *fold*, names keep their case."""
    raw = {name: _element(name, value, fold) for name, value in statement.raw.items()}
    if isinstance(raw.get("Condition"), Mapping):
        raw["Condition"] = _condition(raw["Condition"], fold)
        if not raw["Condition"]:
            del raw["Condition"]
    known = {name: raw[name] for name in _ORDER if name in raw}
    return {**known, **{name: raw[name] for name in sorted(raw) if name not in known}}


def meaning(statement: Statement) -> str:
    """The canonical form without the Sid, as text: equal for statements that do the same."""
    raw = {name: value for name, value in canonical_statement(statement).items() if name != "Sid"}
    has_variables = "${" in write(raw, None)
    return write([statement.version if has_variables else CURRENT_VERSION, raw], None)


def _element(name: str, value: Any, fold: bool) -> Any:
    if name in ("Action", "NotAction"):
        return _set(value, fold=fold)
    if name in ("Resource", "NotResource"):
        return _set(value)
    if name in ("Principal", "NotPrincipal"):
        return _principal(value)
    return value


def _set(value: Any, *, fold: bool = False) -> Any:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(item, str) for item in values):
        return value
    return sorted({item.lower() if fold else item for item in values})


def _principal(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    found = {name: _set(listed) for name, listed in sorted(value.items())}
    aws = found.get("AWS")
    if isinstance(aws, list):
        found["AWS"] = sorted(
            {f"arn:aws:iam::{each}:root" if _ACCOUNT.fullmatch(each) else each for each in aws}
        )
    return "*" if found == {"AWS": ["*"]} else found


def _condition(blocks: Mapping[str, Any], fold: bool) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for operator, keys in blocks.items():
        name = _operator(operator)
        if not isinstance(keys, Mapping) or (name != operator and name in blocks):
            # What cannot be read, and what stands twice in other spellings, is left as it is.
            merged[operator] = keys
            continue
        folded = {key.lower() for key in keys}
        change = fold and len(folded) == len(keys)
        block = {key.lower() if change else key: _values(value) for key, value in keys.items()}
        merged[name] = dict(sorted(block.items()))
    return dict(sorted(merged.items()))


def _operator(name: str) -> str:
    prefix, colon, base = name.rpartition(":")
    suffix = "IfExists" if base.lower().endswith("ifexists") else ""
    known = OPERATORS.get(base.lower().removesuffix("ifexists"))
    qualifier = {"forallvalues": "ForAllValues", "foranyvalue": "ForAnyValue"}.get(prefix.lower(), prefix)
    return f"{qualifier}{colon}{known.name}{suffix}" if known else name


def _values(value: Any) -> Any:
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str | bool | Number) for item in values):
        return value
    return sorted({str(item) if isinstance(item, str) else str(item).lower() for item in values})
