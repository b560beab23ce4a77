"""Master key providers of the AWS Encryption SDK as keys, through its public interfaces."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from aws_encryption_sdk.exceptions import AWSEncryptionSDKClientError
from aws_encryption_sdk.identifiers import AlgorithmSuite, CommitmentPolicy
from aws_encryption_sdk.key_providers.base import MasterKeyProvider
from aws_encryption_sdk.materials_managers import DecryptionMaterialsRequest, EncryptionMaterialsRequest
from aws_encryption_sdk.materials_managers.base import CryptoMaterialsManager
from aws_encryption_sdk.materials_managers.default import DefaultCryptoMaterialsManager
from aws_encryption_sdk.structures import EncryptedDataKey, MasterKeyInfo

from ..errors import (
    AccessDenied,
    ConfigurationError,
    KeyAccessError,
    KeyUnavailable,
    ServiceError,
    as_key_access,
)
from ..values import SecretBytes
from .header import WrappedKey
from .keys import DataKey, Keys, Kms, key_names
from .suites import COMMIT_KEY, Suite

_KINDS: dict[object, type[ServiceError]] = {
    "AccessDeniedException": AccessDenied,
    "DisabledException": KeyUnavailable,
    "KMSInvalidStateException": KeyUnavailable,
    "NotFoundException": KeyUnavailable,
}

_overheard: ContextVar[list[BaseException] | None] = ContextVar("secure_s3_overheard", default=None)


class ProviderKeys(Keys):
    """A MasterKeyProvider or CryptoMaterialsManager of the user's.

    It talks to KMS with clients of its own, which are not under this package's guard: make them with
    ``botocore_session=s3.session._session``. Equal to nothing but itself.
    """

    __slots__ = ("_manager", "_provider")

    def __init__(self, provider: object) -> None:
        self._provider = provider
        if isinstance(provider, CryptoMaterialsManager):
            self._manager: Any = provider
        elif isinstance(provider, MasterKeyProvider):
            self._manager = DefaultCryptoMaterialsManager(provider)
        else:
            raise ConfigurationError(
                f"{type(provider).__name__} is neither a MasterKeyProvider nor a CryptoMaterialsManager",
                fix="pass one of these, or KmsKeys or RawAesKey",
            )
        _listen()

    def __repr__(self) -> str:
        # Providers print their configuration, keys included.
        return f"ProviderKeys(<{type(self._provider).__name__}>)"

    def new_data_key(self, context: Mapping[str, str], kms: Kms) -> DataKey:
        """What the provider makes for a message of ours."""
        request = EncryptionMaterialsRequest(
            encryption_context=dict(context),
            frame_length=65536,
            algorithm=AlgorithmSuite.get_by_id(COMMIT_KEY.id),
            commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT,
        )
        with _explained("the key provider makes no data key"):
            materials = self._manager.get_encryption_materials(request)
        if dict(materials.encryption_context) != dict(context):
            raise KeyAccessError(
                "the key provider changed the encryption context",
                why="a reader would expect another one",
                fix="use a provider that leaves it as it is",
            )
        wrapped = tuple(
            WrappedKey(
                key.key_provider.provider_id, _bytes(key.key_provider.key_info), key.encrypted_data_key
            )
            for key in sorted(materials.encrypted_data_keys, key=lambda key: key.encrypted_data_key)
        )
        return DataKey(SecretBytes(materials.data_encryption_key.data_key), wrapped)

    def data_key(
        self, wrapped: tuple[WrappedKey, ...], context: Mapping[str, str], suite: Suite, kms: Kms
    ) -> SecretBytes:
        """What the provider opens; what KMS refused meanwhile is kept."""
        request = DecryptionMaterialsRequest(
            encrypted_data_keys={
                EncryptedDataKey(MasterKeyInfo(key.provider, key.info), key.ciphertext) for key in wrapped
            },
            algorithm=AlgorithmSuite.get_by_id(suite.id),
            encryption_context=dict(context),
            commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT,
        )
        with _explained(f"the key provider opens none of {', '.join(key_names(wrapped))}"):
            materials = self._manager.decrypt_materials(request)
        return SecretBytes(materials.data_key.data_key)


@contextmanager
def _explained(what: str) -> Iterator[None]:
    """Within it, the provider's errors become KeyAccessErrors with the answers of KMS in them."""
    heard: list[BaseException] = []
    token = _overheard.set(heard)
    try:
        yield
    except AWSEncryptionSDKClientError as error:
        answers = [*heard, *([error.__cause__] if error.__cause__ else [])]
        response: Any = next((a.response for a in answers if hasattr(a, "response")), None)
        if response is None:
            raise KeyAccessError(
                what, why=str(error), fix="check the provider's keys and permissions"
            ) from error
        details = response.get("Error", {})
        refusal = as_key_access(_KINDS.get(details.get("Code"), ServiceError))(
            what,
            why=f"KMS answered {details.get('Code')}: {details.get('Message')}",
            fix="check the permissions of this identity and the state of the key",
            response=response,  # type: ignore[call-arg]
            code=details.get("Code"),
            status=response.get("ResponseMetadata", {}).get("HTTPStatusCode"),
        )
        refusal.refusals = tuple(answer for answer in answers if isinstance(answer, ServiceError))
        raise refusal from error
    finally:
        _overheard.reset(token)


class _Listener(logging.Handler):
    """Keeps the exceptions that the SDK logs and then forgets; each thread hears its own."""

    def emit(self, record: logging.LogRecord) -> None:
        """Note the exception of the record."""
        heard = _overheard.get()
        if heard is not None and record.exc_info and record.exc_info[1] is not None:
            heard.append(record.exc_info[1])


_LISTENER = _Listener()


def _listen() -> None:
    logging.getLogger("aws_encryption_sdk").addHandler(_LISTENER)


def _bytes(text: Any) -> bytes:
    return text.encode() if isinstance(text, str) else bytes(text)
