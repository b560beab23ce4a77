"""An answer over HTTP as the service would give it: XML of S3 and STS, JSON of KMS, nothing to a HEAD."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from email.utils import format_datetime
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from botocore.awsrequest import AWSResponse, HeadersDict

from ..denials.causes import Example

_OF_KMS = {"AccessDenied": "AccessDeniedException"}
_ID = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class _Raw(BytesIO):
    """A body, with the one method of urllib3's that botocore reads it by."""

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.read()


def answer(request: Any, protocol: str, said: Example) -> AWSResponse:
    """The refusal of *request*, with ids of its own.

    Args:
        request: As botocore prepared it.
        protocol: Of the service's model: ``rest-xml``, ``json`` or ``query``.
        said: What the service says.
    """
    status, code, message, fields = said.status, said.code, said.message, said.fields
    number = "".join(secrets.choice(_ID) for _ in range(16))
    host = base64.b64encode(secrets.token_bytes(56)).decode()
    headers = {"Date": format_datetime(datetime.now(timezone.utc), usegmt=True)}
    if protocol == "rest-xml":
        told = {"Code": code, "Message": message, **fields, "RequestId": number, "HostId": host}
        body, kind = (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{_elements(told)}</Error>',
            "application/xml",
        )
        headers |= {"x-amz-request-id": number, "x-amz-id-2": host, "Server": "AmazonS3"}
        if "Region" in fields:
            headers["x-amz-bucket-region"] = fields["Region"]  # botocore asks S3 for it otherwise
    elif protocol == "query":
        told = {"Type": "Sender", "Code": code, "Message": message}
        error = f"<Error>{_elements(told)}</Error>{_elements({'RequestId': number})}"
        body, kind = f"<ErrorResponse>{error}</ErrorResponse>", "text/xml"
        headers["x-amzn-RequestId"] = number
    else:
        # KMS has names of its own for what S3 says of keys, and 400 for everything that the caller did.
        name, status = _OF_KMS.get(code, code.removeprefix("KMS.")), 400 if status < 500 else status
        body, kind = json.dumps({"__type": name, "message": message}), "application/x-amz-json-1.1"
        headers["x-amzn-RequestId"] = number
    content = b"" if request.method == "HEAD" else body.encode()
    headers |= {"Content-Type": kind, "Content-Length": str(len(body.encode()))}
    given: Any = HeadersDict(headers)
    return AWSResponse(request.url, status, given, _Raw(content))


def _elements(values: Mapping[str, str]) -> str:
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in values.items())
