"""What the tests of signatures share: a signed URL, a signed form, and how to ask whether they hold."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

import pytest

from secure_s3.errors import SignatureError
from secure_s3.sigv4 import (
    Credentials,
    SigningKey,
    UrlSigner,
    encode_path,
    parse_url,
    sign_post,
    timestamp,
    verify_post,
    verify_url,
)

ACCESS_KEY, SECRET_KEY = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2luX2VjEXAMPLE//token+with==%and&=?"
CUSTOMER_KEY = base64.b64encode(bytes(range(32))).decode()
PERMANENT, TEMPORARY = Credentials(ACCESS_KEY, SECRET_KEY), Credentials(ACCESS_KEY, SECRET_KEY, TOKEN)
SIGNED_AT = datetime(2026, 3, 1, 12, 0, 0, tzinfo=timezone.utc)
LIFE = 300
ENDS = SIGNED_AT + timedelta(seconds=LIFE)
SECOND = timedelta(seconds=1)
HOST = "amzn-s3-demo-bucket.s3.eu-west-1.amazonaws.com"
SCOPE = "20260301/eu-west-1/s3/aws4_request"
KEY = SigningKey(SECRET_KEY, "20260301", "eu-west-1")


def signed(
    path: str = "reports/ü 1.pdf",
    *,
    method: str = "GET",
    query: tuple[tuple[str, str], ...] = (("versionId", "a+b c"),),
    headers: Mapping[str, str] | None = None,
    credentials: Credentials = TEMPORARY,
    expires_in: int = LIFE,
    at: datetime = SIGNED_AT,
) -> str:
    """A presigned URL; what is not said is as it usually is."""
    key = SigningKey(SECRET_KEY, f"{at:%Y%m%d}", "eu-west-1")
    signer = UrlSigner(
        key,
        credentials,
        method=method,
        origin=f"https://{HOST}",
        prefix="",
        signed_at=timestamp(at),
        expires_in=expires_in,
        query=query,
        headers=headers,
    )
    return signer.url("/" + encode_path(path))


def check(
    url: str,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    *,
    credentials: Credentials = TEMPORARY,
    at: datetime = SIGNED_AT,
) -> None:
    """Raise unless the URL holds."""
    verify_url(parse_url(url), method, headers or {}, credentials, at=at)


def refused(url: str, *args: Any, **options: Any) -> SignatureError:
    """The refusal of a URL that does not hold; no secret is in it."""
    with pytest.raises(SignatureError) as caught:
        check(url, *args, **options)
    assert_tells_no_secret(caught.value)
    return caught.value


def with_parameter(url: str, name: str, value: str | None, raw: bool = False) -> str:
    """The URL with another value of one parameter, or without it."""
    address, _, query = url.partition("?")
    pairs = [pair for pair in query.split("&") if pair.partition("=")[0] != name]
    if value is not None:
        pairs.append(f"{name}={value if raw else quote(value, safe='')}")
    return f"{address}?{'&'.join(pairs)}"


CONDITIONS: tuple[Any, ...] = (
    {"bucket": "amzn-s3-demo-bucket"},
    ["starts-with", "$key", "uploads/"],
    ["content-length-range", 1, 9],
)


def form(credentials: Credentials = TEMPORARY, **fields: str) -> dict[str, str]:
    """The fields of a signed form."""
    return sign_post(
        KEY,
        credentials,
        fields={"key": "uploads/${filename}", **fields},
        conditions=CONDITIONS,
        signed_at=SIGNED_AT,
        expires_at=ENDS,
    )


def signed_policy(text: str | bytes) -> dict[str, str]:
    """A form whose policy is that text, rightly signed."""
    policy = base64.b64encode(text.encode() if isinstance(text, str) else text).decode()
    return {**form(), "policy": policy, "x-amz-signature": KEY.sign(policy.encode())}


def policy_of(fields: Mapping[str, str]) -> dict[str, Any]:
    """What a form's policy says."""
    found: dict[str, Any] = json.loads(base64.b64decode(fields["policy"]))
    return found


def refused_form(
    fields: Mapping[str, str], credentials: Credentials = TEMPORARY, at: datetime = SIGNED_AT
) -> SignatureError:
    """The refusal of a form that does not hold; no secret is in it."""
    with pytest.raises(SignatureError) as caught:
        verify_post(fields, credentials, at=at)
    assert_tells_no_secret(caught.value)
    return caught.value


def assert_tells_no_secret(error: SignatureError) -> None:
    """Neither text, repr, diagnostics nor fields hold a secret, in any of the ways to write it."""
    told = "\n".join([str(error), repr(error), str(error.diagnostics()), str(error.fields), str(vars(error))])
    told += "".join(_decoded(value) for value in error.fields.values())
    for secret in (SECRET_KEY, TOKEN, CUSTOMER_KEY):
        for written in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1]):
            assert written not in told


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text).decode(errors="replace")
    except ValueError:
        return ""
