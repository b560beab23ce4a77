"""Every statement of the policy builders, at the embedded endpoint: refused, explained, mended.

Of each call of a builder in the policies' own table, one request that it refuses is really made. The
explanation has to name just that statement and its conditions, and what it offers has to help: the changed
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
from secure_s3.denials.denial import INFERRED, PROVED
from secure_s3.denials.explanation import CALLER, Remedy
from secure_s3.denials.report import Explanation
from secure_s3.local import LocalAws
from secure_s3.policy import AccessRequest, Policy, Statement
from secure_s3.policy import statements as make
from secure_s3.policy.witnesses import KEY, OTHER_KEY, OWNER, STRANGER, bucket_arn

from ..policy.test_statements import DENIED, NOT, TABLE, Row
from .account import ALL, NOTHING, POINT, Account, B, allow, document, refusal
from .applying import changed, otherwise
from .calls import Call, call_of

NOBODY_SENDS = {
    "only_organization_services": "it refuses services of AWS alone, and nobody explains in the name of one",
    "allow_cloudfront": "it is for CloudFront alone, and refuses others as one without a signature",
}
"""By builder: why no request that its statement refuses can be sent by a user or a role."""
ONLY_THE_CALL = {
    "deny_insecure_transport": "sparing anybody would let them use plain HTTP",
    "require_min_tls": "sparing anybody would let them use old TLS",
    "deny_signature_v2": "sparing anybody would let them sign the old way",
    "deny_public_acls": "sparing anybody would let them make objects public",
    "deny_public_grants": "sparing anybody would let them make objects public",
    "deny_grants": "sparing anybody would let them make objects public",
}
"""By builder: why no patch of its statement is offered."""


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
    def sid(self) -> str:
        """Of the statement."""
        return str(self.row.statement.sid)

    @property
    def denies(self) -> bool:
        """Whether it refuses, or only does not allow."""
        return self.row.statement.effect == "Deny"

    @property
    def target(self) -> str:
        """Whose policy it stands in, if it is no identity's."""
        if self.row.kind == "key":
            return KEY
        return POINT if POINT in str(self.row.statement.raw["Resource"]) else B

    @property
    def tags(self) -> dict[str, str]:
        """Of the object."""
        prefix = "s3:ExistingObjectTag/"
        context = self.request.context.items()
        return {name[len(prefix) :]: value for name, value in context if name.startswith(prefix)}

    @property
    def given(self) -> dict[str, Any]:
        """What whoever explains has to say: who asked, in the name of somebody else, and for whom."""
        if self.call.pretends_to_be:
            assumed = {"aws:PrincipalOrgID": None, **self.call.context}
            return {"principal": self.call.who, "identity_policies": ALL, "assume": assumed}
        return {"assume": self.call.context} if self.call.plain and not self.denies else {}

    def expected_keys(self) -> set[str]:
        """The keys of the conditions that decide: all of a Deny, of an Allow those that do not hold."""
        conditions = self.row.statement.conditions
        return {each.key for each in conditions if each.truth(self.request) is self.denies}


def sendable(row: Row, request: AccessRequest) -> bool:
    """Whether a user, a role or somebody of another account can send it."""
    context = request.context
    query = context.get("s3:authType") == "REST-QUERY-STRING"
    return (
        str(request.principal).startswith("arn:")
        and request.resource_account == OWNER
        and context.get("s3:ObjectCreationOperation") is not False
        and context.get("s3:authType") != "POST"
        and (query or context.get("s3:signatureAge") == "0")
        and "s3:x-amz-copy-source" not in context
        and (row.statement.effect == "Deny" or nearly(row, request))
    )


def nearly(row: Row, request: AccessRequest) -> bool:
    """Whether one part of an Allow alone keeps it from allowing the request."""
    meets = row.statement.explain(request, named=row.statement.principals is not None)
    conditions = all(each.holds for each in meets.conditions)
    return bool(meets.action) and [meets.principal, meets.resource, conditions].count(False) == 1


def case_of(row: Row) -> Case | None:
    """The request of a row that is closest to what anybody sends: as oneself, from a hardened client."""
    wanted = DENIED if row.statement.effect == "Deny" else NOT
    found = []
    for request, came, why in row.requests:
        if came == wanted and sendable(row, request) and (call := call_of(request)) is not None:
            found.append(Case(row, request, why, call))
    rank = {id(each): (bool(each.call.pretends_to_be), each.call.plain, each.call.age or 0) for each in found}
    return min(found, key=lambda each: rank[id(each)], default=None)


CASES = [(number, case) for number, case in enumerate(map(case_of, TABLE)) if case is not None]


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    """An account of this module's own."""
    with ExitStack() as stack:
        yield Account(stack.enter_context(LocalAws()), stack)


def unrelated(target: str) -> Statement:
    """A statement that stands before the one that a case is about."""
    what = "kms:EnableKeyRotation" if target == KEY else "s3:PutAnalyticsConfiguration"
    resource = "*" if target == KEY else bucket_arn(B)
    everybody = {"Principal": "*", "Action": what, "Resource": resource}
    return Statement({"Sid": "Unrelated", "Effect": "Deny", **everybody})


class Stage:
    """An account in which a case is played: its statement is in force, and its object is there."""

    def __init__(self, account: Account, case: Case) -> None:
        self.account, self.case = account, case
        text = json.dumps(case.row.statement.raw).replace(OTHER_KEY, account.other_key)
        self.statement = Statement(json.loads(text))
        encryption = case.call.encryption.replace(OTHER_KEY, account.other_key)
        self.call = replace(case.call, encryption=encryption)

    def set(self) -> Call:
        """Everything as it is before the call; the call."""
        self.clear()
        call = self.account.ready(self.call, self.case.tags)
        row, account, target = self.case.row, self.account, self.case.target
        if row.statement.principals is None:
            beside = [allow("s3:*", sid="S3")] if row.kind == "identity" else []
            account.may(document(allow("sns:Publish", sid="Topics"), self.statement.raw, *beside))
            return call
        # Where only words are known, what is refused by one of several statements could be so by any.
        beside = () if call.plain else row.beside
        account.put(Policy.of(unrelated(target), self.statement, *beside), target)
        if target == KEY:
            account.may(document(allow("s3:*")))
            if call.pretends_to_be:
                account.put(Policy.of(make.cross_account_write(B, STRANGER)))
        else:
            account.may(ALL if self.case.denies else NOTHING)
            if target == POINT:
                account.put(Policy.of(make.delegate_to_access_points(B, OWNER)))
        return call

    def clear(self) -> None:
        """No policies."""
        for target in {B, self.case.target}:
            self.account.put(None, target)

    def explained(self, refused: object) -> Explanation:
        """What the owner's account is told of a refusal."""
        return self.account.owner.explain(refused, **self.case.given)

    def passes(self, call: Call, remedy: Remedy) -> None:
        """Make the call with policies amended, one after another, until it passes.

        AWS names one permission at a time: with the first one mended, the next may show.
        """
        actions: list[str | None] = []
        with ExitStack() as amended:
            while True:
                amended.enter_context(self.account.amended(remedy))
                refused = refusal(self.account, call)
                if refused is None:
                    return
                told = self.explained(refused)
                assert told.action not in actions, told
                actions.append(told.action)
                remedy = patches(told)[0]


@pytest.fixture
def stage(account: Account, case: Case) -> Iterator[Stage]:
    """The account as the case needs it, and as it was before once the case is over."""
    made = Stage(account, case)
    yield made
    made.clear()


def changes(told: Explanation) -> list[Remedy]:
    """What the caller alone can do, and a program can apply."""
    return [
        each
        for each in told.remedies
        if each.who == CALLER and (each.arguments or each.encryption or each.client)
    ]


def patches(told: Explanation) -> list[Remedy]:
    """What a program can apply to policies."""
    return [each for each in told.remedies if each.patch or each.new_document]


@pytest.mark.parametrize("case", [pytest.param(each, id=f"{n}-{each.row.builder}") for n, each in CASES])
def test_a_refusal_is_explained_by_its_statement_and_mended_by_what_is_offered(
    stage: Stage, case: Case
) -> None:
    """Statement and conditions are named; the call passes changed, elsewhere, or under a patched policy."""
    call = stage.set()
    refused = refusal(stage.account, call)
    assert refused is not None
    if case.denies and isinstance(refused, errors.SecureS3Error):
        assert isinstance(refused, errors.BucketPolicyDenied)
    told = stage.explained(refused)
    check_the_statement(case, told)
    mine, theirs = changes(told), patches(told)
    assert mine or theirs
    assert (not theirs) == (case.row.builder in ONLY_THE_CALL)
    for each in mine:
        assert refusal(stage.account, changed(call, each)) is None, each
        call = stage.set()
    for each in theirs:
        stage.passes(call, each)
        call = stage.set()
    for each in (remedy for remedy in told.remedies if remedy not in (*mine, *theirs)):
        elsewhere = otherwise(call, each)
        assert elsewhere is not None, each
        assert refusal(stage.account, elsewhere) is None, each
        call = stage.set()


def check_the_statement(case: Case, told: Explanation) -> None:
    """Just the statement is named, and why it refuses, and how sure that is."""
    assert told.statement is not None
    assert (told.statement.sid, told.statement.pointer) == (case.sid, "/Statement/1")
    assert told.explicit is case.denies
    keys, named = case.expected_keys(), {each.key for each in told.conditions}
    open_ones = {each.key for each in told.conditions if not each.known}
    if told.certainty == PROVED:
        assert not open_ones
        assert named == keys
    else:
        assert told.certainty == INFERRED
        assert named <= keys
        by_variable = {each.key for each in told.conditions if "${" in str(each)}
        assert open_ones | by_variable == named or case.call.pretends_to_be
    if not named and not case.denies:
        assert any(f'"{case.sid}" {what_else(case)}' in line for line in told.because)


def what_else(case: Case) -> str:
    """What but a condition keeps an Allow from allowing."""
    if case.call.context and case.row.statement.principals is None:
        return "depends on aws:principaltag/team, which only AWS knows"
    meets = case.row.statement.explain(case.request, named=case.row.statement.principals is not None)
    return "allows it to another principal" if meets.principal is False else "allows it on another resource"


def test_every_builder_is_played_but_those_that_nobody_can_send():
    """A row that no request can be sent of is one of those that are known to be."""
    played = {number for number, _ in CASES}
    assert {row.builder for number, row in enumerate(TABLE) if number not in played} == set(NOBODY_SENDS)
