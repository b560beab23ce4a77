"""An answer of S3, KMS, STS or IAM becomes a Denial, whatever stands in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from .denial import STATED, UNCERTAIN, Denial
from .families import Answer, by_answer, by_sentence
from .grammar import read_sentence
from .redaction import redact

MESSAGE_CHARACTERS: Final = 8192
"""What is read of a message, and kept of it. The longest that AWS writes holds a key of 1,024 bytes, three
ARNs, and an encoded authorization message, which comes last."""
NAME_CHARACTERS: Final = 256
FIELD_CHARACTERS: Final = 1024
VALUE_CHARACTERS: Final = 2048
"""What is kept of an ARN, or of a value of another kind, in a record."""

FIELDS: Final = frozenset(
    {
        *("Region", "Endpoint", "ServerTime", "Expires", "X-Amz-Expires", "RequestTime", "ExpiresDate"),
        *("MaxAllowedSkewMilliseconds", "HeadersNotSigned", "MissingHeaderName", "ArgumentName", "Condition"),
        *("StorageClass", "AccessTier", "BucketName", "Bucket", "Key", "Resource", "VersionId", "UploadId"),
        *("Method", "ResourceType", "LocationConstraint", "RequestId", "HostId", "Header", "PartNumber"),
        *("ProposedSize", "MaxSizeAllowed", "MinSizeAllowed", "ActualObjectSize", "RangeRequested"),
        *("Detail", "ErrorCode", "ConditionalRequest", "Reason", "DeleteMarker", "RetryAfterSeconds"),
    }
)
"""Elements of an answer that may be kept. An access key id, a token, a signature and what was signed may not,
nor the value of an argument, which may be any of them."""

_PREFIX = re.compile(
    r"\s*(?:[\w.]+: )?An error occurred \(([^()\s]{1,128})\) when calling the (\w{1,128}) operation"
    r"(?: \([^()]{0,100}\))?: "
)


def parse_denial(
    *,
    service: object = "s3",
    operation: object = None,
    status: object = None,
    code: object = None,
    message: object = None,
    fields: object = None,
) -> Denial:
    """What an error answer says: the cause, and whom, what and which policy it names.

    It is pure, and takes anything: what is no text, no number and no mapping is taken as absent, and only the
    first ``MESSAGE_CHARACTERS`` of a message count. Secrets are taken out first. It is an account of what
    the service *says*; whether that is so, ``Explanation`` tells.

    Args:
        service: ``s3``, ``kms``, ``sts``, ``iam``, …
        operation: E.g. ``PutObject``. The action is never derived from it.
        status: The HTTP status.
        code, message: As the service gives them. A message that begins like botocore's exceptions (``An error
            occurred (CODE) when calling the … operation: …``) gives the code and the operation if they
            are missing; it is what follows.
        fields: Further elements of the answer, by name, e.g. ``Region``.

    Returns:
        A Denial, always: with cause ``opaque`` for a denial that gives no reason, ``other`` for what is none.
        Its certainty is ``unknown`` where the words fit several causes, and where nothing is recognised in
        what has neither a code nor a status.
    """
    text, told_code = safe_text(message, MESSAGE_CHARACTERS), safe_text(code, NAME_CHARACTERS).strip()
    told_operation = safe_text(operation, NAME_CHARACTERS)
    started = _PREFIX.match(text) if "An error occurred (" in text[:200] else None
    if started is not None:
        told_code, told_operation = told_code or started[1], told_operation or started[2]
        text = text[started.end() :]
    answer = Answer(
        (safe_text(service, NAME_CHARACTERS) or "s3").lower(),
        told_operation,
        _number(status),
        told_code,
        text,
        text.lower(),
        kept(fields),
    )
    return _denial(answer)


def _denial(answer: Answer) -> Denial:
    said = read_sentence(answer.message)
    family = by_sentence(said, answer.service) if said is not None else by_answer(answer)
    if said is not None and said.action is None and family.cause == "opaque":
        told = by_answer(answer)
        family = family if told.cause == "other" else told
    return Denial(
        cause=family.cause,
        explicit=said.explicit if said else None,
        action=said.action if said else None,
        resource=said.resource if said else None,
        principal=said.principal if said else _anonymous(answer.lowered),
        policy_arn=said.policy_arn if said else None,
        message=answer.message,
        layer=family.layer,
        detail=family.detail,
        service=answer.service,
        operation=answer.operation or None,
        status=answer.status,
        code=answer.code or None,
        fields=answer.fields,
        certainty=STATED if family.certain else UNCERTAIN,
    )


def _anonymous(lowered: str) -> str | None:
    return "anonymous" if lowered.startswith(("anonymous users cannot", "anonymous access")) else None


def safe_text(value: object, limit: int) -> str:
    """A text without secrets, without halves of characters, and not longer than *limit*."""
    if type(value) is not str:
        value = _converted(value, limit)
    text = value[:limit] if len(value) > limit else value
    if text in _COMMON:
        return text
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8")
    return redact(text)


def _converted(value: object, limit: int) -> str:
    """A text of anything; what is neither text nor number is empty."""
    if isinstance(value, str):
        return str.__getitem__(value, slice(limit))
    if isinstance(value, (bytes, bytearray)):
        return bytes(value[: 4 * limit]).decode("utf-8", "replace")
    if isinstance(value, int) and not isinstance(value, bool) and -(10**9) < value < 10**9:
        return str(int(value))
    return ""


_COMMON = frozenset(
    {"", "s3", "kms", "sts", "iam", "AccessDenied", "Access Denied", "PutObject", "GetObject"}
)


def _number(value: object) -> int | None:
    """A status of HTTP; None if it is none."""
    if isinstance(value, int):
        return int(value) if 100 <= value <= 599 else None
    text = safe_text(value, 8).strip()
    return int(text) if len(text) == 3 and text.isdigit() and text.isascii() else None


def kept(fields: object) -> dict[str, str]:
    """Of these elements, those that may be kept, without secrets."""
    if not isinstance(fields, Mapping):
        return {}
    try:
        found = {name: fields[name] for name in fields if name in FIELDS}
    except Exception:  # noqa: BLE001 - somebody else's mapping: an error is no place for another one
        return {}
    texts = {name: safe_text(value, FIELD_CHARACTERS) for name, value in sorted(found.items())}
    return {name: text for name, text in texts.items() if text}
