"""An object read in ranged requests that ask for no more than is needed, all of one version of it."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from contextlib import closing
from typing import Any

from .. import limits
from ..errors import ServiceError, TransportError
from ..guard.faults import typed
from ..guard.operations import for_operation
from .answers import ranged

_PROBE = 4 * limits.KIB
"""Enough for the headers of most messages; more is asked for where it is not."""
_TOTAL = re.compile(r"bytes 0-[0-9]+/([0-9]+)", re.ASCII)
_CONDITIONS = ("IfMatch", "IfNoneMatch", "IfModifiedSince", "IfUnmodifiedSince")


class Pieces:
    """The object that *request* names, from its start.

    Args:
        client: A hardened client.
        request: Members of GetObject, without a range.
        head: The answer to HeadObject, if there was one; else the first piece is asked for at once.
    """

    def __init__(self, client: Any, request: dict[str, Any], head: Mapping[str, Any] | None = None) -> None:
        self._client = client
        self._request = request
        self._known = io.BytesIO()
        self.answer: dict[str, Any] = dict(head) if head is not None else self._probe()
        self.total: int = self.answer["ContentLength"]
        for name in _CONDITIONS:
            self._request.pop(name, None)
        self._request["IfMatch"] = self.answer["ETag"]
        if self.answer.get("VersionId"):
            self._request["VersionId"] = self.answer["VersionId"]

    def read(self, size: int) -> bytes:
        """The next *size* bytes from the start; fewer at the end."""
        at, kept = self._known.tell(), len(self._known.getbuffer())
        if at + size > kept and kept < self.total:
            self._keep(self.at(kept, min(max(kept + _PROBE, at + size), self.total)))
        return self._known.read(size)

    def at(self, start: int, end: int) -> bytes:
        """Bytes *start* to *end*."""
        with closing(self.body(start, end)) as body:
            data: bytes = body.read()
        return data

    def body(self, start: int, end: int) -> Any:
        """Bytes *start* to *end* as a stream, without a request if they are here already."""
        if end <= len(self._known.getbuffer()) or start >= end:
            return io.BytesIO(self._known.getvalue()[start:end])
        return ranged(self._client, self._request, self.answer, start, end, doing="while it was read")

    def _probe(self) -> dict[str, Any]:
        """The answer to a request for the first bytes, with the length of the whole."""
        bucket, key = self._request["Bucket"], self._request["Key"]
        try:
            with typed("GetObject", bucket, key):
                answer: dict[str, Any] = self._client.get_object(
                    **self._request, Range=f"bytes=0-{_PROBE - 1}"
                )
        except ServiceError as error:
            if error.code != "InvalidRange":
                raise
            # Not even its first byte is there: it is empty, whatever it is.
            with typed("HeadObject", bucket, key):
                head = for_operation(self._client, "HeadObject", self._request)
                found = dict(self._client.head_object(**head))
            if found.get("ContentLength") != 0:
                raise
            return found
        with closing(answer["Body"]) as body:
            total = _TOTAL.fullmatch(str(answer.get("ContentRange")))
            if total is None or not answer.get("ETag"):
                raise TransportError(
                    f"s3://{bucket}/{key}: asked for its first bytes, the server answered "
                    f"{answer.get('ContentRange')!r}",
                    why="the endpoint does not honour ranges",
                    fix="check endpoint_url; read the whole object without Range",
                )
            self._keep(body.read())
        return {**answer, "ContentLength": int(total[1])}

    def _keep(self, data: bytes) -> None:
        at = self._known.tell()
        self._known.seek(0, io.SEEK_END)
        self._known.write(data)
        self._known.seek(at)
