"""Object Lock on a bucket's objects."""

from __future__ import annotations

from typing import Any


class ObjectLock:
    """Retention and legal holds."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client, self._bucket = client, bucket
