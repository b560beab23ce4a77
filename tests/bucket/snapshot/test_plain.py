"""A snapshot is the same after it was written as JSON and read again; anything else is refused."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secure_s3.bucket.snapshot.plain import from_dict, to_dict
from secure_s3.bucket.snapshot.values import AccessPoint, Identity, Key, LogTarget, Snapshot, Trail, Unread
from secure_s3.errors import ConfigurationError
from tests.guard.support import BUCKET

TEXTS = st.text(max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=5,
)
UNREAD = st.builds(Unread, TEXTS, TEXTS, st.none() | TEXTS)
SETTING = st.dictionaries(st.text("ABCab", max_size=4), JSON, max_size=3)


def known(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return values | UNREAD


def listed(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return known(st.lists(values, max_size=2).map(tuple))


TEXT, FLAG, SET = known(TEXTS), known(st.booleans()), known(SETTING)
POLICY = known(st.none() | TEXTS)
KEY = st.builds(Key, arn=TEXTS, metadata=SET, rotation=SET, policy=TEXT)
TARGET = st.builds(
    LogTarget,
    bucket=TEXTS,
    policy=POLICY,
    public_access_block=SET,
    encryption=SET,
    ownership=TEXT,
    region=TEXT,
)
POINT = st.builds(
    AccessPoint,
    name=TEXTS,
    arn=TEXTS,
    alias=st.none() | TEXTS,
    public_access_block=SET,
    policy=POLICY,
    is_public=FLAG,
)
TRAIL = st.builds(Trail, name=TEXTS, arn=TEXTS, multi_region=st.booleans(), logging=FLAG, selectors=SET)
IDENTITY = st.builds(
    Identity, arn=TEXTS, policies=st.lists(TEXTS, max_size=2).map(tuple), boundary=st.none() | TEXTS
)
OF_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "account": TEXT,
    "policy": POLICY,
    "policy_is_public": FLAG,
    "acl": SET,
    "blocked_encryption": listed(TEXTS),
    "keys": st.dictionaries(TEXTS, KEY, max_size=2),
    "log_target": known(st.none() | TARGET),
    "lifecycle": listed(SETTING),
    "access_points": listed(POINT),
    "trails": listed(TRAIL),
    "identities": listed(IDENTITY),
    "cut": st.lists(TEXTS, max_size=2).map(tuple),
}
SNAPSHOTS = st.builds(Snapshot, bucket=TEXTS, taken_at=TEXTS, **OF_FIELDS)


@settings(max_examples=60)
@given(SNAPSHOTS)
def test_round_trip(snapshot: Snapshot) -> None:
    """Nothing is lost on the way through JSON, and what was not read stays so."""
    assert from_dict(json.loads(json.dumps(to_dict(snapshot)))) == snapshot


BARE = Snapshot(bucket=BUCKET, taken_at="2026-06-01T00:00:00+00:00")
PLAIN = to_dict(BARE)
WRONG: list[tuple[Any, str]] = [
    ([], "snapshot must be an object"),
    ("{}", "snapshot must be an object"),
    ({}, "snapshot.bucket must be given\n  why: it is missing"),
    ({**PLAIN, "bucket": None}, "snapshot.bucket must be a text"),
    ({**PLAIN, "versions": ""}, "snapshot.versions must be left out"),
    ({**PLAIN, "versioning": True}, "snapshot.versioning must be a text"),
    ({**PLAIN, "versioning": None}, "snapshot.versioning must be a text"),
    ({**PLAIN, "mfa_delete": 0}, "snapshot.mfa_delete must be true or false"),
    ({**PLAIN, "lifecycle": {}}, "snapshot.lifecycle must be a list"),
    ({**PLAIN, "lifecycle": ["x"]}, r"snapshot.lifecycle\[0\] must be an object"),
    ({**PLAIN, "acl": []}, "snapshot.acl must be an object"),
    ({**PLAIN, "acl": {1: 2}}, "snapshot.acl must be an object"),
    ({**PLAIN, "acl": {"a": [{"b": object()}]}}, r"snapshot.acl.a\[0\].b must be a value that JSON has"),
    ({**PLAIN, "policy": {"unread": {}}}, "snapshot.policy.unread.why must be given"),
    ({**PLAIN, "policy": {"unread": "no"}}, "snapshot.policy.unread must be an object"),
    ({**PLAIN, "policy": {"unread": {"why": 1}}}, "snapshot.policy.unread.why must be a text"),
    ({**PLAIN, "keys": {"k": {"unread": {"why": "no"}}}}, "snapshot.keys.k.unread must be left out"),
    ({**PLAIN, "trails": [{"name": "t"}]}, r"snapshot.trails\[0\].arn must be given"),
    ({**PLAIN, "\x9b31m": 1}, "^(?!.*\x9b)"),
]


@pytest.mark.parametrize(("given_", "why"), WRONG)
def test_what_is_no_snapshot(given_: Any, why: str) -> None:
    """What cannot be a snapshot is refused under the name of the field that is wrong."""
    with pytest.raises(ConfigurationError, match=why):
        from_dict(given_)


def test_too_deep() -> None:
    """A setting of any depth is refused, and breaks nothing."""
    deep: Any = {}
    for _ in range(500):
        deep = {"a": [deep]}
    with pytest.raises(ConfigurationError, match="levels deep"):
        from_dict({**PLAIN, "acl": deep})


def test_older_snapshots() -> None:
    """What a snapshot of an older version does not have was not asked for."""
    assert from_dict({"bucket": BUCKET, "taken_at": BARE.taken_at}) == BARE
    full = {each.name for each in fields(Snapshot)}
    assert PLAIN.keys() == full
    assert to_dict(replace(BARE, policy=Unread("no", "s3:GetBucketPolicy", "AccessDenied")))["policy"] == {
        "unread": {"why": "no", "action": "s3:GetBucketPolicy", "code": "AccessDenied"}
    }
