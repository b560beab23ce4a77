"""Objects opened like files: a seekable reader over ranges, a writer that uploads while it is written."""

from __future__ import annotations

import io
import sys
import threading
import warnings
import weakref
from collections.abc import Mapping
from typing import Any, BinaryIO, cast

from ..errors import ConfigurationError, TransferError
from .object_reader import ObjectReader
from .receipts import Receipt
from .sealing import client_side_of
from .settings import Settings, accepted
from .upload import upload

_READ_AHEAD = 1 << 20


def open_object(
    client: Any,
    bucket: str,
    key: str,
    mode: str = "rb",
    *,
    extra_args: Mapping[str, Any] | None = None,
    config: Any = None,
) -> BinaryIO:
    """An object as a binary file: ``"rb"`` reads and seeks, ``"wb"`` writes.

    Reading is pinned to the version that was there when it was opened. What is written becomes an object
    when the file is closed without an error; when a ``with`` block is left by an exception, or the file is
    forgotten without ``close()``, the upload is aborted and there is no object.

    Raises:
        ConfigurationError: another mode; for text, wrap it in ``io.TextIOWrapper``.
        NotFound, AccessDenied and others: at once for reading, at ``close()`` or a later ``write()`` for
            writing.
    """
    if mode in ("rb", "br"):
        extra = accepted(client, ("GetObject",), extra_args)
        return io.BufferedReader(object_reader(client, bucket, key, extra), _READ_AHEAD)
    if mode in ("wb", "bw"):
        return cast(BinaryIO, ObjectWriter(client, bucket, key, extra_args, Settings.from_config(config)))
    raise ConfigurationError(
        f"mode {mode!r} is not supported",
        why="objects are bytes, and are written as a whole",
        fix='use "rb" or "wb"; for text: io.TextIOWrapper(s3.open(bucket, key, "rb"), encoding="utf-8")',
    )


def object_reader(client: Any, bucket: str, key: str, extra: dict[str, Any]) -> Any:
    """The content of an object as a raw file, decrypted where the client's strategy encrypts."""
    if client_side_of(client) is None:
        return ObjectReader(client, bucket, key, extra)
    from .opening import Place
    from .sealed_files import SealedReader

    return SealedReader(Place.of(client, bucket, key), extra)


class ObjectWriter(io.RawIOBase):
    """Bytes that become an object on ``close()``; ``receipt`` tells of it afterwards.

    A thread uploads while the caller writes; at most one part waits, so that writing is as fast as S3.
    """

    def __init__(
        self, client: Any, bucket: str, key: str, extra: Mapping[str, Any] | None, settings: Settings
    ) -> None:
        super().__init__()
        self.name = f"s3://{bucket}/{key}"
        self._handled = sys.exc_info()[1]
        arguments = accepted(client, ("PutObject", "CreateMultipartUpload"), extra)
        self._channel = channel = _Channel(settings.part_bytes)
        self._outcome = outcome = _Outcome()

        # It knows the channel and not this object, so that a forgotten file is noticed.
        def run() -> None:
            try:
                outcome.receipt = upload(client, channel, bucket, key, extra_args=arguments, config=settings)
            except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
                outcome.failure = error
                channel.abandon()

        self._thread = threading.Thread(target=run, name="secure-s3-writer", daemon=True)
        self._thread.start()
        # Before the interpreter ends: later, the thread could not run any more to take its parts away.
        self._at_exit = weakref.finalize(self, _give_up, channel, self._thread)

    @property
    def receipt(self) -> Receipt | None:
        """What S3 said, after ``close()``."""
        return self._outcome.receipt

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: Any) -> int:
        """Take *data*; raises what the upload failed with, as soon as it is known."""
        if self.closed:
            raise ValueError("the file is closed")
        with memoryview(data) as view, view.cast("B") as content:
            size = len(content)
            if not self._channel.put(content):
                self.close()
        return size

    def close(self) -> None:
        """Finish the upload and wait for it; raises what it failed with.

        Closed while an exception is being handled, as wrappers such as ``io.TextIOWrapper`` do when their
        block is left by one, it aborts instead: half an object is worse than none.
        """
        if self.closed:
            return
        if sys.exc_info()[1] is not self._handled:
            self.abort()
            return
        self._channel.finish()
        try:
            self._thread.join()
        except BaseException:
            self.abort()
            raise
        self._settle()
        failure, self._outcome.failure = self._outcome.failure, None
        if failure is not None:
            raise failure

    def abort(self) -> None:
        """Give the upload up; there will be no object."""
        if self.closed:
            return
        _give_up(self._channel, self._thread)
        self._settle()

    def _settle(self) -> None:
        self._at_exit.detach()
        super().close()

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        """Close; after an exception, abort."""
        if kind is None:
            self.close()
        else:
            self.abort()

    def __del__(self) -> None:
        if getattr(self, "_thread", None) is not None and not self.closed:
            warnings.warn(
                f"{self.name} was never closed; nothing was uploaded", ResourceWarning, stacklevel=2
            )
            self.abort()


class _Outcome:
    """What became of an upload in its thread."""

    receipt: Receipt | None = None
    failure: BaseException | None = None


def _give_up(channel: _Channel, thread: threading.Thread) -> None:
    channel.fail()
    thread.join()


class _Channel:
    """Bytes from the writing thread to the uploading one, at most *limit* waiting."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting = bytearray()
        self._change = threading.Condition()
        self._finished = self._failed = self._abandoned = False

    def seekable(self) -> bool:
        return False

    def put(self, data: memoryview) -> bool:
        """Take *data* when there is room; False if nobody reads any more."""
        with self._change:
            self._change.wait_for(lambda: len(self._waiting) < self._limit or self._abandoned)
            self._waiting += data
            self._change.notify_all()
            return not self._abandoned

    def finish(self) -> None:
        with self._change:
            self._finished = True
            self._change.notify_all()

    def fail(self) -> None:
        with self._change:
            self._failed = True
            self._change.notify_all()

    def abandon(self) -> None:
        with self._change:
            self._abandoned = True
            self._change.notify_all()

    def read(self, size: int) -> bytes:
        """What is there, up to *size*; b"" at the end."""
        with self._change:
            self._change.wait_for(lambda: self._waiting or self._finished or self._failed)
            if self._failed:
                raise TransferError("the file was given up by its writer")
            data = bytes(self._waiting[:size])
            del self._waiting[:size]
            self._change.notify_all()
            return data
