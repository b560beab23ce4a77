"""Uploads that would not be encrypted as the profile asks: with what, under whose key, or by the customer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from ....policy.batches import Batch
from ....policy.request import AccessRequest
from ....policy.rules.circumstances import filled
from ....policy.witnesses import SSE, SSE_C, SSE_KEY, with_context, witness
from ....values import Severity
from ...snapshot.values import Setting, Unread
from ..check import Check, Found, NotApplicable, NotRead, Subject, found, known
from ..requests import KEYS, PEOPLE, Slip, request, slips
from ..standins import BucketPolicy, Standing, standing
from ..suggestions import callers_of, keys_of
from .transport import as_finding, weighed

STRENGTH = {"AES256": 1, "aws:kms": 2, "aws:kms:dsse": 3}
_HEADERS = (SSE.lower(), SSE_KEY.lower(), SSE_C.lower())
_KMS = ("aws:kms", "aws:kms:dsse")
_SOME_ID = "0f0f0f0f-12ab-34cd-56ef-1234567890ab"
_MOST_KEYS = 12
_FOREIGN_KEY = "arn:aws:kms:eu-west-1:444455556666:key/ffffffff-12ab-34cd-56ef-1234567890ab"
_REMEMBERED = 512
_ANSWERS = 4096
"""Of each policy there are a dozen: by what an upload says of its encryption."""

_OTHERWISE: tuple[dict[str, object], ...] = (
    {"s3:ObjectCreationOperation": False},
    {"s3:x-amz-copy-source": "amzn-s3-demo-source-bucket/key"},
)
"""CreateMultipartUpload and CopyObject, which are s3:PutObject as well."""

_NONE = Batch(())

Headers = tuple[tuple[str, str | None], ...]


def headers(algorithm: str | None = None, key: str | None = None, customer: str | None = None) -> Headers:
    """What an upload says of its encryption; None is left out."""
    return ((SSE, algorithm), (SSE_KEY, key), (SSE_C, customer))


@lru_cache(maxsize=64)
def _usual(bucket: str, said: Headers) -> Batch:
    """PutObject by everybody and to any key, CreateMultipartUpload and CopyObject."""
    home = f"arn:aws:s3:::{bucket}"
    plain = [request("s3:PutObject", f"{home}/key", who) for who in PEOPLE]
    plain += [request("s3:PutObject", f"{home}/{key}") for key in KEYS[1:]]
    plain += [with_context(plain[0], each) for each in _OTHERWISE]
    return Batch(with_context(each, dict(said)) for each in plain)


def _suggested(policy: BucketPolicy, said: Headers) -> Iterator[AccessRequest]:
    """Uploads that the Denies suggest by their own words."""
    denies = [each for each in policy.policy.statements if each.effect == "Deny"]
    for resource in keys_of(policy, denies):
        yield with_context(request("s3:PutObject", resource), dict(said))
    for caller in callers_of(denies):
        if ":" in caller or caller.endswith(".amazonaws.com"):
            yield with_context(request("s3:PutObject", f"{policy.arn}/key", caller), dict(said))


@lru_cache(maxsize=_ANSWERS)
def _passing(policy: BucketPolicy, said: Headers) -> tuple[Slip, ...]:
    return tuple(slips(policy, _usual(policy.bucket, said), _suggested(policy, said), _HEADERS))


@lru_cache(maxsize=_ANSWERS)
def _tell(policy: BucketPolicy, said: Headers, what: str, how: str = "") -> tuple[Found, ...]:
    passing = _passing(policy, said)
    return (as_finding(passing, what, how, weighed(passing)),) if passing else ()


def _unencrypted(subject: Subject) -> Iterator[Found]:
    stands = standing(subject)
    yield from map(stands.restored, _weaker(subject, stands))


def _weaker(subject: Subject, stands: Standing) -> Iterator[Found]:
    """Uploads with less than the weakest encryption that the profile allows, and those that say nothing."""
    policy, allowed = stands.policy, subject.profile.algorithms
    if not allowed:
        yield from _without_customer_key(policy)
        return
    least = min(STRENGTH[each] for each in allowed)
    what = f"uploads with {{}} are not denied; the profile asks for {' or '.join(sorted(allowed))}"
    for algorithm, strength in STRENGTH.items():
        keys = (None, *map(stands.under, subject.profile.key_arns))
        for key in keys if algorithm in _KMS else (None,):
            if strength < least and (told := _tell(policy, headers(algorithm, key), what.format(algorithm))):
                yield from told
                break
    if subject.profile.strict:
        yield from _tell(policy, headers(), "uploads without an encryption header are not denied")
        return
    if least == 1 or not _passing(policy, headers()):
        return  # S3 encrypts whatever says nothing, with SSE-S3 at least
    default: Setting = subject.read("encryption")
    algorithm = default.get("SSEAlgorithm") or "AES256"
    if STRENGTH.get(algorithm, 0) < least:
        what = f"uploads without an encryption header are stored under {algorithm}, the default"
        yield from _tell(policy, headers(), what)


def _without_customer_key(policy: BucketPolicy) -> Iterator[Found]:
    """Uploads under S3's own encryption, where the profile allows customers' keys only."""
    for algorithm in (None, *STRENGTH):
        how = f"with {algorithm or 'no encryption header'}"
        if told := _tell(policy, headers(algorithm), "uploads without a customer's key are not denied", how):
            yield from told
            return


def _wrong_key(subject: Subject) -> Iterator[Found]:
    stands = standing(subject)
    if not subject.profile.key_arns:
        raise NotApplicable("the profile names no KMS key")
    yield from map(stands.restored, _other_keys(subject, stands))


def _other_keys(subject: Subject, stands: Standing) -> Iterator[Found]:
    """Uploads under another key than the profile's: named, of another account, or the AWS managed one."""
    policy, right = stands.policy, tuple(map(stands.under, subject.profile.key_arns))
    what = "uploads under other KMS keys are not denied"
    named = (
        each
        for key in _keys(policy, right)
        for algorithm in _KMS
        for each in _tell(policy, headers(algorithm, key), what, f"with {algorithm} and the key {key}")
    )
    uploaded = list(islice(named, 1))
    yield from uploaded or _updated(policy, right)
    what = "uploads with {} and no key are not denied: S3 takes the AWS managed key for them"
    bare = (each for algorithm in _KMS for each in _tell(policy, headers(algorithm), what.format(algorithm)))
    yield from islice(bare, 1)
    if not subject.profile.strict and _passing(policy, headers()):
        yield from _by_default(subject)


@lru_cache(maxsize=_REMEMBERED)
def _updated(policy: BucketPolicy, right: tuple[str, ...]) -> tuple[Found, ...]:
    """The same for objects that are there: UpdateObjectEncryption, which most policies leave out."""
    for key in _keys(policy, right):
        asked = with_context(
            witness("s3:UpdateObjectEncryption", f"{policy.arn}/key"), dict(headers("aws:kms", key))
        )
        if passing := slips(policy, _NONE, (asked,), _HEADERS):
            bad = min(weighed(passing) or Severity.LOW, Severity.LOW)
            what = "objects can be moved to other KMS keys by s3:UpdateObjectEncryption"
            return (as_finding(passing, what, f"with the key {key}", bad),)
    return ()


def _keys(policy: BucketPolicy, right: tuple[str, ...]) -> list[str]:
    """Keys that are not right: some in the account and in another, and those that the policy's words fit."""
    values = (
        filled(value, fill)
        for each in policy.policy.statements
        for condition in each.conditions
        if condition.folded == SSE_KEY.lower() and condition.known and condition.known.kind != "null"
        for value in condition.values
        for fill in ("key", "zq7")
    )
    home = right[0].rpartition("/")[0]
    found_ones = (f"{home}/{_SOME_ID}", *values, _FOREIGN_KEY)
    return [each for each in dict.fromkeys(found_ones) if each not in right][:_MOST_KEYS]


def _by_default(subject: Subject) -> Iterator[Found]:
    """The key of uploads that say nothing."""
    default: Setting = subject.read("encryption")
    algorithm, key = default.get("SSEAlgorithm") or "AES256", default.get("KMSMasterKeyID")
    if not algorithm.startswith("aws:kms"):
        return  # unencrypted-uploads says so, where it matters
    arn = _resolved(subject, key) if key else None
    if arn not in subject.profile.key_arns:
        name = key or "the AWS managed key aws/s3"
        yield found(
            f"an upload without headers gets the default key, {name}, which the profile does not name",
            f"default encryption: {algorithm}, {name}",
            fix="set the default encryption to the profile's key; `harden` does",
        )


def _resolved(subject: Subject, key: str) -> str:
    """The ARN of a key that may be configured by its id or alias."""
    told = subject.snapshot.keys.get(key)
    if told is not None and not isinstance(told.metadata, Unread):
        return str(told.metadata.get("Arn", key))
    if ":key/" in key:
        return key
    if told is None:
        raise NotRead("keys", Unread(f"which key {key} is was not told", "kms:DescribeKey"))
    return str(known("keys", told.metadata))


def _customer_keys(subject: Subject) -> Iterator[Found]:
    if subject.profile.customer_keys:
        raise NotApplicable("the profile allows customers' keys (SSE-C)")
    blocked = subject.told("blocked_encryption", ())
    if "SSE-C" in blocked:
        return
    stands = standing(subject)
    passing = _tell(
        stands.policy, headers(customer="AES256"), "uploads under customers' keys (SSE-C) are not denied"
    )
    if passing:
        subject.read("blocked_encryption")  # only this can stop them
    yield from map(stands.restored, passing)


_PAGE = 'Amazon S3 User Guide, "Specifying server-side encryption with AWS KMS (SSE-KMS)"'
_SEEDS = ("deny unencrypted and wrong-key uploads",)

CHECKS = (
    Check(
        id="unencrypted-uploads",
        title="Uploads with weaker encryption than the profile's are denied",
        topic="encryption",
        severity=Severity.MEDIUM,
        reads=("policy", "encryption"),
        why="An upload may ask for another encryption than the bucket's default, and then gets that.",
        fix="deny s3:PutObject whose header names another algorithm, and set the default encryption; "
        "`harden` does",
        judge=_unencrypted,
        refs=(
            "SecurityHub:S3.17",
            "prowler:s3_bucket_default_encryption",
            "terraform-aws-s3-bucket:attach_deny_incorrect_encryption_headers",
            "terraform-aws-s3-bucket:attach_deny_unencrypted_object_uploads",
        ),
        seeds=_SEEDS,
        hardened=True,
        source=_PAGE,
    ),
    Check(
        id="wrong-key-uploads",
        title="Uploads under another KMS key than the profile's are denied",
        topic="encryption",
        severity=Severity.MEDIUM,
        reads=("policy", "encryption", "keys"),
        why="Whoever uploads chooses the key: under another account's key the owner reads the objects only "
        "as long as that account lets it.",
        fix="deny s3:PutObject that names another key, or aws:kms without a key; `harden` does",
        judge=_wrong_key,
        refs=(
            "SecurityHub:S3.17",
            "prowler:s3_bucket_kms_encryption",
            "terraform-aws-s3-bucket:attach_deny_incorrect_kms_key_sse",
        ),
        seeds=_SEEDS,
        hardened=True,
        source=_PAGE,
    ),
    Check(
        id="customer-key-uploads",
        title="Uploads under customers' keys (SSE-C) are denied",
        topic="encryption",
        severity=Severity.MEDIUM,
        reads=("policy", "blocked_encryption"),
        why="Objects under a customer's key are lost with the key. Who has stolen credentials can overwrite "
        "objects under a key of their own, and ask for a ransom.",
        fix="block SSE-C in the bucket's encryption configuration, or deny s3:PutObject with its header; "
        "`harden` does",
        judge=_customer_keys,
        refs=(
            "terraform-aws-s3-bucket:attach_deny_ssec_encrypted_object_uploads",
            "CDK:blocked_encryption_types",
        ),
        seeds=_SEEDS,
        hardened=True,
        source='Amazon S3 User Guide, "Using server-side encryption with customer-provided keys (SSE-C)"',
    ),
)
