"""Strategies, sizes, contents, and a look at what a transfer left behind."""

from __future__ import annotations

import base64
import random
import zlib
from contextlib import ExitStack
from typing import Any

from boto3.s3.transfer import TransferConfig

from secure_s3 import SecureS3Client
from secure_s3.encryption import ClientSide, DsseKms, SseC, SseKms, SseS3, Strategy
from secure_s3.envelope.keys import KmsKeys

BUCKET = "amzn-s3-demo-bucket"
MIB = 1 << 20
PART = 5 * MIB
RAW_KEY = bytes(range(32))
OTHER_KEY = bytes(range(32, 64))
LABELS = ("sse-kms", "dsse-kms", "sse-s3", "sse-c", "client-side")
SMALL_PARTS = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, max_concurrency=3)

_NOISE = random.Random(20261120).randbytes(3 * PART + 17)


def content(size: int) -> bytes:
    """*size* bytes that do not repeat, the same on every run."""
    assert size <= len(_NOISE)
    return _NOISE[:size]


def crc32(data: bytes) -> str:
    """The checksum as S3 writes it; zlib is the oracle."""
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


def strategy(label: str, key_arn: str) -> Strategy:
    """One strategy of each kind."""
    return {
        "sse-kms": lambda: SseKms(key_arn),
        "dsse-kms": lambda: DsseKms(key_arn),
        "sse-s3": SseS3,
        "sse-c": lambda: SseC(RAW_KEY),
        "client-side": lambda: ClientSide(KmsKeys(key_arn)),
    }[label]()


def reading(label: str, key: bytes = RAW_KEY) -> dict[str, Any]:
    """What a plain client must pass to read an object of that strategy."""
    return {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": key} if label == "sse-c" else {}


class Place:
    """One bucket of the embedded endpoint, seen by a plain client."""

    def __init__(self, aws: Any, plain: Any, stack: ExitStack) -> None:
        self.aws, self.plain, self._stack = aws, plain, stack

    def client(self, encryption: Strategy | None = None, **settings: Any) -> SecureS3Client:
        """A SecureS3Client, SSE-KMS unless told otherwise, that is closed after the test."""
        client = self.aws.client(encryption or SseKms(self.aws.kms_key_arn), **settings)
        self._stack.callback(client.close)
        return client

    def keys(self) -> list[str]:
        """The keys in the bucket."""
        listed = self.plain.list_objects_v2(Bucket=BUCKET)
        return [entry["Key"] for entry in listed.get("Contents", [])]

    def uploads(self) -> list[str]:
        """The keys of multipart uploads that were neither completed nor aborted."""
        listed = self.plain.list_multipart_uploads(Bucket=BUCKET)
        return [entry["Key"] for entry in listed.get("Uploads", [])]

    def assert_nothing(self) -> None:
        """No object and no parts."""
        assert (self.keys(), self.uploads()) == ([], [])

    def body(self, key: str = "k", **reading: Any) -> bytes:
        """An object's content, as a plain client reads it."""
        return bytes(self.plain.get_object(Bucket=BUCKET, Key=key, **reading)["Body"].read())

    def plaintext(self, label: str, key: str = "k") -> bytes:
        """What is in an object of that strategy; client-side, the AWS Encryption SDK is the oracle."""
        stored = self.body(key, **reading(label))
        if label != "client-side":
            return stored
        from aws_encryption_sdk import StrictAwsKmsMasterKeyProvider

        from tests.envelope import sdk

        provider = StrictAwsKmsMasterKeyProvider(
            key_ids=[self.aws.kms_key_arn], botocore_session=self.aws.session()._session
        )
        return sdk.decrypt(stored, provider)[0]

    def put(self, data: bytes, key: str = "k", **arguments: Any) -> str:
        """Store an object with the plain client; its ETag."""
        return str(self.plain.put_object(Bucket=BUCKET, Key=key, Body=data, **arguments)["ETag"])

    def head(self, key: str = "k", **reading: Any) -> dict[str, Any]:
        """What HEAD says to a plain client."""
        return dict(self.plain.head_object(Bucket=BUCKET, Key=key, ChecksumMode="ENABLED", **reading))


class Total:
    """A callback that adds up."""

    def __init__(self) -> None:
        self.bytes = 0

    def __call__(self, count: int) -> None:
        assert count > 0
        self.bytes += count
