"""Whether a resource of a policy can name a resource of a given form.

A form is an ARN as the Service Authorization Reference writes it, with variables such as ``${BucketName}``.
Two patterns meet if there is a text that fits both; this is found by walking through both at once.
"""

from __future__ import annotations

import re
from functools import lru_cache

from .globs import ARN_PARTS

Part = tuple[str, str, bool]
"""A character and "", or "" and the characters that do not fit; True if any number of them may stand."""

_FORM_VARIABLE = re.compile(r"(\$\{[A-Za-z]+\})")
_POLICY_VARIABLE = re.compile(r"\$\{[^}]*\}")
_DEEP = frozenset({"${ObjectName}", "${Alias}", "${RoleNameWithPath}", "${FederatedUserName}"})


def meets(pattern: str, form: str) -> bool:
    """True if an ARN of *form* fits *pattern*, an ARN with wildcards and policy variables or none."""
    left, right = _of_pattern(pattern), _of_form(form)
    seen: set[tuple[int, int]] = set()
    waiting = [(0, 0)]
    while waiting:
        at = waiting.pop()
        if at in seen:
            continue
        seen.add(at)
        if at == (len(left), len(right)):
            return True
        waiting.extend(_next(left, right, *at))
    return False


def _next(left: tuple[Part, ...], right: tuple[Part, ...], i: int, j: int) -> list[tuple[int, int]]:
    steps = []
    one = left[i] if i < len(left) else None
    other = right[j] if j < len(right) else None
    if one and one[2]:
        steps.append((i + 1, j))
    if other and other[2]:
        steps.append((i, j + 1))
    if one and other and _common(one, other):
        steps.append((i if one[2] else i + 1, j if other[2] else j + 1))
    return steps


def _common(one: Part, other: Part) -> bool:
    """Whether some character fits both."""
    if one[0] and other[0]:
        return one[0] == other[0]
    if one[0] or other[0]:
        return (one[0] or other[0]) not in (other[1] if one[0] else one[1])
    return True


@lru_cache(maxsize=256)
def _of_form(form: str) -> tuple[Part, ...]:
    parts: list[Part] = []
    for piece in _FORM_VARIABLE.split(form):
        if not _FORM_VARIABLE.fullmatch(piece):
            parts.extend((letter, "", False) for letter in piece)
            continue
        excluded = "" if piece in _DEEP else ":/"
        parts.extend([("", excluded, False), ("", excluded, True)])
    return tuple(parts)


@lru_cache(maxsize=1024)
def _of_pattern(pattern: str) -> tuple[Part, ...]:
    text = _POLICY_VARIABLE.sub("*", pattern)
    whole = text.count(":") >= ARN_PARTS - 1
    parts: list[Part] = []
    colons = 0
    for letter in text:
        colons += letter == ":"
        excluded = ":" if whole and colons < ARN_PARTS - 1 else ""
        if letter in "*?":
            parts.append(("", excluded, letter == "*"))
        else:
            parts.append((letter, "", False))
    return tuple(parts)
