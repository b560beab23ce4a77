"""Documents: what is read is kept, what is no policy is refused with its place, and that is all."""

from __future__ import annotations

import json
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secure_s3.errors import PolicyError
from secure_s3.limits import POLICY_DEPTH, POLICY_TEXT_BYTES
from secure_s3.policy import Policy, Statement
from secure_s3.policy.jsontext import Number, Repeated, read, write

DENY = {"Sid": "DenyHttp", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
TEXT = """{
  "Version": "2012-10-17",
  "Extra": {"b": 1.20, "a": [true, null, -0, 1e5]},
  "Id": "caf\\u00e9",
  "Statement": [
    {"Sid": "One", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
     "Condition": {"Bool": {"aws:SecureTransport": "false"}, "Bool": {"aws:ViaAWSService": "true"}}}
  ]
}"""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


def test_nothing_is_lost():
    """Unknown elements, the order of keys, numbers as written and duplicate keys survive a round trip."""
    policy = Policy.parse(TEXT)
    printed = policy.to_json()
    assert printed.split() == TEXT.replace("\\u00e9", "é").split() or json.loads(printed) == json.loads(TEXT)
    assert "1.20" in printed
    assert "-0" in printed
    assert printed.count('"Bool"') == 2
    assert list(policy.document) == ["Version", "Extra", "Id", "Statement"]
    assert Policy.parse(printed).to_json() == printed
    assert policy.id == "café"


def test_duplicates_have_a_place():
    """A key that stands twice is told with the object, line and column; the last one counts."""
    policy = Policy.parse(TEXT)
    (duplicate,) = policy.duplicates
    assert (duplicate.pointer, duplicate.key) == ("/Statement/0/Condition", "Bool")
    assert (duplicate.line, duplicate.column) == (7, 62)
    assert [condition.key for condition in policy.statements[0].conditions] == ["aws:ViaAWSService"]
    assert policy.to_dict()["Statement"][0]["Condition"] == {"Bool": {"aws:ViaAWSService": "true"}}


def test_places():
    """A JSON pointer leads to its line and column; a policy of Python values has none."""
    policy = Policy.parse(TEXT)
    assert policy.place("/Statement/0") == (6, 5)
    assert policy.place("/Statement/0/Condition") == (7, 19)
    assert policy.place("/Statement/7") is None
    assert Policy.parse(json.loads(TEXT)).place("/Statement/0") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "line 1, column 1: it ends here"),
        ("{", "a name in double quotes"),
        ('{"a" 1}', "a colon"),
        ('{"a": 1,}', "a name in double quotes"),
        ('{"a": [1,]}', "begins no value"),
        ('{"a": 01}', "a comma or }"),
        ('{"a": .5}', "begins no value"),
        ('{"a": NaN}', "begins no value"),
        ("{'a': 1}", "a name in double quotes"),
        ('{"a": 1} // note', "something follows"),
        ('{"a": "x\ny"}', "line 1, column 9: invalid control character"),
        ('{\n "a": "\\q"}', "line 2, column 8: invalid \\escape"),
        ('{"a": "open', "unterminated"),
        ("\ufeff{}", "begins no value"),
        ("<html>", "begins no value"),
    ],
)
def test_what_is_no_json(text: str, why: str):
    """What is no JSON is refused with line, column and reason."""
    with pytest.raises(PolicyError, match="not JSON") as caught:
        Policy.parse(text)
    assert why in caught.value.why


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ("[]", "a list, not an object"),
        ('"text"', "a string"),
        ("12", "a number"),
        ("null", "a null"),
        ("{}", "Statement is missing"),
        ('{"statement": []}', "Statement is missing"),
        ('{"Statement": "x"}', "Statement is a string"),
        ('{"Statement": [[]]}', "statement 1 is a list"),
        ({"Statement": [DENY, 7]}, "statement 2 is a number"),
    ],
)
def test_what_is_no_policy(document: Any, why: str):
    """JSON that is no policy is refused with what is missing, and the shape it should have."""
    with pytest.raises(PolicyError, match="no policy document") as caught:
        Policy.parse(document)
    assert why in caught.value.why
    assert "Version" in caught.value.fix


@pytest.mark.parametrize(
    "document",
    [
        None,
        7,
        [],
        object(),
        {"Statement": [], "n": 10**5000},
        '{"Statement": [], "n": ' + "9" * 5000 + "}",
        {"Statement": [object()]},
        {"Statement": [{1: 2}]},
        b"\xff\xfe",
        float("nan"),
    ],
)
def test_what_is_no_document(document: Any):
    """Other Python values are refused, and nothing but a PolicyError comes out."""
    with pytest.raises(PolicyError):
        Policy.parse(document)


def test_numbers_that_json_does_not_have():
    """Infinity and NaN are refused, and Decimals keep their digits."""
    for number in (float("inf"), float("nan"), Decimal("NaN")):
        with pytest.raises(PolicyError, match="no JSON number"):
            Policy.parse({"Statement": [{**DENY, "Extra": number}]})
    policy = Policy.parse({"Statement": [{**DENY, "Condition": {"NumericEquals": {"k": Decimal("1.20")}}}]})
    assert policy.statements[0].conditions[0].values == ("1.20",)


def test_depth_and_length_are_bounded():
    """A document that is nested too deep or too long is refused before it is read."""
    deep = "[" * 100_000
    with pytest.raises(PolicyError, match="not JSON") as caught:
        Policy.parse(deep)
    assert str(POLICY_DEPTH) in caught.value.why
    nested: Any = "x"
    for _ in range(POLICY_DEPTH + 1):
        nested = [nested]
    with pytest.raises(PolicyError, match="nested deeper"):
        Policy.parse({"Statement": [], "Extra": nested})
    with pytest.raises(PolicyError, match="characters"):
        Policy.parse('{"Statement": []' + " " * POLICY_TEXT_BYTES + "}")


def test_numbers_are_bounded():
    """A number of thousands of digits is refused, in a text and among Python values."""
    for document in ({"Statement": [], "n": 10**5000}, '{"Statement": [], "n": ' + "9" * 5000 + "}"):
        with pytest.raises(PolicyError):
            Policy.parse(document)


def test_a_cycle_is_refused():
    """Python values that hold themselves are too deep."""
    cycle: dict[str, Any] = {"Statement": []}
    cycle["Extra"] = cycle
    with pytest.raises(PolicyError, match="nested deeper"):
        Policy.parse(cycle)


@given(JSON)
def test_reading_and_writing_any_json(value: Any):
    """Any JSON reads as Python's reader reads it and is written back the same, with and without spaces."""
    text = json.dumps(value)
    found = read(text).value
    assert json.loads(write(found)) == json.loads(write(found, None)) == value
    assert read(write(found)).value == found


@given(st.text() | st.binary())
def test_any_text_at_all(text: str | bytes):
    """Any text is a policy, or an error of ours."""
    with suppress(PolicyError):
        Policy.parse(text)


def test_lone_surrogates_can_be_written():
    """Half a surrogate pair, which JSON allows, is written so that it can be encoded."""
    policy = Policy.parse('{"Statement": [], "Id": "\\ud800"}')
    assert policy.to_json(None).encode() == b'{"Statement":[],"Id":"\\ud800"}'
    assert policy.size == len(policy.to_json(None))


def test_one_statement_without_a_list():
    """A single statement need not stand in a list; its pointer says so."""
    policy = Policy.parse({"Statement": DENY})
    assert [statement.pointer for statement in policy.statements] == ["/Statement"]
    assert policy.to_dict() == {"Statement": DENY}


def test_version():
    """A policy without a version has the oldest, and with one that is no text as well."""
    assert Policy.parse({"Statement": []}).version == "2008-10-17"
    assert Policy.parse({"Version": 2012, "Statement": []}).version == "2008-10-17"
    odd = Policy.parse({"Version": "2012", "Statement": [], "Principals": 1})
    assert [problem.element for problem in odd.problems] == ["Principals", "Version"]


def test_of_statements():
    """A policy is made of statements; none, or two with one Sid, are refused."""
    policy = Policy.of(Statement(DENY), id="mine")
    assert policy.version == "2012-10-17"
    assert policy.id == "mine"
    assert policy.statements[0].raw == DENY
    with pytest.raises(PolicyError, match="at least one"):
        Policy.of()
    with pytest.raises(PolicyError, match="'DenyHttp'"):
        Policy.of(Statement(DENY), Statement(DENY))


def test_what_is_handed_in_stays_the_callers():
    """A policy does not change with the values it was made of, nor through what it hands out."""
    given_values = {"Statement": [dict(DENY)]}
    policy = Policy.parse(given_values)
    given_values["Statement"][0]["Effect"] = "Allow"
    policy.to_dict()["Statement"][0]["Effect"] = "Allow"
    assert policy.statements[0].effect == "Deny"
    assert policy == Policy.parse({"Statement": [DENY]})
    assert hash(policy) == hash(Policy.parse({"Statement": [DENY]}))
    assert policy != "policy"


@pytest.mark.parametrize(
    ("change", "element"),
    [
        ({"Effect": "deny"}, "Effect"),
        ({"Effect": None}, "Effect"),
        ({"Action": 7}, "Action"),
        ({"NotAction": "s3:Get*"}, "NotAction"),
        ({"NotResource": "*"}, "NotResource"),
        ({"NotPrincipal": "*"}, "NotPrincipal"),
        ({"Principal": 7}, "Principal"),
        ({"Principal": {"Aws": "*"}}, "Principal"),
        ({"Principal": {"AWS": 7}}, "Principal"),
        ({"Principal": {}}, "Principal"),
        ({"Resource": {"a": 1}}, "Resource"),
        ({"Resource": ["a", 1]}, "Resource"),
        ({"Condition": []}, "Condition"),
        ({"Condition": {"Bool": "x"}}, "Condition"),
        ({"Condition": {"Bool": {"k": {"a": 1}}}}, "Condition"),
        ({"Condition": {"Bool": {"k": None}}}, "Condition"),
        ({"Sid": 7}, "Sid"),
    ],
)
def test_statements_that_nobody_can_read(change: dict[str, Any], element: str):
    """A malformed element is kept and told, and the statement's truth is nobody's guess."""
    statement = Statement({**DENY, **change})
    assert element in [problem.element for problem in statement.problems if problem.fatal]
    assert statement.fatal
    assert statement.to_dict() == {**DENY, **change}


def test_number_and_repeated_keep_their_kind():
    """Numbers and objects with duplicate keys can be taken over from one document into another."""
    first = Policy.parse('{"Statement": [{"x": 1.50, "a": 1, "a": 2}]}')
    second = Policy.parse({"Statement": list(first.document["Statement"])})
    assert second.to_json(None) == '{"Statement":[{"x":1.50,"a":1,"a":2}]}'
    raw = second.document["Statement"][0]
    assert isinstance(raw, Repeated)
    assert isinstance(raw["x"], Number)
