"""Remedies for requests that were refused for how they were signed, when, and where they were sent.

Sources: Amazon S3 API Reference, "Error responses"; IAM User Guide, "Managed policies: the
AWSCompromisedKeyQuarantine policies".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..explanation import ACCOUNT_ADMIN, CALLER, Remedy
from .facts import Facts

_EXPECTING = re.compile(r"expecting '([a-z0-9-]{2,30})'")
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]{1,2}")


def presigned(facts: Facts) -> Iterator[Remedy]:
    """A presigned URL that does not serve any more, or is used in another way than it was signed for."""
    text = f"{facts.denial.detail} {facts.denial.message[:4096]}".lower()
    unsigned = facts.denial.fields.get("HeadersNotSigned")
    if unsigned or "not signed" in text or "unsigned" in text:
        which = f": {unsigned[:200]}" if unsigned else ""
        yield Remedy(
            CALLER,
            f"send no x-amz- header that was not signed{which}; or presign with the arguments that make it, "
            "so that it is",
        )
    elif "malformed" not in text and "expire" in text:
        yield Remedy(
            CALLER,
            "presign a new URL; it dies with the session token of whoever signed it, however long it was "
            "meant to last",
        )
    else:
        yield Remedy(CALLER, "presign a new URL with Signature Version 4, for the bucket's region")


def form(facts: Facts) -> Iterator[Remedy]:
    """A form that does not keep to its own policy."""
    yield Remedy(
        CALLER,
        "send exactly the fields that presign.post gave, and a file within its bounds; or ask for a new form",
    )


def signature(facts: Facts) -> Iterator[Remedy]:
    """A signature that does not fit."""
    yield Remedy(
        CALLER,
        "check the secret access key, and what changes the request on its way: a proxy that rewrites "
        "headers, the host or the path",
    )


def clock(facts: Facts) -> Iterator[Remedy]:
    """A clock that is wrong."""
    at = facts.denial.fields.get("ServerTime")
    yield Remedy(
        CALLER,
        f"set the clock of this machine (NTP){f'; at AWS it was {at[:40]}' if at else ''}, and call again",
    )


def credentials(facts: Facts) -> Iterator[Remedy]:
    """Credentials that are not good, or not any more."""
    text = f"{facts.denial.code} {facts.denial.detail} {facts.denial.message[:4096]}".lower()
    if "expired" in text:
        yield Remedy(CALLER, "get new temporary credentials: log in, or assume the role, again")
    elif facts.denial.detail == "none":
        yield Remedy(CALLER, "sign the request: aws sso login, AWS_PROFILE, or a session with credentials")
    else:
        yield Remedy(
            CALLER,
            "use credentials that AWS knows: the access key was deleted, is of another partition, or lacks "
            "its session token",
        )


def quarantined(facts: Facts) -> Iterator[Remedy]:
    """AWS found the access key in the open and has shut it in."""
    yield Remedy(
        CALLER,
        "this access key has leaked and AWS has quarantined it: stop using it now, and take another",
        risk="whoever found the key may have used it: look through CloudTrail",
    )
    yield Remedy(
        ACCOUNT_ADMIN,
        "rotate the access key at once, look through CloudTrail for what was done with it, and detach the "
        "quarantine policy only then",
        target=facts.denial.policy_arn or "",
        command="aws iam list-access-keys && aws iam update-access-key --access-key-id ID --status Inactive",
    )


def region(facts: Facts) -> Iterator[Remedy]:
    """A bucket that is elsewhere, or is to be made there."""
    if "constraint" in f"{facts.denial.detail} {facts.denial.code}".lower():
        yield Remedy(
            CALLER,
            "create the bucket through a client of its region, and name that region, other than us-east-1, "
            "as CreateBucketConfiguration={'LocationConstraint': …}",
        )
        return
    fields = facts.denial.fields
    found = _EXPECTING.search(facts.denial.message[:4096])
    candidates = (fields.get("Region"), found[1] if found else None, facts.settings.region)
    name = next((each for each in candidates if each and _REGION.fullmatch(each)), None)
    endpoint = f" ({fields['Endpoint'][:200]})" if fields.get("Endpoint") else ""
    if name is None:
        yield Remedy(CALLER, f"call the region that the bucket is in{endpoint}: region_name=…")
        return
    yield Remedy(
        CALLER,
        f'call the region that the bucket is in{endpoint}: region_name="{name}"',
        client={"region_name": name},
    )


def transport(facts: Facts) -> Iterator[Remedy]:
    """No connection, or one without TLS."""
    yield Remedy(
        CALLER, f"use HTTPS: {facts.https}", client={"endpoint_url": facts.https} if facts.sent else {}
    )
