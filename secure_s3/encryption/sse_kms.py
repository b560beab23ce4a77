"""SSE-KMS: S3 encrypts with a data key from one configured KMS key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from ..errors import ConfigurationError
from ..values import Arn, KmsKeyArn
from .context import EncryptionContext
from .strategy import ServerSide


@dataclass(frozen=True, slots=True)
class SseKms(ServerSide):
    """Server-side encryption with one AWS KMS key (``aws:kms``).

    Who may read an object is decided twice: by S3 and by the key's policy. The encryption context is
    written to CloudTrail in clear text: no secrets in it. Source: Amazon S3 User Guide, "Using
    server-side encryption with AWS KMS keys (SSE-KMS)".

    Args:
        key_arn: Full ARN of the key. Aliases and bare ids are refused, see ``resolve``.
        bucket_key: Use an S3 Bucket Key, which saves most of the KMS requests.
        context: Encryption context of your own, added by S3 to the object's ARN.

    Raises:
        ConfigurationError: the key is no full ARN, or the context holds something else than strings.
    """

    key_arn: str
    bucket_key: bool = field(default=True, kw_only=True)
    context: Mapping[str, str] | None = field(default=None, kw_only=True)

    label: ClassVar[str] = "sse-kms"

    def __post_init__(self) -> None:
        object.__setattr__(self, "key_arn", full_key_arn(self.key_arn))
        if self.context is not None:
            object.__setattr__(self, "context", EncryptionContext(self.context))
        if not isinstance(self.bucket_key, bool):
            raise ConfigurationError(f"bucket_key={self.bucket_key!r} is neither True nor False")

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> SseKms:
        """The key of ``SECURE_S3_KMS_KEY_ARN``."""
        return cls(key_from_env(environ))

    @classmethod
    def resolve(cls, kms_client: Any, key_id: str, **options: Any) -> SseKms:
        """SSE-KMS with the key that an alias, an alias ARN or a key id means right now.

        One ``kms:DescribeKey``; log or store the ARN you get, so that a moved alias is noticed.

        Args:
            kms_client: A KMS client, e.g. ``s3.session.client("kms")``.
            key_id: ``alias/name``, its ARN, or a key id.
            options: ``bucket_key`` and ``context``.

        Raises:
            ClientError: what KMS answered when the key is unknown or may not be described.
        """
        return cls(kms_client.describe_key(KeyId=key_id)["KeyMetadata"]["Arn"], **options)

    def write_parameters(self) -> Mapping[str, object]:
        """Algorithm, key, Bucket Key and context."""
        return kms_parameters("aws:kms", self.key_arn, self.context) | {"BucketKeyEnabled": self.bucket_key}


def full_key_arn(key: Any) -> str:
    """*key* as a string, if it is the full ARN of a KMS key; ConfigurationError if not."""
    # str() of an arbitrary object may be anything, so only our own values are turned into text.
    return KmsKeyArn(str(key) if isinstance(key, KmsKeyArn | Arn) else key).value


def key_from_env(environ: Mapping[str, str]) -> str:
    """The value of ``SECURE_S3_KMS_KEY_ARN``; ConfigurationError when it is missing."""
    try:
        return environ["SECURE_S3_KMS_KEY_ARN"]
    except KeyError:
        raise ConfigurationError(
            "SECURE_S3_KMS_KEY_ARN is not set",
            why="encryption with KMS needs the full ARN of a key",
            fix="export SECURE_S3_KMS_KEY_ARN=arn:aws:kms:region:account:key/id, "
            "or choose SECURE_S3_ENCRYPTION=sse-s3",
        ) from None


def kms_parameters(algorithm: str, key_arn: str, context: Mapping[str, str] | None) -> dict[str, object]:
    """The request members that both kinds of KMS encryption share."""
    parameters: dict[str, object] = {"ServerSideEncryption": algorithm, "SSEKMSKeyId": key_arn}
    if context:
        parameters["SSEKMSEncryptionContext"] = EncryptionContext(context).header()
    return parameters
