"""Which cause an answer stands for: by the sentence of the policies, by its code, by its words.

A code that has one meaning decides alone. ``AccessDenied``, ``InvalidArgument`` and the like mean anything,
and there the words decide; what is left is ``opaque`` if it is a denial, and ``other`` if it is none.

Source: Amazon S3 API Reference, "Error responses"; AWS KMS API Reference, "Common errors"; AWS STS API
Reference, "Common errors"; and answers recorded from the services.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from . import grammar
from .codes import BY_CODE, DENIED_CODES, KMS_CODES, POLICY_CALLS, VAGUE_CODES
from .grammar import Sentence
from .texts import by_text, key_state

EXPRESS_AND_S3 = ("s3", "s3express", "s3-object-lambda", "s3-outposts")
"""Services of which a resource-based policy is called a bucket policy, or an access point's."""
PROXY_PAGE = "proxy page"
"""HTML: S3 answers in XML, so that it comes from something on the way."""
_PAGES = ("<html", "<!doctype html")
POST_LIMITS = ("5368709120", "5242880")
"""5 GiB and 5 MiB: what S3 itself sets. Another limit on a size is one that a POST policy sets."""


class Answer(NamedTuple):
    """What a service answered; texts redacted and cut, ``lowered`` the message in small letters."""

    service: str
    operation: str
    status: int | None
    code: str
    message: str
    lowered: str
    fields: Mapping[str, str]


class Family(NamedTuple):
    """A cause, the layer that the message names, what distinguishes it, and whether the words are certain."""

    cause: str
    layer: str | None = None
    detail: str = ""
    certain: bool = True


def by_sentence(said: Sentence, service: str) -> Family:
    """The cause that the sentence of the policies states."""
    kind, of = said.kind, (said.action or f"{service}:").partition(":")[0].lower()
    if kind in (grammar.PUBLIC_ACCESS, grammar.ENCRYPTION):
        return Family(kind, None, said.detail)
    if kind == grammar.TRUST:
        return Family("trust_policy", grammar.TRUST)
    if kind == grammar.RESOURCE:
        return Family(_cause_of_resource_policy(of), _layer_of_resource_policy(of), said.detail)
    if of == "kms" and kind in (grammar.CIPHERTEXT, None):
        return Family("kms_access", certain=kind is None)
    if of == "kms" and kind == grammar.IDENTITY:
        return Family("kms_access", grammar.IDENTITY)
    if kind is None or kind == grammar.CIPHERTEXT:
        assumes = (said.action or "").lower().startswith("sts:assumerole")
        if assumes and said.explicit is None:
            return Family("trust_policy", certain=False)  # the caller's own policies may be it as well
        return Family("opaque")
    return Family(kind, kind, said.detail)


def _cause_of_resource_policy(of: str) -> str:
    if of in EXPRESS_AND_S3:
        return "bucket_policy"
    return {"sts": "trust_policy", "kms": "kms_access"}.get(of, "other")


def _layer_of_resource_policy(of: str) -> str:
    return grammar.TRUST if of == "sts" else grammar.RESOURCE


def by_answer(answer: Answer) -> Family:
    """The cause of an answer that names no policy."""
    for step in (_missing, _key, _told_by_fields, _told_by_operation):
        found = step(answer)
        if found is not None:
            return found
    known = BY_CODE.get(answer.code)
    words = None if answer.lowered[:32].lstrip().startswith("<") else by_text(answer.lowered)
    if words is not None and (known is None or answer.code in VAGUE_CODES or words[0] == known):
        # KMS does not tell whether there is no such key, or its policy does not allow it.
        return Family(words[0], None, words[1], certain=words[0] != "kms_access")
    if known is not None:
        return Family(known)
    cause = _left_over(answer)
    page = PROXY_PAGE if answer.lowered[:1024].lstrip().startswith(_PAGES) else ""
    nothing = cause == "other" and answer.status is None and not answer.code
    return Family(cause, None, page if cause in ("opaque", "other") else "", certain=not nothing)


def _missing(answer: Answer) -> Family | None:
    code = answer.code
    return Family("not_found") if code.startswith("NoSuch") or code.endswith("NotFoundError") else None


def _key(answer: Answer) -> Family | None:
    """Of a KMS key: S3 puts ``KMS.`` before the names that KMS itself uses."""
    prefix, _, name = answer.code.rpartition(".")
    if prefix and prefix.upper() != "KMS":
        return None
    cause = KMS_CODES.get(name)
    speaks_of_key = bool(prefix) or answer.service == "kms" or _names_key(answer.lowered)
    if cause is None or (name in _OF_ANY_SERVICE and not speaks_of_key):
        return None
    if name == "ValidationException" and "invalid keyid" not in answer.lowered:
        return None
    elsewhere = "other region" if "invalid arn" in answer.lowered else ""
    return Family(cause, None, key_state(answer.lowered, name) if cause == "kms_key_state" else elsewhere)


_OF_ANY_SERVICE = ("NotFoundException", "ValidationException", "InvalidStateException")


def _names_key(lowered: str) -> bool:
    return ":kms:" in lowered or lowered.startswith("key ") or "alias/" in lowered


def _told_by_fields(answer: Answer) -> Family | None:
    """What an element of the answer settles."""
    fields, code = answer.fields, answer.code
    if code == "MissingSecurityHeader":
        missing = fields.get("MissingHeaderName", "" if answer.operation else "x-amz-acl")
        missing += answer.operation
        return Family("acl", None, "header missing") if "acl" in missing.lower() else None
    argument = fields.get("ArgumentName", "").lower()
    if argument.startswith(("x-amz-acl", "x-amz-grant-", "canonicaluser/id")):
        return Family("acl")
    if "x-amz-server-side-encryption" in argument:
        words = by_text(answer.lowered)
        of_encryption = words is not None and words[0] in ("encryption_parameters", "sse_c")
        return (
            Family(words[0], None, words[1]) if words and of_encryption else Family("encryption_parameters")
        )
    if code in ("AuthorizationHeaderMalformed", "AuthorizationQueryParametersError") and "Region" in fields:
        return Family("region", None, "signed for another region")
    if code in ("EntityTooLarge", "EntityTooSmall") and _is_form(answer):
        return Family("post_policy", None, "size")
    return None


def _is_form(answer: Answer) -> bool:
    """Whether the limit is one that a POST policy sets."""
    if answer.operation.startswith("Post") or "policy" in answer.lowered or "form" in answer.lowered:
        return True
    limit = answer.fields.get("MaxSizeAllowed") or answer.fields.get("MinSizeAllowed")
    return limit is not None and limit not in POST_LIMITS and "PartNumber" not in answer.fields


def _told_by_operation(answer: Answer) -> Family | None:
    """``MethodNotAllowed`` for a policy: the identity is not of the owner's account."""
    if answer.code not in ("MethodNotAllowed", "405"):
        return None
    kind = answer.fields.get("ResourceType", "")
    if answer.operation in POLICY_CALLS or kind == "BUCKETPOLICY":
        return Family("policy_document", None, "other account")
    return Family("not_found", None, "delete marker") if kind == "DeleteMarker" else None


def _left_over(answer: Answer) -> str:
    """Where neither code nor words say anything."""
    code, status = answer.code, answer.status
    if code in DENIED_CODES or (code in ("400", "BadRequest") and answer.lowered in ("", "bad request")):
        return "opaque"
    if code.endswith(("NotFound", "NotFoundException")):
        return "not_found"
    if status is None and not code:
        denied = answer.lowered.strip(" .!") in (
            "access denied",
            "forbidden",
            "403 forbidden",
            "accessdenied",
        )
        return "opaque" if denied else "other"
    by_status = {401: "opaque", 403: "opaque", 404: "not_found", 412: "precondition", 304: "precondition"}
    by_status |= {301: "region", 307: "region"}
    known = by_status.get(status or 0, "other")
    # A code of its own, say InvalidRange, tells more than the status does.
    return known if not code or known in ("opaque", "not_found") or code.isdigit() else "other"
