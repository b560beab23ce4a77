"""Access points of a bucket."""

from __future__ import annotations

from typing import Any


class AccessPoints:
    """The access points of one bucket."""

    def __init__(self, client: Any, session: Any, bucket: str) -> None:
        self._client, self._session, self._bucket = client, session, bucket
