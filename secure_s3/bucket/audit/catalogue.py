"""Every check, in the order of reports."""

from __future__ import annotations

from .check import Check

CHECKS: tuple[Check, ...] = ()
