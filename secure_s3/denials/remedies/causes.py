"""Remedies by the cause of a denial, where policies have no part in it: words and command lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from ..explanation import Remedy
from . import keys, settings, signing
from .facts import Facts

Source = Callable[[Facts], Iterable[Remedy]]

_BY_CAUSE: Mapping[str, Source] = {
    "kms_key_state": keys.state,
    "kms_key_not_found": keys.not_found,
    "sse_c": keys.customer_key,
    "encryption_parameters": keys.parameters,
    "blocked_encryption": settings.blocked_encryption,
    "block_public_access": settings.block_public_access,
    "acl": settings.acls_off,
    "object_lock": settings.object_lock,
    "mfa_delete": settings.mfa_delete,
    "bucket_owner": settings.bucket_owner,
    "archived": settings.archived,
    "not_found": settings.not_found,
    "precondition": settings.precondition,
    "policy_document": settings.policy_document,
    "opaque": settings.opaque,
    "presign": signing.presigned,
    "post_policy": signing.form,
    "signature": signing.signature,
    "clock": signing.clock,
    "credentials": signing.credentials,
    "region": signing.region,
    "transport": signing.transport,
}


def by_cause(facts: Facts) -> Iterator[Remedy]:
    """What the cause itself says; nothing for one that says nothing."""
    if "AWSCompromisedKeyQuarantine" in f"{facts.denial.policy_arn} {facts.denial.message}":
        yield from signing.quarantined(facts)
        return
    source = _BY_CAUSE.get(facts.denial.cause)
    if source is not None:
        yield from source(facts)
