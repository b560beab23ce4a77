"""What a cause is called, and what was meant by a name that is none."""

from __future__ import annotations

from typing import NoReturn

from ..denials.catalogue import CATALOGUE
from ..denials.denial import CAUSES
from ..errors import ConfigurationError
from ..policy.spelling import nearest

_SHORT = {
    "scp": "service_control_policy",
    "rcp": "resource_control_policy",
    "boundary": "permissions_boundary",
    "bpa": "block_public_access",
    "iam_policy": "identity_policy",
    "resource_policy": "bucket_policy",
    "vpc_endpoint_policy": "endpoint_policy",
}


def cause_of(name: str) -> str:
    """The cause that is meant: itself, or what it is short for (``scp``, ``rcp``, ``boundary``, …).

    Raises:
        ConfigurationError: None is; if it is an error code, it is said which causes are answered with it.
    """
    if name in CAUSES:
        return name
    return _SHORT.get(str(name).lower().replace(" ", "_").replace("-", "_")) or _unknown(name)


def _unknown(name: str) -> NoReturn:
    code = [each for each in CATALOGUE if any(w.code == name for w in CATALOGUE[each].wordings)]
    if code:
        raise ConfigurationError(
            f"{name!r} is the code of an answer, not a cause",
            fix=f"did you mean {code[0]!r}?" if len(code) == 1 else f"one of {', '.join(code)}",
        )
    near = nearest(str(name), [*CAUSES, *_SHORT])
    meant = _SHORT.get(near or "", near)
    raise ConfigurationError(
        f"{name!r} is no cause of a denial",
        fix=f"did you mean {meant!r}?" if meant else f"one of {', '.join(CAUSES)}",
    )
