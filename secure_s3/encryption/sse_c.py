"""SSE-C: S3 encrypts with a key that travels with each request and is not kept."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from .. import limits
from ..errors import ConfigurationError
from ..values import SecretBytes
from .operations import CUSTOMER_KEY, CUSTOMER_KEY_ECHOED
from .strategy import NOTHING, Strategy


@dataclass(frozen=True, slots=True)
class SseC(Strategy):
    """Server-side encryption with a customer-provided key of 32 bytes.

    Losing the key loses the objects. S3 blocks SSE-C on new buckets since April 2026 unless it is
    enabled knowingly (``BlockedEncryptionTypes``). Rotation is
    ``s3.copy(source, bucket, key, encryption=SseC(new), source_encryption=SseC(old))``. Source: Amazon S3
    User Guide, "Using server-side encryption with customer-provided keys (SSE-C)".

    Args:
        key: 32 bytes.

    Raises:
        ConfigurationError: the key is no 32 bytes.
    """

    key: SecretBytes

    label: ClassVar[str] = "sse-c"

    def __init__(self, key: bytes | bytearray | memoryview | SecretBytes) -> None:
        secret = key if isinstance(key, SecretBytes) else _secret(key)
        if len(secret) != limits.SSE_C_KEY_BYTES:
            raise ConfigurationError(
                f"an SSE-C key has {limits.SSE_C_KEY_BYTES} bytes, this one has {len(secret)}",
                why="S3 uses it as an AES-256 key" + _encoded_hint(len(secret)),
                fix="make one with SseC.generate(), or read 32 raw bytes with SseC.from_file(path)",
            )
        object.__setattr__(self, "key", secret)

    @classmethod
    def generate(cls) -> SseC:
        """A new random key; keep ``.key.reveal()`` somewhere safe before anything is uploaded."""
        return cls(os.urandom(limits.SSE_C_KEY_BYTES))

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> SseC:
        """The key in a file of exactly 32 bytes.

        Raises:
            ConfigurationError: the file cannot be read, or has another size.
        """
        try:
            with open(path, "rb") as file:
                content = file.read(limits.SSE_C_KEY_BYTES * 4)
        except (OSError, ValueError) as error:  # ValueError: a name with a NUL in it
            raise ConfigurationError(
                f"the SSE-C key file {os.fspath(path)!r} cannot be read",
                why=getattr(error, "strerror", None) or str(error),
                fix="point to a file of 32 raw bytes, readable by this user only",
            ) from error
        return cls(content)

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> SseC:
        """The key in the file that ``SECURE_S3_SSE_C_KEY_FILE`` names."""
        path = environ.get("SECURE_S3_SSE_C_KEY_FILE")
        if not path:
            raise ConfigurationError(
                "SECURE_S3_SSE_C_KEY_FILE is not set",
                why="an SSE-C key belongs into a file, not into an environment variable",
                fix="write 32 random bytes to a file that only this user can read, and name it there",
            )
        return cls.from_file(path)

    def parameters(self, operation: str) -> Mapping[str, object]:
        """Algorithm, key and the key's MD5, for every operation on an SSE-C object."""
        return self._members("") if operation in CUSTOMER_KEY else NOTHING

    def answer(self, operation: str) -> Mapping[str, object]:
        """Algorithm and the key's MD5, which S3 repeats."""
        if operation not in CUSTOMER_KEY_ECHOED:
            return NOTHING
        return {member: value for member, value in self._members("").items() if member != "SSECustomerKey"}

    def copy_source(self) -> Mapping[str, object]:
        """The same three members for the source of a copy."""
        return self._members("CopySource")

    def _members(self, prefix: str) -> dict[str, object]:
        # Encoded here, so that botocore's own handler has nothing left to do and the order of handlers
        # cannot matter. MD5 is what the protocol asks for, as a checksum of the key.
        key = self.key.reveal()
        return {
            f"{prefix}SSECustomerAlgorithm": "AES256",
            f"{prefix}SSECustomerKey": base64.b64encode(key).decode(),
            f"{prefix}SSECustomerKeyMD5": base64.b64encode(
                hashlib.md5(key, usedforsecurity=False).digest()
            ).decode(),
        }


def _secret(key: object) -> SecretBytes:
    if not isinstance(key, bytes | bytearray | memoryview):
        raise ConfigurationError(
            f"an SSE-C key is bytes, not {type(key).__name__}",
            why="text could be meant as hexadecimal, as Base64 or as it stands",
            fix="decode it yourself, e.g. SseC(base64.b64decode(text))",
        )
    return SecretBytes(key)


def _encoded_hint(length: int) -> str:
    return {44: "; 44 bytes look like Base64", 64: "; 64 bytes look like hexadecimal"}.get(length, "")
