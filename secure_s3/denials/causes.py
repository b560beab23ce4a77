"""What is known of a denial's cause: how to fix it, where AWS writes of it, and how AWS words it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import ConfigurationError
from ..values import printable_text
from .catalogue import CATALOGUE, Cause, Wording
from .catalogue.entry import CALLER, KEY
from .denial import Denial
from .families import EXPRESS_AND_S3

_AGAIN = frozenset(
    {
        *(
            "SlowDown",
            "ServiceUnavailable",
            "InternalError",
            "503",
            "500",
            "Throttling",
            "ThrottlingException",
        ),
        *("RequestLimitExceeded", "TooManyRequests", "OperationAborted", "ConditionalRequestConflict"),
        *("KMS.ThrottlingException", "KMS.KMSInternalException", "KMS.DependencyTimeoutException"),
        *("KMSInternalException", "DependencyTimeoutException", "KeyUnavailableException"),
        "KMS.KeyUnavailableException",
    }
)
_QUARANTINE = "AWSCompromisedKeyQuarantine"
_EXPECTED = re.compile(r"expecting '([a-z0-9-]{1,32})'")
_DEFAULT = "the caller's default"
_WRONG, _RIGHT = "us-east-1", "eu-west-1"
_REGIONS = re.compile(f"{_WRONG}|{_RIGHT}")
"""Of the wordings in the catalogue."""


@dataclass(frozen=True, slots=True)
class Example:
    """An answer as AWS gives it.

    Args:
        status, code, message: Of the answer.
        fields: Its further elements.
        service, operation: Which service gives it, and to which operation, if it is one of its own.
    """

    status: int
    code: str
    message: str
    fields: Mapping[str, str] = field(default_factory=dict)
    service: str = "s3"
    operation: str | None = None

    def __hash__(self) -> int:
        return hash((self.code, self.message))


def title(cause: str) -> str:
    """What refuses, as a noun: ``bucket policy``, ``state of the KMS key``.

    Raises:
        ConfigurationError: *cause* is none.
    """
    return _entry(cause).title


def is_policy(cause: str) -> bool:
    """Whether it is a policy that refuses."""
    return _entry(cause).policy


def fix_for(denial: Denial) -> str:
    """How to fix it, in one line that names what the denial names."""
    entry = CATALOGUE[denial.cause]
    chosen = next((entry.fixes[key] for key in _keys(denial) if key in entry.fixes), entry.fix)
    return printable_text(chosen.format_map(_values(denial)))


def documentation(denial: Denial) -> str:
    """The page of AWS's documentation that is about it."""
    return CATALOGUE[denial.cause].pages[0]


def retryable(denial: Denial) -> bool:
    """Whether the same request may succeed later, with nothing changed."""
    return CATALOGUE[denial.cause].again or (denial.code or "") in _AGAIN


def _entry(cause: str) -> Cause:
    try:
        return CATALOGUE[cause]
    except (KeyError, TypeError):
        fix = f"one of {', '.join(CATALOGUE)}"
        raise ConfigurationError(f"{cause!r} is no cause of a denial", fix=fix) from None


def _keys(denial: Denial) -> Iterator[str]:
    """By what a fix is looked for, the closest first."""
    said = "" if denial.explicit is None else "explicit" if denial.explicit else "implicit"
    if _QUARANTINE in (denial.policy_arn or ""):
        yield "quarantine"
    yield denial.code or ""
    yield denial.detail
    yield f"{denial.layer} {said}"
    yield denial.layer or ""
    yield "layer" if denial.layer else ""
    yield said


def _values(denial: Denial) -> dict[str, str]:
    fields = denial.fields
    action, expected = denial.action or "it", _EXPECTED.search(denial.message)
    return {
        "action": action,
        "resource": denial.resource or ("the key" if action.startswith("kms:") else "the resource"),
        "who": denial.principal or "the caller",
        "policy": denial.policy_arn or "one of the policies",
        "region": fields.get("Region") or (expected[1] if expected else "the bucket's region"),
        "headers": fields.get("HeadersNotSigned") or "others",
    }


def example(
    cause: str,
    *,
    action: str | None = None,
    resource: str | None = _DEFAULT,
    principal: str = CALLER,
    policy_arn: str | None = None,
    explicit: bool | None = None,
    detail: str = "",
    code: str = "",
    **place: str | None,
) -> Example:
    """The answer that AWS gives for a cause, in its own words; ``parse_denial`` makes the cause of it again.

    Args:
        action, resource, principal: What the message names, where it names any. Left out, the action and the
            resource are typical ones; None for the resource leaves it out of the message, as AWS often does.
        policy_arn: Of the policy; AWS names those of identities, boundaries, sessions and organizations.
        explicit, detail, code: Choose among the wordings that the cause has; what none has chooses the first.
        place: ``bucket``, ``key`` and ``region`` of the call, where the answer tells them besides.

    Raises:
        ConfigurationError: *cause* is none.
    """
    entry = _entry(cause)
    wording = _placed(_chosen(entry, explicit, detail, code), **place)
    wanted = _fitting(entry, action or wording.action or None)
    if resource == _DEFAULT or (cause == "kms_access" and ":kms:" not in (resource or ":kms:")):
        resource = entry.resource
    return worded(wording, wanted, resource, principal, policy_arn)


def worded(
    wording: Wording, action: str, resource: str | None, principal: str, policy_arn: str | None = None
) -> Example:
    """A wording of the catalogue, filled in."""
    values: dict[str, Any] = {
        "principal": principal,
        "action": action,
        "resource": resource or KEY,
        "on": _on(action, resource),
        "named": f": {policy_arn}" if policy_arn else "",
    }
    message = wording.message.format_map(values)
    return Example(
        wording.status,
        wording.code,
        message,
        dict(wording.fields),
        wording.service,
        wording.operation or None,
    )


def _on(action: str, resource: str | None) -> str:
    """S3 puts the resource in quotes, other services do not."""
    if resource is None:
        return ""
    quoted = action.partition(":")[0] in EXPRESS_AND_S3
    return f' on resource: "{resource}"' if quoted else f" on resource: {resource}"


def _fitting(entry: Cause, action: str | None) -> str:
    """The action that the message names; where KMS or STS refuses, it is one of theirs."""
    service = entry.action.partition(":")[0]
    if action is None:
        return entry.action
    if service in ("kms", "sts") and not action.startswith(f"{service}:"):
        return "kms:GenerateDataKey" if service == "kms" and "Put" in action else entry.action
    return action


def _placed(
    wording: Wording, bucket: str | None = None, key: str | None = None, region: str | None = None
) -> Wording:
    """About this bucket, key and region, in place of those of the catalogue."""
    message, fields = wording.message, dict(wording.fields)
    if region and (_EXPECTED.search(message) or "Endpoint" in fields):
        turned = {_WRONG: region, _RIGHT: _WRONG if region == _RIGHT else _RIGHT}
        message, *values = (
            _REGIONS.sub(lambda found: turned[found[0]], text) for text in (message, *fields.values())
        )
        fields = dict(zip(fields, values, strict=True))
    known = {"BucketName": bucket, "Key": key}
    fields |= {name: value for name, value in known.items() if value is not None and name in fields}
    if bucket is not None and "Endpoint" in fields:
        fields["Endpoint"] = f"{bucket}.{fields['Endpoint'].partition('.')[2]}"
    return replace(wording, message=message, fields=fields)


def _chosen(entry: Cause, explicit: bool | None, detail: str, code: str = "") -> Wording:
    if not entry.wordings:
        return Wording("Access Denied")
    found = [each for each in entry.wordings if explicit is None or each.explicit is explicit]
    found = [each for each in found or entry.wordings if not detail or each.detail == detail]
    found = [each for each in found if not code or each.code == code] or found
    return (found or list(entry.wordings))[0]
