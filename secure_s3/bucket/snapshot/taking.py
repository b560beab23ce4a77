"""The bucket is read: every question at once, within bounds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .values import Snapshot


def take(
    client: Any,
    session: Any,
    bucket: str,
    *,
    keys: Iterable[str] = (),
    identities: bool = True,
    further: Mapping[str, Callable[..., Any]] | None = None,
) -> Snapshot:
    """Everything that decides the security of a bucket."""
    raise NotImplementedError
