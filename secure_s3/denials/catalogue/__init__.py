"""Every cause in words: what it means, how AWS words it, how to fix it; ``docs/denials.md`` shows it."""

from __future__ import annotations

from typing import Final

from ..denial import CAUSES
from .answers import ANSWERS
from .encryption import ENCRYPTION
from .entry import Cause, Wording
from .objects import OBJECTS
from .policies import POLICIES
from .requests import REQUESTS

__all__ = ["CATALOGUE", "Cause", "Wording"]

_ALL = {each.name: each for each in (*POLICIES, *ENCRYPTION, *REQUESTS, *OBJECTS, *ANSWERS)}
CATALOGUE: Final = {name: _ALL[name] for name in CAUSES}
"""By cause, in the order of CAUSES."""
