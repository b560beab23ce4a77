"""What the tests of checks share: clients that reach nothing, and policies in short."""

from __future__ import annotations

from typing import Any

from secure_s3 import SecureS3Client, SecurityProfile
from secure_s3.encryption import SseKms, Strategy
from tests.guard.support import BUCKET, KEY_ARN, plain_session

OWNER = "111122223333"
ALICE = f"arn:aws:iam::{OWNER}:user/alice"
ROLE = f"arn:aws:iam::{OWNER}:role/App"
SESSION = f"arn:aws:sts::{OWNER}:assumed-role/App/one"
ARN = f"arn:aws:s3:::{BUCKET}"
WHERE: dict[str, Any] = {"Bucket": BUCKET, "Key": "a/b"}
ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
KEY_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Account",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{OWNER}:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
    ],
}
SSE = "s3:x-amz-server-side-encryption"


def deny(
    sid: str, action: str, condition: dict[str, Any] | None = None, resource: str = f"{ARN}/*"
) -> dict[str, Any]:
    """One statement that denies everybody."""
    found = {"Sid": sid, "Effect": "Deny", "Principal": "*", "Action": action, "Resource": resource}
    return found | ({"Condition": condition} if condition else {})


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    """A policy of these."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def client(
    encryption: Strategy | None = None, *, token: str | None = None, owner: str | None = None
) -> SecureS3Client:
    """A client for AWS with made-up credentials; nothing of it may be sent."""
    return SecureS3Client(
        encryption or SseKms(KEY_ARN),
        session=plain_session(aws_session_token=token),
        profile=SecurityProfile(name="test", expected_bucket_owner=owner),
    )


def check(operation: str = "put_object", s3: SecureS3Client | None = None, **more: Any) -> Any:
    """A check that asks nobody, by a user that may do everything, of an own bucket without a policy."""
    given: dict[str, Any] = {
        "principal": ALICE,
        "identity_policies": ALL,
        "bucket_policy": [],
        "key_policy": KEY_POLICY,
        "fetch": False,
        **more,
    }
    if "Bucket" not in given:
        given |= WHERE
    return (s3 or client(owner=OWNER)).check(operation, **given)
