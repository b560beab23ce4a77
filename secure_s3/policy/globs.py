"""Patterns with ``*`` and ``?``, matched without backtracking.

Source: IAM User Guide, "IAM JSON policy elements: Resource" and "... Condition operators". A policy may hold
any number of stars, and a regular expression would try them in every combination; here each stretch between
two stars is looked for once, from left to right, which finds a match wherever there is one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

Match = Callable[[str], bool]
Tokens = Sequence[str | int]
"""Literal stretches, and STAR and MARK between them."""

STAR, MARK = 0, 1
ARN_PARTS = 6


def fits_any(matches: Iterable[Match], text: str) -> bool:
    """Whether one of *matches* is true of *text*; a loop, since this is where evaluation spends its time."""
    for match in matches:  # noqa: SIM110 - half the time of any()
        if match(text):
            return True
    return False


def tokens(pattern: str) -> list[str | int]:
    """*pattern* taken apart at its wildcards."""
    parts = re.split(r"([*?])", pattern)
    return [STAR if part == "*" else MARK if part == "?" else part for part in parts if part]


@lru_cache(maxsize=4096)
def glob(pattern: str) -> Match:
    """What tells whether a text fits *pattern* as a whole."""
    return glob_of(tokens(pattern))


def glob_of(pattern: Tokens) -> Match:
    """The same for a pattern whose literal stretches may hold stars that mean themselves."""
    stretches: list[list[str | int]] = [[]]
    for part in pattern:
        if isinstance(part, str) or part == MARK:
            stretches[-1].append(part)
        else:
            stretches.append([])
    if len(stretches) == 1:
        return _exact(stretches[0])
    first, last = stretches[0], stretches[-1]
    if len(stretches) == 2 and not last:
        if not first:
            return lambda text: True
        if all(isinstance(part, str) for part in first):
            prefix = "".join(map(str, first))
            return lambda text: text.startswith(prefix)
    return _starred(first, [middle for middle in stretches[1:-1] if middle], last)


def _exact(stretch: list[str | int]) -> Match:
    if all(isinstance(part, str) for part in stretch):
        return "".join(map(str, stretch)).__eq__
    whole = _regex(stretch)
    return lambda text: whole.fullmatch(text) is not None


def _starred(first: list[str | int], middles: list[list[str | int]], last: list[str | int]) -> Match:
    head, tail, tail_length = _regex(first), _regex(last), _length(last)
    between = [_regex(middle) for middle in middles]

    def fits(text: str) -> bool:
        begin = head.match(text)
        end = len(text) - tail_length
        if begin is None or end < begin.end() or tail.fullmatch(text, end) is None:
            return False
        at = begin.end()
        for middle in between:
            found = middle.search(text, at, end)
            if found is None:
                return False
            at = found.end()
        return True

    return fits


def _regex(stretch: list[str | int]) -> re.Pattern[str]:
    # Of fixed length, so that there is nothing to backtrack into.
    return re.compile("".join(re.escape(part) if isinstance(part, str) else "." for part in stretch), re.S)


def _length(stretch: list[str | int]) -> int:
    return sum(len(part) if isinstance(part, str) else 1 for part in stretch)


@lru_cache(maxsize=4096)
def resource_pattern(pattern: str) -> Match:
    """What tells whether an ARN fits a pattern of ``Resource`` without variables."""
    return resource_glob(tokens(pattern))


def resource_glob(pattern: Tokens) -> Match:
    """What tells whether an ARN fits a pattern of ``Resource``.

    A star reaches beyond a colon only at the end of its segment (IAM User Guide, "... Resource"): patterns
    with a wildcard elsewhere in their first five segments are matched segment by segment.
    """
    segments = _segments(pattern)
    if len(segments) == ARN_PARTS and any(_wild_inside(segment) for segment in segments[:-1]):
        return _by_segment(segments)
    return glob_of(pattern)


def arn_glob(pattern: Tokens) -> Match:
    """What tells whether an ARN fits a value of ``ArnLike``: each of the six parts is matched for itself."""
    segments = _segments(pattern)
    if len(segments) < ARN_PARTS:
        return lambda text: False
    return _by_segment(segments)


def _by_segment(segments: list[list[str | int]]) -> Match:
    # What matches everything need not be asked.
    matches = [(number, glob_of(part)) for number, part in enumerate(segments) if part != [STAR]]

    def fits(text: str) -> bool:
        parts = text.split(":", ARN_PARTS - 1)
        if len(parts) != ARN_PARTS:
            return False
        for number, match in matches:  # noqa: SIM110 - as above
            if not match(parts[number]):
                return False
        return True

    return fits


def _segments(pattern: Iterable[str | int]) -> list[list[str | int]]:
    segments: list[list[str | int]] = [[]]
    for part in pattern:
        pieces = part.split(":") if isinstance(part, str) and len(segments) < ARN_PARTS else [part]
        for number, piece in enumerate(pieces):
            if number and len(segments) < ARN_PARTS:
                segments.append([piece])
            elif number:
                segments[-1].append(f":{piece}")
            else:
                segments[-1].append(piece)
    return [[piece for piece in segment if piece != ""] for segment in segments]


def _wild_inside(segment: list[str | int]) -> bool:
    return any(not isinstance(part, str) for part in segment[:-1]) or (bool(segment) and segment[-1] is MARK)
