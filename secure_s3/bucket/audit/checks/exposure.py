"""What shows the bucket to the web, and whose bucket it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ....values import Severity
from ...snapshot.values import ANOTHERS, Unread
from ..check import Check, Found, NotApplicable, NotRead, Subject, found
from .shapes import (
    arn_part,
    at,
    blocked,
    is_account,
    mapping,
    named,
    read_rows,
    read_setting,
    shown,
    text,
    texts,
)

_WRITES = frozenset({"PUT", "POST", "DELETE"})
_ANY = re.compile(r"(https?://)?\*|null|https?\*", re.IGNORECASE)
_LOCAL = re.compile(r"http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9*]+)?", re.IGNORECASE)
_REGION = r"(?P<region>[a-z]{2}(-[a-z]+)+-[0-9]+)"
_PORT = re.compile(r":[0-9*]+$")
_COUNTRY = frozenset({"ac", "co", "com", "edu", "go", "gob", "gov", "ne", "net", "or", "org"})
"""Labels under which countries register domains, as in ``co.uk``."""
_SHARED = re.compile(
    r"(.+\.)?(amazonaws\.com(\.cn)?|amplifyapp\.com|appspot\.com|azurewebsites\.net|cloudfront\.net|"
    r"elasticbeanstalk\.com|firebaseapp\.com|github\.io|gitlab\.io|herokuapp\.com|netlify\.app|onrender\.com|"
    r"pages\.dev|vercel\.app|web\.app|windows\.net|workers\.dev)"
)
"""Domains under which anybody is given a name."""
_ACCOUNT = r"(?P<account>[0-9]{12})"
SHADOWS = {
    "AWS Glue": re.compile(rf"aws-glue-assets-{_ACCOUNT}-{_REGION}"),
    "Amazon SageMaker": re.compile(rf"sagemaker-{_REGION}-{_ACCOUNT}"),
    "Amazon EMR Studio": re.compile(rf"aws-emr-studio-{_ACCOUNT}-{_REGION}"),
    "AWS CodeStar": re.compile(rf"aws-codestar-{_REGION}-{_ACCOUNT}"),
    "AWS CloudFormation": re.compile(rf"cf-templates-[a-z0-9]+-{_REGION}"),
    "AWS CDK": re.compile(rf"cdk-[a-z0-9]+-assets-{_ACCOUNT}-{_REGION}"),
}
"""Names that services give to buckets by themselves, and that anybody can foresee."""


def _website(subject: Subject) -> Iterator[Found]:
    setting = read_setting(subject, "website")
    if not setting:
        return
    shut = blocked(subject, "RestrictPublicBuckets") is True and blocked(subject, "IgnorePublicAcls") is True
    redirect = mapping(setting.get("RedirectAllRequestsTo"))
    if redirect:
        yield found(
            f"The bucket answers as a website, over plain HTTP, and sends everybody to "
            f"{shown(redirect.get('HostName'))}.",
            f"Protocol: {shown(redirect.get('Protocol') or 'that of the request')}",
            severity=Severity.LOW,
        )
        return
    yield found(
        "The bucket is set up as a website: its endpoint speaks plain HTTP only and serves what is public"
        + (", which Block Public Access prevents." if shut else "."),
        f"IndexDocument: {shown(index)}" if (index := at(setting, "IndexDocument", "Suffix")) else None,
        severity=Severity.LOW if shut else None,
    )


def _cors(subject: Subject) -> Iterator[Found]:
    for index, rule in enumerate(read_rows(subject, "cors")):
        origins, methods = texts(rule.get("AllowedOrigins")), texts(rule.get("AllowedMethods"))
        name = shown(rule["ID"]) if text(rule.get("ID")) else f"rule {index + 1}"
        writes = sorted(_WRITES & {each.upper() for each in methods})
        plain = [each for each in origins if _plain(each) and not _LOCAL.fullmatch(each)]
        if anybody := [each for each in origins if _ANY.fullmatch(each) or _of_anybody(each)]:
            does = f"send {named(writes)}" if writes else "read answers"
            yield found(
                f"CORS {name} lets any website {does} with what its visitors can reach.",
                f"AllowedOrigins: {named(anybody)}",
                f"AllowedMethods: {named(methods)}",
                severity=None if writes else Severity.LOW,
            )
        elif plain:
            yield found(
                f"CORS {name} trusts websites over plain HTTP, which anybody on the way can forge.",
                f"AllowedOrigins: {named(plain)}",
                f"AllowedMethods: {named(methods)}",
                severity=None if writes else Severity.LOW,
            )


def _plain(origin: str) -> bool:
    scheme, colon, _ = origin.lower().partition("://")
    return bool(colon) and (scheme == "http" or "*" in scheme)


def _of_anybody(origin: str) -> bool:
    """Whether anybody can have a website that the wildcard covers.

    So it is where no domain that somebody owns stands behind it: ``https://*.com``, ``*example.com``,
    ``https://example.*``, ``*.co.uk``; and where anybody is given names: ``*.amazonaws.com``. This is no list
    of all public suffixes, of which there are thousands.
    """
    host = _PORT.sub("", origin.lower().rpartition("://")[2])
    _, star, rest = host.rpartition("*")
    if not star:
        return False
    labels = rest.split(".")[1:]
    if len(labels) < 2:
        return labels != ["localhost"]
    country = len(labels) == 2 and len(labels[1]) == 2 and labels[0] in _COUNTRY
    return country or _SHARED.fullmatch(".".join(labels)) is not None


def _owner(subject: Subject) -> Iterator[Found]:
    expected = subject.profile.expected_owner
    if expected is None:
        raise NotApplicable("the profile names no owner")
    if subject.snapshot.account == ANOTHERS:
        yield found(f"The bucket does not belong to account {shown(expected)}, as S3 says.")
        return
    account = subject.read("account")
    if account != expected:
        yield found(f"The bucket belongs to account {shown(account)}, not to {shown(expected)}.")


def _shadow(subject: Subject) -> Iterator[Found]:
    for service, pattern in SHADOWS.items():
        if match := pattern.fullmatch(subject.snapshot.bucket):
            ours = match.groupdict().get("account") or _our_account(subject)
            account = _real_owner(subject, ours)
            if account != ours:
                yield found(
                    f"{service} would use a bucket of this name for account {ours}, and it belongs to "
                    f"{shown(account)}: what is written here, others read and change."
                )
            return
    raise NotApplicable("no service of AWS gives buckets such a name")


def _real_owner(subject: Subject, ours: str) -> str:
    """The account that owns the bucket, or words for it; NotRead if nobody knows that it is not *ours*."""
    if subject.snapshot.account == ANOTHERS and ours == _our_account(subject):
        return "another one"
    return text(subject.read("account"))


def _our_account(subject: Subject) -> str:
    """The account whose bucket it should be: the profile's, or the caller's."""
    caller = arn_part(text(subject.told("caller", "")), 4)
    ours = subject.profile.expected_owner or caller
    if not is_account(ours):
        raise NotRead("caller", Unread("nobody knows whose account this is", "sts:GetCallerIdentity"))
    return ours


CHECKS: tuple[Check, ...] = (
    Check(
        id="website",
        title="The bucket is no website",
        topic="access",
        severity=Severity.MEDIUM,
        reads=("website", "public_access_block", "account_public_access_block"),
        why="Website endpoints speak no HTTPS and need public objects.",
        fix="put CloudFront with an origin access control in front (statements.allow_cloudfront), then "
        "`aws s3api delete-bucket-website --bucket …`",
        judge=_website,
        seeds=(
            "CloudFront origin access control",
            "HTTPS enforced, TLS version",
        ),
        source='Amazon S3 User Guide, "Website endpoints"',
    ),
    Check(
        id="cors",
        title="CORS trusts named websites over HTTPS only",
        topic="access",
        severity=Severity.MEDIUM,
        reads=("cors",),
        why="A browser lends a website what its visitor can reach: an address in the network, a presigned "
        "URL.",
        fix="name the origins: `aws s3api put-bucket-cors --bucket … --cors-configuration file://cors.json`",
        judge=_cors,
        seeds=("least-privilege IAM, no overly permissive bucket policy",),
        source='Amazon S3 User Guide, "Using cross-origin resource sharing (CORS)"',
    ),
    Check(
        id="bucket-owner",
        title="The bucket belongs to the account that the profile names",
        topic="access",
        severity=Severity.CRITICAL,
        reads=("account",),
        why="Names of buckets are worldwide: whoever takes one that was deleted is sent the data.",
        fix="stop writing to it, and pass ExpectedBucketOwner: SecurityProfile(expected_bucket_owner=…)",
        judge=_owner,
        refs=("terraform-aws-s3-bucket:expected_bucket_owner",),
        seeds=("cross-account access",),
        source='Amazon S3 User Guide, "Verifying bucket ownership with bucket owner condition"',
    ),
    Check(
        id="shadow-resource",
        title="A bucket that a service of AWS would take for its own is yours",
        topic="access",
        severity=Severity.HIGH,
        reads=("account", "caller"),
        why="Services make buckets with names that can be foreseen; whoever makes them first is sent what is "
        "meant for you.",
        fix="use another bucket with the service, name the owner where it can be named, and tell AWS",
        judge=_shadow,
        refs=("prowler:s3_bucket_shadow_resource_vulnerability",),
        seeds=("cross-account access",),
        source='Amazon S3 User Guide, "Verifying bucket ownership with bucket owner condition"',
    ),
)
