"""A new bucket that is in order from the start. The edge."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ...errors import (
    AccessDenied,
    ConfigurationError,
    NotFound,
    PlanNotApplied,
    PolicyError,
    PreconditionFailed,
    SecureS3Error,
    TransportError,
)
from ...guard.cleanup import remark
from ...guard.faults import typed
from ...policy.statements.places import bucket_name
from ...values import printable_text
from ..asking import caller_account
from ..snapshot.naming import require_general_purpose
from ..wanted import BucketProfile
from .access import ENFORCED
from .plan import Manual

if TYPE_CHECKING:
    from ..handle import Bucket

_UNNAMED_REGION = "us-east-1"
_SERVER_ERROR = 500
_TAKEN = ("BucketAlreadyOwnedByYou", "BucketAlreadyExists")
_PERHAPS_BY_US = ("BucketAlreadyOwnedByYou", "OperationAborted")
"""What S3 says to a second attempt, if the first one made the bucket or is about to."""
_OF_OTHERS = frozenset({"key-rotation"})
"""What may be out of order: keys are older than the bucket, and often not its owner's to set."""


def create_secure_bucket(client: Any, session: Any, bucket: Bucket, **wishes: Any) -> None:
    """Make the bucket in the client's region, without ACLs, with Object Lock if it is wished for; harden it.

    If that fails, the bucket is deleted again: only the one that this call made, and only while it is empty,
    which S3 sees to. A bucket that is there already is neither hardened nor touched: S3 is asked before,
    since in us-east-1 it answers to the creation of a bucket that you own already as if it were new. Two
    processes of one account that create the same bucket there at the same moment are not told apart.

    If the answer to CreateBucket is lost, S3 is asked whether the bucket is there now and the caller's: then
    it is the one that this call made.

    Raises:
        PreconditionFailed: There is a bucket of that name.
        ConfigurationError: A wish cannot be meant, no bucket can have that name, or the caller is of another
            account than the bucket should be.
        PlanNotApplied: A setting could not be made; the text says whether the bucket was deleted. Or it is
            not known whether there is a bucket.
    """
    profile = bucket.profile(**wishes)
    require_general_purpose(bucket.name)
    _require_name(bucket.name)
    _refuse_existing(client, bucket.name)
    _require_owner(client, session, bucket.name, profile.expected_owner)
    _create_surely(client, session, bucket.name, profile)
    with _removed_on_failure(client, bucket.name):
        with typed("HeadBucket", bucket.name):
            client.get_waiter("bucket_exists").wait(Bucket=bucket.name)
        snapshot = bucket.snapshot(keys=profile.key_arns, identities=False)
        planned = bucket.plan(profile, snapshot=snapshot)
        if missing := [each for each in planned.blocked if each.check not in _OF_OTHERS]:
            raise _incomplete(bucket.name, missing)
        bucket.apply(planned)


def _require_name(name: str) -> None:
    """Refuse a name that S3 gives to no bucket, before anything is sent."""
    try:
        bucket_name(name)
    except PolicyError as error:
        raise ConfigurationError(
            f"no bucket can be called {name!r}", why=error.why, fix="choose another name", bucket=name
        ) from error


def _require_owner(client: Any, session: Any, name: str, expected: str | None) -> None:
    """Refuse to make a bucket in another account than is expected: it could not even be deleted again."""
    if expected is None:
        return
    try:
        account = caller_account(client, session)
    except SecureS3Error:  # whose account it is shows when the bucket is read
        return
    if account != expected:
        raise ConfigurationError(
            f"{name} is not created: the caller is of account {account}, and the profile expects {expected}",
            why="a bucket belongs to the account of whoever makes it",
            fix="use credentials of that account, or check the expected owner",
            bucket=name,
        )


def _refuse_existing(client: Any, name: str) -> None:
    try:
        with typed("HeadBucket", name):
            client.head_bucket(Bucket=name)
    except NotFound:
        return
    except AccessDenied as error:
        raise _exists(name, "it is not yours, or you lack s3:ListBucket") from error
    except SecureS3Error as error:
        if error.status in (301, 307, 400):
            raise _exists(name, "it is in another region") from error
        raise
    raise _exists(name, "your account may use it")


def _create_surely(client: Any, session: Any, name: str, profile: BucketProfile) -> None:
    """Create it; where the answer is lost, find out whether S3 did. What is interrupted is removed."""

    def is_there() -> bool:
        return _is_ours(client, name, profile.expected_owner or caller_account(client, session))

    try:
        _create(client, name, profile)
    except SecureS3Error as error:
        if not _is_uncertain(error):
            raise
        try:
            found = is_there()
        except SecureS3Error as unanswered:
            raise _unknown(name, error, unanswered) from error
        if not found:
            remark(error, "a moment later there was no such bucket")
            raise
    except BaseException as error:
        try:
            there = is_there()
            remark(error, _remove(client, name) if there else f"a moment later there was no bucket {name}")
        except SecureS3Error as unanswered:
            remark(error, f"the bucket {name} may be there, without protection: {unanswered.what}")
        raise


def _is_uncertain(error: SecureS3Error) -> bool:
    """Whether S3 may have made the bucket all the same.

    After a lost answer botocore asks again by itself, and is then told that the bucket is there.
    """
    if error.status is None:  # there was no answer; what is sent by nobody is a ConfigurationError
        return not isinstance(error, ConfigurationError)
    if isinstance(error, TransportError) or error.status >= _SERVER_ERROR:
        return True
    attempts = getattr(error, "response", {}).get("ResponseMetadata", {}).get("RetryAttempts", 0)
    return bool(attempts) and error.code in _PERHAPS_BY_US


def _is_ours(client: Any, name: str, account: str) -> bool:
    """Whether there is a bucket of that name in the account, where a moment ago there was none of anybody's.

    Raises:
        SecureS3Error: It cannot be told.
    """
    try:
        with typed("HeadBucket", name):
            client.head_bucket(Bucket=name, ExpectedBucketOwner=account)
    except NotFound:
        return False
    return True


def _unknown(name: str, cause: SecureS3Error, unanswered: SecureS3Error) -> PlanNotApplied:
    return PlanNotApplied(
        f"the answer to the creation of {name} was lost: it may be there, without protection",
        why=f"{cause.what}; and then: {unanswered.what}",
        fix=f"look whether it is there; if so, s3.bucket({name!r}).harden() brings it in order, or delete it",
        bucket=name,
        code=cause.code,
        status=cause.status,
    )


def _create(client: Any, name: str, profile: BucketProfile) -> None:
    region = client.meta.region_name
    where = {} if region == _UNNAMED_REGION else {"LocationConstraint": region}
    try:
        with typed("CreateBucket", name):
            client.create_bucket(
                Bucket=name,
                ObjectOwnership=ENFORCED,
                **({"CreateBucketConfiguration": where} if where else {}),
                **({"ObjectLockEnabledForBucket": True} if profile.object_lock else {}),
            )
    except PreconditionFailed as error:
        if error.code in _TAKEN and not _is_uncertain(error):
            raise _exists(name, "it was made a moment ago", error.code) from error
        raise


def _exists(name: str, why: str, code: str | None = None) -> PreconditionFailed:
    return PreconditionFailed(
        f"there is a bucket {name} already",
        why=f"{why}; names of buckets are unique in a partition of AWS",
        fix=f"choose another name; one of your own is hardened by s3.bucket({name!r}).harden()",
        operation="CreateBucket",
        bucket=name,
        code=code,
        status=409,
    )


def _incomplete(name: str, missing: list[Manual]) -> SecureS3Error:
    return SecureS3Error(
        f"{name} could not be brought in order",
        why=printable_text("; ".join(f"{each.title}: {each.why}" for each in missing)),
        fix="give the caller what is missing, or leave it out of the wishes",
        bucket=name,
    )


@contextmanager
def _removed_on_failure(client: Any, name: str) -> Iterator[None]:
    """Delete the bucket if anything inside fails, and say what came of it."""
    try:
        yield
    except SecureS3Error as error:
        raise _failed(name, error, _remove(client, name)) from error
    except BaseException as error:
        remark(error, _remove(client, name))
        raise


def _remove(client: Any, name: str) -> str:
    """Delete the empty bucket; what came of it, in words."""
    try:
        with typed("DeleteBucket", name):
            client.delete_bucket(Bucket=name)
    except SecureS3Error as error:
        return f"the new bucket is still there, for it could not be deleted: {error.what}"
    return "the new bucket was deleted again"


def _failed(name: str, cause: SecureS3Error, removed: str) -> PlanNotApplied:
    error = PlanNotApplied(
        f"{name} was not created: {removed}",
        why=f"{cause.what} ({cause.why})" if cause.why else cause.what,
        fix=cause.fix or "mend that, then create it again",
        bucket=name,
        code=cause.code,
        status=cause.status,
    )
    if isinstance(cause, PlanNotApplied):
        error.done, error.not_done = cause.done, cause.not_done
    return error
