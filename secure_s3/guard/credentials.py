"""The credentials of a client, refreshed as botocore refreshes them, and how long they last."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from botocore import UNSIGNED
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError

from ..errors import ConfigurationError
from ..sigv4 import Credentials
from .faults import translate

_FIX = "log in (aws sso login), set AWS_PROFILE, or give the session credentials"
_LOOKS = 1000
"""How often another thread may be met while it refreshes."""


def current(client: Any) -> tuple[Credentials, datetime | None]:
    """The credentials as they are now, refreshed once if botocore does so, and their end if it is known.

    Raises:
        ConfigurationError: the client is anonymous, or its credentials cannot be had or have expired.
        ServiceError, TransportError: what STS answered when they were to be refreshed, or that it did not.
    """
    credentials = client._request_signer._credentials
    if credentials is None or client.meta.config.signature_version is UNSIGNED:
        raise ConfigurationError(
            "nothing can be presigned without credentials",
            why="the client is anonymous" if credentials else "none were found",
            fix=_FIX,
        )
    try:
        return _consistent(credentials)
    except (BotoCoreError, ClientError) as error:
        raise translate(error, operation="presign") or error from error
    except RuntimeError as error:  # what botocore raises when refreshed credentials have expired already
        raise ConfigurationError("nothing can be presigned", why=str(error), fix=_FIX) from error


def latest(client: Any) -> Credentials:
    """What botocore has just signed with; nothing is refreshed."""
    credentials = client._request_signer._credentials
    frozen = getattr(credentials, "_frozen_credentials", None) or credentials.get_frozen_credentials()
    return _masked(frozen)


def _consistent(credentials: Any) -> tuple[Credentials, datetime | None]:
    """Credentials and their end that belong together, although another thread may be refreshing them."""
    frozen = credentials.get_frozen_credentials()
    if not isinstance(credentials, RefreshableCredentials):
        return _masked(frozen), None
    inside: Any = credentials
    for _ in range(_LOOKS):
        # No second call of get_frozen_credentials: within botocore's window each one refreshes again. A
        # refresh sets the keys first, and then, in an order that differs between versions, their end and the
        # frozen ones.
        ends: datetime | None = inside._expiry_time
        keys = (inside._access_key, inside._token)
        if inside._frozen_credentials is frozen and keys == (frozen.access_key, frozen.token):
            return _masked(frozen), ends
        frozen = inside._frozen_credentials
    raise RuntimeError("the credentials change while they are looked at")


def _masked(frozen: Any) -> Credentials:
    return Credentials(frozen.access_key, frozen.secret_key, frozen.token)
