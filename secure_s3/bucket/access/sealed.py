"""What client-side encryption asks of KMS by itself, besides what S3 is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from ...encryption import ClientSide, Strategy
from ...envelope.keys import KmsKeys
from ...policy.wire import Caller, Need, SentRequest, key_need

_ENCRYPTS = frozenset({"PutObject", "CreateMultipartUpload"})


def sealed_needs(
    sent: SentRequest,
    strategy: Strategy | None,
    *,
    caller: Caller,
    now: datetime,
    assume: Mapping[str, Any],
) -> Iterator[Need]:
    """The calls to KMS that go with *sent*: a data key to write, ``kms:Decrypt`` to read.

    Of several keys, the first makes the data key and the others encrypt it; each of them alone opens it. Keys
    of other providers are not looked at.
    """
    if not isinstance(strategy, ClientSide) or not isinstance(strategy.keys, KmsKeys):
        return
    if sent.bucket is None or sent.key is None:
        return
    pairs = strategy.context_for(sent.bucket, sent.key)
    known: dict[str, Any] = {"caller": caller, "now": now, "temporary": sent.temporary, "assume": assume}
    keys = strategy.keys.key_arns
    if sent.operation in _ENCRYPTS:
        for number, key in enumerate(keys):
            yield key_need("kms:Encrypt" if number else "kms:GenerateDataKey", key, pairs, **known)
    elif sent.operation == "GetObject":
        for key in keys:
            when = f"the object's data key is opened with {key}" if len(keys) > 1 else ""
            yield key_need("kms:Decrypt", key, pairs, more_pairs=True, when=when, **known)
