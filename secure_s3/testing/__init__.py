"""Refusals on demand, for the tests of applications. See ``docs/testing-your-application.md``."""

from __future__ import annotations

from .denied import denied

__all__ = ["denied"]
