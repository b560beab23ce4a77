"""One object after the other: looked at, put under the new encryption, looked at again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ...encryption import Strategy
from ...errors import (
    CredentialsRefused,
    EncryptionNotConfirmed,
    InsecureTransport,
    NotFound,
    ObjectChanged,
    ObjectLocked,
)
from .copying import Copying
from .looking import CustomerKeyNeeded, Looking
from .results import Outcome, Settled
from .updating import Updating
from .ways import GONE, LOCKED, NO_KEY, Entry, Found, Way, kms_requests, way_of

_STOPPING = (CredentialsRefused, InsecureTransport)
"""What one object meets all others would meet as well."""
_OUTCOMES: dict[Way, Outcome] = {
    "already": "already",
    "skip": "skipped",
    "update": "updated",
    "copy": "copied",
}
_COPIES = "a copy has no ACL of its own: where a bucket has ACLs at all, it belongs to its owner alone"
_VERSIONS = "the versions from before the copies stay under the encryption that they had"
_UNTRIED = "whether the server has UpdateObjectEncryption was not tried"


class Stopped(Exception):
    """The run is being given up."""


@dataclass
class Hand:
    """What settles objects; several threads may use it. ``stopped`` keeps it from taking up another one."""

    to: Strategy
    looking: Looking
    updating: Updating
    copying: Copying
    bucket: str
    dry_run: bool = False
    in_place_only: bool = False
    stopped: bool = False
    _seen: set[str] = field(default_factory=set)

    def settle(self, entry: Entry) -> Settled:
        """What became of one object.

        Raises:
            CredentialsRefused, InsecureTransport: The run cannot go on.
        """
        if self.stopped:
            raise Stopped
        found: Found | None = None
        outcome: Outcome = "failed"
        reason, problem = "", None
        try:
            found = self.looking(entry)
            outcome, reason = self._do(entry, found)
        except CustomerKeyNeeded:
            outcome, reason = "skipped", NO_KEY
        except ObjectLocked:
            outcome, reason = "skipped", LOCKED
        except _STOPPING:
            raise
        except Exception as error:  # noqa: BLE001 - it is in the result, and the others go
            if isinstance(error, NotFound) and error.code != "NoSuchUpload":
                outcome, reason = "skipped", GONE
            else:
                problem = error
        return self._settled(entry, found, outcome, reason, problem)

    def notes(self) -> tuple[str, ...]:
        """What should be known besides the counts."""
        return tuple(sorted(self._seen)) + ((self.updating.note,) if self.updating.note else ())

    def _settled(
        self, entry: Entry, found: Found | None, outcome: Outcome, reason: str, problem: Exception | None
    ) -> Settled:
        return Settled(
            self.bucket,
            entry.key,
            entry.version,
            outcome,
            reason,
            entry.size if found is None else found.size,
            "" if found is None else found.label,
            0 if found is None else kms_requests(found, self.to),
            problem,
            entry.current,
        )

    def _do(self, entry: Entry, found: Found) -> tuple[Outcome, str]:
        way, reason = self._way(entry, found)
        if way == "update" and self.dry_run:
            self._seen.add(_UNTRIED)
        elif way == "update" and not self.updating.update(entry):
            way, reason = self._way(entry, found)
        if way == "copy":
            if not self.dry_run:
                self.copying.copy(entry.key, found)
            self._seen |= {_COPIES} | ({_VERSIONS} if found.head.get("VersionId") else set())
        if way in ("update", "copy") and not self.dry_run:
            self._confirm(entry, found, way)
        return _OUTCOMES[way], reason

    def _way(self, entry: Entry, found: Found) -> tuple[Way, str]:
        return way_of(
            found,
            self.to,
            current=entry.current,
            in_place=self.updating.served,
            in_place_only=self.in_place_only,
        )

    def _confirm(self, entry: Entry, before: Found, way: Way) -> None:
        # A copy is another version than the one that was asked for.
        found = self.looking(entry if way == "update" else Entry(entry.key))
        if found.is_under(self.to):
            return
        where: dict[str, Any] = {"operation": "HeadObject", "bucket": self.bucket, "key": entry.key}
        what = f"s3://{self.bucket}/{entry.key} is under {found.label} where {self.to!r} was asked for"
        if way == "update" and found.head.get("ETag") != before.head.get("ETag"):
            raise ObjectChanged(what, why="somebody replaced it meanwhile", fix="run it again", **where)
        fix = "do not trust this endpoint with the object; check that it supports the strategy"
        error = EncryptionNotConfirmed(what, why="the server said that it was done", fix=fix, **where)
        error.answer = found.head
        raise error
