"""The lint rules, by theme; each module has its own in ``RULES``."""

from __future__ import annotations

from . import (
    acls,
    bounds,
    encryption,
    exposure,
    grammar,
    lockout,
    logic,
    names,
    network,
    operands,
    pairs,
    perimeter,
    presign,
    principals,
    resources,
    services,
    sessions,
    transport,
    trust,
    values,
    variables,
    writes,
)
from .rule import Rule

RULES: tuple[Rule, ...] = (
    *grammar.RULES,
    *names.RULES,
    *resources.RULES,
    *principals.RULES,
    *values.RULES,
    *operands.RULES,
    *variables.RULES,
    *logic.RULES,
    *exposure.RULES,
    *transport.RULES,
    *encryption.RULES,
    *writes.RULES,
    *acls.RULES,
    *pairs.RULES,
    *network.RULES,
    *perimeter.RULES,
    *trust.RULES,
    *services.RULES,
    *sessions.RULES,
    *presign.RULES,
    *lockout.RULES,
    *bounds.RULES,  # the last one: what the others spent shows then
)
"""Every rule."""
