"""Retention as values, and what is refused before anything is sent."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3.bucket.retention import Protection, Retention
from secure_s3.bucket.retention.refusing import deletion_needs_bypass, needs_bypass, refuse_shorter_default
from secure_s3.bucket.wanted import DefaultRetention
from secure_s3.errors import ConfigurationError, RetentionRefused

NOW = datetime(2030, 1, 1, tzinfo=timezone.utc)
WHERE = "s3://amzn-s3-demo-bucket/k"
DAY = timedelta(days=1)


def protection(mode: str | None = None, days: float = 10, *, hold: bool = False) -> Protection:
    """What a version has that is retained for some days from now."""
    until = None if mode is None else NOW + days * DAY
    return Protection(mode=mode, retain_until=until, legal_hold=hold)


def bypass(current: Protection, wanted: Retention, *, allowed: bool = False) -> bool:
    return needs_bypass(current, wanted, NOW, WHERE, allow_governance_bypass=allowed)


@pytest.mark.parametrize(
    "given",
    [
        {"days": 0},
        {"days": -1},
        {"days": 36_501},
        {"days": 1.5},
        {"days": True},
        {"days": "30"},
        {},
        {"days": 1, "until": NOW},
        {"until": datetime(2031, 1, 1)},
        {"until": "2031-01-01"},
        {"until": datetime.max.replace(tzinfo=timezone.utc)},
    ],
)
def test_retentions_that_are_none(given: dict[str, Any]) -> None:
    """A retention is for a whole number of days up to 100 years, or until a moment that is one everywhere."""
    for made in (Retention.governance, Retention.compliance):
        with pytest.raises(ConfigurationError):
            made(**given)


@pytest.mark.parametrize("mode", ["governance", "", "NONE", None])
def test_modes_that_are_none(mode: Any) -> None:
    """There are two modes, spelt as S3 does."""
    with pytest.raises(ConfigurationError, match="GOVERNANCE or COMPLIANCE"):
        Retention(mode=mode, days=1)


@pytest.mark.parametrize(
    ("until", "what"),
    [(NOW, "is over"), (NOW - DAY, "is over"), (NOW + 36_501 * DAY, "more than 36500 days away")],
)
def test_dates_that_do_not_do(until: datetime, what: str) -> None:
    """A date that is over, or more than 100 years away, is refused with what time it is for S3."""
    for use in (Retention.governance(until=until).ends, Retention.compliance(until=until).arguments):
        with pytest.raises(ConfigurationError, match=what):
            use(NOW)


def test_what_a_new_object_is_sent_with() -> None:
    """Mode and date, and a legal hold if one is asked for; another time zone is the same moment."""
    east = timezone(timedelta(hours=9))
    until = datetime(2030, 2, 1, 9, 0, 0, 1, tzinfo=east)
    assert Retention.governance(days=2).arguments(NOW) == {
        "ObjectLockMode": "GOVERNANCE",
        "ObjectLockRetainUntilDate": NOW + 2 * DAY,
    }
    assert Retention.compliance(until=until).arguments(NOW, hold=True) == {
        "ObjectLockMode": "COMPLIANCE",
        "ObjectLockRetainUntilDate": datetime(2030, 2, 1, 0, 0, 1, tzinfo=timezone.utc),
        "ObjectLockLegalHoldStatus": "ON",
    }


@given(st.datetimes(NOW.replace(tzinfo=None) + DAY, datetime(2100, 1, 1), timezones=st.timezones()))
def test_never_earlier_than_asked(until: datetime) -> None:
    """What is sent has whole seconds, and is less than one later than what was asked for."""
    ends = Retention.governance(until=until).ends(NOW)
    assert ends.microsecond == 0
    assert timedelta(0) <= ends - until < timedelta(seconds=1)


@pytest.mark.parametrize("allowed", [False, True])
@pytest.mark.parametrize(
    "wanted",
    [Retention.compliance(days=9), Retention.governance(days=9), Retention.governance(days=20)],
)
def test_compliance_is_never_loosened(wanted: Retention, allowed: bool) -> None:
    """In compliance mode nothing is shortened or made governance, by whatever name; it says until when."""
    with pytest.raises(RetentionRefused) as caught:
        bypass(protection("COMPLIANCE"), wanted, allowed=allowed)
    assert "compliance mode until 2030-01-11 00:00:00 UTC" in caught.value.why
    assert "root user" in caught.value.why
    assert "allow_" not in caught.value.fix


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Retention.governance(days=9), "would end on 2030-01-10"),
        (Retention.compliance(days=9), "would end on 2030-01-10"),
        (Retention.compliance(days=20), "would become one of compliance mode"),
    ],
)
def test_governance_is_bypassed_by_name_alone(wanted: Retention, said: str) -> None:
    """A shorter one, or the other mode, needs the permission and the name; the refusal says both."""
    with pytest.raises(RetentionRefused, match=said) as caught:
        bypass(protection("GOVERNANCE"), wanted)
    assert "governance mode until 2030-01-11" in caught.value.why
    assert "s3:BypassGovernanceRetention" in caught.value.why
    assert caught.value.fix == "pass allow_governance_bypass=True"
    assert ("cannot be undone" in caught.value.why) is ("become" in said)
    assert bypass(protection("GOVERNANCE"), wanted, allowed=True)


@pytest.mark.parametrize(
    ("current", "wanted"),
    [
        (protection(), Retention.governance(days=1)),
        (protection(hold=True), Retention.compliance(days=1)),
        (protection("GOVERNANCE", -1), Retention.governance(days=1)),
        (protection("COMPLIANCE", -1), Retention.governance(days=1)),
        (protection("GOVERNANCE"), Retention.governance(days=10)),
        (protection("GOVERNANCE"), Retention.governance(days=11)),
        (protection("COMPLIANCE"), Retention.compliance(until=NOW + 10 * DAY)),
    ],
)
def test_what_loosens_nothing(current: Protection, wanted: Retention) -> None:
    """A first retention, one after another is over, and a longer one bypass nothing, even if they might."""
    assert not bypass(current, wanted)
    assert not bypass(current, wanted, allowed=True)


@given(st.sampled_from([None, "GOVERNANCE", "COMPLIANCE"]), st.integers(-50, 50), st.integers(1, 50))
def test_compliance_ends_when_it_was_to_end(mode: str | None, days: int, wanted: int) -> None:
    """Whatever is allowed to pass under compliance mode ends no earlier, in compliance mode."""
    current = protection(mode, days)
    for after in (Retention.governance(days=wanted), Retention.compliance(days=wanted)):
        try:
            bypass(current, after, allowed=True)
        except RetentionRefused:
            continue
        if mode == "COMPLIANCE" and days > 0:
            assert (after.mode, wanted >= days) == ("COMPLIANCE", True)


@pytest.mark.parametrize(
    ("current", "allowed", "said"),
    [
        (protection("COMPLIANCE"), True, "nobody can delete it before, not even the root user"),
        (protection("COMPLIANCE", hold=True), True, "legal hold"),
        (protection("GOVERNANCE", hold=True), True, "legal hold"),
        (protection(hold=True), True, "until it is released"),
        (protection("GOVERNANCE"), False, "s3:BypassGovernanceRetention"),
    ],
)
def test_deletions_that_are_refused(current: Protection, allowed: bool, said: str) -> None:
    """What protects a version is named, with until when."""
    with pytest.raises(RetentionRefused, match="would be deleted") as caught:
        deletion_needs_bypass(current, NOW, WHERE, allow_governance_bypass=allowed)
    assert said in caught.value.why


def test_deletions_that_pass() -> None:
    """What nothing protects any more is deleted without getting round anything."""
    for current in (protection(), protection("COMPLIANCE", -1), protection("GOVERNANCE", -1)):
        assert not deletion_needs_bypass(current, NOW, WHERE, allow_governance_bypass=True)
    assert deletion_needs_bypass(protection("GOVERNANCE"), NOW, WHERE, allow_governance_bypass=True)


@pytest.mark.parametrize(
    "wanted",
    [
        None,
        DefaultRetention(mode="COMPLIANCE", days=364),
        DefaultRetention(mode="GOVERNANCE", days=5000),
    ],
)
def test_defaults_that_protect_less(wanted: DefaultRetention | None) -> None:
    """No default, a shorter one and a looser one are refused, and the refusal says what is there."""
    with pytest.raises(RetentionRefused, match="new objects") as caught:
        refuse_shorter_default(DefaultRetention(mode="COMPLIANCE", years=1), wanted, "amzn-s3-demo-bucket")
    assert "365 days, in compliance mode" in caught.value.why


def test_defaults_that_protect_as_much() -> None:
    """The same in other words, a longer and a stricter one pass."""
    year = DefaultRetention(mode="GOVERNANCE", years=1)
    for wanted in (
        year,
        DefaultRetention(mode="COMPLIANCE", days=365),
        DefaultRetention(mode="GOVERNANCE", years=2),
    ):
        refuse_shorter_default(year, wanted, "amzn-s3-demo-bucket")
    refuse_shorter_default(None, None, "amzn-s3-demo-bucket")


def test_protections_in_words() -> None:
    """A protection says what it is; one without an end that is known counts as held."""
    assert (
        str(protection("GOVERNANCE", hold=True))
        == "GOVERNANCE until 2030-01-11 00:00:00 UTC and a legal hold"
    )
    assert str(protection()) == "not protected"
    assert protection(hold=True).locked(NOW)
    assert Protection(mode="COMPLIANCE").locked(NOW)
    assert not protection("COMPLIANCE", -1).locked(NOW)
