"""Applying without a server: what is read before anything is sent, and how settings are compared."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from secure_s3 import SseKms
from secure_s3.bucket.hardening import applying
from secure_s3.bucket.hardening.reading import same, size_for_transitions
from secure_s3.bucket.snapshot.required import require_read
from secure_s3.bucket.snapshot.values import Unread
from secure_s3.bucket.wanted import BucketProfile, DefaultRetention
from secure_s3.errors import (
    AccessDenied,
    ConfigurationError,
    PlanNotApplied,
    PlanOutdated,
    SecureS3Error,
    TransportError,
)
from tests.bucket.hardening.support import BARE, KEY, LOGS, READ_BY_OTHERS, change, deny, document, planned

RULE = {"ID": "a", "Status": "Enabled", "Prefix": "", "Expiration": {"Date": "2030-01-01T00:00:00+00:00"}}
FIRST, SECOND = deny("a", "s3:GetObject"), deny("b", "s3:PutObject")


class _Answering:
    """A client that answers one call."""

    def __init__(self, **answer: Any) -> None:
        self.answer, self.asked = answer, 0

    def get_bucket_lifecycle_configuration(self, **_: Any) -> Any:
        """What S3 says of the rules."""
        self.asked += 1
        return self.answer


def test_size_for_transitions_is_sent_again() -> None:
    """S3 would reset it where it is left out; where there are no rules there is none to keep."""
    client = _Answering(Rules=[], TransitionDefaultMinimumObjectSize="varies_by_storage_class")
    with_rules = change(planned(lifecycle=(RULE,)), "lifecycle")
    kept = {"TransitionDefaultMinimumObjectSize": "varies_by_storage_class"}
    assert size_for_transitions(client, with_rules) == kept
    assert size_for_transitions(client, change(planned(), "lifecycle")) == {}
    assert client.asked == 1
    assert size_for_transitions(_Answering(Rules=[]), with_rules) == {}


class _Silent:
    """A client that cannot be asked, or that answers by now."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error

    def get_bucket_versioning(self, **_: Any) -> Any:
        """Once more, for the cause."""
        if self.error:
            raise self.error
        return {}


@pytest.mark.parametrize(
    ("unread", "error", "kind", "says"),
    [
        (Unread("there was no answer in time"), None, SecureS3Error, "no setting of amzn-s3-demo-bucket"),
        (Unread("no answer"), EndpointConnectionError(endpoint_url="https://a"), TransportError, "https://a"),
        (Unread("denied\x1b[2J", "s3:GetThing", "AccessDenied"), None, AccessDenied, "takes s3:GetThing"),
    ],
)
def test_nothing_is_planned_out_of_nothing(
    unread: Unread, error: Exception | None, kind: type[SecureS3Error], says: str
) -> None:
    """Where no setting was read the reason is raised, printable; one setting is enough to go by."""
    names = [each.name for each in fields(BARE) if each.name not in ("bucket", "taken_at", "partition")]
    settings: dict[str, Any] = {name: unread for name in names if name not in ("keys", "cut")}
    nothing = replace(BARE, **settings)
    with pytest.raises(kind, match=says) as caught:
        require_read(_Silent(error), nothing, BucketProfile())
    assert "\x1b" not in str(caught.value)
    require_read(None, replace(nothing, versioning=""), BucketProfile())  # nobody is asked


@pytest.mark.parametrize(
    ("now", "kind", "says"),
    [
        (Unread("access denied", "s3:GetThing"), PlanNotApplied, "s3:GetThing"),
        ({"SSEAlgorithm": "aws:kms:dsse\x1b[2J"}, PlanOutdated, "dsse"),
        ({}, PlanOutdated, "but nothing"),
    ],
)
def test_nothing_is_sent_unseen(
    monkeypatch: pytest.MonkeyPatch, now: Any, kind: type[PlanNotApplied], says: str
) -> None:
    """A setting that cannot be read again, or is another, is not written; hostile text is made printable."""
    monkeypatch.setattr(applying, "read_again", lambda asking, change: now)
    plan = planned()
    with pytest.raises(kind, match=says) as caught:
        applying.apply(None, None, plan)  # neither client nor session is used
    assert caught.value.not_done == plan.changes
    assert caught.value.done == ()
    told = json.loads(json.dumps(caught.value.diagnostics()))
    assert told["not_done"] == [each.id for each in plan.changes]
    assert told["done"] == []
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("field", "one", "other", "alike"),
    [
        ("policy", document(FIRST, SECOND), document(SECOND, FIRST), True),
        ("policy", document(FIRST), document(FIRST | {"Principal": {"AWS": "*"}}), True),
        ("policy", document(FIRST), document(FIRST, SECOND), False),
        ("policy", document(FIRST), document(FIRST | {"Sid": "c"}), False),
        ("policy", None, document(READ_BY_OTHERS), False),
        ("policy", "{", "{", True),
        ("policy", "{", document(FIRST), False),
        ("lifecycle", (RULE,), [RULE | {"Expiration": {"Date": "2030-01-01T01:00:00+01:00"}}], True),
        ("lifecycle", (RULE,), [RULE | {"Expiration": {"Date": "2030-01-02T00:00:00Z"}}], False),
        ("lifecycle", (RULE, RULE | {"ID": "b"}), [RULE | {"ID": "b"}, RULE], True),
        ("versioning", "", "Suspended", False),
        ("keys", False, True, False),
    ],
)
def test_settings_are_compared_by_meaning(field: str, one: Any, other: Any, alike: bool) -> None:
    """Order and spelling do not count, everything else does."""
    assert same(field, one, other) is alike
    assert same(field, other, one) is alike


def test_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C passes, and has what was done and what was not, like the errors of a plan."""
    plan = planned()
    shown: dict[str, Any] = {each.id: each.before for each in plan.changes}

    def send(client: Any, session: Any, change: Any) -> None:
        if change == plan.changes[1]:
            raise KeyboardInterrupt
        shown[change.id] = change.after

    monkeypatch.setattr(applying, "read_again", lambda asking, change: shown[change.id])
    monkeypatch.setattr(applying, "_send", send)
    with pytest.raises(KeyboardInterrupt) as caught:
        applying.apply(None, None, plan)
    told: Any = caught.value
    assert (told.done, told.not_done) == (plan.changes[:1], plan.changes[1:])


@pytest.mark.parametrize(
    ("seen", "says"),
    [("after", ""), ("before", "it does not show yet"), (Unread("no answer"), "read back: no answer")],
)
def test_answer_that_was_lost(monkeypatch: pytest.MonkeyPatch, seen: Any, says: str) -> None:
    """Where the connection breaks, a change that shows is done, and of any other nobody claims either."""
    plan = planned()
    shown: dict[str, Any] = {each.id: each.before for each in plan.changes}
    lost = plan.changes[1]

    def send(client: Any, session: Any, change: Any) -> None:
        shown[change.id] = change.after
        if change == lost:
            shown[change.id] = getattr(change, seen) if isinstance(seen, str) else seen
            raise TransportError("the connection broke", why="reset", fix="try again")

    monkeypatch.setattr(applying, "read_again", lambda asking, change: shown[change.id])
    monkeypatch.setattr(applying, "_send", send)
    if seen == "after":
        assert applying.apply(None, None, plan).done == plan.changes
        return
    with pytest.raises(PlanNotApplied) as caught:
        applying.apply(None, None, plan)
    assert f"whether {lost.id} was done is not known" in caught.value.why
    assert says in caught.value.why
    assert (caught.value.done, caught.value.not_done) == (plan.changes[:1], plan.changes[1:])


@pytest.mark.parametrize(
    "wrong",
    [
        {"method": "delete_bucket"},
        {"method": "delete_bucket_policy"},
        {"method": "put_bucket_acl"},
        {"service": "kms"},
        {"service": "iam", "method": "enable_key_rotation"},
        {"method": "__class__"},
        {"resource": "amzn-s3-demo-other"},
    ],
)
def test_calls_that_hardening_does_not_make(monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str]) -> None:
    """A plan with any other call, or one about another bucket than it says, is refused before the first."""
    plan = planned()
    monkeypatch.setattr(applying, "read_again", lambda *_: pytest.fail("nothing is asked"))
    changed: Any = wrong
    forged = replace(plan, changes=(*plan.changes[:-1], replace(plan.changes[-1], **changed)))
    with pytest.raises(ConfigurationError, match="does not make"):
        applying.apply(None, None, forged)


def test_all_calls_of_plans_are_known() -> None:
    """Whatever is planned may be applied."""
    profile = BucketProfile(
        encryptions=(SseKms(KEY),),
        object_lock=DefaultRetention(mode="GOVERNANCE", days=1),
        log_bucket=LOGS,
        block_account=True,
    )
    found = planned(profile, public_access_block={}, ownership="ObjectWriter")
    assert {(each.service, each.method) for each in found.changes} == applying.CALLS
