"""Which way an object comes under another encryption."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from secure_s3 import DsseKms, SseC, SseKms, SseS3
from secure_s3.bucket.reencryption.ways import (
    ARCHIVED,
    LOCKED,
    NEEDS_COPY,
    NONCURRENT,
    Found,
    described,
    kms_requests,
    serves_in_place,
    way_of,
)
from secure_s3.encryption import Strategy

KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER = KEY.replace("1234abcd", "9876abcd")
NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
CUSTOMERS = SseC(b"k" * 32)
TO = SseKms(KEY)
KMS = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KEY}
RIGHT = KMS | {"BucketKeyEnabled": True}
DSSE = KMS | {"ServerSideEncryption": "aws:kms:dsse"}
S3S = {"ServerSideEncryption": "AES256"}
UNDER_CUSTOMERS = dict(CUSTOMERS.answer("HeadObject"))
ARCHIVE = {"StorageClass": "GLACIER"}
HOLD = {"ObjectLockLegalHoldStatus": "ON"}


def retained(days: int) -> dict[str, Any]:
    """A retention that ends so many days from now."""
    until = NOW + timedelta(days=days)
    return {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": until}


def found(head: dict[str, Any]) -> Found:
    """How an object is protected of which HeadObject tells this."""
    return Found.of({"ContentLength": 5, **head}, NOW)


@pytest.mark.parametrize(
    ("head", "to", "way"),
    [
        (RIGHT, TO, "already"),
        (KMS, SseKms(KEY, bucket_key=False), "already"),
        (RIGHT | HOLD, TO, "already"),
        (DSSE, DsseKms(KEY), "already"),
        (S3S, SseS3(), "already"),
        (UNDER_CUSTOMERS, CUSTOMERS, "already"),
        (KMS, TO, "update"),
        (RIGHT, SseKms(OTHER), "update"),
        (RIGHT, SseKms(KEY, bucket_key=False), "update"),
        (S3S, TO, "update"),
        (S3S | ARCHIVE, TO, "update"),
        (S3S | retained(-1), TO, "update"),
        ({}, TO, "copy"),
        (DSSE, TO, "copy"),
        (UNDER_CUSTOMERS, TO, "copy"),
        (RIGHT, DsseKms(KEY), "copy"),
        (RIGHT, SseS3(), "copy"),
        (UNDER_CUSTOMERS, SseC(b"n" * 32), "copy"),
        (S3S, CUSTOMERS, "copy"),
        (S3S, SseKms(KEY, context={"team": "a"}), "copy"),
        (DSSE | ARCHIVE | {"Restore": 'ongoing-request="false", expiry-date="…"'}, TO, "copy"),
        (DSSE | ARCHIVE, TO, ARCHIVED),
        (DSSE | ARCHIVE | {"Restore": 'ongoing-request="true"'}, TO, ARCHIVED),
        (DSSE | {"ArchiveStatus": "ARCHIVE_ACCESS"}, TO, ARCHIVED),
        (S3S | retained(1), TO, LOCKED),
        (S3S | HOLD, TO, LOCKED),
        (S3S | {"ObjectLockMode": "COMPLIANCE"}, TO, LOCKED),
        (DSSE | HOLD | ARCHIVE, TO, LOCKED),
    ],
)
def test_way(head: dict[str, Any], to: Strategy, way: str) -> None:
    """Right is left alone, SSE-KMS is reached in place from what S3 takes, everything else by a copy."""
    chosen, reason = way_of(found(head), to, current=True, in_place=serves_in_place(to))
    assert (reason or chosen) == way


@pytest.mark.parametrize(
    ("head", "options", "way"),
    [
        (S3S, {"in_place": False}, "copy"),
        (S3S, {"in_place": False, "current": False}, NONCURRENT),
        (S3S, {"current": False}, "update"),
        (DSSE, {"current": False}, NONCURRENT),
        (DSSE, {"in_place_only": True}, NEEDS_COPY),
        (S3S, {"in_place_only": True}, "update"),
        (S3S, {"in_place_only": True, "in_place": False}, NEEDS_COPY),
    ],
)
def test_circumstances(head: dict[str, Any], options: dict[str, bool], way: str) -> None:
    """No noncurrent version is copied, and nothing where copies are not wanted."""
    chosen, reason = way_of(found(head), TO, **{"current": True, "in_place": True, **options})
    assert (reason or chosen) == way


def test_requests_to_kms() -> None:
    """Each side without a Bucket Key costs one at least."""
    plain = SseKms(KEY, bucket_key=False)
    counts = [kms_requests(found(head), to) for head in (RIGHT, KMS, S3S) for to in (TO, plain, SseS3())]
    assert counts == [0, 1, 0, 1, 2, 1, 0, 1, 0]
    assert kms_requests(found(DSSE), DsseKms(OTHER)) == 2


def test_no_secrets() -> None:
    """What a journal says of a target has no customer key, nor its digest."""
    assert described(CUSTOMERS) == {"encryption": "sse-c", "key": None}
    assert found(UNDER_CUSTOMERS).label == "SSE-C"
