"""The conditions of a POST policy, and whether a form keeps to them.

Source: Amazon S3 API Reference, "POST Policy"; texts as S3 has been seen to send them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..faults import Refusal, access_denied
from .forms import Fields

__all__ = ["Condition", "SizeRange", "check_fields", "check_size", "read_conditions"]

_MEMBERS = ("expiration", "conditions")
_UNCONDITIONAL = ("x-amz-signature", "file", "policy")
_IGNORED = "x-ignore-"
_DIGITS = 18
"""Of a size, more than any file has; Python refuses to read thousands of them."""
_LIST = "content-type"
"""The one field whose value is a list where it has commas."""


@dataclass(frozen=True)
class Condition:
    """``eq`` or ``starts-with`` of one field; the name as the policy spells it, with its ``$``."""

    operator: str
    name: str
    value: str

    def holds(self, values: Mapping[str, str]) -> bool:
        """Whether the field is there and is as wanted; names of fields have no case, values have."""
        given = values.get(self.field)
        if given is None or not self.name.startswith("$"):
            return False
        if self.operator.lower() == "eq":
            return given == self.value
        listed = given.split(",") if self.field == _LIST else []
        if len(listed) > 1:
            return all(part.strip().startswith(self.value) for part in listed)
        return given.startswith(self.value)

    @property
    def field(self) -> str:
        """The field's name in lower case."""
        return self.name.removeprefix("$").lower()

    def __str__(self) -> str:
        return _shown(self.operator, self.name, self.value)


@dataclass(frozen=True)
class SizeRange:
    """``content-length-range``: how large the file may be, both ends included."""

    least: int
    most: int


def read_conditions(policy: Mapping[str, Any]) -> list[Condition | SizeRange]:
    """The conditions of a policy that has been verified.

    Raises:
        Refusal: InvalidPolicyDocument, or AccessDenied for a range that is not of numbers.
    """
    for member in policy:
        if member not in _MEMBERS:
            raise _invalid(f"Unexpected: '{member.lower()}'")
    return [_read(item) for item in policy["conditions"]]


def check_fields(conditions: Sequence[Condition | SizeRange], fields: Fields, bucket: str) -> None:
    """Every condition holds, and every field has one. The bucket is that of the URL, whatever the form says.

    Raises:
        Refusal: AccessDenied, which names the condition or the fields.
    """
    values = {**fields.values, "bucket": bucket}
    wanted = [condition for condition in conditions if isinstance(condition, Condition)]
    for condition in wanted:
        if not condition.holds(values):
            raise _failed(str(condition))
    named = {condition.field for condition in wanted}
    extra = [
        spelled
        for name, spelled in fields.spelled.items()
        if name not in named and name not in _UNCONDITIONAL and not name.startswith(_IGNORED)
    ]
    if extra:
        raise access_denied(f"Invalid according to Policy: Extra input fields: {', '.join(extra)}")


def check_size(conditions: Sequence[Condition | SizeRange], size: int) -> None:
    """The file is as large as every range allows.

    Raises:
        Refusal: EntityTooSmall or EntityTooLarge.
    """
    for allowed in conditions:
        if not isinstance(allowed, SizeRange):
            continue
        if size > allowed.most:
            message = "Your proposed upload exceeds the maximum allowed size"
            told = {"ProposedSize": str(size), "MaxSizeAllowed": str(allowed.most)}
            raise Refusal(400, "EntityTooLarge", message, **told)
        if size < allowed.least:
            message = "Your proposed upload is smaller than the minimum allowed size"
            told = {"ProposedSize": str(size), "MinSizeAllowed": str(allowed.least)}
            raise Refusal(400, "EntityTooSmall", message, **told)


def _read(item: Any) -> Condition | SizeRange:
    if isinstance(item, dict):
        if len(item) != 1:
            text = "Simple-Conditions must have exactly one property specified."
            raise _invalid(f"Invalid Simple-Condition: {text}")
        (name, value), *_ = item.items()
        if not isinstance(value, str):
            raise _invalid("Invalid Simple-Condition: value must be a string.")
        return Condition("eq", f"${name}", value)
    if not isinstance(item, list):
        raise _invalid("Invalid condition test: must be a List or Object.")
    if not item:
        raise _invalid("Invalid Condition: missing operation identifier.")
    operator = str(item[0])
    if operator.lower() not in ("eq", "starts-with", "content-length-range"):
        raise _invalid(f"Invalid Condition: unknown operation '{operator}'.")
    if len(item) != 3:
        raise _invalid(f"Invalid {operator.lower()}: wrong number of arguments.")
    if operator.lower() == "content-length-range":
        return _read_range(item)
    if not all(isinstance(part, str) for part in item):
        raise _invalid("Invalid JSON.")
    return Condition(*item)


def _read_range(item: list[Any]) -> SizeRange:
    ends = []
    for end in item[1:]:
        if isinstance(end, str):
            if not (end.isascii() and end.isdigit()) or len(end) > _DIGITS:
                raise _failed(_shown(*item))
            end = int(end)
        if not isinstance(end, int) or isinstance(end, bool) or end < 0:
            raise _invalid("Invalid JSON.")
        ends.append(end)
    return SizeRange(*ends)


def _shown(*parts: Any) -> str:
    return json.dumps(parts, ensure_ascii=False)


def _failed(condition: str) -> Refusal:
    return access_denied(f"Invalid according to Policy: Policy Condition failed: {condition}")


def _invalid(why: str) -> Refusal:
    return Refusal(400, "InvalidPolicyDocument", f"Invalid Policy: {why}")
