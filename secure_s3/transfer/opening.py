"""Reading under client-side encryption: from the first bytes of an object to its key and layout.

The strategy of the client decides how an object is read, never what the object says of itself:

1. the header is parsed, bounded; what is no message is a downgrade
2. the suite must commit to its key; the context must be that of the place
3. only then the data key is asked for, and the header verified with it
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

from ..encryption.client_side import ClientSide
from ..envelope.frames import MessageKey
from ..envelope.header import Header, Read, read_header
from ..envelope.layout import Layout
from ..envelope.names import S3EC_DATA_KEYS
from ..envelope.reader import FrameOpener, OpeningReader
from ..envelope.suites import require_committing
from ..errors import ConfigurationError, DowngradeError, IntegrityError, KeyAccessError
from ..values import printable_text
from .batch_keys import batch_keys
from .sealing import client_side_of, kms_of
from .windows import Stretch

_BLOCK = 1 << 18


@dataclass(frozen=True, slots=True)
class Place:
    """Which object, and under which client it is read."""

    client: Any
    strategy: ClientSide
    bucket: str
    key: str

    @classmethod
    def of(cls, client: Any, bucket: str, key: str) -> Place:
        """The place of an object, under a client that encrypts before it sends."""
        strategy = client_side_of(client)
        if strategy is None:
            raise ConfigurationError("this client does not encrypt before it sends")
        return cls(client, strategy, bucket, key)

    def __str__(self) -> str:
        return printable_text(f"s3://{self.bucket}/{self.key}")

    def parse(self, read: Read, metadata: Mapping[str, str] | None) -> Header:
        """The header of the object there, before anything of it is verified.

        Raises:
            DowngradeError: it is no message, or its suite is not allowed.
            ContextMismatch: it belongs to another place or purpose.
            TamperedError: it is malformed.
        """
        with self.located():
            try:
                header = read_header(read)
                if not self.strategy.allow_non_committing_suites:
                    require_committing(header.suite)
            except DowngradeError as error:
                raise _named(error, metadata) from None
        self.strategy.check_context(header.context, self.bucket, self.key)
        return header

    def unlock(self, header: Header) -> MessageKey:
        """The key of the message, its header verified.

        Raises:
            KeyAccessError: no configured key opens its data key.
            TamperedError: the header is not what was written.
        """
        kms = kms_of(self.client)
        with self.located():
            if self.strategy.batch is not None:
                secret = batch_keys(kms).for_reading(self.strategy, header, kms)
            else:
                secret = self.strategy.keys.data_key(header.wrapped_keys, header.context, header.suite, kms)
            return MessageKey.of(header, secret)

    @contextmanager
    def located(self) -> Iterator[None]:
        """Within it, errors about the object say which one it is."""
        try:
            yield
        except (IntegrityError, KeyAccessError) as error:
            if error.bucket is None:
                error.bucket, error.key = self.bucket, self.key
                error.what = f"{self}: {error.what}"
            raise


def _named(error: DowngradeError, metadata: Mapping[str, str] | None) -> DowngradeError:
    """The error; where it can be told, with what the object is instead."""
    names = {name.lower() for name in metadata or {}}
    found = next((version for name, version in S3EC_DATA_KEYS.items() if name in names), None)
    if found:
        error.what = f"the object was written by the Amazon S3 Encryption Client, version {found[1:]}"
        error.why = "this client reads AWS Encryption SDK messages only"
        error.fix = "read it with that client, and write it again with this one"
    return error


@dataclass(frozen=True, slots=True)
class Opened:
    """A message whose header is verified."""

    place: Place
    header: Header
    key: MessageKey
    layout: Layout

    def opener(self, first: int, last: int) -> FrameOpener:
        """What opens the frames *first* to *last*."""
        return FrameOpener(self.key, self.layout, first, last)

    def reader(
        self, read: Read, start: int, end: int, close: Callable[[], object] = lambda: None
    ) -> OpeningReader:
        """Plaintext *start* to *end*; *read* gives the frames that ``span`` names."""
        first, last = self.layout.frames_of(start, end)
        skip = start - self.layout.plain_offset(first)
        opener = self.opener(first, last)
        return _PlacedReader(self.place, read, opener, skip=skip, size=end - start, close=close)

    def local_reader(
        self, file: Any, start: int, end: int, close: Callable[[], object] = lambda: None
    ) -> OpeningReader:
        """Plaintext *start* to *end* of the message in a seekable file."""
        first, stop = self.span(start, end)
        file.seek(first)
        return self.reader(lambda size: file.read(min(size, stop - file.tell())), start, end, close)

    def stretches(self, window: int | None) -> list[Stretch]:
        """All frames, in windows of about that many bytes; in one for None."""
        layout = self.layout
        step = layout.frames if window is None else max(1, window // layout.frame_bytes)
        return [
            self._stretch(first, min(first + step - 1, layout.frames))
            for first in range(1, layout.frames + 1, step)
        ]

    def _stretch(self, first: int, last: int) -> Stretch:
        start, plain = self.layout.offset(first), self.layout.plain_offset(first)
        size, plain_size = self.layout.offset(last + 1) - start, self.layout.plain_offset(last + 1) - plain
        return Stretch(start, size, plain, plain_size, self.opener(first, last))

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Which bytes of the message hold the frames of plaintext *start* to *end*."""
        first, last = self.layout.frames_of(start, end)
        return self.layout.offset(first), self.layout.offset(last + 1)


class _PlacedReader(OpeningReader):
    """An OpeningReader whose errors name the object."""

    def __init__(self, place: Place, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._place = place

    def read(self, amount: int | None = -1) -> bytes:
        """As OpeningReader."""
        with self._place.located():
            return super().read(amount)


def open_message(place: Place, header: Header, message_bytes: int) -> Opened:
    """The message of a header, in an object of that length. Signed ones go through ``spooled``."""
    with place.located():
        layout = Layout.of_message(header.length, header.frame_bytes, message_bytes)
    return Opened(place, header, place.unlock(header), layout)


def spooled(place: Place, header: Header, read: Read) -> tuple[BinaryIO, Opened]:
    """A signed message in a temporary file, its signature verified; *read* goes on behind the header.

    Each frame is verified before it is kept, so that nobody without the key can fill the disk. The file holds
    ciphertext only, and is gone when it is closed.
    """
    from ..envelope.signature import frames_and_footer, verify_signature

    key = place.unlock(header)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    try:
        file.write(header.raw)
        with place.located():
            for piece in frames_and_footer(read, header, key):
                file.write(piece)
            end = verify_signature(file, header)
    except BaseException:
        file.close()
        raise
    return file, Opened(place, header, key, Layout.of_message(header.length, header.frame_bytes, end))


def read_all(file: BinaryIO, message: Opened) -> Iterator[tuple[int, bytes]]:
    """The plaintext of a spooled message, in pieces with their offsets."""
    done, reader = 0, message.local_reader(file, 0, message.layout.plain_bytes)
    while data := reader.read(_BLOCK):
        yield done, data
        done += len(data)
