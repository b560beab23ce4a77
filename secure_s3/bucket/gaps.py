"""What could not be found out, and the argument that would tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable
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


def joined(gaps: Iterable[Gap], spelled: Spelling = keyword) -> tuple[str, ...]:
    """One line for each reason, with everything that is not known for it, and the arguments that tell it.

    ``the caller, the policy and Object Ownership of amzn-s3-demo-bucket: access denied; give principal=,
    bucket_policy=``
    """
    by_reason: dict[str, list[Gap]] = {}
    for gap in dict.fromkeys(gaps):
        by_reason.setdefault(gap.why, []).append(gap)
    return tuple(_line(why, alike, spelled) for why, alike in by_reason.items())


def _line(why: str, alike: list[Gap], spelled: Spelling) -> str:
    by_subject: dict[tuple[bool, str], list[str]] = {}  # what is told of one bucket or key stands together
    for gap in alike:
        what, _, subject = gap.what.rpartition(" of ")
        by_subject.setdefault((bool(what), subject), []).append(what)
    whats = ", ".join(
        f"{_listed(each)} of {subject}" if part else subject for (part, subject), each in by_subject.items()
    )
    arguments = ", ".join(spelled(name) for name in dict.fromkeys(gap.argument for gap in alike) if name)
    return f"{whats}: {why}" + (f"; give {arguments}" if arguments else "")


def _listed(names: list[str]) -> str:
    *others, last = dict.fromkeys(names)
    return f"{', '.join(others)} and {last}" if others else last
