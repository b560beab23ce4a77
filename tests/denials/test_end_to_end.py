"""Every statement of the policy builders, at the embedded endpoint: refused, explained, mended.

Of each call of a builder in the policies' own table, one request that it refuses is really made. The
explanation has to name just that statement and its condition, and what it offers has to help: the changed
call passes, and so does the same call once the policy is patched.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import pytest

from secure_s3 import errors
from secure_s3.denials.explanation import CALLER
from secure_s3.local import LocalAws
from secure_s3.policy import AccessRequest, Policy, Statement
from secure_s3.policy.witnesses import KEY, OTHER_ACCOUNT, OTHER_KEY, OWNER

from ..policy.test_statements import DENIED, NOT, ORG, TABLE, Row
from secure_s3.policy import statements as make
from .account import ALL, B, NOTHING, POINT, Account, allow, changed, document, refusal
from .calls import Call, call_of

UNRELATED = Statement(
    {
        "Sid": "Unrelated",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutAnalyticsConfiguration",
        "Resource": f"arn:aws:s3:::{B}",
    }
)
NOT_SENT: dict[int, str] = {}


@dataclass(frozen=True)
class Case:
    """A row of the table, and the request of it that is really sent.

    Args:
        row: The builder's call.
        request: What S3 sees of the call.
        why: It is refused.
        call: The call.
    """

    row: Row
    request: AccessRequest
    why: str
    call: Call


    @property
    def denies(self) -> bool:
        """Whether it refuses, or only does not allow."""
        return self.row.statement.effect == "Deny"

    @property
    def of_identity(self) -> bool:
        """Whether it stands in the caller's own policy."""
        return self.row.statement.principals is None

    @property
    def target(self) -> str:
        """Whose policy it stands in."""
        if self.row.kind == "key":
            return KEY
        return POINT if POINT in str(self.row.statement.raw["Resource"]) else B


def sendable(row, request: AccessRequest) -> bool:
    """Whether a user, a role or somebody of another account can send it, and the statement is about it."""
    context = request.context
    return (
        isinstance(request.principal, str)
        and request.principal.startswith("arn:")
        and request.resource_account == OWNER
        and context.get("s3:ObjectCreationOperation") is not False
        and context.get("s3:authType") != "POST"
        and "s3:x-amz-copy-source" not in context
        and (context.get("s3:signatureAge") == "0" or context.get("s3:authType") == "REST-QUERY-STRING")
        and near(row, request)
        and call_or_none(request) is not None
    )

def near(row, request):
    import fnmatch
    return any(fnmatch.fnmatchcase(request.action, a) for a in row.statement.actions)

def call_or_none(request: AccessRequest) -> Call | None:
    try:
        return call_of(request)
    except KeyError:
        return None


def cases() -> Iterator[tuple[int, Case | None]]:
    for number, row in enumerate(TABLE):
        wanted = DENIED if row.statement.effect == "Deny" else NOT
        found = [
            Case(row, request, why, call_of(request))
            for request, came, why in row.requests
            if came == wanted and sendable(row, request)
        ]
        best = sorted(found, key=lambda c: (c.call.pretends_to_be is not None, c.call.plain, c.call.age or 0))
        yield number, best[0] if best else None
CASES=[(n,c) for n,c in cases() if c]


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    """An account of this module's own."""
    with ExitStack() as stack:
        yield Account(stack.enter_context(LocalAws()), stack)

@pytest.fixture()
def prepared(account, case):
    yield account

def put_case(account, case):
    """Put the statement where it belongs, behind another one."""
    raw = json.loads(json.dumps(case.row.statement.raw).replace(OTHER_KEY, account.other_key))
    st = Statement(raw)
    policy = Policy.of(UNRELATED, st, *case.row.beside) if case.row.kind != "key" else Policy.of(st, *case.row.beside)
    if case.of_identity:
        account.may(document(allow("s3:ListAllMyBuckets", sid="Unrelated"), *([allow("s3:*", sid="S3")] if case.row.kind=="identity" else []), raw))
    elif case.row.kind == "key":
        account.may(document(allow("s3:*")))
        account.put(policy, KEY)
    else:
        account.may(ALL if case.denies else NOTHING)
        account.put(policy, case.target)
        if case.target == POINT:
            account.put(Policy.of(make.delegate_to_access_points(B, OWNER)))


@pytest.mark.parametrize("case", [pytest.param(c, id=f"{n}-{c.row.builder}-{c.why}") for n,c in CASES])
def test_case(account, case):
    import time
    t=time.time()
    call = case.call
    call = replace(call, encryption=call.encryption.replace(OTHER_KEY, account.other_key))
    call = account.ready(call, {n.partition("/")[2]: v for n,v in case.request.context.items() if n.startswith("s3:ExistingObjectTag/")})
    put_case(account, case)
    t1=time.time()
    try:
        err = refusal(account, call)
        print(type(err), err)
        assert err is not None, "PASSED"
        t2=time.time()
        with account.under(replace(call, context={}, who="App")):
            given = {"principal": call.who, "identity_policies": ALL, "assume": {k: v for k,v in {"aws:PrincipalOrgID": None, **call.context}.items()}} if call.pretends_to_be else {}
            told = account.owner.explain(err, **given)
        t3=time.time()
        print(told)
        print("STATEMENT", told.statement, told.certainty, case.row.statement.sid, [c.key for c in told.conditions])
        assert told.statement == case.row.statement.sid
        mine = next((r for r in told.remedies if r.who==CALLER and (r.arguments or r.encryption or r.client)), None)
        out=[told.certainty]
        if mine is not None:
            print("MINE", mine.to_dict())
            e = refusal(account, changed(call, mine))
            assert e is None, ("MINE", e)
            out.append("MINE")
        patch = next((r for r in told.remedies if r.patch or r.new_document), None)
        if patch is not None:
            print("PATCH", json.dumps(patch.to_dict()))
            with account.amended(patch):
                e = refusal(account, call)
            assert e is None, ("PATCH", e)
            out.append("PATCH")
        print("DONE", out, [r.what for r in told.remedies])
        print("times %.2f %.2f %.2f %.2f" % (t1-t, t2-t1,t3-t2,time.time()-t3))
    finally:
        account.put(None, case.target)
        if case.target == POINT: account.put(None)
    if case.row.kind!="key": pass
