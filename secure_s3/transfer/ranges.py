"""The Range argument, with S3's meaning. Source: RFC 9110, 14.1.2, and Amazon S3 API Reference, GetObject."""

from __future__ import annotations

import re

from ..errors import ConfigurationError

# Numbers of 64 bits at most: longer ones are no place in any object, and costly to parse.
_RANGE = re.compile(r"\s*bytes\s*=\s*([0-9]{0,19})\s*-\s*([0-9]{0,19})\s*", re.ASCII)


def parse_range(text: object, size: int) -> tuple[int, int] | None:
    """Start and end (exclusive) within *size* bytes; None where no byte is in the range.

    ``bytes=5-``, ``bytes=-5`` and a last byte past the end are what they are in S3.

    Raises:
        ConfigurationError: it is no range, or several.
    """
    match = _RANGE.fullmatch(text) if isinstance(text, str) else None
    if match is None or match.groups() == ("", ""):
        raise _unusable(text, "one range of bytes is needed")
    first, last = match.groups()
    if not first:
        wanted = int(last)
        return (max(0, size - wanted), size) if wanted and size else None
    if last and int(last) < int(first):
        raise _unusable(text, "it ends before it begins")
    start = int(first)
    return (start, min(int(last) + 1 if last else size, size)) if start < size else None


def _unusable(text: object, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"Range={text!r} cannot be used", why=why, fix='write e.g. "bytes=0-99", "bytes=100-" or "bytes=-100"'
    )
