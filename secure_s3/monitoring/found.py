"""What Access Analyzer and Macie say of a bucket, for a snapshot.

Each function is called as ``read(ask, bucket, region, account, partition)``, where
``ask(service, method, region, **arguments)`` makes one call and raises what the service answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

FURTHER: Mapping[str, Callable[..., Any]] = {}
"""By field of the snapshot."""
