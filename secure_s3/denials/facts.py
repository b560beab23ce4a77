"""What is known about a refusal that the service names, beside its name: one line for each fact."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .evidence import Evidence

_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def known(evidence: Evidence) -> tuple[str, ...]:
    """Lines that say what was wanted and what is there."""
    tell = _TELL.get(evidence.denial.cause)
    return tuple(tell(evidence)) if tell else ()


def _public_access(evidence: Evidence) -> Iterator[str]:
    settings = evidence.settings
    blocks = (("bucket", settings.public_access_block), ("account", settings.account_public_access_block))
    for whose, block in blocks:
        on = [name for name in _BLOCKS if block and block.get(name)]
        if on:
            yield f"Block Public Access of the {whose}: {', '.join(on)}"


def _blocked_encryption(evidence: Evidence) -> Iterator[str]:
    blocked = evidence.settings.blocked_encryption
    if blocked:
        yield f"the bucket blocks {', '.join(blocked)}"
    default = evidence.settings.default_encryption
    if default:
        yield f"its default encryption is {_shown(default)}"


def _acl(evidence: Evidence) -> Iterator[str]:
    if evidence.settings.ownership:
        yield f"Object Ownership is {evidence.settings.ownership}"


def _object_lock(evidence: Evidence) -> Iterator[str]:
    settings = evidence.settings
    if settings.retention:
        mode, until = settings.retention.get("Mode"), settings.retention.get("RetainUntilDate")
        yield f"the version is under {str(mode).lower()} retention until {until}"
    if settings.legal_hold:
        yield "the version is under a legal hold"


def _key(evidence: Evidence) -> Iterator[str]:
    for arn, key in evidence.settings.keys.items():
        state = key.get("KeyState")
        if state and state != "Enabled":
            deletion = key.get("DeletionDate")
            yield f"KMS key {arn} is {state}" + (f", deletion on {deletion}" if deletion else "")


def _presign(evidence: Evidence) -> Iterator[str]:
    fields = evidence.denial.fields
    if "Expires" in fields and "ServerTime" in fields:
        yield f"it ended {fields['Expires']}, and the server's time was {fields['ServerTime']}"
    if "HeadersNotSigned" in fields:
        yield f"headers sent and not signed: {fields['HeadersNotSigned']}"


def _clock(evidence: Evidence) -> Iterator[str]:
    fields = evidence.denial.fields
    if "RequestTime" in fields and "ServerTime" in fields:
        yield f"the request says {fields['RequestTime']}, the server's time was {fields['ServerTime']}"


def _region(evidence: Evidence) -> Iterator[str]:
    region = evidence.denial.fields.get("Region") or evidence.settings.region
    if region:
        yield f"the bucket is in {region}"
    if evidence.sent is not None and evidence.sent.region:
        yield f"the request was signed for {evidence.sent.region}"


def _kms_access(evidence: Evidence) -> Iterator[str]:
    yield from _key(evidence)
    for arn, grants in evidence.settings.grants.items():
        if grants:
            yield f"KMS key {arn} has {len(grants)} grant{'' if len(grants) == 1 else 's'}"


def _shown(default: Mapping[str, Any]) -> str:
    algorithm, key = default.get("SSEAlgorithm"), default.get("KMSMasterKeyID")
    return f"{algorithm} with {key}" if key else str(algorithm)


_TELL: Mapping[str, Callable[[Evidence], Iterator[str]]] = {
    "block_public_access": _public_access,
    "blocked_encryption": _blocked_encryption,
    "acl": _acl,
    "object_lock": _object_lock,
    "kms_key_state": _key,
    "kms_key_not_found": _key,
    "kms_access": _kms_access,
    "presign": _presign,
    "clock": _clock,
    "region": _region,
}
