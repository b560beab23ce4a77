"""Requests aimed at a statement: those it names, and circumstances under which it does or does not apply.

``reach`` and ``find`` look for a request by changing one circumstance after another, each to real ones (see
``circumstances``). What they find is a witness, and certain. ``nowhere`` says that there is none; it means
something only if every statement involved is ``plain``, and is not said where the search was given up. Once
a subject's effort is spent, nothing more is found.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from ..conditions import Condition
from ..principals import Requester
from ..request import AccessRequest
from ..statement import Statement
from ..witnesses import (
    ADMIN,
    APP,
    KEY,
    OTHER_ACCOUNT,
    OWNER,
    STRANGER,
    USER,
    from_service,
    with_context,
    witness,
)
from .aims import Replayed
from .circumstances import filled
from .rule import KEY as KEY_POLICY
from .rule import TRUST, Subject, once
from .walks import Searched, searched

OBJECT_ACTIONS = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:PutObjectAcl")
BUCKET_ACTIONS = ("s3:ListBucket", "s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:PutBucketAcl")
KEY_ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey", "kms:PutKeyPolicy")
_CALLERS = re.compile(r"\$\{aws:principalaccount\}", re.I)
_TAGS = re.compile(r"\$\{(aws:principaltag/[^},]+)", re.I)
TRUST_ACTIONS = ("sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML")
CHOSEN = "key"
"""What stands for wildcards and variables, and a name that strangers give to what is theirs."""
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


@once
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
    home = text.partition("/")[0]  # a malformed ARN is no bucket's
    return home if ":s3:::" in home and home.split() == [home] else ""


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
    subject: Subject,
    statement: Statement,
    actions: Collection[str] = (),
    people: Sequence[str | None] = (),
    *,
    distinct: bool = False,
) -> Iterator[AccessRequest]:
    """Requests that the statement is about, its conditions aside.

    Args:
        actions: Only these; without them those it lists, or the usual ones its patterns match.
        people: Only these principals; without them those it names.
        distinct: Only one of those in the same circumstances: to this statement they are all alike.
    """
    aim = subject.aim(statement)
    known, distinct = aim.known, distinct and not aim.varies
    asked = ("named", tuple(actions), tuple(people), distinct)
    if asked not in known:
        known[asked] = Replayed(_named(subject, statement, actions, people, distinct))
    found: Replayed[AccessRequest] = known[asked]
    return iter(found)


def _named(
    subject: Subject,
    statement: Statement,
    actions: Collection[str],
    people: Sequence[str | None],
    distinct: bool,
) -> Iterator[AccessRequest]:
    aim = subject.aim(statement)
    yielded: set[tuple[bool, str | None]] = set()
    resources = _resources(subject, statement)
    people = [each for each in people or _principals(subject, statement) if each != ""]  # nobody
    for action in dict.fromkeys(actions or _actions(subject, statement)):
        if not is_action(action) or not aim.acts(_bare(action)):
            continue
        for resource in resources:
            if action.startswith("s3:") and of_objects(action) != _is_object(resource):
                continue
            for principal in people:
                circumstances = (_is_upload(action), principal)
                if (distinct and circumstances in yielded) or aim.whom(principal) is False:
                    continue
                if not subject.effort.spend():
                    return
                request = _request(action, resource, principal)
                if aim.varies and principal is not None:
                    request = with_context(request, _tags(statement))
                if aim.concerns(request) is True:
                    yielded.add(circumstances)
                    yield request


def _tags(statement: Statement) -> dict[str, str]:
    """The tags of the caller that its resources have in them, as ``filled`` fills them."""
    found = (_TAGS.findall(text) for text in statement.resources or ())
    return {key: CHOSEN for keys in found for key in keys}


def _is_upload(action: str) -> bool:
    return action.lower() == "s3:putobject"


@lru_cache(maxsize=4096)  # every rule asks for the same ones
def _request(action: str, resource: str, principal: str | None) -> AccessRequest:
    service = Requester.parse(principal).kind == "service"
    known = {} if principal is None or service else {"aws:userid": USER_ID}
    start = witness(action, resource, APP if service else principal, known)
    if _is_upload(action):
        creates = {"s3:ObjectCreationOperation": True, "s3:x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
        start = replace(start, context={**start.context, **creates})
    return from_service(start, str(principal)) if service else start


def is_action(text: str) -> bool:
    """It is one action, not a pattern and not just any text."""
    return all(text.partition(":")) and not set(text) & set("*?")


def about_action(statement: Statement, action: str) -> bool:
    """The statement names the action."""
    return statement.acts(_bare(action))


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
    texts = (each for text in listed for each in (filled(text), *_by_account(text)))
    own = [text for text in texts if ":" in text]
    return tuple(dict.fromkeys([*own, *(each for home in homes(subject) for each in (inside(home), home))]))


def _by_account(text: str) -> Iterator[str]:
    """The resource with the accounts of callers for the variable that stands for them."""
    if "${" in text and _CALLERS.search(text):
        yield from (filled(_CALLERS.sub(account, text)) for account in (OWNER, STRANGER))


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
    known = subject.aim(statement).known
    asked = ("reach", tuple(actions), tuple(people), frozenset(fixed))
    if asked not in known:
        starts = named(subject, statement, actions, people, distinct=True)
        tried = (find(subject, start, must=(statement,), fixed=fixed) for start in starts)
        known[asked] = next((found for found in tried if found), None)
    reached: AccessRequest | None = known[asked]
    return reached


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
) -> Searched:
    if len(must) != 1 or avoid:
        return searched(subject, start, must, avoid, fixed)
    # Many rules begin by asking for a request that one statement is about.
    known = subject.aim(must[0]).known
    key = ("search", id(start), frozenset(fixed))
    if key not in known:  # with the start, lest its id becomes another's
        known[key] = (start, searched(subject, start, must, avoid, fixed))
    found: Searched = known[key][1]
    return found


def denied(subject: Subject, request: AccessRequest) -> bool:
    """Some statement denies the request for certain."""
    return any(subject.applies(each, request) for each in subject.denies)
