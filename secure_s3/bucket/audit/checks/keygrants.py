"""What the Allows of a key policy let whoever asks do: by requests, of every action on a key.

Actions are told apart where circumstances may make something else of them: by the Denies that are about them,
and by the condition keys that their requests have. The search for circumstances is that of the policy room.

Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS KMS".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any

from ....policy import catalogue
from ....policy.request import AccessRequest
from ....policy.rules.circumstances import SOMEWHERE
from ....policy.rules.rule import Subject as Rules
from ....policy.rules.search import USER_ID
from ....policy.rules.walks import searched
from ....policy.statement import Statement
from .shapes import arn_part

_USE = re.compile(
    r"kms:(Encrypt|Decrypt|ReEncrypt.*|Generate.*|DeriveSharedSecret|Sign|Verify|VerifyMac|Encapsulate|Decapsulate)"
)
_ENCRYPTION_CONTEXT = "kms:encryptioncontext:"
MOST_STARTS = 200

Start = tuple[str, Mapping[str, Any]]
"""Who asks, and under which circumstances."""
_Alike = tuple[list[str], frozenset[str]]
"""Actions that come out alike, and the condition keys that their requests cannot have."""


@dataclass(slots=True)
class Judged:
    """A key policy with what was found out about it."""

    rules: Rules
    key: str
    owner: str
    complete: bool = True
    groups: dict[int, list[_Alike]] = field(default_factory=dict)

    def asked(self, action: str, caller: str, context: Mapping[str, Any]) -> AccessRequest:
        """A direct request over HTTPS from the internet, but for what *context* says."""
        usual = {
            "aws:SecureTransport": True,
            "aws:SourceIp": SOMEWHERE,
            "aws:RequestedRegion": arn_part(self.key, 3) or None,
            "aws:CurrentTime": "2026-01-01T00:00:00Z",
            "aws:userid": USER_ID,
            "kms:CallerAccount": arn_part(caller, 4),
            "aws:ViaAWSService": False,
        }
        told = {**usual, **context}
        return AccessRequest(action, self.key, caller, told, resource_account=self.owner)

    def reached(
        self, statement: Statement, starts: Sequence[Start], fixed: Collection[str], beside: Collection[str]
    ) -> list[str]:
        """The actions that a request from one of *starts* may reach by the statement, but for *beside*."""
        if not arn_part(self.key, 3):  # nobody knows the key's region: it may be any
            fixed = [each for each in fixed if each != "aws:requestedregion"]
        reached: list[str] = []
        for actions, lacking in self._alike(statement):
            left = [each for each in actions if each not in beside]
            if left and self._met(statement, left[0], starts, (*fixed, *lacking)):
                reached += left
        return reached

    def _alike(self, statement: Statement) -> list[_Alike]:
        """The statement's actions, by what circumstances may make of them."""
        if statement.index not in self.groups:
            self.groups[statement.index] = list(self._grouped(statement))
        return self.groups[statement.index]

    def _grouped(self, statement: Statement) -> Iterator[_Alike]:
        rules, groups = self.rules, dict[Any, list[str]]()
        aim = rules.aim(statement)
        for action in actions_on_keys():
            bare = AccessRequest(action, self.key)
            if aim.acts(bare) and aim.holds(bare) is not False:
                against = tuple(each.index for each in rules.denies if rules.aim(each).acts(bare))
                lacking = frozenset(each for each in rules.policy.keys if _lacks(action, each))
                groups.setdefault((against, lacking), []).append(action)
        return ((actions, lacking) for (_, lacking), actions in groups.items())

    def _met(
        self, statement: Statement, action: str, starts: Sequence[Start], fixed: Collection[str]
    ) -> bool:
        whole = True
        for caller, context in starts:
            if self.rules.aim(statement).whom(caller) is not True:
                continue
            start = self.asked(action, caller, context)
            if any(each.folded in fixed and each.truth(start) is False for each in statement.conditions):
                continue  # nothing that varies would change it
            request, complete = searched(self.rules, start, (statement,), self.rules.denies, fixed)
            if request is not None:
                return True
            whole = whole and complete
        self.complete = self.complete and whole
        return False

    def bounded(self, starts: Iterable[Start]) -> list[Start]:
        """So many of them as are looked at."""
        listed = list(islice(starts, MOST_STARTS + 1))
        self.complete = self.complete and len(listed) <= MOST_STARTS
        return listed[:MOST_STARTS]


@lru_cache(maxsize=1)
def actions_on_keys() -> tuple[str, ...]:
    """Every action on a KMS key, those that administer it first, those that only look at it last."""
    known = (each.name for each in catalogue.actions_matching("kms:*") if "key" in each.resource_types)
    return tuple(sorted(known, key=lambda name: (not administers(name), looks(name), name)))


@lru_cache(maxsize=128)
def looks(action: str) -> bool:
    """It tells of the key, and neither uses nor changes it."""
    known = catalogue.action(action)
    return known is not None and known.access_level in ("Read", "List")


def administers(action: str) -> bool:
    """It changes the key or who may use it, or destroys it."""
    return not looks(action) and not _USE.fullmatch(action)


@lru_cache(maxsize=4096)
def _lacks(action: str, key: str) -> bool:
    """Requests for the action cannot have the condition key, and those for others can."""
    folded = _ENCRYPTION_CONTEXT if key.startswith(_ENCRYPTION_CONTEXT) else key
    return folded in _carried_by_some() and folded not in _carried(action)


@lru_cache(maxsize=128)
def _carried(action: str) -> frozenset[str]:
    """The condition keys of KMS that requests for an action have."""
    known = catalogue.action(action)
    return frozenset(each.partition("${")[0].lower() for each in (known.condition_keys if known else ()))


@lru_cache(maxsize=1)
def _carried_by_some() -> frozenset[str]:
    return frozenset().union(*map(_carried, actions_on_keys()))
