"""How request bodies travel: the same protection as botocore's defaults, at less cost."""

from __future__ import annotations

import io
from typing import Any

from botocore.response import StreamingBody
from botocore.utils import determine_content_length

from ..errors import ConfigurationError, SourceChanged, TransferError

SMALL = 1 << 20
"""Bytes up to which a body is sent without asking first."""


def lighten(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    """A handler of ``before-call.s3``, between the choice of a checksum and its calculation.

    A body is held to its declared length: what a body gives beyond it would be taken for the next request
    on the connection.

    A checksum goes ahead of the body where the body can be read twice. botocore would send it behind the
    body, in the aws-chunked encoding, which costs more CPU than reading twice, and which servers before
    2025 do not understand. Either way the payload's integrity rests on the checksum and on TLS, and the
    signature covers every header.

    ``Expect: 100-continue`` is left out for small bodies: waiting for the server's permission costs a round
    trip, and a refused small body is no loss.
    """
    body = _bounded(params)
    algorithm = context.get("checksum", {}).get("request_algorithm")
    if isinstance(algorithm, dict) and algorithm.get("in") == "trailer" and _rewindable(body):
        algorithm["in"] = "header"
    if "Expect" in params.get("headers", {}):
        length = determine_content_length(body)
        if length is not None and length <= SMALL:
            del params["headers"]["Expect"]


def streaming(raw: io.RawIOBase, length: int) -> Any:
    """boto3's kind of answer body over *raw*."""
    return StreamingBody(raw, length)  # type: ignore[arg-type,unused-ignore]


class Exactly:
    """A body that gives exactly *size* bytes, or raises."""

    def __init__(self, body: Any, size: int) -> None:
        self._body = body
        self._size = self._left = size
        self._start = body.tell() if _rewindable(body) else 0

    def __len__(self) -> int:
        return self._size

    def __bool__(self) -> bool:
        return True

    def seekable(self) -> bool:
        """Whether a retry is possible."""
        return _rewindable(self._body)

    def tell(self) -> int:
        """Position within the body."""
        return self._size - self._left

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move within the body."""
        position = max(0, {0: 0, 1: self.tell(), 2: self._size}[whence] + offset)
        self._body.seek(self._start + position)
        self._left = self._size - position
        return position

    def read(self, size: int | None = -1) -> bytes:
        """Up to *size* bytes.

        Raises:
            SourceChanged: the body has fewer or more bytes than were declared.
        """
        if self._left <= 0:
            return b""
        wanted = self._left if size is None or size < 0 else min(size, self._left)
        data: object = self._body.read(wanted)
        if not isinstance(data, bytes | bytearray | memoryview):
            raise TransferError(f"the body gave {type(data).__name__} instead of bytes")
        self._left -= len(data)
        if (
            self._left < 0
            or (wanted and not data)
            or (self._left == 0 and self.seekable() and self._body.read(1))
        ):
            raise SourceChanged(
                f"the body does not hold the {self._size} bytes that were declared",
                why="it grew or shrank while it was being read, or ContentLength is wrong",
                fix="send it when nothing writes to it any more, and leave ContentLength out",
            )
        return bytes(data)


def _bounded(params: dict[str, Any]) -> Any:
    """The request's body, held to its length; ConfigurationError if another length was declared."""
    body = params.get("body")
    declared = params.get("headers", {}).get("Content-Length")
    actual = determine_content_length(body)
    if declared is not None and actual is not None and str(declared) != str(actual):
        raise ConfigurationError(
            f"ContentLength={declared} is not the length of the body, which is {actual}",
            why="the surplus would be taken for the next request on the connection",
            fix="leave ContentLength out",
        )
    length = actual if actual is not None else declared
    if length is None or not hasattr(body, "read") or isinstance(body, io.BytesIO | Exactly):
        return body
    if not getattr(body, "bounded", False):
        params["body"] = Exactly(body, int(length))
    return params["body"]


def _rewindable(body: object) -> bool:
    seekable = getattr(body, "seekable", None)
    return hasattr(body, "seek") and (seekable is None or bool(seekable()))
