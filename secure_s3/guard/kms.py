"""KMS in whatever region a key lives: hardened clients, errors of our tree, nothing kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from ..values import Arn
from .faults import typed


class KmsClients:
    """The three KMS calls that data keys need; a client for each region is made on first use.

    Args:
        make: Gives a hardened KMS client for a region.
    """

    def __init__(self, make: Callable[[str], Any]) -> None:
        self._make = make
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def generate_data_key(self, key_arn: str, context: Mapping[str, str]) -> tuple[bytes, bytes, str]:
        """``GenerateDataKey``: 32 bytes, the same encrypted, and the ARN of the key."""
        answer = self._call("GenerateDataKey", key_arn, context, KeyId=key_arn, NumberOfBytes=32)
        return answer["Plaintext"], answer["CiphertextBlob"], answer["KeyId"]

    def encrypt(self, key_arn: str, plaintext: bytes, context: Mapping[str, str]) -> tuple[bytes, str]:
        """``Encrypt``: the data key encrypted, and the ARN of the key."""
        answer = self._call("Encrypt", key_arn, context, KeyId=key_arn, Plaintext=plaintext)
        return answer["CiphertextBlob"], answer["KeyId"]

    def decrypt(self, key_arn: str, ciphertext: bytes, context: Mapping[str, str]) -> tuple[bytes, str]:
        """``Decrypt`` with that key and no other: the data key, and the ARN of the key."""
        answer = self._call("Decrypt", key_arn, context, KeyId=key_arn, CiphertextBlob=ciphertext)
        return answer["Plaintext"], answer["KeyId"]

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            clients, self._clients = self._clients, {}
        for client in clients.values():
            client.close()

    def _call(self, operation: str, key_arn: str, context: Mapping[str, str], **arguments: Any) -> Any:
        if context:
            arguments["EncryptionContext"] = dict(context)
        with typed(f"kms:{operation} with {key_arn}"):
            client = self._client(Arn.parse(key_arn).region)
            return client._make_api_call(operation, arguments)

    def _client(self, region: str) -> Any:
        with self._lock:
            if region not in self._clients:
                self._clients[region] = self._make(region)
            return self._clients[region]
