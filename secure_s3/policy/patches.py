"""JSON Patch on policies: how a finding says what to change.

Sources: RFC 6902, "JavaScript Object Notation (JSON) Patch", of which ``add``, ``remove``, ``replace`` and
``test`` are here, and RFC 6901, "JavaScript Object Notation (JSON) Pointer".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import PolicyError
from . import jsontext
from .document import Policy

OPERATIONS = ("add", "remove", "replace", "test")
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
_ESCAPE = re.compile(r"~(?![01])")


def apply(policy: Policy, patch: Iterable[Mapping[str, Any]]) -> Policy:
    """The policy after all operations of *patch*, one after another; *policy* itself stays as it is.

    A policy that was read from text gives one that has a text, and with it lines and columns, again.

    Raises:
        PolicyError: an operation is none, names a place that is not there, tests a value that is another,
            or what comes out is no policy.
    """
    if not isinstance(policy, Policy):
        raise PolicyError(f"a {type(policy).__name__} is no policy", fix="pass Policy.parse(…)")
    document: Any = policy.document
    for number, operation in enumerate(_listed(patch), 1):
        document = _apply_one(document, operation, number)
    return Policy.parse(jsontext.write(document) if policy.place("") else document)


def steps(pointer: str) -> tuple[str, ...]:
    """The tokens of a JSON pointer; PolicyError if it is none."""
    if not isinstance(pointer, str) or (pointer and not pointer.startswith("/")) or _ESCAPE.search(pointer):
        raise PolicyError(
            f"{pointer!r} is no JSON pointer",
            why='each token begins with "/", and "~" is written "~0", "/" in a key "~1" (RFC 6901)',
            fix='write it like "/Statement/0/Action"',
        )
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def value_at(document: Any, pointer: str) -> Any:
    """What *pointer* names in *document*; PolicyError if there is nothing."""
    for step in steps(pointer):
        document = _child(document, step, pointer)
    return document


def _listed(patch: Any) -> list[Any]:
    if isinstance(patch, str | bytes | Mapping) or not isinstance(patch, Iterable):
        raise PolicyError("this is no JSON Patch", fix="pass a list of operations, e.g. a finding's patch")
    return list(patch)


def _apply_one(document: Any, operation: Any, number: int) -> Any:
    if not isinstance(operation, Mapping) or operation.get("op") not in OPERATIONS:
        raise PolicyError(
            f"operation {number} of the patch is none that can be applied",
            why=f"op must be one of {', '.join(OPERATIONS)}",
            fix='write it like {"op": "replace", "path": "/Version", "value": "2012-10-17"}',
        )
    op, path = operation["op"], operation.get("path")
    if not isinstance(path, str):
        raise PolicyError(f"operation {number} of the patch has no path", fix="add a JSON pointer as path")
    value = None
    if op != "remove":
        if "value" not in operation:
            raise PolicyError(f"operation {number} of the patch has no value", fix=f"add what to {op}")
        value = jsontext.plain(operation["value"])
    if op == "test":
        if value_at(document, path) != value:
            raise PolicyError(
                f"the patch does not fit: {path} has another value", fix="lint the policy again"
            )
        return document
    return _changed(document, steps(path), op, value, path)


def _changed(container: Any, left: tuple[str, ...], op: str, value: Any, path: str) -> Any:
    """A copy of *container* with the change; only what lies on the way is copied."""
    if not left:
        if op == "remove":
            raise PolicyError("the patch removes the whole document", fix="remove a part of it")
        return value
    step, rest = left[0], left[1:]
    if rest:
        return _with(container, step, _changed(_child(container, step, path), rest, op, value, path), path)
    if op == "add":
        return _added(container, step, value, path)
    _child(container, step, path)
    return _without(container, step) if op == "remove" else _with(container, step, value, path)


def _child(container: Any, step: str, path: str) -> Any:
    if isinstance(container, Mapping) and step in container:
        return container[step]
    if isinstance(container, list) and _INDEX.fullmatch(step) and int(step) < len(container):
        return container[int(step)]
    raise _misfit(path)


def _with(container: Any, step: str, value: Any, path: str) -> Any:
    if isinstance(container, jsontext.Repeated):
        last = max(at for at, (key, _) in enumerate(container.pairs) if key == step)
        pairs = list(container.pairs)
        pairs[last] = (step, value)
        return jsontext.Repeated(pairs)
    if isinstance(container, Mapping):
        return {**container, step: value}
    return [value if at == int(step) else item for at, item in enumerate(container)]


def _added(container: Any, step: str, value: Any, path: str) -> Any:
    if isinstance(container, Mapping):
        if isinstance(container, jsontext.Repeated) and step not in container:
            return jsontext.Repeated([*container.pairs, (step, value)])
        return _with(container, step, value, path)
    if isinstance(container, list):
        at = len(container) if step == "-" else int(step) if _INDEX.fullmatch(step) else -1
        if 0 <= at <= len(container):
            return [*container[:at], value, *container[at:]]
    raise _misfit(path)


def _without(container: Any, step: str) -> Any:
    if isinstance(container, jsontext.Repeated):
        pairs = [pair for pair in container.pairs if pair[0] != step]
        names = {key for key, _ in pairs}
        return jsontext.Repeated(pairs) if len(names) < len(pairs) else dict(pairs)
    if isinstance(container, Mapping):
        return {key: value for key, value in container.items() if key != step}
    return [item for at, item in enumerate(container) if at != int(step)]


def _misfit(path: str) -> PolicyError:
    return PolicyError(
        f"the patch does not fit: there is no {path} in the policy",
        why="the policy changed since the patch was made, or an operation before moved it",
        fix="lint the policy again",
    )
