"""Tickets: what a backend that keeps no state gives to a browser, and gets back unchanged."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from ..errors import ConfigurationError, UploadRefused
from ..values import SecretBytes

_LEAST_KEY = 32
_MAC_BYTES = 32


class TicketKey:
    """Signs tickets with HMAC-SHA256, and refuses those that it did not sign, or that are too old.

    Args:
        key: At least 32 secret bytes, the same in all processes of the backend.
    """

    def __init__(self, key: bytes | SecretBytes) -> None:
        secret = key if isinstance(key, SecretBytes) else SecretBytes(key) if isinstance(key, bytes) else None
        if secret is None or len(secret) < _LEAST_KEY:
            raise ConfigurationError(
                f"a ticket key has at least {_LEAST_KEY} bytes",
                why="whoever guesses it can take over uploads",
                fix="make one with os.urandom(32), and keep it with the application's secrets",
            )
        self._key = secret

    def issue(self, content: Mapping[str, Any], *, until: float) -> str:
        """A ticket that is good up to *until* (seconds since 1970)."""
        text = json.dumps({**content, "until": int(until)}, separators=(",", ":")).encode()
        return _written(self._mac(text) + text)

    def open(self, ticket: str, *, now: float) -> dict[str, Any]:
        """What the ticket holds.

        Raises:
            UploadRefused: it was not issued here, was changed, or is too old.
        """
        try:
            raw = base64.urlsafe_b64decode(ticket + "=" * (-len(ticket) % 4))
        except (binascii.Error, ValueError, TypeError):
            raw = b""
        mac, text = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        written = isinstance(ticket, str) and _written(raw) == ticket  # Base64 has other ways to say the same
        if not text or not hmac.compare_digest(mac, self._mac(text)) or not written:
            raise _refused("the ticket was not issued here, or was changed")
        content: dict[str, Any] = json.loads(text)
        if now >= content.pop("until"):
            raise _refused("the ticket is too old")
        return content

    def _mac(self, text: bytes) -> bytes:
        return hmac.digest(self._key.reveal(), b"secure-s3-ticket/1\n" + text, hashlib.sha256)


def _written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _refused(what: str) -> UploadRefused:
    return UploadRefused(
        what, why="it stands for an upload and its owner", fix="begin the upload again", status=403
    )
