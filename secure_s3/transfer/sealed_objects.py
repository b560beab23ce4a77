"""boto3's object calls under client-side encryption: plaintext in, plaintext out, lengths of plaintext."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any, BinaryIO

from .. import limits
from ..envelope.header import Header, Read
from ..envelope.layout import Layout
from ..envelope.reader import OpeningReader
from ..errors import ConfigurationError, SourceChanged
from ..guard.bodies import streaming
from ..guard.faults import invalid_range
from ..guard.operations import for_operation
from .answers import whole_object
from .opening import Opened, Place, open_message, spooled
from .pieces import Pieces
from .ranges import parse_range
from .sealing import new_message, refuse_checksums, sealed_part
from .source import ObjectSource, Part, in_memory, read_exactly
from .tracking import Tracker

Answer = dict[str, Any]

_IN_MEMORY = 64 * limits.MIB


def put(client: Any, bucket: str, key: str, parameters: Mapping[str, Any]) -> Answer:
    """PutObject with an encrypted body.

    Raises:
        ConfigurationError: the body or an argument cannot be used; nothing was sent.
    """
    refuse_checksums(parameters)
    place, arguments = Place.of(client, bucket, key), dict(parameters)
    plain = _plaintext(arguments.pop("Body", b""), arguments.pop("ContentLength", None))
    message = new_message(client, place.strategy, bucket, key)
    body = sealed_part(message, plain, 0, Tracker(), final=True)
    sent = body.as_bytes() if len(body) <= limits.MIB else body
    answer: Answer = client.put_object(Bucket=bucket, Key=key, Body=sent, **arguments)
    return answer


def get(client: Any, bucket: str, key: str, parameters: Mapping[str, Any]) -> Answer:
    """GetObject with a body of verified plaintext, the whole or a range of it.

    Each frame is verified before a byte of it is handed out; that nothing is missing at the end shows at the
    end.

    Raises:
        DowngradeError, ContextMismatch, TamperedError, KeyAccessError: it is no object for this client.
        ServiceError: also InvalidRange, as S3 answers it.
    """
    place = Place.of(client, bucket, key)
    request = {"Bucket": bucket, "Key": key, **_without_part_number(parameters)}
    if (wanted := request.pop("Range", None)) is not None:
        parse_range(wanted, 0)  # what is no range is refused before anything is asked
        return _get_range(place, request, wanted)
    answer: Answer = client.get_object(**request)
    body = answer["Body"]
    try:
        total = whole_object(answer, str(place))
        header = place.parse(body.read, answer.get("Metadata"))
        if header.suite.curve:
            with closing(body):
                return _spooled(place, answer, header, body.read, None)
        message = open_message(place, header, total)
    except BaseException:
        body.close()
        raise
    plain = message.layout.plain_bytes
    return _whole(answer, message.reader(body.read, 0, plain, body.close), plain)


def head(client: Any, bucket: str, key: str, parameters: Mapping[str, Any]) -> Answer:
    """HeadObject with the length of the plaintext, for which the header is read; KMS is not asked.

    The length follows from the object's size and its header, and is verified when the object is read.
    """
    place, arguments = Place.of(client, bucket, key), _without_part_number(parameters)
    wanted = arguments.pop("Range", None)
    if wanted is not None:
        parse_range(wanted, 0)
    answer: Answer = client.head_object(Bucket=bucket, Key=key, **arguments)
    request = for_operation(client, "GetObject", arguments) | {"Bucket": bucket, "Key": key}
    pieces = Pieces(client, request, answer)
    header = place.parse(pieces.read, answer.get("Metadata"))
    end = pieces.total
    if header.suite.curve:
        from ..envelope.signature import signed_bytes

        end = signed_bytes(header, end, pieces.at)
    plain = Layout.of_message(header.length, header.frame_bytes, end).plain_bytes
    answer["ContentLength"] = plain
    if wanted is not None:
        found = parse_range(wanted, plain)
        start, stop = _satisfiable(found, wanted, plain, place, "HeadObject")
        answer |= {"ContentLength": stop - start, "ContentRange": f"bytes {start}-{stop - 1}/{plain}"}
    return answer


def _get_range(place: Place, request: dict[str, Any], wanted: Any) -> Answer:
    pieces = Pieces(place.client, request)
    header = place.parse(pieces.read, pieces.answer.get("Metadata"))
    if header.suite.curve:
        with closing(pieces.body(header.length, pieces.total)) as body:
            return _spooled(place, pieces.answer, header, body.read, wanted)
    message = open_message(place, header, pieces.total)
    plain = message.layout.plain_bytes
    found = parse_range(wanted, plain)
    if found is None:
        # Before it is said that nothing is there: the end must be the end.
        _read(pieces, message, plain, plain).read()
    start, end = _satisfiable(found, wanted, plain, place, "GetObject")
    return _ranged(pieces.answer, _read(pieces, message, start, end), start, end, plain)


def _read(pieces: Pieces, message: Opened, start: int, end: int) -> Any:
    body = pieces.body(*message.span(start, end))
    return message.reader(body.read, start, end, body.close)


def _spooled(place: Place, answer: Answer, header: Header, read: Read, wanted: Any) -> Answer:
    """The answer for a signed object, all of which was fetched and verified."""
    file, message = spooled(place, header, read)
    plain = message.layout.plain_bytes
    if wanted is None:
        return _whole(answer, message.local_reader(file, 0, plain, file.close), plain)
    try:
        start, end = _satisfiable(parse_range(wanted, plain), wanted, plain, place, "GetObject")
    except BaseException:
        file.close()
        raise
    return _ranged(answer, message.local_reader(file, start, end, file.close), start, end, plain)


def _whole(answer: Answer, reader: OpeningReader, plain: int) -> Answer:
    return {**answer, "Body": streaming(reader, plain), "ContentLength": plain}


def _ranged(answer: Answer, reader: OpeningReader, start: int, end: int, plain: int) -> Answer:
    size, of_range = end - start, f"bytes {start}-{end - 1}/{plain}"
    return {**answer, "Body": streaming(reader, size), "ContentLength": size, "ContentRange": of_range}


def _satisfiable(
    found: tuple[int, int] | None, wanted: Any, plain: int, place: Place, operation: str
) -> tuple[int, int]:
    if found is None:
        raise invalid_range(operation, place.bucket, place.key, str(wanted), plain)
    return found


def _without_part_number(parameters: Mapping[str, Any]) -> dict[str, Any]:
    if parameters.get("PartNumber") is not None:
        raise ConfigurationError(
            "PartNumber cannot be used with client-side encryption",
            why="the parts of an encrypted object are no parts of its plaintext",
            fix='use Range="bytes=…"',
        )
    return dict(parameters)


def _plaintext(body: Any, length: Any) -> Part:
    """The plaintext of a put, readable at any offset."""
    if isinstance(body, str):
        body = body.encode()
    if isinstance(body, bytes | bytearray):
        part = in_memory(bytes(body), Tracker())
    elif callable(getattr(body, "read", None)):
        part = _of_file(body)
    else:
        raise ConfigurationError(
            f"Body cannot be {type(body).__name__}", fix='pass bytes, or a file opened "rb"'
        )
    if length is not None and length != len(part):
        raise ConfigurationError(
            f"ContentLength={length!r} is not the length of the body, which is {len(part)}",
            fix="leave ContentLength out, or pass an int",
        )
    return part


def _of_file(body: BinaryIO) -> Part:
    source, start = ObjectSource(body), 0
    if source.size is not None and source.size > limits.MIB:
        start, end = body.tell(), source.size

        def read(offset: int, size: int) -> bytes:
            return _read_at(body, start + offset, size, last=offset + size == end)

        return Part(read, 0, end, Tracker())
    source.settle(_IN_MEMORY)
    if source.size is None:
        raise ConfigurationError(
            "Body cannot seek, and is long",
            why=f"a retry has to read it again, and {_IN_MEMORY // limits.MIB} MiB are kept for that at most",
            fix="use upload_fileobj, which streams",
        )
    part = source.whole(Tracker())
    source.finish()
    return part


def _read_at(body: BinaryIO, offset: int, size: int, *, last: bool) -> bytes:
    body.seek(offset)
    data = read_exactly(body, size)
    if last and read_exactly(body, 1):
        raise SourceChanged(
            "the body holds more than it had at the start",
            why="it grew while it was being read",
            fix="send it when nothing writes to it any more, or pass a bounded view of it",
        )
    return data
