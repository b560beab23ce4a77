"""put_object and get_object of 4 KiB, one after the other over one connection."""

from __future__ import annotations

import os

from secure_s3 import SseKms
from secure_s3.local import LocalAws

from .measure import compare

_COUNT = 200


def main(rounds: int) -> None:
    """4 KiB objects against raw boto3 with the same headers."""
    body = os.urandom(4096)
    with LocalAws() as aws:
        bucket = aws.create_bucket("amzn-s3-demo-bucket")
        ours = aws.client(SseKms(aws.kms_key_arn))
        theirs = aws.session().client("s3")
        headers = {
            "ServerSideEncryption": "aws:kms",
            "SSEKMSKeyId": aws.kms_key_arn,
            "BucketKeyEnabled": True,
        }

        def put_ours() -> None:
            for number in range(_COUNT):
                ours.put_object(Bucket=bucket, Key=f"small/{number}", Body=body)

        def put_theirs() -> None:
            for number in range(_COUNT):
                theirs.put_object(Bucket=bucket, Key=f"small/{number}", Body=body, **headers)

        def get_ours() -> None:
            for number in range(_COUNT):
                ours.get_object(Bucket=bucket, Key=f"small/{number}")["Body"].read()

        def get_theirs() -> None:
            for number in range(_COUNT):
                theirs.get_object(Bucket=bucket, Key=f"small/{number}")["Body"].read()

        compare("put 4 KiB", put_ours, put_theirs, rounds=rounds, per_round=f"{_COUNT} objects")
        compare("get 4 KiB", get_ours, get_theirs, rounds=rounds, per_round=f"{_COUNT} objects")
