"""What a test pretends, checked and put into plain values for the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import ConfigurationError
from ..policy import AccessRequest, Policy
from ..policy.document import Document
from ..policy.plausibility import plausible
from ..policy.request import value_of
from ..policy.wire import Caller

__all__ = ["REAL", "Documents", "pretended"]

Documents = Document | Sequence[Document]
"""One policy or several; an empty tuple for none."""
_CALLERS = ("user", "session", "role", "root", "federated-user", "service")
_WHERE = "the circumstances"


def pretended(
    context: Mapping[str, Any] | None,
    principal: str | None,
    scps: Documents,
    rcps: Documents,
    endpoint_policies: Documents,
) -> dict[str, Any]:
    """What the server is told.

    Raises:
        ConfigurationError: *principal* is nobody who calls, or a value is not one that is certain.
        PolicyError: A condition key or its value cannot be meant, or a policy is none.
    """
    given = dict(context or {})
    # Any request will do: only its context is of interest.
    plausible(AccessRequest("s3:GetObject", "arn:aws:s3:::bucket/key", context=given), _WHERE)
    if principal is not None and (not isinstance(principal, str) or Caller(principal).kind not in _CALLERS):
        raise ConfigurationError(
            f"{principal!r} is no caller",
            why="whoever calls is a user, a role, one of its sessions, an account's root, or a service",
            fix='pass e.g. "arn:aws:iam::444455556666:role/App" or "cloudfront.amazonaws.com"',
        )
    return {
        "context": {key: _texts(key, value) for key, value in given.items()},
        "principal": principal,
        "scps": _documents(scps),
        "rcps": _documents(rcps),
        "endpoint_policies": _documents(endpoint_policies),
    }


def _texts(key: str, value: Any) -> list[str] | None:
    found = value_of(value, key)
    if found is not None and not isinstance(found, tuple):
        raise ConfigurationError(
            f"{key} cannot be {value!r} in {_WHERE}",
            why="a request has one value, or several, or none; nothing is unknown to the server",
            fix="pass the value, or None for absent",
        )
    return None if found is None else [str(each) for each in found]


def _documents(policies: Documents) -> list[str]:
    listed = [policies] if isinstance(policies, Policy | str | bytes | Mapping) else policies
    return [Policy.parse(each).to_json(indent=None) for each in listed]


REAL: Mapping[str, Any] = pretended(None, None, (), (), ())
"""Nothing."""
