"""New buckets: in order from the start, or not there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from secure_s3 import SecureS3Client, SecurityProfile, SseKms, errors
from secure_s3.bucket.wanted import DefaultRetention
from secure_s3.local import LocalAws
from tests.bucket.hardening.support import BUCKET, client_of
from tests.local.people import allow, user

LOCK = DefaultRetention(mode="GOVERNANCE", days=3)


def _as(aws: LocalAws, *denied: str) -> SecureS3Client:
    """A client of a user who may do everything but this."""
    keys = user(aws, allow("*"), *({"Effect": "Deny", "Action": each, "Resource": "*"} for each in denied))
    found = {"AccessKeyId": keys["aws_access_key_id"], "SecretAccessKey": keys["aws_secret_access_key"]}
    return aws.client(SseKms(aws.kms_key_arn), session=aws.session(credentials=found))


def _buckets(aws: LocalAws) -> list[str]:
    client = aws.session().client("s3")
    try:
        return [each["Name"] for each in client.list_buckets()["Buckets"]]
    finally:
        client.close()


def test_new_bucket_is_in_order(local_aws: LocalAws) -> None:
    """It is made with Object Lock and without ACLs, and a plan for it is empty; it is not made twice."""
    s3 = client_of(local_aws)
    made = s3.create_secure_bucket(BUCKET, object_lock=LOCK)
    snapshot = made.snapshot(identities=False)
    assert not made.plan(object_lock=LOCK, snapshot=snapshot)
    assert snapshot.object_lock == {
        "ObjectLockEnabled": "Enabled",
        "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 3}},
    }
    assert snapshot.region == "eu-west-1"
    with pytest.raises(errors.PreconditionFailed, match="already") as caught:
        s3.create_secure_bucket(BUCKET)
    assert caught.value.status == 409
    assert _buckets(local_aws) == [BUCKET]


@pytest.mark.parametrize(
    ("denied", "says"),
    [
        ("s3:PutLifecycleConfiguration", "not done: lifecycle"),
        ("s3:GetBucketPolicy", "policy was not read"),
    ],
)
def test_half_made_bucket_is_removed(local_aws: LocalAws, denied: str, says: str) -> None:
    """A bucket that cannot be brought in order is deleted again, and the error says so and why."""
    with _as(local_aws, denied) as s3, pytest.raises(errors.PlanNotApplied) as caught:
        s3.create_secure_bucket(BUCKET)
    assert "was deleted again" in str(caught.value)
    assert says in str(caught.value)
    assert _buckets(local_aws) == []


def test_bucket_that_cannot_be_removed_is_told(local_aws: LocalAws) -> None:
    """What is left behind is said to be."""
    theirs = _as(local_aws, "s3:PutBucketVersioning", "s3:DeleteBucket")
    with theirs as s3, pytest.raises(errors.PlanNotApplied, match="still there"):
        s3.create_secure_bucket(BUCKET)
    assert _buckets(local_aws) == [BUCKET]


def test_bucket_of_others_is_not_touched(local_aws: LocalAws) -> None:
    """A name that is taken, or that the caller may not look at, is refused before anything is sent."""
    local_aws.create_bucket(BUCKET)
    theirs = _as(local_aws, "s3:ListBucket")
    with theirs as s3, pytest.raises(errors.PreconditionFailed, match="not yours"):
        s3.create_secure_bucket(BUCKET)
    assert client_of(local_aws).bucket(BUCKET).snapshot(identities=False).policy is None


def test_existing_bucket_in_the_first_region_is_seen(local_aws: LocalAws, monkeypatch: Any) -> None:
    """In us-east-1 creating a bucket one owns already looks like success: it is asked for before."""
    local_aws.create_bucket(BUCKET)
    with local_aws.client(SseKms(local_aws.kms_key_arn), region_name="us-east-1") as s3:
        monkeypatch.setattr(s3.boto3, "create_bucket", lambda **_: {"Location": f"/{BUCKET}"}, raising=False)
        with pytest.raises(errors.PreconditionFailed, match="already"):
            s3.create_secure_bucket(BUCKET)


@pytest.mark.parametrize("wish", [{"object_lock": 3}, {"colour": "green"}])
def test_wish_that_cannot_be_meant_makes_nothing(local_aws: LocalAws, wish: dict[str, Any]) -> None:
    """Nothing is sent for a profile that is none."""
    with pytest.raises(errors.ConfigurationError):
        client_of(local_aws).create_secure_bucket(BUCKET, **wish)
    assert _buckets(local_aws) == []


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Bad_Name", "lower-case"),
        ("ab", "3 to 63"),
        ("a..b", "3 to 63"),
        ("192.0.2.1", "3 to 63"),
        ("xn--example", "for itself"),
        ("made-s3alias", "access point"),
    ],
)
def test_name_that_no_bucket_can_have_is_refused(
    local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch, name: str, says: str
) -> None:
    """The rule is told, and S3 is not asked."""
    s3 = client_of(local_aws)
    for method in ("head_bucket", "create_bucket"):
        monkeypatch.setattr(s3.boto3, method, None, raising=False)
    with pytest.raises(errors.ConfigurationError, match=says):
        s3.create_secure_bucket(name)


def test_bucket_in_another_account_than_expected_is_not_made(local_aws: LocalAws) -> None:
    """It could neither be read nor deleted again by a client that expects another owner."""
    expecting = SecurityProfile(expected_bucket_owner="444455556666")
    refused = pytest.raises(errors.ConfigurationError, match="expects 444455556666")
    with local_aws.client(SseKms(local_aws.kms_key_arn), profile=expecting) as s3, refused:
        s3.create_secure_bucket(BUCKET)
    with pytest.raises(errors.ConfigurationError, match="expects 444455556666"):
        client_of(local_aws).create_secure_bucket(BUCKET, expected_owner="444455556666")
    assert _buckets(local_aws) == []


def test_key_that_cannot_be_used_makes_no_bucket(local_aws: LocalAws) -> None:
    """A bucket whose default encryption would let nothing be written is removed again."""
    missing = local_aws.kms_key_arn[:-4] + "0000"
    with pytest.raises(errors.PlanNotApplied, match="knows no such key") as caught:
        client_of(local_aws).create_secure_bucket(BUCKET, encryptions=SseKms(missing))
    assert "was deleted again" in str(caught.value)
    assert _buckets(local_aws) == []


# -- the answer to CreateBucket is lost --------------------

Faults = Callable[..., None]


@pytest.fixture
def faults(local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Faults]:
    """Makes the wire fail below the guard: ``sent`` requests arrive, and their answers are lost."""
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda seconds: None))
    client, made = client_of(local_aws)._client, []

    def add(
        operation: str, *, sent: bool, times: int, skip: int = 0, error: BaseException | None = None
    ) -> None:
        answers = iter([False] * skip + [True] * times)

        def strike(request: Any, **_: Any) -> None:
            if next(answers, False):
                if sent:
                    client._endpoint.http_session.send(request)
                raise error or ReadTimeoutError(endpoint_url=request.url)

        client.meta.events.register(f"before-send.s3.{operation}", strike)
        made.append((f"before-send.s3.{operation}", strike))

    yield add
    for event, strike in made:
        client.meta.events.unregister(event, strike)


@pytest.mark.parametrize("times", [1, 99])
def test_bucket_whose_answer_was_lost_is_hardened(local_aws: LocalAws, faults: Faults, times: int) -> None:
    """Whether a second attempt is told that it is there, or none is answered: S3 is asked, and it goes on."""
    faults("CreateBucket", sent=True, times=times)
    made = client_of(local_aws).create_secure_bucket(BUCKET)
    assert not made.plan()


def test_request_that_was_lost_makes_no_bucket(local_aws: LocalAws, faults: Faults) -> None:
    """S3 is asked, and where there is none the cause is raised as it was."""
    faults("CreateBucket", sent=False, times=99)
    with pytest.raises(errors.TransportError, match="there was no such bucket"):
        client_of(local_aws).create_secure_bucket(BUCKET)
    assert _buckets(local_aws) == []


def test_what_cannot_be_known_is_said(local_aws: LocalAws, faults: Faults) -> None:
    """The network is gone for good once the bucket is made: it may be there, and what to do is told."""
    faults("CreateBucket", sent=True, times=99)
    faults("HeadBucket", sent=False, times=99, skip=1)
    with pytest.raises(errors.PlanNotApplied, match="may be there, without protection") as caught:
        client_of(local_aws).create_secure_bucket(BUCKET)
    assert "harden()" in str(caught.value.fix)
    assert _buckets(local_aws) == [BUCKET]


@pytest.mark.parametrize("sent", [True, False])
def test_interrupted_creation_leaves_no_bucket(local_aws: LocalAws, faults: Faults, sent: bool) -> None:
    """Ctrl-C while S3 is at it: what it made is deleted again."""
    faults("CreateBucket", sent=sent, times=1, error=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt) as caught:
        client_of(local_aws).create_secure_bucket(BUCKET)
    assert _buckets(local_aws) == []
    said = "deleted again" if sent else "there was no bucket"
    assert said in "".join(getattr(caught.value, "__notes__", [said]))  # notes are of Python 3.11


def test_bucket_of_the_same_account_made_meanwhile_is_left(
    local_aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first attempt that is told that the name is taken made nothing, and removes nothing."""
    local_aws.create_bucket(BUCKET)
    monkeypatch.setattr("secure_s3.bucket.hardening.creating._refuse_existing", lambda client, name: None)
    with pytest.raises(errors.PreconditionFailed, match="a moment ago"):
        client_of(local_aws).create_secure_bucket(BUCKET)
    assert _buckets(local_aws) == [BUCKET]
