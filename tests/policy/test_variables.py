"""Policy variables: what is put in for them, literally, and what comes of those without a value."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3.policy import UNKNOWN, AccessRequest, Policy
from secure_s3.policy.conditions import Condition
from secure_s3.policy.variables import keys, template

USER = "arn:aws:iam::111122223333:user/staff/alice"


def holds(operator: str, wanted: str, got: str, variables: bool = True, **context: Any) -> bool | None:
    """What a condition on a tag says; the context gives tags by name, with underscores for dashes."""
    given = {f"aws:PrincipalTag/{name}": value for name, value in context.items()}
    request = AccessRequest("s3:GetObject", "arn:aws:s3:::b/k", USER, {"aws:UserAgent": got, **given})
    return Condition(operator, "aws:UserAgent", (wanted,), variables).truth(request)


def applies(element: str, resource: str, principal: str | None = USER, **more: Any) -> bool | None:
    """Whether a statement with this Resource or NotResource is about a request for alice's object."""
    statement = {"Effect": "Allow", "Action": "s3:*", element: resource}
    request = AccessRequest("s3:GetObject", "arn:aws:s3:::b/home/alice/k", principal, **more)
    policy = Policy.parse({"Version": "2012-10-17", "Statement": statement})
    return policy.statements[0].truth(request, named=False)[0]


@pytest.mark.parametrize(
    ("operator", "wanted", "got", "expected"),
    [
        ("StringEquals", "${aws:username}", "alice", True),
        ("StringEquals", "${AWS:UserName}", "alice", True),
        ("StringEquals", "x-${aws:username}-${aws:PrincipalAccount}", "x-alice-111122223333", True),
        ("StringEquals", "${aws:PrincipalTag/team}", "red", True),
        ("StringEquals", "${aws:PrincipalTag/team, 'blue'}", "red", True),
        ("StringEquals", "${aws:PrincipalTag/none, 'blue'}", "blue", True),
        ("StringEquals", "${aws:PrincipalTag/none,'it''s'}", "it's", True),
        ("StringEquals", "${aws:PrincipalTag/none, ''}", "", True),
        ("StringEquals", "${ aws:username }", "alice", True),
        ("StringNotEquals", "${aws:username}", "alice", False),
        ("StringEqualsIgnoreCase", "${aws:username}", "ALICE", True),
        ("StringNotEqualsIgnoreCase", "a${*}", "A*", False),
        ("StringLike", "${aws:username}/*", "alice/x", True),
        ("StringLike", "${aws:PrincipalTag/star}", "anything", False),
        ("StringLike", "${aws:PrincipalTag/star}", "a*", True),
        ("StringLike", "${aws:PrincipalTag/none, 'r*'}", "red", False),
        ("StringLike", "a${*}b*", "a*bc", True),
        ("StringLike", "a${*}b", "axb", False),
        ("StringLike", "a${?}b", "axb", False),
        ("StringEquals", "a${?}b", "a?b", True),
        ("StringEquals", "${$}{aws:username}", "${aws:username}", True),
        ("StringNotLike", "a${*}b", "axb", True),
        ("StringEquals", "${aws:username", "${aws:username", True),
        ("StringEquals", "$aws:username}", "$aws:username}", True),
        ("StringEquals", "${}", "${}", False),
    ],
)
def test_values_are_put_in_literally(operator: str, wanted: str, got: str, expected: bool):
    """A variable stands for the request's value, its default or a special character, never for a wildcard."""
    assert holds(operator, wanted, got, team="red", star="a*") is expected


@pytest.mark.parametrize("value", [None, ["red", "blue"]])
def test_without_a_value(value: Any):
    """A variable without a value, or with several, equals nothing and is like nothing, so negations hold."""
    wanted = "${aws:PrincipalTag/team}"
    for got in ("", "red", wanted, "None"):
        assert holds("StringEquals", wanted, got, team=value) is False
        assert holds("StringLike", f"*{wanted}*", got, team=value) is False
        assert holds("StringNotEquals", wanted, got, team=value) is True
        assert holds("StringNotLike", wanted, got, team=value) is True
    arn = "arn:aws:s3:::b/${aws:PrincipalTag/team}"
    assert holds("ArnLike", arn, "arn:aws:s3:::b/", team=value) is False


def test_with_a_value_that_is_not_known():
    """A variable whose value is not known leaves a condition unknown, and the key is named."""
    request = AccessRequest(
        "s3:GetObject", "arn:aws:s3:::b/k", USER, {"aws:UserAgent": "x"}, unknown=("aws:PrincipalTag/*",)
    )
    for operator in ("StringEquals", "StringNotEquals", "StringLike", "ForAllValues:StringNotLike"):
        found = Condition(operator, "aws:UserAgent", ("${aws:PrincipalTag/Team}",)).explain(request)
        assert (found.holds, found.unknown_key) == (None, "aws:principaltag/team")
    absent = Condition("StringNotEquals", "aws:Referer", ("${aws:PrincipalTag/Team}",)).explain(request)
    assert (absent.holds, absent.missing, absent.unknown_key) == (True, True, None)


@pytest.mark.parametrize(
    "operator", ["NumericEquals", "DateEquals", "Bool", "BinaryEquals", "IpAddress", "Null"]
)
def test_other_operators_take_no_variables(operator: str):
    """In numbers, dates, truth values, bytes and addresses a variable is text that matches nothing."""
    for got in ("5", "true", "10.0.0.1", "2026-01-01", "cmVk"):
        assert holds(operator, "${aws:PrincipalTag/team}", got, team=got) is False


def test_before_2012_there_are_none():
    """In version 2008-10-17 a variable is the text it is written as, and a special character too."""
    assert holds("StringEquals", "${aws:username}", "alice", variables=False) is False
    assert holds("StringEquals", "${aws:username}", "${aws:username}", variables=False) is True
    assert holds("StringLike", "a${*}b", "a${xyz}b", variables=False) is True
    old = Policy.parse(
        {
            "Statement": {
                "Effect": "Allow",
                "Action": "s3:*",
                "Resource": "arn:aws:s3:::b/home/${aws:username}/*",
            }
        }
    )
    request = AccessRequest("s3:GetObject", "arn:aws:s3:::b/home/alice/k", USER)
    assert old.statements[0].truth(request, named=False)[0] is False


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("arn:aws:s3:::b/home/${aws:username}/*", True),
        ("arn:aws:s3:::b/home/${aws:PrincipalTag/none, 'alice'}/*", True),
        ("arn:aws:s3:::b/home/${aws:PrincipalTag/none, '*'}/*", False),
        ("arn:aws:s3:::b/${*}", False),
        ("arn:aws:s3:::b/*/${aws:username}", False),
    ],
)
def test_in_a_resource(resource: str, expected: bool):
    """Variables in Resource are replaced literally, and NotResource says the opposite."""
    assert applies("Resource", resource) is expected
    assert applies("NotResource", resource) is not expected


def test_in_a_resource_without_a_value():
    """Resource matches nothing without a value; of NotResource AWS says that it might be invalid: unknown."""
    resource = "arn:aws:s3:::b/home/${aws:username}/*"
    session = "arn:aws:sts::111122223333:assumed-role/r/s"
    assert applies("Resource", resource, session) is False
    assert applies("NotResource", resource, session) is None
    assert applies("Resource", resource, UNKNOWN) is None
    assert applies("NotResource", resource, UNKNOWN) is None


def test_another_resource_settles_it():
    """One resource that matches decides, whatever a variable in another one is."""
    both = ["arn:aws:s3:::b/${aws:PrincipalTag/team}", "arn:aws:s3:::b/home/*"]
    assert applies("Resource", both, unknown=("aws:PrincipalTag/*",)) is True  # type: ignore[arg-type]
    assert applies("NotResource", both) is False  # type: ignore[arg-type]


@given(st.text("ab*?${}:,' ", max_size=14))
def test_any_text_can_be_taken_apart(text: str):
    """Every text has a template or none, and raises nothing; without a variable it has none."""
    if template(text) is None:
        assert keys(text) == ()
    else:
        assert "${" in text
        assert "}" in text.partition("${")[2]
    assert all(key == key.lower() for key in keys(text.upper()))


@given(st.text(max_size=12), st.text("ab*?$", max_size=6))
def test_a_value_equals_itself(value: str, prefix: str):
    """Whatever a value is made of, a variable for it equals it and is like it, and nothing longer."""
    literal = prefix.replace("*", "").replace("?", "").replace("$", "")
    for operator in ("StringEquals", "StringLike"):
        wanted = f"{literal}${{aws:PrincipalTag/team}}"
        assert holds(operator, wanted, literal + value, team=value) is True
        assert holds(operator, wanted, f"{literal}{value}!", team=value) is False
