"""Uploads under client-side encryption: a source whose parts are the frames of a message."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

from ..encryption.client_side import ClientSide
from ..encryption.strategy import SealedBody, Strategy
from ..envelope.keys import Kms
from ..envelope.suites import COMMIT_KEY
from ..errors import ConfigurationError
from ..guard import guard_of
from .receipts import CHECKSUMS
from .source import Part, Source, in_memory
from .tracking import Tracker

_OF_THE_CONTENT = ("ContentMD5", "MpuObjectSize", *(f"Checksum{name}" for name in CHECKSUMS))


def client_side_of(client: Any) -> ClientSide | None:
    """The strategy of a client that encrypts before it sends; None for others."""
    guard = guard_of(client)
    strategy = guard.strategy if guard is not None else None
    return strategy if isinstance(strategy, ClientSide) else None


def own_strategy(own: Any, client: Any) -> Strategy | None:
    """How a copy reads its source when nobody says so, and client-side encryption is at play on either side.

    As the client reads without being told: *own*, not as the call writes, which *client* does. None where
    server-side encryption is all there is; S3 then knows how to read.
    """
    guard = guard_of(own)
    if guard is None or not (client_side_of(own) or client_side_of(client)):
        return None
    return guard.strategy


def kms_of(client: Any) -> Kms:
    """Where a client gets its data keys; ConfigurationError for a client that was not made by a session."""
    guard = guard_of(client)
    if guard is None or guard.kms is None:
        raise ConfigurationError(
            "this client has no way to KMS",
            why="it was hardened by itself, so that its session and credentials are not known",
            fix="use SecureS3Client(ClientSide(…), session=…)",
        )
    return guard.kms


def sealed(source: Source, client: Any, bucket: str, key: str, extra: Mapping[str, Any]) -> Source:
    """*source*, encrypted if the client's strategy says so.

    Raises:
        ConfigurationError: an argument gives a checksum of the plaintext.
        KeyAccessError: no data key could be made.
    """
    strategy = client_side_of(client)
    if strategy is None:
        return source
    refuse_checksums(extra)
    return SealedSource(source, new_message(client, strategy, bucket, key))


def new_message(client: Any, strategy: ClientSide, bucket: str, key: str) -> Any:
    """A new message for that place."""
    from ..envelope.writer import Message
    from .batch_keys import batch_keys

    context, kms = strategy.context_for(bucket, key), kms_of(client)
    if strategy.batch is not None:
        data_key = batch_keys(kms).for_writing(strategy, context, kms)
    else:
        data_key = strategy.keys.new_data_key(context, kms)
    return Message(data_key, context, strategy.frame_bytes)


def refuse_checksums(extra: Mapping[str, Any]) -> None:
    """Refuse checksums of the plaintext, which is not what is sent."""
    if given := [name for name in _OF_THE_CONTENT if name in extra]:
        raise ConfigurationError(
            f"{given[0]} cannot be given with client-side encryption",
            why="it tells of the plaintext, and S3 would compare it with the encrypted bytes",
            fix="leave it out; each frame is authenticated. ChecksumAlgorithm may be given",
        )


class SealedBytes(io.BytesIO, SealedBody):
    """A small message, to be sent in one piece; botocore turns plain bytes into a file of its own."""


class SealedPart(Part, SealedBody):
    """Frames of a message as a body; its progress is told in bytes of plaintext."""

    def __init__(self, run: Any, tracker: Tracker) -> None:
        super().__init__(run.read_at, 0, run.size, tracker)
        self._run = run

    @property
    def plain_bytes(self) -> int:
        """How many bytes of the source it stands for."""
        plain: int = self._run.plain_bytes
        return plain

    def read(self, size: int | None = -1) -> bytes:
        """Some bytes, up to *size*: those that are sealed together; all that is left without a size."""
        if size is None or size < 0:
            return super().read()
        self._tracker.check()
        data = bytes(self._run.view_at(self._position, size)) if self._position < self.size else b""
        self._position += len(data)
        self._report()
        return data

    def as_bytes(self) -> SealedBytes:
        """All of it, to be sent as bytes."""
        return SealedBytes(self.read())

    def _done(self) -> int:
        done: int = self._run.plain_before(self._position)
        return done


class SealedSource:
    """A source as a message: the header and all frames, cut into parts at the ends of frames."""

    def __init__(self, plain: Source, message: Any) -> None:
        self._plain = plain
        self._message = message
        self.suite = COMMIT_KEY.name

    @property
    def size(self) -> int | None:
        """Bytes that are sent, as soon as the length of the plaintext is known."""
        if self._plain.size is None:
            return None
        size: int = self._message.layout(self._plain.size).message_bytes
        return size

    def settle(self, limit: int) -> None:
        """Read ahead."""
        self._plain.settle(limit)

    def parts(self, part_bytes: int, tracker: Tracker) -> Iterator[Part]:
        """Parts of about *part_bytes*, never less; each is sealed while it is sent."""
        frame, sent, held, ended = self._message.frame_bytes, 0, in_memory(b"", tracker), False
        for piece in self._plain.parts(-(-part_bytes // frame) * frame, tracker):
            if len(held):
                yield sealed_part(self._message, held, sent, tracker, final=False)
            sent, held = sent + len(held), piece
            # Where the length is known, the last part is; else it shows only when there is no other.
            if self._plain.size is not None:
                ended = sent + len(held) == self._plain.size
                yield sealed_part(self._message, held, sent, tracker, final=ended)
                sent, held = sent + len(held), in_memory(b"", tracker)
        if not ended:
            yield sealed_part(self._message, held, sent, tracker, final=True)

    def whole(self, tracker: Tracker) -> Part:
        """The message as one part."""
        return sealed_part(self._message, self._plain.whole(tracker), 0, tracker, final=True)

    def finish(self) -> None:
        """Raise SourceChanged if there is more than was promised."""
        self._plain.finish()

    def close(self) -> None:
        """Release the source."""
        self._plain.close()


def sealed_part(message: Any, piece: Part, start: int, tracker: Tracker, *, final: bool) -> SealedPart:
    """The frames of *piece*, which begins at byte *start* of the plaintext, as a body."""
    from ..envelope.writer import SealedRun

    run = SealedRun(
        message,
        piece.read_at,
        first=1 + start // message.frame_bytes,
        plain_bytes=len(piece),
        final=final,
        prefix=b"" if start else message.header,
    )
    return SealedPart(run, tracker)
