"""Requests that a policy suggests by its own words: keys that slip its patterns, callers whom it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from string import ascii_lowercase, digits

from ...policy.globs import glob
from ...policy.principals import Requester, kind_of_caller
from ...policy.request import AccessRequest
from ...policy.rules.circumstances import filled
from ...policy.rules.search import about_action, inside
from ...policy.statement import Statement
from ...policy.witnesses import OTHER_ACCOUNT, OWNER
from .requests import KEYS, MAIN, catalogue_types, on, request
from .standins import BucketPolicy

_MOST = 24
_LETTERS = f"x{ascii_lowercase}{digits}øßłжя中"
_LONGEST = 64


def keys_of(policy: BucketPolicy, statements: Sequence[Statement]) -> list[str]:
    """ARNs of objects that fit the patterns of the statements, of Resource and of NotResource; or none."""
    start = f"{policy.arn}/"
    listed = (text for each in statements for text in each.resources or () if text.startswith(start))
    patterns = [text for text in dict.fromkeys(listed) if text != f"{start}*"]
    slipping = _slipping(statements, start) if patterns else None
    fitting = [filled(text, fill) for text in patterns for fill in ("key", "zq7")]
    if slipping is not None:
        fitting = [f"{start}{slipping}", *(filled(text, slipping) for text in patterns), *fitting]
    return list(dict.fromkeys(fitting))[:_MOST]


def _slipping(statements: Iterable[Statement], start: str) -> str | None:
    """A key that no Resource fits but those that fit every key; None if one of the usual keys does as well.

    It is made of a letter that stands in none of them, and as long as none of them asks for.
    """
    texts = (text for each in statements if not each.not_resource for text in each.resources or ())
    patterns = [each.removeprefix(start) for each in texts if each.startswith(start) and each != f"{start}*"]
    said = "".join(patterns).lower()
    letter = next((each for each in _LETTERS if each not in said), None)
    if not patterns or letter is None:
        return None
    matches = [glob(each) for each in dict.fromkeys(patterns)]
    longest = min(_LONGEST, max(map(len, patterns)) + 1)
    made = (letter * length for length in range(1, longest + 1))
    best = min((*KEYS, *made), key=lambda key: sum(fits(key) for fits in matches))  # the first of the best
    return None if best in KEYS else best


def callers_of(statements: Iterable[Statement]) -> list[str]:
    """Callers whom the statements name, in Principal or NotPrincipal."""
    named = (each.principals for each in statements if each.principals)
    listed = (text for who in named for text in (*who.aws, *who.service) if text != "*")
    return list(dict.fromkeys(map(_session_of, listed)))[:_MOST]


def _session_of(text: str) -> str:
    who = Requester.parse(text)
    return as_session(who) if who.kind == "role" else text


def as_session(who: Requester) -> str:
    """Whose request stands for a principal: a role of an account, a session of a role, or itself."""
    if who.kind == "root":
        return f"{who.partition}:sts::{who.account}:assumed-role/App/session"
    if who.kind == "role":
        return f"{who.partition}:sts::{who.account}:assumed-role/{who.name}/session"
    return who.text


def suggested(policy: BucketPolicy) -> Iterator[AccessRequest]:
    """Requests that the Denies suggest by their own words."""
    denies = [each for each in policy.policy.statements if each.effect == "Deny"]
    for resource in keys_of(policy, denies):
        yield from (request(action, resource) for action in MAIN[:3])
    for caller in callers_of(denies):
        if Requester.parse(caller).kind in ("session", "user", "root", "federated-user", "service"):
            yield from (request(action, on(policy.arn, action), caller) for action in MAIN[:4])


def others(statement: Statement, own: str | None) -> Iterator[tuple[str, str]]:
    """Who of other accounts a statement names, and whose request stands for them.

    Args:
        statement: The statement.
        own: The canonical user of the owner of the bucket.
    """
    who = statement.principals
    if who is None or who.negated:
        return
    for text in who.aws:
        parsed = Requester.parse(text)
        if parsed.account not in (None, OWNER) and kind_of_caller(text) is not None:
            yield text, as_session(parsed)
    yield from ((f"the canonical user {each}", each) for each in who.canonical if each != own)
    if who.everyone:
        yield "other accounts", OTHER_ACCOUNT


def partners(policy: BucketPolicy) -> Iterator[tuple[Statement, AccessRequest]]:
    """Requests of callers from elsewhere whom an Allow names, each with that Allow."""
    for statement in policy.policy.statements:
        callers = [caller for _, caller in others(statement, None)] if statement.effect == "Allow" else []
        own = () if statement.not_action else (each for each in statement.actions if "*" not in each)
        for action in dict.fromkeys((*MAIN, *own)) if callers else ():
            if action.startswith("s3:") and about_action(statement, action):
                resource = places(policy.arn, statement, action)[0]
                yield from ((statement, request(action, resource, each)) for each in callers[:_MOST])


def places(home: str, statement: Statement, action: str) -> list[str]:
    """Where a statement is about the action, by its own patterns: in a bucket, or behind an access point."""
    if "object" not in catalogue_types(action):
        return [home]
    start = inside(home, "")
    listed = () if statement.not_resource else statement.resources or ()
    return [*(filled(each) for each in listed if each.startswith(start)), f"{start}key"][:3]
