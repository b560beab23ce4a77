"""How much a lint does at most, and what it says of a policy that it cannot judge within that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from secure_s3.policy import AccessRequest, Policy
from secure_s3.policy.linter import bucket_of, kind_of, lint
from secure_s3.policy.rules import RULES
from secure_s3.policy.rules.aims import Aim, Effort, Replayed
from secure_s3.policy.rules.rule import EFFORT, Subject, once
from secure_s3.policy.rules.search import find, named, nowhere, reach
from secure_s3.policy.statement import Statement
from secure_s3.policy.witnesses import ADMIN, APP, USER, witness
from secure_s3.values import Severity
from tests.bench.lint import POLICIES

from .lint_checks import BUCKET, ROLE, B, O, deny, policy

HTTP = {"Bool": {"aws:SecureTransport": "false"}}
HOSTILE = (
    "keys and an Allow",
    "TLS versions",
    "network denies of everything",
    "resources",
    "open to everybody",
)


def subject_of(document: Any, left: int = EFFORT) -> Subject:
    """The policy, with so much effort left."""
    read = Policy.parse(document)
    subject = Subject(read, kind_of(read), bucket_of(read))
    subject.effort.left = left
    return subject


def found_in(subject: Subject) -> list[str]:
    """The rules that find something."""
    return [each.rule for rule in RULES for each in rule.findings(subject)]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many requests were made, as its only item."""
    count = [0]

    def count_calls(name: str) -> None:
        real = getattr(AccessRequest, name)

        def counted(*arguments: Any) -> Any:
            count[0] += 1
            return real(*arguments)

        monkeypatch.setattr(AccessRequest, name, counted)

    count_calls("__post_init__")
    count_calls("_retold")
    return count


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_policy_makes_a_bounded_number_of_requests(name: str, made: list[int]) -> None:
    """Whatever fits into 20 KB, the linter makes little more requests than its effort allows."""
    lint(POLICIES[name]())
    assert 0 < made[0] < EFFORT * 1.5


@pytest.mark.parametrize("name", ["teams, of builders", "every builder"])
def test_a_long_policy_of_builders_is_judged_in_full(name: str, made: list[int]) -> None:
    """A policy of 20 KB that people would write takes a fraction of the effort."""
    found = lint(POLICIES[name]())
    assert "judged-in-part" not in [each.rule for each in found]
    assert made[0] < EFFORT / 3


def test_what_was_given_up_is_told() -> None:
    """A lint that ran out of effort says so, as a note and once."""
    subject = subject_of(policy(deny("s3:*", [B, O], HTTP)), left=3)
    found = [each for rule in RULES for each in rule.findings(subject) if each.rule == "judged-in-part"]
    assert [each.severity for each in found] == [Severity.INFO]
    assert "judged-in-part" not in found_in(subject_of(policy(deny("s3:*", [B, O], HTTP))))


KEY_POLICY = policy(
    {"Effect": "Allow", "Principal": {"AWS": ROLE}, "Action": "kms:*", "Resource": "*"},
)
EVERY_ADDRESS = policy(
    deny("s3:GetObject", O, {"NotIpAddress": {"aws:SourceIp": ["203.0.113.0/24", "0.0.0.0/0"]}})
)
LEFT_OUT = policy(deny("s3:*", O, {"StringNotEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}}))


@pytest.mark.parametrize(
    ("document", "rule"), [(EVERY_ADDRESS, "source-ip-is-everybody"), (LEFT_OUT, "network-bucket-left-out")]
)
def test_what_was_not_looked_for_is_no_fault(document: Any, rule: str) -> None:
    """A rule that takes the lack of a request for a fault keeps silent where nobody looked."""
    assert rule in found_in(subject_of(document))
    assert rule not in found_in(subject_of(document, left=0))


def test_a_key_that_nobody_looked_at_is_not_called_orphaned() -> None:
    """Without effort nobody is found who may change the policy of a key, which does not mean nobody may."""
    assert found_in(subject_of(KEY_POLICY, left=0)) == ["judged-in-part"]


def test_a_search_without_effort_finds_nothing_and_claims_nothing() -> None:
    """Neither a request is found, nor is it said that there is none."""
    subject = subject_of(policy(deny("s3:*", [B, O], HTTP)), left=0)
    (each,) = subject.denies
    start = witness("s3:GetObject", f"{B}/key")
    assert find(subject, start, must=(each,)) is None
    assert not nowhere(subject, start, must=(each,))
    assert reach(subject, each) is None


def test_named_requests_are_made_once() -> None:
    """Who asks again is given the same requests, as far as they were asked for."""
    subject = subject_of(policy(deny("s3:*", [B, O], HTTP)))
    (each,) = subject.denies
    assert next(named(subject, each)) is next(named(subject, each))
    assert [id(one) for one in named(subject, each)] == [id(one) for one in named(subject, each)]


@pytest.mark.parametrize("variables", [False, True])
def test_distinct_requests_differ_in_their_circumstances(variables: bool) -> None:
    """Only who asks and what hangs on the action differs; a resource with variables sets all apart."""
    resources = [f"{B}/{'${aws:username}' if variables else 'a'}/*", f"{B}/b/*", f"{B}/c/*"]
    subject = subject_of(policy(deny(["s3:GetObject", "s3:DeleteObject"], resources, HTTP)))
    (each,) = subject.denies
    every, distinct = (list(named(subject, each, people=(APP, USER), distinct=it)) for it in (False, True))
    assert len(every) > 4
    assert len(distinct) == (len(every) if variables else 2)
    assert {one.principal for one in distinct} == {APP, USER}


def test_a_deny_whose_resource_depends_on_the_caller_is_not_overlooked() -> None:
    """Where the search moves to another principal, a Deny on their own prefix counts."""
    document = policy(
        deny("s3:*", f"{B}/${{aws:username}}/*"),
        deny("s3:GetObject", O, {"StringNotEquals": {"aws:PrincipalArn": USER}}),
    )
    subject = subject_of(document)
    start = witness("s3:GetObject", f"{B}/alice/key", ADMIN)
    assert find(subject, start, avoid=subject.denies) is None


STATEMENTS = [
    deny("s3:Get*", O),
    deny(["s3:GetObject"], [B, O], HTTP),
    deny("s3:GetObject", O, Principal={"AWS": ROLE}),
    deny("s3:GetObject", O, Principal=None, NotPrincipal={"AWS": ROLE}),
    deny("s3:GetObject", O, Principal={"Service": "logging.s3.amazonaws.com"}),
    deny("s3:GetObject", None, Principal=None, NotPrincipal={"AWS": ROLE}, NotResource=f"{B}/a/*"),
    deny("s3:GetObject", f"{B}/${{aws:username}}/*"),
    deny(None, O, NotAction="s3:Put*"),
    deny("sts:AssumeRole", None),
    {**deny("s3:GetObject", O), "Effect": "deny"},
]


@pytest.mark.parametrize("raw", STATEMENTS)
@pytest.mark.parametrize("attached", [True, False])
def test_an_aim_says_what_the_statement_says(raw: dict[str, Any], attached: bool) -> None:
    """Asked once or again, action, principal and resource come out as in the statement itself."""
    statement = Statement(raw)
    aim = Aim(statement, attached, Effort(EFFORT))
    resources = (B, f"{B}/key", f"{B}/a/key", f"{B}/alice/key", "arn:aws:s3:::other/key")
    for _ in range(2):
        for action in ("s3:GetObject", "s3:PutObject", "sts:AssumeRole"):
            for resource in resources:
                for principal in (APP, USER, None, "logging.s3.amazonaws.com"):
                    request = AccessRequest(action, resource, principal, {"aws:SecureTransport": False})
                    meets = statement.explain(request, named=attached)
                    assert aim.acts(request) == meets.action
                    assert aim.holds(request) is meets.resource
                    assert aim.whom(principal) is meets.principal
                    assert aim.about(request) == (statement.truth(request, named=attached)[0] is True)


def test_replayed_asks_no_further_than_somebody_looks() -> None:
    """An iterator that is gone through again gives the same, and its source is asked once."""
    asked = []

    def source() -> Iterator[int]:
        for number in range(3):
            asked.append(number)
            yield number

    replayed = Replayed(source())
    assert next(iter(replayed)) == 0
    assert asked == [0]
    assert list(replayed) == list(replayed) == asked == [0, 1, 2]


def test_once_remembers_by_subject() -> None:
    """A function is asked once of each subject, and again of another one."""
    asked: list[Subject] = []

    @once
    def function(subject: Subject) -> int:
        asked.append(subject)
        return len(asked)

    one, other = subject_of(policy(deny("s3:*"))), subject_of(policy(deny("s3:*")))
    assert [function(one), function(one), function(other)] == [1, 1, 2]
    assert asked == [one, other]
    assert one != other
    assert bucket_of(one.policy) == BUCKET
