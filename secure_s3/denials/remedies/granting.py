"""The smallest statement that allows one permission."""

from __future__ import annotations

import re
from typing import Any

from ...errors import PolicyError
from ...policy import catalogue
from ...policy.request import AccessRequest, OneOf
from ...policy.statement import Statement
from ...policy.statements import allow_key_use, key_allow_use
from ...policy.statements.parts import Block, allow
from .callers import one, principal, sources
from .facts import Facts

_SPECIAL = re.compile(r"[*?$]")
_PAIR = "kms:encryptioncontext:"
_S3_ARN = f"{_PAIR}aws:s3:arn"
_LISTING = ("s3:ListBucket", "s3:ListBucketVersions")
_KEY_USES = ("kms:Decrypt", "kms:GenerateDataKey")


def literal(text: str) -> str:
    """A text as a pattern that fits nothing else.

    Source: IAM User Guide, "IAM policy elements: Variables and tags", "Specifying special characters".
    """
    return _SPECIAL.sub(lambda found: f"${{{found[0]}}}", text)


def for_identity(request: AccessRequest, facts: Facts) -> Statement | None:
    """For a policy of the caller's, its boundary or its session."""
    try:
        if request.action in _KEY_USES and (bucket := _through_s3(request)):
            return allow_key_use(request.resource, bucket, write=request.action != "kms:Decrypt")
        return allow(_sid(request), None, request.action, literal(request.resource), *_narrowed(request))
    except PolicyError:
        return None


def for_resource(request: AccessRequest, facts: Facts, document: str) -> Statement | None:
    """For the policy of a bucket, an access point, a key or a role; None for one whom none should name."""
    who = principal(request)
    if who is None:
        return None
    try:
        if document == "key policy":
            return _for_key(request, who)
        blocks: tuple[Block, ...] = _narrowed(request)
        if "Service" in who:
            source = sources(request)
            if source is None:
                return None
            blocks = (*blocks, source)
        if request.action.startswith("sts:"):
            raw = {"Sid": _sid(request), "Effect": "Allow", "Principal": who, "Action": request.action}
            return Statement(raw)
        return allow(_sid(request), who, request.action, literal(request.resource), *blocks)
    except PolicyError:
        return None


def _for_key(request: AccessRequest, who: dict[str, Any]) -> Statement | None:
    bucket = _through_s3(request)
    parts = request.resource.split(":")
    if "AWS" in who and request.action in _KEY_USES and bucket and len(parts) == 6:
        return key_allow_use(
            who["AWS"], parts[3], bucket, write=request.action != "kms:Decrypt", partition=parts[1]
        )
    source = sources(request) if "Service" in who else {}
    if source is None:
        return None
    return allow(_sid(request), who, request.action, "*", source, _context(request))


def _through_s3(request: AccessRequest) -> str:
    """The bucket for which S3 uses the key in the caller's name; empty where it does not."""
    via = one(request, "kms:ViaService") or ""
    if not via.startswith("s3."):
        return ""
    found = request.lookup(_S3_ARN)
    arn = found.candidates[-1] if isinstance(found, OneOf) else one(request, _S3_ARN)
    _, _, place = (arn or "").partition(":s3:::")
    return place.partition("/")[0]


def _context(request: AccessRequest) -> Block:
    """The encryption context that is known, for a use of the key without S3."""
    pairs = {
        key: value
        for key in request.context
        if key.lower().startswith(_PAIR) and (value := one(request, key)) and not _SPECIAL.search(value)
    }
    return {"StringEquals": dict(pairs)} if pairs else {}


def _narrowed(request: AccessRequest) -> tuple[Block, ...]:
    """A listing is allowed for the prefix that was asked for."""
    prefix = one(request, "s3:prefix") if request.action in _LISTING else None
    if not prefix or "$" in prefix:
        return ()
    return ({"StringEquals": {"s3:prefix": prefix}},)


def _sid(request: AccessRequest) -> str:
    known = catalogue.action(request.action)
    service, _, name = (known.name if known else request.action).partition(":")
    return f"Allow{service.upper() if service == 'kms' else ''}{re.sub('[^A-Za-z0-9]', '', name)}"
