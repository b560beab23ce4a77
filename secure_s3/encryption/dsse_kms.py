"""DSSE-KMS: two independent layers of server-side encryption."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from .context import EncryptionContext
from .sse_kms import full_key_arn, key_from_env, kms_parameters
from .strategy import ServerSide


@dataclass(frozen=True, slots=True)
class DsseKms(ServerSide):
    """Dual-layer server-side encryption with one AWS KMS key (``aws:kms:dsse``).

    There are no Bucket Keys for it, so that every object costs KMS requests. Source: Amazon S3 User
    Guide, "Using dual-layer server-side encryption with AWS KMS keys (DSSE-KMS)".

    Args:
        key_arn: Full ARN of the key.
        context: Encryption context of your own; it appears in CloudTrail.

    Raises:
        ConfigurationError: the key is no full ARN, or the context holds something else than strings.
    """

    key_arn: str
    context: Mapping[str, str] | None = field(default=None, kw_only=True)

    label: ClassVar[str] = "dsse-kms"

    def __post_init__(self) -> None:
        object.__setattr__(self, "key_arn", full_key_arn(self.key_arn))
        if self.context is not None:
            object.__setattr__(self, "context", EncryptionContext(self.context))

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> DsseKms:
        """The key of ``SECURE_S3_KMS_KEY_ARN``."""
        return cls(key_from_env(environ))

    def write_parameters(self) -> Mapping[str, object]:
        """Algorithm, key and context."""
        return kms_parameters("aws:kms:dsse", self.key_arn, self.context)
