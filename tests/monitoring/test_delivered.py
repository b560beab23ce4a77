"""Logs are found where they are delivered: those of a time, and no others."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from secure_s3 import SecureS3Client, SseC, SseKms, errors
from secure_s3.local import LocalAws
from secure_s3.monitoring import Filter, delivered
from secure_s3.monitoring.found import FURTHER
from secure_s3.monitoring.monitor import _Asking

from .lines import DENIED, line
from .test_trail import EVENT, FINE

LOGS, SOURCE, ACCOUNT = "amzn-s3-demo-logs", "amzn-s3-demo-bucket", "111122223333"
DAY = datetime(2026, 3, 1, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)


def moment(day: int, hour: int = 12) -> dict[str, str]:
    return {"time": f"{day:02}/Mar/2026:{hour:02}:00:00 +0000", "request_id": f"D{day}H{hour}"}


@pytest.fixture(scope="module")
def aws() -> Iterator[LocalAws]:
    """An endpoint with access logs, plain and partitioned, and a trail's."""
    with LocalAws() as aws:
        aws.create_bucket(LOGS)
        aws.create_bucket(SOURCE)
        s3 = aws.session().client("s3")
        for day in (1, 2, 3, 5):
            text = line(**moment(day)) + "\n" + line(**DENIED, **moment(day, 13)) + "\n"
            base = f"parts/{ACCOUNT}/eu-west-1/{SOURCE}/2026/03/{day:02}/"
            s3.put_object(Bucket=LOGS, Key=f"plain/2026-03-{day:02}-14-00-00-0123456789ABCDEF", Body=text)
            s3.put_object(Bucket=LOGS, Key=f"{base}2026-03-{day:02}-00-00-00-0123456789ABCDEF", Body=text)
        for key in (
            "plain/notes.txt",
            f"parts/{ACCOUNT}/eu-west-1/{SOURCE}/2026/03/notes",
            "plain/2026-03-01/x",
        ):
            s3.put_object(Bucket=LOGS, Key=key, Body="nonsense\n")
        other = f"parts/{ACCOUNT}/eu-west-1/other/2026/03/01/2026-03-01-00-00-00-0123456789ABCDEF"
        s3.put_object(Bucket=LOGS, Key=other, Body=line(**moment(1, 14), bucket="other"))
        records = gzip.compress(json.dumps({"Records": [FINE, EVENT]}).encode())
        for day in ("01", "04"):
            name = (
                f"t/AWSLogs/{ACCOUNT}/CloudTrail/eu-west-1/2026/03/{day}/{ACCOUNT}_CloudTrail_{day}.json.gz"
            )
            s3.put_object(Bucket=LOGS, Key=name, Body=records)
        s3.close()
        yield aws


@pytest.fixture
def s3(aws: LocalAws) -> Iterator[SecureS3Client]:
    """A client under SSE-KMS, which services do not write their logs with."""
    with aws.client(SseKms(aws.kms_key_arn)) as client:
        yield client


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys that are read."""
    keys: list[str] = []
    body = delivered._Body

    def noted(client: Any, bucket: str, key: str) -> Any:
        keys.append(key)
        return body(client, bucket, key)

    monkeypatch.setattr(delivered, "_Body", noted)
    return keys


TIMES: list[tuple[datetime | None, datetime | None, list[str], int]] = [
    (None, None, ["D1H12", "D1H13", "D2H12", "D2H13", "D3H12", "D3H13", "D5H12", "D5H13"], 4),
    (DAY + timedelta(days=1), DAY + timedelta(days=2), ["D2H12", "D2H13"], 2),
    (DAY + 36 * HOUR + HOUR, DAY + timedelta(days=2), ["D2H13"], 2),
    (DAY + timedelta(days=3), None, ["D5H12", "D5H13"], 1),
    (None, DAY + 15 * HOUR, ["D1H12", "D1H13"], 2),
    (DAY + timedelta(days=30), None, [], 0),
]


@pytest.mark.parametrize("prefix", ["plain/", "parts/"])
@pytest.mark.parametrize(("since", "until", "expected", "read"), TIMES)
def test_only_logs_of_the_time_are_read(
    s3: SecureS3Client,
    asked: list[str],
    prefix: str,
    since: datetime | None,
    until: datetime | None,
    expected: list[str],
    read: int,
) -> None:
    """Records of a time are told, of both forms of keys, from the logs of that time and the day after."""
    reading = s3.monitor.access_logs(
        LOGS, prefix, since=since, until=until, account=ACCOUNT, region="eu-west-1", source_bucket=SOURCE
    )
    assert [record.request_id for record in reading] == expected
    assert len(asked) == read
    assert reading.counts.malformed == 0


@pytest.mark.parametrize("prefix", ["plain/", "parts/"])
def test_filters_are_pushed_down(s3: SecureS3Client, prefix: str) -> None:
    """A filter over delivered logs gives what it gives over files."""
    reading = s3.monitor.access_logs(
        LOGS, prefix, where=Filter(status=403, since=DAY + timedelta(days=2)), source_bucket=SOURCE
    )
    assert [record.request_id for record in reading] == ["D3H13", "D5H13"]


def test_parts_are_looked_up(s3: SecureS3Client) -> None:
    """Without account, region and bucket those of all of them are read."""
    found = {
        record.bucket for record in s3.monitor.access_logs(LOGS, "parts/", until=DAY + timedelta(days=1))
    }
    assert found == {SOURCE, "other"}


def test_the_bucket_tells_where_its_logs_are(aws: LocalAws, s3: SecureS3Client) -> None:
    """Given only the bucket that is logged, its logging says where; if that is off, the error says so."""
    with pytest.raises(errors.ConfigurationError, match="access logging of amzn-s3-demo-bucket is off"):
        s3.monitor.access_logs(source_bucket=SOURCE)
    with pytest.raises(errors.ConfigurationError, match="nothing says where the logs are"):
        s3.monitor.access_logs()
    plain = aws.session().client("s3")
    grant = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{LOGS}/*",
    }
    plain.put_bucket_policy(Bucket=LOGS, Policy=json.dumps({"Version": "2012-10-17", "Statement": [grant]}))
    status = {"LoggingEnabled": {"TargetBucket": LOGS, "TargetPrefix": "plain/"}}
    plain.put_bucket_logging(Bucket=SOURCE, BucketLoggingStatus=status)
    plain.close()
    assert sum(1 for _ in s3.monitor.access_logs(source_bucket=SOURCE)) == 8


@pytest.mark.parametrize("small", [0, delivered.SMALL])
def test_large_logs_are_streamed(s3: SecureS3Client, monkeypatch: pytest.MonkeyPatch, small: int) -> None:
    """Whether fetched ahead or streamed, the records are the same."""
    monkeypatch.setattr(delivered, "SMALL", small)
    assert sum(1 for _ in s3.monitor.access_logs(LOGS, "plain/")) == 8


def test_customer_keys_are_not_sent(aws: LocalAws) -> None:
    """A client under SSE-C reads logs, which no customer's key protects."""
    with aws.client(SseC.generate()) as s3:
        assert sum(1 for _ in s3.monitor.access_logs(LOGS, "plain/")) == 8


def test_trail_logs(s3: SecureS3Client) -> None:
    """A trail's events of a time are read, and those that were refused are refusals."""
    reading = s3.monitor.trail_logs(LOGS, "t", since=DAY, until=DAY + timedelta(days=1))
    assert [event.error_code for event in reading] == [None, "AccessDenied"]
    refusals = s3.monitor.trail_logs(LOGS, "t/", account=ACCOUNT, region="eu-west-1").refusals()
    assert [each.event.request_id for each in refusals] == ["REQUEST1"] * 2


def test_logs_that_vanish_are_empty(s3: SecureS3Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that a lifecycle rule removed after it was listed is passed over."""
    listed = [("plain/gone", 10), ("plain/2026-03-01-14-00-00-0123456789ABCDEF", 900)]
    monkeypatch.setattr(delivered, "_listed", lambda *_: iter(listed))
    monkeypatch.setattr(delivered, "NAME", re.compile(".*"))
    found = [record.request_id for record in s3.monitor.access_logs(LOGS, "plain/", partitioned=False)]
    assert found == ["D1H12", "D1H13"]


def test_reading_ends_early(s3: SecureS3Client) -> None:
    """Whoever takes one record leaves nothing behind: no thread waits, no connection is open."""
    reading = s3.monitor.access_logs(LOGS, "plain/")
    assert next(reading).request_id == "D1H12"
    reading.close()
    assert list(reading) == []


def test_a_bucket_that_is_not_there(s3: SecureS3Client) -> None:
    """An error while it is read is one of ours."""
    with pytest.raises(errors.NotFound):
        next(s3.monitor.access_logs("amzn-s3-demo-nowhere"))


def test_other_services_are_asked_beside_s3(aws: LocalAws, s3: SecureS3Client) -> None:
    """Macie is asked through a client of its own, which reaches the same endpoint under the same guard."""
    with _Asking(s3.session, s3.boto3) as asking:
        found = FURTHER["macie"](asking.ask, SOURCE, aws.region, ACCOUNT, "aws")
    assert found["status"] == "ENABLED"
    json.dumps(found)
