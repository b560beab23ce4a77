"""What happened around buckets: ``s3.monitor``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Monitor:
    """Looks for what happened."""

    def __init__(self, client: Any, session: Any, explain: Callable[..., Any]) -> None:
        self._client, self._session, self._explain = client, session, explain
