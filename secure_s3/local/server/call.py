"""One S3 request as the layers in front of moto see it, and one answer."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from werkzeug.datastructures import Headers

from .judging.operations import operation_of

if TYPE_CHECKING:
    from ...sigv4 import ChunkSignatures, Scope

__all__ = ["AccessPoint", "Answer", "Call", "SSE", "is_presigned", "is_s3", "place_of"]

SSE = "x-amz-server-side-encryption"
_SIGNING = ("x-amz-signature", "x-amz-algorithm", "x-amz-credential")
_NOT_AWS = ("/moto-api", "/latest/meta-data/", "/latest/api/", "/favicon.ico")
"""Paths that moto serves beside those of AWS, to whoever asks."""


def is_presigned(environ: dict[str, Any]) -> bool:
    """Whether the query says that it signs the request."""
    query = str(environ.get("RAW_URI", "")).partition("?")[2]
    return any(name.lower() in _SIGNING for name, _ in parse_qsl(query, keep_blank_values=True))


def is_s3(environ: dict[str, Any]) -> bool:
    """Whether the request is for S3: signed for it, presigned, or not signed for anything else."""
    if is_presigned(environ):
        return True  # what is signed for another service is refused there
    if str(environ.get("PATH_INFO", "")).startswith(_NOT_AWS):
        return True  # to S3 the first part is a bucket
    scope = environ.get("HTTP_AUTHORIZATION", "")
    if "Credential=" in scope:
        parts = scope.split("Credential=", 1)[1].split(",", 1)[0].split("/")
        service = parts[3] if len(parts) > 3 else ""
        return service in ("s3", "s3express") and not environ.get("RAW_URI", "").startswith("/v20180820/")
    return "HTTP_X_AMZ_TARGET" not in environ and not (
        environ["REQUEST_METHOD"] == "POST" and environ.get("PATH_INFO") == "/"
    )


@dataclass(frozen=True, slots=True)
class AccessPoint:
    """One access point.

    Args:
        arn: As policies name it.
        bucket: The bucket behind it.
        origin: From where it can be reached, ``Internet`` or ``VPC``.
        policy: Its policy's text, if it has one.
        vpc: The VPC that it is bound to, if its origin is one.
        named: How the request names it: by its alias or its ARN.
    """

    arn: str
    bucket: str
    origin: str
    policy: str | None
    vpc: str | None = None
    named: str = ""


@dataclass
class Call:
    """A request. Header names are in lower case; ``body`` is set once it has been read and verified.

    ``operation`` is botocore's name. A request to an access point is rewritten for its bucket, and has the
    access point as ``point``, the one in the source of a copy as ``source_point``.
    ``scope`` says who signed once that has been verified, ``signed_by`` where it stands: in a ``header``, in
    the ``query`` or in a ``form``. ``denied`` has the entries of DeleteObjects that policies do not allow:
    key, version, and the words. Of a body that is signed chunk by chunk, ``chunks`` verifies the chunks.
    """

    environ: dict[str, Any]
    method: str
    bucket: str
    key: str
    query: dict[str, str]
    headers: dict[str, str]
    operation: str
    body: bytes = b""
    digests: dict[str, str] = field(default_factory=dict)
    presigned: bool = False
    point: AccessPoint | None = None
    source_point: AccessPoint | None = None
    scope: Scope | None = None
    signed_by: str = ""
    chunks: ChunkSignatures | None = None
    denied: list[tuple[str, str | None, str]] = field(default_factory=list)
    request_id: str = field(default_factory=lambda: secrets.token_hex(8).upper())
    host_id: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    @classmethod
    def of(cls, environ: dict[str, Any]) -> Call:
        """Read everything but the body."""
        return cls(environ, *_read(environ), presigned=is_presigned(environ))

    def read_again(self) -> None:
        """Take over what has been changed in ``environ``."""
        read = _read(self.environ)
        self.method, self.bucket, self.key, self.query, self.headers, self.operation = read

    @property
    def version(self) -> str | None:
        """The version asked for."""
        return self.query.get("versionId")

    @property
    def creates(self) -> bool:
        """Whether the request says how a new object is to be encrypted."""
        return self.operation in ("PutObject", "CopyObject", "CreateMultipartUpload")

    def without(self, *names: str) -> None:
        """Hide headers from moto."""
        for name in names:
            self.environ.pop("HTTP_" + name.upper().replace("-", "_"), None)


def place_of(environ: dict[str, Any]) -> tuple[str, str]:
    """Bucket and key: they stand in the path alone, whatever host is named beside it."""
    path = unquote(str(environ["RAW_URI"]).split("?", 1)[0]).lstrip("/")
    bucket, _, key = path.partition("/")
    return bucket, key


def _read(environ: dict[str, Any]) -> tuple[str, str, str, dict[str, str], dict[str, str], str]:
    """Method, bucket, key, query, headers and operation."""
    bucket, key = place_of(environ)
    query: dict[str, str] = {}
    for name, value in parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True):
        query.setdefault(name, value)  # policies and moto see the first as well
    headers = {
        name[5:].replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    method = environ["REQUEST_METHOD"]
    return method, bucket, key, query, headers, operation_of(method, bucket, key, query, headers)


@dataclass
class Answer:
    """What goes back. ``body`` may be a generator; then Content-Length is set."""

    status: int
    headers: Headers
    body: Iterable[bytes]

    @property
    def ok(self) -> bool:
        """Whether the request was carried out."""
        return 200 <= self.status < 300
