"""What a bucket should be like: the profile that audits compare with and hardening leads to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from ..encryption import ClientSide, DsseKms, SseC, SseKms, SseS3, Strategy
from ..errors import ConfigurationError
from ..limits import MAX_PRESIGN
from ..profile import TLS_VERSIONS, SecurityProfile

GOVERNANCE, COMPLIANCE = "GOVERNANCE", "COMPLIANCE"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ACCOUNT = re.compile(r"[0-9]{12}")
_ADMIN = re.compile(
    r"arn:aws[a-z-]*:(iam::[0-9]{12}:(root|(user|role)/[^\s*?]+)"
    r"|sts::[0-9]{12}:assumed-role/[^\s*?/]+/[^\s*?/]+)"
)
_LONGEST_PREFIX = 800


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultRetention:
    """How long new objects are locked if they do not say so themselves.

    Args:
        mode: ``GOVERNANCE``, which a permission gets round, or ``COMPLIANCE``, which nobody does, not even
            the root user.
        days, years: One of them.

    Source: Amazon S3 User Guide, "Locking objects with Object Lock".
    """

    mode: str
    days: int | None = None
    years: int | None = None

    def __post_init__(self) -> None:
        if self.mode not in (GOVERNANCE, COMPLIANCE):
            raise ConfigurationError(
                f"mode={self.mode!r} is no mode of Object Lock", fix="use GOVERNANCE or COMPLIANCE"
            )
        given = [each for each in (self.days, self.years) if each is not None]
        if len(given) != 1 or isinstance(given[0], bool) or not isinstance(given[0], int) or given[0] < 1:
            raise ConfigurationError(
                "a default retention has days or years, a whole number above 0", fix="pass e.g. days=30"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketProfile:
    """What a bucket should be like; frozen, and checked when it is made.

    What it asks for and is missing is a finding of the check's own severity. What it does not ask for, and
    is good to have, is a finding of severity ``info``.

    Args:
        encryptions: Strategies that uploads may use; the first is the bucket's default encryption. Of
            ``ClientSide`` its ``server_side`` counts.
        name: Shown in reports.
        min_tls: The oldest TLS version that the bucket policy lets through.
        presign_ceiling: The age at which the bucket policy refuses presigned URLs; None for no limit.
        strict: Uploads that name no encryption are denied, though the default would encrypt them.
        versioning: Whether versions are kept.
        abort_incomplete_days: After which parts of unfinished uploads are removed; None to keep them.
        noncurrent_days: After which replaced versions are removed; None to keep them.
        block_account: Block Public Access is switched on for the whole account, all its buckets included.
        object_lock: New objects are locked for so long; None if Object Lock is not asked for.
        log_bucket: Where access logs go, a bucket of the same account and region; None if not asked for.
        log_prefix: What their keys begin with; the bucket's name and a slash if left out. Only beside
            ``log_bucket``.
        key_rotation: Whether customer managed KMS keys rotate by themselves.
        admins: ARNs of those, besides the caller, who must be able to change the bucket policy still: users,
            roles, sessions of roles, or an account's root user.
        expected_owner: The account that must own the bucket, as 12 digits.
        requires: Ids of further checks that count with their own severity, e.g. ``data-events``.

    Raises:
        ConfigurationError: a value that cannot be meant.
    """

    encryptions: tuple[Strategy, ...] = field(default_factory=lambda: (SseS3(),))
    name: str = "standard"
    min_tls: str = "1.2"
    presign_ceiling: timedelta | None = timedelta(hours=1)
    strict: bool = False
    versioning: bool = True
    abort_incomplete_days: int | None = 7
    noncurrent_days: int | None = None
    block_account: bool = False
    object_lock: DefaultRetention | None = None
    log_bucket: str | None = None
    log_prefix: str | None = None
    key_rotation: bool = True
    admins: tuple[str, ...] = ()
    expected_owner: str | None = None
    requires: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        object.__setattr__(self, "encryptions", _strategies(self.encryptions))
        object.__setattr__(self, "admins", _texts(self.admins, "admins"))
        object.__setattr__(self, "requires", frozenset(_texts(self.requires, "requires")))
        if not isinstance(self.name, str) or not self.name:
            raise ConfigurationError(f"name={self.name!r} is no text to be shown in reports")
        _check_admins(self.admins)
        if self.min_tls not in TLS_VERSIONS:
            raise ConfigurationError(
                f"min_tls={self.min_tls!r} is not a TLS version that can be a minimum",
                why="a minimum that nobody can meet locks everybody out",
                fix='use "1.2" or "1.3"',
            )
        ceiling = self.presign_ceiling
        if ceiling is not None and not (
            isinstance(ceiling, timedelta) and timedelta(seconds=1) <= ceiling <= MAX_PRESIGN
        ):
            raise ConfigurationError(
                f"presign_ceiling={ceiling!r} is out of range",
                fix="pass a timedelta of up to 7 days, or None",
            )
        for name in ("abort_incomplete_days", "noncurrent_days"):
            _check_days(name, getattr(self, name))
        for name in ("strict", "versioning", "block_account", "key_rotation"):
            if not isinstance(getattr(self, name), bool):
                raise ConfigurationError(f"{name}={getattr(self, name)!r} is neither True nor False")
        _check_lock(self.object_lock, self.versioning)
        _check_logs(self.log_bucket, self.log_prefix)
        _check_owner(self.expected_owner)

    @classmethod
    def of(cls, profile: SecurityProfile, encryption: Strategy, **wishes: Any) -> BucketProfile:
        """What fits a client: its encryption, TLS version, ceiling of presigned URLs and bucket owner.

        Args:
            profile, encryption: The client's.
            wishes: Fields of BucketProfile.

        Raises:
            ConfigurationError: a wish is unknown or cannot be meant.
        """
        settings: dict[str, Any] = {
            "encryptions": (encryption,),
            "name": profile.name,
            "min_tls": profile.min_tls,
            "presign_ceiling": profile.presign_ceiling,
            "expected_owner": profile.expected_bucket_owner,
        }
        return replace(cls(**settings), **known_wishes(wishes))

    @property
    def algorithms(self) -> tuple[str, ...]:
        """S3's names of the allowed server-side encryption, e.g. ``("aws:kms",)``; without SSE-C."""
        named = {SseS3: "AES256", SseKms: "aws:kms", DsseKms: "aws:kms:dsse"}
        return tuple(dict.fromkeys(named[type(each)] for each in self.encryptions if type(each) in named))

    @property
    def key_arns(self) -> tuple[str, ...]:
        """The KMS keys that may be used."""
        keys = (each.key_arn for each in self.encryptions if isinstance(each, SseKms | DsseKms))
        return tuple(dict.fromkeys(keys))

    @property
    def customer_keys(self) -> bool:
        """Whether SSE-C is allowed."""
        return any(isinstance(each, SseC) for each in self.encryptions)

    @property
    def default(self) -> Strategy:
        """The default encryption of the bucket: the first that S3 can have as one, else SSE-S3."""
        return next((each for each in self.encryptions if not isinstance(each, SseC)), SseS3())


def known_wishes(wishes: dict[str, Any]) -> dict[str, Any]:
    """*wishes*, if each is a field of BucketProfile; ConfigurationError if not."""
    known = [name for name in BucketProfile.__dataclass_fields__]
    if unknown := sorted(set(wishes) - set(known)):
        raise ConfigurationError(
            f"a bucket profile has no {', '.join(unknown)}", fix=f"it has {', '.join(known)}"
        )
    return wishes


def _strategies(given: Any) -> tuple[Strategy, ...]:
    listed = (given,) if isinstance(given, Strategy) else tuple(given) if _is_listed(given) else ()
    if not listed or not all(isinstance(each, Strategy) for each in listed):
        raise ConfigurationError(
            f"encryptions={_shown(given)} names no encryption strategies",
            fix='pass e.g. (SseKms("arn:aws:kms:…"),)',
        )
    return tuple(each.server_side if isinstance(each, ClientSide) else each for each in listed)


def _is_listed(given: object) -> bool:
    return isinstance(given, Iterable) and not isinstance(given, str | bytes)


def _shown(given: object) -> str:
    """*given*, without what a container holds: that may be a key of the caller's."""
    return repr(given) if given is None or isinstance(given, str | int) else f"a {type(given).__name__}"


def _texts(given: Iterable[str] | str, name: str) -> tuple[str, ...]:
    listed: tuple[object, ...] = (given,) if isinstance(given, str) else ()
    if not isinstance(given, str):
        listed = tuple(given) if _is_listed(given) else (None,)
    texts = tuple(each for each in listed if isinstance(each, str) and each)
    if len(texts) != len(listed):
        raise ConfigurationError(
            f"{name}={_shown(given)} is no list of texts", fix=f'pass e.g. {name}=("{_EXAMPLES[name]}",)'
        )
    return texts


_EXAMPLES = {"admins": "arn:aws:iam::111122223333:role/Admin", "requires": "data-events"}


def _check_admins(admins: Iterable[str]) -> None:
    for each in admins:
        if not _ADMIN.fullmatch(each):
            raise ConfigurationError(
                f"admins= has {each!r}, which administers no bucket",
                why="whether somebody is locked out is found by evaluating their requests: that takes the "
                "ARN of one user, role, session of a role, or root user, without wildcards",
                fix=f"pass e.g. {_EXAMPLES['admins']}",
            )


def _check_lock(wanted: object, versioning: bool) -> None:
    fix = 'pass object_lock=DefaultRetention(mode="GOVERNANCE", days=30)'
    if wanted is not None and not isinstance(wanted, DefaultRetention):
        raise ConfigurationError(f"object_lock={_shown(wanted)} is no DefaultRetention", fix=fix)
    if wanted is not None and not versioning:
        raise ConfigurationError(
            "object_lock= cannot be had like this",
            why="Object Lock needs versioning",
            fix=f"{fix} and leave versioning on",
        )


def _check_logs(bucket: object, prefix: object) -> None:
    if bucket is not None and not (isinstance(bucket, str) and _BUCKET.fullmatch(bucket)):
        raise ConfigurationError(f"log_bucket={bucket!r} is not a bucket name")
    if prefix is None:
        return
    if not isinstance(prefix, str) or len(prefix) > _LONGEST_PREFIX or not prefix.isprintable():
        raise ConfigurationError(
            f"log_prefix={_shown(prefix)} is no beginning of keys", fix='pass e.g. log_prefix="logs/"'
        )
    if bucket is None:
        raise ConfigurationError(
            "log_prefix= is given without log_bucket=",
            why="it says how logs are called in the bucket that they go to",
            fix="pass log_bucket= as well",
        )


def _check_owner(owner: object) -> None:
    if owner is not None and not (isinstance(owner, str) and _ACCOUNT.fullmatch(owner)):
        raise ConfigurationError(
            f"expected_owner={owner!r} is not an account id",
            why="an account id is a string of 12 digits",
            fix='pass it as a string, e.g. "111122223333"',
        )


def _check_days(name: str, days: object) -> None:
    if days is not None and (isinstance(days, bool) or not isinstance(days, int) or days < 1):
        raise ConfigurationError(f"{name}={days!r} is out of range", fix="pass whole days, or None")
