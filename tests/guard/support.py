"""What the guard's tests share: one strategy of each kind, sessions, and a network that must stay silent."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import boto3
import botocore.session
from botocore.loaders import Loader

from secure_s3.encryption import DsseKms, SseC, SseKms, SseS3, Strategy
from secure_s3.guard import secure_session

KEY_ARN = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER_ARN = "arn:aws:kms:eu-west-1:111122223333:key/ffffffff-12ab-34cd-56ef-1234567890ab"
RAW_KEY = bytes(range(32))
BUCKET = "amzn-s3-demo-bucket"
LABELS = ("sse-kms", "sse-kms-context", "dsse-kms", "sse-s3", "sse-c")
SSE = "x-amz-server-side-encryption"

CREDENTIALS = {
    "aws_access_key_id": "AKIDEXAMPLE",
    "aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "region_name": "eu-west-1",
}


def strategy(label: str, key_arn: str = KEY_ARN) -> Strategy:
    """One strategy of each kind."""
    if label == "sse-kms":
        return SseKms(key_arn)
    if label == "sse-kms-context":
        return SseKms(key_arn, bucket_key=False, context={"department": "finance"})
    if label == "dsse-kms":
        return DsseKms(key_arn)
    return SseS3() if label == "sse-s3" else SseC(RAW_KEY)


def expected_headers(label: str, key_arn: str = KEY_ARN) -> dict[str, str]:
    """What a write must carry, written down by hand: the oracle is not the code under test."""
    if label == "sse-s3":
        return {SSE: "AES256"}
    if label == "sse-c":
        return {
            f"{SSE}-customer-algorithm": "AES256",
            f"{SSE}-customer-key": base64.b64encode(RAW_KEY).decode(),
            f"{SSE}-customer-key-md5": base64.b64encode(hashlib.md5(RAW_KEY).digest()).decode(),
        }
    headers = {SSE: "aws:kms:dsse" if label == "dsse-kms" else "aws:kms", f"{SSE}-aws-kms-key-id": key_arn}
    if label == "sse-kms":
        headers[f"{SSE}-bucket-key-enabled"] = "true"
    if label == "sse-kms-context":
        headers[f"{SSE}-bucket-key-enabled"] = "false"
        headers[f"{SSE}-context"] = base64.b64encode(b'{"department":"finance"}').decode()
    return headers


MODELS = Loader()


def core_session() -> botocore.session.Session:
    """A botocore session that shares the service models it has loaded with the others."""
    core = botocore.session.Session()
    core.register_component("data_loader", MODELS)
    return core


def plain_session(**arguments: Any) -> boto3.Session:
    """A boto3 session with credentials and a region, and no guard."""
    return boto3.Session(**{**CREDENTIALS, "botocore_session": core_session(), **arguments})


def session(label: str = "sse-kms", **arguments: Any) -> boto3.Session:
    """A guarded session with credentials and a region."""
    return secure_session(strategy(label), **{**CREDENTIALS, "botocore_session": core_session(), **arguments})
