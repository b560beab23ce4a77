"""Profiles of buckets: what cannot be meant is refused when they are made."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3 import SecurityProfile, SseC, SseKms, SseS3
from secure_s3.bucket import handle
from secure_s3.bucket.wanted import BucketProfile, DefaultRetention
from secure_s3.errors import ConfigurationError, PolicyError
from secure_s3.policy import lockout
from tests.bucket.hardening.support import ACCOUNT, BARE, BUCKET, KEY

ROLE = f"arn:aws:iam::{ACCOUNT}:role/Admin"
ADMINS = (
    ROLE,
    f"arn:aws:iam::{ACCOUNT}:user/path/alice",
    f"arn:aws-us-gov:iam::{ACCOUNT}:root",
    f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/one",
)
NO_ADMINS = (
    *(ACCOUNT, "Admin", "*", "arn:aws:iam", "arn", "arn:aws:s3:::bucket", "cloudtrail.amazonaws.com"),
    *(f"arn:aws:iam::{ACCOUNT}:role/*", f"arn:aws:iam::{ACCOUNT}:role/", f"arn:aws:iam::{ACCOUNT}:group/a"),
    *("arn:aws:iam::1234:role/Admin", f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin", f"{ROLE}\n"),
    f" {ROLE}",
)


@pytest.mark.parametrize("admin", ADMINS)
def test_administrators_are_named_by_arn(admin: str) -> None:
    """Users, roles, sessions of roles and root users can be judged; one alone need not be in a tuple."""
    assert BucketProfile(admins=admin).admins == (admin,)  # type: ignore[arg-type]
    assert BucketProfile(admins=[admin, ROLE]).admins == (admin, ROLE)  # type: ignore[arg-type]


@pytest.mark.parametrize("admin", NO_ADMINS)
def test_who_administers_nothing_is_refused(admin: str) -> None:
    """What names nobody, more than one, or a service, would make a lock-out go unseen."""
    with pytest.raises(ConfigurationError, match="administers no bucket"):
        BucketProfile(admins=(admin,))


@pytest.mark.parametrize("principal", [*NO_ADMINS[:10], "", None, 7])
def test_lockout_takes_arns_alone(principal: Any) -> None:
    """The same is a PolicyError where a policy is asked directly, and no other error."""
    with pytest.raises(PolicyError, match="administers no bucket"):
        lockout('{"Version": "2012-10-17", "Statement": []}', principal, bucket=BUCKET)


@given(st.text(max_size=60) | st.from_regex(r"\Aarn:[a-z:/0-9*]{0,60}", fullmatch=False))
def test_any_text_is_judged_or_refused(text: str) -> None:
    """Nothing but errors of this package comes of what is no principal."""
    for call in (
        lambda: BucketProfile(admins=(text,)),
        lambda: lockout('{"Version": "2012-10-17", "Statement": []}', text, bucket=BUCKET),
    ):
        with suppress(ConfigurationError):
            call()


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({"expected_owner": "1234"}, "12 digits"),
        ({"expected_owner": 111122223333}, "12 digits"),
        ({"log_prefix": "logs/"}, "without log_bucket"),
        ({"log_bucket": "amzn-s3-demo-logs", "log_prefix": 3}, "no beginning of keys"),
        ({"log_bucket": "amzn-s3-demo-logs", "log_prefix": "a\nb"}, "no beginning of keys"),
        ({"log_bucket": "Logs"}, "not a bucket name"),
        ({"requires": None}, "requires=None is no list of texts"),
        ({"requires": 3}, "requires=3 is no list of texts"),
        ({"requires": [3]}, "is no list of texts"),
        ({"requires": b"macie"}, "is no list of texts"),
        ({"admins": None}, "admins=None is no list of texts"),
        ({"admins": [None]}, "is no list of texts"),
        ({"object_lock": "GOVERNANCE"}, "'GOVERNANCE' is no DefaultRetention"),
        ({"object_lock": 30}, "30 is no DefaultRetention"),
        ({"encryptions": None}, "encryptions=None names no"),
        ({"encryptions": "sse-kms"}, "'sse-kms' names no"),
        ({"encryptions": [KEY]}, "a list names no"),
        ({"encryptions": ()}, "names no"),
        ({"encryptions": 3}, "encryptions=3 names no"),
        ({"name": ""}, "no text"),
        ({"name": None}, "no text"),
    ],
)
def test_wish_of_a_wrong_type_is_told_as_such(wish: dict[str, Any], says: str) -> None:
    """The error names the wish and the type that it should have."""
    with pytest.raises(ConfigurationError, match=re.escape(says)):
        BucketProfile(**wish)


def test_lock_without_versions_is_told_apart() -> None:
    """Versioning is the reason only where it is off."""
    with pytest.raises(ConfigurationError, match="needs versioning"):
        BucketProfile(object_lock=DefaultRetention(mode="GOVERNANCE", days=3), versioning=False)


def test_keys_of_customers_stay_secret() -> None:
    """What is refused beside a key does not show the key."""
    strategy = SseC.generate()
    with pytest.raises(ConfigurationError) as caught:
        BucketProfile(encryptions=[strategy, "x"])  # type: ignore[arg-type]
    assert "SseC" not in str(caught.value)


def _handle() -> handle.Bucket:
    return handle.Bucket(
        None, None, BUCKET, profile=SecurityProfile(), encryption=SseKms(KEY), further={}
    )  # asks nobody


@pytest.mark.parametrize("given_one", [SecurityProfile(), "strict", SseS3(), {}])
@pytest.mark.parametrize("method", ["audit", "plan", "harden"])
def test_profile_of_another_kind_is_refused(method: str, given_one: Any) -> None:
    """The client's own profile is no bucket's; the error says that it is taken by itself."""
    with pytest.raises(ConfigurationError, match="taken by itself"):
        getattr(_handle(), method)(given_one)


@pytest.mark.parametrize("method", ["audit", "plan"])
@pytest.mark.parametrize("given_one", ["snapshot.json", {}, 0])
def test_snapshot_of_another_kind_is_refused(method: str, given_one: Any) -> None:
    """Neither a path nor a dict is a snapshot."""
    with pytest.raises(ConfigurationError, match="no Snapshot"):
        getattr(_handle(), method)(snapshot=given_one)


@pytest.mark.parametrize("given_one", [None, "plan", BARE])
def test_plan_of_another_kind_is_refused(given_one: Any) -> None:
    """Only a plan can be applied."""
    with pytest.raises(ConfigurationError, match="no Plan"):
        _handle().apply(given_one)


def test_snapshot_of_another_bucket_is_refused() -> None:
    """What is right for one bucket may open another."""
    with pytest.raises(ConfigurationError, match="amzn-s3-demo-other"):
        _handle().plan(snapshot=replace(BARE, bucket="amzn-s3-demo-other"))
