"""Requests aimed at a statement: those it names, and circumstances under which it does or does not apply.

``reach`` and ``find`` look for a request by changing one circumstance after another, each to real ones (see
``circumstances``). What they find is a witness, and certain. ``nowhere`` says that there is none; it means
something only if every statement involved is ``plain``, and is not said where the search was given up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice

from ..conditions import Condition
from ..principals import Requester
from ..request import AccessRequest
from ..statement import Statement
from ..witnesses import ADMIN, APP, KEY, OTHER_ACCOUNT, OWNER, USER, from_service, witness
from .circumstances import candidates, filled, under
from .rule import KEY as KEY_POLICY
from .rule import TRUST, Subject

BUDGET = 100
"""So many requests are looked at in one search."""
WIDTH = 12
"""So many values of a key are tried from one request."""

OBJECT_ACTIONS = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:PutObjectAcl")
BUCKET_ACTIONS = ("s3:ListBucket", "s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:PutBucketAcl")
KEY_ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey", "kms:PutKeyPolicy")
TRUST_ACTIONS = ("sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML")
USER_ID = "AROAZQ7ZQ7ZQ7ZQ7ZQ7ZQ:session"
"""``aws:userid`` of whoever asks; nobody's in a policy."""
PEOPLE = (APP, USER, ADMIN)


def plain(*statements: Statement) -> bool:
    """All that they say can be judged: no unknown operator, no policy variable, nothing malformed."""
    return not any(
        each.fatal
        or any(
            "${" in text and condition.variables for condition in each.conditions for text in condition.values
        )
        or any(condition.known is None or not condition.values for condition in each.conditions)
        for each in statements
    )


def on(statement: Statement, *keys: str) -> tuple[Condition, ...]:
    """Its conditions on any of *keys*, which are in lower case."""
    return tuple(each for each in statement.conditions if each.folded in keys)


def negated(condition: Condition) -> bool:
    """It holds for a request without the key because its operator is a negated one."""
    return condition.known is not None and condition.known.negated and condition.qualifier is None


def holds_absent(condition: Condition) -> bool:
    """It holds for a request without the key: negated, Null, IfExists or ForAllValues."""
    return condition.known is not None and condition.truth(_bare("s3:GetObject")) is True


def listed_in(condition: Condition) -> tuple[str, ...]:
    """Its first values as words of a message; none where they say only that the key is absent."""
    if condition.known is not None and condition.known.kind == "null":
        return ()
    return (" or ".join(condition.values[:3]),)


@lru_cache(maxsize=8)
def homes(subject: Subject) -> tuple[str, ...]:
    """ARNs of the buckets and access points that the policy names; of its own if it names none."""
    found = (
        _home(text) for each in subject.policy.statements for text in each.resources or () if ":" in text
    )
    named = tuple(dict.fromkeys(each for each in found if each and not set(each) & set("*?$")))
    return named[:4] or (f"arn:aws:s3:::{subject.bucket or 'amzn-s3-demo-bucket'}",)


def _home(text: str) -> str:
    if ":accesspoint/" in text:
        return text.partition("/object/")[0]
    return text.partition("/")[0] if ":s3" in text else ""


def inside(home: str, key: str = "key") -> str:
    """The ARN of an object in a bucket or behind an access point."""
    return f"{home}/object/{key}" if ":accesspoint/" in home else f"{home}/{key}"


def everything(subject: Subject) -> list[str]:
    """The resources of a statement about all of them: the buckets, and their objects."""
    return [each for home in homes(subject) for each in (home, inside(home, "*"))]


def _is_object(resource: str) -> bool:
    return "/object/" in resource if ":accesspoint/" in resource else "/" in resource.split(":", 5)[-1]


def of_objects(action: str) -> bool:
    """It is an action of S3 on objects."""
    name = action.lower()
    multipart = name in ("s3:abortmultipartupload", "s3:listmultipartuploadparts")
    return multipart or ("object" in name and "bucket" not in name)


def named(
    subject: Subject, statement: Statement, actions: Collection[str] = (), people: Sequence[str | None] = ()
) -> Iterator[AccessRequest]:
    """Requests that the statement is about, its conditions aside.

    Args:
        actions: Only these; without them those it lists, or the usual ones its patterns match.
        people: Only these principals; without them those it names.
    """
    resources = _resources(subject, statement)
    for action in dict.fromkeys(actions or _actions(subject, statement)):
        if not is_action(action) or not about_action(statement, action):
            continue
        for resource in resources:
            if action.startswith("s3:") and of_objects(action) != _is_object(resource):
                continue
            for principal in people or _principals(subject, statement):
                request = _request(action, resource, principal)
                meets = statement.explain(request, named=subject.attached)
                if meets.principal is not False and meets.resource is True:
                    yield request


@lru_cache(maxsize=4096)  # every rule asks for the same ones
def _request(action: str, resource: str, principal: str | None) -> AccessRequest:
    service = Requester.parse(principal).kind == "service"
    known = {} if principal is None or service else {"aws:userid": USER_ID}
    start = witness(action, resource, APP if service else principal, known)
    if action.lower() == "s3:putobject":
        creates = {"s3:ObjectCreationOperation": True, "s3:x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
        start = replace(start, context={**start.context, **creates})
    return from_service(start, str(principal)) if service else start


def is_action(text: str) -> bool:
    """It is one action, not a pattern and not just any text."""
    return all(text.partition(":")) and not set(text) & set("*?")


def about_action(statement: Statement, action: str) -> bool:
    """The statement names the action."""
    return statement.explain(_bare(action), named=False).action is True


@lru_cache(maxsize=1024)
def _bare(action: str) -> AccessRequest:
    return AccessRequest(action, "*")


def _actions(subject: Subject, statement: Statement) -> Iterator[str]:
    if not statement.not_action:
        yield from filter(is_action, statement.actions)
    if subject.kind == KEY_POLICY:
        yield from KEY_ACTIONS
    elif subject.kind == TRUST:
        yield from TRUST_ACTIONS
    else:
        yield from (*OBJECT_ACTIONS, *BUCKET_ACTIONS)


def _resources(subject: Subject, statement: Statement) -> tuple[str, ...]:
    if subject.kind == KEY_POLICY:
        return (KEY,)
    if subject.kind == TRUST:
        return (f"arn:aws:iam::{OWNER}:role/App",)
    listed = () if statement.not_resource else statement.resources or ()
    own = [text for text in map(filled, listed) if ":" in text]
    return tuple(dict.fromkeys([*own, *(each for home in homes(subject) for each in (inside(home), home))]))


def _principals(subject: Subject, statement: Statement) -> tuple[str | None, ...]:
    who = statement.principals
    if not subject.attached or who is None or who.everyone or who.negated:
        return (APP, USER, ADMIN, OTHER_ACCOUNT, None)
    return tuple(map(_caller, who.aws)) + who.service + who.federated + who.canonical


def _caller(text: str) -> str:
    requester = Requester.parse(text)
    if requester.kind == "root":
        return f"{requester.partition}:sts::{requester.account}:assumed-role/App/session"
    if requester.kind == "role":
        return f"{requester.partition}:sts::{requester.account}:assumed-role/{requester.name}/session"
    return text


def reach(
    subject: Subject,
    statement: Statement,
    actions: Collection[str] = (),
    people: Sequence[str | None] = (),
    fixed: Collection[str] = (),
) -> AccessRequest | None:
    """A request to which the statement applies, all its conditions included."""
    for request in named(subject, statement, actions, people):
        found = find(subject, request, must=(statement,), fixed=fixed)
        if found:
            return found
    return None


def find(
    subject: Subject,
    start: AccessRequest,
    *,
    must: Sequence[Statement] = (),
    avoid: Sequence[Statement] = (),
    fixed: Collection[str] = (),
) -> AccessRequest | None:
    """The first request on the way from *start* to which all of *must* apply and none of *avoid*.

    Keys in *fixed*, in lower case, keep their values.
    """
    return _search(subject, start, must, avoid, fixed)[0]


def nowhere(
    subject: Subject,
    start: AccessRequest,
    *,
    must: Sequence[Statement] = (),
    avoid: Sequence[Statement] = (),
    fixed: Collection[str] = (),
) -> bool:
    """There is no such request; False also where the search was given up."""
    found, complete = _search(subject, start, must, avoid, fixed)
    return complete and found is None


def _search(
    subject: Subject,
    start: AccessRequest,
    must: Sequence[Statement],
    avoid: Sequence[Statement],
    fixed: Collection[str],
) -> tuple[AccessRequest | None, bool]:
    """What was found, and whether everything was tried."""
    pool = _pool((*must, *avoid), fixed)
    stack, seen, complete = [start], {_mark(start)}, True
    for _ in range(BUDGET):
        if not stack:
            return None, complete
        request = stack.pop()
        wrong = _wrong(subject, request, must, avoid)
        if wrong is None:
            return request, True
        moves, all_of_them = _moves(request, wrong, pool)
        complete = complete and all_of_them
        for moved in reversed(moves):
            mark = _mark(moved)
            if mark not in seen:
                seen.add(mark)
                stack.append(moved)
    return None, False


def _pool(statements: Sequence[Statement], fixed: Collection[str]) -> dict[str, tuple[str | None, ...]]:
    """For each key that may vary, the values worth trying."""
    pool: dict[str, dict[str | None, None]] = {}
    for condition in (each for statement in statements for each in statement.conditions):
        if condition.folded not in fixed:
            pool.setdefault(condition.folded, {}).update(dict.fromkeys(candidates(condition)))
    return {key: tuple(values) for key, values in pool.items()}


def _wrong(
    subject: Subject, request: AccessRequest, must: Sequence[Statement], avoid: Sequence[Statement]
) -> list[tuple[Condition, bool]] | None:
    """The conditions that would have to turn, each with what it should be; None if nothing is wrong."""
    for each in must:
        if not subject.applies(each, request):
            turned = [condition for condition in each.conditions if condition.truth(request) is not True]
            return [(condition, True) for condition in turned[:1]]
    for each in avoid:
        if subject.applies(each, request):
            return [(condition, False) for condition in each.conditions]
    return None


def _moves(
    request: AccessRequest, wrong: list[tuple[Condition, bool]], pool: dict[str, tuple[str | None, ...]]
) -> tuple[list[AccessRequest], bool]:
    """The requests in which one of the conditions has turned, and whether they are all there are."""
    moves: list[AccessRequest] = []
    complete = True
    for condition, wanted in wrong:
        values = pool.get(condition.folded, ())
        fitting = list(
            islice((each for each in values if fits(condition, each) is not (not wanted)), WIDTH + 1)
        )
        complete = complete and len(fitting) <= WIDTH
        moved = (under(request, condition.folded, value) for value in fitting[:WIDTH])
        moves += [each for each in moved if condition.truth(each) is wanted]
    return moves, complete


@lru_cache(maxsize=8192)
def fits(condition: Condition, value: str | None) -> bool | None:
    """How the condition comes out for that value of its key; None where it has variables."""
    if condition.variables and any("${" in each for each in condition.values):
        return None
    return condition.truth(AccessRequest("s3:GetObject", "*", None, {condition.folded: value}))


def _mark(request: AccessRequest) -> tuple[str, frozenset[tuple[str, str]]]:
    known = ((key.lower(), str(value)) for key, value in request.context.items() if value is not None)
    return str(request.principal), frozenset(known)


def denied(subject: Subject, request: AccessRequest) -> bool:
    """Some statement denies the request for certain."""
    return any(subject.applies(each, request) for each in subject.denies)
