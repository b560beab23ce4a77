"""Files of policy tests, read: which policies, and for which requests what is expected.

    [policies]
    resource_policy = "bucket.json"

    [defaults]
    principal = "arn:aws:iam::111122223333:role/app"
    resource = "arn:aws:s3:::amzn-s3-demo-bucket/report.pdf"

    [[cases]]
    name = "plain HTTP is refused"
    action = "s3:GetObject"
    context = { "aws:SecureTransport" = false }
    expect = "explicitly_denied"
    statement = "DenyInsecureTransport"

Nothing is read from disk here: ``parse`` takes the text, and ``Suite.run`` the policies. A field, an action
or a condition key that nobody knows is an error, and so is a value of another type than its key's, since a
test with a mistake passes for the wrong reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import PolicyError
from .cases import EXPECTATIONS, LAYERS, LEVELLED, SINGLE, Case, CaseResult, Paths, Suite, SuiteResult
from .plausibility import plausible
from .request import UNKNOWN, AccessRequest, Between, OneOf
from .spelling import nearest
from .suite_text import load, table

__all__ = ["Case", "CaseResult", "Suite", "SuiteResult", "parse", "context_value", "who"]

MAX_CASES = 10_000
_TOP = ("policies", "defaults", "cases", "allow_unknown_names")
_ACCOUNTS = ("principal_account", "resource_account")
_REQUEST = ("action", "resource", "principal", "context", "unknown", *_ACCOUNTS)
_CASE = ("name", *_REQUEST, "expect", "statement", "layer")


def parse(text: str, form: str = "toml", *, name: str = "policy tests") -> Suite:
    """The suite in the text of a file.

    Args:
        text: The file's text.
        form: ``toml``, or ``yaml`` where PyYAML is installed.
        name: What errors and results call it, e.g. the file's name.

    Raises:
        PolicyError: It cannot be read, has a field that nobody knows, or has no cases.
    """
    found = load(text, form, name)
    _only(found, _TOP, name)
    policies = table(found.get("policies", {}), f"{name}: policies")
    layers, unread = _layers(policies, name)
    defaults = table(found.get("defaults", {}), f"{name}: defaults")
    _only(defaults, _REQUEST, f"{name}: defaults")
    listed = found.get("cases")
    if not isinstance(listed, list) or not listed:
        raise PolicyError(
            f"{name} has no cases", why="it would pass whatever the policies say", fix="add some"
        )
    if len(listed) > MAX_CASES:
        raise PolicyError(f"{name} has more than {MAX_CASES} cases", fix="split it")
    lax = found.get("allow_unknown_names", False)
    if not isinstance(lax, bool):
        raise PolicyError(f"{name}: allow_unknown_names is neither true nor false")
    cases = tuple(_case(item, defaults, f"{name}: case {n}", lax) for n, item in enumerate(listed, 1))
    names = [case.name for case in cases]
    twice = (
        next((each for each in names if names.count(each) > 1), None)
        if len(set(names)) < len(names)
        else None
    )
    if twice:
        raise PolicyError(f"{name}: two cases are named {twice!r}", fix="give each its own name")
    return Suite(name, layers, unread, cases)


# -- the policies ---------------------------------------------------------------------------------------


def _layers(policies: Mapping[str, Any], name: str) -> tuple[dict[str, Paths], frozenset[str]]:
    _only(policies, (*LAYERS, "unknown"), f"{name}: policies")
    unread = policies.get("unknown", [])
    if not isinstance(unread, list) or not all(isinstance(each, str) for each in unread):
        raise PolicyError(f"{name}: policies.unknown is no list of layers", fix='write e.g. ["scps"]')
    _only(dict.fromkeys(unread), LAYERS, f"{name}: policies.unknown")
    layers = {layer: _paths(layer, value, name) for layer, value in policies.items() if layer != "unknown"}
    both = layers.keys() & set(unread)
    if both:
        raise PolicyError(f"{name}: {min(both)} is given, and unknown as well", fix="leave one out")
    if not layers:
        raise PolicyError(f"{name} names no policy", fix=f"name files under policies: {', '.join(LAYERS)}")
    return layers, frozenset(unread)


def _paths(layer: str, value: Any, name: str) -> Paths:
    if isinstance(value, str) and value:
        return value if layer in SINGLE else (value,)
    depth = 2 if layer in LEVELLED else 1
    if layer not in SINGLE and _nested(value, depth):
        return tuple(tuple(item) if isinstance(item, list) else item for item in value)
    wanted = "the path of a file" if layer in SINGLE else "a list of paths"
    raise PolicyError(f"{name}: {layer} is not {wanted}", fix='write e.g. "bucket.json"')


def _nested(value: Any, depth: int) -> bool:
    if isinstance(value, str):
        return bool(value)
    return isinstance(value, list) and depth > 0 and all(_nested(item, depth - 1) for item in value)


# -- the cases ------------------------------------------------------------------------------------------


def _case(item: Any, defaults: Mapping[str, Any], where: str, lax: bool) -> Case:
    fields = table(item, where)
    _only(fields, _CASE, where)
    name = fields.get("name")
    if not isinstance(name, str) or not name.strip():
        raise PolicyError(f"{where} has no name", fix="say in a few words what it is about")
    where = f"{where.rpartition(': ')[0]}: case {name!r}"
    expect = _choice(fields, "expect", EXPECTATIONS, where)
    if expect is None:
        raise PolicyError(f"{where} expects nothing", fix=f"write expect = one of {', '.join(EXPECTATIONS)}")
    statement = fields.get("statement")
    if statement is not None and not (isinstance(statement, str) and statement):
        raise PolicyError(f"{where}: statement is no Sid")
    request = _request(fields, defaults, where, lax)
    return Case(name, request, expect, statement, _choice(fields, "layer", LAYERS, where))


def _choice(fields: Mapping[str, Any], field: str, choices: Iterable[str], where: str) -> str | None:
    value = fields.get(field)
    if value is None:
        return None
    if not isinstance(value, str) or value not in choices:
        raise PolicyError(
            f"{where}: {field} = {value!r} is none of {', '.join(choices)}", fix=_meant(str(value), choices)
        )
    return value


def _request(fields: Mapping[str, Any], defaults: Mapping[str, Any], where: str, lax: bool) -> AccessRequest:
    given = {**defaults, **fields}
    if "principal" not in given:
        raise PolicyError(
            f"{where} does not say who asks", fix='write principal = an ARN, "anonymous" or "unknown"'
        )
    unknown = [*_keys(defaults, where), *_keys(fields, where)]
    context = _context(defaults, where, _keys(fields, where))
    own = _context(fields, where)
    context = _without(context, own) | own
    try:
        request = AccessRequest(
            action=given.get("action", ""),
            resource=given.get("resource", ""),
            principal=who(given["principal"]),
            context=context,
            unknown=tuple(_without(dict.fromkeys(unknown), context)),
            **{field: given[field] for field in _ACCOUNTS if field in given},
        )
    except PolicyError as error:
        raise PolicyError(f"{where}: {error.what}", why=error.why, fix=error.fix) from error
    if not lax:
        plausible(request, where)
    return request


def who(principal: Any) -> Any:
    """The principal that ``anonymous``, ``unknown`` or an ARN stands for.

    Raises:
        PolicyError: It is no text.
    """
    if not isinstance(principal, str) or not principal:
        raise PolicyError(f"{principal!r} is no principal", fix='write an ARN, "anonymous" or "unknown"')
    return UNKNOWN if principal == "unknown" else None if principal in ("anonymous", "*") else principal


def _keys(fields: Mapping[str, Any], where: str) -> list[str]:
    listed = fields.get("unknown", [])
    if not isinstance(listed, list) or not all(isinstance(each, str) and each for each in listed):
        raise PolicyError(f"{where}: unknown is no list of condition keys", fix='write e.g. ["aws:SourceIp"]')
    return listed


def _context(fields: Mapping[str, Any], where: str, without: Iterable[str] = ()) -> dict[str, Any]:
    found = table(fields.get("context", {}), f"{where}: context")
    if len({key.lower() for key in found}) < len(found):
        raise PolicyError(f"{where}: a condition key stands twice in the context", why="keys have no case")
    return _without({key: context_value(value, key) for key, value in found.items()}, without)


def _without(context: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """The context but for these keys, whatever their case; the others stay as they are written."""
    folded = {key.lower() for key in keys}
    return {key: value for key, value in context.items() if key.lower() not in folded}


def context_value(value: Any, key: str) -> Any:
    """A value of a context: as it is, or ``{one_of = […]}``, ``{between = […, …]}``, ``{absent = true}``.

    Raises:
        PolicyError: It is another table.
    """
    if not isinstance(value, Mapping):
        return value
    match list(value.items()):
        case [("one_of", list(candidates))] if candidates:
            return OneOf(*candidates)
        case [("between", [int() | float() as low, int() | float() as high])]:
            return Between(low, high)
        case [("absent", True)]:
            return None
    raise PolicyError(
        f"the value of {key} is a table that means nothing",
        fix="write a value, a list, {one_of = […]}, {between = [low, high]} or {absent = true}",
    )


# -- names ----------------------------------------------------------------------------------------------


def _only(fields: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    """No others than the known fields."""
    names = list(known)
    for name in fields:
        if name not in names:
            raise PolicyError(
                f"{where}: {name!r} is no field here",
                why=f"there are {', '.join(names)}",
                fix=_meant(name, names),
            )


def _meant(name: str, names: Iterable[str]) -> str:
    near = nearest(name, names)
    return f"did you mean {near!r}?" if near else ""
