"""Remedies for what a bucket's and an object's settings refuse.

Sources: Amazon S3 User Guide, "Troubleshoot access denied (403 Forbidden) errors", "Blocking public access to
your Amazon S3 storage", "Controlling ownership of objects", "Locking objects with Object Lock", "Blocking or
unblocking SSE-C for a general purpose bucket", "Using Requester Pays buckets".
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from ..explanation import ACCOUNT_ADMIN, BUCKET_OWNER, CALLER, Remedy
from . import keys
from .facts import Facts

_ACL_ARGUMENTS = ("ACL", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP")
_SETTINGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_UPLOADS = ("PutObject", "CopyObject", "CreateMultipartUpload", "")
_THINGS = ("NoSuchBucket", "NoSuchKey", "NoSuchVersion", "NoSuchUpload", "NoSuchAccessPoint")
_READS = ("GetObject", "HeadObject", "GetObjectAttributes")
_ASK = "ask the bucket's owner: it was switched on for a reason"


def _aws(facts: Facts, line: str, rest: str = "") -> str:
    """A command line about the bucket; empty if nobody knows which."""
    if not facts.bucket or facts.bucket.startswith("arn:"):
        return ""
    return f"aws s3api {line} --bucket {shlex.quote(facts.bucket)}{rest}"


def _on_object(facts: Facts, line: str, rest: str = "") -> str:
    key = facts.sent.key if facts.sent else None
    return _aws(facts, line, f" --key {shlex.quote(key)}{rest}") if key else ""


def no_such_object(facts: Facts) -> Iterator[Remedy]:
    """The key is not there, which S3 tells only those who may list the bucket.

    Source: Amazon S3 API Reference, GetObject and HeadObject, "Permissions".
    """
    called = (facts.sent.operation if facts.sent else None) or facts.denial.operation
    instead = facts.denial.action == "s3:ListBucket"
    missing = facts.settings.object_exists is False and not facts.denial.explicit
    if called in _READS and (instead or missing):
        key = f"object {facts.sent.key}" if facts.sent and facts.sent.key else "such object"
        why = "; without s3:ListBucket S3 answers 403 in place of 404"
        said = why if instead or facts.denial.cause == "opaque" else ""
        yield Remedy(CALLER, f"check the key: there is no {key}{said}")


def blocked_encryption(facts: Facts) -> Iterator[Remedy]:
    """The bucket refuses this kind of encryption."""
    if facts.keys:
        strategy = f'SseKms("{facts.keys[0]}")'
        yield Remedy(CALLER, f"configure {strategy}", encryption=strategy)
    else:
        yield Remedy(CALLER, "configure SseKms with a key of yours, in place of a customer key")
        yield Remedy(CALLER, "configure SseS3()", encryption="SseS3()")
    yield Remedy(
        BUCKET_OWNER,
        "unblock SSE-C in the bucket's default encryption, knowing that S3 then takes objects whose key only "
        "their writers have",
        target=facts.bucket,
        command=_aws(
            facts, "put-bucket-encryption", " --server-side-encryption-configuration file://rules.json"
        ),
        risk="whoever may write can then lock objects away with a key of his own",
    )


def block_public_access(facts: Facts) -> Iterator[Remedy]:
    """S3 Block Public Access."""
    text = f"{facts.denial.detail} {facts.denial.message[:4096]}"
    setting = next(
        (each for each in ("BlockPublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets") if each in text),
        "",
    )
    if setting == "BlockPublicPolicy":
        yield Remedy(CALLER, "name in the policy who may, in place of everybody: S3 then takes it")
    elif setting == "RestrictPublicBuckets":
        yield Remedy(BUCKET_OWNER, "let the bucket policy name who may, so that it is not public any more")
    else:
        grants = facts.operation in _UPLOADS
        yield Remedy(
            CALLER,
            "leave the public ACL out" if grants else 'set ACL="private"',
            arguments=dict.fromkeys(_ACL_ARGUMENTS) | ({} if grants else {"ACL": "private"}),
        )
    whole = any((facts.settings.account_public_access_block or {}).values())
    only = not any((facts.settings.public_access_block or {}).values())
    yield Remedy(
        ACCOUNT_ADMIN if whole and only else BUCKET_OWNER,
        f"switch {setting or 'Block Public Access'} off{' for the whole account' if whole and only else ''}, "
        "if the bucket is meant to be public",
        target=facts.bucket,
        command=""
        if whole and only
        else _aws(
            facts,
            "put-public-access-block",
            f" --public-access-block-configuration {_without(facts, setting)}",
        ),
        risk="everybody may then be let in; " + _ASK,
    )


def _without(facts: Facts, setting: str) -> str:
    """All four settings as they are, but for this one: those that are not named are switched off, too."""
    now = facts.settings.public_access_block or dict.fromkeys(_SETTINGS, True)
    return ",".join(
        f"{name}={'true' if now.get(name) and name != setting else 'false'}" for name in _SETTINGS
    )


def acls_off(facts: Facts) -> Iterator[Remedy]:
    """Object Ownership is BucketOwnerEnforced; or the ACL itself is none."""
    if "header" in facts.denial.detail:
        yield Remedy(CALLER, "pass ACL=, the grants or AccessControlPolicy=: the call is about nothing else")
        return
    yield Remedy(
        CALLER,
        "leave ACL and grants out: the bucket's owner owns every object, and policies say who may",
        arguments=dict.fromkeys(_ACL_ARGUMENTS),
    )
    yield Remedy(
        BUCKET_OWNER,
        "switch ACLs on again with Object Ownership BucketOwnerPreferred",
        target=facts.bucket,
        command=_aws(
            facts,
            "put-bucket-ownership-controls",
            " --ownership-controls 'Rules=[{ObjectOwnership=BucketOwnerPreferred}]'",
        ),
        risk="objects may then be let out by their ACLs, whatever the policies say; " + _ASK,
    )


def object_lock(facts: Facts) -> Iterator[Remedy]:
    """The object's retention or legal hold; an upload under Object Lock without a checksum; versioning."""
    if facts.denial.detail == "no checksum":
        what = "send a checksum: ChecksumAlgorithm='CRC32', or checksum_mode='when_supported' of the profile"
        yield Remedy(CALLER, what, arguments={"ChecksumAlgorithm": "CRC32"})
        return
    if "not enabled" in facts.denial.detail:
        yield Remedy(
            BUCKET_OWNER,
            "enable Object Lock for the bucket, which has to keep versions",
            target=facts.bucket,
            command=_aws(
                facts,
                "put-object-lock-configuration",
                " --object-lock-configuration ObjectLockEnabled=Enabled",
            ),
            risk="it cannot be switched off again",
        )
        return
    if facts.denial.detail.startswith("versioning"):
        yield from _versioning(facts)
        return
    yield from _locked(facts)


def _versioning(facts: Facts) -> Iterator[Remedy]:
    """Object Lock without versioning, or versioning that was to be suspended under it."""
    if facts.denial.detail == "versioning stays":
        yield Remedy(
            CALLER, "leave versioning on: nothing takes Object Lock off a bucket; others can go without both"
        )
        return
    yield Remedy(
        BUCKET_OWNER,
        "enable versioning of the bucket, then Object Lock",
        target=facts.bucket,
        command=_aws(facts, "put-bucket-versioning", " --versioning-configuration Status=Enabled"),
        risk="what is replaced or deleted is kept, and paid for, until a lifecycle rule removes it",
    )


def _locked(facts: Facts) -> Iterator[Remedy]:
    """A version under retention or a legal hold."""
    retention = facts.settings.retention or {}
    until, mode = retention.get("RetainUntilDate"), retention.get("Mode")
    if facts.settings.legal_hold:
        yield Remedy(
            BUCKET_OWNER,
            "release the legal hold, if whoever placed it agrees: put_object_legal_hold with Status OFF",
            target=facts.bucket,
            command=_on_object(facts, "put-object-legal-hold", " --legal-hold Status=OFF"),
            risk="the object can then be deleted for good",
        )
        if not retention:
            yield Remedy(CALLER, "delete without a version id, which only adds a marker")
            return
    when = f" on {until}" if until else ""
    yield Remedy(
        CALLER, f"wait until the retention ends{when}; without a version id a delete only adds a marker"
    )
    if mode == "GOVERNANCE" or (mode is None and facts.settings.retention is None):
        yield Remedy(
            CALLER,
            "in governance mode, set BypassGovernanceRetention=True; it needs s3:BypassGovernanceRetention",
            arguments={"BypassGovernanceRetention": True},
            risk="the version is then gone before its time",
        )


def mfa_delete(facts: Facts) -> Iterator[Remedy]:
    """MFA delete is on."""
    yield Remedy(
        BUCKET_OWNER,
        "as the account's root user, delete the version with MFA='<serial> <code>'; or delete without a "
        "version id, which adds a marker",
        target=facts.bucket,
    )


def bucket_owner(facts: Facts) -> Iterator[Remedy]:
    """The bucket belongs to another account than was expected."""
    owner = facts.settings.owner
    expected = facts.sent.header("x-amz-expected-bucket-owner") if facts.sent else None
    yield Remedy(
        CALLER,
        f"check the bucket's name: it belongs to {owner or 'another account'}, and {expected or 'another'} "
        "was expected, so that nothing was sent to a stranger",
    )
    if owner and owner != expected:
        yield Remedy(
            CALLER,
            f'if it is meant: ExpectedBucketOwner="{owner}", or expected_bucket_owner of the profile',
            arguments={"ExpectedBucketOwner": owner},
            risk="make sure whose account that is: somebody may have taken the name",
        )


def archived(facts: Facts) -> Iterator[Remedy]:
    """The object is in an archive."""
    stored = facts.denial.fields.get("StorageClass")
    yield Remedy(
        CALLER,
        f"restore the object first{f' from {stored[:40]}' if stored else ''}, which takes minutes to hours",
        command=_on_object(facts, "restore-object", " --restore-request Days=7"),
        risk="a copy is kept and paid for as many days",
    )


def not_found(facts: Facts) -> Iterator[Remedy]:
    """There is none."""
    code = facts.denial.code or ""
    if code.endswith("NotFoundError") or (code.startswith("NoSuch") and code not in _THINGS):
        yield Remedy(CALLER, "take it as the answer: the bucket has no such configuration; or set it first")
        return
    yield Remedy(CALLER, "check bucket, key and version id, letter by letter, and the region")


def precondition(facts: Facts) -> Iterator[Remedy]:
    """A condition of the request itself does not hold."""
    header = facts.sent.header("if-none-match") if facts.sent else None
    told = f"{facts.denial.detail} {facts.denial.message[:4096]} {facts.denial.fields.get('Condition', '')}"
    if header == "*" or "if-none-match" in told.lower():
        yield Remedy(CALLER, "the object is there already: choose another key, or decide to overwrite it")
    else:
        yield Remedy(
            CALLER,
            "read the object anew: it changed since its ETag was read (If-Match), or is there already "
            "(If-None-Match)",
        )


def policy_document(facts: Facts) -> Iterator[Remedy]:
    """A policy that S3 does not take."""
    yield Remedy(
        CALLER,
        "lint the policy before it is put, and put it as somebody of the bucket owner's account",
        command="secure-s3 policy lint policy.json",
    )


def opaque(facts: Facts) -> Iterator[Remedy]:
    """It is a denial, and nothing says by whom."""
    if facts.settings.requester_pays:
        yield Remedy(
            CALLER,
            'set RequestPayer="requester": whoever asks pays in this bucket',
            arguments={"RequestPayer": "requester"},
            risk="the request is charged to your account",
        )
    yield from keys.unsaid(facts)
    expected = facts.sent.header("x-amz-expected-bucket-owner") if facts.sent else None
    if expected and facts.settings.owner and facts.settings.owner != expected:
        yield from bucket_owner(facts)
    if facts.settings.retention or facts.settings.legal_hold:
        yield from object_lock(facts)
