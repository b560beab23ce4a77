"""Many files at a time: a bounded number of workers, one result for each file, a list to resume from.

1. the plan: every file with its key, before anything is sent; what cannot work as a whole is refused here
2. workers take the next file when they are free; nothing else is queued
3. a file that fails fails alone; Ctrl-C stops the others, takes back what is half-done, and starts nothing
4. the results, in the order of the input; BatchFailed if anything is left to do
"""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from ..errors import ConfigurationError
from ..guard.operations import for_operation
from . import present
from .crew import Crew, Watch
from .download import download
from .names import System, place
from .plan import Job, plan_downloads, plan_uploads
from .progress import progress_for
from .receipts import Receipt
from .results import BatchResult, Direction, Status
from .settings import OF_THE_REQUEST, Settings, accepted
from .upload import upload

_UPLOAD = ("PutObject", "CreateMultipartUpload", "CompleteMultipartUpload")
_MAX_WORKERS = 256

Outcome = tuple[Status, Receipt | None]


def upload_many(
    client: Any,
    sources: Any,
    bucket: str,
    prefix: str = "",
    *,
    workers: int = 8,
    skip_existing: bool = False,
    extra_args: Mapping[str, Any] | None = None,
    progress: Any = None,
    config: Any = None,
) -> BatchResult:
    """Upload many files and return one result for each, in their order.

    It does not promise a snapshot: files that appear in a folder after the start are not sent.

    Args:
        client: A hardened S3 client.
        sources: One of

            - a folder: every file below it, the key being *prefix* and the relative path with ``/``;
              links to files are followed, links to folders are not;
            - a list of files: *prefix* and the file's name;
            - a mapping of paths to keys, or a list of such pairs: *prefix* and the key;
            - the results of an earlier batch: what was not done, under the keys it had. If nothing is
              left, nothing is done and the result is empty.
        prefix: Put in front of every key as it is; write the ``/``.
        workers: Files at a time, 1 to 256. Large files share the part threads of *config* among them.
        skip_existing: Leave out a file whose object has the same size, the same checksum over the whole
            content and the encryption of this client. One request more for each file.
        extra_args: As in ``upload_file``, for every file.
        progress: True for bars on a terminal, a callable, or a ``Progress``; see ``transfer.progress``.
        config: A boto3 TransferConfig.

    Raises:
        BatchFailed: some files were not sent; ``results`` has an entry for every file. The others went.
        ConfigurationError: there is nothing to send, two files have one key, or an argument is no use;
            nothing was sent.
        KeyboardInterrupt: as it came; it has the results as ``results``.
    """
    settings = _checked(bucket, workers, config)
    accepted(client, _UPLOAD, extra_args)
    jobs = plan_uploads(sources, bucket, prefix)
    options = {name: value for name, value in (extra_args or {}).items() if name in OF_THE_REQUEST}
    settings = _shared(settings, jobs, workers)

    def send(job: Job, watch: Watch) -> Outcome:
        if skip_existing:
            found = present.in_bucket(client, bucket, job.key, job.path, options, watch.check)
            if found is not None:
                return "skipped", found
        done = upload(
            client, job.path, bucket, job.key, extra_args=extra_args, callback=watch, config=settings
        )
        return "done", done

    return _run(send, jobs, bucket, "upload", workers, progress)


def download_many(
    client: Any,
    bucket: str,
    keys_or_prefix: Any,
    folder: str | os.PathLike[str],
    *,
    workers: int = 8,
    skip_existing: bool = False,
    extra_args: Mapping[str, Any] | None = None,
    progress: Any = None,
    config: Any = None,
) -> BatchResult:
    """Download many objects into a folder and return one result for each, in their order.

    Whatever the keys say, nothing is written outside *folder*: a key that would lead out of it, also
    through a symbolic link inside it, fails. So do keys that would have the same file, and a key that is
    also a folder of others. Objects that stand for folders become folders and count as skipped.

    Args:
        client: A hardened S3 client.
        keys_or_prefix: One of

            - a prefix: every object whose key begins with it, the path being the key without what comes
              before the prefix's last ``/``; ``""`` is the whole bucket;
            - a list of keys: the path is the key;
            - the results of an earlier batch, see ``upload_many``.
        folder: Where the files go; it is made if it is missing.
        workers: Files at a time, 1 to 256.
        skip_existing: Leave out an object whose file is there with the same size and the same checksum
            over the whole content. One request for each file that is there.
        extra_args: As in ``download_file``, for every object.
        progress, config: As in ``upload_many``.

    Raises:
        BatchFailed: some objects were not fetched; ``results`` has an entry for every one.
        NotFound: no object has the prefix.
        ConfigurationError: an argument is no use.
        KeyboardInterrupt: as it came; it has the results as ``results``.
    """
    settings = _checked(bucket, workers, config)
    extra = accepted(client, ("GetObject",), extra_args)
    root = _folder(folder)
    listing = for_operation(client, "ListObjectsV2", extra)
    jobs = plan_downloads(client, bucket, keys_or_prefix, root, listing, system=System.this())
    options = {name: extra[name] for name in (*OF_THE_REQUEST, "VersionId") if name in extra}
    settings = _shared(settings, jobs, workers)

    def fetch(job: Job, watch: Watch) -> Outcome:
        path = place(root, job.parts, is_folder=job.marker)
        if job.marker:
            return "skipped", None
        if skip_existing:
            found = present.on_disk(client, bucket, job.key, path, options, watch.check)
            if found is not None:
                return "skipped", found
        done = download(client, bucket, job.key, path, extra_args=extra, callback=watch, config=settings)
        return "done", done

    return _run(fetch, jobs, bucket, "download", workers, progress)


def _run(
    work: Callable[[Job, Watch], Outcome],
    jobs: list[Job],
    bucket: str,
    direction: Direction,
    workers: int,
    progress: Any,
) -> BatchResult:
    started = time.perf_counter()
    crew = Crew(work, jobs, bucket, progress_for(progress))
    result = partial(BatchResult, direction=direction)
    try:
        crew.run(workers)
    except BaseException as error:
        with suppress(AttributeError):  # the progress may raise what takes no attributes
            error.results = result(crew.results, seconds=time.perf_counter() - started)  # type: ignore[attr-defined]
        raise
    results = result(crew.results, seconds=time.perf_counter() - started)
    results.raise_for_failures()
    return results


def _checked(bucket: str, workers: int, config: Any) -> Settings:
    if not isinstance(bucket, str) or not bucket:
        raise ConfigurationError(f"bucket={bucket!r} is not the name of a bucket")
    if isinstance(workers, bool) or not isinstance(workers, int) or not 1 <= workers <= _MAX_WORKERS:
        raise ConfigurationError(
            f"workers={workers!r} is out of range",
            fix=f"pass a number of files at a time, 1 to {_MAX_WORKERS}",
        )
    return Settings.from_config(config)


def _shared(settings: Settings, jobs: list[Job], workers: int) -> Settings:
    """The part threads of one transfer, shared among the large files that can be under way at a time."""
    large = sum(1 for job in jobs if job.size is None or job.size >= settings.threshold)
    share = max(1, settings.workers // max(1, min(workers, large)))
    return dataclasses.replace(settings, workers=share)


def _folder(folder: str | os.PathLike[str]) -> str:
    if not isinstance(folder, str | os.PathLike) or not os.fspath(folder):
        raise ConfigurationError(f"folder={folder!r} is not a path")
    root = os.fsdecode(folder)
    if os.path.lexists(root) and not os.path.isdir(root):
        raise ConfigurationError(
            f"{root!r} is no folder", why="there is something else of that name", fix="pass another folder"
        )
    return root
