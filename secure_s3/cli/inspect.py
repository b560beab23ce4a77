"""``secure-s3 inspect``: how an object or a file is protected; no key is needed."""

from __future__ import annotations

import argparse
import os
import stat
from typing import TYPE_CHECKING, Any

from .exits import OK
from .options import Commands, add_client_options, client, command
from .output import clean, print_json, print_table

if TYPE_CHECKING:
    from ..envelope.describe import Protection
    from ..values import ObjectRef

_EPILOG = """\
TARGET is s3://bucket/key or the path of a file. What is shown is what the object says about itself and
what S3 reports; nothing is decrypted or verified. No key of client-side encryption is needed; an object under
SSE-C needs --sse-c-key-file, because without it S3 gives nothing away.

examples:
  secure-s3 inspect s3://amzn-s3-demo-bucket/report.pdf
  secure-s3 inspect backup.enc --json
"""
_FIRST_BYTES = 4096
_SHOWN = 300


def add(commands: Commands) -> None:
    """Describe the arguments."""
    summary = "show how an object or a file is protected: format, keys, context, frames"
    parser = command(commands, "inspect", summary, _EPILOG, run)
    parser.add_argument("target", metavar="TARGET", help="s3://bucket/key, or the path of a file")
    parser.add_argument("--version-id", metavar="V", help="that version of the object")
    add_client_options(parser)


def run(args: argparse.Namespace) -> int:
    """Look and tell."""
    size, s3, protection = _object(args) if args.target.lower().startswith("s3:") else _file(args)
    if args.json:
        print_json({"target": args.target, "bytes": size, "s3": s3, "protection": protection.to_dict()})
    else:
        _show(args.target, size, s3, protection)
    return OK


# -- where it comes from --------------------------------------------------------------------------------


def _object(args: argparse.Namespace) -> tuple[int, dict[str, Any], Protection]:
    from ..envelope.describe import describe
    from ..guard.faults import typed
    from ..values import ObjectRef

    place = ObjectRef.parse(args.target)
    if not place.key:
        raise _usage(f"{place} names no object", "it is a whole bucket", "write s3://bucket/key")
    where = {"Bucket": place.bucket, "Key": place.key}
    if args.version_id:
        where["VersionId"] = args.version_id
    with client(args, only_reads=True) as s3:
        with typed("HeadObject", place.bucket, place.key):
            head = s3.boto3.head_object(**where)
            size: int = head["ContentLength"]
        start = _ObjectStart(s3.boto3, where, place, head)
        protection = describe(start.read, size, head.get("Metadata") or {}, place)
    return size, _reported(head), protection


def _file(args: argparse.Namespace) -> tuple[int, None, Protection]:
    from ..envelope.describe import describe

    if args.version_id:
        raise _usage("--version-id is for objects in S3", f"{args.target!r} is a path", "leave it out")
    try:
        found = os.stat(args.target)
        if not stat.S_ISREG(found.st_mode):
            kind = "a folder" if stat.S_ISDIR(found.st_mode) else "no regular file"
            raise _usage(f"{args.target!r} is {kind}", "one file is inspected at a time", "name a file")
        with open(args.target, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            return size, None, describe(file.read, size)
    except OSError as error:
        raise _usage(
            f"{args.target!r} cannot be read", error.strerror or str(error), "name a file, or s3://bucket/key"
        ) from error


def _usage(what: str, why: str, fix: str) -> Exception:
    from ..errors import ConfigurationError

    return ConfigurationError(what, why=why, fix=fix)


class _ObjectStart:
    """The start of one version of an object, fetched as far as it is read and never further than a header."""

    def __init__(self, boto3: Any, where: dict[str, str], place: ObjectRef, head: dict[str, Any]) -> None:
        from .. import limits

        self._boto3, self._where, self._place = boto3, where, place
        self._pin = {"IfMatch": head["ETag"]} if head.get("ETag") else {}
        self._end = min(head["ContentLength"], limits.MAX_HEADER_BYTES)
        self._data = bytearray()
        self._at = 0

    def read(self, size: int) -> bytes:
        """Up to *size* bytes; ``b""`` at the end."""
        while len(self._data) < min(self._at + size, self._end):
            self._fetch(len(self._data), min(max(_FIRST_BYTES, 2 * len(self._data)), self._end))
        piece = bytes(self._data[self._at : self._at + size])
        self._at += len(piece)
        return piece

    def _fetch(self, start: int, end: int) -> None:
        from ..guard.faults import typed

        with typed("GetObject", self._place.bucket, self._place.key):
            answer = self._boto3.get_object(**self._where, **self._pin, Range=f"bytes={start}-{end - 1}")
            body = answer["Body"]
            try:
                data = body.read(end - start)
            finally:
                body.close()
        range_ = str(answer.get("ContentRange") or "")
        if len(data) != end - start or not range_.startswith(f"bytes {start}-{end - 1}/"):
            raise self._not_a_range(start, end, range_, len(data))
        self._data += data

    def _not_a_range(self, start: int, end: int, range_: str, length: int) -> Exception:
        from ..errors import TransportError

        return TransportError(
            f"{self._place}: asked for bytes {start}-{end - 1}, got {range_!r} of {length} bytes",
            why="the endpoint does not honour ranges",
            fix="check endpoint_url, and what stands between it and this machine",
            operation="GetObject",
            bucket=self._place.bucket,
            key=self._place.key,
        )


def _reported(head: dict[str, Any]) -> dict[str, Any]:
    """What S3 says about the object, as plain values."""
    algorithm = head.get("ServerSideEncryption")
    if algorithm is None and head.get("SSECustomerAlgorithm"):
        algorithm = "SSE-C"
    return {
        "server_side_encryption": algorithm,
        "kms_key_id": head.get("SSEKMSKeyId"),
        "bucket_key_enabled": head.get("BucketKeyEnabled"),
        "version_id": head.get("VersionId"),
        "storage_class": head.get("StorageClass") or "STANDARD",  # S3 leaves it out for STANDARD
        "etag": head.get("ETag"),
    }


# -- the report -----------------------------------------------------------------------------------------


def _show(target: str, size: int, s3: dict[str, Any] | None, protection: Protection) -> None:
    rows: list[tuple[str, object]] = [("bytes", f"{size:,}")]
    if s3 is not None:
        server_side = " ".join(filter(None, (s3["server_side_encryption"], s3["kms_key_id"])))
        rows += [
            ("encryption by S3", server_side or "not reported"),
            ("version", s3["version_id"]),
            ("storage class", s3["storage_class"]),
        ]
    rows += _rows(protection)
    print_table(
        ("target", _line(target)), [(name, _line(str(value))) for name, value in rows if value is not None]
    )
    for note in protection.notes:
        print(f"- {_line(note)}")


def _rows(protection: Protection) -> list[tuple[str, object]]:
    suite = protection.suite
    if suite is not None and protection.suite_id is not None:
        suite = f"{suite} (0x{protection.suite_id:04x})"
    return [
        ("client-side format", protection.format),
        ("suite", suite),
        ("data key wrapped by", protection.wrap),
        ("commits to its key", _yes(protection.committing)),
        ("signed", _yes(protection.signed)),
        ("header bytes", _count(protection.header_bytes)),
        ("frame bytes", _count(protection.frame_bytes)),
        ("frames", _count(protection.frames)),
        ("plaintext bytes", _count(protection.plain_bytes)),
        *(("opens with", f"{key.provider}: {key.name}") for key in protection.keys),
        *(("context", f"{name} = {value}") for name, value in protection.context.items()),
    ]


def _yes(value: bool | None) -> str | None:
    return None if value is None else ("yes" if value else "no")


def _count(value: int | None) -> str | None:
    return None if value is None else f"{value:,}"


def _line(text: str) -> str:
    """*text* as one short line: whoever wrote the object could forge rows of the table otherwise."""
    if len(text) > _SHOWN:
        text = f"{text[:_SHOWN]}… ({len(text)} characters; --json shows all)"
    return clean(text.replace("\n", "?"))
