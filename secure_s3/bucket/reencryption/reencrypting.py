"""Objects that are there under another encryption.

1. The objects under the prefix are listed, a page at a time.
2. HeadObject says how each is protected; what is right already is left alone. (``looking``)
3. The way is chosen: in place, by a copy onto itself, or not at all, with the reason. (``ways``)
4. It is done, and HeadObject must show the new encryption. (``settling``, ``updating``, ``copying``)
5. It is counted and noted; after each page the journal says how far it is. (``results``, ``journal``)
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit

from ...encryption import SseC, Strategy
from ...errors import ConfigurationError
from ...guard import with_strategy
from .copying import Copying
from .journal import Journal, Progressed
from .listing import PAGE, pages
from .looking import Looking
from .results import OUTCOMES, Reencryption, Settled
from .settling import Hand
from .updating import Updating
from .ways import NEEDS_COPY, NO_KEY, Entry, described

__all__ = ["Reencryption", "Settled", "reencrypt"]

_MAX_WORKERS = 256
Progress = Callable[[Settled], object]


def reencrypt(
    client: Any,
    bucket: str,
    prefix: str = "",
    *,
    to: Strategy,
    dry_run: bool = False,
    progress: Progress | None = None,
    workers: int = 8,
    resume: str | os.PathLike[str] | None = None,
    include_versions: bool = False,
    source_encryption: Strategy | None = None,
    in_place_only: bool = False,
    max_keys: int | None = None,
) -> Reencryption:
    """Put every object under *prefix* under *to*, and say what became of them.

    Objects under SSE-S3 or SSE-KMS come under SSE-KMS in place, by UpdateObjectEncryption: nothing is moved,
    and version, ETag and date stay. All others are copied onto themselves, which makes a new version; see
    ``copying`` for what a copy does not keep. Left alone, with the reason, is what Object Lock protects, what
    is archived and would have to be copied, noncurrent versions that would have to be copied, and what is
    under SSE-C with an unknown key. Objects under client-side encryption keep their envelope: only what S3
    does around it changes. It does not promise a snapshot: what is written meanwhile may be left out.

    Args:
        client: A hardened S3 client whose profile allows *to*.
        bucket, prefix: Where the objects are.
        to: How they are to be encrypted; not ClientSide, for which their content has to come here.
        dry_run: Look at the objects and write nothing.
        progress: Told of each object when it is settled, one call at a time, in this thread.
        workers: Objects at a time, 1 to 256.
        resume: The path of a journal: taken up if it is there, else begun. What failed is tried again, and
            what was left alone for the lack of *source_encryption* or because of *in_place_only*, if that is
            no longer so.
        include_versions: Noncurrent versions as well.
        source_encryption: The SSE-C key of objects that have one.
        in_place_only: Copy nothing.
        max_keys: Look at so many objects and stop; with a journal, the next run goes on after them.

    Raises:
        BatchFailed: Some objects failed; ``results`` is the Reencryption. The others are done.
        ConfigurationError: An argument is of no use, the journal is another's, or the profile does not allow
            *to*; nothing was written.
        CredentialsRefused: They were refused, or have expired; the run has stopped.
        SecureS3Error: The bucket cannot be listed, or the journal not be written; the run has stopped.
        KeyboardInterrupt: As it came. Like what stops the run, it has the Reencryption as ``results``.
    """
    _check(bucket, prefix, to, workers, max_keys)
    _check_together(to, source_encryption, dry_run, resume)
    face = with_strategy(client, to)
    job = {"endpoint": urlsplit(client.meta.endpoint_url).netloc, "bucket": bucket, "prefix": prefix}
    job |= {"to": described(to), "versions": include_versions}
    with ExitStack() as stack:
        journal = None if resume is None else stack.enter_context(Journal(resume, job))
        looking = Looking(client, bucket, to, source_encryption, lambda: datetime.now(timezone.utc))
        copying = Copying(face, looking.plain, bucket, source_encryption)
        hand = Hand(to, looking, Updating(face, bucket, prefix, to), copying, bucket, dry_run, in_place_only)
        lifted = {NO_KEY} if source_encryption is not None else set()
        lifted |= set() if in_place_only else {NEEDS_COPY}
        run = _Run(bucket, prefix, hand, journal, progress, lifted)
        try:
            run.work(run.left(face, include_versions, max_keys), workers)
        except BaseException as error:
            error.results = run.result()  # type: ignore[attr-defined]
            raise
        result = run.result()
    result.raise_for_failures()
    return result


class _Run:
    """One run of a job: what is left goes to the workers, and what they settled is counted and noted."""

    def __init__(
        self,
        bucket: str,
        prefix: str,
        hand: Hand,
        journal: Journal | None,
        progress: Progress | None,
        lifted: set[str],
    ) -> None:
        self._bucket, self._prefix, self._hand = bucket, prefix, hand
        self._journal, self._progress = journal, progress
        self._before = journal.reached if journal else Progressed()
        self._tally = self._before.tally
        self._again = {mark: (*told, "") for mark, told in self._before.failed.items()}
        self._again |= {mark: told for mark, told in self._before.left.items() if told[2] in lifted}
        self._earlier = self._tally.counts.copy()
        self._resumed = sum(self._earlier.values())
        self._after, self._finished = self._before.after, self._before.finished
        self._started = time.perf_counter()

    def left(self, client: Any, versions: bool, max_keys: int | None) -> Iterator[list[Entry]]:
        """What is to be done, a page at a time; what failed before comes last.

        A page is noted as done when the next one is asked for.
        """
        if not self._finished:
            listed = pages(client, self._bucket, self._prefix, versions=versions, after=self._after)
            yield from self._new(listed, max_keys)
        again = [Entry(*mark, current=current) for mark, (_, current, _) in self._again.items()]
        for first in range(0, len(again), PAGE):
            yield again[first : first + PAGE]
            self._note()

    def work(self, left: Iterator[list[Entry]], workers: int) -> None:
        """Do it. When this returns or raises, nothing is under way any more."""
        pool = ThreadPoolExecutor(workers, thread_name_prefix="secure-s3-reencrypt")
        try:
            for page in left:
                for future in as_completed([pool.submit(self._hand.settle, entry) for entry in page]):
                    self._settled(future.result())
        finally:
            self._hand.stopped = True
            pool.shutdown(wait=True, cancel_futures=True)

    def result(self) -> Reencryption:
        """What came of it up to now."""
        tally, hand = self._tally, self._hand
        return Reencryption(
            self._bucket,
            self._prefix,
            described(hand.to),
            hand.dry_run,
            {name: tally.counts[name] for name in OUTCOMES},
            {name: count for name, count in tally.reasons.items() if count},
            {name: count for name, count in tally.encryptions.items() if count},
            tally.sums["bytes"],
            tally.sums["kms_requests"],
            tuple(tally.failed),
            hand.notes(),
            complete=self._finished,
            resumed=self._resumed,
            journal=self._journal.path if self._journal else None,
            seconds=time.perf_counter() - self._started,
            earlier={name: self._earlier[name] for name in OUTCOMES if self._earlier[name]},
        )

    def _new(self, listed: Iterator[list[Entry]], most: int | None) -> Iterator[list[Entry]]:
        done = self._before.settled
        for page in listed:
            taken = page if most is None else page[:most]
            yield [each for each in taken if (each.key, each.version) not in done]
            self._after = (taken[-1].key, taken[-1].version) if taken else self._after
            most = None if most is None else most - len(taken)
            self._note()
            if most == 0:
                return
        self._finished = True
        self._note()

    def _note(self) -> None:
        if self._journal is not None:
            self._journal.page(self._after, self._tally, finished=self._finished)

    def _settled(self, settled: Settled) -> None:
        known = self._again.pop((settled.key, settled.version), None)
        if known is not None:
            self._tally.take_back(known[0], known[2])
            self._earlier["skipped" if known[2] else "failed"] -= 1
        self._tally.add(settled)
        if self._journal is not None and (settled.outcome != "already" or known is not None):
            self._journal.settle(settled)
        if self._progress is not None:
            self._progress(settled)


def _check(bucket: str, prefix: str, to: Strategy, workers: int, max_keys: int | None) -> None:
    if not isinstance(to, Strategy):
        raise ConfigurationError(
            f"to= is a {type(to).__name__}, not an encryption strategy",
            fix='pass e.g. SseKms("arn:aws:kms:…")',
        )
    if to.client_side:
        raise ConfigurationError(
            "client-side encryption cannot be put on objects where they are",
            why="S3 does not have its keys: the content has to come here and go back",
            fix="copy each object with s3.copy(source, bucket, key, encryption=ClientSide(…))",
        )
    if not isinstance(prefix, str):
        raise ConfigurationError(f"prefix={prefix!r} is no text", fix='pass e.g. "reports/"')
    if str(bucket).endswith("--x-s3"):
        raise ConfigurationError(
            f"{bucket} is a directory bucket",
            why="its objects are encrypted as the bucket says, and cannot be updated",
            fix="copy the objects to a bucket with another default encryption",
        )
    for name, value, most in (("workers", workers, _MAX_WORKERS), ("max_keys", max_keys, None)):
        if value is None and most is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= (most or value):
            raise ConfigurationError(f"{name}={value!r} is out of range", fix="pass a whole number from 1 on")


def _check_together(to: Strategy, source: Strategy | None, dry_run: bool, resume: Any) -> None:
    if source is not None and not isinstance(source, SseC):
        raise ConfigurationError(
            f"source_encryption= is a {type(source).__name__}",
            why="only SSE-C needs to be told: S3 knows how everything else is encrypted",
            fix="leave it out, or pass SseC(key)",
        )
    if dry_run and resume is not None:
        raise ConfigurationError(
            "a dry run has no journal",
            why="the job would go on after what was not done",
            fix="leave out resume= or dry_run=",
        )
