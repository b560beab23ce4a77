"""The permissions that a refused request needed, the one that the service names first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ...errors import PolicyError
from ...policy import AccessRequest
from ...policy.wire import Caller, Need, SentRequest, key_need
from ..asking import Asking
from .refusal import Refusal
from .weighing import Call

_SSE = "x-amz-server-side-encryption"
_COPY = "x-amz-copy-source"
_ANYTHING = ("aws:*", "s3:*", "kms:*")


@dataclass(frozen=True, slots=True)
class Permissions:
    """What a refused request needed.

    Args:
        refusal: The request, or only the words.
        now: When it was sent.
        assume: Condition keys and values that somebody vouches for.
    """

    refusal: Refusal
    now: datetime
    assume: Mapping[str, Any]

    @property
    def calls(self) -> list[Call]:
        """The request to S3, if there was one."""
        sent = self.refusal.sent
        return [] if sent is None else [Call(sent, self.refusal.strategy)]

    def needed(self, caller: Caller, asking: Asking) -> tuple[Need, ...]:
        """The permissions; what cannot be told of them is a gap.

        Raises:
            PolicyError: *assume* contradicts the request.
        """
        found: list[Need] = []
        if (use := self.refusal.key) is not None:
            known: dict[str, Any] = {"caller": caller, "now": self.now, "temporary": caller.temporary}
            found.append(key_need(use.action, use.key_arn, use.pairs, assume=self.assume, **known))
        for call in self.calls:
            try:
                call.needs(caller, self.now, {})
            except PolicyError as error:
                asking.gap(f"which permissions {call.sent.operation} needs", error)
            else:
                found += self._of_call(call, caller)
        named = [need for need in found if self._is_named(need)] or list(self._by_name(caller, asking))
        # That it is needed is certain by now: the service says so.
        first = [replace(need, when="") for need in named]
        return (*first, *(need for need in found if not self._is_named(need)))

    def _of_call(self, call: Call, caller: Caller) -> tuple[Need, ...]:
        key = self._named_key
        if key is None:
            return call.needs(caller, self.now, self.assume)
        of_source = _COPY in call.sent.headers and self.refusal.denial.action == "kms:Decrypt"
        names = {"source_key": key} if of_source else {"stored_key": key}
        found = call.needs(caller, self.now, self.assume, **names)
        if any(self._is_named(need) for need in found):
            return found
        # Another key than the request names: the bucket's default, or the one behind an alias.
        default = Call(_under(call.sent, key)).needs(caller, self.now, self.assume)
        return (*found, *(need for need in default if need.request.resource == key))

    def _is_named(self, need: Need) -> bool:
        denial, request = self.refusal.denial, need.request
        if denial.action is None or request.action.lower() != denial.action.lower():
            return False
        return denial.resource in (None, "*", request.resource)

    @property
    def _named_key(self) -> str | None:
        action, resource = self.refusal.denial.action or "", self.refusal.denial.resource or ""
        return resource if action.lower().startswith("kms:") and ":key/" in resource else None

    def _by_name(self, caller: Caller, asking: Asking) -> Iterator[Need]:
        """What the words alone tell; of the circumstances they tell nothing."""
        denial = self.refusal.denial
        if denial.action is None or not (denial.resource or "").startswith("arn:"):
            return
        try:
            request = AccessRequest(
                denial.action,
                str(denial.resource),
                caller.arn,
                self.assume,
                _ANYTHING,
                caller.account,
            )
        except PolicyError as error:
            asking.gap(f"what is needed for {denial.action}", error)
            return
        yield Need(request)


def _under(sent: SentRequest, key: str) -> SentRequest:
    return replace(sent, headers={**sent.headers, _SSE: "aws:kms", f"{_SSE}-aws-kms-key-id": key})
