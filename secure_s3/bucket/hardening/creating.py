"""A new bucket that is in order from the start."""

from __future__ import annotations

from typing import Any


def create_secure_bucket(client: Any, bucket: Any, **wishes: Any) -> None:
    """Make it, and harden it."""
    raise NotImplementedError
