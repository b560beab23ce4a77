"""One check cannot break another, and what a check has found is never lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from secure_s3.bucket.audit.catalogue import CHECKS
from secure_s3.bucket.audit.check import Found, NotApplicable, NotRead, Outcome, Subject, found
from secure_s3.bucket.audit.judging import judge_all
from secure_s3.bucket.snapshot.values import Snapshot, Unread
from secure_s3.bucket.wanted import BucketProfile
from secure_s3.errors import PolicyError
from secure_s3.values import Severity

SEEN = Snapshot(bucket="amzn-s3-demo-bucket", taken_at="2026-01-01T00:00:00+00:00")
DENIED = Unread("access denied", "s3:GetAccessPoint", "AccessDenied")
STOPS = [NotRead("access_points", DENIED), PolicyError("no document"), TypeError("shape"), KeyError("shape")]


@pytest.mark.parametrize("stop", [*STOPS, NotApplicable("no more")], ids=lambda each: type(each).__name__)
def test_what_was_found_before_a_check_is_stopped_counts(stop: Exception) -> None:
    """A finding stays, with its severity, though the rest of the check could not be made."""

    def judge(subject: Subject) -> Iterator[Found]:
        yield found("Everybody may read.", severity=Severity.CRITICAL)
        raise stop

    audit = judge_all(SEEN, BucketProfile(), [replace(CHECKS[0], judge=judge)])
    (verdict,) = audit.verdicts
    assert verdict.outcome is Outcome.FAILED
    assert [each.severity for each in audit] == [Severity.CRITICAL]
    whole = isinstance(stop, NotApplicable)
    assert bool(verdict.why) is not whole
    assert ("EXAMINED IN PART  1 check" in str(audit)) is not whole


@pytest.mark.parametrize("stop", STOPS, ids=lambda each: type(each).__name__)
def test_a_check_that_is_stopped_at_once_is_unknown(stop: Exception) -> None:
    """A check that comes to nothing has not passed."""

    def judge(subject: Subject) -> Iterator[Found]:
        yield from ()
        raise stop

    (verdict,) = judge_all(SEEN, BucketProfile(), [replace(CHECKS[0], judge=judge)]).verdicts
    assert verdict.outcome is Outcome.UNKNOWN
    assert verdict.why
