"""The AWS Encryption SDK in this process, as the oracle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aws_encryption_sdk
from aws_encryption_sdk.identifiers import (
    AlgorithmSuite,
    CommitmentPolicy,
    EncryptionKeyType,
    WrappingAlgorithm,
)
from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey
from aws_encryption_sdk.key_providers.raw import RawMasterKey, RawMasterKeyProvider

from secure_s3.envelope.keys import RawAesKey
from secure_s3.guard.faults import typed
from secure_s3.values import SecretBytes
from tests.envelope.support import CONTEXT, RAW

SIGNED = 0x0578
STRICT = CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT
LENIENT = CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT


def client(policy: CommitmentPolicy = STRICT) -> Any:
    """The SDK's client."""
    return aws_encryption_sdk.EncryptionSDKClient(commitment_policy=policy)


def wrapping_key(keys: RawAesKey) -> WrappingKey:
    """The bytes of a raw key in the SDK's terms."""
    return WrappingKey(
        wrapping_algorithm=WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING,
        wrapping_key=keys.key.reveal(),
        wrapping_key_type=EncryptionKeyType.SYMMETRIC,
    )


def master_key(keys: RawAesKey = RAW) -> RawMasterKey:
    """The same raw key in the SDK's terms."""
    return RawMasterKey(key_id=keys.name, provider_id=keys.namespace, wrapping_key=wrapping_key(keys))


class Several(RawMasterKeyProvider):
    """Several raw keys of one namespace."""

    provider_id = RAW.namespace

    def __new__(cls, *keys: RawAesKey) -> Any:
        return super().__new__(cls)

    def __init__(self, *keys: RawAesKey) -> None:
        self._keys = {keys.name.encode(): keys for keys in keys}
        for name in self._keys:
            self.add_master_key(name)

    def _get_raw_key(self, key_id: bytes) -> WrappingKey:
        return wrapping_key(self._keys[key_id])


def encrypt(
    plain: bytes,
    suite: int = 0x0478,
    frame_bytes: int | None = 128,
    *,
    context: Mapping[str, str] = CONTEXT,
    provider: Any = None,
) -> bytes:
    """A message as the SDK writes it; ``frame_bytes=None`` leaves it at its default."""
    algorithm = AlgorithmSuite.get_by_id(suite)
    more = {} if frame_bytes is None else {"frame_length": frame_bytes}
    message, _ = client(STRICT if algorithm.is_committing() else LENIENT).encrypt(
        source=plain,
        key_provider=provider or master_key(),
        encryption_context=dict(context),
        algorithm=algorithm,
        **more,
    )
    return bytes(message)


def decrypt(message: bytes, provider: Any = None) -> tuple[bytes, dict[str, str]]:
    """Plaintext and context as the SDK reads them, with the strictest policy it has."""
    plain, header = client().decrypt(source=message, key_provider=provider or master_key())
    return bytes(plain), dict(header.encryption_context)


class BotoKms:
    """The three calls of a plain boto3 client."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def generate_data_key(self, key_arn: str, context: Mapping[str, str]) -> tuple[SecretBytes, bytes, str]:
        with typed("kms:GenerateDataKey"):
            answer = self._client.generate_data_key(
                KeyId=key_arn, NumberOfBytes=32, EncryptionContext=dict(context)
            )
        return SecretBytes(answer["Plaintext"]), answer["CiphertextBlob"], answer["KeyId"]

    def encrypt(self, key_arn: str, plaintext: SecretBytes, context: Mapping[str, str]) -> tuple[bytes, str]:
        with typed("kms:Encrypt"):
            answer = self._client.encrypt(
                KeyId=key_arn, Plaintext=plaintext.reveal(), EncryptionContext=dict(context)
            )
        return answer["CiphertextBlob"], answer["KeyId"]

    def decrypt(self, key_arn: str, ciphertext: bytes, context: Mapping[str, str]) -> tuple[SecretBytes, str]:
        with typed("kms:Decrypt"):
            answer = self._client.decrypt(
                KeyId=key_arn, CiphertextBlob=ciphertext, EncryptionContext=dict(context)
            )
        return SecretBytes(answer["Plaintext"]), answer["KeyId"]
