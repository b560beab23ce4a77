"""The credentials of a client, refreshed as botocore refreshes them, and how long they last."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from botocore import UNSIGNED
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError

from ..errors import ConfigurationError
from .faults import translate

_FIX = "log in (aws sso login), set AWS_PROFILE, or give the session credentials"


def current(client: Any) -> tuple[Any, datetime | None]:
    """Frozen credentials (``access_key``, ``secret_key``, ``token``), and when they end if that is known.

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


def _consistent(credentials: Any) -> tuple[Any, datetime | None]:
    """Credentials and their end that belong together, although another thread may be refreshing them."""
    frozen = credentials.get_frozen_credentials()
    if not isinstance(credentials, RefreshableCredentials):
        return frozen, None
    while True:
        # botocore publishes new credentials first and their end afterwards: an end read between two equal
        # looks at the credentials is theirs, or an earlier one.
        ends: datetime | None = credentials._expiry_time  # type: ignore[attr-defined]
        again = credentials.get_frozen_credentials()
        if again is frozen:
            return frozen, ends
        frozen = again
