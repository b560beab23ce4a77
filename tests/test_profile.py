"""What an application allows itself can be narrowed, never loosened."""

from __future__ import annotations

import dataclasses
import pickle
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3 import errors
from secure_s3.encryption import DsseKms, SseKms
from secure_s3.profile import PROFILES, REGULATED, STANDARD, STRATEGY_NAMES, SecurityProfile

WRONG: list[tuple[str, Any]] = [
    *(("min_tls", value) for value in ("1.0", "1.1", "1.4", "", "TLSv1.2", 1.2, 1.3, None, "1.2 ", ["1.2"])),
    *(
        ("allowed_strategies", value)
        for value in ((), [], "", "SseKMS", ["SseKms", "Nope"], [None], None, 5, [""], "SseKms,SseS3")
    ),
    *(
        ("presign_ceiling", value)
        for value in (
            0,
            -1,
            604801,
            10**30,
            -(10**30),
            1.5,
            "60",
            None,
            True,
            timedelta(0),
            timedelta(seconds=-1),
            timedelta(seconds=0.5),
            timedelta(days=7, seconds=1),
        )
    ),
    *(
        ("expected_bucket_owner", value)
        for value in (
            "",
            "1",
            "11112222333",
            "1111222233334",
            "11112222333a",
            111122223333,
            "\uff11\uff11\uff11\uff11\uff12\uff12\uff12\uff12\uff13\uff13\uff13\uff13",
            " 111122223333",
            "111122223333\n",
            b"111122223333",
        )
    ),
    *(("checksum_mode", value) for value in ("", "never", "WHEN_SUPPORTED", None, True)),
    *(("retries", value) for value in (0, -1, 11, 1.5, "3", None, True)),
]


@pytest.mark.parametrize(("setting", "value"), WRONG)
def test_wrong_settings(setting: str, value: Any) -> None:
    """A malformed setting is refused when the profile is built, and when it is tightened."""
    with pytest.raises(errors.ConfigurationError):
        SecurityProfile(**{setting: value})
    if value is not None or setting != "expected_bucket_owner":
        with pytest.raises(errors.ConfigurationError):
            STANDARD.tighten(**{setting: value})


LOOSENING: list[tuple[str, Any]] = [
    ("min_tls", "1.2"),
    ("allowed_strategies", STRATEGY_NAMES),
    ("allowed_strategies", {"SseS3"}),
    ("allowed_strategies", {"SseKms", "SseC"}),
    ("presign_ceiling", 901),
    ("presign_ceiling", timedelta(minutes=15, seconds=1)),
    ("allow_environment_ca_bundle", True),
]


@pytest.mark.parametrize(("setting", "value"), LOOSENING)
def test_loosening_is_refused(setting: str, value: Any) -> None:
    """tighten() refuses whatever would allow more, and names the setting."""
    with pytest.raises(errors.NotAllowedByProfile, match=setting):
        REGULATED.tighten(**{setting: value})


def test_the_owner_cannot_be_changed_or_dropped() -> None:
    """An expected owner can be added, but neither changed nor dropped."""
    owned = STANDARD.tighten(expected_bucket_owner="111122223333")
    assert owned.tighten(expected_bucket_owner="111122223333") == owned
    for other in ("999999999999", None):
        with pytest.raises(errors.NotAllowedByProfile, match="expected_bucket_owner"):
            owned.tighten(expected_bucket_owner=other)


def test_a_stricter_checksum_mode_stays() -> None:
    """Checksums with every upload cannot be tightened away."""
    with pytest.raises(errors.NotAllowedByProfile, match="checksum_mode"):
        STANDARD.tighten(checksum_mode="when_required")
    assert SecurityProfile(checksum_mode="when_required").tighten(checksum_mode="when_supported")


@given(
    changes=st.fixed_dictionaries(
        {},
        optional={
            "min_tls": st.sampled_from(["1.2", "1.3"]),
            "allowed_strategies": st.sets(st.sampled_from(sorted(STRATEGY_NAMES)), min_size=1),
            "presign_ceiling": st.integers(1, 604800),
            "allow_environment_ca_bundle": st.booleans(),
            "retries": st.integers(1, 10),
        },
    ),
    start=st.sampled_from([STANDARD, REGULATED, SecurityProfile(allow_environment_ca_bundle=True)]),
)
def test_whatever_is_tightened_allows_no_more(changes: dict[str, Any], start: SecurityProfile) -> None:
    """For any changes the result allows no more than the start, or there is none; the start is unchanged."""
    before = dataclasses.replace(start)
    try:
        tightened = start.tighten(**changes)
    except errors.NotAllowedByProfile:
        assert start == before
        return
    assert tightened.allowed_strategies <= start.allowed_strategies
    assert tightened.min_tls >= start.min_tls
    assert tightened.presign_ceiling <= start.presign_ceiling
    assert start.allow_environment_ca_bundle or not tightened.allow_environment_ca_bundle
    assert start == before


@pytest.mark.parametrize("name", ["tls", "min_tls_version", "", "retry"])
def test_unknown_settings(name: str) -> None:
    """A setting that does not exist is refused, with the list of those that do."""
    with pytest.raises(errors.ConfigurationError, match="settings are"):
        STANDARD.tighten(**{name: 1})


def test_names() -> None:
    """Profiles are found by name in any case; a profile is its own name."""
    for name, profile in PROFILES.items():
        assert SecurityProfile.named(f" {name.upper()} ") is profile
        assert SecurityProfile.named(profile) is profile
        assert profile.name == name


@pytest.mark.parametrize("name", ["", "none", "off", None, 5, b"standard", {"name": "x"}, []])
def test_unknown_names(name: Any) -> None:
    """What names no profile is refused, never taken for the standard."""
    with pytest.raises(errors.ConfigurationError, match="no security profile"):
        SecurityProfile.named(name)


def test_regulated_is_stricter_than_standard() -> None:
    """Every promise of the standard profile is kept by the regulated one."""
    fields = {field.name: getattr(REGULATED, field.name) for field in dataclasses.fields(REGULATED)}
    assert STANDARD.tighten(**fields) == REGULATED
    assert REGULATED.min_tls == "1.3"


def test_strategies_by_class_or_name() -> None:
    """Allowed strategies may be given as classes, as names, or as one name."""
    assert SecurityProfile(allowed_strategies=(SseKms, "DsseKms")).allowed_strategies == {"SseKms", "DsseKms"}  # type: ignore[arg-type]
    assert SecurityProfile(allowed_strategies="SseKms").allowed_strategies == {"SseKms"}  # type: ignore[arg-type]
    assert SecurityProfile(allowed_strategies=DsseKms).allowed_strategies == {"DsseKms"}  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["SseS3", "SseC", "", "ssekms", "SseKms "])
def test_required_strategies(name: str) -> None:
    """A strategy that is not allowed by its exact name is refused."""
    with pytest.raises(errors.NotAllowedByProfile):
        REGULATED.require_strategy(name)
    REGULATED.require_strategy("SseKms")


def test_profiles_are_values() -> None:
    """Profiles are frozen, hashable, and can be pickled."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        STANDARD.min_tls = "1.0"  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(REGULATED)) == REGULATED
    assert hash(REGULATED) != hash(STANDARD)
    with pytest.raises(TypeError):
        SecurityProfile("standard")  # type: ignore[misc]


# --- the environment ---------------------------------------------------------------------------------------


def test_from_an_empty_environment() -> None:
    """Without variables, or with empty ones, the profile is the standard one."""
    assert SecurityProfile.from_env({}) == STANDARD
    assert SecurityProfile.from_env({"SECURE_S3_PROFILE": "", "SECURE_S3_MIN_TLS": ""}) == STANDARD


def test_from_a_full_environment() -> None:
    """Every variable has its setting."""
    made = SecurityProfile.from_env(
        {
            "SECURE_S3_PROFILE": "regulated",
            "SECURE_S3_MIN_TLS": "1.3",
            "SECURE_S3_ALLOWED_STRATEGIES": "SseKms, DsseKms",
            "SECURE_S3_PRESIGN_CEILING": "60",
            "SECURE_S3_EXPECTED_BUCKET_OWNER": "111122223333",
            "SECURE_S3_CHECKSUM_MODE": "when_required",
            "SECURE_S3_RETRIES": "5",
        }
    )
    assert made == SecurityProfile(
        name="regulated",
        min_tls="1.3",
        allowed_strategies=frozenset({"SseKms", "DsseKms"}),
        presign_ceiling=timedelta(seconds=60),
        expected_bucket_owner="111122223333",
        checksum_mode="when_required",
        retries=5,
    )


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SECURE_S3_PROFILE", "lax"),
        ("SECURE_S3_MIN_TLS", "1.1"),
        ("SECURE_S3_MIN_TLS", "1.2"),
        ("SECURE_S3_ALLOWED_STRATEGIES", "SseS3"),
        ("SECURE_S3_ALLOWED_STRATEGIES", "Nope"),
        ("SECURE_S3_ALLOWED_STRATEGIES", ","),
        ("SECURE_S3_PRESIGN_CEILING", "901"),
        ("SECURE_S3_PRESIGN_CEILING", "0"),
        ("SECURE_S3_PRESIGN_CEILING", "1h"),
        ("SECURE_S3_PRESIGN_CEILING", "9" * 40),
        ("SECURE_S3_EXPECTED_BUCKET_OWNER", "me"),
        ("SECURE_S3_CHECKSUM_MODE", "never"),
        ("SECURE_S3_RETRIES", "many"),
        ("SECURE_S3_RETRIES", "0"),
        ("SECURE_S3_RETRIES", "1.5"),
    ],
)
def test_wrong_environments(variable: str, value: str) -> None:
    """A variable that is malformed or would loosen the named profile is refused."""
    with pytest.raises(errors.ConfigurationError):
        SecurityProfile.from_env({"SECURE_S3_PROFILE": "regulated", variable: value})


def test_the_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an argument the process's own environment is read."""
    monkeypatch.setenv("SECURE_S3_MIN_TLS", "1.3")
    assert SecurityProfile.from_env().min_tls == "1.3"
