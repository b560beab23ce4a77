"""The condition operators: what each compares, and how.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators". An operator is built once for the
values of a policy and then asked about values of requests. Text that cannot be read as a number, a date, a
truth value or an address matches nothing; what such a value of a request is unequal to, AWS does not say.
"""

from __future__ import annotations

import base64
import binascii
import operator as compare
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from functools import lru_cache
from ipaddress import ip_network
from typing import Any

from .globs import ARN_PARTS, Match, arn_glob, fits_any, glob_of, tokens

CACHED = 1024  # texts; the same few values are asked about again and again
Build = Callable[[Sequence[Any]], Match]

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
_CIDR = re.compile(r"[0-9a-fA-F:.]+(/[0-9]{1,3})?")
_EPOCH = re.compile(r"-?[0-9]{1,13}(\.[0-9]+)?")
_DATE = re.compile(
    r"(\d{4})(?:-(\d{2})(?:-(\d{2})"
    r"(?:T(\d{2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?)?)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator.

    Args:
        name: As AWS writes it.
        build: From the policy's values to what tells whether a value of the request is among them.
        negated: It holds if none of the values matches, and if the key is absent.
        patterns: It takes policy variables; *build* is given patterns instead of texts then.
        kind: ``string``, ``numeric``, ``date``, ``bool``, ``binary``, ``ip``, ``arn`` or ``null``.
        reads: Whether a value of the request can be read; None if any can.
    """

    name: str
    build: Build
    negated: bool
    patterns: bool
    kind: str
    reads: Callable[[str], bool] | None = None


@lru_cache(CACHED)
def number(text: str) -> Decimal | None:
    """The number in *text*; None if it is none."""
    text = text.strip()
    return Decimal(text) if len(text) <= 100 and _NUMBER.fullmatch(text) else None


@lru_cache(CACHED)
def date(text: str) -> Decimal | None:
    """Seconds since 1970 of an ISO 8601 date or of epoch seconds; None if it is neither.

    Four digits are a year, as in the W3C's profile of ISO 8601, which AWS names.
    """
    text = text.strip()
    match = _DATE.fullmatch(text)
    if match is None:
        return Decimal(text) if _EPOCH.fullmatch(text) else None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    stamp = f"{year}-{month or '01'}-{day or '01'}T{hour or '00'}:{minute or '00'}:{second or '00'}"
    zone = "+00:00" if zone in (None, "Z") else zone if ":" in zone else f"{zone[:3]}:{zone[3:]}"
    try:
        whole = datetime.fromisoformat(stamp + zone).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None
    seconds = (whole - datetime(1970, 1, 1, tzinfo=timezone.utc)).total_seconds()
    return Decimal(int(seconds)) + Decimal(f"0{fraction}" if fraction else 0)


@lru_cache(CACHED)
def network(text: str) -> tuple[int, int, int] | None:
    """Version, number and prefix length of an address or a CIDR range; None if it is neither."""
    text = text.strip()
    if not _CIDR.fullmatch(text):
        return None  # Python would take netmasks in place of a length, and IPv6 zones
    try:
        found = ip_network(text, strict=False)
    except ValueError:
        return None
    return found.version, int(found.network_address), found.prefixlen


def _is_number(text: str) -> bool:
    return number(text) is not None


def _is_date(text: str) -> bool:
    return date(text) is not None


def _is_address(text: str) -> bool:
    found = network(text)
    return found is not None and found[2] == (32 if found[0] == 4 else 128)


def _is_arn(text: str) -> bool:
    return text.startswith("arn:") and text.count(":") >= ARN_PARTS - 1


def _text_of(pattern: Sequence[str | int]) -> str:
    return "".join(part if isinstance(part, str) else "*?"[part] for part in pattern)


def _equals(patterns: Sequence[Any]) -> Match:
    return frozenset(map(_text_of, patterns)).__contains__


def _equals_ignoring_case(patterns: Sequence[Any]) -> Match:
    wanted = frozenset(_text_of(pattern).lower() for pattern in patterns)
    return lambda text: text.lower() in wanted


def _any_of(matches: Sequence[Match]) -> Match:
    if len(matches) == 1:
        return matches[0]
    return lambda text: fits_any(matches, text)


def _like(patterns: Sequence[Any]) -> Match:
    return _any_of([glob_of(pattern) for pattern in patterns])


def _arn_like(patterns: Sequence[Any]) -> Match:
    return _any_of([arn_glob(pattern) for pattern in patterns])


def _compared(read: Callable[[str], Decimal | None], holds: Callable[[Any, Any], bool]) -> Build:
    def build(values: Sequence[Any]) -> Match:
        wanted = [value for value in map(read, values) if value is not None]

        def matches(text: str) -> bool:
            got = read(text)
            if got is not None:
                for value in wanted:
                    if holds(got, value):
                        return True
            return False

        return matches

    return build


def _bool(values: Sequence[Any]) -> Match:
    wanted = frozenset(value.lower() for value in values) & {"true", "false"}
    return lambda text: text.lower() in wanted


def _binary(values: Sequence[Any]) -> Match:
    wanted = {_decoded(value) for value in values} - {None}
    return lambda text: _decoded(text) in wanted


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _address(values: Sequence[Any]) -> Match:
    wanted = [found for found in map(network, values) if found is not None]

    def matches(text: str) -> bool:
        got = network(text)
        if got is None:
            return False
        version, address, length = got
        bits = 32 if version == 4 else 128
        if length != bits:
            return False  # a request comes from an address, not from a range
        for family, base, prefix in wanted:
            if version == family and address >> (bits - prefix) == base >> (bits - prefix):
                return True
        return False

    return matches


_ORDERED: tuple[tuple[str, Callable[[Any, Any], bool], bool], ...] = (
    ("Equals", compare.eq, False),
    ("NotEquals", compare.eq, True),
    ("LessThan", compare.lt, False),
    ("LessThanEquals", compare.le, False),
    ("GreaterThan", compare.gt, False),
    ("GreaterThanEquals", compare.ge, False),
)
_ALL = (
    Operator("StringEquals", _equals, False, True, "string"),
    Operator("StringNotEquals", _equals, True, True, "string"),
    Operator("StringEqualsIgnoreCase", _equals_ignoring_case, False, True, "string"),
    Operator("StringNotEqualsIgnoreCase", _equals_ignoring_case, True, True, "string"),
    Operator("StringLike", _like, False, True, "string"),
    Operator("StringNotLike", _like, True, True, "string"),
    *(
        Operator(f"Numeric{name}", _compared(number, op), no, False, "numeric", _is_number)
        for name, op, no in _ORDERED
    ),
    *(Operator(f"Date{name}", _compared(date, op), no, False, "date", _is_date) for name, op, no in _ORDERED),
    Operator("Bool", _bool, False, False, "bool"),
    Operator("BinaryEquals", _binary, False, False, "binary"),
    Operator("IpAddress", _address, False, False, "ip", _is_address),
    Operator("NotIpAddress", _address, True, False, "ip", _is_address),
    Operator("ArnEquals", _arn_like, False, True, "arn", _is_arn),
    Operator("ArnLike", _arn_like, False, True, "arn", _is_arn),
    Operator("ArnNotEquals", _arn_like, True, True, "arn", _is_arn),
    Operator("ArnNotLike", _arn_like, True, True, "arn", _is_arn),
    Operator("Null", _bool, False, False, "null"),
)
OPERATORS: dict[str, Operator] = {each.name.lower(): each for each in _ALL}
"""Every operator by its name in lower case, without qualifier and ``IfExists``."""


def pattern(text: str) -> list[str | int]:
    """A value without variables, as the operators for patterns take it."""
    return tokens(text)
