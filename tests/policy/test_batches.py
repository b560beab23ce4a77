"""Many requests at once: a statement says of each what it says of it alone."""

from __future__ import annotations

from typing import Any

import pytest

from secure_s3.policy import UNKNOWN, AccessRequest, OneOf, Policy
from secure_s3.policy.batches import Batch
from secure_s3.policy.witnesses import (
    ADMIN,
    APP,
    OTHER_ACCOUNT,
    ROOT,
    SSE,
    USER,
    from_service,
    over_http,
    presigned,
    through_endpoint,
    with_context,
    witness,
)

from .lint_checks import O, deny, policy
from .semantic_cases import BUCKET, FAULTY, RIGHT

HOME = f"arn:aws:s3:::{BUCKET}"
PLAIN = [
    witness(action, resource, who)
    for action in ("s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:PutBucketPolicy", "sts:AssumeRole")
    for resource in (HOME, f"{HOME}/key", f"{HOME}/reports/2026/a.pdf")
    for who in (APP, USER, ADMIN, ROOT, OTHER_ACCOUNT, None, f"{APP[:-7]}other")
]
REQUESTS = [
    *PLAIN,
    *map(over_http, PLAIN),
    *(presigned(each, 7200) for each in PLAIN[:20]),
    *(through_endpoint(each, "vpce-1a2b3c4d") for each in PLAIN[:20]),
    *(from_service(each, "logging.s3.amazonaws.com", account="444455556666") for each in PLAIN[:20]),
    *(with_context(each, {SSE: OneOf("aws:kms", None), "aws:SourceIp": UNKNOWN}) for each in PLAIN[20:40]),
    *(AccessRequest("s3:GetObject", HOME, UNKNOWN, {}, unknown=("aws:PrincipalTag/*",)) for _ in range(2)),
]
BATCH = Batch(REQUESTS)
MORE: list[Any] = [
    policy(deny("s3:*", f"{O[:-1]}${{aws:username}}/*")),
    policy(deny("s3:*", O, {"StringNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/${aws:username}"}})),
    policy({"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}),
    policy({"Effect": "Deny", "Action": "s3:*", "Resource": O}),
    policy(deny("s3:*", O, {"Strange": {"aws:SourceIp": "1"}})),
    policy({"Effect": "Deny", "NotPrincipal": {"AWS": APP}, "NotAction": "s3:Get*", "NotResource": HOME}),
    policy({"Effect": "Maybe", "Principal": "*", "Action": "s3:*", "Resource": O}),
]


@pytest.mark.parametrize("group", range(8))
def test_a_statement_says_of_each_what_it_says_of_it_alone(group: int) -> None:
    """Certain are those of which it is true, possible those of which it is not false."""
    documents = [*(each.document for each in FAULTY), *(each.document for each in RIGHT), *MORE][group::8]
    for each in (one for document in documents for one in Policy.parse(document).statements):
        truths = [each.truth(request, named=True)[0] for request in REQUESTS]
        certain = [request for request, truth in zip(REQUESTS, truths, strict=True) if truth is True]
        possible = [request for request, truth in zip(REQUESTS, truths, strict=True) if truth is not False]
        assert list(map(id, BATCH.picked(BATCH.certain(each)))) == list(map(id, certain)), each
        assert list(map(id, BATCH.picked(BATCH.possible(each)))) == list(map(id, possible)), each


def test_what_is_remembered_of_a_statement_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that many policies are judged by does not grow without end."""
    monkeypatch.setattr("secure_s3.policy.batches._REMEMBERED", 50)
    batch = Batch(PLAIN[:5])
    for number in range(200):
        batch.certain(Policy.parse(policy(deny("s3:*", f"{O}{number}"))).statements[0])
    assert len(batch._known) <= 50


def test_a_request_is_known_by_itself_and_not_by_what_it_says() -> None:
    """Another request that says the same is no part of the batch."""
    batch = Batch(PLAIN[:3])
    assert [batch.place(each) for each in (*PLAIN[:3], witness("s3:GetObject", HOME, APP))] == [0, 1, 2, None]
    assert list(Batch(()).picked(0)) == []
