"""Why it was refused: the service's words taken apart, and explained. See ``docs/denials.md``."""

from __future__ import annotations

from .denial import Denial

__all__ = ["Denial"]
