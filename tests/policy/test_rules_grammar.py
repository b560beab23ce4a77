"""Rules about documents: what keeps one from being the policy that it looks like."""

from __future__ import annotations

from typing import Any

import pytest

from secure_s3.policy import Policy
from secure_s3.policy.linter import lint
from secure_s3.policy.witnesses import USER, put, witness

from .lint_checks import BUCKET, GET, PUT, ROLE, B, Fault, O, allow, deny, only, ours, policy

HOME = witness("s3:GetObject", f"{B}/home/alice/x", USER)
IDENTITY = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{B}/home/${{aws:username}}/*"}

FAULTS = [
    Fault(
        "variables-need-version",
        "/Statement/0/Resource",
        {"Version": "2008-10-17", "Statement": [IDENTITY]},
        HOME,
        "implicitly_denied",
        "allowed",
    ),
    Fault(
        "variables-need-version",
        "/Statement/0/Resource",
        {"Statement": [IDENTITY]},
        HOME,
        "implicitly_denied",
        "allowed",
    ),
    Fault(
        "variables-need-version",
        "/Statement/0/Condition/StringNotLike/aws:PrincipalArn",
        policy(
            deny("s3:*", O, {"StringNotLike": {"aws:PrincipalArn": "*/${aws:username}"}}),
            allow("s3:GetObject", Principal={"AWS": "arn:aws:iam::111122223333:user/alice"}),
            Version="2008-10-17",
        ),
        witness("s3:GetObject", f"{B}/key", USER),
        "explicitly_denied",
        "allowed",
    ),
    Fault("old-version", "", {"Statement": [allow("s3:GetObject")]}, GET, "allowed", "allowed"),
    Fault("old-version", "/Version", policy(allow("s3:GetObject"), Version="2008-10-17"), after="allowed"),
    Fault("unknown-version", "/Version", policy(allow("s3:GetObject"), Version="2024-01-01"), after=""),
    Fault("unknown-version", "/Version", policy(allow("s3:GetObject"), Version=["2012-10-17"]), after=""),
    Fault(
        "duplicate-sid",
        "/Statement/1/Sid",
        policy(allow("s3:GetObject", Sid="A"), allow("s3:PutObject", Sid="A"), allow("s3:*", Sid="A2")),
        after="",
    ),
    Fault(
        "sid-characters",
        "/Statement/0/Sid",
        policy({**IDENTITY, "Sid": "Read-home"}),
        kind="identity",
        after="",
    ),
    Fault(
        "unknown-element",
        "/Statement/0/Principals",
        policy({**allow("s3:GetObject", Principal=None), "Principals": {"AWS": ROLE}}),
        GET,
        "implicitly_denied",
        "allowed",
    ),
    Fault(
        "unknown-element",
        "/Statement/0/Conditions",
        policy(
            {**deny("s3:*", O), "Conditions": {"Bool": {"aws:SecureTransport": "false"}}},
            allow("s3:PutObject"),
        ),
        PUT,
        "explicitly_denied",
        "allowed",
    ),
    Fault("unknown-element", "/Comment", policy(allow("s3:GetObject"), Comment="ours"), after=None),
    Fault("malformed-statement", "/Statement", policy()),
    Fault("malformed-statement", "/Statement/0", policy({"Principal": "*", "Action": "s3:*", "Resource": O})),
    Fault("malformed-statement", "/Statement/0/Effect", policy(allow("s3:*", Effect="allow"))),
    Fault("malformed-statement", "/Statement/0/NotAction", policy(deny("s3:*", NotAction="s3:Get*"))),
    Fault("malformed-statement", "/Statement/0/NotResource", policy(deny("s3:*", NotResource=B))),
    Fault("malformed-statement", "/Statement/0/NotPrincipal", policy(deny("s3:*", NotPrincipal="*"))),
    Fault("malformed-statement", "/Statement/0/Action", policy(deny({"s3": "*"}))),
    Fault("malformed-statement", "/Statement/0/Principal", policy(deny("s3:*", Principal="arn:aws:x"))),
    Fault("malformed-statement", "/Statement/0/Condition", policy(deny("s3:*", O, ["x"]))),
    Fault("malformed-statement", "/Statement/0/Sid", policy(deny("s3:*", Sid=1))),
    Fault("malformed-statement", "/Id", policy(deny("s3:*"), Id=1)),
    Fault("empty-list", "/Statement/0/Action", policy(deny([]))),
    Fault("empty-list", "/Statement/0/Resource", policy(deny("s3:*", []))),
    Fault(
        "empty-list",
        "/Statement/0/Condition/StringEquals/s3:prefix",
        policy(allow("s3:ListBucket", B, {"StringEquals": {"s3:prefix": []}})),
    ),
    Fault("resource-element", "/Statement/0", policy(deny("s3:*", None))),
    Fault(
        "resource-element",
        "/Statement/0/Resource",
        policy(allow("sts:AssumeRole", "*")),
        kind="trust",
        after="",
    ),
    Fault(
        "keys-differ-in-case",
        "/Statement/0/Condition/Bool/aws:securetransport",
        policy(deny("s3:*", O, {"Bool": {"aws:SecureTransport": "false", "aws:securetransport": "true"}})),
    ),
    Fault(
        "policy-too-large",
        "",
        policy(*(deny("s3:*", f"{B}/{'x' * 900}{n}") for n in range(25))),
        put(BUCKET),
        "implicitly_denied",
    ),
]

RIGHT: list[tuple[dict[str, Any], str | None]] = [
    (policy(allow("s3:GetObject", f"{B}/home/${{aws:username}}/*")), None),
    (policy(allow("s3:GetObject", Sid="A"), deny("s3:PutObject", Sid="B"), Id="x"), None),
    (policy(allow("s3:GetObject"), deny("s3:PutObject")), None),
    ({"Version": "2012-10-17", "Statement": allow("s3:GetObject")}, None),
    (policy(allow("s3:GetObject", Sid="Read the home/of-alice")), None),
    (policy(allow("kms:Decrypt", "*", Sid="Allow use of the key")), None),
    (policy(allow("s3:GetObject", O, {})), None),
    (policy(allow("sts:AssumeRole", None)), None),
    (policy(allow("s3:GetObject"), Id=""), None),
    (policy({**IDENTITY, "Sid": "ReadHome1"}), None),
    (policy(*(deny("s3:*", f"{B}/{'x' * 900}{n}") for n in range(20))), None),
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_fault_is_found_and_mended(fault: Fault) -> None:
    """Each fault is found where it is, and its patch removes it and changes the outcome as promised."""
    fault.check()


@pytest.mark.parametrize(("document", "kind"), RIGHT)
def test_right_forms_pass(document: dict[str, Any], kind: str | None) -> None:
    """What is written as AWS wants it raises no finding."""
    assert ours(document, kind=kind) == []


def test_duplicate_key_is_found_with_line_and_column() -> None:
    """A key that stands twice is found where the later one begins, although the first one is lost."""
    text = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*",\n'
        f' "Resource": ["{B}", "{O}"],\n'
        ' "Condition": {"Bool": {"aws:SecureTransport": "false"},\n'
        '               "Bool": {"aws:PrincipalIsAWSService": "false"}}}]}'
    )
    found = only(text, "duplicate-json-key")
    assert found.pointer == "/Statement/0/Condition/Bool"
    assert found.statement == "statement 1"
    assert found.message.startswith("line 4, column 16: 'Bool' stands twice")
    assert Policy.parse(text).statements[0].conditions[0].key == "aws:PrincipalIsAWSService"


def test_duplicate_key_at_the_top_belongs_to_no_statement() -> None:
    """A second Statement element hides the first one, and is found in the document."""
    text = f'{{"Statement": [], "Statement": [{{"Effect": "Deny", "Action": "s3:*", "Resource": "{O}"}}]}}'
    found = only(text, "duplicate-json-key")
    assert (found.statement, found.pointer) == (None, "/Statement")


def test_equal_keys_in_different_objects_are_no_duplicates() -> None:
    """The same key in two statements or under two operators is right."""
    text = Policy.parse(
        policy(
            deny("s3:*", O, {"Bool": {"aws:ViaAWSService": "false"}, "Null": {"aws:ViaAWSService": "false"}})
        )
    ).to_json()
    assert not [each for each in ours(text) if "duplicate" in each.rule or "case" in each.rule]


@pytest.mark.parametrize(
    ("kind", "limit"),
    [("bucket", 20_480), ("identity", 10_240), ("key", 32_768), ("resource control", 5_120)],
)
def test_size_is_judged_by_the_limit_of_the_kind(kind: str, limit: int) -> None:
    """White space does not count, and one byte above the limit is one too many."""
    document = policy(deny("s3:*", f"{B}/"))
    room = limit - Policy.parse(document).size
    exact = Policy.parse(policy(deny("s3:*", f"{B}/{'x' * room}"))).to_json(indent=8)
    over = policy(deny("s3:*", f"{B}/{'x' * (room + 1)}"))
    assert not [each for each in lint(Policy.parse(exact), kind=kind) if each.rule == "policy-too-large"]
    assert [each for each in lint(Policy.parse(over), kind=kind) if each.rule == "policy-too-large"]
