"""What could not be found out, and the argument that would tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Spelling = Callable[[str], str]
"""How an argument of the check is written, e.g. ``bucket_policy=``; on the command line, ``--policy``."""


def keyword(argument: str) -> str:
    """As Python spells it."""
    return f"{argument}="


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that nobody told.

    Args:
        what: e.g. ``the policy of amzn-s3-demo-bucket``.
        why: e.g. ``access denied``.
        argument: The check's argument that tells it; empty if none does.
    """

    what: str
    why: str
    argument: str = ""

    def told(self, spelled: Spelling = keyword) -> str:
        """In a line."""
        return f"{self.what}: {self.why}" + (f"; give {spelled(self.argument)}" if self.argument else "")

    def __str__(self) -> str:
        return self.told()
