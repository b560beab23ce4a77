"""What the answers to GetObject must say before a byte of them is used.

A server, or whatever stands in for it, may ignore ranges and conditions. The pieces of a download belong
together only if each answer says that it is a piece of the same object.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import limits
from ..errors import ObjectChanged, PreconditionFailed, TransportError
from ..guard.faults import typed


def whole_object(answer: Mapping[str, Any], place: str) -> int:
    """The object's length, from an answer that promises the whole of it.

    Raises:
        TransportError: it is part of an object, or does not say which object or how long it is.
    """
    size, status = answer.get("ContentLength"), _status(answer)
    if (
        status == 200
        and answer.get("ContentRange") is None
        and answer.get("ETag")
        and isinstance(size, int)
        and 0 <= size <= limits.MAX_OBJECT_BYTES
    ):
        return size
    _close(answer)
    raise TransportError(
        f"{place}: the answer is not a whole object (status {status}, length {size!r}, "
        f"range {answer.get('ContentRange')!r}, ETag {answer.get('ETag')!r})",
        why="the endpoint does not answer as S3 does",
        fix="check endpoint_url, and what stands between it and this machine",
    )


def ranged(
    client: Any,
    request: Mapping[str, Any],
    first: Mapping[str, Any],
    start: int,
    end: int,
    *,
    doing: str,
    open_ended: bool = False,
) -> Any:
    """The body of bytes *start* to *end* (exclusive), asked for now, of the object of *first*.

    Args:
        client: A hardened client.
        request: Members of GetObject that pin the object by its ETag.
        first: The answer that told of the object.
        start, end: Which bytes.
        doing: When this is, for the error: "while it was open".
        open_ended: Ask for all from *start* on; *end* is then the end of the object.

    Raises:
        ObjectChanged: the object was replaced since.
        TransportError, ServiceError: S3 refused, cannot be reached, or gave something else.
    """
    bucket, key = request["Bucket"], request["Key"]
    place = f"s3://{bucket}/{key}"
    wanted = f"bytes={start}-" if open_ended else f"bytes={start}-{end - 1}"
    try:
        # Translated here: botocore has repeated the request itself, and this must not multiply that.
        with typed("GetObject", bucket, key):
            answer = client.get_object(**request, Range=wanted)
    except PreconditionFailed as error:
        raise ObjectChanged(
            f"{place} was replaced {doing}",
            why="its ETag is another one now",
            fix="read it again, or name a version: VersionId=…, as an argument or in ExtraArgs",
            bucket=bucket,
            key=key,
        ) from error
    return piece(answer, first, start, end, place)


def piece(answer: Mapping[str, Any], first: Mapping[str, Any], start: int, end: int, place: str) -> Any:
    """The body of an answer that holds bytes *start* to *end* (exclusive) of the object of *first*.

    Raises:
        ObjectChanged: it is a piece of another object.
        TransportError: it is another piece, or no piece.
    """
    if any(answer.get(name) != first.get(name) for name in ("ETag", "VersionId")):
        _close(answer)
        raise ObjectChanged(
            f"{place} was replaced meanwhile",
            why=f"its ETag is {answer.get('ETag')!r} now; it was {first.get('ETag')!r}",
            fix="fetch it again, or name a version: VersionId=…",
        )
    expected = f"bytes {start}-{end - 1}/{first['ContentLength']}"
    if (
        _status(answer) != 206
        or answer.get("ContentRange") != expected
        or answer.get("ContentLength") != end - start
    ):
        _close(answer)
        raise TransportError(
            f"{place}: asked for {expected}, the server answered {answer.get('ContentRange')!r} "
            f"of {answer.get('ContentLength')!r} bytes (status {_status(answer)})",
            why="the endpoint does not honour ranges",
            fix="pass Config=TransferConfig(use_threads=False), which fetches in one piece",
        )
    return answer["Body"]


def _status(answer: Mapping[str, Any]) -> object:
    return answer.get("ResponseMetadata", {}).get("HTTPStatusCode")


def _close(answer: Mapping[str, Any]) -> None:
    if answer.get("Body") is not None:
        answer["Body"].close()
