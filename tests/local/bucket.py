"""Policies of the bucket of the tests."""

from __future__ import annotations

from typing import Any

from . import people
from .support import BUCKET

ARN, OBJECTS = f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"
EVERYBODY: dict[str, Any] = {"Principal": "*"}


def on_objects(effect: Any, action: str, condition: Any = None, **more: Any) -> dict[str, Any]:
    """A statement of a bucket policy about everybody and all objects."""
    statement = {**effect(action), **EVERYBODY, "Resource": OBJECTS, **more}
    return statement | ({"Condition": condition} if condition else {})


def put_policy(s3: Any, *statements: dict[str, Any]) -> None:
    """Make this the policy of the bucket, be it public."""
    s3.delete_public_access_block(Bucket=BUCKET)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=people.document(*statements))
