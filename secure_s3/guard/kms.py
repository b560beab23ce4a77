"""KMS in whatever region a key lives: hardened clients, errors of our tree, nothing kept."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from ..errors import REFUSED, SecureS3Error, ServiceError
from ..values import Arn, SecretBytes
from .faults import typed

_CLIENTS = 16
"""Regions in use at a time: discovery takes them from objects."""


class KmsClients:
    """The three KMS calls that data keys need; a client for each region is made on first use.

    Args:
        make: Gives a hardened KMS client for a region.

    ``explainer`` is what ``error.explain()`` of a refusal calls with the error.
    """

    explainer: Callable[..., Any] | None = None

    def __init__(self, make: Callable[[str], Any]) -> None:
        self._make = make
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def generate_data_key(self, key_arn: str, context: Mapping[str, str]) -> tuple[SecretBytes, bytes, str]:
        """``GenerateDataKey``: 32 bytes, the same encrypted, and the ARN of the key."""
        answer = self._call("GenerateDataKey", key_arn, context, KeyId=key_arn, NumberOfBytes=32)
        return SecretBytes(answer["Plaintext"]), answer["CiphertextBlob"], answer["KeyId"]

    def encrypt(self, key_arn: str, plaintext: SecretBytes, context: Mapping[str, str]) -> tuple[bytes, str]:
        """``Encrypt``: the data key encrypted, and the ARN of the key."""
        answer = self._call("Encrypt", key_arn, context, KeyId=key_arn, Plaintext=plaintext.reveal())
        return answer["CiphertextBlob"], answer["KeyId"]

    def decrypt(self, key_arn: str, ciphertext: bytes, context: Mapping[str, str]) -> tuple[SecretBytes, str]:
        """``Decrypt`` with that key and no other: the data key, and the ARN of the key."""
        answer = self._call("Decrypt", key_arn, context, KeyId=key_arn, CiphertextBlob=ciphertext)
        return SecretBytes(answer["Plaintext"]), answer["KeyId"]

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            clients, self._clients = self._clients, {}
        for client in clients.values():
            client.close()

    def _call(self, operation: str, key_arn: str, context: Mapping[str, str], **arguments: Any) -> Any:
        if context:
            arguments["EncryptionContext"] = dict(context)
        client, at = None, datetime.now(timezone.utc)
        try:
            with typed(f"kms:{operation} with {key_arn}", service="kms"):
                client = self._client(Arn.parse(key_arn).region)
                return client._make_api_call(operation, arguments)
        except SecureS3Error as error:
            if isinstance(error, ServiceError):
                from .refused import KeyUse, Refused

                use = KeyUse(f"kms:{operation}", key_arn, dict(context))
                error.__dict__[REFUSED] = Refused(None, at, client, key=use, explainer=self.explainer)
            # botocore's frames hold the request, and with it the data key that was to be encrypted: reports
            # of errors that keep local variables must not get to see it.
            arguments.clear()
            cause: BaseException | None = error
            while cause is not None:
                traceback.clear_frames(cause.__traceback__)
                cause = cause.__cause__ or cause.__context__
            raise

    def _client(self, region: str) -> Any:
        with self._lock:
            if region not in self._clients:
                while len(self._clients) >= _CLIENTS:
                    self._clients.pop(next(iter(self._clients))).close()
                self._clients[region] = self._make(region)
            return self._clients[region]
