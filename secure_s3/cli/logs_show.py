"""Requests of logs on a line each, counted, or as JSON lines."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..values import printable_text
from .output import print_table

if TYPE_CHECKING:
    from ..denials.denial import Denial
    from ..monitoring.reading import Counts

_VALUES = 200_000
_SHOWN = 20
_OTHERS = "(others)"
_NO_REASON = "no reason given"
_NAMED = 5
_ABSENT = {"requester": "anonymous"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A record or an event, and why it was refused where that is asked for."""

    told: Any
    denial: Denial | None = None
    circumstances: Mapping[str, Any] = field(default_factory=dict)

    @property
    def identity(self) -> tuple[Any, ...]:
        """The same for requests that are refused for the same."""
        denial = self.denial
        return () if denial is None else (denial.operation, denial.resource, denial.principal, denial.code)

    def permitted(self) -> Any:
        """The denial, with the action that its operation needs."""
        from ..denials.pasted import with_permission

        return None if self.denial is None else with_permission(self.denial)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        told: dict[str, Any] = self.told.to_dict()
        return told if self.denial is None else {**told, "denial": self.denial.to_dict()}


def list_entries(entries: Iterable[Entry], *, as_json: bool) -> int:
    """One a line, as they come; returns how many."""
    number = 0
    for number, entry in enumerate(entries, 1):  # noqa: B007 - it is returned
        print(json.dumps(entry.to_dict(), default=str) if as_json else _line(entry))
    return number


def _line(entry: Entry) -> str:
    told = entry.to_dict()
    answer = " ".join(str(told[name]) for name in ("status", "error_code") if name in told)
    place = "/".join(told[name] for name in ("bucket", "key") if name in told)
    tls = f"TLS {told['tls_version']}" if told.get("tls_version") else _plain(told)
    parts = [told.get("time", "?"), answer, told.get("operation") or told.get("name", "?"), place or "-"]
    parts += [told.get("requester") or told.get("principal") or "anonymous", told.get("address", "-"), tls]
    parts += [told["encryption"]] if "encryption" in told else []
    parts += [_cause(entry.denial.cause)] if entry.denial is not None else []
    return printable_text("  ".join(str(each) for each in parts if each))


def _cause(cause: str) -> str:
    return _NO_REASON if cause == "opaque" else cause


def _plain(told: Mapping[str, Any]) -> str:
    return "plain HTTP" if told.get("is_plain_http") else ""


def count(entries: Iterable[Entry], *, as_json: bool) -> int:
    """Only the number."""
    number = sum(1 for _ in entries)
    print(json.dumps({"count": number}) if as_json else number)
    return number


def top(entries: Iterable[Entry], name: str, *, as_json: bool) -> int:
    """How often each value of a field occurs, the most frequent first."""
    found: Counter[str] = Counter()
    for value in _values(entries, name):
        found[value if value in found or len(found) < _VALUES else _OTHERS] += 1
    if as_json:
        for value, times in found.most_common():
            print(json.dumps({name: value, "count": times}))
    else:
        shown = _cause if name == "cause" else printable_text
        rows = [(times, shown(value)) for value, times in found.most_common(_SHOWN)]
        print_table(("count", name), rows)
        if len(found) > _SHOWN:
            print(f"and {len(found) - _SHOWN} more; --json lists all of them", file=sys.stderr)
    return sum(found.values())


def _values(entries: Iterable[Entry], name: str) -> Iterator[str]:
    for entry in entries:
        if name == "cause" and entry.denial is not None:
            yield entry.denial.cause
        elif name.startswith("_") or callable(getattr(type(entry.told), name, print)):
            raise _no_field(name, entry.told)
        else:
            value = getattr(entry.told, name)
            yield _ABSENT.get(name, "-") if value is None else str(value)


def _no_field(name: str, told: Any) -> Exception:
    from ..errors import ConfigurationError

    return ConfigurationError(
        f"there is no field {name!r}",
        fix=f"one of {', '.join(sorted(told.to_dict()))}, …, or cause with --denials",
    )


def report_counts(counts: Counts, *, of_trail: bool = False) -> None:
    """What could not be read, on standard error."""
    told: list[str] = []
    if counts.malformed and not of_trail:  # of a trail it is whole files, which are named below
        told.append(
            "1 malformed line was left out"
            if counts.malformed == 1
            else f"{counts.malformed:,} malformed lines were left out"
        )
    told += _some(f"{name} is damaged ({why}): the rest of it was left out" for name, why in counts.damaged)
    told += _some(
        f"nothing in {name} is an event of CloudTrail (an access log? leave --trail out)"
        if of_trail
        else f"no line of {name} is an access log record (a CloudTrail file? --trail)"
        for name in counts.foreign
    )
    for each in told:
        print(printable_text(each), file=sys.stderr)


def _some(texts: Iterable[str]) -> list[str]:
    """The first of them, and how many more there are."""
    every = list(texts)
    more = len(every) - _NAMED
    return every[:_NAMED] + ([f"and {more} more files like these"] if more > 0 else [])
