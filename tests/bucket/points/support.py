"""What the tests of access points share."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from secure_s3 import SecureS3Client
from secure_s3.guard.tls import PinnedSession
from secure_s3.local import LocalAws
from tests.local.people import user

BUCKET, ACCOUNT = "amzn-s3-demo-bucket", "111122223333"
POINT = f"arn:aws:s3:eu-west-1:{ACCOUNT}:accesspoint/reports"


def make_bucket(s3: SecureS3Client, name: str) -> None:
    """A bucket in the client's region."""
    where: Any = {"LocationConstraint": s3.boto3.meta.region_name}
    s3.boto3.create_bucket(Bucket=name, CreateBucketConfiguration=where)


def as_user(local_aws: LocalAws, encryption: Any, *statements: dict[str, Any]) -> SecureS3Client:
    """A client of a new user "alice" who is allowed these."""
    user(local_aws, *statements)
    return local_aws.client(encryption, session=local_aws.session(user="alice"))


@contextmanager
def at_most_tls_1_2() -> Iterator[None]:
    """Clients that are made meanwhile speak no newer TLS, as on a machine with an old OpenSSL."""
    make = PinnedSession._pinned_context

    def older(session: PinnedSession) -> Any:
        context = make(session)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        return context

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PinnedSession, "_pinned_context", older)
        yield
