"""The audit says of real buckets what requests to them say; ``tests.jobs.peers`` asks this of all cases."""

from __future__ import annotations

import pytest

from secure_s3 import SseS3
from secure_s3.local import LocalAws
from tests.jobs.peers.auditors import QUESTIONS, ours
from tests.jobs.peers.buckets import bucket_of, make
from tests.jobs.peers.cases import CASES
from tests.jobs.peers.truth import Truth

CHOSEN = {
    *("http-bucket-only", "http-if-exists"),
    *("open-behind", "open-but-denied", "acl-ignored", "other-rules"),
}
ASKED = {"transport", "public", "wildcard", "block", "acl-public", "acls", "accounts", "lock-out"}


@pytest.mark.parametrize("case", [each for each in CASES if each.name in CHOSEN], ids=lambda each: each.name)
def test_the_audit_agrees_with_requests(case, local_aws: LocalAws) -> None:
    """Each question about a bucket has the answer that requests to it give."""
    make(local_aws, local_aws.session().client("s3"), case)
    said = ours(local_aws.client(SseS3()), bucket_of(case))
    truth = Truth(local_aws)
    told = {each.id: truth(each.id, bucket_of(case)) for each in QUESTIONS if each.id in ASKED}
    assert {name: said[name] for name in told} == {name: right for name, (right, _) in told.items()}, told
