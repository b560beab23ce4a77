"""upload_file and download_file of 256 MiB."""

from __future__ import annotations

import os
import tempfile

from secure_s3 import SseKms
from secure_s3.local import LocalAws

from .measure import compare

_MIB = 1 << 20


def write_file(path: str, size: int) -> None:
    """A file of *size* random bytes."""
    with open(path, "wb") as file:
        for start in range(0, size, 8 * _MIB):
            file.write(os.urandom(min(8 * _MIB, size - start)))


def main(rounds: int) -> None:
    """256 MiB against raw boto3 with the same headers."""
    size = 256 * _MIB
    with LocalAws() as aws, tempfile.TemporaryDirectory() as folder:
        bucket = aws.create_bucket("amzn-s3-demo-bucket")
        ours = aws.client(SseKms(aws.kms_key_arn))
        theirs = aws.session().client("s3")
        headers = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": aws.kms_key_arn}
        source, target = os.path.join(folder, "source"), os.path.join(folder, "target")
        write_file(source, size)
        compare(
            "upload_file 256 MiB",
            lambda: ours.upload_file(source, bucket, "large"),
            lambda: theirs.upload_file(source, bucket, "large", ExtraArgs=headers),
            rounds=rounds,
            per_round="1 file",
        )
        compare(
            "download_file 256 MiB",
            lambda: ours.download_file(bucket, "large", target),
            lambda: theirs.download_file(bucket, "large", target),
            rounds=rounds,
            per_round="1 file",
        )
