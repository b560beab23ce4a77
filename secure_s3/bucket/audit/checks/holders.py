"""Whom a key policy admits: strangers, other accounts, and everybody of the key's own account.

An Allow is judged by requests that it allows and that nothing denies. They are looked for as the policy room
looks for those of strangers: whoever asks chooses names, headers, the time, and the service that acts for
them; nobody chooses their account, their organization or, of the internet, their address. Every action on a
key is asked about. Where the search was given up, that is said.

Sources: AWS KMS Developer Guide, "Key policies in AWS KMS", "Condition keys for AWS KMS", "Allowing users in
other accounts to use a KMS key"; Service Authorization Reference, "Actions, resources, and condition keys for
AWS KMS".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any

from ....policy.principals import Requester
from ....policy.request import AccessRequest
from ....policy.rules.circumstances import NETWORK, SERVICE_KEYS, SOME_VPC
from ....policy.rules.rule import KEY
from ....policy.rules.rule import Subject as Rules
from ....policy.rules.search import denied
from ....policy.statement import Statement
from ....values import Severity
from ..check import Found, found
from .callers import addresses, arns, ids
from .keygrants import Judged, Start, actions_on_keys, administers, looks
from .shapes import arn_part, is_account, named, parsed, shown

_STRANGERS = ("444455556666", "777788889999", "123456789012", "210987654321")
_ACCOUNTS = re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])")
_OF_ACCOUNTS = ("kms:calleraccount", "aws:principalaccount")
_ORGANIZATION = frozenset({"aws:principalorgid", "aws:principalorgpaths"})
_KINDS = frozenset({"aws:principaltype", "aws:username", "aws:userid", "aws:multifactorauthpresent"})
_WHO = (
    *SERVICE_KEYS,
    *("aws:sourceowner", "aws:principalisawsservice", "aws:principalaccount", "aws:principalarn"),
    *("aws:principaltype", "kms:calleraccount", "aws:resourceaccount", "aws:requestedregion"),
    *("aws:resourceorgid", "aws:resourceorgpaths"),
)
"""What whoever asks for a key has no say in."""
_STRANGE = (
    *_WHO,
    *(NETWORK - {"aws:vpcsourceip"}),  # within a VPC of their own, strangers choose their address
    *_ORGANIZATION,
    *("aws:userid", "aws:ec2instancesourcevpc", "ec2:sourceinstancearn"),
)
MOST_TOLD = 20
_LISTED, _SHOWN = 5, 12


@dataclass(frozen=True, slots=True)
class Holders:
    """Whom a key policy admits.

    Args:
        found: What should not be so.
        complete: Whether everything was looked at; else there may be more.
    """

    found: tuple[Found, ...]
    complete: bool


@lru_cache(maxsize=512)
def admitted(document: str, arn: str, owner: str, managed: bool, friends: frozenset[str]) -> Holders:
    """Whom else than its own account's identities a key policy admits. PolicyError if it is none.

    Args:
        document: The policy.
        arn: The key's; empty if it is not known.
        owner: The key's account.
        managed: AWS manages the key, for everybody of the account.
        friends: Accounts that may be admitted.
    """
    rules = Rules(parsed(document), KEY, None)
    judged = Judged(rules, _key(rules, arn, owner), owner)
    everyone = [each for each in rules.allows if _open(each)]
    told = list(_for_strangers(judged, everyone, document))
    if everyone and not managed and not told:
        told += _for_the_account(judged, everyone)
    if not any(each.severity is Severity.CRITICAL for each in told):
        told += _for_others(judged, friends)
    return Holders(tuple(told), judged.complete)


def _key(rules: Rules, arn: str, owner: str) -> str:
    """The key's ARN; where it is not known, the one that the policy names, or any."""
    if arn_part(arn, 5).startswith("key/"):
        return arn
    listed = (text for each in rules.allows for text in each.resources or ())
    told = (each for each in listed if arn_part(each, 5).startswith("key/") and not set(each) & set("*?$"))
    return next(told, f"arn:aws:kms::{owner}:key/unknown")


def _open(statement: Statement) -> bool:
    who = statement.principals
    return who is not None and (who.everyone or who.negated)


# ------------------------------------------------------------------------------------------ strangers


def _for_strangers(judged: Judged, everyone: list[Statement], document: str) -> Iterator[Found]:
    account = next((each for each in _STRANGERS if each != judged.owner and each not in document), "")
    if everyone and not account:
        judged.complete = False
        return
    anywhere: dict[str, None] = {}
    nearby: dict[str, None] = {}
    lines = []
    for each in everyone:
        reached = judged.reached(each, judged.bounded(_strange(judged, each, account, True)), _STRANGE, ())
        anywhere |= dict.fromkeys(reached)
        near = judged.bounded(_strange(judged, each, account, False))
        close = judged.reached(each, near, _STRANGE, reached) if near else []
        nearby |= dict.fromkeys(close)
        if reached or close:
            lines.append(_line(each, [*reached, *close]))
    yield from _of_strangers(judged.key, list(anywhere), [*nearby], lines)


def _of_strangers(key: str, anywhere: list[str], nearby: list[str], lines: list[str]) -> Iterator[Found]:
    if ruled := list(filter(administers, anywhere)):
        yield found(
            f"Anybody with an AWS account may administer the key {shown(key)}: {named(ruled, _LISTED)}.",
            *lines,
            severity=Severity.CRITICAL,
        )
    elif used := [each for each in anywhere if not looks(each)]:
        yield found(
            f"Anybody with an AWS account may use the key {shown(key)}: {named(used, _LISTED)}.",
            *lines,
        )
    elif reached := [each for each in nearby if not looks(each)]:
        does = "administer" if any(map(administers, reached)) else "use"
        yield found(
            f"Anybody with an AWS account may {does} the key {shown(key)} from networks that its policy "
            f"names: {named(reached, _LISTED)}.",
            *lines,
            severity=Severity.MEDIUM,
        )
    elif anywhere:
        yield found(
            f"Anybody with an AWS account may look at the key {shown(key)}: {named(anywhere, _LISTED)}.",
            *lines,
            severity=Severity.LOW,
        )


def _line(statement: Statement, actions: Sequence[str]) -> str:
    keys = list(dict.fromkeys(each.key for each in statement.conditions))
    under = f", under conditions on {named(keys)}" if keys else ""
    return f"{shown(statement.name)} allows {named(actions, _SHOWN)}{under}"


def _strange(judged: Judged, statement: Statement, account: str, anywhere: bool) -> Iterator[Start]:
    """A stranger as the policy may take one: from wherever they like, or from networks that it names."""
    about, keys = (statement, *judged.rules.denies), judged.rules.policy.keys
    networks: list[Mapping[str, Any]] = [{"aws:SourceIp": each} for each in addresses(about, wide=anywhere)]
    if anywhere:
        networks = [{}, *([SOME_VPC] if keys & NETWORK else []), *networks]
    organizations: list[Mapping[str, Any]] = [
        {"aws:PrincipalOrgID": "o-stranger00", "aws:PrincipalOrgPaths": ["o-stranger00/r-0/ou-0/"]},
        *([{}] if keys & _ORGANIZATION else []),
    ]
    names = [{}, *({"aws:PrincipalArn": each} for each in arns(about, account))]
    sessions = [{}, *({"aws:userid": each} for each in ids(about))]
    callers = _people(judged, account)
    for caller, *chosen in product(callers, networks, organizations, names, sessions):
        yield caller, {key: value for each in chosen for key, value in each.items()}


def _people(judged: Judged, account: str) -> list[str]:
    """Of an account a role; and a user and the root user, where the policy tells them apart."""
    partition = judged.key.split(":")[1]
    role = f"arn:{partition}:sts::{account}:assumed-role/Other/session"
    if not judged.rules.policy.keys & _KINDS:
        return [role]
    return [role, f"arn:{partition}:iam::{account}:user/other", f"arn:{partition}:iam::{account}:root"]


# ------------------------------------------------------------------------------------------ the own account


def _for_the_account(judged: Judged, everyone: list[Statement]) -> Iterator[Found]:
    """What everybody of the account may without a policy of their own, directly or through S3."""
    caller = f"arn:{judged.key.split(':')[1]}:iam::{judged.owner}:role/Any"
    through = {"kms:ViaService": f"s3.{arn_part(judged.key, 3)}.amazonaws.com", "aws:ViaAWSService": True}
    reached = []
    for action in actions_on_keys():
        contexts: tuple[Mapping[str, Any], ...] = ({},) if administers(action) else ({}, through)
        requests = [judged.asked(action, caller, each) for each in contexts]
        if any(_allowed(judged.rules, everyone, each) for each in requests):
            reached.append(action)
    if ruled := list(filter(administers, reached)):
        yield found(
            f"Every identity of account {judged.owner} may administer the key {shown(judged.key)}, without a "
            "policy of its own.",
            f"allowed to everybody in the account: {named(ruled, _SHOWN)}",
            severity=Severity.MEDIUM,
        )
    elif used := [each for each in reached if not looks(each)]:
        yield found(
            f"Every identity of account {judged.owner} may use the key {shown(judged.key)}, without a policy "
            "of its own.",
            f"allowed to everybody in the account: {named(used, _SHOWN)}",
            severity=Severity.LOW,
        )


def _allowed(rules: Rules, statements: Iterable[Statement], request: AccessRequest) -> bool:
    return any(rules.applies(each, request) for each in statements) and not denied(rules, request)


# ------------------------------------------------------------------------------------------ other accounts


def _for_others(judged: Judged, friends: frozenset[str]) -> Iterator[Found]:
    told: list[Found] = []
    callers = [(each, _named_by(each)) for each in judged.rules.allows]
    for account, name in _others(judged).items():
        if account not in friends:
            told += _for_account(judged, callers, account, name)
    yield from told[:MOST_TOLD]
    if more := told[MOST_TOLD:]:
        yield found(
            f"The key {shown(judged.key)} obeys {len(more)} more accounts than these.",
            *(each.message for each in more),
            severity=max((each.severity or Severity.LOW for each in more), key=lambda each: each.rank),
        )


def _named_by(statement: Statement) -> dict[str, list[Requester]]:
    """Whom a statement names, by their account."""
    who = statement.principals
    found_ones: dict[str, list[Requester]] = {}
    for each in map(Requester.parse, who.aws if who is not None and not who.negated else ()):
        found_ones.setdefault(each.account or "", []).append(each)
    return found_ones


def _others(judged: Judged) -> dict[str, str]:
    """Other accounts that the Allows name, among the principals or in a condition, each with its name."""
    found_ones: dict[str, str] = {}
    for each in judged.rules.allows:
        who = each.principals
        said = [
            *(who.aws if who is not None else ()),
            *(value for c in each.conditions for value in c.values),
        ]
        for digits in _ACCOUNTS.findall(" ".join(said)):
            found_ones.setdefault(digits, f"Account {digits}")
        for condition in each.conditions:
            for value in condition.values if condition.folded in _OF_ACCOUNTS else ():
                if is_account(like := _account_like(value)):
                    found_ones.setdefault(like, f"An account like {shown(value)}")
    found_ones.pop(judged.owner, None)
    return dict(sorted(found_ones.items()))


def _account_like(pattern: str) -> str:
    """An account that fits a pattern of account ids; empty if it is no pattern, or fits any."""
    known = len(pattern.replace("*", ""))
    if not set(pattern) & set("*?") or not pattern.strip("*?") or known > 12:
        return ""
    return pattern.replace("*", "0" * (12 - known), 1).replace("*", "").replace("?", "0")


def _for_account(
    judged: Judged,
    statements: list[tuple[Statement, dict[str, list[Requester]]]],
    account: str,
    name: str,
) -> Iterator[Found]:
    reached: dict[str, None] = {}
    lines = []
    for each, listed in statements:
        callers = list(dict.fromkeys(_callers(judged, each, listed.get(account, ()), account)))
        if callers:
            about = (each, *judged.rules.denies)
            names = [{}, *({"aws:PrincipalArn": arn} for arn in arns(about, account))]
            actions = judged.reached(each, judged.bounded(product(callers, names)), _WHO, reached)
            reached |= dict.fromkeys(actions)
            if actions:
                lines.append(_line(each, actions))
    used = [each for each in reached if not looks(each)]
    if used:
        ruled = list(filter(administers, used))
        yield found(
            f"{name} may {'administer' if ruled else 'use'} the key {shown(judged.key)}: "
            f"{named(ruled or used, _LISTED)}.",
            *lines,
            severity=Severity.MEDIUM if ruled else Severity.LOW,
        )


def _callers(
    judged: Judged, statement: Statement, listed: Iterable[Requester], account: str
) -> Iterator[str]:
    """Who of the account may ask by the statement."""
    if _open(statement):
        yield from _people(judged, account)
    for each in listed:
        if each.kind == "root":
            yield from _people(judged, account)
        elif each.kind == "role":
            yield f"{each.partition}:sts::{account}:assumed-role/{each.name}/session"
        else:
            yield each.text
