"""How an object is protected: one file for each strategy."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import ConfigurationError
from .client_side import ClientSide
from .dsse_kms import DsseKms
from .sse_c import SseC
from .sse_kms import SseKms
from .sse_s3 import SseS3
from .strategy import Strategy

__all__ = ["Strategy", "SseKms", "DsseKms", "SseS3", "SseC", "ClientSide", "STRATEGIES", "strategy_from_env"]

STRATEGIES: tuple[type[Strategy], ...] = (SseKms, DsseKms, SseS3, SseC, ClientSide)
"""Every strategy there is."""


def strategy_from_env(environ: Mapping[str, str]) -> Strategy:
    """The strategy that ``SECURE_S3_ENCRYPTION`` names (default ``sse-kms``), set up from its variables."""
    label = environ.get("SECURE_S3_ENCRYPTION") or SseKms.label
    for strategy in STRATEGIES:
        if strategy.label == label.strip().lower():
            return strategy.from_env(environ)
    raise ConfigurationError(
        f"SECURE_S3_ENCRYPTION={label!r} is unknown",
        why=f"the strategies are {', '.join(strategy.label for strategy in STRATEGIES)}",
        fix="set it to one of these",
    )
