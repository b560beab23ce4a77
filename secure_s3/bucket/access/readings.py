"""Settings, read as far as the caller may, several at a time.

What is refused, does not come in time, or is not as the API describes it, is a gap and stays None.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ...denials.evidence import Settings
from ..asking import FAULTS, Answer, Asking
from .settings import (
    OF_BUCKETS,
    OF_OBJECTS,
    REGION,
    Found,
    Reading,
    Subject,
    account_block,
    grants_on,
    key_state,
)


class Readings:
    """Settings that are being read; nothing here raises.

    Args:
        asking: Who is asked, and how long.
        names: What is wanted; see ``RELEVANT``.
        subject: Of what.
        answer: Headers of the refused answer, which may tell the bucket's region.
    """

    def __init__(
        self, asking: Asking, names: Iterable[str], subject: Subject, answer: Mapping[str, str] | None = None
    ) -> None:
        self._asking, self._wanted, self._subject = asking, frozenset(names), subject
        self._found: Found = {}
        if region := (answer or {}).get(REGION):
            self._found["region"] = region
        self._started: list[tuple[Reading, Answer]] = []
        bucket = subject.bucket
        if bucket is None:
            return
        wanted = self._wanted - self._found.keys()
        self._start(make(bucket) for name, make in OF_BUCKETS.items() if name in wanted)
        if subject.key is not None:
            self._start(make(subject) for name, make in OF_OBJECTS.items() if name in wanted)

    def settings(self, owner: str | None = None, keys: Iterable[str] = ()) -> Settings:
        """What was read, once it is there.

        Where the default encryption names a KMS key and no other is known, that key is looked at next.

        Args:
            owner: The account that is known to own the bucket.
            keys: ARNs of the KMS keys that matter.
        """
        if "account_public_access_block" in self._wanted and self._subject.bucket is not None:
            if owner is None:
                what = "Block Public Access of the account that owns the bucket"
                self._asking.note(what, "which account that is, is not known")
            else:
                self._start([account_block(owner)])
        named = tuple(dict.fromkeys(keys))
        self._start(self._of_keys(named))
        self._collect()
        default = (self._found.get("default_encryption") or {}).get("KMSMasterKeyID")
        if default and not named:
            self._start(self._of_keys((str(default),)))
            self._collect()
        return Settings(owner=owner, **self._found)

    def _start(self, readings: Iterable[Reading]) -> None:
        for reading in readings:
            try:
                self._started.append((reading, self._asking.start(*reading.call, **reading.arguments)))
            except FAULTS as error:
                self._asking.gap(reading.what, error)

    def _collect(self) -> None:
        started, self._started = self._started, []
        for reading, answer in started:
            try:
                said = reading.found(answer)
            except FAULTS as error:
                self._asking.gap(reading.what, error)
                continue
            for name, value in said.items():
                merged = name in ("keys", "grants")
                self._found[name] = {**self._found.get(name, {}), **value} if merged else value

    def _of_keys(self, keys: Iterable[str]) -> Iterator[Reading]:
        for key in keys:
            if "keys" in self._wanted:
                yield key_state(key)
            if "grants" in self._wanted:
                yield grants_on(key)
