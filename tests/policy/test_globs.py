"""Patterns: what they match, without trying every combination, and segment by segment in ARNs."""

from __future__ import annotations

from functools import lru_cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3.policy.globs import arn_glob, glob, glob_of, resource_glob, tokens

ALPHABET = "ab:*?"


def matches(pattern: str, text: str) -> bool:
    """What a pattern means, by its definition: a star any text, a mark any character."""

    @lru_cache(None)
    def at(p: int, t: int) -> bool:
        if p == len(pattern):
            return t == len(text)
        if pattern[p] == "*":
            return at(p + 1, t) or (t < len(text) and at(p, t + 1))
        return t < len(text) and pattern[p] in ("?", text[t]) and at(p + 1, t + 1)

    return at(0, 0)


@given(st.text(ALPHABET, max_size=9), st.text("ab:", max_size=12))
def test_patterns_match_by_their_definition(pattern: str, text: str):
    """A pattern matches exactly what its definition says, for every short pattern and text."""
    assert glob(pattern)(text) is matches(pattern, text)


@given(st.lists(st.sampled_from(["a", "*", "?", "ab", ""]), max_size=6), st.text("ab*?", max_size=8))
def test_literal_stars_are_no_wildcards(parts: list[str], text: str):
    """A star within a literal stretch means itself."""
    assert glob_of(parts)(text) is ("".join(parts) == text)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("*a" * 200, "a" * 200, True),
        ("*a" * 200, "a" * 199, False),
        ("*a" * 200 + "b", "a" * 5000, False),
        ("*?a" * 100, "a" * 5000 + "b", False),
        ("?" * 500 + "*", "a" * 499, False),
        ("a*" * 200 + "b", "a" * 5000 + "c", False),
        ("*" * 5000, "", True),
        ("*abb" * 50, "ab" * 3000, False),
    ],
)
def test_many_stars_take_no_exponential_time(pattern: str, text: str, expected: bool):
    """Patterns over which regular expressions would take for ever are decided at once."""
    assert glob(pattern)(text) is expected
    assert resource_glob(tokens(f"arn:aws:s3:::{pattern}"))(f"arn:aws:s3:::{text}") is expected


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("", "", True),
        ("", "a", False),
        ("a", "A", False),
        ("*", "a\nb", True),
        ("a?c", "a\nc", True),
        ("a.c", "abc", False),
        ("[ab]", "a", False),
        ("a+", "aa", False),
        ("^a$", "a", False),
        ("\\*", "*", False),
        ("\\*", "\\anything", True),
        ("a*a", "a", False),
        ("ab*ba", "aba", False),
        ("é?", "éü", True),
        ("?", "😀", True),
    ],
)
def test_only_stars_and_marks_are_special(pattern: str, text: str, expected: bool):
    """No other character of a pattern means anything but itself."""
    assert glob(pattern)(text) is expected


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        # IAM User Guide, "IAM JSON policy elements: Resource": a star that ends a segment reaches beyond it.
        ("*", "arn:aws:s3:::b/k", True),
        ("arn:*", "arn:aws:s3:::b/k", True),
        ("arn:aws:s3*", "arn:aws:s3:::b/k", True),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/k:v", True),
        ("arn:aws:s3:*:*:b", "arn:aws:s3:::b", True),
        ("arn:*:s3:::b", "arn:aws-cn:s3:::b", True),
        ("arn:aws:s3:::*/k", "arn:aws:s3:::b/x/k", True),
        # Elsewhere in a segment it stays within it.
        ("arn:a*s:s3:::b", "arn:aws:s3:::b", True),
        ("arn:a*3:::b:c:d", "arn:aws:s3:::b:c:d", False),
        ("arn:?:s3:::b", "arn:aws:s3:::b", False),
        ("arn:aws:?3:::b", "arn:aws:s3:::b", True),
        ("arn:aws:s3?:::b", "arn:aws:s3::::b", False),
        ("arn:aws:s3:::b", "arn:aws:s3:::b/k", False),
        ("arn:aws:s3:::b/k", "arn:aws:s3:::b", False),
        ("arn:aws:s3:::B", "arn:aws:s3:::b", False),
        ("arn:aws:s3::b", "arn:aws:s3:::b", False),
        ("", "arn:aws:s3:::b", False),
    ],
)
def test_resources(pattern: str, text: str, expected: bool):
    """A resource matches as the page on Resource says, beyond colons only from the end of a segment."""
    assert resource_glob(tokens(pattern))(text) is expected


@given(
    st.lists(st.text("a*?", max_size=3), min_size=6, max_size=6),
    st.lists(st.text("a", max_size=3), min_size=6, max_size=6),
)
def test_arns_are_matched_part_by_part(patterns: list[str], parts: list[str]):
    """ArnLike holds exactly if each of the six parts is matched for itself."""
    expected = all(matches(each, part) for each, part in zip(patterns, parts, strict=True))
    assert arn_glob(tokens(":".join(patterns)))(":".join(parts)) is expected


@pytest.mark.parametrize("text", ["", "*", "a", "arn:aws:s3", "arn:aws:s3::", "::::"])
def test_what_is_no_arn(text: str):
    """Text of fewer than six parts is like no ARN, and no ARN is like it."""
    assert not arn_glob(tokens(text))("arn:aws:s3:::b")
    assert not arn_glob(tokens("*:*:*:*:*:*"))(text)
