"""What a finished transfer has to show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

CHECKSUMS = ("CRC64NVME", "CRC32", "CRC32C", "SHA256", "SHA1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What S3 said about an object after it was written or read.

    Args:
        bucket, key: Where it is.
        bytes: Length of the content.
        seconds: Wall time of the transfer.
        etag: As S3 gave it, quotes included.
        version_id: In versioned buckets.
        checksum: ``"CRC32:…"``, Base64, as S3 stored it; None where it told none.
        algorithm: ``AES256``, ``aws:kms``, ``aws:kms:dsse``; ``SSE-C`` for a customer-provided key.
        kms_key_id: The ARN of the KMS key that S3 reported.
        client_side: The algorithm suite, where the content was encrypted before it was sent.
    """

    bucket: str
    key: str
    bytes: int
    seconds: float = 0.0
    etag: str | None = None
    version_id: str | None = None
    checksum: str | None = None
    algorithm: str | None = None
    kms_key_id: str | None = None
    client_side: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for logs and ``--json``."""
        return asdict(self)


def confirmed(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The members of an answer that tell of the encryption; a completion does not repeat all of them."""
    members = ("ServerSideEncryption", "SSEKMSKeyId", "SSECustomerAlgorithm")
    return {member: answer[member] for member in members if answer.get(member)}


def receipt(
    answer: Mapping[str, Any],
    *,
    bucket: str,
    key: str,
    size: int,
    seconds: float,
    client_side: str | None = None,
) -> Receipt:
    """The receipt for the answer of a Put, Complete, Copy or Get."""
    algorithm = answer.get("ServerSideEncryption")
    if algorithm is None and answer.get("SSECustomerAlgorithm"):
        algorithm = "SSE-C"
    checksums = (f"{name}:{answer[f'Checksum{name}']}" for name in CHECKSUMS if answer.get(f"Checksum{name}"))
    return Receipt(
        bucket=bucket,
        key=key,
        bytes=size,
        seconds=seconds,
        etag=answer.get("ETag"),
        version_id=answer.get("VersionId"),
        checksum=next(checksums, None),
        algorithm=algorithm,
        kms_key_id=answer.get("SSEKMSKeyId"),
        client_side=client_side,
    )
