"""Why it was refused: the service's words taken apart, and explained. See ``docs/denials.md``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .bodies import parse_error_body
    from .denial import Denial
    from .parsing import parse_denial

__all__ = ["Denial", "parse_denial", "parse_error_body"]


def __getattr__(name: str) -> Any:
    """What this room shows, imported when it is used: every client needs the redaction, few the parser."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .bodies import parse_error_body
    from .denial import Denial
    from .parsing import parse_denial

    return {"Denial": Denial, "parse_denial": parse_denial, "parse_error_body": parse_error_body}[name]
