"""Whether policies allow a request to S3: everything that it needs, in every layer, with nothing left open.

1. The request is read as its client sent it (``sending``), and asked what it needs (``policy.wire``).
2. What only the server knows is filled in (``facts``), or what a test pretends (``circumstances``).
3. Each need is evaluated under the policies of the bucket or access point, and of whoever asks
   (``layering``); needs of KMS under those of the key (``keys``). (``case``)
4. What is not allowed is refused in AWS's words (``words``); an ACL may allow what no policy does.

Sources: Amazon S3 User Guide, "How Amazon S3 authorizes a request", "Required permissions for Amazon S3 API
operations", "Configuring IAM policies for using access points"; Amazon S3 API Reference, GetObject and
HeadObject (what is said of objects that do not exist), PutBucketPolicy (405).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ...settings import ACCOUNT_ID
from ..call import Call
from ..callers.identity import Identity
from ..clock import Clock
from ..faults import Refusal, access_denied
from ..ledger import Ledger
from ..services.keys import KeyPolicies
from ..settings.public_access import acl_allows
from ..store import Store
from .case import Bench, Case
from .circumstances import REAL, Circumstances
from .facts import Facts
from .layering import allows_everything, read_policy
from .sending import Sending

__all__ = ["Judge"]

_OWNERS = frozenset({"GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy"})
_COPIES = frozenset({"CopyObject", "UploadPartCopy"})


@dataclass
class Judge:
    """Judges the requests of one endpoint; ``circumstances`` are those that a test pretends."""

    store: Store
    ledger: Ledger
    clock: Clock
    circumstances: Circumstances = REAL
    _bench: Bench = field(init=False)

    def __post_init__(self) -> None:
        facts, sending = Facts(self.store, self.ledger), Sending(self.store, self.ledger)
        self._bench = Bench(self.store, facts, sending, KeyPolicies(self.store))

    def admit(self, call: Call, identity: Identity) -> None:
        """Let a request pass that policies allow.

        Of DeleteObjects, the entries that are not allowed are noted in ``call.denied``.

        Raises:
            Refusal: AccessDenied, or MethodNotAllowed for another account that a policy allows too much;
                NoSuchBucket, so that nothing passes that has not been judged.
        """
        bucket = self.store.bucket(call.bucket) if call.bucket else None
        if bucket is None and call.bucket and call.operation != "CreateBucket":
            raise Refusal(404, "NoSuchBucket", "The specified bucket does not exist", BucketName=call.bucket)
        if not all(map(self.circumstances.reach, (call.point, call.source_point))):
            raise access_denied()
        idle = self._is_idle(call, identity, bucket)
        if idle and not self._bench.sending.uses_keys(call):
            return
        case = Case(self._bench, call, identity, self.circumstances, self.clock.now())
        if call.operation == "DeleteObjects":
            call.denied = case.denied()
            return
        if not idle:
            self._of_s3(case)
        for need in case.needs_of_keys():
            if refusal := case.refusal(need):
                raise access_denied(refusal.message)

    def _of_s3(self, case: Case) -> None:
        call, identity = case.call, case.identity
        for number, need in enumerate(case.needs()):
            refusal = case.refusal(need)
            if refusal is None:
                continue
            # An ACL is about the operation itself, not about what it needs besides.
            if number or refusal.explicit or not acl_allows(call, self.store, identity):
                raise access_denied(refusal.message)
        case.look()
        bucket = self.store.bucket(call.bucket) if call.bucket else None
        owner = None if bucket is None else bucket.account_id
        if call.operation in _OWNERS and identity.caller.account != owner:
            message = "The specified method is not allowed against this resource."
            raise Refusal(405, "MethodNotAllowed", message, Method=call.method, ResourceType="BUCKETPOLICY")

    def _is_idle(self, call: Call, identity: Identity, bucket: Any) -> bool:
        """Whether every policy of S3 allows everything: so it is in most tests and benchmarks."""
        if self.circumstances or call.operation in _COPIES or identity.caller.account != ACCOUNT_ID:
            return False
        if bucket is not None and bucket.account_id != ACCOUNT_ID:
            return False
        texts = (getattr(bucket, "policy", None), call.point.policy if call.point else None)
        return allows_everything(identity, [read_policy(text) for text in texts])
