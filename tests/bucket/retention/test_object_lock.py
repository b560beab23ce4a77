"""Object Lock through the client, at an endpoint that enforces it."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig

from secure_s3 import ClientSide, RawAesKey, SecureS3Client, SecurityProfile, SseC, SseKms, SseS3, errors
from secure_s3.bucket.retention import Retention
from secure_s3.bucket.wanted import DefaultRetention
from secure_s3.local import LocalAws
from tests.local.people import allow, deny, user

BUCKET, PLAIN = "amzn-s3-demo-bucket", "amzn-s3-demo-plain"
DAY = timedelta(days=1)
PARTS = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20)
WAYS = (
    *("kms", "sse-c", "client", "client-multipart", "multipart"),
    *("copy", "copy-multipart", "many", "open"),
)
GOVERNANCE, COMPLIANCE = Retention.governance(days=10), Retention.compliance(days=10)


@pytest.fixture(scope="module")
def shared(_secure_s3_local_server: LocalAws) -> Iterator[SecureS3Client]:
    """One client for all tests here: to make one takes longer than most of them."""
    if not _secure_s3_local_server.running:
        _secure_s3_local_server.start()
    with _secure_s3_local_server.client(SseS3()) as client:
        yield client


@pytest.fixture
def s3(local_aws: LocalAws, shared: SecureS3Client) -> SecureS3Client:
    """A client, a bucket with Object Lock, and one without."""
    where: Any = {"CreateBucketConfiguration": {"LocationConstraint": local_aws.region}}
    shared.boto3.create_bucket(Bucket=PLAIN, **where)
    shared.boto3.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True, **where)
    return shared


@pytest.fixture
def lock(s3: SecureS3Client) -> Any:
    """Object Lock of the bucket that has it."""
    return s3.bucket(BUCKET).object_lock


def put(s3: SecureS3Client, key: str = "k", **more: Any) -> str:
    """A version of an object."""
    return str(s3.put_object(Bucket=BUCKET, Key=key, Body=b"x", **more)["VersionId"])


def in_days(days: int) -> datetime:
    """A moment, to the second."""
    return datetime.now(timezone.utc).replace(microsecond=0) + days * DAY


def as_user(local_aws: LocalAws, *statements: dict[str, Any]) -> SecureS3Client:
    """A client of a user who is allowed these."""
    session = local_aws.session(credentials=_keys(user(local_aws, *statements)))
    return local_aws.client(SseS3(), session=session)


def _keys(given: dict[str, str]) -> dict[str, str]:
    return {"AccessKeyId": given["aws_access_key_id"], "SecretAccessKey": given["aws_secret_access_key"]}


def write(client: SecureS3Client, way: str, encryption: Any, folder: Path, extra: dict[str, Any]) -> str:
    """Write an object with these arguments in one way; its key."""
    key, body = f"{way}-key", bytes(6 << 20) if "multipart" in way else b"x"
    if way.startswith("copy"):
        client.upload_fileobj(io.BytesIO(body), PLAIN, "source", Config=PARTS)
        client.copy({"Bucket": PLAIN, "Key": "source"}, BUCKET, key, ExtraArgs=extra, Config=PARTS)
    elif way == "many":
        (folder / key).write_bytes(body)
        client.upload_many(folder, BUCKET, extra_args=extra)
    elif way == "open":
        with client.open(BUCKET, key, "wb", extra_args=extra) as stream:
            stream.write(body)
    elif "multipart" in way:
        source = io.BytesIO(body)
        client.upload_fileobj(source, BUCKET, key, ExtraArgs=extra, Config=PARTS, encryption=encryption)
    else:
        client.put_object(Bucket=BUCKET, Key=key, Body=body, encryption=encryption, **extra)
    return key


@pytest.mark.parametrize("checksums", ["when_supported", "when_required"])
def test_new_objects_are_locked_whatever_way_they_come(
    local_aws: LocalAws, s3: SecureS3Client, lock: Any, tmp_path: Path, checksums: str
) -> None:
    """Every way of writing passes retention and hold on, with the checksum that S3 wants of it."""
    strategies = {
        "kms": SseKms(local_aws.kms_key_arn),
        "sse-c": SseC.generate(),
        "client": ClientSide(RawAesKey("key", bytes(32))),
        "client-multipart": ClientSide(RawAesKey("key", bytes(32))),
    }
    with local_aws.client(SseS3(), profile=SecurityProfile(checksum_mode=checksums)) as client:
        extra = client.bucket(BUCKET).object_lock.arguments(GOVERNANCE, hold=True)
        assert ("ChecksumAlgorithm" in extra) is (checksums == "when_required")
        for way in WAYS:
            found = lock.of(write(client, way, strategies.get(way), tmp_path, extra))
            assert (way, found.mode, found.legal_hold) == (way, "GOVERNANCE", True)
            assert found.retain_until == extra["ObjectLockRetainUntilDate"]


@pytest.mark.parametrize("checksums", ["when_supported", "when_required"])
def test_a_default_retention(local_aws: LocalAws, lock: Any, checksums: str) -> None:
    """What says nothing itself gets the default; a profile may leave the checksum to the call."""
    lock.set_default(DefaultRetention(mode="GOVERNANCE", days=3))
    named: dict[str, Any] = {} if checksums == "when_supported" else {"ChecksumAlgorithm": "SHA256"}
    with local_aws.client(SseS3(), profile=SecurityProfile(checksum_mode=checksums)) as client:
        if named:
            with pytest.raises(errors.InvalidRequest, match="x-amz-checksum-"):
                client.put_object(Bucket=BUCKET, Key="k", Body=b"x")
        client.put_object(Bucket=BUCKET, Key="k", Body=b"x", **named)
        client.upload_fileobj(io.BytesIO(bytes(6 << 20)), BUCKET, "l", named, Config=PARTS)
    assert [lock.of(key).mode for key in ("k", "l")] == ["GOVERNANCE"] * 2


def test_retained_later_and_longer(s3: SecureS3Client, lock: Any) -> None:
    """An object that is there is retained, longer, and held; the answers are what S3 says afterwards."""
    version = put(s3)
    assert str(lock.of("k")) == "not protected"
    first = lock.retain("k", GOVERNANCE, version_id=version)
    assert lock.of("k", version) == first
    until = in_days(30)
    lock.retain("k", Retention.governance(until=until))
    assert lock.of("k").retain_until == until
    lock.hold("k")
    assert lock.of("k").legal_hold
    lock.release("k", version)
    assert not lock.of("k").legal_hold
    lock.retain("k", Retention.governance(until=until))


def test_the_version_that_is_named(s3: SecureS3Client, lock: Any) -> None:
    """Of two versions the named one is locked, and the newest if none is."""
    old, new = put(s3), put(s3)
    lock.retain("k", GOVERNANCE, version_id=old)
    assert [lock.of("k", each).mode for each in (old, new, None)] == ["GOVERNANCE", None, None]
    lock.hold("k")
    assert [lock.of("k", each).legal_hold for each in (old, new)] == [False, True]


def test_shortening_is_refused_and_nothing_is_sent(s3: SecureS3Client, lock: Any) -> None:
    """A shorter retention is refused here, even to whoever could; what is there stays."""
    put(s3, **lock.arguments(GOVERNANCE))
    before = lock.of("k")
    sent: list[str] = []

    def note(**_: Any) -> None:
        sent.append("put")

    s3.boto3.meta.events.register("before-send.s3.PutObjectRetention", note)
    for wanted in (Retention.governance(days=9), Retention.compliance(days=20)):
        with pytest.raises(errors.RetentionRefused):
            lock.retain("k", wanted)
    s3.boto3.meta.events.unregister("before-send.s3.PutObjectRetention", note)
    assert sent == []
    assert lock.of("k") == before


def test_governance_is_bypassed_by_name(
    s3: SecureS3Client, lock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """With the name and the permission it becomes shorter, and then compliance; each is logged."""
    put(s3, **lock.arguments(GOVERNANCE))
    with caplog.at_level(logging.WARNING, "secure_s3.bucket.retention"):
        lock.retain("k", Retention.governance(days=2), allow_governance_bypass=True)
        lock.retain("k", COMPLIANCE, allow_governance_bypass=True)
    assert [each.message.split(",")[0] for each in caplog.records] == [
        f"governance mode is bypassed for s3://{BUCKET}/k"
    ] * 2
    assert lock.of("k").mode == "COMPLIANCE"


def test_a_bypass_that_is_not_needed_is_not_sent(s3: SecureS3Client, lock: Any, caplog: Any) -> None:
    """Where nothing is got round, the name does nothing."""
    put(s3)
    with caplog.at_level(logging.WARNING, "secure_s3.bucket.retention"):
        lock.retain("k", GOVERNANCE, allow_governance_bypass=True)
        lock.retain("k", Retention.governance(days=20), allow_governance_bypass=True)
    assert caplog.records == []


def test_compliance_holds_against_the_owner(s3: SecureS3Client, lock: Any) -> None:
    """Nobody shortens or deletes what is in compliance mode, here or at S3; longer is fine."""
    version = put(s3, **lock.arguments(COMPLIANCE))
    for wanted in (Retention.compliance(days=9), Retention.governance(days=11)):
        with pytest.raises(errors.RetentionRefused, match="retention of"):
            lock.retain("k", wanted, allow_governance_bypass=True)
    with pytest.raises(errors.RetentionRefused, match="would be deleted"):
        lock.delete_version("k", version, allow_governance_bypass=True)
    with pytest.raises(errors.ObjectLocked):
        s3.delete_object(Bucket=BUCKET, Key="k", VersionId=version, BypassGovernanceRetention=True)
    lock.retain("k", Retention.compliance(days=11))


def test_a_retention_that_is_over(local_aws: LocalAws, s3: SecureS3Client, lock: Any) -> None:
    """Once it is over by S3's clock, which the client learns, the date is refused and the version deleted."""
    until = in_days(0) + timedelta(minutes=5)
    version = put(s3, **lock.arguments(Retention.compliance(until=until)))
    local_aws.shift_clock(600)
    s3.head_object(Bucket=BUCKET, Key="k")
    with pytest.raises(errors.ConfigurationError, match="is over"):
        lock.retain("k", Retention.governance(until=until))
    lock.delete_version("k", version)
    with pytest.raises(errors.NotFound):
        lock.of("k", version)


@pytest.mark.parametrize(
    ("given", "allowed", "said"),
    [
        ({"hold": True}, True, "legal hold"),
        ({"retention": GOVERNANCE}, False, "s3:BypassGovernanceRetention"),
        ({"retention": GOVERNANCE, "hold": True}, True, "legal hold"),
    ],
)
def test_protected_versions_are_not_deleted(
    s3: SecureS3Client, lock: Any, given: dict[str, Any], allowed: bool, said: str
) -> None:
    """The refusal says what protects it; the version is there still."""
    version = put(s3, **lock.arguments(**given))
    with pytest.raises(errors.RetentionRefused) as caught:
        lock.delete_version("k", version, allow_governance_bypass=allowed)
    assert said in caught.value.why
    assert s3.get_object(Bucket=BUCKET, Key="k", VersionId=version)["Body"].read() == b"x"


def test_versions_that_are_deleted(s3: SecureS3Client, lock: Any) -> None:
    """By name what governance mode protects, and without it what nothing protects, delete markers too."""
    lock.delete_version("k", put(s3, **lock.arguments(GOVERNANCE)), allow_governance_bypass=True)
    lock.delete_version("k", put(s3))
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"x")
    marker = s3.delete_object(Bucket=BUCKET, Key="k")["VersionId"]
    lock.delete_version("k", marker)
    s3.get_object(Bucket=BUCKET, Key="k")["Body"].read()
    with pytest.raises(errors.ConfigurationError, match="version's id"):
        lock.delete_version("k", "")


def test_whoever_may_not_read_the_retention(local_aws: LocalAws, s3: SecureS3Client, lock: Any) -> None:
    """S3 decides then; its refusal is an ObjectLocked, and a bypass is sent only by name."""
    version = put(s3, **lock.arguments(GOVERNANCE))
    write = allow("s3:PutObjectRetention", "s3:BypassGovernanceRetention", "s3:DeleteObjectVersion")
    with as_user(local_aws, write) as client:
        blind = client.bucket(BUCKET).object_lock
        with pytest.raises(errors.AccessDenied, match="GetObjectRetention"):
            blind.of("k")
        with pytest.raises(errors.ObjectLocked) as caught:
            blind.retain("k", Retention.governance(days=2))
        assert caught.value.denial.cause == "object_lock"
        with pytest.raises(errors.ObjectLocked):
            blind.delete_version("k", version)
        blind.retain("k", Retention.governance(days=2), allow_governance_bypass=True)
        blind.delete_version("k", version, allow_governance_bypass=True)


def test_a_bypass_without_the_permission(local_aws: LocalAws, s3: SecureS3Client, lock: Any) -> None:
    """The name alone does not do: S3 wants the permission, and says so."""
    put(s3, **lock.arguments(GOVERNANCE))
    later = Retention.governance(days=2)
    with as_user(
        local_aws, allow("s3:*"), deny("s3:BypassGovernanceRetention", "s3:PutObjectLegalHold")
    ) as one:
        theirs = one.bucket(BUCKET).object_lock
        with pytest.raises(errors.AccessDenied, match="BypassGovernanceRetention"):
            theirs.retain("k", later, allow_governance_bypass=True)
        with pytest.raises(errors.AccessDenied, match="PutObjectLegalHold"):
            theirs.hold("k")
    assert str(lock.of("k")).startswith("GOVERNANCE until")


def test_a_bucket_without_object_lock(s3: SecureS3Client) -> None:
    """Every call says that there is none and how to get it; nothing switches it on by the way."""
    lock = s3.bucket(PLAIN).object_lock
    s3.put_object(Bucket=PLAIN, Key="k", Body=b"x")
    for call in (lambda: lock.of("k"), lambda: lock.retain("k", GOVERNANCE), lambda: lock.hold("k")):
        with pytest.raises(errors.InvalidRequest, match="has no Object Lock") as caught:
            call()
        assert "object_lock.enable()" in caught.value.fix
        assert caught.value.denial.cause == "object_lock"
    assert lock.default() is None
    with pytest.raises(errors.ConfigurationError, match="cannot be switched off"):
        lock.set_default(DefaultRetention(mode="GOVERNANCE", days=1))
    with pytest.raises(errors.InvalidRequest):
        s3.put_object(Bucket=PLAIN, Key="k", Body=b"x", **lock.arguments(GOVERNANCE))


def test_enabling(s3: SecureS3Client) -> None:
    """It takes versioning; a second time it changes nothing, and a default is not lost by it."""
    lock, default = s3.bucket(PLAIN).object_lock, DefaultRetention(mode="GOVERNANCE", years=1)
    with pytest.raises(errors.PreconditionFailed, match=f"versioning, and that of {PLAIN} is off") as caught:
        lock.enable(default)
    assert "harden(object_lock=" in caught.value.fix
    s3.boto3.put_bucket_versioning(Bucket=PLAIN, VersioningConfiguration={"Status": "Enabled"})
    lock.enable(default)
    lock.enable()
    assert lock.default() == default
    with pytest.raises(errors.RetentionRefused):
        lock.enable(DefaultRetention(mode="GOVERNANCE", days=1))


def test_other_default_retentions(lock: Any, caplog: pytest.LogCaptureFixture) -> None:
    """It is made longer and stricter as one likes; shorter, looser or none by name, which is logged."""
    first = DefaultRetention(mode="COMPLIANCE", days=30)
    lock.set_default(first)
    for wanted in (None, DefaultRetention(mode="GOVERNANCE", days=30)):
        with pytest.raises(errors.RetentionRefused, match="new objects"):
            lock.set_default(wanted)
    assert lock.default() == first
    with caplog.at_level(logging.WARNING, "secure_s3.bucket.retention"):
        lock.set_default(None, allow_shorter=True)
    assert len(caplog.records) == 1
    assert lock.default() is None


def test_enabling_without_a_look_at_versioning(local_aws: LocalAws, s3: SecureS3Client) -> None:
    """Whoever may not read versioning gets S3's refusal, with what it needs and not how long to wait."""
    actions = ("s3:GetBucketObjectLockConfiguration", "s3:PutBucketObjectLockConfiguration")
    said = "Versioning must be 'Enabled'"
    with (
        as_user(local_aws, allow(*actions)) as client,
        pytest.raises(errors.PreconditionFailed, match=said) as caught,
    ):
        client.bucket(PLAIN).object_lock.enable()
    assert (caught.value.denial.cause, caught.value.denial.detail) == ("object_lock", "versioning needed")
    assert "switch versioning on" in caught.value.fix


@pytest.mark.parametrize("wanted", ["x", 30, True, GOVERNANCE, {"Mode": "GOVERNANCE", "Days": 1}])
def test_what_is_no_default_retention(shared: SecureS3Client, wanted: Any) -> None:
    """A retention of a version, or parts of one, are none for a bucket; nothing is sent."""
    lock = shared.bucket("amzn-s3-demo-none").object_lock
    for call in (lock.enable, lock.set_default):
        with pytest.raises(errors.ConfigurationError, match="is no default retention"):
            call(wanted)


@pytest.mark.parametrize("wanted", [30, "GOVERNANCE", None, {"Mode": "GOVERNANCE"}])
def test_what_is_no_retention(shared: SecureS3Client, wanted: Any) -> None:
    """A number or a mode alone says too little."""
    lock = shared.bucket(BUCKET).object_lock
    with pytest.raises(errors.ConfigurationError, match=r"Retention\.governance"):
        lock.retain("k", wanted)
    with pytest.raises(errors.ConfigurationError):
        lock.arguments(wanted)


def test_what_is_not_there(s3: SecureS3Client, lock: Any) -> None:
    """No object, no version, no bucket: NotFound; a truthy text is no flag."""
    put(s3)
    for call in (
        lambda: lock.of("missing"),
        lambda: lock.retain("missing", GOVERNANCE),
        lambda: lock.hold("k", "0" * 32),
        lambda: s3.bucket("amzn-s3-demo-none").object_lock.of("k"),
        lambda: s3.bucket("amzn-s3-demo-none").object_lock.default(),
    ):
        with pytest.raises(errors.NotFound) as caught:
            call()
        assert ("check the version id" in caught.value.fix) is (caught.value.code == "NoSuchVersion")
    with pytest.raises(errors.ConfigurationError, match="neither True nor False"):
        lock.retain("k", GOVERNANCE, allow_governance_bypass="false")
