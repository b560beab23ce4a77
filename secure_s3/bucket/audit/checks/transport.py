"""How requests travel: over HTTPS, over which TLS, and for how long a presigned URL is good."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import lru_cache

from ....limits import MAX_PRESIGN
from ....policy.batches import Batch
from ....policy.request import AccessRequest
from ....policy.witnesses import over_http, presigned, with_context
from ....values import Severity
from ..check import Check, Found, NotApplicable, Subject, found
from ..requests import MAIN, OF_BUCKETS, SIGNING, Slip, in_words, of_every_kind, slips
from ..standins import BucketPolicy, standing
from ..suggestions import partners, suggested

SECURE, TLS = "aws:securetransport", "s3:tlsversion"
_AGE = ("s3:signatureage", "s3:authtype", "s3:signatureversion")
_OLDER = {"1.2": ("1.1", "1.0"), "1.3": ("1.2", "1.1", "1.0")}
_REMEMBERED = 512
_HTTP = "requests over plain HTTP are not denied"


def as_finding(passing: Sequence[Slip], what: str, how: str = "", severity: Severity | None = None) -> Found:
    """One finding of all requests that pass, with some of them as evidence.

    Args:
        passing: They, the most telling first.
        what: What is wrong.
        how: What makes them such requests, if the message does not say so.
        severity: How bad it is.
    """
    nearest = passing[0].near
    near = nearest[0] if nearest else None
    wrong, mark, more = what.partition(";")
    return found(
        f"{wrong}{_within(passing)}{mark}{more}",
        *in_words(passing, how),
        statement=near and near.name,
        pointer=near and near.pointer,
        severity=severity,
    )


def _within(passing: Sequence[Slip]) -> str:
    """How far it goes, if it does not hold for everybody."""
    if all(each.by_service for each in passing):
        return ", if services of AWS send them"
    if not any(each.admitted for each in passing if not each.by_service):
        return ", though nothing allows them"
    return ", under some circumstances" if passing[0].turned and passing[0].near else ""


def weighed(passing: Sequence[Slip]) -> Severity | None:
    """How bad it is by who gets through; None where the check itself says.

    Services of AWS come over HTTPS, with the encryption they are set up with; who is allowed by nobody does
    not get in.
    """
    if all(each.by_service for each in passing):
        return Severity.INFO
    if not any(each.admitted for each in passing if not each.by_service):
        return Severity.LOW
    # Where no Deny judges such requests, what is denied for other reasons makes it no better.
    plain = [each for each in passing if each.admitted and not (each.turned and each.near)]
    usual = any(each.request.action in MAIN for each in plain)
    return None if usual else Severity.MEDIUM


def _secure_transport(subject: Subject) -> Iterator[Found]:
    stands = standing(subject)
    yield from map(stands.restored, _plain_http(stands.policy))


@lru_cache(maxsize=OF_BUCKETS)
def _over_http(bucket: str) -> Batch:
    return Batch(map(over_http, of_every_kind(bucket)))


@lru_cache(maxsize=_REMEMBERED)
def _by_http(policy: BucketPolicy) -> tuple[Slip, ...]:
    named = map(over_http, suggested(policy))
    foreign = ((by, over_http(each)) for by, each in partners(policy))
    return tuple(slips(policy, _over_http(policy.bucket), named, (SECURE, TLS), foreign))


@lru_cache(maxsize=_REMEMBERED)
def _plain_http(policy: BucketPolicy) -> tuple[Found, ...]:
    passing = _by_http(policy)
    return (as_finding(passing, _HTTP, severity=weighed(passing)),) if passing else ()


def _tls_version(subject: Subject) -> Iterator[Found]:
    stands = standing(subject)
    yield from map(stands.restored, _old_tls(stands.policy, subject.profile.min_tls))


@lru_cache(maxsize=OF_BUCKETS)
def _over_tls(bucket: str, version: str) -> Batch:
    return Batch(_with_tls(each, version) for each in of_every_kind(bucket))


def _with_tls(asked: AccessRequest, version: str) -> AccessRequest:
    return with_context(asked, {"s3:TlsVersion": version})


@lru_cache(maxsize=_REMEMBERED)
def _old_tls(policy: BucketPolicy, minimum: str) -> tuple[Found, ...]:
    """Requests over older versions, and over HTTP, which has none and so escapes a comparison alone."""
    for version in _OLDER[minimum]:
        older = [_with_tls(each, version) for each in suggested(policy)]
        foreign = ((by, _with_tls(each, version)) for by, each in partners(policy))
        passing = slips(policy, _over_tls(policy.bucket, version), older, (SECURE, TLS), foreign)
        if passing:
            # S3 itself takes nothing older than TLS 1.2: such a gap is one of the policy's text alone.
            mild = Severity.LOW if version in _OLDER["1.2"] else None
            bad = weighed(passing)
            what = f"requests over TLS {version} are not denied; the profile asks for TLS {minimum}"
            return (as_finding(passing, what, severity=mild if bad is None else min(bad, mild or bad)),)
    bare = _by_http(policy)
    if not bare:
        return ()
    what = "requests over plain HTTP, which has no TLS version, are not denied"
    return (as_finding(bare, what, severity=weighed(bare)),)


def _presigned_age(subject: Subject) -> Iterator[Found]:
    ceiling = subject.profile.presign_ceiling
    if ceiling is None:
        raise NotApplicable("the profile sets no ceiling for presigned URLs")
    stands = standing(subject)
    yield from map(stands.restored, _old_urls(stands.policy, ceiling))


@lru_cache(maxsize=OF_BUCKETS)
def _presigned(bucket: str, age: int) -> Batch:
    usual = (each for each in of_every_kind(bucket) if each.principal in SIGNING)
    return Batch(presigned(each, age) for each in usual)


def _signs(asked: AccessRequest) -> bool:
    return asked.requester is not None and asked.requester.kind not in ("anonymous", "service")


@lru_cache(maxsize=_REMEMBERED)
def _old_urls(policy: BucketPolicy, ceiling: timedelta) -> tuple[Found, ...]:
    """Presigned requests that are older than the ceiling, by a little and by as much as S3 lets them be."""
    longest = int(MAX_PRESIGN.total_seconds())
    for age in (longest, min(longest, int(ceiling.total_seconds()) + 60)):
        if age <= ceiling.total_seconds():
            continue
        named = [presigned(each, age) for each in suggested(policy) if _signs(each)]
        foreign = ((by, presigned(each, age)) for by, each in partners(policy))
        passing = slips(policy, _presigned(policy.bucket, age), named, _AGE, foreign)
        if passing:
            up_to = "for up to" if age == longest else "for longer than"
            works = _spoken(MAX_PRESIGN if age == longest else ceiling)
            what = f"presigned URLs work {up_to} {works}; the profile says {_spoken(ceiling)}"
            how = f"with a URL presigned {_spoken(timedelta(seconds=age))} ago"
            return (as_finding(passing, what, how, weighed(passing)),)
    return ()


def _spoken(time: timedelta) -> str:
    seconds = int(time.total_seconds())
    for unit, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= unit and seconds % unit == 0:
            return f"{seconds // unit} {name}{'s' if seconds != unit else ''}"
    return f"{seconds} seconds"


CHECKS = (
    Check(
        id="secure-transport",
        title="Requests over plain HTTP are denied",
        topic="transport",
        severity=Severity.HIGH,
        reads=("policy",),
        why="Over plain HTTP everybody on the way reads and changes what is sent. S3 answers on both ports; "
        "only a bucket policy refuses HTTP.",
        fix='deny s3:* to "*" on the bucket and its objects if aws:SecureTransport is "false"; `harden` does',
        judge=_secure_transport,
        refs=(
            "SecurityHub:S3.5",
            "CIS-5.0:2.1.1",
            "checkov:CKV_AWS_379",
            "prowler:s3_bucket_secure_transport_policy",
        ),
        seeds=("HTTPS enforced, TLS version",),
        hardened=True,
        source='Amazon S3 User Guide, "Security best practices for Amazon S3"',
    ),
    Check(
        id="tls-version",
        title="Requests over an older version of TLS than the profile's are denied",
        topic="transport",
        severity=Severity.MEDIUM,
        reads=("policy",),
        why="A minimum in the policy holds for every client, and for those who leave TLS out only beside a "
        "Deny of plain HTTP.",
        fix="deny s3:* if s3:TlsVersion is below the minimum, beside the Deny of plain HTTP; `harden` does",
        judge=_tls_version,
        refs=("terraform-aws-s3-bucket:attach_require_latest_tls_policy", "CDK:minimum_tls_version"),
        seeds=("HTTPS enforced, TLS version",),
        hardened=True,
        source='Amazon S3 User Guide, "Bucket policy examples using condition keys"',
    ),
    Check(
        id="presigned-age",
        title="Presigned URLs older than the profile's ceiling are denied",
        topic="transport",
        severity=Severity.MEDIUM,
        reads=("policy",),
        why="A presigned URL is good for whoever has it, up to seven days. Who signs it chooses how long, "
        "unless the bucket sets a ceiling.",
        fix="deny s3:* to presigned requests whose s3:signatureAge is above the ceiling, in milliseconds; "
        "`harden` does",
        judge=_presigned_age,
        refs=("Amazon S3 API Reference: s3:signatureAge",),
        seeds=("presigned URLs with short expiry",),
        hardened=True,
        source='Amazon S3 API Reference, "Signature Version 4 authentication specific policy keys"',
    ),
)
