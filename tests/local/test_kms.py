"""KMS of the embedded endpoint: keys in every state, and keys of others."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

CONTEXT = {"purpose": "test"}


@pytest.fixture
def kms(local_aws: Any) -> Any:
    """A plain KMS client in the region of the ready key."""
    return local_aws.session().client("kms")


def _code(action: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as caught:
        action()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return str(caught.value.response["Error"]["Code"])


def _uses(kms: Any, arn: str, blob: bytes) -> list[Callable[[], Any]]:
    """Every way of using a key."""
    return [
        lambda: kms.generate_data_key(KeyId=arn, KeySpec="AES_256"),
        lambda: kms.generate_data_key_without_plaintext(KeyId=arn, KeySpec="AES_256"),
        lambda: kms.encrypt(KeyId=arn, Plaintext=b"x"),
        lambda: kms.decrypt(KeyId=arn, CiphertextBlob=blob),
        lambda: kms.decrypt(CiphertextBlob=blob),
    ]


def test_disabled_key(local_aws: Any, kms: Any) -> None:
    """A disabled key makes, encrypts and decrypts nothing, and does so again once it is enabled."""
    arn = local_aws.create_key()
    blob = kms.encrypt(KeyId=arn, Plaintext=b"secret")["CiphertextBlob"]
    local_aws.disable_key(arn)
    assert {_code(use) for use in _uses(kms, arn, blob)} == {"DisabledException"}
    local_aws.enable_key(arn)
    assert kms.decrypt(KeyId=arn, CiphertextBlob=blob)["Plaintext"] == b"secret"


def test_key_that_is_to_be_deleted(local_aws: Any, kms: Any) -> None:
    """A key that waits for its deletion is in no state for anything."""
    arn = local_aws.create_key()
    blob = kms.encrypt(KeyId=arn, Plaintext=b"secret")["CiphertextBlob"]
    kms.schedule_key_deletion(KeyId=arn, PendingWindowInDays=7)
    assert {_code(use) for use in _uses(kms, arn, blob)} == {"KMSInvalidStateException"}


def test_another_key_is_named(local_aws: Any, kms: Any) -> None:
    """What one key encrypted is not decrypted when another is named, by ARN or by id."""
    arn = local_aws.kms_key_arn
    blob = kms.encrypt(KeyId=arn, Plaintext=b"secret")["CiphertextBlob"]
    other = local_aws.create_key()
    for named in (other, other.rpartition("/")[2]):
        decrypt = partial(kms.decrypt, KeyId=named, CiphertextBlob=blob)
        assert _code(decrypt) == "IncorrectKeyException"
    assert kms.decrypt(KeyId=arn.rpartition("/")[2], CiphertextBlob=blob)["Plaintext"] == b"secret"


@pytest.mark.parametrize("context", [{}, {"purpose": "other"}, {**CONTEXT, "more": "x"}])
def test_another_context(local_aws: Any, kms: Any, context: dict[str, str]) -> None:
    """What was encrypted with a context is decrypted with that context only."""
    arn = local_aws.kms_key_arn
    blob = kms.encrypt(KeyId=arn, Plaintext=b"secret", EncryptionContext=CONTEXT)["CiphertextBlob"]
    decrypt = {"KeyId": arn, "CiphertextBlob": blob}
    assert _code(lambda: kms.decrypt(**decrypt, EncryptionContext=context)) == "InvalidCiphertextException"
    assert kms.decrypt(**decrypt, EncryptionContext=CONTEXT)["Plaintext"] == b"secret"


def test_another_region(local_aws: Any, kms: Any) -> None:
    """A key of another region is used there and nowhere else."""
    there = local_aws.session().client("kms", region_name="us-east-1")
    arn = there.create_key()["KeyMetadata"]["Arn"]
    made = there.generate_data_key(KeyId=arn, KeySpec="AES_256")
    assert there.decrypt(KeyId=arn, CiphertextBlob=made["CiphertextBlob"])["Plaintext"] == made["Plaintext"]
    assert _code(lambda: kms.generate_data_key(KeyId=arn.rpartition("/")[2], KeySpec="AES_256"))
    assert _code(lambda: kms.decrypt(CiphertextBlob=made["CiphertextBlob"]))


@pytest.mark.parametrize("blob", [b"", b"x", b"\xff" * 60, b"0" * 36 + b"x" * 40])
def test_no_ciphertext(kms: Any, local_aws: Any, blob: bytes) -> None:
    """What is no ciphertext is refused and does not break the endpoint."""
    with pytest.raises((ClientError, ParamValidationError)):
        kms.decrypt(CiphertextBlob=blob)
    assert kms.encrypt(KeyId=local_aws.kms_key_arn, Plaintext=b"x")["CiphertextBlob"]
