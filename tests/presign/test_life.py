"""How long a URL lives: with its credentials, and by S3's clock."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.credentials import Credentials, RefreshableCredentials
from botocore.exceptions import ClientError, CredentialRetrievalError

from secure_s3 import SecureS3Client, SseS3, errors
from secure_s3.guard import guard_of
from secure_s3.guard.clock import ServerClock
from secure_s3.presign import inspect, verify
from tests.presign.support import ACCESS_KEY, BUCKET, KEY, SECRET_KEY, TOKEN, client, session

KINDS = ("get", "put", "head", "post")


def now() -> datetime:
    return datetime.now(timezone.utc)


def with_credentials(credentials: Any) -> SecureS3Client:
    """A client whose credentials are these."""
    s3 = client()
    s3._client._request_signer._credentials = credentials
    return s3


def temporary(left: float, refresh: Callable[[], Any] | None = None) -> RefreshableCredentials:
    """Temporary credentials that end in so many seconds."""
    return RefreshableCredentials(
        ACCESS_KEY,
        SECRET_KEY,
        TOKEN,
        now() + timedelta(seconds=left),
        refresh or (lambda: pytest.fail("must not be refreshed")),
        "test",
        advisory_timeout=0,
        mandatory_timeout=0,
    )


def renewed(number: int, left: float) -> dict[str, str]:
    ends = (now() + timedelta(seconds=left)).isoformat()
    return {
        "access_key": f"AKIDNEW{number}",
        "secret_key": "new",
        "token": f"token{number}",
        "expiry_time": ends,
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_url_ends_with_its_credentials(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """A URL is signed for no longer than the session token lives, the true end is told, and it is logged."""
    with caplog.at_level(logging.WARNING, "secure_s3.guard"):
        made = getattr(with_credentials(temporary(100)).presign, kind)(BUCKET, KEY, 3600)
    assert 97 <= inspect(made).expires_in <= 100
    assert made.expires_at == inspect(made).expires_at <= now() + timedelta(seconds=100)
    assert "credentials end" in caplog.text


@pytest.mark.parametrize("method", ["generate_presigned_url", "generate_presigned_post"])
def test_boto3s_methods_end_with_the_credentials(method: str) -> None:
    """boto3's own methods obey the same rule."""
    s3 = with_credentials(temporary(100))
    if method == "generate_presigned_url":
        made: Any = s3.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": KEY}, 3600)
    else:
        made = s3.generate_presigned_post(BUCKET, KEY, ExpiresIn=3600)
    assert 97 <= inspect(made).expires_in <= 100


@pytest.mark.parametrize("kind", KINDS)
def test_credentials_that_outlive_the_url(kind: str) -> None:
    """Credentials that last longer than what was asked for change nothing."""
    made = getattr(with_credentials(temporary(4000)).presign, kind)(BUCKET, KEY, 300)
    assert inspect(made).expires_in == 300
    assert inspect(made).temporary


def test_expired_credentials_are_refreshed() -> None:
    """Credentials are refreshed as botocore refreshes them, and the new ones sign."""
    s3 = with_credentials(temporary(-5, lambda: renewed(1, 3000)))
    found = inspect(s3.presign.get(BUCKET, KEY, 300))
    assert (found.access_key, found.expires_in) == ("AKIDNEW1", 300)


def test_credentials_that_are_refreshed_within_a_second() -> None:
    """URLs of one second that fall on both sides of a refresh are signed by their own credentials each."""
    s3 = with_credentials(temporary(1000))
    first = s3.presign.get(BUCKET, KEY)
    s3._client._request_signer._credentials = Credentials("AKIDOTHER", "other", "token")
    second = s3.presign.get(BUCKET, KEY)
    assert [inspect(made).access_key for made in (first, second)] == [ACCESS_KEY, "AKIDOTHER"]
    verify(second, Credentials("AKIDOTHER", "other", "token"))


def test_a_role_of_fifteen_minutes() -> None:
    """Credentials that are always within botocore's window are refreshed once for a URL, as botocore does."""
    asked: list[int] = []

    def refresh() -> dict[str, str]:
        asked.append(1)
        return renewed(len(asked), 890)

    credentials = RefreshableCredentials(
        ACCESS_KEY, SECRET_KEY, TOKEN, now() + timedelta(seconds=890), refresh, "assume-role"
    )
    s3 = with_credentials(credentials)
    s3.presign.get(BUCKET, KEY)
    asked.clear()
    made = s3.presign.get(BUCKET, KEY, 3600)
    assert len(asked) == 1
    assert 880 <= inspect(made).expires_in <= 890
    asked.clear()
    assert len(s3.presign.get_many(BUCKET, ["a", "b", "c"], 300)) == 3
    assert len(asked) == 1


def test_a_refresh_that_broke_off() -> None:
    """Credentials that were left half refreshed sign nothing, and are not waited for."""
    credentials, asked = temporary(1000), []
    frozen = credentials.get_frozen_credentials

    def counted() -> Any:
        asked.append(1)
        return frozen()

    credentials._access_key, credentials.get_frozen_credentials = "AKIDOTHER", counted
    with pytest.raises(errors.ConfigurationError, match="nothing can be presigned"):
        with_credentials(credentials).presign.get(BUCKET, KEY)
    assert len(asked) == 1  # within botocore's window each would be a refresh


@pytest.mark.parametrize("kind", KINDS)
def test_credentials_that_come_expired(kind: str) -> None:
    """Credentials that are refreshed into expired ones sign nothing."""
    s3 = with_credentials(temporary(-5, lambda: renewed(1, -60)))
    with pytest.raises(errors.ConfigurationError, match="nothing can be presigned"):
        getattr(s3.presign, kind)(BUCKET, KEY)


@pytest.mark.parametrize("kind", KINDS)
def test_the_last_second(kind: str) -> None:
    """Credentials with less than a second left sign nothing."""
    credentials = temporary(1000)
    s3 = with_credentials(credentials)
    s3.presign.get(BUCKET, KEY)
    guard = guard_of(s3._client)
    assert guard is not None
    guard.clock._offset, guard.clock._set = 999.5, guard.clock._local() - guard.clock._steady()
    with pytest.raises(errors.ConfigurationError, match="have expired"):
        getattr(s3.presign, kind)(BUCKET, KEY)


@pytest.mark.parametrize(
    ("failure", "ours"),
    [
        (CredentialRetrievalError(provider="sso", error_msg="no token"), errors.ConfigurationError),
        (
            ClientError(
                {"Error": {"Code": "AccessDenied"}, "ResponseMetadata": {"HTTPStatusCode": 403}}, "AssumeRole"
            ),
            errors.AccessDenied,
        ),
    ],
    ids=["provider", "STS"],
)
def test_credentials_that_cannot_be_refreshed(failure: Exception, ours: type[Exception]) -> None:
    """Whatever a refresh fails with leaves as an error of the tree, with its cause."""

    def fail() -> None:
        raise failure

    with pytest.raises(ours) as refused:
        with_credentials(temporary(-5, fail)).presign.get(BUCKET, KEY)
    assert refused.value.__cause__ is failure


@pytest.mark.parametrize("kind", [*KINDS, "get_many"])
def test_anonymous_clients(kind: str) -> None:
    """A client that signs nothing, or has no credentials, cannot presign, and says so."""
    unsigned = SecureS3Client(SseS3(), session=session(), config=Config(signature_version=UNSIGNED))
    for s3 in (unsigned, with_credentials(None)):
        with pytest.raises(errors.ConfigurationError, match="without credentials"):
            getattr(s3.presign, kind)(BUCKET, [KEY] if kind == "get_many" else KEY)


@pytest.mark.parametrize("method", ["generate_presigned_url", "generate_presigned_post"])
def test_anonymous_clients_by_boto3(method: str) -> None:
    """boto3's methods would return a bare address without a signature: refused as well."""
    s3 = SecureS3Client(SseS3(), session=session(), config=Config(signature_version=UNSIGNED))
    arguments: Any = (
        ("get_object", {"Bucket": BUCKET, "Key": KEY}) if method.endswith("url") else (BUCKET, KEY)
    )
    with pytest.raises(errors.ConfigurationError, match="without credentials"):
        getattr(s3, method)(*arguments)


def test_a_token_whose_end_is_unknown() -> None:
    """A static session token says nothing about its end: the URL is signed as asked."""
    made = client(token=TOKEN).presign.get(BUCKET, KEY, 300)
    assert inspect(made).expires_in == 300
    assert TOKEN not in repr(made)


# --- the clock ------------------------------------------------------------------------------------------


class Local:
    """The two clocks of this machine: ``set`` moves one of them, ``pass_`` both."""

    def __init__(self, time: float = 1_800_000_000.0) -> None:
        self.time, self._steady = time, 0.0
        self.clock = ServerClock(lambda: self.time, lambda: self._steady)

    def pass_(self, seconds: float) -> None:
        self.time += seconds
        self._steady += seconds

    def learn(self, dated_at: float | None, sent: float | None = None, **headers: str) -> None:
        told = {} if dated_at is None else {"date": dated(dated_at)}
        self.clock.learn({**told, **headers}, self.time if sent is None else sent)


def dated(time: float) -> str:
    return datetime.fromtimestamp(time, timezone.utc).strftime("%a, %d %b %Y %H:%M:%S GMT")


@pytest.mark.parametrize("off", [3600, -3600, 90, -90, 86_400 * 365, -1_000_000_000])
def test_a_clock_that_is_off(off: int) -> None:
    """One answer shows by how much this machine's clock is off; what is signed then is dated by S3's."""
    local = Local()
    local.learn(local.time + off, sent=local.time - 0.2)
    assert abs(local.clock.now() - (local.time + off)) < 1.5 or off == -1_000_000_000


@pytest.mark.parametrize("seconds", [0.0, 0.1, 30.0, 600.0])
def test_a_slow_answer_proves_nothing(seconds: float) -> None:
    """An answer that took long is dated somewhere between: a right clock stays as it is."""
    for into in (0.0, seconds / 2, seconds):
        local = Local()
        sent = local.time
        local.pass_(seconds)
        local.learn(sent + into, sent)
        assert local.clock.offset == 0.0


def test_a_clock_that_is_set_right() -> None:
    """Once the clock is set, the correction is void at once, before any further answer."""
    local = Local()
    local.learn(local.time + 3600)
    local.pass_(100)
    assert local.clock.offset == 3600
    local.time += 3600
    assert local.clock.offset == 0.0
    assert local.clock.now() == local.time


def test_a_clock_that_is_set_wrong() -> None:
    """A clock that jumps after it was right is corrected by the next answer."""
    local = Local()
    local.learn(local.time)
    local.time -= 3600
    local.learn(local.time + 3600)
    assert local.clock.offset == 3600


@pytest.mark.parametrize(
    "date",
    [
        "",
        "yesterday",
        "Mon, 99 Foo 2026 99:99:99 GMT",
        "1800000000",
        "\x00",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Mon, 01 Jan 0001 00:00:00 GMT",
    ],
)
def test_dates_that_are_none(date: str) -> None:
    """An answer without a readable date, or with one that cannot be, changes nothing."""
    local = Local()
    local.learn(None, date=date)
    local.learn(None)
    assert local.clock.offset == 0.0


@pytest.mark.parametrize("zone", ["GMT", "-0000", "+0000", ""])
def test_dates_are_in_utc(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A date without a zone is UTC, wherever this machine is."""
    import time

    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        local = Local()
        local.learn(None, date=dated(local.time).replace("GMT", zone).strip())
        assert local.clock.offset == 0.0
    finally:
        monkeypatch.undo()
        time.tzset()


def test_an_answer_from_a_cache() -> None:
    """An answer that a cache kept says nothing about the time."""
    local = Local()
    local.learn(local.time - 43_000, age="43000")
    assert local.clock.offset == 0.0


@pytest.mark.parametrize("off", [3600, -3600])
def test_s3s_clock_is_learned_from_any_answer(off: int, local_aws: Any) -> None:
    """After one answer of a server whose clock is an hour off, URLs are dated by it, boto3's are refused.

    A refusal is such an answer: S3 takes no request that is dated so.
    """
    local_aws.create_bucket(BUCKET)
    s3 = local_aws.client(SseS3())
    local_aws.shift_clock(off)
    with pytest.raises(errors.CredentialsRefused, match="RequestTimeTooSkewed"):
        s3.list_objects_v2(Bucket=BUCKET)
    made = s3.presign.get(BUCKET, KEY, 300)
    assert abs((made.expires_at - now()).total_seconds() - 300 - off) < 10
    for refused in (
        lambda: s3.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": KEY}),
        lambda: s3.generate_presigned_post(BUCKET, KEY),
    ):
        with pytest.raises(errors.ConfigurationError, match="clock"):
            refused()


def test_faces_share_the_clock(local_aws: Any) -> None:
    """What is learned under one strategy counts under every other."""
    local_aws.create_bucket(BUCKET)
    s3 = local_aws.client(SseS3())
    local_aws.shift_clock(7200)
    with pytest.raises(errors.CredentialsRefused, match="RequestTimeTooSkewed"):
        s3.put_object(Bucket=BUCKET, Key="a", Body=b"", encryption=s3.encryption)
    from secure_s3 import SseKms

    made = s3.presign.get(BUCKET, KEY, encryption=SseKms(local_aws.kms_key_arn))
    assert (made.expires_at - now()).total_seconds() > 7000
