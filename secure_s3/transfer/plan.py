"""What a batch is going to do, decided before anything is sent: one Job for each file.

A job that cannot be done, for a reason that concerns it alone, carries its error; the others go.
"""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .. import limits
from ..errors import ConfigurationError, NotFound, SecureS3Error, TransferError
from ..guard.faults import typed
from .names import System, relative_parts, same_file
from .results import BatchResult, FileResult

_log = logging.getLogger("secure_s3.transfer")

Paths = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class Job:
    """One file of a batch.

    Args:
        path: The file on this machine.
        key: The object.
        size: In bytes, where it is known.
        parts: For downloads: the path below the folder.
        marker: The object stands for a folder and has no content.
        error: Why it cannot even be tried.
    """

    path: str
    key: str
    size: int | None = None
    parts: tuple[str, ...] = ()
    marker: bool = False
    error: Exception | None = None


# -- uploads --------------------------------------------------------------------------------------------


def plan_uploads(sources: Any, bucket: str, prefix: str) -> list[Job]:
    """The jobs for *sources*, see ``upload_many``; ConfigurationError for what makes no sense as a whole."""
    if not isinstance(prefix, str):
        raise ConfigurationError(f"prefix={prefix!r} is not a string")
    resumed = resumable(sources, bucket, "upload")
    if resumed is not None:
        jobs = [_file_job(file.path, file.key) for file in resumed]
    elif isinstance(sources, str | os.PathLike):
        jobs = [_file_job(path, prefix + name) for path, name in _walk(os.fspath(sources))]
    else:
        jobs = [_file_job(path, prefix + key) for path, key in _listed(sources)]
    if not jobs and resumed is None:
        raise ConfigurationError(
            "there is nothing to upload",
            why="the folder holds no files, or the list is empty",
            fix="check the path; skip the call if having nothing to send is all right",
        )
    _refuse_twice(jobs)
    return jobs


def _walk(folder: str) -> Iterator[tuple[str, str]]:
    """Each file below *folder* with its relative POSIX path, sorted; symlinked folders are left out."""
    if not os.path.isdir(folder):
        exists = os.path.lexists(folder)
        raise ConfigurationError(
            f"{folder!r} is {'no folder' if exists else 'not there'}",
            why="a single path given to upload_many means every file below a folder",
            fix="use upload_file, or pass a list of files" if exists else "check the path",
        )
    waiting = [("", folder)]
    while waiting:
        inside, path = waiting.pop()
        try:
            with os.scandir(path) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError:
            if not inside:
                raise ConfigurationError(
                    f"the folder {folder!r} cannot be read", fix="check its permissions"
                ) from None
            yield path, inside.rstrip("/")  # reported as a file that cannot be read
            continue
        folders = []
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                folders.append((f"{inside}{entry.name}/", entry.path))
            elif entry.is_symlink() and os.path.isdir(entry.path):
                _log.warning("the symlinked folder %r is not followed", entry.path)
            else:
                yield entry.path, f"{inside}{entry.name}"
        waiting.extend(reversed(folders))


def _listed(sources: Any) -> Iterator[tuple[str, str]]:
    """The pairs of path and key of a mapping, a list of pairs, or a list of files."""
    if isinstance(sources, bytes | bytearray) or not isinstance(sources, Iterable):
        raise ConfigurationError(
            f"sources={sources!r} cannot be uploaded",
            fix="pass a folder, a list of files, a mapping of paths to keys, or the results of a batch",
        )
    for entry in sources.items() if isinstance(sources, Mapping) else sources:
        pair = entry if isinstance(entry, tuple | list) else (entry, None)
        if len(pair) != 2 or not isinstance(pair[0], str | os.PathLike):
            raise ConfigurationError(
                f"{entry!r} among the sources is neither a path nor a pair of path and key",
                fix="pass paths, or (path, key) pairs",
            )
        path, key = os.fspath(pair[0]), pair[1]
        path = os.fsdecode(path)
        if key is None:
            key = os.path.basename(os.path.normpath(path))
        if not isinstance(key, str):
            raise ConfigurationError(f"the key {key!r} for {path!r} is not a string")
        yield path, key


def _file_job(path: str, key: str) -> Job:
    error = _bad_key(key)
    if error is not None:
        return Job(path, key, error=error)
    try:
        status = os.stat(path)
    except (OSError, ValueError) as problem:  # ValueError: a NUL in the path
        why = getattr(problem, "strerror", None) or str(problem)
        return Job(path, key, error=_cannot(path, "cannot be read", why, "check path and permissions"))
    if stat.S_ISDIR(status.st_mode):
        why = "it is a folder, and folders are not looked into from a list; or it may not be listed"
        return Job(path, key, error=_cannot(path, "is no file", why, "pass the folder itself to upload_many"))
    if not stat.S_ISREG(status.st_mode):
        why = "it is a pipe, a socket or a device, whose end nobody knows"
        return Job(path, key, error=_cannot(path, "is no regular file", why, "use upload_fileobj"))
    return Job(path, key, status.st_size)


def _bad_key(key: str) -> Exception | None:
    try:
        length = len(key.encode("utf-8"))
    except UnicodeEncodeError as error:
        why = "its name is not valid UTF-8, and S3's keys are UTF-8"
        return _cannot(key, "cannot be a key", why, "give it a key of its own: {path: key}", error)
    if 0 < length <= limits.MAX_KEY_BYTES:
        return None
    why = f"keys have 1 to {limits.MAX_KEY_BYTES} bytes, this one has {length}"
    return _cannot(key, "cannot be a key", why, "shorten the prefix or the path")


def _cannot(name: str, what: str, why: str, fix: str, cause: Exception | None = None) -> Exception:
    error = ConfigurationError(f"{name!r} {what}", why=why, fix=fix)
    error.__cause__ = cause
    return error


def _refuse_twice(jobs: list[Job]) -> None:
    seen: dict[str, str] = {}
    for job in jobs:
        if job.key in seen:
            raise ConfigurationError(
                f"{seen[job.key]!r} and {job.path!r} would both become the object {job.key!r}",
                why="one of them would overwrite the other",
                fix="upload the folder above them, or give each its key: {path: key}",
            )
        seen[job.key] = job.path


# -- downloads ------------------------------------------------------------------------------------------


def plan_downloads(
    client: Any, bucket: str, keys_or_prefix: Any, folder: str, listing: Mapping[str, Any], *, system: System
) -> list[Job]:
    """The jobs for *keys_or_prefix*, see ``download_many``; *listing* goes with the listing's requests.

    Raises:
        NotFound: no object has the prefix.
        ConfigurationError: it is neither a prefix nor a list of keys.
    """
    resumed = resumable(keys_or_prefix, bucket, "download")
    if resumed is not None:
        jobs = [_resumed_job(file, folder, system) for file in resumed]
    elif isinstance(keys_or_prefix, str):
        base = len(keys_or_prefix.rpartition("/")[0]) + ("/" in keys_or_prefix)
        found = _list(client, bucket, keys_or_prefix, listing)
        jobs = [_object_job(key, key[base:], folder, size, system) for key, size in found]
        if not jobs:
            raise NotFound(
                f"there is no object under s3://{bucket}/{keys_or_prefix}",
                why="the listing is empty",
                fix="check bucket and prefix",
                operation="ListObjectsV2",
                bucket=bucket,
                key=keys_or_prefix,
                code="NoSuchKey",
                status=404,
            )
    else:
        jobs = [_object_job(key, key, folder, None, system) for key in _keys(keys_or_prefix)]
    return _without_collisions(jobs, system)


def _list(client: Any, bucket: str, prefix: str, listing: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    with typed("ListObjectsV2", bucket, prefix):
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, **listing)
        for page in pages:
            for found in page.get("Contents", ()):
                yield found["Key"], found["Size"]


def _keys(keys: Any) -> list[str]:
    usable = isinstance(keys, Iterable) and not isinstance(keys, bytes | bytearray | Mapping)
    listed = list(keys) if usable else []
    if not listed or not all(isinstance(key, str) and key for key in listed):
        raise ConfigurationError(
            f"{keys!r:.200} is neither a prefix nor a list of keys",
            why="there is nothing to download" if usable and not listed else "keys are non-empty strings",
            fix='pass a prefix such as "reports/", a list of keys, or the results of a batch',
        )
    return listed


def _object_job(key: str, relative: str, folder: str, size: int | None, system: System) -> Job:
    marker = key.endswith("/") and not size
    name = relative[:-1] if marker else relative
    if marker and not name:
        return Job(folder, key, 0, (), True)  # the marker of the prefix itself
    try:
        parts = relative_parts(name, system)
    except SecureS3Error as error:
        return Job(os.path.join(folder, "?"), key, size, error=error)
    return Job(os.path.join(folder, *parts), key, size, parts, marker)


def _resumed_job(file: FileResult, folder: str, system: System) -> Job:
    """The path is taken from the list, and held to the same rules as one from a key."""
    root = os.path.abspath(folder)
    path = os.path.abspath(file.path) if "\0" not in file.path else ""
    if not path.startswith(os.path.join(root, "")):
        if path == root and file.key.endswith("/"):
            return Job(folder, file.key, 0, (), True)
        error = ConfigurationError(
            f"{file.path!r} does not lie in {folder!r}",
            why="the list to resume from was made for another folder, or was changed",
            fix="pass the same folder again",
        )
        return Job(file.path, file.key, error=error)
    relative = os.path.relpath(path, root).replace(os.sep, "/")
    job = _object_job(file.key, relative, folder, None, system)
    return replace(job, path=os.path.join(folder, *job.parts)) if job.parts else job


def _without_collisions(jobs: list[Job], system: System) -> list[Job]:
    """The same jobs; those that would overwrite another's file carry an error."""
    folders = {
        same_file(job.parts[:depth], system)
        for job in jobs
        for depth in range(1, len(job.parts) + job.marker)
    }
    taken: dict[tuple[str, ...], str] = {}
    checked = []
    for job in jobs:
        place = same_file(job.parts, system)
        if job.error is None and not job.marker:
            if place in taken:
                why = f"the key {taken[place]!r} has it already"
                job = replace(job, error=_collision(job, why))
            elif place in folders:
                why = "other keys of this batch lie under it, so that it is a folder here"
                job = replace(job, error=_collision(job, why))
            else:
                taken[place] = job.key
        checked.append(job)
    return checked


def _collision(job: Job, why: str) -> TransferError:
    return TransferError(
        f"the key {job.key!r} cannot have the file {job.path!r}",
        why=why,
        fix="download it by itself with download_file, under another name",
    )


# -- resuming -------------------------------------------------------------------------------------------


def resumable(sources: Any, bucket: str, direction: str) -> tuple[FileResult, ...] | None:
    """What is left of an earlier batch, if *sources* is one; else None.

    Raises:
        ConfigurationError: it was a batch of the other direction or of another bucket.
    """
    if isinstance(sources, BatchResult):
        if sources.direction != direction:
            raise ConfigurationError(
                f"these are the results of {sources.direction}_many",
                fix=f"resume with {sources.direction}_many",
            )
        batch = sources
    elif isinstance(sources, list | tuple) and sources and isinstance(sources[0], FileResult):
        if not all(isinstance(file, FileResult) for file in sources):
            raise ConfigurationError("the list mixes results of an earlier batch with other things")
        batch = BatchResult(sources)
    else:
        return None
    others = {file.bucket for file in batch} - {bucket}
    if others:
        raise ConfigurationError(
            f"the results to resume from belong to the bucket {sorted(others)[0]!r}, not to {bucket!r}",
            fix="pass the bucket they were made for",
        )
    return batch.remaining
