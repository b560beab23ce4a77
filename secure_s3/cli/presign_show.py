"""How presigned URLs and forms are printed: what can be used alone on standard output, the rest beside it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..presign.inspection import inspect
from ..presign.results import CUSTOMER_KEY, PresignedPost, PresignedUrl
from ..profile import SecurityProfile
from .output import clean, print_json

_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))


@dataclass(frozen=True, slots=True)
class Made:
    """What was presigned, and what the report needs to know about it.

    Args:
        asked: The life that was asked for, in seconds.
        profile: Whose ceiling counts.
        key_file: Where the SSE-C key is.
        command: The command line that was asked for.
        notes: What else has to be said.
    """

    presigned: PresignedUrl | PresignedPost
    asked: int
    profile: SecurityProfile
    key_file: str | None
    command: str | None
    notes: tuple[str, ...] = ()

    @property
    def seconds(self) -> int:
        """The life that it has."""
        return inspect(self.presigned).expires_in

    @property
    def headers(self) -> dict[str, str]:
        """What has to be sent; instead of an SSE-C key, where it is."""
        if isinstance(self.presigned, PresignedPost):
            return {}
        told = dict(self.presigned.required_headers)
        if CUSTOMER_KEY in told:
            told[CUSTOMER_KEY] = f"(the Base64 of the 32 bytes in {self.key_file or 'the key file'})"
        return told

    def to_dict(self) -> dict[str, Any]:
        """Everything but an SSE-C key."""
        told = self.presigned.to_dict()
        if "required_headers" in told:
            told["required_headers"] = self.headers
        told |= {"expires_in": self.seconds, "clamped": self.seconds < self.asked, "notes": list(self.notes)}
        return told if self.command is None else {**told, "curl": self.command}


def show(made: Made, *, as_json: bool) -> None:
    """Print it."""
    if as_json:
        print_json(made.to_dict())
        return
    print(made.command or made.presigned.url)
    if isinstance(made.presigned, PresignedPost) and made.command is None:
        for name, value in made.presigned.fields.items():
            print(f"  {one_line(name)}: {one_line(value)}")
    sys.stdout.flush()
    for line in _beside(made):
        print(line, file=sys.stderr)


def one_line(text: str) -> str:
    """*text* without line breaks, or anything that a terminal would obey."""
    return clean(text.replace("\n", "?"))


def moment(at: datetime) -> str:
    """A time as this machine's clocks show it."""
    try:
        return f"{at.astimezone():%Y-%m-%d %H:%M:%S %Z}"
    except (OverflowError, ValueError, OSError):  # the first or the last year there is
        return at.isoformat()


def duration(seconds: int) -> str:
    """``5 minutes``, or ``90 seconds``: in the largest unit that comes out even."""
    unit, size = next((unit, size) for unit, size in _UNITS if seconds % size == 0 and seconds >= size)
    number = seconds // size
    return f"{number} {unit}{'' if number == 1 else 's'}"


def _beside(made: Made) -> list[str]:
    """What the holder has to know."""
    presigned, seconds = made.presigned, made.seconds
    method = "POST" if isinstance(presigned, PresignedPost) else presigned.method
    lines = [f"{method} until {moment(presigned.expires_at)} ({duration(seconds)})"]
    if seconds < made.asked:
        ceiling = int(made.profile.presign_ceiling.total_seconds())
        limit = (
            f"the profile allows {duration(ceiling)}" if seconds == ceiling else "the credentials end then"
        )
        lines.append(f"not {duration(made.asked)} as asked: {limit}")
    if made.command is None and isinstance(presigned, PresignedPost):
        lines.append('send multipart/form-data: every field as it is, and last the file, named "file"')
    headers = made.headers if made.command is None else {}
    if headers:
        lines.append("send these headers with it, exactly so:")
        lines += [f"  {name}: {one_line(value)}" for name, value in headers.items()]
    return [*lines, *map(one_line, made.notes)]
