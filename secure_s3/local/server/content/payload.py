"""Request bodies: unwrapped from ``aws-chunked`` and compared with every checksum sent along.

moto stores what it gets; S3 answers BadDigest. CRC32, SHA-1, SHA-256 and MD5 are always verified, CRC32C and
CRC64NVME when awscrt is installed (the standard library has neither). Of a body that is signed chunk by
chunk, each signature is verified as its chunk comes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
from collections.abc import Iterator
from typing import Any

from ....errors import SignatureError
from ....sigv4 import ChunkSignatures
from ..call import Call
from ..callers.signatures import refusal_of
from ..faults import Refusal, bad_digest, invalid_request
from . import checksums

__all__ = ["read_payload", "take_body"]

_LINE = 4096
_CHECKSUM = "x-amz-checksum-"


def read_payload(call: Call) -> None:
    """Read the body into ``call.body``, verify it, and hand moto a plain one.

    Raises:
        Refusal: BadDigest, InvalidDigest, IncompleteBody, MalformedTrailerError, XAmzContentSHA256Mismatch
            or, of a chunk, SignatureDoesNotMatch.
    """
    stream = call.environ["wsgi.input"]
    if call.headers.get("x-amz-content-sha256", "").startswith("STREAMING-"):
        body, trailer = _unwrap(stream, call)
        call.headers = {**trailer, **call.headers}
    else:
        body = _plain(stream, call)
    take_body(call, body)


def take_body(call: Call, body: bytes) -> None:
    """Make this the body of the request, once it has been compared with every checksum among the headers."""
    call.body = body
    _verify_md5(call)
    _verify_sha256(call)
    call.digests = _verified_digests(call)
    _hand_over(call)


def _plain(stream: io.BufferedReader, call: Call) -> bytes:
    length = call.environ.get("CONTENT_LENGTH")
    if length:
        return stream.read(int(length))
    pieces = iter(lambda: stream.read(1024 * 1024), b"")
    return b"".join(pieces)


def _unwrap(stream: io.BufferedReader, call: Call) -> tuple[bytes, dict[str, str]]:
    """Decode aws-chunked (SigV4 streaming): ``size[;chunk-signature=…]\\r\\n data \\r\\n``, then trailers."""
    body = b"".join(_pieces(stream, call))
    trailer = _trailer(stream)
    announced = call.headers.get("x-amz-decoded-content-length", str(len(body)))
    if announced != str(len(body)):
        message = "You did not provide the number of bytes specified by the Content-Length HTTP header"
        raise Refusal(400, "IncompleteBody", message)
    promised = call.headers.get("x-amz-trailer", "").lower()
    if promised and promised not in trailer:
        raise Refusal(
            400, "MalformedTrailerError", "The request contained trailing data that was not well-formed"
        )
    if call.chunks is not None and promised:
        _check_trailer(call.chunks, trailer)
    # Most trailers nobody signs: nothing but the checksum that the headers promise is taken from it.
    return body, {name: trailer[name] for name in trailer if name == promised and name.startswith(_CHECKSUM)}


def _pieces(stream: io.BufferedReader, call: Call) -> Iterator[bytes]:
    while True:
        size, _, extension = stream.readline(_LINE).strip().partition(b";")
        try:
            wanted = int(size, 16)
        except ValueError:
            wanted = -1
        piece = stream.read(wanted) if wanted > 0 else b""
        if len(piece) != wanted:
            raise Refusal(400, "IncompleteBody", "The request body terminated unexpectedly")
        if call.chunks is not None:
            _check_chunk(call.chunks, piece, extension.decode("latin-1"))
        if wanted == 0:
            return
        yield piece
        stream.readline(2)


def _check_chunk(chunks: ChunkSignatures, piece: bytes, extension: str) -> None:
    try:
        chunks.check(piece, extension.removeprefix("chunk-signature="))
    except SignatureError as error:
        raise refusal_of(error) from error


def _check_trailer(chunks: ChunkSignatures, trailer: dict[str, str]) -> None:
    signature = trailer.pop("x-amz-trailer-signature", "")
    fields = "".join(f"{name}:{trailer[name]}\n" for name in sorted(trailer))
    try:
        chunks.check_trailer(fields.encode("latin-1"), signature)
    except SignatureError as error:
        raise refusal_of(error) from error


def _trailer(stream: io.BufferedReader) -> dict[str, str]:
    fields = {}
    while line := stream.readline(_LINE).strip().decode("latin-1"):
        name, _, value = line.partition(":")
        fields[name.strip().lower()] = value.strip()
    return fields


def _verify_md5(call: Call) -> None:
    given = call.headers.get("content-md5")
    if given is None:
        return
    try:
        wanted = base64.b64decode(given, validate=True)
    except binascii.Error:
        wanted = b""
    if len(wanted) != 16:
        raise Refusal(400, "InvalidDigest", "The Content-MD5 you specified was invalid.")
    if hashlib.md5(call.body, usedforsecurity=False).digest() != wanted:
        raise Refusal(400, "BadDigest", "The Content-MD5 you specified did not match what we received.")


def _verify_sha256(call: Call) -> None:
    given = call.headers.get("x-amz-content-sha256", "")
    if len(given) == 64 and hashlib.sha256(call.body).hexdigest() != given.lower():
        message = "The provided 'x-amz-content-sha256' header does not match what was computed."
        raise Refusal(400, "XAmzContentSHA256Mismatch", message)


def _verified_digests(call: Call) -> dict[str, str]:
    """Algorithm → base64 value, for each checksum of the body that was sent and matches."""
    if call.operation == "CompleteMultipartUpload":
        return {}  # there the header speaks of the object, not of this body
    found = {}
    for algorithm in checksums.ALGORITHMS:
        given = call.headers.get(f"x-amz-checksum-{algorithm.lower()}")
        if given is None:
            continue
        if not checksums.well_formed(algorithm, given):
            raise invalid_request(f"Value for x-amz-checksum-{algorithm.lower()} header is invalid.")
        computed = checksums.compute(algorithm, call.body)
        if computed is not None and computed != given:
            raise bad_digest(algorithm)
        found[algorithm] = given
    if len(found) > 1:
        raise invalid_request(
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        )
    return found


def _hand_over(call: Call) -> None:
    environ: dict[str, Any] = call.environ
    environ["wsgi.input"] = io.BytesIO(call.body)
    environ["CONTENT_LENGTH"] = str(len(call.body))
    call.without(
        "transfer-encoding", "x-amz-content-sha256", "x-amz-trailer", "x-amz-decoded-content-length", "expect"
    )
    encodings = [part.strip() for part in environ.get("HTTP_CONTENT_ENCODING", "").split(",")]
    kept = ",".join(part for part in encodings if part and part != "aws-chunked")
    call.without("content-encoding")
    if kept:
        environ["HTTP_CONTENT_ENCODING"] = kept
    for algorithm, value in call.digests.items():  # moto looks for the header under the SDK's algorithm
        environ["HTTP_X_AMZ_SDK_CHECKSUM_ALGORITHM"] = algorithm
        environ[f"HTTP_X_AMZ_CHECKSUM_{algorithm}"] = value
