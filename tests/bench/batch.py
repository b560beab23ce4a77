"""upload_many against a pool of threads over boto3, and against ``aws s3 cp --recursive``."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

from secure_s3 import SseKms
from secure_s3.local import LocalAws

from .large import write_file
from .measure import compare

_WORKERS = 8
_SETS = (("2,000 files of 4 KiB", 2000, 4096), ("20 files of 16 MiB", 20, 16 << 20))


def main(rounds: int) -> None:
    """Many small files, and some larger ones."""
    for title, count, size in _SETS:
        with LocalAws() as aws, tempfile.TemporaryDirectory() as folder:
            _compare(aws, folder, title, count, size, max(2, rounds // 2 + 1))


def _compare(aws: LocalAws, folder: str, title: str, count: int, size: int, rounds: int) -> None:
    names = [os.path.join(folder, f"{number:05d}.bin") for number in range(count)]
    for name in names:
        write_file(name, size)
    bucket = aws.create_bucket("amzn-s3-demo-bucket")
    ours = aws.client(SseKms(aws.kms_key_arn))
    theirs = aws.session().client("s3")
    headers = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": aws.kms_key_arn}

    def upload_ours() -> None:
        ours.upload_many(folder, bucket, "ours/", workers=_WORKERS)

    def upload_threads() -> None:
        with ThreadPoolExecutor(_WORKERS) as pool:
            jobs = [
                pool.submit(
                    theirs.upload_file, name, bucket, f"theirs/{os.path.basename(name)}", ExtraArgs=headers
                )
                for name in names
            ]
            for job in jobs:
                job.result()

    compare(
        f"upload_many {title}",
        upload_ours,
        upload_threads,
        rounds=rounds,
        per_round="1 folder",
        other="threads",
    )
    program = shutil.which("aws")
    if program is None:
        print("aws s3 cp --recursive: not measured, the AWS CLI is not on the PATH")
        return
    command = [program, "s3", "cp", folder, f"s3://{bucket}/cli/", "--recursive", "--only-show-errors"]
    command += ["--sse", "aws:kms", "--sse-kms-key-id", aws.kms_key_arn]
    environment = os.environ | aws.environment()

    def upload_cli() -> None:
        subprocess.run(command, env=environment, check=True)

    compare(
        f"upload_many {title}",
        upload_ours,
        upload_cli,
        rounds=rounds,
        per_round="1 folder",
        other="aws s3 cp",
    )
