"""Settings as boto3 answers them, read without trust: what has another shape than expected counts as absent.

A snapshot may come from a file, and a service may answer what no model foresees. A check must then still say
something, and never break.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from ....policy.document import Policy
from ....values import printable_text
from ...snapshot.values import Unread
from ..check import Found, NotRead, Subject

T = TypeVar("T")
LONGEST = 120
MORE = Unread("there is more than was read")
MISSHAPEN = Unread("it has another shape than AWS describes")
FLAGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def mapping(value: object) -> Mapping[str, Any]:
    """*value* if it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def rows(value: object) -> tuple[Mapping[str, Any], ...]:
    """The mappings in a list."""
    listed = value if isinstance(value, list | tuple) else ()
    return tuple(each for each in listed if isinstance(each, Mapping))


def texts(value: object) -> tuple[str, ...]:
    """The texts in a list; of a single text, that."""
    if isinstance(value, str):
        return (value,)
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list | tuple) else ()


def values(value: object, kind: type[T]) -> tuple[T, ...]:
    """Those in a list that are of that kind."""
    return tuple(each for each in value if isinstance(each, kind)) if isinstance(value, list | tuple) else ()


def text(value: object) -> str:
    """*value* if it is text, else an empty one."""
    return value if isinstance(value, str) else ""


def number(value: object) -> int | None:
    """*value* if it is a whole number."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def at(value: object, *path: str) -> Any:
    """What stands under these names, one in the other; None if something on the way is missing."""
    for name in path:
        value = mapping(value).get(name)
    return value


def shown(value: object) -> str:
    """Somebody else's text, as a finding may show it: printable, and not without end."""
    told = printable_text(value if isinstance(value, str) else str(value))
    return told if len(told) <= LONGEST else f"{told[: LONGEST - 1]}…"


def named(names: Iterable[str], most: int = 5) -> str:
    """Names in a line, at most so many of them."""
    listed = list(names)
    more = f" and {len(listed) - most} more" if len(listed) > most else ""
    return ", ".join(map(shown, listed[:most])) + more


def read_setting(subject: Subject, name: str) -> Mapping[str, Any]:
    """The field of that name; NotRead if it was not read, or is no setting at all."""
    value = subject.read(name)
    if not isinstance(value, Mapping):
        raise NotRead(name, MISSHAPEN)
    return value


def read_list(subject: Subject, name: str) -> Sequence[Any]:
    """The same of a field that is a list."""
    value = subject.read(name)
    if not isinstance(value, list | tuple):
        raise NotRead(name, MISSHAPEN)
    return value


def read_rows(subject: Subject, name: str) -> tuple[Mapping[str, Any], ...]:
    """The mappings in such a field."""
    return rows(read_list(subject, name))


def blocked(subject: Subject, flag: str) -> bool | None:
    """Whether a switch of Block Public Access is on, at the bucket or at the account; None if unread."""
    known: list[bool | None] = []
    for name in ("public_access_block", "account_public_access_block"):
        value = getattr(subject.snapshot, name)
        if isinstance(value, Unread):
            known.append(None)
        elif mapping(value).get(flag) is True:
            return True
        else:
            known.append(False)
    return None if None in known else False


def settled(found: list[Found], missing: list[tuple[str, Unread]]) -> Iterator[Found]:
    """What was found; if nothing was, and something was not read, NotRead."""
    if not found and missing:
        raise NotRead(*missing[0])
    yield from found


@lru_cache(maxsize=512)
def parsed(document: str) -> Policy:
    """A policy that many snapshots share, parsed once; PolicyError if it is none."""
    return Policy.parse(document)


def account_of(subject: Subject) -> str | None:
    """The bucket's account, if it was read and is twelve digits."""
    account = subject.told("account")
    return account if isinstance(account, str) and is_account(account) else None


def is_account(name: str) -> bool:
    """Whether it is twelve digits."""
    return len(name) == 12 and name.isascii() and name.isdigit()


def arn_part(arn: str, index: int) -> str:
    """A part of an ARN: 3 is the region, 4 the account; empty if there is none."""
    parts = arn.split(":", 5)
    return parts[index] if len(parts) == 6 and parts[0] == "arn" else ""
