"""Requests of every kind, and those of them that a policy does not deny.

A Deny is judged by what gets past it. The requests are the usual ones, and such as the policy's own words
suggest: keys outside its patterns, callers it names, actions it leaves out; and where a Deny holds only under
some circumstances, ``walks`` looks for others. The caller's own policies are taken to allow everything, so
that nothing but an explicit denial stops a request; one that is not certain stops nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ...policy import catalogue
from ...policy.batches import Batch
from ...policy.document import Policy
from ...policy.evaluator import outcome_of
from ...policy.principals import Requester
from ...policy.request import AccessRequest
from ...policy.rules.rule import BUCKET, EFFORT, Subject
from ...policy.rules.search import inside
from ...policy.rules.walks import carries, searched
from ...policy.statement import Applies, Statement
from ...policy.witnesses import (
    ADMIN,
    ANYONE,
    APP,
    OTHER_ACCOUNT,
    ROOT,
    USER,
    from_service,
    witness,
)
from ..snapshot.values import Unread
from .check import NotRead
from .standins import BucketPolicy

ALL = Policy.parse(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
)
SERVICE = "logging.s3.amazonaws.com"
PEOPLE: tuple[str | None, ...] = (APP, USER, ROOT, ADMIN, OTHER_ACCOUNT, ANYONE, SERVICE)
SIGNING = (APP, USER, ADMIN, ROOT)
KEYS = ("key", "q", "zq7/2026/report.pdf", "Ünicode +%2F?.bin")
"""Keys that patterns of any one kind do not all fit: short, long, below a prefix, with odd characters."""
MAIN = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket", "s3:PutBucketAcl")
_CREATES = {"s3:ObjectCreationOperation": True, "s3:x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
_UNUSUAL = frozenset({"s3:CreateBucket", "s3:AllowVendedLogDeliveryForResource", "s3:PauseReplication"})
"""Actions that no client takes on a bucket that is there."""
_OWN_POLICY = frozenset({"s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"})
"""What an account's root user may, whatever the policy says."""
OF_BUCKETS = 8
"""Of so many buckets the requests are kept: hundreds for each, and under stand-ins most are one."""
_TOLD, _LINES = 3, 4
_EACH = 2
"""So many requests of one caller tell enough."""
_INTRICATE = Unread("the policy is too intricate to be judged in full")


def request(action: str, resource: str, caller: str | None = APP) -> AccessRequest:
    """A request by anybody, services included."""
    if caller is not None and Requester.parse(caller).kind == "service":
        return from_service(request(action, resource), caller)
    return witness(action, resource, caller, _CREATES if action == "s3:PutObject" else None)


@lru_cache(maxsize=OF_BUCKETS)
def of_every_kind(bucket: str) -> tuple[AccessRequest, ...]:
    """Requests for every action by a role, and for the main ones by everybody else and on every key."""
    home = f"arn:aws:s3:::{bucket}"
    found = [request(action, on(home, action), caller) for action in MAIN for caller in PEOPLE]
    found += [request(action, inside(home, key)) for key in KEYS[1:] for action in MAIN[:3]]
    found += [request(action, on(home, action)) for action in _actions() if action not in MAIN]
    return tuple(found)


@lru_cache(maxsize=1)
def _actions() -> tuple[str, ...]:
    """Those on buckets and on objects, all that there are."""
    known = (each for each in catalogue.actions_matching("s3:*") if each.name not in _UNUSUAL)
    return tuple(each.name for each in known if {"bucket", "object"} & set(each.resource_types))


def on(home: str, action: str) -> str:
    return inside(home) if "object" in catalogue_types(action) else home


@lru_cache(maxsize=512)
def catalogue_types(action: str) -> tuple[str, ...]:
    """What an action is about, e.g. ``("object",)``."""
    known = catalogue.action(action)
    return known.resource_types if known else ()


@dataclass(frozen=True, slots=True)
class Slip:
    """A request that a policy does not deny.

    Args:
        request: The request.
        policy: The policy.
        fixed: The condition keys that make the request what it is.
        outcome: What the evaluator says of it, if the caller's own policies allow everything.
        unknown_keys: The keys that would settle it.
        turned: The circumstances that are not the usual ones, each in words.
    """

    request: AccessRequest
    policy: Policy
    fixed: Sequence[str]
    outcome: str
    unknown_keys: tuple[str, ...]
    turned: tuple[str, ...] = ()

    @property
    def near(self) -> tuple[Statement, str] | None:
        """The Deny that comes nearest, and what of it does not fit."""
        return _nearest(self.policy, self.request, self.fixed)

    @property
    def who(self) -> str:
        """Who sends it, in words."""
        asked = self.request.requester
        words = {APP: "a role", USER: "a user", ADMIN: "another role", ROOT: "the root user", None: "anybody"}
        principal = self.request.principal
        if isinstance(principal, str | None) and principal in words:
            return words[principal]
        if asked is not None and asked.kind == "service":
            return f"the service {asked.text}"
        return "another account" if principal == OTHER_ACCOUNT else str(principal)

    @property
    def action(self) -> str:
        """What it does."""
        begins = self.request.lookup("s3:objectcreationoperation") == ("false",)
        return f"{self.request.action}{' (CreateMultipartUpload)' if begins else ''}"

    @property
    def what(self) -> str:
        """What it is about, and under which circumstances."""
        under = f", with {', '.join(self.turned)}" if self.turned else ""
        return f"{self.request.resource.removeprefix('arn:aws:s3:::')}{under}"

    @property
    def by_service(self) -> bool:
        """A service of AWS sends it."""
        return self.request.requester is not None and self.request.requester.kind == "service"

    @property
    def admitted(self) -> bool:
        """It is, or may be, allowed; else nothing denies it, and nothing allows it either."""
        return self.outcome in ("allowed", "unknown")

    @property
    def said(self) -> str:
        """The outcome in words."""
        by = f", decided by {', '.join(self.unknown_keys)}" if self.unknown_keys else ""
        return f"{self.outcome.replace('_', ' ')}{by}"


def in_words(passing: Iterable[Slip], how: str = "") -> list[str]:
    """A line of evidence for those that differ only in their action and in who sends them."""
    alike: dict[tuple[str, str], list[Slip]] = {}
    passing = tuple(passing)
    admitted = [each for each in passing if each.admitted]
    for each in admitted or passing:  # who is denied for want of an Allow says nothing beside them
        alike.setdefault((each.what, each.said), []).append(each)
    lines = []
    for (what, said), some in alike.items():
        actions = list(dict.fromkeys(each.action for each in some))
        people = list(dict.fromkeys(each.who for each in some))
        nearest = some[0].near
        near = f"; nearest: {nearest[0].name}, but for its {nearest[1]}" if nearest else ""
        who = " or ".join(people[:_TOLD])
        lines.append(f"e.g. {', '.join(actions[:_TOLD])} on {what}, by {who}{how and ' '}{how}: {said}{near}")
        if len(lines) == _LINES:
            break
    return lines


def slips(
    policy: BucketPolicy,
    batch: Batch,
    more: Iterable[AccessRequest],
    fixed: Sequence[str],
    partners: Iterable[tuple[Statement, AccessRequest]] = (),
) -> list[Slip]:
    """Those requests that the policy does not deny, and others like them under other circumstances.

    Args:
        policy: The policy.
        batch: The usual requests.
        more: What else the policy suggests.
        fixed: Condition keys, in lower case, that make them what they are and do not change.
        partners: Callers from elsewhere, each with the Allow that has to let them in.

    Returns:
        The most telling first: what the account's own people can do, then others, then services.

    Raises:
        NotRead: There are none, and it is not certain that there are none.
    """
    denies = [each for each in policy.policy.statements if each.effect == "Deny"]
    passing: dict[str, list[AccessRequest]] = {}
    alike: dict[tuple[tuple[int, ...], frozenset[str]], AccessRequest] = {}
    rigid = {each.index for each in denies if each.keys.issubset(fixed)}
    for certain, start in (*_told_apart(batch, denies, fixed), *_one_by_one(more, denies)):
        if not certain:
            if len(by_caller := passing.setdefault(str(start.principal), [])) < _EACH:
                by_caller.append(start)
        elif rigid.isdisjoint(certain):  # a Deny that nothing can turn ends a search before it has begun
            about = frozenset(key for each in certain for key in policy.policy.statements[each].keys)
            alike.setdefault((certain, _carried(start.action, about.difference(fixed))), start)
    obvious = _obvious(policy.policy, batch, [each for listed in passing.values() for each in listed])
    found = [_slip(policy.policy, each, fixed, (), outcome) for each, outcome in obvious]
    if not any(each.admitted and not each.by_service for each in found):
        found += _turned(policy, denies, tuple(alike.values()), fixed)
    if not any(each.admitted and not each.by_service for each in found):
        found += _let_in(policy, denies, partners, fixed)
    return sorted(found, key=lambda each: (each.by_service, not each.admitted))


def _obvious(
    policy: Policy, batch: Batch, passing: Sequence[AccessRequest]
) -> Iterator[tuple[AccessRequest, str | None]]:
    """Requests with their outcome, where that needs no evaluation because nothing may deny them.

    The account's own callers are allowed by their own policies; others by nobody, if no statement may.
    """
    denied = allowed = 0
    for each in policy.statements if passing else ():
        if each.effect != "Allow":
            denied |= batch.possible(each)
        if each.effect != "Deny":
            allowed |= batch.possible(each)
    for asked in passing:
        place = batch.place(asked)
        outcome = None
        if place is not None and not denied >> place & 1:
            if _is_at_home(asked):
                outcome = "allowed"
            elif not allowed >> place & 1:
                outcome = "implicitly_denied"
        yield asked, outcome


def _is_at_home(asked: AccessRequest) -> bool:
    who = asked.requester
    own = asked.principal_account is not None and asked.principal_account == asked.resource_account
    return own and who is not None and who.kind in ("session", "user", "role", "root")


def _told_apart(
    batch: Batch, denies: Sequence[Statement], fixed: Sequence[str]
) -> Iterator[tuple[tuple[int, ...], AccessRequest]]:
    """Requests by the Denies that certainly deny them: a few that stand for theirs, and all that pass."""
    groups: list[tuple[tuple[int, ...], int]] = [((), batch.everything)]
    keys: dict[int, frozenset[str]] = {}
    for each in denies:
        keys[each.index] = each.keys.difference(fixed)
        about = batch.certain(each)
        parted = (((*by, each.index), some & about) for by, some in groups)
        groups = [pair for pair in (*parted, *((by, some & ~about) for by, some in groups)) if pair[1]]
    for by, some in sorted(groups, key=lambda pair: pair[1] & -pair[1]):
        if not by:
            yield from (((), each) for each in batch.picked(some))
        elif all(keys[each] for each in by):
            wanted = frozenset[str]().union(*(keys[each] for each in by))
            yield from ((by, each) for each in _typical(batch, some, wanted))


def _typical(batch: Batch, some: int, keys: frozenset[str]) -> Iterator[AccessRequest]:
    """The first of a set, and others that can carry keys which it cannot.

    A client sends whatever headers and parameters an action has: a Deny that one of them turns is got past by
    the actions that have it.
    """
    first = next(batch.picked(some))
    yield first
    if len(_carried(first.action, keys)) == len(keys):
        return
    carrying: dict[frozenset[str], AccessRequest] = {}
    for each in batch.by_action(some):
        carrying.setdefault(_carried(each.action, keys), each)
    for carried, each in carrying.items():
        if each is not first and not any(carried < other for other in carrying):
            yield each


@lru_cache(maxsize=8192)
def _carried(action: str, keys: frozenset[str]) -> frozenset[str]:
    return frozenset(each for each in keys if carries(action, each))


def _one_by_one(
    starts: Iterable[AccessRequest], denies: Sequence[Statement]
) -> Iterator[tuple[tuple[int, ...], AccessRequest]]:
    for start in starts:
        yield tuple(each.index for each in denies if each.truth(start, named=True)[0] is True), start


@lru_cache(maxsize=OF_BUCKETS)
def _judged(policy: BucketPolicy) -> Subject:
    return Subject(policy.policy, BUCKET, policy.bucket)


def judged(policy: BucketPolicy) -> Subject:
    """The policy as the rules judge it, with what they have found out so far and a fresh effort."""
    subject = _judged(policy)
    subject.effort.left = EFFORT
    return subject


def _turned(
    policy: BucketPolicy, denies: list[Statement], starts: Sequence[AccessRequest], fixed: Sequence[str]
) -> Iterator[Slip]:
    """Requests under circumstances that the Denies leave out; those which no Deny tells apart count once."""
    if not starts:
        return
    denies = sorted(denies, key=lambda each: len(each.keys.difference(fixed)))
    subject = judged(policy)
    certain = True
    for start in starts:
        found, complete = searched(subject, start, (), denies, fixed)
        if found is not None and not (found.principal == ROOT and found.action in _OWN_POLICY):
            yield _slip(policy.policy, found, fixed, tuple(_differing(start, found)))
            return
        certain = certain and complete
    if not certain or subject.effort.spent:
        raise NotRead("policy", _INTRICATE)


def _let_in(
    policy: BucketPolicy,
    denies: list[Statement],
    partners: Iterable[tuple[Statement, AccessRequest]],
    fixed: Sequence[str],
) -> Iterator[Slip]:
    """The first request of somebody from elsewhere whom an Allow lets in and no Deny keeps out."""
    rigid = [each for each in denies if each.keys.issubset(fixed)]
    subject = judged(policy)
    certain = True
    for statement, start in partners:
        if any(each.truth(start, named=True)[0] is True for each in rigid):
            continue
        found, complete = searched(subject, start, (statement,), denies, fixed)
        if found is not None:
            yield _slip(policy.policy, found, fixed, tuple(_differing(start, found)))
            return
        certain = certain and complete
    if not certain or subject.effort.spent:
        raise NotRead("policy", _INTRICATE)


def _differing(start: AccessRequest, found: AccessRequest) -> Iterator[str]:
    """What is other than in *start*."""
    if found.principal != start.principal:
        yield "another caller"
    for key in dict.fromkeys((*start.context, *found.context)):
        value = found.context.get(key)
        if value != start.context.get(key):
            yield f"{key} {'absent' if value is None else value}"


def _slip(
    policy: Policy,
    asked: AccessRequest,
    fixed: Sequence[str],
    turned: tuple[str, ...] = (),
    outcome: str | None = None,
) -> Slip:
    said = (outcome, ()) if outcome else outcome_of(asked, policy, (ALL,))
    return Slip(asked, policy, fixed, *said, turned)


def _nearest(policy: Policy, asked: AccessRequest, fixed: Sequence[str]) -> tuple[Statement, str] | None:
    """The Deny of which least does not fit, of those that judge such requests; and what does not."""
    about = [each for each in policy.statements if each.effect == "Deny" and each.keys & set(fixed)]
    misses = [(each, _misses(each.explain(asked, named=True))) for each in about]
    return min(
        ((each, " and ".join(what)) for each, what in misses if what),
        key=lambda pair: pair[1].count(" and "),
        default=None,
    )


def _misses(meets: Applies) -> list[str]:
    parts = {"action": meets.action, "principal": meets.principal, "resource": meets.resource}
    found = [name for name, truth in parts.items() if truth is not True]
    return found + [f"condition on {each.key}" for each in meets.conditions if each.holds is not True]
