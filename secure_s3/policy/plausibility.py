"""Requests that nobody can mean: a misspelt name, a value of another type, an action on another's resource.

Each of them would be decided, for the wrong reason: what is misspelt is never met with, and a text that can
not be read as a number is equal to none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from ..errors import PolicyError
from . import catalogue
from .operators import OPERATORS, date, number
from .request import AccessRequest, Between, OneOf

__all__ = ["plausible"]

_VARIABLE = re.compile(r"\$\{([A-Za-z]+)\}")
_NEVER = "a misspelt name is never met with, so that the answer would prove nothing"
_UNREADABLE = "a value that cannot be read meets no condition, so that the answer would prove nothing"


def _truth(text: str) -> bool:
    return text.lower() in ("true", "false")


def _number(text: str) -> bool:
    return number(text) is not None


def _date(text: str) -> bool:
    return date(text) is not None


_READ: dict[str, tuple[Callable[[str], bool] | None, str, str]] = {
    "bool": (_truth, "neither true nor false", "write true or false"),
    "numeric": (_number, "no number", "write a number, e.g. 1.2"),
    "date": (_date, "no date", "write e.g. 2026-01-31T12:00:00Z, or seconds since 1970"),
    "ip": (OPERATORS["ipaddress"].reads, "no address", "write one address, e.g. 203.0.113.7"),
    "arn": (OPERATORS["arnequals"].reads, "no ARN", "write the full ARN, arn:aws:…"),
}
"""By the kind of a key: how its values are read, what others are not, and what to write."""


def plausible(request: AccessRequest, where: str) -> None:
    """Refuse a request that would be decided for the wrong reason.

    Args:
        request: What is about to be evaluated.
        where: How the error begins.

    Raises:
        PolicyError: The action or a condition key is not in the catalogue, and all names of its service are;
            a value is none of its key's type; the action does not work on such a resource. The error says
            what would do.
    """
    _known_names(request, where)
    for key in request.context:
        _typed(request, key, where)
    _placed(request, where)


def _known_names(request: AccessRequest, where: str) -> None:
    keys = [key for key in (*request.context, *request.unknown) if not key.endswith("*")]
    for kind, name in (("action", request.action), *(("key", key) for key in keys)):
        known = catalogue.action(name) if kind == "action" else catalogue.condition_key(name)
        if known is None and catalogue.known_service(name):
            near = catalogue.suggest(name, kind)
            raise PolicyError(
                f"{where}: there is no {'action' if kind == 'action' else 'condition key'} {name!r}",
                why=_NEVER,
                fix=f"did you mean {near!r}?" if near else "allow unknown names if it is new",
            )


# -- values ---------------------------------------------------------------------------------------------


def _typed(request: AccessRequest, key: str, where: str) -> None:
    known = catalogue.condition_key(key)
    if known is None:
        return
    kinds = (known.kind, *known.also)
    if isinstance(request.lookup(key.lower()), Between) and not {"numeric", "date"} & set(kinds):
        raise PolicyError(
            f"{where}: {key} is between two numbers", why=f"its values are of type {known.kind}"
        )
    reads = [_READ[kind][0] for kind in kinds if kind in _READ]
    if len(reads) < len(kinds):
        return  # one of the kinds is text, which can be anything
    for text in _texts(request, key):
        if not any(read is not None and read(text) for read in reads):
            _, wrong, fix = _READ[known.kind]
            raise PolicyError(f"{where}: {key}={text!r} is {wrong}", why=_UNREADABLE, fix=fix)


def _texts(request: AccessRequest, key: str) -> Iterator[str]:
    value = request.lookup(key.lower())
    if isinstance(value, OneOf):
        yield from (each for each in value.candidates if each is not None)
    elif isinstance(value, tuple):
        yield from value


# -- the resource ---------------------------------------------------------------------------------------


def _placed(request: AccessRequest, where: str) -> None:
    """Refuse a resource that the action never works on."""
    action = catalogue.action(request.action)
    if action is None:
        return
    taken = _taken(action)
    forms = catalogue.resource_patterns(action)
    if request.resource == "*":
        if action.required or taken & {"bucket", "object"}:
            raise _misplaced(where, action.name, "*", f"name one, e.g. {_example(forms)}")
        return
    if not taken:
        raise _misplaced(where, action.name, request.resource, 'it works on no resource: write "*"')
    kinds = frozenset(catalogue.resource_type(request.resource))
    # Access points of several regions have no form in the catalogue.
    strange = not kinds and not (request.resource.startswith("arn:") and ":accesspoint/" in request.resource)
    if strange or (kinds and not kinds & taken):
        raise _misplaced(where, action.name, request.resource, f"name e.g. {_example(forms)}")


def _taken(action: catalogue.Action) -> frozenset[str]:
    """The types that the action works on; an access point stands for its bucket.

    The Service Authorization Reference leaves access points out for actions that they do take, such as
    ``s3:ListBucketMultipartUploads``: Amazon S3 User Guide, "Access point compatibility with AWS services".
    """
    points = {"bucket": "accesspoint", "object": "accesspointobject"}
    return frozenset((*action.resource_types, *(points[t] for t in action.resource_types if t in points)))


def _example(forms: Sequence[str]) -> str:
    """The shortest of the forms, with words for what stands in it."""
    form = min(forms, key=len).replace("${Partition}", "aws")
    return _VARIABLE.sub(lambda match: match[1], form)


def _misplaced(where: str, action: str, resource: str, fix: str) -> PolicyError:
    return PolicyError(
        f"{where}: {action} does not work on {resource!r}",
        why="no policy is ever asked about that, so that the answer would prove nothing",
        fix=fix,
    )
