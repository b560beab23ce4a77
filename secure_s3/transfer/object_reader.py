"""The bytes of one version of an object as a raw file."""

from __future__ import annotations

from typing import Any

from ..guard.faults import BROKEN_BODY, broken_off, typed
from ..guard.waiting import attempt
from .answers import ranged, whole_object
from .seekable import Seekable

_SKIP = 1 << 20


class ObjectReader(Seekable):
    """The bytes of one version of an object; sequential reading streams, seeking makes ranged requests."""

    def __init__(self, client: Any, bucket: str, key: str, extra: dict[str, Any]) -> None:
        super().__init__()
        self._client = client
        self._request = {"Bucket": bucket, "Key": key, **extra}
        self._body: Any = None
        self._at = 0  # where the body stands; the reader stands at its position
        self.name = f"s3://{bucket}/{key}"
        with typed("GetObject", bucket, key):
            answer = client.get_object(**self._request)
            self.size = whole_object(answer, self.name)
        self.answer = answer
        self._body = answer["Body"]
        self._request["IfMatch"] = answer["ETag"]
        if answer.get("VersionId"):
            self._request["VersionId"] = answer["VersionId"]

    def readinto(self, buffer: Any) -> int:
        """Fill *buffer* as far as one read goes; 0 at the end."""
        if self.closed:
            raise ValueError("the file is closed")
        with typed("GetObject", self._request["Bucket"], self._request["Key"]):
            data = attempt(lambda: self._read(len(buffer)), on=BROKEN_BODY)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Give the connection back."""
        self._drop()
        super().close()

    def _read(self, size: int) -> bytes:
        size = min(size, self.size - self._position)
        if size <= 0:
            return b""
        self._stand()
        try:
            data: bytes = self._body.read(size)
            if not data:
                raise broken_off(actual_bytes=self._position, expected_bytes=self.size)
            if self._position + len(data) == self.size:
                self._body.read(1)  # lets botocore compare its checksum, before the last bytes are handed out
                self._drop()
            self._at = self._position = self._position + len(data)
        except BROKEN_BODY:
            self._drop()
            raise
        return data

    def _stand(self) -> None:
        """Have a body that stands where the reader stands."""
        gap = self._position - self._at
        if self._body is not None and 0 < gap <= _SKIP:
            while self._at < self._position and (data := self._body.read(self._position - self._at)):
                self._at += len(data)
        if self._body is not None and self._at == self._position:
            return
        self._drop()
        self._body = ranged(
            self._client,
            self._request,
            self.answer,
            self._position,
            self.size,
            doing="while it was open",
            open_ended=True,
        )
        self._at = self._position

    def _drop(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None
