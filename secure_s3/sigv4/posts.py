"""POST policies: what a browser's form may upload, signed and verified.

Source: Amazon S3 API Reference, "Browser-Based Uploads Using POST (AWS Signature Version 4)".
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from ..errors import SignatureError
from ..values import printable_text
from .refusals import mismatch, unknown_key
from .signing import ALGORITHM, SigningKey, same, timestamp
from .verifying import Scope, parse_scope

_EXPIRATION = "%Y-%m-%dT%H:%M:%SZ"
_WRITTEN = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]+)?Z", re.ASCII)
_NEEDED = ("policy", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature")
SIGNING_FIELDS = frozenset({*_NEEDED, "x-amz-security-token"})
"""The fields that signing adds to a form."""


def sign_post(
    key: SigningKey,
    credentials: Any,
    *,
    fields: Mapping[str, str],
    conditions: Sequence[Any],
    signed_at: datetime,
    expires_at: datetime,
) -> dict[str, str]:
    """The form's fields with the policy and its signature; every field but these is in *conditions*."""
    added = {
        "x-amz-algorithm": ALGORITHM,
        "x-amz-credential": f"{credentials.access_key}/{key.scope}",
        "x-amz-date": timestamp(signed_at),
    }
    if credentials.token is not None:
        added["x-amz-security-token"] = credentials.token
    policy = {
        "expiration": f"{expires_at.astimezone(timezone.utc):{_EXPIRATION}}",
        "conditions": [*conditions, *({name: value} for name, value in added.items())],
    }
    text = base64.b64encode(json.dumps(policy).encode()).decode()
    return {**fields, **added, "policy": text, "x-amz-signature": key.sign(text.encode())}


def post_scope(fields: Mapping[str, str]) -> Scope:
    """Who signed a form, where and when. Field names are in lower case.

    Raises:
        SignatureError: a field is missing or malformed.
    """
    for name in _NEEDED:
        if name not in fields:
            raise SignatureError(
                f"the form has no field {name!r}",
                why="a signed POST names its policy, algorithm, credential, date and signature",
                fix="send every field that the presigned POST names, before the file",
                code="InvalidArgument",
                status=400,
            )
    if fields["x-amz-algorithm"] != ALGORITHM:
        raise _malformed(f"x-amz-algorithm is not {ALGORITHM}")
    return parse_scope(fields["x-amz-credential"], fields["x-amz-date"], malformed=_malformed)


def verify_post(fields: Mapping[str, str], credentials: Any, *, at: datetime) -> dict[str, Any]:
    """The policy of a form, once its signature and its life have been verified.

    Whether the form keeps to the policy's conditions is not looked at here. Field names are in lower case.

    Raises:
        SignatureError: malformed, of another access key, with another signature, or expired.
    """
    scope = post_scope(fields)
    if scope.access_key != credentials.access_key:
        raise unknown_key(scope.access_key)
    key = SigningKey(credentials.secret_key, scope.date, scope.region, scope.service)
    text = fields["policy"]
    if not same(key.sign(text.encode(errors="replace")), fields["x-amz-signature"]):
        told = "" if credentials.token is not None else _shown(text)  # it stands in the policy as well
        raise mismatch(scope.access_key, fields["x-amz-signature"], told)
    policy, expires_at = read_policy(text)
    if at >= expires_at:
        raise SignatureError(
            f"the form has expired at {expires_at:%Y-%m-%d %H:%M:%S} UTC",
            why="Invalid according to Policy: Policy expired.",
            fix="presign a new one",
            code="AccessDenied",
            status=403,
        )
    if fields.get("x-amz-security-token") != credentials.token:
        raise _malformed("the session token is not that of the credentials", code="InvalidToken")
    return policy


def read_policy(text: str) -> tuple[dict[str, Any], datetime]:
    """A policy in Base64, and when it ends; nothing is verified.

    Raises:
        SignatureError: it is no policy.
    """
    try:
        policy = json.loads(base64.b64decode(text, validate=True))
        written = _WRITTEN.fullmatch(policy["expiration"])
        naive = datetime.strptime(written[1] if written else "", _EXPIRATION[:-1])
        well_formed = isinstance(policy["conditions"], list)
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError):
        well_formed = False
    if not well_formed:
        raise SignatureError(
            "the form's policy is no POST policy",
            why="it is not Base64 of JSON with an expiration in UTC and a list of conditions",
            fix="send the field as it was presigned",
            code="InvalidPolicyDocument",
            status=400,
        )
    return policy, naive.replace(tzinfo=timezone.utc)


def _shown(policy: str) -> str:
    """The policy as S3 tells it in a refusal, unless a key or a session token stands in it."""
    try:
        read_policy(policy)
    except SignatureError:
        return ""
    plain = base64.b64decode(policy).lower()
    return "" if b"-token" in plain or b"customer-key" in plain else policy


def _malformed(why: str, code: str = "InvalidArgument") -> SignatureError:
    return SignatureError(
        "the form's signature cannot be read",
        why=printable_text(why),
        fix="send the fields as they were presigned",
        code=code,
        status=400,
    )
