"""Requests byte for byte as they are given, over the real listener, and URLs signed for it."""

from __future__ import annotations

import base64
import http.client
import json
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import unescape

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from secure_s3.local import LocalAws
from secure_s3.local.settings import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from secure_s3.sigv4 import Credentials, SigningKey, UrlSigner, encode_path, timestamp

BUCKET = "amzn-s3-demo-bucket"
OWN = Credentials(ACCESS_KEY_ID, SECRET_ACCESS_KEY)
BY_HEADER = {
    "Authorization": f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY_ID}/20260101/eu-west-1/s3/aws4_request"
}


@dataclass(frozen=True)
class Told:
    """An answer, read to its end."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def element(self, name: str) -> str | None:
        """The text of an element of an XML body."""
        found = re.search(f"<{name}>(.*?)</{name}>", self.body.decode(), re.DOTALL)
        return None if found is None else unescape(found[1], {"&quot;": '"'})

    @property
    def refusal(self) -> tuple[int, str | None]:
        """Status and code."""
        return self.status, self.element("Code")


@contextmanager
def connected(aws: LocalAws) -> Iterator[http.client.HTTPSConnection]:
    """One connection."""
    context = ssl.create_default_context(cafile=aws.ca_bundle)
    connection = http.client.HTTPSConnection(urlsplit(aws.endpoint_url).netloc, timeout=20, context=context)
    try:
        yield connection
    finally:
        connection.close()


def send(
    aws: LocalAws,
    method: str,
    url: str,
    body: bytes = b"",
    headers: Mapping[str, str] | list[tuple[str, str]] = (),  # type: ignore[assignment]
    on: http.client.HTTPSConnection | None = None,
) -> Told:
    """Send one request: *url* may be a whole URL or what stands behind the host."""
    if on is None:
        with connected(aws) as connection:
            return send(aws, method, url, body, headers, connection)
    target = url.removeprefix(aws.endpoint_url)
    pairs = list(headers.items()) if isinstance(headers, Mapping) else list(headers)
    given = {name.lower() for name, _ in pairs}
    on.putrequest(method, target, skip_host="host" in given, skip_accept_encoding=True)
    for name, value in pairs:
        on.putheader(name, value)
    if not given & {"content-length", "transfer-encoding"}:
        on.putheader("Content-Length", str(len(body)))
    on.endheaders(body)
    answer = on.getresponse()
    return Told(answer.status, answer.headers, answer.read())


def signed_url(
    aws: LocalAws,
    method: str,
    key: str,
    *,
    bucket: str = BUCKET,
    query: list[tuple[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
    credentials: Any = OWN,
    region: str = "eu-west-1",
    service: str = "s3",
    expires_in: int = 300,
    age: timedelta = timedelta(),
) -> str:
    """A URL that the SDK of nobody would make, with a signature that holds."""
    signed_at = timestamp(datetime.now(timezone.utc) - age)
    signer = UrlSigner(
        SigningKey(credentials.secret_key, signed_at[:8], region, service),
        credentials,
        method=method,
        origin=aws.endpoint_url,
        prefix=f"/{bucket}",
        signed_at=signed_at,
        expires_in=expires_in,
        query=query or (),
        headers=headers,
    )
    return signer.url(f"/{encode_path(key)}")


def by_header(
    aws: LocalAws,
    method: str,
    target: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    *,
    credentials: Any = OWN,
    region: str = "eu-west-1",
) -> dict[str, str]:
    """These headers and those of a signature that holds, as botocore makes it."""
    request = AWSRequest(method, aws.endpoint_url + target, dict(headers or {}), body)
    theirs = BotocoreCredentials(credentials.access_key, credentials.secret_key, credentials.token)
    S3SigV4Auth(theirs, "s3", region).add_auth(request)
    return {name: str(value) for name, value in request.headers.items()}


BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def part(name: str, value: bytes, filename: str | None = None, more: str = "") -> bytes:
    """One part of a form."""
    named = f'; filename="{filename}"' if filename is not None else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n{more}\r\n'
    return head.encode() + value + b"\r\n"


def form(
    fields: Mapping[str, str] | list[tuple[str, str]],
    content: bytes | None = b"hello",
    filename: str | None = "hello.txt",
    behind: bytes = b"",
) -> bytes:
    """The body that a browser makes of a form; without a file if *content* is None."""
    pairs = fields.items() if isinstance(fields, Mapping) else fields
    body = b"".join(part(name, value.encode()) for name, value in pairs)
    if content is not None:
        body += part("file", content, filename, "Content-Type: text/x-of-the-file\r\n")
    return body + behind + f"--{BOUNDARY}--\r\n".encode()


def signed_form(
    policy: Any,
    fields: Mapping[str, str],
    *,
    credentials: Any = OWN,
    region: str = "eu-west-1",
    service: str = "s3",
) -> dict[str, str]:
    """Fields with a signature that holds, whatever the policy says: a document, or the text of one."""
    signed_at = timestamp(datetime.now(timezone.utc))
    key = SigningKey(credentials.secret_key, signed_at[:8], region, service)
    text = policy if isinstance(policy, bytes) else json.dumps(policy).encode()
    encoded = base64.b64encode(text).decode()
    return {
        **fields,
        "x-amz-algorithm": "AWS4-HMAC-SHA256",
        "x-amz-credential": f"{credentials.access_key}/{key.scope}",
        "x-amz-date": signed_at,
        "policy": encoded,
        "x-amz-signature": key.sign(encoded.encode()),
    }


SSE = "x-amz-server-side-encryption"
FAR = "2999-01-01T00:00:00Z"
ANY_SIGNATURE: list[Any] = [
    ["starts-with", "$x-amz-algorithm", ""],
    ["starts-with", "$x-amz-credential", ""],
    ["starts-with", "$x-amz-date", ""],
]


def keys(s3: Any) -> list[str]:
    """The keys of the bucket."""
    return [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def post(aws: LocalAws, fields: Any, content: bytes | None = b"hello", **more: Any) -> Told:
    """Send a form to the bucket."""
    return send(aws, "POST", f"/{BUCKET}", form(fields, content, **more), FORM)


def held(conditions: list[Any], fields: dict[str, str]) -> dict[str, str]:
    """A signed form whose policy is of these conditions, and of those that every form needs."""
    document = {"expiration": FAR, "conditions": [{"bucket": BUCKET}, *ANY_SIGNATURE, *conditions]}
    return signed_form(document, fields)
