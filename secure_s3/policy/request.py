"""The request that policies are evaluated for, and what is known of it."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import lru_cache
from typing import Any, Final

from ..errors import PolicyError
from .principals import Requester, kind_of_caller


class Unknown(Enum):
    """What is there or not, but cannot be seen from here."""

    UNKNOWN = "unknown"

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown.UNKNOWN
"""In place of a principal, a value of the context, or a policy: nobody here knows."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """A value of the context of which only the candidates are known; None among them means absent.

    Raises:
        PolicyError: there is no candidate, or one of them is not a single value.

    >>> OneOf("1.2", "1.3")  # the TLS version before the handshake
    """

    candidates: tuple[str | None, ...]

    def __init__(self, *candidates: object) -> None:
        found = [(None,) if item is None else _texts(item, "OneOf") for item in candidates]
        if not found or any(len(each) != 1 for each in found):
            raise PolicyError("OneOf takes one value for each candidate", fix='OneOf("1.2", "1.3", None)')
        object.__setattr__(self, "candidates", tuple(each[0] for each in found))


@dataclass(frozen=True, slots=True)
class Between:
    """A number of the context of which only the bounds are known, both included.

    Raises:
        PolicyError: the bounds are no numbers, or in the wrong order.
    """

    low: Decimal
    high: Decimal

    def __init__(self, low: float | str | Decimal, high: float | str | Decimal) -> None:
        try:
            bounds = Decimal(str(low)), Decimal(str(high))
        except (InvalidOperation, ValueError):
            bounds = Decimal(1), Decimal(0)
        if not (bounds[0].is_finite() and bounds[1].is_finite() and bounds[0] <= bounds[1]):
            raise PolicyError(f"there is no number between {low!r} and {high!r}", fix="Between(0, 900)")
        object.__setattr__(self, "low", bounds[0])
        object.__setattr__(self, "high", bounds[1])


@dataclass(frozen=True, slots=True)
class RoleOf:
    """``aws:PrincipalArn`` of a session: the ARN of its role, but for the path."""

    session: Requester


Value = tuple[str, ...] | Unknown | OneOf | Between | RoleOf
"""What the context says of a key; absence is None."""


_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9]+")
_RESOURCE = re.compile(r"arn(:[^:\s]*){4}:.", re.S)


@dataclass(frozen=True)
class AccessRequest:
    """Who wants to do what to which resource, under which circumstances.

    A key of the context that is neither in ``context`` nor in ``unknown`` is known to be absent, but for
    those that the principal and the accounts tell: ``aws:PrincipalArn``, ``aws:PrincipalAccount``,
    ``aws:PrincipalType``, ``aws:username``, ``aws:userid`` (there, but of most not told by their ARN),
    ``aws:PrincipalIsAWSService``, ``aws:PrincipalServiceName``, ``aws:ResourceAccount`` and
    ``s3:ResourceAccount``.

    Args:
        action: e.g. ``s3:PutObject``; an action, not an operation (CreateMultipartUpload is s3:PutObject).
        resource: The ARN, or ``*`` for actions without a resource.
        principal: An ARN of a user, a role, a session or an account's root, a service such as
            ``cloudfront.amazonaws.com``, ``None`` or ``"*"`` for an anonymous caller, or UNKNOWN.
        context: Condition keys (in any case) to values: text, numbers, booleans, dates with a zone, lists
            of them, OneOf, Between, UNKNOWN; None means absent.
        unknown: Keys that may be there with any value, e.g. ``"aws:SourceIp"``, ``"aws:PrincipalTag/*"``.
        principal_account, resource_account: Twelve digits, where the ARNs do not say. A resource without
            an account is taken to belong to the principal's; the decision says so.

    Raises:
        PolicyError: an argument cannot be meant.
    """

    action: str
    resource: str
    principal: str | Unknown | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    principal_account: str | None = None
    resource_account: str | None = None
    _facts: Mapping[str, Value | None] = field(init=False, repr=False, compare=False)
    _requester: Requester | None = field(init=False, repr=False, compare=False)
    _unknown_prefixes: tuple[str, ...] = field(init=False, repr=False, compare=False)
    _action: str = field(init=False, repr=False, compare=False)
    _doubled: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check(self)
        put = object.__setattr__
        unknown: Any = self.unknown
        put(self, "unknown", tuple(sorted(unknown) if isinstance(unknown, set | frozenset) else unknown))
        put(self, "_action", self.action.lower())
        known = self.principal is not UNKNOWN
        requester = _parsed(self.principal) if not isinstance(self.principal, Unknown) else None
        put(self, "_requester", requester)
        if self.principal_account is None and requester is not None:
            put(self, "principal_account", requester.account)
        if self.resource_account is None:
            put(self, "resource_account", _account_of(self.resource))
        facts: dict[str, Value | None] = dict(_of_the_principal(requester, self.principal_account, known))
        if self.resource != "*":
            owner = (self.resource_account,) if self.resource_account else UNKNOWN
            facts["aws:resourceaccount"] = facts["s3:resourceaccount"] = owner
        wild = tuple(key[:-1].lower() for key in self.unknown if key.endswith("*"))
        facts.update({key.lower(): UNKNOWN for key in self.unknown if not key.endswith("*")})
        told = {key.lower(): value_of(value, key) for key, value in self.context.items()}
        facts.update(told)
        put(self, "_doubled", len(told) < len(self.context))
        put(self, "_facts", facts)
        put(self, "_unknown_prefixes", wild)

    def _retold(self, context: Mapping[str, Any], changed: Mapping[str, Any]) -> AccessRequest:
        """The same with another context, which differs from its own in the keys of *changed* only.

        It is what ``replace`` makes, and made faster: searches make such requests by the thousand, and all
        but these keys was checked before.
        """
        if self._doubled or any(_stands_twice(key, self.context, context) for key in changed):
            return replace(self, context=context)
        facts = dict(self._facts)
        for key, value in changed.items():
            facts[key.lower()] = value_of(value, key)
        made = object.__new__(AccessRequest)
        vars(made).update(vars(self), context=context, _facts=facts)
        return made

    def lookup(self, key: str) -> Value | None:
        """What is known of *key*, which is in lower case; None if it is known to be absent."""
        try:
            return self._facts[key]
        except KeyError:
            return UNKNOWN if self._unknown_prefixes and key.startswith(self._unknown_prefixes) else None

    def names(self, key: str) -> bool:
        """Whether the context itself has *key*, which is in lower case."""
        return any(each.lower() == key for each in self.context)

    @property
    def requester(self) -> Requester | None:
        """The principal, taken apart; None if nobody knows it."""
        return self._requester

    def __hash__(self) -> int:
        return hash((self._action, self.resource, str(self.principal)))


_parsed = lru_cache(maxsize=1024)(Requester.parse)


def _stands_twice(key: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """In another spelling too, so that the order decides."""
    if key in before:
        return False
    folded = key.lower()
    return any(each.lower() == folded for each in after if each != key)


def _check(request: AccessRequest) -> None:
    if not isinstance(request.action, str) or not all(request.action.partition(":")):
        raise _no_action(request.action)
    if "*" in request.action:
        raise PolicyError(f"{request.action!r} names many actions", fix="evaluate one action at a time")
    if not isinstance(request.resource, str) or not request.resource:
        raise _no_resource(request.resource)
    principal: object = request.principal
    if not isinstance(principal, str | Unknown | None) or principal == "":
        raise _no_caller(principal)
    if not isinstance(request.context, Mapping) or not all(isinstance(key, str) for key in request.context):
        raise PolicyError("context= is no mapping from keys to values", fix='{"aws:SecureTransport": True}')
    unknown: Any = request.unknown
    listed = isinstance(unknown, tuple | list | set | frozenset)
    if not listed or not all(isinstance(key, str) for key in unknown):
        raise PolicyError("unknown= is no list of keys", fix='unknown=("aws:SourceIp",)')
    for name in ("principal_account", "resource_account"):
        account = getattr(request, name)
        valid = isinstance(account, str) and len(account) == 12 and account.isascii() and account.isdigit()
        if account is not None and not valid:
            raise PolicyError(f"{name}={account!r} is no account", fix="pass its twelve digits as text")


def vet(request: AccessRequest) -> None:
    """Raises PolicyError for an action, a resource or a caller that cannot be meant.

    One that is misspelt is none that a Deny names, and would be let through.
    """
    if not _ACTION.fullmatch(request.action):
        raise _no_action(request.action)
    if request.resource != "*" and not _RESOURCE.match(request.resource):
        raise _no_resource(request.resource)
    principal = request.principal
    kind = kind_of_caller(principal) if isinstance(principal, str) else "anonymous"
    if kind is None:
        raise _no_caller(principal)
    if kind == "federated" and not request.action.lower().startswith("sts:assumerolewith"):
        raise PolicyError(
            f"principal={principal!r} is an identity provider",
            why="who comes from one calls sts:AssumeRoleWithSAML or …WithWebIdentity, and is a session then",
            fix='pass the session: "arn:aws:sts::111122223333:assumed-role/App/session"',
        )


def _no_action(action: object) -> PolicyError:
    why = "an action reads service:Name; one is evaluated at a time"
    return PolicyError(f"{action!r} is no action", why=why, fix='pass e.g. "s3:GetObject"')


def _no_resource(resource: object) -> PolicyError:
    why = "a resource is an ARN of six parts, e.g. arn:aws:s3:::bucket/key"
    return PolicyError(
        f"{resource!r} is no resource", why=why, fix='pass the ARN, or "*" where there is none'
    )


def _no_caller(principal: object) -> PolicyError:
    return PolicyError(
        f"principal={principal!r} is no caller",
        why="it is an ARN of a user, a role, a session or a root user, an account, or a service",
        fix='pass e.g. "arn:aws:iam::111122223333:role/App", or None for an anonymous caller',
    )


def _account_of(resource: str) -> str | None:
    parts = resource.split(":", 5)
    return parts[4] if len(parts) == 6 and len(parts[4]) == 12 and parts[4].isdigit() else None


@lru_cache(maxsize=1024)
def _of_the_principal(
    requester: Requester | None, account: str | None, known: bool
) -> tuple[tuple[str, Value | None], ...]:
    return tuple(_told_by(requester, account, known))


def _told_by(
    requester: Requester | None, account: str | None, known: bool
) -> Iterable[tuple[str, Value | None]]:
    if not known or requester is None:
        for name in ("arn", "account", "type", "isawsservice", "servicename"):
            yield f"aws:principal{name}", UNKNOWN
        yield "aws:username", UNKNOWN
        yield "aws:userid", UNKNOWN
        if account:
            yield "aws:principalaccount", (account,)
        return
    yield "aws:principalisawsservice", ("true" if requester.kind == "service" else "false",)
    if requester.kind == "service":
        yield "aws:principalservicename", (requester.text,)
    if account:
        yield "aws:principalaccount", (account,)
    if requester.kind == "session":
        yield "aws:principalarn", RoleOf(requester)
    elif requester.principal_arn:
        yield "aws:principalarn", (requester.principal_arn,)
    if requester.principal_type:
        yield "aws:principaltype", (requester.principal_type,)
    if requester.kind == "user":
        yield "aws:username", (requester.name,)
    yield "aws:userid", _user_id(requester)


def _user_id(requester: Requester) -> Value:
    """``aws:userid``. Source: IAM User Guide, "IAM policy elements: Variables and tags", principal values."""
    if requester.kind == "root" and requester.account:
        return (requester.account,)
    return ("anonymous",) if requester.kind == "anonymous" else UNKNOWN


def value_of(value: Any, key: str) -> Value | None:
    """A value of the context as the operators compare it; PolicyError if there is no way to."""
    if type(value) is str:
        return (value,)
    if value is None or isinstance(value, Unknown | OneOf | Between):
        return value
    return _texts(value, key) or None


def _texts(value: Any, key: str, depth: int = 0) -> tuple[str, ...]:
    try:
        return _plain_texts(value, key, depth)
    except (ValueError, OverflowError) as error:  # a number of thousands of digits, a date before year 1
        if isinstance(error, PolicyError):
            raise
        raise PolicyError(f"the context's {key} cannot be written as text", why=str(error)) from error


def _plain_texts(value: Any, key: str, depth: int) -> tuple[str, ...]:
    if isinstance(value, str):
        return (str(value),)
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, int | float | Decimal):
        return (str(value),)
    if isinstance(value, bytes | bytearray):
        return (base64.b64encode(value).decode(),)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise PolicyError(f"the time of {key} has no zone", fix="use datetime.now(timezone.utc)")
        return (value.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),)
    if isinstance(value, list | tuple | set | frozenset) and depth < 3:
        ordered = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return tuple(text for item in ordered for text in _texts(item, key, depth + 1))
    raise PolicyError(
        f"the context's {key} is a {type(value).__name__}",
        why="policies compare text, numbers, booleans, dates and lists of them",
        fix="pass one of these, or OneOf(…), Between(…), UNKNOWN",
    )
