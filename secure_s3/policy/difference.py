"""What changes between two policies, statement by statement, and how one is put into another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import PolicyError
from .canonical import canonical_statement, meaning
from .document import Document, Policy
from .jsontext import write
from .statement import CURRENT_VERSION, Statement

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
_MARKS = {ADDED: "+", REMOVED: "-", CHANGED: "~"}


@dataclass(frozen=True, slots=True)
class Change:
    """One statement that is added, removed or changed; of a pair, *before* and *after*."""

    kind: str
    before: Statement | None
    after: Statement | None

    def __str__(self) -> str:
        shown = self.after or self.before
        if shown is None:
            return ""
        effect = shown.effect or "?"
        lines = [f"{_MARKS[self.kind]} {effect} {shown.name}"]
        if self.kind == CHANGED and self.before and self.after:
            lines += list(_lines(_shown(self.before), _shown(self.after)))
        else:
            body = write(_shown(shown), 2).splitlines()
            lines += [f"  {_MARKS[self.kind]} {line}" for line in body]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "kind": self.kind,
            "before": dict(self.before.raw) if self.before else None,
            "after": dict(self.after.raw) if self.after else None,
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """What changes from one policy to another; false if nothing does but order and spelling.

    Args:
        changes: Removed, changed and added statements.
        document: Elements beside the statements that differ: name to (before, after).
    """

    changes: tuple[Change, ...]
    document: Mapping[str, tuple[Any, Any]]

    def __bool__(self) -> bool:
        return bool(self.changes or self.document)

    def __str__(self) -> str:
        if not self:
            return "no difference"
        lines = [f"~ {name}: {_short(old)} -> {_short(new)}" for name, (old, new) in self.document.items()]
        return "\n".join([*lines, *map(str, self.changes)])

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        document = {name: {"before": old, "after": new} for name, (old, new) in self.document.items()}
        return {"document": document, "statements": [change.to_dict() for change in self.changes]}


def diff(old: Document, new: Document) -> Difference:
    """What changes from *old* to *new*.

    Statements are paired by what they mean, then by their Sid, and those without one by their place.
    """
    old, new = Policy.parse(old), Policy.parse(new)
    kept = Counter(map(_identity, old.statements)) & Counter(map(_identity, new.statements))
    before, after = _without(old.statements, Counter(kept)), _without(new.statements, Counter(kept))
    by_name = {_name(each): each for each in reversed(after)}
    changes: list[Change] = []
    for statement in before:
        named = by_name.pop(_name(statement), None)
        changes.append(Change(CHANGED if named else REMOVED, statement, named))
    paired = {id(change.after) for change in changes}
    changes += [Change(ADDED, None, statement) for statement in after if id(statement) not in paired]
    return Difference(tuple(changes), dict(_elements(old, new)))


def merge(existing: Document | None, *statements: Statement, replace: str | Collection[str] = ()) -> Policy:
    """*existing* with *statements* put in; what is there stays.

    A statement that is there already, in these words or in others, is left out. One whose Sid is taken by
    another statement is refused: putting it in its place could weaken the policy, and putting it beside it
    could lock everybody out (two required keys, say). Name the Sid in *replace* to say that it is meant.

    Args:
        existing: The policy that is there; None if there is none.
        statements: What should be in it.
        replace: Sid, or Sids, of statements that may be replaced; ``diff`` shows by what.

    Raises:
        PolicyError: a Sid is taken by a statement that does something else, or the existing policy has
            another version, under which variables would be read differently.
    """
    replace = (replace,) if isinstance(replace, str) else replace
    if not all(isinstance(sid, str) for sid in replace):
        raise PolicyError("replace= is no list of Sids", fix='replace=["DenyInsecureTransport"]')
    if not all(isinstance(statement, Statement) for statement in statements):
        raise PolicyError(
            "only statements can be merged", fix="pass what the builders make, or Statement({…})"
        )
    if existing is None:
        return Policy.of(*statements)
    existing = Policy.parse(existing)
    _same_language(existing, statements)
    merged = list(existing.statements)
    places = {each.sid: number for number, each in reversed(list(enumerate(merged))) if each.sid}
    known = set(map(meaning, merged))
    for statement in statements:
        place = places.get(statement.sid) if statement.sid else None
        if place is not None:
            merged[place] = _replacement(merged[place], statement, replace)
        elif meaning(statement) not in known:
            merged.append(statement)
            known.add(meaning(statement))
            places.update({statement.sid: len(merged) - 1} if statement.sid else {})
    return existing.with_statements(merged)


def _same_language(existing: Policy, statements: Iterable[Statement]) -> None:
    has_variables = any("${" in write(dict(each.raw), None) for each in statements)
    if existing.version != CURRENT_VERSION and has_variables:
        raise PolicyError(
            f"the existing policy has the version {existing.version}",
            why="policy variables mean themselves in it",
            fix=f"set its Version to {CURRENT_VERSION} first, and check its own ${{…}}",
        )


def _replacement(old: Statement, new: Statement, replace: Collection[str]) -> Statement:
    if meaning(old) == meaning(new):
        return old
    if old.effect != new.effect:
        raise PolicyError(
            f"the policy has a statement {old.sid!r} already, with the effect {old.effect}",
            why=f"putting one with {new.effect} in its place would undo it",
            fix="pass another sid= for the new statement",
        )
    if old.sid not in replace:
        changes = "; ".join(line.strip() for line in _lines(_shown(old), _shown(new)))
        raise PolicyError(
            f"the policy has another statement {old.sid!r} already",
            why=f"putting the new one in its place would change it: {changes}",
            fix=f"pass replace={old.sid!r} if that is meant, or another sid= to have both",
        )
    return new


def _name(statement: Statement) -> tuple[str | int, str | None]:
    return (statement.sid, None) if statement.sid else (statement.index, statement.effect)


def _identity(statement: Statement) -> tuple[str | None, str]:
    return statement.sid, meaning(statement)


def _without(statements: Iterable[Statement], kept: Counter[tuple[str | None, str]]) -> list[Statement]:
    left = []
    for statement in statements:
        identity = _identity(statement)
        if kept[identity]:
            kept[identity] -= 1
        else:
            left.append(statement)
    return left


def _elements(old: Policy, new: Policy) -> Iterator[tuple[str, tuple[Any, Any]]]:
    names = dict.fromkeys((*old.document, *new.document))
    for name in names:
        if name == "Version" and old.version != new.version:
            yield name, (old.version, new.version)
        elif name not in ("Version", "Statement") and old.document.get(name) != new.document.get(name):
            yield name, (old.document.get(name), new.document.get(name))


def _shown(statement: Statement) -> dict[str, Any]:
    return canonical_statement(statement, fold=False)


def _lines(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for path, before, after in _leaves(old, new, ""):
        if isinstance(before, list) and isinstance(after, list):
            yield from (f"  - {path}: {_short(item)}" for item in before if item not in after)
            yield from (f"  + {path}: {_short(item)}" for item in after if item not in before)
            continue
        if before is not None:
            yield f"  - {path}: {_short(before)}"
        if after is not None:
            yield f"  + {path}: {_short(after)}"


def _leaves(old: Any, new: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in dict.fromkeys((*old, *new)):
            yield from _leaves(old.get(name), new.get(name), f"{path} {name}".strip())
    elif old != new:
        yield path, old, new


def _short(value: Any) -> str:
    return value if isinstance(value, str) else write(value, None) if not _plain(value) else ", ".join(value)


def _plain(value: Any) -> bool:
    return isinstance(value, Sequence) and bool(value) and all(isinstance(item, str) for item in value)
