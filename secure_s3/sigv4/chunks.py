"""Bodies that are signed piece by piece: each signature covers its chunk and the signature before.

Source: Amazon S3 API Reference, "Signature Calculations for the Authorization Header: Transferring Payload in
Multiple Chunks" and "… Including Trailing Headers".
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, NoReturn

from .refusals import mismatch
from .signing import ALGORITHM, SigningKey, same, timestamp
from .verifying import Scope

SIGNED_CHUNKS = ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER")
"""What ``x-amz-content-sha256`` says of such a body."""
_NOTHING = sha256().hexdigest()


class ChunkSignatures:
    """Verifies the chunks of one body, in their order; it cannot be printed or pickled.

    Args:
        scope: Who signed the request, where and when; verified.
        seed: The request's own signature.
        credentials: ``access_key`` and ``secret_key`` of who signed.
    """

    __slots__ = ("_access_key", "_key", "_previous", "_signed_at")

    def __init__(self, scope: Scope, seed: str, credentials: Any) -> None:
        self._access_key = scope.access_key
        self._signed_at = timestamp(scope.signed_at)
        self._key = SigningKey(credentials.secret_key, scope.date, scope.region, scope.service)
        self._previous = seed

    def check(self, data: bytes, signature: str) -> None:
        """Return if this is the next chunk; the last one is empty.

        Raises:
            SignatureError: another signature.
        """
        self._check("PAYLOAD", f"{_NOTHING}\n{sha256(data).hexdigest()}", signature)

    def check_trailer(self, fields: bytes, signature: str) -> None:
        """Return if these are the fields behind the last chunk, as ``name:value\\n``.

        Raises:
            SignatureError: another signature.
        """
        self._check("TRAILER", sha256(fields).hexdigest(), signature)

    def _check(self, kind: str, hashed: str, signature: str) -> None:
        parts = (f"{ALGORITHM}-{kind}", self._signed_at, self._key.scope, self._previous, hashed)
        to_sign = "\n".join(parts)
        computed = self._key.sign(to_sign.encode())
        if not same(computed, signature):
            raise mismatch(self._access_key, signature, to_sign)
        self._previous = computed

    def __repr__(self) -> str:
        return f"ChunkSignatures({self._key.scope!r})"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("signatures are not pickled")
