"""A bucket policy with stand-ins for names and accounts, so that a fleet of alike buckets is judged once.

The judgement of a policy depends on what it says, not on how its bucket is called or on the digits of its
account. Both are replaced before a policy is read, and put back into what was found. The witnesses of the
policy room then fit as they are: there the bucket always belongs to ``OWNER``, and ``STRANGER`` is nobody
whom the policy knows. Where a pattern is about part of a name, names stay as they are. What the policy calls
its statements, roles, users and prefixes is numbered: see ``names``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import count
from typing import Any

from ...policy.document import Policy
from ...policy.globs import glob
from ...policy.witnesses import OWNER, STRANGER
from .check import Found, Subject
from .names import Names, numbered, other_accounts, own_names, unnumbered

BUCKET = "bucket-under-audit"
"""What stands for the name of the bucket."""
NOBODY = '{"Version":"2012-10-17","Statement":[]}'
"""A bucket without a policy."""
_FIRST_SPARE = 999900010000
_WITNESSES = frozenset({OWNER, STRANGER, "777788889999", "123456789012", "999999999999", "999900003333"})
"""Accounts that callers of the policy room have."""
_DIGITS = re.compile(r"(?<!\d)\d{12}(?!\d)")
_BUCKETS = re.compile(r"(?<=::)[\w.-]+")
_PARTIAL = re.compile(r"(?=.*\d)(?=.*[*?])[\d*?]+")
_NOBODYS = 999999989999
"""No account of a witness, nor one that anybody names."""
_LONG = 16_000
"""Near the quota the length of names matters: a rule is about it."""
_REMEMBERED = 512


@dataclass(frozen=True, slots=True)
class BucketPolicy:
    """A bucket policy under stand-ins: all that its judgement depends on, so that it can be remembered.

    Args:
        text: The policy; that of ``NOBODY`` if there is none.
        bucket: The name in it.
    """

    text: str
    bucket: str

    @property
    def policy(self) -> Policy:
        """It, taken apart. PolicyError if it is no policy document."""
        return read(self.text)

    @property
    def arn(self) -> str:
        """Of the bucket."""
        return f"arn:aws:s3:::{self.bucket}"

    @property
    def missing(self) -> bool:
        """There is no policy."""
        return self.text == NOBODY


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """A policy under stand-ins, and the way back.

    Args:
        policy: Under stand-ins.
        names: What is replaced by what, outside the policy too.
        accounts: The same for accounts.
        own: The same for the names that the policy gives itself.
        meant: What the stand-ins for accounts stand for.
    """

    policy: BucketPolicy
    names: tuple[tuple[str, str], ...]
    accounts: Mapping[str, str]
    own: Names
    meant: Mapping[str, str]

    def under(self, text: str) -> str:
        """A text with stand-ins, e.g. an ARN of the profile."""
        for name, stand_in in self.names:
            text = text.replace(name, stand_in)
        return numbered(_swapped(text, self.accounts), self.own)

    def back(self, text: str) -> str:
        """A text with the names that are meant."""
        text = _swapped(unnumbered(text, self.own), self.meant)
        for name, stand_in in reversed(self.names):
            text = text.replace(stand_in, name)
        return text

    def restored(self, found: Found) -> Found:
        """A finding with the names that are meant."""
        if not (self.names or self.accounts or self.own):
            return found
        return replace(
            found,
            message=self.back(found.message),
            evidence=tuple(map(self.back, found.evidence)),
            statement=found.statement and self.back(found.statement),
            pointer=found.pointer and self.back(found.pointer),
            fix=self.back(found.fix),
        )


def standing(subject: Subject, text: str | None = None) -> Standing:
    """The bucket policy of *subject*, or another *text* of its snapshot, under stand-ins."""
    shot = subject.snapshot
    given = subject.read("policy") if text is None else text
    text = NOBODY if given is None else given
    return _standing(text, shot.bucket, shot.partition, subject.told("account"), subject.profile.key_arns)


@lru_cache(maxsize=_REMEMBERED)
def read(text: str) -> Policy:
    """A policy, taken apart once however often it is asked about."""
    return Policy.parse(text)


@lru_cache(maxsize=_REMEMBERED)
def _standing(text: str, bucket: str, partition: str, account: str | None, keys: tuple[str, ...]) -> Standing:
    accounts = _accounts(text, account)
    swaps: list[tuple[str, str]] = []
    document = _read_simply(text)
    for pattern, stand_in in _patterns(document, account).items():
        text = text.replace(f'"{pattern}"', f'"{stand_in}"')
        swaps.append((pattern, stand_in))
    is_named = _can_be_replaced(text, bucket, document)
    if is_named:
        text = _BUCKETS.sub(lambda found: BUCKET if found[0] == bucket else found[0], text)
        swaps.append((bucket, BUCKET))
    if partition != "aws":
        # What names the usual partition is about nothing there, and must not become about something.
        swaps += [("arn:aws:", "arn:aws-other:"), (f"arn:{partition}:", "arn:aws:")]
        for name, stand_in in swaps[-2:]:
            text = text.replace(name, stand_in)
    named = BUCKET if is_named else _swapped(bucket, accounts)  # some names have an account in them
    own = own_names(text, document, len(BUCKET) - len(bucket), keys) if is_named else {}
    text = _swapped(text, accounts)
    if len(told := numbered(text, own)) > _LONG:
        told, own = text, {}
    meant = {stand_in: known for known, stand_in in accounts.items()}
    return Standing(BucketPolicy(told, named), tuple(swaps), accounts, own, meant)


def _swapped(text: str, accounts: Mapping[str, str]) -> str:
    if not accounts:
        return text
    return _DIGITS.sub(lambda found: accounts.get(found[0], found[0]), text)


def _accounts(text: str, account: str | None) -> dict[str, str]:
    """Accounts by what stands for them: the owner's is OWNER, and nobody is a STRANGER."""
    spares = (f"{number}" for number in count(_FIRST_SPARE) if f"{number}" not in text)
    taken = [each for each in (OWNER, STRANGER) if each in text and each != account]
    found = dict(zip(taken, spares, strict=False))
    found |= {account: OWNER} if account and account != OWNER else {}
    return found | other_accounts(text, {*found, *found.values(), *_WITNESSES, str(account)})


def _patterns(document: Any, account: str | None) -> dict[str, str]:
    """Patterns of accounts that tell the owner's own digits from those of OWNER, each by one that does not.

    The stand-in fits OWNER where the pattern fits the account, and else nobody that there is.
    """
    found: dict[str, str] = {}
    for text in _account_texts(document) if account else ():
        parts = text.split(":", 5)
        at = 4 if len(parts) > 4 and parts[0] == "arn" else 0
        part = parts[at]
        if not _PARTIAL.fullmatch(part) or len(parts) in range(2, 5):
            continue
        fits = glob(part)
        if fits(str(account)) is not fits(OWNER):
            parts[at] = f"{OWNER}*" if fits(str(account)) else f"{_NOBODYS - len(found)}*"
            found[text] = ":".join(parts)
    return found


def _account_texts(document: Any) -> Iterator[str]:
    """The values of conditions on accounts and on ARNs that have accounts in them."""
    try:
        statements = document["Statement"]
        for each in [statements] if isinstance(statements, dict) else statements:
            for listed in each.get("Condition", {}).values():
                for key, values in listed.items():
                    if key.lower().endswith(("account", "arn")):
                        values = values if isinstance(values, list) else [values]
                        yield from (value for value in values if isinstance(value, str))
    except (TypeError, KeyError, AttributeError):
        return


def _can_be_replaced(text: str, bucket: str, document: Any) -> bool:
    """No resource is a pattern of names, and nothing else can be taken for the name."""
    if len(text) > _LONG or "\\" in text or BUCKET in text or _DIGITS.fullmatch(bucket):
        return False
    if not _BUCKETS.fullmatch(f"::{bucket}", 2):
        return False
    return all(each == "*" or not set(each.partition("/")[0]) & set("*?$") for each in _resources(document))


def _read_simply(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _resources(document: Any) -> Iterator[str]:
    """What the statements name as resources; a pattern of names where they cannot be read."""
    try:
        statements = document["Statement"]
        for each in [statements] if isinstance(statements, dict) else statements:
            for name in ("Resource", "NotResource"):
                value = each.get(name, ())
                yield from (value,) if isinstance(value, str) else map(str, value)
    except (TypeError, KeyError, AttributeError):
        yield "?"
