"""From a request as it is sent to what policies are asked about it."""

from __future__ import annotations

from .needs import Need, access_requests, key_need, needs
from .sent import Caller, SentRequest

__all__ = ["SentRequest", "Caller", "Need", "needs", "access_requests", "key_need"]
