"""The only door to boto3: TLS pinned, parameters in, wire and answers checked, errors translated."""

from .client import copy_source_parameters, guard_of, harden_client, with_strategy
from .session import guarded_copy, harden, secure_session

__all__ = [
    "secure_session",
    "harden",
    "guarded_copy",
    "harden_client",
    "with_strategy",
    "guard_of",
    "copy_source_parameters",
]
