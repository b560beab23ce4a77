"""``s3.bucket(name)``: what is refused before anything is asked, and what the room shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

import secure_s3.bucket as room
from secure_s3 import SecureS3Client, SseS3
from secure_s3.bucket import BucketProfile, Plan, Snapshot
from secure_s3.bucket.audit.catalogue import CHECKS
from secure_s3.bucket.audit.check import Outcome
from secure_s3.bucket.audit.judging import judge_all
from secure_s3.errors import ConfigurationError, TransportError

ALL_ON = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
)
OTHERS = Snapshot(bucket="amzn-s3-demo-other", taken_at="2026-01-01T00:00:00+00:00")


@pytest.fixture(scope="module")
def bucket():
    """A bucket of a client that reaches nothing."""
    with SecureS3Client(SseS3(), region_name="eu-west-1", endpoint_url="https://127.0.0.1:1") as s3:
        yield s3.bucket("amzn-s3-demo-bucket")


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda b: b.audit(snapshot=OTHERS), "not of amzn-s3-demo-bucket"),
        (lambda b: b.plan(snapshot=OTHERS), "not of amzn-s3-demo-bucket"),
        (lambda b: b.apply(Plan(bucket="x", snapshot=OTHERS, profile=BucketProfile())), "the plan is of x"),
        (lambda b: b.audit(requires=("data-event",)), "did you mean data-events"),
        (lambda b: b.harden(requires=("typo",)), "there is no check 'typo'"),
        (lambda b: b.audit(log_bukket="x"), "no log_bukket"),
        (lambda b: b.plan(min_tls="1.4"), "locks everybody out"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anybody_is_asked(bucket, ask, said) -> None:
    """A snapshot or plan of another bucket, an unknown check and a wish that is none are refused."""
    with pytest.raises(ConfigurationError, match=said):
        ask(bucket)


def test_an_audit_of_nothing_is_an_error(bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where not one setting could be read, the reason is raised: there is no audit that looks harmless."""
    nothing = replace(OTHERS, bucket=bucket.name)
    monkeypatch.setattr(bucket, "snapshot", lambda **_: nothing)
    with pytest.raises((TransportError, ConfigurationError), match="GetBucketVersioning"):
        bucket.audit()
    assert len(bucket.audit(snapshot=nothing).unanswered) > 20  # that one was named


def test_no_check_passes_for_what_was_read_in_part() -> None:
    """A check that finds nothing wrong in a list that was cut is unknown, and says so."""
    check = next(each for each in CHECKS if each.id == "multi-region-public-access-block")
    seen = replace(OTHERS, multi_region_access_points=({"Name": "a", "PublicAccessBlock": ALL_ON},))
    verdicts = [
        judge_all(each, BucketProfile(), [check]).verdicts[0]
        for each in (seen, replace(seen, cut=("multi_region_access_points",)))
    ]
    assert [each.outcome for each in verdicts] == [Outcome.PASSED, Outcome.UNKNOWN]
    assert "more than were read" in verdicts[1].why


def test_the_room_shows_its_values() -> None:
    """Every exported name is there, and no other."""
    assert all(getattr(room, name).__name__ == name for name in room.__all__)
    assert dir(room) == sorted(room.__all__)
    with pytest.raises(AttributeError):
        room.Nothing  # noqa: B018
