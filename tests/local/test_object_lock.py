"""Object Lock and MFA delete, as the embedded endpoint enforces them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from secure_s3.local import LocalAws
from secure_s3.local.server.settings.object_lock import is_locked, read_date, write_date
from tests.local.denials import denial
from tests.local.people import deny, document
from tests.local.support import BUCKET, send, signed_url

LOCKED = f"{BUCKET}-locked"
PROTECTED = "Access Denied because object protected by object lock."
NOW = datetime.now(timezone.utc).replace(microsecond=0)
SOON, LATER, LATEST = (NOW + timedelta(days=days) for days in (2, 4, 6))
DENIED, ARGUMENT = (403, "AccessDenied"), (400, "InvalidArgument")
BY_POLICY = ("bucket_policy", "s3:BypassGovernanceRetention")
MFA = "arn:aws:iam::111122223333:mfa/root-account-mfa-device 123456"


@pytest.fixture
def lock(s3: Any) -> Any:
    """A client, and beside the usual bucket one with Object Lock."""
    s3.create_bucket(
        Bucket=LOCKED,
        CreateBucketConfiguration={"LocationConstraint": "eu-west-1"},
        ObjectLockEnabledForBucket=True,
    )
    return s3


def put(s3: Any, mode: str | None = None, until: datetime = LATER, **more: Any) -> str:
    """A version of "k"."""
    if mode is not None:
        more |= {"ObjectLockMode": mode, "ObjectLockRetainUntilDate": until}
    return str(s3.put_object(Bucket=LOCKED, Key="k", Body=b"k", **more)["VersionId"])


def protected(operation: Any, **arguments: Any) -> bool:
    """The call is refused because of the lock."""
    found = denial(operation, Bucket=LOCKED, Key="k", **arguments)
    return (found.status, found.code, found.cause, found.message) == (*DENIED, "object_lock", PROTECTED)


def default(s3: Any, mode: str = "GOVERNANCE", **period: int) -> None:
    rule = {"DefaultRetention": {"Mode": mode, **period}}
    configuration = {"ObjectLockEnabled": "Enabled", "Rule": rule}
    s3.put_object_lock_configuration(Bucket=LOCKED, ObjectLockConfiguration=configuration)


LOCKS: list[tuple[dict[str, Any], dict[str, bool], bool]] = [
    ({"mode": "COMPLIANCE"}, {}, True),
    ({"mode": "COMPLIANCE"}, {"BypassGovernanceRetention": True}, True),
    ({"mode": "GOVERNANCE"}, {}, True),
    ({"mode": "GOVERNANCE"}, {"BypassGovernanceRetention": False}, True),
    ({"mode": "GOVERNANCE"}, {"BypassGovernanceRetention": True}, False),
    ({"ObjectLockLegalHoldStatus": "ON"}, {"BypassGovernanceRetention": True}, True),
    ({"ObjectLockLegalHoldStatus": "OFF"}, {}, False),
    (
        {"mode": "GOVERNANCE", "ObjectLockLegalHoldStatus": "ON"},
        {"BypassGovernanceRetention": True},
        True,
    ),
    ({}, {}, False),
]


def test_locked_versions_stay(lock: Any) -> None:
    """A version is deleted only without a lock; a delete marker can always be put on top."""
    for given, bypass, locked in LOCKS:
        version = put(lock, **given)
        assert lock.delete_object(Bucket=LOCKED, Key="k", **bypass)["DeleteMarker"]
        call = {"VersionId": version, **bypass}
        if locked:
            assert protected(lock.delete_object, **call), (given, bypass)
        else:
            lock.delete_object(Bucket=LOCKED, Key="k", **call)
        listed = lock.list_object_versions(Bucket=LOCKED).get("Versions", [])
        assert (version in {each["VersionId"] for each in listed}) is locked


def test_several_keys_are_deleted_each_by_its_own_lock(lock: Any) -> None:
    """DeleteObjects tells what is protected, and deletes the rest."""
    held, free = put(lock, "COMPLIANCE"), put(lock)
    spaced = lock.put_object(Bucket=LOCKED, Key=" k ", Body=b"k", ObjectLockLegalHoldStatus="ON")["VersionId"]
    listed = [{"Key": "k", "VersionId": version} for version in (held, free)]
    listed += [{"Key": " k ", "VersionId": spaced}, {"Key": "k"}]
    answer = lock.delete_objects(Bucket=LOCKED, Delete={"Objects": listed})
    assert [each.get("VersionId") for each in answer["Deleted"]] == [free, None]
    told = [(each["VersionId"], each["Code"], each["Message"]) for each in answer["Errors"]]
    assert told == [(version, "AccessDenied", PROTECTED) for version in (held, spaced)]
    governed = put(lock, "GOVERNANCE")
    gone = {"Objects": [{"Key": "k", "VersionId": governed}]}
    assert "Errors" in lock.delete_objects(Bucket=LOCKED, Delete=gone)
    assert "Errors" not in lock.delete_objects(Bucket=LOCKED, Delete=gone, BypassGovernanceRetention=True)


def test_a_policy_denies_the_bypass_of_what_is_governed_and_of_nothing_else(lock: Any) -> None:
    """It is needed where governance retention is passed by: in a delete, in one of several, in a change."""
    governed, again, free = put(lock, "GOVERNANCE"), put(lock, "GOVERNANCE"), put(lock)
    statement = deny("s3:BypassGovernanceRetention", Principal="*", Resource=f"arn:aws:s3:::{LOCKED}/*")
    lock.put_bucket_policy(Bucket=LOCKED, Policy=document(statement))
    bypass: dict[str, Any] = {"BypassGovernanceRetention": True}
    found = denial(lock.delete_object, Bucket=LOCKED, Key="k", VersionId=governed, **bypass)
    assert (found.cause, found.action, found.explicit) == (*BY_POLICY, True)
    entries = {"Objects": [{"Key": "k", "VersionId": each} for each in (again, free)] + [{"Key": "k"}]}
    answer = lock.delete_objects(Bucket=LOCKED, Delete=entries, **bypass)
    assert [each["VersionId"] for each in answer["Errors"]] == [again]
    assert "BypassGovernanceRetention" in answer["Errors"][0]["Message"]
    put(lock, "GOVERNANCE")
    shorter = {"Mode": "GOVERNANCE", "RetainUntilDate": SOON}
    found = denial(lock.put_object_retention, Bucket=LOCKED, Key="k", Retention=shorter, **bypass)
    assert (found.cause, found.action, found.explicit) == (*BY_POLICY, True)


def test_retention_ends_by_the_endpoints_clock(local_aws: LocalAws, lock: Any) -> None:
    """Whatever this machine's clock says: a lock that is over by the endpoint's holds nothing."""
    version = put(lock, "COMPLIANCE", SOON)
    days = timedelta(days=3)

    def delete() -> int:
        query = [("versionId", version)]
        url = signed_url(local_aws, "DELETE", "k", bucket=LOCKED, query=query, age=-shifted)
        return send(local_aws, "DELETE", url).status

    statuses = []
    for shifted in (timedelta(), days):
        local_aws.shift_clock(shifted.total_seconds())
        statuses.append(delete())
    assert statuses == [403, 204]


@pytest.mark.parametrize(("mode", "bypass"), [("COMPLIANCE", True), ("GOVERNANCE", False)])
def test_a_lock_ends_at_its_date(mode: str, bypass: bool) -> None:
    """Not a second before, and one whose date cannot be read never."""
    stored = SimpleNamespace(lock_mode=mode, lock_until=write_date(SOON), lock_legal_status=None)
    assert is_locked(stored, SOON - timedelta(seconds=1), bypass=bypass)
    assert not is_locked(stored, SOON, bypass=bypass)
    stored.lock_until = "one day"
    assert is_locked(stored, SOON, bypass=bypass)
    assert not is_locked(None, SOON)


CHANGES: list[tuple[str, str | None, datetime | None, bool, bool]] = [
    ("COMPLIANCE", "COMPLIANCE", LATEST, False, True),
    ("COMPLIANCE", "COMPLIANCE", SOON, False, False),
    ("COMPLIANCE", "COMPLIANCE", SOON, True, False),
    ("COMPLIANCE", "GOVERNANCE", LATEST, True, False),
    ("COMPLIANCE", None, None, True, False),
    ("GOVERNANCE", "GOVERNANCE", LATEST, False, True),
    ("GOVERNANCE", "GOVERNANCE", SOON, False, False),
    ("GOVERNANCE", "GOVERNANCE", SOON, True, True),
    ("GOVERNANCE", None, None, False, False),
    ("GOVERNANCE", None, None, True, True),
]


def test_retention_gets_longer_and_not_shorter(lock: Any) -> None:
    """In COMPLIANCE never, in GOVERNANCE with a bypass."""
    for held, mode, until, bypass, allowed in CHANGES:
        version = put(lock, held)
        wanted: dict[str, Any] = {"Mode": mode, "RetainUntilDate": until} if mode else {}
        call = {"VersionId": version, "Retention": wanted, "BypassGovernanceRetention": bypass}
        if not allowed:
            assert protected(lock.put_object_retention, **call), (held, mode, until, bypass)
            wanted = {"Mode": held, "RetainUntilDate": LATER}
        else:
            lock.put_object_retention(Bucket=LOCKED, Key="k", **call)
        head = lock.head_object(Bucket=LOCKED, Key="k")
        assert head.get("ObjectLockMode") == wanted.get("Mode")
        if wanted:
            told = lock.get_object_retention(Bucket=LOCKED, Key="k", VersionId=version)["Retention"]
            assert told == wanted


def test_a_legal_hold_is_put_and_taken_off(lock: Any, refused: Any) -> None:
    """Retention or not; without one, there is nothing to tell."""
    version = put(lock)
    assert refused(lock.get_object_legal_hold, Bucket=LOCKED, Key="k")[1] == "NoSuchObjectLockConfiguration"
    assert refused(lock.get_object_retention, Bucket=LOCKED, Key="k")[1] == "NoSuchObjectLockConfiguration"
    lock.put_object_legal_hold(Bucket=LOCKED, Key="k", LegalHold={"Status": "ON"})
    assert lock.get_object_legal_hold(Bucket=LOCKED, Key="k")["LegalHold"] == {"Status": "ON"}
    assert protected(lock.delete_object, VersionId=version)
    lock.put_object_legal_hold(Bucket=LOCKED, Key="k", LegalHold={"Status": "OFF"})
    lock.delete_object(Bucket=LOCKED, Key="k", VersionId=version)


@pytest.mark.parametrize("period", [{"Days": 3}, {"Years": 1}])
def test_new_objects_get_the_buckets_retention(lock: Any, period: dict[str, int]) -> None:
    """Put, copied or uploaded in parts; headers of their own come first."""
    default(lock, "COMPLIANCE", **period)
    told = lock.get_object_lock_configuration(Bucket=LOCKED)["ObjectLockConfiguration"]
    assert told["Rule"] == {"DefaultRetention": {"Mode": "COMPLIANCE", **period}}
    put(lock)
    lock.copy_object(Bucket=LOCKED, Key="c", CopySource=f"{LOCKED}/k")
    upload = lock.create_multipart_upload(Bucket=LOCKED, Key="m")["UploadId"]
    part = lock.upload_part(Bucket=LOCKED, Key="m", UploadId=upload, PartNumber=1, Body=b"m")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    lock.complete_multipart_upload(Bucket=LOCKED, Key="m", UploadId=upload, MultipartUpload=parts)
    days = period.get("Days", 0) + 365 * period.get("Years", 0)
    for key in ("k", "c", "m"):
        head = lock.head_object(Bucket=LOCKED, Key=key)
        assert head["ObjectLockMode"] == "COMPLIANCE"
        left = head["ObjectLockRetainUntilDate"] - NOW - timedelta(days=days)
        assert abs(left) < timedelta(hours=1)
    put(lock, "GOVERNANCE", LATEST)
    assert lock.head_object(Bucket=LOCKED, Key="k")["ObjectLockRetainUntilDate"] == LATEST


def test_headers_that_mean_nothing_are_refused(lock: Any, refused: Any) -> None:
    """And nothing is stored."""
    nonsense: list[dict[str, Any]] = [
        {"ObjectLockMode": "GOVERNANCE"},
        {"ObjectLockRetainUntilDate": LATER},
        {"ObjectLockMode": "FOREVER", "ObjectLockRetainUntilDate": LATER},
        {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": NOW - timedelta(days=1)},
        {"ObjectLockLegalHoldStatus": "on"},
    ]
    for given in nonsense:
        assert refused(lock.put_object, Bucket=LOCKED, Key="k", **given) == ARGUMENT, given
        assert refused(lock.create_multipart_upload, Bucket=LOCKED, Key="k", **given) == ARGUMENT, given
    assert "Contents" not in lock.list_objects_v2(Bucket=LOCKED)


MISSING = "Bucket is missing Object Lock Configuration"
ELSEWHERE: list[tuple[str, dict[str, Any], str]] = [
    ("put_object", {"ObjectLockLegalHoldStatus": "ON"}, "Bucket is missing ObjectLockConfiguration"),
    ("get_object_retention", {}, MISSING),
    ("get_object_legal_hold", {}, MISSING),
    ("put_object_legal_hold", {"LegalHold": {"Status": "ON"}}, MISSING),
    ("put_object_retention", {"Retention": {"Mode": "COMPLIANCE", "RetainUntilDate": LATER}}, MISSING),
    (
        "delete_object",
        {"BypassGovernanceRetention": True},
        "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.",
    ),
]


def test_other_buckets_have_no_locks(s3: Any) -> None:
    """They say so; their configuration is not found."""
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"k")
    for operation, arguments, message in ELSEWHERE:
        found = denial(getattr(s3, operation), Bucket=BUCKET, Key="k", **arguments)
        assert (found.status, found.cause, found.message) == (400, "object_lock", message)
    found = denial(s3.get_object_lock_configuration, Bucket=BUCKET)
    assert (found.status, found.code) == (404, "ObjectLockConfigurationNotFoundError")
    assert found.message == "Object Lock configuration does not exist for this bucket"


CONFIGURATIONS: list[tuple[dict[str, Any], tuple[int, str]]] = [
    ({}, (400, "MalformedXML")),
    ({"Rule": {"DefaultRetention": {"Mode": "GOVERNANCE"}}}, (400, "MalformedXML")),
    (
        {"Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1, "Years": 1}}},
        (400, "MalformedXML"),
    ),
    ({"Rule": {"DefaultRetention": {"Mode": "FOREVER", "Days": 1}}}, (400, "MalformedXML")),
    ({"Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 0}}}, ARGUMENT),
    ({"Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 36501}}}, ARGUMENT),
]


def test_configurations_that_mean_nothing_are_refused(lock: Any, refused: Any) -> None:
    """A mode, and one period of days or years."""
    for configuration, answer in CONFIGURATIONS:
        given = {"ObjectLockEnabled": "Enabled", **configuration} if configuration else {}
        call = lock.put_object_lock_configuration
        assert refused(call, Bucket=LOCKED, ObjectLockConfiguration=given) == answer, configuration


def test_object_lock_needs_versions(s3: Any, refused: Any) -> None:
    """It is put on where there are versions, and then versioning stays on."""
    on = {"ObjectLockEnabled": "Enabled"}
    call = s3.put_object_lock_configuration
    assert refused(call, Bucket=BUCKET, ObjectLockConfiguration=on) == (409, "InvalidBucketState")
    s3.put_object(Bucket=BUCKET, Key="k", Body=b"k")
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    call(Bucket=BUCKET, ObjectLockConfiguration=on)
    off = {"VersioningConfiguration": {"Status": "Suspended"}}
    assert refused(s3.put_bucket_versioning, Bucket=BUCKET, **off) == (409, "InvalidBucketState")


def test_mfa_delete(s3: Any) -> None:
    """Versions are deleted, and versioning is changed, only with a code; delete markers need none."""

    def needs_mfa(operation: Any, **arguments: Any) -> None:
        found = denial(operation, Bucket=BUCKET, **arguments)
        told = (found.status, found.cause, found.message)
        assert told == (403, "mfa_delete", "Mfa Authentication must be used for this request")
        operation(Bucket=BUCKET, **arguments, MFA=MFA)

    on = {"Status": "Enabled", "MFADelete": "Enabled"}
    needs_mfa(s3.put_bucket_versioning, VersioningConfiguration=on)
    told = s3.get_bucket_versioning(Bucket=BUCKET)
    assert (told["Status"], told["MFADelete"]) == ("Enabled", "Enabled")
    versions = [s3.put_object(Bucket=BUCKET, Key="k", Body=b"k")["VersionId"] for _ in range(2)]
    s3.delete_object(Bucket=BUCKET, Key="k")
    needs_mfa(s3.delete_object, Key="k", VersionId=versions[0])
    listed = [{"Key": "other"}, {"Key": "k", "VersionId": versions[1]}]
    needs_mfa(s3.delete_objects, Delete={"Objects": listed})
    s3.delete_objects(Bucket=BUCKET, Delete={"Objects": listed[:1]})
    needs_mfa(s3.put_bucket_versioning, VersioningConfiguration={"Status": "Suspended"})
    needs_mfa(s3.put_bucket_versioning, VersioningConfiguration={**on, "MFADelete": "Disabled"})
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})


@examples(st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(timezone.utc)))
def test_dates_are_read_as_they_are_written(when: datetime) -> None:
    """To the second; whatever zone they are written for."""
    second = when.replace(microsecond=0)
    assert read_date(write_date(when)) == second
    east = second.astimezone(timezone(timedelta(hours=5, minutes=30)))
    if 1900 < second.year < 9999:
        assert read_date(east.isoformat()) == second


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2026-13-01T00:00:00Z", "2026-01-01", "9999-12-31T23:59:59-10:00"]
)
def test_other_texts_are_no_dates(text: str) -> None:
    """Half of a date is none."""
    assert read_date(text) is None


def test_delete_markers_have_no_lock(lock: Any) -> None:
    """A delete marker is no object: it has neither retention nor legal hold, and is told to be a marker."""
    put(lock)
    marker = lock.delete_object(Bucket=LOCKED, Key="k")["VersionId"]
    for name in ("get_object_retention", "get_object_legal_hold"):
        found = denial(getattr(lock, name), Bucket=LOCKED, Key="k", VersionId=marker)
        assert (found.status, found.code) == (405, "MethodNotAllowed")
