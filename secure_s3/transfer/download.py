"""Downloads: one GetObject, or windows in parallel that all belong to one version of the object.

1. one GetObject; a small body is read from it to the end, and botocore checks its checksum
2. of a large one it gives the first window; the others are ranged requests with ``If-Match`` on its ETag,
   so that an object replaced meanwhile is noticed
3. a body that breaks off is taken up again where it broke
4. the CRC32 of the whole is put together from the windows and compared with the one S3 keeps
5. a path gets its file by rename at the end; on any failure nothing is left
"""

from __future__ import annotations

import io
import os
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any, BinaryIO

from ..errors import ChecksumMismatch, DestinationError, ObjectChanged, PreconditionFailed
from ..guard.faults import BROKEN_BODY, broken_off, typed
from ..guard.waiting import attempt
from . import crc
from .answers import piece, whole_object
from .destination import AtomicFile
from .receipts import Receipt, receipt
from .settings import Callback, Settings, accepted
from .tracking import Stopped, Tracker
from .workers import in_order, in_parallel

_BLOCK = 1 << 18

Write = Callable[[Any, int], None]


def download(
    client: Any,
    bucket: str,
    key: str,
    destination: Any,
    *,
    extra_args: Mapping[str, Any] | None = None,
    callback: Callback | None = None,
    config: Any = None,
) -> Receipt:
    """Fetch an object into *destination* and return the receipt.

    Args:
        client: A hardened S3 client.
        destination: A path, whose file is replaced at once at the end, or a writable binary file object,
            which is written in order and neither closed nor, after a failure, rolled back.
        extra_args: Members of GetObject, e.g. ``VersionId``.
        callback: Called with the number of further bytes written, from the threads that write them.
        config: A boto3 TransferConfig.

    Raises:
        ConfigurationError, DestinationError: an argument or the destination is no use.
        ObjectChanged: the object was replaced while it was fetched.
        ChecksumMismatch: the bytes are not those that were stored.
        ServiceError, TransportError: S3 refused, could not be reached, or broke off too often.
    """
    settings = Settings.from_config(config)
    extra = accepted(client, ("GetObject",), extra_args)
    started = time.perf_counter()
    to_path = isinstance(destination, str | os.PathLike)
    target = AtomicFile(destination) if to_path else _InOrder(destination)
    job = _Download(
        client, {"Bucket": bucket, "Key": key, **extra}, settings, Tracker(callback), ordered=not to_path
    )
    try:
        with typed("download", bucket, key):
            answer, size = job.run(target.write)
        target.commit()
    except Stopped as error:
        raise (job.tracker.failure or error.__cause__ or error) from None
    finally:
        target.discard()
    return receipt(answer, bucket=bucket, key=key, size=size, seconds=time.perf_counter() - started)


class _Download:
    """One download on its way."""

    def __init__(
        self, client: Any, request: dict[str, Any], settings: Settings, tracker: Tracker, *, ordered: bool
    ) -> None:
        self.client = client
        self.ordered = ordered
        self.request = request
        self.settings = settings
        self.tracker = tracker
        self.first: Mapping[str, Any] = {}

    def run(self, write: Write) -> tuple[Mapping[str, Any], int]:
        """The first answer, and the number of bytes written."""
        answer = self.client.get_object(**self.request)
        self.first = answer
        size = whole_object(answer, f"s3://{self.request['Bucket']}/{self.request['Key']}")
        whole = size < max(self.settings.threshold, 1) or not self.settings.threads
        window = size if whole else min(size, self.settings.part_bytes)
        pinned = self.request | {"IfMatch": answer["ETag"]}
        if answer.get("VersionId"):
            pinned["VersionId"] = answer["VersionId"]
        windows = [
            _Window(self, pinned, start, min(window, size - start), write)
            for start in range(0, size, window or 1)
        ]
        if windows:
            windows[0].body, windows[0].to_the_end = answer["Body"], whole
        else:
            answer["Body"].read()
        parts = self._fetch(windows, write)
        if len(windows) > 1 or any(item.resumed for item in windows):
            _compare(answer, parts, self.request)
        return answer, size

    def _fetch(self, windows: list[_Window], write: Write) -> list[tuple[int, int]]:
        if not self.ordered or len(windows) < 2:
            return in_parallel(_Window.fetch, windows, self.settings, self.tracker)
        parts = []
        # Closed at once when the destination fails, so that no thread goes on downloading.
        with closing(in_order(_Window.fetch_into_memory, windows, self.settings, self.tracker)) as fetched:
            for window in fetched:
                write(window.kept, window.start)
                parts.append((window.crc, window.size))
                window.kept = b""
        return parts


class _Window:
    """A range of the object, fetched into its place however often its body breaks off."""

    def __init__(self, job: _Download, request: dict[str, Any], start: int, size: int, write: Write) -> None:
        self.job = job
        self.request = request
        self.start = start
        self.size = size
        self.write = write
        self.body: Any = None
        self.to_the_end = True
        self.resumed = False
        self.kept: bytes | bytearray = b""
        self._done = 0
        self.crc = 0

    def fetch(self) -> tuple[int, int]:
        """The CRC32 and the length of the window."""
        attempt(self._run, on=BROKEN_BODY, attempts=self.job.settings.attempts)
        return self.crc, self.size

    def fetch_into_memory(self) -> _Window:
        """The window itself, with its bytes in ``kept``."""
        buffer = bytearray(self.size)

        def keep(data: bytes, offset: int) -> None:
            buffer[offset - self.start : offset - self.start + len(data)] = data

        unbuffered, self.write = self.write, keep
        try:
            self.fetch()
        finally:
            self.write = unbuffered  # the windows outlive the download; their buffers must not
        self.kept = buffer
        return self

    def _run(self) -> None:
        self.job.tracker.check()
        body = self.body if self.body is not None else self._ranged()
        self.body, self.to_the_end = None, self.to_the_end or self.body is None
        try:
            while self._done < self.size:
                self._take(body)
            if self.to_the_end:
                # Lets botocore compare its checksum, and returns the connection to the pool.
                body.read(1)
        except BROKEN_BODY:
            self.resumed = True
            raise
        finally:
            body.close()

    def _take(self, body: Any) -> None:
        self.job.tracker.check()
        data = body.read(min(_BLOCK, self.size - self._done))
        if not data:
            raise broken_off(actual_bytes=self._done, expected_bytes=self.size)
        self.write(data, self.start + self._done)
        self.crc = zlib.crc32(data, self.crc)
        self._done += len(data)
        self.job.tracker.advance(len(data))

    def _ranged(self) -> Any:
        first, last = self.start + self._done, self.start + self.size - 1
        bucket, key = self.request["Bucket"], self.request["Key"]
        try:
            # Translated here: botocore has repeated the request itself, and this must not multiply that.
            with typed("GetObject", bucket, key):
                answer = self.job.client.get_object(**self.request, Range=f"bytes={first}-{last}")
        except PreconditionFailed as error:
            raise ObjectChanged(
                f"s3://{bucket}/{key} was replaced during the download",
                why="its ETag is another one now",
                fix="download it again, or name a version: ExtraArgs={'VersionId': …}",
                bucket=bucket,
                key=key,
            ) from error
        return piece(answer, self.job.first, first, last + 1, f"s3://{bucket}/{key}")


class _InOrder:
    """A file object of the caller's; only one thread writes, in order."""

    def __init__(self, fileobj: BinaryIO) -> None:
        if not callable(getattr(fileobj, "write", None)):
            raise DestinationError(
                f"{type(fileobj).__name__} is neither a path nor a writable file object",
                fix="pass an object with write(), opened in binary mode",
            )
        self._file = fileobj

    def write(self, data: bytes | bytearray, offset: int) -> None:
        """*data*, which follows what was written before."""
        view = memoryview(data)
        try:
            while view:
                written: object = self._file.write(data if len(view) == len(data) else view)
                if written is None and isinstance(self._file, io.RawIOBase):
                    raise BlockingIOError("it does not block, and takes nothing right now")
                # Raw files may take less than they are given; home-made ones often return nothing.
                view = view[written if isinstance(written, int) else len(view) :]
        except (OSError, TypeError, ValueError) as error:
            raise DestinationError(
                "the destination cannot be written",
                why=str(error),
                fix='open it for writing in binary mode ("wb")',
            ) from error

    def commit(self) -> None:
        """Nothing to do."""

    def discard(self) -> None:
        """Nothing to do: what was written belongs to the caller."""


def _compare(answer: Mapping[str, Any], parts: list[tuple[int, int]], request: Mapping[str, Any]) -> None:
    """Compare the CRC32 of all windows with the object's; ChecksumMismatch if they differ."""
    stored = answer.get("ChecksumCRC32")
    if not stored or answer.get("ChecksumType") == "COMPOSITE" or "-" in stored:
        return
    got = crc.encode(crc.combined(parts))
    if got != stored:
        raise ChecksumMismatch(
            f"s3://{request['Bucket']}/{request['Key']}: the CRC32 is {got}, the object has {stored}",
            why="something between the disk of S3 and this process changed them",
            fix="download it again; if it happens again, check memory and network of this machine",
            bucket=request["Bucket"],
            key=request["Key"],
        )
