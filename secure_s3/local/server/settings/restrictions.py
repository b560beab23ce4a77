"""What refuses a call though every policy allows it: settings of the bucket, the object and the account.

Block Public Access (``public_access``), Object Ownership (``ownership``), blocked encryption types
(``blocked_encryption``), MFA delete (``mfa``) and Object Lock (``object_lock``). The calls that change and
tell these settings are answered here where moto does not know them or answers otherwise than S3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..call import Answer, Call
from ..callers.identity import Identity
from ..clock import Clock
from ..documents import xml_answer
from ..ledger import Ledger
from ..store import Store
from .access_logging import get_logging, put_logging
from .acls import check_groups
from .blocked_encryption import check_blocked, get_encryption, put_encryption
from .lock_settings import answer_lock
from .mfa import check_mfa, get_versioning, put_versioning
from .object_lock import check_bypass, check_delete, check_deletes, check_write, release_all, satisfy_moto
from .ownership import check_ownership, make_private
from .point_policies import check_public_point
from .public_access import (
    block_everything,
    check_public_acl,
    check_public_bucket,
    check_public_policy,
    policy_status,
    put_settings,
)

__all__ = ["answer_restrictions", "check_restrictions"]

_PUT: Mapping[str, Callable[[Call, Any], Answer]] = {
    "PutPublicAccessBlock": put_settings,
    "PutBucketEncryption": put_encryption,
}
_GET: Mapping[str, Callable[[Any], Answer]] = {
    "GetBucketPolicyStatus": policy_status,
    "GetBucketEncryption": get_encryption,
    "GetBucketLogging": get_logging,
}


def check_restrictions(call: Call, store: Store, identity: Identity, ledger: Ledger, clock: Clock) -> None:
    """Called once policies allow the call and its body is read, under the key's lock, before it is done.

    The lock that a new object gets by the bucket's default is written into the call's headers.

    Raises:
        Refusal: In S3's words.
    """
    check_public_bucket(call, store, identity)
    check_public_point(call, store, identity)
    check_ownership(call, store)
    check_groups(call)
    check_public_acl(call, store, identity)
    check_public_policy(call, store, identity)
    check_blocked(call, store, identity)
    check_mfa(call, store, ledger)
    check_bypass(call, store)
    check_delete(call, store, clock.now())
    check_deletes(call, store, clock.now())
    check_write(call, store, clock.now())


def answer_restrictions(call: Call, store: Store, ledger: Ledger, clock: Clock) -> Answer | None:
    """The answer to a call that moto does not know or answers wrongly; None leaves it to moto.

    Called after ``check_restrictions``, right before the call would be carried out. What it leaves to moto
    is made ready for it.

    Raises:
        Refusal: In S3's words.
    """
    bucket = store.bucket(call.bucket)
    if call.operation == "CreateBucket":
        return _create_bucket(call, store)
    if bucket is None:
        return None
    if call.operation == "GetBucketRequestPayment":
        return xml_answer("RequestPaymentConfiguration", "<Payer>BucketOwner</Payer>")  # no other is there
    if call.operation in _PUT:
        return _PUT[call.operation](call, bucket)
    if call.operation in _GET:
        return _GET[call.operation](bucket)
    if call.operation == "PutBucketLogging":
        return put_logging(call, bucket, store)
    if call.operation == "PutBucketVersioning":
        return put_versioning(call, bucket, ledger)
    if call.operation == "GetBucketVersioning":
        return get_versioning(bucket, ledger)
    make_private(call)
    satisfy_moto(call, store)
    release_all(call, store)
    return answer_lock(call, store, clock.now())


def _create_bucket(call: Call, store: Store) -> Answer:
    """A new bucket has no ACLs and all of Block Public Access, as at S3 since April 2023."""
    existed = store.bucket(call.bucket) is not None
    answer = store.s3(call.environ)
    bucket = store.bucket(call.bucket)
    if answer.ok and bucket is not None and not existed:
        block_everything(bucket)
        bucket.ownership_rule = bucket.ownership_rule or "BucketOwnerEnforced"
    return answer
