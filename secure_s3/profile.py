"""What an application allows itself: one frozen value, given once, that can only be narrowed."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from . import limits
from .errors import ConfigurationError, NotAllowedByProfile

__all__ = ["SecurityProfile", "STANDARD", "REGULATED", "PROFILES"]

_ACCOUNT = re.compile("[0-9]{12}")
TLS_VERSIONS = ("1.2", "1.3")
CHECKSUM_MODES = ("when_supported", "when_required")
STRATEGY_NAMES = frozenset({"SseKms", "DsseKms", "SseS3", "SseC", "ClientSide"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityProfile:
    """What is allowed, whatever an application's code asks for.

    Args:
        name: Shown in errors.
        min_tls: ``"1.2"`` or ``"1.3"``: the oldest TLS version that is spoken. Older ones are refused by
            AWS itself (AWS blog, "TLS 1.2 to become the minimum TLS protocol level"), newer ones do not
            exist.
        allowed_strategies: Names of the strategies that may be used: ``SseKms``, ``DsseKms``, ``SseS3``,
            ``SseC``, ``ClientSide``.
        presign_ceiling: The longest life of a presigned URL, at most 7 days.
        expected_bucket_owner: A 12-digit account id, sent as ``x-amz-expected-bucket-owner`` with every
            request that takes it, so that a bucket of somebody else under the same name is refused.
        checksum_mode: ``when_supported`` (a checksum with every upload) or ``when_required``, which
            servers without support for trailing checksums need (Ceph before 2025).
        retries: Attempts in all, per request, made by botocore's standard retry mode.
        allow_environment_ca_bundle: Lets ``AWS_CA_BUNDLE``, ``REQUESTS_CA_BUNDLE`` and ``ca_bundle`` in
            the AWS configuration file replace the trust store. Off, only the machine's own trust store and
            the ``ca_bundle=`` argument are accepted.
    """

    name: str = "custom"
    min_tls: str = "1.2"
    allowed_strategies: frozenset[str] = STRATEGY_NAMES
    presign_ceiling: timedelta = timedelta(hours=1)
    expected_bucket_owner: str | None = None
    checksum_mode: str = "when_supported"
    retries: int = 3
    allow_environment_ca_bundle: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "allowed_strategies", _strategy_names(self.allowed_strategies))
        object.__setattr__(self, "presign_ceiling", _duration(self.presign_ceiling))
        if self.min_tls not in TLS_VERSIONS:
            raise ConfigurationError(
                f"min_tls={self.min_tls!r} is not a TLS version that can be a minimum",
                why="versions below 1.2 are refused by AWS, versions above 1.3 do not exist, and a minimum "
                "nobody can meet locks everyone out",
                fix='use min_tls="1.2" or min_tls="1.3"',
            )
        if self.checksum_mode not in CHECKSUM_MODES:
            raise ConfigurationError(
                f"checksum_mode={self.checksum_mode!r} is unknown", fix=f"use one of {CHECKSUM_MODES}"
            )
        owner = self.expected_bucket_owner
        if owner is not None and not (isinstance(owner, str) and _ACCOUNT.fullmatch(owner)):
            raise ConfigurationError(
                f"expected_bucket_owner={owner!r} is not an account id",
                why="an account id is a string of 12 digits",
                fix='pass it as a string, e.g. "111122223333"',
            )
        if isinstance(self.retries, bool) or not isinstance(self.retries, int) or not 1 <= self.retries <= 10:
            raise ConfigurationError(
                f"retries={self.retries!r} is out of range", fix="pass the number of attempts, 1 to 10"
            )

    @classmethod
    def named(cls, name: str | SecurityProfile) -> SecurityProfile:
        """The profile of that name (``standard``, ``regulated``); a profile is returned as it is."""
        if isinstance(name, SecurityProfile):
            return name
        try:
            return PROFILES[name.strip().lower()]
        except (KeyError, AttributeError):
            raise ConfigurationError(
                f"there is no security profile {name!r}",
                why=f"the named profiles are {', '.join(sorted(PROFILES))}",
                fix="use one of these names, or build a SecurityProfile(...)",
            ) from None

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> SecurityProfile:
        """The profile that the ``SECURE_S3_*`` variables describe.

        ``SECURE_S3_PROFILE`` names the start (default ``standard``); the others narrow it:
        ``SECURE_S3_MIN_TLS``, ``SECURE_S3_ALLOWED_STRATEGIES`` (comma separated),
        ``SECURE_S3_PRESIGN_CEILING`` (seconds), ``SECURE_S3_EXPECTED_BUCKET_OWNER``. Two settle how to
        speak to the server and may go either way: ``SECURE_S3_CHECKSUM_MODE``, ``SECURE_S3_RETRIES``.

        Raises:
            ConfigurationError: a value is malformed, or would loosen the named profile.
        """
        env = os.environ if environ is None else environ
        profile = cls.named(env.get("SECURE_S3_PROFILE") or "standard")
        free: dict[str, Any] = {}
        if mode := env.get("SECURE_S3_CHECKSUM_MODE"):
            free["checksum_mode"] = mode
        if retries := env.get("SECURE_S3_RETRIES"):
            free["retries"] = _whole_number("SECURE_S3_RETRIES", retries)
        narrowing: dict[str, Any] = {}
        if version := env.get("SECURE_S3_MIN_TLS"):
            narrowing["min_tls"] = version
        if names := env.get("SECURE_S3_ALLOWED_STRATEGIES"):
            narrowing["allowed_strategies"] = {part.strip() for part in names.split(",") if part.strip()}
        if seconds := env.get("SECURE_S3_PRESIGN_CEILING"):
            narrowing["presign_ceiling"] = _whole_number("SECURE_S3_PRESIGN_CEILING", seconds)
        if owner := env.get("SECURE_S3_EXPECTED_BUCKET_OWNER"):
            narrowing["expected_bucket_owner"] = owner
        return dataclasses.replace(profile, **free).tighten(**narrowing)

    def tighten(self, **changes: Any) -> SecurityProfile:
        """A copy with *changes* that narrow what is allowed.

        Raises:
            NotAllowedByProfile: a change would allow more than this profile does.
            ConfigurationError: a change is malformed, or names no setting.
        """
        known = {field.name for field in dataclasses.fields(self)}
        if unknown := sorted(set(changes) - known):
            raise ConfigurationError(
                f"a security profile has no {', '.join(unknown)}", fix=f"its settings are {sorted(known)}"
            )
        wanted = dataclasses.replace(self, **changes)
        loosened = [setting for setting in changes if not _narrows(setting, self, wanted)]
        if loosened:
            setting = loosened[0]
            raise NotAllowedByProfile(
                f"{setting}={getattr(wanted, setting)!r} would loosen the profile {self.name!r}",
                why=f"it has {setting}={getattr(self, setting)!r}, and tighten() only narrows",
                fix="start from another profile, e.g. SecurityProfile(...)",
            )
        return wanted

    def require_strategy(self, name: str) -> None:
        """Raise NotAllowedByProfile unless the strategy of that class name is allowed."""
        if name not in self.allowed_strategies:
            raise NotAllowedByProfile(
                f"the profile {self.name!r} does not allow {name}",
                why=f"it allows {', '.join(sorted(self.allowed_strategies))}",
                fix="configure one of these strategies, or another profile",
            )


def _narrows(setting: str, old: SecurityProfile, new: SecurityProfile) -> bool:
    before, after = getattr(old, setting), getattr(new, setting)
    if setting == "min_tls":
        return TLS_VERSIONS.index(after) >= TLS_VERSIONS.index(before)
    if setting == "allowed_strategies":
        return bool(after <= before)
    if setting == "presign_ceiling":
        return bool(after <= before)
    if setting == "checksum_mode":
        return CHECKSUM_MODES.index(after) <= CHECKSUM_MODES.index(before)
    if setting == "allow_environment_ca_bundle":
        return before or not after
    if setting == "expected_bucket_owner":
        return before is None or after == before
    return True


def _strategy_names(names: Any) -> frozenset[str]:
    if isinstance(names, str) or not isinstance(names, Iterable):
        names = (names,)
    chosen = frozenset(
        name if isinstance(name, str) else getattr(name, "__name__", repr(name)) for name in names
    )
    if not chosen or not chosen <= STRATEGY_NAMES:
        raise ConfigurationError(
            f"allowed_strategies={sorted(chosen)} names no strategy or an unknown one",
            fix=f"choose from {', '.join(sorted(STRATEGY_NAMES))}",
        )
    return chosen


def _duration(value: Any) -> timedelta:
    longest = int(limits.MAX_PRESIGN.total_seconds())
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= longest:
        value = timedelta(seconds=value)
    if not isinstance(value, timedelta) or not timedelta(seconds=1) <= value <= limits.MAX_PRESIGN:
        raise ConfigurationError(
            f"presign_ceiling={value!r} is out of range",
            why="S3 accepts presigned URLs of up to 7 days",
            fix="pass whole seconds or a timedelta of 1 second up to 7 days",
        )
    return value


def _whole_number(variable: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ConfigurationError(
            f"{variable}={text!r} is not a whole number", fix=f"set {variable} to digits, or unset it"
        ) from None


STANDARD = SecurityProfile(name="standard")
"""Every strategy, TLS 1.2, links of up to an hour."""

REGULATED = SecurityProfile(
    name="regulated",
    min_tls="1.3",
    allowed_strategies=frozenset({"SseKms", "DsseKms", "ClientSide"}),
    presign_ceiling=timedelta(minutes=15),
)
"""Keys under the owner's control only (KMS or client-side), TLS 1.3, links of up to 15 minutes."""

PROFILES: Mapping[str, SecurityProfile] = {"standard": STANDARD, "regulated": REGULATED}
