"""Every operator: what it compares, and what it says of a key that is not there."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from secure_s3.policy import UNKNOWN, AccessRequest, Between, OneOf
from secure_s3.policy.conditions import Condition
from secure_s3.policy.operators import OPERATORS, date, network, number

KEY = "aws:PrincipalTag/key"
POSITIVE = {
    "StringEquals": "red",
    "StringEqualsIgnoreCase": "red",
    "StringLike": "r*",
    "NumericEquals": "5",
    "NumericLessThan": "5",
    "NumericLessThanEquals": "5",
    "NumericGreaterThan": "5",
    "NumericGreaterThanEquals": "5",
    "DateEquals": "2026-01-01",
    "DateLessThan": "2026-01-01",
    "DateLessThanEquals": "2026-01-01",
    "DateGreaterThan": "2026-01-01",
    "DateGreaterThanEquals": "2026-01-01",
    "Bool": "true",
    "BinaryEquals": "cmVk",
    "IpAddress": "10.0.0.0/8",
    "ArnEquals": "arn:aws:s3:::a",
    "ArnLike": "arn:aws:s3:::a",
}
NEGATED = {
    "StringNotEquals": "red",
    "StringNotEqualsIgnoreCase": "red",
    "StringNotLike": "r*",
    "NumericNotEquals": "5",
    "DateNotEquals": "2026-01-01",
    "NotIpAddress": "10.0.0.0/8",
    "ArnNotEquals": "arn:aws:s3:::a",
    "ArnNotLike": "arn:aws:s3:::a",
}
ABSENT = [
    # IAM User Guide, "IAM JSON policy elements: Condition operators", "Set operators for multivalued context
    # keys": without the key, positive operators do not match and negated ones do; IfExists is true of all;
    # ForAllValues is true of no values, ForAnyValue is not.
    ("", "", False, True),
    ("", "IfExists", True, True),
    ("ForAllValues:", "", True, True),
    ("ForAllValues:", "IfExists", True, True),
    ("ForAnyValue:", "", False, False),
    ("ForAnyValue:", "IfExists", True, True),
]


def holds(operator: str, wanted: str | list[str], got: Any, **more: Any) -> bool | None:
    """What a condition says of a request with this value."""
    values = (wanted,) if isinstance(wanted, str) else tuple(wanted)
    request = AccessRequest("s3:GetObject", "arn:aws:s3:::b/k", context={KEY: got}, **more)
    return Condition(operator, KEY, values).truth(request)


def test_these_are_all_the_operators():
    """The tables of these tests name every operator that there is."""
    assert {*OPERATORS} == {each.lower() for each in (*POSITIVE, *NEGATED, "Null")}


@pytest.mark.parametrize(("qualifier", "suffix", "positive", "negated"), ABSENT)
def test_an_absent_key(qualifier: str, suffix: str, positive: bool, negated: bool):
    """Every operator says of an absent key what AWS documents for its kind, qualifier and suffix."""
    for operators, expected in ((POSITIVE, positive), (NEGATED, negated)):
        for name, value in operators.items():
            operator = f"{qualifier}{name}{suffix}"
            assert holds(operator, value, None) is expected, operator
            assert holds(operator.lower(), [value, "x"], ()) is expected, operator
            assert holds(operator, value, UNKNOWN) is None, operator


@pytest.mark.parametrize(
    ("wanted", "absent", "present"),
    [("true", True, False), ("false", False, True), ("TRUE", True, False), (["true", "false"], True, True)],
)
def test_null(wanted: str | list[str], absent: bool, present: bool):
    """Null holds of an absent key if it says true, and of a key with any value if it says false."""
    assert holds("Null", wanted, None) is absent
    for value in ("", "x", ["a", "b"], 0, False, Between(1, 2)):
        assert holds("Null", wanted, value) is present
    assert holds("Null", wanted, OneOf("x", None)) is (True if absent and present else None)
    assert holds("Null", "nonsense", None) is False


@pytest.mark.parametrize(
    "operator",
    [
        "NullIfExists",
        "ForAnyValue:Null",
        "StringLessThan",
        "NotBool",
        "BinaryNotEquals",
        "ForSomeValues:StringEquals",
        "ForAllValues:ForAnyValue:StringEquals",
        ":StringEquals",
        "StringEquals:",
        "StringEqualsIfExistsIfExists",
        " StringEquals",
        "",
    ],
)
def test_what_is_no_operator_is_unknown(operator: str):
    """Of an operator that does not exist nobody knows what it says, whatever the request has."""
    for got in (None, "red", UNKNOWN, OneOf("red", None)):
        assert holds(operator, "red", got) is None


MATCHES: list[tuple[str, str | list[str], Any, bool]] = [
    ("String", "red", "red", True),
    ("String", "red", "RED", False),
    ("String", "r*", "red", False),
    ("String", "r*", "r*", True),
    ("String", "", "", True),
    ("String", ["a", "b"], "b", True),
    ("String", "Ä", "ä", False),
    ("String", "true", True, True),
    ("String", "5", 5, True),
    ("Numeric", "5", "5.0", True),
    ("Numeric", "5", " 5 ", True),
    ("Numeric", "1000", "1e3", True),
    ("Numeric", "1e3", 1000, True),
    ("Numeric", "-0", "0", True),
    ("Numeric", "1.2", "1.20000000000000000001", False),
    ("Numeric", ["1", "2"], "2", True),
    ("Date", "2026-01-01T00:00:00Z", "2026-01-01", True),
    ("Date", "2026-01-01T00:00:00Z", "1767225600", True),
    ("Date", "1767225600", "2026-01-01T01:00:00+01:00", True),
    ("Date", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5Z", False),
    ("Date", "2026", "2026-01", True),
    ("Date", "20260", "1970-01-01T05:37:40Z", True),
    ("Date", "2026-01-01T00:00Z", "2026-01-01T00:00:00+0000", True),
    ("Arn", "arn:aws:s3:::a*", "arn:aws:s3:::abc", True),
    ("Arn", "arn:aws:*:*:*:a", "arn:aws:s3:::a", True),
    ("Arn", "arn:aws:iam::*:role/x", "arn:aws:iam::1:2:role/x", False),
    ("Arn", "arn:aws:s3*", "arn:aws:s3:::a", False),
    ("Arn", "arn:aws:s3:::a", "ARN:aws:s3:::a", False),
    ("Arn", "arn:aws:s3:::a:b*", "arn:aws:s3:::a:b:c", True),
]


@pytest.mark.parametrize(("kind", "wanted", "got", "expected"), MATCHES)
def test_equality_and_its_negation(kind: str, wanted: str | list[str], got: Any, expected: bool):
    """A value equals, or it does not equal; the negated operator always says the opposite."""
    if (kind, wanted, got) == ("Arn", "arn:aws:s3:::a", "ARN:aws:s3:::a"):
        assert holds("ArnEquals", wanted, got) is False
        assert holds("ArnNotEquals", wanted, got) is None
        return
    assert holds(f"{kind}Equals", wanted, got) is expected
    assert holds(f"{kind}NotEquals", wanted, got) is not expected
    assert holds(f"{kind}EqualsIfExists", wanted, got) is expected


@pytest.mark.parametrize(
    ("operator", "wanted", "got", "expected"),
    [
        ("StringEqualsIgnoreCase", "red", "RED", True),
        ("StringEqualsIgnoreCase", "r*", "RED", False),
        ("StringNotEqualsIgnoreCase", "red", "RED", False),
        ("StringLike", "r?d", "red", True),
        ("StringLike", "r?d", "RED", False),
        ("StringLike", "r?d", "reed", False),
        ("StringLike", "*", "", True),
        ("StringNotLike", "r*", "blue", True),
        ("StringLike", "a\nb*", "a\nb\nc", True),
        ("Bool", "TRUE", "true", True),
        ("Bool", "true", True, True),
        ("Bool", "1", "1", False),
        ("Bool", "true", "yes", False),
        ("Bool", ["true", "false"], "false", True),
        ("BinaryEquals", "cmVk", b"red", True),
        ("BinaryEquals", "cmVk", "cmVk", True),
        ("BinaryEquals", "cmVk", "cmV k", False),
        ("BinaryEquals", "not base64!", "not base64!", False),
        ("ArnLike", "arn:aws:s3:::a", "arn:aws:s3:::a", True),
        ("ArnLike", "*", "arn:aws:s3:::a", False),
        ("IpAddress", "10.0.0.0/8", "10.255.255.255", True),
        ("IpAddress", "10.0.0.1/24", "10.0.0.99", True),
        ("IpAddress", "10.0.0.1", "10.0.0.1", True),
        ("IpAddress", "0.0.0.0/0", "203.0.113.9", True),
        ("IpAddress", "0.0.0.0/0", "2001:db8::1", False),
        ("IpAddress", "::/0", "203.0.113.9", False),
        ("IpAddress", "2001:db8::/32", "2001:DB8:0:0::1", True),
        ("IpAddress", "2001:db8::/32", "2001:db9::1", False),
        ("IpAddress", "2001:db8::1", "2001:db8:0:0:0:0:0:1", True),
        ("IpAddress", "10.0.0.0/255.0.0.0", "10.0.0.1", False),
        ("IpAddress", "10.0.0.0/33", "10.0.0.1", False),
        ("IpAddress", "fe80::1%eth0", "fe80::1", False),
        ("IpAddress", "10.0.0.0/8", "10.0.0.0/9", False),
        ("NotIpAddress", ["192.0.2.0/24", "2001:db8::/32"], "192.0.2.7", False),
        ("NotIpAddress", ["192.0.2.0/24", "2001:db8::/32"], "198.51.100.7", True),
        ("NotIpAddress", ["192.0.2.0/24", "2001:db8::/32"], "2001:db9::1", True),
        ("NumericLessThan", "1.2", "1.1", True),
        ("NumericLessThan", "1.2", "1.2", False),
        ("NumericLessThan", "9", "10", False),
        ("NumericLessThan", ["1", "9"], "5", True),
        ("NumericLessThanEquals", "1.2", "1.20", True),
        ("NumericGreaterThan", "-1", "0", True),
        ("NumericGreaterThanEquals", "10", "9", False),
        ("DateLessThan", "2026-01-01", "2025-12-31T23:59:59Z", True),
        ("DateGreaterThan", "2026-01-01", "1767225601", True),
        ("DateGreaterThanEquals", "2026-01-01T00:00:00-01:00", "2026-01-01T00:30:00Z", False),
    ],
)
def test_comparison(operator: str, wanted: str | list[str], got: Any, expected: bool):
    """Wildcards, cases, numbers, dates, ranges and bytes are compared as AWS documents."""
    assert holds(operator, wanted, got) is expected


@pytest.mark.parametrize(
    ("read", "text"),
    [
        *(
            (number, text)
            for text in ("", "NaN", "Infinity", "1_000", "0x10", "1,5", "٣", "1e", "--1", "9" * 101)
        ),
        *(
            (date, text)
            for text in ("", "2026-", "2026-13-01", "2026-02-30", "2026-1", "01/02/2026", "2026-1-1")
        ),
        *(
            (date, text)
            for text in ("2026-01-01T25:00:00Z", "2026-01-01T00:00:00+99:99", "9999-12-31T23:59-23:59")
        ),
        *(
            (network, text)
            for text in ("", "10.0.0", "10.0.0.256", "010.0.0.1", "10.0.0.1/", "::1/129", "x", "1/8")
        ),
    ],
)
def test_what_cannot_be_read(read: Any, text: str):
    """Text that is no number, no date or no address is none, and raises nothing."""
    assert read(text) is None


@pytest.mark.parametrize(
    ("family", "wanted", "got"),
    [
        ("Numeric{}Equals", "5", "five"),
        ("Numeric{}Equals", "5", "1_0"),
        ("Date{}Equals", "2026-01-01", "tomorrow"),
        ("{}IpAddress", "10.0.0.0/8", "localhost"),
        ("{}IpAddress", "10.0.0.0/8", "10.0.0.0/8"),
        ("Arn{}Equals", "arn:aws:s3:::a", "a"),
        ("Arn{}Like", "arn:aws:s3:::a", "arn:aws:s3"),
    ],
)
def test_a_value_of_the_wrong_type(family: str, wanted: str, got: str):
    """A value that cannot be read equals nothing; whether it is unequal AWS does not say, and nor do we."""
    assert holds(family.format(""), wanted, got) is False
    assert holds(family.format("Not"), wanted, got) is None
    assert holds(f"ForAnyValue:{family.format('Not')}IfExists", wanted, got) is None


def test_several_values():
    """ForAllValues wants all, ForAnyValue one; a negated operator matches what no policy value does."""
    both = ["red", "blue"]
    table = [
        ("ForAllValues:StringEquals", ["red", "blue", "green"], True),
        ("ForAllValues:StringEquals", ["red"], False),
        ("ForAnyValue:StringEquals", ["red"], True),
        ("ForAnyValue:StringEquals", ["green"], False),
        ("ForAllValues:StringNotEquals", ["green"], True),
        ("ForAllValues:StringNotEquals", ["red"], False),
        ("ForAnyValue:StringNotEquals", ["red"], True),
        ("ForAnyValue:StringNotEquals", ["red", "blue"], False),
        ("forallvalues:stringlike", ["*e*"], True),
    ]
    for operator, wanted, expected in table:
        assert holds(operator, wanted, both) is expected, operator


def test_several_values_without_a_qualifier():
    """Without a qualifier, values that agree decide, and others leave it unknown: AWS wants one there."""
    for wanted, positive in ((["red", "blue"], True), (["green"], False), (["red"], None)):
        assert holds("StringEquals", wanted, ["red", "blue"]) is positive
        negative = None if positive is None else not positive
        assert holds("StringNotEquals", wanted, ["red", "blue"]) is negative


def test_without_values_nothing_matches():
    """A condition without values matches no value, and its negation every one."""
    for name in POSITIVE:
        assert holds(name, [], "arn:aws:s3:::a") is False
    assert holds("StringNotEquals", [], "x") is True
    assert holds("Null", [], None) is False


def test_keys_have_no_case():
    """Keys are compared without case on both sides."""
    request = AccessRequest("s3:GetObject", "arn:aws:s3:::b/k", context={"AWS:principaltag/KEY": "red"})
    assert Condition("StringEquals", "aws:PrincipalTag/key", ("red",)).truth(request) is True
    unknown = AccessRequest("s3:GetObject", "arn:aws:s3:::b/k", unknown=("AWS:PRINCIPALTAG/*",))
    assert Condition("StringEquals", "aws:PrincipalTag/key", ("red",)).truth(unknown) is None


CANDIDATES: list[str | None] = ["5", "6.5", "red", "10.0.0.1", "2026-01-01", "arn:aws:s3:::a", "true", None]


def test_one_of_several_candidates():
    """OneOf decides exactly if all of its candidates come out the same, for every operator and qualifier."""
    for name, value in (POSITIVE | NEGATED | {"Null": "true"}).items():
        for qualifier, suffix in (("", ""), ("", "IfExists"), ("ForAllValues:", ""), ("ForAnyValue:", "")):
            operator = name if name == "Null" else f"{qualifier}{name}{suffix}"
            for pair in product(CANDIDATES, repeat=2):
                outcomes = {holds(operator, value, each) for each in pair}
                expected = outcomes.pop() if len(outcomes) == 1 else None
                assert holds(operator, value, OneOf(*pair)) is expected, (operator, pair)


def test_a_number_between_bounds():
    """Between never decides otherwise than each number within its bounds would."""
    numbers = ("0", "0.5", "1", "1.2", "1.25", "1.3", "2", "3")
    names = [name for name in (*POSITIVE, *NEGATED, "Null") if not name.startswith(("Date", "Ip", "NotIp"))]
    decided = 0
    for name, wanted in product(names, ("1", "1.2", "1.3", "true", "false")):
        for low, high in ((a, b) for a, b in product(numbers, repeat=2) if float(a) <= float(b)):
            found = holds(name, wanted, Between(low, high))
            within = [each for each in numbers if float(low) <= float(each) <= float(high)]
            if found is not None:
                decided += 1
                assert {holds(name, wanted, each) for each in within} == {found}, (name, wanted, low, high)
    assert decided > 500
