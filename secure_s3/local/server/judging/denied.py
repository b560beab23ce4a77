"""A denial by a setting, in the words that S3 has for it.

Source: Amazon S3 User Guide, "Troubleshoot access denied (403 Forbidden) errors in Amazon S3".
"""

from __future__ import annotations

from ...settings import ACCOUNT_ID
from ..callers.identity import Identity
from ..faults import Refusal, access_denied

__all__ = ["because"]


def because(identity: Identity, action: str, resource: str, why: str) -> Refusal:
    """403 for a setting; callers from outside the account are not told which."""
    if not isinstance(identity.caller.arn, str) or identity.caller.account != ACCOUNT_ID:
        return access_denied()
    return access_denied(
        f'User: {identity.caller.arn} is not authorized to perform: {action} on resource: "{resource}" {why}'
    )
