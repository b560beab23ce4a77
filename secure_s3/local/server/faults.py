"""S3's refusals, as S3 writes them down.

Codes and texts are those of https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, and where
that page is silent, those that S3 has been seen to send.
"""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

__all__ = ["Refusal", "access_denied", "bad_digest", "invalid_argument", "invalid_request", "xml_text"]

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Refusal(Exception):
    """S3 would not do this.

    Args:
        status: The HTTP status.
        code: S3's error code.
        message: S3's text.
        fields: Further elements of the XML body.
    """

    def __init__(self, status: int, code: str, message: str, **fields: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status, self.code, self.message, self.fields = status, code, message, fields

    def xml(self, *, resource: str, request_id: str, host_id: str) -> bytes:
        """The body of the answer."""
        told = {
            "Code": self.code,
            "Message": self.message,
            **self.fields,
            "Resource": resource,
            "RequestId": request_id,
            "HostId": host_id,
        }
        inner = "".join(f"<{name}>{xml_text(value)}</{name}>" for name, value in told.items())
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inner}</Error>'.encode()


def xml_text(value: str) -> str:
    """What stands for *value* in an element; characters that XML cannot hold are not shown."""
    return escape(_NOT_XML.sub("\ufffd", value))


def invalid_request(message: str) -> Refusal:
    """400 InvalidRequest."""
    return Refusal(400, "InvalidRequest", message)


def invalid_argument(message: str, name: str, value: str = "null") -> Refusal:
    """400 InvalidArgument, naming the header. Never pass a key as ``value``: the answer shows it."""
    return Refusal(400, "InvalidArgument", message, ArgumentName=name, ArgumentValue=value)


def bad_digest(what: str) -> Refusal:
    """400 BadDigest."""
    return Refusal(400, "BadDigest", f"The {what} you specified did not match the calculated checksum.")


def access_denied(message: str = "Access Denied") -> Refusal:
    """403 AccessDenied."""
    return Refusal(403, "AccessDenied", message)
