"""What the server knows of a request that its sender could not: nothing is left open.

A condition key that nobody tells is absent: the endpoint is in no VPC and no organization, and has no tags on
its buckets that count (S3 evaluates them only where access control by attributes is switched on, which this
endpoint does not do). Sources: Service Authorization Reference, "Actions, resources, and condition keys for
Amazon S3"; Amazon S3 API Reference, "Amazon S3 Signature Version 4 authentication specific policy keys".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any

from ....policy import UNKNOWN, AccessRequest, Between, OneOf, catalogue
from ..call import SSE, Call
from ..ledger import Ledger
from ..store import Store

__all__ = ["Facts", "closed"]

_KEY = f"s3:{SSE}-aws-kms-key-id"
_OF_AN_UPLOAD = frozenset({"UploadPart", "UploadPartCopy", "CompleteMultipartUpload"})


def closed(request: AccessRequest, told: Mapping[str, Any], owner: str | None) -> AccessRequest:
    """*request* with nothing unknown: what is *told*, then what the request settles; the rest is absent."""
    context = {name: _settled(value) for name, value in request.context.items() if value is not UNKNOWN}
    # Of two spellings of one key, the evaluator takes the last.
    return replace(request, context={**context, **told}, unknown=(), resource_account=owner)


def _settled(value: Any) -> Any:
    """One of the candidates: of two ways to write a text the plain one, of a span of days the whole."""
    if isinstance(value, OneOf):
        return value.candidates[-1]
    return value.high if isinstance(value, Between) else value


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the objects that requests are about, and of the way that they came."""

    store: Store
    ledger: Ledger

    def of_the_way(self, call: Call, now: datetime) -> dict[str, Any]:
        """Address, signature, and the region of what is not signed for one."""
        bucket = self.store.bucket(call.bucket) if call.scope is None and call.bucket else None
        return {
            **({} if bucket is None else {"aws:RequestedRegion": bucket.region_name}),
            "aws:SourceIp": call.environ.get("REMOTE_ADDR"),
            **({"s3:signatureAge": _age(call, now)} if call.signed_by == "query" else {}),
            **({"s3:AccessPointNetworkOrigin": call.point.origin} if call.point else {}),
        }

    def of_the_object(self, action: str, bucket: str, key: str, version: str | None) -> dict[str, Any]:
        """The tags that an object has, as keys of conditions, where *action* has any."""
        if not key or not _sees_tags(action):
            return {}
        stored = self.store.object(bucket, key, version)
        return {f"s3:ExistingObjectTag/{name}": value for name, value in self.tags(stored).items()}

    def tags(self, stored: Any) -> dict[str, str]:
        """The tags of moto's object; none of None."""
        return {} if stored is None else self.store.tags(stored)

    def of_the_encryption(self, call: Call) -> dict[str, Any]:
        """The key that an alias or a bare id means; of the parts of an upload, how it was begun.

        AWS does not say what policies see of the parts of an upload, which have no header of their own. That
        policies which demand the header work with uploads in parts shows that it is what the upload was begun
        with.
        """
        if call.operation in _OF_AN_UPLOAD:
            note = self.ledger.of_upload(self.store.upload(call.bucket, call.query.get("uploadId", "")))
            return {f"s3:{SSE}": note.seal.algorithm, _KEY: note.seal.key_arn} if note.asked else {}
        named = call.headers.get(f"{SSE}-aws-kms-key-id")
        bucket = self.store.bucket(call.bucket)
        if named is None or bucket is None:
            return {}
        key = self.store.kms_key(named, bucket.region_name)
        return {_KEY: named if key is None else str(key.arn)}

    def is_governed(self, bucket: str, key: str, version: str | None, now: datetime) -> bool:
        """Whether a version, the present one without its id, is under governance retention."""
        stored = self.store.object(bucket, key, version)
        until = getattr(stored, "lock_until", None)
        if stored is None or stored.lock_mode != "GOVERNANCE" or not until:
            return False
        end = datetime.fromisoformat(str(until).replace("Z", "+00:00"))
        return (end if end.tzinfo else end.replace(tzinfo=timezone.utc)) > now


@lru_cache(maxsize=256)
def _sees_tags(action: str) -> bool:
    return any(key.startswith("s3:existingobjecttag/") for key in catalogue.keys_of(action))


def _age(call: Call, now: datetime) -> str | None:
    """Milliseconds since a URL was signed."""
    if call.scope is None:
        return None
    return str(max(0, int((now - call.scope.signed_at).total_seconds() * 1000)))
