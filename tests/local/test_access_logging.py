"""Server access logging of the embedded endpoint: refused where S3 could not deliver."""

from __future__ import annotations

import json
from typing import Any

import pytest

from secure_s3.policy import Policy, statements
from tests.local.conftest import BUCKET

LOGS = "amzn-s3-demo-logs"
PARTITIONED = {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}}
ENABLED = {"TargetBucket": LOGS, "TargetPrefix": "a/", "TargetObjectKeyFormat": PARTITIONED}
OPEN = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:PutObject",
    "Resource": f"arn:aws:s3:::{LOGS}/a/*",
    "Condition": {"Null": {"s3:x-amz-server-side-encryption": "true"}},
}


def _log(s3: Any, **changes: Any) -> Any:
    return s3.put_bucket_logging(
        Bucket=BUCKET, BucketLoggingStatus={"LoggingEnabled": {**ENABLED, **changes}}
    )


def _let_in(s3: Any, account: str = "111122223333", *more: dict[str, Any]) -> None:
    allows = statements.allow_log_delivery(LOGS, BUCKET, account, prefix="a/")
    policy = Policy.of(allows).to_dict()
    policy["Statement"] += more
    s3.put_bucket_policy(Bucket=LOGS, Policy=json.dumps(policy))


def test_logging_is_told_as_it_was_put(s3: Any, local_aws: Any) -> None:
    """Target, prefix and format come back, and nothing once it is switched off."""
    local_aws.create_bucket(LOGS)
    _let_in(s3)
    _log(s3)
    assert s3.get_bucket_logging(Bucket=BUCKET)["LoggingEnabled"] == ENABLED
    s3.put_bucket_logging(Bucket=BUCKET, BucketLoggingStatus={})
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=BUCKET)


@pytest.mark.parametrize("case", ["missing", "no policy", "other prefix", "other account", "denied"])
def test_target_that_cannot_be_written_to_is_refused(
    s3: Any, local_aws: Any, refused: Any, case: str
) -> None:
    """S3 asks for a bucket that its log delivery may write to, as the policy is evaluated."""
    if case != "missing":
        local_aws.create_bucket(LOGS)
    if case not in ("missing", "no policy"):
        account = "444455556666" if case == "other account" else "111122223333"
        _let_in(s3, account, *([OPEN] if case == "denied" else []))
    wanted = {**ENABLED, "TargetPrefix": "b/"} if case == "other prefix" else ENABLED
    told = refused(s3.put_bucket_logging, Bucket=BUCKET, BucketLoggingStatus={"LoggingEnabled": wanted})
    assert told == (400, "InvalidTargetBucketForLogging")
