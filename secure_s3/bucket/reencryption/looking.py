"""How an object is protected now: HeadObject, with the customer's keys where it needs one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from ...encryption import SseC, SseS3, Strategy
from ...errors import AccessDenied, CredentialsRefused, InvalidRequest
from ...guard import guard_of, with_strategy
from ...guard.faults import typed
from .ways import Entry, Found

_FIRST_BYTE = "bytes=0-0"


class CustomerKeyNeeded(Exception):
    """The object is under SSE-C, and none of the keys at hand is its."""


class Looking:
    """Looks at objects.

    Args:
        client: A hardened S3 client.
        bucket: Where they are.
        to: The encryption that they are to come under.
        source: The one that those under SSE-C have now.
        now: The time, for retentions.

    Raises:
        NotAllowedByProfile: The profile allows SSE-C alone, and objects without it cannot be looked at.
    """

    def __init__(
        self, client: Any, bucket: str, to: Strategy, source: Strategy | None, now: Callable[[], datetime]
    ) -> None:
        self._bucket, self._now = bucket, now
        self.plain = _plain_face(client, to)
        keys = [each for each in (to, source) if isinstance(each, SseC)]
        self._keyed = [with_strategy(client, each) for each in keys]

    def __call__(self, entry: Entry) -> Found:
        """What HeadObject tells of it.

        Raises:
            CustomerKeyNeeded: As it says.
            SecureS3Error: It was refused.
        """
        try:
            return self._head(self.plain, entry)
        except InvalidRequest as error:
            if not self._is_customers(entry):
                raise
            for face in self._keyed:
                try:
                    return self._head(face, entry)
                except (InvalidRequest, AccessDenied) as refusal:  # 403 is what another key is told
                    if isinstance(refusal, CredentialsRefused):
                        raise
            raise CustomerKeyNeeded from error

    def _head(self, face: Any, entry: Entry) -> Found:
        with typed("HeadObject", self._bucket, entry.key):
            return Found.of(face.head_object(Bucket=self._bucket, **entry.place), self._now())

    def _is_customers(self, entry: Entry) -> bool:
        """HEAD has no body that would say why it is refused; GET says it, and gives nothing of the object."""
        try:
            with typed("GetObject", self._bucket, entry.key):
                answer = self.plain.get_object(Bucket=self._bucket, Range=_FIRST_BYTE, **entry.place)
        except InvalidRequest as error:
            return error.denial is not None and error.denial.cause == "sse_c"
        answer["Body"].close()
        return False


def _plain_face(client: Any, to: Strategy) -> Any:
    """The client under a strategy that sends no key with what it reads."""
    guard = guard_of(client)
    own = guard.strategy if guard else None
    for each in (to, own):
        if each is not None and not isinstance(each, SseC) and not each.client_side:
            return with_strategy(client, each)
    return with_strategy(client, SseS3())
