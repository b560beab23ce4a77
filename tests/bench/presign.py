"""Presigned URLs per second, against boto3, minio-py and obstore, on one core.

minio-py and obstore sign no encryption headers into a PUT: what they are compared with there does more.
``pip install minio obstore`` first; a side that is not installed is left out and named.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from importlib.util import find_spec
from typing import Any

import boto3
from botocore.config import Config

from secure_s3 import SecureS3Client, SseKms

from .measure import compare, run

BUCKET, REGION, SECONDS = "amzn-s3-demo-bucket", "eu-west-1", 300
KEY_ARN = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ACCESS_KEY, SECRET_KEY = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
KEYS = [f"photos/2026/february/image-{number:04d}.jpg" for number in range(1000)]

Action = Callable[[], object]


def main(rounds: int) -> None:
    """Each side alternately, 1,000 URLs a round."""
    rounds = max(rounds, 15)
    if hasattr(os, "sched_setaffinity"):
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {max(before)})
    ours = _ours()
    for name, others in (("boto3", _boto3()), ("minio-py", _minio()), ("obstore", _obstore())):
        if not others:
            print(f"{name} is not installed: left out")
        for what, theirs in others.items():
            compare(what, ours[what], theirs, rounds=rounds, per_round=f"{len(KEYS)} URLs", other=name)
    for what, action in ours.items():
        times = sorted(run(action).wall for _ in range(rounds))
        median = times[len(times) // 2]
        rate = len(KEYS) / median
        print(f"{what:34s} ours {median * 1000:6.2f} ms a page of {len(KEYS)}, {rate:9,.0f} URLs/s")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, before)


def _ours() -> dict[str, Action]:
    session = boto3.Session(ACCESS_KEY, SECRET_KEY, region_name=REGION)
    presign = SecureS3Client(SseKms(KEY_ARN), session=session).presign
    return {
        "GET, one call each": lambda: [presign.get(BUCKET, key, SECONDS) for key in KEYS],
        "GET, one call for all": lambda: presign.get_many(BUCKET, KEYS, SECONDS),
        "PUT with SSE-KMS": lambda: [presign.put(BUCKET, key, SECONDS) for key in KEYS],
        "PUT, each of another length": lambda: [
            presign.put(BUCKET, key, SECONDS, content_length=number) for number, key in enumerate(KEYS)
        ],
        "POST with SSE-KMS": lambda: [presign.post(BUCKET, key, SECONDS) for key in KEYS],
    }


def _boto3() -> dict[str, Action]:
    config = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
    client: Any = boto3.client(
        "s3", REGION, aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY, config=config
    )
    encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KEY_ARN, "BucketKeyEnabled": True}
    fields = {
        "x-amz-server-side-encryption": "aws:kms",
        "x-amz-server-side-encryption-aws-kms-key-id": KEY_ARN,
        "x-amz-server-side-encryption-bucket-key-enabled": "true",
    }
    conditions = [{name: value} for name, value in fields.items()]

    def url(method: str, key: str, **more: Any) -> Any:
        return client.generate_presigned_url(method, {"Bucket": BUCKET, "Key": key, **more}, SECONDS)

    def gets() -> Any:
        return [url("get_object", key) for key in KEYS]

    return {
        "GET, one call each": gets,
        "GET, one call for all": gets,
        "PUT with SSE-KMS": lambda: [url("put_object", key, **encryption) for key in KEYS],
        "PUT, each of another length": lambda: [
            url("put_object", key, ContentLength=number, **encryption) for number, key in enumerate(KEYS)
        ],
        "POST with SSE-KMS": lambda: [
            client.generate_presigned_post(BUCKET, key, fields, conditions, SECONDS) for key in KEYS
        ],
    }


def _minio() -> dict[str, Action]:
    if find_spec("minio") is None:
        return {}
    from minio import Minio

    client = Minio(f"s3.{REGION}.amazonaws.com", access_key=ACCESS_KEY, secret_key=SECRET_KEY, region=REGION)
    life = timedelta(seconds=SECONDS)

    def gets() -> Any:
        return [
            client.presigned_get_object(bucket_name=BUCKET, object_name=key, expires=life) for key in KEYS
        ]

    def puts() -> Any:
        return [
            client.presigned_put_object(bucket_name=BUCKET, object_name=key, expires=life) for key in KEYS
        ]

    return {"GET, one call each": gets, "GET, one call for all": gets, "PUT with SSE-KMS": puts}


def _obstore() -> dict[str, Action]:
    if find_spec("obstore") is None:
        return {}
    import obstore
    from obstore.store import S3Store

    store = S3Store(
        BUCKET,
        region=REGION,
        access_key_id=ACCESS_KEY,
        secret_access_key=SECRET_KEY,
        virtual_hosted_style_request=True,
    )
    life = timedelta(seconds=SECONDS)
    return {
        "GET, one call each": lambda: [obstore.sign(store, "GET", key, life) for key in KEYS],
        "GET, one call for all": lambda: obstore.sign(store, "GET", KEYS, life),
        "PUT with SSE-KMS": lambda: [obstore.sign(store, "PUT", key, life) for key in KEYS],
    }
