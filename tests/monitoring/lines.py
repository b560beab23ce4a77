"""Lines of access logs for tests, and a slow reader that goes through them letter by letter."""

from __future__ import annotations

from typing import Any

from secure_s3.denials.accesslines import FIELDS

ARN = "arn:aws:sts::111122223333:assumed-role/uploader/ci"
ORDINARY: dict[str, str] = {
    "owner": "79a59df900b949e5",
    "bucket": "amzn-s3-demo-bucket",
    "time": "01/Mar/2026:12:00:00 +0000",
    "address": "192.0.2.3",
    "requester": ARN,
    "request_id": "891CE47D2EXAMPLE",
    "operation": "REST.GET.OBJECT",
    "key": "photos/a%2520b.jpg",
    "uri": "GET /photos/a%20b.jpg HTTP/1.1",
    "status": "200",
    "code": "-",
    "sent": "243",
    "size": "1024",
    "total": "41",
    "turn": "-",
    "referer": "-",
    "agent": "Boto3/1.40",
    "version": "-",
    "host_id": "9vKBE6vMhrNiWHZmb2L0=",
    "signature": "SigV4",
    "cipher": "TLS_AES_128_GCM_SHA256",
    "auth": "AuthHeader",
    "host": "amzn-s3-demo-bucket.s3.eu-west-1.amazonaws.com",
    "tls": "TLSv1.3",
    "access_point": "-",
    "acl_required": "-",
    "region": "eu-west-1",
}
PLAIN = {"cipher": "-", "tls": "-"}
DENIED = {"status": "403", "code": "AccessDenied"}
_QUOTED = ("uri", "referer", "agent")


def line(last: str = "region", **changed: Any) -> str:
    """A line with these fields changed; after *last* it has no more of them."""
    fields = ORDINARY | changed
    names = FIELDS[: FIELDS.index(last) + 1]
    written = []
    for name in names:
        text = str(fields[name])
        written.append(f'"{text}"' if name in _QUOTED else f"[{text}]" if name == "time" else text)
    return " ".join(written)


def slowly(data: bytes) -> list[bytes] | None:
    """The fields of a line whose clients sent no quotes, one by one; None for what is no whole line."""
    fields: list[bytes] = []
    rest = data
    for name in FIELDS[: FIELDS.index("version")]:
        opening, closing = (
            (b'"', b'" ') if name in _QUOTED else (b"[", b"] ") if name == "time" else (b"", b" ")
        )
        if not rest.startswith(opening):
            return None
        text, found, rest = rest[len(opening) :].partition(closing)
        inner = {b'" ': b'"', b"] ": b"]", b" ": b" "}[closing]
        between = FIELDS.index("status") < len(fields) < FIELDS.index("referer")
        if not found or inner in text or (between and b'"' in text):
            return None
        fields.append(text)
    status = fields[FIELDS.index("status")]
    if b'"' in rest or not (status == b"-" or (len(status) == 3 and status.isdigit())):
        return None
    return [*fields, *rest.split(b" ")]
