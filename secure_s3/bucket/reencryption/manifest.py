"""The list of objects for an S3 Batch Operations job, in S3's own CSV format.

One line an object: bucket, key, and the version if versions are asked for; no heading; keys encoded as in
URLs. A manifest must not be encrypted with SSE-KMS or SSE-C. Sources: Amazon S3 User Guide, "Specifying a
manifest" and "Creating a manifest file".
"""

from __future__ import annotations

import csv
import io
import os
import secrets
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import IO, Any
from urllib.parse import quote

from ...encryption import SseC, SseS3, Strategy
from ...errors import ConfigurationError, DestinationError
from ...guard import with_strategy
from ...guard.faults import typed
from ...values import ObjectRef
from .listing import pages
from .looking import CustomerKeyNeeded, Looking
from .ways import Entry, serves_in_place, way_of


@dataclass(frozen=True, slots=True)
class Manifest:
    """A list that was written.

    Args:
        place: The path of the file, or ``s3://bucket/key``.
        bucket: Where the objects in it are.
        prefix: What their keys begin with.
        objects: How many there are.
        bytes: What they have together.
        versions: Whether each line has a version.
        etag: The manifest's, if it is an object; S3 takes a job only with it.
        version_id: Its version, if it has one.
    """

    place: str
    bucket: str
    prefix: str
    objects: int
    bytes: int
    versions: bool
    etag: str | None = None
    version_id: str | None = None

    @property
    def fields(self) -> list[str]:
        """The columns, as S3 Control names them."""
        return ["Bucket", "Key", *(["VersionId"] if self.versions else [])]

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {name: getattr(self, name) for name in self.__slots__} | {"fields": self.fields}


def write_manifest(
    client: Any,
    bucket: str,
    prefix: str = "",
    *,
    into: str | os.PathLike[str],
    include_versions: bool = False,
    only_for: Strategy | None = None,
) -> Manifest:
    """List the objects under *prefix* in a manifest, at a thousand a request, in bounded memory.

    Args:
        client: A hardened S3 client.
        bucket, prefix: Where the objects are.
        into: The path of a file, which appears when it is whole; or ``s3://bucket/key``, which is written
            with SSE-S3, all that S3 takes for a manifest.
        include_versions: All versions, each with its id; else the current ones, whichever these are when the
            job comes to them.
        only_for: Leave out what a job could not bring under this encryption, or is under it already. That is
            one HeadObject for each, one after the other; without it, everything is listed.

    Raises:
        ConfigurationError: There is no object to list, or ``into=`` cannot be meant.
        NotAllowedByProfile: The profile does not allow SSE-S3, or *only_for*.
        DestinationError: The file cannot be written.
        SecureS3Error: The bucket cannot be listed, or the object not be written.
    """
    every = pages(client, bucket, prefix, versions=include_versions)
    listed: Iterator[Entry] = (entry for page in every for entry in page)
    if only_for is not None:
        listed = _needed(client, bucket, listed, only_for)
    counted = _Counted(bucket, include_versions, listed)
    if isinstance(into, str) and into.startswith("s3:"):
        answer = _to_object(client, ObjectRef.parse(into), counted)
    else:
        answer = _to_file(os.fspath(into), counted)
    etag, version = answer.get("ETag"), answer.get("VersionId")
    return Manifest(
        os.fspath(into), bucket, prefix, counted.objects, counted.bytes, include_versions, etag, version
    )


def rows(bucket: str, entries: Iterable[Entry], versions: bool) -> Iterator[list[str]]:
    """The lines of a manifest."""
    for entry in entries:
        yield [bucket, quote(entry.key, safe="/"), *([entry.version or "null"] if versions else [])]


class _Counted:
    """Writes the lines, and counts the objects."""

    def __init__(self, bucket: str, versions: bool, entries: Iterator[Entry]) -> None:
        self._bucket, self._versions, self._entries = bucket, versions, entries
        self.objects = self.bytes = 0

    def write(self, file: IO[str]) -> None:
        csv.writer(file, lineterminator="\n").writerows(rows(self._bucket, self._each(), self._versions))
        if not self.objects:
            raise ConfigurationError(
                "there is no object for a manifest",
                why="S3 takes no job without objects",
                fix="check bucket and prefix; what is right already needs no job",
            )

    def _each(self) -> Iterator[Entry]:
        for entry in self._entries:
            self.objects += 1
            self.bytes += entry.size
            yield entry


def _needed(client: Any, bucket: str, entries: Iterator[Entry], to: Strategy) -> Iterator[Entry]:
    if to.client_side or isinstance(to, SseC):
        raise ConfigurationError(
            f"no job brings objects under {type(to).__name__}", fix="pass SseKms(…) or SseS3()"
        )
    looking = Looking(client, bucket, to, None, lambda: datetime.now(timezone.utc))
    for entry in entries:
        try:
            found = looking(entry)
        except CustomerKeyNeeded:
            continue
        if way_of(found, to, current=entry.current, in_place=serves_in_place(to))[0] in ("update", "copy"):
            yield entry


def _to_object(client: Any, place: ObjectRef, counted: _Counted) -> dict[str, Any]:
    if not place.key:
        raise ConfigurationError(f"into={str(place)!r} names no object", fix="write s3://bucket/key")
    face = with_strategy(client, SseS3())
    with tempfile.TemporaryFile() as file:
        text = io.TextIOWrapper(file, "ascii", newline="")
        counted.write(text)
        text.detach()
        file.seek(0)
        with typed("PutObject", place.bucket, place.key):
            face.upload_fileobj(file, place.bucket, place.key, {"ContentType": "text/csv"})
    with typed("HeadObject", place.bucket, place.key):
        head: dict[str, Any] = face.head_object(Bucket=place.bucket, Key=place.key)
    return head


def _to_file(path: str, counted: _Counted) -> dict[str, Any]:
    temporary = f"{path}.{secrets.token_hex(8)}.part"
    try:
        # For this user only: keys of objects tell a lot.
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with open(descriptor, "w", encoding="ascii", newline="") as file:
                counted.write(file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as error:
        raise DestinationError(
            f"the manifest {path!r} cannot be written",
            why=error.strerror or str(error),
            fix="name a file in a folder that exists and may be written",
        ) from error
    return {}
