"""Downloads: one GetObject, or windows in parallel that all belong to one version of the object.

1. one GetObject; a small body is read from it to the end, and botocore checks its checksum
2. of a large one it gives the first window; the others are ranged requests with ``If-Match`` on its ETag,
   so that an object replaced meanwhile is noticed
3. a body that breaks off is taken up again where it broke
4. the CRC32 of the whole is put together from the windows and compared with the one S3 keeps
5. under client-side encryption the windows are frames, verified one by one before they are written
6. a path gets its file by rename at the end; on any failure nothing is left
"""

from __future__ import annotations

import io
import os
import time
from collections.abc import Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any, BinaryIO

from ..errors import ChecksumMismatch, DestinationError
from ..guard.faults import typed
from . import crc
from .answers import whole_object
from .destination import AtomicFile
from .receipts import Receipt, receipt
from .sealing import client_side_of
from .settings import Callback, Settings, accepted
from .tracking import Stopped, Tracker
from .windows import Stretch, Window, Write, plain_stretches
from .workers import in_order, in_parallel

if TYPE_CHECKING:
    from .opening import Place


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
            answer, size, suite = job.run(target.write)
        target.commit()
    except Stopped as error:
        raise (job.tracker.failure or error.__cause__ or error) from None
    finally:
        target.discard()
    seconds = time.perf_counter() - started
    return receipt(answer, bucket=bucket, key=key, size=size, seconds=seconds, client_side=suite)


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

    @property
    def place(self) -> str:
        """For error messages."""
        return f"s3://{self.request['Bucket']}/{self.request['Key']}"

    def run(self, write: Write) -> tuple[Mapping[str, Any], int, str | None]:
        """The first answer, the number of bytes written, and the suite of a sealed object."""
        self.first = answer = self.client.get_object(**self.request)
        size = whole_object(answer, self.place)
        whole = size < max(self.settings.threshold, 1) or not self.settings.threads
        window = size if whole else min(size, self.settings.part_bytes)
        if client_side_of(self.client) is None:
            self._fetch_all(plain_stretches(size, window), whole, write)
            return answer, size, None
        from .opening import Place

        place = Place.of(self.client, self.request["Bucket"], self.request["Key"])
        with closing(answer["Body"]), place.located():
            return answer, *self._run_sealed(place, None if whole else window, write)

    def _run_sealed(self, place: Place, window: int | None, write: Write) -> tuple[int, str]:
        """The same for an object under client-side encryption, whose header is read first."""
        from .opening import open_message, read_all, spooled

        body = self.first["Body"]
        header = place.parse(body.read, self.first.get("Metadata"))
        if header.suite.curve:
            file, message = spooled(place, header, body.read)
            with file:
                for at, data in read_all(file, message):
                    write(data, at)
                    self.tracker.advance(len(data))
        else:
            message = open_message(place, header, self.first["ContentLength"])
            stretches = message.stretches(window)
            self._fetch_all(stretches, len(stretches) == 1, write)
        return message.layout.plain_bytes, header.suite.name

    def _fetch_all(self, stretches: list[Stretch], whole: bool, write: Write) -> None:
        """Fetch all stretches; the body of the first answer stands where the first one begins."""
        answer = self.first
        pinned = self.request | {"IfMatch": answer["ETag"]}
        if answer.get("VersionId"):
            pinned["VersionId"] = answer["VersionId"]
        windows = [Window(self, pinned, stretch, write) for stretch in stretches]
        if windows:
            windows[0].body, windows[0].to_the_end = answer["Body"], whole
        else:
            answer["Body"].read()
        parts = self._fetch(windows, write)
        # Where frames are verified, a checksum over them would say nothing more.
        sealed = any(stretch.opener for stretch in stretches)
        if not sealed and (len(windows) > 1 or any(item.resumed for item in windows)):
            _compare(answer, parts, self.request)

    def _fetch(self, windows: list[Window], write: Write) -> list[tuple[int, int]]:
        if not self.ordered or len(windows) < 2:
            return in_parallel(Window.fetch, windows, self.settings, self.tracker)
        parts = []
        # Closed at once when the destination fails, so that no thread goes on downloading.
        with closing(in_order(Window.fetch_into_memory, windows, self.settings, self.tracker)) as fetched:
            for window in fetched:
                write(window.kept, window.stretch.plain_start)
                parts.append((window.crc, window.stretch.size))
                window.kept = b""
        return parts


class _InOrder:
    """A file object of the caller's; only one thread writes, in order."""

    def __init__(self, fileobj: BinaryIO) -> None:
        if not callable(getattr(fileobj, "write", None)):
            raise DestinationError(
                f"{type(fileobj).__name__} is neither a path nor a writable file object",
                fix="pass an object with write(), opened in binary mode",
            )
        self._file = fileobj

    def write(self, data: bytes | bytearray | memoryview, offset: int) -> None:
        """*data*, which follows what was written before."""
        if isinstance(data, memoryview):
            data = bytes(data)  # it may be kept, and the buffer of the frames is used again
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
