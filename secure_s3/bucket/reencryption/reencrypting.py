"""Objects that are there under another encryption."""

from __future__ import annotations

from typing import Any

from ...encryption import Strategy


class Reencryption:
    """What came of it."""


def reencrypt(client: Any, bucket: str, prefix: str = "", *, to: Strategy, **options: Any) -> Reencryption:
    """Put objects under *to*."""
    raise NotImplementedError
