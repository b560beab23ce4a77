"""How new objects are encrypted if a request does not say."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from ....encryption import DsseKms, SseKms
from ....policy import AccessRequest, evaluate
from ....policy.witnesses import OWNER, SSE_C
from ....values import Severity
from ...snapshot.values import Unread
from ...wanted import BucketProfile
from ..check import Check, Found, NotApplicable, Subject, found
from ..standins import BucketPolicy, standing
from .shapes import arn_part, mapping, read_list, read_setting, shown, text, texts

S3, KMS, DSSE = "AES256", "aws:kms", "aws:kms:dsse"
_RANK = {S3: 1, KMS: 2, DSSE: 3}
_NAMES = {S3: "SSE-S3", KMS: "SSE-KMS", DSSE: "DSSE-KMS"}


def wanted_default(profile: BucketProfile) -> tuple[str, str]:
    """The algorithm and the key that the default encryption should have; no key for SSE-S3."""
    strategy = profile.default
    if isinstance(strategy, DsseKms):
        return DSSE, strategy.key_arn
    if isinstance(strategy, SseKms):
        return KMS, strategy.key_arn
    return S3, ""


def _default(subject: Subject) -> tuple[str, str]:
    now = read_setting(subject, "encryption")
    return text(now.get("SSEAlgorithm")), text(now.get("KMSMasterKeyID"))


def _default_encryption(subject: Subject) -> Iterator[Found]:
    algorithm, key = _default(subject)
    wanted, wanted_key = wanted_default(subject.profile)
    evidence = f"SSEAlgorithm: {shown(algorithm)}"
    if not algorithm:
        yield found("No default encryption is configured.")
        return
    if _RANK.get(algorithm, 0) < _RANK[wanted]:
        yield found(
            f"New objects are encrypted with {_NAMES.get(algorithm, shown(algorithm))} by default, "
            f"and the profile asks for {_NAMES[wanted]}.",
            evidence,
        )
    elif wanted == algorithm == S3:
        yield found(
            "New objects are encrypted with SSE-S3, as the profile asks; SSE-KMS is preferred, since a key "
            "of your own has a policy, a record of its use, and can be switched off.",
            severity=Severity.INFO,
            fix="name a key: BucketProfile(encryptions=SseKms(key_arn)), then `harden`",
        )
    if algorithm != S3:
        yield from _key(subject, key, wanted_key)


def _key(subject: Subject, key: str, wanted: str) -> Iterator[Found]:
    """What is wrong with the key of the default encryption."""
    evidence = f"KMSMasterKeyID: {shown(key)}"
    if key and not (key.startswith("arn:") and ":key/" in key):
        yield found(
            f"The default key is named by an alias or a bare id, {shown(key)}, which S3 resolves in the "
            "account of whoever uploads: it may be another account's key, and another one tomorrow.",
            fix="name the key by its full ARN: `harden`, or `aws s3api put-bucket-encryption --bucket …`",
        )
    real = _resolved(subject, key)
    if wanted and not key:
        yield found(f"The default key is the AWS managed one, not {shown(wanted)} as the profile asks.")
    elif wanted and real not in ("", wanted):
        yield found(
            f"The default key is {shown(real)}, not {shown(wanted)} as the profile asks.",
            evidence if key != real else None,
        )
    if real:
        yield from _elsewhere(subject, real, asked=real in subject.profile.key_arns)


def _resolved(subject: Subject, key: str) -> str:
    """The ARN of the key that an alias or a bare id means today; empty if nobody knows."""
    if key.startswith("arn:") and ":key/" in key:
        return key
    known = subject.snapshot.keys.get(key)
    if known is None or isinstance(known.metadata, Unread):
        return ""
    return text(mapping(known.metadata).get("Arn"))


def _elsewhere(subject: Subject, key: str, asked: bool) -> Iterator[Found]:
    region, account = subject.told("region", ""), subject.told("account", "")
    there, owner = arn_part(key, 3), arn_part(key, 4)
    if region and there and there != region:
        yield found(
            f"The default key is in {shown(there)}, the bucket in {shown(region)}: S3 uses keys of the "
            "bucket's "
            "region only, so that uploads fail.",
            f"KMSMasterKeyID: {shown(key)}",
            severity=Severity.HIGH,
        )
    if account and owner and owner != account and not asked:
        yield found(
            f"The default key belongs to another account, {shown(owner)}, which can take it away.",
            f"KMSMasterKeyID: {shown(key)}",
        )


def _bucket_key(subject: Subject) -> Iterator[Found]:
    algorithm, _ = _default(subject)
    if algorithm != KMS:
        raise NotApplicable("bucket keys exist for SSE-KMS only, which is not the default encryption here")
    strategy = subject.profile.default
    if isinstance(strategy, SseKms) and not strategy.bucket_key:
        return
    if read_setting(subject, "encryption").get("BucketKeyEnabled") is not True:
        asked = isinstance(strategy, SseKms)
        yield found(
            "No bucket key is used: every object costs a request to KMS, which are paid for and limited.",
            severity=None if asked else Severity.INFO,
        )


def _blocked_types(subject: Subject) -> Iterator[Found]:
    blocked = texts(read_list(subject, "blocked_encryption"))
    evidence = f"BlockedEncryptionTypes: {', '.join(map(shown, blocked))}" if blocked else None
    if subject.profile.customer_keys:
        if "SSE-C" not in blocked:
            raise NotApplicable("the profile allows SSE-C")
        yield found(
            "SSE-C is blocked, and the profile allows it: such uploads fail.",
            evidence,
            severity=Severity.INFO,
        )
    elif "SSE-C" not in blocked:
        denied = _policy_denies(subject)
        yield found(
            "SSE-C is not blocked"
            + (
                ": only the bucket policy denies it."
                if denied
                else ", and the bucket policy does not deny it."
            ),
            evidence,
            severity=Severity.INFO if denied else None,
        )


def _policy_denies(subject: Subject) -> bool:
    """Whether the bucket policy denies an upload with a customer's key, whoever of the account sends it."""
    return _denies_customer_keys(standing(subject).policy)


@lru_cache(maxsize=512)
def _denies_customer_keys(policy: BucketPolicy) -> bool:
    context: dict[str, Any] = {
        "aws:SecureTransport": True,
        "s3:TlsVersion": "1.3",
        "s3:ObjectCreationOperation": True,
        SSE_C: "AES256",
    }
    request = AccessRequest(
        "s3:PutObject",
        f"{policy.arn}/key",
        f"arn:aws:iam::{OWNER}:role/Uploader",
        context,
        resource_account=OWNER,
        unknown=("aws:SourceIp",),
    )
    return evaluate(request, resource_policy=policy.policy).outcome == "explicitly_denied"


CHECKS: tuple[Check, ...] = (
    Check(
        id="default-encryption",
        title="New objects are encrypted as the profile asks",
        topic="encryption",
        severity=Severity.MEDIUM,
        reads=("encryption", "keys", "region", "account"),
        why="An upload that names no encryption gets the bucket's default. Without a key of your own, "
        "whoever may "
        "read the object may decrypt it.",
        fix="`harden` sets the default encryption to the profile's first",
        judge=_default_encryption,
        refs=(
            *("SecurityHub:S3.17", "checkov:CKV_AWS_19", "checkov:CKV_AWS_145", "checkov:CKV_AWS_186"),
            *("prowler:s3_bucket_default_encryption", "prowler:s3_bucket_kms_encryption"),
        ),
        seeds=("default encryption, SSE-KMS with bucket keys, DSSE-KMS",),
        hardened=True,
        source='Amazon S3 User Guide, "Setting default server-side encryption behavior for Amazon S3 '
        'buckets"',
    ),
    Check(
        id="bucket-key",
        title="SSE-KMS uses a bucket key",
        topic="encryption",
        severity=Severity.LOW,
        reads=("encryption",),
        why="Without one, each object asks KMS for a key of its own: slower, dearer, and throttled under "
        "load.",
        fix="`harden` switches the bucket key on",
        judge=_bucket_key,
        refs=("CDK:bucket_key_enabled",),
        seeds=("default encryption, SSE-KMS with bucket keys, DSSE-KMS",),
        hardened=True,
        source='Amazon S3 User Guide, "Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys"',
    ),
    Check(
        id="blocked-encryption-types",
        title="Uploads with customer-provided keys (SSE-C) are blocked",
        topic="encryption",
        severity=Severity.LOW,
        reads=("blocked_encryption", "policy", "account"),
        why="Who uploads with a key that only they have makes objects that nobody else can read: so is "
        "ransom "
        "asked for buckets.",
        fix="`harden` blocks SSE-C in the bucket's default encryption",
        judge=_blocked_types,
        refs=("CDK:blocked_encryption_types",),
        seeds=("deny unencrypted and wrong-key uploads",),
        hardened=True,
        source='Amazon S3 User Guide, "Blocking or unblocking SSE-C for a general purpose bucket"',
    ),
)
